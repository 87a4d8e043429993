/*
 * This cache's member of a reply's Cache-Status (RFC 9211).
 *
 * Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"

/* Why a request was forwarded (2.2). */
enum status_field_fwd {
	STATUS_FWD_BYPASS,    /* the cache was not asked to handle it: `cache deny` */
	STATUS_FWD_METHOD,    /* the method's semantics */
	STATUS_FWD_URI_MISS,  /* nothing is stored for the URI */
	STATUS_FWD_VARY_MISS, /* for the URI, but not for what this request says */
	STATUS_FWD_MISS,
	STATUS_FWD_REQUEST, /* fresh, but the request wants it from the origin */
	STATUS_FWD_STALE,
	STATUS_FWD_PARTIAL
};

struct status_field {
	struct span cache; /* who we are: visible_hostname */
	bool hit;          /* else fwd says why not */
	enum status_field_fwd fwd;
	/* of the reply that came, if it is another than is sent; 0: leave out */
	unsigned fwd_status;
	bool has_ttl;
	int64_t ttl_s; /* how long it remains fresh; negative: since when it is stale */
	bool stored, collapsed;
	struct span detail; /* a token or a text; empty: none */
};

/* The member's text, in the arena: for a field of its own behind those of other caches. */
struct span status_field_text(const struct status_field *f, struct arena *a);
