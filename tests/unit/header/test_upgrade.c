/*
 * Which rules of http_upgrade_request_protocols count for which offer. Where a name says "Squid",
 * Debian's squid 5.7 was seen to do the same.
 */
#include "tests/unit/header/fixture.h"

#include "header/forward.h"

#define RULE "http_upgrade_request_protocols "

static const struct {
	const char *name, *conf, *offer, *passes; /* protocols, separated by blanks */
} cases[] = {
	{ "no rules", "", "a b", "" },
	{ "RFC 9110 7.8: names match in any case", RULE "WebSocket allow all\n",
	  "websocket WebSocket", "websocket WebSocket" },
	{ "Squid: OTHER is for names without rules",
	  RULE "Bar/1 allow all\n" RULE "OTHER allow all\n", "Bar/1 Bar/2 Bar Baz", "Bar/1 Baz" },
	{ "Squid: other is a name", RULE "other allow all\n", "Bar/1 Baz", "" },
	{ "Squid: a deny that does not match allows nothing", RULE "Foo deny no\n", "Foo", "" },
	{ "Squid: ... nor does OTHER then", RULE "Foo deny no\n" RULE "OTHER allow all\n", "Foo",
	  "" },
	{ "Squid: a version's rules that do not match leave it to the name's",
	  RULE "Bar/1 deny no\n" RULE "Bar allow all\n", "Bar/1", "Bar/1" },
	{ "Squid: a version may be denied", RULE "Bar/1 deny all\n" RULE "Bar allow all\n",
	  "Bar/1 Bar/2 Bar", "Bar/2 Bar" },
	{ "Squid: the order of the file counts", RULE "Bar allow all\n" RULE "Bar/1 deny all\n",
	  "Bar/1 Bar/2 Bar", "Bar/1 Bar/2 Bar" },
	{ "rules on trial do not keep OTHER away",
	  "report_only " RULE "Foo deny all\n" RULE "OTHER allow all\n", "Foo Bar", "Foo Bar" },
	{ "Squid: also between lines for other versions",
	  RULE "Bar deny no\n" RULE "Bar/1 allow get\n" RULE "Bar deny all\n", "Bar/1 Bar/2",
	  "Bar/1" },
};

static bool passes(struct fixture *f, struct span protocol)
{
	const struct upgrade_rules *at = NULL;
	struct trail trail;

	while ((at = forward_upgrade_next(&f->header, protocol, at)) != NULL) {
		const enum verdict v = acl_decide(at->rules, &f->facts, VERDICT_DENY, &trail);

		if (trail.rule != NULL)
			return v == VERDICT_ALLOW;
	}
	return false;
}

START_TEST(offers)
{
	struct span rest = span_str(cases[_i].offer);
	char got[100] = "";
	struct fixture f;
	size_t n = 0;

	fixture_init(&f, cases[_i].conf);
	ck_assert_uint_eq(conf_count(f.reader, CONF_ERROR), 0);
	while (rest.p != NULL) {
		const struct span one = span_cut(&rest, ' ');

		if (passes(&f, one))
			n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%.*s", n != 0 ? " " : "",
			                      SPAN_ARG(one));
	}
	ck_assert_msg(strcmp(got, cases[_i].passes) == 0, "%s: \"%s\"", cases[_i].name, got);
	fixture_fini(&f);
}
END_TEST

Suite *suite_upgrade(void);
Suite *suite_upgrade(void)
{
	Suite *s = suite_create("header/upgrade");
	TCase *t = tcase_create("upgrade");

	tcase_add_loop_test(t, offers, 0, ARRAY_LEN(cases));
	suite_add_tcase(s, t);
	return s;
}
