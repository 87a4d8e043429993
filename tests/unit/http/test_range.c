/*
 * Ranges: what a Range field asks for, what of it a body has, Content-Range, and the layout of
 * replies with one part and with several.
 */
#include "http/range.h"
#include "tests/unit/unit.h"

static const struct {
	const char *name, *value, *parts; /* "at+n ..."; "416"; "ignored" */
	uint64_t length;
} ranges[] = {
	/* The examples of RFC 9110 14.1.2. */
	{ "9110 14.1.2: the first 500 bytes", "bytes=0-499", "0+500", 10000 },
	{ "9110 14.1.2: the second 500 bytes", "bytes=500-999", "500+500", 10000 },
	{ "9110 14.1.2: the final 500 bytes", "bytes=-500", "9500+500", 10000 },
	{ "9110 14.1.2: the same, open", "bytes=9500-", "9500+500", 10000 },
	{ "9110 14.1.2: first and last byte only", "bytes=0-0,-1", "0+1 9999+1", 10000 },
	{ "9110 14.1.2: first, middle and last", "bytes= 0-999, 4500-5499, -1000",
	  "0+1000 4500+1000 9000+1000", 10000 },
	{ "9110 14.1.2: a last-pos behind the end", "bytes=9990-20000", "9990+10", 10000 },
	{ "9110 14.1.2: a suffix longer than the body", "bytes=-20000", "0+10000", 10000 },
	{ "9110 14.1: units are case-insensitive", "BYTES=0-1", "0+2", 10 },
	{ "9110 5.6.1.2: empty elements", "bytes=,,0-1 , ,3-4,", "0+2 3+2", 10 },
	{ "all of it", "bytes=0-", "0+10", 10 },
	{ "the last byte", "bytes=9-9", "9+1", 10 },
	{ "leading zeros", "bytes=0000000000000000000000001-2", "1+2", 10 },

	{ "9110 14.1.2: a first-pos behind the end", "bytes=10000-", "416", 10000 },
	{ "9110 14.1.2: a suffix of no length", "bytes=-0", "416", 10000 },
	{ "9110 14.1.2: one of two is there", "bytes=10000-,0-0", "0+1", 10000 },
	{ "9110 14.1.2: neither is there", "bytes=10000-,-0", "416", 10000 },
	{ "9110 17.5: numbers beyond 64 bits do not wrap", "bytes=18446744073709551616-", "416",
	  100 },
	{ "9110 17.5: a last-pos beyond 64 bits", "bytes=0-36893488147419103232", "0+100", 100 },
	{ "9110 17.5: both beyond 64 bits", "bytes=36893488147419103232-36893488147419103233",
	  "416", 100 },
	{ "9110 17.5: a suffix beyond 64 bits", "bytes=-36893488147419103232", "0+100", 100 },
	{ "an empty body has no first byte", "bytes=0-", "416", 0 },
	{ "the end of an empty body is not to be told", "bytes=-5", "ignored", 0 },
	{ "an empty body, no suffix at all", "bytes=-0", "416", 0 },

	{ "9110 15.3.7.2: what overlaps is one", "bytes=0-5,3-9", "0+10", 100 },
	{ "9110 15.3.7.2: what touches stays two", "bytes=0-4,5-9", "0+5 5+5", 100 },
	{ "9110 15.3.7.2: the order of the request", "bytes=50-59,0-9", "50+10 0+10", 100 },
	{ "9110 15.3.7.2: the place of the first of those that overlap",
	  "bytes=50-59,0-9,55-70,20-29", "50+21 0+10 20+10", 100 },
	{ "one that bridges two", "bytes=0-9,90-99,20-29,5-24", "0+30 90+10", 100 },
	{ "one that swallows all", "bytes=1-1,3-3,5-5,0-", "0+100", 100 },
	{ "the same one again", "bytes=0-0,0-0,0-0", "0+1", 100 },

	{ "9110 14.1.1: last before first spoils all", "bytes=0-1,5-4", "ignored", 10 },
	{ "9110 14.2: another unit", "seconds=0-1", "ignored", 10 },
	{ "a unit that begins alike", "bytesx=0-1", "ignored", 10 },
	{ "no unit", "0-1", "ignored", 10 },
	{ "no range", "bytes=", "ignored", 10 },
	{ "only commas", "bytes=,,", "ignored", 10 },
	{ "nothing", "", "ignored", 10 },
	{ "a bare dash", "bytes=-", "ignored", 10 },
	{ "no dash", "bytes=5", "ignored", 10 },
	{ "a sign", "bytes=+1-2", "ignored", 10 },
	{ "hexadecimal", "bytes=0x1-2", "ignored", 10 },
	{ "blanks within", "bytes=1 - 2", "ignored", 10 },
	{ "a blank before =", "bytes =1-2", "ignored", 10 },
	{ "two dashes", "bytes=1--2", "ignored", 10 },
	{ "three numbers", "bytes=1-2-3", "ignored", 10 },
	{ "bytes behind", "bytes=1-2x", "ignored", 10 },
};

