/*
 * One object: its states, its writer and its readers, as seen from one thread.
 */
#include "tests/unit/unit.h"

#include "base/budget.h"
#include "cache/cobj.h"
#include "tests/unit/cache/cache_world.h"

static unsigned n_woken;
static struct task news;

static void on_news(struct task *t)
{
	(void)t;
	n_woken++;
}

static void setup(void)
{
	world_defaults();
	world_open();
	n_woken = 0;
	task_init(&news, on_news);
}

static void teardown(void)
{
	world_close();
}

/* An object that is under way with a head. */
static struct cobj *filling(uint64_t length)
{
	struct store_lookup q;

	ck_assert_int_eq(world_lookup(&q, "http://a.test/", ""), STORE_LEADS);
	ck_assert_int_eq(world_take_in(q.cobj, "", "A: b\r\n", length), ERR_NONE);
	return q.cobj;
}

static size_t append(struct cobj *c, uint64_t at, size_t n)
{
	char *const bytes = check_malloc(n);

	world_bytes(1, at, bytes, n);
	const size_t taken = cobj_append(c, span_of(bytes, n));

	free(bytes);
	return taken;
}

static const struct body_case {
	const char *name;
	size_t n, piece;
	bool is_known;
} body_cases[] = {
	{ "an empty body", 0, 1, true },
	{ "one byte", 1, 1, true },
	{ "a small body of known length", 5000, 1460, true },
	{ "a small body of unknown length", 5000, 1460, false },
	{ "just below a file in memory", 65536, 16384, true },
	{ "just above a file in memory", 65537, 16384, true },
	{ "a large one of known length", 500000, 16384, true },
	{ "a large one of unknown length", 500000, 16384, false },
	{ "a large one in pieces of odd length", 300001, 997, false },
};

START_TEST(a_reader_follows_the_writer_and_later_ones_find_the_same)
{
	const struct body_case *const t = &body_cases[_i];
	struct cobj *c = filling(t->is_known ? t->n : COBJ_LENGTH_UNKNOWN);
	struct cobj_reader first = { 0 }, second = { 0 };
	struct cobj_piece p;
	uint64_t read = 0;

	cobj_reader_init(&first, c, world_loop, &news);
	ck_assert_uint_eq(cobj_readers(c), 1);
	for (size_t at = 0; at < t->n; at += t->piece) {
		const size_t n = MIN(t->piece, t->n - at);

		ck_assert_uint_eq(append(c, at, n), n);
		read = world_read(&first, read, 1, &p);
		ck_assert_uint_eq(read, at + n);
		ck_assert_int_eq(p.kind, COBJ_PIECE_WAIT);
	}
	cobj_finish(c);
	ck_assert_int_eq(cobj_state(c), COBJ_COMPLETE);
	ck_assert_uint_eq(c->meta.body_bytes, t->n);
	ck_assert_uint_eq(world_read(&first, read, 1, &p), t->n);
	ck_assert_int_eq(p.kind, COBJ_PIECE_END);
	cobj_reader_fini(&first);
	cobj_reader_init(&second, c, world_loop, &news);
	ck_assert_ptr_null(second.waker);
	ck_assert_uint_eq(world_read(&second, 0, 1, &p), t->n);
	ck_assert_int_eq(p.kind, COBJ_PIECE_END);
	cobj_reader_fini(&second);
	cobj_unref(&c);
	ck_assert_int_eq(world_has("http://a.test/", ""), STORE_FOUND);
}
END_TEST

START_TEST(news_schedule_who_waits_and_nobody_else)
{
	struct cobj *c = filling(100);
	struct cobj_reader r;
	struct cobj_piece p;

	cobj_reader_init(&r, c, world_loop, &news);
	cobj_read(&r, 0, 100, &p);
	ck_assert_int_eq(p.kind, COBJ_PIECE_WAIT);
	append(c, 0, 10);
	append(c, 10, 10);
	loop_turn(world_loop, 0);
	ck_assert_uint_eq(n_woken, 1);
	append(c, 20, 10); /* has not looked since */
	loop_turn(world_loop, 0);
	ck_assert_uint_eq(n_woken, 1);
	cobj_fail(c, WHY_ORIGIN_CUT);
	loop_turn(world_loop, 0);
	ck_assert_uint_eq(n_woken, 2);
	ck_assert_uint_eq(world_read(&r, 0, 1, &p), 30);
	ck_assert_int_eq(p.kind, COBJ_PIECE_FAILED);
	ck_assert_int_eq(p.why, WHY_ORIGIN_CUT);
	cobj_reader_fini(&r);
	cobj_unref(&c);
	ck_assert_int_eq(world_has("http://a.test/", ""), STORE_NONE);
}
END_TEST

