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
	ck_assert_uint_eq(f.values.number, 7);
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

/* --- tables ------------------------------------------------ */

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
		{ "cache_mem", "", "test", CONF_WORKS, CONF_SECTION_acl, set_mark, 0, "x", "",
		  "s" },
		{ "other", "no_cache", "test", CONF_WORKS, CONF_SECTION_acl, set_mark, 0, "", "",
		  "s" },
	};
	unsigned mark = 0, complaints = 0;
	void *sections[CONF_SECTION_N] = { [CONF_SECTION_acl] = &mark };
	struct conf_reader *r = conf_reader_new(rows, ARRAY_LEN(rows), sections);

	conf_read_text(r, "x", SPAN("twice\ncache_mem 5 MB\nno_cache deny all\n"));
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
	tcase_add_test(t, long_lines_are_quoted_in_part);
	tcase_add_test(t, findings_beyond_ten_thousand_are_counted);
	tcase_add_test(t, defaults_fill_what_was_not_said);
	tcase_add_test(t, a_default_may_have_several_lines);
	tcase_add_test(t, the_row_that_works_wins);
	tcase_add_test(t, rows_need_a_setter_and_a_sentence);
	suite_add_tcase(s, t);
	return s;
}
