/*
 * What a candidate policy, loaded beside the one that holds (shadow_config), would have said. It
 * sees what the other has found out, finds nothing itself that would have to be waited for, and
 * whatever it says changes nothing but the log.
 */
#include "proxy/txn.h"

#include "acl/explain.h"
#include "base/counters.h"

/* Two actions, of which one comes out. */
static bool is_allow(enum verdict v)
{
	return v == VERDICT_ALLOW;
}

/* NEED: it cannot be told. What the decision would annotate is dropped. */
static enum verdict decide(struct txn *t, const struct acl_rules *rules, enum verdict when_empty,
                           struct trail *trail)
{
	struct arena *arena = t->facts.arena;
	enum verdict v;

	t->facts.arena = NULL;
	while ((v = acl_decide(rules, &t->facts, when_empty, trail)) == VERDICT_NEED &&
	       !fact_may_wait(trail->need))
		(void)txn_facts_find(t, trail->need);
	t->facts.arena = arena;
	return v;
}

static struct span difference(struct txn *t, enum verdict v, const char *directive,
                              const struct trail *trail)
{
	struct arena *a = &t->arena;
	const struct span rule =
		trail->rule != NULL ? acl_rule_text(trail->rule) : SPAN("(no rule matched)");

	return arena_printf(
		a, "%s %s %.*s%s%.*s", verdict_text(v), directive, SPAN_ARG(rule),
		trail->place.file != NULL ? " " : "",
		SPAN_ARG(trail->place.file != NULL
	                         ? arena_printf(a, "%s:%u", trail->place.file, trail->place.line)
	                         : SPAN_NULL));
}

/* A difference is what is remembered, then what could not be told, then that there is none. */
static void compare(struct txn *t, const struct acl_rules *rules, enum verdict when_empty,
                    const char *directive, enum verdict live)
{
	struct trail trail = { 0 };
	const enum verdict v = decide(t, rules, when_empty, &trail);

	if (v == VERDICT_NEED) {
		t->shadow_state = SHADOW_UNKNOWN;
		t->shadow = arena_printf(&t->arena, "cannot tell: %s needs %s", directive,
		                         fact_name(trail.need));
	} else if (is_allow(v) != is_allow(live)) {
		t->shadow_state = SHADOW_DIFFERS;
		t->shadow = difference(t, v, directive, &trail);
	} else if (t->shadow_state == SHADOW_NONE) {
		t->shadow_state = SHADOW_SAME;
		t->shadow = SPAN("same");
	}
}

void txn_shadow_access(struct txn *t, enum verdict live)
{
	const struct snapshot *s = t->snapshot->shadow;

	if (s != NULL)
		compare(t, s->acl.http_access, VERDICT_DENY, "http_access", live);
}

void txn_shadow_reply(struct txn *t, enum verdict live)
{
	const struct snapshot *s = t->snapshot->shadow;

	/* What it would not have let out has no reply, and another difference is one too many. */
	if (s != NULL && t->shadow_state != SHADOW_DIFFERS)
		compare(t, s->proxy.access.http_reply_access, VERDICT_ALLOW, "http_reply_access",
		        live);
}

void txn_shadow_count(const struct txn *t)
{
	switch (t->shadow_state) {
	case SHADOW_NONE:
		return;
	case SHADOW_SAME:
		count(COUNT_SHADOW_SAME);
		return;
	case SHADOW_UNKNOWN:
		count(COUNT_SHADOW_UNKNOWN);
		return;
	case SHADOW_DIFFERS:
		count(COUNT_SHADOW_DIFFERS);
		return;
	}
	UNREACHABLE("shadow state");
}