START_TEST(the_writer_is_told_when_the_last_reader_leaves)
{
	struct cobj *c = filling(100);
	struct cobj_reader a, b;

	cobj_set_writer(c, world_loop, &news);
	cobj_reader_init(&a, c, world_loop, NULL);
	cobj_reader_init(&b, c, world_loop, NULL);
	cobj_reader_fini(&a);
	loop_turn(world_loop, 0);
	ck_assert_uint_eq(n_woken, 0);
	cobj_reader_fini(&b);
	loop_turn(world_loop, 0);
	ck_assert_uint_eq(n_woken, 1);
	ck_assert_uint_eq(cobj_readers(c), 0);
	cobj_fail(c, WHY_CLIENT_GONE);
	cobj_unref(&c);
}
END_TEST

#define MEGABYTE ((uint64_t)1 << 20)

/* More than may stay in memory: it becomes one that is not kept. */
START_TEST(what_is_not_kept_waits_for_its_only_reader)
{
	struct cobj *c = filling(COBJ_LENGTH_UNKNOWN);
	struct cobj_reader r;
	struct cobj_piece p;
	uint64_t sent = 0, read = 0;
	size_t n;

	cobj_set_writer(c, world_loop, &news);
	cobj_reader_init(&r, c, world_loop, NULL);
	while ((n = append(c, sent, 50000)) == 50000)
		sent += n;
	sent += n;
	ck_assert_int_eq(world_has("http://a.test/", ""), STORE_NONE);
	/* What could have been kept, and then read_ahead_gap, but a block of 64 KB at least. */
	ck_assert_uint_le(sent, world_conf.max_object_in_memory_bytes + 2 * 65536);
	loop_turn(world_loop, 0);
	ck_assert_uint_eq(n_woken, 0);
	while (sent < 10 * MEGABYTE) {
		read = world_read(&r, read, 1, &p);
		ck_assert_uint_eq(read, sent);
		ck_assert_int_eq(p.kind, COBJ_PIECE_WAIT);
		loop_turn(world_loop, 0);
		n = append(c, sent, 700000);
		ck_assert_uint_gt(n, 0);
		sent += n;
	}
	ck_assert_uint_gt(n_woken, 0);
	read = world_read(&r, read, 1, &p);
	cobj_finish(c);
	ck_assert_uint_eq(world_read(&r, read, 1, &p), sent);
	ck_assert_int_eq(p.kind, COBJ_PIECE_END);
	cobj_reader_fini(&r);
	cobj_unref(&c);
	ck_assert_int_eq(world_has("http://a.test/", ""), STORE_NONE);
}
END_TEST

/* read_ahead_gap is how far it runs ahead of its reader. */
START_TEST(what_is_not_kept_runs_ahead_as_far_as_it_may)
{
	const uint64_t gap = MEGABYTE;

	world_close();
	world_conf.read_ahead_bytes = (int64_t)gap;
	world_open();
	struct cobj *c = filling(COBJ_LENGTH_UNKNOWN);
	struct cobj_reader r;
	uint64_t sent = 0;
	size_t n;

	cobj_reader_init(&r, c, world_loop, NULL);
	do
		sent += n = append(c, sent, 50000);
	while (n == 50000);
	ck_assert_uint_ge(sent, world_conf.max_object_in_memory_bytes + gap);
	ck_assert_uint_le(sent, world_conf.max_object_in_memory_bytes + gap + 65536);
	cobj_fail(c, WHY_ORIGIN_CUT);
	cobj_reader_fini(&r);
	cobj_unref(&c);
}
END_TEST

/*
 * Near memory_limit: who reads gets his bytes, a little at a time; who does not read holds next to
 * nothing, and must end where another one is faster.
 */
