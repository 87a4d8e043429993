/*
 * Workers: the thread, its ports, taking a snapshot into use, draining.
 */
#include "proxy/worker.h"

#include "base/counters.h"
#include "base/oplog.h"
#include "cache/store.h"
#include "net/sock.h"
#include "proxy/fill.h"
#include "proxy/process.h"
#include "proxy/session.h"
#include "proxy/tunnel.h"

#define WORKER_MAGIC 0x3072ce21u

#define IDLE_BUFFERS   128
#define IDLE_PIPES     64
#define IDLE_UPSTREAMS 1024

static _Thread_local struct worker *this_worker;

/* For a failed check: what this thread did last. */
static void print_trace(void)
{
	const struct worker *w = this_worker;

	if (w == NULL)
		return;
	for (unsigned i = 0; i < TRACE_STEPS; i++) {
		const struct trace_step *s = &w->trace[(w->trace_at + i) % TRACE_STEPS];

		if (s->machine != NULL)
			dprintf(2, "cuttle: w%u:%llu %s %s -> %s\n", w->id,
			        (unsigned long long)s->id, s->machine, s->from, s->to);
	}
}

/* --- sharing connections out ------------------------------------------------------------------ */

/*
 * The kernel wakes one worker for a connection, and that one may be quick enough to accept a whole
 * crowd: 32 of 32 connections on one of two workers were seen. So a worker that has clearly more
 * than another one hands a new connection on. Then it stays there.
 */
#define HANDOFF_MARGIN 4U

struct handoff {
	struct post post;
	struct worker *to;
	struct port *port; /* counted */
	int fd;            /* -1: withdrawn */
	struct endpoint peer, local;
};

static unsigned connections(const struct worker *w)
{
	/* Relaxed: how many there are about now. */
	return atomic_load_explicit(&w->n_sessions, memory_order_relaxed) +
	       atomic_load_explicit(&w->n_tunnels, memory_order_relaxed) +
	       atomic_load_explicit(&w->n_handed, memory_order_relaxed);
}

static struct worker *lightest(struct worker *w)
{
	const struct proxy *p = w->proxy;
	struct worker *best = w;
	unsigned least = connections(w);

	for (unsigned i = 0; i < p->n_workers; i++) {
		const unsigned n = connections(p->workers[i]);

		/* Relaxed: on_accept() asks again. */
		if (atomic_load_explicit(&p->workers[i]->refuses_handoffs, memory_order_relaxed))
			continue;
		if (n + HANDOFF_MARGIN < least || (best != w && n < least)) {
			best = p->workers[i];
			least = n;
		}
	}
	return best;
}

static bool may_serve(const struct worker *w)
{
	if (w->upstreams == NULL) /* it is being freed */
		return false;
	return !w->is_draining || timer_is_armed(&w->drain_timer);
}

static void take_handoff(struct post *post)
{
	struct handoff *h = CONTAINER_OF(post, struct handoff, post);
	struct worker *w = h->to;

	/* Only this thread lowers it: no order is needed. */
	atomic_fetch_sub_explicit(&w->n_handed, 1, memory_order_relaxed);
	if (h->fd >= 0 && may_serve(w))
		session_open(w, h->port, h->fd, &h->peer, &h->local);
	else if (h->fd >= 0)
		sock_close(h->fd);
	worker_one_less(w);
	port_unref(&h->port);
	free(h);
}

/* Descriptors are short: what nobody waits for makes room for those who do. */
static void let_go(struct worker *w)
{
	(void)fill_end_abandoned(w);
	list_for_each(it, &w->sessions)
		session_let_go(CONTAINER_OF(it, struct session, link));
}

