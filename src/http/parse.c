/*
 * HTTP/1 heads from bytes.
 *
 * One pass from left to right, in which every error is found at its first byte: so a head that
 * arrives in pieces fails for the same reason, at the same offset, as one that arrives whole (at
 * the latest with the end of the line).
 */
#include "http/parse.h"

#include "http/chars_int.h"
#include "http/head_int.h"

struct cursor {
	const char *base; /* of the head, for offsets */
	const char *at;   /* start of the line that is not parsed yet */
	const char *end;
	struct http_parse_error *e;
	enum why why; /* of an error without a reason of its own */
};

/* What differs between requests and replies. */
struct head_kind {
	enum why malformed, line_too_long, head_too_long;
	enum http_parse (*start_line)(struct cursor *, struct http_head *);
	enum http_parse (*whole)(struct cursor *, const struct http_head *); /* checks at the end */
};

static COLD enum http_parse bad(struct cursor *c, const char *at, const char *detail)
{
	c->e->why = c->why;
	c->e->detail = detail;
	c->e->offset = (size_t)(at - c->base);
	return HTTP_PARSE_BAD;
}

/* What is wrong with a byte that is no text of a field, target or line. */
static COLD enum http_parse bad_byte(struct cursor *c, const char *at)
{
	switch (*at) {
	case '\r':
		return bad(c, at, "a bare CR");
	case '\n':
		return bad(c, at, "a bare LF");
	case '\0':
		return bad(c, at, "a NUL");
	default:
		return bad(c, at, "a control byte");
	}
}

/* p is where text ended: at the CRLF that ends a line, or at something that is not allowed there.
 */
static inline enum http_parse line_end(struct cursor *c, const char *p)
{
	if (likely(c->end - p >= 2 && p[0] == '\r' && p[1] == '\n'))
		return HTTP_PARSE_OK;
	if (p == c->end || (*p == '\r' && p + 1 == c->end))
		return HTTP_PARSE_MORE;
	return bad_byte(c, p);
}

/* ---- field lines ---- */

static COLD enum http_parse bad_name(struct cursor *c, const char *line, const char *at)
{
	if (at == line && char_is_blank(*at))
		return bad(c, at, "a field line that begins with a blank"); /* RFC 9112 5.2, 2.2 */
	if (at == line && *at == ':')
		return bad(c, at, "an empty field name");
	if (char_is_blank(*at))
		return bad(c, at, "a blank before the colon"); /* RFC 9112 5.1 */
	if (at != line && (*at == '\r' || *at == '\n'))
		return bad(c, at, "a field line without a colon");
	if ((uint8_t)*at < 0x20 || *at == 0x7f)
		return bad_byte(c, at);
	return bad(c, at, "a field name that is no token");
}

/*
 * The first colon within the first bytes of a line (more than any known name has), or NULL. A name
 * that turns out to be known is a token, so its bytes need not be looked at one by one.
 */
static inline const char *near_colon(const char *line, const char *end)
{
	for (const char *p = line; end - p >= 8 && p - line < 32; p += 8) {
		const uint64_t marks = char_mark(char_load8(p), ':');

		if (marks != 0)
			return p + __builtin_ctzll(marks) / 8;
	}
	return NULL;
}

/* One field line at c->at, which moves past it. The line has at least one byte and is not empty. */
static inline enum http_parse field_line(struct cursor *c, struct http_field *f)
{
	const char *const line = c->at;
	const char *p = near_colon(line, c->end);

	f->id = p != NULL ? http_field_id_of(span_of(line, (size_t)(p - line))) : HTTP_F_OTHER;
	if (f->id == HTTP_F_OTHER) {
		const bool is_far = p == NULL;

		p = char_class_end(line, c->end, CHAR_TOKEN);
		if (unlikely(p == c->end))
			return HTTP_PARSE_MORE;
		if (unlikely(*p != ':' || p == line))
			return bad_name(c, line, p);
		if (is_far) /* or near the end of what has come */
			f->id = http_field_id_of(span_of(line, (size_t)(p - line)));
	}
	f->name = span_of(line, (size_t)(p - line));
	p++;
	while (p < c->end && char_is_blank(*p))
		p++;
	const char *const value = p;
	const char *const text_end = char_text_end(p, c->end);
	const enum http_parse r = line_end(c, text_end);

	if (unlikely(r != HTTP_PARSE_OK))
		return r;
	for (p = text_end; p > value && char_is_blank(p[-1]);)
		p--;
	f->value = span_of(value, (size_t)(p - value));
	c->at = text_end + 2;
	return HTTP_PARSE_OK;
}

