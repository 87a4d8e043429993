/*
 * Invalidation.
 */
#include "cache/invalidate.h"

/* --- references ------------------------------------------------------------------------------- */

/* The last segment and its slash off the end of what was written. */
static char *drop_segment(char *start, char *at)
{
	while (at > start && *--at != '/')
		;
	return at;
}

/* RFC 3986 5.2.4, of a path that begins with '/', in place; returns its length. */
static size_t remove_dots(char *path, size_t n)
{
	char *to = path;
	struct span rest = span_of(path, n);

	while (rest.n != 0) {
		/* "/segment", or "/" at the end */
		const struct span piece = span_of(rest.p, 1 + span_find(span_skip(rest, 1), '/'));

		rest = span_skip(rest, piece.n);
		if (span_eq(piece, SPAN("/..")))
			to = drop_segment(path, to);
		if (span_eq(piece, SPAN("/..")) || span_eq(piece, SPAN("/."))) {
			if (rest.n == 0)
				*to++ = '/';
			continue;
		}
		memmove(to, piece.p, piece.n);
		to += piece.n;
	}
	return (size_t)(to - path);
}

/* RFC 3986 5.2.3: what a reference's path is appended to. */
static struct span base_path(const struct uri *base, struct span reference)
{
	const struct span path = span_of(base->path.p, span_find(base->path, '?'));
	size_t n = path.n;

	if (reference.n == 0)
		return base->path;
	if (reference.p[0] == '?')
		return path;
	if (reference.p[0] == '/')
		return SPAN("");
	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return n > 0 ? span_of(path.p, n) : SPAN("/");
}

static bool resolve_path(const struct uri *base, struct span reference, struct arena *a,
                         struct uri *out)
{
	const struct span before = base_path(base, reference);
	const size_t n = before.n + reference.n;
	char *const text = arena_try_alloc(a, n + 2);
	const char *detail;

	if (text == NULL)
		return false;
	memcpy(text, before.p, before.n);
	if (reference.n != 0)
		memcpy(text + before.n, reference.p, reference.n);
	if (n == 0 || text[0] != '/')
		return false;
	const size_t to_query = span_find(span_of(text, n), '?');
	const size_t kept = remove_dots(text, to_query);

	memmove(text + kept, text + to_query, n - to_query);
	*out = *base;
	out->path_was_empty = false;
	return uri_parse_path(span_of(text, kept + n - to_query), &out->path, &detail);
}

/* "scheme:" at its start. */
static bool has_scheme(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ':')
			return i != 0;
		if (s.p[i] == '/' || s.p[i] == '?')
			return false;
	}
	return false;
}

bool invalidate_resolve(const struct uri *base, struct span reference, struct arena *a,
                        struct uri *out)
{
	struct span r = span_trim(reference);
	const char *detail;

	r.n = span_find(r, '#');
	if (span_starts(r, SPAN("//"))) {
		const struct span s = base->scheme_text;

		r = arena_printf(a, "%.*s:%.*s", SPAN_ARG(s), SPAN_ARG(r));
	} else if (!has_scheme(r)) {
		return resolve_path(base, r, a, out);
	}
	if (!uri_parse_absolute(r, a, out, &detail))
		return false;
	/* An absolute one may have dots too. */
	const struct uri found = *out;

	return resolve_path(&found, found.path, a, out);
}

/* --- what is invalid -------------------------------------------------------------------------- */

static bool is_same_origin(const struct uri *a, const struct uri *b)
{
	return a->scheme == b->scheme && a->port == b->port && span_eq(a->host, b->host);
}

static void add(struct span uris[INVALIDATE_MAX], unsigned *n, struct span uri)
{
	for (unsigned i = 0; i < *n; i++)
		if (span_eq(uris[i], uri))
			return;
	uris[(*n)++] = uri;
}

unsigned invalidate_list(const struct uri *target, const struct http_head *request,
                         const struct http_head *reply, struct arena *a,
                         struct span uris[INVALIDATE_MAX])
{
	static const enum http_field_id names[] = { HTTP_F_LOCATION, HTTP_F_CONTENT_LOCATION };
	unsigned n = 0;

	if (http_method_is_safe(request->method) || request->method == HTTP_CONNECT ||
	    target->scheme == URI_NONE || reply->status < 200 || reply->status >= 400)
		return 0;
	add(uris, &n, uri_text(target, a));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct http_field *f = http_head_get(reply, names[i]);
		struct uri named;

		if (f != NULL && invalidate_resolve(target, f->value, a, &named) &&
		    is_same_origin(target, &named))
			add(uris, &n, uri_text(&named, a));
	}
	return n;
}
