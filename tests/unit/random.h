/*
 * Numbers for property tests: the same ones in each run.
 */
#pragma once

#include "base/base.h"

struct random {
	uint64_t state;
};

static inline struct random random_seeded(uint64_t seed)
{
	return (struct random){ seed * 0x9e3779b97f4a7c15ULL + 1 };
}

/* 0 .. n-1 */
static inline unsigned random_below(struct random *r, size_t n)
{
	/* splitmix64 */
	uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (unsigned)((z ^ z >> 31) % n);
}

/* How many cases: what the short run takes, times the environment's TEST_LONG. */
static inline unsigned random_test_count(unsigned by_default)
{
	const char *text = getenv("TEST_LONG");
	uint64_t n;

	return text != NULL && span_to_u64(span_str(text), &n) ? by_default * (unsigned)n
	                                                       : by_default;
}

/*
 * A loop that tries everything in turn takes each how manyth? 1, or the environment's TEST_SHARE: a
 * slow build leaves some out.
 */
static inline unsigned random_test_share(void)
{
	const char *text = getenv("TEST_SHARE");
	uint64_t n;

	return text != NULL && span_to_u64(span_str(text), &n) && n >= 1 && n <= 1000 ? (unsigned)n
	                                                                              : 1;
}
