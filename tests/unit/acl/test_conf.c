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
	{ "a time across midnight", "acl a time MTW 22:00-06:00", 1, CONF_NOTE,
	  "goes on after midnight" },
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
	{ "a status that is none", "acl a http_status OK", 1, CONF_ERROR, "bad status" },
	{ "a status with four digits", "acl a http_status 1000", 1, CONF_ERROR, "bad status" },
	{ "statuses backwards", "acl a http_status 500-400", 1, CONF_ERROR, "bad status" },
	{ "no connections at all", "acl a maxconn 0", 1, CONF_ERROR, "bad number" },
	{ "a limit that is none", "acl a maxconn many", 1, CONF_ERROR, "bad number" },
	{ "two limits", "acl a maxconn 1 2", 1, CONF_ERROR, "second value" },
	{ "no chance", "acl a random 0.000", 1, CONF_ERROR, "bad probability" },
	{ "no chance as a fraction", "acl a random 0/3", 1, CONF_ERROR, "bad probability" },
	{ "more than always", "acl a random 3/2", 1, CONF_ERROR, "bad probability" },
	{ "a number above one", "acl a random 1.5", 1, CONF_ERROR, "bad probability" },
	{ "a percentage", "acl a random 50%", 1, CONF_ERROR, "bad probability" },
	{ "two chances", "acl a random 1/2\nacl a random 1/3", 2, CONF_ERROR, "second" },
	{ "a hierarchy code misspelt", "acl a hier_code HEIR_DIRECT", 1, CONF_ERROR,
	  "did you mean HIER_DIRECT?" },
	{ "an initiator misspelt", "acl a transaction_initiator clients", 1, CONF_ERROR,
	  "did you mean client?" },
	{ "an error misspelt", "acl a squid_error ERR_DNS_FAILED", 1, CONF_ERROR,
	  "did you mean ERR_DNS_FAIL?" },
	{ "parts on one line", "acl a has request response", 1, CONF_ERROR, "on a line" },
	{ "an unknown part", "acl a has body", 1, CONF_ERROR, "no part" },
	{ "a bad mark", "acl a client_connection_mark 0x1g", 1, CONF_ERROR, "bad mark" },
	{ "a mark below zero", "acl a client_connection_mark -- -1", 1, CONF_ERROR, "bad mark" },
	{ "a mark without its mask", "acl a client_connection_mark 1/", 1, CONF_ERROR, "bad mark" },
	{ "a mark beyond its mask", "acl a client_connection_mark 0x13/0x10", 1, CONF_WARNING,
	  "never matches" },
	{ "the old name of marks", "acl a clientside_mark 1", 1, CONF_WARNING,
	  "client_connection_mark" },
	{ "values where there are none", "acl a connections_encrypted yes", 1, CONF_ERROR,
	  "no values" },
	{ "a field without expressions", "acl a req_header User-Agent", 1, CONF_ERROR,
	  "no values" },
	{ "a field name that is none", "acl a req_header User-Agent: x", 1, CONF_ERROR,
	  "no field name" },
	{ "two fields", "acl a rep_header Server x\nacl a rep_header Via x", 2, CONF_ERROR,
	  "cannot be about Via" },
	{ "a bad expression for a field", "acl a req_header Via (", 1, CONF_ERROR,
	  "bad regular expression" },
	{ "two annotations", "acl a note x 1\nacl a note y 1", 2, CONF_ERROR, "cannot be about y" },
	{ "a note without a name", "acl a note", 1, CONF_ERROR, "no values" },
	{ "nothing to annotate", "acl a annotate_client", 1, CONF_ERROR, "no values" },
	{ "an annotation without a value", "acl a annotate_transaction k", 1, CONF_ERROR,
	  "annotates nothing" },
	{ "an annotation with an empty value", "acl a annotate_transaction k= l=v", 1, CONF_ERROR,
	  "annotates nothing" },
	{ "an annotation without a name", "acl a annotate_transaction =v", 1, CONF_ERROR,
	  "annotates nothing" },
	{ "an addition without a name", "acl a annotate_transaction -- +=v", 1, CONF_ERROR,
	  "annotates nothing" },
	{ "a format code", "acl a annotate_transaction k=\"%>a\"", 1, CONF_ERROR, "format code" },
	{ "a separator that is a letter", "acl a note -m=x k v", 1, CONF_ERROR, "cannot separate" },
	{ "no separator", "acl a note -m= k v", 1, CONF_ERROR, "lacks" },
	{ "-m where there are no lists", "acl a src -m 10.0.0.1", 1, CONF_ERROR,
	  "unknown flag \"-m\"" },
	{ "what never matches", "acl a urllogin .", 1, CONF_WARNING, "never matches" },
	{ "a rule on trial of nothing", "report_only", 1, CONF_ERROR, "DIRECTIVE allow|deny" },
	{ "a rule on trial of a directive without rules", "report_only acl a src all", 1,
	  CONF_ERROR, "no directive that allows or denies" },
	{ "a rule on trial of no directive", "report_only htp_access deny all", 1, CONF_ERROR,
	  "no directive that allows or denies" },
	{ "a rule on trial on trial", "report_only report_only http_access deny all", 1, CONF_ERROR,
	  "no directive that allows or denies" },
	{ "a rule on trial with a fault", "report_only http_access deny nobody", 1, CONF_ERROR,
	  "no acl \"nobody\"" },
	{ "a rule on trial below the last word",
	  "http_access deny all\nreport_only http_access allow CONNECT", 2, CONF_WARNING,
	  "never reached" },
	{ "the same rule twice",
	  "acl a port 1\nacl b port 2\nhttp_access deny a b\nhttp_access allow b\n"
	  "http_access deny b a\nhttp_access deny all",
	  5, CONF_WARNING, "never decides: \"deny a b\" at line 3" },
	{ "a rule that asks for more than one above",
	  "acl a port 1\nhttp_access allow all !a\nhttp_access deny CONNECT !a\n"
	  "http_access deny all",
	  3, CONF_WARNING, "never decides: \"allow all !a\" at line 2" },

	{ "a denial by a reply that is not there",
	  "acl a http_status 500-\nhttp_access deny a\nhttp_access allow all", 2, CONF_ERROR,
	  "would never deny" },
	{ "all but a reply that is not there", "acl a http_status 500-\nhttp_access allow !a", 2,
	  CONF_ERROR, "more than it says" },
	{ "a permission by a reply that is not there", "acl a rep_mime_type x\nhttp_access allow a",
	  2, CONF_WARNING, "never matches here" },
	{ "a denial of all but a reply that is not there",
	  "acl a rep_header x y\nhttp_access deny !a\nhttp_access allow all", 2, CONF_WARNING,
	  "never matches here" },
	{ "a group with a reply that is not there",
	  "acl a http_status 500-\nacl g any-of CONNECT a\nhttp_access allow g", 3, CONF_ERROR,
	  "not do what it says" },
	{ "a parent before one is chosen",
	  "acl a peername p\nhttp_access deny a\nhttp_access allow all", 2, CONF_ERROR,
	  "the cache_peer that was chosen" },
	{ "a way before one is chosen",
	  "acl a hier_code HIER_DIRECT\ntcp_outgoing_tos deny a\ntcp_outgoing_tos allow all", 2,
	  CONF_ERROR, "would never deny" },
	{ "a lookup that nobody waits for", "acl a dst 10.0.0.1\ntcp_outgoing_tos allow a", 2,
	  CONF_ERROR, "cannot wait" },
	{ "a lookup that nobody waits for, for the log", "acl a srcdomain .x\naccess_log a", 2,
	  CONF_ERROR, "cannot wait" },
	{ "a name that few URLs need looked up", "acl a dstdomain .x\ntcp_outgoing_tos allow a", 2,
	  CONF_WARNING, "say so by -n" },
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

