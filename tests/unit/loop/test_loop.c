/*
 * The order of a turn: events, posts, timers, tasks; and what may happen within each.
 */
#include "tests/unit/loop/fake_poller.h"
#include "tests/unit/unit.h"

#include "loop/loop.h"
#include "loop/op.h"

static struct loop *l;
static char trace[64];

static void note(char c)
{
	const size_t n = strlen(trace);

	ck_assert_uint_lt(n + 1, sizeof(trace));
	trace[n] = c;
	trace[n + 1] = '\0';
}

static void setup(void)
{
	fake_reset();
	trace[0] = '\0';
	ck_assert_int_eq(loop_new(&l), ERR_NONE);
}

static void teardown(void)
{
	loop_free(&l);
}

struct probe {
	struct task task;
	char name;
	struct task *schedule, *cancel;
};

static void probe_run(struct task *t)
{
	struct probe *p = CONTAINER_OF(t, struct probe, task);

	note(p->name);
	if (p->schedule != NULL)
		task_schedule(l, p->schedule);
	if (p->cancel != NULL)
		task_cancel(p->cancel);
}

static void probe_init(struct probe *p, char name)
{
	*p = (struct probe){ .name = name };
	task_init(&p->task, probe_run);
}

START_TEST(tasks_run_once_in_the_order_scheduled)
{
	struct probe a, b;

	probe_init(&a, 'a');
	probe_init(&b, 'b');
	task_schedule(l, &b.task);
	task_schedule(l, &a.task);
	task_schedule(l, &b.task);
	loop_turn(l, -1);
	ck_assert_int_eq(fake_last_wait_ms, 0);
	ck_assert_str_eq(trace, "ba");
	loop_turn(l, 5);
	ck_assert_str_eq(trace, "ba");
	ck_assert_int_eq(fake_last_wait_ms, 5);
}
END_TEST

START_TEST(a_turn_has_one_more_round_for_what_tasks_schedule)
{
	struct probe a, b;

	probe_init(&a, 'a');
	probe_init(&b, 'b');
	a.schedule = &a.task; /* itself */
	b.schedule = NULL;
	task_schedule(l, &a.task);
	task_schedule(l, &b.task);
	loop_turn(l, -1);
	ck_assert_str_eq(trace, "aba");
	a.schedule = &b.task;
	loop_turn(l, -1);
	ck_assert_int_eq(fake_last_wait_ms, 0);
	ck_assert_str_eq(trace, "abaab");
	a.schedule = NULL;
	loop_turn(l, 7);
	ck_assert_int_eq(fake_last_wait_ms, 7); /* nothing is left */
}
END_TEST

START_TEST(a_task_may_cancel_one_that_would_run_after_it)
{
	struct probe a, b, c;

	probe_init(&a, 'a');
	probe_init(&b, 'b');
	probe_init(&c, 'c');
	a.cancel = &b.task;
	task_cancel(&c.task); /* harmless */
	task_schedule(l, &a.task);
	task_schedule(l, &b.task);
	task_schedule(l, &c.task);
	loop_turn(l, 0);
	loop_turn(l, 0);
	ck_assert_str_eq(trace, "ac");
}
END_TEST

static struct probe from_event, from_timer, from_post;

static void on_event(struct event *ev, unsigned ready)
{
	ck_assert_int_eq(ev->fd, 5);
	ck_assert_uint_eq(ready, EV_READ | EV_RDHUP);
	note('E');
	task_schedule(l, &from_event.task);
}

static void on_timer(struct timer *t)
{
	ck_assert(!timer_is_armed(t));
	note('T');
	task_schedule(l, &from_timer.task);
}

static void on_post(struct post *p)
{
	ck_assert_ptr_nonnull(p);
	note('P');
	task_schedule(l, &from_post.task);
}

START_TEST(a_turn_goes_events_posts_timers_tasks)
{
	struct event ev;
	struct timer timer;
	struct post post = { NULL, on_post };
	struct probe early;

	probe_init(&early, '1');
	probe_init(&from_event, 'e');
	probe_init(&from_post, 'p');
	probe_init(&from_timer, 't');
	event_init(&ev, on_event);
	timer_init(&timer, on_timer);
	ck_assert_int_eq(loop_watch(l, &ev, 5, EV_READ), ERR_NONE);
	timer_arm(l, &timer, 0);
	task_schedule(l, &early.task);
	loop_post(l, &post);
	fake_make_ready(5, EV_READ | EV_RDHUP);
	loop_turn(l, -1);
	ck_assert_str_eq(trace, "EPT1ept");
	ck_assert_uint_eq(fake_waits, 1);
	loop_unwatch(l, &ev);
}
END_TEST

START_TEST(watching_ends_by_unwatch_or_forget)
{
	struct event ev;

	event_init(&ev, on_event);
	ck_assert_int_eq(loop_watch(l, &ev, 5, EV_READ), ERR_NONE);
	loop_rewatch(l, &ev, EV_READ | EV_WRITE);
	ck_assert_uint_eq(fake_interest(5), EV_READ | EV_WRITE);
	loop_unwatch(l, &ev);
	ck_assert_int_eq(ev.fd, -1);
	ck_assert_uint_eq(fake_interest(5), 0);
	loop_unwatch(l, &ev); /* harmless */
	ck_assert_int_eq(loop_watch(l, &ev, 6, EV_WRITE | EV_EDGE), ERR_NONE);
	loop_forget(l, &ev);
	ck_assert_int_eq(ev.fd, -1);
	ck_assert_uint_eq(fake_interest(6), EV_WRITE | EV_EDGE); /* no call was made */
}
END_TEST

