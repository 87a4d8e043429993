/*
 * Spans: numbers and trimming.
 */
#include "tests/unit/unit.h"

static const struct {
	const char *name, *text;
	bool ok;
	uint64_t value;
} numbers[] = {
	{ "zero", "0", true, 0 },
	{ "leading zeros are digits like others", "007", true, 7 },
	{ "the largest value", "18446744073709551615", true, UINT64_MAX },
	{ "one more overflows", "18446744073709551616", false, 0 },
	{ "a sign is no digit", "+1", false, 0 },
	{ "empty", "", false, 0 },
	{ "trailing blank", "1 ", false, 0 },
};

START_TEST(numbers_are_strict)
{
	uint64_t v = 0;
	const bool ok = span_to_u64(span_str(numbers[_i].text), &v);

	ck_assert_msg(ok == numbers[_i].ok && v == numbers[_i].value, "%s", numbers[_i].name);
}
END_TEST

START_TEST(trim_takes_blanks_and_tabs_only)
{
	ck_assert_span(span_trim(SPAN(" \t a b\t ")), SPAN("a b"));
	ck_assert_span(span_trim(SPAN("\n")), SPAN("\n"));
}
END_TEST

START_TEST(cut_ends_with_a_null_rest)
{
	struct span rest = SPAN("a,,b");

	ck_assert_span(span_cut(&rest, ','), SPAN("a"));
	ck_assert_span(span_cut(&rest, ','), SPAN(""));
	ck_assert_span(span_cut(&rest, ','), SPAN("b"));
	ck_assert_ptr_null(rest.p);
}
END_TEST

Suite *suite_span(void);
Suite *suite_span(void)
{
	Suite *s = suite_create("span");
	TCase *t = tcase_create("span");

	tcase_add_loop_test(t, numbers_are_strict, 0, ARRAY_LEN(numbers));
	tcase_add_test(t, trim_takes_blanks_and_tabs_only);
	tcase_add_test(t, cut_ends_with_a_null_rest);
	suite_add_tcase(s, t);
	return s;
}
