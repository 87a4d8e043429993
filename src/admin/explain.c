/*
 * The lists on the road of a request, explained as text.
 */
#include "admin/explain.h"

#include "proxy/snapshot.h"

/* In the order in which the road asks them (doc/request-path.md). */
static const struct {
	const char *directive;
	enum verdict when_empty;
	bool decides; /* whether the request may pass; else where it goes */
} roads[] = {
	{ "http_access", VERDICT_DENY, true },    { "adapted_http_access", VERDICT_ALLOW, true },
	{ "always_direct", VERDICT_DENY, false }, { "never_direct", VERDICT_DENY, false },
	{ "miss_access", VERDICT_ALLOW, true },   { "http_reply_access", VERDICT_ALLOW, true },
};

static unsigned facts_needed(const struct acl_explanation *x)
{
	unsigned bits = 0;

	for (size_t i = 0; i < x->n_steps; i++)
		bits |= x->steps[i].reads;
	return bits;
}

void explain_request(const struct snapshot *s, const struct facts *f, struct arena *a,
                     struct explanation *out)
{
	*out = (struct explanation){ .verdict = VERDICT_ALLOW };
	out->stages = arena_alloc(a, ARRAY_LEN(roads) * sizeof(out->stages[0]));
	for (size_t i = 0; i < ARRAY_LEN(roads) && out->verdict == VERDICT_ALLOW; i++) {
		const struct acl_rules *rules = snapshot_rules(s, roads[i].directive);
		struct explain_stage *stage = &out->stages[out->n];

		if (rules == NULL && i != 0)
			continue;
		if ((acl_rules_reads(rules) & 1u << FACT_REPLY) != 0 && f->reply == NULL)
			continue;
		stage->directive = roads[i].directive;
		acl_explain(rules, f, roads[i].when_empty, a, &stage->x);
		stage->needed = facts_needed(&stage->x);
		out->n++;
		if (roads[i].decides || stage->x.verdict == VERDICT_NEED)
			out->verdict = stage->x.verdict;
	}
}

static void print_needed(FILE *to, unsigned needed)
{
	const char *lead = "looked at: ";

	for (unsigned f = 0; f < FACT_N; f++) {
		if ((needed & 1u << f) == 0)
			continue;
		fprintf(to, "%s%s", lead, fact_name((enum fact)f));
		lead = ", ";
	}
	if (needed != 0)
		fputc('\n', to);
}

void explain_print(FILE *to, const struct explanation *e, bool is_brief, struct arena *a)
{
	for (size_t i = 0; i < e->n; i++) {
		struct explain_stage *stage = &e->stages[i];

		fprintf(to, "%s%s\n", i != 0 ? "\n" : "", stage->directive);
		if (is_brief)
			stage->x.n_steps = 0;
		const struct span text = acl_explanation_text(&stage->x, a);

		fprintf(to, "%.*s", SPAN_ARG(text));
		print_needed(to, stage->needed);
	}
	if (e->n > 1)
		fprintf(to, "\nin all: %s\n",
		        e->verdict == VERDICT_NEED ? "cannot tell" : verdict_text(e->verdict));
}
