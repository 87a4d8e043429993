/*
 * May a stored reply answer this request, and if not, what is to be done (RFC 9111 4.2, 4.3.1, 5.2;
 * RFC 5861; Squid's refresh_pattern)?
 *
 * Pure: what is stored, the request, the configuration and the time in, a verdict out.
 */
#pragma once

#include "cache/cache_conf.h"
#include "cache/cobj.h"
#include "cache/control.h"

enum freshness_verdict {
	FRESHNESS_FRESH,                /* serve it */
	FRESHNESS_STALE_ALLOWED,        /* it is stale; serve it, `reason` says who allows that */
	FRESHNESS_SERVE_AND_REVALIDATE, /* serve it, and validate it meanwhile for the next */
	FRESHNESS_REVALIDATE,           /* ask the origin whether it is still good */
	FRESHNESS_RELOAD,               /* fetch it anew, without a condition of ours */
	FRESHNESS_GATEWAY_TIMEOUT       /* only-if-cached: 504 */
};

/* Why. FRESHNESS_REASON(symbol, words) */
#define FRESHNESS_REASONS(X)                                                                       \
	X(EXPLICIT, "the reply says how long it is fresh")                                         \
	X(HEURISTIC, "by the time since it was modified")                                          \
	X(MINIMUM, "by refresh_pattern's minimum")                                                 \
	X(OVERRIDE_EXPIRE, "by override-expire")                                                   \
	X(OVERRIDE_LASTMOD, "by override-lastmod")                                                 \
	X(NEGATIVE, "an error that is kept for negative_ttl")                                      \
	X(OFFLINE, "offline_mode")                                                                 \
	X(REQUEST_MAX_STALE, "the request takes stale replies")                                    \
	X(STALE_WHILE_REVALIDATE, "the reply says stale-while-revalidate")                         \
	X(REPLY_NO_CACHE, "the reply says no-cache or private")                                    \
	X(MUST_REVALIDATE, "it is stale and must be validated then")                               \
	X(MARKED_STALE, "it is marked as stale")                                                   \
	X(REQUEST_NO_CACHE, "the request says no-cache")                                           \
	X(REQUEST_MAX_AGE, "it is older than the request wants")                                   \
	X(REQUEST_MIN_FRESH, "it is not fresh for as long as the request wants")                   \
	X(REQUEST_IMS, "refresh-ims or refresh_all_ims")                                           \
	X(RELOAD_INTO_IMS, "the request says no-cache, and reload-into-ims")                       \
	X(MAX_STALE, "it is staler than max_stale")                                                \
	X(EXPIRED, "it has expired")                                                               \
	X(TOO_OLD, "it is older than refresh_pattern's maximum")                                   \
	X(NO_LIFETIME, "nothing says how long it is fresh")                                        \
	X(NEGATIVE_EXPIRED, "an error whose negative_ttl is over")

enum freshness_reason {
#define X(symbol, words) FRESHNESS_BY_##symbol,
	FRESHNESS_REASONS(X)
#undef X
};

struct freshness_question {
	const struct cache_conf *conf;
	struct span url; /* what refresh_pattern looks at: the store id, or the canonical URL */
	const struct http_head *request;
	const struct http_head *stored;
	const struct cobj_meta *meta;
	int64_t now_s; /* wall clock */
};

struct freshness {
	enum freshness_verdict verdict;
	enum freshness_reason reason;
	int64_t age_s;      /* RFC 9111 4.2.3: what Age says */
	int64_t lifetime_s; /* 4.2.1, or the heuristics; 0: none */
	int64_t stale_s;    /* since when it is stale; -1: it is fresh */
	/* Else a validation is a plain fetch: Squid logs it as a MISS. False where it is FRESH. */
	bool has_validator;
	/*
	 * If the validation (or the fetch) fails or ends in a 5xx, the stored reply may answer
	 * after all; false: the error is passed on, or 504 if there is no reply (5.2.2.2).
	 */
	bool may_serve_on_error;
};

void freshness_check(const struct freshness_question *q, struct freshness *f);
const char *freshness_reason_text(enum freshness_reason r);

/* --- what storable.c asks as well ------------------------------------------------------------- */

/* What a reply says of its own times. */
struct freshness_times {
	int64_t date_s;          /* of Date; of its arrival if that is missing or no date */
	int64_t last_modified_s; /* -1: not said, no date, or the lifetime is explicit */
	int64_t explicit_s;      /* lifetime; -1: not said */
	bool has_date;
};
void freshness_read_times(const struct http_head *reply, const struct control *c,
                          int64_t response_s, bool vary_ignore_expire, struct freshness_times *t);
/* Whether it can be validated: it has an ETag, or a Last-Modified that is a date. */
bool freshness_has_validator(const struct http_head *reply);
/* RFC 9111 4.2.3: current_age at now_s. */
int64_t freshness_age(const struct http_head *reply, const struct freshness_times *t,
                      int64_t request_s, int64_t response_s, int64_t now_s);
/*
 * Squid's order: what is said explicitly; else refresh_pattern's maximum, percentage and minimum.
 * -1: fresh at that age; else for how many seconds it has been stale. *reason and *lifetime_s are
 * set.
 */
struct refresh_rule;
int64_t freshness_staleness(const struct freshness_times *t, const struct refresh_rule *rule,
                            int64_t age_s, enum freshness_reason *reason, int64_t *lifetime_s);
/*
 * Whether override-expire or override-lastmod has it count as fresh; *reason is what staleness
 * was found by.
 */
bool freshness_is_overridden(const struct freshness_times *t, const struct refresh_rule *rule,
                             int64_t age_s, enum freshness_reason *reason);
