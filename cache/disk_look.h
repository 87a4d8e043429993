/*
 * Looking into a directory of the store from outside, also beside a running proxy: read-only, without the lock.
 *
 * What the proxy has only in memory (half a second at most) is not seen, and what it evicts meanwhile is passed over.
 * Blocks; for commands.
 */
#pragma once

#include "cache/disk.h"

struct disk_look;

/* ERR_NOT_FOUND, ERR_PERMISSION, ...: there is no such folder, or it cannot be read; ERR_UNSUPPORTED: it is none of ours, or of another version. */
enum err disk_look_open(struct disk_look **out, const char *path) MUST_USE;
void disk_look_close(struct disk_look **l);

struct disk_look_stats {
	uint64_t capacity_bytes, segments, sealed_segments, file_bytes;
	uint64_t journal_bytes, tombstones;
	int64_t made_s;
	bool is_in_use; /* or was left by a crash */
};
void disk_look_stats(struct disk_look *l, struct disk_look_stats *out);

/* Called now and then: bytes of the files that were gone through, and of all. */
typedef void disk_look_progress_fn(void *arg, uint64_t done, uint64_t all);

struct disk_look_object {
	struct disk_found
		found; /* valid during the call; the body too where it lies behind the head */
	uint32_t segment;
	uint64_t offset, bytes; /* of the record */
	bool is_old;            /* to be validated before it is used */
};
/* Each object that exists, in no order. `see` returns false to end it. */
typedef bool disk_look_fn(void *arg, const struct disk_look_object *o);
/* ERR_SYSTEM: something could not be read; it was passed over. progress may be NULL. */
enum err disk_look_each(struct disk_look *l, disk_look_fn *see, disk_look_progress_fn *progress,
                        void *arg) MUST_USE;

struct disk_look_verdict {
	uint64_t records, bytes, bad, unread;
};
/* Reads all records there are and compares their checksums. `bad_one` is told each that is wrong. */
typedef void disk_look_bad_fn(void *arg, uint32_t segment, uint64_t offset);
enum err disk_look_verify(struct disk_look *l, struct disk_look_verdict *out,
                          disk_look_bad_fn *bad_one, disk_look_progress_fn *progress,
                          void *arg) MUST_USE;
