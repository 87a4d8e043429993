/*
 * Lines of `acl` and of rules: what is taken, what is refused and with which words.
 */
#include <unistd.h>

#include "tests/unit/acl/fixture.h"

static const struct {
	const char *name, *text;
	unsigned line;
	enum conf_severity severity;
	const char *part;
} faults[] = {
	{ "an acl without values", "acl a src\nhttp_access allow a", 1, CONF_ERROR, "no values" },
	{ "an acl without a type", "acl a", 1, CONF_ERROR, "NAME TYPE VALUE" },
	{ "an unknown acl in a rule", "acl office src 10.0.0.0/8\nhttp_access allow ofice", 2,
	  CONF_ERROR, "did you mean office?" },
	{ "a bad action", "http_access alow all", 1, CONF_ERROR, "unknown action \"alow\"" },
	{ "a rule without acls", "http_access deny", 1, CONF_ERROR, "\"deny all\"" },
	{ "an empty rule", "http_access", 1, CONF_ERROR, "empty line" },
	{ "host bits in a prefix", "acl a src 10.0.0.1/24", 1, CONF_WARNING, "beyond its prefix" },
	{ "a netmask", "acl a src 10.0.0.0/255.255.0.0", 1, CONF_WARNING, "netmask" },
	{ "an old way to say all", "acl a src 0.0.0.0/0.0.0.0", 1, CONF_WARNING,
	  "taken for \"all\"" },
	{ "a netmask with holes", "acl a src 10.0.0.0/255.0.255.0", 1, CONF_ERROR, "holes" },
	{ "a long prefix", "acl a src 10.0.0.0/33", 1, CONF_ERROR, "above 32" },
	{ "a range backwards", "acl a src 10.0.0.9-10.0.0.1", 1, CONF_ERROR, "ends before" },
	{ "a range over both families", "acl a src 10.0.0.9-::1", 1, CONF_ERROR, "family" },
	{ "half an address", "acl a src 10.0", 1, CONF_ERROR, "no address" },
	{ "a host name for src", "acl a src www.example.com", 1, CONF_ERROR, "srcdomain" },
	{ "a host name for dst", "acl a dst www.example.com", 1, CONF_ERROR, "dstdomain" },
	{ "a bad port", "acl a port 70000", 1, CONF_ERROR, "bad port" },
	{ "a port range backwards", "acl a port 9-1", 1, CONF_ERROR, "bad port" },
	{ "a port's name", "acl a port http", 1, CONF_ERROR, "bad port" },
	{ "a bad expression", "acl a url_regex ok *.exe", 1, CONF_ERROR, "nothing to repeat" },
	{ "a digit that is none", "acl a url_regex ^\\d+", 1, CONF_WARNING, "[0-9]" },
	{ "an unknown type", "acl a dstdomian x", 1, CONF_ERROR, "did you mean dstdomain?" },
	{ "a type that is not built", "acl a proxy_auth REQUIRED", 1, CONF_ERROR, "users" },
	{ "a type that Squid dropped", "acl a ident x", 1, CONF_ERROR, "dropped" },
	{ "an old name", "acl a myport 80", 1, CONF_WARNING, "localport" },
	{ "another type", "acl a src 10.0.0.1\nacl a port 80", 2, CONF_ERROR, "squid.conf:1" },
	{ "another type for a built-in", "acl all port 80", 1, CONF_ERROR, "(built in)" },
	{ "the old manager", "acl manager proto cache_object", 1, CONF_WARNING, "built in" },
	{ "a flag the type has not", "acl a src -n 10.0.0.1", 1, CONF_ERROR,
	  "unknown flag \"-n\"" },
	{ "a bad day", "acl a time X", 1, CONF_ERROR, "names no days" },
	{ "a bad time", "acl a time 9:00", 1, CONF_ERROR, "bad time" },
	{ "an hour too many", "acl a time 9:00-25:00", 1, CONF_ERROR, "bad time" },
	{ "a list that is not there", "acl a src \"/nonexistent/list\"", 1, CONF_ERROR,
	  "/nonexistent/list" },
	{ "a domain that is a URL", "acl a dstdomain http://x/ y", 1, CONF_WARNING, "url_regex" },
	{ "a domain with a star", "acl a dstdomain *.x y", 1, CONF_WARNING, ".example.com" },
	{ "a domain with a port", "acl a dstdomain x:443 y", 1, CONF_WARNING, "without a port" },
	{ "overlapping domains", "acl a dstdomain a.x .x b.a.x a.x", 1, CONF_NOTE, "3 of 4 names" },
	{ "an unknown member", "acl a any-of b", 1, CONF_ERROR, "not defined" },
	{ "an acl of itself", "acl a any-of all\nacl a any-of a", 2, CONF_ERROR,
	  "contains itself" },
	{ "a circle", "acl a any-of all\nacl b all-of a\nacl a any-of b", 2, CONF_ERROR,
	  "contains itself" },
	{ "a lower-case method", "acl a method get", 1, CONF_WARNING, "GET" },
	{ "a method that is no token", "acl a method G@T", 1, CONF_ERROR, "no method" },
	{ "an unknown scheme", "acl a proto htp", 1, CONF_WARNING, "no URL scheme" },
	{ "an open end", "acl a port 25\nhttp_access deny a", 2, CONF_WARNING, "deny all" },
	{ "no open end below a rule for all",
	  "http_access deny all\nacl a port 25\nhttp_access deny a", 3, CONF_WARNING,
	  "never reached: \"http_access deny all\" at line 1 of squid.conf" },
	{ "lines that are never reached",
	  "http_access allow all\nhttp_access deny CONNECT\nhttp_access deny all", 2, CONF_WARNING,
	  "as all its lines below" },
	{ "a name that means not", "acl !a src all", 1, CONF_ERROR, "cannot" },
};

