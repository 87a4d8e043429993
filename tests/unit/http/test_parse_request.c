/*
 * Request heads: what is taken, and what is refused and why.
 */
#include "http/parse.h"
#include "tests/unit/unit.h"

#define HOST "Host: h\r\n"
#define GET  "GET / HTTP/1.1\r\n"

struct parsed {
	struct arena arena;
	struct http_head head;
	struct http_scan scan;
	struct http_parse_error e;
	size_t used;
	enum http_parse r;
};

static void parse(struct parsed *p, struct span text, size_t max_bytes)
{
	*p = (struct parsed){ .used = SIZE_MAX };
	arena_init(&p->arena);
	http_head_init(&p->head, &p->arena);
	p->r = http_parse_request(text, max_bytes, &p->scan, &p->head, &p->used, &p->e);
}

static const struct {
	const char *name, *text;
	size_t n;
	enum why why; /* WHY_NONE: well-formed; WHY_DONE: more is needed */
} cases[] = {
#define CASE(name, text, why)                                                                      \
	{                                                                                          \
		name, text, sizeof(text) - 1, WHY_##why                                            \
	}
	CASE("9112 3: the least request", GET HOST "\r\n", NONE),
	CASE("9112 3.2.2: absolute-form", "GET http://h:80/ HTTP/1.1\r\n" HOST "\r\n", NONE),
	CASE("9112 3.2.3: authority-form", "CONNECT h:443 HTTP/1.1\r\n" HOST "\r\n", NONE),
	CASE("9112 3.2.4: asterisk-form", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", NONE),
	CASE("9110 9.1: any token is a method", "M!#$%&'*+-.^_`|~9 / HTTP/1.1\r\n" HOST "\r\n",
	     NONE),
	CASE("9112 2.2: one empty line before it is skipped", "\r\n" GET HOST "\r\n", NONE),
	CASE("9112 3.2: HTTP/1.0 needs no Host", "GET / HTTP/1.0\r\n\r\n", NONE),
	CASE("9112 3.2: an empty Host is the URI parser's business", GET "Host:\r\n\r\n", NONE),
	CASE("9112 5: no blank after the colon", GET "Host:h\r\n\r\n", NONE),
	CASE("9112 5: blanks and tabs around a value", GET "Host: \t h \t \r\n\r\n", NONE),
	CASE("9110 5.5: tab and obs-text in a value", GET HOST "A: a\tb\x80\xff\r\n\r\n", NONE),
	CASE("9110 5.5: an empty value", GET HOST "A:\r\nB: \r\n\r\n", NONE),
	CASE("9110 5.5: a colon in a value", GET HOST "A: :b:\r\n\r\n", NONE),

	CASE("9112 2.2: two empty lines before it", "\r\n\r\n" GET HOST "\r\n", BAD_REQUEST),
	CASE("9112 2.2: a bare LF before it", "\n" GET HOST "\r\n", BAD_REQUEST),
	CASE("9112 2.2: a blank before it", " " GET HOST "\r\n", BAD_REQUEST),
	CASE("9112 2.2: the request line ends with a bare LF", "GET / HTTP/1.1\n" HOST "\r\n",
	     BAD_REQUEST),
	CASE("9112 2.2: a field line ends with a bare LF", GET "Host: h\n\r\n", BAD_REQUEST),
	CASE("9112 2.2: the head ends with a bare LF", GET HOST "\n", BAD_REQUEST),
	CASE("9112 2.2: all lines end with a bare LF", "GET / HTTP/1.1\nHost: h\n\n", BAD_REQUEST),
	CASE("9112 2.2: a bare CR ends a line", GET "Host: h\rA: b\r\n\r\n", BAD_REQUEST),
	CASE("9112 2.2: CR CR LF", GET "Host: h\r\r\n\r\n", BAD_REQUEST),
	CASE("9112 2.2: a bare CR instead of the last line", GET HOST "\rX", BAD_REQUEST),
	CASE("9112 2.2: a bare CR in the request line", "GET /\rx HTTP/1.1\r\n" HOST "\r\n",
	     BAD_REQUEST),
	CASE("9112 2.2: a blank at the start of the first field line", GET " " HOST "\r\n",
	     BAD_REQUEST),

	CASE("9112 3: two blanks after the method", "GET  / HTTP/1.1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 3: two blanks after the target", "GET /  HTTP/1.1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 3: a tab after the method", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 3: a tab after the target", "GET /\tHTTP/1.1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 3: a vertical tab after the method", "GET\v/ HTTP/1.1\r\n" HOST "\r\n",
	     BAD_REQUEST),
	CASE("9112 3: a blank after the version", "GET / HTTP/1.1 \r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 3: a blank in the target", "GET /a b HTTP/1.1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 3: no target", "GET HTTP/1.1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 3: no version (HTTP/0.9)", "GET /\r\n", BAD_REQUEST),
	CASE("9112 3.1: a method that is no token", "GE(T / HTTP/1.1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 3.1: an 8-bit byte in the method", "G\xc3T / HTTP/1.1\r\n" HOST "\r\n",
	     BAD_REQUEST),
	CASE("9112 3.2: an 8-bit byte in the target", "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n",
	     BAD_REQUEST),
	CASE("9112 3.2: a NUL in the target", "GET /\0 HTTP/1.1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 3.2: DEL in the target", "GET /\x7f HTTP/1.1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("8446 5.1: a TLS handshake", "\x16\x03\x01\x02\x00\x01", BAD_REQUEST),

	CASE("9112 3.2: HTTP/1.1 without Host", GET "A: b\r\n\r\n", BAD_REQUEST),
	CASE("9112 3.2: HTTP/1.1 without any field", GET "\r\n", BAD_REQUEST),
	CASE("9112 3.2: absolute-form without Host", "GET http://h/ HTTP/1.1\r\n\r\n", BAD_REQUEST),
	CASE("9112 3.2: two Hosts", GET "Host: a\r\nHost: b\r\n\r\n", BAD_REQUEST),
	CASE("9112 3.2: two equal Hosts", GET "Host: a\r\nhost: a\r\n\r\n", BAD_REQUEST),
	CASE("9112 3.2: two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
	     BAD_REQUEST),

	CASE("9112 5.1: a blank before the colon", GET "Host : h\r\n\r\n", BAD_REQUEST),
	CASE("9112 5.1: a tab before the colon", GET HOST "Transfer-Encoding\t: chunked\r\n\r\n",
	     BAD_REQUEST),
	CASE("9112 5.1: a vertical tab before the colon",
	     GET HOST "Transfer-Encoding\v: chunked\r\n\r\n", BAD_REQUEST),
	CASE("9112 5.1: a blank in the name", GET HOST "Content Length: 5\r\n\r\n", BAD_REQUEST),
	CASE("9112 5: an empty name", GET HOST ": b\r\n\r\n", BAD_REQUEST),
	CASE("9112 5: no colon", GET HOST "Nothing\r\n\r\n", BAD_REQUEST),
	CASE("9110 5.1: an 8-bit byte in the name", GET HOST "\xc3: b\r\n\r\n", BAD_REQUEST),
	CASE("9110 5.1: a NUL in the name", GET HOST "A\0B: b\r\n\r\n", BAD_REQUEST),
	CASE("9110 5.1: quotes in the name", GET HOST "\"A\": b\r\n\r\n", BAD_REQUEST),
	CASE("9112 5.2: obs-fold with a blank", GET HOST "A: b\r\n c\r\n\r\n", BAD_REQUEST),
	CASE("9112 5.2: obs-fold with a tab", GET HOST "A: b\r\n\tc\r\n\r\n", BAD_REQUEST),
	CASE("9112 5.2: obs-fold that hides a coding",
	     GET HOST "Transfer-Encoding:\r\n chunked\r\n\r\n", BAD_REQUEST),
	CASE("9110 5.5: a NUL in a value", GET HOST "A: b\0c\r\n\r\n", BAD_REQUEST),
	CASE("9110 5.5: DEL in a value", GET HOST "A: b\x7f\r\n\r\n", BAD_REQUEST),
	CASE("9110 5.5: a vertical tab before a value",
	     GET HOST "Transfer-Encoding: \vchunked\r\n\r\n", BAD_REQUEST),
	CASE("9110 5.5: a form feed after a value", GET HOST "Transfer-Encoding: chunked\f\r\n\r\n",
	     BAD_REQUEST),
	CASE("9110 5.5: a backspace in a long value", GET HOST "A: 0123456789abcdef\b\r\n\r\n",
	     BAD_REQUEST),

	CASE("9112 2.3: the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BAD_VERSION),
	CASE("9112 2.3: HTTP/1.2", "GET / HTTP/1.2\r\n" HOST "\r\n", BAD_VERSION),
	CASE("9112 2.3: HTTP/0.9 by name", "GET / HTTP/0.9\r\n\r\n", BAD_VERSION),
	CASE("9112 2.3: HTTP/2.0 in a request line", "GET / HTTP/2.0\r\n" HOST "\r\n", BAD_VERSION),
	CASE("9112 2.3: lower case", "GET / http/1.1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 2.3: two digits", "GET / HTTP/1.10\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 2.3: leading zero", "GET / HTTP/01.1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 2.3: no dot", "GET / HTTP/1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("9112 2.3: another protocol", "GET / HTTX/1.1\r\n" HOST "\r\n", BAD_REQUEST),
	CASE("3261: SIP", "OPTIONS sip:a@b SIP/2.0\r\n\r\n", BAD_REQUEST),

	CASE("nothing yet", "", DONE),
	CASE("half an empty line before it", "\r", DONE),
	CASE("half a method", "GE", DONE),
	CASE("half a target", "GET /a", DONE),
	CASE("half a version", "GET / HTTP/1", DONE),
	CASE("half a line end", "GET / HTTP/1.1\r", DONE),
	CASE("half a name", GET "Ho", DONE),
	CASE("half a value", GET "Host: h", DONE),
	CASE("half of a field's line end", GET "Host: h\r", DONE),
	CASE("no empty line", GET HOST, DONE),
	CASE("half the empty line", GET HOST "\r", DONE),
#undef CASE
};

START_TEST(heads_are_taken_strictly)
{
	struct parsed p;
	const enum http_parse want = cases[_i].why == WHY_NONE   ? HTTP_PARSE_OK
	                             : cases[_i].why == WHY_DONE ? HTTP_PARSE_MORE
	                                                         : HTTP_PARSE_BAD;

	parse(&p, span_of(cases[_i].text, cases[_i].n), 65536);
	ck_assert_msg(p.r == want, "%s: %d (%s)", cases[_i].name, p.r, p.e.detail);
	if (want == HTTP_PARSE_OK)
		ck_assert_msg(p.used == cases[_i].n, "%s", cases[_i].name);
	if (want == HTTP_PARSE_BAD) {
		ck_assert_msg(p.e.why == cases[_i].why, "%s: %s", cases[_i].name,
		              why_row(p.e.why)->symbol);
		ck_assert_msg(p.e.detail != NULL && p.e.offset <= cases[_i].n, "%s",
		              cases[_i].name);
	}
	arena_fini(&p.arena);
}
END_TEST

/* The same cases, a byte at a time, each time at another address. */
START_TEST(pieces_give_the_same_as_the_whole)
{
	const struct span text = span_of(cases[_i].text, cases[_i].n);
	struct parsed whole;
	struct http_scan scan = { 0 };
	enum http_parse r = HTTP_PARSE_MORE;

	parse(&whole, text, 65536);
	for (size_t n = 1; n <= text.n && r == HTTP_PARSE_MORE; n++) {
		struct parsed p;
		char *copy = span_strdup(span_of(text.p, n));

		p = (struct parsed){ .scan = scan };
		arena_init(&p.arena);
		http_head_init(&p.head, &p.arena);
		r = http_parse_request(span_of(copy, n), 65536, &p.scan, &p.head, &p.used, &p.e);
		scan = p.scan;
		if (r == HTTP_PARSE_BAD)
			ck_assert_msg(p.e.why == whole.e.why && p.e.detail == whole.e.detail &&
			                      p.e.offset == whole.e.offset,
			              "%s: %s", cases[_i].name, p.e.detail);
		if (r == HTTP_PARSE_OK)
			ck_assert_msg(p.used == n && p.head.n_fields == whole.head.n_fields, "%s",
			              cases[_i].name);
		arena_fini(&p.arena);
		free(copy);
	}
	/* What is wrong in a line that never ends may be told later, not earlier. */
	ck_assert_msg(r == whole.r || (r == HTTP_PARSE_MORE && whole.r == HTTP_PARSE_BAD), "%s",
	              cases[_i].name);
	arena_fini(&whole.arena);
}
END_TEST

START_TEST(parts_point_into_the_text)
{
	static const char text[] =
		"PROPFIND http://h/x?y HTTP/1.0\r\nHOST: h:80 \r\nX-A:\tb c\t\r\n\r\nbody";
	struct parsed p;

	parse(&p, span_str(text), 65536);
	ck_assert_int_eq(p.r, HTTP_PARSE_OK);
	ck_assert_uint_eq(p.used, sizeof(text) - 1 - 4);
	ck_assert_int_eq(p.head.method, HTTP_PROPFIND);
	ck_assert_span(p.head.method_name, SPAN("PROPFIND"));
	ck_assert_span(p.head.target, SPAN("http://h/x?y"));
	ck_assert_uint_eq(p.head.version, 10);
	ck_assert_uint_eq(p.head.status, 0);
	ck_assert_uint_eq(p.head.n_fields, 2);
	ck_assert_int_eq(p.head.fields[0].id, HTTP_F_HOST);
	ck_assert_span(p.head.fields[0].name, SPAN("HOST"));
	ck_assert_span(p.head.fields[0].value, SPAN("h:80"));
	ck_assert_int_eq(p.head.fields[1].id, HTTP_F_OTHER);
	ck_assert_span(p.head.fields[1].value, SPAN("b c"));
	ck_assert_ptr_eq(p.head.fields[1].value.p, strstr(text, "b c"));
	arena_fini(&p.arena);
}
END_TEST

START_TEST(methods_are_case_sensitive)
{
	struct parsed p;

	parse(&p, SPAN("get / HTTP/1.1\r\n" HOST "\r\n"), 65536);
	ck_assert_int_eq(p.r, HTTP_PARSE_OK);
	ck_assert_int_eq(p.head.method, HTTP_OTHER);
	ck_assert_span(p.head.method_name, SPAN("get"));
	arena_fini(&p.arena);
}
END_TEST

START_TEST(any_number_of_fields)
{
	char text[8192];
	size_t n = (size_t)snprintf(text, sizeof(text), GET HOST);
	struct parsed p;

	for (int i = 0; i < 500; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "N%d: %d\r\n", i, i);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n");
	parse(&p, span_of(text, n), 65536);
	ck_assert_int_eq(p.r, HTTP_PARSE_OK);
	ck_assert_uint_eq(p.head.n_fields, 501);
	ck_assert_span(p.head.fields[0].value, SPAN("h"));
	ck_assert_span(p.head.fields[500].name, SPAN("N499"));
	arena_fini(&p.arena);
}
END_TEST

static const struct {
	const char *name, *text;
	size_t max_bytes;
	enum why why;
} limits[] = {
	{ "a head of exactly the limit", GET HOST "\r\n", 27, WHY_NONE },
	{ "a head one byte too long", GET HOST "\r\n", 26, WHY_HEAD_TOO_LARGE },
	{ "a long field that never ends", GET "Host: hhhhhhhhhhhhhhhhhh", 30, WHY_HEAD_TOO_LARGE },
	{ "a long target that never ends", "GET /aaaaaaaaaaaaaaaaaaaaaaa", 20, WHY_URI_TOO_LONG },
	{ "a long method that never ends", "GETTTTTTTTTTTTTTTTTTTTTTTTTT", 20, WHY_URI_TOO_LONG },
	{ "a line that ends behind the limit", "GET /aaaaaaaaaaa HTTP/1.1\r\n" HOST "\r\n", 20,
	  WHY_URI_TOO_LONG },
	{ "the skipped empty line counts", "\r\n" GET HOST "\r\n", 28, WHY_HEAD_TOO_LARGE },
	{ "what is wrong before the limit is told first", GET "A : b\r\n" HOST "\r\n", 24,
	  WHY_BAD_REQUEST },
	{ "what is wrong behind the limit is not seen", GET HOST "A : b\r\n\r\n", 26,
	  WHY_HEAD_TOO_LARGE },
};

START_TEST(the_limit_holds)
{
	const struct span text = span_str(limits[_i].text);
	struct http_scan scan = { 0 };
	struct parsed p;

	parse(&p, text, limits[_i].max_bytes);
	ck_assert_msg((p.r == HTTP_PARSE_OK) == (limits[_i].why == WHY_NONE), "%s",
	              limits[_i].name);
	ck_assert_msg(p.r == HTTP_PARSE_OK || p.e.why == limits[_i].why, "%s", limits[_i].name);
	for (size_t n = 1; n <= text.n; n++) {
		struct http_parse_error e = { 0 };
		const enum http_parse r = http_parse_request(
			span_of(text.p, n), limits[_i].max_bytes, &scan, &p.head, &p.used, &e);

		if (r == HTTP_PARSE_MORE)
			continue;
		ck_assert_msg(r == p.r && e.why == p.e.why && e.detail == p.e.detail, "%s",
		              limits[_i].name);
		break;
	}
	arena_fini(&p.arena);
}
END_TEST

START_TEST(complete_lines_are_judged_before_the_head_is_complete)
{
	struct parsed p;

	parse(&p, SPAN(GET "A : b\r\nB: c"), 65536);
	ck_assert_int_eq(p.r, HTTP_PARSE_BAD);
	ck_assert_str_eq(p.e.detail, "a blank before the colon");
	ck_assert_uint_eq(p.e.offset, 17);
	arena_fini(&p.arena);
}
END_TEST

START_TEST(trailers_lose_what_must_not_come_late)
{
	struct parsed p;
	struct http_parse_error e;

	parse(&p, SPAN(GET HOST "\r\n"), 65536);
	http_head_init(&p.head, &p.arena);
	ck_assert(http_parse_trailers(
		SPAN("X-Sum: 7\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
	             "Host: evil\r\nCookie: a\r\nConnection: X-Sum\r\nETag: \"e\"\r\n"),
		&p.head, &e));
	ck_assert_uint_eq(p.head.n_fields, 2);
	ck_assert_span(p.head.fields[0].name, SPAN("X-Sum"));
	ck_assert_int_eq(p.head.fields[1].id, HTTP_F_ETAG);
	ck_assert(http_parse_trailers(SPAN_NULL, &p.head, &e));
	ck_assert(!http_parse_trailers(SPAN("X : 7\r\n"), &p.head, &e));
	ck_assert_int_eq(e.why, WHY_BAD_BODY);
	ck_assert(!http_parse_trailers(SPAN("X: 7\r\n fold\r\n"), &p.head, &e));
	ck_assert(!http_parse_trailers(SPAN("X: 7"), &p.head, &e));
	ck_assert(!http_parse_trailers(SPAN("X: 7\n"), &p.head, &e));
	arena_fini(&p.arena);
}
END_TEST

Suite *suite_parse_request(void);
Suite *suite_parse_request(void)
{
	Suite *s = suite_create("parse_request");
	TCase *t = tcase_create("parse_request");

	tcase_add_loop_test(t, heads_are_taken_strictly, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, pieces_give_the_same_as_the_whole, 0, ARRAY_LEN(cases));
	tcase_add_test(t, parts_point_into_the_text);
	tcase_add_test(t, methods_are_case_sensitive);
	tcase_add_test(t, any_number_of_fields);
	tcase_add_loop_test(t, the_limit_holds, 0, ARRAY_LEN(limits));
	tcase_add_test(t, complete_lines_are_judged_before_the_head_is_complete);
	tcase_add_test(t, trailers_lose_what_must_not_come_late);
	suite_add_tcase(s, t);
	return s;
}
