/*
 * Cache-Control: from text to bits.
 */
#include "cache/control.h"

/* How several values of one directive, or one that is no number, are read. */
enum numbers {
	NUMBER_LEAST,   /* the least counts; nonsense is 0 */
	NUMBER_PERMITS, /* the least counts; nonsense permits nothing */
	NUMBER_DEMANDS, /* the greatest counts; nonsense demands nothing */
};

bool control_seconds(struct span s, int64_t *seconds)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = MIN(v * 10 + (uint64_t)(s.p[i] - '0'), (uint64_t)CONTROL_SECONDS_MAX);
	}
	if (s.n == 0)
		return false;
	*seconds = (int64_t)v;
	return true;
}

/* One element, taken apart. */
struct directive {
	struct span name, value;
	bool has_value, is_quoted;
};

static struct directive split(struct span element)
{
	const size_t at = span_find(element, '=');
	struct directive d = { .name = span_of(element.p, at), .has_value = at < element.n };

	if (!d.has_value)
		return d;
	d.value = span_skip(element, at + 1);
	d.is_quoted = d.value.n >= 2 && d.value.p[0] == '"' && d.value.p[d.value.n - 1] == '"';
	if (d.is_quoted)
		d.value = span_of(d.value.p + 1, d.value.n - 2);
	return d;
}

/*
 * A quoted-string that is not closed takes all that follows with it. What that was meant to be
 * nobody knows; it might have been no-store.
 */
static bool is_unclosed(struct span element)
{
	bool is_open = false;

	for (size_t i = 0; i < element.n; i++) {
		if (is_open && element.p[i] == '\\')
			i++;
		else if (element.p[i] == '"')
			is_open = !is_open;
	}
	return is_open;
}

static void take_number(struct control *c, const struct directive *d, uint32_t bit,
                        enum numbers how, int64_t *field)
{
	int64_t v = 0;

	if (!d->has_value || !control_seconds(d->value, &v)) {
		if (how != NUMBER_LEAST)
			return;
		v = 0;
	}
	if (!control_has(c, bit) || (how == NUMBER_DEMANDS ? v > *field : v < *field))
		*field = v;
	c->bits |= bit;
}

/* max-stale alone: however stale. */
static void take_max_stale(struct control *c, const struct directive *d)
{
	if (d->has_value)
		take_number(c, d, CONTROL_MAX_STALE, NUMBER_PERMITS, &c->max_stale_s);
	else if (!control_has(c, CONTROL_MAX_STALE))
		c->max_stale_s = INT64_MAX;
	if (!d->has_value)
		c->bits |= CONTROL_MAX_STALE;
}

/* What says what a reply is, where it belongs or how long it is good. */
static bool describes(struct span name)
{
	switch ((unsigned)http_field_id_of(name)) {
	case HTTP_F_AGE:
	case HTTP_F_CACHE_CONTROL:
	case HTTP_F_CONTENT_ENCODING:
	case HTTP_F_CONTENT_LENGTH:
	case HTTP_F_CONTENT_LOCATION:
	case HTTP_F_CONTENT_RANGE:
	case HTTP_F_CONTENT_TYPE:
	case HTTP_F_DATE:
	case HTTP_F_EXPIRES:
	case HTTP_F_LOCATION:
	case HTTP_F_PRAGMA:
	case HTTP_F_VARY:
		return true;
	}
	return false;
}

/*
 * Names of fields that a stored reply can do without (RFC 9111 5.2.2.4, 5.2.2.7). With one that
 * it cannot do without, or that is no name, or with very many, the directive means the whole reply.
 */
static bool can_leave_out(struct span names)
{
	struct span rest = names, name;
	unsigned n = 0;

	while (http_list_next(&rest, &name))
		if (++n > CONTROL_NAMES_MAX || !http_is_token(name) || describes(name))
			return false;
	return n != 0;
}

static void take_listed(struct control *c, const struct directive *d, uint32_t all, uint32_t of,
                        struct control_lists *l)
{
	if (!d->has_value || l->n == CONTROL_LISTS_MAX || !can_leave_out(d->value)) {
		c->bits |= all;
		return;
	}
	l->v[l->n++] = d->value;
	c->bits |= of;
}

