/*
 * Arenas: what they hand out, what they count, what they refuse. Under AddressSanitizer each piece
 * is a malloc of its own, so nothing is said here of where pieces lie.
 */
#include "base/arena.h"

#include "base/budget.h"
#include "tests/unit/unit.h"

#define MB ((size_t)1 << 20)

/* Below, at and above the size of a chunk and the half of it, which has one of its own. */
static const size_t sizes[] = { 0,    1,    15,   16,   17,    100,    2000,    2047,
	                        2048, 2049, 4000, 4096, 10000, 100000, 1000000, 3 };

START_TEST(nothing_has_an_address)
{
	struct arena a;

	arena_init(&a);
	ck_assert_ptr_nonnull(arena_try_alloc(&a, 0));
	arena_fini(&a);
}
END_TEST

START_TEST(pieces_are_aligned_and_apart)
{
	unsigned char *p[3 * ARRAY_LEN(sizes)];
	struct arena a;

	arena_init(&a);
	for (unsigned i = 0; i < ARRAY_LEN(p); i++) {
		p[i] = arena_alloc(&a, sizes[i % ARRAY_LEN(sizes)]);
		ck_assert_uint_eq((uintptr_t)p[i] % 16, 0);
		memset(p[i], (int)i, sizes[i % ARRAY_LEN(sizes)]);
	}
	for (unsigned i = 0; i < ARRAY_LEN(p); i++) {
		size_t n = 0;

		while (n < sizes[i % ARRAY_LEN(sizes)] && p[i][n] == (unsigned char)i)
			n++;
		ck_assert_msg(n == sizes[i % ARRAY_LEN(sizes)], "piece %u, byte %zu", i, n);
	}
	arena_fini(&a);
}
END_TEST

START_TEST(zeroed_also_where_it_was_used_before)
{
	struct arena a;

	arena_init(&a);
	for (unsigned round = 0; round < 3; round++) {
		static const char zeros[3000];
		char *p = arena_zalloc(&a, 3000);

		ck_assert_int_eq(memcmp(p, zeros, 3000), 0);
		memset(p, 0xff, 3000);
		arena_fini(&a);
		ck_assert_uint_eq(a.total_bytes, 0);
	}
}
END_TEST

START_TEST(copies_end_with_a_nul)
{
	struct arena a;

	arena_init(&a);
	const struct span s = arena_dup(&a, SPAN("abc")), none = arena_dup(&a, SPAN_NULL);

	ck_assert_str_eq(s.p, "abc");
	ck_assert_uint_eq(s.n, 3);
	ck_assert_ptr_nonnull(none.p);
	ck_assert_uint_eq(none.n, 0);
	ck_assert_int_eq(none.p[0], '\0');
	arena_fini(&a);
}
END_TEST

/* Texts that fit into what is left of a chunk, just fit, and do not. */
START_TEST(printed_texts_are_whole)
{
	static char want[6000];
	struct arena a;

	memset(want, 'x', sizeof(want) - 1);
	arena_init(&a);
	for (int n = 0; n < (int)sizeof(want); n = n < 40 ? n + 1 : n * 2) {
		const struct span s = arena_printf(&a, "%.*s", n, want);
		char *next = arena_alloc(&a, 1);

		*next = '!';
		ck_assert_uint_eq(s.n, (size_t)n);
		ck_assert_int_eq(memcmp(s.p, want, s.n), 0);
		ck_assert_int_eq(s.p[n], '\0');
	}
	arena_fini(&a);
}
END_TEST

/* Beyond memory_limit what may be refused is, and what must be had is had, but not counted. */
START_TEST(memory_limit_is_heeded)
{
	const uint64_t before = budget_used(BUDGET_REQUEST);
	struct arena a;

	arena_init(&a);
	budget_init(before + 100 * MB);
	ck_assert_ptr_nonnull(arena_try_alloc(&a, 60 * MB));
	ck_assert_uint_ge(budget_used(BUDGET_REQUEST), before + 60 * MB);
	ck_assert_ptr_null(arena_try_alloc(&a, 60 * MB));
	ck_assert_ptr_nonnull(arena_alloc(&a, 60 * MB));
	ck_assert_uint_ge(a.total_bytes, 120 * MB);
	ck_assert_uint_lt(budget_used(BUDGET_REQUEST), before + 100 * MB);
	arena_fini(&a);
	ck_assert_uint_eq(budget_used(BUDGET_REQUEST), before);
	budget_init(0);
}
END_TEST

START_TEST(a_size_that_cannot_be_is_refused)
{
	struct arena a;

	arena_init(&a);
	ck_assert_ptr_null(arena_try_alloc(&a, SIZE_MAX));
	ck_assert_ptr_null(arena_try_alloc(&a, SIZE_MAX - 16));
	ck_assert_uint_eq(a.total_bytes, 0);
	arena_fini(&a);
}
END_TEST

Suite *suite_arena(void);
Suite *suite_arena(void)
{
	Suite *s = suite_create("arena");
	TCase *t = tcase_create("arena");

	tcase_add_test(t, nothing_has_an_address);
	tcase_add_test(t, pieces_are_aligned_and_apart);
	tcase_add_test(t, zeroed_also_where_it_was_used_before);
	tcase_add_test(t, copies_end_with_a_nul);
	tcase_add_test(t, printed_texts_are_whole);
	tcase_add_test(t, memory_limit_is_heeded);
	tcase_add_test(t, a_size_that_cannot_be_is_refused);
	suite_add_tcase(s, t);
	return s;
}
