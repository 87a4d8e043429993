/*
 * Kernel pipes for splicing, lent by the worker while bytes move. 64 KiB each (bigger ones exhaust
 * the user's pipe quota: after 64 pipes of 1 MiB an unprivileged user gets 8 KiB ones).
 */
#pragma once

#include "base/base.h"

#define PIPE_BYTES 65536u

struct pipe_pool;

struct pipe {
	int in, out;       /* write end, read end */
	uint32_t bytes;    /* in it now */
	struct pipe *next; /* the pool's */
};

struct pipe_pool *pipe_pool_new(unsigned max_idle);
void pipe_pool_free(struct pipe_pool **p);
/* NULL when there is none to be had (then the caller copies; counted). */
struct pipe *pipe_take(struct pipe_pool *pp);
/* Give back; one that is not empty is closed instead. Clears the pointer. */
void pipe_give(struct pipe_pool *pp, struct pipe **p);
