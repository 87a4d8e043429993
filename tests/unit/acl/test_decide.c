/*
 * Decisions: each type against a request, the order of what is needed, what is made of facts that
 * are absent or failed, and that explaining a decision does not change it.
 */
#include "acl/explain.h"
#include "base/counters.h"
#include "tests/unit/acl/fixture.h"
#include "tests/unit/random.h"

/* The acl `a`, a request, and whether it matches. */
static const struct {
	const char *name, *acl, *method, *url;
	bool want;
} types[] = {
	{ "src: an address", "src 192.0.2.7", "GET", "http://h/", true },
	{ "src: another", "src 192.0.2.8", "GET", "http://h/", false },
	{ "src: a prefix", "src 192.0.2.0/29", "GET", "http://h/", true },
	{ "src: a range", "src 192.0.2.1-192.0.2.7", "GET", "http://h/", true },
	{ "src: a range that ends before", "src 192.0.2.1-192.0.2.6", "GET", "http://h/", false },
	{ "src: a netmask", "src 192.0.0.0/255.255.0.0", "GET", "http://h/", true },
	{ "src: host bits set", "src 192.0.2.99/24", "GET", "http://h/", true },
	{ "src: a range of networks", "src 192.0.1.0-192.0.2.0/24", "GET", "http://h/", true },
	{ "src: all", "src all", "GET", "http://h/", true },
	{ "src: ipv4", "src ipv4", "GET", "http://h/", true },
	{ "src: ipv6", "src ipv6", "GET", "http://h/", false },
	{ "src: ranges that touch are one", "src 192.0.2.8 192.0.2.6-192.0.2.7 10.0.0.0/8", "GET",
	  "http://h/", true },
	{ "localip", "localip 192.0.2.1", "GET", "http://h/", true },
	{ "localport", "localport 3000-3200", "GET", "http://h/", true },
	{ "localport: another", "localport 80", "GET", "http://h/", false },
	{ "myportname", "myportname x 3128", "GET", "http://h/", true },
	{ "dst: an address in the URL", "dst 198.51.100.0/24", "GET", "http://198.51.100.9/",
	  true },
	{ "dst: another address in the URL", "dst 198.51.100.0/24", "GET", "http://198.51.101.9/",
	  false },
	{ "dst -n: a name is no match", "dst -n all", "GET", "http://h/", false },
	{ "dst -n: an address is looked at", "dst -n 198.51.100.9", "GET", "http://198.51.100.9/",
	  true },
	{ "dstdomain: the name", "dstdomain example.com", "GET", "http://EXAMPLE.com/", true },
	{ "dstdomain: not below it", "dstdomain example.com", "GET", "http://www.example.com/",
	  false },
	{ "dstdomain: below it", "dstdomain .example.com", "GET", "http://a.b.example.com/", true },
	{ "dstdomain: and itself", "dstdomain .example.com", "GET", "http://example.com/", true },
	{ "dstdomain: not a longer label", "dstdomain .example.com", "GET",
	  "http://badexample.com/", false },
	{ "dstdomain: upper case in the list", "dstdomain .Example.COM", "GET",
	  "http://www.example.com/", true },
	{ "dstdomain: a final dot", "dstdomain .example.com", "GET", "http://www.example.com./",
	  true },
	{ "dstdomain: CONNECT", "dstdomain example.com", "CONNECT", "example.com:443", true },
	{ "dstdomain -n: an address as it stands", "dstdomain -n 198.51.100.9", "GET",
	  "http://198.51.100.9/", true },
	{ "dstdomain: IPv6", "dstdomain -n [2001:db8::1]", "GET", "http://[2001:db8::1]/", true },
	{ "dstdom_regex", "dstdom_regex -i ^WWW\\.", "GET", "http://www.example.com/", true },
	{ "dstdom_regex: case", "dstdom_regex ^WWW\\.", "GET", "http://www.example.com/", false },
	{ "port: explicit", "port 8080", "GET", "http://h:8080/", true },
	{ "port: the scheme's", "port 80", "GET", "http://h/", true },
	{ "port: a range", "port 1-10 8000-9000", "GET", "http://h:8443/", true },
	{ "port: CONNECT", "port 443", "CONNECT", "h:443", true },
	{ "port: none known", "port 0", "GET", "ws://h/", true },
	{ "proto", "proto http", "GET", "http://h/", true },
	{ "proto: another", "proto FTP", "GET", "http://h/", false },
	{ "proto: CONNECT has none", "proto HTTP HTTPS FTP", "CONNECT", "h:443", false },
	{ "method", "method POST GET", "GET", "http://h/", true },
	{ "method: another", "method POST", "GET", "http://h/", false },
	{ "method: of one's own", "method FROB", "FROB", "http://h/", true },
	{ "method: case matters", "method FROB", "frob", "http://h/", false },
	{ "url_regex", "url_regex ^http://h/.*\\.exe$", "GET", "http://h/a.exe", true },
	{ "url_regex: case", "url_regex \\.EXE$", "GET", "http://h/a.exe", false },
	{ "url_regex -i", "url_regex -i \\.EXE$", "GET", "http://h/a.exe", true },
	{ "url_regex: +i ends -i", "url_regex -i zip +i \\.EXE$", "GET", "http://h/a.exe", false },
	{ "url_regex: -i between values", "url_regex ZIP -i \\.EXE$", "GET", "http://h/a.exe",
	  true },
	{ "url_regex: decoded", "url_regex secret/plan", "GET", "http://h/%73ecret%2Fplan", true },
	{ "url_regex: a bad triplet hides no other", "url_regex secret%zz$", "GET",
	  "http://h/%73ecret%zz", true },
	{ "urlpath_regex: nor does one in the query", "urlpath_regex ^/secret", "GET",
	  "http://h/%73ecret?%", true },
	{ "url_regex: CONNECT is host:port", "url_regex ^h:443$", "CONNECT", "h:443", true },
	{ "urlpath_regex", "urlpath_regex ^/a\\?b$", "GET", "http://h/a?b", true },
	{ "urlpath_regex: not the host", "urlpath_regex h", "GET", "http://h/a", false },
	{ "urlpath_regex: decoded", "urlpath_regex ^/a/b$", "GET", "http://h/%61%2fb", true },
	{ "urlpath_regex: CONNECT has no path", "urlpath_regex .", "CONNECT", "h:443", false },
	{ "browser: none sent", "browser .", "GET", "http://h/", false },
	{ "time: the day", "time M", "GET", "http://h/", true },
	{ "time: another day", "time S A", "GET", "http://h/", false },
	{ "time: D is Monday to Friday", "time D 11:00-12:00", "GET", "http://h/", true },
	{ "time: the end is inclusive", "time 11:00-12:00", "GET", "http://h/", true },
	{ "time: the start is inclusive", "time 12:00-13:00", "GET", "http://h/", true },
	{ "time: outside", "time 12:01-24:00", "GET", "http://h/", false },
	{ "time: days hold for one span", "time S 08:00-09:00 M 11:00-13:00", "GET", "http://h/",
	  true },
	{ "time: a span without days", "time S 08:00-09:00 11:00-13:00", "GET", "http://h/", true },
	{ "time: across midnight, after it", "time S 22:00-12:30", "GET", "http://h/", true },
	{ "time: across midnight, not the day itself", "time M 22:00-12:30", "GET", "http://h/",
	  false },
	{ "any-of", "any-of to_linklocal_n CONNECT all", "GET", "http://h/", true },
	{ "any-of: none", "any-of CONNECT !all", "GET", "http://h/", false },
	{ "all-of", "all-of all !CONNECT", "GET", "http://h/", true },
	{ "all-of: not all", "all-of all CONNECT", "GET", "http://h/", false },
	{ "all-of: lines are alternatives", "all-of CONNECT all\nacl a all-of all !CONNECT", "GET",
	  "http://h/", true },
	{ "any-of: lines are alternatives", "any-of CONNECT\nacl a any-of all", "GET", "http://h/",
	  true },
	{ "manager", "any-of manager", "GET", "http://h:3128/squid-internal-mgr/info", true },
	{ "not the manager", "any-of manager", "GET", "http://h:3128/x/squid-internal-mgr/info",
	  false },
	{ "localhost", "any-of localhost", "GET", "http://h/", false },
};

