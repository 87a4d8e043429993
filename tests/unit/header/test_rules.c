/*
 * Rules for fields. Where a name says "Squid", Debian's squid 5.7 was seen to do the same.
 */
#include "tests/unit/header/fixture.h"

#define IN "Host: h\nX-Foo: 1\nX-Bar: 2\nCookie: c\nUser-Agent: u\nVia: v\n"

static const struct {
	const char *name, *conf, *in, *want;
} cases[] = {
	{ "no rules", "", IN, IN },
	{ "Squid: Other is what is not common", "request_header_access Other deny all\n", IN,
	  "Host: h\nCookie: c\nUser-Agent: u\nVia: v\n" },
	{ "All but Host", "request_header_access All deny all\n", IN, "Host: h\n" },
	{ "Squid: all is a field of that name", "request_header_access all deny all\n",
	  "X-Foo: 1\nall: 2\n", "X-Foo: 1\n" },
	{ "Squid: names match in any case", "request_header_access x-fOO deny all\n", IN,
	  "Host: h\nX-Bar: 2\nCookie: c\nUser-Agent: u\nVia: v\n" },
	{ "every field of that name", "request_header_access X-Foo deny all\n",
	  "X-Foo: 1\nX-Bar: 2\nX-Foo: 3\n", "X-Bar: 2\n" },
	{ "its own rules come before Other and All",
	  "request_header_access X-Foo allow all\nrequest_header_access Cookie allow all\n"
	  "request_header_access Other deny all\nrequest_header_access All deny all\n",
	  IN, "Host: h\nX-Foo: 1\nCookie: c\n" },
	{ "Other comes before All",
	  "request_header_access Other allow all\nrequest_header_access All deny all\n", IN,
	  "Host: h\nX-Foo: 1\nX-Bar: 2\n" },
	{ "Squid: an allow that does not match denies", "request_header_access X-Foo allow no\n",
	  IN, "Host: h\nX-Bar: 2\nCookie: c\nUser-Agent: u\nVia: v\n" },
	{ "Squid: a deny that does not match allows", "request_header_access X-Foo deny no\n", IN,
	  IN },
	{ "the first that matches",
	  "request_header_access X-Foo deny no\nrequest_header_access X-Foo allow get\n"
	  "request_header_access X-Foo deny all\n",
	  IN, IN },
	{ "Squid: a replacement is the rest of the line",
	  "request_header_access X-Foo deny all\nrequest_header_replace X-Foo a b # c\n", IN,
	  "Host: h\nX-Foo: a b # c\nX-Bar: 2\nCookie: c\nUser-Agent: u\nVia: v\n" },
	{ "by its old name", "request_header_access X-Foo deny all\nheader_replace X-Foo a\n",
	  "X-Foo: 1\n", "X-Foo: a\n" },
	{ "the last replacement counts",
	  "request_header_access X-Foo deny all\nrequest_header_replace X-Foo a\n"
	  "request_header_replace x-foo b\n",
	  "X-Foo: 1\n", "X-Foo: b\n" },
	{ "what is allowed is not replaced",
	  "request_header_access X-Foo deny no\nrequest_header_replace X-Foo a\n", "X-Foo: 1\n",
	  "X-Foo: 1\n" },
	{ "Squid: a known name's replacement is not for All's denial",
	  "request_header_access All deny all\nrequest_header_replace User-Agent a\n", IN,
	  "Host: h\n" },
	{ "a rule on trial shields from nothing",
	  "report_only request_header_access X-Foo allow all\n"
	  "report_only request_header_access Other allow all\n"
	  "request_header_access All deny all\n",
	  "X-Foo: 1\nCookie: c\n", "" },
	{ "... and takes nothing away",
	  "report_only request_header_access X-Foo deny all\n"
	  "request_header_access X-Foo allow all\nreport_only request_header_access Cookie deny "
	  "all\n"
	  "request_header_replace Cookie x\n",
	  "X-Foo: 1\nCookie: c\n", "X-Foo: 1\nCookie: c\n" },
	{ "a replacement alone shields from nothing",
	  "request_header_access Other deny all\nrequest_header_replace X-Foo a\n", "X-Foo: 1\n",
	  "" },
	{ "one replacement for all but what must stay",
	  "request_header_access All deny all\nrequest_header_replace All a\n",
	  "Host: h\nX-Foo: 1\nCookie: c\nContent-Length: 3\n",
	  "Host: h\nX-Foo: a\nCookie: a\nContent-Length: 3\n" },
	{ "what frames the message and belongs to the connection stays",
	  "request_header_access All deny all\nrequest_header_access Content-Length deny all\n"
	  "request_header_access Transfer-Encoding deny all\n"
	  "request_header_access Connection deny all\nrequest_header_access Upgrade deny all\n",
	  "Content-Length: 3\nTransfer-Encoding: chunked\nConnection: upgrade\nUpgrade: w\n",
	  "Content-Length: 3\nTransfer-Encoding: chunked\nConnection: upgrade\nUpgrade: w\n" },
	{ "Host stays", "request_header_access Host deny all\n", IN, IN },
	{ "Squid: another Host is one",
	  "request_header_access Host deny all\nrequest_header_replace Host other:8080\n",
	  "Host: h\nX-Foo: 1\n", "Host: other:8080\nX-Foo: 1\n" },
	{ "Squid: fields are added at the end, beside what is there",
	  "request_header_add X-New v1\nrequest_header_add X-New \"v 2\" all\n"
	  "request_header_add X-Foo \"3\" get\nrequest_header_add X-No v no\n",
	  "X-Foo: 1\n", "X-Foo: 1\nX-New: v1\nX-New: v 2\nX-Foo: 3\n" },
	{ "Squid: what is added is not denied",
	  "request_header_access X-New deny all\nrequest_header_add X-New v\n", "X-Foo: 1\n",
	  "X-Foo: 1\nX-New: v\n" },
	{ "Squid: all acls must match", "request_header_add X-New v get no\n", "X-Foo: 1\n",
	  "X-Foo: 1\n" },
	{ "Squid: %% in quotes is one sign, elsewhere it is two",
	  "request_header_add X-A 100%%\nrequest_header_add X-B \"100%%\"\n"
	  "request_header_add X-C %>a\n",
	  "", "X-A: 100%%\nX-B: 100%\nX-C: %>a\n" },
	{ "Squid: codes are replaced in quotes",
	  "request_header_add X-A \"%>a|%rm|%>Hs\"\nrequest_header_add X-B \"%{n}note\"\n", "",
	  "X-A: 192.0.2.7|GET|200\nX-B: v\n" },
	{ "what a code prints cannot end the field",
	  "request_header_add X-A \"%un\"\nrequest_header_add X-B \"%'un\"\n", "",
	  "X-A: u%0D%0AX:%20y\nX-B: u%0D%0AX: y\n" },
	{ "... not even raw", "request_header_add X-A \"%'{raw}note\"\n", "",
	  "X-A: v%0D%0AX: y\n" },
	{ "nothing at all is a hyphen", "request_header_add X-A \"%{none}>h\"\n", "", "X-A: -\n" },
	{ "Squid: an empty value is a hyphen", "request_header_add X-A \"\" all\n", "",
	  "X-A: -\n" },
	{ "Squid: escapes and single quotes",
	  "request_header_add X-A \"a \\\" b\\tc\"\nrequest_header_add X-B 'a b' all\n", "",
	  "X-A: a \" b\tc\nX-B: a b\n" },
};

