/*
 * Which known word is near a mistyped one.
 */
#include "conf/suggest.h"

#include "conf/conf.h"
#include "tests/unit/unit.h"

static const struct {
	const char *a, *b;
	unsigned want;
} pairs[] = {
	{ "", "", 0 },         { "abc", "abc", 0 }, { "abc", "ABC", 0 }, { "abc", "ab", 1 },
	{ "ab", "abc", 1 },    { "abc", "axc", 1 }, { "abc", "acb", 1 }, { "abc", "cab", 2 },
	{ "abcd", "badc", 2 }, { "abc", "xyz", 3 }, { "", "abc", 3 },
};

START_TEST(distances_count_typing_errors)
{
	ck_assert_uint_eq(conf_distance(span_str(pairs[_i].a), span_str(pairs[_i].b), 9),
	                  pairs[_i].want);
	ck_assert_uint_eq(conf_distance(span_str(pairs[_i].b), span_str(pairs[_i].a), 9),
	                  pairs[_i].want);
}
END_TEST

START_TEST(beyond_the_limit_it_is_only_known_to_be_beyond)
{
	ck_assert_uint_gt(conf_distance(SPAN("abcdef"), SPAN("uvwxyz"), 2), 2);
	ck_assert_uint_gt(conf_distance(SPAN("a"), SPAN("abcdef"), 2), 2);
}
END_TEST

static const struct {
	const char *word, *want;
} words[] = {
	{ "alow", "allow" }, { "dney", "deny" }, { "ALLOW", "allow" }, { "permit", NULL },
	{ "al", NULL },      { "", NULL },       { "denied", NULL },   { "dstdomian", "dstdomain" },
};

START_TEST(the_nearest_name_is_suggested)
{
	static const char *const names[] = { "allow", "deny", "dstdomain" };
	const char *got = conf_nearest(span_str(words[_i].word), names, ARRAY_LEN(names));

	if (words[_i].want == NULL)
		ck_assert_ptr_null(got);
	else
		ck_assert_pstr_eq(got, words[_i].want);
}
END_TEST

Suite *suite_suggest(void);
Suite *suite_suggest(void)
{
	Suite *s = suite_create("conf/suggest");
	TCase *t = tcase_create("suggest");

	tcase_add_loop_test(t, distances_count_typing_errors, 0, ARRAY_LEN(pairs));
	tcase_add_test(t, beyond_the_limit_it_is_only_known_to_be_beyond);
	tcase_add_loop_test(t, the_nearest_name_is_suggested, 0, ARRAY_LEN(words));
	suite_add_tcase(s, t);
	return s;
}