static void on_accept(void *arg, int fd, const struct endpoint *peer, const struct endpoint *local)
{
	struct worker_port *wp = arg;

	if (fd < 0) {
		let_go(wp->worker);
		return;
	}
	struct worker *to = lightest(wp->worker);

	if (to == wp->worker) {
		session_open(to, wp->port, fd, peer, local);
		return;
	}
	struct handoff *h = check_malloc(sizeof(*h));

	*h = (struct handoff){ { .fn = take_handoff }, to, port_ref(wp->port), fd, *peer, *local };
	/*
	 * Counted before the question is asked, as is_drained() asks in the other order, both
	 * sequentially consistent: either that worker waits for this connection, or we see that it
	 * may not, keep the connection, and post only to have it look again.
	 */
	atomic_fetch_add_explicit(&to->n_handed, 1, memory_order_seq_cst);
	if (atomic_load_explicit(&to->refuses_handoffs, memory_order_seq_cst)) {
		session_open(wp->worker, wp->port, fd, peer, local);
		h->fd = -1;
	}
	loop_post(to->loop, &h->post);
}

/* --- ports ------------------------------------------------------------------------------------ */

static void listen_on(struct worker *w, struct port *port)
{
	struct worker_port *wp = check_calloc(1, sizeof(*wp));

	wp->worker = w;
	wp->port = port_ref(port);
	if (listener_new(&wp->listener, w->loop, port->fd, on_accept, wp) != ERR_NONE) {
		oplog(OPLOG_ERROR, "worker %u cannot listen on %s; other workers may", w->id,
		      port->text);
		port_unref(&wp->port);
		free(wp);
		return;
	}
	wp->next = w->ports;
	w->ports = wp;
}

static bool holds(const struct port_set *set, const struct port *p)
{
	for (unsigned i = 0; i < set->n; i++)
		if (set->v[i] == p)
			return true;
	return false;
}

/* Listen on all of `set`, and on nothing else. */
static void use_ports(struct worker *w, const struct port_set *set)
{
	for (struct worker_port **at = &w->ports; *at != NULL;) {
		struct worker_port *wp = *at;

		if (holds(set, wp->port)) {
			at = &wp->next;
			continue;
		}
		*at = wp->next;
		listener_free(&wp->listener);
		port_unref(&wp->port);
		free(wp);
	}
	for (unsigned i = 0; i < set->n; i++) {
		bool known = false;

		for (const struct worker_port *wp = w->ports; wp != NULL; wp = wp->next)
			known = known || wp->port == set->v[i];
		if (!known)
			listen_on(w, set->v[i]);
	}
}

static void use_no_ports(struct worker *w)
{
	static const struct port_set none = { NULL, 0 };

	use_ports(w, &none);
}

void worker_give_back(struct worker *w, struct snapshot **s)
{
	snapshot_give_back(s, w->proxy->jobs, w->loop);
}

#define STORE_TICK_MS 500 /* what is in memory only is lost by a kill: less than a second */

static void on_store_timer(struct timer *t)
{
	struct worker *w = CONTAINER_OF(t, struct worker, store_timer);

	store_tick(w->proxy->store);
	timer_arm(w->loop, t, STORE_TICK_MS);
}

/* The first worker drives the disks, if there are any. */
static void tend_store(struct worker *w, const struct snapshot *s)
{
	if (w->id != 0 || s->cache.dirs == NULL)
		timer_disarm(&w->store_timer);
	else if (!timer_is_armed(&w->store_timer))
		timer_arm(w->loop, &w->store_timer, STORE_TICK_MS);
}

void worker_use_snapshot(struct worker *w, struct snapshot *s)
{
	CHECK_OBJ(w, WORKER_MAGIC);
	struct snapshot *old = w->snapshot;

	if (w->upstreams == NULL) /* a reload that ended late: the worker is being freed */
		return;
	w->snapshot = snapshot_ref(s);
	w->floor = s->net.floor;
	upstream_pool_set_limits(w->upstreams, s->net.server_idle_pconn_timeout_ms,
	                         s->net.pconn_lifetime_ms);
	if (!w->is_draining)
		use_ports(w, &s->ports);
	tend_store(w, s);
	worker_give_back(w, &old);
}

/* --- draining --------------------------------------------------------------------------------- */

static void kill_all(struct worker *w)
{
	while (!list_is_empty(&w->fills))
		fill_kill(fill_of_link(list_first(&w->fills)), WHY_SHUTDOWN);
	while (!list_is_empty(&w->tunnels))
		tunnel_kill(tunnel_of_link(list_first(&w->tunnels)), WHY_SHUTDOWN);
	while (!list_is_empty(&w->sessions))
		session_kill(CONTAINER_OF(list_first(&w->sessions), struct session, link));
}

