/*
 * Replacement: who stays and who goes by the rules of doc/cache-replacement.md, and that nothing is
 * lost or counted wrongly whatever is called in whatever order.
 */
#include "tests/unit/unit.h"

#include <pthread.h>

#include "base/budget.h"
#include "cache/evict.h"
#include "tests/unit/random.h"

static struct cache_key key_of(uint64_t i)
{
	i += 0x9e3779b97f4a7c15ULL;
	i = (i ^ i >> 30) * 0xbf58476d1ce4e5b9ULL;
	i = (i ^ i >> 27) * 0x94d049bb133111ebULL;
	return (struct cache_key){ i ^ i >> 31, i };
}

/* --- objects in memory ------------------------------------------------------------------------ */

enum { NODES = 2000 };
static struct evict_node nodes[NODES];

static void admit(struct evict *e, uint32_t i)
{
	evict_admit(e, &nodes[i], key_of(i), 10);
}

/* A cache of 100 objects of 10 bytes each, full of what nobody has asked for again. */
static void fill(struct evict *e)
{
	evict_init(e, 1000);
	for (uint32_t i = 0; i < 100; i++)
		admit(e, i);
	ck_assert(!evict_is_full(e, 0));
	ck_assert(evict_is_full(e, 1));
}

static void empty(struct evict *e)
{
	while (evict_victim(e) != NULL)
		;
	evict_fini(e);
	ck_assert_uint_eq(budget_used(BUDGET_INDEX), 0);
}

START_TEST(what_nobody_asks_for_again_goes_first_in_first_out)
{
	struct evict e;

	fill(&e);
	for (uint32_t i = 0; i < 100; i++)
		ck_assert_ptr_eq(evict_victim(&e), &nodes[i]);
	ck_assert_ptr_null(evict_victim(&e));
	evict_fini(&e);
}
END_TEST

START_TEST(two_uses_lead_to_main_and_one_does_not)
{
	struct evict e;

	fill(&e);
	evict_use(&nodes[0]);
	evict_use(&nodes[1]);
	evict_use(&nodes[1]);
	ck_assert_ptr_eq(evict_victim(&e), &nodes[0]);
	ck_assert_ptr_eq(evict_victim(&e), &nodes[2]);
	ck_assert_uint_eq(e.objects[EVICT_MAIN], 1);
	ck_assert_uint_eq(e.bytes[EVICT_MAIN], 10);
	ck_assert_uint_eq(e.objects[EVICT_SMALL], 97);
	empty(&e);
}
END_TEST

START_TEST(one_use_is_enough_for_what_is_below_half_the_mean_size)
{
	struct evict e;

	evict_init(&e, 1000);
	evict_admit(&e, &nodes[0], key_of(0), 3);
	for (uint32_t i = 1; i < 100; i++)
		admit(&e, i);
	evict_use(&nodes[0]);
	ck_assert_ptr_eq(evict_victim(&e), &nodes[1]);
	ck_assert_uint_eq(e.bytes[EVICT_MAIN], 3);
	empty(&e);
}
END_TEST

START_TEST(who_comes_back_soon_enters_main)
{
	struct evict e;

	fill(&e);
	ck_assert_ptr_eq(evict_victim(&e), &nodes[0]);
	admit(&e, 0);
	ck_assert_uint_eq(e.objects[EVICT_MAIN], 1);
	/* That was forgotten: the next time it is new again. */
	evict_remove(&e, &nodes[0]);
	admit(&e, 0);
	ck_assert_uint_eq(e.objects[EVICT_MAIN], 0);
	empty(&e);
}
END_TEST

START_TEST(who_comes_back_late_is_new_again)
{
	struct evict e;

	fill(&e);
	ck_assert_ptr_eq(evict_victim(&e), &nodes[0]);
	for (uint32_t i = 100; i < NODES; i++) {
		admit(&e, i);
		ck_assert_ptr_nonnull(evict_victim(&e));
	}
	admit(&e, 0);
	ck_assert_uint_eq(e.objects[EVICT_MAIN], 0);
	empty(&e);
}
END_TEST

