/*
 * The heap of timers of one loop: internal to src/loop.
 *
 * A 4-ary heap in one array, keyed by struct timer's queued_ms, which may lie before the wanted
 * deadline (a deadline that moves later is only stored; see loop.h). Half as deep as a binary heap,
 * and the four children of an entry share a cache line. Worker-local.
 */
#pragma once

#include "loop/loop.h"

struct timers {
	struct timer_entry *heap; /* [1] is the root; NULL until the first timer */
	uint32_t n, cap;          /* entries used and allocated, without [0] */
};

struct timer_entry {
	int64_t key;
	struct timer *timer;
};

void timers_init(struct timers *ts);
/* Timers still in the heap are left disarmed. */
void timers_fini(struct timers *ts);

/* Have the timer come due at deadline_ms, which replaces what it had. */
void timers_set(struct timers *ts, struct timer *t, int64_t deadline_ms);
void timers_remove(struct timers *ts, struct timer *t);

/* When to look again: never later than the first deadline; INT64_MAX if there are no timers. */
int64_t timers_next_ms(const struct timers *ts);
/* Take out one timer whose deadline is not after now_ms, disarmed; NULL if there is none. */
struct timer *timers_take_due(struct timers *ts, int64_t now_ms);
