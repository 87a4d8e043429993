/*
 * A whole proxy in the simulated world: one worker, run by the test's thread; its access log in
 * memory. The configuration is text; listening addresses and files are simulated.
 */
#pragma once

#include "proxy/worker.h"
#include "tests/sim/sim.h"

struct sim_proxy {
	struct proxy *proxy;
	struct worker *worker;
};

/*
 * sim_init() and a proxy with this configuration, behind these lines of its own: a port at
 * 127.0.0.1:3128, no hosts file, a name server, an access log. Errors in it end the test.
 */
void sim_proxy_start(struct sim_proxy *sp, const char *conf);
/* Take another configuration into use, as a reload does when it is told to the workers. */
void sim_proxy_reload(struct sim_proxy *sp, const char *conf);
/* Let things happen until nothing is left that could (idle connections have timed out by then). */
void sim_proxy_run(struct sim_proxy *sp);
/* Let that much time pass. */
void sim_proxy_run_for(struct sim_proxy *sp, int64_t ms);
/* Stops it and ends the world; fails if a session, a buffer or a descriptor is left. */
void sim_proxy_stop(struct sim_proxy *sp);

/* A client of the proxy that sends this. */
struct sim_peer *sim_proxy_client(const char *text, sim_peer_fn *fn, void *arg);

/* sim_log.c: the lines of the access log so far, without time stamp, duration and client. */
const char *sim_log(void);
void sim_log_clear(void);