START_TEST(of_what_is_not_kept_a_reader_that_stalls_holds_little_where_memory_is_short)
{
	const size_t limit = 64 << 20;

	world_close();
	world_conf.read_ahead_bytes = INT64_MAX; /* whatever is wished for */
	world_open();
	struct cobj *c = filling(COBJ_LENGTH_UNKNOWN);
	struct cobj_reader fast, slow;
	struct cobj_piece p;
	uint64_t sent = 0, read = 0;
	size_t n;

	budget_init(limit);
	ck_assert(budget_take(BUDGET_FIXED, limit));
	cobj_reader_init(&slow, c, world_loop, NULL);
	do
		sent += n = append(c, sent, 50000);
	while (n == 50000);
	ck_assert_uint_le(sent, 3 * 65536);
	cobj_reader_init(&fast, c, world_loop, NULL);
	while (sent < 2 * MEGABYTE) {
		read = world_read(&fast, read, 1, &p);
		ck_assert_uint_eq(read, sent);
		n = append(c, sent, 50000);
		ck_assert_uint_gt(n, 0);
		sent += n;
	}
	cobj_read(&slow, 0, 1000, &p);
	ck_assert_int_eq(p.kind, COBJ_PIECE_FAILED);
	ck_assert_int_eq(p.why, WHY_CLIENT_STALLED);
	cobj_finish(c);
	cobj_reader_fini(&slow);
	cobj_reader_fini(&fast);
	cobj_unref(&c);
	budget_give(BUDGET_FIXED, limit);
	budget_init(0);
}
END_TEST

START_TEST(of_what_is_not_kept_a_slow_reader_misses_nothing_while_there_is_memory)
{
	struct cobj *c = filling(COBJ_LENGTH_UNKNOWN);
	struct cobj_reader fast, slow;
	struct cobj_piece p;
	uint64_t sent = 0, read = 0;

	cobj_reader_init(&fast, c, world_loop, NULL);
	cobj_reader_init(&slow, c, world_loop, &news);
	while (sent < 20 * MEGABYTE) {
		const size_t n = append(c, sent, 50000);

		ck_assert_uint_gt(n, 0);
		sent += n;
		read = world_read(&fast, read, 1, &p);
		ck_assert_uint_eq(read, sent);
	}
	cobj_finish(c);
	ck_assert_uint_eq(world_read(&slow, 0, 1, &p), sent);
	ck_assert_int_eq(p.kind, COBJ_PIECE_END);
	cobj_reader_fini(&slow);
	cobj_reader_fini(&fast);
	cobj_unref(&c);
}
END_TEST

START_TEST(of_what_is_not_kept_who_has_read_all_wakes_the_writer)
{
	struct cobj *c = filling(COBJ_LENGTH_UNKNOWN);
	struct cobj_reader fast, slow;
	struct cobj_piece p;
	uint64_t sent = 0, read = 0;
	size_t n;

	cobj_reader_init(&fast, c, world_loop, NULL);
	cobj_reader_init(&slow, c, world_loop, NULL);
	cobj_set_writer(c, world_loop, &news);
	do {
		n = append(c, sent, 50000);
		sent += n;
		if (sent < MEGABYTE + MEGABYTE / 4)
			read = world_read(&fast, read, 1, &p);
	} while (n == 50000);
	/* The slow one makes some room, not much, and then nothing. */
	cobj_read(&slow, 600000, 1, &p);
	loop_turn(world_loop, 0);
	n_woken = 0;
	cobj_read(&fast, sent, 1, &p);
	ck_assert_int_eq(p.kind, COBJ_PIECE_WAIT);
	loop_turn(world_loop, 0);
	ck_assert_uint_gt(n_woken, 0);
	ck_assert_uint_gt(append(c, sent, 100000), 0);
	cobj_fail(c, WHY_ORIGIN_CUT);
	cobj_reader_fini(&slow);
	cobj_reader_fini(&fast);
	cobj_unref(&c);
}
END_TEST

START_TEST(of_what_is_not_kept_a_reader_cache_mem_behind_is_cut)
{
	struct cobj *c = filling(COBJ_LENGTH_UNKNOWN);
	struct cobj_reader fast, slow;
	struct cobj_piece p;
	uint64_t sent = 0, read = 0;

	cobj_reader_init(&fast, c, world_loop, NULL);
	cobj_reader_init(&slow, c, world_loop, &news);
	while (sent < 70 * MEGABYTE) { /* and 64 are cache_mem */
		sent += append(c, sent, 500000);
		read = world_read(&fast, read, 1, &p);
		ck_assert_uint_eq(read, sent);
	}
	loop_turn(world_loop, 0);
	ck_assert_uint_gt(n_woken, 0);
	cobj_read(&slow, 0, 1000, &p);
	ck_assert_int_eq(p.kind, COBJ_PIECE_FAILED);
	ck_assert_int_eq(p.why, WHY_CLIENT_STALLED);
	cobj_finish(c);
	cobj_read(&slow, 0, 1000, &p);
	ck_assert_int_eq(p.kind, COBJ_PIECE_FAILED);
	cobj_reader_fini(&slow);
	cobj_reader_fini(&fast);
	cobj_unref(&c);
}
END_TEST

