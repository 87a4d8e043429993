/*
 * The steps from the permission to the last byte of the reply.
 */
#include "proxy/txn.h"

#include "base/counters.h"
#include "header/forward.h"
#include "http/serialise.h"
#include "proxy/client_db.h"
#include "proxy/fetch.h"

/* RFC 9112 3.2.4: OPTIONS without a path is for the origin as a whole. */
static struct span outgoing_target(struct txn *t)
{
	const bool is_whole = t->request.method == HTTP_OPTIONS && t->uri.path_was_empty &&
	                      span_eq(t->uri.path, SPAN("/"));
	const struct peer *p = t->way.peer;

	if (t->is_connect)
		return t->url;
	if (p == NULL || p->is_originserver)
		return is_whole ? SPAN("*") : t->uri.path;
	/* RFC 9112 3.2.2: a proxy is asked in absolute-form. */
	return is_whole ? arena_printf(&t->arena, "%.*s://%.*s", SPAN_ARG(t->uri.scheme_text),
	                               SPAN_ARG(uri_host_text(&t->uri, &t->arena)))
	                : t->url;
}

struct machine_next txn_step_miss(struct txn *t)
{
	const struct http_framing framing = forward_framing(&t->request_framing, false);
	const struct fetch_request r = {
		.worker = t->worker,
		.arena = &t->arena,
		.reader = &t->task,
		.session_id = t->session->id,
		.head = t->outgoing,
		.target = outgoing_target(t),
		.way = &t->way,
		.method = t->request.method,
		.upload = &t->request_body,
		.upload_framing = framing,
		.drops_trailers = header_rules_remove(t->snapshot->header.request_rules),
		.pin = &t->session->pin,
		.may_reuse = t->may_reuse,
		.upgrade = t->upgrade,
		.keep_alive = t->snapshot->net.server_persistent_connections && !t->is_connect,
	};

	if (t->cache != NULL)
		txn_cache_asks(t);
	t->fetch = fetch_start(&r);
	return TXN_GO(AWAIT_REPLY);
}

/* Has this way led to nothing that the client should see, and is there another one? */
static bool should_go_elsewhere(struct txn *t, const struct fetch_reply *c)
{
	const bool may_go =
		c->state == FETCH_REPLY_FAILED
			? fetch_may_go_elsewhere(t->fetch)
			: c->state == FETCH_REPLY_HEAD &&
				  t->request_framing.kind == HTTP_BODY_NONE &&
				  route_may_try_another(c->head.status,
	                                                t->snapshot->peer.retry_on_error);

	return may_go && txn_has_another_way(t, fetch_facts(t->fetch).tries);
}

/* What becomes of a reply. */
static struct machine_next on_head(struct txn *t, unsigned status)
{
	if (t->cache != NULL) {
		if (!t->is_refresh && txn_cache_saves_from(t, status))
			return TXN_GO(SERVE);
		return t->cache->is_validating && status == 304 ? TXN_GO(NOT_MODIFIED)
		                                                : TXN_GO(STORE);
	}
	/* RFC 9111 4.4: the request has changed something, or may have. */
	if (!t->is_connect && !http_method_is_safe(t->request.method) && status < 400)
		return TXN_GO(INVALIDATE);
	return TXN_GO(DELIVER);
}

struct machine_next txn_step_await_reply(struct txn *t)
{
	struct fetch_reply *c = fetch_reply_of(t->fetch);

