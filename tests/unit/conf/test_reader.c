/*
 * The reader: which row a name means, what its state does, defaults and findings.
 */
#include "tests/unit/conf/fixture.h"

START_TEST(aliases_are_names)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, "named a\nalias_one b\nalias_two c");
	ck_assert_seen(&f, "[a][b][c]");
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *name, *text, *findings;
} states[] = {
	{ "accepted: a warning, once for all lines", "accepted 1\naccepted_too 2\naccepted 3",
	  "squid.conf:1: warning: accepted is accepted and has no effect: It is tuning (and 2 more "
	  "lines)\n" },
	{ "obsolete: a warning with the replacement", "obsolete x",
	  "squid.conf:1: warning: obsolete is obsolete and has no effect: Write words\n" },
	{ "unbuilt: an error for each line", "unbuilt x\nunbuilt y",
	  "squid.conf:1: error: unbuilt is known to Squid, but Cuttle does not have it yet (in "
	  "Squid: It does much); remove the line if you can do without\n"
	  "squid.conf:2: error: unbuilt is known to Squid, but Cuttle does not have it yet (see "
	  "line 1)\n" },
	{ "unbuilt: the default may be stated", "unbuilt  deny\tall # as ever",
	  "squid.conf:1: note: unbuilt only states the default, which holds here too\n" },
	{ "unbuilt, without effect on what may pass: a warning", "harmless 2\nharmless 3",
	  "squid.conf:1: warning: harmless is known to Squid, but Cuttle does not have it yet (in "
	  "Squid: It stores); what may pass does not depend on it (and 1 more line)\n" },
	{ "the same, stating the default", "harmless 1",
	  "squid.conf:1: note: harmless only states the default, which holds here too\n" },
	{ "refused: an error", "refused x",
	  "squid.conf:1: error: refused is refused: It used to restrict\n" },
	{ "unknown, and like nothing", "qqqqqqqq x",
	  "squid.conf:1: error: \"qqqqqqqq x\": there is no directive \"qqqqqqqq\"\n" },
	{ "unknown, but like something", "stirng x",
	  "squid.conf:1: error: \"stirng x\": there is no directive \"stirng\"; did you mean "
	  "\"string\"?\n" },
	{ "case counts", "String x",
	  "squid.conf:1: error: \"String x\": there is no directive \"String\"; did you mean "
	  "\"string\"?\n" },
	{ "Squid's others are known", "hierarchy_stoplist cgi-bin ?",
	  "squid.conf:1: warning: hierarchy_stoplist is obsolete and has no effect: Whether a "
	  "request may "
	  "go to a peer is said by always_direct and never_direct\n" },
	{ "secrets are not quoted", "cachemgr_passwd hidden all",
	  "squid.conf:1: error: cachemgr_passwd is known to Squid, but Cuttle does not have it "
	  "yet (in Squid: Protects pages of the manager by a password); remove the line if you "
	  "can do without\n" },
	{ "control bytes are not quoted", "onoff \x1b[1m",
	  "squid.conf:1: error: \"onoff ?[1m\": \"?[1m\" is neither on nor off\n" },
};

START_TEST(states_decide_what_is_said)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, states[_i].text);
	ck_assert_msg(strcmp(fixture_findings(&f), states[_i].findings) == 0, "%s: got %s",
	              states[_i].name, fixture_findings(&f));
	fixture_fini(&f);
}
END_TEST

START_TEST(all_findings_come_in_order)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, "onoff x\nnope\naccepted\nonoff enable\nrefused");
	unsigned line = 0;

	for (const struct conf_finding *x = conf_findings(f.r); x != NULL; x = x->next)
		ck_assert_uint_eq(x->place.line, ++line);
	ck_assert_uint_eq(line, 5);
	ck_assert_uint_eq(conf_count(f.r, CONF_ERROR), 3);
	ck_assert_uint_eq(conf_count(f.r, CONF_WARNING), 2);
	fixture_fini(&f);
}
END_TEST

