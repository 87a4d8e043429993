/*
 * Heads from streams: in any pieces, beyond the size of a buffer, up to the limit.
 */
#include "tests/unit/unit.h"

#include "proxy/head_reader.h"
#include "tests/unit/proxy/fake_stream.h"

struct rig {
	struct arena arena;
	struct buffer_pool *buffers;
	struct buffer *buffer;
	struct fake_stream in;
	struct head_reader reader;
	struct http_head head;
	struct http_parse_error error;
	size_t used;
};

static void rig_init(struct rig *r, struct span input, unsigned seed)
{
	*r = (struct rig){ .buffers = buffer_pool_new(4) };
	arena_init(&r->arena);
	fake_stream_init(&r->in, input, seed);
	head_reader_init(&r->reader);
}

static enum head_read rig_run(struct rig *r, size_t max)
{
	enum head_read h = HEAD_WAIT;

	for (unsigned i = 0; i < 1000000 && h == HEAD_WAIT; i++)
		h = head_reader_run(&r->reader, &r->in.stream, &r->buffer, r->buffers,
		                    http_parse_request, max, &r->arena, &r->head, &r->used,
		                    &r->error);
	return h;
}

static void rig_fini(struct rig *r)
{
	buffer_give(r->buffers, &r->buffer);
	buffer_pool_free(&r->buffers);
	fake_stream_fini(&r->in);
	arena_fini(&r->arena);
}

/* A head with one field of `n` bytes, and the beginning of what follows it. */
static struct span big_head(struct arena *a, size_t n, const char *behind)
{
	char *p = arena_alloc(a, n + 200);
	size_t at = (size_t)snprintf(p, 100, "GET http://o/ HTTP/1.1\r\nHost: o\r\nX: ");

	memset(p + at, 'x', n);
	at += n;
	at += (size_t)snprintf(p + at, 100, "\r\n\r\n%s", behind);
	return span_of(p, at);
}

static const size_t sizes[] = { 1, 100, 16000, 16340, 16384, 16385, 20000, 40000, 60000 };

START_TEST(what_follows_a_head_of_any_size_is_kept)
{
	struct arena a;
	struct rig r;

	arena_init(&a);
	for (unsigned seed = 1; seed < 12; seed++) {
		const struct span text = big_head(&a, sizes[_i], "GET next");

		rig_init(&r, text, seed);
		ck_assert_int_eq(rig_run(&r, 65536), HEAD_OK);
		ck_assert_uint_eq(r.used, text.n - strlen("GET next"));
		const struct http_field *f = http_head_get_named(&r.head, SPAN("x"));

		ck_assert_ptr_nonnull(f);
		ck_assert_uint_eq(f->value.n, sizes[_i]);
		/* Read so far, and not yet: together they are what follows. */
		const size_t buffered = r.buffer != NULL ? r.buffer->n : 0;

		ck_assert_uint_eq(buffered + r.in.input.n, strlen("GET next"));
		if (buffered != 0)
			ck_assert(span_starts(SPAN("GET next"), buffer_span(r.buffer)));
		rig_fini(&r);
	}
	arena_fini(&a);
}
END_TEST

START_TEST(a_head_beyond_the_limit_is_refused)
{
	struct arena a;
	struct rig r;

	arena_init(&a);
	rig_init(&r, big_head(&a, 40000, ""), 3);
	ck_assert_int_eq(rig_run(&r, 32768), HEAD_BAD);
	ck_assert_int_eq(r.error.why, WHY_HEAD_TOO_LARGE);
	rig_fini(&r);
	arena_fini(&a);
}
END_TEST

START_TEST(an_end_within_a_head_is_told)
{
	struct rig r;

	rig_init(&r, SPAN("GET http://o/ HTTP/1.1\r\nHos"), 5);
	ck_assert_int_eq(rig_run(&r, 65536), HEAD_EOF);
	ck_assert_uint_eq(r.reader.bytes, 27);
	rig_fini(&r);
}
END_TEST

Suite *suite_head_reader(void);
Suite *suite_head_reader(void)
{
	Suite *s = suite_create("head_reader");
	TCase *t = tcase_create("head_reader");

	tcase_add_loop_test(t, what_follows_a_head_of_any_size_is_kept, 0, ARRAY_LEN(sizes));
	tcase_add_test(t, a_head_beyond_the_limit_is_refused);
	tcase_add_test(t, an_end_within_a_head_is_told);
	suite_add_tcase(s, t);
	return s;
}
