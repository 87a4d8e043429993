/*
 * What an unsafe request that was answered makes of stored replies (RFC 9111 4.4).
 *
 * Pure.
 */
#pragma once

#include "http/head.h"
#include "http/uri.h"

#define INVALIDATE_MAX 3

/*
 * The URIs whose stored replies are no longer to be used, canonical, as uri_text() makes them (in
 * the arena); each once. Returns how many: 0 for safe methods and for errors; else the target,
 * and what Location and Content-Location name of the same origin.
 */
unsigned invalidate_list(const struct uri *target, const struct http_head *request,
                         const struct http_head *reply, struct arena *a,
                         struct span uris[INVALIDATE_MAX]);

/*
 * Resolve a reference of the http or https schemes (RFC 3986 5.2); the fragment is dropped.
 * False: it is none that uri_parse_absolute() takes.
 */
bool invalidate_resolve(const struct uri *base, struct span reference, struct arena *a,
                        struct uri *out) MUST_USE;
