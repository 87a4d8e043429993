/*
 * The index: what it finds after any sequence of calls is what a plain table would find.
 */
#include "tests/unit/unit.h"

#include <pthread.h>

#include "base/budget.h"
#include "base/counters.h"
#include "cache/index.h"
#include "tests/unit/random.h"

static struct index_entry entry(uint32_t segment, uint32_t offset)
{
	return (struct index_entry){ .segment = segment,
		                     .offset = offset,
		                     .bytes = 1 + offset % 9 };
}

static struct cache_index *index_of(unsigned shards)
{
	struct cache_index *x = NULL;

	ck_assert_int_eq(cache_index_new(&x, shards), ERR_NONE);
	return x;
}

static void put(struct cache_index *x, struct cache_key k, struct index_entry e)
{
	ck_assert_int_eq(cache_index_put(x, k, &e, NULL, NULL), ERR_NONE);
}

static void assert_same(struct index_entry got, struct index_entry want)
{
	ck_assert_uint_eq(got.segment, want.segment);
	ck_assert_uint_eq(got.offset, want.offset);
	ck_assert_uint_eq(got.bytes, want.bytes);
	ck_assert_uint_eq(got.uses, want.uses);
	ck_assert_uint_eq(got.flags, want.flags);
}

static const struct cache_key k1 = { 1, 7 }, k2 = { 2, 7 };

/* Wherever it is. True: it was somewhere. */
static bool drop(struct cache_index *x, struct cache_key k)
{
	struct index_entry e;

	return cache_index_find(x, k, false, &e) && cache_index_remove(x, k, e.segment, e.offset);
}

START_TEST(an_entry_comes_back_as_it_was_put)
{
	struct cache_index *x = index_of(4);
	const struct index_entry e = { .segment = UINT32_MAX,
		                       .offset = UINT32_MAX - 1,
		                       .bytes = INDEX_BYTES_MAX,
		                       .uses = 2,
		                       .flags = INDEX_IS_OLD };
	struct index_entry got;

	ck_assert(!cache_index_find(x, k1, true, &got));
	put(x, k1, e);
	ck_assert(cache_index_find(x, k1, false, &got));
	assert_same(got, e);
	ck_assert(!cache_index_find(x, k2, false, &got));
	ck_assert_uint_eq(cache_index_count(x), 1);
	cache_index_free(&x);
	ck_assert_ptr_null(x);
}
END_TEST

START_TEST(uses_are_counted_up_to_three_and_survive_a_replacement)
{
	struct cache_index *x = index_of(1);
	struct index_entry got, old, next = entry(2, 20);
	bool replaced = false;

	put(x, k1, entry(1, 10));
	for (unsigned i = 0; i < 5; i++) {
		ck_assert(cache_index_find(x, k1, true, &got));
		ck_assert_uint_eq(got.uses, MIN(i, INDEX_USES_MAX));
	}
	ck_assert_int_eq(cache_index_put(x, k1, &next, &replaced, &old), ERR_NONE);
	ck_assert(replaced);
	ck_assert_uint_eq(old.segment, 1);
	ck_assert_uint_eq(old.uses, 3);
	ck_assert(cache_index_find(x, k1, false, &got));
	ck_assert_uint_eq(got.segment, 2);
	ck_assert_uint_eq(got.uses, 3);
	ck_assert_uint_eq(cache_index_count(x), 1);
	cache_index_free(&x);
}
END_TEST

