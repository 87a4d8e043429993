/*
 * Mutexes with a rank, so that no two threads can wait for each other in a circle.
 *
 * A thread may only take a lock whose rank is above those of all the locks it holds; --enable-debug
 * builds CHECK that. In other builds this is a plain pthread mutex. Never call out (callback, I/O,
 * allocation of unbounded size) with a lock held.
 */
#pragma once

#include <pthread.h>

#include "base/base.h"

/* In the order in which they may be nested. Add yours where it belongs. */
enum lock_rank {
	LOCK_RANK_PROCESS = 1, /* struct proxy: what workers, reload and shutdown agree on */
	LOCK_RANK_SNAPSHOT,    /* swapping and counting configuration snapshots */
	LOCK_RANK_DNS,         /* the map of answers */
	LOCK_RANK_CACHE,       /* a shard of the table of objects in memory */
	LOCK_RANK_COBJ,        /* one cached object */
	LOCK_RANK_CACHE_STORE, /* chains of eviction in memory */
	LOCK_RANK_CACHE_DISK,  /* a directory: segments, pieces, jobs */
	LOCK_RANK_CACHE_INDEX, /* a shard of the index; innermost: whoever knows a place asks */
	LOCK_RANK_TLS,         /* minted certificates, sessions */
	LOCK_RANK_CREDENTIALS, /* users and what was decided about them */
	LOCK_RANK_QUOTA,       /* counts shared by the workers */
	LOCK_RANK_LOG,         /* access log sinks */
	LOCK_RANK_JOBS,        /* a class of the job pool */
	LOCK_RANK_OPENER, /* ports held open, the way to the keeper; held over blocking calls */
	LOCK_RANK_LEAF    /* held over a few plain statements, never over another lock */
};

struct lock {
	pthread_mutex_t mutex;
	enum lock_rank rank;
};

#define LOCK_INIT(r)                                                                               \
	{                                                                                          \
		PTHREAD_MUTEX_INITIALIZER, (r)                                                     \
	}

/* Locks that one thread may hold at a time. */
#define LOCK_HELD_MAX 8

void lock_init(struct lock *l, enum lock_rank rank);
void lock_fini(struct lock *l);
void lock_take(struct lock *l);
void lock_give(struct lock *l);
/* Wait on the condition; the lock is held again afterwards. Wakes may be spurious. */
void lock_wait(struct lock *l, pthread_cond_t *cond);

/*
 * What --enable-debug builds check with, here for the tests: the ranks that this thread holds.
 * lock_rank_may_take() tells whether a lock of that rank may be taken now.
 */
bool lock_rank_may_take(enum lock_rank rank);
void lock_rank_push(enum lock_rank rank);
void lock_rank_pop(enum lock_rank rank);
