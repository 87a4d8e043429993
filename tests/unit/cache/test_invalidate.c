/*
 * What unsafe requests invalidate.
 */
#include "tests/unit/cache/rules.h"

#include "cache/invalidate.h"

static const struct {
	const char *name, *method;
	unsigned status;
	const char *reply, *uris; /* a line each */
} cases[] = {
	{ "9111 4.4: POST", "POST", 200, "", "http://a.example/b/c?d\n" },
	{ "9111 4.4: PUT", "PUT", 204, "", "http://a.example/b/c?d\n" },
	{ "9111 4.4: DELETE", "DELETE", 200, "", "http://a.example/b/c?d\n" },
	{ "9111 4.4: PATCH", "PATCH", 200, "", "http://a.example/b/c?d\n" },
	{ "9111 4.4: a method that is not known", "BREW", 200, "", "http://a.example/b/c?d\n" },
	{ "9111 4.4: not GET", "GET", 200, "Location: /x\n", "" },
	{ "9111 4.4: not HEAD", "HEAD", 200, "", "" },
	{ "9111 4.4: not OPTIONS", "OPTIONS", 200, "", "" },
	{ "9111 4.4: a redirection is no error", "POST", 303, "Location: /x\n",
	  "http://a.example/b/c?d\nhttp://a.example/x\n" },
	{ "9111 4.4: not for an error of the client", "POST", 404, "", "" },
	{ "9111 4.4: not for an error of the server", "POST", 500, "", "" },
	{ "9111 4.4: Location", "POST", 201, "Location: http://a.example/new\n",
	  "http://a.example/b/c?d\nhttp://a.example/new\n" },
	{ "9111 4.4: Content-Location", "POST", 200, "Content-Location: e\n",
	  "http://a.example/b/c?d\nhttp://a.example/b/e\n" },
	{ "9111 4.4: both", "POST", 201, "Location: /x\nContent-Location: /y\n",
	  "http://a.example/b/c?d\nhttp://a.example/x\nhttp://a.example/y\n" },
	{ "each once", "POST", 201, "Location: /x\nContent-Location: http://A.example:80/x\n",
	  "http://a.example/b/c?d\nhttp://a.example/x\n" },
	{ "9111 4.4: not of another host", "POST", 201, "Location: http://b.example/x\n",
	  "http://a.example/b/c?d\n" },
	{ "9111 4.4: not of another port", "POST", 201, "Location: http://a.example:8080/x\n",
	  "http://a.example/b/c?d\n" },
	{ "9111 4.4: not of another scheme", "POST", 201, "Location: https://a.example/x\n",
	  "http://a.example/b/c?d\n" },
	{ "9111 4.4: not with somebody's name in front", "POST", 201,
	  "Location: http://a.example@b.example/x\n", "http://a.example/b/c?d\n" },
	{ "what is no URI", "POST", 201, "Location: http://\n", "http://a.example/b/c?d\n" },
};

static void parse(struct rules *r, const char *text, struct uri *u)
{
	const char *detail = "";

	ck_assert_msg(uri_parse_absolute(span_str(text), &r->arena, u, &detail), "%s: %s", text,
	              detail);
}

START_TEST(uris_are_listed)
{
	struct span uris[INVALIDATE_MAX], got = SPAN("");
	struct uri target;
	struct rules r;

	rules_init(&r, "");
	parse(&r, "http://a.example/b/c?d", &target);
	const unsigned n =
		invalidate_list(&target, rules_request(&r, cases[_i].method, ""),
	                        rules_reply(&r, cases[_i].status, cases[_i].reply), &r.arena, uris);

	for (unsigned i = 0; i < n; i++)
		got = arena_printf(&r.arena, "%.*s%.*s\n", SPAN_ARG(got), SPAN_ARG(uris[i]));
	ck_assert_msg(span_eq(got, span_str(cases[_i].uris)), "%s: %.*s", cases[_i].name,
	              SPAN_ARG(got));
	rules_fini(&r);
}
END_TEST

/* RFC 3986 5.4, as far as it is about http; NULL: not taken. */
static const struct {
	const char *reference, *uri;
} references[] = {
	{ "http:g", NULL },
	{ "g:h", NULL },
	{ "g", "http://a/b/c/g" },
	{ "./g", "http://a/b/c/g" },
	{ "g/", "http://a/b/c/g/" },
	{ "/g", "http://a/g" },
	{ "//g", "http://g/" },
	{ "?y", "http://a/b/c/d;p?y" },
	{ "g?y", "http://a/b/c/g?y" },
	{ "#s", "http://a/b/c/d;p?q" },
	{ "g#s", "http://a/b/c/g" },
	{ "g?y#s", "http://a/b/c/g?y" },
	{ ";x", "http://a/b/c/;x" },
	{ "g;x?y#s", "http://a/b/c/g;x?y" },
	{ "", "http://a/b/c/d;p?q" },
	{ ".", "http://a/b/c/" },
	{ "./", "http://a/b/c/" },
	{ "..", "http://a/b/" },
	{ "../", "http://a/b/" },
	{ "../g", "http://a/b/g" },
	{ "../..", "http://a/" },
	{ "../../g", "http://a/g" },
	{ "../../../g", "http://a/g" },
	{ "../../../../g", "http://a/g" },
	{ "/./g", "http://a/g" },
	{ "/../g", "http://a/g" },
	{ "g.", "http://a/b/c/g." },
	{ "..g", "http://a/b/c/..g" },
	{ "./../g", "http://a/b/g" },
	{ "g/./h", "http://a/b/c/g/h" },
	{ "g/../h", "http://a/b/c/h" },
	{ "g?y/../x", "http://a/b/c/g?y/../x" },
	{ "http://a/b/../c", "http://a/c" },
	{ "http://a", "http://a/" },
	{ "a b", NULL },
};

START_TEST(references_are_resolved)
{
	struct uri base, u;
	struct rules r;

	rules_init(&r, "");
	parse(&r, "http://a/b/c/d;p?q", &base);
	const bool ok = invalidate_resolve(&base, span_str(references[_i].reference), &r.arena, &u);

	ck_assert_msg(ok == (references[_i].uri != NULL), "%s", references[_i].reference);
	if (ok)
		ck_assert_span(uri_text(&u, &r.arena), span_str(references[_i].uri));
	rules_fini(&r);
}
END_TEST

Suite *suite_invalidate(void);
Suite *suite_invalidate(void)
{
	Suite *s = suite_create("invalidate");
	TCase *t = tcase_create("invalidate");

	tcase_add_loop_test(t, uris_are_listed, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, references_are_resolved, 0, ARRAY_LEN(references));
	suite_add_tcase(s, t);
	return s;
}
