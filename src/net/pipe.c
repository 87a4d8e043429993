/*
 * The worker's pipes: a stack of empty ones. Worker-local.
 *
 * A new pipe holds 64 KiB without being asked to (pipe(7)); an unprivileged user beyond
 * /proc/sys/fs/pipe-user-pages-soft gets smaller ones, which work as well, only in smaller steps.
 * That quota is 16,384 pages for all of a user's pipes; see PIPE_BIG_TOTAL.
 */
#include "net/pipe.h"

#include "base/counters.h"

#include <fcntl.h>
#include <unistd.h>

#define PIPE_POOL_MAGIC 0x70697065U

struct pipe_pool {
	uint32_t magic;
	unsigned max_idle, n_idle, n_lent;
	unsigned max_big, n_big;
	struct pipe *idle;
};

struct pipe_pool *pipe_pool_new(unsigned max_idle, unsigned max_big)
{
	struct pipe_pool *pp;

	OBJ_NEW(pp, PIPE_POOL_MAGIC);
	pp->max_idle = max_idle;
	pp->max_big = max_big;
	return pp;
}

static void destroy(struct pipe *p)
{
	close(p->in);
	close(p->out);
	free(p);
}

void pipe_pool_free(struct pipe_pool **ppp)
{
	struct pipe_pool *pp = *ppp;

	if (pp == NULL)
		return;
	CHECK_OBJ(pp, PIPE_POOL_MAGIC);
	CHECK(pp->n_lent == 0);
	while (pp->idle != NULL) {
		struct pipe *p = pp->idle;

		pp->idle = p->next;
		destroy(p);
	}
	OBJ_FREE(pp, PIPE_POOL_MAGIC);
	*ppp = NULL;
}

static struct pipe *create(struct pipe_pool *pp)
{
	int fds[2];

	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0)
		return NULL;
	struct pipe *p = check_calloc(1, sizeof(*p));

	p->in = fds[1];
	p->out = fds[0];
	p->capacity = PIPE_BYTES;
	if (pp->n_big < pp->max_big &&
	    fcntl(p->in, F_SETPIPE_SZ, PIPE_BIG_BYTES) >= (int)PIPE_BIG_BYTES) {
		p->capacity = PIPE_BIG_BYTES;
		pp->n_big++;
	}
	return p;
}

struct pipe *pipe_take(struct pipe_pool *pp)
{
	CHECK_OBJ(pp, PIPE_POOL_MAGIC);
	struct pipe *p = pp->idle;

	if (p != NULL) {
		pp->idle = p->next;
		pp->n_idle--;
	} else if ((p = create(pp)) == NULL) {
		count(COUNT_PIPE_FALLBACKS);
		return NULL;
	}
	pp->n_lent++;
	p->next = NULL;
	return p;
}

void pipe_give(struct pipe_pool *pp, struct pipe **pptr)
{
	struct pipe *p = *pptr;

	if (p == NULL)
		return;
	CHECK_OBJ(pp, PIPE_POOL_MAGIC);
	CHECK(pp->n_lent > 0);
	*pptr = NULL;
	pp->n_lent--;
	if (p->bytes != 0 || pp->n_idle >= pp->max_idle) {
		pp->n_big -= p->capacity > PIPE_BYTES;
		destroy(p);
		return;
	}
	p->next = pp->idle;
	pp->idle = p;
	pp->n_idle++;
}
