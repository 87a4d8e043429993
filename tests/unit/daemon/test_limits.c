/*
 * Limits of descriptors and memory: the decisions.
 */
#include "daemon/limits.h"

#include "tests/unit/unit.h"

Suite *suite_limits(void);

static const struct {
	const char *name;
	uint64_t wanted;
	struct descriptor_limit have;
	bool is_root;
	struct descriptor_limit want;
} cases[] = {
	{ "unset raises soft to hard", 0, { 1024, 4096 }, false, { 4096, 4096 } },
	{ "unset is capped", 0, { 1024, 1u << 30 }, false, { 100000, 1u << 30 } },
	{ "unset lowers a huge soft limit", 0, { 1u << 30, 1u << 30 }, true, { 100000, 1u << 30 } },
	{ "unset without a hard limit", 0, { 1024, UINT64_MAX }, false, { 100000, UINT64_MAX } },
	{ "what is asked for", 5000, { 1024, 8192 }, false, { 5000, 8192 } },
	{ "below the soft limit", 500, { 1024, 8192 }, false, { 500, 8192 } },
	{ "above the cap if asked for", 200000, { 1024, 1u << 20 }, false, { 200000, 1u << 20 } },
	{ "more than the hard limit", 9000, { 1024, 8192 }, false, { 8192, 8192 } },
	{ "more than the hard limit as root", 9000, { 1024, 8192 }, true, { 9000, 9000 } },
};

START_TEST(decides_the_limit_of_descriptors)
{
	const struct descriptor_limit got =
		limits_decide(cases[_i].wanted, cases[_i].have, cases[_i].is_root);

	ck_assert_msg(got.soft == cases[_i].want.soft && got.hard == cases[_i].want.hard, "%s",
	              cases[_i].name);
}
END_TEST

START_TEST(decides_the_limit_of_memory)
{
	/* 0: nine tenths of the group's, if there is one; none: none. */
	ck_assert_uint_eq(limits_decide_memory(0, 1000), 900);
	ck_assert_uint_eq(limits_decide_memory(0, UINT64_MAX), 0);
	ck_assert_uint_eq(limits_decide_memory(INT64_MAX, 1000), 0);
	ck_assert_uint_eq(limits_decide_memory(5000, 1000), 5000);
}
END_TEST

Suite *suite_limits(void)
{
	Suite *s = suite_create("daemon/limits");
	TCase *t = tcase_create("decisions");

	tcase_add_loop_test(t, decides_the_limit_of_descriptors, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(t, decides_the_limit_of_memory);
	suite_add_tcase(s, t);
	return s;
}
