/*
 * Tombstones: their records, and the set that a start makes of them.
 */
#include "tests/unit/unit.h"

#include "cache/disk_io.h"
#include "cache/journal.h"
#include "tests/unit/random.h"

START_TEST(a_tombstone_comes_back_and_no_bit_of_it_may_turn)
{
	const struct tombstone want = { { 1, 2 }, 3, JOURNAL_ANY_SEGMENT };
	char at[JOURNAL_RECORD_BYTES];
	struct tombstone t;

	journal_put(at, &want, 9);
	ck_assert(journal_get(at, 9, &t));
	ck_assert(cache_key_eq(t.key, want.key));
	ck_assert_uint_eq(t.seq, 3);
	ck_assert_uint_eq(t.segment, JOURNAL_ANY_SEGMENT);
	ck_assert(!journal_get(at, 8, &t));
	for (size_t bit = 0; bit < sizeof(at) * 8; bit++) {
		at[bit / 8] = (char)(at[bit / 8] ^ 1 << bit % 8);
		ck_assert(!journal_get(at, 9, &t));
		at[bit / 8] = (char)(at[bit / 8] ^ 1 << bit % 8);
	}
}
END_TEST

START_TEST(zeros_are_no_tombstone)
{
	const char at[JOURNAL_RECORD_BYTES] = { 0 };
	struct tombstone t;

	ck_assert(!journal_get(at, 0, &t));
}
END_TEST

START_TEST(the_highest_number_of_a_key_counts_in_any_order)
{
	struct journal_dead dead = { 0 };
	uint64_t highest[500] = { 0 };
	struct random r = random_seeded(1);

	ck_assert(!journal_is_dead(&dead, (struct cache_key){ 1, 2 }, 1));
	for (unsigned i = 0; i < 20000; i++) {
		const unsigned k = random_below(&r, ARRAY_LEN(highest));
		const struct tombstone t = { { k, k % 7 }, 1 + random_below(&r, 1000), 0 };

		ck_assert(journal_dead_add(&dead, &t));
		highest[k] = MAX(highest[k], t.seq);
	}
	for (unsigned k = 0; k < ARRAY_LEN(highest); k++) {
		const struct cache_key key = { k, k % 7 };

		ck_assert(journal_is_dead(&dead, key, highest[k]));
		ck_assert(!journal_is_dead(&dead, key, highest[k] + 1));
		ck_assert(!journal_is_dead(&dead, (struct cache_key){ k, 8 }, 1));
	}
	journal_dead_fini(&dead);
}
END_TEST

static const struct {
	const char *text;
	bool ok;
	unsigned n;
} faults[] = {
	{ "read:EIO", true, 1 },
	{ "read:slow=2000", true, 1 },
	{ "write:ENOSPC:from=3:count=2,sync:skip,all:short", true, 3 },
	{ "", false, 0 },
	{ "read:EWHAT", false, 0 },
	{ "look:EIO", false, 0 },
	{ "read:slow=", false, 0 },
	{ "read:EIO,read:EIO,read:EIO,read:EIO,read:EIO", false, 0 },
};

START_TEST(faults_are_rules_with_commas_between)
{
	struct disk_faults f;

	ck_assert_int_eq(disk_faults_parse(&f, span_str(faults[_i].text)), faults[_i].ok);
	if (faults[_i].ok)
		ck_assert_uint_eq(f.n, faults[_i].n);
}
END_TEST

Suite *suite_journal(void);
Suite *suite_journal(void)
{
	Suite *s = suite_create("journal");
	TCase *t = tcase_create("journal");

	tcase_add_test(t, a_tombstone_comes_back_and_no_bit_of_it_may_turn);
	tcase_add_test(t, zeros_are_no_tombstone);
	tcase_add_test(t, the_highest_number_of_a_key_counts_in_any_order);
	tcase_add_loop_test(t, faults_are_rules_with_commas_between, 0, (int)ARRAY_LEN(faults));
	suite_add_tcase(s, t);
	return s;
}
