/*
 * Records: what a segment is made of. Bytes to values and back, pure.
 *
 * A record is a header of RECORD_HEADER_BYTES, the texts of an object (heads only), and body bytes;
 * it begins at a multiple of INDEX_UNIT and is padded to one. All numbers are in the machine's
 * order, which the label tells. The header's checksum is seeded with the place where it lies, so
 * that what belongs elsewhere is not taken for a record. Every length is checked against
 * RECORD_BYTES_MAX and what there is before it is used.
 */
#pragma once

#include "cache/disk.h"

#define RECORD_HEADER_BYTES 64u
/* In front of the places and texts of a head. */
#define RECORD_META_BYTES 64u
/* The longest record, header and padding included. */
#define RECORD_BYTES_MAX (DISK_FRAGMENT_BYTES + 262144u)

enum record_type {
	RECORD_HEAD = 1, /* an object: meta, texts, and its body or the places of its fragments */
	RECORD_FRAGMENT, /* bytes of a body */
	RECORD_VOID      /* nothing any more: to be skipped */
};

struct record {
	enum record_type type;
	uint64_t seq;
	struct cache_key key;
	uint32_t texts_bytes; /* meta, places and texts; a multiple of INDEX_UNIT */
	uint32_t body_bytes;
	uint64_t texts_checksum, body_checksum;
};

/* Of the whole record, padded. */
static inline uint64_t record_bytes(const struct record *r)
{
	const uint64_t n = (uint64_t)RECORD_HEADER_BYTES + r->texts_bytes + r->body_bytes;

	return (n + INDEX_UNIT - 1) / INDEX_UNIT * INDEX_UNIT;
}

uint64_t record_checksum(struct span bytes);

/* What texts_bytes will be; 0: too long for a record. */
uint32_t record_texts_bytes(const struct cobj_parts *parts, uint32_t n_places);
/*
 * Write texts, body and padding behind the room for the header at `at` (record_bytes() in all), and
 * fill in `r` but for seq. texts_bytes is what record_texts_bytes() said; 0 for a fragment (parts
 * is NULL then). Places are kept without the directory's id.
 */
void record_put(char *at, uint32_t texts_bytes, struct cache_key key,
                const struct cobj_parts *parts, struct span body, const struct disk_place *places,
                uint32_t n_places, struct record *r);
void record_put_header(char *at, const struct record *r, uint64_t seed);

/* n bytes are there: false if that is no header, or one of a record that cannot be. */
bool record_get_header(const char *at, size_t n, uint64_t seed, struct record *r) MUST_USE;
/*
 * The head whose texts lie at `texts`, r->texts_bytes of them, aligned to 8. Checks the checksum.
 * The spans and places point into it. found->body is not set.
 */
bool record_get_head(const struct record *r, const char *texts, struct disk_found *found) MUST_USE;
