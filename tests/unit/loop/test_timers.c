/*
 * Timers and time, on the fake poller's clock.
 */
#include "tests/unit/loop/fake_poller.h"
#include "tests/unit/unit.h"

#include "base/hash.h"
#include "loop/loop.h"

static struct loop *l;

struct probe {
	struct timer timer;
	int64_t fired_at;
	unsigned fired;
	struct probe *victim; /* cancelled when this one fires */
	int64_t rearm_ms;     /* -1: not */
};

static int64_t order[64];
static size_t n_order;

static void probe_fire(struct timer *t)
{
	struct probe *p = CONTAINER_OF(t, struct probe, timer);

	p->fired++;
	p->fired_at = loop_now_ms(l);
	ck_assert(!timer_is_armed(t));
	if (n_order < ARRAY_LEN(order))
		order[n_order++] = p->fired_at;
	if (p->victim != NULL)
		timer_cancel(l, &p->victim->timer);
	if (p->rearm_ms >= 0)
		timer_arm(l, t, p->rearm_ms);
}

static void probe_init(struct probe *p)
{
	*p = (struct probe){ .rearm_ms = -1 };
	timer_init(&p->timer, probe_fire);
}

static void setup(void)
{
	fake_reset();
	n_order = 0;
	ck_assert_int_eq(loop_new(&l), ERR_NONE);
}

static void teardown(void)
{
	loop_free(&l);
	ck_assert_ptr_null(l);
}

START_TEST(a_turn_waits_for_the_next_timer_and_no_longer)
{
	struct probe p;

	probe_init(&p);
	loop_turn(l, -1);
	ck_assert_int_eq(fake_last_wait_ms, -1);
	timer_arm(l, &p.timer, 250);
	loop_turn(l, 100);
	ck_assert_int_eq(fake_last_wait_ms, 100);
	ck_assert_uint_eq(p.fired, 0);
	loop_turn(l, -1);
	ck_assert_int_eq(fake_last_wait_ms, 150);
	ck_assert_uint_eq(p.fired, 1);
	ck_assert_int_eq(p.fired_at, 1000250);
	ck_assert_int_eq(loop_now_ms(l), 1000250);
	ck_assert_int_eq(loop_wall_us(l), 1700000000000000 + 1000250000);
}
END_TEST

START_TEST(a_later_deadline_is_kept_without_firing_at_the_old_one)
{
	struct probe p;

	probe_init(&p);
	timer_arm(l, &p.timer, 100);
	const uint32_t at = p.timer.heap_index;

	timer_arm(l, &p.timer, 500);
	ck_assert_uint_eq(p.timer.heap_index, at);
	ck_assert_int_eq(p.timer.queued_ms, 1000100);
	loop_turn(l, -1); /* the old deadline comes up: only the heap is put right */
	ck_assert_uint_eq(p.fired, 0);
	ck_assert_int_eq(p.timer.queued_ms, 1000500);
	loop_turn(l, -1);
	ck_assert_uint_eq(p.fired, 1);
	ck_assert_int_eq(p.fired_at, 1000500);
}
END_TEST

START_TEST(an_earlier_deadline_takes_effect)
{
	struct probe p;

	probe_init(&p);
	timer_arm(l, &p.timer, 500);
	timer_arm(l, &p.timer, 20);
	loop_turn(l, -1);
	ck_assert_int_eq(p.fired_at, 1000020);
	loop_turn(l, 1000);
	ck_assert_uint_eq(p.fired, 1);
}
END_TEST

START_TEST(cancelled_and_disarmed_timers_do_not_fire)
{
	struct probe a, b;

	probe_init(&a);
	probe_init(&b);
	timer_cancel(l, &a.timer); /* harmless when not armed */
	timer_arm(l, &a.timer, 10);
	timer_arm(l, &b.timer, 10);
	timer_cancel(l, &a.timer);
	timer_disarm(&b.timer);
	ck_assert(!timer_is_armed(&a.timer) && !timer_is_armed(&b.timer));
	ck_assert_uint_eq(a.timer.heap_index, 0);
	loop_turn(l, 50);
	ck_assert_uint_eq(b.timer.heap_index, 0);
	ck_assert_uint_eq(a.fired + b.fired, 0);
}
END_TEST

