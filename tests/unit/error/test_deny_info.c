/*
 * deny_info: what is accepted, which line is for whom, and the URLs that are made.
 */
#include "acl/decide.h"
#include "error/deny_info.h"
#include "error/errorpage.h"
#include "tests/unit/unit.h"

static const struct conf_directive rows[] = {
	{ "acl", "", "access", CONF_WORKS, CONF_SECTION_acl, acl_conf_acl,
	  offsetof(struct acl_conf, set), "", "NAME TYPE VALUE...", "" },
	{ "deny_info", "", "error", CONF_WORKS, CONF_SECTION_error, deny_info_conf,
	  offsetof(struct error_conf, deny_infos), "", "PAGE ACL...", "" },
};

struct fixture {
	struct acl_conf acl;
	struct error_conf error;
	struct conf_reader *reader;
};

static void fixture_init(struct fixture *f, const char *text)
{
	void *const sections[CONF_SECTION_N] = {
		[CONF_SECTION_acl] = &f->acl, [CONF_SECTION_error] = &f->error
	};

	acl_conf_init(&f->acl);
	error_conf_init(&f->error);
	f->reader = conf_reader_new(rows, ARRAY_LEN(rows), sections);
	conf_read_text(f->reader, "squid.conf", span_str(text));
}

static void fixture_fini(struct fixture *f)
{
	conf_reader_free(&f->reader);
	error_conf_fini(&f->error);
	acl_conf_fini(&f->acl);
}

static const struct {
	const char *words;
	int kind; /* -1: refused */
	unsigned status;
	const char *what;
} lines[] = {
	{ "ERR_CUSTOM a", DENY_INFO_PAGE, 0, "ERR_CUSTOM" },
	{ "404:ERR_CUSTOM a b", DENY_INFO_PAGE, 404, "ERR_CUSTOM" },
	{ "200:ERR_CUSTOM a", DENY_INFO_PAGE, 200, "ERR_CUSTOM" },
	{ "599:ERR_CUSTOM a", DENY_INFO_PAGE, 599, "ERR_CUSTOM" },
	{ "http://u.example/ a", DENY_INFO_REDIRECT, 0, "http://u.example/" },
	{ "https://u.example/?x=%u a", DENY_INFO_REDIRECT, 0, "https://u.example/?x=%u" },
	{ "303:http://u.example/ a", DENY_INFO_REDIRECT, 303, "http://u.example/" },
	{ "TCP_RESET a", DENY_INFO_RESET, 0, NULL },
	/* refused */
	{ "303:ERR_CUSTOM a", -1, 0, NULL },
	{ "404:http://u.example/ a", -1, 0, NULL },
	{ "200:http://u.example/ a", -1, 0, NULL },
	{ "100:ERR_CUSTOM a", -1, 0, NULL },
	{ "600:ERR_CUSTOM a", -1, 0, NULL },
	{ "4x4:ERR_CUSTOM a", -1, 0, NULL },
	{ "404: a", -1, 0, NULL },
	{ "403:TCP_RESET a", -1, 0, NULL },
	{ "nonsense a", -1, 0, NULL },
	{ "ERR_CUSTOM", -1, 0, NULL },
	{ "", -1, 0, NULL },
	{ "http://u.example/\xc3\xa4 a", -1, 0, NULL },
};

START_TEST(test_lines)
{
	struct fixture f;
	char text[128];

	snprintf(text, sizeof(text), "deny_info %s\n", lines[_i].words);
	fixture_init(&f, text);
	const struct deny_info *d = f.error.deny_infos;

	ck_assert_msg((d == NULL) == (lines[_i].kind < 0), "%s", text);
	ck_assert_msg((conf_count(f.reader, CONF_ERROR) != 0) == (lines[_i].kind < 0), "%s", text);
	if (d != NULL) {
		ck_assert_int_eq((int)d->kind, lines[_i].kind);
		ck_assert_uint_eq(d->status, lines[_i].status);
		ck_assert_pstr_eq(d->what, lines[_i].what);
	}
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *url;
	unsigned warnings;
} macros[] = {
	{ "http://u/?%u%a%i%M%H%p%R%s%S%U%h%%%e%E%t%T%w%o%x", 0 },
	{ "http://u/x%20y%C3%A4", 0 },
	{ "http://u/%Q", 1 },
	{ "http://u/%", 1 },
	{ "http://u/%2", 1 },
	{ "http://u/%%Q%Q%q", 2 },
};

START_TEST(test_unknown_macros_are_told)
{
	struct fixture f;
	char text[128];

	snprintf(text, sizeof(text), "deny_info %s a\n", macros[_i].url);
	fixture_init(&f, text);
	ck_assert_uint_eq(conf_count(f.reader, CONF_WARNING), macros[_i].warnings);
	ck_assert_uint_eq(conf_count(f.reader, CONF_ERROR), 0);
	fixture_fini(&f);
}
END_TEST

