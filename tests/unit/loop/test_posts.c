/*
 * Posts from many threads to a loop that sleeps in the kernel: none is lost, none comes twice,
 * those of one thread keep their order, and no wake is missed (a missed one would hang the test).
 */
#include "tests/unit/unit.h"

#include "loop/loop.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, POSTS = 5000 };

struct numbered {
	struct post post;
	unsigned thread, number;
};

static struct loop *l;
static struct numbered posts[THREADS][POSTS];
static unsigned next_number[THREADS];
static unsigned n_seen;

static void setup(void)
{
	ck_assert_int_eq(loop_new(&l), ERR_NONE);
}

static void teardown(void)
{
	loop_free(&l);
}

static void see(struct post *p)
{
	struct numbered *n = CONTAINER_OF(p, struct numbered, post);

	ck_assert_uint_eq(n->number, next_number[n->thread]);
	next_number[n->thread]++;
	n_seen++;
}

static void *post_all(void *arg)
{
	const unsigned me = *(const unsigned *)arg;

	for (unsigned i = 0; i < POSTS; i++) {
		posts[me][i] = (struct numbered){ { NULL, see }, me, i };
		loop_post(l, &posts[me][i].post);
	}
	return NULL;
}

START_TEST(no_post_is_lost_or_comes_out_of_order)
{
	pthread_t threads[THREADS];
	unsigned ids[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		ids[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post_all, &ids[i]), 0);
	}
	while (n_seen < THREADS * POSTS)
		loop_turn(l, -1);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}
END_TEST

/* Ping and pong between two loops: every single hop needs its wake. */

static struct loop *there;
static unsigned hops;

static void hop(struct post *p)
{
	hops++;
	if (hops == 4001) { /* arrived on the other side */
		loop_stop(there);
		loop_stop(l);
		return;
	}
	loop_post(hops % 2 == 0 ? there : l, p);
}

static void *run_there(void *arg)
{
	ck_assert_ptr_null(arg);
	loop_run(there);
	return NULL;
}

START_TEST(two_loops_wake_each_other_every_time)
{
	struct post ball = { NULL, hop };
	pthread_t t;

	ck_assert_int_eq(loop_new(&there), ERR_NONE);
	ck_assert_int_eq(pthread_create(&t, NULL, run_there, NULL), 0);
	loop_post(there, &ball);
	loop_run(l);
	pthread_join(t, NULL);
	ck_assert_uint_eq(hops, 4001);
	loop_free(&there);
}
END_TEST

static void *stop_it(void *arg)
{
	ck_assert_ptr_null(arg);
	loop_stop(l);
	return NULL;
}

START_TEST(stop_from_another_thread_ends_the_run)
{
	for (int i = 0; i < 50; i++) {
		pthread_t t;

		ck_assert_int_eq(pthread_create(&t, NULL, stop_it, NULL), 0);
		loop_run(l);
		pthread_join(t, NULL);
	}
}
END_TEST

static void count_post(struct post *p)
{
	ck_assert_ptr_nonnull(p);
	n_seen++;
}

START_TEST(freeing_the_loop_calls_what_was_posted)
{
	struct post p = { NULL, count_post };
	struct loop *other;

	ck_assert_int_eq(loop_new(&other), ERR_NONE);
	loop_post(other, &p);
	loop_free(&other);
	ck_assert_uint_eq(n_seen, 1);
}
END_TEST

Suite *suite_posts(void);
Suite *suite_posts(void)
{
	Suite *s = suite_create("posts");
	TCase *t = tcase_create("posts");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, no_post_is_lost_or_comes_out_of_order);
	tcase_add_test(t, two_loops_wake_each_other_every_time);
	tcase_add_test(t, stop_from_another_thread_ends_the_run);
	tcase_add_test(t, freeing_the_loop_calls_what_was_posted);
	suite_add_tcase(s, t);
	return s;
}
