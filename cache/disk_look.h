/*
 * Looking at a directory of the store from outside: which objects are there, and whether they are
 * whole.
 *
 * Reads only, and holds no lock: a proxy may be using the directory meanwhile. What it writes,
 * seals or unlinks while this goes on is seen as it was before, as it is afterwards, or not at all,
 * and is never taken for damage. What is read is checked before it is believed, as everywhere: a
 * folder's content proves nothing. Blocks; of one thread. For the command line, which has no struct
 * disk.
 */
#pragma once

#include "cache/disk.h"
#include "cache/disk_label.h"

struct disk_look;

/* Something that should not be so. Valid during the call. */
struct disk_look_fault {
	const char *file; /* of the folder: "segment-0000002a" */
	uint64_t offset;  /* in it */
	struct span url;  /* whose object it harms; empty: not known */
	const char *what; /* a sentence's end: "the checksum of ... is wrong" */
};

struct disk_look_watch {
	void *arg;
	/* May be NULL, both. done of `of`: objects or segments, as `what` says. */
	void (*fault)(void *arg, const struct disk_look_fault *f);
	void (*progress)(void *arg, const char *what, uint64_t done, uint64_t of);
};

struct disk_look_sums {
	struct disk_label label;
	bool is_boot_over; /* not closed in order, and the machine has been started since */
	uint64_t objects;  /* as a start would find them, markers and unreachable ones included */
	uint64_t heads;    /* all that lie there, replaced and forgotten ones too */
	uint64_t segments, unsealed, segment_bytes;
	uint64_t by_chain[2]; /* bytes of segments: those of new objects, those of what was kept */
	uint64_t journals, journal_bytes, tombstones;
	int64_t oldest_s, newest_s; /* when segments were made; 0: there are none */
};

/*
 * Read the label, the entries of all segments and the journals of a folder. Needs 44 bytes for each
 * object.
 * ERR_UNSUPPORTED: it is not prepared, or not by this version: *folder says which; else an error of
 * the system, or ERR_NOMEM.
 */
enum err disk_look_open(struct disk_look **out, const char *path,
                        const struct disk_look_watch *watch, enum disk_folder *folder) MUST_USE;
void disk_look_close(struct disk_look **k);
const char *disk_look_path(const struct disk_look *k);
void disk_look_sums(const struct disk_look *k, struct disk_look_sums *out);

enum disk_look_state {
	DISK_LOOK_WHOLE, /* as far as it was checked */
	/* a fragment is not there: lost in a crash, evicted, or not written yet */
	DISK_LOOK_LACKING,
	/* something of it cannot be read, or has another checksum: told to `fault` */
	DISK_LOOK_BROKEN
};

/* One object. Valid during the call. */
struct disk_looked {
	struct disk_found found; /* COBJ_IS_STALE is set where the next start would; body is not */
	uint64_t seq, offset;
	uint32_t segment, bytes; /* where its head lies, and how long the record is */
	bool is_variant;         /* found by the marker of its URL only */
	bool is_misplaced;       /* its key is not that of its URL: nobody finds it */
	enum disk_look_state state;
};

enum disk_look_depth {
	DISK_LOOK_HEADS, /* read what `see` is shown */
	/* read everything and compare all checksums, frames of segments and the journal too */
	DISK_LOOK_ALL
};
/* `see` returns false to end it. */
typedef bool disk_look_see_fn(void *arg, const struct disk_looked *o);
/*
 * All objects, in the order in which they lie there. Those whose head cannot be read are not shown
 * but told to `fault`. ERR_NOMEM.
 */
enum err disk_look_each(struct disk_look *k, enum disk_look_depth depth, disk_look_see_fn *see,
                        void *arg) MUST_USE;
/*
 * The object that is found by the URL alone: the reply, or the marker of its variants. False: none.
 */
bool disk_look_url(struct disk_look *k, struct span url, disk_look_see_fn *see, void *arg);
/* Whether the URL has variants, and which ones: those with this salt. */
bool disk_look_marker(struct disk_look *k, struct span url, uint64_t *salt) MUST_USE;

/* "segment-0000002a", of a place or an object. */
const char *disk_look_file(uint32_t segment, char name[20]);
