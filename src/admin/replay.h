/*
 * Recorded requests decided again by another policy: which verdicts would change, and how many.
 */
#pragma once

#include "acl/decide.h"
#include "base/table.h"

struct snapshot;

/* Records of which verdict and reason changed in the same way. */
struct replay_group {
	struct table_node node;
	struct span was, was_rule, was_place; /* as recorded: "allow", "http_access ...", "f:1" */
	enum verdict now;
	const struct acl_rule *rule; /* of the candidate; NULL: none matched */
	struct span needs;           /* VERDICT_NEED: which fact, or which field of the request */
	uint64_t n;
	int64_t first_us, last_us;
	struct replay_example *examples; /* of different hosts, the commonest are not told apart */
	unsigned n_examples;
};

#define REPLAY_EXAMPLES_MAX 3
struct replay_example {
	char *src, *method, *url;
};

struct replay {
	const struct snapshot *policy;
	struct table groups; /* struct replay_group */
	uint64_t n, n_same, n_changed, n_cannot_tell, n_not_asked, n_unreadable;
	uint64_t bad_line; /* the first that could not be read, from 1 on; 0: none */
	const char *bad_why;
};

/*
 * Decide each line of text (of the log format facts; the last may lack its newline) by r->policy, in
 * n_threads threads of their own. first_line: the number of the first one. Results are added to r.
 */
void replay_text(struct replay *r, struct span text, uint64_t first_line, unsigned n_threads);
void replay_fini(struct replay *r);

/* The groups, the largest first; malloc'ed, n is set. */
struct replay_group **replay_sorted(const struct replay *r, size_t *n);
