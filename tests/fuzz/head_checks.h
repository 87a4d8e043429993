/*
 * What the targets for request and reply heads have in common: comparing heads, and feeding one a
 * byte at a time.
 */
#pragma once

#include "http/parse.h"

typedef enum http_parse parse_fn(struct span text, size_t max_bytes, struct http_scan *scan,
                                 struct http_head *h, size_t *used, struct http_parse_error *e);

static inline void check_same_head(const struct http_head *a, const struct http_head *b)
{
	CHECK(a->method == b->method && span_eq(a->method_name, b->method_name));
	CHECK(a->status == b->status && span_eq(a->reason, b->reason));
	CHECK(a->n_fields == b->n_fields);
	for (uint32_t i = 0; i < a->n_fields; i++) {
		const struct http_field *f = &a->fields[i], *g = &b->fields[i];

		CHECK(f->id == g->id && span_eq(f->name, g->name) && span_eq(f->value, g->value));
		CHECK(f->id == http_field_id_of(f->name) && http_is_token(f->name));
		CHECK(f->id == HTTP_F_OTHER || http_head_get(a, f->id) != NULL);
	}
}

/*
 * Give `text` to a parser in steps of `step` bytes, each time in a block of its own, as a buffer
 * that is moved when it grows. The outcome must be that of the whole text (r, used, why).
 */
static inline void check_in_steps(parse_fn *parse, struct span text, size_t max_bytes, size_t step,
                                  enum http_parse r, size_t used,
                                  const struct http_parse_error *why)
{
	struct http_scan scan = { 0 };

	for (size_t n = MIN(step, text.n);; n = MIN(n + step, text.n)) {
		struct http_parse_error e = { 0 };
		struct arena arena;
		struct http_head h;
		size_t used_here = 0;
		char *copy = check_malloc(n + 1);

		if (n != 0)
			memcpy(copy, text.p, n);
		arena_init(&arena);
		http_head_init(&h, &arena);
		const enum http_parse got =
			parse(span_of(copy, n), max_bytes, &scan, &h, &used_here, &e);

		arena_fini(&arena);
		free(copy);
		if (got == HTTP_PARSE_MORE && n < text.n)
			continue;
		/* A fault in a line that is still incomplete may be seen at once or with its end.
		 */
		if (got == HTTP_PARSE_MORE && r == HTTP_PARSE_BAD) {
			CHECK(memchr(text.p + why->offset, '\n', text.n - why->offset) == NULL);
			return;
		}
		CHECK(got == r);
		if (r == HTTP_PARSE_OK)
			CHECK(used_here == used && n >= used && n < used + step);
		if (r == HTTP_PARSE_BAD)
			CHECK(e.why == why->why && e.detail == why->detail &&
			      e.offset == why->offset);
		return;
	}
}
