/*
 * Ranked mutexes. The list of ranks that a thread holds is its own; release may come in any order.
 */
#include "base/lock.h"

#ifdef ENABLE_DEBUG
#define RANKS_ARE_CHECKED true
#else
#define RANKS_ARE_CHECKED false
#endif

static _Thread_local struct {
	enum lock_rank rank[LOCK_HELD_MAX];
	unsigned n;
} held;

bool lock_rank_may_take(enum lock_rank rank)
{
	for (unsigned i = 0; i < held.n; i++)
		if (held.rank[i] >= rank)
			return false;
	return held.n < LOCK_HELD_MAX;
}

void lock_rank_push(enum lock_rank rank)
{
	CHECK(lock_rank_may_take(rank));
	held.rank[held.n++] = rank;
}

void lock_rank_pop(enum lock_rank rank)
{
	unsigned i = held.n;

	while (i > 0 && held.rank[i - 1] != rank)
		i--;
	CHECK(i > 0);
	for (; i < held.n; i++)
		held.rank[i - 1] = held.rank[i];
	held.n--;
}

void lock_init(struct lock *l, enum lock_rank rank)
{
	CHECK(pthread_mutex_init(&l->mutex, NULL) == 0);
	l->rank = rank;
}

void lock_fini(struct lock *l)
{
	CHECK(pthread_mutex_destroy(&l->mutex) == 0);
}

void lock_take(struct lock *l)
{
	if (RANKS_ARE_CHECKED)
		lock_rank_push(l->rank);
	CHECK(pthread_mutex_lock(&l->mutex) == 0);
}

void lock_give(struct lock *l)
{
	/* Who was waiting for it may free it at once. */
	/* NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores): only checks use it */
	const enum lock_rank rank = l->rank;

	CHECK(pthread_mutex_unlock(&l->mutex) == 0);
	if (RANKS_ARE_CHECKED)
		lock_rank_pop(rank);
}

void lock_wait(struct lock *l, pthread_cond_t *cond)
{
	CHECK(pthread_cond_wait(cond, &l->mutex) == 0);
}
