/*
 * A span is a view of bytes that somebody else owns. It is not NUL-terminated and may hold NULs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *p;
	size_t n;
};

#define SPAN(lit) ((struct span){ "" lit, sizeof(lit) - 1 })
#define SPAN_NULL ((struct span){ NULL, 0 })
/* For printf: "%.*s", SPAN_ARG(s) */
#define SPAN_ARG(s) ((int)(s).n), (s).p

static inline struct span span_of(const char *p, size_t n)
{
	return (struct span){ p, n };
}

static inline struct span span_str(const char *cstr)
{
	return (struct span){ cstr, strlen(cstr) };
}

static inline bool span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Fold one ASCII letter to lower case; other bytes are unchanged. */
static inline char ascii_lower(char c)
{
	return (c >= 'A' && c <= 'Z') ? (char)(c | 0x20) : c;
}

/* ASCII case-insensitive comparison. */
bool span_eq_nocase(struct span a, struct span b);
bool span_starts(struct span s, struct span prefix);
bool span_starts_nocase(struct span s, struct span prefix);
bool span_ends_nocase(struct span s, struct span suffix);

/* <0, 0, >0 by bytes, shorter first; for sorting. */
int span_cmp(struct span a, struct span b);

/* Offset of the first c, or s.n if there is none. */
size_t span_find(struct span s, char c);

/* Without leading and trailing SP and HTAB. */
struct span span_trim(struct span s);

/* The part from offset `from` (clamped) to the end. */
struct span span_skip(struct span s, size_t from);

/*
 * Cut the piece before the first `sep` off the front of *rest and return it; at the end the whole
 * rest is returned and *rest becomes SPAN_NULL (p == NULL), which ends the loop:
 *	while (rest.p != NULL) { piece = span_cut(&rest, ','); ... }
 */
struct span span_cut(struct span *rest, char sep);

/*
 * Decimal digits only, the whole span, no sign, no blanks.
 * Returns false (and leaves *out alone) if empty, if another byte occurs, or on overflow.
 */
bool span_to_u64(struct span s, uint64_t *out) __attribute__((warn_unused_result));

#define U64_DIGITS_MAX 20
/*
 * Print v in decimal at `at`, without a NUL; returns the end. For the hot path, where printf shows.
 */
char *span_print_u64(char *at, uint64_t v);

/* A NUL-terminated copy on the heap; the caller frees it. */
char *span_strdup(struct span s);

/*
 * Copy into a caller's buffer as a C string, cut at cap-1. Returns false if it was cut or holds
 * NUL. cap must not be 0.
 */
bool span_to_cstr(struct span s, char *buf, size_t cap);
