/*
 * The inside of a body: what fill.c and place.c fill, and reader.c reads.
 *
 * The bytes from the first on are in this order: in a file in memory, or in fragments on a disk;
 * what follows is in blocks. Whoever writes (one thread) changes it with the object's lock held and
 * may look without; readers look with the lock held, or when the object is COMPLETE. Private to
 * cache/.
 */
#pragma once

#include <stdatomic.h>

#include "cache/body.h"

#define COBJ_BODY_MAGIC  0xc0b30d71u
#define COBJ_BLOCK_MAGIC 0xc0b3b10cu

/* Blocks do not grow beyond that; a full one is a fragment for the disk. */
#define COBJ_BLOCK_MAX DISK_FRAGMENT_BYTES

/*
 * Bytes in memory that stay where they are; counted by the body and by readers that look at them.
 */
struct cobj_block {
	uint32_t magic;
	_Atomic unsigned refs;
	uint64_t at;     /* in the body */
	uint32_t n, cap; /* n grows, by the writer, under the object's lock */
	bool is_counted; /* by BUDGET_CACHE */
	char bytes[];
};

/* How many files in memory there may be; of the store. */
struct cobj_memfds {
	_Atomic unsigned n;
	unsigned max;
};

struct cobj_body {
	uint32_t magic;
	_Atomic unsigned refs;
	uint64_t bytes; /* all that have come so far */

	struct cobj_memfds *memfds; /* where memfd counts */
	int memfd;                  /* -1: none */
	uint64_t memfd_bytes;

	/*
	 * All on one disk. What is in memory beside that is read from there: placed_bytes is 0
	 * then.
	 */
	struct store_dir *dir; /* counted; NULL: none */
	struct disk_place *places;
	uint32_t n_places, cap_places;
	uint64_t placed_bytes;

	struct cobj_block **blocks; /* in their order, without gaps */
	uint32_t n_blocks, cap_blocks;
};

struct cobj_body *cobj_body_new(void);

/*
 * cap bytes at `at` of some body; NULL: no memory, or the budget refuses. must: a small one, which
 * is to be had always: never NULL.
 */
struct cobj_block *cobj_block_new(uint64_t at, uint32_t cap, bool must);
struct cobj_block *cobj_block_ref(struct cobj_block *k);
void cobj_block_unref(struct cobj_block **k);
/* What it takes of memory, for the limits. */
uint64_t cobj_block_memory(const struct cobj_block *k);

/* The block that the next byte goes to, if there is room in it. */
struct cobj_block *cobj_body_last(const struct cobj_body *b);
void cobj_body_push(struct cobj_body *b, struct cobj_block **k);
/* Put a bigger one with the same bytes into the place of the last. */
void cobj_body_replace_last(struct cobj_body *b, struct cobj_block **k);
/* Let go of the blocks before the one that holds `offset`, but never of the last. */
void cobj_body_drop_before(struct cobj_body *b, uint64_t offset);
void cobj_body_drop_all(struct cobj_body *b);
/* The block that holds this byte, or NULL. */
struct cobj_block *cobj_body_find(const struct cobj_body *b, uint64_t offset);

/* A file in memory becomes the home of its bytes, as long as there may be another. */
bool cobj_body_open_memfd(struct cobj_body *b, struct cobj_memfds *fds);
/* Write at its end; false: the kernel has no memory for it, and nothing has changed. */
bool cobj_body_write_memfd(struct cobj_body *b, struct span bytes);
/* Make room for the next fragment, so that it can be added. ERR_NOMEM. */
enum err cobj_body_reserve_place(struct cobj_body *b);
/* The next fragment. ERR_NOMEM. */
enum err cobj_body_add_place(struct cobj_body *b, struct store_dir *d, const struct disk_place *p);
/* Bytes of memory that are its own at this moment: blocks, file in memory, lists. */
uint64_t cobj_body_memory(const struct cobj_body *b);
