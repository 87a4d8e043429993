/*
 * Ranges: field in, parts and pieces out. The layout of several parts shares one text for the
 * delimiter and the type, so that its size does not grow with ranges times length of a field.
 */
#include "http/range.h"

#include "http/chars_int.h"

/* Digits off the front; what does not fit is UINT64_MAX (RFC 9110 17.5: it must not wrap). */
static bool take_number(struct span *s, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < s->n && char_is(s->p[i], CHAR_DIGIT); i++) {
		const unsigned digit = (unsigned)(s->p[i] - '0');

		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, digit, &v)) {
			while (i < s->n && char_is(s->p[i], CHAR_DIGIT))
				i++;
			v = UINT64_MAX;
			break;
		}
	}
	*s = span_of(s->p + i, s->n - i);
	*out = v;
	return i != 0;
}

static bool take_char(struct span *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = span_of(s->p + 1, s->n - 1);
	return true;
}

/* The unit and what separates it. Units are case-insensitive (RFC 9110 14.1). */
static bool take_bytes_unit(struct span *s, char separator)
{
	if (!span_starts_nocase(*s, SPAN("bytes")))
		return false;
	*s = span_of(s->p + 5, s->n - 5);
	return take_char(s, separator);
}

/* --- Range ------------------------------------------------------------------------------------ */

static bool parse_range(struct span s, struct http_range *r)
{
	*r = (struct http_range){ .last = UINT64_MAX };
	if (take_char(&s, '-')) {
		r->is_suffix = true;
		return take_number(&s, &r->first) && s.n == 0;
	}
	if (!take_number(&s, &r->first) || !take_char(&s, '-'))
		return false;
	if (s.n == 0)
		return true;
	return take_number(&s, &r->last) && s.n == 0 && r->last >= r->first;
}

bool http_ranges_parse(struct span value, struct http_ranges *r)
{
	r->n = 0;
	if (!take_bytes_unit(&value, '='))
		return false;
	while (value.p != NULL) {
		const struct span one = span_trim(span_cut(&value, ','));

		if (one.n == 0)
			continue; /* RFC 9110 5.6.1.2 */
		if (r->n == HTTP_RANGES_MAX || !parse_range(one, &r->range[r->n]))
			return false;
		r->n++;
	}
	return r->n != 0;
}

bool http_ranges_begin_within(const struct http_ranges *r, int64_t limit)
{
	uint64_t first = UINT64_MAX;

	if (limit <= 0)
		return limit < 0;
	for (unsigned i = 0; i < r->n; i++) {
		if (r->range[i].is_suffix)
			return false;
		first = MIN(first, r->range[i].first);
	}
	return first <= (uint64_t)limit;
}

/* False: this one cannot be satisfied (RFC 9110 14.1.2). length is not 0. */
static bool resolve_one(const struct http_range *r, uint64_t length, struct http_part *p)
{
	if (r->is_suffix) {
		p->n = MIN(r->first, length);
		p->at = length - p->n;
		return p->n != 0;
	}
	if (r->first >= length)
		return false;
	p->at = r->first;
	p->n = MIN(r->last, length - 1) - r->first + 1;
	return true;
}

/*
 * Add p to parts that have no byte in common. What overlaps p is swallowed; since it overlaps none
 * of the others, growing by it does not make p overlap one that was passed already.
 */
static unsigned add_part(struct http_part *parts, unsigned n, struct http_part p)
{
	unsigned kept = 0, place = n;

	for (unsigned i = 0; i < n; i++) {
		const struct http_part q = parts[i];

		if (p.at >= q.at + q.n || q.at >= p.at + p.n) {
			parts[kept++] = q;
			continue;
		}
		const uint64_t end = MAX(p.at + p.n, q.at + q.n);

		p.at = MIN(p.at, q.at);
		p.n = end - p.at;
		if (place == n)
			place = kept++;
	}
	if (place == n)
		place = kept++;
	parts[place] = p;
	return kept;
}

enum http_ranges_verdict http_ranges_resolve(const struct http_ranges *r, uint64_t length,
                                             struct http_part parts[HTTP_RANGES_MAX], unsigned *n)
{
	bool has_suffix = false;

	*n = 0;
	for (unsigned i = 0; i < r->n; i++) {
		struct http_part p;

		has_suffix |= r->range[i].is_suffix && r->range[i].first != 0;
		if (length != 0 && resolve_one(&r->range[i], length, &p))
			*n = add_part(parts, *n, p);
	}
	if (*n != 0)
		return HTTP_RANGES_PARTIAL;
	/* The end of nothing is satisfiable, but no Content-Range can say so. */
	return length == 0 && has_suffix ? HTTP_RANGES_IGNORE : HTTP_RANGES_UNSATISFIABLE;
}

/* --- Content-Range ---------------------------------------------------------------------------- */

bool http_content_range_parse(struct span value, struct http_content_range *c)
{
	uint64_t last = 0;

	*c = (struct http_content_range){ .length = HTTP_LENGTH_UNKNOWN };
	if (!take_bytes_unit(&value, ' '))
		return false;
	c->is_unsatisfied = take_char(&value, '*');
	if (!c->is_unsatisfied &&
	    (!take_number(&value, &c->part.at) || !take_char(&value, '-') ||
	     !take_number(&value, &last) || last < c->part.at || last == UINT64_MAX))
		return false;
	if (!take_char(&value, '/'))
		return false;
	if (take_char(&value, '*'))
		c->length = HTTP_LENGTH_UNKNOWN;
	else if (!take_number(&value, &c->length) || c->length == UINT64_MAX)
		return false;
	if (value.n != 0)
		return false;
	if (c->is_unsatisfied)
		return c->length != HTTP_LENGTH_UNKNOWN;
	c->part.n = last - c->part.at + 1;
	return last < c->length;
}

