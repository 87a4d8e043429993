/*
 * Reading rules for fields.
 */
#include "header/rules_int.h"

#include "http/uri.h"

static struct header_rules *rules_of(struct header_rules **field)
{
	if (*field == NULL)
		*field = check_calloc(1, sizeof(**field));
	return *field;
}

/* Where the set for this name is kept. */
static struct header_set *new_set(struct header_rules *r, struct conf_line *l, struct span name)
{
	struct header_set *s = check_calloc(1, sizeof(*s)), **at = &r->sets;

	s->name = span_strdup(name);
	s->place = l->place;
	s->list = r->n_lists++;
	while (*at != NULL)
		at = &(*at)->next;
	*at = s;
	return s;
}

/* "All" and "Other" are words of their own; all else is a field's name, in any case. */
static struct header_set *set_for(struct header_rules *r, struct conf_line *l, struct span name)
{
	const enum http_field_id id = http_field_id_of(name);
	struct header_set **slot = span_eq(name, SPAN("All"))     ? &r->all
	                           : span_eq(name, SPAN("Other")) ? &r->other
	                           : id != HTTP_F_OTHER           ? &r->known[id]
	                                                          : NULL;

	if (slot != NULL) {
		if (*slot == NULL)
			*slot = new_set(r, l, name);
		return *slot;
	}
	struct header_set *s = header_set_named(r, name);

	if (s == NULL) {
		s = new_set(r, l, name);
		table_insert(&r->by_name, &s->node, header_name_hash(name));
	}
	return s;
}

/* False: reported, and the line is consumed. */
static bool take_name(struct conf_line *l, struct span *name)
{
	if (!conf_need_word(l, name))
		return false;
	if (!http_is_token(*name)) {
		conf_error(l, "\"%.*s\" cannot be a field's name", SPAN_ARG(*name));
		conf_as_squid(l->reader, "takes it, and matches or sends what is no field");
		(void)conf_rest(l);
		return false;
	}
	if (span_eq_nocase(*name, SPAN("All")) && !span_eq(*name, SPAN("All")))
		conf_warning(l, "\"%.*s\" is a field of that name; All stands for every field",
		             SPAN_ARG(*name));
	if (span_eq_nocase(*name, SPAN("Other")) && !span_eq(*name, SPAN("Other")))
		conf_warning(l,
		             "\"%.*s\" is a field of that name; Other stands for uncommon fields",
		             SPAN_ARG(*name));
	return true;
}

/* A field of one's own may have any name, but one misspelt would stay where it was to go. */
static void warn_misspelt(struct conf_line *l, struct span name)
{
	const char *meant = http_field_id_of(name) == HTTP_F_OTHER && !header_name_is_common(name)
	                            ? header_name_meant(name)
	                            : NULL;

	if (meant == NULL)
		return;
	conf_warning(l, "\"%.*s\" is no common field; did you mean \"%s\"?", SPAN_ARG(name), meant);
	conf_as_squid(l->reader, CONF_SQUID_TAKES);
}

void header_rules_access(struct conf_line *l, void *field)
{
	struct span name;

	if (!take_name(l, &name))
		return;
	struct header_rules *r = rules_of(field);
	struct header_set *s = set_for(r, l, name);
	struct span action;

	if (s->access == NULL)
		warn_misspelt(l, name);
	r->has_access = true;
	s->denies |= conf_peek(l, &action) && span_eq(action, SPAN("deny"));
	acl_conf_rules(l, &s->access);
}

/* RFC 9110 5.5: no control bytes but a tab. */
static bool is_value(struct conf_line *l, struct span value)
{
	for (size_t i = 0; i < value.n; i++) {
		const unsigned char c = (unsigned char)value.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f) {
			conf_error(l, "a control byte (0x%02x) cannot be in a field's value", c);
			return false;
		}
	}
	return true;
}

