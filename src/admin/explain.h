/*
 * Why a request is treated as it is: every list of rules that is asked on its road, in that order,
 * each explained by the evaluator of the live path (acl/explain.h).
 */
#pragma once

#include "acl/explain.h"
#include "net/floor.h"

struct snapshot;

struct explain_stage {
	const char *directive;
	struct acl_explanation x;
	unsigned needed; /* facts that were looked at, as bits 1 << FACT_x */
};

/* An address of the URL's host, as ssrf_protection sees it. */
struct explain_address {
	struct ip ip;
	enum floor_class class;
	bool is_named; /* by the line that allowed, so that it passes all the same */
};

struct explanation {
	struct explain_stage *stages;
	size_t n;
	struct explain_address *addresses; /* NULL: not known, or not asked */
	unsigned n_addresses;
	unsigned untold;      /* with NEED: unknown facts that the lists may ask for, as bits */
	bool is_below_floor;  /* ssrf_protection lets connect to none of them */
	enum verdict verdict; /* of the first stage that did not allow, or VERDICT_ALLOW */
};

/*
 * Ask the lists of s that decide whether this request may pass, up to the first that does not allow
 * it; those about replies only if there is a reply. What *out points to lies in the arena and in s.
 */
void explain_request(const struct snapshot *s, const struct facts *f, struct arena *a,
                     struct explanation *out);

/* is_brief: only what decided, and what came nearest to deciding otherwise. */
void explain_print(FILE *to, const struct explanation *e, bool is_brief, struct arena *a);
/* One JSON object, and a newline. doc/facts.md describes it. */
void explain_print_json(FILE *to, const struct explanation *e, const struct facts *f);
