/*
 * Why a decision came out as it did: the live evaluator run again on kept facts, with somebody
 * looking on. For `explain`, the manager and tests; allocates, so not for the live path.
 */
#pragma once

#include "acl/decide.h"

/* One comparison; a group's members stand before the group, one deeper. */
struct acl_step {
	const struct acl_rule *rule;
	const char *acl, *type;
	bool is_negated;       /* the rule says !acl; depth 0 only */
	unsigned depth;        /* how deep in groups */
	enum acl_match result; /* of the acl itself, before negation */
	bool has_subject;      /* false: there was nothing to compare */
	struct span compared;  /* the value looked at, if there was one */
	struct span entry;     /* the acl's value that it matched; SPAN_NULL if none or not known */
	enum fact need;        /* ACL_NEED only */
	unsigned reads;        /* facts that the acl itself looks at, as bits 1 << FACT_x */
	struct span field;     /* of the request or the reply, that it looks at; n is 0: none */
};

struct acl_explanation {
	enum verdict verdict;
	struct trail trail; /* as acl_decide() leaves it */
	struct acl_step *steps;
	size_t n_steps;
	/*
	 * The rule that came nearest to deciding otherwise: the one with the fewest terms in its
	 * way. NULL if no rule has the other action, or if nothing was decided.
	 */
	const struct acl_rule *nearest;
	bool nearest_is_later;      /* it stands below the rule that decided */
	struct acl_step *obstacles; /* its terms that do not hold */
	size_t n_obstacles;
};

/* rules, when_empty: as for acl_decide(). What *out points to lies in the arena and in the rules.
 */
void acl_explain(const struct acl_rules *rules, const struct facts *f, enum verdict when_empty,
                 struct arena *a, struct acl_explanation *out);

/* For reading: "allow", "deny", "challenge", "undecided", "need". */
const char *verdict_text(enum verdict v);

/*
 * The whole of it as lines for a terminal, "\n" after each; `http_access` stands in front of the
 * rules, and FILE:LINE behind them.
 */
struct span acl_explanation_text(const struct acl_explanation *x, struct arena *a);
