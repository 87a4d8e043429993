/*
 * Looking on while the evaluator works, and trying what else could have decided.
 */
#include "acl/explain.h"

#include "acl/type.h"

struct recorder {
	struct arena *arena;
	struct acl_step *steps;
	size_t n, cap;
	const struct acl_rules *rules;
	const struct acl_rule *rule;
	uint32_t term; /* of the rule, the one at hand */
};

static void see_rule(void *arg, struct acl_eval *e, const struct acl_rule *r)
{
	struct recorder *rec = arg;

	(void)e;
	rec->rule = r;
	rec->term = 0;
}

static struct acl_step *step_add(struct recorder *rec)
{
	if (rec->n == rec->cap) {
		struct acl_step *old = rec->steps;

		rec->cap = rec->cap != 0 ? rec->cap * 2 : 16;
		rec->steps = arena_alloc(rec->arena, rec->cap * sizeof(*old));
		if (rec->n != 0)
			memcpy(rec->steps, old, rec->n * sizeof(*old));
	}
	return &rec->steps[rec->n++];
}

/* The term that this comparison belongs to: terms are tried in order, each acl perhaps many times.
 */
static bool term_is_negated(struct recorder *rec, const struct acl *a)
{
	const struct acl_term *terms = &rec->rules->terms[rec->rule->first];

	while (rec->term < rec->rule->n && terms[rec->term].acl != a)
		rec->term++;
	return rec->term < rec->rule->n && terms[rec->term].is_negated;
}

static void see_compared(void *arg, struct acl_eval *e, const struct acl *a,
                         const struct acl_subject *subject, enum acl_match result, unsigned depth)
{
	struct recorder *rec = arg;
	struct acl_step *s = step_add(rec);

	*s = (struct acl_step){
		.rule = rec->rule,
		.acl = a->name,
		.type = a->type->name,
		.depth = depth,
		.result = result,
		.has_subject = subject != NULL,
		.need = result == ACL_NEED ? e->need : FACT_N,
		.reads = acl_reads_itself(a),
		.field = acl_field_of(a),
	};
	if (depth == 0)
		s->is_negated = term_is_negated(rec, a);
	if (subject == NULL)
		return;
	s->compared = a->type->kind->print(subject, rec->arena);
	if (result == ACL_YES)
		s->entry = acl_entry(a, subject, e, rec->arena);
}

/* --- the nearest rule that would have decided otherwise --------------------------------------- */

/* The rule's terms that do not hold, each looked at by itself. */
static void find_obstacles(const struct facts *f, const struct acl_rule *r, struct recorder *rec)
{
	struct acl_observer observer = { see_rule, see_compared, rec };

	rec->n = rec->cap = 0;
	rec->rule = r;
	for (uint32_t i = 0; i < r->n; i++) {
		struct acl_eval e;
		const size_t before = rec->n;

		rec->term = i;
		acl_eval_init(&e, f);
		e.observer = &observer;
		const bool holds = acl_term_match(&rec->rules->terms[r->first + i], &e) == ACL_YES;

		acl_eval_fini(&e);
		if (holds) {
			rec->n = before;
			continue;
		}
		/* Of all that was compared, the last says why it failed. */
		rec->steps[before] = rec->steps[rec->n - 1];
		rec->n = before + 1;
	}
}

static void find_nearest(const struct acl_rules *rules, const struct facts *f, struct arena *a,
                         struct acl_explanation *out)
{
	const size_t at =
		out->trail.rule != NULL ? (size_t)(out->trail.rule - rules->rules) : rules->n_rules;
	size_t least = SIZE_MAX, distance = SIZE_MAX;

	for (size_t i = 0; i < rules->n_rules; i++) {
		const struct acl_rule *r = &rules->rules[i];
		struct recorder rec = { .arena = a, .rules = rules };

		if (r->is_allow == (out->verdict == VERDICT_ALLOW) || i == at || r->is_report_only)
			continue;
		find_obstacles(f, r, &rec);
		/* A later rule also has the one that decided in its way. */
		const size_t n = rec.n + (i > at), d = i > at ? i - at : at - i;

		if (n > least || (n == least && d >= distance))
			continue;
		least = n;
		distance = d;
		out->nearest = r;
		out->nearest_is_later = i > at;
		out->obstacles = rec.steps;
		out->n_obstacles = rec.n;
	}
}

void acl_explain(const struct acl_rules *rules, const struct facts *f, enum verdict when_empty,
                 struct arena *a, struct acl_explanation *out)
{
	struct recorder rec = { .arena = a, .rules = rules };
	const struct acl_observer observer = { see_rule, see_compared, &rec };
	struct acl_eval e;

	*out = (struct acl_explanation){ 0 };
	acl_eval_init(&e, f);
	e.observer = &observer;
	out->verdict = acl_decide_observed(rules, &e, when_empty, &out->trail);
	acl_eval_fini(&e);
	out->steps = rec.steps;
	out->n_steps = rec.n;
	if (rules != NULL && (out->verdict == VERDICT_ALLOW || out->verdict == VERDICT_DENY))
		find_nearest(rules, f, a, out);
}

/* --- as text ---------------------------------------------------------------------------------- */

