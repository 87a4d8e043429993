/*
 * The strings of the fake poller: what the test says becomes ready, and when it is.
 */
#pragma once

#include "loop/poller.h"

/* The clock that loop_now_ms() shows; starts at 1,000,000 ms. */
extern int64_t fake_now_ms;
/* The wait that the loop asked for last, and how often it waited and was woken. */
extern int64_t fake_last_wait_ms;
extern unsigned fake_waits, fake_wakes;

/* Before each test. */
void fake_reset(void);
/* Have the next wait deliver `ready` for fd. */
void fake_make_ready(int fd, unsigned ready);
/* The interest with which fd is watched; 0 if it is not. */
unsigned fake_interest(int fd);
