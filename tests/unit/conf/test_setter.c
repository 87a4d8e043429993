/*
 * The ready-made setters: what they store, what they refuse.
 */
#include "tests/unit/conf/fixture.h"

START_TEST(good_values_are_stored)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, "onoff on\n"
	                 "integer -5\n"
	                 "percent 40%\n"
	                 "bytes 2 MB # enough\n"
	                 "ms 3 seconds\n"
	                 "string /a/b\n"
	                 "line a  b # c\n");
	ck_assert(f.values.onoff);
	ck_assert_int_eq(f.values.integer, -5);
	ck_assert_uint_eq(f.values.percent, 40);
	ck_assert_int_eq(f.values.bytes, 2 << 20);
	ck_assert_int_eq(f.values.ms, 3000);
	ck_assert_str_eq(f.values.string, "/a/b");
	ck_assert_str_eq(f.values.line, "a  b # c");
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

START_TEST(the_last_line_counts)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(
		&f, "string a\nstring b\nonoff on\nonoff off\nline x\nline none\nbytes none\nms 0");
	ck_assert_str_eq(f.values.string, "b");
	ck_assert(!f.values.onoff);
	ck_assert_ptr_null(f.values.line);
	ck_assert_int_eq(f.values.bytes, INT64_MAX);
	ck_assert_int_eq(f.values.ms, 0);
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *text;
	enum conf_severity severity;
	const char *part;
} findings[] = {
	{ "onoff yes", CONF_ERROR, "neither on nor off" },
	{ "onoff ON", CONF_ERROR, "neither on nor off" },
	{ "onoff 1", CONF_ERROR, "neither on nor off" },
	{ "onoff enable", CONF_WARNING, "old word for \"on\"" },
	{ "onoff disable", CONF_WARNING, "old word for \"off\"" },
	{ "onoff", CONF_ERROR, "a value is missing; write onoff SYNTAX" },
	{ "onoff # on", CONF_ERROR, "a value is missing" },
	{ "integer 1x", CONF_ERROR, "not a whole number" },
	{ "percent 101", CONF_ERROR, "between 0 and 100" },
	{ "percent %", CONF_ERROR, "between 0 and 100" },
	{ "bytes 5", CONF_WARNING, "these are bytes" },
	{ "bytes 5 GiB", CONF_ERROR, "unknown unit \"GiB\" (use bytes, KB, MB or GB)" },
	{ "bytes 10MB", CONF_ERROR, "\"10 MB\"" },
	{ "bytes many KB", CONF_ERROR, "\"many KB\" is not a number" },
	{ "ms 5", CONF_ERROR, "the unit is missing" },
	{ "ms 5 min", CONF_ERROR, "unknown unit \"min\"" },
	{ "ms 5minutes", CONF_ERROR, "\"5 minutes\"" },
	{ "string", CONF_ERROR, "a value is missing" },
	{ "line", CONF_ERROR, "a value is missing" },
	{ "onoff off now", CONF_WARNING, "what begins with \"now\" is ignored" },
	{ "bytes 5 KB deny all", CONF_WARNING, "what begins with \"deny\" is ignored" },
};

START_TEST(odd_values_are_told_once)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, findings[_i].text);
	ck_assert_finding(&f, 1, findings[_i].severity, findings[_i].part);
	ck_assert_uint_eq(conf_count(f.r, CONF_ERROR) + conf_count(f.r, CONF_WARNING), 1);
	fixture_fini(&f);
}
END_TEST

START_TEST(a_refused_value_changes_nothing)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, "bytes 5 KB\nbytes x\nms 1 second\nms x\nonoff on\nonoff x");
	ck_assert_int_eq(f.values.bytes, 5120);
	ck_assert_int_eq(f.values.ms, 1000);
	ck_assert(f.values.onoff);
	fixture_fini(&f);
}
END_TEST

Suite *suite_setter(void);
Suite *suite_setter(void)
{
	Suite *s = suite_create("conf/setter");
	TCase *t = tcase_create("setter");

	tcase_add_test(t, good_values_are_stored);
	tcase_add_test(t, the_last_line_counts);
	tcase_add_loop_test(t, odd_values_are_told_once, 0, ARRAY_LEN(findings));
	tcase_add_test(t, a_refused_value_changes_nothing);
	suite_add_tcase(s, t);
	return s;
}
