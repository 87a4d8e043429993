/*
 * Bodies under way: whatever the pieces in which bytes come and go, what arrives is what was sent.
 */
#include "tests/unit/unit.h"

#include "proxy/body.h"
#include "tests/unit/proxy/fake_stream.h"

/* Print `body` in chunks of random sizes, with an extension here and there. */
static struct span in_chunks(struct arena *a, struct span body, unsigned *seed,
                             const char *trailers)
{
	char *p = arena_alloc(a, body.n * 12 + 256);
	size_t n = 0;

	while (body.n != 0) {
		const size_t k = 1 + (size_t)rand_r(seed) % MIN(body.n, (size_t)5000);

		n += (size_t)snprintf(p + n, 32, "%zx%s\r\n", k,
		                      rand_r(seed) % 4 == 0 ? ";x=y" : "");
		memcpy(p + n, body.p, k);
		memcpy(p + n + k, "\r\n", 2);
		n += k + 2;
		body = span_skip(body, k);
	}
	n += (size_t)snprintf(p + n, 200, "0\r\n%s\r\n", trailers);
	return span_of(p, n);
}

/* The body of what the sink's receiver got. */
static struct span decoded(struct arena *a, struct span wire, struct http_framing f)
{
	struct http_chunked c;
	char *p = arena_alloc(a, wire.n + 1);
	size_t n = 0;
	struct span data;
	enum http_chunk r;

	if (f.kind != HTTP_BODY_CHUNKED)
		return wire;
	http_chunked_init(&c, 4096);
	while ((r = http_chunked_decode(&c, &wire, &data)) == HTTP_CHUNK_DATA) {
		memcpy(p + n, data.p, data.n);
		n += data.n;
	}
	ck_assert_int_eq(r, HTTP_CHUNK_END);
	ck_assert_uint_eq(wire.n, 0);
	http_chunked_fini(&c);
	return span_of(p, n);
}

/* Everything one run needs. */
struct rig {
	struct arena arena;
	struct buffer_pool *buffers;
	struct buffer *buffer;
	struct fake_stream in, out;
	struct body_source source;
	struct body_sink sink;
};

static void rig_init(struct rig *r)
{
	*r = (struct rig){ .buffers = buffer_pool_new(4) };
	arena_init(&r->arena);
}

static enum body_result rig_pump(struct rig *r)
{
	enum body_result res = BODY_PUMP_WAIT;

	for (unsigned i = 0; i < 4000000 && (res == BODY_PUMP_WAIT || res == BODY_PUMP_YIELD); i++)
		res = body_pump(&r->source, &r->sink, r->buffers, NULL, &r->arena);
	return res;
}

static void rig_fini(struct rig *r)
{
	body_source_fini(&r->source);
	buffer_give(r->buffers, &r->buffer);
	buffer_pool_free(&r->buffers);
	fake_stream_fini(&r->in);
	fake_stream_fini(&r->out);
	arena_fini(&r->arena);
}

#define RUNS 400

START_TEST(any_pieces_any_framing)
{
	unsigned seed = (unsigned)_i + 1;
	struct rig r;

	rig_init(&r);
	const size_t n = (size_t)rand_r(&seed) % (_i % 7 == 0 ? 60000 : 300);
	char *text = arena_alloc(&r.arena, n + 1);

	for (size_t i = 0; i < n; i++)
		text[i] = (char)rand_r(&seed);
	const bool chunked_in = _i % 2 != 0, has_trailer = _i % 3 == 0;
	const struct http_framing from = { chunked_in ? HTTP_BODY_CHUNKED : HTTP_BODY_LENGTH, n };
	const struct http_framing to = { (_i / 2) % 2 != 0 ? HTTP_BODY_CHUNKED : HTTP_BODY_CLOSE,
		                         0 };
	struct span wire = span_of(text, n);

	if (chunked_in)
		wire = in_chunks(&r.arena, wire, &seed, has_trailer ? "X-Sum: 1\r\n" : "");
	fake_stream_init(&r.in, wire, seed);
	fake_stream_init(&r.out, SPAN_NULL, seed + 1);
	body_source_init(&r.source, &r.in.stream, &r.buffer, &from, &body_whys_origin, 4096);
	body_sink_init(&r.sink, &r.out.stream, SPAN("HEAD"), &to);
	ck_assert_int_eq(rig_pump(&r), BODY_PUMP_DONE);
	ck_assert(body_source_is_over(&r.source) && body_sink_is_whole(&r.sink));
	ck_assert_uint_eq(r.source.body_bytes, n);
	ck_assert_uint_eq(r.sink.body_bytes, n);
	ck_assert_uint_eq(r.sink.wire_bytes, r.out.out_n);
	const struct span got = span_of(r.out.output, r.out.out_n);

	ck_assert(span_starts(got, SPAN("HEAD")));
	ck_assert(span_eq(decoded(&r.arena, span_skip(got, 4), to), span_of(text, n)));
	if (has_trailer && chunked_in && to.kind == HTTP_BODY_CHUNKED)
		ck_assert(span_ends_nocase(got, SPAN("0\r\nX-Sum: 1\r\n\r\n")));
	rig_fini(&r);
}
END_TEST