START_TEST(faults_are_reported)
{
	struct fixture f;

	fixture_init(&f, faults[_i].text);
	ck_assert_finding(&f, faults[_i].line, faults[_i].severity, faults[_i].part);
	if (faults[_i].severity != CONF_ERROR)
		ck_assert_uint_eq(conf_count(f.reader, CONF_ERROR), 0);
	fixture_fini(&f);
}
END_TEST

START_TEST(one_fault_is_one_error)
{
	struct fixture f;

	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		fixture_init(&f, faults[i].text);
		ck_assert_msg(conf_count(f.reader, CONF_ERROR) ==
		                      (faults[i].severity == CONF_ERROR),
		              "%s:\n%s", faults[i].name, fixture_findings(&f));
		fixture_fini(&f);
	}
}
END_TEST

/* The lines that Squid's own default configuration recommends. */
static const char recommended[] = "acl localnet src 0.0.0.1-0.255.255.255\n"
				  "acl localnet src 10.0.0.0/8\n"
				  "acl localnet src 100.64.0.0/10\n"
				  "acl localnet src 169.254.0.0/16\n"
				  "acl localnet src 172.16.0.0/12\n"
				  "acl localnet src 192.168.0.0/16\n"
				  "acl localnet src fc00::/7\n"
				  "acl localnet src fe80::/10\n"
				  "acl SSL_ports port 443\n"
				  "acl Safe_ports port 80\n"
				  "acl Safe_ports port 21\n"
				  "acl Safe_ports port 443\n"
				  "acl Safe_ports port 1025-65535\n"
				  "http_access deny !Safe_ports\n"
				  "http_access deny CONNECT !SSL_ports\n"
				  "http_access allow localhost manager\n"
				  "http_access deny manager\n"
				  "http_access allow localhost\n"
				  "http_access deny to_localhost\n"
				  "http_access deny to_linklocal\n"
				  "http_access allow localnet\n"
				  "http_access deny all\n";

START_TEST(the_recommended_lines_are_taken_silently)
{
	struct fixture f;

	fixture_init(&f, recommended);
	ck_assert_no_findings(&f);
	ck_assert_uint_eq(acl_rules_reads(f.acl.http_access),
	                  1u << FACT_SRC | 1u << FACT_REQUEST | 1u << FACT_DST_ADDRS);
	fixture_fini(&f);
}
END_TEST

START_TEST(a_rule_says_where_it_stands_and_how_it_reads)
{
	struct fixture f;

	fixture_init(&f, recommended);
	fixture_request(&f, "CONNECT", "example.com:8443");
	ck_assert_str_eq(fixture_verdict(&f), "deny");
	ck_assert_span(acl_rule_text(f.trail.rule), SPAN("deny CONNECT !SSL_ports"));
	ck_assert_span(acl_rule_acls(f.trail.rule), SPAN("CONNECT !SSL_ports"));
	ck_assert_str_eq(f.trail.directive, "http_access");
	ck_assert_str_eq(f.trail.place.file, "squid.conf");
	ck_assert_uint_eq(f.trail.place.line, 15);
	ck_assert_str_eq(f.trail.last_acl, "SSL_ports");
	fixture_fini(&f);
}
END_TEST

