/*
 * Between the parts of the simulated world.
 */
#pragma once

#include "loop/poller.h"
#include "tests/sim/sim.h"

/* Larger than any real descriptor in a test. */
#define SIM_FD_BASE 1000000

/* sim_poller.c: the time, in microseconds of the monotonic clock. */
int64_t sim_clock_us(void);

/* sim_sock.c: let things move. True if something did. */
bool sim_net_step(void);
/* When the network will move by itself; INT64_MAX if it will not. */
int64_t sim_net_next_us(void);
void sim_net_init(void);
void sim_net_fini(void);
/* What poller.h's functions do for a simulated descriptor. */
void sim_net_watch(int fd, struct poller *p, unsigned interest, void *cookie);
void sim_net_unwatch(int fd);
/* Readiness that is to be reported to this poller. */
unsigned sim_net_collect(struct poller *p, struct poll_result *out, unsigned cap);

/* sim_jobs.c: do what was submitted, on this thread. True if there was something. */
bool sim_jobs_step(void);

/* sim_dns.c */
void sim_dns_init(void);
