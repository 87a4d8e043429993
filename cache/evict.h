/*
 * What goes when a cache is full: S3-FIFO, for objects in memory and for segments on a disk.
 *
 * Two chains in the order of arrival: new objects enter `small`, a tenth of the capacity; those
 * that are used there go on to `main`, the others leave early, and a ghost remembers them: who
 * comes back soon enters `main` at once. At the end of `main` whoever was used gets another round.
 * So what is asked for once passes through a tenth of the cache only. doc/cache-replacement.md has
 * the rules and figures.
 *
 * Pure decisions: nothing here is read, written or freed. Guarded by the caller's lock, but for
 * evict_use().
 */
#pragma once

#include <stdatomic.h>

#include "base/list.h"
#include "cache/key.h"

enum evict_chain { EVICT_SMALL, EVICT_MAIN, EVICT_CHAINS };

#define EVICT_USES_MAX 3u

/* Who left lately: fingerprints of as many objects as `main` has, in a few generations. */
#define EVICT_GENERATIONS 4u
struct evict_ghost {
	struct evict_generation {
		uint16_t *slots; /* 0: free */
		uint32_t n_buckets, count, max;
	} generations[EVICT_GENERATIONS]; /* the first is filled; the last is forgotten next */
};

/* --- objects in memory ------------------------------------------------------------------------ */

/* Embedded in the object. Private to evict.c but for `bytes`, to be read. */
struct evict_node {
	struct list link;
	uint64_t hash;
	uint64_t bytes;
	_Atomic uint8_t uses;
	uint8_t chain;
};

/* Guarded by the store's lock. */
struct evict {
	uint64_t capacity; /* bytes */
	uint64_t bytes[EVICT_CHAINS], objects[EVICT_CHAINS];
	struct list chains[EVICT_CHAINS]; /* oldest first */
	struct evict_ghost ghost;
};

void evict_init(struct evict *e, uint64_t capacity);
/* All nodes have been removed. */
void evict_fini(struct evict *e);
/* Nothing is evicted here: see evict_is_full(). */
void evict_set_capacity(struct evict *e, uint64_t capacity);

/* A new object; it may make the cache overfull. */
void evict_admit(struct evict *e, struct evict_node *n, struct cache_key key, uint64_t bytes);
/* It goes for another reason than want of room. */
void evict_remove(struct evict *e, struct evict_node *n);
/* Would `more` bytes exceed the capacity? Then evict_victim() until they do not. */
bool evict_is_full(const struct evict *e, uint64_t more);
/* The object that must go, already taken out; NULL: there is none. */
struct evict_node *evict_victim(struct evict *e);

/*
 * It was used. From any thread and without a lock: of two uses at the same moment one may go
 * uncounted. Writes nothing any more once the count is full, so that a popular object's line stays
 * in all caches.
 */
static inline void evict_use(struct evict_node *n)
{
	const uint8_t uses = atomic_load_explicit(&n->uses, memory_order_relaxed);

	if (uses < EVICT_USES_MAX)
		atomic_store_explicit(&n->uses, (uint8_t)(uses + 1), memory_order_relaxed);
}

/* --- segments on a disk ----------------------------------------------------------------------- */

/* Embedded in the segment. */
struct evict_segment {
	struct list link;
	uint64_t bytes;
	uint32_t objects;
	uint8_t chain;
};

/* Guarded by the directory's lock. */
struct evict_disk {
	uint64_t capacity;
	uint64_t bytes[EVICT_CHAINS], objects[EVICT_CHAINS];
	struct list chains[EVICT_CHAINS]; /* oldest first */
	uint64_t allowance;               /* bytes that may be written again by now */
	struct evict_ghost ghost;
};

/* capacity: of the directory. Segments should be small against it: a hundredth, better less. */
void evict_disk_init(struct evict_disk *e, uint64_t capacity);
/* All segments have been removed. */
void evict_disk_fini(struct evict_disk *e);
void evict_disk_set_capacity(struct evict_disk *e, uint64_t capacity);

/*
 * A new object of that many bytes in all: to which chain's open segment it belongs. (What is
 * written again belongs to EVICT_MAIN.)
 */
enum evict_chain evict_disk_admit(struct evict_disk *e, struct cache_key key, uint64_t bytes);

/*
 * A sealed segment, or one found at the start, in the order of their numbers. objects: how many
 * heads it holds. Segments that are open are no concern of this file.
 */
void evict_disk_add(struct evict_disk *e, struct evict_segment *s, enum evict_chain chain,
                    uint64_t bytes, uint32_t objects);
/* It goes for another reason. */
void evict_disk_remove(struct evict_disk *e, struct evict_segment *s);

/* The segment that must go, already taken out; NULL: there is none. Its objects are ranked next. */
struct evict_segment *evict_disk_next(struct evict_disk *e);

/* An object that the index still finds in that segment. */
struct evict_object {
	struct cache_key key;
	uint64_t bytes;  /* that writing it again would write */
	uint32_t number; /* the caller's: ranking changes the order */
	/* by the index; of one that is kept afterwards what its new place shall start with */
	uint8_t uses;
	bool is_fixed; /* cannot be written again, say because it has fragments in other segments */
	bool keep;     /* result: write it again, to EVICT_MAIN; else drop it */
};
/*
 * All objects of a segment that evict_disk_next() gave: sorts them, the most uses for their bytes
 * first, and sets `keep` of those that are worth it. Touches nothing else, so it needs no lock.
 */
void evict_disk_rank(const struct evict_segment *s, struct evict_object *objects, size_t n);
/*
 * The same objects in that order, in one call or piece by piece, so that the lock need not be held
 * for all of a large segment (EVICT_RATION_PIECE): `keep` stays with those that the ration allows
 * to be written again. Who is not kept is remembered by the ghost. If one that was to be kept
 * cannot be written after all, it is simply dropped.
 */
void evict_disk_ration(struct evict_disk *e, const struct evict_segment *s,
                       struct evict_object *objects, size_t n);
#define EVICT_RATION_PIECE 256u
