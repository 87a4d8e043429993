/*
 * include: names, patterns, depth, and what cannot be read.
 */
#include "tests/unit/conf/fixture.h"

#include <errno.h>
#include <fcntl.h>

START_TEST(included_lines_stand_where_the_include_stands)
{
	struct fixture f;

	fixture_init(&f);
	const char *path = fixture_file(&f, "a.conf", SPAN("words b\nwords c"));

	fixture_read(&f, fixture_text("words a\ninclude %s # comment\nwords d", path));
	ck_assert_seen(&f, "[a][b][c][d]");
	ck_assert_no_findings(&f);
	ck_assert_str_eq(conf_files(f.r)[0], path);
	ck_assert_ptr_null(conf_files(f.r)[1]);
	fixture_fini(&f);
}
END_TEST

START_TEST(patterns_are_read_in_the_order_of_names)
{
	struct fixture f;

	fixture_init(&f);
	fixture_file(&f, "20.conf", SPAN("words b"));
	fixture_file(&f, "10.conf", SPAN("words a"));
	fixture_file(&f, "30.other", SPAN("words c"));
	fixture_read(&f, fixture_text("include %s/*.conf", f.folder));
	ck_assert_seen(&f, "[a][b]");
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

START_TEST(names_may_be_quoted_and_several)
{
	char one[128];
	struct fixture f;

	fixture_init(&f);
	snprintf(one, sizeof(one), "%s", fixture_file(&f, "one two", SPAN("words a")));
	fixture_read(
		&f, fixture_text("include \"%s\" %s", one, fixture_file(&f, "b", SPAN("words b"))));
	ck_assert_seen(&f, "[a][b]");
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *text, *part;
} mistakes[] = {
	{ "include /nonexistent/x", "cannot read /nonexistent/x: No such file" },
	{ "include /nonexistent/*", "no file matches" },
	{ "include /tmp", "it is a directory" },
	{ "include", "a file is missing" },
	{ "include # x", "a file is missing" },
	{ "include !/bin/true", "output of a command" },
	{ "include \"/x", "closing quote" },
};

START_TEST(mistakes_are_errors)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, mistakes[_i].text);
	ck_assert_finding(&f, 1, CONF_ERROR, mistakes[_i].part);
	fixture_fini(&f);
}
END_TEST

START_TEST(findings_name_the_included_file)
{
	char path[128];
	struct fixture f;

	fixture_init(&f);
	snprintf(path, sizeof(path), "%s", fixture_file(&f, "a", SPAN("\nonoff maybe\n")));
	fixture_read(&f, fixture_text("include %s\nbad", path));
	ck_assert(fixture_has(&f, path, 2, CONF_ERROR, "neither on nor off"));
	ck_assert_finding(&f, 2, CONF_ERROR, "\"bad\"");
	fixture_fini(&f);
}
END_TEST

START_TEST(a_file_that_includes_itself_is_an_error)
{
	char path[128];
	struct fixture f;

	fixture_init(&f);
	snprintf(path, sizeof(path), "%s", fixture_file(&f, "a", SPAN("")));
	fixture_file(&f, "a", span_str(fixture_text("words a\ninclude %s\nwords b", path)));
	fixture_read(&f, fixture_text("include %s", path));
	ck_assert(fixture_has(&f, path, 2, CONF_ERROR, "includes itself"));
	ck_assert_seen(&f, "[a][b]");
	fixture_fini(&f);
}
END_TEST

/* Files 0 to n, each including the next. */
static void make_chain(struct fixture *f, unsigned n)
{
	for (unsigned i = 1; i <= n; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u", i);
		fixture_file(f, name,
		             span_str(fixture_text("include %s/%u\nwords x", f->folder, i + 1)));
	}
	char name[16];

	snprintf(name, sizeof(name), "%u", n + 1);
	fixture_file(f, name, SPAN("words end"));
	fixture_read(f, fixture_text("include %s/1", f->folder));
}

START_TEST(sixteen_deep_is_allowed_and_no_more)
{
	struct fixture f;

	fixture_init(&f);
	fixture_file(&f, "0", SPAN(""));
	make_chain(&f, 15);
	ck_assert_no_findings(&f);
	fixture_fini(&f);

	fixture_init(&f);
	fixture_file(&f, "0", SPAN(""));
	make_chain(&f, 16);
	ck_assert_uint_eq(conf_count(f.r, CONF_ERROR), 1);
	ck_assert_ptr_nonnull(strstr(fixture_findings(&f), "nested more than 16 deep"));
	fixture_fini(&f);
}
END_TEST

START_TEST(conditions_do_not_reach_across_files)
{
	char path[128];
	struct fixture f;

	fixture_init(&f);
	snprintf(path, sizeof(path), "%s", fixture_file(&f, "a", SPAN("if true\nwords a\n")));
	fixture_read(&f, fixture_text("include %s\nendif\nwords b", path));
	ck_assert(fixture_has(&f, path, 1, CONF_ERROR, "no \"endif\""));
	ck_assert_finding(&f, 2, CONF_ERROR, "no \"if\"");
	ck_assert_seen(&f, "[a][b]");
	fixture_fini(&f);
}
END_TEST

static int open_zero(void *arg, const char *path, int *errnum)
{
	unsigned *n = arg;

	(*n)++;
	if (strcmp(path, "/given") == 0)
		return open("/dev/null", O_RDONLY);
	*errnum = EACCES;
	return -1;
}

START_TEST(somebody_else_may_open_the_files)
{
	unsigned n = 0;
	struct fixture f;

	fixture_init(&f);
	conf_set_open(f.r, open_zero, &n);
	fixture_read(&f, "include /given\ninclude /other");
	ck_assert_finding(&f, 2, CONF_ERROR, "Permission denied");
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(conf_count(f.r, CONF_ERROR), 1);
	fixture_fini(&f);
}
END_TEST

START_TEST(files_can_be_forbidden)
{
	struct fixture f;

	fixture_init(&f);
	conf_forbid_files(f.r);
	fixture_read(&f, "include /etc/passwd\ninclude /*\nvalues \"/etc/passwd\"");
	for (unsigned line = 1; line <= 3; line++)
		ck_assert_finding(&f, line, CONF_ERROR, "not allowed here");
	fixture_fini(&f);
}
END_TEST

START_TEST(a_missing_main_file_is_an_error)
{
	struct fixture f;

	fixture_init(&f);
	conf_read_file(f.r, "/nonexistent/squid.conf");
	ck_assert(fixture_has(&f, "/nonexistent/squid.conf", 0, CONF_ERROR, "No such file"));
	fixture_fini(&f);
}
END_TEST

Suite *suite_include(void);
Suite *suite_include(void)
{
	Suite *s = suite_create("conf/include");
	TCase *t = tcase_create("include");

	tcase_add_test(t, included_lines_stand_where_the_include_stands);
	tcase_add_test(t, patterns_are_read_in_the_order_of_names);
	tcase_add_test(t, names_may_be_quoted_and_several);
	tcase_add_loop_test(t, mistakes_are_errors, 0, ARRAY_LEN(mistakes));
	tcase_add_test(t, findings_name_the_included_file);
	tcase_add_test(t, a_file_that_includes_itself_is_an_error);
	tcase_add_test(t, sixteen_deep_is_allowed_and_no_more);
	tcase_add_test(t, conditions_do_not_reach_across_files);
	tcase_add_test(t, somebody_else_may_open_the_files);
	tcase_add_test(t, files_can_be_forbidden);
	tcase_add_test(t, a_missing_main_file_is_an_error);
	suite_add_tcase(s, t);
	return s;
}
