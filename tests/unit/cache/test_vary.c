/*
 * Vary: names, and what requests say in them.
 */
#include "tests/unit/cache/rules.h"

#include "cache/vary.h"

static const struct {
	const char *name, *reply;
	enum vary found;
	const char *names;
} names[] = {
	{ "9110 12.5.5: no Vary", "X-A: b\n", VARY_NONE, "" },
	{ "9110 12.5.5: an empty one", "Vary:\n", VARY_NONE, "" },
	{ "9110 12.5.5: one name", "Vary: Accept-Encoding\n", VARY_NAMES, "accept-encoding" },
	{ "9110 5.1: sorted, in lower case", "Vary: Cookie, ACCEPT,accept-encoding\n", VARY_NAMES,
	  "accept,accept-encoding,cookie" },
	{ "9110 5.3: several lines", "Vary: b\nVary: a\n", VARY_NAMES, "a,b" },
	{ "each name once", "Vary: a, A, b\nVary: a\n", VARY_NAMES, "a,b" },
	{ "9111 4.1: * never matches", "Vary: *\n", VARY_UNUSABLE, "" },
	{ "9111 4.1: * among others", "Vary: a, *, b\n", VARY_UNUSABLE, "" },
	{ "9111 4.1: a field that proxies change is seen by the origin only",
	  "Vary: a, x-forwarded-for\n", VARY_UNUSABLE, "" },
	{ "what is no name", "Vary: a/b\n", VARY_UNUSABLE, "" },
	{ "a quoted name", "Vary: \"a\"\n", VARY_UNUSABLE, "" },
	{ "as many as are allowed",
	  "Vary: a1,a2,a3,a4,a5,a6,a7,a8,b1,b2,b3,b4,b5,b6,b7,b8\n"
	  "Vary: c1,c2,c3,c4,c5,c6,c7,c8,d1,d2,d3,d4,d5,d6,d7,d8\n",
	  VARY_NAMES,
	  "a1,a2,a3,a4,a5,a6,a7,a8,b1,b2,b3,b4,b5,b6,b7,b8,"
	  "c1,c2,c3,c4,c5,c6,c7,c8,d1,d2,d3,d4,d5,d6,d7,d8" },
	{ "one more",
	  "Vary: a1,a2,a3,a4,a5,a6,a7,a8,b1,b2,b3,b4,b5,b6,b7,b8,x\n"
	  "Vary: c1,c2,c3,c4,c5,c6,c7,c8,d1,d2,d3,d4,d5,d6,d7,d8\n",
	  VARY_UNUSABLE, "" },
};

START_TEST(names_are_read)
{
	char buf[VARY_TEXT_MAX];
	struct span text = SPAN("");
	struct rules r;

	rules_init(&r, "");
	const struct http_head *reply = rules_reply(&r, 200, names[_i].reply);

	ck_assert_msg(vary_names(reply, buf, &text) == names[_i].found, "%s", names[_i].name);
	ck_assert_int_eq(vary_is_usable(reply), names[_i].found != VARY_UNUSABLE);
	ck_assert_span(text, span_str(names[_i].names));
	rules_fini(&r);
}
END_TEST

START_TEST(names_that_are_too_long_are_refused)
{
	char fields[VARY_TEXT_MAX + 16];
	struct rules r;

	rules_init(&r, "");
	memset(fields, 'a', sizeof(fields));
	memcpy(fields, "Vary: ", 6);
	memcpy(fields + 6 + VARY_TEXT_MAX, "\n", 2);
	ck_assert(!vary_is_usable(rules_reply(&r, 200, fields)));
	memcpy(fields + 6 + VARY_TEXT_MAX - 1, "\n", 2);
	ck_assert(vary_is_usable(rules_reply(&r, 200, fields)));
	rules_fini(&r);
}
END_TEST