START_TEST(what_becomes_of_the_fields)
{
	struct header_pass pass = { NULL };
	struct fixture f;

	fixture_init(&f, cases[_i].conf);
	ck_assert_msg(conf_count(f.reader, CONF_ERROR) == 0, "%s: %s", cases[_i].name,
	              fixture_findings(&f));
	fixture_fields(&f, cases[_i].in);
	ck_assert(header_rules_decide(f.header.request_rules, &f.head, &pass, fixture_ask, &f));
	header_rules_apply(f.header.request_rules, &f.head, &pass, fixture_record, &f);
	ck_assert_msg(strcmp(fixture_text(&f), cases[_i].want) == 0, "%s:\n%s", cases[_i].name,
	              fixture_text(&f));
	ck_assert_uint_le(f.records, 1);
	fixture_fini(&f);
}
END_TEST

/*
 * However often an answer must be waited for, each list is asked once, and only those that matter.
 */
START_TEST(each_list_is_asked_once)
{
	static const char conf[] = "request_header_access X-Foo deny get\n"
				   "request_header_access X-Absent deny get\n"
				   "request_header_access Other deny all\n"
				   "request_header_add X-New v get\n";
	struct header_pass pass = { NULL };
	struct fixture f;
	unsigned rounds = 0;

	fixture_init(&f, conf);
	fixture_fields(&f, "X-Foo: 1\nX-Foo: 2\nX-Bar: 3\nX-Too: 4\n");
	f.waits = (unsigned)_i;
	while (!header_rules_decide(f.header.request_rules, &f.head, &pass, fixture_ask, &f))
		rounds++;
	ck_assert_uint_eq(rounds, (unsigned)_i);
	ck_assert_uint_eq(f.asked, 3);
	header_rules_apply(f.header.request_rules, &f.head, &pass, fixture_record, &f);
	ck_assert_str_eq(fixture_text(&f), "X-New: v\n");
	fixture_fini(&f);
}
END_TEST

