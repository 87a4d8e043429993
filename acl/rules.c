/*
 * Rule lists: the lines of http_access and its like, compiled to flat arrays as they are read.
 */
#include "acl/type.h"

static struct acl_rules *rules_new(struct acl_set *s, struct span directive)
{
	struct acl_rules *r;

	CHECK_OBJ(s, ACL_SET_MAGIC);
	CHECK(!s->is_finished);
	OBJ_NEW(r, ACL_RULES_MAGIC);
	r->set = s;
	r->directive = span_strdup(directive);
	r->label = span_strdup(directive);
	list_init(&r->in_set);
	list_push_back(&s->rules, &r->in_set);
	return r;
}

void acl_rules_free(struct acl_rules **rp)
{
	struct acl_rules *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	CHECK_OBJ(r, ACL_RULES_MAGIC);
	list_remove(&r->in_set);
	for (size_t i = 0; i < r->n_rules; i++)
		free((void *)(uintptr_t)r->rules[i].text.p);
	free(r->rules);
	free(r->terms);
	free(r->directive);
	free(r->label);
	OBJ_FREE(r, ACL_RULES_MAGIC);
}

unsigned acl_rules_reads(const struct acl_rules *r)
{
	return r != NULL ? r->reads : 0;
}

const struct acl_rule *acl_rules_last(const struct acl_rules *r)
{
	for (size_t i = r->n_rules; i-- > 0;)
		if (!r->rules[i].is_report_only)
			return &r->rules[i];
	return NULL;
}

struct conf_place acl_rule_place(const struct acl_rule *r)
{
	return r->place;
}

struct span acl_rule_text(const struct acl_rule *r)
{
	return r->text;
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct acl_set *set_of(const struct conf_line *l)
{
	struct acl_conf *c = conf_section(l->reader, CONF_SECTION_acl);

	return c->set;
}

static void add_term(struct acl_rules *r, const struct acl *a, bool is_negated)
{
	if (r->n_terms == r->cap_terms) {
		r->cap_terms = r->cap_terms != 0 ? r->cap_terms * 2 : 8;
		r->terms = check_realloc(r->terms, r->cap_terms * sizeof(*r->terms));
	}
	r->terms[r->n_terms++] = (struct acl_term){ a, is_negated };
}

/* One [!]acl. False: reported. */
static bool parse_term(struct conf_line *l, struct acl_rules *r, struct span word)
{
	const bool is_negated = span_starts(word, SPAN("!"));
	const struct span name = span_skip(word, is_negated);
	const struct acl *a = acl_set_find(r->set, name);

	if (a != NULL) {
		add_term(r, a, is_negated);
		return true;
	}
	if (name.n == 0) {
		conf_error(l, "%.*s: a \"!\" stands directly before the name of an acl",
		           SPAN_ARG(l->name));
		conf_as_squid(l->reader, CONF_SQUID_STOPS);
		return false;
	}
	const char *near = acl_set_suggest(r->set, name);

	conf_error(l, "%.*s: no acl \"%.*s\" is defined above this line%s%s%s", SPAN_ARG(l->name),
	           SPAN_ARG(name), near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	           near != NULL ? "?" : "");
	conf_as_squid(l->reader, CONF_SQUID_STOPS);
	return false;
}

/* "deny CONNECT !SSL_ports", one blank between words. The heap's. */
static struct span text_of(const struct acl_rules *r, size_t first, const char *action,
                           size_t *acls_at)
{
	size_t n = strlen(action), at = 0;

	for (size_t i = first; i < r->n_terms; i++)
		n += strlen(r->terms[i].acl->name) + 2;
	char *text = check_malloc(n + 1);

	at = (size_t)snprintf(text, n + 1, "%s", action);
	*acls_at = at + (at != 0 && first < r->n_terms);
	for (size_t i = first; i < r->n_terms; i++)
		at += (size_t)snprintf(text + at, n + 1 - at, "%s%s%s", at != 0 ? " " : "",
		                       r->terms[i].is_negated ? "!" : "", r->terms[i].acl->name);
	return span_of(text, at);
}

static void add_rule(struct acl_rules *r, struct acl_set *s, struct conf_place place, size_t first,
                     const char *action)
{
	size_t acls_at;

	if (r->n_rules == r->cap_rules) {
		r->cap_rules = r->cap_rules != 0 ? r->cap_rules * 2 : 8;
		r->rules = check_realloc(r->rules, r->cap_rules * sizeof(*r->rules));
	}
	const struct span text = text_of(r, first, action, &acls_at);

	r->rules[r->n_rules++] = (struct acl_rule){
		.is_allow = strcmp(action, "deny") != 0,
		.has_action = action[0] != '\0',
		.is_report_only = s->is_reporting,
		.place = acl_set_place(s, place),
		.text = text,
		.acls = span_skip(text, acls_at),
		.first = (uint32_t)first,
		.n = (uint32_t)(r->n_terms - first),
	};
}

/*
 * A new list for the rules that follow on the line. Its label takes the first word that was read
 * before
 * them: a field, a peer, a log. Further ones are left out, as they may be values with secrets.
 */
static struct acl_rules *list_for(const struct conf_line *l)
{
	struct acl_rules *r =
		rules_new(set_of(l), l->directive != NULL ? span_str(l->directive->name) : l->name);
	const uintptr_t from = (uintptr_t)l->name.p, to = (uintptr_t)l->rest.p;
	const uintptr_t text = (uintptr_t)l->text.p;

