/*
 * The forms of a request's target (RFC 9112 3.2), read from whole heads.
 */
#include "http/parse.h"
#include "http/target.h"
#include "tests/unit/unit.h"

static const struct {
	const char *name, *head;
	const char *url; /* NULL: refused */
} targets[] = {
	{ "9112 3.2.1: origin-form", "GET /a?b HTTP/1.1\r\nHost: h.example:81\r\n\r\n",
	  "http://h.example:81/a?b" },
	{ "9112 3.2.2: absolute-form wins over Host",
	  "GET http://a.example/ HTTP/1.1\r\nHost: b\r\n\r\n", "http://a.example/" },
	{ "9112 3.2.2: an invalid Host is refused all the same",
	  "GET http://a.example/ HTTP/1.1\r\nHost: b c\r\n\r\n", NULL },
	{ "9112 3.2.3: authority-form",
	  "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", "a.example:443" },
	{ "9112 3.2.3: CONNECT needs a port",
	  "CONNECT a.example HTTP/1.1\r\nHost: a.example\r\n\r\n", NULL },
	{ "9112 3.2.4: asterisk-form", "OPTIONS * HTTP/1.1\r\nHost: h.example\r\n\r\n",
	  "http://h.example" },
	{ "9112 3.2.4: for OPTIONS only", "GET * HTTP/1.1\r\nHost: h.example\r\n\r\n", NULL },
	{ "9112 3.3: HTTP/1.0 without Host, absolute", "GET http://h.example/ HTTP/1.0\r\n\r\n",
	  "http://h.example/" },
	{ "9112 3.3: HTTP/1.0 without Host, origin-form", "GET / HTTP/1.0\r\n\r\n", NULL },
	{ "an empty Host names nobody", "GET / HTTP/1.1\r\nHost:\r\n\r\n", NULL },
};

START_TEST(target)
{
	struct arena a;
	struct http_head h;
	struct http_scan scan = { 0, 0 };
	struct http_parse_error e;
	struct uri u;
	size_t used;
	const char *detail = NULL;
	const struct span text = span_str(targets[_i].head);

	arena_init(&a);
	http_head_init(&h, &a);
	ck_assert_int_eq(http_parse_request(text, 4096, &scan, &h, &used, &e), HTTP_PARSE_OK);
	const bool is_good = http_target_uri(&h, &a, &u, &detail);

	ck_assert_msg(is_good == (targets[_i].url != NULL), "%s", targets[_i].name);
	if (is_good)
		ck_assert_span(uri_text(&u, &a), span_str(targets[_i].url));
	else
		ck_assert_ptr_nonnull(detail);
	arena_fini(&a);
}
END_TEST

Suite *suite_target(void);
Suite *suite_target(void)
{
	Suite *s = suite_create("target");
	TCase *tc = tcase_create("forms");

	tcase_add_loop_test(tc, target, 0, ARRAY_LEN(targets));
	suite_add_tcase(s, tc);
	return s;
}