START_TEST(test_the_first_line_that_names_the_acl)
{
	struct fixture f;

	fixture_init(&f, "deny_info ERR_A a ab\ndeny_info ERR_B b a\n");
	const struct deny_info *list = f.error.deny_infos;

	ck_assert_str_eq(deny_info_find(list, "a")->what, "ERR_A");
	ck_assert_str_eq(deny_info_find(list, "ab")->what, "ERR_A");
	ck_assert_str_eq(deny_info_find(list, "b")->what, "ERR_B");
	ck_assert_ptr_null(deny_info_find(list, "A"));
	ck_assert_ptr_null(deny_info_find(list, "a b"));
	ck_assert_ptr_null(deny_info_find(list, ""));
	ck_assert_ptr_null(deny_info_find(list, NULL));
	fixture_fini(&f);
}
END_TEST

START_TEST(test_what_does_not_exist_is_told)
{
	struct fixture f;

	fixture_init(&f, "acl a src all\ndeny_info ERR_NO_SUCH_PAGE a\n"
	                 "deny_info ERR_ACCESS_DENIED a nobody\n");
	struct errorpages *e = errorpages_load(&f.error, f.reader);

	deny_info_check(f.error.deny_infos, e, &f.acl, f.reader);
	ck_assert_uint_eq(conf_count(f.reader, CONF_WARNING), 2);
	errorpages_free(&e);
	fixture_fini(&f);
}
END_TEST

static const struct {
	unsigned configured;
	bool is_get_or_head;
	unsigned version, want;
} statuses[] = {
	{ 0, true, 11, 302 },    { 0, false, 11, 307 },  { 0, false, 10, 302 },
	{ 303, false, 11, 303 }, { 301, true, 10, 301 },
};

START_TEST(test_redirect_status)
{
	const struct deny_info d = { .kind = DENY_INFO_REDIRECT,
		                     .status = statuses[_i].configured };

	ck_assert_uint_eq(
		deny_info_redirect_status(&d, statuses[_i].is_get_or_head, statuses[_i].version),
		statuses[_i].want);
}
END_TEST

static const struct errorpage_facts facts = {
	.url = SPAN("http://h.example/p%20q?x=1&y=<z>"),
	.method = SPAN("GET"),
	.host = SPAN("h.example"),
	.port = SPAN("80"),
	.path = SPAN("/p%20q?x=1&y=<z>"),
	.client_ip = SPAN("2001:db8::1"),
	.proxy_host = SPAN("proxy.example"),
	.product = SPAN("cuttle/1"),
	.user = SPAN("a b\r\nX: y"),
};

static const struct {
	const char *url, *want;
} locations[] = {
	{ "http://u.example/", "http://u.example/" },
	{ "http://u.example/?u=%u",
	  "http://u.example/?u=http%3A%2F%2Fh.example%2Fp%2520q%3Fx%3D1%26y%3D%3Cz%3E" },
	{ "http://u.example/?u=%s",
	  "http://u.example/?u=http%3A%2F%2Fh.example%2Fp%2520q%3Fx%3D1%26y%3D%3Cz%3E" },
	{ "http://u.example%R", "http://u.example/p%20q?x=1&y=%3Cz%3E" },
	{ "http://u/%M/%H/%p/%h", "http://u/GET/h.example/80/proxy.example" },
	{ "http://u/%i", "http://u/2001%3Adb8%3A%3A1" },
	{ "http://u/%a", "http://u/a%20b%0D%0AX%3A%20y" },
	{ "http://u/%S", "http://u/cuttle%2F1" },
	{ "http://u/%%41", "http://u/%2541" },
	{ "http://u/%o%l%D", "http://u/" },
	{ "http://u/%Q%", "http://u/%Q%" },
};

START_TEST(test_location)
{
	struct arena a;

	arena_init(&a);
	ck_assert_span(errorpage_location(locations[_i].url, &facts, &a),
	               span_str(locations[_i].want));
	arena_fini(&a);
}
END_TEST

Suite *suite_deny_info(void);
Suite *suite_deny_info(void)
{
	Suite *s = suite_create("deny_info");
	TCase *t = tcase_create("deny_info");

	tcase_add_loop_test(t, test_lines, 0, ARRAY_LEN(lines));
	tcase_add_loop_test(t, test_unknown_macros_are_told, 0, ARRAY_LEN(macros));
	tcase_add_test(t, test_the_first_line_that_names_the_acl);
	tcase_add_test(t, test_what_does_not_exist_is_told);
	tcase_add_loop_test(t, test_redirect_status, 0, ARRAY_LEN(statuses));
	tcase_add_loop_test(t, test_location, 0, ARRAY_LEN(locations));
	suite_add_tcase(s, t);
	return s;
}
