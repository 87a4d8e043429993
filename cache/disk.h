/*
 * One directory of the store (a cache_dir): segments that are written once, and read by whoever asks.
 *
 * Writing: records are copied into a buffer in memory and written by jobs in big pieces, at the latest
 * after a second; synced each store_sync. Nothing here blocks the caller: if the buffers are full, the
 * answer is ERR_LIMIT and the object is not stored. What is still in a buffer is read from there.
 * Reading: pages that are resident at once (RWF_NOWAIT), others by a job, which verifies checksums.
 * Format: doc/cache-format.md. Shared, guarded by its own lock; never held over a system call.
 */
#pragma once

#include "cache/cache_conf.h"
#include "cache/cobj.h"
#include "cache/index.h"
#include "loop/jobs.h"
#include "loop/op.h"

struct disk;

/* Where a fragment of a body lies. */
struct disk_place {
	uint32_t segment;
	uint32_t bytes;    /* of the fragment */
	uint64_t offset;   /* of its first byte in the segment's file */
	uint64_t checksum; /* of its bytes */
};

/* At most that much of a body is one fragment. */
#define DISK_FRAGMENT_BYTES 1048576u

/*
 * Open a prepared directory, or prepare an empty one. Its index is loaded by a job into `index`; while that
 * goes on objects are already found as they come. ERR_BUSY: another process has it; ERR_UNSUPPORTED: another version
 * made it; ERR_SYSTEM. All are reported to the operator here, with what to do.
 */
enum err disk_open(struct disk **out, const struct cache_dir *dir,
                   const struct cache_secret *secret, struct cache_index *index,
                   struct jobs *js) MUST_USE;
/* Writes out and syncs what is in buffers, seals the open segments, and lets go. Blocks. */
void disk_close(struct disk **d);
bool disk_is_loaded(struct disk *d);

/* --- writing ------------------------------------------------------------------------------------- */

/* A fragment of a body that has more than one, or whose head comes later. ERR_LIMIT, ERR_SYSTEM (the disk is out of use). */
enum err disk_put_fragment(struct disk *d, struct cache_key key, struct span bytes,
                           struct disk_place *place) MUST_USE;
/*
 * The head, which makes the object exist: with its body behind it (inline_body; then n is 0), or with
 * the places of its fragments. Enters it into the index.
 */
enum err disk_put_head(struct disk *d, const struct cobj *c, struct span inline_body,
                       const struct disk_place *places, uint32_t n) MUST_USE;

/* --- reading ------------------------------------------------------------------------------------- */

/*
 * Read the object of an index entry. READY: *out is a COBJ_COMPLETE object whose key, URI and
 * checksums are right, or NULL (gone, broken, somebody else's: then it is out of the index).
 * wants_body: of one whose body lies behind its head, the body comes along in memory.
 */
struct disk_load {
	struct op op;
	struct disk *disk;
	struct cache_key key;
	struct index_entry entry;
	struct cobj *out;
	bool failed; /* it was there and could not be read */
	void *job;
};
enum op_status disk_load(struct disk_load *q, struct loop *l, struct task *waiter);

/*
 * Make a fragment's bytes available. READY: either `bytes` (they are in memory: a buffer that is not written yet; held by
 * `hold`), or fd and offset in a file whose pages are resident and verified. FAILED: it cannot be read, or its
 * checksum is wrong: reported, and the object is dropped by the caller.
 */
struct disk_fragment {
	struct op op;
	struct disk *disk;
	struct disk_place place;
	struct span bytes;
	int fd;
	uint64_t offset;
	void *hold, *job;
};
enum op_status disk_fragment(struct disk_fragment *q, struct loop *l, struct task *waiter);
/* Let go of what `hold` holds. */
void disk_fragment_done(struct disk_fragment *q);

/* --- forgetting ---------------------------------------------------------------------------------- */

/*
 * Nothing that was written under this key so far will be found again. Goes into the journal: at once safe
 * from a kill; from a power loss when disk_sync() is READY.
 */
void disk_forget(struct disk *d, struct cache_key key);
struct disk_sync {
	struct op op;
	struct disk *disk;
	void *job;
};
enum op_status disk_sync(struct disk_sync *q, struct loop *l, struct task *waiter);

/* --- looking ------------------------------------------------------------------------------------- */

struct disk_stats {
	const char *path;
	uint64_t capacity_bytes, used_bytes, objects, segments;
	uint64_t written_bytes, admitted_bytes, rewritten_bytes, evicted_objects;
	uint64_t refused, bad_checksums, io_errors;
	bool is_out_of_use;
};
void disk_stats(struct disk *d, struct disk_stats *out);
