/*
 * Secrets do not show.
 */
#include "conf/mask.h"
#include "tests/unit/unit.h"

static const struct {
	const char *line, *want;
} lines[] = {
	{ "http_port 3128", "http_port 3128" },
	{ "cachemgr_passwd secret all", "cachemgr_passwd *** all" },
	{ "cachemgr_passwd disable shutdown", "cachemgr_passwd disable shutdown" },
	{ "cachemgr_passwd none info", "cachemgr_passwd none info" },
	{ "cachemgr_passwd 'two words' info", "cachemgr_passwd *** info" },
	{ "cache_peer p.example parent 3128 0 login=u:p no-query",
	  "cache_peer p.example parent 3128 0 login=*** no-query" },
	{ "cache_peer p parent 1 0 login=PASS", "cache_peer p parent 1 0 login=PASS" },
	{ "cache_peer p parent 1 0 login=PASSTHRU", "cache_peer p parent 1 0 login=PASSTHRU" },
	{ "cache_peer p parent 1 0 login=\"u:p q\" x", "cache_peer p parent 1 0 login=*** x" },
	{ "auth_param basic program /usr/lib/basic_ldap_auth -b dc=x -w geheim -W /etc/pw "
	  "/etc/shown",
	  "auth_param basic program /usr/lib/basic_ldap_auth *** *** *** *** *** *** /etc/shown" },
	{ "auth_param basic program ldap -w geheim", "auth_param basic program ldap *** ***" },
	{ "auth_param basic children 5", "auth_param basic children 5" },
	{ "external_acl_type g ttl=60 %LOGIN /usr/lib/group -w geheim",
	  "external_acl_type g ttl=60 %LOGIN /usr/lib/group *** ***" },
	{ "external_acl_type g %SRC helper geheim", "external_acl_type g %SRC helper ***" },
	{ "url_rewrite_program /usr/bin/filter --key geheim",
	  "url_rewrite_program /usr/bin/filter *** ***" },
	{ "request_header_add Authorization \"Bearer x y\" all",
	  "request_header_add Authorization *** ***" },
	{ "request_header_add X-Api-Key geheim", "request_header_add X-Api-Key ***" },
	{ "request_header_add X-Zone \"a b\" all", "request_header_add X-Zone \"a b\" all" },
	{ "icap_service a reqmod_precache icap://u:p@127.0.0.1/x",
	  "icap_service a reqmod_precache icap://***@127.0.0.1/x" },
	{ "deny_info https://x.example/a@b all", "deny_info https://x.example/a@b all" },
	{ "wccp2_service standard 0 password=foo", "wccp2_service standard 0 password=***" },
	{ "acl c snmp_community public", "acl c snmp_community ***" },
	{ "acl r url_regex ^https?://[^/]*@evil", "acl r url_regex ^https?://[^/]*@evil" },
	{ "  auth_param  ntlm  program  /x  y ", "  auth_param  ntlm  program  /x  *** " },
	{ "auth_param", "auth_param" },
	{ "cachemgr_passwd", "cachemgr_passwd" },
	{ "", "" },
	{ "   ", "   " },
};

START_TEST(secrets_are_masked)
{
	struct arena a;

	arena_init(&a);
	ck_assert_span(conf_mask(&a, span_str(lines[_i].line)), span_str(lines[_i].want));
	arena_fini(&a);
}
END_TEST

START_TEST(masking_twice_is_masking_once)
{
	struct arena a;

	arena_init(&a);
	const struct span once = conf_mask(&a, span_str(lines[_i].line));

	ck_assert_span(conf_mask(&a, once), once);
	arena_fini(&a);
}
END_TEST

Suite *suite_mask(void);
Suite *suite_mask(void)
{
	Suite *s = suite_create("conf/mask");
	TCase *t = tcase_create("mask");

	tcase_add_loop_test(t, secrets_are_masked, 0, ARRAY_LEN(lines));
	tcase_add_loop_test(t, masking_twice_is_masking_once, 0, ARRAY_LEN(lines));
	suite_add_tcase(s, t);
	return s;
}
