/*
 * Chunked bodies: any way of cutting the input gives the same data, trailers, end and fault. The
 * first byte of the input chooses how it is cut.
 */
#include "http/body.h"
#include "tests/fuzz/fuzz.h"

#define TRAILER_BYTES_MAX 512u

struct outcome {
	enum http_chunk end;
	char *data;
	size_t n_data;
	size_t left; /* input behind the end */
	struct http_chunked c;
};

/* Decode with pieces of 1..max_piece bytes, each in a block of its own; `seed` draws the sizes. */
static struct outcome decode(struct span in, size_t max_piece, uint32_t seed)
{
	struct outcome o = { .end = HTTP_CHUNK_MORE, .data = check_malloc(in.n + 1), .left = in.n };

	http_chunked_init(&o.c, TRAILER_BYTES_MAX);
	while (o.left != 0 && o.end == HTTP_CHUNK_MORE) {
		seed = seed * 1664525u + 1013904223u;
		const size_t n = MIN(o.left, 1 + (seed >> 8) % max_piece);
		char *const copy = check_malloc(n);
		struct span piece = span_of(copy, n), data;

		memcpy(copy, in.p + in.n - o.left, n);
		do {
			o.end = http_chunked_decode(&o.c, &piece, &data);
			if (o.end == HTTP_CHUNK_DATA) {
				CHECK(data.n != 0 && data.p >= copy && data.p + data.n <= copy + n);
				memcpy(o.data + o.n_data, data.p, data.n);
				o.n_data += data.n;
			}
		} while (o.end == HTTP_CHUNK_DATA);
		CHECK(o.end != HTTP_CHUNK_MORE || piece.n == 0);
		o.left -= n - piece.n;
		free(copy);
	}
	return o;
}

static void outcome_fini(struct outcome *o)
{
	free(o->data);
	http_chunked_fini(&o->c);
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
	CHECK(a->end == b->end && a->n_data == b->n_data);
	CHECK(memcmp(a->data, b->data, a->n_data) == 0);
	CHECK(a->c.detail == b->c.detail && a->c.state == b->c.state);
	CHECK(a->end == HTTP_CHUNK_BAD || a->left == b->left);
	CHECK(span_eq(span_of(a->c.trailer, a->c.trailer_n),
	              span_of(b->c.trailer, b->c.trailer_n)) ||
	      a->end == HTTP_CHUNK_BAD);
	CHECK(a->c.trailer_n <= TRAILER_BYTES_MAX);
}

/* What was decoded, encoded again as one chunk, decodes to the same data. */
static void check_again(const struct outcome *o)
{
	char *const text = check_malloc(HTTP_CHUNK_HEAD_MAX + o->n_data + sizeof("\r\n0\r\n\r\n"));
	size_t n = o->n_data != 0 ? http_chunk_head(text, o->n_data) : 0;

	if (n != 0) {
		memcpy(text + n, o->data, o->n_data);
		memcpy(text + n + o->n_data, "\r\n", 2);
		n += o->n_data + 2;
	}
	memcpy(text + n, "0\r\n\r\n", 5);
	struct outcome again = decode(span_of(text, n + 5), SIZE_MAX, 0);

	CHECK(again.end == HTTP_CHUNK_END && again.left == 0 && again.n_data == o->n_data);
	CHECK(memcmp(again.data, o->data, o->n_data) == 0);
	outcome_fini(&again);
	free(text);
}

static void check_trailers(const struct outcome *o)
{
	struct http_parse_error e;
	struct http_head h;
	struct arena a;

	arena_init(&a);
	http_head_init(&h, &a);
	CHECK(http_parse_trailers(span_of(o->c.trailer, o->c.trailer_n), &h, &e));
	for (uint32_t i = 0; i < h.n_fields; i++)
		CHECK(http_field_flags(h.fields[i].id) == 0);
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return 0;
	const struct span in = span_of((const char *)bytes + 1, n - 1);
	struct outcome whole = decode(in, SIZE_MAX, 0);
	struct outcome ones = decode(in, 1, 0);
	struct outcome pieces = decode(in, 1 + bytes[0] % 16, bytes[0]);

	check_same(&whole, &ones);
	check_same(&whole, &pieces);
	if (whole.end == HTTP_CHUNK_END) {
		check_again(&whole);
		check_trailers(&whole);
	}
	outcome_fini(&whole);
	outcome_fini(&ones);
	outcome_fini(&pieces);
	return 0;
}
