/*
 * Inside of a directory of the store: segments, pieces that are being filled, the jobs. Private to
 * disk*.c and recover.c.
 *
 * One lock guards all that is not said to be immutable. It is given back by disk_unlock(), which
 * then starts the jobs that were found to be wanted; each kind runs once at a time. The index is
 * innermost: it is asked and changed with the lock held, so that the order of sequence numbers is
 * the order of its changes.
 *
 * A segment goes OPEN -> CLOSED (no more records; pieces may still be unwritten) -> SEALED (index
 * block and footer are in the file) -> GONE (evicted or lost, its file unlinked). GONE ones live
 * until their last reader lets go.
 */
#pragma once

#include <pthread.h>

#include "base/lock.h"
#include "cache/disk.h"
#include "cache/disk_io.h"
#include "cache/disk_label.h"
#include "cache/evict.h"
#include "cache/journal.h"
#include "cache/segment.h"

#define DISK_MAGIC 0x6469736bU

/* A record lies in one piece. */
#define PIECE_BYTES (RECORD_BYTES_MAX + 65536u)
#define PIECE_FULL  1048576u /* begin another one when so much is in it */
/*
 * What an origin on the same network brings while the disk's job waits for its turn, or for a
 * commit of the file system.
 */
#define PIECES_MAX   64u
#define PIECE_MAX_MS 500

#define SEGMENT_HASHES 1024u
#define NUMBER_MASK    ((1u << DISK_SEGMENT_BITS) - 1)
/* Sequence numbers of one use of the directory have the number of that use above these bits. */
#define DISK_SEQ_BITS 40

enum disk_work {
	WORK_LOAD,   /* recover.c */
	WORK_FLUSH,  /* writes pieces, seals, closes what nobody holds */
	WORK_BURY,   /* writes tombstones, for those who wait for that */
	WORK_SETTLE, /* fdatasync of what was written, each store_sync */
	WORK_SYNC,   /* fdatasync of the journal, for those who wait for it */
	WORK_EVICT,
	WORK_N
};

enum segment_state { SEGMENT_OPEN, SEGMENT_CLOSED, SEGMENT_SEALED, SEGMENT_GONE };

struct piece {
	struct list link; /* on its segment's list until it is written */
	struct segment *segment;
	char *bytes;
	uint64_t offset; /* in the file */
	uint32_t used;
	unsigned refs;    /* the list's, and readers' */
	unsigned fillers; /* who are writing into it at this moment */
	bool is_closed;
};

struct segment {
	struct segment *next_hash;
	/* in its chain, oldest first; GONE: on the list of those to be closed, or none */
	struct list link;
	struct disk *disk;
	struct segment_head head; /* immutable */
	uint32_t number;          /* with the directory's id; immutable */
	enum segment_state state;
	int fd; /* -1: not made yet. Set by the flushing job; closed with the last reference */
	unsigned refs;
	unsigned holds;   /* by disk_hold(); each has a reference, too */
	uint64_t end;     /* of its records */
	uint64_t counted; /* bytes that it takes of the capacity */
	uint64_t last_seq;
	bool is_dirty; /* written to since the last settling */
	bool is_evictable;
	uint32_t n_heads; /* of those that are sealed */
	struct evict_segment evict;
	/* Until it is sealed. */
	struct segment_entry *entries;
	uint32_t n, cap;
	struct list pieces;    /* not written yet; GONE: never will be, but still to be read */
	struct piece *filling; /* the last of them, if it is not closed */
	int64_t filling_since_ms;
	/*
	 * One bit for each 4 KiB: a fragment that begins there was verified. NULL until then;
	 * atomic words.
	 */
	_Atomic uint64_t *verified;
	uint64_t n_verified; /* words */
};

/* The file that tombstones are appended to. Counted, since appending goes on without the lock. */
struct journal_file {
	int fd;
	uint32_t number;
	unsigned refs;
	uint64_t bytes;
	bool is_dirty;   /* written to since it was last synced */
	bool is_entered; /* the folder was synced since it was made */
};

