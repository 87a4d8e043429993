/*
 * What squid.conf says about the cache. Immutable; part of a snapshot. Texts live in its arena.
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
};

enum memory_cache_mode { MEMORY_CACHE_ALWAYS, MEMORY_CACHE_DISK, MEMORY_CACHE_NETWORK };

struct refresh_rules; /* refresh.h */
struct range_limit;

struct cache_conf {
	struct cache_dir *dirs;
	uint64_t cache_mem_bytes;
	uint64_t max_object_bytes, min_object_bytes; /* on disk */
	uint64_t max_object_in_memory_bytes;
	enum memory_cache_mode memory_cache_mode;
	unsigned swap_low_pct, swap_high_pct;
	int64_t store_sync_ms;

	const struct refresh_rules *refresh;
	int64_t max_stale_s, minimum_expiry_s, negative_ttl_s;
	bool offline_mode, reload_into_ims, refresh_all_ims, cache_miss_revalidate;
	bool vary_ignore_expire;

	int64_t quick_abort_min_bytes, quick_abort_max_bytes; /* -1: always go on */
	unsigned quick_abort_pct;
	bool collapsed_forwarding;
	int64_t read_ahead_bytes;
	const struct range_limit *range_limits; /* range_offset_limit, in their order */

	const struct acl_rules *cache, *send_hit, *store_miss, *collapsed_forwarding_access;
};
