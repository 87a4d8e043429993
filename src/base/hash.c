/*
 * XXH3 with a secret seed.
 */
#include "base/hash.h"

#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t seed;

void hash_seed(void)
{
	CHECK(getrandom(&seed, sizeof(seed), 0) == (ssize_t)sizeof(seed));
}

uint64_t hash_bytes(struct span s)
{
	return XXH3_64bits_withSeed(s.p, s.n, seed);
}
