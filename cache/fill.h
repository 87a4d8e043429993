/*
 * The taking in of an object: what its writer knows beside the object itself. Worker-local but for
 * `link`; gone when the object is complete, failed or released. Private to cache/.
 */
#pragma once

#include "base/list.h"
#include "cache/cobj.h"

struct store;

/* Where the body is to stay. */
enum cobj_keep { COBJ_KEEP_MEMORY, COBJ_KEEP_DISK, COBJ_KEEP_NOT };

/*
 * What may lie between the slowest and the fastest reader of a body that is not kept, before memory
 * is asked for that is shared by all who are slow.
 */
#define COBJ_WINDOW_BYTES 1048576u

struct cobj_fill {
	struct list link; /* in a shard's list of those under way; by the shard's lock */
	struct cobj *cobj;
	struct cache_key uri_key;
	enum cobj_keep keep;   /* this and the next: from store_take_in() on */
	uint64_t expected;     /* COBJ_LENGTH_UNKNOWN */
	int64_t now_ms;        /* when it was begun: for marks */
	struct store_dir *dir; /* COBJ_KEEP_DISK: counted */
	/* counted: that of its URI, which so stays listed; NULL: none is known */
	struct cobj *marker;
	uint64_t salt; /* of the object that it succeeds, and by which names; NULL: none */
	char *names;
	bool is_marker_new; /* made for it: not on any disk yet */
	bool buries;        /* a disk was made to forget something for it */
	/* a head is being given to a disk: a purge waits; by the object's lock */
	bool is_committing;
};

/* An object in COBJ_WAITING with its fill; in the list of those under way, not in the table. */
struct cobj *cobj_fill_new(struct store *s, struct cache_key key, struct span url, int64_t now_ms);
/* One that was made in vain: nobody has seen it. */
void cobj_fill_drop(struct cobj **c);

/*
 * Between these two a head may be given to a disk: no purge is READY meanwhile. False: it is
 * unwanted, and nothing of it may be written.
 */
bool cobj_fill_begin_commit(struct cobj *c) MUST_USE;
void cobj_fill_end_commit(struct cobj *c);
/*
 * COMPLETE at once, with a body that is there: of an object in COBJ_WAITING that has its head. It
 * counts as under way until cobj_fill_end().
 */
void cobj_fill_renew(struct cobj *c, struct cobj_body *body);
/* The writer is through. */
void cobj_fill_end(struct cobj *c);

/* With the lock held: the readers of what is not kept have made room enough to wake its writer. */
bool cobj_window_has_room(const struct cobj *c);

/* --- on a disk (place.c) ---------------------------------------------------------------------- */

/* The last block, which is full, goes to the disk. False: it refuses, and nothing has changed. */
bool cobj_place_block(struct cobj *c) MUST_USE;
/* What is left, and the head. False: it is not on the disk. */
bool cobj_place_end(struct cobj *c) MUST_USE;
/* Another head for a body that is there; or, of a marker, a head without one. */
bool cobj_place_head(struct cobj *c, struct store_dir *d) MUST_USE;

/* --- objects, for cache/ only ----------------------------------------------------------------- */

/* What it is can be asked of a complete one only: others have no head yet. */
static inline bool cobj_is_marker(const struct cobj *c)
{
	return cobj_state(c) == COBJ_COMPLETE && (c->meta.flags & COBJ_MARKER) != 0;
}

/* Counted once. */
struct cobj *cobj_new(struct store *s, struct cache_key key, struct span url,
                      enum cobj_state state);
/* Head and texts, copied into one block. ERR_NOMEM, ERR_SYNTAX. */
enum err cobj_set_texts(struct cobj *c, struct span head_text, struct span variant,
                        struct span vary) MUST_USE;
/* What head and texts take of memory, for cache_mem. */
uint64_t cobj_overhead(const struct cobj *c);
/* The same with the body, of a complete one. */
uint64_t cobj_memory(const struct cobj *c);
