/*
 * The walk through X-Forwarded-For.
 */
#include "tests/unit/unit.h"

#include "header/xff.h"

static const struct {
	const char *name;
	const char *fields[4]; /* in the order of the head */
	const char *want;      /* addresses as they come, a blank behind each */
	bool nonsense;
} cases[] = {
	{ "none", { NULL }, "", false },
	{ "one", { "192.0.2.1" }, "192.0.2.1 ", false },
	{ "the rightmost first", { "192.0.2.1, 192.0.2.2" }, "192.0.2.2 192.0.2.1 ", false },
	{ "RFC 9110 5.3: the fields are one list",
	  { "192.0.2.1", "192.0.2.2, 192.0.2.3" },
	  "192.0.2.3 192.0.2.2 192.0.2.1 ",
	  false },
	{ "IPv6", { "2001:db8::1" }, "2001:db8::1 ", false },
	{ "a mapped address is IPv4", { "::ffff:192.0.2.1" }, "192.0.2.1 ", false },
	{ "empty elements", { ",192.0.2.1,, ,192.0.2.2 ,\t" }, "192.0.2.2 192.0.2.1 ", false },
	{ "empty fields", { "192.0.2.1", "", " , " }, "192.0.2.1 ", false },
	{ "blanks separate, as in Squid",
	  { "192.0.2.1 192.0.2.2" },
	  "192.0.2.2 192.0.2.1 ",
	  false },
	{ "a name ends it", { "192.0.2.1, proxy.example, 192.0.2.2" }, "192.0.2.2 ", true },
	{ "unknown ends it", { "192.0.2.1, unknown" }, "", true },
	{ "a port ends it", { "192.0.2.1, 192.0.2.2:80" }, "", true },
	{ "brackets end it", { "192.0.2.1, [2001:db8::1]" }, "", true },
	{ "a quoted address ends it", { "192.0.2.1, \"192.0.2.2\"" }, "", true },
	{ "a zone ends it", { "192.0.2.1, fe80::1%eth0" }, "", true },
	{ "RFC 6943 3.1.1: a short form ends it", { "192.0.2.1, 10.9" }, "", true },
	{ "a number ends it", { "192.0.2.1, 3221225985" }, "", true },
	{ "an octal form ends it", { "192.0.2.1, 192.0.2.010" }, "", true },
	{ "too large a part ends it", { "192.0.2.1, 192.0.2.256" }, "", true },
	{ "a semicolon is no separator", { "192.0.2.1;192.0.2.2" }, "", true },
};

START_TEST(walks)
{
	char got[400] = "", ip_buf[IP_TEXT_MAX];
	struct arena a;
	struct http_head h;
	struct xff_walk w;
	struct ip ip;

	arena_init(&a);
	http_head_init(&h, &a);
	http_head_add(&h, HTTP_F_HOST, SPAN("192.0.2.99"));
	for (unsigned i = 0; i < 4 && cases[_i].fields[i] != NULL; i++) {
		http_head_add(&h, HTTP_F_X_FORWARDED_FOR, span_trim(span_str(cases[_i].fields[i])));
		http_head_add(&h, HTTP_F_VIA, SPAN("192.0.2.99"));
	}
	xff_walk_begin(&w, &h);
	while (xff_walk_next(&w, &ip)) {
		strncat(got, ip_text(&ip, ip_buf), sizeof(got) - strlen(got) - 1);
		strncat(got, " ", sizeof(got) - strlen(got) - 1);
	}
	ck_assert_msg(strcmp(got, cases[_i].want) == 0, "%s: \"%s\"", cases[_i].name, got);
	ck_assert_msg(w.met_nonsense == cases[_i].nonsense, "%s", cases[_i].name);
	ck_assert(!xff_walk_next(&w, &ip)); /* over is over */
	arena_fini(&a);
}
END_TEST

START_TEST(a_walk_is_bounded)
{
	char text[100 * 16] = "";
	struct arena a;
	struct http_head h;
	struct xff_walk w;
	struct ip ip;
	unsigned n = 0;

	for (unsigned i = 0, at = 0; i < 100; i++)
		at += (unsigned)snprintf(text + at, sizeof(text) - at, "192.0.2.%u,", i);
	arena_init(&a);
	http_head_init(&h, &a);
	http_head_add(&h, HTTP_F_X_FORWARDED_FOR, span_str(text));
	xff_walk_begin(&w, &h);
	while (xff_walk_next(&w, &ip)) {
		ck_assert_uint_eq(ip.b[15], 99 - n);
		n++;
	}
	ck_assert_uint_eq(n, XFF_HOPS_MAX);
	ck_assert(!w.met_nonsense);
	arena_fini(&a);
}
END_TEST

Suite *suite_xff(void);
Suite *suite_xff(void)
{
	Suite *s = suite_create("header/xff");
	TCase *t = tcase_create("xff");

	tcase_add_loop_test(t, walks, 0, ARRAY_LEN(cases));
	tcase_add_test(t, a_walk_is_bounded);
	suite_add_tcase(s, t);
	return s;
}
