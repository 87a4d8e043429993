/*
 * The worker's buffers: a stack of idle ones, so that the memory used last, which the processor's
 * cache still knows, is lent next. Worker-local; only the budget is shared.
 */
#include "net/buffer.h"

#include "base/budget.h"

#define BUFFER_POOL_MAGIC 0x62756670U

struct buffer_pool {
	uint32_t magic;
	unsigned max_idle, n_idle, n_lent;
	struct buffer *idle;
};

/* Bytes and their descriptor are one allocation. */
#define ALLOC_BYTES (sizeof(struct buffer) + BUFFER_BYTES)

struct buffer_pool *buffer_pool_new(unsigned max_idle)
{
	struct buffer_pool *bp;

	OBJ_NEW(bp, BUFFER_POOL_MAGIC);
	bp->max_idle = max_idle;
	return bp;
}

static void destroy(struct buffer *b)
{
	free(b);
	budget_give(BUDGET_REQUEST, ALLOC_BYTES);
}

void buffer_pool_free(struct buffer_pool **p)
{
	struct buffer_pool *bp = *p;

	if (bp == NULL)
		return;
	CHECK_OBJ(bp, BUFFER_POOL_MAGIC);
	CHECK(bp->n_lent == 0);
	while (bp->idle != NULL) {
		struct buffer *b = bp->idle;

		bp->idle = b->next;
		destroy(b);
	}
	OBJ_FREE(bp, BUFFER_POOL_MAGIC);
	*p = NULL;
}

static struct buffer *create(void)
{
	if (!budget_take(BUDGET_REQUEST, ALLOC_BYTES))
		return NULL;
	struct buffer *b = malloc(ALLOC_BYTES);

	if (b == NULL) {
		budget_give(BUDGET_REQUEST, ALLOC_BYTES);
		return NULL;
	}
	b->data = (char *)(b + 1);
	return b;
}

struct buffer *buffer_take(struct buffer_pool *bp)
{
	CHECK_OBJ(bp, BUFFER_POOL_MAGIC);
	struct buffer *b = bp->idle;

	if (b != NULL) {
		bp->idle = b->next;
		bp->n_idle--;
	} else if ((b = create()) == NULL) {
		return NULL;
	}
	bp->n_lent++;
	b->next = NULL;
	b->from = b->n = 0;
	return b;
}

void buffer_give(struct buffer_pool *bp, struct buffer **bptr)
{
	struct buffer *b = *bptr;

	if (b == NULL)
		return;
	CHECK_OBJ(bp, BUFFER_POOL_MAGIC);
	CHECK(bp->n_lent > 0);
	*bptr = NULL;
	bp->n_lent--;
	if (bp->n_idle >= bp->max_idle || budget_is_short(BUDGET_TRANSFER)) {
		destroy(b);
		return;
	}
	b->next = bp->idle;
	bp->idle = b;
	bp->n_idle++;
}

size_t buffer_room(struct buffer *b, char **at)
{
	if (b->from != 0) {
		memmove(b->data, b->data + b->from, b->n);
		b->from = 0;
	}
	*at = b->data + b->n;
	return BUFFER_BYTES - b->n;
}
