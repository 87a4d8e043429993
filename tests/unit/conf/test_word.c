/*
 * Words in quoted mode, and quoted values where every mode has them.
 */
#include "tests/unit/conf/fixture.h"

#define ON "configuration_includes_quoted_values on\n"

static const struct {
	const char *name, *text, *seen;
} words[] = {
	{ "one word in double quotes", ON "words \"a b\" c", "[a b][c]" },
	{ "one word in single quotes", ON "words 'a \"b' c", "[a \"b][c]" },
	{ "an empty word", ON "words \"\" c", "[][c]" },
	{ "escapes", ON "words \"\\\"\\\\\\'\\n\\t\\r\"", "[\"\\'\n\t\r]" },
	{ "a # in quotes", ON "words \"# a\" #b", "[# a]" },
	{ "plain bytes", ON "words a.b,(c)-d=_/:+9", "[a.b,(c)-d=_/:+9]" },
	{ "percentages", ON "words 20%", "[20%]" },
	{ "negated acls", ON "words !a", "[!a]" },
	{ "turned off again", ON "configuration_includes_quoted_values off\nwords \"a b\"",
	  "[\"a][b\"]" },
	{ "values are words too", ON "values \"a b\" c", "[a b@2][c@2]" },
	{ "the old spelling of files is a word", ON "values \"/nowhere\"", "[/nowhere@2]" },
};

START_TEST(quoted_mode_reads_words)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, words[_i].text);
	ck_assert_msg(strcmp(f.values.seen, words[_i].seen) == 0, "%s: got %s, want %s",
	              words[_i].name, f.values.seen, words[_i].seen);
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *text, *part;
} mistakes[] = {
	{ ON "words \"a", "closing quote" },
	{ ON "words \"a\\", "closing quote" },
	{ ON "words \"a\\x\"", "are known in quotes" },
	{ ON "words \"a\"b", "blank must follow" },
	{ ON "words a*b", "must stand in quotes" },
	{ ON "words a%", "must stand in quotes" },
	{ ON "words 20%%", "must stand in quotes" },
	{ ON "words parameters(\"/x\")", "cannot stand here" },
	{ ON "values parameters(/x)", "write parameters(" },
	{ ON "values parameters(\"/x\"", "write parameters(" },
	{ ON "values parameters(\"/x\" \"/y\")", "one file" },
	{ ON "regexes a", "regular expression cannot" },
	{ "\npair a \"b", "closing quote" },
	{ "\npair a 'b'c", "blank must follow" },
};

START_TEST(bad_quoting_is_an_error)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, mistakes[_i].text);
	ck_assert_finding(&f, 2, CONF_ERROR, mistakes[_i].part);
	ck_assert_uint_eq(conf_count(f.r, CONF_ERROR), 1);
	fixture_fini(&f);
}
END_TEST

START_TEST(some_values_may_be_quoted_in_any_mode)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, "pair a \"b c\"\npair a b\npair a 'b \\' c'");
	ck_assert_seen(&f, "[a][b c@1][a][b][a][b ' c@1]");
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

Suite *suite_word(void);
Suite *suite_word(void)
{
	Suite *s = suite_create("conf/word");
	TCase *t = tcase_create("word");

	tcase_add_loop_test(t, quoted_mode_reads_words, 0, ARRAY_LEN(words));
	tcase_add_loop_test(t, bad_quoting_is_an_error, 0, ARRAY_LEN(mistakes));
	tcase_add_test(t, some_values_may_be_quoted_in_any_mode);
	suite_add_tcase(s, t);
	return s;
}
