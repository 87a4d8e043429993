/*
 * Reply heads: the status line, and faults that become a 502.
 */
#include "http/parse.h"
#include "tests/unit/unit.h"

static const struct {
	const char *name, *text;
	size_t n;
	enum http_parse r;
	unsigned status, version;
	const char *reason;
} cases[] = {
#define CASE(name, text, ...)                                                                      \
	{                                                                                          \
		name, text, sizeof(text) - 1, __VA_ARGS__                                          \
	}
#define OK   HTTP_PARSE_OK
#define BAD  HTTP_PARSE_BAD, 0, 0, ""
#define MORE HTTP_PARSE_MORE, 0, 0, ""
	CASE("9112 4: the least reply", "HTTP/1.1 200 OK\r\n\r\n", OK, 200, 11, "OK"),
	CASE("9112 4: a phrase of several words", "HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n", OK, 404,
	     10, "Not Found"),
	CASE("9112 4: an empty phrase", "HTTP/1.1 204 \r\n\r\n", OK, 204, 11, ""),
	CASE("9112 4: no blank before an empty phrase", "HTTP/1.1 204\r\n\r\n", OK, 204, 11, ""),
	CASE("9112 4: tab and obs-text in a phrase", "HTTP/1.1 200 \xc3\xa4\tb\r\n\r\n", OK, 200,
	     11, "\xc3\xa4\tb"),
	CASE("9110 15: an unknown class", "HTTP/1.1 999 x\r\n\r\n", OK, 999, 11, "x"),
	CASE("9110 15.2: an interim reply before another", "HTTP/1.1 100 Continue\r\n\r\n", OK, 100,
	     11, "Continue"),

	CASE("9112 2.2: an empty line before it", "\r\nHTTP/1.1 200 OK\r\n\r\n", BAD),
	CASE("9112 2.2: lines that end with a bare LF", "HTTP/1.1 200 OK\nA: b\n\n", BAD),
	CASE("9112 2.2: a bare CR in the phrase", "HTTP/1.1 200 O\rK\r\n\r\n", BAD),
	CASE("9112 4: a NUL in the phrase", "HTTP/1.1 200 O\0K\r\n\r\n", BAD),
	CASE("9112 4: two blanks before the status", "HTTP/1.1  200 OK\r\n\r\n", BAD),
	CASE("9112 4: a tab before the status", "HTTP/1.1\t200 OK\r\n\r\n", BAD),
	CASE("9112 4: two digits", "HTTP/1.1 20 OK\r\n\r\n", BAD),
	CASE("9112 4: four digits", "HTTP/1.1 2000 OK\r\n\r\n", BAD),
	CASE("9112 4: a signed status", "HTTP/1.1 +20 OK\r\n\r\n", BAD),
	CASE("9110 15: a status below 100", "HTTP/1.1 099 OK\r\n\r\n", BAD),
	CASE("9112 4: no status", "HTTP/1.1\r\n\r\n", BAD),
	CASE("9112 2.3: another protocol", "ICY 200 OK\r\n\r\n", BAD),
	CASE("9112 2.3: lower case", "http/1.1 200 OK\r\n\r\n", BAD),
	CASE("9112 2.3: HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", BAD),
	CASE("9112 2.3: no status line (HTTP/0.9)", "<html>", BAD),
	CASE("9112 5.1: a blank before the colon", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", BAD),
	CASE("9112 5.2: obs-fold", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", BAD),
	CASE("9112 5.2: a blank at the start of the first line", "HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
	     BAD),
	CASE("9110 5.5: a NUL in a value", "HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", BAD),
	CASE("9110 5.1: a name that is no token", "HTTP/1.1 200 OK\r\nA@b: c\r\n\r\n", BAD),

	CASE("half a version", "HTT", MORE),
	CASE("half a status", "HTTP/1.1 20", MORE),
	CASE("half a phrase", "HTTP/1.1 200 O", MORE),
	CASE("half a field", "HTTP/1.1 200 OK\r\nA: b", MORE),
	CASE("no empty line", "HTTP/1.1 200 OK\r\nA: b\r\n", MORE),
#undef CASE
#undef OK
#undef BAD
#undef MORE
};

START_TEST(heads_are_taken_strictly)
{
	const struct span text = span_of(cases[_i].text, cases[_i].n);
	struct http_parse_error e = { 0 };
	struct http_scan scan = { 0 };
	struct http_head h;
	struct arena a;
	size_t used = 0;

	arena_init(&a);
	http_head_init(&h, &a);
	const enum http_parse r = http_parse_reply(text, 65536, &scan, &h, &used, &e);

	ck_assert_msg(r == cases[_i].r, "%s: %d (%s)", cases[_i].name, r, e.detail);
	if (r == HTTP_PARSE_OK) {
		ck_assert_msg(used == text.n && h.status == cases[_i].status, "%s", cases[_i].name);
		ck_assert_uint_eq(h.version, cases[_i].version);
		ck_assert_span(h.reason, span_str(cases[_i].reason));
	}
	if (r == HTTP_PARSE_BAD)
		ck_assert_msg(e.why == WHY_ORIGIN_BAD_REPLY && e.detail != NULL, "%s",
		              cases[_i].name);
	arena_fini(&a);
}
END_TEST

START_TEST(a_head_may_follow_another)
{
	static const char text[] =
		"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
	struct http_parse_error e;
	struct http_scan scan = { 0 };
	struct http_head h;
	struct arena a;
	size_t used = 0;

	arena_init(&a);
	http_head_init(&h, &a);
	ck_assert_int_eq(http_parse_reply(span_str(text), 65536, &scan, &h, &used, &e),
	                 HTTP_PARSE_OK);
	ck_assert_uint_eq(h.n_fields, 1);
	scan = (struct http_scan){ 0 };
	ck_assert_int_eq(
		http_parse_reply(span_skip(span_str(text), used), 65536, &scan, &h, &used, &e),
		HTTP_PARSE_OK);
	ck_assert_uint_eq(h.status, 200);
	ck_assert_uint_eq(h.n_fields, 0); /* nothing of the first is left */
	arena_fini(&a);
}
END_TEST

START_TEST(the_limit_is_the_origins_fault)
{
	struct http_parse_error e;
	struct http_scan scan = { 0 };
	struct http_head h;
	struct arena a;
	size_t used;

	arena_init(&a);
	http_head_init(&h, &a);
	ck_assert_int_eq(
		http_parse_reply(SPAN("HTTP/1.1 200 OK\r\nA: bbbbbbbbb"), 20, &scan, &h, &used, &e),
		HTTP_PARSE_BAD);
	ck_assert_int_eq(e.why, WHY_ORIGIN_HEAD_TOO_LARGE);
	arena_fini(&a);
}
END_TEST

Suite *suite_parse_reply(void);
Suite *suite_parse_reply(void)
{
	Suite *s = suite_create("parse_reply");
	TCase *t = tcase_create("parse_reply");

	tcase_add_loop_test(t, heads_are_taken_strictly, 0, ARRAY_LEN(cases));
	tcase_add_test(t, a_head_may_follow_another);
	tcase_add_test(t, the_limit_is_the_origins_fault);
	suite_add_tcase(s, t);
	return s;
}
