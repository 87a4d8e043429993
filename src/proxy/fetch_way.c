/*
 * One attempt to reach an upstream: dialling it, and what the outcome says of the way.
 */
#include "proxy/fetch.h"

#include "base/counters.h"
#include "proxy/fill.h"

enum why fetch_dial_why(enum err e)
{
	switch ((unsigned)e) {
	case ERR_DNS_NAME:
	case ERR_DNS_NODATA:
	case ERR_DNS_SERVER:
		return WHY_DNS_FAIL;
	case ERR_FORBIDDEN:
		return WHY_FORBIDDEN_ADDRESS;
	case ERR_DNS_TIMEOUT:
		return WHY_DNS_TIMEOUT;
	case ERR_TIMEOUT:
		return WHY_CONNECT_TIMEOUT;
	case ERR_NO_FDS:
	case ERR_NO_PORTS:
	case ERR_NOMEM:
		return WHY_NO_RESOURCES;
	default:
		return WHY_CONNECT_FAIL;
	}
}

struct span fetch_forbidden_text(struct arena *a, const struct endpoint *at, enum floor_class c)
{
	char text[ENDPOINT_TEXT_MAX];

	return arena_printf(a, "%s is %s", endpoint_text(at, text), floor_class_text(c));
}

bool fetch_make_room(struct worker *w, enum err e)
{
	const unsigned n = upstream_pool_count(w->upstreams);

	if (e != ERR_NO_FDS)
		return false;
	if (n == 0)
		return fill_end_abandoned(w);
	upstream_pool_shrink(w->upstreams, n / 2);
	return true;
}

enum op_status fetch_way_dial(struct worker *w, const struct fetch_way *way, struct dial *d,
                              struct task *waiter)
{
	const struct net_conf *c = &w->snapshot->net;
	const struct outgoing *o = &way->outgoing;
	const struct dial_request r = {
		.host = way->host,
		.ips = way->ips,
		.n_ips = way->n_ips,
		.port = way->port,
		.tally = way->peer != NULL ? peer_reserve(way->peer) : NULL,
		.guard = way->guard,
		.share = way->share,
		.from4 = o->has_from4 ? &o->from4 : NULL,
		.from6 = o->has_from6 ? &o->from6 : NULL,
		.marks = o->marks.has_tos || o->marks.has_mark ? &o->marks : NULL,
		.connect_timeout_ms = way->connect_timeout_ms,
		.forward_timeout_ms = way->forward_timeout_ms,
		.attempt_delay_ms = c->happy_eyeballs_connect_timeout,
		.max_tries = way->max_tries,
		.connect_retries = (unsigned)MIN(MAX(c->connect_retries, (int64_t)0), (int64_t)10),
		.recv_bufsize = c->tcp_recv_bufsize,
	};

	if (way->peer != NULL && r.tally == NULL) {
		*d = (struct dial){ .err = ERR_LIMIT, .op.status = OP_FAILED };
		return OP_FAILED;
	}
	return dial_start(d, w->dns, w->loop, &r, waiter);
}

void fetch_way_dialled(struct worker *w, const struct fetch_way *way, const struct dial *d)
{
	const int64_t now_us = loop_wall_us(w->loop);

	if (d->op.status == OP_READY) {
		count(COUNT_SERVER_CONNECTS);
		if (way->peer != NULL)
			peer_connected(way->peer, now_us);
		return;
	}
	count(COUNT_SERVER_CONNECT_FAILS);
	/* What we lacked ourselves says nothing of the peer. */
	if (way->peer == NULL || d->err == ERR_LIMIT || fetch_dial_why(d->err) == WHY_NO_RESOURCES)
		return;
	peer_failed(way->peer, now_us);
	if (!peer_is_up(way->peer))
		peer_probes_want(w->probes, way->peer, way->connect_timeout_ms);
}
