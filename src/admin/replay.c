/*
 * Replaying. Each thread takes a piece of the text and gathers results of its own, which are added
 * together at the end: the policy is immutable, and nothing else is shared.
 */
#include "admin/replay.h"

#include "base/hash.h"
#include "base/thread.h"
#include "log/facts.h"
#include "proxy/snapshot.h"

/* --- groups ---------------------------------------------------------------------------------- */

static uint64_t group_hash(const struct replay_group *g)
{
	uint64_t h = hash_bytes(g->was);

	h = hash_mix(h, hash_bytes(g->was_rule));
	h = hash_mix(h, hash_bytes(g->was_place));
	h = hash_mix(h, hash_bytes(g->needs));
	return hash_mix(h, (uint64_t)(uintptr_t)g->rule ^ g->now);
}

static bool group_eq(const struct replay_group *a, const struct replay_group *b)
{
	return a->now == b->now && a->rule == b->rule && span_eq(a->was, b->was) &&
	       span_eq(a->was_rule, b->was_rule) && span_eq(a->was_place, b->was_place) &&
	       span_eq(a->needs, b->needs);
}

static struct span own(struct span s)
{
	return s.n == 0 ? SPAN("") : span_of(span_strdup(s), s.n);
}

static void disown(struct span s)
{
	if (s.n != 0)
		free((void *)(uintptr_t)s.p);
}

/* The group like this one, made if it is the first of its kind. */
static struct replay_group *group_of(struct replay *r, const struct replay_group *like)
{
	const uint64_t h = group_hash(like);
	struct replay_group *g;

	for (struct table_node *n = table_first(&r->groups, h); n != NULL; n = table_next(n, h)) {
		g = CONTAINER_OF(n, struct replay_group, node);
		if (group_eq(g, like))
			return g;
	}
	g = check_calloc(1, sizeof(*g));
	*g = *like;
	g->was = own(like->was);
	g->was_rule = own(like->was_rule);
	g->was_place = own(like->was_place);
	g->needs = own(like->needs);
	g->examples = check_calloc(REPLAY_EXAMPLES_MAX, sizeof(*g->examples));
	table_insert(&r->groups, &g->node, h);
	return g;
}

static void example_free(struct replay_example *e)
{
	free(e->src);
	free(e->method);
	free(e->url);
}

static void group_free(struct replay_group *g)
{
	disown(g->was);
	disown(g->was_rule);
	disown(g->was_place);
	disown(g->needs);
	for (unsigned i = 0; i < g->n_examples; i++)
		example_free(&g->examples[i]);
	free(g->examples);
	free(g);
}

static void add_example(struct replay_group *g, const struct facts *f)
{
	char text[ENDPOINT_TEXT_MAX];

	if (g->n_examples == REPLAY_EXAMPLES_MAX)
		return;
	for (unsigned i = 0; i < g->n_examples; i++)
		if (span_eq(span_str(g->examples[i].url), f->url))
			return;
	g->examples[g->n_examples++] = (struct replay_example){
		.src = check_strdup(endpoint_text(&f->src, text)),
		.method = span_strdup(f->method_name),
		.url = span_strdup(f->url),
	};
}

static void group_count(struct replay_group *g, uint64_t n, int64_t first_us, int64_t last_us)
{
	g->first_us = g->n == 0 ? first_us : MIN(g->first_us, first_us);
	g->last_us = MAX(g->last_us, last_us);
	g->n += n;
}

/* --- one record ------------------------------------------------------------------------------ */

static struct span verdict_span(enum verdict v)
{
	switch (v) {
	case VERDICT_ALLOW:
		return SPAN("allow");
	/* What became of the request is the same for all of these. */
	case VERDICT_DENY:
	case VERDICT_CHALLENGE:
	case VERDICT_UNDECIDED:
		return SPAN("deny");
	case VERDICT_NEED:
		return SPAN("");
	}
	UNREACHABLE("verdict");
}

static void take(struct replay *r, const struct log_facts_record *rec, struct arena *a)
{
	struct replay_group like = { .was = rec->verdict,
		                     .was_rule = rec->rule,
		                     .was_place = rec->place };
	struct trail trail;

	if (rec->verdict.n == 0) {
		r->n_not_asked++;
		return;
	}
	like.now = acl_decide(snapshot_rules(r->policy, "http_access"), &rec->facts, VERDICT_DENY,
	                      &trail);
	like.rule = trail.rule;
	if (like.now == VERDICT_NEED) {
		like.rule = NULL;
		like.needs = span_str(fact_name(trail.need));
	} else {
		like.needs = facts_field_missing(r, rec, a);
	}
	if (like.needs.n != 0) {
		like.now = VERDICT_NEED;
		like.rule = NULL;
		/* What could not be told is told apart by what is missing only. */
		like.was_rule = like.was_place = SPAN("");
		r->n_cannot_tell++;
	} else if (span_eq(verdict_span(like.now), rec->verdict)) {
		r->n_same++;
		return;
	} else {
		r->n_changed++;
	}
	struct replay_group *g = group_of(r, &like);

	group_count(g, 1, rec->time_us, rec->time_us);
	add_example(g, &rec->facts);
}