/* Lists have what there is when they are asked, and those that can wait may. */
static const char *const fine[] = {
	"acl a http_status 500-\nhttp_reply_access deny a\nhttp_reply_access allow all",
	"acl a hier_code HIER_DIRECT\naccess_log a !all",
	"acl a squid_error ERR_DNS_FAIL\naccess_log !a",
	"acl a rep_mime_type text\naccess_log a",
	"acl a has response\nhttp_access allow a",
	"acl a has response\nacl g any-of a\nhttp_access allow g\naccess_log !g",
	"acl a dst 10.0.0.1\nhttp_access allow a\nfollow_x_forwarded_for allow a",
	"acl a dst -n 10.0.0.1\ntcp_outgoing_tos allow a",
	"acl a dstdomain -n .x\ntcp_outgoing_tos allow a",
	"acl a peername p\ntcp_outgoing_tos allow a\nhttp_reply_access allow a",
	"acl a note x y\nacl b annotate_client x=y\nacl c random 1/2\nacl d maxconn 3\n"
	"http_access allow a b c d\ntcp_outgoing_tos allow a b c d\naccess_log a b c d",
	"acl a port 1\nhttp_access allow a\nhttp_access allow !a CONNECT\nhttp_access deny all",
	"acl a port 1\nreport_only http_access deny a\nhttp_access deny a\nhttp_access deny all",
	"acl n note x\nacl s annotate_transaction x=y\nhttp_access deny n\nhttp_access deny s "
	"!all\n"
	"http_access deny n\nhttp_access allow all\nhttp_reply_access allow all",
	"acl a port 1\nacl s annotate_transaction x=y\nhttp_access deny a\nhttp_access deny a s "
	"!all\n"
	"http_access allow all",
	"acl a time 10:00-11:00\naccess_log a\ntcp_outgoing_tos allow a",
};

