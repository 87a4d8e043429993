/*
 * The evaluator: first matching rule wins; within a rule the terms are tried from left to right,
 * and the first one that is false, unknown or undecided ends it. There is only this one: what
 * explains a verdict hangs an observer into it.
 */
#include "acl/decide.h"

#include "acl/type.h"
#include "base/counters.h"
#include "http/uri.h"

void acl_eval_init(struct acl_eval *e, const struct facts *f)
{
	/* Member by member: the scratch is large and need not be cleared. */
	e->f = f;
	e->observer = NULL;
	e->need = FACT_N;
	e->detail = NULL;
	e->last = NULL;
	e->url_decoded = SPAN_NULL;
	e->has_arena = false;
	acl_regex_scratch_init(&e->regex);
	e->host_key.host = SPAN_NULL;
	e->has_notes = false;
	e->effects = NULL;
	e->effects_end = &e->effects;
	e->joined_head = NULL;
}

void acl_eval_fini(struct acl_eval *e)
{
	acl_regex_scratch_fini(&e->regex);
	if (e->has_arena)
		arena_fini(&e->arena);
}

struct arena *acl_eval_arena(struct acl_eval *e)
{
	if (!e->has_arena)
		arena_init(&e->arena);
	e->has_arena = true;
	return &e->arena;
}

struct span acl_eval_url(struct acl_eval *e)
{
	const struct facts *f = e->f;

	if (e->url_decoded.p != NULL)
		return e->url_decoded;
	if (f->url_decoded.p != NULL)
		e->url_decoded = f->url_decoded;
	else if (f->url.n == 0 || memchr(f->url.p, '%', f->url.n) == NULL)
		e->url_decoded = f->url;
	else
		e->url_decoded = uri_decode(f->url, acl_eval_arena(e));
	return e->url_decoded;
}

/* On top of the facts' annotations, which stay as they are. */
static void begin_notes(struct acl_eval *e, struct arena *a)
{
	const struct notes *old = e->f->notes;

	e->has_notes = true;
	e->notes = (struct notes){ NULL };
	for (const struct note *n = old != NULL ? old->first : NULL; n != NULL; n = n->next)
		notes_add(&e->notes, a, n->name, n->value);
}

void acl_eval_annotate(struct acl_eval *e, const struct acl_effect *effect)
{
	struct arena *a = e->f->arena != NULL ? e->f->arena : acl_eval_arena(e);
	struct acl_effect *copy = arena_alloc(a, sizeof(*copy));

	if (!e->has_notes)
		begin_notes(e, a);
	*copy = *effect;
	copy->next = NULL;
	*e->effects_end = copy;
	e->effects_end = &copy->next;
	acl_effects_apply(copy, &e->notes, a, false);
}

static void observe(struct acl_eval *e, const struct acl *a, const struct acl_subject *s,
                    enum acl_match m, unsigned depth)
{
	if (unlikely(e->observer != NULL))
		e->observer->compared(e->observer->arg, e, a, s, m, depth);
}

/* Compare one subject after the other until one matches. */
static enum acl_match match_subjects(const struct acl *a, struct acl_eval *e, unsigned depth)
{
	struct acl_subject s;
	enum acl_match m = ACL_NO;

	for (unsigned i = 0;; i++) {
		const enum acl_got got = a->type->subject(a, e, i, &s);

		if (unlikely(got == GOT_NEED || got == GOT_UNDECIDED)) {
			m = got == GOT_NEED ? ACL_NEED : ACL_UNDECIDED;
			observe(e, a, NULL, m, depth);
			return m;
		}
		if (got == GOT_END) {
			if (i == 0)
				observe(e, a, NULL, ACL_NO, depth);
			return ACL_NO;
		}
		m = likely(a->n_files == 0) ? a->type->kind->match(a, &s, e)
		                            : acl_files_match(a, &s, e);
		observe(e, a, &s, m, depth);
		if (m != ACL_NO || got == GOT_LAST)
			return m;
	}
}

enum acl_match acl_match(const struct acl *a, struct acl_eval *e, unsigned depth)
{
	e->last = a;
	if (a->type->subject != NULL)
		return match_subjects(a, e, depth);
	const enum acl_match m = acl_group_match(a, e, depth + 1);

	observe(e, a, NULL, m, depth);
	return m;
}

enum acl_match acl_term_match(const struct acl_term *t, struct acl_eval *e)
{
	const enum acl_match m = acl_match(t->acl, e, 0);

	if (m == ACL_NEED || m == ACL_UNDECIDED || !t->is_negated)
		return m;
	return m == ACL_YES ? ACL_NO : ACL_YES;
}

static enum acl_match rule_match(const struct acl_rules *rules, const struct acl_rule *r,
                                 struct acl_eval *e)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const enum acl_match m = acl_term_match(&rules->terms[r->first + i], e);

		if (m != ACL_YES)
			return m;
	}
	return ACL_YES;
}

static enum verdict decided(const struct acl_eval *e, const struct acl_rule *r, enum acl_match m,
                            struct trail *t)
{
	t->rule = r;
	t->place = r->place;
	t->last_acl = e->last != NULL ? e->last->name : NULL;
	switch (m) {
	case ACL_NEED:
		t->need = e->need;
		return VERDICT_NEED;
	case ACL_UNDECIDED:
		t->detail = e->detail;
		return VERDICT_UNDECIDED;
	case ACL_YES:
	case ACL_NO:
		break;
	}
	return r->is_allow ? VERDICT_ALLOW : VERDICT_DENY;
}

enum verdict acl_decide_observed(const struct acl_rules *rules, struct acl_eval *e,
                                 enum verdict when_empty, struct trail *trail)
{
	*trail = (struct trail){ .need = FACT_N, .directive = "" };
	if (rules == NULL || rules->n_rules == 0)
		return when_empty;
	CHECK_OBJ(rules, ACL_RULES_MAGIC);
	CHECK(rules->set != NULL && rules->set->is_finished);
	trail->directive = rules->directive;
	for (size_t i = 0; i < rules->n_rules; i++) {
		if (unlikely(e->observer != NULL))
			e->observer->rule(e->observer->arg, e, &rules->rules[i]);
		const enum acl_match m = rule_match(rules, &rules->rules[i], e);

		if (m != ACL_NO)
			return decided(e, &rules->rules[i], m, trail);
	}
	const struct acl_rule *last = &rules->rules[rules->n_rules - 1];

	trail->place = last->place;
	trail->last_acl = e->last != NULL ? e->last->name : NULL;
	return last->is_allow ? VERDICT_DENY : VERDICT_ALLOW;
}

enum verdict acl_decide(const struct acl_rules *rules, const struct facts *f,
                        enum verdict when_empty, struct trail *trail)
{
	struct acl_eval e;

	acl_eval_init(&e, f);
	const enum verdict v = acl_decide_observed(rules, &e, when_empty, trail);

	/* Elsewhere they die with the arena of this decision. */
	if (v != VERDICT_NEED && f->arena != NULL)
		trail->effects = e.effects;
	acl_eval_fini(&e);
	if (unlikely(v == VERDICT_UNDECIDED))
		count(COUNT_ACL_UNDECIDED);
	return v;
}

void acl_effects_apply(const struct acl_effect *e, struct notes *n, struct arena *a,
                       bool only_client)
{
	for (; e != NULL; e = e->next) {
		if (only_client && !e->on_client)
			continue;
		if (e->is_append)
			notes_add(n, a, e->name, e->value);
		else
			notes_set(n, a, e->name, e->value);
	}
}