/* A close that waits for the other jobs. */
struct closing {
	struct job job;
	struct disk *disk;
	disk_closed_fn *closed;
	void *arg;
};

/* A put between its two halves; on the putter's stack. */
struct filling {
	struct list link;
	struct cache_key key;
	bool is_forgotten; /* since it began */
};

/*
 * How a directory was found, and what its index was made of. The loading job's; the first is
 * immutable.
 */
struct disk_start {
	enum { DISK_WAS_NEW, DISK_WAS_CLOSED, DISK_WAS_KILLED, DISK_LOST_POWER } left;
	int64_t began_us;
	uint64_t heads;     /* seen: also what was replaced or forgotten since */
	uint64_t entered;   /* of them, into the index */
	uint64_t refused;   /* of them, for want of memory */
	unsigned scanned;   /* segments without an index block, which were read record by record */
	uint64_t cut_bytes; /* that lay behind their last whole record */
	unsigned removed, unreadable; /* segments */
	bool is_cut;                  /* it was closed before all was loaded */
};

struct disk_job {
	struct job job;
	struct disk *disk;
	enum { JOB_IS_IDLE, JOB_IS_OUT } state;
};

struct disk {
	uint32_t magic;
	unsigned id; /* immutable, and the next ones */
	char *path;
	struct disk_io io;
	struct disk_faults *faults; /* NULL: none */
	struct cache_index *index;
	struct jobs *js;
	struct lock lock;
	pthread_cond_t changed; /* a job has ended; it is loaded */

	struct disk_job jobs[WORK_N];
	unsigned n_out;  /* jobs that are out, those that read included */
	unsigned wanted; /* set of 1 << enum disk_work */
	bool is_closing;
	struct closing *closing; /* NULL: nobody has retired it */

	struct disk_start start;
	struct disk_label label;
	bool is_marked;   /* the label says that it is in use */
	bool is_marking;  /* somebody writes it at this moment */
	bool is_surveyed; /* the segments that were there are known */
	bool is_loaded;
	/* Not all that is there could be loaded: who buries something does not know where it is. */
	bool is_partial;
	/* What was there by name when it was opened. */
	uint32_t *names_segment, *names_journal;
	size_t n_names_segment, n_names_journal;
	struct evict_disk evict;
	uint64_t capacity, segment_bytes, used, held;
	bool is_read_only;
	int64_t sync_ms, settled_ms;
	uint64_t next_seq;
	uint32_t next_number;

	struct segment *by_number[SEGMENT_HASHES];
	struct list chains[EVICT_CHAINS];
	struct segment *open[EVICT_CHAINS];
	struct list gone; /* nobody holds them any more: to be closed */
	unsigned n_segments, n_pieces;
	char *spare; /* a piece's memory */
	struct list fillings;

	struct journal_file *journal;
	struct tombstone *unwritten; /* for the next WORK_BURY */
	size_t n_unwritten, cap_unwritten;
	struct journal_dead dead; /* while it is being loaded */
	bool is_dead_set_short;   /* of memory: what is not loaded yet must not be */
	uint32_t old_journals[64];
	unsigned n_old_journals;
	uint64_t journal_bytes; /* of all journals */
	uint64_t journal_kept;  /* of that after the last compaction */
	bool is_burying;        /* somebody has the turn (disk_journal.c) */
	bool is_syncing;        /* the journal, at this moment */
	uint32_t doubtful;      /* journals below this number may not be on the device; 0: none */
	struct list write_waiters, sync_waiters;

	unsigned failures;       /* of writing, in a row */
	int64_t out_of_use_ms;   /* until then; 0: it is in use */
	struct disk_stats stats; /* what only grows */
	uint64_t objects;
};

