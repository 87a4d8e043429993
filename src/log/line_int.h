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

static inline void log_put_bytes(struct log_line *l, const char *p, size_t n)
{
	const size_t room = (size_t)(l->end - l->p);

	if (unlikely(n > room)) {
		l->is_cut = true;
		n = room;
	}
	if (n != 0)
		memcpy(l->p, p, n);
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

/* Decimal, at least `width` (up to 40) bytes wide. */
void log_put_number(struct log_line *l, uint64_t v, unsigned width, char pad);
/* In its usual text, "-" for the zeroed address that means none. */
void log_put_ip(struct log_line *l, const struct ip *ip);
/* "%0A" */
void log_put_percent(struct log_line *l, uint8_t c);
