/*
 * Cache-Control as a struct (RFC 9111 5.2), of a request or of a reply, with Pragma where it is all
 * there is (5.4). CDN-Cache-Control and the like (RFC 9213) are not ours and not looked at.
 *
 * What is repeated or nonsense is read as the most restrictive that it can mean (4.2.1): the least
 * of several max-ages, 0 for one that is no number; what would only have relaxed something is as if
 * it were not there. Pure; spans point into the head.
 */
#pragma once

#include "http/head.h"

enum {
	CONTROL_FIELD = 1 << 0, /* there is a Cache-Control */
	CONTROL_NO_STORE = 1 << 1,
	CONTROL_NO_CACHE = 1 << 2,    /* without names of fields, or Pragma: no-cache alone */
	CONTROL_NO_CACHE_OF = 1 << 3, /* with names: control_names() */
	CONTROL_PRIVATE = 1 << 4,     /* without names */
	CONTROL_PRIVATE_OF = 1 << 5,
	CONTROL_PUBLIC = 1 << 6,
	CONTROL_MUST_REVALIDATE = 1 << 7,
	CONTROL_PROXY_REVALIDATE = 1 << 8,
	CONTROL_MUST_UNDERSTAND = 1 << 9,
	CONTROL_IMMUTABLE = 1 << 10, /* RFC 8246 */
	CONTROL_NO_TRANSFORM = 1 << 11,
	CONTROL_ONLY_IF_CACHED = 1 << 12,
	CONTROL_MAX_AGE = 1 << 13, /* max_age_s is set; the following likewise */
	CONTROL_S_MAXAGE = 1 << 14,
	CONTROL_MAX_STALE = 1 << 15,
	CONTROL_MIN_FRESH = 1 << 16,
	CONTROL_STALE_WHILE_REVALIDATE = 1 << 17, /* RFC 5861 */
	CONTROL_STALE_IF_ERROR = 1 << 18
};

#define CONTROL_SECONDS_MAX (INT64_C(1) << 31) /* what is greater counts as this (RFC 9111 1.2.2) */
#define CONTROL_LISTS_MAX   4
#define CONTROL_NAMES_MAX   32 /* of a list; each field of a reply is compared with each of them */

/* The arguments of private= or no-cache=: field names with commas between them. */
struct control_lists {
	struct span v[CONTROL_LISTS_MAX];
	unsigned n;
};

struct control {
	uint32_t bits;
	int64_t max_age_s, s_maxage_s, min_fresh_s;
	int64_t max_stale_s; /* INT64_MAX: however stale */
	int64_t stale_while_revalidate_s, stale_if_error_s;
	struct control_lists private_of, no_cache_of;
};

void control_parse(const struct http_head *h, struct control *c);
static inline bool control_has(const struct control *c, uint32_t any_of)
{
	return (c->bits & any_of) != 0;
}
/* Whether one of the lists has this name, in any case. */
bool control_names(const struct control_lists *l, struct span field);
/* A number of seconds: digits only; what is too great saturates. */
bool control_seconds(struct span s, int64_t *seconds) MUST_USE;