static void init_with(struct fixture *f, const char *acl)
{
	char text[512];

	snprintf(text, sizeof(text),
	         "acl to_linklocal_n dst -n 169.254.0.0/16\nacl a %s\n"
	         "http_access allow a\nhttp_access deny all\n",
	         acl);
	fixture_init(f, text);
	ck_assert_msg(conf_count(f->reader, CONF_ERROR) == 0, "%s", fixture_findings(f));
}

START_TEST(types_match)
{
	struct fixture f;

	init_with(&f, types[_i].acl);
	fixture_request(&f, types[_i].method, types[_i].url);
	ck_assert_msg(strcmp(fixture_verdict(&f), types[_i].want ? "allow" : "deny") == 0, "%s: %s",
	              types[_i].name, fixture_verdict(&f));
	fixture_fini(&f);
}
END_TEST

/* --- facts that are no values ----------------------------------------------------------------- */

static const struct {
	const char *name, *acl, *url;
	enum fact fact;
	enum fact_state state;
	const char *want;
} lacks[] = {
	{ "dst waits for the addresses", "dst 10.0.0.0/8", "http://h/", FACT_DST_ADDRS,
	  FACT_UNKNOWN, "need dst" },
	{ "dst: the name does not resolve", "dst 10.0.0.0/8", "http://h/", FACT_DST_ADDRS,
	  FACT_FAILED, "deny" },
	{ "dst: even then all is all", "dst all", "http://h/", FACT_DST_ADDRS, FACT_FAILED,
	  "allow" },
	{ "dst: the name has no addresses", "dst 10.0.0.0/8", "http://h/", FACT_DST_ADDRS,
	  FACT_ABSENT, "deny" },
	{ "dst of an address waits for nothing", "dst 10.0.0.0/8", "http://10.1.1.1/",
	  FACT_DST_ADDRS, FACT_UNKNOWN, "allow" },
	{ "dstdomain of an address waits for its name", "dstdomain x", "http://10.1.1.1/",
	  FACT_DST_NAME, FACT_UNKNOWN, "need dstname" },
	{ "dstdomain of an address that is listed does not", "dstdomain 10.1.1.1",
	  "http://10.1.1.1/", FACT_DST_NAME, FACT_UNKNOWN, "allow" },
	{ "dstdomain -n never waits", "dstdomain -n x", "http://10.1.1.1/", FACT_DST_NAME,
	  FACT_UNKNOWN, "deny" },
	{ "dstdomain of a name never waits", "dstdomain x", "http://h/", FACT_DST_NAME,
	  FACT_UNKNOWN, "deny" },
	{ "dstdomain: \"none\" is an address without a name", "dstdomain none", "http://10.1.1.1/",
	  FACT_DST_NAME, FACT_ABSENT, "allow" },
	{ "dstdomain: and one whose lookup failed", "dstdomain none", "http://10.1.1.1/",
	  FACT_DST_NAME, FACT_FAILED, "allow" },
	{ "dstdomain: otherwise no match", "dstdomain x", "http://10.1.1.1/", FACT_DST_NAME,
	  FACT_FAILED, "deny" },
	{ "dstdom_regex likewise", "dstdom_regex ^none$", "http://10.1.1.1/", FACT_DST_NAME,
	  FACT_ABSENT, "allow" },
	{ "srcdomain waits", "srcdomain x", "http://h/", FACT_SRC_NAME, FACT_UNKNOWN,
	  "need srcname" },
	{ "srcdomain: \"none\"", "srcdomain none", "http://h/", FACT_SRC_NAME, FACT_ABSENT,
	  "allow" },
	{ "srcdomain: failed", "srcdomain x", "http://h/", FACT_SRC_NAME, FACT_FAILED, "deny" },
	{ "a request that never came", "port 80", "http://h/", FACT_REQUEST, FACT_ABSENT, "deny" },
	{ "a request that never came, for dst", "dst all", "http://h/", FACT_REQUEST, FACT_ABSENT,
	  "deny" },
	{ "a request that is still to come", "method GET", "http://h/", FACT_REQUEST, FACT_UNKNOWN,
	  "need request" },
	{ "no clock", "time SMTWHFA", "http://h/", FACT_CLOCK, FACT_ABSENT, "deny" },
};

