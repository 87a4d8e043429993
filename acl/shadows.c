/*
 * Rules that never decide because of others above: whenever all terms of a rule hold, so do those of an
 * earlier one that asks for less.
 */
#include "acl/type.h"
#include "base/hash.h"

/* One of 64 bits for a term; a rule that has not all of another's bits does not have its terms. */
static uint64_t bit_of(const struct acl_term *t)
{
	const uint64_t h = hash_mix((uintptr_t)t->acl, t->is_negated);

	return 1ULL << (h >> 58);
}

/* all, which holds anyway */
static bool is_idle(const struct acl_term *t)
{
	return !t->is_negated && strcmp(t->acl->name, "all") == 0;
}

static const struct acl_term *terms_of(const struct acl_rules *r, const struct acl_rule *rule)
{
	return r->terms + rule->first;
}

static uint64_t bits_of(const struct acl_rules *r, const struct acl_rule *rule)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < rule->n; i++)
		if (!is_idle(&terms_of(r, rule)[i]))
			bits |= bit_of(&terms_of(r, rule)[i]);
	return bits;
}

static bool has_term(const struct acl_rules *r, const struct acl_rule *rule,
                     const struct acl_term *wanted)
{
	for (uint32_t i = 0; i < rule->n; i++) {
		const struct acl_term *t = &terms_of(r, rule)[i];

		if (t->acl == wanted->acl && t->is_negated == wanted->is_negated)
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

static const struct acl_rule *find_shadow(const struct acl_rules *r, const uint64_t *bits,
                                          size_t at)
{
	for (size_t i = 0; i < at; i++) {
		const struct acl_rule *above = &r->rules[i];

		if ((bits[i] & ~bits[at]) == 0 && !above->is_report_only &&
		    leaves_nothing(r, above, &r->rules[at]))
			return above;
	}
	return NULL;
}

void acl_shadows_find(struct acl_parse *p, struct acl_rules *r)
{
	uint64_t *bits = check_calloc(r->n_rules + 1, sizeof(*bits));

	for (size_t i = 0; i < r->n_rules; i++) {
		struct acl_rule *rule = &r->rules[i];

		bits[i] = bits_of(r, rule);
		if (!rule->has_action || never_holds(r, rule))
			continue;
		rule->shadow = find_shadow(r, bits, i);
		/* What stands below a rule for everybody is told of in one sentence (warn_unreached()). */
		if (rule->shadow == NULL || bits[rule->shadow - r->rules] == 0)
			continue;
		conf_report(
			p->reader, CONF_WARNING, rule->place,
			"%s: \"%.*s\" never decides: \"%.*s\" at line %u of %s does so before, for"
			" all that this line is for",
			r->directive, SPAN_ARG(rule->text), SPAN_ARG(rule->shadow->text),
			rule->shadow->place.line, rule->shadow->place.file);
		conf_as_squid(p->reader, CONF_SQUID_SAME);
	}
	free(bits);
}
