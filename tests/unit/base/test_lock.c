/*
 * Lock ranks: what may be taken while what is held. lock_take() itself checks in debug builds only,
 * so its part of the test says which of the two it expects.
 */
#include "tests/unit/unit.h"

#include "base/lock.h"

START_TEST(ranks_must_rise)
{
	ck_assert(lock_rank_may_take(LOCK_RANK_PROCESS));
	lock_rank_push(LOCK_RANK_DNS);
	ck_assert(lock_rank_may_take(LOCK_RANK_CACHE));
	ck_assert(!lock_rank_may_take(LOCK_RANK_DNS));
	ck_assert(!lock_rank_may_take(LOCK_RANK_SNAPSHOT));
	lock_rank_push(LOCK_RANK_JOBS);
	/* Given back out of order: the other still counts. */
	lock_rank_pop(LOCK_RANK_DNS);
	ck_assert(!lock_rank_may_take(LOCK_RANK_CACHE));
	lock_rank_pop(LOCK_RANK_JOBS);
	ck_assert(lock_rank_may_take(LOCK_RANK_PROCESS));
}
END_TEST

START_TEST(taking_a_lower_rank_trips)
{
	lock_rank_push(LOCK_RANK_JOBS);
	lock_rank_push(LOCK_RANK_DNS);
}
END_TEST

START_TEST(giving_what_is_not_held_trips)
{
	lock_rank_pop(LOCK_RANK_DNS);
}
END_TEST

START_TEST(locks_nest_upwards)
{
	struct lock a = LOCK_INIT(LOCK_RANK_DNS), b;

	lock_init(&b, LOCK_RANK_CACHE);
	for (int i = 0; i < 3; i++) {
		lock_take(&a);
		lock_take(&b);
		lock_give(&a);
		lock_give(&b);
	}
	lock_fini(&b);
	lock_fini(&a);
}
END_TEST

#ifdef ENABLE_DEBUG
START_TEST(a_debug_build_catches_the_wrong_order)
{
	struct lock a = LOCK_INIT(LOCK_RANK_DNS), b = LOCK_INIT(LOCK_RANK_CACHE);

	lock_take(&b);
	lock_take(&a);
}
END_TEST
#endif

Suite *suite_lock(void);
Suite *suite_lock(void)
{
	Suite *s = suite_create("lock");
	TCase *t = tcase_create("lock");

	tcase_add_test(t, ranks_must_rise);
	tcase_add_test_raise_signal(t, taking_a_lower_rank_trips, 6);
	tcase_add_test_raise_signal(t, giving_what_is_not_held_trips, 6);
	tcase_add_test(t, locks_nest_upwards);
#ifdef ENABLE_DEBUG
	tcase_add_test_raise_signal(t, a_debug_build_catches_the_wrong_order, 6);
#endif
	suite_add_tcase(s, t);
	return s;
}
