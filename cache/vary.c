/*
 * Vary, and the values that it selects by.
 */
#include "cache/vary.h"

#include "http/hop.h"

/* A text that is made in a buffer of fixed size. */
struct out {
	char *at, *end;
	bool is_full;
};

static void put(struct out *o, struct span s)
{
	if ((size_t)(o->end - o->at) < s.n) {
		o->is_full = true;
		return;
	}
	if (s.n != 0)
		memcpy(o->at, s.p, s.n);
	o->at += s.n;
}

static void put_lower(struct out *o, struct span s)
{
	char *const from = o->at;

	put(o, s);
	for (char *p = from; p < o->at; p++)
		*p = ascii_lower(*p);
}

/* --- names ------------------------------------------------------------------------------------ */

struct names {
	struct span v[VARY_NAMES_MAX];
	unsigned n;
	size_t bytes;
};

static int compare_nocase(struct span a, struct span b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return (uint8_t)ascii_lower(a.p[i]) - (uint8_t)ascii_lower(b.p[i]);
	return (a.n > b.n) - (a.n < b.n);
}

/*
 * "*", and the field in which each proxy writes down who asked it: what the origin has seen there
 * is not what was in the request.
 */
static bool is_everything(struct span name)
{
	return span_eq(name, SPAN("*")) || http_field_id_of(name) == HTTP_F_X_FORWARDED_FOR;
}

/* Where it belongs among those that are there. False: there is no room, or it is no name. */
static bool add_name(struct names *names, struct span name)
{
	unsigned at = 0;

	if (!http_is_token(name) || is_everything(name))
		return false;
	while (at < names->n && compare_nocase(names->v[at], name) < 0)
		at++;
	if (at < names->n && compare_nocase(names->v[at], name) == 0)
		return true;
	names->bytes += name.n + 1;
	if (names->n == VARY_NAMES_MAX || names->bytes > VARY_TEXT_MAX)
		return false;
	memmove(&names->v[at + 1], &names->v[at], (names->n - at) * sizeof(names->v[0]));
	names->v[at] = name;
	names->n++;
	return true;
}

static enum vary collect(const struct http_head *reply, struct names *names)
{
	names->n = 0;
	names->bytes = 0;
	if (http_head_get(reply, HTTP_F_VARY) == NULL)
		return VARY_NONE;
	for (uint32_t i = 0; i < reply->n_fields; i++) {
		struct span rest = reply->fields[i].value, name;

		if (reply->fields[i].id != HTTP_F_VARY)
			continue;
		while (http_list_next(&rest, &name))
			if (!add_name(names, name))
				return VARY_UNUSABLE;
	}
	return names->n != 0 ? VARY_NAMES : VARY_NONE;
}

bool vary_is_usable(const struct http_head *reply)
{
	struct names names;

	return collect(reply, &names) != VARY_UNUSABLE;
}

enum vary vary_names(const struct http_head *reply, char buf[VARY_TEXT_MAX], struct span *text)
{
	struct names names;
	const enum vary found = collect(reply, &names);
	struct out o = { buf, buf + VARY_TEXT_MAX, false };

	if (found != VARY_NAMES)
		return found;
	for (unsigned i = 0; i < names.n; i++) {
		if (i != 0)
			put(&o, SPAN(","));
		put_lower(&o, names.v[i]);
	}
	*text = span_of(buf, (size_t)(o.at - buf));
	return VARY_NAMES;
}

/* --- values ----------------------------------------------------------------------------------- */

/* What may be made alike in a field's value without changing what it means. */
enum sameness {
	SAME_BYTES,  /* nothing is known of it */
	SAME_BLANKS, /* a list; blanks around ',' and ';' mean nothing */
	SAME_CASE,   /* case neither (RFC 9110 12.5.4: language tags) */
	SAME_ORDER   /* nor does the order (12.5.3: codings, which have weights) */
};

static enum sameness sameness_of(enum http_field_id id)
{
	switch ((unsigned)id) {
	case HTTP_F_ACCEPT:
		return SAME_BLANKS;
	case HTTP_F_ACCEPT_LANGUAGE:
		return SAME_CASE;
	case HTTP_F_ACCEPT_ENCODING:
		return SAME_ORDER;
	}
	return SAME_BYTES;
}

/* Past the piece before the next ';' that is not in quotes. */
static struct span cut_parameter(struct span *rest)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; i < rest->n; i++) {
		if (is_quoted && rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
		else if (rest->p[i] == '"')
			is_quoted = !is_quoted;
		else if (rest->p[i] == ';' && !is_quoted)
			break;
	}
	const struct span piece = span_trim(span_of(rest->p, i));

