/*
 * What every file of Cuttle may take for granted: compiler attributes, checks, spans.
 *
 * This is the one header that everybody includes; it stays small. Memory is in arena.h,
 * containers in list.h and table.h, the reasons why things end in why.h.
 */
#pragma once

/* These declare what is poisoned below, so they must come first. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MUST_USE          __attribute__((warn_unused_result))
#define NORETURN          __attribute__((noreturn))
#define COLD              __attribute__((cold))
#define UNUSED            __attribute__((unused))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define likely(x)         __builtin_expect(!!(x), 1)
#define unlikely(x)       __builtin_expect(!!(x), 0)
#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)                                                                                  \
	({                                                                                         \
		typeof(a) min_a_ = (a);                                                            \
		typeof(b) min_b_ = (b);                                                            \
		min_a_ < min_b_ ? min_a_ : min_b_;                                                 \
	})
#define MAX(a, b)                                                                                  \
	({                                                                                         \
		typeof(a) max_a_ = (a);                                                            \
		typeof(b) max_b_ = (b);                                                            \
		max_a_ > max_b_ ? max_a_ : max_b_;                                                 \
	})
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

/* Banned: they overflow, keep hidden state, or block. Numbers go through span_to_u64(). */
#undef sprintf /* macros where glibc fortifies for clang, which warns about poisoning macros */
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy sprintf vsprintf strtok atoi gets
#pragma GCC poison localtime gmtime ctime inet_ntoa gethostbyname
