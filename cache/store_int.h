/*
 * The inside of the store: its table of objects in memory, what they are charged, and who goes when
 * cache_mem is full. Private to cache/.
 *
 * The table is sharded by key. A shard's lock guards which objects it lists; the object's own lock,
 * within it, guards what the object is charged; the queue of eviction has a lock behind both. An
 * object is listed while it is awaited or filled (if others may find it), while it is kept, and,
 * when it was evicted, until nobody uses it any more: so a purge finds all that could come back.
 */
#pragma once

#include <stdatomic.h>

#include "base/list.h"
#include "base/table.h"
#include "cache/body_int.h"
#include "cache/dirs.h"
#include "cache/evict.h"
#include "cache/fill.h"
#include "cache/store.h"

#define STORE_MAGIC  0x5702e01du
#define STORE_SHARDS 256u
/* Of a shard: keys whose last reply was not for sharing. The oldest gives way. */
#define STORE_MARKS   16u
#define STORE_MARK_MS 10000

struct store_mark {
	struct cache_key key;
	int64_t until_ms;
};

/* Guarded by its lock. */
struct store_shard {
	struct lock lock;
	struct table table;  /* of struct cobj_resident */
	struct list filling; /* struct cobj_fill: all under way whose URI's key belongs here */
	struct list loading; /* struct load: what is read from a disk, likewise */
	struct store_mark marks[STORE_MARKS];
	unsigned next_mark;
} __attribute__((aligned(64)));

/* An object's place in the table. */
struct cobj_resident {
	struct table_node node; /* hash: key.lo; by the shard's lock */
	struct cobj *cobj;      /* counted */
	uint64_t bytes;         /* charged to mem_bytes; by the object's lock */
	/* By the store's evict_lock: */
	struct evict_node evict;
	struct list passing; /* linked in the store's list while it only passes */
	bool is_queued;      /* may be evicted */
	uint8_t inherited;   /* uses of the one that it has renewed; before it is queued */
};

/* Shared; each atomic is a figure for itself. */
struct store {
	uint32_t magic;
	struct jobs *jobs;
	struct cache_secret secret; /* immutable */
	struct store_shard *shards;
	struct cobj_memfds memfds;
	struct store_dirs dirs;

	/* From the configuration. */
	_Atomic uint64_t mem_max_bytes, max_in_memory_bytes, read_ahead_bytes;
	_Atomic int memory_mode; /* enum memory_cache_mode */

	_Atomic uint64_t mem_bytes, mem_objects, in_transit, evicted;
	/* what may be kept for slow readers of what is not kept (fill.c) */
	_Atomic uint64_t widened;
	struct lock evict_lock;
	struct evict evict; /* by evict_lock */
	/* struct cobj_resident: in use when it was their turn; by evict_lock */
	struct list passing;
};

static inline uint64_t store_limit(const _Atomic uint64_t *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

/* Does what came from the network stay in memory, as far as the configuration is concerned? */
static inline bool store_may_stay_in_memory(const struct store *s, uint64_t bytes)
{
	return atomic_load_explicit(&s->memory_mode, memory_order_relaxed) != MEMORY_CACHE_DISK &&
	       bytes <= store_limit(&s->max_in_memory_bytes) &&
	       bytes < store_limit(&s->mem_max_bytes);
}

static inline struct store_shard *store_shard(struct store *s, struct cache_key k)
{
	return &s->shards[k.hi % STORE_SHARDS];
}

/* The object with this key and URI, counted; NULL: there is none. A use is counted. */
struct cobj *store_find(struct store *s, struct cache_key k, struct span url);
/* List c, unless another one has its key: that one, counted, and c stays unlisted. */
struct cobj *store_list_or_find(struct store *s, struct cobj *c);
/* List c in the place of whoever has its key, who becomes unwanted. */
void store_list(struct store *s, struct cobj *c);
/* Is it in the table, so that others may find it? */
bool store_is_listed(struct cobj *c);
/* Take it out of the table, if it is in. True: it was. */
bool store_unlist(struct store *s, struct cobj *c);
/* The same, with the promise that nothing of it is kept later either. */
bool store_unlist_unwanted(struct store *s, struct cobj *c);
/*
 * c, which has the same key, takes the place of `old`; false: that is not listed any more, and
 * nothing is done.
 */
bool store_replace(struct store *s, struct cobj *old, struct cobj *c) MUST_USE;

/* n bytes of cache_mem for a listed object, if need be in the place of others. False: no room. */
bool store_charge(struct store *s, struct cobj *c, uint64_t n) MUST_USE;
void store_discharge(struct store *s, struct cobj *c);
/* A listed, complete object may be evicted from now on. */
void store_queue(struct store *s, struct cobj *c);
/* Others are made to go until cache_mem is kept. */
void store_evict_to_limit(struct store *s);
/*
 * It is listed only as long as somebody uses it. Given back with the last use:
 * store_release_passing().
 */
void store_let_pass(struct store *s, struct cobj *c);
/* Nothing is listed any more whose body lies in a directory that is not named any more. */
void store_forget_retired(struct store *s);
/*
 * Give the caller's reference back, and with the last one the place in the table. False: it is in
 * no table, and the reference is still the caller's.
 */
bool store_release_passing(struct cobj *c) MUST_USE;
/* Some of those that pass, whose last user was missed: by each store_tick(). */
void store_sweep(struct store *s);

/* In the list of those under way, and out of it. */
void store_add_filling(struct store *s, struct cobj_fill *f);
void store_remove_filling(struct store *s, struct cobj_fill *f);

bool store_is_marked(struct store *s, struct cache_key k, int64_t now_ms);
void store_mark(struct store *s, struct cache_key k, int64_t now_ms);
void store_unmark(struct store *s, struct cache_key k);
