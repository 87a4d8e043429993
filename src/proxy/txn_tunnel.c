/*
 * The steps of requests that become tunnels: CONNECT, and upgrades that the origin agreed to.
 */
#include "proxy/txn.h"

#include "base/counters.h"
#include "header/forward.h"
#include "http/serialise.h"
#include "proxy/client_db.h"
#include "proxy/fetch.h"
#include "proxy/tunnel.h"

static struct machine_next dial_failed(struct txn *t)
{
	if (fetch_make_room(t->worker, t->dial.err)) {
		t->dial.op.status = OP_IDLE;
		return TXN_GO(TUNNEL_DIAL);
	}
	if (t->dial.err == ERR_FORBIDDEN) {
		txn_forbidden(t, fetch_forbidden_text(&t->arena, &t->dial.forbidden,
		                                      t->dial.forbidden_as));
		return TXN_GO(SEND_ERROR);
	}
	fetch_way_dialled(t->worker, &t->way, &t->dial);
	if (txn_has_another_way(t, t->dial.tries)) {
		t->dial.op.status = OP_IDLE;
		return TXN_GO(WAY);
	}
	txn_fail(t, fetch_dial_why(t->dial.err), span_str(err_text(t->dial.err)));
	return TXN_GO(SEND_ERROR);
}

struct machine_next txn_step_tunnel_dial(struct txn *t)
{
	enum op_status st = t->dial.op.status;

	if (st == OP_IDLE) {
		st = fetch_way_dial(t->worker, &t->way, &t->dial, &t->task);
	}
	if (st == OP_PENDING) {
		t->op = &t->dial.op;
		return TXN_WAIT(TUNNEL_DIAL);
	}
	t->op = NULL;
	t->attempts = (uint8_t)MIN(t->attempts + t->dial.tries, 255u);
	if (t->dial.dns_us > 0)
		t->dns_us = t->dial.dns_us;
	if (t->dial.tries != 0)
		t->server = t->dial.at;
	if (st == OP_FAILED)
		return dial_failed(t);
	fetch_way_dialled(t->worker, &t->way, &t->dial);
	t->origin = t->dial.stream;
	t->dial.stream = NULL;
	return TXN_GO(TUNNEL_REPLY);
}

/* Write what the sink holds; then the streams become a tunnel. */
static struct machine_next flush_then_tunnel(struct txn *t, enum txn_step self)
{
	struct body_source none;

	body_source_init_memory(&none, SPAN_NULL);
	switch (body_pump(&none, &t->sink, t->worker->buffers, t->worker->pipes, &t->arena)) {
	case BODY_PUMP_DONE:
		return TXN_GO(TUNNEL);
	case BODY_PUMP_WAIT:
	case BODY_PUMP_YIELD:
		return MACHINE_NEXT(MACHINE_WAIT, self);
	case BODY_PUMP_SOURCE:
	case BODY_PUMP_SINK:
		break;
	}
	txn_fail(t, WHY_CLIENT_WRITE, SPAN_NULL);
	t->end = SESSION_ABORT;
	return TXN_GO(FINISH);
}

struct machine_next txn_step_tunnel_reply(struct txn *t)
{
	static const struct http_framing none = { HTTP_BODY_NONE, 0 };

	if (!t->has_reply) {
		/* RFC 9110 9.3.6: a 2xx to CONNECT has no framing fields. */
		http_head_init(&t->reply, &t->arena);
		t->reply.status = 200;
		t->reply.version = 11;
		t->reply.reason = SPAN("Connection established");
		t->reply_framing = none;
		txn_reply_begin(t);
	}
	return flush_then_tunnel(t, TXN_TUNNEL_REPLY);
}

struct machine_next txn_step_switch(struct txn *t)
{
	static const struct http_framing none = { HTTP_BODY_NONE, 0 };
	const struct fetch_reply *c = fetch_reply_of(t->fetch);
	bool allows;

	if (t->has_reply)
		return flush_then_tunnel(t, TXN_SWITCH);
	if (t->reply.status == 0) {
		const struct forward_reply f = { .conf = &t->snapshot->header,
			                         .identity = &t->snapshot->identity,
			                         .upgrades = true };

		txn_facts_set_reply(t, &c->head);
		if (!txn_interim_access(t, &allows))
			return TXN_WAIT(SWITCH);
		/* As in Squid: the client is told that the origin's answer is of no use. */
		if (!allows) {
			txn_fail(t, WHY_ORIGIN_BAD_REPLY,
			         SPAN("http_reply_access denies its change of protocol"));
			return TXN_GO(SEND_ERROR);
		}
		http_head_init(&t->reply, &t->arena);
		forward_reply(&c->head, &t->reply, &f);
	}
	if (!txn_fields_of_reply(t, &t->reply, &t->reply_pass, false))
		return TXN_WAIT(SWITCH);
	t->result = LOG_TCP_TUNNEL;
	t->server_status = 101;
	t->reply_framing = none;
	txn_reply_begin(t);
	return flush_then_tunnel(t, TXN_SWITCH);
}

struct machine_next txn_step_tunnel(struct txn *t)
{
	struct session *s = t->session;
	const uint64_t sinks = txn_log_sinks(t); /* decided now, while the facts are here */
	const struct log_rec rec = txn_log_record(t);
	struct tunnel_start start = {
		.worker = t->worker,
		.client = &s->client,
		.origin = &t->origin,
		.holder = &s->holder,
		.from_client = s->in != NULL ? buffer_span(s->in) : SPAN_NULL,
		.rec = &rec,
		.sinks = sinks,
		.opened_ms = s->opened_ms,
		.started_us = t->started_us,
	};

	if (t->fetch != NULL)
		t->origin = fetch_take_stream(t->fetch, &start.from_origin);
	tunnel_open(&start);
	t->end = SESSION_TAKEN;
	return TXN_END();
}