static void print_parts(struct span value, uint64_t length, char *buf, size_t cap)
{
	struct http_ranges r;
	struct http_part parts[HTTP_RANGES_MAX];
	unsigned n = 0;
	enum http_ranges_verdict v = HTTP_RANGES_IGNORE;

	if (http_ranges_parse(value, &r))
		v = http_ranges_resolve(&r, length, parts, &n);
	buf[0] = '\0';
	if (v != HTTP_RANGES_PARTIAL)
		snprintf(buf, cap, v == HTTP_RANGES_IGNORE ? "ignored" : "416");
	for (unsigned i = 0; i < n; i++) {
		const size_t at = strlen(buf);

		snprintf(buf + at, cap - at, "%s%llu+%llu", i == 0 ? "" : " ",
		         (unsigned long long)parts[i].at, (unsigned long long)parts[i].n);
	}
}

START_TEST(ranges_are_resolved)
{
	char got[256];

	print_parts(span_str(ranges[_i].value), ranges[_i].length, got, sizeof(got));
	ck_assert_msg(strcmp(got, ranges[_i].parts) == 0, "%s: %s", ranges[_i].name, got);
}
END_TEST

/* RFC 9110 14.2: too many are a sign of abuse; all of the body goes out instead. */
START_TEST(a_request_has_at_most_so_many)
{
	char value[HTTP_RANGES_MAX * 16] = "bytes=";
	struct http_ranges r;

	for (unsigned i = 0; i < HTTP_RANGES_MAX; i++)
		snprintf(value + strlen(value), sizeof(value) - strlen(value), "%u-%u,", i * 10,
		         i * 10);
	ck_assert(http_ranges_parse(span_str(value), &r));
	ck_assert_uint_eq(r.n, HTTP_RANGES_MAX);
	snprintf(value + strlen(value), sizeof(value) - strlen(value), "9000-");
	ck_assert(!http_ranges_parse(span_str(value), &r));
}
END_TEST

/*
 * Squid's documentation of range_offset_limit: 0 never, -1 (none) always, else how far in a range
 * may begin.
 */
static const struct {
	const char *name, *value;
	int64_t limit;
	bool within;
} limits[] = {
	{ "none", "bytes=-5", -1, true },
	{ "zero", "bytes=0-", 0, false },
	{ "from the beginning", "bytes=0-", 1, true },
	{ "at the limit", "bytes=100-", 100, true },
	{ "beyond", "bytes=101-", 100, false },
	{ "the first by place counts", "bytes=500-600,3-4", 100, true },
	{ "a suffix may begin anywhere", "bytes=3-4,-5", 100, false },
};

START_TEST(the_offset_limit)
{
	struct http_ranges r;

	ck_assert(http_ranges_parse(span_str(limits[_i].value), &r));
	ck_assert_msg(http_ranges_begin_within(&r, limits[_i].limit) == limits[_i].within, "%s",
	              limits[_i].name);
}
END_TEST

/* --- Content-Range ---------------------------------------------------------------------------- */

static const struct {
	const char *name, *value;
	bool ok, is_unsatisfied;
	uint64_t at, n, length;
} contents[] = {
	{ "9110 14.4: of a known length", "bytes 42-1233/1234", true, false, 42, 1192, 1234 },
	{ "9110 14.4: of an unknown length", "bytes 42-1233/*", true, false, 42, 1192,
	  HTTP_LENGTH_UNKNOWN },
	{ "9110 14.4: unsatisfied", "bytes */1234", true, true, 0, 0, 1234 },
	{ "one byte", "bytes 0-0/1", true, false, 0, 1, 1 },
	{ "unsatisfied, of nothing", "bytes */0", true, true, 0, 0, 0 },

	{ "9110 14.4: last before first", "bytes 5-4/10", false, false, 0, 0, 0 },
	{ "9110 14.4: a length that is not greater than last", "bytes 0-10/10", false, false, 0, 0,
	  0 },
	{ "unsatisfied of an unknown length", "bytes */*", false, false, 0, 0, 0 },
	{ "another unit", "items 0-1/2", false, false, 0, 0, 0 },
	{ "an equals sign", "bytes=0-1/2", false, false, 0, 0, 0 },
	{ "no length", "bytes 0-1", false, false, 0, 0, 0 },
	{ "an empty length", "bytes 0-1/", false, false, 0, 0, 0 },
	{ "two blanks", "bytes  0-1/2", false, false, 0, 0, 0 },
	{ "a suffix", "bytes -1/2", false, false, 0, 0, 0 },
	{ "open", "bytes 0-/2", false, false, 0, 0, 0 },
	{ "bytes behind", "bytes 0-1/2,", false, false, 0, 0, 0 },
	{ "two", "bytes 0-1/9, bytes 3-4/9", false, false, 0, 0, 0 },
	{ "last beyond 64 bits", "bytes 0-18446744073709551615/*", false, false, 0, 0, 0 },
	{ "length beyond 64 bits", "bytes 0-1/18446744073709551616", false, false, 0, 0, 0 },
	{ "nothing", "", false, false, 0, 0, 0 },
};

