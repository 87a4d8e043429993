/*
 * Rules that never decide because of others above: whenever all terms of a rule hold, so do those
 * of an earlier one that asks for less.
 */
#include "acl/type.h"
#include "base/hash.h"

/*
 * Lists can be long, so not every rule is held against every other: whatever leaves a rule nothing
 * has its first term among that rule's. Rules are found by their first term.
 */
struct index {
	const struct acl_rules *rules;
	uint32_t *heads; /* by a term's hash: 1 + the newest rule that begins so; 0: none */
	uint32_t *next;  /* by rule: the one before it that begins so, likewise */
	size_t mask;
};

/* all, which holds anyway */
static bool is_idle(const struct acl_term *t)
{
	return !t->is_negated && strcmp(t->acl->name, "all") == 0;
}

static const struct acl_term *terms_of(const struct acl_rules *r, const struct acl_rule *rule)
{
	return r->terms + rule->first;
}

/* NULL: the rule holds always. */
static const struct acl_term *first_term(const struct acl_rules *r, const struct acl_rule *rule)
{
	for (uint32_t i = 0; i < rule->n; i++)
		if (!is_idle(&terms_of(r, rule)[i]))
			return &terms_of(r, rule)[i];
	return NULL;
}

static bool is_same_term(const struct acl_term *a, const struct acl_term *b)
{
	return a->acl == b->acl && a->is_negated == b->is_negated;
}

/* Where rules that begin with this term are, or would be. */
static uint32_t *place_of(const struct index *x, const struct acl_term *t)
{
	size_t at = hash_mix((uintptr_t)t->acl, t->is_negated) >> 20;

	for (;; at++) {
		uint32_t *head = &x->heads[at & x->mask];

		if (*head == 0 ||
		    is_same_term(first_term(x->rules, &x->rules->rules[*head - 1]), t))
			return head;
	}
}

static bool has_term(const struct acl_rules *r, const struct acl_rule *rule,
                     const struct acl_term *wanted)
{
	for (uint32_t i = 0; i < rule->n; i++) {
		const struct acl_term *t = &terms_of(r, rule)[i];

		if (is_same_term(t, wanted))
			return true;
	}
	return false;
}

/* What a term says may change between two rules only where annotations are looked at. */
static bool is_lasting(const struct acl_term *t)
{
	return (t->acl->reads & 1u << FACT_NOTES) == 0;
}

static bool leaves_nothing(const struct acl_rules *r, const struct acl_rule *above,
                           const struct acl_rule *below)
{
	for (uint32_t i = 0; i < above->n; i++) {
		const struct acl_term *t = &terms_of(r, above)[i];

		if (!is_idle(t) && (!is_lasting(t) || !has_term(r, below, t)))
			return false;
	}
	return true;
}

/* A rule with !all is there for its side effects: annotations. */
static bool never_holds(const struct acl_rules *r, const struct acl_rule *rule)
{
	for (uint32_t i = 0; i < rule->n; i++)
		if (terms_of(r, rule)[i].is_negated &&
		    strcmp(terms_of(r, rule)[i].acl->name, "all") == 0)
			return true;
	return false;
}

/* The topmost rule that leaves this one nothing, of those that hold not always. */
static const struct acl_rule *find_shadow(const struct index *x, const struct acl_rule *rule)
{
	const struct acl_rules *r = x->rules;
	const struct acl_rule *found = NULL;

	for (uint32_t i = 0; i < rule->n; i++) {
		uint32_t at = *place_of(x, &terms_of(r, rule)[i]);

		for (; at != 0; at = x->next[at - 1]) {
			const struct acl_rule *above = &r->rules[at - 1];

			if ((found == NULL || above < found) && leaves_nothing(r, above, rule))
				found = above;
		}
	}
	return found;
}

static void report(struct acl_parse *p, const struct acl_rules *r, const struct acl_rule *rule)
{
	conf_report(p->reader, CONF_WARNING, rule->place,
	            "%s: \"%.*s\" never decides: \"%.*s\" at line %u of %s does so before, for"
	            " all that this line is for",
	            r->directive, SPAN_ARG(rule->text), SPAN_ARG(rule->shadow->text),
	            rule->shadow->place.line, rule->shadow->place.file);
	conf_as_squid(p->reader, CONF_SQUID_SAME);
}

static void look_at(struct acl_parse *p, struct index *x, struct acl_rule *rule,
                    const struct acl_rule **always)
{
	const struct acl_term *first = first_term(x->rules, rule);

	/* What stands below a rule for everybody is told of in one sentence: warn_unreached(). */
	if (!rule->has_action || never_holds(x->rules, rule))
		return;
	rule->shadow = *always != NULL ? *always : find_shadow(x, rule);
	if (rule->shadow != NULL && *always == NULL)
		report(p, x->rules, rule);
	if (rule->is_report_only)
		return;
	if (first == NULL) {
		*always = *always != NULL ? *always : rule;
		return;
	}
	uint32_t *head = place_of(x, first);
	const size_t at = (size_t)(rule - x->rules->rules);

	x->next[at] = *head;
	*head = (uint32_t)at + 1;
}

void acl_shadows_find(struct acl_parse *p, struct acl_rules *r)
{
	struct index x = { .rules = r, .mask = 15 };
	const struct acl_rule *always = NULL;

	while (x.mask < 2 * r->n_rules)
		x.mask = 2 * x.mask + 1;
	x.heads = check_calloc(x.mask + 1, sizeof(*x.heads));
	x.next = check_calloc(r->n_rules + 1, sizeof(*x.next));
	for (size_t i = 0; i < r->n_rules; i++)
		look_at(p, &x, &r->rules[i], &always);
	free(x.heads);
	free(x.next);
}