START_TEST(in_main_each_use_is_another_round)
{
	struct evict e;

	fill(&e);
	for (uint32_t i = 0; i < 100; i++) {
		evict_use(&nodes[i]);
		evict_use(&nodes[i]);
	}
	/*
	 * All move on until less than a tenth of the capacity is left, and the oldest of main goes.
	 */
	ck_assert_ptr_eq(evict_victim(&e), &nodes[0]);
	ck_assert_uint_eq(e.objects[EVICT_SMALL], 9);
	evict_use(&nodes[1]);
	evict_use(&nodes[3]);
	ck_assert_ptr_eq(evict_victim(&e), &nodes[2]);
	ck_assert_ptr_eq(evict_victim(&e), &nodes[4]);
	for (uint32_t i = 5; i < 91; i++)
		ck_assert_ptr_eq(evict_victim(&e), &nodes[i]);
	ck_assert_ptr_eq(evict_victim(&e), &nodes[1]);
	ck_assert_ptr_eq(evict_victim(&e), &nodes[3]);
	empty(&e);
}
END_TEST

START_TEST(a_scan_does_not_drive_out_what_is_in_use)
{
	struct evict e;
	struct evict_node *v;
	uint32_t kept = 0;

	fill(&e);
	for (uint32_t i = 0; i < 80; i++) {
		evict_use(&nodes[i]);
		evict_use(&nodes[i]);
	}
	for (uint32_t i = 100; i < NODES; i++) {
		while (evict_is_full(&e, 10)) {
			v = evict_victim(&e);
			v->bytes = 0;
		}
		admit(&e, i);
	}
	for (uint32_t i = 0; i < 80; i++)
		kept += nodes[i].bytes != 0;
	ck_assert_uint_eq(kept, 80);
	empty(&e);
}
END_TEST

/* The lock that the caller holds must not be held for a walk around all objects. */
START_TEST(a_call_looks_at_a_few_objects_where_all_are_in_use)
{
	struct evict e;
	uint32_t n_moved = 0;

	evict_init(&e, NODES * 10);
	for (uint32_t i = 0; i < NODES; i++) {
		admit(&e, i);
		for (unsigned use = 0; use < 5; use++)
			evict_use(&nodes[i]);
	}
	ck_assert_ptr_nonnull(evict_victim(&e));
	for (uint32_t i = 0; i < NODES; i++)
		n_moved += nodes[i].chain == EVICT_MAIN;
	ck_assert_uint_le(n_moved, 256);
	ck_assert_uint_eq(e.objects[EVICT_SMALL] + e.objects[EVICT_MAIN], NODES - 1);
	empty(&e);
}
END_TEST

static void *use_all(void *arg)
{
	(void)arg;
	for (unsigned round = 0; round < 200; round++)
		for (uint32_t i = 0; i < NODES; i++)
			evict_use(&nodes[i]);
	return NULL;
}

/* For the thread sanitizer: uses are counted while others come and go. */
START_TEST(other_threads_may_count_uses_meanwhile)
{
	pthread_t threads[2];
	struct evict e;

	for (uint32_t i = 0; i < NODES; i++)
		atomic_init(&nodes[i].uses, 0);
	evict_init(&e, NODES * 5);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_all, NULL), 0);
	for (uint32_t i = 0; i < NODES; i++) {
		admit(&e, i);
		if (evict_is_full(&e, 0))
			ck_assert_ptr_nonnull(evict_victim(&e));
	}
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(e.objects[EVICT_SMALL] + e.objects[EVICT_MAIN], NODES / 2);
	empty(&e);
}
END_TEST

static uint64_t chain_bytes(const struct list *chain, enum evict_chain which, uint64_t *n)
{
	uint64_t bytes = 0;

	*n = 0;
	list_for_each(it, chain) {
		const struct evict_node *node = CONTAINER_OF(it, struct evict_node, link);

		ck_assert_uint_eq(node->chain, which);
		bytes += node->bytes;
		++*n;
	}
	return bytes;
}

static void assert_accounts(const struct evict *e, uint64_t n_there)
{
	uint64_t n[EVICT_CHAINS];

	for (unsigned i = 0; i < EVICT_CHAINS; i++) {
		ck_assert_uint_eq(chain_bytes(&e->chains[i], i, &n[i]), e->bytes[i]);
		ck_assert_uint_eq(n[i], e->objects[i]);
	}
	ck_assert_uint_eq(n[EVICT_SMALL] + n[EVICT_MAIN], n_there);
}

static void random_step(struct evict *e, bool *there, struct random *r, uint64_t *n)
{
	const uint32_t i = random_below(r, NODES) & random_below(r, NODES);
	const uint64_t bytes = 1ULL << random_below(r, 20);
	struct evict_node *v;

	if (!there[i]) {
		evict_admit(e, &nodes[i], key_of(i), bytes);
		there[i] = true;
		++*n;
	} else if (random_below(r, 10) == 0) {
		evict_remove(e, &nodes[i]);
		there[i] = false;
		--*n;
	} else {
		evict_use(&nodes[i]);
	}
	if (random_below(r, 5000) == 0)
		evict_set_capacity(e, random_below(r, 1 << 24));
	while (evict_is_full(e, 0)) {
		v = evict_victim(e);
		ck_assert_ptr_nonnull(v);
		ck_assert(there[v - nodes]);
		there[v - nodes] = false;
		--*n;
	}
}

