/*
 * Squid's native format: "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt".
 *
 * Pure. Runs on the log thread for each record, so numbers are printed by hand. No byte from
 * outside can end a field or a line: what could is percent-encoded, as Squid does it for user names
 * and for URLs that hold a control character. Unlike Squid, that is also done for each URL, method
 * and type with any byte from 0x7f up or a blank, so that a log is always ASCII with ten fields a
 * line.
 */
#include "log/access_log.h"

/* Where the line grows. Bytes beyond end are dropped; log_format_native() repairs the end of the
 * line. */
struct line {
	char *p, *end;
};

enum {
	CLASS_BREAKS = 1, /* must never be seen raw */
	CLASS_UNSAFE = 2, /* RFC 1738 2.2; encoded together with the former */
	CLASS_PERCENT = 4
};

#define LINE_FIXED_MAX (3 * 24 + 2 * IP_TEXT_MAX + 96)

static const uint8_t classes[256] = {
	[0x00 ... 0x20] = CLASS_BREAKS, [0x7f ... 0xff] = CLASS_BREAKS, ['<'] = CLASS_UNSAFE,
	['>'] = CLASS_UNSAFE,           ['"'] = CLASS_UNSAFE,           ['#'] = CLASS_UNSAFE,
	['{'] = CLASS_UNSAFE,           ['}'] = CLASS_UNSAFE,           ['|'] = CLASS_UNSAFE,
	['\\'] = CLASS_UNSAFE,          ['^'] = CLASS_UNSAFE,           ['~'] = CLASS_UNSAFE,
	['['] = CLASS_UNSAFE,           [']'] = CLASS_UNSAFE,           ['`'] = CLASS_UNSAFE,
	['\''] = CLASS_UNSAFE,          ['%'] = CLASS_PERCENT,
};

static inline void put_char(struct line *l, char c)
{
	if (likely(l->p < l->end))
		*l->p++ = c;
}

static void put_bytes(struct line *l, const char *p, size_t n)
{
	n = MIN(n, (size_t)(l->end - l->p));
	if (n != 0)
		memcpy(l->p, p, n);
	l->p += n;
}

static void put_text(struct line *l, const char *text)
{
	put_bytes(l, text, strlen(text));
}

/* Decimal, at least `width` bytes wide. */
static void put_number(struct line *l, uint64_t v, unsigned width, char pad)
{
	char digits[24];
	char *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	while ((size_t)(digits + sizeof(digits) - p) < width)
		*--p = pad;
	put_bytes(l, p, (size_t)(digits + sizeof(digits) - p));
}

static void put_encoded(struct line *l, struct span s, unsigned mask)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		const uint8_t c = (uint8_t)s.p[i];

		if ((classes[c] & mask) == 0) {
			put_char(l, s.p[i]);
			continue;
		}
		put_char(l, '%');
		put_char(l, hex[c >> 4]);
		put_char(l, hex[c & 15]);
	}
}

/* As it is, unless some byte would break the line: then everything unsafe is encoded. */
static void put_field(struct line *l, struct span s)
{
	unsigned seen = 0;

	if (s.n == 0) {
		put_char(l, '-');
		return;
	}
	for (size_t i = 0; i < s.n; i++)
		seen |= classes[(uint8_t)s.p[i]];
	if (likely((seen & CLASS_BREAKS) == 0))
		put_bytes(l, s.p, s.n);
	else
		put_encoded(l, s, CLASS_BREAKS | CLASS_UNSAFE);
}

static bool is_zero(const struct ip *ip)
{
	static const struct ip zero;

	return ip_eq(ip, &zero);
}

static void put_ip(struct line *l, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	if (is_zero(ip)) {
		put_char(l, '-');
	} else if (ip_is_v4(ip)) {
		for (unsigned i = 12; i < 16; i++) {
			put_number(l, ip->b[i], 1, '0');
			if (i < 15)
				put_char(l, '.');
		}
	} else {
		put_text(l, ip_text(ip, text));
	}
}

/* A mask is for addresses of its own family; Squid's are only for IPv4. */
static struct ip masked(const struct ip *ip, const struct ip *mask)
{
	struct ip out = *ip;

	if (is_zero(mask) || ip_is_v4(ip) != ip_is_v4(mask))
		return out;
	for (unsigned i = 0; i < sizeof(out.b); i++)
		out.b[i] &= mask->b[i];
	return out;
}

static void put_result(struct line *l, const struct log_rec *rec)
{
	put_text(l, log_result_text(rec->result));
	switch (why_row(rec->why)->suffix) {
	case WHY_SUFFIX_NONE:
		break;
	case WHY_SUFFIX_ABORTED:
		put_text(l, "_ABORTED");
		break;
	case WHY_SUFFIX_TIMEDOUT:
		put_text(l, "_TIMEDOUT");
		break;
	}
	put_char(l, '/');
	put_number(l, rec->status, 3, '0');
}

static void put_url(struct line *l, const struct log_rec *rec, bool strip_query)
{
	struct span url = rec->url;

	/* Squid keeps the question mark, and leaves a CONNECT's authority alone. */
	if (strip_query && !span_eq(rec->method, SPAN("CONNECT")))
		url.n = MIN(span_find(url, '?') + 1, url.n);
	put_field(l, url);
}

/* Without parameters, as Squid's %mt. */
static struct span media_type(struct span content_type)
{
	size_t n = 0;

	while (n < content_type.n && content_type.p[n] != ';' && content_type.p[n] != ' ' &&
	       content_type.p[n] != '\t')
		n++;
	return span_of(content_type.p, n);
}

size_t log_native_max(const struct log_rec *rec)
{
	return LINE_FIXED_MAX +
	       3 * (rec->method.n + rec->url.n + rec->user.n + rec->content_type.n);
}

size_t log_format_native(const struct log_rec *rec, const struct log_conf *c, char *buf, size_t cap)
{
	const uint64_t end_ms = (uint64_t)MAX(rec->end_us, (int64_t)0) / 1000;
	const struct ip client = masked(&rec->client.ip, &c->client_netmask);
	struct line l = { buf, buf + cap };

	CHECK(cap >= 2);
	put_number(&l, end_ms / 1000, 9, ' ');
	put_char(&l, '.');
	put_number(&l, end_ms % 1000, 3, '0');
	put_char(&l, ' ');
	put_number(&l, (uint64_t)MAX(rec->duration_us, (int64_t)0) / 1000, 6, ' ');
	put_char(&l, ' ');
	put_ip(&l, &client);
	put_char(&l, ' ');
	put_result(&l, rec);
	put_char(&l, ' ');
	put_number(&l, rec->client_out_bytes, 1, '0');
	put_char(&l, ' ');
	put_field(&l, rec->method);
	put_char(&l, ' ');
	put_url(&l, rec, c->strip_query_terms);
	put_char(&l, ' ');
	if (rec->user.n == 0)
		put_char(&l, '-');
	else
		put_encoded(&l, rec->user, CLASS_BREAKS | CLASS_UNSAFE | CLASS_PERCENT);
	put_char(&l, ' ');
	put_text(&l, log_hier_text(rec->hier));
	put_char(&l, '/');
	put_ip(&l, &rec->server.ip);
	put_char(&l, ' ');
	put_field(&l, media_type(rec->content_type));
	if (l.p == l.end)
		l.p--;
	*l.p++ = '\n';
	return (size_t)(l.p - buf);
}
