/*
 * Annotations: one name with the values that match (note), and what is set or added
 * (annotate_transaction, annotate_client).
 */
#include "acl/type.h"

/* Without -m too, as in Squid. */
static const char *separators_of(const struct acl *a)
{
	return a->separators != NULL ? a->separators : ",";
}

/*
 * The next element of a list; empty ones are skipped. As in Squid, what begins with separators and
 * has no others is one element.
 */
static bool next_element(struct span *rest, const char *separators, struct span *element)
{
	size_t from = 0, to;

	while (from < rest->n && strchr(separators, rest->p[from]) != NULL)
		from++;
	for (to = from; to < rest->n && strchr(separators, rest->p[to]) == NULL; to++)
		;
	if (to < rest->n) {
		*element = span_of(rest->p + from, to - from);
		while (to < rest->n && strchr(separators, rest->p[to]) != NULL)
			to++;
		*rest = span_skip(*rest, to);
		return true;
	}
	*element = *rest;
	*rest = span_of(rest->p, 0);
	return element->n != 0;
}

/* --- note ------------------------------------------------------------------------------------- */

struct note_values {
	char *name;
	struct span *v; /* sorted when finished; owned */
	size_t n, cap;
	bool wants_one; /* values were to come from a file, so an empty list is no "any value" */
};

static void *make(void)
{
	return check_calloc(1, sizeof(struct note_values));
}

static void release(void *data)
{
	struct note_values *s = data;

	for (size_t i = 0; i < s->n; i++)
		free((void *)(uintptr_t)s->v[i].p);
	free(s->v);
	free(s->name);
	free(s);
}

/* A name alone is enough. */
static size_t count_values(const void *data)
{
	const struct note_values *s = data;

	return s->wants_one ? s->n : s->n + (s->name != NULL);
}

static void parse_name(struct acl *a, struct acl_parse *p, struct span value)
{
	struct note_values *s = a->data;

	if (s->name == NULL)
		s->name = span_strdup(value);
	else if (!span_eq(span_str(s->name), value))
		acl_report(
			p, a, CONF_ERROR,
			"acl %s: it is about the annotation %s, and cannot be about %.*s as well;"
			" use two acls, and any-of to join them",
			a->name, s->name, SPAN_ARG(value));
}

static void parse(struct acl *a, struct acl_parse *p, struct span value)
{
	struct note_values *s = a->data;

	if (p->starts_line) {
		parse_name(a, p, value);
		return;
	}
	if (s->n == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 4;
		s->v = check_realloc(s->v, s->cap * sizeof(*s->v));
	}
	s->v[s->n++] = span_of(span_strdup(value), value.n);
}

static void end_line(struct acl *a, struct acl_parse *p)
{
	(void)p;
	((struct note_values *)a->data)->wants_one = a->has_list;
}

