/*
 * Records: what is written is read again; what is changed anywhere is not.
 */
#include "tests/unit/unit.h"

#include "cache/record.h"

#define SEED 0x1234567890abcdefull

static const struct cache_key key = { 0x1111222233334444ull, 0x5555666677778888ull };
static const struct disk_place places[] = {
	{ 3u << DISK_SEGMENT_BITS | 7, 1048576, 128, 99 },
	{ 3u << DISK_SEGMENT_BITS | 9, 5, 64, 1 },
};

static struct cobj_parts parts_of(uint64_t body_bytes)
{
	return (struct cobj_parts){
		.key = key,
		.meta = { .request_s = -5,
		          .response_s = INT64_MAX,
		          .body_bytes = body_bytes,
		          .salt = UINT64_MAX,
		          .ttl_s = 17,
		          .status = 999,
		          .flags = COBJ_MARKER },
		.url = SPAN("http://example.com/"),
		.variant = SPAN("accept-encoding: gzip"),
		.vary = SPAN(""),
		.head_text = SPAN("HTTP/1.1 200 OK\r\n\r\n"),
	};
}

/* A whole record in memory of its own; *n is its length. */
static char *make(struct span body, uint32_t n_places, struct record *r, size_t *n)
{
	const struct cobj_parts parts = parts_of(n_places > 0 ? 1048581 : body.n);
	const uint32_t texts = record_texts_bytes(&parts, n_places);
	const struct record sizes = { .texts_bytes = texts, .body_bytes = (uint32_t)body.n };

	*n = record_bytes(&sizes);
	char *const at = check_malloc(*n);

	record_put(at, texts, key, &parts, body, places, n_places, r);
	r->seq = 42;
	record_put_header(at, r, SEED);
	return at;
}

START_TEST(a_head_comes_back_as_it_was)
{
	static const struct span bodies[] = { { "", 0 }, { "x", 1 }, { "0123456789abcdef", 16 } };
	const uint32_t n_places = _i == 3 ? 2 : 0;
	const struct span body = _i == 3 ? SPAN("") : bodies[_i];
	const struct cobj_parts want = parts_of(n_places > 0 ? 1048581 : body.n);
	struct disk_found found;
	struct record r, again;
	size_t n;
	char *const at = make(body, n_places, &r, &n);

	ck_assert_uint_eq(n % INDEX_UNIT, 0);
	ck_assert(record_get_header(at, n, SEED, &again));
	ck_assert_uint_eq(again.seq, 42);
	ck_assert(cache_key_eq(again.key, key));
	ck_assert_uint_eq(record_bytes(&again), n);
	ck_assert_span(span_of(at + RECORD_HEADER_BYTES + again.texts_bytes, again.body_bytes),
	               body);
	ck_assert_uint_eq(again.body_checksum, record_checksum(body));
	ck_assert(record_get_head(&again, at + RECORD_HEADER_BYTES, &found));
	ck_assert_int_eq(memcmp(&found.parts.meta, &want.meta, sizeof(want.meta)), 0);
	ck_assert_span(found.parts.url, want.url);
	ck_assert_span(found.parts.variant, want.variant);
	ck_assert_span(found.parts.vary, want.vary);
	ck_assert_span(found.parts.head_text, want.head_text);
	ck_assert_uint_eq(found.n_places, n_places);
	for (uint32_t i = 0; i < n_places; i++) {
		ck_assert_uint_eq(found.places[i].segment, places[i].segment & 0x3ffffff);
		ck_assert_uint_eq(found.places[i].bytes, places[i].bytes);
		ck_assert_uint_eq(found.places[i].offset, places[i].offset);
		ck_assert_uint_eq(found.places[i].checksum, places[i].checksum);
	}
	free(at);
}
END_TEST

START_TEST(a_fragment_comes_back_as_it_was)
{
	char at[96];
	struct record r, again;

	record_put(at, 0, key, NULL, SPAN("twenty bytes or so.."), NULL, 0, &r);
	r.seq = 1;
	record_put_header(at, &r, SEED);
	ck_assert(record_get_header(at, sizeof(at), SEED, &again));
	ck_assert_int_eq(again.type, RECORD_FRAGMENT);
	ck_assert_uint_eq(record_bytes(&again), 96);
	ck_assert_uint_eq(again.body_checksum, record_checksum(SPAN("twenty bytes or so..")));
}
END_TEST

