/*
 * if, else, endif: also nested, where Squid looks at the innermost condition only.
 */
#include "tests/unit/conf/fixture.h"

static const struct {
	const char *name, *text, *seen;
} conditions[] = {
	{ "true", "if true\nwords a\nendif\nwords b", "[a][b]" },
	{ "false", "if false\nwords a\nendif\nwords b", "[b]" },
	{ "else of true", "if true\nwords a\nelse\nwords b\nendif", "[a]" },
	{ "else of false", "if false\nwords a\nelse\nwords b\nendif", "[b]" },
	{ "equal numbers", "if 1 = 1\nwords a\nendif", "[a]" },
	{ "other numbers", "if 1 = 2\nwords a\nendif", "" },
	{ "blanks around the sign are not needed", "if 3=3\nwords a\nendif", "[a]" },
	{ "numbers may be hexadecimal or octal", "if 0x10 = 020\nwords a\nendif", "[a]" },
	{ "negative numbers", "if -1 = -1\nwords a\nendif", "[a]" },
	{ "a macro decides", "if ${process_number} = 1\nwords a\nelse\nwords b\nendif", "[a]" },
	{ "true within false is not read", "if false\nif true\nwords a\nendif\nendif\nwords b",
	  "[b]" },
	{ "else within false is not read",
	  "if false\nif false\nelse\nwords a\nendif\nwords b\nendif", "" },
	{ "false within true", "if true\nif false\nwords a\nendif\nwords b\nendif", "[b]" },
	{ "the outer else after an inner if", "if false\nif true\nendif\nelse\nwords a\nendif",
	  "[a]" },
	{ "three deep", "if true\nif true\nif true\nwords a\nendif\nendif\nendif", "[a]" },
	{ "comments may follow", "if true # x\nwords a\nelse # y\nendif # z", "[a]" },
	{ "a dead condition is not looked at", "if false\nif nonsense\nendif\nendif", "" },
	{ "a dead unknown directive is not looked at", "if false\nnonsense\nendif", "" },
};

START_TEST(conditions_choose_lines)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, conditions[_i].text);
	ck_assert_msg(strcmp(f.values.seen, conditions[_i].seen) == 0, "%s: got %s",
	              conditions[_i].name, f.values.seen);
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *part;
} mistakes[] = {
	{ "words a\nif true\nwords b\n", 2, "no \"endif\"" },
	{ "endif", 1, "no \"if\"" },
	{ "else", 1, "no \"if\"" },
	{ "if true\nelse\nelse\nendif", 3, "line 1 has an \"else\" already" },
	{ "if true\nelse if false\nendif", 2, "no \"else if\"" },
	{ "if true\nendif x", 2, "nothing may follow" },
	{ "if yes\nendif", 1, "true, false or NUMBER = NUMBER" },
	{ "if 1 == 1\nendif", 1, "true, false or NUMBER = NUMBER" },
	{ "if\nendif", 1, "true, false or NUMBER = NUMBER" },
};

START_TEST(mistakes_are_errors)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, mistakes[_i].text);
	ck_assert_finding(&f, mistakes[_i].line, CONF_ERROR, mistakes[_i].part);
	ck_assert_uint_eq(conf_count(f.r, CONF_ERROR), 1);
	fixture_fini(&f);
}
END_TEST

Suite *suite_condition(void);
Suite *suite_condition(void)
{
	Suite *s = suite_create("conf/condition");
	TCase *t = tcase_create("condition");

	tcase_add_loop_test(t, conditions_choose_lines, 0, ARRAY_LEN(conditions));
	tcase_add_loop_test(t, mistakes_are_errors, 0, ARRAY_LEN(mistakes));
	suite_add_tcase(s, t);
	return s;
}