START_TEST(lists_may_ask_for_what_there_is)
{
	struct fixture f;

	fixture_init(&f, fine[_i]);
	ck_assert_no_findings(&f);
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
	static const char *const types[] = {
		"src",       "dst",           "localip", "dstdomain", "srcdomain",   "dstdom_regex",
		"url_regex", "urlpath_regex", "browser", "port",      "localport",   "myportname",
		"proto",     "method",        "time",    "note x",    "req_header x"
	};
	char path[] = "/tmp/cuttle-acl-XXXXXX", text[128];
	const int fd = mkstemp(path);
	struct fixture f;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dprintf(fd, "# nothing today\n"), 16);
	close(fd);
	snprintf(text, sizeof(text), "acl a %s \"%s\"\nhttp_access deny !a\nhttp_access allow all",
	         types[_i], path);
	fixture_init(&f, text);
	unlink(path);
	ck_assert_finding(&f, 1, CONF_WARNING, "its list is empty, so it never matches");
	ck_assert_uint_eq(conf_count(f.reader, CONF_ERROR), 0);
	fixture_request(&f, "GET", "http://www.example.com/");
	fixture_dst(&f, "192.0.2.9");
	/* srcdomain may ask for a name before it looks. */
	ck_assert_msg(strcmp(fixture_verdict(&f), "deny") == 0 ||
	                      strncmp(fixture_verdict(&f), "need", 4) == 0,
	              "%s: %s", types[_i], fixture_verdict(&f));
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *line;
	unsigned n_errors;
} empty_rules[] = {
	{ "http_access deny a", 1 },   { "http_access deny CONNECT a", 1 },
	{ "http_access allow !a", 1 }, { "http_access allow a", 0 },
	{ "http_access deny !a", 0 },
};

/* An error where an empty list would let more pass than the rule was written for. */
START_TEST(an_empty_list_must_not_open_anything)
{
	char path[] = "/tmp/cuttle-acl-XXXXXX", text[128];
	const int fd = mkstemp(path);
	struct fixture f;

	ck_assert_int_ge(fd, 0);
	close(fd);
	snprintf(text, sizeof(text), "acl a src \"%s\"\n%s", path, empty_rules[_i].line);
	fixture_init(&f, text);
	unlink(path);
	ck_assert_uint_eq(conf_count(f.reader, CONF_ERROR), empty_rules[_i].n_errors);
	if (empty_rules[_i].n_errors != 0)
		ck_assert_finding(&f, 2, CONF_ERROR, "the list of acl a is empty, so this line");
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
	tcase_add_loop_test(t, lists_may_ask_for_what_there_is, 0, ARRAY_LEN(fine));
	tcase_add_test(t, one_fault_is_one_error);
	tcase_add_test(t, the_recommended_lines_are_taken_silently);
	tcase_add_test(t, a_rule_says_where_it_stands_and_how_it_reads);
	tcase_add_test(t, a_built_in_can_be_added_to);
	tcase_add_test(t, values_come_from_files);
	tcase_add_loop_test(t, an_empty_list_is_a_warning, 0, 17);
	tcase_add_loop_test(t, an_empty_list_must_not_open_anything, 0, ARRAY_LEN(empty_rules));
	tcase_add_test(t, purge_is_on_if_an_acl_names_it);
	tcase_add_test(t, deep_groups_are_refused);
	suite_add_tcase(s, t);
	return s;
}
