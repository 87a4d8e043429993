/*
 * The lists on the road of a request, explained as text.
 */
#include "admin/explain.h"

#include "proxy/snapshot.h"

/* In the order in which the road asks them (doc/request-path.md). */
static const struct {
	const char *directive;
	enum verdict when_empty;
	bool decides;     /* whether the request may pass; else where it goes */
	bool must_tell;   /* what it cannot decide ends the request (doc/policy.md) */
	bool is_onward;   /* only for what is sent on */
	bool is_of_cache; /* only for what the cache is asked for */
} roads[] = {
	{ "http_access", VERDICT_DENY, true, true, false, false },
	{ "adapted_http_access", VERDICT_ALLOW, true, true, false, false },
	{ "cache", VERDICT_ALLOW, false, false, true, false },
	{ "send_hit", VERDICT_ALLOW, false, false, true, true },
	{ "always_direct", VERDICT_DENY, false, true, true, false },
	{ "never_direct", VERDICT_DENY, false, false, true, false },
	{ "miss_access", VERDICT_ALLOW, true, true, true, false },
	{ "store_miss", VERDICT_ALLOW, false, false, true, true },
	{ "http_reply_access", VERDICT_ALLOW, true, true, false, false },
};

/* A page of the manager is answered here and not sent on. */
static bool asks_manager(const struct facts *f)
{
	return f->state[FACT_REQUEST] == FACT_VALUE && f->uri != NULL &&
	       span_starts(f->uri->path, SPAN("/squid-internal-mgr/")) &&
	       (f->state[FACT_LOCAL] != FACT_VALUE || f->local.port == f->uri->port);
}

/* Only addresses: whether one is this host's, with a port we listen on, depends on the machine. */
static void judge_addresses(const struct snapshot *s, const struct facts *f,
                            const struct acl_rule *allowed_by, struct arena *a,
                            struct explanation *out)
{
	bool is_open = false;

	if (!snapshot_has_floor(s) || f->state[FACT_DST_ADDRS] != FACT_VALUE)
		return;
	out->addresses = arena_alloc(a, f->n_dst * sizeof(out->addresses[0]));
	for (unsigned i = 0; i < f->n_dst; i++) {
		struct explain_address *x = &out->addresses[i];

		x->ip = f->dst[i];
		x->class = floor_classify(&x->ip);
		x->is_named = allowed_by != NULL && acl_rule_names_address(allowed_by, &x->ip);
		is_open = is_open || x->class == FLOOR_PASSES || x->is_named;
	}
	out->n_addresses = f->n_dst;
	out->is_below_floor = f->n_dst != 0 && !is_open;
}

static unsigned facts_needed(const struct acl_explanation *x)
{
	unsigned bits = 0;

	for (size_t i = 0; i < x->n_steps; i++)
		bits |= x->steps[i].reads;
	return bits;
}

/*
 * Does stage i of the road exist for this request? Lists about replies are left out where there is
 * none.
 */
static bool is_asked(const struct snapshot *s, const struct facts *f, size_t i, bool is_here,
                     const struct explanation *so_far)
{
	const struct acl_rules *rules = snapshot_rules(s, roads[i].directive);

	if ((rules == NULL && i != 0) || (roads[i].is_onward && is_here) ||
	    (roads[i].is_of_cache && !explain_asks_cache(s, f, so_far)))
		return false;
	return (acl_rules_reads(rules) & 1u << FACT_REPLY) == 0 || f->reply != NULL;
}

/* What the lists of this road may still ask for. */
static unsigned find_untold(const struct snapshot *s, const struct facts *f, bool is_here,
                            const struct explanation *so_far)
{
	unsigned bits = 0;

	for (size_t i = 0; i < ARRAY_LEN(roads); i++)
		if (is_asked(s, f, i, is_here, so_far))
			bits |= acl_rules_reads(snapshot_rules(s, roads[i].directive));
	for (unsigned fact = 0; fact < FACT_N; fact++)
		if (f->state[fact] != FACT_UNKNOWN)
			bits &= ~(1u << fact);
	return bits;
}

void explain_request(const struct snapshot *s, const struct facts *f, int64_t now_s,
                     struct arena *a, struct explanation *out)
{
	const bool is_here = asks_manager(f);

	*out = (struct explanation){ .verdict = VERDICT_ALLOW };
	out->stages = arena_alloc(a, ARRAY_LEN(roads) * sizeof(out->stages[0]));
	for (size_t i = 0; i < ARRAY_LEN(roads) && out->verdict == VERDICT_ALLOW; i++) {
		const struct acl_rules *rules = snapshot_rules(s, roads[i].directive);
		struct explain_stage *stage = &out->stages[out->n];

		if (!is_asked(s, f, i, is_here, out))
			continue;
		stage->directive = roads[i].directive;
		acl_explain(rules, f, roads[i].when_empty, a, &stage->x);
		stage->needed = facts_needed(&stage->x);
		out->n++;
		if (roads[i].decides || stage->x.verdict == VERDICT_NEED ||
		    (roads[i].must_tell && stage->x.verdict == VERDICT_UNDECIDED))
			out->verdict = stage->x.verdict;
		if (i == 0 && out->verdict == VERDICT_ALLOW && !is_here)
			judge_addresses(s, f, stage->x.trail.rule, a, out);
		if (out->is_below_floor)
			out->verdict = VERDICT_DENY;
	}
	if (out->verdict == VERDICT_NEED)
		out->untold = find_untold(s, f, is_here, out);
	if (out->verdict == VERDICT_ALLOW && !is_here)
		explain_cache(s, f, now_s, out);
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

static void print_addresses(FILE *to, const struct explanation *e)
{
	char text[IP_TEXT_MAX];

	for (unsigned i = 0; i < e->n_addresses; i++) {
		const struct explain_address *x = &e->addresses[i];

		fprintf(to, "%s%s is ", i == 0 ? "\nssrf_protection\n  " : "  ",
		        ip_text(&x->ip, text));
		if (x->class == FLOOR_PASSES)
			fprintf(to, "nothing special\n");
		else
			fprintf(to, "%s: %s\n", floor_class_text(x->class),
			        x->is_named ? "the line that allowed names it"
			                    : "no connection goes there, since the line that "
			                      "allowed does not name it");
	}
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
	print_addresses(to, e);
	explain_print_cache(to, &e->cache, a);
	if (e->n > 1 || e->n_addresses != 0 || e->cache.rule != NULL)
		fprintf(to, "\nin all: %s\n",
		        e->verdict == VERDICT_NEED ? "cannot tell" : verdict_text(e->verdict));
}
