/*
 * The frame of a segment's file. See segment.h; the layout is in doc/cache-format.md.
 */
#include "cache/segment.h"

#include "cache/disk_io.h"

#include <xxhash.h>

#pragma GCC diagnostic error "-Wconversion"

#define HEAD_MAGIC 0x3167655374747543ull /* "CuttSeg1" */
#define FOOT_MAGIC 0x31646e4574747543ull /* "CuttEnd1" */

struct head {
	uint64_t magic;
	uint32_t version, number;
	uint64_t store, uid, first_seq;
	int64_t made_s;
	uint32_t chain, zero;
	uint64_t checksum;
};
_Static_assert(sizeof(struct head) == SEGMENT_FRAME_BYTES, "the format's header");

struct foot {
	uint64_t magic;
	uint32_t number, n;
	uint64_t uid, last_seq, index_offset, index_checksum;
	uint64_t zero;
	uint64_t checksum;
};
_Static_assert(sizeof(struct foot) == SEGMENT_FRAME_BYTES, "the format's footer");
_Static_assert(sizeof(struct segment_entry) == 40, "the format's entry");

#define NAME_PREFIX "segment-"

void segment_name(uint32_t number, char name[SEGMENT_NAME_BYTES])
{
	(void)snprintf(name, SEGMENT_NAME_BYTES, NAME_PREFIX "%08x", number);
}

bool segment_parse_name(const char *name, uint32_t *number)
{
	uint32_t n;

	if (!disk_io_parse_name(name, NAME_PREFIX, &n) || n >= 1u << DISK_SEGMENT_BITS)
		return false;
	*number = n;
	return true;
}

void segment_put_head(char at[SEGMENT_FRAME_BYTES], const struct segment_head *s)
{
	struct head h = {
		.magic = HEAD_MAGIC,
		.version = SEGMENT_VERSION,
		.number = s->number,
		.store = s->store,
		.uid = s->uid,
		.first_seq = s->first_seq,
		.made_s = s->made_s,
		.chain = s->chain,
	};

	h.checksum = XXH3_64bits(&h, offsetof(struct head, checksum));
	memcpy(at, &h, sizeof(h));
}

bool segment_get_head(const char at[SEGMENT_FRAME_BYTES], struct segment_head *s)
{
	struct head h;

	memcpy(&h, at, sizeof(h));
	if (h.magic != HEAD_MAGIC || h.version != SEGMENT_VERSION || h.chain > 1 ||
	    h.checksum != XXH3_64bits(&h, offsetof(struct head, checksum)))
		return false;
	*s = (struct segment_head){ .number = h.number,
		                    .chain = h.chain,
		                    .store = h.store,
		                    .uid = h.uid,
		                    .first_seq = h.first_seq,
		                    .made_s = h.made_s };
	return true;
}

void segment_put_foot(char at[SEGMENT_FRAME_BYTES], struct segment_foot *s,
                      const struct segment_entry *entries)
{
	s->index_checksum = XXH3_64bits_withSeed(entries, s->n * sizeof(*entries), s->uid);
	struct foot f = {
		.magic = FOOT_MAGIC,
		.number = s->number,
		.n = s->n,
		.uid = s->uid,
		.last_seq = s->last_seq,
		.index_offset = s->index_offset,
		.index_checksum = s->index_checksum,
	};

	f.checksum = XXH3_64bits(&f, offsetof(struct foot, checksum));
	memcpy(at, &f, sizeof(f));
}

bool segment_get_foot(const char at[SEGMENT_FRAME_BYTES], uint64_t file_bytes,
                      const struct segment_head *h, struct segment_foot *s)
{
	struct foot f;

	memcpy(&f, at, sizeof(f));
	if (f.magic != FOOT_MAGIC || f.number != h->number || f.uid != h->uid ||
	    f.checksum != XXH3_64bits(&f, offsetof(struct foot, checksum)))
		return false;
	const uint64_t index_bytes = (uint64_t)f.n * sizeof(struct segment_entry);

	if (f.index_offset < SEGMENT_FRAME_BYTES || f.index_offset > file_bytes ||
	    file_bytes - f.index_offset != index_bytes + SEGMENT_FRAME_BYTES)
		return false;
	*s = (struct segment_foot){ .number = f.number,
		                    .n = f.n,
		                    .uid = f.uid,
		                    .last_seq = f.last_seq,
		                    .index_offset = f.index_offset,
		                    .index_checksum = f.index_checksum };
	return true;
}

static bool is_possible(const struct segment_entry *e, uint64_t records_end)
{
	const uint64_t at = (uint64_t)e->offset * INDEX_UNIT, n = (uint64_t)e->bytes * INDEX_UNIT;

	return e->type >= RECORD_HEAD && e->type <= RECORD_VOID && n >= RECORD_HEADER_BYTES &&
	       n <= RECORD_BYTES_MAX && at >= SEGMENT_FRAME_BYTES && at + n <= records_end;
}

bool segment_check_index(const struct segment_foot *f, const struct segment_entry *entries)
{
	if (XXH3_64bits_withSeed(entries, f->n * sizeof(*entries), f->uid) != f->index_checksum)
		return false;
	for (uint32_t i = 0; i < f->n; i++)
		if (!is_possible(&entries[i], f->index_offset))
			return false;
	return true;
}
