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
	e->is_reporting = false;
	e->n_hits = 0;
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
	if (e->is_reporting)
		return;
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
	enum acl_match m;

	e->last = a;
	if (a->type->subject != NULL) {
		m = match_subjects(a, e, depth);
	} else {
		m = acl_group_match(a, e, depth + 1);
		observe(e, a, NULL, m, depth);
	}
	if (m == ACL_YES && e->n_hits < ACL_HITS_MAX)
		e->hits[e->n_hits++] = a->slot;
	return m;
}

/*
 * The same for what nobody observes, where the common case is short: one subject, and values that
 * are not shared with other configurations. Asking for the first subject again is harmless.
 */
static inline enum acl_match match_unobserved(const struct acl *a, struct acl_eval *e)
{
	const struct acl_type *t = a->type;

	if (unlikely(t->subject == NULL || a->n_files != 0))
		return acl_match(a, e, 0);
	e->last = a;
	const enum acl_got got = t->subject(a, e, 0, &e->subject);

	if (got == GOT_END)
		return ACL_NO;
	if (unlikely(got != GOT_LAST))
		return acl_match(a, e, 0);
	const enum acl_match m = t->kind->match(a, &e->subject, e);

	if (m == ACL_YES && e->n_hits < ACL_HITS_MAX)
		e->hits[e->n_hits++] = a->slot;
	return m;
}

static inline enum acl_match term_match(const struct acl_term *t, struct acl_eval *e)
{
	const enum acl_match m =
		likely(e->observer == NULL) ? match_unobserved(t->acl, e) : acl_match(t->acl, e, 0);

	if (m == ACL_NEED || m == ACL_UNDECIDED || !t->is_negated)
		return m;
	return m == ACL_YES ? ACL_NO : ACL_YES;
}

enum acl_match acl_term_match(const struct acl_term *t, struct acl_eval *e)
{
	return term_match(t, e);
}

static inline enum acl_match rule_match(const struct acl_rules *rules, const struct acl_rule *r,
                                        struct acl_eval *e)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const enum acl_match m = term_match(&rules->terms[r->first + i], e);

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

/*
 * A rule that only reports. It changes nothing, but asks for facts as it would when it decided.
 * What it cannot decide is no report.
 */
static enum acl_match try_report(const struct acl_rules *rules, const struct acl_rule *r,
                                 struct acl_eval *e, struct trail *trail)
{
	const struct acl *last = e->last;

	e->is_reporting = true;
	const enum acl_match m = rule_match(rules, r, e);

	e->is_reporting = false;
	if (m == ACL_NEED)
		return ACL_NEED;
	e->last = last;
	if (m == ACL_YES && trail->reported == NULL)
		trail->reported = r;
	return ACL_NO;
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
		const struct acl_rule *r = &rules->rules[i];

		/* A long list's acls lie scattered, and most rules end at their first term. */
		if (r->first + 3 < rules->n_terms)
			__builtin_prefetch(rules->terms[r->first + 3].acl);
		if (unlikely(e->observer != NULL))
			e->observer->rule(e->observer->arg, e, r);
		const enum acl_match m = unlikely(r->is_report_only)
		                                 ? try_report(rules, r, e, trail)
		                                 : rule_match(rules, r, e);

		if (m != ACL_NO)
			return decided(e, r, m, trail);
	}
	const struct acl_rule *last = acl_rules_last(rules);

	if (last == NULL)
		return when_empty;
	trail->place = last->place;
	trail->last_acl = e->last != NULL ? e->last->name : NULL;
	return last->is_allow ? VERDICT_DENY : VERDICT_ALLOW;
}

/* Only what has a verdict: a decision that needs something is made again. */
static void count_hits(const struct acl_rules *rules, const struct acl_eval *e,
                       const struct trail *trail)
{
	struct acl_tally *t = rules->set->tally;
	const struct facts *f = e->f;

	if (t == NULL)
		return;
	for (unsigned i = 0; i < e->n_hits; i++)
		acl_tally_add(t, f->count_shard, e->hits[i], f->count_s);
	acl_tally_add(t, f->count_shard, trail->rule != NULL ? trail->rule->slot : rules->slot,
	              f->count_s);
	if (trail->reported != NULL)
		acl_tally_add(t, f->count_shard, trail->reported->slot, f->count_s);
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
	if (v != VERDICT_NEED && f->count_s != 0 && rules != NULL)
		count_hits(rules, &e, trail);
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