START_TEST(any_sequence_in_memory_keeps_the_accounts)
{
	static bool there[NODES];
	const unsigned steps = random_test_count(30000);
	struct random r = random_seeded((uint64_t)_i);
	struct evict e;
	uint64_t n = 0;

	memset(there, 0, sizeof(there));
	evict_init(&e, random_below(&r, 1 << 24));
	for (unsigned step = 0; step < steps; step++) {
		random_step(&e, there, &r, &n);
		if (step % 1000 == 0)
			assert_accounts(&e, n);
	}
	evict_set_capacity(&e, 0);
	empty(&e);
}
END_TEST

/* --- segments on a disk ----------------------------------------------------------------------- */

START_TEST(segments_of_small_go_first_while_it_has_a_tenth)
{
	struct evict_segment s[20];
	struct evict_disk e;

	evict_disk_init(&e, 1000);
	for (unsigned i = 0; i < 20; i++)
		evict_disk_add(&e, &s[i], i < 12 ? EVICT_SMALL : EVICT_MAIN, 50, 1);
	for (unsigned i = 0; i < 11; i++)
		ck_assert_ptr_eq(evict_disk_next(&e), &s[i]);
	ck_assert_ptr_eq(evict_disk_next(&e), &s[12]);
	evict_disk_remove(&e, &s[13]);
	for (unsigned i = 14; i < 20; i++)
		ck_assert_ptr_eq(evict_disk_next(&e), &s[i]);
	ck_assert_ptr_eq(evict_disk_next(&e), &s[11]);
	ck_assert_ptr_null(evict_disk_next(&e));
	evict_disk_fini(&e);
}
END_TEST

struct judged {
	const char *name;
	enum evict_chain chain;
	uint8_t uses;
	uint64_t bytes;
	bool is_fixed;
	bool keep;
	uint8_t uses_after;
};

/* Beside another object of 100 bytes that nobody used; there is an allowance of 700 bytes. */
static const struct judged judged[] = {
	{ "small, not used", EVICT_SMALL, 0, 100, false, false, 0 },
	{ "small, used once", EVICT_SMALL, 1, 100, false, false, 1 },
	{ "small, used once, little", EVICT_SMALL, 1, 30, false, true, 0 },
	{ "small, used twice", EVICT_SMALL, 2, 100, false, true, 0 },
	{ "small, used often, fixed", EVICT_SMALL, 3, 100, true, false, 3 },
	{ "small, used often, beyond the allowance", EVICT_SMALL, 3, 701, false, false, 3 },
	{ "main, not used", EVICT_MAIN, 0, 100, false, false, 0 },
	{ "main, used once", EVICT_MAIN, 1, 100, false, true, 0 },
	{ "main, used three times", EVICT_MAIN, 3, 100, false, true, 2 },
};

START_TEST(objects_of_a_segment_are_judged)
{
	const struct judged *c = &judged[_i];
	struct evict_object objects[] = {
		{ .key = key_of(1), .bytes = 100, .number = 1 },
		{ .key = key_of(2),
		  .bytes = c->bytes,
		  .number = 2,
		  .uses = c->uses,
		  .is_fixed = c->is_fixed },
	};
	struct evict_segment s = { .chain = (uint8_t)c->chain };
	struct evict_disk e;

	evict_disk_init(&e, 100000);
	ck_assert_int_eq(evict_disk_admit(&e, key_of(3), 1000), EVICT_SMALL);
	evict_disk_rank(&s, objects, 2);
	evict_disk_ration(&e, &s, objects, 2);
	for (unsigned i = 0; i < 2; i++) {
		if (objects[i].number != 2)
			continue;
		ck_assert_msg(objects[i].keep == c->keep, "%s", c->name);
		ck_assert_msg(objects[i].uses == c->uses_after, "%s", c->name);
	}
	/* Who left small, or would have been worth keeping, is remembered. */
	ck_assert_int_eq(evict_disk_admit(&e, key_of(1), 1),
	                 c->chain == EVICT_SMALL ? EVICT_MAIN : EVICT_SMALL);
	ck_assert_int_eq(evict_disk_admit(&e, key_of(2), 1),
	                 c->chain == EVICT_SMALL && !c->keep ? EVICT_MAIN : EVICT_SMALL);
	evict_disk_fini(&e);
}
END_TEST

