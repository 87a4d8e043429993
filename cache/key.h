/*
 * What a stored reply is found by: 128 bits of its URI (or store id) and, behind a Vary, of the
 * values that select the variant.
 *
 * The hash is keyed with a secret of the store, so that nobody outside can prepare two URIs that
 * meet. A key that is equal is not proof all the same: whoever finds an object by its key compares
 * the URI and the variant that are kept with it.
 */
#pragma once

#include "base/base.h"

#define CACHE_SECRET_BYTES 192

struct cache_key {
	uint64_t hi, lo;
};

/* Drawn when a store is prepared and kept with it; keys of one store mean nothing in another. */
struct cache_secret {
	uint8_t bytes[CACHE_SECRET_BYTES];
};

/* A fresh one from the kernel. */
void cache_secret_draw(struct cache_secret *s);

/* uri: canonical text, without fragment. GET and HEAD share keys; nothing else is stored. */
struct cache_key cache_key_of_uri(const struct cache_secret *s, struct span uri);

/*
 * One variant of a URI. salt: of the URI's marker (cobj.h); another salt makes all variants
 * unknown.
 * variant: what vary_variant() made of the request.
 */
struct cache_key cache_key_of_variant(const struct cache_secret *s, struct span uri, uint64_t salt,
                                      struct span variant);

static inline bool cache_key_eq(struct cache_key a, struct cache_key b)
{
	return a.hi == b.hi && a.lo == b.lo;
}