/* Field lines up to and including the empty one. With is_look they are checked and not kept. */
static enum http_parse field_lines(struct cursor *c, struct http_head *h, bool is_look)
{
	struct http_field seen;

	while (likely(c->at != c->end)) {
		enum http_parse r;

		if (*c->at == '\r') {
			r = line_end(c, c->at);
			if (r == HTTP_PARSE_OK)
				c->at += 2;
			return r;
		}
		if (!is_look && h->n_fields == h->cap_fields && !http_head_try_grow(h)) {
			c->why = WHY_MEMORY;
			return bad(c, c->at, "no memory for so many fields");
		}
		struct http_field *const f = is_look ? &seen : &h->fields[h->n_fields];

		r = field_line(c, f);
		if (unlikely(r != HTTP_PARSE_OK))
			return r;
		if (is_look)
			continue;
		http_head_note(h, f->id);
		h->n_fields++;
	}
	return HTTP_PARSE_MORE;
}

/* ---- start lines ---- */

/* "HTTP/" DIGIT "." DIGIT at p. The name is case-sensitive (RFC 9112 2.3). */
static enum http_parse version(struct cursor *c, const char *p, unsigned *v)
{
	static const char pattern[] = "HTTP/d.d";

	for (size_t i = 0; i < sizeof(pattern) - 1; i++) {
		if (p + i == c->end)
			return HTTP_PARSE_MORE;
		if (pattern[i] == 'd' ? !char_is(p[i], CHAR_DIGIT) : p[i] != pattern[i])
			return bad(c, p + i, "a malformed HTTP version");
	}
	*v = (unsigned)(p[5] - '0') * 10 + (unsigned)(p[7] - '0');
	return HTTP_PARSE_OK;
}

static COLD enum http_parse bad_target(struct cursor *c, const char *target, const char *at)
{
	if (at == target && *at == ' ')
		return bad(c, at, "more than one blank after the method");
	if (*at == '\r' || *at == '\n')
		return bad(c, at, "a request line without an HTTP version");
	if ((uint8_t)*at >= 0x80)
		return bad(c, at, "a byte outside ASCII in the target");
	return bad_byte(c, at);
}

/* The version at the end of a request line, and its CRLF, which the cursor moves past. */
static enum http_parse request_version(struct cursor *c, const char *p, struct http_head *h)
{
	if (likely(c->end - p >= 10 && memcmp(p, "HTTP/1.1\r\n", 10) == 0)) {
		h->version = 11;
		c->at = p + 10;
		return HTTP_PARSE_OK;
	}
	if (p < c->end && *p == ' ')
		return bad(c, p, "more than one blank after the target");
	enum http_parse r = version(c, p, &h->version);

	if (r != HTTP_PARSE_OK)
		return r;
	if (h->version != 10 && h->version != 11) {
		c->why = WHY_BAD_VERSION;
		return bad(c, p, "an HTTP version other than 1.0 and 1.1");
	}
	p += 8;
	if (p != c->end && *p != '\r' && *p != '\n')
		return bad(c, p, "bytes after the HTTP version");
	r = line_end(c, p);
	if (r == HTTP_PARSE_OK)
		c->at = p + 2;
	return r;
}

static enum http_parse request_line(struct cursor *c, struct http_head *h)
{
	const char *line = c->at;

	/* RFC 9112 2.2: one empty line may precede; it is what old clients sent after a body. */
	if (line != c->end && *line == '\r') {
		const enum http_parse r = line_end(c, line);

		if (r != HTTP_PARSE_OK)
			return r;
		line += 2;
	}
	const char *p = char_class_end(line, c->end, CHAR_TOKEN);