START_TEST(facts_that_are_no_values)
{
	struct fixture f;

	init_with(&f, lacks[_i].acl);
	fixture_request(&f, "GET", lacks[_i].url);
	f.facts.state[lacks[_i].fact] = (uint8_t)lacks[_i].state;
	ck_assert_msg(strcmp(fixture_verdict(&f), lacks[_i].want) == 0, "%s: %s", lacks[_i].name,
	              fixture_verdict(&f));
	fixture_fini(&f);
}
END_TEST

START_TEST(needs_come_in_the_order_of_the_lines)
{
	struct fixture f;

	fixture_init(&f, "acl s srcdomain .example.com\n"
	                 "acl d dst 10.0.0.0/8\n"
	                 "acl p port 8080\n"
	                 "http_access allow p d\n"
	                 "http_access deny !s\n"
	                 "http_access allow d\n"
	                 "http_access deny all\n");
	fixture_request(&f, "GET", "http://h/");
	/* Not port 8080, so the first line needs no addresses. */
	ck_assert_str_eq(fixture_verdict(&f), "need srcname");
	f.facts.src_name = SPAN("PC.Example.com.");
	f.facts.state[FACT_SRC_NAME] = FACT_VALUE;
	ck_assert_str_eq(fixture_verdict(&f), "need dst");
	fixture_dst(&f, "198.51.100.1 10.2.3.4");
	ck_assert_str_eq(fixture_verdict(&f), "allow");
	fixture_dst(&f, "198.51.100.1 198.51.100.2");
	ck_assert_str_eq(fixture_verdict(&f), "deny");
	ck_assert_uint_eq(f.trail.place.line, 7);
	ck_assert_uint_eq(acl_rules_reads(f.acl.http_access),
	                  1u << FACT_REQUEST | 1u << FACT_DST_ADDRS | 1u << FACT_SRC_NAME |
	                          1u << FACT_SRC);
	fixture_fini(&f);
}
END_TEST

