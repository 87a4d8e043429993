/*
 * One worker: a thread with its loop and everything that only it touches.
 */
#pragma once

#include <pthread.h>

#include "loop/loop.h"
#include "net/buffer.h"
#include "net/dns.h"
#include "net/listener.h"
#include "net/pipe.h"
#include "net/upstream_pool.h"
#include "peer/peer_probe.h"
#include "proxy/snapshot.h"

/* The last steps taken on this worker, printed when a check fails. */
#define TRACE_STEPS 64
struct trace_step {
	uint64_t id; /* of the session */
	const char *machine, *from, *to;
};

struct worker_port {
	struct worker_port *next;
	struct worker *worker;
	struct port *port; /* counted */
	struct listener *listener;
};

struct worker {
	uint32_t magic;
	unsigned id;
	pthread_t thread;
	struct proxy *proxy;
	struct loop *loop;
	struct snapshot *snapshot; /* the one in use; this worker's reference */
	struct floor floor;        /* of the snapshot in use, whose ports it points to */
	struct dns *dns;
	struct upstream_pool *upstreams;
	struct peer_probes *probes;
	struct buffer_pool *buffers;
	struct pipe_pool *pipes;
	struct log_ring *log;
	struct worker_port *ports;
	struct list sessions, tunnels, fills;
	/* written here only, read by the manager */
	_Atomic unsigned n_sessions, n_tunnels, n_fills;
	_Atomic unsigned
		n_handed; /* connections that other workers have posted and it has not seen */
	uint64_t next_id;
	bool is_draining;
	_Atomic bool refuses_handoffs; /* written here only, with is_draining; read by others */
	struct timer drain_timer;
	struct timer store_timer; /* of the first worker: what the disks of the store have to do */
	struct post drain_post;
	struct trace_step trace[TRACE_STEPS];
	unsigned trace_at;
};

/* One of n_workers, which share the quota of big pipes. */
enum err worker_new(struct worker **out, struct proxy *p, unsigned id, unsigned n_workers,
                    struct snapshot *s) MUST_USE;
/* Runs until loop_stop(); closes what is left. */
void worker_run(struct worker *w);
void worker_free(struct worker **w);

/* On the worker's thread: use this snapshot from now on (takes a reference of its own). */
void worker_use_snapshot(struct worker *w, struct snapshot *s);
/* On the worker's thread: as snapshot_unref(), but the last one is freed elsewhere. */
void worker_give_back(struct worker *w, struct snapshot **s);
/*
 * On the worker's thread: stop accepting; close at once what is idle, the rest after lifetime_ms.
 */
void worker_drain(struct worker *w, int64_t lifetime_ms);
/* A session, tunnel or fill has ended: a draining worker may be done. */
void worker_one_less(struct worker *w);

static inline void worker_trace(struct worker *w, uint64_t id, const char *machine,
                                const char *from, const char *to)
{
	w->trace[w->trace_at++ % TRACE_STEPS] = (struct trace_step){ id, machine, from, to };
}