const char *verdict_text(enum verdict v)
{
	switch (v) {
	case VERDICT_ALLOW:
		return "allow";
	case VERDICT_DENY:
		return "deny";
	case VERDICT_CHALLENGE:
		return "challenge";
	case VERDICT_UNDECIDED:
		return "undecided";
	case VERDICT_NEED:
		return "need";
	}
	UNREACHABLE("verdict");
}

static const char *result_text(const struct acl_step *s)
{
	switch (s->result) {
	case ACL_YES:
		return "matches";
	case ACL_NO:
		return "does not match";
	case ACL_NEED:
		return "needs";
	case ACL_UNDECIDED:
		return "cannot be decided";
	}
	UNREACHABLE("result of a comparison");
}

static struct span step_text(const struct acl_step *s, struct arena *a)
{
	struct span value = SPAN("");

	if (s->result == ACL_NEED)
		value = arena_printf(a, " %s", fact_name(s->need));
	else if (s->has_subject && s->entry.p != NULL)
		value = arena_printf(a, " \"%.*s\" by \"%.*s\"", SPAN_ARG(s->compared),
		                     SPAN_ARG(s->entry));
	else if (s->has_subject)
		value = arena_printf(a, " \"%.*s\"", SPAN_ARG(s->compared));
	else if (s->result == ACL_NO && s->field.n != 0)
		value = arena_printf(a, ": there is no %.*s", SPAN_ARG(s->field));
	else if (s->result == ACL_NO && s->reads != 0)
		value = SPAN(": there is nothing to compare");
	/* What was compared is the acl; what the rule asks for is its contrary. */
	const bool is_turned = s->is_negated && (s->result == ACL_YES || s->result == ACL_NO);

	return arena_printf(a, "%*s%s%s (%s) %s%.*s%s%s%s\n", (int)(4 + 2 * s->depth), "",
	                    s->is_negated && !is_turned ? "!" : "", s->acl, s->type, result_text(s),
	                    SPAN_ARG(value), is_turned ? ", so !" : "", is_turned ? s->acl : "",
	                    !is_turned             ? ""
	                    : s->result == ACL_YES ? " does not"
	                                           : " does");
}

static struct span rule_line(const struct acl_explanation *x, const struct acl_rule *r,
                             const char *lead, struct arena *a)
{
	return arena_printf(a, "%s%s%s %.*s  # %s:%u\n", lead,
	                    r->is_report_only ? "report_only " : "", x->trail.directive,
	                    SPAN_ARG(r->text), r->place.file, r->place.line);
}

/* Pieces gathered and joined once. */
struct pieces {
	struct arena *arena;
	struct span *p;
	size_t n, cap, bytes;
};

static void piece_add(struct pieces *ps, struct span s)
{
	if (ps->n == ps->cap) {
		ps->cap = ps->cap != 0 ? ps->cap * 2 : 32;
		ps->p = check_realloc(ps->p, ps->cap * sizeof(*ps->p));
	}
	ps->p[ps->n++] = s;
	ps->bytes += s.n;
}

static struct span pieces_join(struct pieces *ps)
{
	char *text = arena_alloc(ps->arena, ps->bytes + 1), *at = text;

	for (size_t i = 0; i < ps->n; i++) {
		memcpy(at, ps->p[i].p, ps->p[i].n);
		at += ps->p[i].n;
	}
	free(ps->p);
	return span_of(text, ps->bytes);
}

static void add_steps(struct pieces *ps, const struct acl_explanation *x)
{
	const struct acl_rule *rule = NULL;

	for (size_t i = 0; i < x->n_steps; i++) {
		if (x->steps[i].rule != rule) {
			rule = x->steps[i].rule;
			piece_add(ps, rule_line(x, rule, "  ", ps->arena));
		}
		piece_add(ps, step_text(&x->steps[i], ps->arena));
	}
}

static void add_verdict(struct pieces *ps, const struct acl_explanation *x)
{
	struct arena *a = ps->arena;

	if (x->trail.rule != NULL)
		piece_add(
			ps,
			rule_line(x, x->trail.rule,
		                  x->verdict == VERDICT_NEED ? "stopped at: " : "decided by: ", a));
	else if (x->trail.place.file != NULL)
		piece_add(ps,
		          arena_printf(a,
		                       "decided by: no line of %s matched; the last one says the"
		                       " opposite\n",
		                       x->trail.directive));
	if (x->trail.reported != NULL)
		piece_add(ps, rule_line(x, x->trail.reported, "reported: ", a));
	if (x->verdict == VERDICT_NEED)
		piece_add(ps, arena_printf(a, "verdict: cannot tell: needs %s\n",
		                           fact_name(x->trail.need)));
	else
		piece_add(ps, arena_printf(a, "verdict: %s%s%s\n", verdict_text(x->verdict),
		                           x->trail.detail != NULL ? ": " : "",
		                           x->trail.detail != NULL ? x->trail.detail : ""));
}

struct span acl_explanation_text(const struct acl_explanation *x, struct arena *a)
{
	struct pieces ps = { .arena = a };

	add_steps(&ps, x);
	add_verdict(&ps, x);
	if (x->nearest != NULL) {
		piece_add(&ps, rule_line(x, x->nearest, "nearest to the contrary: ", a));
		for (size_t i = 0; i < x->n_obstacles; i++)
			piece_add(&ps, step_text(&x->obstacles[i], a));
		if (x->nearest_is_later)
			piece_add(&ps, SPAN("    it stands below the line that decided\n"));
	}
	return pieces_join(&ps);
}
