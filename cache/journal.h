/*
 * Tombstones: what must not come back. Their records, and what a start makes of them.
 *
 * A tombstone says that nothing of this key with a sequence number up to its own exists any more.
 * It is needed as long as the segment that it buried something in (or, where that is not known,
 * some segment that is as old) is there. Records and the set are pure; the files are kept by
 * disk_journal.c.
 */
#pragma once

#include "cache/disk.h"

#define JOURNAL_RECORD_BYTES 32u
#define JOURNAL_NAME_BYTES   20u
#define JOURNAL_ANY_SEGMENT  UINT32_MAX

struct tombstone {
	struct cache_key key;
	uint64_t seq;
	uint32_t segment; /* without the directory's id, or JOURNAL_ANY_SEGMENT */
};

/* "journal-0000002a" */
void journal_name(uint32_t number, char name[JOURNAL_NAME_BYTES]);
bool journal_parse_name(const char *name, uint32_t *number) MUST_USE;

void journal_put(char at[JOURNAL_RECORD_BYTES], const struct tombstone *t, uint64_t store);
/* False: not written whole, or another store's. */
bool journal_get(const char at[JOURNAL_RECORD_BYTES], uint64_t store, struct tombstone *t) MUST_USE;

/* The highest sequence number for each key that is buried. Guarded by whoever owns it. */
struct journal_dead {
	struct tombstone *slots; /* seq 0: free */
	size_t n, cap;
};
/* False: no memory. */
bool journal_dead_add(struct journal_dead *d, const struct tombstone *t) MUST_USE;
bool journal_is_dead(const struct journal_dead *d, struct cache_key key, uint64_t seq);
void journal_dead_fini(struct journal_dead *d);
