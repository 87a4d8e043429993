/*
 * What has been learned of a folder. Private to disk_look*.c.
 */
#pragma once

#include "cache/disk_look.h"
#include "cache/journal.h"
#include "cache/segment.h"

#define LOOK_MAGIC 0x6c6f6f6bU

struct look_segment {
	struct segment_head head;
	uint64_t bytes, end; /* of the file; of its records */
	bool is_sealed;
	bool is_index_damaged; /* there is a footer, but its index block is not what was written */
	bool is_gone;
	int fd;
};

struct look_entry {
	struct cache_key key;
	uint64_t seq;
	uint32_t segment; /* number */
	uint32_t offset, bytes;
};

struct disk_look {
	uint32_t magic;
	char *path;
	struct disk_io io;
	struct disk_look_watch watch;
	struct disk_look_sums sums;
	struct look_segment *segments; /* by number */
	size_t n_segments;
	struct look_entry *entries; /* by key, one for each */
	size_t n, cap;
	uint32_t *by_place; /* indexes of entries */
	/* Segments that are open, to be closed in turn. */
	uint32_t open[16];
	unsigned next_open;
	/* The marker that was asked for last. */
	struct cache_key marker_key;
	bool has_marker, knows_marker;
	uint64_t marker_salt;
	/* For records and fragments, while objects are read. */
	char *record, *fragment;
	size_t at;
	enum disk_look_depth depth;
};

void look_fault(const struct disk_look *k, uint32_t segment, uint64_t offset, struct span url,
                const char *what);
void look_progress(const struct disk_look *k, const char *what, uint64_t done, uint64_t of);
/* NULL: not seen when the folder was read. */
struct look_segment *look_segment_find(struct disk_look *k, uint32_t number);
/* The file of one, to be read; ERR_NOT_FOUND: it is gone by now. */
enum err look_segment_open(struct disk_look *k, struct look_segment *s) MUST_USE;
/* The live object with this key, or NULL. */
const struct look_entry *look_entry_find(const struct disk_look *k, struct cache_key key);
