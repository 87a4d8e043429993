/*
 * The label of a directory of the store: whose it is, which version made it, and how it was left.
 *
 * A file that is replaced as a whole, never written in place. Blocks.
 */
#pragma once

#include "cache/disk_io.h"
#include "cache/key.h"

#define DISK_LABEL_NAME "cuttle-store"

struct disk_label {
	struct cache_secret secret;
	uint64_t store; /* drawn when it was made; segments name it */
	int64_t made_s;
	uint64_t capacity_bytes; /* when it was last used */
	uint64_t next_seq;       /* where is_clean; else where the use began that it was left in */
	/* what has a lower one was there at a power loss: to be validated */
	uint64_t old_below_seq;
	/* Since it was made, in all uses that ended in order. */
	uint64_t written_bytes, admitted_bytes;
	char boot[DISK_BOOT_BYTES];
	bool is_clean; /* closed in order; otherwise in use, or left by a crash */
};

/* What a folder is. */
enum disk_folder {
	DISK_FOLDER_OURS,
	DISK_FOLDER_EMPTY,
	/* made by another version of Cuttle, or on another kind of machine */
	DISK_FOLDER_OTHER_VERSION,
	DISK_FOLDER_DAMAGED, /* ours, but the label cannot be read */
	DISK_FOLDER_FOREIGN  /* somebody else's files */
};

enum err disk_label_read(struct disk_io *io, struct disk_label *l,
                         enum disk_folder *folder) MUST_USE;
/* Durable when it returns. */
enum err disk_label_write(struct disk_io *io, const struct disk_label *l) MUST_USE;
/*
 * It was in use, and the machine has gone down since, or that cannot be told: of what was written
 * last some may be missing. boot: of now.
 */
bool disk_label_lost_power(const struct disk_label *l, const char boot[DISK_BOOT_BYTES]);
/* Draws what is to be drawn, for a new directory. */
void disk_label_init(struct disk_label *l, const struct cache_secret *secret);