START_TEST(a_short_allowance_goes_to_whom_it_helps_most)
{
	struct evict_object objects[] = {
		{ .key = key_of(1), .bytes = 300, .uses = 3, .number = 1 },
		{ .key = key_of(2), .bytes = 100, .uses = 3, .number = 2 },
		{ .key = key_of(3), .bytes = 200, .uses = 1, .number = 3 },
		{ .key = key_of(4), .bytes = 100, .uses = 2, .number = 4 },
	};
	struct evict_segment s = { .chain = EVICT_MAIN };
	struct evict_disk e;

	evict_disk_init(&e, 100000);
	ck_assert_int_eq(evict_disk_admit(&e, key_of(9), 650), EVICT_SMALL);
	evict_disk_rank(&s, objects, 4);
	evict_disk_ration(&e, &s, objects, 4);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(objects[i].keep, objects[i].number == 2 ||
		                                          objects[i].number == 4 ||
		                                          objects[i].number == 3);
	evict_disk_fini(&e);
}
END_TEST

/* A store in which all is used all the time and everything would be written again for ever. */
START_TEST(no_more_is_written_again_than_the_ration)
{
	enum { EACH = 50, SEGMENTS = 40 };
	struct evict_segment segments[SEGMENTS];
	struct evict_object objects[EACH];
	uint64_t admitted = 0, again = 0;
	struct evict_segment *s;
	struct evict_disk e;
	uint32_t next = 0;

	evict_disk_init(&e, SEGMENTS * EACH * 100);
	for (unsigned i = 0; i < SEGMENTS; i++)
		evict_disk_add(&e, &segments[i], i % 2 ? EVICT_SMALL : EVICT_MAIN, EACH * 100,
		               EACH);
	for (unsigned round = 0; round < 5000; round++) {
		for (unsigned i = 0; i < EACH; i++) {
			(void)evict_disk_admit(&e, key_of(next++), 100);
			admitted += 100;
		}
		s = evict_disk_next(&e);
		ck_assert_ptr_nonnull(s);
		for (unsigned i = 0; i < EACH; i++)
			objects[i] = (struct evict_object){ .key = key_of(next - i),
				                            .bytes = 100,
				                            .uses = 3 };
		evict_disk_rank(s, objects, EACH);
		for (unsigned i = 0; i < EACH; i += 20)
			evict_disk_ration(&e, s, objects + i, MIN(20u, EACH - i));
		for (unsigned i = 0; i < EACH; i++)
			again += objects[i].keep ? 100 : 0;
		evict_disk_add(&e, s, round % 2 ? EVICT_SMALL : EVICT_MAIN, EACH * 100, EACH);
	}
	ck_assert_uint_le(again, admitted / 100 * 70);
	ck_assert_uint_ge(again, admitted / 100 * 69);
	while (evict_disk_next(&e) != NULL)
		;
	ck_assert_uint_eq(e.bytes[EVICT_SMALL] + e.bytes[EVICT_MAIN], 0);
	ck_assert_uint_eq(e.objects[EVICT_SMALL] + e.objects[EVICT_MAIN], 0);
	evict_disk_fini(&e);
}
END_TEST

/* --- a disk under random calls ---------------------------------------------------------------- */

enum { DISK_SEGMENTS = 64, DISK_OBJECTS = 30 };

struct disk_model {
	struct evict_segment segments[DISK_SEGMENTS];
	bool is_in[DISK_SEGMENTS];
	uint64_t bytes[EVICT_CHAINS], objects[EVICT_CHAINS];
	uint64_t admitted, again;
};

static void disk_left(struct disk_model *m, const struct evict_segment *s)
{
	ck_assert(m->is_in[s - m->segments]);
	m->is_in[s - m->segments] = false;
	m->bytes[s->chain] -= s->bytes;
	m->objects[s->chain] -= s->objects;
}

