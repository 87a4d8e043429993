/*
 * Records of a segment. The bytes are a record whose checksums are made right, so that what lies
 * behind them is
 * reached: whatever is accepted lies within it, and is printed as the same bytes.
 */
#include "cache/record.h"
#include "tests/fuzz/fuzz.h"

static void check_span(struct span s, const char *from, size_t n)
{
	CHECK(s.n == 0 || (s.p >= from && s.p + s.n <= from + n));
}

static void check_again(const struct record *r, const char *texts, const struct disk_found *f)
{
	struct record again;

	CHECK(record_texts_bytes(&f->parts, f->n_places) <= r->texts_bytes);
	char *const at = check_malloc(record_bytes(r));

	record_put(at, r->texts_bytes, r->key, &f->parts,
	           span_of(texts + r->texts_bytes, r->body_bytes), f->places, f->n_places, &again);
	/* Padding and what is not used may differ; what it says may not. */
	struct disk_found g;

	CHECK(record_get_head(&again, at + RECORD_HEADER_BYTES, &g));
	CHECK(span_eq(f->parts.url, g.parts.url) && span_eq(f->parts.head_text, g.parts.head_text));
	CHECK(memcmp(&f->parts.meta, &g.parts.meta, sizeof(g.parts.meta)) == 0);
	free(at);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct record r;
	struct disk_found f;

	if (record_get_header((const char *)bytes, n, 0, &r))
		CHECK(record_bytes(&r) <= RECORD_BYTES_MAX);
	if (n < RECORD_HEADER_BYTES || n > RECORD_BYTES_MAX)
		return 0;
	char *const at = check_malloc(n);

	memcpy(at, bytes, n);
	uint32_t lengths[2];

	memcpy(lengths, at + 32, sizeof(lengths));
	r = (struct record){ .type = RECORD_HEAD,
		             .texts_bytes = lengths[0] % 4096 / INDEX_UNIT * INDEX_UNIT,
		             .body_bytes = lengths[1] % 4096 };
	if (record_bytes(&r) <= n) {
		char *const texts = at + RECORD_HEADER_BYTES;

		r.texts_checksum = record_checksum(span_of(texts, r.texts_bytes));
		if (record_get_head(&r, texts, &f)) {
			check_span(f.parts.url, texts, r.texts_bytes);
			check_span(f.parts.variant, texts, r.texts_bytes);
			check_span(f.parts.vary, texts, r.texts_bytes);
			check_span(f.parts.head_text, texts, r.texts_bytes);
			check_span(span_of((const char *)f.places, f.n_places * sizeof(*f.places)),
			           texts, r.texts_bytes);
			check_again(&r, texts, &f);
		}
	}
	free(at);
	return 0;
}
