/*
 * Views of bytes: comparison, trimming, numbers.
 */
#include "base/span.h"

#include "base/base.h"

bool span_eq_nocase(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool span_starts(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_eq(span_of(s.p, prefix.n), prefix);
}

bool span_starts_nocase(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_eq_nocase(span_of(s.p, prefix.n), prefix);
}

bool span_ends_nocase(struct span s, struct span suffix)
{
	return s.n >= suffix.n && span_eq_nocase(span_of(s.p + s.n - suffix.n, suffix.n), suffix);
}

int span_cmp(struct span a, struct span b)
{
	const size_t n = MIN(a.n, b.n);
	const int d = n != 0 ? memcmp(a.p, b.p, n) : 0;

	if (d != 0)
		return d;
	return (a.n > b.n) - (a.n < b.n);
}

size_t span_find(struct span s, char c)
{
	const char *at = s.n != 0 ? memchr(s.p, c, s.n) : NULL;

	return at != NULL ? (size_t)(at - s.p) : s.n;
}

struct span span_trim(struct span s)
{
	while (s.n != 0 && (*s.p == ' ' || *s.p == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n != 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

struct span span_skip(struct span s, size_t from)
{
	from = MIN(from, s.n);
	if (from == 0)
		return s; /* also a null span, to which not even 0 may be added */
	return span_of(s.p + from, s.n - from);
}

struct span span_cut(struct span *rest, char sep)
{
	const size_t at = span_find(*rest, sep);
	const struct span piece = span_of(rest->p, at);

	*rest = at < rest->n ? span_skip(*rest, at + 1) : SPAN_NULL;
	return piece;
}

bool span_to_u64(struct span s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

char *span_print_u64(char *at, uint64_t v)
{
	char digits[U64_DIGITS_MAX];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	while (n != 0)
		*at++ = digits[--n];
	return at;
}

char *span_strdup(struct span s)
{
	char *copy = check_malloc(s.n + 1);

	if (s.n != 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

bool span_to_cstr(struct span s, char *buf, size_t cap)
{
	const size_t n = MIN(s.n, cap - 1);

	CHECK(cap != 0);
	if (n != 0)
		memcpy(buf, s.p, n);
	buf[n] = '\0';
	return n == s.n && (n == 0 || memchr(s.p, '\0', n) == NULL);
}
