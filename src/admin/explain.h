/*
 * Why a request is treated as it is: every list of rules that is asked on its road, in that order,
 * each explained by the evaluator of the live path (acl/explain.h).
 */
#pragma once

#include "acl/explain.h"
#include "cache/freshness.h"
#include "cache/refresh.h"
#include "cache/storable.h"
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

/* What the cache does with the reply, as far as it is told. */
struct explain_cache {
	const struct refresh_rule *rule; /* NULL: the cache is not asked */
	bool has_reply;                  /* the next two are known */
	bool is_denied;                  /* by store_miss */
	struct storable storable;
	struct freshness freshness; /* if it is stored now */
};

struct explanation {
	struct explain_stage *stages;
	size_t n;
	struct explain_address *addresses; /* NULL: not known, or not asked */
	unsigned n_addresses;
	struct explain_cache cache;
	unsigned untold;      /* with NEED: unknown facts that the lists may ask for, as bits */
	bool is_below_floor;  /* ssrf_protection lets connect to none of them */
	enum verdict verdict; /* of the first stage that did not allow, or VERDICT_ALLOW */
};

/*
 * Ask the lists of s that decide whether this request may pass, up to the first that does not allow
 * it; those about replies only if there is a reply. Then what the cache makes of it. now_s: when
 * that is, seconds since 1970; -1: not all fields are known that it would look at, so it is not
 * asked about the reply. What *out points to lies in the arena and in s.
 */
void explain_request(const struct snapshot *s, const struct facts *f, int64_t now_s,
                     struct arena *a, struct explanation *out);

/* is_brief: only what decided, and what came nearest to deciding otherwise. */
void explain_print(FILE *to, const struct explanation *e, bool is_brief, struct arena *a);
/* One JSON object, and a newline. doc/facts.md describes it. */
void explain_print_json(FILE *to, const struct explanation *e, const struct facts *f,
                        struct arena *a);

/* --- explain_cache.c: the part about the cache ------------------------------------------------ */

/* Is the cache asked for this request, by what is explained so far? */
bool explain_asks_cache(const struct snapshot *s, const struct facts *f,
                        const struct explanation *so_far);
/* The refresh_pattern that applies; what becomes of the reply, if it is told. Fills out->cache. */
void explain_cache(const struct snapshot *s, const struct facts *f, int64_t now_s,
                   struct explanation *out);
void explain_print_cache(FILE *to, const struct explain_cache *c, struct arena *a);
/* Two members of an object, with a comma before each. */
void explain_print_cache_json(FILE *to, const struct explain_cache *c, struct arena *a);
