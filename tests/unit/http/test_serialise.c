/*
 * Heads as text again, framing fields, and phrases.
 */
#include "http/serialise.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct http_head head;

static void setup(void)
{
	arena_init(&arena);
	http_head_init(&head, &arena);
}

static void teardown(void)
{
	arena_fini(&arena);
}

/* Each length of name and value around the sizes in which bytes are copied. */
START_TEST(sizes_are_exact)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh"
				      "ijklmnopqrstuvwxyz0123";
	char want[512];

	for (size_t n = 1; n < sizeof(letters) - 1; n++) {
		teardown();
		setup();
		http_head_add_named(&head, span_of(letters, n), span_of(letters + 1, n - 1));
		const size_t size = http_request_size(&head, span_of(letters, n));
		char *text = check_malloc(size);

		head.method = HTTP_GET;
		ck_assert_uint_eq(http_request_size(&head, span_of(letters, n)), size + 3);
		head.method = HTTP_OTHER;
		ck_assert_ptr_eq(http_print_request(text, &head, span_of(letters, n)), text + size);
		const int len = snprintf(want, sizeof(want), " %.*s HTTP/1.1\r\n%.*s: %.*s\r\n\r\n",
		                         (int)n, letters, (int)n, letters, (int)n - 1, letters + 1);

		ck_assert_span(span_of(text, size), span_of(want, (size_t)len));
		free(text);
	}
}
END_TEST

START_TEST(a_request)
{
	char text[128];

	head.method = HTTP_POST;
	head.method_name = SPAN("POST");
	head.version = 10;
	http_head_add(&head, HTTP_F_HOST, SPAN("example.com"));
	http_head_add_named(&head, SPAN("x-EMPTY"), SPAN_NULL);
	const char *end = http_print_request(text, &head, SPAN("/a?b"));

	ck_assert_span(span_of(text, (size_t)(end - text)),
	               SPAN("POST /a?b HTTP/1.1\r\nHost: example.com\r\nx-EMPTY: \r\n\r\n"));
	head.method = HTTP_OTHER;
	head.method_name = SPAN("BREW");
	end = http_print_request(text, &head, SPAN("/"));
	ck_assert(span_starts(span_of(text, (size_t)(end - text)), SPAN("BREW / HTTP/1.1\r\n")));
}
END_TEST