/* What is found out at the end stands where its line is read, also in included files and lists. */
START_TEST(late_findings_take_their_place)
{
	char inner[128], list[128];
	struct fixture f;

	fixture_init(&f);
	snprintf(list, sizeof(list), "%s", fixture_file(&f, "list", SPAN("x\ny\n")));
	snprintf(inner, sizeof(inner), "%s", fixture_file(&f, "inner", SPAN("\nonoff b\n")));
	conf_read_text(f.r, "squid.conf",
	               span_str(fixture_text("words a\nonoff a\ninclude %s\nvalues \"%s\"\n"
	                                     "onoff c\n",
	                                     inner, list)));
	conf_report(f.r, CONF_ERROR, (struct conf_place){ "elsewhere", 0 }, "7");
	const char *names[3] = { "", conf_files(f.r)[0], conf_files(f.r)[1] };

	for (const struct conf_finding *x = conf_findings(f.r); x != NULL; x = x->next)
		if (strcmp(x->place.file, "squid.conf") == 0)
			names[0] = x->place.file;
	conf_report(f.r, CONF_ERROR, (struct conf_place){ names[0], 5 }, "6");
	conf_report(f.r, CONF_ERROR, (struct conf_place){ names[2], 2 }, "5");
	conf_report(f.r, CONF_ERROR, (struct conf_place){ names[1], 1 }, "2");
	conf_report(f.r, CONF_ERROR, (struct conf_place){ names[1], 2 }, "4");
	conf_report(f.r, CONF_ERROR, (struct conf_place){ names[0], 1 }, "0");
	const char *want[] = { "0", "onoff a", "2", "onoff b", "4", "5", "onoff c", "6", "7" };
	const struct conf_finding *x = conf_findings(f.r);

	for (size_t i = 0; i < ARRAY_LEN(want); i++, x = x->next)
		ck_assert_msg(x != NULL && strstr(x->text, want[i]) != NULL, "%zu: %s\n%s", i,
		              want[i], fixture_findings(&f));
	ck_assert_ptr_null(x);
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *text, *finding, *as_squid;
} as_squid[] = {
	{ "nope", "there is no directive", "does not start" },
	{ "onoff yes", "neither on nor off", "does not start" },
	{ "onoff enable", "old word", "warns" },
	{ "percent 101", "percentage", "without a word" },
	{ "percent x", "percentage", "does not start" },
	{ "onoff on more", "is ignored", "without a word" },
	{ "accepted", "has no effect", "applies" },
	{ "hierarchy_stoplist x", "is obsolete", "leaves the line out" },
	{ "cache_peer_domain a b", "is refused", "is open" },
	{ "ident_lookup_access deny all", "is refused", "up to version 6" },
	{ "sslproxy_cafile /x", "does not have it yet", "still applies it" },
	{ "include /nonexistent", "cannot read", "does not start" },
	{ "include /tmp", "a directory", "reads nothing" },
	{ "if true\nendif x", "nothing may follow", "takes no notice" },
	{ "if true\nelse\nelse\nendif", "has an \"else\" already", "changes sides" },
	{ "if true # x\nendif", "a comment may follow", "does not start" },
	{ "if false\nif true\nendif\nendif", "is not looked at", "applied" },
	{ "words a\\\n  b", "glued", "the same" },
	{ "words a \\\n", "ends in a backslash", "leaves the line out" },
	{ "\xef\xbb\xbfwords a", "byte order mark", "first word" },
	{ "words a", "without uri_whitespace", "strips the blanks" },
};

START_TEST(findings_tell_what_squid_does)
{
	struct fixture f;
	const struct conf_finding *x;

	fixture_init(&f);
	conf_want_squid(f.r);
	fixture_read(&f, as_squid[_i].text);
	for (x = conf_findings(f.r); x != NULL; x = x->next)
		if (strstr(x->text, as_squid[_i].finding) != NULL)
			break;
	ck_assert_msg(x != NULL && x->as_squid != NULL &&
	                      strstr(x->as_squid, as_squid[_i].as_squid) != NULL,
	              "%s: %s\n%s", as_squid[_i].text,
	              x != NULL && x->as_squid != NULL ? x->as_squid : "(nothing)",
	              fixture_findings(&f));
	fixture_fini(&f);
}
END_TEST

START_TEST(lines_that_squid_splits_are_differences)
{
	enum { N = 8191 };
	char text[N + 16] = "words ";
	struct fixture f;

	memset(text + 6, 'x', N - 6);
	fixture_init(&f);
	conf_want_squid(f.r);
	fixture_read(&f, text);
	ck_assert_finding(&f, 1, CONF_DIFFERENCE, "8191 bytes");
	fixture_fini(&f);
	fixture_init(&f);
	fixture_read(&f, text);
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

START_TEST(long_lines_are_quoted_in_part)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, "onoff maybe 3456789012345678901234567890123456789012345678901234567890");
	ck_assert_finding(&f, 1, CONF_ERROR,
	                  "\"onoff maybe 3456789012345678901234567890123456789012345"
	                  "678901234...\": ");
	fixture_fini(&f);
}
END_TEST