START_TEST(content_ranges)
{
	struct http_content_range c;
	char text[HTTP_CONTENT_RANGE_MAX];
	const bool ok = http_content_range_parse(span_str(contents[_i].value), &c);

	ck_assert_msg(ok == contents[_i].ok, "%s", contents[_i].name);
	if (!ok)
		return;
	ck_assert(c.is_unsatisfied == contents[_i].is_unsatisfied);
	ck_assert_uint_eq(c.part.at, contents[_i].at);
	ck_assert_uint_eq(c.part.n, contents[_i].n);
	ck_assert_uint_eq(c.length, contents[_i].length);
	const char *const end = http_content_range_print(text, &c);

	ck_assert_span(span_of(text, (size_t)(end - text)), span_str(contents[_i].value));
}
END_TEST

START_TEST(the_longest_content_range_fits)
{
	char text[HTTP_CONTENT_RANGE_MAX];
	const struct http_content_range c = { .part = { UINT64_MAX - 3, 2 },
		                              .length = UINT64_MAX - 1 };
	const char *const end = http_content_range_print(text, &c);

	ck_assert(end <= text + sizeof(text));
	ck_assert_span(
		span_of(text, (size_t)(end - text)),
		SPAN("bytes 18446744073709551612-18446744073709551613/18446744073709551614"));
}
END_TEST

/* --- layout ----------------------------------------------------------------------------------- */

static struct span walk(const struct http_layout *l, const char *body, char *buf)
{
	char *p = buf;

	for (unsigned i = 0; i < l->n; i++) {
		const struct http_piece *const piece = &l->pieces[i];
		const struct span s = piece->text.n != 0
		                              ? piece->text
		                              : span_of(body + piece->part.at, piece->part.n);

		memcpy(p, s.p, s.n);
		p += s.n;
	}
	ck_assert_uint_eq((size_t)(p - buf), l->bytes);
	return span_of(buf, (size_t)(p - buf));
}

static const struct http_part two[] = { { 2, 3 }, { 8, 2 } };

START_TEST(rfc9110_15_3_7_1_one_part)
{
	char buf[1024];
	struct http_layout l;
	struct arena a;

	arena_init(&a);
	ck_assert_int_eq(http_layout_make(&l, two, 1, 10, SPAN("text/plain"), SPAN("B"), &a), 0);
	ck_assert_span(walk(&l, "0123456789", buf), SPAN("234"));
	ck_assert_span(l.content_range, SPAN("bytes 2-4/10"));
	ck_assert_ptr_null(l.content_type.p);
	arena_fini(&a);
}
END_TEST

START_TEST(rfc9110_15_3_7_2_two_parts)
{
	char buf[1024];
	struct http_layout l;
	struct arena a;

	arena_init(&a);
	ck_assert_int_eq(http_layout_make(&l, two, 2, 10, SPAN("text/plain"), SPAN("B"), &a), 0);
	ck_assert_span(walk(&l, "0123456789", buf), SPAN("--B\r\n"
	                                                 "Content-Type: text/plain\r\n"
	                                                 "Content-Range: bytes 2-4/10\r\n"
	                                                 "\r\n"
	                                                 "234\r\n"
	                                                 "--B\r\n"
	                                                 "Content-Type: text/plain\r\n"
	                                                 "Content-Range: bytes 8-9/10\r\n"
	                                                 "\r\n"
	                                                 "89\r\n"
	                                                 "--B--\r\n"));
	ck_assert_span(l.content_type, SPAN("multipart/byteranges; boundary=B"));
	ck_assert_ptr_null(l.content_range.p);
	arena_fini(&a);
}
END_TEST

START_TEST(rfc9110_15_3_7_2_parts_without_a_type)
{
	char buf[1024];
	struct http_layout l;
	struct arena a;

	arena_init(&a);
	ck_assert_int_eq(http_layout_make(&l, two, 2, 10, SPAN_NULL, SPAN("xyz"), &a), 0);
	ck_assert_span(walk(&l, "0123456789", buf),
	               SPAN("--xyz\r\nContent-Range: bytes 2-4/10\r\n\r\n234\r\n"
	                    "--xyz\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--xyz--\r\n"));
	arena_fini(&a);
}
END_TEST

Suite *suite_range(void);
Suite *suite_range(void)
{
	Suite *s = suite_create("range");
	TCase *t = tcase_create("range");

	tcase_add_loop_test(t, ranges_are_resolved, 0, ARRAY_LEN(ranges));
	tcase_add_test(t, a_request_has_at_most_so_many);
	tcase_add_loop_test(t, the_offset_limit, 0, ARRAY_LEN(limits));
	tcase_add_loop_test(t, content_ranges, 0, ARRAY_LEN(contents));
	tcase_add_test(t, the_longest_content_range_fits);
	tcase_add_test(t, rfc9110_15_3_7_1_one_part);
	tcase_add_test(t, rfc9110_15_3_7_2_two_parts);
	tcase_add_test(t, rfc9110_15_3_7_2_parts_without_a_type);
	suite_add_tcase(s, t);
	return s;
}
