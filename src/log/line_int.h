/*
 * Text that grows to the right in a buffer of the caller's. What does not fit is dropped and
 * remembered, so that the caller can say so, or try again with more room.
 */
#pragma once

#include "base/base.h"
#include "base/ip.h"

struct log_line {
	char *p, *end;
	bool is_cut;
};

static inline void log_put_char(struct log_line *l, char c)
{
	if (likely(l->p < l->end))
		*l->p++ = c;
	else
		l->is_cut = true;
}

/* Most pieces of a line are short: a call of memcpy() would cost more than the copy. */
static inline void log_copy(char *to, const char *p, size_t n)
{
	if (n > 16) {
		memcpy(to, p, n);
	} else if (n >= 8) {
		uint64_t head, tail;

		memcpy(&head, p, 8);
		memcpy(&tail, p + n - 8, 8);
		memcpy(to, &head, 8);
		memcpy(to + n - 8, &tail, 8);
	} else if (n >= 4) {
		uint32_t head, tail;

		memcpy(&head, p, 4);
		memcpy(&tail, p + n - 4, 4);
		memcpy(to, &head, 4);
		memcpy(to + n - 4, &tail, 4);
	} else {
		for (size_t i = 0; i < n; i++)
			to[i] = p[i];
	}
}

static inline void log_put_bytes(struct log_line *l, const char *p, size_t n)
{
	const size_t room = (size_t)(l->end - l->p);

	if (unlikely(n > room)) {
		l->is_cut = true;
		n = room;
	}
	log_copy(l->p, p, n);
	l->p += n;
}

static inline void log_put_span(struct log_line *l, struct span s)
{
	log_put_bytes(l, s.p, s.n);
}

static inline void log_put_text(struct log_line *l, const char *text)
{
	log_put_bytes(l, text, strlen(text));
}

/* Decimal, at least `width` bytes wide. */
void log_put_number(struct log_line *l, uint64_t v, unsigned width, char pad);
/* In its usual text, "-" for the zeroed address that means none. */
void log_put_ip(struct log_line *l, const struct ip *ip);
/* "%0A" */
void log_put_percent(struct log_line *l, uint8_t c);
