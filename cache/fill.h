/*
 * The taking in of an object: what its writer knows beside the object itself. Worker-local but for `link`;
 * gone when the object is complete, failed or released. Private to cache/.
 */
#pragma once

#include "base/list.h"
#include "cache/cobj.h"

struct store;

/* Where the body is to stay. */
enum cobj_keep { COBJ_KEEP_MEMORY, COBJ_KEEP_DISK, COBJ_KEEP_NOT };

/* What may lie between the slowest and the fastest reader of a body that is not kept. */
#define COBJ_WINDOW_BYTES 1048576u

struct cobj_fill {
	struct list link; /* in a shard's list of those under way; by the shard's lock */
	struct cobj *cobj;
	struct cache_key uri_key;
	enum cobj_keep keep;
	uint64_t expected; /* COBJ_LENGTH_UNKNOWN */
	int64_t now_ms;    /* when it was begun: for marks */
};

/* An object in COBJ_WAITING with its fill; in the list of those under way, not in the table. */
struct cobj *cobj_fill_new(struct store *s, struct cache_key key, struct span url, int64_t now_ms);
/* One that was made in vain: nobody has seen it. */
void cobj_fill_drop(struct cobj **c);
/* Its head has come (cobj_set_texts() was called), it is listed: readers may begin. */
void cobj_fill_begin(struct cobj *c, enum cobj_keep keep, uint64_t expected);

/* --- objects, for cache/ only -------------------------------------------------------------------- */

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