START_TEST(unknown_stays_unknown_under_negation)
{
	struct fixture f;

	fixture_init(&f, "acl d dst 10.0.0.0/8\nacl g any-of !d\nhttp_access allow !g\nhttp_access "
	                 "deny all");
	fixture_request(&f, "GET", "http://h/");
	ck_assert_str_eq(fixture_verdict(&f), "need dst");
	fixture_fini(&f);
}
END_TEST

START_TEST(no_line_matched_is_the_opposite_of_the_last)
{
	struct fixture f;

	fixture_init(&f, "http_access allow CONNECT\nhttp_access deny localhost");
	fixture_request(&f, "GET", "http://h/");
	ck_assert_str_eq(fixture_verdict(&f), "allow");
	ck_assert_ptr_null(f.trail.rule);
	ck_assert_uint_eq(f.trail.place.line, 2);
	fixture_fini(&f);
	fixture_init(&f, "http_access deny CONNECT\nhttp_access allow localhost");
	fixture_request(&f, "GET", "http://h/");
	ck_assert_str_eq(fixture_verdict(&f), "deny");
	fixture_fini(&f);
	fixture_init(&f, "");
	fixture_request(&f, "GET", "http://h/");
	ck_assert_str_eq(fixture_verdict(&f), "deny");
	ck_assert_ptr_null(f.trail.rule);
	fixture_fini(&f);
}
END_TEST

START_TEST(a_regex_limit_is_undecided_and_counted)
{
	struct fixture f;
	char url[128] = "http://h/";
	const uint64_t before = counters_sum(COUNT_ACL_UNDECIDED);

	memset(url + 9, 'a', 64);
	fixture_init(&f, "acl r url_regex (.)((a|aa)+)+\\1\\1[^a]$\n"
	                 "http_access deny !r\nhttp_access allow all");
	fixture_request(&f, "GET", url);
	ck_assert_str_eq(fixture_verdict(&f), "undecided");
	ck_assert_ptr_nonnull(f.trail.detail);
	ck_assert_str_eq(f.trail.last_acl, "r");
	ck_assert_uint_eq(counters_sum(COUNT_ACL_UNDECIDED), before + 1);
	fixture_fini(&f);
}
END_TEST

START_TEST(browser_reads_the_user_agent)
{
	struct fixture f;

	init_with(&f, "browser -i ^curl/");
	fixture_request(&f, "GET", "http://h/");
	http_head_add(&f.request, HTTP_F_USER_AGENT, SPAN("Curl/8.0"));
	ck_assert_str_eq(fixture_verdict(&f), "allow");
	fixture_fini(&f);
}
END_TEST