/* A receiver that has all may leave: whoever asks then must find the message whole. */
START_TEST(what_was_written_whole_is_done_at_once)
{
	static const size_t sizes[] = { 16384, 262143, 262144, 262145, 270000, 524288 };
	struct rig r;

	rig_init(&r);
	const size_t n = sizes[_i % 6];
	const struct http_framing f = { HTTP_BODY_LENGTH, n };
	char *text = arena_alloc(&r.arena, n);

	memset(text, 'x', n);
	fake_stream_init(&r.in, span_of(text, n), 1);
	fake_stream_init(&r.out, SPAN_NULL, 1);
	r.in.piece = r.out.piece = 1u << 30; /* as much as is asked for, nearly always */
	body_source_init(&r.source, &r.in.stream, &r.buffer, &f, &body_whys_origin, 4096);
	body_sink_init(&r.sink, &r.out.stream, SPAN_NULL, &f);
	enum body_result res = BODY_PUMP_YIELD;

	while (res == BODY_PUMP_YIELD) {
		res = body_pump(&r.source, &r.sink, r.buffers, NULL, &r.arena);
		ck_assert(res == BODY_PUMP_DONE || r.out.out_n < n);
	}
	ck_assert_int_eq(res, BODY_PUMP_DONE);
	rig_fini(&r);
}
END_TEST

static const struct {
	const char *name, *wire;
	enum http_framing_kind kind;
	uint64_t length, max;
	enum why why;
} failures[] = {
	{ "a length that is not reached", "abc", HTTP_BODY_LENGTH, 4, 0, WHY_ORIGIN_CUT },
	{ "chunks without an end", "3\r\nabc\r\n", HTTP_BODY_CHUNKED, 0, 0, WHY_ORIGIN_CUT },
	{ "an end within the last chunk", "0\r\n", HTTP_BODY_CHUNKED, 0, 0, WHY_ORIGIN_CUT },
	{ "a chunk size that is none", "zz\r\n", HTTP_BODY_CHUNKED, 0, 0, WHY_ORIGIN_BAD_BODY },
	{ "a chunk longer than it says", "1\r\nab\r\n0\r\n\r\n", HTTP_BODY_CHUNKED, 0, 0,
	  WHY_ORIGIN_BAD_BODY },
	{ "RFC 9112 7.1.2: a trailer that is no field", "0\r\nBad : x\r\n\r\n", HTTP_BODY_CHUNKED,
	  0, 0, WHY_ORIGIN_BAD_BODY },
	{ "more than the limit", "3\r\nabc\r\n0\r\n\r\n", HTTP_BODY_CHUNKED, 0, 2,
	  WHY_REPLY_TOO_LARGE },
};

START_TEST(a_source_that_fails_says_why)
{
	const struct http_framing from = { failures[_i].kind, failures[_i].length };
	const struct http_framing to = { HTTP_BODY_CHUNKED, 0 };
	struct rig r;

	rig_init(&r);
	fake_stream_init(&r.in, span_str(failures[_i].wire), 2);
	fake_stream_init(&r.out, SPAN_NULL, 2);
	body_source_init(&r.source, &r.in.stream, &r.buffer, &from, &body_whys_origin, 4096);
	r.source.max_bytes = failures[_i].max;
	body_sink_init(&r.sink, &r.out.stream, SPAN_NULL, &to);
	ck_assert_int_eq(rig_pump(&r), BODY_PUMP_SOURCE);
	ck_assert_msg(r.source.why == failures[_i].why, "%s: %s", failures[_i].name,
	              why_row(r.source.why)->symbol);
	/* RFC 9112 8: what the receiver got must not look like a whole message. */
	ck_assert(!span_ends_nocase(span_of(r.out.output, r.out.out_n), SPAN("0\r\n\r\n")));
	ck_assert(!body_sink_is_whole(&r.sink));
	rig_fini(&r);
}
END_TEST

/* Each chunk costs a write: so many of one byte must not take the worker from everybody else. */
START_TEST(a_turn_is_short_whatever_the_pieces)
{
	static const struct http_framing chunked = { HTTP_BODY_CHUNKED, 0 };
	const size_t n = 100000;
	struct rig r;

	rig_init(&r);
	char *wire = arena_alloc(&r.arena, 6 * n);

	for (size_t i = 0; i < n; i++)
		memcpy(wire + 6 * i, "1\r\nx\r\n", 6);
	fake_stream_init(&r.in, span_of(wire, 6 * n), 1);
	fake_stream_init(&r.out, SPAN_NULL, 1);
	r.in.piece = r.out.piece = 1 << 20;
	body_source_init(&r.source, &r.in.stream, &r.buffer, &chunked, &body_whys_origin, 4096);
	body_sink_init(&r.sink, &r.out.stream, SPAN_NULL, &chunked);
	ck_assert_int_eq(body_pump(&r.source, &r.sink, r.buffers, NULL, &r.arena), BODY_PUMP_YIELD);
	ck_assert_uint_le(r.out.writes, 1000);
	rig_fini(&r);
}
END_TEST

Suite *suite_body(void);
Suite *suite_body(void)
{
	Suite *s = suite_create("body");
	TCase *t = tcase_create("body");

	tcase_add_loop_test(t, any_pieces_any_framing, 0, RUNS);
	tcase_add_test(t, a_turn_is_short_whatever_the_pieces);
	tcase_add_loop_test(t, what_was_written_whole_is_done_at_once, 0, 6);
	tcase_add_loop_test(t, a_source_that_fails_says_why, 0, ARRAY_LEN(failures));
	suite_add_tcase(s, t);
	return s;
}
