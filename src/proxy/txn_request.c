/*
 * The steps from the first byte of a request to the permission to go on.
 */
#include "proxy/txn.h"

#include "base/counters.h"
#include "header/forward.h"
#include "http/target.h"
#include "proxy/internal.h"

static struct machine_next bad_head(struct txn *t, const struct http_parse_error *e)
{
	count(COUNT_CLIENT_BAD);
	txn_fail(t, e->why, e->detail != NULL ? span_str(e->detail) : SPAN_NULL);
	return TXN_GO(SEND_ERROR);
}

struct machine_next txn_step_read_head(struct txn *t)
{
	struct session *s = t->session;
	struct http_parse_error e = { 0 };
	size_t used = 0;
	const uint64_t had = s->in != NULL ? s->in->n : 0;
	const bool is_first_look = t->reader.bytes == 0;
	const enum head_read r = head_reader_run(
		&t->reader, s->client, &s->in, t->worker->buffers, http_parse_request,
		(size_t)t->snapshot->proxy.request_header_max_bytes, &t->arena, &t->request, &used,
		&e);

	if (is_first_look)
		t->reader.bytes += had; /* pipelined bytes were counted when they came */
	/*
	 * What an unfinished head says points into a buffer that may be gone: it is nobody's yet.
	 */
	if (r != HEAD_OK) {
		t->request.version = 0;
		t->request.method_name = t->request.target = SPAN_NULL;
	}
	switch (r) {
	case HEAD_OK:
		t->head_bytes = used;
		count(COUNT_CLIENT_REQUESTS);
		return TXN_GO(CLASSIFY);
	case HEAD_WAIT:
		if (t->reader.bytes != 0)
			return TXN_WAIT(READ_HEAD);
		/* A stream may seem readable after its last byte was read: no request has begun. */
		txn_fail(t, WHY_CLIENT_EOF, SPAN_NULL);
		t->end = SESSION_KEEP;
		s->n_txns--;
		return TXN_GO(FINISH);
	case HEAD_BAD:
		count(COUNT_CLIENT_REQUESTS);
		t->head_bytes = t->reader.bytes;
		return bad_head(t, &e);
	case HEAD_EOF:
	case HEAD_ERROR:
		txn_fail(t, t->reader.bytes == 0 ? WHY_CLIENT_EOF : WHY_CLIENT_GONE, SPAN_NULL);
		return TXN_GO(FINISH);
	case HEAD_MEMORY:
		return TXN_FAIL(t, MEMORY, SPAN_NULL);
	}
	UNREACHABLE("head_read");
}

/* Fields that steer how the request is treated. False: t->why is set. */
static bool read_expectations(struct txn *t)
{
	const struct http_head *h = &t->request;
	const struct http_field *expect = http_head_get(h, HTTP_F_EXPECT);
	const struct http_field *max = http_head_get(h, HTTP_F_MAX_FORWARDS);
	uint64_t n;

	/* RFC 9110 10.1.1: HTTP/1.0 has no expectations. */
	if (expect != NULL && h->version >= 11 &&
	    !span_eq_nocase(expect->value, SPAN("100-continue"))) {
		txn_fail(t, WHY_BAD_EXPECTATION, SPAN_NULL);
		return false;
	}
	if (max != NULL && (h->method == HTTP_TRACE || h->method == HTTP_OPTIONS)) {
		if (!span_to_u64(max->value, &n)) {
			txn_fail(t, WHY_BAD_REQUEST, SPAN("Max-Forwards is no number"));
			return false;
		}
		t->max_forwards = (int64_t)MIN(n, (uint64_t)INT32_MAX);
	}
	return true;
}

static bool begin_body(struct txn *t, struct http_parse_error *e)
{
	const struct proxy_conf *c = &t->snapshot->proxy;
	const uint64_t max = (uint64_t)c->request_body_max_bytes;

	if (!http_request_framing(&t->request, &t->request_framing, e))
		return false;
	/* A CONNECT has no body: what follows it belongs to the tunnel. */
	if (t->is_connect)
		t->request_framing.kind = HTTP_BODY_NONE;
	body_source_init(&t->request_body, t->session->client, &t->session->in, &t->request_framing,
	                 &body_whys_client, (uint32_t)MIN(c->request_header_max_bytes, INT32_MAX));
	t->request_body.max_bytes = max;
	if (max != 0 && t->request_framing.kind == HTTP_BODY_LENGTH &&
	    t->request_framing.length > max) {
		*e = (struct http_parse_error){ WHY_BODY_TOO_LARGE, NULL, 0 };
		return false;
	}
	return true;
}

struct machine_next txn_step_classify(struct txn *t)
{
	struct http_parse_error e = { WHY_BAD_URL, NULL, 0 };

	t->is_connect = t->request.method == HTTP_CONNECT;
	if (!http_target_uri(&t->request, &t->arena, &t->uri, &e.detail)) {
		t->request_framing.kind = HTTP_BODY_NONE;
		return bad_head(t, &e);
	}
	t->has_uri = true;
	t->url = uri_text(&t->uri, &t->arena);
	if (!begin_body(t, &e))
		return bad_head(t, &e);
	if (t->uri.scheme == URI_WS_OTHER || t->uri.scheme == URI_URN)
		return TXN_FAIL(t, SCHEME, t->uri.scheme_text);
	t->keep_alive = forward_is_persistent(&t->request) &&
	                t->snapshot->proxy.client_persistent_connections && !t->worker->is_draining;
	if (!read_expectations(t))
		return TXN_GO(SEND_ERROR);
	t->is_manager = internal_is_manager(t);
	return TXN_GO(FOLLOW_CLIENT);
}

/*
 * RFC 9112 3.2.2: with an absolute target Host is ignored (and rewritten when the request is
 * forwarded). host_verify_strict makes a difference an error, as Squid does.
 */
struct machine_next txn_step_verify_host(struct txn *t)
{
	const struct http_field *host = http_head_get(&t->request, HTTP_F_HOST);
	struct uri u;
	const char *detail;

	if (!t->snapshot->proxy.host_verify_strict || host == NULL)
		return TXN_GO(ACCESS);
	const enum uri_scheme scheme = t->is_connect ? URI_HTTPS : t->uri.scheme;

	if (!uri_parse_host(host->value, scheme, &t->arena, &u, &detail) ||
	    !span_eq(u.host, t->uri.host) || (u.has_port && u.port != t->uri.port) ||
	    (!u.has_port && t->uri.port != uri_default_port(scheme)))
		return TXN_FAIL(t, CONFLICT_HOST, SPAN_NULL);
	return TXN_GO(ACCESS);
}

struct machine_next txn_step_answer_here(struct txn *t)
{
	if (t->is_manager)
		internal_manager(t);
	else
		internal_last_hop(t);
	return TXN_GO(REPLY_ACCESS);
}
