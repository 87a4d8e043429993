/*
 * Byte buffers lent by the worker: a connection that waits holds none.
 */
#pragma once

#include "base/base.h"

#define BUFFER_BYTES 16384u

struct buffer_pool;

struct buffer {
	char *data;          /* BUFFER_BYTES */
	uint32_t from, n;    /* unread bytes are data[from .. from+n) */
	struct buffer *next; /* the pool's */
};

struct buffer_pool *buffer_pool_new(unsigned max_idle);
void buffer_pool_free(struct buffer_pool **p);
/* Empty; NULL when memory_limit refuses (counted). */
struct buffer *buffer_take(struct buffer_pool *bp);
/* Give back, whatever is in it. Clears the pointer; NULL is harmless. */
void buffer_give(struct buffer_pool *bp, struct buffer **b);

static inline struct span buffer_span(const struct buffer *b)
{
	return span_of(b->data + b->from, b->n);
}
static inline void buffer_consume(struct buffer *b, size_t n)
{
	CHECK(n <= b->n);
	b->from = n == b->n ? 0 : b->from + (uint32_t)n;
	b->n -= (uint32_t)n;
}
/* Room behind the unread bytes, after moving them to the front if that helps. */
size_t buffer_room(struct buffer *b, char **at);
