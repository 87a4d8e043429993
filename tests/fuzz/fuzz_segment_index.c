/*
 * Frames of segments: header, footer and index block of a file. Whatever is accepted lies within
 * the file.
 */
#include <xxhash.h>

#include "cache/segment.h"
#include "tests/fuzz/fuzz.h"

/* Make the checksum at the end of a frame right. */
static void mend(char *frame)
{
	const uint64_t sum = XXH3_64bits(frame, SEGMENT_FRAME_BYTES - 8);

	memcpy(frame + SEGMENT_FRAME_BYTES - 8, &sum, sizeof(sum));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct segment_head h;
	struct segment_foot f;

	if (n < 2 * SEGMENT_FRAME_BYTES)
		return 0;
	char *const at = check_malloc(n);

	memcpy(at, bytes, n);
	char *const foot = at + n - SEGMENT_FRAME_BYTES;

	mend(at);
	mend(foot);
	if (segment_get_head(at, &h) && segment_get_foot(foot, n, &h, &f)) {
		const size_t index_bytes = f.n * sizeof(struct segment_entry);

		CHECK(f.index_offset <= n && index_bytes <= n - f.index_offset);
		/* Aligned, as whoever reads it has it. */
		struct segment_entry *const e = check_malloc(index_bytes + 1);

		memcpy(e, at + f.index_offset, index_bytes);
		f.index_checksum = XXH3_64bits_withSeed(e, index_bytes, f.uid);
		if (segment_check_index(&f, e))
			for (uint32_t i = 0; i < f.n; i++)
				CHECK((uint64_t)(e[i].offset + (uint64_t)e[i].bytes) * INDEX_UNIT <=
				      f.index_offset);
		free(e);
	}
	free(at);
	return 0;
}