START_TEST(a_bit_that_turned_in_header_or_texts_is_found)
{
	struct disk_found found;
	struct record r, again;
	size_t n;
	char *const at = make(SPAN("body"), 0, &r, &n);

	for (size_t bit = 0; bit < 8 * (RECORD_HEADER_BYTES + r.texts_bytes); bit++) {
		at[bit / 8] = (char)(at[bit / 8] ^ 1 << bit % 8);
		ck_assert(!record_get_header(at, n, SEED, &again) ||
		          !record_get_head(&again, at + RECORD_HEADER_BYTES, &found));
		at[bit / 8] = (char)(at[bit / 8] ^ 1 << bit % 8);
	}
	free(at);
}
END_TEST

START_TEST(a_record_at_another_place_is_none)
{
	struct record r, again;
	size_t n;
	char *const at = make(SPAN("body"), 0, &r, &n);

	ck_assert(!record_get_header(at, n, SEED + INDEX_UNIT, &again));
	ck_assert(!record_get_header(at, RECORD_HEADER_BYTES - 1, SEED, &again));
	ck_assert(record_get_header(at, n, SEED, &again));
	free(at);
}
END_TEST

/* What a header with a right checksum may still say. */
static const struct {
	const char *name;
	struct record r;
} impossible[] = {
	{ "texts that are no multiple of the unit", { .type = RECORD_HEAD, .texts_bytes = 65 } },
	{ "longer than a record may be", { .type = RECORD_HEAD, .texts_bytes = RECORD_BYTES_MAX } },
	{ "lengths whose sum is too long",
	  { .type = RECORD_FRAGMENT, .texts_bytes = 16, .body_bytes = UINT32_MAX } },
	{ "an unknown type", { .type = (enum record_type)4, .texts_bytes = 64 } },
	{ "no type", { .type = (enum record_type)0, .texts_bytes = 64 } },
};

START_TEST(a_header_of_what_cannot_be_is_refused)
{
	char at[RECORD_HEADER_BYTES];
	struct record again;

	record_put_header(at, &impossible[_i].r, SEED);
	ck_assert_msg(!record_get_header(at, sizeof(at), SEED, &again), "%s", impossible[_i].name);
}
END_TEST

START_TEST(lengths_of_texts_that_do_not_fit_are_refused)
{
	struct disk_found found;
	struct record r;
	size_t n;
	char *const at = make(SPAN("body"), 0, &r, &n);
	char *const texts = at + RECORD_HEADER_BYTES;

	/* The counts in the meta, one after the other, with checksums that are right. */
	for (size_t field = 40; field < 60; field += 4) {
		uint32_t old;
		const uint32_t huge = UINT32_MAX;

		memcpy(&old, texts + field, 4);
		memcpy(texts + field, &huge, 4);
		r.texts_checksum = record_checksum(span_of(texts, r.texts_bytes));
		ck_assert(!record_get_head(&r, texts, &found));
		memcpy(texts + field, &old, 4);
	}
	r.texts_checksum = record_checksum(span_of(texts, r.texts_bytes));
	ck_assert(record_get_head(&r, texts, &found));
	free(at);
}
END_TEST

START_TEST(texts_that_are_too_long_for_a_record_are_told)
{
	struct cobj_parts parts = parts_of(0);

	parts.url.n = RECORD_BYTES_MAX;
	ck_assert_uint_eq(record_texts_bytes(&parts, 0), 0);
	parts.url.n = SIZE_MAX;
	ck_assert_uint_eq(record_texts_bytes(&parts, 0), 0);
	ck_assert_uint_eq(record_texts_bytes(&parts, UINT32_MAX), 0);
}
END_TEST

Suite *suite_record(void);
Suite *suite_record(void)
{
	Suite *s = suite_create("record");
	TCase *t = tcase_create("record");

	tcase_add_loop_test(t, a_head_comes_back_as_it_was, 0, 4);
	tcase_add_test(t, a_fragment_comes_back_as_it_was);
	tcase_add_test(t, a_bit_that_turned_in_header_or_texts_is_found);
	tcase_add_test(t, a_record_at_another_place_is_none);
	tcase_add_loop_test(t, a_header_of_what_cannot_be_is_refused, 0,
	                    (int)ARRAY_LEN(impossible));
	tcase_add_test(t, lengths_of_texts_that_do_not_fit_are_refused);
	tcase_add_test(t, texts_that_are_too_long_for_a_record_are_told);
	suite_add_tcase(s, t);
	return s;
}
