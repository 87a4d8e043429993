/*
 * Threads: a mask, a stack for signals and a name.
 */
#include "base/thread.h"

#include <signal.h>

#define SIGNAL_STACK_BYTES ((size_t)64 << 10)

struct start {
	thread_fn *fn;
	void *arg;
};

static void *run(void *arg)
{
	/* At the far end of the thread's own stack, where an overflow does not reach. */
	char stack[SIGNAL_STACK_BYTES];
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	const struct start s = *(struct start *)arg;
	stack_t before;

	free(arg);
	CHECK(sigaltstack(&alternate, &before) == 0);
	void *const result = s.fn(s.arg);

	/* The sanitizers take back the one that they gave. */
	CHECK(sigaltstack(&before, NULL) == 0);
	return result;
}

enum err thread_start(pthread_t *t, const char *name, thread_fn *fn, void *arg)
{
	/* Blocked, a fault's signal ends the process without the handler's last words. */
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	struct start *const s = check_malloc(sizeof(*s));
	sigset_t mask, old;
	pthread_t id;

	*s = (struct start){ fn, arg };
	sigfillset(&mask);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		sigdelset(&mask, faults[i]);
	/* Inherited: so there is no moment at which the new thread takes one. */
	CHECK(pthread_sigmask(SIG_SETMASK, &mask, &old) == 0);
	const int e = pthread_create(&id, NULL, run, s);

	CHECK(pthread_sigmask(SIG_SETMASK, &old, NULL) == 0);
	if (e != 0) {
		free(s);
		return err_from_errno(e);
	}
	(void)pthread_setname_np(id, name);
	*t = id;
	return ERR_NONE;
}
