/*
 * The frame of a segment's file: header, index block, footer. Bytes to values and back, pure.
 *
 * 	header | record | record | ... | index block | footer
 *
 * A segment that was not sealed has no index block and no footer: its records are found one after
 * the other.
 */
#pragma once

#include "cache/record.h"

#define SEGMENT_FRAME_BYTES 64u /* of the header, and of the footer */
#define SEGMENT_VERSION     1u
#define SEGMENT_NAME_BYTES  20u

struct segment_head {
	uint32_t number;    /* of the file, without the directory's id */
	uint32_t chain;     /* for eviction: 0 small, 1 main */
	uint64_t store;     /* the label's */
	uint64_t uid;       /* drawn: what else is read at this place is not taken for ours */
	uint64_t first_seq; /* no record has a lower one */
	int64_t made_s;
};

struct segment_foot {
	uint32_t number, n;
	uint64_t uid;
	uint64_t last_seq;
	uint64_t index_offset, index_checksum;
};

/* One record, as the index block has it. */
struct segment_entry {
	uint64_t key_hi, key_lo, seq;
	uint32_t offset, bytes; /* in INDEX_UNITs */
	uint32_t type;
	uint32_t zero;
};

/* What seeds the checksum of a record's header. */
static inline uint64_t segment_seed(uint64_t uid, uint64_t offset)
{
	return uid + offset;
}

/* "segment-0000002a" */
void segment_name(uint32_t number, char name[SEGMENT_NAME_BYTES]);
bool segment_parse_name(const char *name, uint32_t *number) MUST_USE;

void segment_put_head(char at[SEGMENT_FRAME_BYTES], const struct segment_head *s);
bool segment_get_head(const char at[SEGMENT_FRAME_BYTES], struct segment_head *h) MUST_USE;
/* Computes the checksum of the block. */
void segment_put_foot(char at[SEGMENT_FRAME_BYTES], struct segment_foot *s,
                      const struct segment_entry *entries);
/*
 * file_bytes: of the whole file, at whose end this lies. False: it is no footer, or none of this
 * file.
 */
bool segment_get_foot(const char at[SEGMENT_FRAME_BYTES], uint64_t file_bytes,
                      const struct segment_head *h, struct segment_foot *f) MUST_USE;
/* f->n entries: whether they are the ones that were written, and each lies within the records. */
bool segment_check_index(const struct segment_foot *f,
                         const struct segment_entry *entries) MUST_USE;