static bool is_host(struct span value)
{
	struct arena a;
	struct uri u;
	const char *detail;

	arena_init(&a);
	const bool ok = uri_parse_host(value, URI_HTTP, &a, &u, &detail);

	arena_fini(&a);
	return ok;
}

void header_rules_replace(struct conf_line *l, void *field)
{
	struct span name;

	if (!take_name(l, &name))
		return;
	const struct span value = conf_rest(l);
	const enum http_field_id id = http_field_id_of(name);

	if (value.n == 0) {
		conf_error(l,
		           "what is to stand in its place is missing; without this line a denied "
		           "%.*s is removed",
		           SPAN_ARG(name));
		return;
	}
	if (!is_value(l, value))
		return;
	if (id == HTTP_F_HOST && !is_host(value)) {
		conf_error(l, "\"%.*s\" is no host", SPAN_ARG(value));
		return;
	}
	if (id != HTTP_F_HOST && header_is_protected(id)) {
		conf_error(l,
		           "%.*s belongs to the connection or tells where a message ends; "
		           "Cuttle sets it itself",
		           SPAN_ARG(name));
		return;
	}
	struct header_set *s = set_for(rules_of(field), l, name);

	free(s->replacement);
	s->replacement = span_strdup(value);
}

/* Takes value and terms over. */
static void add(struct header_rules *r, struct span name, struct log_value *value,
                struct acl_rules *terms)
{
	struct header_add **at = &r->adds;

	while (*at != NULL)
		at = &(*at)->next;
	*at = check_calloc(1, sizeof(**at));
	(*at)->name = span_strdup(name);
	(*at)->value = value;
	(*at)->terms = terms;
	(*at)->list = r->n_lists++;
}

void header_rules_add(struct conf_line *l, void *field)
{
	struct span name, value;
	bool is_quoted;

	if (!take_name(l, &name))
		return;
	if (header_is_protected(http_field_id_of(name))) {
		conf_error(l,
		           "a second %.*s would make the message ambiguous; Cuttle sets it itself",
		           SPAN_ARG(name));
		conf_as_squid(l->reader, "sends it beside the one that is there");
		(void)conf_rest(l);
		return;
	}
	const unsigned before = conf_count(l->reader, CONF_ERROR);

	if (!conf_word_or_quoted(l, &value, &is_quoted)) {
		if (before == conf_count(l->reader, CONF_ERROR))
			conf_error_both(l, "a value is missing; write %s %s", l->directive->name,
			                l->directive->syntax);
		return;
	}
	struct log_value *v = log_value_read(l, value, is_quoted);
	struct acl_rules *terms = v != NULL ? acl_conf_terms(l) : NULL;

	if (terms == NULL) {
		(void)conf_rest(l);
		log_value_free(&v);
		return;
	}
	add(rules_of(field), name, v, terms);
}

void header_rules_bind(struct header_rules *r, const struct log_format_conf *c)
{
	for (struct header_add *a = r != NULL ? r->adds : NULL; a != NULL; a = a->next)
		log_value_bind(a->value, c, &r->fields);
}

static void tell_no_effect(const struct header_set *s, struct conf_reader *reader)
{
	if (s->access == NULL)
		conf_report(reader, CONF_WARNING, s->place,
		            "there are no rules that deny %s, so nothing is replaced", s->name);
	else if (s->denies && s->replacement == NULL &&
	         header_is_protected(http_field_id_of(span_str(s->name))))
		conf_report(reader, CONF_NOTE, s->place,
		            "%s is never removed: without it the message would mean something else",
		            s->name);
}

void header_rules_finish(struct header_rules *r, struct conf_reader *reader)
{
	for (struct header_set *s = r != NULL ? r->sets : NULL; s != NULL; s = s->next) {
		s->is_live = s->access != NULL && acl_rules_last(s->access) != NULL;
		r->removes |= s->is_live;
		tell_no_effect(s, reader);
	}
}