	if (p == c->end)
		return HTTP_PARSE_MORE;
	if (*p != ' ' || p == line)
		return bad(c, p, "a method that is no token followed by one blank");
	const char *const target = p + 1;
	const char *const target_end = char_visible_end(target, c->end);

	if (target_end == c->end)
		return HTTP_PARSE_MORE;
	if (*target_end != ' ' || target_end == target)
		return bad_target(c, target, target_end);
	h->method_name = span_of(line, (size_t)(p - line));
	h->method = http_method_of(h->method_name);
	h->target = span_of(target, (size_t)(target_end - target));
	return request_version(c, target_end + 1, h);
}

static enum http_parse reply_line(struct cursor *c, struct http_head *h)
{
	const char *p = c->at;
	enum http_parse r = version(c, p, &h->version);

	if (r != HTTP_PARSE_OK)
		return r;
	if (h->version != 10 && h->version != 11)
		return bad(c, p, "an HTTP version other than 1.0 and 1.1");
	p += 8;
	for (unsigned i = 0; i < 4; i++) {
		if (p + i == c->end)
			return HTTP_PARSE_MORE;
		if (i == 0 ? p[i] != ' ' : !char_is(p[i], CHAR_DIGIT) || (i == 1 && p[i] == '0'))
			return bad(c, p + i, "a status that is not three digits after one blank");
	}
	h->status =
		(unsigned)(p[1] - '0') * 100 + (unsigned)(p[2] - '0') * 10 + (unsigned)(p[3] - '0');
	p += 4;
	/* RFC 9112 4 wants the blank even before an empty phrase; many servers leave it out. */
	if (p != c->end && *p != ' ' && *p != '\r' && *p != '\n')
		return bad(c, p, "bytes after the status");
	if (p != c->end && *p == ' ')
		p++;
	const char *const text_end = char_text_end(p, c->end);

	r = line_end(c, text_end);
	if (r != HTTP_PARSE_OK)
		return r;
	h->reason = span_of(p, (size_t)(text_end - p));
	c->at = text_end + 2;
	return HTTP_PARSE_OK;
}

/* ---- whole heads ---- */

/* RFC 9112 3.2: exactly one Host in HTTP/1.1; more than one never. */
static enum http_parse request_whole(struct cursor *c, const struct http_head *h)
{
	const unsigned hosts = http_head_count(h, HTTP_F_HOST);

	if (hosts > 1)
		return bad(c, c->at, "more than one Host");
	if (hosts == 0 && h->version == 11)
		return bad(c, c->at, "no Host");
	return HTTP_PARSE_OK;
}

static enum http_parse reply_whole(struct cursor *c, const struct http_head *h)
{
	(void)c;
	(void)h;
	return HTTP_PARSE_OK;
}

static const struct head_kind request_kind = {
	.malformed = WHY_BAD_REQUEST,
	.line_too_long = WHY_URI_TOO_LONG,
	.head_too_long = WHY_HEAD_TOO_LARGE,
	.start_line = request_line,
	.whole = request_whole,
};

static const struct head_kind reply_kind = {
	.malformed = WHY_ORIGIN_BAD_REPLY,
	.line_too_long = WHY_ORIGIN_HEAD_TOO_LARGE,
	.head_too_long = WHY_ORIGIN_HEAD_TOO_LARGE,
	.start_line = reply_line,
	.whole = reply_whole,
};

static void forget(struct http_head *h)
{
	h->method = HTTP_OTHER;
	h->method_name = h->target = h->reason = SPAN_NULL;
	h->status = h->version = 0;
	h->n_fields = 0;
	memset(h->have, 0, sizeof(h->have));
}

static enum http_parse from_the_start(struct cursor *c, struct http_head *h,
                                      const struct head_kind *kind)
{
	forget(h);
	c->at = c->base;
	enum http_parse r = kind->start_line(c, h);

	if (likely(r == HTTP_PARSE_OK))
		r = field_lines(c, h, false);
	if (likely(r == HTTP_PARSE_OK))
		r = kind->whole(c, h);
	return r;
}