static const struct {
	const char *name, *names, *request, *variant;
} variants[] = {
	{ "9111 4.1: nothing selects", "", "X-A: b\n", "" },
	{ "9111 4.1: a field that is missing", "x-a", "", "x-a\n" },
	{ "9111 4.1: one that is empty is there", "x-a", "X-A:\n", "x-a:\n" },
	{ "9111 4.1: in the order of the names", "x-a,x-b", "X-B: 2\nx-a: 1\n", "x-a:1\nx-b:2\n" },
	{ "9110 7.6.1: what is not forwarded does not select", "accept-encoding,x-a,x-b",
	  "Connection: keep-alive, X-A, accept-encoding\nX-A: 1\nX-B: 2\nAccept-Encoding: gzip\n",
	  "accept-encoding\nx-a\nx-b:2\n" },
	{ "9110 7.6.1: what is meant for all is forwarded", "cache-control",
	  "Connection: cache-control\nCache-Control: a\n", "cache-control:a\n" },
	{ "9111 4.1: several lines are a list", "x-a", "X-A: 1\nX-B: 2\nX-A: 3\n", "x-a:1,3\n" },
	{ "9111 4.1: nothing is known of the field: byte for byte", "x-a", "X-A: Foo,  Bar ; q=1\n",
	  "x-a:Foo,  Bar ; q=1\n" },
	{ "9111 4.1: case of a cookie matters", "cookie", "Cookie: A=b; C=d\n",
	  "cookie:A=b; C=d\n" },
	{ "9110 12.5.3: codings", "accept-encoding", "Accept-Encoding: gzip, deflate, br\n",
	  "accept-encoding:br,deflate,gzip\n" },
	{ "9110 12.5.3: order, case and blanks of codings", "accept-encoding",
	  "Accept-Encoding: BR ,gzip\nAccept-Encoding:Deflate\n",
	  "accept-encoding:br,deflate,gzip\n" },
	{ "9110 8.4.1.3: x-gzip is gzip", "accept-encoding", "Accept-Encoding: x-gzip\n",
	  "accept-encoding:gzip\n" },
	{ "9110 12.4.2: a weight of 1 is none", "accept-encoding",
	  "Accept-Encoding: gzip;q=1.0, br ; Q=1, zstd;q=1.000\n",
	  "accept-encoding:br,gzip,zstd\n" },
	{ "9110 12.4.2: other weights count", "accept-encoding",
	  "Accept-Encoding: gzip ; q=0.5, br;q=0, a;q=1.001\n",
	  "accept-encoding:a;q=1.001,br;q=0,gzip;q=0.5\n" },
	{ "9110 12.5.3: an empty list is not a missing one", "accept-encoding",
	  "Accept-Encoding:\n", "accept-encoding:\n" },
	{ "9110 12.5.4: languages in their order", "accept-language",
	  "Accept-Language: de-DE , EN;q=0.5\n", "accept-language:de-de,en;q=0.5\n" },
	{ "9110 12.5.1: types with their parameters", "accept",
	  "Accept: text/html ; Level=1 , x/y;a=\"b;  ,C\"\n",
	  "accept:text/html;Level=1,x/y;a=\"b;  ,C\"\n" },
	{ "what other fields say does not matter", "x-a", "X-B: 1\nAccept: x\n", "x-a\n" },
};

START_TEST(values_are_read)
{
	char buf[VARY_VARIANT_MAX];
	struct span text;
	struct rules r;

	rules_init(&r, "");
	ck_assert(vary_variant(span_str(variants[_i].names),
	                       rules_request(&r, "GET", variants[_i].request), buf, &text));
	ck_assert_msg(span_eq(text, span_str(variants[_i].variant)), "%s: %.*s", variants[_i].name,
	              SPAN_ARG(text));
	rules_fini(&r);
}
END_TEST

START_TEST(values_that_are_too_long_are_refused)
{
	char buf[VARY_VARIANT_MAX], fields[VARY_VARIANT_MAX + 16];
	struct span text;
	struct rules r;

	rules_init(&r, "");
	memset(fields, 'a', sizeof(fields));
	memcpy(fields, "X-A: ", 5);
	memcpy(fields + 5 + VARY_VARIANT_MAX - 4, "\n",
	       2); /* "x-a:" and the end of the line: one too many */
	ck_assert(!vary_variant(SPAN("x-a"), rules_request(&r, "GET", fields), buf, &text));
	memcpy(fields + 5 + VARY_VARIANT_MAX - 5, "\n", 2);
	ck_assert(vary_variant(SPAN("x-a"), rules_request(&r, "GET", fields), buf, &text));
	rules_fini(&r);
}
END_TEST

Suite *suite_vary(void);
Suite *suite_vary(void)
{
	Suite *s = suite_create("vary");
	TCase *t = tcase_create("vary");

	tcase_add_loop_test(t, names_are_read, 0, ARRAY_LEN(names));
	tcase_add_test(t, names_that_are_too_long_are_refused);
	tcase_add_loop_test(t, values_are_read, 0, ARRAY_LEN(variants));
	tcase_add_test(t, values_that_are_too_long_are_refused);
	suite_add_tcase(s, t);
	return s;
}
