/*
 * Keys: XXH3 with 128 bits and a secret.
 */
#include "cache/key.h"

#include <sys/random.h>
#include <xxhash.h>

_Static_assert(CACHE_SECRET_BYTES >= XXH3_SECRET_SIZE_MIN, "a secret must fill XXH3's");

void cache_secret_draw(struct cache_secret *s)
{
	/* At most 256 bytes come at once and whole. */
	CHECK(getrandom(s->bytes, sizeof(s->bytes), 0) == (ssize_t)sizeof(s->bytes));
}

static struct cache_key key_of(XXH128_hash_t h)
{
	return (struct cache_key){ h.high64, h.low64 };
}

struct cache_key cache_key_of_uri(const struct cache_secret *s, struct span uri)
{
	return key_of(XXH3_128bits_withSecret(uri.p, uri.n, s->bytes, sizeof(s->bytes)));
}

struct cache_key cache_key_of_variant(const struct cache_secret *s, struct span uri, uint64_t salt,
                                      struct span variant)
{
	const struct cache_key of_uri = cache_key_of_uri(s, uri);
	const struct cache_key of_values = cache_key_of_uri(s, variant);
	const uint64_t parts[] = { of_uri.hi, of_uri.lo, salt, of_values.hi, of_values.lo };

	return key_of(XXH3_128bits_withSecret(parts, sizeof(parts), s->bytes, sizeof(s->bytes)));
}
