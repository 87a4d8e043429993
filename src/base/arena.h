/*
 * Memory that dies together: what is made for one request lives in that request's arena.
 *
 * Worker-local. Chunks come from malloc. Under AddressSanitizer every allocation is a malloc of its
 * own, so that overruns are seen.
 *
 * Chunks count for memory_limit (BUDGET_REQUEST). Beyond it arena_try_alloc() refuses.
 */
#pragma once

#include "base/base.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* newest first */
	char *at, *end;             /* free space of the newest chunk */
	size_t total_bytes;         /* obtained from malloc and not freed */
};

void arena_init(struct arena *a);

/* Free everything. The arena may be used again. */
void arena_fini(struct arena *a);

/*
 * n bytes aligned to 16, not zeroed. Aborts when memory is out: for sizes that no client chooses.
 */
void *arena_alloc(struct arena *a, size_t n) __attribute__((malloc, returns_nonnull));

/* The same zeroed. */
void *arena_zalloc(struct arena *a, size_t n) __attribute__((malloc, returns_nonnull));

/* n bytes, or NULL when memory is out or memory_limit reached: for sizes that a client chooses. */
void *arena_try_alloc(struct arena *a, size_t n) __attribute__((malloc));

#define ARENA_NEW(a, type) ((type *)arena_zalloc((a), sizeof(type)))

/* A copy of the bytes, followed by a NUL that is not counted. */
struct span arena_dup(struct arena *a, struct span s);

struct span arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
