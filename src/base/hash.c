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

uint64_t hash_bytes_nocase(struct span s)
{
	char folded[256];
	uint64_t h = s.n;

	for (size_t from = 0; from < s.n || from == 0; from += sizeof(folded)) {
		const size_t n = MIN(s.n - from, sizeof(folded));

		for (size_t i = 0; i < n; i++)
			folded[i] = ascii_lower(s.p[from + i]);
		h = XXH3_64bits_withSeed(folded, n, seed ^ h);
	}
	return h;
}
