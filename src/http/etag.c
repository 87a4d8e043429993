/*
 * Entity-tags. The grammar of lists is not that of http_list_next(): a backslash escapes nothing.
 */
#include "http/etag.h"

#include "http/chars_int.h"

/* One tag off the front of *s. */
static bool take_etag(struct span *s, struct http_etag *e)
{
	const char *p = s->p;
	const char *const end = s->p + s->n;

	e->is_weak = s->n >= 2 && p[0] == 'W' && p[1] == '/';
	if (e->is_weak)
		p += 2;
	const char *const begin = p;

	if (p == end || *p != '"')
		return false;
	/* etagc: visible ASCII but the quote, and bytes above it */
	for (p++; p < end && *p != '"'; p++)
		if ((uint8_t)*p <= ' ' || *p == 0x7f)
			return false;
	if (p == end)
		return false;
	e->opaque = span_of(begin, (size_t)(p + 1 - begin));
	*s = span_of(p + 1, (size_t)(end - p - 1));
	return true;
}

bool http_etag_parse(struct span s, struct http_etag *e)
{
	return s.n != 0 && take_etag(&s, e) && s.n == 0;
}

static size_t blanks_and(struct span s, char also)
{
	size_t i = 0;

	while (i < s.n && (char_is_blank(s.p[i]) || (also != '\0' && s.p[i] == also)))
		i++;
	return i;
}

enum http_etag_next http_etag_next(struct span *rest, struct http_etag *e)
{
	*rest = span_skip(*rest, blanks_and(*rest, ','));
	if (rest->n == 0)
		return HTTP_ETAG_END;
	if (!take_etag(rest, e))
		return HTTP_ETAG_BAD;
	*rest = span_skip(*rest, blanks_and(*rest, '\0'));
	return rest->n == 0 || rest->p[0] == ',' ? HTTP_ETAG_ONE : HTTP_ETAG_BAD;
}
