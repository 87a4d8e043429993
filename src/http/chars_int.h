/*
 * Classes of bytes, and the scans over them that heads, chunks and URIs share.
 *
 * A byte's class is one load from a table; runs of field text are looked at eight bytes at a time,
 * because most bytes of a head are in values. Pure. Only src/http includes this.
 */
#pragma once

#include <endian.h>

#include "base/base.h"

enum {
	CHAR_TOKEN = 1, /* tchar (RFC 9110 5.6.2) */
	CHAR_HOST = 2,  /* letters, digits, '-', '.', '_' */
	CHAR_DIGIT = 4,
	CHAR_HEX = 8,
	CHAR_PATH = 16,  /* printable ASCII without '#' and '\' */
	CHAR_QUERY = 32, /* printable ASCII without '#' */
	CHAR_ALPHA = 64,
	CHAR_UPPER = 128
};

extern const uint8_t http_chars[256];

static inline bool char_is(char c, unsigned classes)
{
	return (http_chars[(uint8_t)c] & classes) != 0;
}

static inline bool char_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

#define CHAR_ONES  0x0101010101010101u
#define CHAR_HIGHS 0x8080808080808080u

static inline uint64_t char_load8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

/*
 * The high bit of each byte that is below `limit` (at most 0x80) or is DEL. Borrows make it wrong
 * above the lowest marked byte, never at it, and only that one is used.
 */
static inline uint64_t char_mark_controls(uint64_t w, unsigned limit)
{
	const uint64_t del = w ^ (CHAR_ONES * 0x7f);

	return (((w - CHAR_ONES * limit) & ~w) | ((del - CHAR_ONES) & ~del)) & CHAR_HIGHS;
}

/* First byte that is no field text: a control other than HTAB (RFC 9110 5.5); `end` if none. */
static inline const char *char_text_end(const char *p, const char *end)
{
	while (end - p >= 8) {
		const uint64_t marks = char_mark_controls(char_load8(p), 0x20);

		if (marks == 0) {
			p += 8;
			continue;
		}
		p += __builtin_ctzll(marks) / 8;
		if (*p != '\t')
			return p;
		p++;
	}
	while (p < end && ((uint8_t)*p >= 0x20 || *p == '\t') && *p != 0x7f)
		p++;
	return p;
}

/* First byte that is not printable ASCII without the blank (0x21..0x7e); `end` if none. */
static inline const char *char_visible_end(const char *p, const char *end)
{
	while (end - p >= 8) {
		const uint64_t w = char_load8(p);
		const uint64_t marks = char_mark_controls(w, 0x21) | (w & CHAR_HIGHS);

		if (marks != 0)
			return p + __builtin_ctzll(marks) / 8;
		p += 8;
	}
	while (p<end && * p> 0x20 && *p < 0x7f)
		p++;
	return p;
}

/* The high bit of each byte that is c; the lowest mark is right, as above. */
static inline uint64_t char_mark(uint64_t w, char c)
{
	const uint64_t x = w ^ (CHAR_ONES * (uint8_t)c);

	return (x - CHAR_ONES) & ~x & CHAR_HIGHS;
}

/* First byte outside the classes; `end` if none. */
static inline const char *char_class_end(const char *p, const char *end, unsigned classes)
{
	while (p < end && char_is(*p, classes))
		p++;
	return p;
}
