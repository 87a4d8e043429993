/*
 * Arena: bump allocation in chunks of one size, and bigger pieces by themselves; freed at once.
 */
#include "base/arena.h"

#include "base/budget.h"

#include <stdarg.h>

#if defined(__has_feature) /* clang's way of saying __SANITIZE_ADDRESS__ */
#if __has_feature(address_sanitizer)
#define ARENA_IS_MALLOC 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_IS_MALLOC 1
#endif
#ifndef ARENA_IS_MALLOC
#define ARENA_IS_MALLOC 0
#endif

#define ALIGN       16u
#define CHUNK_BYTES 4096u

struct arena_chunk {
	struct arena_chunk *next;
	size_t bytes;    /* of the whole malloc */
	bool is_counted; /* by the budget */
} __attribute__((aligned(ALIGN)));

/*
 * Chunks of the usual size that this thread freed last: a worker makes and frees the same few for
 * every request. Rule zero: a mutable global, since an arena has no owner to hang it from.
 */
#define CACHED_MAX 64
static _Thread_local struct arena_chunk *cached;
static _Thread_local unsigned n_cached;

void arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

static void chunk_free(struct arena_chunk *c)
{
	if (c->is_counted)
		budget_give(BUDGET_REQUEST, c->bytes);
	if (ARENA_IS_MALLOC || c->bytes != CHUNK_BYTES || n_cached == CACHED_MAX) {
		free(c);
		return;
	}
	c->next = cached;
	cached = c;
	n_cached++;
}

void arena_fini(struct arena *a)
{
	while (a->chunks != NULL) {
		struct arena_chunk *c = a->chunks;

		a->chunks = c->next;
		chunk_free(c);
	}
	arena_init(a);
}

/* What must be had is had beyond the limit too: then it is not counted. */
static void *chunk_add(struct arena *a, size_t payload, bool is_shared, bool must)
{
	size_t bytes;

	if (__builtin_add_overflow(payload, sizeof(struct arena_chunk), &bytes))
		return NULL;
	const bool is_counted = budget_take(BUDGET_REQUEST, bytes);

	if (!is_counted && !must)
		return NULL;
	struct arena_chunk *c = cached;

	if (bytes == CHUNK_BYTES && c != NULL) {
		cached = c->next;
		n_cached--;
	} else {
		c = malloc(bytes);
	}
	if (c == NULL) {
		if (is_counted)
			budget_give(BUDGET_REQUEST, bytes);
		return NULL;
	}
	c->bytes = bytes;
	c->is_counted = is_counted;
	c->next = a->chunks;
	a->chunks = c;
	a->total_bytes += bytes;
	if (is_shared) {
		a->at = (char *)(c + 1);
		a->end = (char *)c + bytes;
	}
	return c + 1;
}

static void *allocate(struct arena *a, size_t n, bool must)
{
	if (n > SIZE_MAX - ALIGN)
		return NULL;
	/* Nothing has an address too: NULL means that there is no memory. */
	n = (MAX(n, (size_t)1) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (ARENA_IS_MALLOC)
		return chunk_add(a, n, false, must);
	if (n > (size_t)(a->end - a->at)) {
		/*
		 * A big piece gets a chunk of its own, so that the rest of this one stays in use.
		 */
		if (n > CHUNK_BYTES / 2)
			return chunk_add(a, n, false, must);
		if (chunk_add(a, CHUNK_BYTES - sizeof(struct arena_chunk), true, must) == NULL)
			return NULL;
	}
	void *p = a->at;

	a->at += n;
	return p;
}

void *arena_try_alloc(struct arena *a, size_t n)
{
	return allocate(a, n, false);
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p = allocate(a, n, true);

	CHECK(p != NULL);
	return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
	return memset(arena_alloc(a, n), 0, n);
}

struct span arena_dup(struct arena *a, struct span s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n != 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return span_of(p, s.n);
}

struct span arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	/* Mostly it fits behind what is there, and one pass is enough. */
	const size_t room = (size_t)(a->end - a->at);

	va_start(ap, fmt);
	const int n = vsnprintf(a->at, room, fmt, ap);

	va_end(ap);
	CHECK(n >= 0);
	if ((size_t)n < room)
		return span_of(arena_alloc(a, (size_t)n + 1), (size_t)n);
	char *p = arena_alloc(a, (size_t)n + 1);

	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return span_of(p, (size_t)n);
}
