/*
 * One directory of the store (a cache_dir): segments that are written once, and read by whoever
 * asks.
 *
 * Writing: records are copied into a buffer in memory and written by jobs in big pieces, at the
 * latest after a second; synced each store_sync. Nothing here blocks the caller: if the buffers are
 * full, the answer is ERR_LIMIT and the object is not stored. What is still in a buffer is read
 * from there.
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
/* A body up to this length had best lie behind its head: one read brings both. */
#define DISK_INLINE_BYTES 32768u

/*
 * Directories of one process have ids below DISK_IDS; a segment's number (in the index, in places)
 * tells whose it is.
 */
#define DISK_IDS          64u
#define DISK_SEGMENT_BITS 26u
static inline unsigned disk_id_of(uint32_t segment)
{
	return segment >> DISK_SEGMENT_BITS;
}

/* --- life ------------------------------------------------------------------------------------- */

/*
 * The secret that a prepared directory was made with. All directories of a store must share one:
 * take that of the first that has one, or draw one. ERR_NOT_FOUND: it is new or empty; other
 * errors: disk_open() would report them.
 */
enum err disk_secret(const struct cache_dir *dir, struct cache_secret *secret) MUST_USE;
/*
 * Make a directory usable: create it (not its parents) and its label. Harmless on one that is
 * prepared already; reports what is wrong otherwise. For `cuttle -z`; disk_open() does it too.
 */
enum err disk_prepare(const struct cache_dir *dir, const struct cache_secret *secret) MUST_USE;
/*
 * All of a configuration; `tell` hears of each that can be used now, or is in use. False: some
 * cannot, which was reported.
 */
typedef void disk_prepared_fn(void *arg, const struct cache_dir *dir, bool was_prepared);
bool disk_prepare_all(const struct cache_conf *conf, disk_prepared_fn *tell, void *arg);
/*
 * Open a prepared directory, or prepare an empty one. Its index is loaded by a job into `index`;
 * while that goes on objects are found as they come. ERR_IN_USE: another process has it;
 * ERR_UNSUPPORTED: another version or another program made it, or with another secret; ERR_SYSTEM.
 * All are reported to the operator here, with what to do. sync_ms: store_sync. The index and the
 * jobs must outlive it.
 */
enum err disk_open(struct disk **out, unsigned id, const struct cache_dir *dir,
                   const struct cache_secret *secret, int64_t sync_ms, struct cache_index *index,
                   struct jobs *js) MUST_USE;
/* New limits after a reload; the path stays. */
void disk_configure(struct disk *d, const struct cache_dir *dir, int64_t sync_ms);
/*
 * Writes out and syncs what is in buffers, seals the open segments, and lets go. Blocks. No
 * operation may be pending and no fragment held. Its entries leave the index only if `forget` (the
 * process goes on).
 */
void disk_close(struct disk **d, bool forget);
/*
 * The same by a job, with `forget`, as soon as its other jobs have ended; `closed` is called there.
 * It blocks only where no job of any kind is to be had: when the process ends.
 */
typedef void disk_closed_fn(void *arg);
void disk_retire(struct disk **d, disk_closed_fn *closed, void *arg);
/*
 * Before the pool of jobs is stopped: those of this directory come to their end soon, and nothing
 * is stored any more.
 */
void disk_stop(struct disk *d);
bool disk_is_loaded(struct disk *d);
/* Wait until it is loaded, at most ms. For the start: what is loaded soon is worth waiting for. */
bool disk_wait_loaded(struct disk *d, int64_t ms);
/*
 * About twice a second, from any thread: starts the job that writes what is in buffers, and syncs
 * when it is time.
 */
void disk_tick(struct disk *d);
/* Wait until all that was started has been done. Blocks; for tests. */
void disk_wait_idle(struct disk *d);

/* --- writing ---------------------------------------------------------------------------------- */

/*
 * A fragment of a body that has more than one, or whose head comes later; at most
 * DISK_FRAGMENT_BYTES.
 * ERR_LIMIT: no room now; ERR_SYSTEM: the directory is out of use.
 */
enum err disk_put_fragment(struct disk *d, struct cache_key key, struct span bytes,
                           struct disk_place *place) MUST_USE;
/*
 * The head, which makes the object exist: with its body behind it (then n is 0; at most
 * DISK_FRAGMENT_BYTES), or with the places of its fragments, in the order of the body. Enters it
 * into the index, in the place of the one before, which will not come back (as with disk_forget()).
 * *place (may be NULL): where the inline body lies.
 */
enum err disk_put_head(struct disk *d, const struct cobj_parts *parts, struct span body,
                       const struct disk_place *places, uint32_t n,
                       struct disk_place *place) MUST_USE;

