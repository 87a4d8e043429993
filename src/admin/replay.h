/*
 * Recorded requests decided again by another policy: which verdicts would change, and how many.
 */
#pragma once

#include "acl/decide.h"
#include "base/table.h"

#include "log/facts.h"

struct snapshot;

struct replay_example {
	struct endpoint src;
	struct span method, url;
};

/* Records of which the verdict, and the reason for it, changed in the same way. */
#define REPLAY_EXAMPLES_MAX 3
struct replay_group {
	struct table_node node;
	struct span was, was_rule, was_place; /* as recorded: "allow", "http_access ...", "f:1" */
	enum verdict now;
	const struct acl_rule *rule; /* of the candidate; NULL: none matched */
	struct span needs;           /* VERDICT_NEED: which fact or field nobody has recorded */
	uint64_t n;
	int64_t first_us, last_us;
	struct replay_example *examples; /* with different URLs */
	unsigned n_examples;
};

struct replay {
	const struct snapshot *policy;
	const struct acl_rules *rules;  /* http_access of the policy */
	struct log_facts_fields fields; /* that the policy looks at */
	struct table groups;            /* struct replay_group */
	uint64_t n, n_same, n_changed, n_cannot_tell;
	uint64_t n_not_asked;  /* recorded without a verdict: refused before */
	uint64_t n_unreadable; /* lines */
	uint64_t bad_line;     /* the first of those, from 1 on; 0: none */
	const char *bad_why;
};

/* The policy must live as long as the replay. */
void replay_init(struct replay *r, const struct snapshot *policy);
void replay_fini(struct replay *r);
/*
 * Decide each line of text (of the log format facts; the last may lack its newline) in n_threads
 * threads, and add the outcomes. progress: where to say how far it is after each second; NULL:
 * nowhere.
 */
void replay_text(struct replay *r, struct span text, unsigned n_threads, FILE *progress);
/* The groups, the largest first: r->groups.n of them in an array from malloc. */
struct replay_group **replay_sorted(const struct replay *r);
