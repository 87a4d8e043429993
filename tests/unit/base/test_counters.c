/*
 * Counters: what all threads counted, and what of it lately.
 */
#include "tests/unit/unit.h"

#include "base/counters.h"

#define MINUTE_MS 60000

/* Each minute one more is counted than in the one before, and the clock ticks at its end. */
static int64_t count_minutes(unsigned n)
{
	int64_t now_ms = 5000;

	counters_tick(now_ms);
	for (unsigned i = 1; i <= n; i++) {
		count_add(COUNT_RELOADS, i);
		now_ms += MINUTE_MS;
		counters_tick(now_ms);
		counters_tick(now_ms + 1); /* too early: nothing */
	}
	return now_ms;
}

static const struct {
	const char *name;
	unsigned counted, minutes;
	int64_t later_ms; /* it is asked so long after the last tick */
	uint64_t want, want_ms;
} rows[] = {
	{ "before the first minute is over it is since the first tick", 0, 5, 30000, 0, 30000 },
	{ "with less than it asks for, it is since the first tick", 3, 5, 0, 1 + 2 + 3,
	  3 * MINUTE_MS },
	{ "the last five minutes", 20, 5, 0, 16 + 17 + 18 + 19 + 20, 5 * MINUTE_MS },
	{ "up to a minute more, never less", 20, 5, 59999, 16 + 17 + 18 + 19 + 20,
	  5 * MINUTE_MS + 59999 },
	{ "an hour", 300, 60, 0, (241 + 300) * 30, 60 * MINUTE_MS },
	{ "an hour, just before the next tick", 300, 60, 59999, (241 + 300) * 30,
	  60 * MINUTE_MS + 59999 },
};

START_TEST(lately)
{
	struct counters_period p;

	count_add(COUNT_RELOADS, 1000); /* before */
	const int64_t now_ms = count_minutes(rows[_i].counted);

	counters_lately(rows[_i].minutes, now_ms + rows[_i].later_ms, &p);
	ck_assert_msg(p.v[COUNT_RELOADS] == rows[_i].want, "%s: %llu", rows[_i].name,
	              (unsigned long long)p.v[COUNT_RELOADS]);
	ck_assert_msg(p.ms == (int64_t)rows[_i].want_ms, "%s: %lld ms", rows[_i].name,
	              (long long)p.ms);
	ck_assert_uint_eq(p.v[COUNT_RELOAD_ERRORS], 0);
}
END_TEST

START_TEST(what_was_counted_since_the_last_tick_is_in_it)
{
	struct counters_period p;
	const int64_t now_ms = count_minutes(10);

	count_add(COUNT_RELOADS, 500);
	counters_lately(5, now_ms + 1, &p);
	ck_assert_uint_eq(p.v[COUNT_RELOADS], 6 + 7 + 8 + 9 + 10 + 500);
}
END_TEST

START_TEST(without_a_tick_it_is_all)
{
	struct counters_period p;

	count_add(COUNT_RELOADS, 7);
	counters_lately(5, 1000, &p);
	ck_assert_uint_eq(p.v[COUNT_RELOADS], 7);
	ck_assert_int_eq(p.ms, 0);
}
END_TEST

Suite *suite_counters(void);
Suite *suite_counters(void)
{
	Suite *s = suite_create("counters");
	TCase *t = tcase_create("counters");

	tcase_add_loop_test(t, lately, 0, ARRAY_LEN(rows));
	tcase_add_test(t, what_was_counted_since_the_last_tick_is_in_it);
	tcase_add_test(t, without_a_tick_it_is_all);
	suite_add_tcase(s, t);
	return s;
}