static bool take_known_number(struct control *c, const struct directive *d)
{
	static const struct {
		struct span name;
		uint32_t bit;
		enum numbers how;
		size_t offset;
	} known[] = {
		{ SPAN("max-age"), CONTROL_MAX_AGE, NUMBER_LEAST,
		  offsetof(struct control, max_age_s) },
		{ SPAN("s-maxage"), CONTROL_S_MAXAGE, NUMBER_LEAST,
		  offsetof(struct control, s_maxage_s) },
		{ SPAN("min-fresh"), CONTROL_MIN_FRESH, NUMBER_DEMANDS,
		  offsetof(struct control, min_fresh_s) },
		{ SPAN("stale-while-revalidate"), CONTROL_STALE_WHILE_REVALIDATE, NUMBER_PERMITS,
		  offsetof(struct control, stale_while_revalidate_s) },
		/* A limit as well: failures are passed on when it is over. */
		{ SPAN("stale-if-error"), CONTROL_STALE_IF_ERROR, NUMBER_LEAST,
		  offsetof(struct control, stale_if_error_s) },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!span_eq_nocase(d->name, known[i].name))
			continue;
		take_number(c, d, known[i].bit, known[i].how,
		            (int64_t *)(void *)((char *)c + known[i].offset));
		return true;
	}
	return false;
}

static void take_flag(struct control *c, const struct directive *d)
{
	static const struct {
		struct span name;
		uint32_t bit;
		bool relaxes; /* with an argument that it must not have it is nothing */
	} known[] = {
		{ SPAN("no-store"), CONTROL_NO_STORE, false },
		{ SPAN("public"), CONTROL_PUBLIC, true },
		{ SPAN("must-revalidate"), CONTROL_MUST_REVALIDATE, false },
		{ SPAN("proxy-revalidate"), CONTROL_PROXY_REVALIDATE, false },
		{ SPAN("must-understand"), CONTROL_MUST_UNDERSTAND, true },
		{ SPAN("immutable"), CONTROL_IMMUTABLE, true },
		{ SPAN("no-transform"), CONTROL_NO_TRANSFORM, false },
		{ SPAN("only-if-cached"), CONTROL_ONLY_IF_CACHED, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (span_eq_nocase(d->name, known[i].name) && !(known[i].relaxes && d->has_value))
			c->bits |= known[i].bit;
}

static void take(struct control *c, struct span element)
{
	struct directive d = split(element);

	if (is_unclosed(element))
		c->bits |= CONTROL_NO_STORE;
	/* "max-age =5" is not well-formed: the name counts, the value does not. */
	if (d.name.n != 0 && (d.name.p[d.name.n - 1] == ' ' || d.name.p[d.name.n - 1] == '\t')) {
		d.name = span_trim(d.name);
		d.value = SPAN("?");
	}
	if (span_eq_nocase(d.name, SPAN("no-cache")))
		take_listed(c, &d, CONTROL_NO_CACHE, CONTROL_NO_CACHE_OF, &c->no_cache_of);
	else if (span_eq_nocase(d.name, SPAN("private")))
		take_listed(c, &d, CONTROL_PRIVATE, CONTROL_PRIVATE_OF, &c->private_of);
	else if (span_eq_nocase(d.name, SPAN("max-stale")))
		take_max_stale(c, &d);
	else if (!take_known_number(c, &d))
		take_flag(c, &d);
}

void control_parse(const struct http_head *h, struct control *c)
{
	*c = (struct control){ 0 };
	if (http_head_get(h, HTTP_F_CACHE_CONTROL) == NULL) {
		if (http_head_has_token(h, HTTP_F_PRAGMA, SPAN("no-cache")))
			c->bits |= CONTROL_NO_CACHE;
		return;
	}
	c->bits |= CONTROL_FIELD;
	for (uint32_t i = 0; i < h->n_fields; i++) {
		struct span rest = h->fields[i].value, element;

		if (h->fields[i].id != HTTP_F_CACHE_CONTROL)
			continue;
		while (http_list_next(&rest, &element))
			take(c, element);
	}
}

bool control_names(const struct control_lists *l, struct span field)
{
	for (unsigned i = 0; i < l->n; i++) {
		struct span rest = l->v[i], name;

		while (http_list_next(&rest, &name))
			if (span_eq_nocase(name, field))
				return true;
	}
	return false;
}
