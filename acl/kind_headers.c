/*
 * Values that are a field name and regular expressions for its value. The expressions are those of
 * kind_regexes.c, behind a name that all lines of the acl share.
 */
#include "acl/type.h"

struct headers {
	enum http_field_id id; /* of the acl's field, which is NULL until the first line */
	size_t n;              /* its length */
	struct acl regexes;    /* an acl of its own in the eyes of kind_regexes.c */
};

static void *make(void)
{
	struct headers *h = check_calloc(1, sizeof(*h));

	h->regexes.data = acl_kind_regexes.make();
	return h;
}

static void release(void *data)
{
	struct headers *h = data;

	acl_kind_regexes.free(h->regexes.data);
	free(h);
}

static size_t count_values(const void *data)
{
	return acl_kind_regexes.count(((const struct headers *)data)->regexes.data);
}

/* What kind_regexes.c says of an acl is said of this one. */
static struct acl *inner(struct acl *a)
{
	struct headers *h = a->data;

	h->regexes.name = a->name;
	h->regexes.type = a->type;
	h->regexes.place = a->place;
	h->regexes.has_list = a->has_list;
	return &h->regexes;
}

static void parse_name(struct acl *a, struct acl_parse *p, struct span value)
{
	struct headers *h = a->data;

	if (a->field == NULL && !http_is_token(value)) {
		acl_report(p, a, CONF_ERROR, "acl %s: \"%.*s\" is no field name; accepted are %s",
		           a->name, SPAN_ARG(value), a->type->values);
	} else if (a->field == NULL) {
		a->field = span_strdup(value);
		h->id = http_field_id_of(value);
		h->n = value.n;
	} else if (!span_eq_nocase(span_str(a->field), value)) {
		acl_report(p, a, CONF_ERROR,
		           "acl %s: it is about the field %s, and cannot be about %.*s as well;"
		           " use two acls, and any-of to join them",
		           a->name, a->field, SPAN_ARG(value));
	}
}

static void parse(struct acl *a, struct acl_parse *p, struct span value)
{
	struct acl *in = inner(a);

	if (p->starts_line) {
		parse_name(a, p, value);
		return;
	}
	acl_kind_regexes.parse(in, p, value);
	a->has_errors = a->has_errors || in->has_errors;
}

static void finish(struct acl *a, struct acl_parse *p)
{
	struct acl *in = inner(a);

	if (acl_kind_regexes.finish != NULL)
		acl_kind_regexes.finish(in, p);
	a->has_errors = a->has_errors || in->has_errors;
}

static bool is_wanted(const struct acl *a, const struct http_field *f)
{
	const struct headers *h = a->data;

	return f->id == h->id &&
	       (h->id != HTTP_F_OTHER || span_eq_nocase(f->name, span_of(a->field, h->n)));
}

static struct span join(const struct acl *a, const struct http_head *h, size_t bytes,
                        struct acl_eval *e)
{
	const struct span name = span_str(a->field);

	/* Rules for one field often stand together. */
	if (e->joined_head == h && span_eq_nocase(e->joined_name, name))
		return e->joined;
	char *text = arena_alloc(acl_eval_arena(e), bytes), *at = text;

	for (uint32_t i = 0; i < h->n_fields; i++) {
		const struct span value = h->fields[i].value;

		if (!is_wanted(a, &h->fields[i]))
			continue;
		if (at != text)
			at = mempcpy(at, ", ", 2);
		if (value.n != 0)
			at = mempcpy(at, value.p, value.n);
	}
	e->joined_head = h;
	e->joined_name = name;
	e->joined = span_of(text, (size_t)(at - text));
	return e->joined;
}

struct span acl_header_value(const struct acl *a, const struct http_head *h, struct acl_eval *e)
{
	const struct http_field *found = NULL;
	size_t bytes = 0, n = 0;

	for (uint32_t i = 0; a->field != NULL && i < h->n_fields; i++) {
		if (!is_wanted(a, &h->fields[i]))
			continue;
		found = &h->fields[i];
		bytes += found->value.n + 2;
		n++;
	}
	if (n == 0)
		return SPAN_NULL;
	if (n > 1)
		return join(a, h, bytes, e);
	return found->value.p != NULL ? found->value : SPAN("");
}

static enum acl_match match(const struct acl *a, const struct acl_subject *s, struct acl_eval *e)
{
	return acl_kind_regexes.match(&((const struct headers *)a->data)->regexes, s, e);
}

static struct span print(const struct acl_subject *s, struct arena *a)
{
	return arena_dup(a, s->text);
}

static struct span entry(const struct acl *acl, const struct acl_subject *s, struct acl_eval *e,
                         struct arena *a)
{
	return acl_kind_regexes.entry(&((const struct headers *)acl->data)->regexes, s, e, a);
}

const struct acl_kind acl_kind_headers = {
	.words_are_regex = true,
	.make = make,
	.free = release,
	.parse = parse,
	.finish = finish,
	.count = count_values,
	.match = match,
	.print = print,
	.entry = entry,
};