static char *put(char *at, struct span s)
{
	if (s.n != 0)
		memcpy(at, s.p, s.n);
	return at + s.n;
}

char *http_content_range_print(char buf[HTTP_CONTENT_RANGE_MAX], const struct http_content_range *c)
{
	char *p = put(buf, SPAN("bytes "));

	if (c->is_unsatisfied) {
		*p++ = '*';
	} else {
		p = span_print_u64(p, c->part.at);
		*p++ = '-';
		p = span_print_u64(p, c->part.at + c->part.n - 1);
	}
	*p++ = '/';
	if (c->length != HTTP_LENGTH_UNKNOWN)
		return span_print_u64(p, c->length);
	*p++ = '*';
	return p;
}

/* --- layout ----------------------------------------------------------------------------------- */

/* One part: its Content-Range is a field of the reply, and the body is all there is. */
static enum err layout_one(struct http_layout *l, struct http_part part, uint64_t length,
                           struct arena *a)
{
	struct http_piece *const piece = arena_try_alloc(a, sizeof(*piece));
	char *const text = arena_try_alloc(a, HTTP_CONTENT_RANGE_MAX);

	if (piece == NULL || text == NULL)
		return ERR_NOMEM;
	const char *const end = http_content_range_print(
		text, &(struct http_content_range){ .part = part, .length = length });

	*piece = (struct http_piece){ .part = part };
	l->content_range = span_of(text, (size_t)(end - text));
	l->pieces = piece;
	l->n = 1;
	l->bytes = part.n;
	return ERR_NONE;
}

#define TYPE_LINE      SPAN("Content-Type: ")
#define RANGE_LINE     SPAN("Content-Range: ")
#define MULTIPART_TYPE SPAN("multipart/byteranges; boundary=")
#define CRLF           SPAN("\r\n")
#define PART_TEXT_MAX  (sizeof("Content-Range: \r\n\r\n") + HTTP_CONTENT_RANGE_MAX)

/* CRLF, delimiter, CRLF, and the type's line: the same before all parts. */
static struct span part_opening(struct span boundary, struct span content_type, struct arena *a)
{
	char *const text = arena_try_alloc(a, boundary.n + content_type.n + 32);
	char *p = text;

	if (text == NULL)
		return SPAN_NULL;
	p = put(put(put(p, SPAN("\r\n--")), boundary), CRLF);
	if (content_type.p != NULL)
		p = put(put(put(p, TYPE_LINE), content_type), CRLF);
	return span_of(text, (size_t)(p - text));
}

static struct span joined(struct span before, struct span boundary, struct span behind,
                          struct arena *a)
{
	char *const text = arena_try_alloc(a, before.n + boundary.n + behind.n);

	if (text == NULL)
		return SPAN_NULL;
	put(put(put(text, before), boundary), behind);
	return span_of(text, before.n + boundary.n + behind.n);
}

/* Fill pieces[]: three for each part, and the closing delimiter. texts: PART_TEXT_MAX a part. */
static void fill_pieces(struct http_piece *piece, const struct http_part *parts, unsigned n,
                        uint64_t length, struct span opening, char *texts)
{
	for (unsigned i = 0; i < n; i++, texts += PART_TEXT_MAX) {
		const struct http_content_range c = { .part = parts[i], .length = length };
		char *p = put(texts, RANGE_LINE);

		p = put(http_content_range_print(p, &c), SPAN("\r\n\r\n"));
		/* Nothing stands before the first delimiter, not even its CRLF (RFC 2046 5.1.1). */
		*piece++ = (struct http_piece){ .text = i == 0 ? span_skip(opening, 2) : opening };
		*piece++ = (struct http_piece){ .text = span_of(texts, (size_t)(p - texts)) };
		*piece++ = (struct http_piece){ .part = parts[i] };
	}
}

static enum err layout_several(struct http_layout *l, const struct http_part *parts, unsigned n,
                               uint64_t length, struct span content_type, struct span boundary,
                               struct arena *a)
{
	struct http_piece *const pieces = arena_try_alloc(a, (3 * n + 1) * sizeof(*pieces));
	char *const texts = arena_try_alloc(a, n * PART_TEXT_MAX);
	const struct span opening = part_opening(boundary, content_type, a);
	const struct span closing = joined(SPAN("\r\n--"), boundary, SPAN("--\r\n"), a);

	l->content_type = joined(MULTIPART_TYPE, boundary, SPAN_NULL, a);
	if (pieces == NULL || texts == NULL || opening.p == NULL || closing.p == NULL ||
	    l->content_type.p == NULL)
		return ERR_NOMEM;
	fill_pieces(pieces, parts, n, length, opening, texts);
	pieces[(size_t)3 * n] = (struct http_piece){ .text = closing };
	l->pieces = pieces;
	l->n = 3 * n + 1;
	for (unsigned i = 0; i < l->n; i++)
		l->bytes += pieces[i].text.n != 0 ? pieces[i].text.n : pieces[i].part.n;
	return ERR_NONE;
}

enum err http_layout_make(struct http_layout *l, const struct http_part *parts, unsigned n,
                          uint64_t length, struct span content_type, struct span boundary,
                          struct arena *a)
{
	CHECK(n != 0 && n <= HTTP_RANGES_MAX);
	*l = (struct http_layout){ 0 };
	if (n == 1)
		return layout_one(l, parts[0], length, a);
	CHECK(boundary.n != 0 && boundary.n <= HTTP_BOUNDARY_MAX);
	return layout_several(l, parts, n, length, content_type, boundary, a);
}