START_TEST(a_built_in_can_be_added_to)
{
	struct fixture f;

	fixture_init(
		&f,
		"acl localhost src 192.0.2.7\nhttp_access allow localhost\nhttp_access deny all");
	ck_assert_no_findings(&f);
	fixture_request(&f, "GET", "http://example.com/");
	ck_assert_str_eq(fixture_verdict(&f), "allow");
	fixture_fini(&f);
}
END_TEST

START_TEST(values_come_from_files)
{
	char path[] = "/tmp/cuttle-acl-XXXXXX", text[128];
	const int fd = mkstemp(path);
	struct fixture f;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dprintf(fd, "# a list\n.example.com\n\nbad/name # no\n"), 37);
	close(fd);
	snprintf(text, sizeof(text), "acl a dstdomain \"%s\"\nhttp_access allow a", path);
	fixture_init(&f, text);
	unlink(path);
	ck_assert_finding(&f, 4, CONF_WARNING, "bad/name");
	ck_assert_uint_eq(conf_count(f.reader, CONF_ERROR), 0);
	fixture_request(&f, "GET", "http://www.example.com/");
	ck_assert_str_eq(fixture_verdict(&f), "allow");
	fixture_fini(&f);
}
END_TEST

/* Every type that reads lists: none matches by an empty one, and none fails over it. */
START_TEST(an_empty_list_is_a_warning)
{
	static const char *const types[] = { "src",       "dst",           "localip",
		                             "dstdomain", "srcdomain",     "dstdom_regex",
		                             "url_regex", "urlpath_regex", "browser",
		                             "port",      "localport",     "myportname",
		                             "proto",     "method",        "time" };
	char path[] = "/tmp/cuttle-acl-XXXXXX", text[128];
	const int fd = mkstemp(path);
	struct fixture f;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dprintf(fd, "# nothing today\n"), 16);
	close(fd);
	snprintf(text, sizeof(text), "acl a %s \"%s\"\nhttp_access deny a\nhttp_access allow all",
	         types[_i], path);
	fixture_init(&f, text);
	unlink(path);
	ck_assert_finding(&f, 1, CONF_WARNING, "its list is empty, so it never matches");
	ck_assert_uint_eq(conf_count(f.reader, CONF_ERROR), 0);
	fixture_request(&f, "GET", "http://www.example.com/");
	fixture_dst(&f, "192.0.2.9");
	/* srcdomain may ask for a name before it looks. */
	ck_assert_msg(strcmp(fixture_verdict(&f), "allow") == 0 ||
	                      strncmp(fixture_verdict(&f), "need", 4) == 0,
	              "%s: %s", types[_i], fixture_verdict(&f));
	fixture_fini(&f);
}
END_TEST

START_TEST(purge_is_on_if_an_acl_names_it)
{
	struct fixture f;

	fixture_init(&f, "acl p method PURGE");
	ck_assert(acl_conf_names_purge(&f.acl));
	fixture_fini(&f);
	fixture_init(&f, "acl p method GET");
	ck_assert(!acl_conf_names_purge(&f.acl));
	fixture_fini(&f);
}
END_TEST

START_TEST(deep_groups_are_refused)
{
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text), "acl g0 any-of all\n");
	struct fixture f;

	for (unsigned i = 1; i < 100; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "acl g%u any-of g%u\n", i, i - 1);
	fixture_init(&f, text);
	ck_assert_uint_ge(conf_count(f.reader, CONF_ERROR), 1);
	ck_assert_ptr_nonnull(strstr(fixture_findings(&f), "32 deep"));
	fixture_fini(&f);
}
END_TEST

Suite *suite_conf(void);
Suite *suite_conf(void)
{
	Suite *s = suite_create("acl/conf");
	TCase *t = tcase_create("conf");

	tcase_add_loop_test(t, faults_are_reported, 0, ARRAY_LEN(faults));
	tcase_add_test(t, one_fault_is_one_error);
	tcase_add_test(t, the_recommended_lines_are_taken_silently);
	tcase_add_test(t, a_rule_says_where_it_stands_and_how_it_reads);
	tcase_add_test(t, a_built_in_can_be_added_to);
	tcase_add_test(t, values_come_from_files);
	tcase_add_loop_test(t, an_empty_list_is_a_warning, 0, 15);
	tcase_add_test(t, purge_is_on_if_an_acl_names_it);
	tcase_add_test(t, deep_groups_are_refused);
	suite_add_tcase(s, t);
	return s;
}
