/*
 * The styles, by one table of classes of bytes.
 */
#include "log/style.h"

enum {
	CLASS_CONTROL = 1, /* 0x00 to 0x1f, 0x7f */
	CLASS_BLANK = 2,
	CLASS_HIGH = 4,   /* 0x80 up */
	CLASS_UNSAFE = 8, /* RFC 1738 2.2, other than those above */
	CLASS_PERCENT = 16,
	CLASS_QUOTE = 32,  /* " and \ */
	CLASS_BRACKET = 64 /* [ and ] */
};

#define BREAKS (CLASS_CONTROL | CLASS_BLANK | CLASS_HIGH)

static const uint8_t classes[256] = {
	[0x00 ... 0x1f] = CLASS_CONTROL,
	[' '] = CLASS_BLANK,
	[0x7f] = CLASS_CONTROL,
	[0x80 ... 0xff] = CLASS_HIGH,
	['<'] = CLASS_UNSAFE,
	['>'] = CLASS_UNSAFE,
	['"'] = CLASS_UNSAFE | CLASS_QUOTE,
	['#'] = CLASS_UNSAFE,
	['{'] = CLASS_UNSAFE,
	['}'] = CLASS_UNSAFE,
	['|'] = CLASS_UNSAFE,
	['\\'] = CLASS_UNSAFE | CLASS_QUOTE,
	['^'] = CLASS_UNSAFE,
	['~'] = CLASS_UNSAFE,
	['['] = CLASS_UNSAFE | CLASS_BRACKET,
	[']'] = CLASS_UNSAFE | CLASS_BRACKET,
	['`'] = CLASS_UNSAFE,
	['\''] = CLASS_UNSAFE,
	['%'] = CLASS_PERCENT,
};

static size_t plain_run(struct span s, unsigned mask)
{
	size_t n = 0;

	while (n < s.n && (classes[(uint8_t)s.p[n]] & mask) == 0)
		n++;
	return n;
}

/* All of the unit or nothing. False: it does not fit. */
static bool put_unit(struct log_line *l, const char *unit, size_t n)
{
	if (n > (size_t)(l->end - l->p)) {
		l->is_cut = true;
		return false;
	}
	memcpy(l->p, unit, n);
	l->p += n;
	return true;
}

static bool put_hex(struct log_line *l, const char *lead, uint8_t c, const char *digits)
{
	char unit[4];
	const size_t n = strlen(lead);

	memcpy(unit, lead, n);
	unit[n] = digits[c >> 4];
	unit[n + 1] = digits[c & 15];
	return put_unit(l, unit, n + 2);
}

static const char upper[] = "0123456789ABCDEF", lower[] = "0123456789abcdef";

static bool put_percent(struct log_line *l, uint8_t c)
{
	return put_hex(l, "%", c, upper);
}

/* "\n" and the like. False: the byte has no such name. */
static bool name_of(uint8_t c, char unit[2])
{
	unit[0] = '\\';
	unit[1] = (char)(c == '\r' ? 'r' : c == '\n' ? 'n' : c == '\t' ? 't' : c);
	return c == '\r' || c == '\n' || c == '\t' || c == '"' || c == '\\';
}

static bool put_quoted(struct log_line *l, uint8_t c)
{
	char unit[2];

	return name_of(c, unit) ? put_unit(l, unit, 2) : put_hex(l, "\\x", c, upper);
}

static bool put_mime(struct log_line *l, uint8_t c)
{
	char unit[2];

	if (c != '\t' && name_of(c, unit))
		return put_unit(l, unit, 2);
	return put_hex(l, "%", c, lower);
}

/* Bytes of these classes by `put`, all others as they are. */
static void encode(struct log_line *l, struct span s, unsigned mask,
                   bool (*put)(struct log_line *l, uint8_t c))
{
	while (s.n != 0) {
		const size_t n = plain_run(s, mask);

		log_put_bytes(l, s.p, n);
		s = span_skip(s, n);
		if (s.n == 0 || !put(l, (uint8_t)s.p[0]))
			return;
		s = span_skip(s, 1);
	}
}

/* Mime blobs leave the quote alone, which is in one class with the backslash. */
static bool put_mime_or_quote(struct log_line *l, uint8_t c)
{
	return c == '"' ? put_unit(l, "\"", 1) : put_mime(l, c);
}

static void put_shell(struct log_line *l, struct span s)
{
	const bool has_blank = span_find(s, ' ') != s.n;

	if (!has_blank) {
		encode(l, s, CLASS_CONTROL | CLASS_QUOTE, put_quoted);
		return;
	}
	/* The closing quote has its place, however long the text is. */
	if (l->end - l->p < 2) {
		l->is_cut = true;
		return;
	}
	log_put_char(l, '"');
	l->end--;
	encode(l, s, CLASS_CONTROL | CLASS_QUOTE, put_quoted);
	l->end++;
	*l->p++ = '"';
}

void log_put_style(struct log_line *l, struct span s, enum log_style style)
{
	switch (style) {
	case LOG_STYLE_SAFE:
		if (likely(plain_run(s, BREAKS) == s.n))
			log_put_span(l, s);
		else
			encode(l, s, BREAKS | CLASS_UNSAFE, put_percent);
		return;
	case LOG_STYLE_PASS:
		encode(l, s, BREAKS | CLASS_UNSAFE, put_percent);
		return;
	case LOG_STYLE_URL:
		encode(l, s, BREAKS | CLASS_UNSAFE | CLASS_PERCENT, put_percent);
		return;
	case LOG_STYLE_QUOTES:
		encode(l, s, CLASS_CONTROL | CLASS_QUOTE, put_quoted);
		return;
	case LOG_STYLE_MIME:
		encode(l, s,
		       CLASS_CONTROL | CLASS_HIGH | CLASS_QUOTE | CLASS_BRACKET | CLASS_PERCENT,
		       put_mime_or_quote);
		return;
	case LOG_STYLE_USER:
		encode(l, s, BREAKS | CLASS_QUOTE | CLASS_BRACKET | CLASS_PERCENT,
		       put_mime_or_quote);
		return;
	case LOG_STYLE_SHELL:
		put_shell(l, s);
		return;
	case LOG_STYLE_RAW:
		encode(l, s, CLASS_CONTROL, put_percent);
		return;
	}
	UNREACHABLE("style");
}
