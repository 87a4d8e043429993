/*
 * Fatal signals. The handler uses only what is safe in one, and ends by the default action, so that
 * the exit status and the core file are those of the fault.
 */
#include "daemon/panic.h"

#include "base/base.h"
#include "base/oplog.h"

#include <execinfo.h>
#include <signal.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024, FRAMES_MAX = 32 };

/* The sanitizers have handlers of their own, which know more. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool is_sanitized = true;
#elif defined(__has_feature)
static const bool is_sanitized =
	__has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
static const bool is_sanitized = false;
#endif

static const int fatal_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

static void text_write(int fd, const char *text)
{
	(void)!write(fd, text, strlen(text));
}

static void last_words_write(int fd, const char *signal_name)
{
	void *frames[FRAMES_MAX];

	text_write(fd, "cuttle: panic: signal ");
	text_write(fd, signal_name != NULL ? signal_name : "?");
	text_write(fd, "; the proxy ends. Please report this and the lines below.\n");
	backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), fd);
}

static void on_fatal(int number, siginfo_t *info UNUSED, void *context UNUSED)
{
	const char *name = sigabbrev_np(number);

	last_words_write(STDERR_FILENO, name);
	if (oplog_fd() != STDERR_FILENO)
		last_words_write(oplog_fd(), name);
	/* SA_RESETHAND has restored the default action; the signal is blocked until we return. */
	raise(number);
}

void panic_trap_signals(void)
{
	static char stack[STACK_BYTES];
	const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = on_fatal,
		                    .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK };
	void *frame[1];

	if (is_sanitized)
		return;
	(void)backtrace(frame, 1); /* loads libgcc now: the handler must not */
	(void)sigaltstack(&alternate, NULL);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(fatal_signals); i++)
		(void)sigaction(fatal_signals[i], &action, NULL);
}
