/*
 * What changes in a head on its way through.
 */
#include "tests/unit/unit.h"

#include "header/forward.h"
#include "http/parse.h"
#include "http/serialise.h"

static const struct forward_identity identity = {
	.via = { "1.1 p.example (cuttle/9)", 24 },
	.via_1_0 = { "1.0 p.example (cuttle/9)", 24 },
	.name = { "p.example", 9 },
};

static void parse_request(struct http_head *h, struct arena *a, const char *text)
{
	struct http_scan scan = { 0 };
	struct http_parse_error e;
	size_t used;

	http_head_init(h, a);
	ck_assert_int_eq(http_parse_request(span_str(text), 65536, &scan, h, &used, &e),
	                 HTTP_PARSE_OK);
}

#define GET_1_1 "GET http://o/p HTTP/1.1\r\nHost: o\r\n"

static const struct {
	const char *name, *in;
	struct header_conf conf;
	const char *want; /* after the request line */
} requests[] = {
	{ "RFC 9110 7.6.1: fields that Connection names are removed",
	  GET_1_1 "Connection: close, X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n",
	  { .forwarded_for = FORWARDED_FOR_DELETE },
	  "X-End: 2\r\nHost: o\r\n\r\n" },
	{ "Proxy-Authorization and Proxy-Connection stay here",
	  GET_1_1 "Proxy-Authorization: Basic eA==\r\nProxy-Connection: keep-alive\r\n\r\n",
	  { .forwarded_for = FORWARDED_FOR_DELETE },
	  "Host: o\r\n\r\n" },
	{ "RFC 9112 3.2.2: Host is replaced by the target's",
	  "GET http://o/p HTTP/1.1\r\nHost: other\r\n\r\n",
	  { .forwarded_for = FORWARDED_FOR_DELETE },
	  "Host: o\r\n\r\n" },
	{ "RFC 9110 7.6.3: Via carries the version received",
	  "GET http://o/p HTTP/1.0\r\nVia: 1.1 a\r\n\r\n",
	  { .via = true, .forwarded_for = FORWARDED_FOR_DELETE },
	  "Via: 1.1 a\r\nHost: o\r\nVia: 1.0 p.example (cuttle/9)\r\n\r\n" },
	{ "forwarded_for on appends the client",
	  GET_1_1 "X-Forwarded-For: 10.0.0.1\r\n\r\n",
	  { .forwarded_for = FORWARDED_FOR_ON },
	  "Host: o\r\nX-Forwarded-For: 10.0.0.1, 192.0.2.7\r\n\r\n" },
	{ "forwarded_for off appends unknown",
	  GET_1_1 "\r\n",
	  { .forwarded_for = FORWARDED_FOR_OFF },
	  "Host: o\r\nX-Forwarded-For: unknown\r\n\r\n" },
	{ "forwarded_for truncate replaces",
	  GET_1_1 "X-Forwarded-For: 10.0.0.1\r\n\r\n",
	  { .forwarded_for = FORWARDED_FOR_TRUNCATE },
	  "Host: o\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n" },
	{ "forwarded_for transparent leaves it",
	  GET_1_1 "X-Forwarded-For: 10.0.0.1\r\n\r\n",
	  { .forwarded_for = FORWARDED_FOR_TRANSPARENT },
	  "X-Forwarded-For: 10.0.0.1\r\nHost: o\r\n\r\n" },
};

START_TEST(request_heads)
{
	struct arena a;
	struct http_head in, out;
	const char *detail;
	struct uri u;

	arena_init(&a);
	parse_request(&in, &a, requests[_i].in);
	ck_assert(uri_parse_absolute(in.target, &a, &u, &detail));
	const struct forward_request f = { .conf = &requests[_i].conf,
		                           .identity = &identity,
		                           .uri = &u,
		                           .client_ip = SPAN("192.0.2.7"),
		                           .max_forwards = -1 };

	http_head_init(&out, &a);
	forward_request(&in, &out, &f);
	const size_t n = http_request_size(&out, u.path);
	char *text = arena_alloc(&a, n);

	http_print_request(text, &out, u.path);
	const struct span got = span_of(text, n), line = SPAN("GET /p HTTP/1.1\r\n");

	ck_assert(span_starts(got, line));
	ck_assert_span(span_skip(got, line.n), span_str(requests[_i].want));
	arena_fini(&a);
}
END_TEST

static const struct {
	const char *name, *via;
	bool is_loop;
} vias[] = {
	{ "our own entry", "1.1 p.example (cuttle/1.2)", true },
	{ "our own entry without a version", "1.0 P.EXAMPLE (cuttle)", true },
	{ "ours among others", "1.1 a, 1.1 p.example (cuttle/9), 1.1 b", true },
	{ "another proxy of the same host", "1.1 p.example (squid/5.7)", false },
	{ "another host", "1.1 q.example (cuttle/9)", false },
	{ "no comment", "1.1 p.example", false },
	{ "nothing but blanks", "  ", false },
};

START_TEST(loops)
{
	struct arena a;
	struct http_head h;

	arena_init(&a);
	http_head_init(&h, &a);
	http_head_add(&h, HTTP_F_VIA, span_trim(span_str(vias[_i].via)));
	ck_assert_msg(forward_is_loop(&h, &identity) == vias[_i].is_loop, "%s", vias[_i].name);
	arena_fini(&a);
}
END_TEST

static const struct {
	const char *name, *text;
	bool persistent;
} persistence[] = {
	{ "RFC 9112 9.3: HTTP/1.1 persists", GET_1_1 "\r\n", true },
	{ "HTTP/1.1 with close", GET_1_1 "Connection: x, Close\r\n\r\n", false },
	{ "HTTP/1.0", "GET http://o/ HTTP/1.0\r\n\r\n", false },
	{ "HTTP/1.0 with keep-alive", "GET http://o/ HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
	  true },
	{ "HTTP/1.0 with Proxy-Connection",
	  "GET http://o/ HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n", true },
};

START_TEST(who_stays)
{
	struct arena a;
	struct http_head h;

	arena_init(&a);
	parse_request(&h, &a, persistence[_i].text);
	ck_assert_msg(forward_is_persistent(&h) == persistence[_i].persistent, "%s",
	              persistence[_i].name);
	arena_fini(&a);
}
END_TEST

Suite *suite_forward(void);
Suite *suite_forward(void)
{
	Suite *s = suite_create("forward");
	TCase *t = tcase_create("forward");

	tcase_add_loop_test(t, request_heads, 0, ARRAY_LEN(requests));
	tcase_add_loop_test(t, loops, 0, ARRAY_LEN(vias));
	tcase_add_loop_test(t, who_stays, 0, ARRAY_LEN(persistence));
	suite_add_tcase(s, t);
	return s;
}
