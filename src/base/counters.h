/*
 * Counters: each thread adds to its own set without contention; readers sum all sets.
 */
#pragma once

#include <stdatomic.h>

#include "base/base.h"

enum counter {
#define COUNTER(sym, name, text) COUNT_##sym,
#include "base/counters.tbl.h"
#undef COUNTER
	COUNT_N
};

/* One thread writes (relaxed), everybody reads. Aligned so that two threads share no line. */
struct counters {
	_Atomic uint64_t v[COUNT_N];
	struct counters *next; /* guarded by the registry's lock */
} __attribute__((aligned(64)));

/* This thread's set; made and registered at first use, kept for the process's life. */
extern _Thread_local struct counters *counters_mine;
struct counters *counters_register(void);

static inline void count_add(enum counter c, uint64_t n)
{
	struct counters *m = counters_mine != NULL ? counters_mine : counters_register();
	const uint64_t old = atomic_load_explicit(&m->v[c], memory_order_relaxed);

	/* One writer, so a plain add: the atomic store is for the readers' sake. */
	atomic_store_explicit(&m->v[c], old + n, memory_order_relaxed);
}

static inline void count(enum counter c)
{
	count_add(c, 1);
}

/* Sum over all threads. */
uint64_t counters_sum(enum counter which);
const char *counter_name(enum counter c);

/* What was counted lately. */
struct counters_period {
	int64_t ms; /* how long it is */
	uint64_t v[COUNT_N];
};
/* From one thread, about once a second: keeps the counts of each minute of the last hour. */
void counters_tick(int64_t now_ms);
/*
 * During the last so many minutes, 60 at most, and up to one more; or since the first tick, if that
 * is later.
 */
void counters_lately(unsigned minutes, int64_t now_ms, struct counters_period *out);