/* --- explain ---------------------------------------------------------------------------------- */

START_TEST(an_explanation_names_values_and_the_nearest_rule)
{
	struct fixture f;
	struct acl_explanation x;

	fixture_init(&f, "acl Safe_ports port 80 443\n"
	                 "acl net src 192.0.2.0/24\n"
	                 "acl good dstdomain .example.com\n"
	                 "http_access deny !Safe_ports\n"
	                 "http_access allow net good\n"
	                 "http_access deny all\n");
	fixture_request(&f, "GET", "http://www.example.org/");
	acl_explain(f.acl.http_access, &f.facts, VERDICT_DENY, &f.arena, &x);
	ck_assert_span(
		acl_explanation_text(&x, &f.arena),
		SPAN("  http_access deny !Safe_ports  # squid.conf:4\n"
	             "    Safe_ports (port) matches \"80\" by \"80\", so !Safe_ports does not\n"
	             "  http_access allow net good  # squid.conf:5\n"
	             "    net (src) matches \"192.0.2.7\" by \"192.0.2.0-192.0.2.255\"\n"
	             "    good (dstdomain) does not match \"www.example.org\"\n"
	             "  http_access deny all  # squid.conf:6\n"
	             "    all (src) matches \"192.0.2.7\" by \"all\"\n"
	             "decided by: http_access deny all  # squid.conf:6\n"
	             "verdict: deny\n"
	             "nearest to the contrary: http_access allow net good  # squid.conf:5\n"
	             "    good (dstdomain) does not match \"www.example.org\"\n"));
	fixture_fini(&f);
}
END_TEST

START_TEST(an_explanation_says_what_it_cannot_know)
{
	struct fixture f;
	struct acl_explanation x;

	fixture_init(
		&f,
		"acl d dst 10.0.0.0/8\nacl g any-of d\nhttp_access allow g\nhttp_access deny all");
	fixture_request(&f, "GET", "http://h/");
	acl_explain(f.acl.http_access, &f.facts, VERDICT_DENY, &f.arena, &x);
	ck_assert_span(acl_explanation_text(&x, &f.arena),
	               SPAN("  http_access allow g  # squid.conf:3\n"
	                    "      d (dst) needs dst\n"
	                    "    g (any-of) needs dst\n"
	                    "stopped at: http_access allow g  # squid.conf:3\n"
	                    "verdict: cannot tell: needs dst\n"));
	fixture_fini(&f);
}
END_TEST

#define PICK(r, ...)                                                                               \
	({                                                                                         \
		static const char *const of_[] = { __VA_ARGS__ };                                  \
		of_[random_below(r, ARRAY_LEN(of_))];                                              \
	})

static const char random_acls[] = "acl a0 src 192.0.2.0/28 10.0.0.1-10.0.0.9\nacl a1 dst "
				  "10.0.0.0/8\nacl a2 dstdomain .example.com none\n"
				  "acl a3 srcdomain .example.com none\nacl a4 port 80 "
				  "1025-65535\nacl a5 method GET CONNECT FROB\n"
				  "acl a6 url_regex -i \\.exe a(b|c)\nacl a7 urlpath_regex "
				  "^/a\nacl a8 time M 09:00-17:00 22:00-05:00\n"
				  "acl a9 dst -n 10.0.0.0/8\nacl b0 any-of a0 !a1 a4\nacl b1 "
				  "all-of a4 !b0\nacl b1 all-of a2 a6\n"
				  "acl b2 any-of b1 a3\nacl b3 url_regex (.)((a|aa)+)+\\1\\1[^a]$ "
				  "xyzzy\nacl b4 dstdom_regex ^www\\.\n";

static void random_policy(struct random *r, char *text, size_t cap)
{
	size_t n = (size_t)snprintf(text, cap, "%s", random_acls);

	for (unsigned rules = 1 + random_below(r, 6); rules > 0; rules--) {
		n += (size_t)snprintf(text + n, cap - n, "http_access %s",
		                      PICK(r, "allow", "deny"));
		for (unsigned terms = 1 + random_below(r, 3); terms > 0; terms--)
			n += (size_t)snprintf(text + n, cap - n, " %s%s", PICK(r, "", "", "!"),
			                      PICK(r, "all", "a0", "a1", "a2", "a3", "a4", "a5",
			                           "a6", "a7", "a8", "a9", "b0", "b1", "b2", "b3",
			                           "b4", "localhost", "to_localhost", "manager",
			                           "CONNECT"));
		n += (size_t)snprintf(text + n, cap - n, "\n");
	}
}