/* Each set on the way to the one that decides, and none behind it. */
START_TEST(rules_on_trial_are_asked)
{
	static const char conf[] = "report_only request_header_access X-Foo deny get\n"
				   "report_only request_header_access Other deny get\n"
				   "request_header_access All allow all\n"
				   "request_header_access Cookie allow all\n";
	struct header_pass pass = { NULL };
	struct fixture f;

	fixture_init(&f, conf);
	fixture_fields(&f, "Cookie: c\n");
	ck_assert(header_rules_decide(f.header.request_rules, &f.head, &pass, fixture_ask, &f));
	ck_assert_uint_eq(f.asked, 1);
	fixture_fields(&f, "X-Foo: 1\n");
	ck_assert(header_rules_decide(f.header.request_rules, &f.head, &pass, fixture_ask, &f));
	ck_assert_uint_eq(f.asked, 4);
	ck_assert(header_rules_remove(f.header.request_rules));
	fixture_fini(&f);
	fixture_init(&f, "report_only request_header_access X-Foo deny get\n");
	ck_assert(!header_rules_remove(f.header.request_rules));
	fixture_fini(&f);
}
END_TEST

START_TEST(interim_replies_get_nothing_added)
{
	struct header_pass pass = { NULL };
	struct fixture f;

	fixture_init(&f, "reply_header_add X-New v\nreply_header_access X-Foo deny all\n");
	ck_assert_ptr_null(f.header.request_rules);
	ck_assert(header_rules_remove(f.header.reply_rules));
	fixture_fields(&f, "X-Foo: 1\nX-Bar: 2\n");
	ck_assert(header_rules_decide(f.header.reply_rules, &f.head, &pass, fixture_ask, &f));
	header_rules_apply(f.header.reply_rules, &f.head, &pass, NULL, NULL);
	ck_assert_str_eq(fixture_text(&f), "X-Bar: 2\n");
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *conf, *finds; /* a part of what is found; "": nothing */
} lines[] = {
	{ "request_header_access All allow all\n", "" },
	{ "request_header_access\n", ": a value is missing" },
	{ "request_header_access X-Foo\n", "1: error: " },
	{ "request_header_access X-Foo refuse all\n", "1: error: " },
	{ "request_header_access X-Foo deny nobody\n", "nobody" },
	{ "request_header_access X-Foo deny\n", "1: error: " },
	{ "request_header_access X:Foo deny all\n", ": \"X:Foo\" cannot be" },
	{ "request_header_access \"X-Foo\" deny all\n", "cannot be" },
	{ "request_header_access all deny all\n", "\"all\" is a field" },
	{ "request_header_access other deny all\n", "\"other\" is a field" },
	{ "request_header_access Coookie deny all\n",
	  "1: warning: \"request_header_access Coookie deny all\": \"Coookie\" is no common field; "
	  "did you mean \"cookie\"?" },
	{ "reply_header_access Set_Cookie deny all\n", "did you mean \"set-cookie\"?" },
	{ "request_header_access X-Forwared-For deny all\n", "did you mean \"x-forwarded-for\"?" },
	{ "request_header_access Forwarded-For deny all\n", "did you mean \"x-forwarded-for\"?" },
	{ "request_header_access Cookie deny all\nrequest_header_access cookie2 deny all\n", "" },
	{ "request_header_access X-Forwarded-Port deny all\n", "" },
	{ "request_header_access X-Real-IP deny all\n", "" },
	{ "request_header_access DNT deny all\nrequest_header_access Sec-GPC deny all\n", "" },
	{ "request_header_access Proxy-Status deny all\n", "" },
	{ "request_header_access Accept-CH deny all\n", "" },
	{ "request_header_access Priority deny all\n", "" },
	{ "request_header_access Content-Length allow all\n", "" },
	{ "request_header_access Content-Length deny all\n", "1: note: Content-Length is never" },
	{ "request_header_replace X-Foo a\n", "1: warning: there are no rules that deny X-Foo" },
	{ "request_header_access X-Foo deny all\nrequest_header_replace X-Foo\n",
	  ": what is to stand" },
	{ "request_header_access X-Foo deny all\nrequest_header_replace X-Foo a\x01"
	  "b\n",
	  ": a control byte" },
	{ "request_header_access Host deny all\nrequest_header_replace Host a b\n",
	  ": \"a b\" is no host" },
	{ "request_header_replace Content-Length 5\n", ": Content-Length belongs" },
	{ "request_header_replace Connection close\n", ": Connection belongs" },
	{ "request_header_add X-New\n", ": a value is missing" },
	{ "request_header_add X-New v nobody\n", "nobody" },
	{ "request_header_add X-New \"v\n", "1: error: " },
	{ "request_header_add X-New \"a\\r\\nX-Other: b\"\n", ": a control byte (0x0d)" },
	{ "request_header_add X-New \"a\\nb\" all\n", ": a control byte (0x0a)" },
	{ "request_header_add X:New v\n", "cannot be" },
	{ "request_header_add X-New \"%\" all\n", "error: " },
	{ "request_header_add X-New \"%nonsense\" all\n", "error: " },
	{ "request_header_add Host v\n", ": a second Host" },
	{ "request_header_add content-length 5\n", ": a second content-length" },
	{ "request_header_add Transfer-Encoding chunked\n", ": a second " },
	{ "request_header_add Connection close\n", ": a second " },
	{ "reply_header_add Upgrade x\n", ": a second " },
	{ "reply_header_access X-Foo deny all\nreply_header_replace X-Foo a\n", "" },
	{ "reply_header_add X-Foo \"a\" all\n", "" },
};

