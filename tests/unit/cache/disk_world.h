/*
 * A directory of the store in a folder of its own under $TMPDIR, with a loop, jobs and an index.
 *
 * Objects are numbered; what one is made of follows from its number and its version, so that
 * whatever comes back can be told to be right.
 */
#pragma once

#include "cache/disk.h"
#include "tests/unit/unit.h"

struct disk_world {
	char folder[256]; /* the directory's; removed by disk_world_fini() */
	struct cache_dir dir;
	struct cache_secret secret;
	struct loop *loop;
	struct jobs *jobs;
	struct cache_index *index;
	struct disk *disk;
};

void disk_world_init(struct disk_world *w, uint64_t capacity);
void disk_world_fini(struct disk_world *w);
/* In a child: threads do not come along. */
void disk_world_after_fork(struct disk_world *w);
/* Until it is loaded. */
enum err disk_world_open(struct disk_world *w);
/* Close it, and forget what the index knows. */
void disk_world_close(struct disk_world *w);
/* disk_tick(), and wait for what it started to be written. */
void disk_world_flush(struct disk_world *w);

/* Wait until what was forgotten or replaced stays so after a kill. */
void disk_world_settle(struct disk_world *w);

struct cache_key disk_world_key(unsigned n);
/* A body of that many bytes, in memory that is the caller's to free. */
char *disk_world_body(unsigned n, unsigned version, size_t bytes);

/* As one record, or as fragments of `fragment` bytes. */
enum err disk_world_put(struct disk_world *w, unsigned n, unsigned version, size_t bytes,
                        size_t fragment);
enum seen { SEEN_NONE, SEEN_RIGHT, SEEN_WRONG, SEEN_FAILED };
/* Find it, read all of it, compare with what was put. *version: which one it is; may be NULL. */
enum seen disk_world_get(struct disk_world *w, unsigned n, unsigned *version);
/* Wait for an operation whose start returned `status`. */
enum op_status disk_world_wait(struct disk_world *w, struct op *op, enum op_status status);
/* A task that does nothing, to wait with. */
struct task *disk_world_waiter(void);
