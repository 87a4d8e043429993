/*
 * What squid.conf says about the cache. Immutable after loading; part of a snapshot. Texts are on
 * the heap. Directives: cache/directives.tbl.h.
 */
#pragma once

#include "acl/decide.h"
#include "conf/conf.h"

struct cache_dir {
	struct cache_dir *next;
	struct span path; /* NUL behind it */
	uint64_t max_bytes;
	uint64_t min_object_bytes, max_object_bytes; /* UINT64_MAX: no limit */
	bool is_read_only;                           /* no-store */
	struct conf_place place;                     /* file: on the heap */
};

/* Which replies are kept in memory: all, those read from disk, those from the network, none. */
enum memory_cache_mode {
	MEMORY_CACHE_ALWAYS,
	MEMORY_CACHE_DISK,
	MEMORY_CACHE_NETWORK,
	MEMORY_CACHE_NEVER
};

struct refresh_rules; /* refresh.h */

/* One line of range_offset_limit. */
struct range_limit {
	struct range_limit *next;
	int64_t max_bytes;       /* INT64_MAX: however far */
	struct acl_rules *terms; /* all must match; without any, they do */
};

struct cache_conf {
	struct cache_dir *dirs;
	uint64_t cache_mem_bytes;
	uint64_t max_object_bytes,
		min_object_bytes;            /* on disk; what a directory says itself is in it */
	uint64_t max_object_in_memory_bytes; /* UINT64_MAX: no limit */
	enum memory_cache_mode memory_cache_mode;
	unsigned swap_low_pct, swap_high_pct;
	int64_t store_sync_ms;

	struct refresh_rules *refresh; /* NULL: no such line */
	int64_t max_stale_s, minimum_expiry_s, negative_ttl_s;
	bool offline_mode, reload_into_ims, refresh_all_ims, cache_miss_revalidate;
	bool vary_ignore_expire;

	int64_t quick_abort_min_bytes; /* -1: always go on */
	int64_t quick_abort_max_bytes;
	unsigned quick_abort_pct;
	bool collapsed_forwarding;
	int64_t read_ahead_bytes;
	struct range_limit *range_limits; /* range_offset_limit, in their order */

	/* NULL: no such line. */
	struct acl_rules *cache, *send_hit, *store_miss, *collapsed_forwarding_access;
};

void cache_conf_init(struct cache_conf *c);
void cache_conf_fini(struct cache_conf *c);
/* Once all lines were read, after conf_finish(): what depends on several of them. */
void cache_conf_finish(struct cache_conf *c, struct conf_reader *r);

/*
 * range_offset_limit for one request: how far into an object a range may begin that still makes the
 * whole be fetched. INT64_MAX: however far; 0: none is. The first line counts whose acls match.
 */
typedef bool cache_acls_match_fn(void *arg, const struct acl_rules *acls);
int64_t cache_conf_range_limit(const struct cache_conf *c, cache_acls_match_fn *match, void *arg);
/*
 * quick_abort_*: whether a download that nobody reads any more is worth finishing. expected:
 * length of the body, UINT64_MAX: not known.
 */
bool cache_conf_finishes_abandoned(const struct cache_conf *c, uint64_t expected,
                                   uint64_t received);

/* Setters; the member is in the comment. */
conf_setter_fn cache_conf_dir;                /* struct cache_dir * */
conf_setter_fn cache_conf_size;               /* uint64_t; "none" and -1: UINT64_MAX */
conf_setter_fn cache_conf_abort_size;         /* int64_t; a missing unit means KB; -1 stays */
conf_setter_fn cache_conf_seconds;            /* int64_t */
conf_setter_fn cache_conf_memory_mode;        /* enum memory_cache_mode */
conf_setter_fn cache_conf_range_offset_limit; /* struct range_limit * */
conf_setter_fn cache_conf_not;                /* bool: the opposite of what the line says */