START_TEST(what_is_said_about_lines)
{
	struct fixture f;

	fixture_init(&f, lines[_i].conf);
	const char *found = fixture_findings(&f);

	ck_assert_msg(lines[_i].finds[0] == '\0' ? found[0] == '\0'
	                                         : strstr(found, lines[_i].finds) != NULL,
	              "%s%s", lines[_i].conf, found);
	fixture_fini(&f);
}
END_TEST

START_TEST(common_names)
{
	ck_assert(header_name_is_common(SPAN("Accept")));
	ck_assert(header_name_is_common(SPAN("X-SQUID-Error")));
	ck_assert(header_name_is_common(SPAN("origin")));
	ck_assert(!header_name_is_common(SPAN("")));
	ck_assert(!header_name_is_common(SPAN("A")));
	ck_assert(!header_name_is_common(SPAN("Accep")));
	ck_assert(!header_name_is_common(SPAN("Acceptx")));
	ck_assert(!header_name_is_common(SPAN("X-Mine")));
	ck_assert(!header_name_is_common(SPAN("zzz")));
	/* All that the proxy knows by number, but for what Squid never heard of. */
	for (unsigned id = 1; id < HTTP_F_N; id++)
		ck_assert_msg(header_name_is_common(http_field_name(id)) ==
		                      (id != HTTP_F_PROXY_STATUS),
		              "%.*s", SPAN_ARG(http_field_name(id)));
}
END_TEST

Suite *suite_rules(void);
Suite *suite_rules(void)
{
	Suite *s = suite_create("header/rules");
	TCase *t = tcase_create("rules");

	tcase_add_loop_test(t, what_becomes_of_the_fields, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, each_list_is_asked_once, 0, 5);
	tcase_add_test(t, rules_on_trial_are_asked);
	tcase_add_test(t, interim_replies_get_nothing_added);
	tcase_add_loop_test(t, what_is_said_about_lines, 0, ARRAY_LEN(lines));
	tcase_add_test(t, common_names);
	suite_add_tcase(s, t);
	return s;
}
