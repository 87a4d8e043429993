/*
 * Hashes: the same within a process, not to be foretold from outside.
 */
#include "tests/unit/unit.h"

#include "base/hash.h"

START_TEST(a_seed_moves_every_hash)
{
	const struct span name = SPAN("www.example.com");
	const uint64_t before = hash_bytes(name);

	ck_assert_uint_eq(hash_bytes(name), before);
	hash_seed();
	const uint64_t after = hash_bytes(name);

	ck_assert_uint_ne(after, before);
	ck_assert_uint_eq(hash_bytes(name), after);
}
END_TEST

Suite *suite_hash(void);
Suite *suite_hash(void)
{
	Suite *suite = suite_create("hash");
	TCase *t = tcase_create("hash");

	tcase_add_test(t, a_seed_moves_every_hash);
	suite_add_tcase(suite, t);
	return suite;
}