static inline void disk_lock(struct disk *d)
{
	lock_take(&d->lock);
}
/* Gives the lock back and starts what is wanted. */
void disk_unlock(struct disk *d);
/* With the lock held. */
static inline void disk_want(struct disk *d, enum disk_work w)
{
	d->wanted |= 1u << w;
}
int64_t disk_now_ms(void);
/* Whoever goes through it at length asks: it is being closed. */
bool disk_should_stop(struct disk *d);
/* With the lock held. */
bool disk_is_out_of_use(struct disk *d);
/*
 * Something could not be written (or made): counted, reported, and too often in a row the end of
 * its use for a while. Takes the lock.
 */
void disk_write_failed(struct disk *d, const char *what, enum err e);
void disk_read_failed(struct disk *d, struct segment *s, uint64_t offset, const char *what);
/* Make the label say that it is in use; before anything else is written. By jobs. */
enum err disk_mark(struct disk *d);

/* --- disk_segments.c; with the lock held ------------------------------------------------------ */

/* A new one, in no chain and unknown; fd -1. */
struct segment *segment_new(struct disk *d, const struct segment_head *h);
void segment_enter(struct disk *d, struct segment *s, bool as_newest);
struct segment *segment_find(struct disk *d, uint32_t number); /* not GONE; not counted */
void segment_unref(struct segment *s);
bool segment_add_entry(struct segment *s, const struct record *r, uint64_t offset);
/* Out of the chain and of what is found. Its file is the caller's matter. */
void segment_leave(struct segment *s);
/* A sealed one, when all is loaded: it may be evicted from now on. */
void segment_make_evictable(struct segment *s);
/* Fewer bytes are taken than were counted, or none. */
void segment_count(struct segment *s, uint64_t bytes);
/* Free segments that nobody holds. Takes and gives the lock itself. */
void segment_close_gone(struct disk *d);
/* The piece that this place lies in, counted; NULL: it is written. */
struct piece *segment_piece_at(struct segment *s, uint64_t offset);
/* Of PIECE_BYTES, for `bytes`; counts for memory_limit. NULL: there is none. */
char *piece_memory_new(void);
void piece_memory_free(char *bytes);
void piece_unref(struct disk *d, struct piece *p);
/* Those that will not be written are of no use any more. */
void segment_drop_pieces(struct segment *s);
/* Lowest sequence number that something may have that is still there. */
uint64_t disk_lowest_seq(struct disk *d);

/* --- disk_write.c ----------------------------------------------------------------------------- */

/* With the lock held: nothing more goes into the open segments' pieces (or segments). */
void disk_close_pieces(struct disk *d, bool also_segments, int64_t older_than_ms);
void disk_close_segment(struct segment *s);
/* With the lock held. What was not sealed is lost: its objects leave the index. */
void disk_abandon(struct segment *s);
/*
 * With the lock held: whether something is to go, so that there is always room for what comes next.
 * Of what slow readers hold a quarter of the capacity counts at most: else they could empty the
 * directory; beyond that nothing is stored.
 */
static inline bool disk_is_full(const struct disk *d)
{
	const uint64_t most = d->capacity / 4;
	const uint64_t beyond = d->held > most ? d->held - most : 0;

	return d->used - beyond + d->journal_bytes + 3 * d->segment_bytes > d->capacity;
}
/* With the lock held: whether something may be there that the index does not know. */
static inline bool disk_knows_all(const struct disk *d)
{
	return d->is_loaded && !d->is_partial;
}
/* A job that reads for somebody begins, and ends: the directory is not closed between. */
void disk_job_begins(struct disk *d);
void disk_job_ends(struct disk *d);
/*
 * Remove a segment that something is to be buried in, since the tombstone cannot be written: its
 * file first, then what the index knows of it. JOURNAL_ANY_SEGMENT: all.
 */
enum err disk_sacrifice(struct disk *d, uint32_t number) MUST_USE;
/* With the lock held: nothing more goes into the piece of this chain. */
void disk_close_piece(struct disk *d, unsigned chain);
/* To write again: into the chain of what is kept. */
enum err disk_rewrite_fragment(struct disk *d, struct cache_key key, struct span bytes,
                               struct disk_place *place) MUST_USE;
/*
 * Moves the index entry that still is `from`; else ERR_CANCELLED. The body behind the head is
 * found's.
 */