START_TEST(only_what_is_still_there_is_removed_or_moved)
{
	struct cache_index *x = index_of(1);
	struct index_entry got, from = entry(1, 10), to = entry(9, 90);

	put(x, k1, from);
	ck_assert(!cache_index_remove(x, k1, 1, 11));
	ck_assert(!cache_index_remove(x, k1, 2, 10));
	ck_assert(!cache_index_remove(x, k2, 1, 10));
	to.uses = 1;
	ck_assert(cache_index_move(x, k1, &from, &to));
	ck_assert(!cache_index_move(x, k1, &from, &to));
	ck_assert(!cache_index_remove(x, k1, 1, 10));
	ck_assert(cache_index_find(x, k1, false, &got));
	assert_same(got, to);
	ck_assert(cache_index_remove(x, k1, 9, 90));
	ck_assert(!cache_index_find(x, k1, false, &got));
	put(x, k1, from);
	ck_assert(drop(x, k1));
	ck_assert(!drop(x, k1));
	cache_index_free(&x);
}
END_TEST

START_TEST(a_record_that_is_empty_or_too_long_is_refused)
{
	struct cache_index *x = index_of(1);
	struct index_load load = { .key = k1 };
	struct index_entry e = { .segment = 1 }, got;

	ck_assert_int_eq(cache_index_put(x, k1, &e, NULL, NULL), ERR_LIMIT);
	e.bytes = INDEX_BYTES_MAX + 1;
	ck_assert_int_eq(cache_index_put(x, k1, &e, NULL, NULL), ERR_LIMIT);
	load.entry = e;
	ck_assert_uint_eq(cache_index_load(x, &load, 1), 1);
	ck_assert(!load.is_entered);
	ck_assert(!cache_index_find(x, k1, false, &got));
	cache_index_free(&x);
}
END_TEST

/* 64 bits of the key are kept, and those that choose the shard. */
START_TEST(keys_that_agree_in_part_are_told_apart)
{
	static const struct cache_key keys[] = {
		{ 0x1234567800000001, 0 },
		{ 0x1234567800000002, 0 },
		{ 0x1234567900000001, 0 },
		{ 0x1234567800000001, 1 },
		{ 0, 0 },
		{ UINT64_MAX, 0 },
		{ UINT64_MAX - 1, 0 },
		{ UINT64_MAX, 1 },
	};
	struct cache_index *x = index_of(2);
	struct index_entry got;

	for (uint32_t i = 0; i < ARRAY_LEN(keys); i++)
		put(x, keys[i], entry(i, i));
	for (uint32_t i = 0; i < ARRAY_LEN(keys); i++) {
		ck_assert(cache_index_find(x, keys[i], false, &got));
		ck_assert_uint_eq(got.segment, i);
	}
	ck_assert_uint_eq(cache_index_count(x), ARRAY_LEN(keys));
	/* Whoever reads the head finds out that it is another's. */
	ck_assert(cache_index_find(x, (struct cache_key){ UINT64_MAX, 2 }, false, &got));
	ck_assert_uint_eq(got.segment, 5);
	cache_index_free(&x);
}
END_TEST

START_TEST(loading_keeps_what_is_there_and_the_first_of_two)
{
	struct cache_index *x = index_of(8);
	struct index_load items[] = { { .key = { 1, 1 }, .entry = entry(5, 1) },
		                      { .key = { 2, 2 }, .entry = entry(5, 2) },
		                      { .key = { 2, 2 }, .entry = entry(5, 3) } };
	struct index_entry got;

	put(x, (struct cache_key){ 1, 1 }, entry(6, 1));
	ck_assert_uint_eq(cache_index_load(x, items, ARRAY_LEN(items)), 0);
	ck_assert(!items[0].is_entered);
	ck_assert(items[1].is_entered);
	ck_assert(!items[2].is_entered);
	ck_assert(cache_index_find(x, (struct cache_key){ 1, 1 }, false, &got));
	ck_assert_uint_eq(got.segment, 6);
	ck_assert(cache_index_find(x, (struct cache_key){ 2, 2 }, false, &got));
	ck_assert_uint_eq(got.offset, 2);
	cache_index_free(&x);
}
END_TEST