	while (t->is_refresh && fetch_reply_take_interim(c) != NULL)
		continue;
	if (c->interim != NULL)
		return TXN_GO(SEND_INTERIM);
	if (should_go_elsewhere(t, c)) {
		txn_leave_fetch(t);
		return TXN_GO(WAY);
	}
	switch (c->state) {
	case FETCH_REPLY_EMPTY:
		return TXN_WAIT(AWAIT_REPLY);
	case FETCH_REPLY_HEAD:
		/* A tunnel that a peer refused: what the client sends behind it is no request. */
		t->keep_alive = t->keep_alive && !t->is_connect;
		return on_head(t, c->head.status);
	case FETCH_REPLY_SWITCHED:
		return t->is_connect ? TXN_GO(TUNNEL_REPLY) : TXN_GO(SWITCH);
	case FETCH_REPLY_FAILED:
		if (c->why == WHY_FORBIDDEN_ADDRESS)
			txn_forbidden(t, c->detail);
		else
			txn_fail(t, c->why, c->detail);
		return TXN_GO(SEND_ERROR);
	case FETCH_REPLY_COMPLETE:
		break;
	}
	UNREACHABLE("fetch_reply_state");
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

/*
 * The head of the next interim reply that is passed on. False: policy waits. NULL: there is none.
 */
static bool next_interim(struct txn *t, struct http_head **head)
{
	const struct forward_reply f = { .conf = &t->snapshot->header,
		                         .identity = &t->snapshot->identity };
	bool allows;

	for (;; t->interim = NULL) {
		if (t->interim == NULL) {
			t->interim = fetch_reply_take_interim(fetch_reply_of(t->fetch));
			t->interim_head = NULL;
			t->reply_pass = (struct header_pass){ NULL };
		}
		*head = t->interim_head;
		if (t->interim == NULL)
			return true;
		/* RFC 9110 15.2: not to HTTP/1.0 clients. */
		if (t->request.version < 11)
			continue;
		if (*head == NULL) {
			txn_facts_set_reply(t, &t->interim->head);
			if (!txn_interim_access(t, &allows))
				return false;
			if (!allows)
				continue;
			*head = t->interim_head = arena_alloc(&t->arena, sizeof(**head));
			http_head_init(*head, &t->arena);
			forward_reply(&t->interim->head, *head, &f);
		}
		return txn_fields_of_reply(t, *head, &t->reply_pass, false);
	}
}

/* RFC 9110 15.2: a proxy passes interim replies on. */
struct machine_next txn_step_send_interim(struct txn *t)
{
	static const struct http_framing none = { HTTP_BODY_NONE, 0 };
	struct http_head *h;

	for (;;) {
		if (t->sink.head.n == 0) {
			if (!next_interim(t, &h))
				return TXN_WAIT(SEND_INTERIM);
			t->interim_bytes += t->sink.wire_bytes;
			t->sink = (struct body_sink){ 0 };
			if (h == NULL)
				return TXN_GO(AWAIT_REPLY);
			t->interim = NULL;
			body_sink_init(&t->sink, t->session->client, print_reply(t, h), &none);
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
static struct http_framing reply_framing(struct txn *t, const struct fetch_reply *c)
{
	struct http_framing f = forward_framing(&c->framing, t->request.version < 11);

	if (f.kind == HTTP_BODY_CLOSE || fetch_is_uploading(t->fetch) || t->worker->is_draining)
		t->keep_alive = false;
	return f;
}

struct machine_next txn_step_deliver(struct txn *t)
{
	const struct fetch_reply *c = fetch_reply_of(t->fetch);
	const bool has_body = c->framing.kind != HTTP_BODY_NONE;

	t->reply_framing = reply_framing(t, c);
	const struct forward_reply f = {
		.passes_proxy_authenticate = t->way.peer != NULL && peer_passes_login(t->way.peer),
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
	if (t->cache != NULL)
		txn_cache_add_status(t, &t->reply);
	t->server_status = (uint16_t)c->head.status;
	txn_facts_set_reply(t, &c->head);
	t->source = c->source != NULL ? c->source : &t->own_body;
	return TXN_GO(REPLY_ACCESS);
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
		    fetch_reply_of(t->fetch)->state == FETCH_REPLY_HEAD)
			fetch_reply_complete(fetch_reply_of(t->fetch));
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
		/*
		 * Where only the connection's end tells the body's, a FIN would make it look whole.
		 */
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
	if (!t->is_refresh)
		txn_log(t);
	return TXN_END();
}
