/*
 * Threads: a mask and a name.
 */
#include "base/thread.h"

#include <signal.h>

enum err thread_start(pthread_t *t, const char *name, thread_fn *fn, void *arg)
{
	/* Blocked, a fault's signal ends the process without the handler's last words. */
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	sigset_t mask, old;
	pthread_t id;

	sigfillset(&mask);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		sigdelset(&mask, faults[i]);
	/* Inherited: so there is no moment at which the new thread takes one. */
	CHECK(pthread_sigmask(SIG_SETMASK, &mask, &old) == 0);
	const int e = pthread_create(&id, NULL, fn, arg);

	CHECK(pthread_sigmask(SIG_SETMASK, &old, NULL) == 0);
	if (e != 0)
		return err_from_errno(e);
	(void)pthread_setname_np(id, name);
	*t = id;
	return ERR_NONE;
}
