/*
 * What the access log is told of a transaction.
 */
#include "base/counters.h"
#include "proxy/fetch.h"
#include "proxy/txn.h"

_Static_assert(LOG_SINKS_MAX <= 64, "txn_log_sinks() returns a bit for each");

/* Squid's pseudo-URLs for what has none. */
static struct span log_url(const struct txn *t)
{
	if (t->has_uri)
		return t->url;
	if (t->why == WHY_HEAD_TOO_LARGE || t->why == WHY_URI_TOO_LONG)
		return SPAN("error:request-too-large");
	if (t->request.version == 0 &&
	    (t->why == WHY_CLIENT_GONE || t->why == WHY_REQUEST_TIMEOUT || t->why == WHY_SHUTDOWN))
		return SPAN("error:transaction-end-before-headers");
	return SPAN("error:invalid-request");
}

static struct span field_value(const struct http_head *h, enum http_field_id id)
{
	const struct http_field *f = h->n_fields != 0 ? http_head_get(h, id) : NULL;

	return f != NULL ? f->value : SPAN_NULL;
}

/* An error page that reached the client whole is no abort, whatever caused it. */
static enum why logged_why(const struct txn *t)
{
	const bool is_whole = t->has_reply && body_sink_is_whole(&t->sink);

	if (!is_whole)
		return why_row(t->why)->suffix == WHY_SUFFIX_NONE && t->cut_by != WHY_NONE
		               ? t->cut_by
		               : t->why;
	return why_row(t->why)->suffix != WHY_SUFFIX_NONE ? WHY_DONE : t->why;
}

enum log_hier txn_hier(const struct txn *t)
{
	const struct endpoint server = t->fetch != NULL ? fetch_facts(t->fetch).server : t->server;

	return server.port != 0 ? LOG_HIER_DIRECT : LOG_HIER_NONE;
}

static void log_server(const struct txn *t, struct log_rec *r)
{
	r->server = t->server;
	r->attempts = t->attempts;
	r->server_status = t->server_status;
	r->dns_us = t->dns_us;
	if (t->fetch != NULL) {
		const struct fetch_facts f = fetch_facts(t->fetch);

		r->server = f.server;
		r->attempts = (uint8_t)MIN(f.attempts, 255u);
		r->server_status = f.status;
		if (f.dns_us >= 0)
			r->dns_us = f.dns_us;
	}
	r->hier = (uint8_t)txn_hier(t);
	if (t->has_uri)
		r->server_name = t->uri.host;
}

struct log_rec txn_log_record(const struct txn *t)
{
	const struct session *s = t->session;
	struct log_rec r = {
		.start_us = t->started_wall_us,
		.end_us = loop_wall_us(t->worker->loop),
		.duration_us = loop_precise_us(t->worker->loop) - t->started_us,
		.client = t->client,
		.local = s->local,
		.id = s->id,
		.status = t->has_reply ? (uint16_t)t->reply.status : 0,
		.result = (uint8_t)t->result,
		.hier = LOG_HIER_NONE,
		.why = (uint8_t)logged_why(t),
		.version = (uint8_t)t->request.version,
		.client_in_bytes = t->head_bytes + t->request_body.body_bytes,
		.client_out_bytes = t->interim_bytes + t->sink.wire_bytes,
		.client_head_bytes = t->head_bytes,
		.reply_head_bytes = t->reply_head_bytes,
		.server_in_bytes = t->source != NULL ? t->source->body_bytes : 0,
		.method = t->request.version != 0 ? t->request.method_name : SPAN_NULL,
		.url = log_url(t),
		.content_type =
			t->has_reply ? field_value(&t->reply, HTTP_F_CONTENT_TYPE) : SPAN_NULL,
		.rule = t->rule,
		.rule_place = t->rule_place,
		.reported = t->reported,
		.detail = t->detail,
	};

	if (t->request.version != 0) {
		r.user_agent = field_value(&t->request, HTTP_F_USER_AGENT);
		r.referer = field_value(&t->request, HTTP_F_REFERER);
	}
	log_server(t, &r);
	return r;
}

uint64_t txn_log_sinks(struct txn *t)
{
	uint64_t sinks = 0;

	txn_facts_fill(t);
	for (const struct log_target *g = t->worker->snapshot->log.targets; g != NULL;
	     g = g->next) {
		struct trail trail;

		if (g->acls != NULL &&
		    txn_decide_now(t, g->acls, VERDICT_ALLOW, &trail) != VERDICT_ALLOW)
			continue;
		if (g->kind == LOG_TARGET_NONE)
			break;
		sinks |= 1ULL << g->sink;
	}
	return sinks;
}

void txn_log(struct txn *t)
{
	/* A connection that ended between requests, or before its first, is no transaction. */
	if (t->why == WHY_CLIENT_EOF)
		return;
	if (t->request.version != 0)
		count_add(COUNT_CLIENT_BYTES_IN, t->head_bytes + t->request_body.body_bytes);
	count_add(COUNT_CLIENT_BYTES_OUT, t->interim_bytes + t->sink.wire_bytes);
	const uint64_t sinks = txn_log_sinks(t);

	if (sinks == 0)
		return;
	const struct log_rec rec = txn_log_record(t);

	log_ring_put_each(t->worker->log, sinks, &rec);
}
