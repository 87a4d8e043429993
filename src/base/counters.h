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
