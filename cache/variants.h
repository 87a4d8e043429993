/*
 * Which variant of a URI a request is for: from the names of the selecting fields to the key of the variant.
 * Pure. Private to cache/.
 */
#pragma once

#include "base/arena.h"
#include "cache/store.h"

/* The names that the reply's Vary lists, normalised; empty: it has none. False: no request will ever match ("*"). */
bool store_vary_names(const struct http_head *reply, struct arena *a, struct span *names);
/* The values that this request has for them. */
struct span store_variant_of(struct span names, const struct http_head *request, struct arena *a);