START_TEST(a_descriptor_that_cannot_be_watched_is_not)
{
	struct event ev;

	event_init(&ev, on_event);
	ck_assert_int_eq(loop_watch(l, &ev, 1000, EV_READ), ERR_LIMIT);
	ck_assert_int_eq(ev.fd, -1);
}
END_TEST

static void unwatching(struct event *ev, unsigned ready)
{
	ck_assert_uint_ne(ready, 0);
	loop_unwatch(l, ev);
}

START_TEST(an_event_function_that_unwatches_is_caught)
{
	struct event ev;

	event_init(&ev, unwatching);
	ck_assert_int_eq(loop_watch(l, &ev, 5, EV_READ), ERR_NONE);
	fake_make_ready(5, EV_READ);
	loop_turn(l, 0);
}
END_TEST

static void turning(struct task *t)
{
	ck_assert_ptr_nonnull(t);
	loop_turn(l, 0);
}

START_TEST(a_task_that_runs_the_loop_is_caught)
{
	struct task t;

	task_init(&t, turning);
	task_schedule(l, &t);
	loop_turn(l, 0);
}
END_TEST

START_TEST(posts_before_a_wait_need_no_wake_and_keep_their_order)
{
	struct post p[3] = { { NULL, on_post }, { NULL, on_post }, { NULL, on_post } };

	probe_init(&from_post, 'p');
	for (size_t i = 0; i < 3; i++)
		loop_post(l, &p[i]);
	loop_turn(l, -1);
	ck_assert_int_eq(fake_last_wait_ms, 0);
	ck_assert_uint_eq(fake_wakes, 0);
	ck_assert_str_eq(trace, "PPPp");
}
END_TEST

static void post_again(struct post *p)
{
	note('A');
	p->fn = on_post;
	loop_post(l, p);
}

START_TEST(a_post_posted_by_a_post_comes_in_the_next_turn)
{
	struct post p = { NULL, post_again };

	probe_init(&from_post, 'p');
	loop_post(l, &p);
	loop_turn(l, -1);
	ck_assert_str_eq(trace, "A");
	loop_turn(l, -1);
	ck_assert_int_eq(fake_last_wait_ms, 0);
	ck_assert_str_eq(trace, "APp");
}
END_TEST

static void stop(struct task *t)
{
	note('s');
	ck_assert_ptr_nonnull(t);
	loop_stop(l);
}

START_TEST(run_ends_after_the_turn_that_stops_it)
{
	struct task t;
	struct probe a;

	task_init(&t, stop);
	probe_init(&a, 'a');
	task_schedule(l, &t);
	task_schedule(l, &a.task);
	loop_run(l);
	ck_assert_str_eq(trace, "sa");
	loop_stop(l);
	task_schedule(l, &a.task);
	loop_run(l); /* stopped before it began */
	ck_assert_str_eq(trace, "sa");
	loop_turn(l, 0);
	ck_assert_str_eq(trace, "saa");
}
END_TEST

/* --- operations ------------------------------------------------------------------------------- */

static unsigned cancelled;

static void cancel_op(struct op *op)
{
	ck_assert_int_eq(op->status, OP_PENDING);
	cancelled++;
}

START_TEST(an_operation_wakes_its_waiter_in_a_task)
{
	struct probe waiter;
	struct op op;

	probe_init(&waiter, 'w');
	op_start(&op, l, &waiter.task, cancel_op);
	op_complete(&op, OP_READY);
	ck_assert_str_eq(trace, "");
	loop_turn(l, 0);
	ck_assert_str_eq(trace, "w");
	cancelled = 0;
	op_cancel(&op);
	ck_assert_uint_eq(cancelled, 0);
	op_start(&op, l, &waiter.task, cancel_op);
	op_cancel(&op);
	op_cancel(&op);
	ck_assert_uint_eq(cancelled, 1);
	ck_assert_int_eq(op.status, OP_IDLE);
}
END_TEST

Suite *suite_loop(void);
Suite *suite_loop(void)
{
	Suite *s = suite_create("loop");
	TCase *t = tcase_create("loop");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, tasks_run_once_in_the_order_scheduled);
	tcase_add_test(t, a_turn_has_one_more_round_for_what_tasks_schedule);
	tcase_add_test(t, a_task_may_cancel_one_that_would_run_after_it);
	tcase_add_test(t, a_turn_goes_events_posts_timers_tasks);
	tcase_add_test(t, watching_ends_by_unwatch_or_forget);
	tcase_add_test(t, a_descriptor_that_cannot_be_watched_is_not);
	tcase_add_test_raise_signal(t, an_event_function_that_unwatches_is_caught, 6);
	tcase_add_test_raise_signal(t, a_task_that_runs_the_loop_is_caught, 6);
	tcase_add_test(t, posts_before_a_wait_need_no_wake_and_keep_their_order);
	tcase_add_test(t, a_post_posted_by_a_post_comes_in_the_next_turn);
	tcase_add_test(t, run_ends_after_the_turn_that_stops_it);
	tcase_add_test(t, an_operation_wakes_its_waiter_in_a_task);
	suite_add_tcase(s, t);
	return s;
}
