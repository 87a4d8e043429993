/*
 * Where on the disks each object's head is: about 24 bytes for each of ten million objects.
 *
 * Sharded by key; each shard is an open-addressed table with its own lock, the innermost of the
 * cache's: these functions may be called with any of the others held. An entry keeps 64 bits of the
 * key: whoever reads the head compares the rest, the URI and the variant. Shared.
 *
 * A shard grows by an eighth at a time, under its lock: with the 1024 shards that are meant for ten
 * million objects that moves some 200 KB. Memory is BUDGET_INDEX.
 */
#pragma once

#include "cache/key.h"

struct cache_index;

struct index_entry {
	uint32_t segment; /* number of the segment; unique over all directories of a process */
	uint32_t offset;  /* of the head's record, in units of INDEX_UNIT bytes */
	/*
	 * Of the record (head, and the body if it lies behind it), rounded up to INDEX_UNITs: 1 to
	 * INDEX_BYTES_MAX.
	 */
	uint32_t bytes;
	uint8_t uses;  /* 0..INDEX_USES_MAX: how often it was used, as S3-FIFO counts */
	uint8_t flags; /* INDEX_* */
};
#define INDEX_UNIT      16u
#define INDEX_BYTES_MAX 0xffffffu /* in INDEX_UNITs: just below 256 MiB */
#define INDEX_USES_MAX  3u
#define INDEX_SHARDS    1024u /* what the proxy uses; a test may want fewer */
enum {
	INDEX_IS_OLD = 1, /* loaded after a power loss: to be validated before it is used */
	INDEX_FLAGS = 63  /* all that there is room for */
};

/* shards: a power of two, at most 65536. ERR_NOMEM. */
enum err cache_index_new(struct cache_index **out, unsigned shards) MUST_USE;
void cache_index_free(struct cache_index **x);

/* False: not there. `use`: count a use. */
bool cache_index_find(struct cache_index *x, struct cache_key k, bool use, struct index_entry *out);
/*
 * Put, or replace what was there (then *replaced is true and *old is that; both may be NULL). An
 * entry keeps the uses of the one it replaces. ERR_NOMEM, ERR_LIMIT (memory_limit; or a record that
 * is empty or too long): nothing has changed, and it was counted (INDEX_REFUSED).
 */
enum err cache_index_put(struct cache_index *x, struct cache_key k, const struct index_entry *e,
                         bool *replaced, struct index_entry *old) MUST_USE;
/* Remove only if it still is at that place. True: it was. */
bool cache_index_remove(struct cache_index *x, struct cache_key k, uint32_t segment,
                        uint32_t offset);
/*
 * Move an entry that is still at `from` to `to` (it was written again), with the uses and flags of
 * `to`. False: it is not there any more. Never in want of memory.
 */
bool cache_index_move(struct cache_index *x, struct cache_key k, const struct index_entry *from,
                      const struct index_entry *to);

/*
 * Loading. Whatever is there already is newer and stays, so a loader goes from the newest segment
 * to the oldest, and within one from its end; what was forgotten meanwhile is his to know. Sets
 * is_entered. Returns how many entries were refused for want of memory. Much faster than one at a
 * time where n is some hundreds at least: a sealed segment's index is a good piece.
 */
struct index_load {
	struct cache_key key;
	struct index_entry entry;
	bool is_entered;
};
size_t cache_index_load(struct cache_index *x, struct index_load *items, size_t n);

/*
 * Remove all entries of these segments (ascending numbers): their files are lost, or a directory is
 * closed. Looks at each entry there is. Returns how many were removed.
 */
uint64_t cache_index_drop_segments(struct cache_index *x, const uint32_t *segments, size_t n);

uint64_t cache_index_count(struct cache_index *x);
uint64_t cache_index_memory(struct cache_index *x); /* bytes */