/* --- reading ---------------------------------------------------------------------------------- */

/* What was read of an object; the texts are in one block of memory that the load owns. */
struct disk_found {
	struct cobj_parts parts;      /* COBJ_IS_STALE is set where it must be validated */
	struct span body;             /* where n_places is 0 */
	struct disk_place body_place; /* where that lies */
	const struct disk_place *places;
	uint32_t n_places;
};
/*
 * Read the object of an index entry (cache_index_find()). READY: what was found; its key is this
 * one and all its checksums are right (whose URI and variant it is the caller compares). FAILED: it
 * is not there; it is out of the index then. disk_load_done() in any case when it is no longer
 * needed, also after op_cancel().
 */
struct disk_load {
	struct op op;
	/* set by the caller */
	struct disk *disk;
	struct cache_key key;
	struct index_entry entry;
	/* results */
	struct disk_found found;
	bool failed; /* it was there and could not be read, or was damaged: TCP_SWAPFAIL_MISS */
	void *memory;
	void *job; /* private */
};
enum op_status disk_load(struct disk_load *q, struct loop *l, struct task *waiter);
void disk_load_done(struct disk_load *q);

/*
 * Make a fragment's bytes available. READY: either `bytes` (they are in memory: a buffer that is
 * not written yet), or fd and offset in a file whose pages are resident and verified; both until
 * disk_fragment_done(). FAILED: it is gone, cannot be read, or its checksum is wrong: reported, and
 * the object is to be dropped by the caller (disk_drop()).
 */
struct disk_fragment {
	struct op op;
	/* set by the caller */
	struct disk *disk;
	struct disk_place place;
	/* that it lies in, held (disk_hold()); NULL: whoever has its number */
	struct segment *segment;
	/* results */
	struct span bytes; /* p is NULL: it is in the file */
	int fd;
	uint64_t offset;
	bool is_busy;     /* FAILED: too many jobs wait; it is not damaged */
	void *hold, *job; /* private */
};
enum op_status disk_fragment(struct disk_fragment *q, struct loop *l, struct task *waiter);
/* Let go of what is held. Harmless on a zeroed one and after op_cancel(). */
void disk_fragment_done(struct disk_fragment *q);

/*
 * Hold the segments of these places: what lies there can be read until disk_let_go(), also if it is
 * evicted meanwhile, or could not be written. What is held counts for the capacity until then.
 * False: one of them is gone, and none is held.
 */
struct segment;
bool disk_hold(struct disk *d, const struct disk_place *places, uint32_t n,
               struct segment **held) MUST_USE;
void disk_let_go(struct disk *d, struct segment **held, uint32_t n);

/* --- forgetting ------------------------------------------------------------------------------- */

/*
 * Nothing that was written under this key so far will be found again; after a kill or a power loss
 * if a disk_sync() that was started afterwards is READY. True: there was one.
 */
bool disk_forget(struct disk *d, struct cache_key key);
/*
 * One that turned out to be damaged: out of the index, if it still is the one of this entry. True:
 * it was.
 */
bool disk_drop(struct disk *d, struct cache_key key, const struct index_entry *entry);
/*
 * Wait until all that was forgotten or replaced by now stays so after a power loss, or at least
 * after a kill, for which it need not be on the device: READY at once where it is so already.
 * FAILED: it could not be written. Many waiters share one write, or fdatasync().
 */
struct disk_sync {
	struct op op;
	/* set by the caller */
	struct disk *disk;
	bool from_kill_only;
	void *waiter; /* private */
};
enum op_status disk_sync(struct disk_sync *q, struct loop *l, struct task *waiter);

/* --- looking ---------------------------------------------------------------------------------- */

/*
 * Read the heads of all objects, for purges by prefix: blocks, so call it from a job. `see` returns
 * false to end it. Heads that came while it went on may be missed, or be seen twice if they were
 * written again. ERR_SYSTEM: some could not be read. ERR_CANCELLED: the directory is being closed.
 */
typedef bool disk_see_fn(void *arg, const struct disk_found *found);
enum err disk_walk(struct disk *d, disk_see_fn *see, void *arg) MUST_USE;

struct disk_stats {
	const char *path;
	uint64_t capacity_bytes, used_bytes, held_bytes, objects, segments;
	/* Since it was opened; written are segments and journal. */
	uint64_t written_bytes, admitted_bytes, rewritten_bytes, evicted_objects;
	/* and in all uses before that ended in order */
	uint64_t all_written_bytes, all_admitted_bytes;
	uint64_t refused, bad_checksums, io_errors;
	bool is_out_of_use, is_loaded;
};
void disk_stats(struct disk *d, struct disk_stats *out);
