/*
 * Which addresses a rule names.
 */
#include "tests/unit/acl/fixture.h"

static const struct {
	const char *name, *conf; /* one http_access line that allows */
	const char *dst;         /* the request's addresses */
	const char *address;
	bool want;
} rows[] = {
	{ "no dst at all", "http_access allow all", "127.0.0.1", "127.0.0.1", false },
	{ "to_localhost", "http_access allow to_localhost", "127.0.0.1", "127.0.0.1", true },
	{ "to_localhost, IPv6", "http_access allow to_localhost", "127.0.0.1", "::1", true },
	{ "to_localhost names no link-local", "http_access allow to_localhost", "127.0.0.1",
	  "169.254.1.1", false },
	{ "to_linklocal", "http_access allow to_linklocal", "169.254.169.254", "169.254.169.254",
	  true },
	{ "a dst acl", "acl a dst 10.0.0.0/8\nhttp_access allow a", "10.1.1.1", "10.1.1.1", true },
	{ "a dst acl with another value", "acl a dst 10.0.0.0/8\nhttp_access allow a", "10.1.1.1",
	  "127.0.0.1", false },
	{ "beside other acls", "acl a dst 127.0.0.1\nhttp_access allow !CONNECT a", "127.0.0.1",
	  "127.0.0.1", true },
	{ "a src acl names none", "acl a src all\nacl b src 127.0.0.1\nhttp_access allow a !b",
	  "127.0.0.1", "127.0.0.1", false },
	{ "not by negation", "acl a dst 127.0.0.1\nhttp_access allow !a", "10.0.0.1", "127.0.0.1",
	  false },
	{ "dst all names nothing", "acl a dst all\nhttp_access allow a", "127.0.0.1", "127.0.0.1",
	  false },
	{ "nor does all of IPv4", "acl a dst 0.0.0.0/0\nhttp_access allow a", "127.0.0.1",
	  "127.0.0.1", false },
	{ "nor two halves of it", "acl a dst 0.0.0.0/1 128.0.0.0/1\nhttp_access allow a",
	  "127.0.0.1", "127.0.0.1", false },
	{ "nor the word ipv4", "acl a dst ipv4\nhttp_access allow a", "127.0.0.1", "127.0.0.1",
	  false },
	{ "nor what lies around metadata",
	  "acl a dst 128.0.0.0-169.253.255.255\nhttp_access allow a", "168.63.129.16",
	  "168.63.129.16", false },
	{ "a /8 does", "acl a dst 127.0.0.0/8\nhttp_access allow a", "127.9.9.9", "127.9.9.9",
	  true },
	{ "in a group", "acl a dst 127.0.0.1\nacl g any-of CONNECT a\nhttp_access allow g",
	  "127.0.0.1", "127.0.0.1", true },
	{ "negated in a group", "acl a dst 127.0.0.1\nacl g all-of !a\nhttp_access allow g",
	  "10.0.0.1", "127.0.0.1", false },
	{ "a negated group", "acl a dst 127.0.0.1\nacl g any-of a\nhttp_access allow !g",
	  "10.0.0.1", "127.0.0.1", false },
	{ "unique local addresses", "acl a dst fc00::/7\nhttp_access allow a", "fd00:ec2::254",
	  "fd00:ec2::254", true },
	{ "all of global IPv6", "acl a dst 2000::/3\nhttp_access allow a",
	  "2002:7f00:1::", "2002:7f00:1::", false },
};

START_TEST(rules)
{
	struct fixture f;
	struct ip ip;

	fixture_init(&f, rows[_i].conf);
	fixture_request(&f, "GET", "http://a.example/");
	fixture_dst(&f, rows[_i].dst);
	ck_assert_msg(fixture_decide(&f) == VERDICT_ALLOW && f.trail.rule != NULL, "%s",
	              rows[_i].name);
	ck_assert(ip_parse(span_str(rows[_i].address), &ip));
	ck_assert_msg(acl_rule_names_address(f.trail.rule, &ip) == rows[_i].want, "%s",
	              rows[_i].name);
	fixture_fini(&f);
}
END_TEST

Suite *suite_naming(void);
Suite *suite_naming(void)
{
	Suite *s = suite_create("naming");
	TCase *t = tcase_create("rules");

	tcase_add_loop_test(t, rules, 0, ARRAY_LEN(rows));
	suite_add_tcase(s, t);
	return s;
}