static void random_facts(struct random *r, struct fixture *f)
{
	fixture_request(f, PICK(r, "GET", "POST", "FROB"),
	                PICK(r, "http://www.example.com/a.exe", "http://10.1.2.3:8080/abc",
	                     "http://h/%61", "http://[::1]/",
	                     "http://h/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	                     "http://h:99/squid-internal-mgr/info"));
	if (random_below(r, 4) == 0)
		fixture_request(f, "CONNECT", PICK(r, "www.example.com:443", "10.1.2.3:22"));
	if (random_below(r, 2) == 0)
		fixture_dst(f, PICK(r, "10.0.0.1", "198.51.100.1 10.0.0.1", "127.0.0.1",
		                    "2001:db8::1"));
	f->facts.src_name = span_str(PICK(r, "pc.example.com", "example.org"));
	f->facts.dst_name = f->facts.src_name;
	f->facts.minute = random_below(r, 1440);
	f->facts.weekday = random_below(r, 7);
	for (unsigned i = random_below(r, 4); i > 0; i--) {
		const unsigned fact = random_below(r, FACT_N);
		const unsigned state = random_below(r, 4);

		if (state != FACT_VALUE || fact != FACT_DST_ADDRS)
			f->facts.state[fact] = (uint8_t)state;
	}
}

START_TEST(explaining_does_not_change_the_verdict)
{
	const unsigned count = random_test_count(20000);
	struct random r = random_seeded(3);
	unsigned seen[5] = { 0 };
	char text[4096];

	for (unsigned i = 0; i < count; i += 20) {
		struct fixture f;

		random_policy(&r, text, sizeof(text));
		fixture_init(&f, text);
		ck_assert_uint_eq(conf_count(f.reader, CONF_ERROR), 0);
		for (unsigned k = 0; k < 20; k++) {
			struct acl_explanation x;

			random_facts(&r, &f);
			const enum verdict v = fixture_decide(&f);

			acl_explain(f.acl.http_access, &f.facts, VERDICT_DENY, &f.arena, &x);
			ck_assert_msg(v == x.verdict && f.trail.rule == x.trail.rule &&
			                      f.trail.need == x.trail.need &&
			                      f.trail.last_acl == x.trail.last_acl &&
			                      f.trail.detail == x.trail.detail &&
			                      f.trail.place.line == x.trail.place.line,
			              "%s", text);
			ck_assert(x.nearest == NULL ||
			          (acl_rule_text(x.nearest).p[0] == 'a') != (v == VERDICT_ALLOW));
			(void)acl_explanation_text(&x, &f.arena);
			seen[v]++;
		}
		fixture_fini(&f);
	}
	ck_assert_uint_gt(seen[VERDICT_ALLOW], count / 20);
	ck_assert_uint_gt(seen[VERDICT_DENY], count / 20);
	ck_assert_uint_gt(seen[VERDICT_NEED], count / 20);
	ck_assert_uint_gt(seen[VERDICT_UNDECIDED], 0);
}
END_TEST

Suite *suite_decide(void);
Suite *suite_decide(void)
{
	Suite *s = suite_create("acl/decide");
	TCase *t = tcase_create("decide");

	tcase_set_timeout(t, 900);
	tcase_add_loop_test(t, types_match, 0, ARRAY_LEN(types));
	tcase_add_loop_test(t, facts_that_are_no_values, 0, ARRAY_LEN(lacks));
	tcase_add_test(t, needs_come_in_the_order_of_the_lines);
	tcase_add_test(t, unknown_stays_unknown_under_negation);
	tcase_add_test(t, no_line_matched_is_the_opposite_of_the_last);
	tcase_add_test(t, a_regex_limit_is_undecided_and_counted);
	tcase_add_test(t, browser_reads_the_user_agent);
	tcase_add_test(t, an_explanation_names_values_and_the_nearest_rule);
	tcase_add_test(t, an_explanation_says_what_it_cannot_know);
	tcase_add_test(t, explaining_does_not_change_the_verdict);
	suite_add_tcase(s, t);
	return s;
}
