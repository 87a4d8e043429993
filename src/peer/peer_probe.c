/*
 * Probes: one object for each peer that this worker looks after. It has its own copy of the peer's
 * line, since the configuration may be replaced meanwhile. Worker-local.
 */
#include "peer/peer_probe.h"

#include "base/list.h"
#include "net/dial.h"

#define PAUSE_FIRST_MS 1000
#define PAUSE_MAX_MS   10000
/* Nobody wanted it for so long: no more probes until somebody does. */
#define INTEREST_MS (INT64_C(10) * 60 * 1000)

struct peer_probes {
	struct loop *loop;
	struct dns *dns;
	struct list all;
};

struct probe {
	struct list link;
	struct peer_probes *all;
	struct peer *peer; /* a copy, a list of one */
	int64_t connect_timeout_ms, pause_ms;
	struct dial dial;
	struct timer timer;
	struct task task;
};

static void probe_free(struct probe *b)
{
	struct peer_probes *p = b->all;

	timer_cancel(p->loop, &b->timer);
	task_cancel(&b->task);
	op_cancel(&b->dial.op);
	atomic_store_explicit(&b->peer->state->is_probed, false, memory_order_relaxed);
	list_remove(&b->link);
	peers_free(&b->peer);
	free(b);
}

static enum op_status begin(struct probe *b, struct stream_tally *tally)
{
	const struct dial_request r = {
		.host = span_str(b->peer->host),
		.ips = b->peer->has_ip ? &b->peer->ip : NULL,
		.n_ips = b->peer->has_ip,
		.port = b->peer->port,
		.connect_timeout_ms = b->connect_timeout_ms,
		.forward_timeout_ms = b->connect_timeout_ms,
		.attempt_delay_ms = 250,
		.max_tries = 16,
		.tally = tally,
	};

	atomic_fetch_add_explicit(&b->peer->state->probes, 1, memory_order_relaxed);
	return dial_start(&b->dial, b->all->dns, b->all->loop, &r, &b->task);
}

static void pause_then_again(struct probe *b)
{
	b->dial.op.status = OP_IDLE;
	timer_arm(b->all->loop, &b->timer, b->pause_ms);
	b->pause_ms = MIN(b->pause_ms * 2, (int64_t)PAUSE_MAX_MS);
}

static bool is_wanted(const struct probe *b)
{
	const struct peer_state *s = b->peer->state;

	return !peer_is_up(b->peer)
	               ? loop_now_ms(b->all->loop) -
	                                 atomic_load_explicit(&s->asked_ms, memory_order_relaxed) <
	                         INTEREST_MS
	               : false; /* a request has found it up */
}

static void on_news(struct task *t)
{
	struct probe *b = CONTAINER_OF(t, struct probe, task);
	enum op_status st = b->dial.op.status;

	if (st == OP_IDLE) {
		if (!is_wanted(b)) {
			probe_free(b);
			return;
		}
		struct stream_tally *tally = peer_reserve(b->peer);

		if (tally == NULL) {
			pause_then_again(b);
			return;
		}
		st = begin(b, tally);
	}
	if (st == OP_PENDING)
		return;
	if (st == OP_READY) {
		stream_close(&b->dial.stream, false);
		peer_connected(b->peer, loop_wall_us(b->all->loop));
		probe_free(b);
		return;
	}
	peer_failed(b->peer, loop_wall_us(b->all->loop));
	pause_then_again(b);
}

static void on_timer(struct timer *t)
{
	struct probe *b = CONTAINER_OF(t, struct probe, timer);

	task_schedule(b->all->loop, &b->task);
}

static struct peer *copy_of(const struct peer *p)
{
	struct peer *c = check_calloc(1, sizeof(*c));

	c->name = check_strdup(p->name);
	c->host = check_strdup(p->host);
	c->has_ip = p->has_ip;
	c->ip = p->ip;
	c->port = p->port;
	c->max_conn = p->max_conn;
	c->fail_limit = p->fail_limit;
	c->state = peer_state_ref(p->state);
	return c;
}

void peer_probes_want(struct peer_probes *p, const struct peer *peer, int64_t connect_timeout_ms)
{
	struct peer_state *s = peer->state;

	atomic_store_explicit(&s->asked_ms, loop_now_ms(p->loop), memory_order_relaxed);
	if (atomic_exchange_explicit(&s->is_probed, true, memory_order_relaxed))
		return;
	struct probe *b = check_calloc(1, sizeof(*b));

	b->all = p;
	b->peer = copy_of(peer);
	b->connect_timeout_ms = connect_timeout_ms;
	b->pause_ms = PAUSE_FIRST_MS;
	list_init(&b->link);
	list_push_back(&p->all, &b->link);
	timer_init(&b->timer, on_timer);
	task_init(&b->task, on_news);
	pause_then_again(b);
}

struct peer_probes *peer_probes_new(struct loop *l, struct dns *dns)
{
	struct peer_probes *p = check_calloc(1, sizeof(*p));

	p->loop = l;
	p->dns = dns;
	list_init(&p->all);
	return p;
}

void peer_probes_free(struct peer_probes **pp)
{
	struct peer_probes *p = *pp;
	struct list *it;

	if (p == NULL)
		return;
	while ((it = list_pop_front(&p->all)) != NULL)
		probe_free(CONTAINER_OF(it, struct probe, link));
	free(p);
	*pp = NULL;
}