START_TEST(a_hundred_thousand_cost_at_most_32_bytes_each_and_give_them_back)
{
	enum { N = 100000, PIECE = 7000 };
	struct cache_index *x = index_of(16);
	struct index_load *items = check_calloc(PIECE, sizeof(*items));
	struct random r = random_seeded(1);
	const uint64_t empty = cache_index_memory(x);
	struct index_entry got;

	for (uint32_t done = 0; done < N; done += PIECE) {
		for (uint32_t i = 0; i < PIECE; i++)
			items[i] = (struct index_load){
				.key = { (uint64_t)random_below(&r, UINT32_MAX) << 32 | (done + i),
				         random_below(&r, 1u << 30) },
				.entry = entry((done + i) % 10, done + i)
			};
		ck_assert_uint_eq(cache_index_load(x, items, PIECE), 0);
		for (uint32_t i = 0; i < PIECE; i++)
			ck_assert(cache_index_find(x, items[i].key, false, &got));
	}
	ck_assert_uint_le(cache_index_memory(x) - empty, 32 * cache_index_count(x));
	static const uint32_t most[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	const uint64_t before = cache_index_count(x);

	ck_assert_uint_eq(cache_index_drop_segments(x, most, ARRAY_LEN(most)), before / 10 * 9);
	ck_assert_uint_eq(cache_index_count(x), before / 10);
	ck_assert_uint_le(cache_index_memory(x) - empty, 40 * cache_index_count(x));
	free(items);
	cache_index_free(&x);
}
END_TEST

static struct cache_key spread_key(uint32_t i)
{
	return (struct cache_key){ i * 0x9e3779b97f4a7c15ULL, 0 };
}

START_TEST(memory_limit_refuses_what_is_new_and_keeps_what_is_there)
{
	struct cache_index *x = index_of(1);
	struct index_entry e = entry(1, 1), got;
	enum err err = ERR_NONE;
	uint32_t n = 0;

	budget_init(1 << 20);
	while (err == ERR_NONE && n < 1000000)
		err = cache_index_put(x, spread_key(n++), &e, NULL, NULL);
	ck_assert_int_eq(err, ERR_LIMIT);
	ck_assert_uint_ge(cache_index_count(x), 10000);
	ck_assert_uint_eq(cache_index_count(x), n - 1);
	for (uint32_t i = 0; i < n - 1; i++)
		ck_assert(cache_index_find(x, spread_key(i), false, &got));
	budget_init(0);
	put(x, spread_key(n), e);
	cache_index_free(&x);
	ck_assert_uint_eq(budget_used(BUDGET_INDEX), 0);
}
END_TEST

/* --- beside a plain table --------------------------------------------------------------------- */

enum { KEYS = 700 };

struct model {
	struct cache_key keys[KEYS];
	struct index_entry entries[KEYS]; /* bytes is 0: not there */
	uint32_t n;
};

/* How a run's tags lie: anywhere, in heaps, all around the end of the table. */
static uint64_t tag_of(struct random *r, int how, uint32_t i)
{
	switch (how % 4) {
	case 0:
		return (uint64_t)random_below(r, UINT32_MAX) << 32 | i;
	case 1:
		return (uint64_t)random_below(r, 5) << 61 | i;
	case 2:
		return UINT64_MAX - i;
	default:
		return random_below(r, 2) != 0 ? UINT64_MAX - ((uint64_t)i << 32)
		                               : (uint64_t)i << 24;
	}
}

static void model_put(struct model *m, struct cache_index *x, uint32_t i, struct random *r)
{
	struct index_entry e = entry(random_below(r, 20), random_below(r, 1000)), old;
	bool replaced;

	e.uses = (uint8_t)random_below(r, 4);
	ck_assert_int_eq(cache_index_put(x, m->keys[i], &e, &replaced, &old), ERR_NONE);
	ck_assert_int_eq(replaced, m->entries[i].bytes != 0);
	if (replaced)
		assert_same(old, m->entries[i]);
	e.uses = MAX(e.uses, m->entries[i].uses);
	m->n += !replaced;
	m->entries[i] = e;
}

static void model_forget(struct model *m, uint32_t i)
{
	m->n -= m->entries[i].bytes != 0;
	m->entries[i] = (struct index_entry){ .bytes = 0 };
}

static void model_load(struct model *m, struct cache_index *x, struct random *r)
{
	struct index_load items[40];
	uint32_t which[ARRAY_LEN(items)];

	for (size_t j = 0; j < ARRAY_LEN(items); j++) {
		which[j] = random_below(r, KEYS);
		items[j] = (struct index_load){ .key = m->keys[which[j]],
			                        .entry = entry(random_below(r, 20),
			                                       random_below(r, 1000)) };
	}
	ck_assert_uint_eq(cache_index_load(x, items, ARRAY_LEN(items)), 0);
	for (size_t j = 0; j < ARRAY_LEN(items); j++) {
		ck_assert_int_eq(items[j].is_entered, m->entries[which[j]].bytes == 0);
		if (items[j].is_entered) {
			m->entries[which[j]] = items[j].entry;
			m->n++;
		}
	}
}

static void model_drop_segments(struct model *m, struct cache_index *x, struct random *r)
{
	const uint32_t a = random_below(r, 10), segments[] = { a, a + 3, a + 10 };
	uint64_t n = 0;

	for (uint32_t i = 0; i < KEYS; i++) {
		const uint32_t segment = m->entries[i].segment;

		if (m->entries[i].bytes == 0 ||
		    (segment != a && segment != a + 3 && segment != a + 10))
			continue;
		model_forget(m, i);
		n++;
	}
	ck_assert_uint_eq(cache_index_drop_segments(x, segments, ARRAY_LEN(segments)), n);
}

static void model_remove(struct model *m, struct cache_index *x, uint32_t i, struct random *r)
{
	const struct index_entry e = m->entries[i];
	const uint32_t wrong = random_below(r, 2);
	const bool there = e.bytes != 0 && wrong == 0;

	ck_assert_int_eq(cache_index_remove(x, m->keys[i], e.segment + wrong, e.offset), there);
	if (there)
		model_forget(m, i);
}

static void model_move(struct model *m, struct cache_index *x, uint32_t i, struct random *r)
{
	const struct index_entry to = entry(random_below(r, 20), random_below(r, 1000));
	const bool there = m->entries[i].bytes != 0;

	ck_assert_int_eq(cache_index_move(x, m->keys[i], &m->entries[i], &to), there);
	if (there)
		m->entries[i] = to;
}

static void model_find(struct model *m, struct cache_index *x, uint32_t i, bool use)
{
	struct index_entry got;

	ck_assert_int_eq(cache_index_find(x, m->keys[i], use, &got), m->entries[i].bytes != 0);
	if (m->entries[i].bytes == 0)
		return;
	assert_same(got, m->entries[i]);
	if (use && m->entries[i].uses < INDEX_USES_MAX)
		m->entries[i].uses++;
}

static void model_step(struct model *m, struct cache_index *x, struct random *r, bool fills)
{
	const uint32_t i = random_below(r, KEYS);

	switch (random_below(r, 100)) {
	case 0:
		model_drop_segments(m, x, r);
		break;
	case 1 ... 2:
		model_load(m, x, r);
		break;
	case 3 ... 9:
		model_move(m, x, i, r);
		break;
	case 10 ... 29:
		model_find(m, x, i, true);
		break;
	case 30 ... 39:
		model_remove(m, x, i, r);
		break;
	default:
		if (fills) {
			model_put(m, x, i, r);
			break;
		}
		ck_assert_int_eq(drop(x, m->keys[i]), m->entries[i].bytes != 0);
		model_forget(m, i);
	}
}

START_TEST(any_sequence_of_calls_does_as_a_plain_table_would)
{
	static struct model m;
	const unsigned n = random_test_count(8000);
	struct random r = random_seeded((uint64_t)_i);
	struct cache_index *x = index_of(1u << (_i / 4));

	memset(&m, 0, sizeof(m));
	for (uint32_t i = 0; i < KEYS; i++)
		m.keys[i] = (struct cache_key){ tag_of(&r, _i, i), random_below(&r, 1000) };
	for (unsigned step = 0; step < n; step++) {
		model_step(&m, x, &r, step / 1000 % 2 == 0);
		if (step % 400 != 0)
			continue;
		ck_assert_uint_eq(cache_index_count(x), m.n);
		for (uint32_t i = 0; i < KEYS; i++)
			model_find(&m, x, i, false);
	}
	cache_index_free(&x);
}
END_TEST

/* --- threads ---------------------------------------------------------------------------------- */

struct thread {
	pthread_t id;
	struct cache_index *x;
	uint32_t number;
	uint64_t n_left;
};

/* Keys of its own, which must be as it left them, and some that all fight for. */
static void *work(void *arg)
{
	struct thread *t = arg;
	struct random r = random_seeded(t->number);
	struct index_entry got;

	for (uint32_t i = 0; i < 20000; i++) {
		const struct cache_key own = { (4 * i + t->number) * 0x9e3779b97f4a7c15ULL, i };
		const struct cache_key shared = { (uint64_t)random_below(&r, 50) << 50 | 99, 3 };
		const struct index_entry e = entry(t->number, i);

		CHECK(cache_index_put(t->x, own, &e, NULL, NULL) == ERR_NONE);
		CHECK(cache_index_put(t->x, shared, &e, NULL, NULL) == ERR_NONE);
		if (cache_index_find(t->x, shared, true, &got))
			CHECK(got.bytes == 1 + got.offset % 9);
		CHECK(cache_index_find(t->x, own, true, &got) && got.offset == i);
		if (random_below(&r, 3) == 0)
			CHECK(cache_index_remove(t->x, own, t->number, i));
		else
			t->n_left++;
		(void)drop(t->x, shared);
	}
	return NULL;
}

START_TEST(threads_do_not_lose_each_others_entries)
{
	struct thread threads[4];
	struct cache_index *x = index_of(4);
	uint64_t n = 0;

	for (uint32_t i = 0; i < ARRAY_LEN(threads); i++) {
		threads[i] = (struct thread){ .x = x, .number = i };
		ck_assert_int_eq(pthread_create(&threads[i].id, NULL, work, &threads[i]), 0);
	}
	for (uint32_t i = 0; i < ARRAY_LEN(threads); i++) {
		pthread_join(threads[i].id, NULL);
		n += threads[i].n_left;
	}
	for (uint64_t i = 0; i < 50; i++)
		(void)drop(x, (struct cache_key){ i << 50 | 99, 3 });
	ck_assert_uint_eq(cache_index_count(x), n);
	cache_index_free(&x);
}
END_TEST

Suite *suite_index(void);
Suite *suite_index(void)
{
	Suite *s = suite_create("cache/index");
	TCase *tc = tcase_create("index");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_entry_comes_back_as_it_was_put);
	tcase_add_test(tc, uses_are_counted_up_to_three_and_survive_a_replacement);
	tcase_add_test(tc, only_what_is_still_there_is_removed_or_moved);
	tcase_add_test(tc, a_record_that_is_empty_or_too_long_is_refused);
	tcase_add_test(tc, keys_that_agree_in_part_are_told_apart);
	tcase_add_test(tc, loading_keeps_what_is_there_and_the_first_of_two);
	tcase_add_test(tc, a_hundred_thousand_cost_at_most_32_bytes_each_and_give_them_back);
	tcase_add_test(tc, memory_limit_refuses_what_is_new_and_keeps_what_is_there);
	tcase_add_loop_test(tc, any_sequence_of_calls_does_as_a_plain_table_would, 0, 12);
	tcase_add_test(tc, threads_do_not_lose_each_others_entries);
	suite_add_tcase(s, tc);
	return s;
}
