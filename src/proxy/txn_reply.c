/*
 * The steps from the permission to the last byte of the reply.
 */
#include "proxy/txn.h"

#include "base/counters.h"
#include "header/forward.h"
#include "http/serialise.h"
#include "proxy/fetch.h"

/* The protocols of the client's Upgrade that are offered on; SPAN_NULL: none. */
static struct span allowed_upgrades(struct txn *t)
{
	struct span rest = http_head_joined(&t->request, HTTP_F_UPGRADE), element, list = SPAN_NULL;
	struct trail trail = { 0 };

	if (rest.p == NULL || t->request.version < 11 ||
	    t->request_framing.kind != HTTP_BODY_NONE ||
	    !http_head_has_token(&t->request, HTTP_F_CONNECTION, SPAN("upgrade")))
		return SPAN_NULL;
	while (http_list_next(&rest, &element)) {
		const struct acl_rules *rules =
			forward_upgrade_rules(&t->snapshot->header, element);

		if (rules == NULL ||
		    txn_decide_now(t, rules, VERDICT_DENY, &trail) != VERDICT_ALLOW)
			continue;
		list = list.n == 0 ? element
		                   : arena_printf(&t->arena, "%.*s, %.*s", SPAN_ARG(list),
		                                  SPAN_ARG(element));
	}
	return list;
}

/* May this request go out on a connection that has been idle? */
static bool may_reuse(struct txn *t)
{
	struct trail trail = { 0 };

	if (!t->snapshot->net.server_persistent_connections)
		return false;
	if (http_method_is_idempotent(t->request.method) &&
	    t->request_framing.kind == HTTP_BODY_NONE)
		return true;
	return txn_decide_now(t, t->snapshot->proxy.server_pconn_for_nonretriable, VERDICT_DENY,
	                      &trail) == VERDICT_ALLOW;
}

static const struct http_head *outgoing_head(struct txn *t, const struct http_framing *framing,
                                             struct span upgrade)
{
	struct http_head *h = arena_alloc(&t->arena, sizeof(*h));
	char ip[IP_TEXT_MAX];
	const struct forward_request f = {
		.conf = &t->snapshot->header,
		.identity = &t->snapshot->identity,
		.uri = &t->uri,
		.client_ip = arena_dup(&t->arena, span_str(ip_text(&t->session->peer.ip, ip))),
		.framing = *framing,
		.upgrade = upgrade,
		.max_forwards = t->max_forwards > 0 ? t->max_forwards - 1 : -1,
	};

	http_head_init(h, &t->arena);
	forward_request(&t->request, h, &f);
	if (!t->snapshot->net.server_persistent_connections && upgrade.n == 0)
		http_head_add(h, HTTP_F_CONNECTION, SPAN("close"));
	return h;
}

/* RFC 9112 3.2.4: OPTIONS without a path is for the origin as a whole. */
static struct span outgoing_target(const struct txn *t)
{
	const bool is_whole = t->request.method == HTTP_OPTIONS && t->uri.path_was_empty &&
	                      span_eq(t->uri.path, SPAN("/"));

	return is_whole ? SPAN("*") : t->uri.path;
}

struct machine_next txn_step_miss(struct txn *t)
{
	if (txn_facts_lack_addresses(t))
		return TXN_GO(SEND_ERROR);
	const struct span upgrade = allowed_upgrades(t);
	const struct http_framing framing = forward_framing(&t->request_framing, false);
	const struct fetch_request r = {
		.worker = t->worker,
		.arena = &t->arena,
		.reader = &t->task,
		.session_id = t->session->id,
		.head = outgoing_head(t, &framing, upgrade),
		.target = outgoing_target(t),
		.host = t->uri.host,
		.port = t->uri.port,
		.method = t->request.method,
		.ips = t->facts.state[FACT_DST_ADDRS] == FACT_VALUE ? t->facts.dst : NULL,
		.n_ips = t->facts.state[FACT_DST_ADDRS] == FACT_VALUE ? t->facts.n_dst : 0,
		.guard = txn_floor_guard(t),
		.upload = &t->request_body,
		.upload_framing = framing,
		.pin = &t->session->pin,
		.may_reuse = may_reuse(t) && upgrade.n == 0,
		.upgrade = upgrade,
		.keep_alive = t->snapshot->net.server_persistent_connections,
	};

	t->fetch = fetch_start(&r);
	return TXN_GO(AWAIT_REPLY);
}

struct machine_next txn_step_await_reply(struct txn *t)
{
	struct cobj *c = fetch_cobj(t->fetch);

	if (c->interim != NULL)
		return TXN_GO(SEND_INTERIM);
	switch (c->state) {
	case COBJ_EMPTY:
		return TXN_WAIT(AWAIT_REPLY);
	case COBJ_HEAD:
		return TXN_GO(DELIVER);
	case COBJ_SWITCHED:
		return TXN_GO(SWITCH);
	case COBJ_FAILED:
		if (c->why == WHY_FORBIDDEN_ADDRESS)
			txn_forbidden(t, c->detail);
		else
			txn_fail(t, c->why, c->detail);
		return TXN_GO(SEND_ERROR);
	case COBJ_COMPLETE:
		break;
	}
	UNREACHABLE("cobj_state");
}

/* Send what the sink holds and nothing else. */
static enum body_result flush_head(struct txn *t)
{
	struct body_source none;

	body_source_init_memory(&none, SPAN_NULL);
	return body_pump(&none, &t->sink, t->worker->buffers, t->worker->pipes, &t->arena);
}

static struct span print_reply(struct txn *t, const struct http_head *h)
{
	const size_t n = http_reply_size(h);
	char *text = arena_alloc(&t->arena, n);

	http_print_reply(text, h);
	return span_of(text, n);
}