START_TEST(a_reply)
{
	char text[128];

	head.status = 407;
	head.version = 10;
	head.reason = SPAN("Proxy Authentication Required");
	ck_assert_uint_eq(http_reply_size(&head), sizeof("HTTP/1.1 407 \r\n\r\n") - 1 + 29);
	const char *end = http_print_reply(text, &head);

	ck_assert_span(span_of(text, (size_t)(end - text)),
	               SPAN("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
	head.reason = SPAN_NULL;
	http_head_add(&head, HTTP_F_AGE, SPAN("5"));
	end = http_print_reply(text, &head);
	ck_assert_span(span_of(text, (size_t)(end - text)),
	               SPAN("HTTP/1.1 407 \r\nAge: 5\r\n\r\n"));
	end = http_print_fields(text, &head);
	ck_assert_uint_eq((size_t)(end - text), http_fields_size(&head));
	ck_assert_span(span_of(text, (size_t)(end - text)), SPAN("Age: 5\r\n\r\n"));
}
END_TEST

static const struct {
	const char *name;
	const char *fields[6];
	struct http_framing f;
	const char *want;
} framings[] = {
	{ "a length where none was",
	  { "A", "b" },
	  { HTTP_BODY_LENGTH, 5 },
	  "A: b\r\nContent-Length: 5\r\n\r\n" },
	{ "the same length stays where it is",
	  { "Content-Length", "5", "A", "b" },
	  { HTTP_BODY_LENGTH, 5 },
	  "Content-Length: 5\r\nA: b\r\n\r\n" },
	{ "repeated lengths become one",
	  { "Content-Length", "5", "Content-Length", "5" },
	  { HTTP_BODY_LENGTH, 5 },
	  "Content-Length: 5\r\n\r\n" },
	{ "a list becomes one",
	  { "Content-Length", "5, 5" },
	  { HTTP_BODY_LENGTH, 5 },
	  "Content-Length: 5\r\n\r\n" },
	{ "leading zeros are gone",
	  { "Content-Length", "0005" },
	  { HTTP_BODY_LENGTH, 5 },
	  "Content-Length: 5\r\n\r\n" },
	{ "length 0", { NULL }, { HTTP_BODY_LENGTH, 0 }, "Content-Length: 0\r\n\r\n" },
	{ "the largest length",
	  { NULL },
	  { HTTP_BODY_LENGTH, UINT64_MAX },
	  "Content-Length: 18446744073709551615\r\n\r\n" },
	{ "chunked instead of a length",
	  { "Content-Length", "5" },
	  { HTTP_BODY_CHUNKED, 0 },
	  "Transfer-Encoding: chunked\r\n\r\n" },
	{ "chunked in its own spelling",
	  { "Transfer-Encoding", "Chunked" },
	  { HTTP_BODY_CHUNKED, 0 },
	  "Transfer-Encoding: chunked\r\n\r\n" },
	{ "a length instead of chunked",
	  { "Transfer-Encoding", "chunked" },
	  { HTTP_BODY_LENGTH, 7 },
	  "Content-Length: 7\r\n\r\n" },
	{ "no body",
	  { "Content-Length", "5", "Transfer-Encoding", "chunked" },
	  { HTTP_BODY_NONE, 0 },
	  "\r\n" },
	{ "until the connection closes",
	  { "Content-Length", "5" },
	  { HTTP_BODY_CLOSE, 0 },
	  "\r\n" },
};

START_TEST(framing_fields_are_ours)
{
	char text[256];

	for (size_t i = 0; i < ARRAY_LEN(framings[_i].fields) && framings[_i].fields[i] != NULL;
	     i += 2)
		http_head_add_named(&head, span_str(framings[_i].fields[i]),
		                    span_str(framings[_i].fields[i + 1]));
	http_head_set_framing(&head, &framings[_i].f);
	const char *end = http_print_fields(text, &head);

	ck_assert_msg(span_eq(span_of(text, (size_t)(end - text)), span_str(framings[_i].want)),
	              "%s: %.*s", framings[_i].name, (int)(end - text), text);
}
END_TEST

START_TEST(phrases)
{
	ck_assert_str_eq(http_status_phrase(100), "Continue");
	ck_assert_str_eq(http_status_phrase(200), "OK");
	ck_assert_str_eq(http_status_phrase(226), "IM Used");
	ck_assert_str_eq(http_status_phrase(308), "Permanent Redirect");
	ck_assert_str_eq(http_status_phrase(407), "Proxy Authentication Required");
	ck_assert_str_eq(http_status_phrase(417), "Expectation Failed");
	ck_assert_str_eq(http_status_phrase(421), "Misdirected Request");
	ck_assert_str_eq(http_status_phrase(426), "Upgrade Required");
	ck_assert_str_eq(http_status_phrase(429), "Too Many Requests");
	ck_assert_str_eq(http_status_phrase(431), "Request Header Fields Too Large");
	ck_assert_str_eq(http_status_phrase(451), "Unavailable For Legal Reasons");
	ck_assert_str_eq(http_status_phrase(504), "Gateway Timeout");
	ck_assert_str_eq(http_status_phrase(511), "Network Authentication Required");
	ck_assert_str_eq(http_status_phrase(306), "");
	ck_assert_str_eq(http_status_phrase(299), "");
	ck_assert_str_eq(http_status_phrase(0), "");
	ck_assert_str_eq(http_status_phrase(600), "");
	ck_assert_str_eq(http_status_phrase(99999), "");
}
END_TEST

Suite *suite_serialise(void);
Suite *suite_serialise(void)
{
	Suite *s = suite_create("serialise");
	TCase *t = tcase_create("serialise");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, sizes_are_exact);
	tcase_add_test(t, a_request);
	tcase_add_test(t, a_reply);
	tcase_add_loop_test(t, framing_fields_are_ours, 0, ARRAY_LEN(framings));
	tcase_add_test(t, phrases);
	suite_add_tcase(s, t);
	return s;
}
