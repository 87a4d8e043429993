/*
 * Failed assertions: say what was expected, show what this thread was doing, abort.
 */
#include "base/check.h"

#include "base/base.h"
#include "base/oplog.h"

#include <unistd.h>

static _Thread_local void (*panic_printer)(void);

void check_set_panic_printer(void (*print)(void))
{
	panic_printer = print;
}

void check_failed(const char *cond, const char *file, int line, const char *func)
{
	static _Thread_local bool is_panicking;

	dprintf(STDERR_FILENO, "cuttle: panic: %s:%d: %s(): %s\n", file, line, func, cond);
	/* A daemon's stderr leads nowhere. */
	if (oplog_fd() != STDERR_FILENO)
		dprintf(oplog_fd(), "cuttle: panic: %s:%d: %s(): %s\n", file, line, func, cond);
	/* A check that fails while the state is printed must not print it again. */
	if (panic_printer != NULL && !is_panicking) {
		is_panicking = true;
		panic_printer();
	}
	abort();
}

void *check_calloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	CHECK(p != NULL);
	return p;
}

void *check_malloc(size_t size)
{
	void *p = malloc(size != 0 ? size : 1);

	CHECK(p != NULL);
	return p;
}

void *check_realloc(void *old, size_t size)
{
	void *p = realloc(old, size != 0 ? size : 1);

	CHECK(p != NULL);
	return p;
}

char *check_strdup(const char *s)
{
	char *p = strdup(s);

	CHECK(p != NULL);
	return p;
}