START_TEST(findings_beyond_ten_thousand_are_counted)
{
	struct fixture f;
	unsigned n = 0;

	fixture_init(&f);
	for (unsigned i = 0; i < 10100; i++)
		conf_report(f.r, CONF_WARNING, (struct conf_place){ "x", i }, "again");
	conf_report(f.r, CONF_ERROR, (struct conf_place){ "x", 1 }, "still told");
	conf_finish(f.r);
	for (const struct conf_finding *x = conf_findings(f.r); x != NULL; x = x->next)
		n++;
	ck_assert_uint_eq(conf_count(f.r, CONF_WARNING), 10100);
	ck_assert_uint_eq(n, 10000 + 1 + 1);
	ck_assert(fixture_has(&f, "x", 1, CONF_ERROR, "still told"));
	ck_assert(fixture_has(&f, "(all files)", 0, CONF_NOTE, "100 more findings"));
	fixture_fini(&f);
}
END_TEST

START_TEST(defaults_fill_what_was_not_said)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, "configuration_includes_quoted_values on\nms 5 seconds\n");
	ck_assert_int_eq(f.values.ms, 5000);
	ck_assert_int_eq(f.values.bytes, 65536);
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

/* --- tables ----------------------------------------------------------------------------------- */

static void set_mark(struct conf_line *l, void *field)
{
	(void)conf_rest(l);
	(*(unsigned *)field)++;
}

START_TEST(a_default_may_have_several_lines)
{
	static const struct conf_directive rows[] = {
		{ "a", "", "test", CONF_WORKS, CONF_SECTION_acl, set_mark, 0, "x\ny\nz", "", "s" },
	};
	unsigned mark = 0;
	void *sections[CONF_SECTION_N] = { [CONF_SECTION_acl] = &mark };
	struct conf_reader *r = conf_reader_new(rows, ARRAY_LEN(rows), sections);

	conf_finish(r);
	ck_assert_uint_eq(mark, 3);
	conf_reader_free(&r);
}
END_TEST

static void count_complaint(void *arg, const char *text)
{
	(void)text;
	(*(unsigned *)arg)++;
}

START_TEST(the_row_that_works_wins)
{
	static const struct conf_directive rows[] = {
		CONF_ROW_WITHOUT("twice", "", "test", REFUSED, "", "", "s"),
		{ "twice", "", "test", CONF_WORKS, CONF_SECTION_acl, set_mark, 0, "", "", "s" },
		{ "memory_pools_limit", "", "test", CONF_WORKS, CONF_SECTION_acl, set_mark, 0, "x",
		  "", "s" },
		{ "other", "redirect_program", "test", CONF_WORKS, CONF_SECTION_acl, set_mark, 0,
		  "", "", "s" },
	};
	unsigned mark = 0, complaints = 0;
	void *sections[CONF_SECTION_N] = { [CONF_SECTION_acl] = &mark };
	struct conf_reader *r = conf_reader_new(rows, ARRAY_LEN(rows), sections);

	conf_read_text(r, "x", SPAN("twice\nmemory_pools_limit 5 MB\nredirect_program x\n"));
	conf_finish(r);
	ck_assert_uint_eq(mark, 3);
	ck_assert_ptr_null(conf_findings(r));
	conf_reader_free(&r);
	ck_assert_uint_eq(conf_check_rows(rows, ARRAY_LEN(rows), count_complaint, &complaints), 3);
	ck_assert_uint_eq(complaints, 3);
}
END_TEST

START_TEST(rows_need_a_setter_and_a_sentence)
{
	static const struct conf_directive rows[] = {
		{ "a", "", "test", CONF_WORKS, CONF_SECTION_acl, NULL, 0, "", "", "s" },
		{ "b", "", "test", CONF_WORKS, CONF_SECTION_acl, set_mark, 0, "", "", "" },
		{ "c", "", "test", CONF_WORKS, CONF_SECTION_acl, set_mark, 0, "", "", "s" },
	};
	unsigned n = 0;

	ck_assert_uint_eq(conf_check_rows(rows, ARRAY_LEN(rows), count_complaint, &n), 2);
}
END_TEST

Suite *suite_reader(void);
Suite *suite_reader(void)
{
	Suite *s = suite_create("conf/reader");
	TCase *t = tcase_create("reader");

	tcase_add_test(t, aliases_are_names);
	tcase_add_loop_test(t, states_decide_what_is_said, 0, ARRAY_LEN(states));
	tcase_add_test(t, all_findings_come_in_order);
	tcase_add_test(t, late_findings_take_their_place);
	tcase_add_loop_test(t, findings_tell_what_squid_does, 0, ARRAY_LEN(as_squid));
	tcase_add_test(t, lines_that_squid_splits_are_differences);
	tcase_add_test(t, long_lines_are_quoted_in_part);
	tcase_add_test(t, findings_beyond_ten_thousand_are_counted);
	tcase_add_test(t, defaults_fill_what_was_not_said);
	tcase_add_test(t, a_default_may_have_several_lines);
	tcase_add_test(t, the_row_that_works_wins);
	tcase_add_test(t, rows_need_a_setter_and_a_sentence);
	suite_add_tcase(s, t);
	return s;
}
