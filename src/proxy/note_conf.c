/*
 * The setter of note.
 */
#include "proxy/note_conf.h"

static void rule_free(struct note_rule *n)
{
	while (n->values != NULL) {
		struct note_value *v = n->values;

		n->values = v->next;
		acl_rules_free(&v->terms);
		log_value_free(&v->value);
		free(v);
	}
	free(n->name);
	free(n);
}

void note_conf_fini(struct note_conf *c)
{
	while (c->rules != NULL) {
		struct note_rule *n = c->rules;

		c->rules = n->next;
		rule_free(n);
	}
	log_fields_fini(&c->fields);
}

void note_conf_bind(struct note_conf *c, const struct log_conf *log)
{
	const struct log_format_conf formats = log_conf_formats(log);

	for (const struct note_rule *n = c->rules; n != NULL; n = n->next)
		for (const struct note_value *v = n->values; v != NULL; v = v->next)
			log_value_bind(v->value, &formats, &c->fields);
}

static struct note_rule *rule_named(struct note_rule **at, struct span name)
{
	for (; *at != NULL; at = &(*at)->next)
		if (span_eq(span_str((*at)->name), name))
			return *at;
	*at = check_calloc(1, sizeof(**at));
	(*at)->name = span_strdup(name);
	return *at;
}

void note_conf_note(struct conf_line *l, void *field)
{
	const unsigned before = conf_count(l->reader, CONF_ERROR);
	struct span name, value;
	bool is_quoted;

	if (!conf_need_word(l, &name))
		return;
	if (!conf_word_or_quoted(l, &value, &is_quoted)) {
		if (before == conf_count(l->reader, CONF_ERROR))
			conf_error_both(l, "a value is missing; write %s %s", l->directive->name,
			                l->directive->syntax);
		return;
	}
	struct log_value *text = log_value_read(l, value, is_quoted);
	struct acl_rules *terms = text != NULL ? acl_conf_terms(l) : NULL;

	if (terms == NULL) {
		(void)conf_rest(l);
		log_value_free(&text);
		return;
	}
	struct note_value **at = &rule_named(field, name)->values;

	while (*at != NULL)
		at = &(*at)->next;
	*at = check_calloc(1, sizeof(**at));
	**at = (struct note_value){ NULL, text, terms };
}
