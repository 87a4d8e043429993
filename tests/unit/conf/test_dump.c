/*
 * The effective configuration as text, which can be read again.
 */
#include "tests/unit/conf/fixture.h"

START_TEST(applied_lines_are_dumped_with_their_places)
{
	char path[128];
	struct fixture f;

	fixture_init(&f);
	snprintf(path, sizeof(path), "%s",
	         fixture_file(&f, "inc", SPAN("string ${service_name}\n")));
	fixture_read(&f, fixture_text("# comment\n"
	                              "words a \\\n"
	                              "  b\n"
	                              "if false\n"
	                              "words c\n"
	                              "endif\n"
	                              "include %s\n"
	                              "accepted x\n"
	                              "words login=u:p\n",
	                              path));
	char *dump = conf_dump(f.r);

	ck_assert_str_eq(dump, fixture_text("#line 2 \"squid.conf\"\n"
	                                    "words a b\n"
	                                    "#line 1 \"%s\"\n"
	                                    "string squid\n"
	                                    "#line 9 \"squid.conf\"\n"
	                                    "words login=***\n"
	                                    "#line 0 \"(built in)\"\n"
	                                    "bytes 64 KB\n"
	                                    "#line 0\n"
	                                    "ms 1 minute\n",
	                                    path));
	free(dump);
	fixture_fini(&f);
}
END_TEST

START_TEST(a_dump_read_again_dumps_the_same)
{
	struct fixture f, g;

	fixture_init(&f);
	fixture_init(&g);
	fixture_read(&f,
	             "\nwords a\\\n b\nconfiguration_includes_quoted_values on\nwords \"c # d\"\n"
	             "configuration_includes_quoted_values off\nwords e # f\nms 2 seconds\n");
	char *first = conf_dump(f.r);

	conf_read_text(g.r, "dump", span_str(first));
	char *second = conf_dump(g.r);

	ck_assert_str_eq(first, second);
	ck_assert_str_eq(f.values.seen, g.values.seen);
	free(first);
	free(second);
	fixture_fini(&f);
	fixture_fini(&g);
}
END_TEST

START_TEST(a_whole_dump_has_its_secrets_and_leaves_quoted_mode)
{
	struct fixture f, g;

	fixture_init(&f);
	fixture_init(&g);
	fixture_read(&f, "configuration_includes_quoted_values on\nwords \"login=u:p\"\n");
	char *whole = conf_dump_whole(f.r);

	ck_assert_ptr_nonnull(strstr(whole, "login=u:p"));
	fixture_read(&g, whole);
	ck_assert_no_findings(&g);
	ck_assert_str_eq(f.values.seen, g.values.seen);
	ck_assert_int_eq(f.values.ms, g.values.ms);
	free(whole);
	fixture_fini(&f);
	fixture_fini(&g);
}
END_TEST

Suite *suite_dump(void);
Suite *suite_dump(void)
{
	Suite *s = suite_create("conf/dump");
	TCase *t = tcase_create("dump");

	tcase_add_test(t, applied_lines_are_dumped_with_their_places);
	tcase_add_test(t, a_dump_read_again_dumps_the_same);
	tcase_add_test(t, a_whole_dump_has_its_secrets_and_leaves_quoted_mode);
	suite_add_tcase(s, t);
	return s;
}