	/* A default has no text of its own that the words stand in. */
	if (from < text || to < from || to > text + l->text.n)
		return r;
	struct span before = span_trim(span_skip(span_of(l->name.p, to - from), l->name.n));
	size_t n = 0;

	while (n < before.n && before.p[n] != ' ' && before.p[n] != '\t')
		n++;
	if (n == 0)
		return r;
	const size_t size = strlen(r->directive) + n + 2;

	free(r->label);
	r->label = check_malloc(size);
	snprintf(r->label, size, "%s %.*s", r->directive, (int)n, before.p);
	return r;
}

/* The words up to the line's end. False: something was reported. */
static bool parse_terms(struct conf_line *l, struct acl_rules *r)
{
	struct span word;
	bool ok = true;

	while (conf_word(l, &word))
		ok = parse_term(l, r, word) && ok;
	return ok;
}

void acl_conf_rules(struct conf_line *l, void *field)
{
	struct acl_rules **rp = field;
	const struct conf_line at_action = *l;
	struct span action;

	if (!conf_word(l, &action)) {
		conf_error(
			l,
			"%.*s: empty line; accepted is \"allow\" or \"deny\" and at least one acl",
			SPAN_ARG(l->name));
		conf_as_squid(l->reader, CONF_SQUID_SKIPS);
		return;
	}
	const bool is_allow = span_eq(action, SPAN("allow"));

	if (!is_allow && !span_eq(action, SPAN("deny"))) {
		conf_error(l, "%.*s: unknown action \"%.*s\"; accepted are \"allow\" and \"deny\"",
		           SPAN_ARG(l->name), SPAN_ARG(action));
		conf_as_squid(l->reader, CONF_SQUID_SKIPS);
		(void)conf_rest(l);
		return;
	}
	if (*rp == NULL)
		*rp = list_for(&at_action);
	const size_t first = (*rp)->n_terms;

	if (!parse_terms(l, *rp)) {
		(*rp)->n_terms = first;
		return;
	}
	if ((*rp)->n_terms == first) {
		conf_error(l,
		           "%.*s: no acl after \"%.*s\"; to mean every request, write \"%.*s all\"",
		           SPAN_ARG(l->name), SPAN_ARG(action), SPAN_ARG(action));
		conf_as_squid(l->reader, CONF_SQUID_SKIPS);
		return;
	}
	add_rule(*rp, set_of(l), l->place, first, is_allow ? "allow" : "deny");
}

/* Its lines are rules, perhaps after further words. */
static bool has_rules(const struct conf_directive *d)
{
	return d->state == CONF_WORKS && d->set != acl_conf_report_only &&
	       strstr(d->syntax, "allow|deny") != NULL;
}

void acl_conf_report_only(struct conf_line *l, void *field)
{
	struct acl_set *set = *(struct acl_set **)field;
	struct conf_line inner = *l;
	const struct conf_directive *d;
	struct span name;

	if (!conf_need_word(l, &name))
		return;
	d = conf_directive_of(l->reader, name);
	if (d == NULL || !has_rules(d)) {
		conf_error(l, "\"%.*s\" is no directive that allows or denies; accepted is: %s",
		           SPAN_ARG(name), l->directive->syntax);
		conf_as_squid(l->reader, CONF_SQUID_STOPS);
		(void)conf_rest(l);
		return;
	}
	inner.name = name;
	inner.directive = d;
	inner.rest = l->rest;
	char *section = conf_section(l->reader, d->section);

	set->is_reporting = true;
	d->set(&inner, section != NULL ? section + d->offset : NULL);
	set->is_reporting = false;
	l->rest = inner.rest;
	l->list = inner.list;
}

struct acl_rules *acl_conf_terms(struct conf_line *l)
{
	struct acl_rules *r = list_for(l);

	if (!parse_terms(l, r)) {
		acl_rules_free(&r);
		return NULL;
	}
	add_rule(r, set_of(l), l->place, 0, "");
	return r;
}