enum err disk_rewrite_head(struct disk *d, const struct disk_found *found,
                           const struct disk_place *places, const struct index_entry *from,
                           uint8_t uses) MUST_USE;

/* --- disk_flush.c: jobs ----------------------------------------------------------------------- */
void disk_flush(struct disk *d);
void disk_settle(struct disk *d);

/* --- disk_journal.c --------------------------------------------------------------------------- */
/*
 * With the lock held; written by the next WORK_BURY. The directory's id is taken off the segment.
 */
void disk_bury(struct disk *d, struct cache_key key, uint64_t seq, uint32_t segment);
enum err disk_journal_open(struct disk *d, uint32_t number) MUST_USE;
/* WORK_BURY and WORK_SYNC: what they are called for, then those who wait are told. */
void disk_journal_bury(struct disk *d);
void disk_journal_sync(struct disk *d);
/* What was buried by now is in a file when it returns, or its segment is gone. By jobs. */
enum err disk_journal_write(struct disk *d);
void disk_journal_compact(struct disk *d);
void disk_journal_remove(struct disk *d, uint32_t number);
void disk_journal_fini(struct disk *d);
/* All tombstones of one file into a set. */
enum err disk_journal_read(struct disk_io *io, uint32_t number, uint64_t store,
                           struct journal_dead *dead, uint64_t *bytes) MUST_USE;

/* --- disk_read.c ------------------------------------------------------------------------------ */
/*
 * The record's bytes to what they say; memory holds `bytes` of it. The directory's id is put into
 * the places.
 */
bool disk_decode(const struct segment *s, uint64_t offset, char *memory, size_t bytes,
                 struct record *r, struct disk_found *found) MUST_USE;

/* Where what is in a piece ends in the file; it may be growing. */
uint64_t disk_piece_end(struct disk *d, const struct piece *p);
/* The segment, counted; or the piece, counted too, that still holds the place. NULL: it is gone. */
struct segment *disk_find_place(struct disk *d, uint32_t number, uint64_t offset,
                                struct piece **piece);

/* --- disk_walk.c; these block ----------------------------------------------------------------- */
/* Of any segment that is there; the caller frees them. */
enum err disk_entries(struct disk *d, struct segment *s, struct segment_entry **entries,
                      uint32_t *n) MUST_USE;
/* From the piece or the file; not verified. out: where from, counted; may be NULL. */
enum err disk_read_bytes(struct disk *d, uint32_t number, uint64_t offset, size_t bytes, char *to,
                         struct segment **out) MUST_USE;
/* As disk_load(); the caller frees the memory. ERR_NOT_FOUND, ERR_SYNTAX: damaged, ERR_SYSTEM. */
enum err disk_read_object(struct disk *d, struct cache_key key, const struct index_entry *e,
                          char **memory, struct disk_found *found) MUST_USE;

/* --- disk_tell.c: what the operator hears of its life; not with the lock held ----------------- */

void disk_tell_opened(struct disk *d);
void disk_tell_loaded(struct disk *d);
/* d: not in use any more, its files still open. */
void disk_tell_closed(const struct disk *d, int64_t began_us);

/* --- recover.c -------------------------------------------------------------------------------- */
void disk_load_index(struct disk *d);
/*
 * The entries of a sealed segment, from its file; the caller frees them. ERR_SYNTAX: it is not
 * sealed, or damaged.
 */
enum err disk_read_entries(struct disk_io *io, int fd, const struct segment_head *h,
                           struct segment_foot *foot, struct segment_entry **out) MUST_USE;
/*
 * The entries of one that is not sealed: record by record, up to the first that is not whole. *end
 * is behind the last.
 */
enum err disk_scan_entries(struct disk_io *io, int fd, const struct segment_head *h,
                           struct segment_entry **entries, uint32_t *n, uint64_t *end,
                           uint64_t *last_seq) MUST_USE;

/* --- disk_evict.c ----------------------------------------------------------------------------- */
void disk_evict(struct disk *d);