static void disk_goes(struct evict_disk *e, struct disk_model *m, struct random *r)
{
	struct evict_object objects[DISK_OBJECTS];
	struct evict_segment *s = evict_disk_next(e);
	const uint32_t n = random_below(r, DISK_OBJECTS + 1);
	uint64_t seen = 0;

	if (s == NULL) {
		ck_assert_uint_eq(m->objects[EVICT_SMALL] + m->objects[EVICT_MAIN], 0);
		return;
	}
	disk_left(m, s);
	for (uint32_t i = 0; i < n; i++)
		objects[i] = (struct evict_object){ .key = key_of(random_below(r, 500)),
			                            .bytes = 1ULL << random_below(r, 20),
			                            .number = i,
			                            .uses = (uint8_t)random_below(r, 4),
			                            .is_fixed = random_below(r, 5) == 0 };
	evict_disk_rank(s, objects, n);
	for (uint32_t i = 0; i < n; i += 7)
		evict_disk_ration(e, s, objects + i, MIN(n - i, 7u));
	for (uint32_t i = 0; i < n; i++) {
		ck_assert(!objects[i].keep || !objects[i].is_fixed);
		ck_assert_uint_le(objects[i].uses, EVICT_USES_MAX);
		m->again += objects[i].keep ? objects[i].bytes : 0;
		seen |= 1ULL << objects[i].number;
	}
	ck_assert_uint_eq(seen, (1ULL << n) - 1);
}

static void disk_step(struct evict_disk *e, struct disk_model *m, struct random *r)
{
	const uint32_t i = random_below(r, DISK_SEGMENTS);
	const uint64_t bytes = random_below(r, 1 << 20);

	switch (random_below(r, 10)) {
	case 0:
		if (m->is_in[i]) {
			evict_disk_remove(e, &m->segments[i]);
			disk_left(m, &m->segments[i]);
		}
		break;
	case 1:
		evict_disk_set_capacity(e, random_below(r, 1 << 24));
		break;
	case 2 ... 4:
		disk_goes(e, m, r);
		break;
	case 5 ... 7:
		(void)evict_disk_admit(e, key_of(random_below(r, 500)), bytes);
		m->admitted += bytes;
		break;
	default:
		if (!m->is_in[i]) {
			const enum evict_chain chain = random_below(r, EVICT_CHAINS);

			m->is_in[i] = true;
			evict_disk_add(e, &m->segments[i], chain, bytes, i);
			m->bytes[chain] += bytes;
			m->objects[chain] += i;
		}
	}
}

START_TEST(any_sequence_on_a_disk_keeps_the_accounts)
{
	static struct disk_model m;
	const unsigned steps = random_test_count(30000);
	struct random r = random_seeded((uint64_t)_i);
	struct evict_disk e;

	memset(&m, 0, sizeof(m));
	evict_disk_init(&e, 1 << 24);
	for (unsigned step = 0; step < steps; step++) {
		disk_step(&e, &m, &r);
		ck_assert_mem_eq(m.bytes, e.bytes, sizeof(m.bytes));
		ck_assert_mem_eq(m.objects, e.objects, sizeof(m.objects));
		ck_assert_uint_le(m.again, m.admitted / 100 * 70 + 70);
	}
	while (m.objects[EVICT_SMALL] + m.objects[EVICT_MAIN] > 0)
		disk_goes(&e, &m, &r);
	while (evict_disk_next(&e) != NULL)
		; /* those that hold nothing */
	evict_disk_fini(&e);
	ck_assert_uint_eq(budget_used(BUDGET_INDEX), 0);
}
END_TEST

Suite *suite_evict(void);
Suite *suite_evict(void)
{
	Suite *s = suite_create("cache/evict");
	TCase *tc = tcase_create("evict");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_nobody_asks_for_again_goes_first_in_first_out);
	tcase_add_test(tc, two_uses_lead_to_main_and_one_does_not);
	tcase_add_test(tc, one_use_is_enough_for_what_is_below_half_the_mean_size);
	tcase_add_test(tc, who_comes_back_soon_enters_main);
	tcase_add_test(tc, who_comes_back_late_is_new_again);
	tcase_add_test(tc, in_main_each_use_is_another_round);
	tcase_add_test(tc, a_scan_does_not_drive_out_what_is_in_use);
	tcase_add_test(tc, a_call_looks_at_a_few_objects_where_all_are_in_use);
	tcase_add_test(tc, other_threads_may_count_uses_meanwhile);
	tcase_add_loop_test(tc, any_sequence_in_memory_keeps_the_accounts, 0, 6);
	tcase_add_test(tc, segments_of_small_go_first_while_it_has_a_tenth);
	tcase_add_loop_test(tc, objects_of_a_segment_are_judged, 0, ARRAY_LEN(judged));
	tcase_add_test(tc, a_short_allowance_goes_to_whom_it_helps_most);
	tcase_add_test(tc, no_more_is_written_again_than_the_ration);
	tcase_add_loop_test(tc, any_sequence_on_a_disk_keeps_the_accounts, 0, 4);
	suite_add_tcase(s, tc);
	return s;
}
