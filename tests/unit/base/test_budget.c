/*
 * The memory ceiling: it holds, classes are refused in their order, and nothing is lost between
 * threads.
 */
#include "tests/unit/unit.h"

#include "base/budget.h"
#include "base/counters.h"

#include <pthread.h>

#define MB ((size_t)1 << 20)

START_TEST(without_a_limit_everything_is_counted_and_granted)
{
	budget_init(0);
	ck_assert_uint_eq(budget_limit(), 0);
	for (unsigned c = 0; c < BUDGET_N; c++)
		ck_assert(budget_take((enum budget_class)c, 100 * MB));
	ck_assert_uint_eq(budget_used(BUDGET_CACHE), 100 * MB);
	ck_assert(!budget_is_short(BUDGET_CACHE));
	budget_give(BUDGET_CACHE, 40 * MB);
	ck_assert_uint_eq(budget_used(BUDGET_CACHE), 60 * MB);
	ck_assert_uint_ge(budget_taken(), (100 * BUDGET_N - 40) * MB);
}
END_TEST

/* Fill up with small takes of one class; the total then lies just below that class's share. */
static size_t fill(enum budget_class c)
{
	size_t n = 0;

	while (budget_take(c, 1000))
		n += 1000;
	return n;
}

START_TEST(classes_are_refused_in_order_and_the_limit_holds)
{
	size_t n = 0;

	budget_init(100 * MB);
	for (unsigned c = 0; c < BUDGET_FIXED; c++) {
		const size_t more = fill((enum budget_class)c);

		ck_assert_msg(more > MB, "class %u got nothing beyond the one before", c);
		n += more;
		/* Those before it are refused too, those after it are not. */
		for (unsigned other = 0; other < BUDGET_FIXED; other++) {
			const bool ok = budget_take((enum budget_class)other, 1000);

			ck_assert_msg(ok == (other > c), "class %u after %u", other, c);
			if (ok)
				budget_give((enum budget_class)other, 1000);
			ck_assert(budget_is_short((enum budget_class)other) || other > c);
		}
		ck_assert_uint_le(budget_taken(), 100 * MB);
	}
	ck_assert_uint_gt(n, 99 * MB);
	/* What is there from the start is only counted. */
	ck_assert(budget_take(BUDGET_FIXED, 50 * MB));
}
END_TEST

START_TEST(what_is_given_back_may_be_taken_again)
{
	budget_init(10 * MB);
	const uint64_t refused = counters_sum(COUNT_MEMORY_REFUSED);
	const size_t n = fill(BUDGET_REQUEST);

	ck_assert_uint_eq(counters_sum(COUNT_MEMORY_REFUSED), refused + 1);
	ck_assert(budget_is_short(BUDGET_REQUEST));
	budget_give(BUDGET_REQUEST, n);
	ck_assert_uint_eq(budget_used(BUDGET_REQUEST), 0);
	ck_assert_uint_eq(fill(BUDGET_REQUEST), n);
	budget_give(BUDGET_REQUEST, n);
	/* Only a little slack stays with the thread. */
	ck_assert_uint_le(budget_taken(), 10 * MB / 100);
	ck_assert(!budget_is_short(BUDGET_CACHE));
}
END_TEST

START_TEST(absurd_sizes_are_refused)
{
	budget_init(10 * MB);
	ck_assert(!budget_take(BUDGET_REQUEST, SIZE_MAX));
	ck_assert(!budget_take(BUDGET_REQUEST, 11 * MB));
	ck_assert(budget_take(BUDGET_REQUEST, 9 * MB));
	ck_assert(!budget_take(BUDGET_REQUEST, SIZE_MAX - 9 * MB));
	ck_assert_uint_eq(budget_used(BUDGET_REQUEST), 9 * MB);
}
END_TEST

START_TEST(a_lower_limit_refuses_until_enough_is_given)
{
	budget_init(100 * MB);
	ck_assert(budget_take(BUDGET_CACHE, 50 * MB));
	budget_init(20 * MB);
	ck_assert_uint_eq(budget_limit(), 20 * MB);
	ck_assert(!budget_take(BUDGET_REQUEST, 1));
	budget_give(BUDGET_CACHE, 50 * MB);
	ck_assert(budget_take(BUDGET_REQUEST, 1));
}
END_TEST

enum { THREADS = 4, ROUNDS = 20000 };

static void *churn(void *arg)
{
	size_t held = 0;

	ck_assert_ptr_null(arg);
	for (size_t i = 0; i < ROUNDS; i++) {
		const size_t n = (i * 7919) % 60000;

		if (budget_take(BUDGET_TRANSFER, n))
			held += n;
		ck_assert_uint_le(budget_taken(), 8 * MB);
		if (i % 64 == 63) {
			budget_give(BUDGET_TRANSFER, held);
			held = 0;
		}
	}
	budget_give(BUDGET_TRANSFER, held);
	return NULL;
}

START_TEST(threads_share_one_ceiling_and_leave_nothing_behind)
{
	pthread_t t[THREADS];

	budget_init(8 * MB);
	for (unsigned i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, churn, NULL), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	ck_assert_uint_eq(budget_used(BUDGET_TRANSFER), 0);
	ck_assert_uint_eq(budget_taken(), 0);
}
END_TEST

static void *give_mb(void *arg)
{
	ck_assert_ptr_null(arg);
	budget_give(BUDGET_CACHE, MB);
	return NULL;
}

START_TEST(memory_may_be_freed_by_another_thread)
{
	pthread_t t;

	budget_init(8 * MB);
	ck_assert(budget_take(BUDGET_CACHE, 3 * MB));
	ck_assert_int_eq(pthread_create(&t, NULL, give_mb, NULL), 0);
	pthread_join(t, NULL);
	ck_assert_uint_eq(budget_used(BUDGET_CACHE), 2 * MB);
}
END_TEST

Suite *suite_budget(void);
Suite *suite_budget(void)
{
	Suite *s = suite_create("budget");
	TCase *t = tcase_create("budget");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, without_a_limit_everything_is_counted_and_granted);
	tcase_add_test(t, classes_are_refused_in_order_and_the_limit_holds);
	tcase_add_test(t, what_is_given_back_may_be_taken_again);
	tcase_add_test(t, absurd_sizes_are_refused);
	tcase_add_test(t, a_lower_limit_refuses_until_enough_is_given);
	tcase_add_test(t, threads_share_one_ceiling_and_leave_nothing_behind);
	tcase_add_test(t, memory_may_be_freed_by_another_thread);
	suite_add_tcase(s, t);
	return s;
}