/*
 * Whether more of the head has come than lines that are not complete, or complete ones that are
 * fine: only then is it parsed from the start again.
 */
static bool is_decided(struct cursor *c, struct http_scan *scan, struct http_head *h,
                       const struct head_kind *kind)
{
	const size_t n = (size_t)(c->end - c->base);

	if (n <= scan->seen || memchr(c->base + scan->seen, '\n', n - scan->seen) == NULL)
		return false;
	enum http_parse r = HTTP_PARSE_OK;

	c->at = c->base + scan->line;
	if (scan->line == 0)
		r = kind->start_line(c, h);
	if (r == HTTP_PARSE_OK)
		r = field_lines(c, h, true);
	return r != HTTP_PARSE_MORE;
}

static enum http_parse parse(struct span text, size_t max_bytes, struct http_scan *scan,
                             struct http_head *h, size_t *used, struct http_parse_error *e,
                             const struct head_kind *kind)
{
	if (text.n == 0)
		return HTTP_PARSE_MORE;
	const bool is_last_chance = text.n >= max_bytes;
	struct cursor c = {
		.base = text.p,
		.at = text.p + scan->line,
		.end = text.p + MIN(text.n, max_bytes),
		.e = e,
		.why = kind->malformed,
	};
	enum http_parse r = HTTP_PARSE_MORE;

	if (scan->seen == 0 || is_last_chance || is_decided(&c, scan, h, kind))
		r = from_the_start(&c, h, kind);
	if (r == HTTP_PARSE_OK)
		*used = (size_t)(c.at - c.base);
	if (r != HTTP_PARSE_MORE)
		return r;
	scan->line = (size_t)(c.at - c.base);
	scan->seen = text.n;
	if (!is_last_chance)
		return HTTP_PARSE_MORE;
	c.why = scan->line == 0 ? kind->line_too_long : kind->head_too_long;
	return bad(&c, c.end,
	           scan->line == 0 ? "the first line is too long" : "the head is too long");
}

enum http_parse http_parse_request(struct span text, size_t max_bytes, struct http_scan *scan,
                                   struct http_head *h, size_t *used, struct http_parse_error *e)
{
	return parse(text, max_bytes, scan, h, used, e, &request_kind);
}

enum http_parse http_parse_reply(struct span text, size_t max_bytes, struct http_scan *scan,
                                 struct http_head *h, size_t *used, struct http_parse_error *e)
{
	return parse(text, max_bytes, scan, h, used, e, &reply_kind);
}

/* The next line of trailers, of which all is there. */
static bool trailer_line(struct cursor *c, struct http_field *f)
{
	const enum http_parse r = field_line(c, f);

	if (r == HTTP_PARSE_MORE)
		bad(c, c->end, "a trailer line without an end");
	return r == HTTP_PARSE_OK;
}

bool http_parse_trailers(struct span text, struct http_head *h, struct http_parse_error *e)
{
	if (text.n == 0)
		return true;
	struct cursor c = { text.p, text.p, text.p + text.n, e, WHY_BAD_BODY };

	while (c.at != c.end) {
		struct http_field f;

		if (!trailer_line(&c, &f))
			return false;
		/* RFC 9110 6.5.1: what frames, routes or modifies must not come after the body. */
		if (http_field_flags(f.id) & (FIELD_NO_TRAILER | FIELD_FRAMING | FIELD_HOP))
			continue;
		if (h->n_fields == h->cap_fields && !http_head_try_grow(h)) {
			c.why = WHY_MEMORY;
			bad(&c, c.at, "no memory for so many fields");
			return false;
		}
		http_head_note(h, f.id);
		h->fields[h->n_fields++] = f;
	}
	return true;
}

bool http_trailers_are_valid(struct span text, const char **detail)
{
	if (text.n == 0)
		return true;
	struct http_parse_error e;
	struct http_field f;
	struct cursor c = { text.p, text.p, text.p + text.n, &e, WHY_BAD_BODY };

	while (c.at != c.end) {
		if (!trailer_line(&c, &f)) {
			*detail = e.detail;
			return false;
		}
	}
	return true;
}
