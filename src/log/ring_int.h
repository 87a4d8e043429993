/*
 * One worker's ring of packed records: bytes, a power of two, one producer (the worker), one
 * consumer (the log thread), no lock.
 *
 * A record lies in one piece; what does not fit before the end of the ring leaves a gap marked by a
 * skip entry. The consumer reads records in place.
 */
#pragma once

#include <stdatomic.h>

#include "log/access_log.h"

#define LOG_RING_BYTES ((size_t)1 << 20)
/* No text of a record is longer than this in the log; so that any record fits into an empty ring.
 */
#define LOG_TEXT_MAX (64u << 10)

/* How the log thread is told that there is work. Shared by all rings. */
struct log_waker {
	_Atomic bool is_asleep; /* pairs with log_ring_put(): see there */
	_Atomic bool is_kicked; /* the eventfd was written and the thread has not looked since */
	int fd;                 /* eventfd */
};

struct log_ring {
	uint32_t magic;
	unsigned worker_id;
	struct log_waker *waker;
	struct log_ring *next; /* guarded by the log's lock */
	char *bytes;
	uint64_t size;

	/* producer */
	_Atomic uint64_t head __attribute__((aligned(64))); /* consumer acquires */
	uint64_t tail_seen;
	_Atomic uint64_t dropped; /* the log thread reports it */

	/* consumer */
	_Atomic uint64_t tail __attribute__((aligned(64))); /* producer acquires */
	uint64_t dropped_seen, dropped_told;
	int64_t dropped_ms; /* when the thread last saw a loss */
};

/* size: a power of two, at least 256. */
struct log_ring *log_ring_make(struct log_waker *waker, unsigned worker_id, uint64_t size);
void log_ring_free(struct log_ring **r);

/*
 * The oldest record, with spans that point into the ring until log_ring_pop(). False: empty.
 */
bool log_ring_peek(struct log_ring *r, struct log_rec *rec, int *sink);
void log_ring_pop(struct log_ring *r);
bool log_ring_is_empty(struct log_ring *r);

void log_waker_kick(struct log_waker *w);