	*rest = i < rest->n ? span_skip(*rest, i + 1) : SPAN_NULL;
	return piece;
}

/* A weight of 1 is none: "q=1", "q=1.000" (RFC 9110 12.4.2). */
static bool is_full_weight(struct span parameter)
{
	if (!span_starts_nocase(parameter, SPAN("q=1")) || parameter.n > strlen("q=1.000"))
		return false;
	for (size_t i = strlen("q=1"); i < parameter.n; i++)
		if (parameter.p[i] != (i == strlen("q=1") ? '.' : '0'))
			return false;
	return true;
}

/* One element of a list. */
static void put_element(struct out *o, struct span element, enum sameness same)
{
	struct span rest = element;
	bool is_first = true;

	while (rest.p != NULL) {
		struct span piece = cut_parameter(&rest);

		/* 8.4.1.3: x-gzip is gzip. */
		if (same == SAME_ORDER && is_first && span_eq_nocase(piece, SPAN("x-gzip")))
			piece = SPAN("gzip");
		if (!is_first && is_full_weight(piece))
			continue;
		if (!is_first)
			put(o, SPAN(";"));
		if (same == SAME_BLANKS)
			put(o, piece);
		else
			put_lower(o, piece);
		is_first = false;
	}
}

#define SORTED_MAX 32

/* The elements of a list in the buffer, from `from` on, in an order of their own. */
static void sort_elements(char *from, char *to)
{
	struct span v[SORTED_MAX], rest = span_of(from, (size_t)(to - from));
	char copy[1024];
	unsigned n = 0;

	if (rest.n > sizeof(copy))
		return;
	memcpy(copy, from, rest.n);
	rest.p = copy;
	while (rest.p != NULL) {
		const struct span element = span_cut(&rest, ',');
		unsigned at = n;

		if (n == SORTED_MAX)
			return;
		for (; at > 0 && span_cmp(v[at - 1], element) > 0; at--)
			v[at] = v[at - 1];
		v[at] = element;
		n++;
	}
	struct out o = { from, to, false };

	for (unsigned i = 0; i < n; i++) {
		if (i != 0)
			put(&o, SPAN(","));
		put(&o, v[i]);
	}
}

static void put_list(struct out *o, const struct http_head *request, enum http_field_id id,
                     enum sameness same)
{
	char *const from = o->at;

	for (uint32_t i = 0; i < request->n_fields; i++) {
		struct span rest = request->fields[i].value, element;

		if (request->fields[i].id != id)
			continue;
		while (http_list_next(&rest, &element)) {
			if (o->at != from)
				put(o, SPAN(","));
			put_element(o, element, same);
		}
	}
	if (same == SAME_ORDER && o->at != from && !o->is_full)
		sort_elements(from, o->at);
}

static void put_bytes(struct out *o, const struct http_head *request, struct span name)
{
	bool is_first = true;

	for (uint32_t i = 0; i < request->n_fields; i++) {
		if (!span_eq_nocase(request->fields[i].name, name))
			continue;
		if (!is_first)
			put(o, SPAN(","));
		put(o, request->fields[i].value);
		is_first = false;
	}
}

static void put_field(struct out *o, const struct http_head *request,
                      const struct http_nominated *gone, struct span name)
{
	const enum http_field_id id = http_field_id_of(name);
	const bool is_there = !http_nominated_has(gone, id, name) &&
	                      (id != HTTP_F_OTHER ? http_head_get(request, id) != NULL
	                                          : http_head_get_named(request, name) != NULL);

	put(o, name);
	if (is_there) {
		const enum sameness same = sameness_of(id);

		put(o, SPAN(":"));
		if (same == SAME_BYTES)
			put_bytes(o, request, name);
		else
			put_list(o, request, id, same);
	}
	put(o, SPAN("\n"));
}

bool vary_variant(struct span names, const struct http_head *request, char buf[VARY_VARIANT_MAX],
                  struct span *variant)
{
	struct out o = { buf, buf + VARY_VARIANT_MAX, false };
	struct span rest = names;
	struct http_nominated gone;

	http_nominated_read(&gone, request);
	while (rest.n != 0)
		put_field(&o, request, &gone, span_cut(&rest, ','));
	*variant = span_of(buf, (size_t)(o.at - buf));
	return !o.is_full;
}
