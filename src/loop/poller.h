/*
 * What a loop stands on: waiting for descriptors, and the clock. poller.c is epoll and the kernel's
 * clocks; tests/sim links another implementation of the same functions.
 */
#pragma once

#include "base/base.h"

struct poller;

struct poll_result {
	void *cookie;
	unsigned ready; /* EV_* of loop.h */
};

enum err poller_new(struct poller **out) MUST_USE;
void poller_free(struct poller **p);

/* interest: EV_READ|EV_WRITE and optionally EV_EDGE, EV_SHARED. cookie is not NULL. */
enum err poller_add(struct poller *p, int fd, unsigned interest, void *cookie) MUST_USE;
/* With EV_SHARED the descriptor may be paused: EV_SHARED alone, then with EV_READ again. */
void poller_mod(struct poller *p, int fd, unsigned interest, void *cookie);
void poller_del(struct poller *p, int fd);

/*
 * Wait up to wait_ms (-1: for ever). Returns the number of results, 0 on timeout or interruption.
 */
unsigned poller_wait(struct poller *p, struct poll_result *out, unsigned cap, int64_t wait_ms);

/* From any thread: make a poller_wait() under way, or the next one, return. */
void poller_wake(struct poller *p);

int64_t clock_monotonic_us(void);
int64_t clock_wall_us(void);