static int by_bytes(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static void finish(struct acl *a, struct acl_parse *p)
{
	struct note_values *s = a->data;

	(void)p;
	if (s->n != 0)
		qsort(s->v, s->n, sizeof(*s->v), by_bytes);
}

bool acl_note_is_named(const struct acl *a, struct span name)
{
	const struct note_values *s = a->data;

	return s->name != NULL && span_eq(span_str(s->name), name);
}

static enum acl_match match(const struct acl *a, const struct acl_subject *s, struct acl_eval *e)
{
	const struct note_values *v = a->data;
	struct span rest = s->text, element;

	(void)e;
	while (next_element(&rest, separators_of(a), &element)) {
		if (v->n == 0 && !v->wants_one)
			return ACL_YES;
		if (v->n != 0 && bsearch(&element, v->v, v->n, sizeof(*v->v), by_bytes) != NULL)
			return ACL_YES;
	}
	return ACL_NO;
}

static struct span print(const struct acl_subject *s, struct arena *a)
{
	return arena_dup(a, s->text);
}

const struct acl_kind acl_kind_note = {
	.make = make,
	.free = release,
	.parse = parse,
	.end_line = end_line,
	.finish = finish,
	.count = count_values,
	.match = match,
	.print = print,
};

/* --- annotate_transaction, annotate_client ---------------------------------------------------- */

struct pairs {
	struct acl_effect *e; /* texts owned */
	size_t n, cap;
};

static void *make_pairs(void)
{
	return check_calloc(1, sizeof(struct pairs));
}

static void free_pairs(void *data)
{
	struct pairs *s = data;

	for (size_t i = 0; i < s->n; i++) {
		free((void *)(uintptr_t)s->e[i].name.p);
		free((void *)(uintptr_t)s->e[i].value.p);
	}
	free(s->e);
	free(s);
}

static size_t count_pairs(const void *data)
{
	return ((const struct pairs *)data)->n;
}

static void add_pair(struct acl *a, struct span name, struct span value, bool is_append)
{
	struct pairs *s = a->data;

	if (s->n == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 4;
		s->e = check_realloc(s->e, s->cap * sizeof(*s->e));
	}
	s->e[s->n++] = (struct acl_effect){
		.name = span_of(span_strdup(name), name.n),
		.value = span_of(span_strdup(value), value.n),
		.on_client = a->type->kind == &acl_kind_annotate_client,
		.is_append = is_append,
	};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* key=value, key+=value; the value may be "in quotes". False: the line is at its end. */
static bool parse_pair(struct acl *a, struct acl_parse *p, struct conf_line *l)
{
	struct span value;
	size_t n = 0;
	bool is_quoted;

	while (l->rest.n != 0 && is_blank(l->rest.p[0]))
		l->rest = span_skip(l->rest, 1);
	if (l->rest.n == 0 || l->rest.p[0] == '#')
		return false;
	const struct span rest = l->rest;

	while (n < rest.n && rest.p[n] != '=' && !is_blank(rest.p[n]))
		n++;
	const bool is_append = n > 1 && rest.p[n - 1] == '+';
	const bool is_pair = n > 0 && n + 1 < rest.n && rest.p[n] == '=' &&
	                     !is_blank(rest.p[n + 1]) && !span_eq(span_of(rest.p, n), SPAN("+"));

	if (is_pair)
		l->rest = span_skip(rest, n + 1);
	/* What is wrong with quotes is reported by whoever reads them. */
	if (!conf_word_or_quoted(l, &value, &is_quoted))
		return false;
	if (is_pair && is_quoted && memchr(value.p, '%', value.n) != NULL)
		acl_report(p, a, CONF_ERROR,
		           "acl %s: \"%.*s\": in Squid, %% in quotes begins a format code, which"
		           " Cuttle does not have here; without quotes, it stands for itself",
		           a->name, SPAN_ARG(value));
	else if (!is_pair || value.n == 0)
		acl_report(p, a, CONF_ERROR, "acl %s: \"%.*s\" annotates nothing; accepted are %s",
		           a->name, (int)MIN(rest.n - l->rest.n, 64u), rest.p, a->type->values);
	else
		add_pair(a, span_of(rest.p, n - is_append), value, is_append);
	return true;
}

static void parse_pairs(struct acl *a, struct acl_parse *p, struct conf_line *l)
{
	while (parse_pair(a, p, l))
		;
}

static void parse_no_values(struct acl *a, struct acl_parse *p, struct span value)
{
	(void)a;
	(void)p;
	(void)value;
	UNREACHABLE("pairs are read by lines");
}

/* Each element of a list is a value of its own. */
static void finish_pairs(struct acl *a, struct acl_parse *p)
{
	struct pairs *s = a->data, old = *s;

	(void)p;
	*s = (struct pairs){ 0 };
	for (size_t i = 0; i < old.n; i++) {
		struct span rest = old.e[i].value, element;
		bool is_append = old.e[i].is_append;

		for (; next_element(&rest, separators_of(a), &element); is_append = true)
			add_pair(a, old.e[i].name, element, is_append);
		free((void *)(uintptr_t)old.e[i].name.p);
		free((void *)(uintptr_t)old.e[i].value.p);
	}
	free(old.e);
}

static enum acl_match annotate(const struct acl *a, const struct acl_subject *s, struct acl_eval *e)
{
	const struct pairs *v = a->data;

	(void)s;
	for (size_t i = 0; i < v->n; i++)
		acl_eval_annotate(e, &v->e[i]);
	return ACL_YES;
}

static struct span print_nothing(const struct acl_subject *s, struct arena *a)
{
	(void)s;
	(void)a;
	return SPAN("");
}

const struct acl_kind acl_kind_annotate_transaction = {
	.make = make_pairs,
	.free = free_pairs,
	.parse = parse_no_values,
	.parse_line = parse_pairs,
	.finish = finish_pairs,
	.count = count_pairs,
	.match = annotate,
	.print = print_nothing,
};

const struct acl_kind acl_kind_annotate_client = {
	.make = make_pairs,
	.free = free_pairs,
	.parse = parse_no_values,
	.parse_line = parse_pairs,
	.finish = finish_pairs,
	.count = count_pairs,
	.match = annotate,
	.print = print_nothing,
};
