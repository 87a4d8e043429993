/*
 * Where on the disks each object's head is: about 24 bytes for each of ten million objects.
 *
 * Sharded by key; each shard is an open-addressed table with its own lock. An entry keeps 64 bits of the
 * key: whoever reads the head compares the rest, the URI and the variant. Shared.
 */
#pragma once

#include "cache/key.h"

struct cache_index;

struct index_entry {
	uint32_t segment; /* number of the segment; unique over all directories of a process */
	uint32_t offset;  /* of the head's record, in units of INDEX_UNIT bytes */
	uint32_t
		bytes; /* of the record (head, and the body if it lies behind it), rounded up; in INDEX_UNITs */
	uint8_t uses;  /* 0..3: how often it was used, as S3-FIFO counts */
	uint8_t flags; /* INDEX_* */
};
#define INDEX_UNIT 16u
enum {
	INDEX_IS_OLD = 1 /* loaded after a power loss: to be validated before it is used */
};

/* shards: a power of two. ERR_NOMEM. */
enum err cache_index_new(struct cache_index **out, unsigned shards) MUST_USE;
void cache_index_free(struct cache_index **x);

/* False: not there. `use`: count a use. */
bool cache_index_find(struct cache_index *x, struct cache_key k, bool use, struct index_entry *out);
/* Put, or replace what was there (then *old is that, and true is returned). ERR_NOMEM leaves it out. */
enum err cache_index_put(struct cache_index *x, struct cache_key k, const struct index_entry *e,
                         bool *replaced, struct index_entry *old);
/* Remove only if it still is at that place. True: it was. */
bool cache_index_remove(struct cache_index *x, struct cache_key k, uint32_t segment,
                        uint32_t offset);
/* Remove wherever it is. */
bool cache_index_drop(struct cache_index *x, struct cache_key k, struct index_entry *old);
/* Move an entry that is still at `from` to `to` (it was written again). False: it is not there any more. */
bool cache_index_move(struct cache_index *x, struct cache_key k, const struct index_entry *from,
                      const struct index_entry *to);
uint64_t cache_index_count(struct cache_index *x);
uint64_t cache_index_memory(struct cache_index *x); /* bytes */
