/*
 * Kernel pipes for splicing, lent by the worker while bytes move. The first few of a pool are
 * enlarged, which nearly halves what bulk costs; the rest have the kernel's 64 KiB, since bigger
 * ones exhaust the user's quota (after 64 pipes of 1 MiB an unprivileged user gets 8 KiB ones).
 */
#pragma once

#include "base/base.h"

#define PIPE_BYTES     65536u
#define PIPE_BIG_BYTES 1048576u
/* Big pipes in the whole process: half of the quota that an unprivileged user has for all pipes. */
#define PIPE_BIG_TOTAL 32u

struct pipe_pool;

struct pipe {
	int in, out;       /* write end, read end */
	uint32_t bytes;    /* in it now */
	uint32_t capacity; /* most that one splice should ask for */
	struct pipe *next; /* the pool's */
};

/* At most max_idle empty pipes are kept; at most max_big are big ones. */
struct pipe_pool *pipe_pool_new(unsigned max_idle, unsigned max_big);
void pipe_pool_free(struct pipe_pool **p);
/* NULL when there is none to be had (then the caller copies; counted). */
struct pipe *pipe_take(struct pipe_pool *pp);
/* Give back; one that is not empty is closed instead. Clears the pointer. */
void pipe_give(struct pipe_pool *pp, struct pipe **p);