static bool is_drained(const struct worker *w)
{
	return w->is_draining && w->n_sessions == 0 && w->n_tunnels == 0 && w->n_fills == 0 &&
	       atomic_load_explicit(&w->n_handed, memory_order_seq_cst) == 0;
}

static void report_drained(struct post *p)
{
	struct worker *w = CONTAINER_OF(p, struct worker, drain_post);

	w->drain_post.fn = NULL;
	if (is_drained(w))
		loop_stop(w->loop);
}

void worker_one_less(struct worker *w)
{
	/* Not at once: the caller is still within the object's last step. */
	if (w->drain_post.fn == NULL && is_drained(w)) {
		w->drain_post.fn = report_drained;
		loop_post(w->loop, &w->drain_post);
	}
}

static void on_drain_timer(struct timer *t)
{
	kill_all(CONTAINER_OF(t, struct worker, drain_timer));
}

void worker_drain(struct worker *w, int64_t lifetime_ms)
{
	CHECK_OBJ(w, WORKER_MAGIC);
	w->is_draining = true;
	/* Pairs with on_accept() of the others, see there. */
	atomic_store_explicit(&w->refuses_handoffs, true, memory_order_seq_cst);
	use_no_ports(w);
	list_for_each_safe(it, &w->sessions)
		session_drain(CONTAINER_OF(it, struct session, link));
	list_for_each_safe(it, &w->fills)
		fill_drain(fill_of_link(it));
	if (lifetime_ms <= 0) {
		timer_disarm(&w->drain_timer);
		kill_all(w);
	} else {
		timer_arm(w->loop, &w->drain_timer, lifetime_ms);
	}
	worker_one_less(w);
}

/* --- life ------------------------------------------------------------------------------------- */

enum err worker_new(struct worker **out, struct proxy *p, unsigned id, unsigned n_workers,
                    struct snapshot *s)
{
	struct worker *w;

	OBJ_NEW(w, WORKER_MAGIC);
	w->id = id;
	w->proxy = p;
	list_init(&w->sessions);
	list_init(&w->tunnels);
	list_init(&w->fills);
	timer_init(&w->drain_timer, on_drain_timer);
	timer_init(&w->store_timer, on_store_timer);
	w->next_id = ((uint64_t)id << 48) + 1;
	enum err e = loop_new(&w->loop);

	if (e == ERR_NONE)
		e = dns_new(&w->dns, p->dns, w->loop);
	if (e != ERR_NONE) {
		if (w->loop != NULL)
			loop_free(&w->loop);
		OBJ_FREE(w, WORKER_MAGIC);
		return e;
	}
	w->upstreams = upstream_pool_new(w->loop, IDLE_UPSTREAMS);
	w->probes = peer_probes_new(w->loop, w->dns);
	w->buffers = buffer_pool_new(IDLE_BUFFERS);
	w->pipes = pipe_pool_new(IDLE_PIPES, PIPE_BIG_TOTAL / n_workers);
	w->log = log_ring_new(p->access_log, id);
	worker_use_snapshot(w, s);
	*out = w;
	return ERR_NONE;
}

void worker_run(struct worker *w)
{
	CHECK_OBJ(w, WORKER_MAGIC);
	this_worker = w;
	check_set_panic_printer(print_trace); /* for this thread */
	loop_run(w->loop);
	use_no_ports(w);
	kill_all(w);
}

void worker_free(struct worker **wp)
{
	struct worker *w = *wp;

	CHECK_OBJ(w, WORKER_MAGIC);
	*wp = NULL;
	use_no_ports(w);
	kill_all(w);
	timer_cancel(w->loop, &w->drain_timer);
	timer_cancel(w->loop, &w->store_timer);
	peer_probes_free(&w->probes);
	upstream_pool_free(&w->upstreams);
	dns_free(&w->dns);
	buffer_pool_free(&w->buffers);
	pipe_pool_free(&w->pipes);
	loop_free(&w->loop);
	snapshot_unref(&w->snapshot);
	OBJ_FREE(w, WORKER_MAGIC);
}