/* A range of what is still being fetched. */
START_TEST(of_what_is_not_kept_a_reader_that_waits_far_ahead_cuts_nobody)
{
	struct cobj *c = filling(COBJ_LENGTH_UNKNOWN);
	struct cobj_reader ahead, along;
	struct cobj_piece p;
	uint64_t sent = 0, read = 0;

	cobj_reader_init(&ahead, c, world_loop, NULL);
	cobj_reader_init(&along, c, world_loop, NULL);
	cobj_read(&ahead, 3 * MEGABYTE, 1000, &p);
	ck_assert_int_eq(p.kind, COBJ_PIECE_WAIT);
	while (sent < 3 * MEGABYTE + 1000) {
		const size_t n = append(c, sent, 50000);

		ck_assert_uint_gt(n, 0);
		sent += n;
		read = world_read(&along, read, 1, &p);
		ck_assert_int_eq(p.kind, COBJ_PIECE_WAIT);
		ck_assert_uint_eq(read, sent);
	}
	cobj_read(&ahead, 3 * MEGABYTE, 1000, &p);
	ck_assert_int_eq(p.kind, COBJ_PIECE_MEMORY);
	cobj_finish(c);
	cobj_reader_fini(&ahead);
	cobj_reader_fini(&along);
	cobj_unref(&c);
}
END_TEST

START_TEST(without_readers_what_is_not_kept_flows_away)
{
	struct cobj *c = filling(COBJ_LENGTH_UNKNOWN);

	for (uint64_t sent = 0; sent < 20 * MEGABYTE; sent += 100000)
		ck_assert_uint_eq(append(c, sent, 100000), 100000);
	cobj_finish(c);
	cobj_unref(&c);
}
END_TEST

START_TEST(readers_may_come_and_go_at_any_state)
{
	struct store_lookup q;
	struct cobj_reader r = { 0 }, late;
	struct cobj_piece p;

	cobj_reader_fini(&r); /* harmless */
	ck_assert_int_eq(world_lookup(&q, "http://a.test/", ""), STORE_LEADS);
	cobj_reader_init(&r, q.cobj, world_loop, &news);
	cobj_read(&r, 0, 10, &p);
	ck_assert_int_eq(p.kind, COBJ_PIECE_WAIT);
	cobj_release(q.cobj);
	loop_turn(world_loop, 0);
	ck_assert_uint_eq(n_woken, 1);
	ck_assert_int_eq(cobj_state(q.cobj), COBJ_RELEASED);
	cobj_reader_init(&late, q.cobj, world_loop, &news);
	cobj_read(&late, 0, 10, &p);
	ck_assert_int_eq(p.kind, COBJ_PIECE_FAILED);
	cobj_reader_fini(&late);
	cobj_reader_fini(&r);
	cobj_unref(&q.cobj);
}
END_TEST

Suite *suite_cobj(void);
Suite *suite_cobj(void)
{
	Suite *s = suite_create("cobj");
	TCase *tc = tcase_create("cobj");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_reader_follows_the_writer_and_later_ones_find_the_same, 0,
	                    ARRAY_LEN(body_cases));
	tcase_add_test(tc, news_schedule_who_waits_and_nobody_else);
	tcase_add_test(tc, the_writer_is_told_when_the_last_reader_leaves);
	tcase_add_test(tc, what_is_not_kept_waits_for_its_only_reader);
	tcase_add_test(tc, what_is_not_kept_runs_ahead_as_far_as_it_may);
	tcase_add_test(tc,
	               of_what_is_not_kept_a_reader_that_stalls_holds_little_where_memory_is_short);
	tcase_add_test(tc, of_what_is_not_kept_a_reader_that_waits_far_ahead_cuts_nobody);
	tcase_add_test(tc, of_what_is_not_kept_a_slow_reader_misses_nothing_while_there_is_memory);
	tcase_add_test(tc, of_what_is_not_kept_who_has_read_all_wakes_the_writer);
	tcase_add_test(tc, of_what_is_not_kept_a_reader_cache_mem_behind_is_cut);
	tcase_add_test(tc, without_readers_what_is_not_kept_flows_away);
	tcase_add_test(tc, readers_may_come_and_go_at_any_state);
	suite_add_tcase(s, tc);
	return s;
}
