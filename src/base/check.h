/*
 * Assertions that stay in release builds, and typed objects that know who they are.
 *
 * CHECK states what the code takes for granted; it is never reached by input from outside.
 * A long-lived object carries `uint32_t magic` as its first member; each exported function
 * that takes one begins with CHECK_OBJ.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (__builtin_expect(!(cond), 0))                                                  \
			check_failed(#cond, __FILE__, __LINE__, __func__);                         \
	} while (0)

#ifdef ENABLE_DEBUG
#define CHECK_SLOW(cond) CHECK(cond)
#else
#define CHECK_SLOW(cond)                                                                           \
	do {                                                                                       \
	} while (0)
#endif

#define UNREACHABLE(why) check_failed("unreachable: " why, __FILE__, __LINE__, __func__)

#define CHECK_OBJ(o, m) CHECK((o) != NULL && (o)->magic == (m))

/* Allocate a zeroed object of the pointer's type and stamp it; aborts when memory is out. */
#define OBJ_NEW(o, m)                                                                              \
	do {                                                                                       \
		(o) = check_calloc(1, sizeof(*(o)));                                               \
		(o)->magic = (m);                                                                  \
	} while (0)

/* Free an object and forget it: clears its magic and the caller's pointer. */
#define OBJ_FREE(o, m)                                                                             \
	do {                                                                                       \
		CHECK_OBJ(o, m);                                                                   \
		(o)->magic = 0;                                                                    \
		free(o);                                                                           \
		(o) = NULL;                                                                        \
	} while (0)

/* Print the condition and everything known about this thread's work, then abort(). */
void check_failed(const char *cond, const char *file, int line, const char *func)
	__attribute__((noreturn, cold));

/* calloc/malloc/realloc for small sizes that no client chooses: abort when memory is out. */
void *check_calloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *check_malloc(size_t size) __attribute__((malloc, returns_nonnull));
void *check_realloc(void *old, size_t size) __attribute__((returns_nonnull));
char *check_strdup(const char *s) __attribute__((malloc, returns_nonnull));

/*
 * Register what check_failed() calls before aborting (one function; prints the state of the
 * calling thread to stderr). For the calling thread only.
 */
void check_set_panic_printer(void (*print)(void));