START_TEST(a_disarmed_timer_may_be_armed_again)
{
	struct probe p;

	probe_init(&p);
	timer_arm(l, &p.timer, 100);
	timer_disarm(&p.timer);
	timer_arm(l, &p.timer, 50);
	loop_turn(l, -1);
	ck_assert_int_eq(p.fired_at, 1000050);
}
END_TEST

START_TEST(a_timer_may_cancel_another_that_is_due_too)
{
	struct probe a, b;

	probe_init(&a);
	probe_init(&b);
	a.victim = &b;
	timer_arm(l, &a.timer, 10);
	timer_arm(l, &b.timer, 11);
	fake_now_ms += 20;
	loop_turn(l, 0);
	ck_assert_uint_eq(a.fired, 1);
	ck_assert_uint_eq(b.fired, 0);
}
END_TEST

START_TEST(a_timer_that_arms_itself_for_at_once_waits_for_the_next_turn)
{
	struct probe p;

	probe_init(&p);
	p.rearm_ms = 0;
	timer_arm(l, &p.timer, 0);
	loop_turn(l, -1);
	ck_assert_uint_eq(p.fired, 1);
	loop_turn(l, -1);
	ck_assert_uint_eq(p.fired, 2);
	timer_cancel(l, &p.timer);
}
END_TEST

START_TEST(the_far_future_does_not_overflow)
{
	struct probe p;

	probe_init(&p);
	timer_arm(l, &p.timer, INT64_MAX);
	ck_assert(timer_is_armed(&p.timer));
	loop_turn(l, 10);
	ck_assert_uint_eq(p.fired, 0);
	timer_cancel(l, &p.timer);
}
END_TEST

START_TEST(freeing_the_loop_disarms_what_is_left)
{
	struct probe p;
	struct loop *other;

	probe_init(&p);
	ck_assert_int_eq(loop_new(&other), ERR_NONE);
	timer_arm(other, &p.timer, 10);
	loop_free(&other);
	ck_assert(!timer_is_armed(&p.timer));
	ck_assert_uint_eq(p.timer.heap_index, 0);
}
END_TEST

/* A random walk of 2,000 arms, re-arms and cancels against what each timer should do. */
START_TEST(many_timers_fire_in_order_and_none_is_lost)
{
	enum { N = 300 };
	static struct probe p[N];
	static int64_t want[N];
	uint64_t rnd = (uint64_t)_i + 1;

	for (size_t i = 0; i < N; i++) {
		probe_init(&p[i]);
		want[i] = -1;
	}
	for (unsigned step = 0; step < 2000; step++) {
		rnd = hash_mix(rnd, step);
		const size_t i = (rnd >> 8) % N;
		const int64_t ms = (int64_t)((rnd >> 24) % 5000);

		if (rnd % 4 == 0) {
			timer_cancel(l, &p[i].timer);
			want[i] = -1;
		} else {
			timer_arm(l, &p[i].timer, ms);
			want[i] = 1000000 + ms;
		}
	}
	int64_t last = 0;

	while (fake_now_ms < 1005001) {
		n_order = 0;
		loop_turn(l, 5001);
		for (size_t i = 0; i < n_order; i++) {
			ck_assert_int_ge(order[i], last);
			last = order[i];
		}
	}
	for (size_t i = 0; i < N; i++) {
		ck_assert_uint_eq(p[i].fired, want[i] < 0 ? 0 : 1);
		if (want[i] >= 0)
			ck_assert_int_eq(p[i].fired_at, want[i]);
	}
}
END_TEST

Suite *suite_timers(void);
Suite *suite_timers(void)
{
	Suite *s = suite_create("timers");
	TCase *t = tcase_create("timers");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_turn_waits_for_the_next_timer_and_no_longer);
	tcase_add_test(t, a_later_deadline_is_kept_without_firing_at_the_old_one);
	tcase_add_test(t, an_earlier_deadline_takes_effect);
	tcase_add_test(t, cancelled_and_disarmed_timers_do_not_fire);
	tcase_add_test(t, a_disarmed_timer_may_be_armed_again);
	tcase_add_test(t, a_timer_may_cancel_another_that_is_due_too);
	tcase_add_test(t, a_timer_that_arms_itself_for_at_once_waits_for_the_next_turn);
	tcase_add_test(t, the_far_future_does_not_overflow);
	tcase_add_test(t, freeing_the_loop_disarms_what_is_left);
	tcase_add_loop_test(t, many_timers_fire_in_order_and_none_is_lost, 0, 20);
	suite_add_tcase(s, t);
	return s;
}
