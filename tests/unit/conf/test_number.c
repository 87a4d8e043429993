/*
 * Sizes, times and integers: Squid's units.
 */
#include "tests/unit/conf/fixture.h"

#define FAIL (-1)

static const struct {
	const char *number, *unit;
	int64_t want;
} sizes[] = {
	{ "0", "", 0 },
	{ "0x10", "KB", 16384 },
	{ "0xg", "KB", FAIL },
	{ "-0x10", "", FAIL },
	{ "100", "", 100 },
	{ "1", "bytes", 1 },
	{ "64", "KB", 65536 },
	{ "64", "kb", 65536 },
	{ "64", "KBytes", 65536 },
	{ "1.5", "MB", 1572864 },
	{ "4", "GB", INT64_C(4294967296) },
	{ ".5", "KB", 512 },
	{ "0.5", "bytes", FAIL },
	{ "0.00001", "KB", FAIL }, /* would become 0, which often means no limit */
	{ "0.0", "KB", 0 },
	{ "none", "", INT64_MAX },
	{ "-1", "", INT64_MAX },
	{ "-1", "KB", INT64_MAX },
	{ "-2", "KB", FAIL },
	{ "none", "KB", FAIL },
	{ "1", "K", FAIL },
	{ "1", "KiB", FAIL },
	{ "1", "TB", FAIL },
	{ "1", "byte", FAIL },
	{ "10MB", "", FAIL },
	{ "", "", FAIL },
	{ ".", "KB", FAIL },
	{ "1.2.3", "KB", FAIL },
	{ "+1", "KB", FAIL },
	{ "1e3", "KB", FAIL },
	{ "9000000000", "GB", FAIL },
	{ "99999999999999999999", "", FAIL },
	{ "8589934591", "GB", INT64_C(9223372035781033984) },
	{ "8589934592", "GB", FAIL },
};

START_TEST(sizes_have_binary_units)
{
	int64_t v = FAIL;

	if (!conf_parse_bytes(span_str(sizes[_i].number), span_str(sizes[_i].unit), 1, &v))
		v = FAIL;
	ck_assert_msg(v == sizes[_i].want, "%s %s: %lld", sizes[_i].number, sizes[_i].unit,
	              (long long)v);
}
END_TEST

START_TEST(a_directive_may_have_a_unit_of_its_own)
{
	int64_t v;

	ck_assert(conf_parse_bytes(SPAN("16"), SPAN(""), 1024, &v));
	ck_assert_int_eq(v, 16384);
	ck_assert(conf_parse_bytes(SPAN("16"), SPAN("bytes"), 1024, &v));
	ck_assert_int_eq(v, 16);
}
END_TEST

static const struct {
	const char *number, *unit;
	int64_t want;
} times[] = {
	{ "0", "", 0 },
	{ "0", "seconds", 0 },
	{ "5", "", FAIL },
	{ "250", "milliseconds", 250 },
	{ "1", "second", 1000 },
	{ "2", "Seconds", 2000 },
	{ "1.5", "minutes", 90000 },
	{ "6", "hours", 21600000 },
	{ "1", "day", 86400000 },
	{ "1", "week", 604800000 },
	{ "1", "fortnight", 1209600000 },
	{ "1", "month", INT64_C(2592000000) },
	{ "1", "year", INT64_C(31557790080) },
	{ "1", "decade", INT64_C(315577900800) },
	{ "0.1", "millisecond", FAIL },
	{ "1", "sec", FAIL },
	{ "1", "min", FAIL },
	{ "1", "m", FAIL },
	{ "1", "microsecond", FAIL },
	{ "-1", "second", FAIL },
	{ "1", "KB", FAIL },
	{ "99999999999", "decades", FAIL },
};

START_TEST(times_need_units)
{
	int64_t v = FAIL;

	if (!conf_parse_ms(span_str(times[_i].number), span_str(times[_i].unit), &v))
		v = FAIL;
	ck_assert_msg(v == times[_i].want, "%s %s: %lld", times[_i].number, times[_i].unit,
	              (long long)v);
}
END_TEST

static const struct {
	const char *text;
	bool ok;
	int64_t want;
} integers[] = {
	{ "0", true, 0 },
	{ "10", true, 10 },
	{ "010", true, 8 },
	{ "0x10", true, 16 },
	{ "0XfF", true, 255 },
	{ "-1", true, -1 },
	{ "+7", true, 7 },
	{ "00", true, 0 },
	{ "08", false, 0 },
	{ "0x", false, 0 },
	{ "0xg", false, 0 },
	{ "1a", false, 0 },
	{ "1.0", false, 0 },
	{ "", false, 0 },
	{ "-", false, 0 },
	{ "--1", false, 0 },
	{ "9223372036854775807", true, INT64_MAX },
	{ "9223372036854775808", false, 0 },
};

START_TEST(integers_show_their_base)
{
	int64_t v = 0;
	const bool ok = conf_parse_int(span_str(integers[_i].text), &v);

	ck_assert_msg(ok == integers[_i].ok && v == integers[_i].want, "%s: %lld",
	              integers[_i].text, (long long)v);
}
END_TEST

static const struct {
	const char *text;
	int64_t want;
} glued[] = {
	{ "64KB", 65536 }, { "4MB", 4194304 }, { "0", 0 },        { "0KB", 0 },
	{ "64", FAIL },    { "KB", FAIL },     { "1.5MB", FAIL }, { "64 KB", FAIL },
};

START_TEST(glued_sizes_need_units)
{
	int64_t v = FAIL;

	if (!conf_parse_glued_bytes(span_str(glued[_i].text), &v))
		v = FAIL;
	ck_assert_msg(v == glued[_i].want, "%s: %lld", glued[_i].text, (long long)v);
}
END_TEST

Suite *suite_number(void);
Suite *suite_number(void)
{
	Suite *s = suite_create("conf/number");
	TCase *t = tcase_create("number");

	tcase_add_loop_test(t, sizes_have_binary_units, 0, ARRAY_LEN(sizes));
	tcase_add_test(t, a_directive_may_have_a_unit_of_its_own);
	tcase_add_loop_test(t, times_need_units, 0, ARRAY_LEN(times));
	tcase_add_loop_test(t, integers_show_their_base, 0, ARRAY_LEN(integers));
	tcase_add_loop_test(t, glued_sizes_need_units, 0, ARRAY_LEN(glued));
	suite_add_tcase(s, t);
	return s;
}
