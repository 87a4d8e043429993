/*
 * Idle connections: which one is handed out, and what ends one.
 */
#include "tests/unit/net/net_fixture.h"

#include "net/upstream_pool.h"

#include <unistd.h>

#define N 8
static struct loop *l;
static struct upstream_pool *pool;
static struct stream *s[N];
static int other[N];

static void setup(void)
{
	l = fixture_loop();
	pool = upstream_pool_new(l, 4);
	for (int i = 0; i < N; i++)
		s[i] = fixture_pair(l, &other[i]);
}

static void teardown(void)
{
	upstream_pool_free(&pool);
	for (int i = 0; i < N; i++) {
		stream_close(&s[i], false);
		close(other[i]);
	}
	loop_free(&l);
}

/* Give the i-th; the pointer that is left tells later which one came back. */
static struct stream *give(int i, struct span k)
{
	struct stream *was = s[i];

	upstream_pool_give(pool, k, &s[i], 1000 + i);
	ck_assert_ptr_null(s[i]);
	return was;
}

static struct stream *take(struct span k)
{
	int64_t opened;

	return upstream_pool_take(pool, k, &opened);
}

START_TEST(the_last_given_under_the_key_is_taken)
{
	struct stream *a = give(0, SPAN("a")), *b = give(1, SPAN("b")), *c = give(2, SPAN("a"));
	int64_t opened = 0;

	ck_assert_uint_eq(upstream_pool_count(pool), 3);
	s[2] = upstream_pool_take(pool, SPAN("a"), &opened);
	ck_assert_ptr_eq(s[2], c);
	ck_assert_int_eq(opened, 1002);
	ck_assert_ptr_null(c->owner);
	s[0] = take(SPAN("a"));
	ck_assert_ptr_eq(s[0], a);
	ck_assert_ptr_null(take(SPAN("a")));
	s[1] = take(SPAN("b"));
	ck_assert_ptr_eq(s[1], b);
	ck_assert_uint_eq(upstream_pool_count(pool), 0);
}
END_TEST

START_TEST(a_fin_removes_it)
{
	give(0, SPAN("a"));
	close(other[0]);
	other[0] = -1;
	TURN_UNTIL(l, upstream_pool_count(pool) == 0);
}
END_TEST

START_TEST(unasked_data_removes_it)
{
	give(0, SPAN("a"));
	fixture_send(other[0], "x", 1);
	TURN_UNTIL(l, upstream_pool_count(pool) == 0);
	ck_assert_ptr_null(take(SPAN("a")));
}
END_TEST

START_TEST(one_with_data_waiting_is_not_taken_in)
{
	fixture_send(other[0], "x", 1);
	TURN_UNTIL(l, stream_is_readable(s[0]));
	give(0, SPAN("a"));
	ck_assert_uint_eq(upstream_pool_count(pool), 0);
}
END_TEST

START_TEST(a_late_event_about_bytes_already_read_does_no_harm)
{
	char byte;
	size_t n;

	/* The kernel has announced it; it was read before the event is delivered. */
	fixture_send(other[0], "x", 1);
	s[0]->ready |= EV_READ;
	while (stream_read(s[0], &byte, 1, &n) != IO_OK)
		s[0]->ready |= EV_READ;
	struct stream *a = give(0, SPAN("a"));

	loop_turn(l, 0);
	loop_turn(l, 0);
	ck_assert_uint_eq(upstream_pool_count(pool), 1);
	s[0] = take(SPAN("a"));
	ck_assert_ptr_eq(s[0], a);
}
END_TEST

START_TEST(a_full_pool_drops_the_oldest)
{
	for (int i = 0; i < 5; i++)
		give(i, i == 0 ? SPAN("old") : SPAN("new"));
	ck_assert_uint_eq(upstream_pool_count(pool), 4);
	ck_assert_ptr_null(take(SPAN("old")));
	upstream_pool_shrink(pool, 1);
	ck_assert_uint_eq(upstream_pool_count(pool), 1);
	s[0] = take(SPAN("new"));
	ck_assert_ptr_nonnull(s[0]);
}
END_TEST

START_TEST(idle_ones_end_in_time)
{
	upstream_pool_set_limits(pool, 20, 0);
	give(0, SPAN("a"));
	give(1, SPAN("b"));
	TURN_UNTIL(l, upstream_pool_count(pool) == 0);
	ck_assert_int_eq(fixture_read_end(other[0]), 0);
}
END_TEST

START_TEST(old_ones_end_though_they_are_used)
{
	upstream_pool_set_limits(pool, 0, 20);
	upstream_pool_give(pool, SPAN("a"), &s[0], loop_now_ms(l));
	upstream_pool_give(pool, SPAN("a"), &s[1], loop_now_ms(l) - 20);
	ck_assert_uint_eq(upstream_pool_count(pool), 1);
	TURN_UNTIL(l, upstream_pool_count(pool) == 0);
}
END_TEST

START_TEST(freeing_closes_all)
{
	give(0, SPAN("a"));
	upstream_pool_free(&pool);
	ck_assert_int_eq(fixture_read_end(other[0]), 0);
}
END_TEST

START_TEST(many_keys_are_told_apart)
{
	char text[2][300];

	memset(text, 'k', sizeof(text));
	text[1][299] = 'l';
	struct stream *a = give(0, span_of(text[0], 300)), *b = give(1, span_of(text[1], 300));

	s[0] = take(span_of(text[0], 300));
	s[1] = take(span_of(text[1], 300));
	ck_assert_ptr_eq(s[0], a);
	ck_assert_ptr_eq(s[1], b);
	ck_assert_ptr_null(take(span_of(text[0], 299)));
}
END_TEST

Suite *suite_upstream_pool(void);
Suite *suite_upstream_pool(void)
{
	Suite *suite = suite_create("upstream_pool");
	TCase *t = tcase_create("upstream_pool");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_last_given_under_the_key_is_taken);
	tcase_add_test(t, a_fin_removes_it);
	tcase_add_test(t, unasked_data_removes_it);
	tcase_add_test(t, one_with_data_waiting_is_not_taken_in);
	tcase_add_test(t, a_late_event_about_bytes_already_read_does_no_harm);
	tcase_add_test(t, a_full_pool_drops_the_oldest);
	tcase_add_test(t, idle_ones_end_in_time);
	tcase_add_test(t, old_ones_end_though_they_are_used);
	tcase_add_test(t, freeing_closes_all);
	tcase_add_test(t, many_keys_are_told_apart);
	suite_add_tcase(suite, t);
	return suite;
}
