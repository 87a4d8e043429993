/*
 * Entity-tags (RFC 9110 8.8.3): parsing, lists, the two comparisons. Pure.
 */
#pragma once

#include "base/base.h"

struct http_etag {
	struct span opaque; /* with its quotes; points into the text that was parsed */
	bool is_weak;
};

/* The whole text must be one entity-tag. There are no escapes: '\' is a byte like others. */
bool http_etag_parse(struct span s, struct http_etag *e) MUST_USE;

enum http_etag_next { HTTP_ETAG_ONE, HTTP_ETAG_END, HTTP_ETAG_BAD };

/*
 * Walk a list of them ("*" is none). *rest starts as the field's value; empty elements are skipped
 * (RFC 9110 5.6.1.2), anything else between tags is bad.
 */
enum http_etag_next http_etag_next(struct span *rest, struct http_etag *e);

/* RFC 9110 8.8.3.2. */
static inline bool http_etag_eq_weak(const struct http_etag *a, const struct http_etag *b)
{
	return span_eq(a->opaque, b->opaque);
}

static inline bool http_etag_eq_strong(const struct http_etag *a, const struct http_etag *b)
{
	return !a->is_weak && !b->is_weak && span_eq(a->opaque, b->opaque);
}