/* RFC 9110 15.2: a proxy passes interim replies on, but not to HTTP/1.0 clients. */
struct machine_next txn_step_send_interim(struct txn *t)
{
	static const struct http_framing none = { HTTP_BODY_NONE, 0 };
	struct cobj *c = fetch_cobj(t->fetch);

	for (;;) {
		if (t->sink.head.n == 0) {
			struct cobj_interim *i = cobj_take_interim(c);
			struct http_head h;

			t->interim_bytes += t->sink.wire_bytes;
			t->sink = (struct body_sink){ 0 };
			if (i == NULL)
				return TXN_GO(AWAIT_REPLY);
			if (t->request.version < 11)
				continue;
			const struct forward_reply f = { .conf = &txn_conf(t)->header,
				                         .identity = &txn_conf(t)->identity };

			http_head_init(&h, &t->arena);
			forward_reply(&i->head, &h, &f);
			body_sink_init(&t->sink, t->session->client, print_reply(t, &h), &none);
		}
		switch (flush_head(t)) {
		case BODY_PUMP_DONE:
			break;
		case BODY_PUMP_WAIT:
		case BODY_PUMP_YIELD:
			return TXN_WAIT(SEND_INTERIM);
		case BODY_PUMP_SOURCE:
		case BODY_PUMP_SINK:
			txn_fail(t, WHY_CLIENT_WRITE, SPAN_NULL);
			t->end = SESSION_ABORT;
			return TXN_GO(FINISH);
		}
	}
}

void txn_reply_begin(struct txn *t)
{
	const struct span head = print_reply(t, &t->reply);

	t->reply_head_bytes = head.n;
	t->has_reply = true;
	body_sink_init(&t->sink, t->session->client, head, &t->reply_framing);
}

/* How the reply's body is framed for the client, and whether its connection can stay. */
static struct http_framing reply_framing(struct txn *t, const struct cobj *c)
{
	struct http_framing f = forward_framing(&c->framing, t->request.version < 11);

	if (f.kind == HTTP_BODY_CLOSE || fetch_is_uploading(t->fetch) || t->worker->is_draining)
		t->keep_alive = false;
	return f;
}

struct machine_next txn_step_deliver(struct txn *t)
{
	const struct cobj *c = fetch_cobj(t->fetch);
	const bool has_body = c->framing.kind != HTTP_BODY_NONE;

	t->reply_framing = reply_framing(t, c);
	const struct forward_reply f = {
		.conf = &t->snapshot->header,
		.identity = &t->snapshot->identity,
		/* A reply to HEAD and a 304 say what the length would be: RFC 9110 8.6. */
		.framing = has_body ? &t->reply_framing : NULL,
		.client_is_1_0 = t->request.version < 11,
		.keep_alive = t->keep_alive,
		.hides_connection_auth = !t->session->port->has_connection_auth,
		.now = loop_wall_us(t->worker->loop) / 1000000,
	};

	http_head_init(&t->reply, &t->arena);
	forward_reply(&c->head, &t->reply, &f);
	t->server_status = (uint16_t)c->head.status;
	txn_facts_set_reply(t, &c->head);
	t->source = c->source != NULL ? c->source : &t->own_body;
	return TXN_GO(REPLY_ACCESS);
}

/* The last decisions are made: the head is printed, and whoever reads the body waits for its stream. */
struct machine_next txn_step_reply_fields(struct txn *t)
{
	txn_reply_begin(t);
	if (t->fetch != NULL)
		fetch_hand_over(t->fetch, &t->task);
	txn_release_snapshot(t);
	return TXN_GO(SEND_BODY);
}

/* How the client's connection goes on after a reply that was sent whole. */
static enum session_end end_after_reply(const struct txn *t)
{
	/* Bytes of the request may still be under way: let the client see the reply first. */
	if (!body_source_is_over(&t->request_body) || t->request.version == 0)
		return SESSION_LINGER;
	return t->keep_alive ? SESSION_KEEP : SESSION_CLOSE;
}

struct machine_next txn_step_send_body(struct txn *t)
{
	struct worker *w = t->worker;

	switch (body_pump(t->source, &t->sink, w->buffers, w->pipes, &t->arena)) {
	case BODY_PUMP_WAIT:
		return TXN_WAIT(SEND_BODY);
	case BODY_PUMP_YIELD:
		task_schedule(w->loop, &t->task);
		return TXN_WAIT(SEND_BODY);
	case BODY_PUMP_DONE:
		/* Not after an error page that took a broken reply's place. */
		if (t->why == WHY_NONE && t->fetch != NULL &&
		    fetch_cobj(t->fetch)->state == COBJ_HEAD)
			cobj_complete(fetch_cobj(t->fetch));
		txn_fail(t, WHY_DONE, SPAN_NULL);
		t->end = end_after_reply(t);
		return TXN_GO(FINISH);
	case BODY_PUMP_SOURCE:
		txn_fail(t, t->source->why, SPAN_NULL);
		/* Nothing has gone out yet: the client can still be told. */
		if (!body_sink_has_begun(&t->sink) && t->source != &t->own_body) {
			t->has_reply = false;
			return TXN_GO(SEND_ERROR);
		}
		/* Where only the connection's end tells the body's, a FIN would make it look whole. */
		t->end = t->sink.framing.kind == HTTP_BODY_CLOSE ? SESSION_ABORT : SESSION_CLOSE;
		return TXN_GO(FINISH);
	case BODY_PUMP_SINK:
		txn_fail(t, WHY_CLIENT_WRITE, SPAN_NULL);
		t->end = SESSION_ABORT;
		return TXN_GO(FINISH);
	}
	UNREACHABLE("body_result");
}

struct machine_next txn_step_finish(struct txn *t)
{
	txn_log(t);
	return TXN_END();
}
