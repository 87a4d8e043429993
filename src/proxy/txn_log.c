/*
 * What the access log is told of a transaction.
 */
#include "base/counters.h"
#include "proxy/client_db.h"
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

	return server.port != 0 ? t->way.hier : LOG_HIER_NONE;
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
		r->attempts = (uint8_t)MIN(t->attempts + f.attempts, 255u);
		r->server_status = f.status;
		r->source = f.source;
		r->peer_us = f.peer_us;
		r->server_us = f.server_us;
		if (f.dns_us >= 0)
			r->dns_us = f.dns_us;
	}
	r->hier = (uint8_t)txn_hier(t);
	if (t->has_uri) {
		r->server_name = t->way.name.p != NULL ? t->way.name : t->uri.host;
		if (t->uri.host_is_ip)
			r->dns_us = -1;
	}
}

/* --- the client's name ------------------------------------------------------------------------ */

static void no_task(struct task *task UNUSED)
{
}

void txn_log_begin(struct txn *t)
{
	struct worker *w = t->worker;

	if (!log_fields_want(&w->snapshot->log.fields, LOG_FIELD_CLIENT_NAME))
		return;
	t->client_name = ARENA_NEW(&t->arena, struct client_name);
	task_init(&t->client_name->task, no_task);
	(void)dns_lookup_ptr(w->dns, client_db_lookups(t->session->holder), &t->session->peer.ip,
	                     &t->client_name->query, &t->client_name->task);
}

void txn_log_end(struct txn *t)
{
	struct client_name *n = t->client_name;

	if (n == NULL)
		return;
	op_cancel(&n->query.op);
	task_cancel(&n->task);
	dns_answer_unref(&n->query.answer);
	t->client_name = NULL;
}

/* Of the address that connected; if another one is logged, there is none. */
static struct span client_name(const struct txn *t)
{
	const struct dns_answer *a = t->client_name != NULL ? t->client_name->query.answer : NULL;

	return a != NULL && a->err == ERR_NONE && ip_eq(&t->client.ip, &t->session->peer.ip)
	               ? a->name
	               : SPAN_NULL;
}

/* --- what the formats in use want ------------------------------------------------------------- */

static char *put(char *at, struct span s)
{
	if (s.n != 0)
		memcpy(at, s.p, s.n);
	return at + s.n;
}

/* The values of the fields of that name with ", " between them; SPAN_NULL: no memory. */
static struct span join(struct txn *t, const struct http_head *h, struct span name, size_t bytes)
{
	char *text = arena_try_alloc(&t->arena, bytes), *at = text;

	if (text == NULL)
		return SPAN_NULL;
	for (const struct http_field *f = h->fields; f < h->fields + h->n_fields; f++) {
		if (!span_eq_nocase(f->name, name))
			continue;
		if (at != text)
			at = put(at, SPAN(", "));
		at = put(at, f->value);
	}
	return span_of(text, (size_t)(at - text));
}

/* What a format prints of a field that may have come more than once. */
static struct span field_text(struct txn *t, const struct http_head *h, struct span name)
{
	const struct http_field *first = h->n_fields != 0 ? http_head_get_named(h, name) : NULL;
	size_t bytes = 0;
	unsigned n = 0;

	if (first == NULL || log_fields_is_single(name))
		return first != NULL ? first->value : SPAN_NULL;
	for (const struct http_field *f = first; f < h->fields + h->n_fields; f++) {
		if (!span_eq_nocase(f->name, name))
			continue;
		bytes += f->value.n + 2;
		n++;
	}
	return n == 1 ? first->value : join(t, h, name, bytes);
}

/* "Name: value\r\n" for each field, between two other texts; SPAN_NULL: no memory. */
static struct span all_fields(struct txn *t, const struct http_head *h, struct span before,
                              struct span after)
{
	size_t n = before.n + after.n;
	char *text, *at;

	for (uint32_t i = 0; i < h->n_fields; i++)
		n += h->fields[i].name.n + h->fields[i].value.n + 4;
	text = at = arena_try_alloc(&t->arena, n + 1);
	if (text == NULL)
		return SPAN_NULL;
	at = put(at, before);
	for (uint32_t i = 0; i < h->n_fields; i++) {
		at = put(at, h->fields[i].name);
		at = put(at, SPAN(": "));
		at = put(at, h->fields[i].value);
		at = put(at, SPAN("\r\n"));
	}
	at = put(at, after);
	return span_of(text, (size_t)(at - text));
}

static struct span all_of_reply(struct txn *t)
{
	char line[32];

	if (!t->has_reply)
		return SPAN_NULL;
	snprintf(line, sizeof(line), "HTTP/1.1 %u ", t->reply.status);
	return all_fields(t, &t->reply,
	                  arena_printf(&t->arena, "%s%.*s\r\n", line, SPAN_ARG(t->reply.reason)),
	                  SPAN("\r\n"));
}

static struct span notes_of(struct txn *t, const char *name)
{
	const struct notes *notes = t->facts.notes;
	struct span all = SPAN_NULL;

	for (const struct note *n = notes != NULL ? notes->first : NULL; n != NULL; n = n->next) {
		if (name == NULL)
			all = arena_printf(&t->arena, "%.*s%.*s: %.*s\r\n", SPAN_ARG(all),
			                   SPAN_ARG(n->name), SPAN_ARG(n->value));
		else if (span_eq(n->name, span_str(name)))
			all = all.p == NULL ? n->value
			                    : arena_printf(&t->arena, "%.*s,%.*s", SPAN_ARG(all),
			                                   SPAN_ARG(n->value));
	}
	return all;
}

static struct span wanted_text(struct txn *t, const struct log_field *f)
{
	const bool has_request = t->request.version != 0;

	switch (f->kind) {
	case LOG_FIELD_REQUEST:
		return has_request ? field_text(t, &t->request, span_str(f->name)) : SPAN_NULL;
	case LOG_FIELD_REPLY:
		return t->has_reply ? field_text(t, &t->reply, span_str(f->name)) : SPAN_NULL;
	case LOG_FIELD_ALL_REQUEST:
		return has_request ? all_fields(t, &t->request, SPAN_NULL, SPAN_NULL) : SPAN_NULL;
	case LOG_FIELD_ALL_REPLY:
		return all_of_reply(t);
	case LOG_FIELD_NOTE:
	case LOG_FIELD_ALL_NOTES:
		return notes_of(t, f->name);
	case LOG_FIELD_CLIENT_NAME:
		return client_name(t);
	case LOG_FIELD_CLIENT_MARK:
		return t->facts.state[FACT_MARK] == FACT_VALUE
		               ? arena_printf(&t->arena, "0x%x", t->facts.mark)
		               : SPAN_NULL;
	case LOG_FIELD_RULE:
	case LOG_FIELD_FACTS:
	case LOG_FIELD_SOURCE:
	case LOG_FIELD_TIMES:
		break;
	}
	UNREACHABLE("a field without a text");
}

/* In the order of the set, which is that of the formats of the same configuration. */
static struct span wanted_texts(struct txn *t, const struct log_fields *wanted)
{
	struct span *texts;
	struct log_pack k;
	size_t bytes = 0;

	if (wanted->n == 0)
		return SPAN_NULL;
	texts = arena_alloc(&t->arena, wanted->n * sizeof(*texts));
	for (size_t i = 0; i < wanted->n; i++) {
		texts[i] = wanted_text(t, &wanted->v[i]);
		bytes += texts[i].n;
	}
	if (!log_pack_begin(&k, &t->arena, bytes, wanted->n))
		return SPAN_NULL;
	for (size_t i = 0; i < wanted->n; i++)
		log_pack_put(&k, texts[i]);
	return log_pack_end(&k);
}

/* --- the record ------------------------------------------------------------------------------- */

/* What http_access knew, and what came to be known after it. */
static struct span pack_facts(struct txn *t, const struct log_conf *conf)
{
	static const enum fact later[] = { FACT_REPLY, FACT_PEER, FACT_HIER, FACT_ERROR };

	if (t->judged == NULL)
		return log_facts_pack(&t->facts, &conf->facts_fields, &t->arena);
	struct facts f = *t->judged;

	for (size_t i = 0; i < ARRAY_LEN(later); i++)
		f.state[later[i]] = t->facts.state[later[i]];
	f.reply = t->facts.reply;
	f.peer = t->facts.peer;
	f.hier_code = t->facts.hier_code;
	f.error = t->facts.error;
	return log_facts_pack(&f, &conf->facts_fields, &t->arena);
}

/* What is served from the cache did not come from a server. */
static uint64_t server_bytes(const struct txn *t)
{
	const struct txn_cache *c = t->cache;

	if (t->source == NULL || (c != NULL && t->source == &c->source && !c->is_fetched))
		return 0;
	return t->source->body_bytes;
}

struct log_rec txn_log_record_for(struct txn *t, const struct log_fields *fields)
{
	const struct session *s = t->session;
	/* Of a head that never ended, what came. */
	const uint64_t head_bytes = t->head_bytes != 0 ? t->head_bytes : t->reader.bytes;
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
		.cause = (uint8_t)t->why,
		.verdict = (uint8_t)t->verdict,
		.is_collapsed = t->cache != NULL && t->cache->is_collapsed,
		.peer_us = -1,
		.server_us = -1,
		.version = (uint8_t)t->request.version,
		.client_in_bytes = head_bytes + t->request_body.body_bytes,
		.client_out_bytes = t->interim_bytes + t->sink.wire_bytes,
		.client_head_bytes = head_bytes,
		.reply_head_bytes = t->reply_head_bytes,
		.server_in_bytes = server_bytes(t),
		.method = t->request.version != 0 ? t->request.method_name : SPAN_NULL,
		.url = log_url(t),
		.content_type =
			t->has_reply ? field_value(&t->reply, HTTP_F_CONTENT_TYPE) : SPAN_NULL,
		.rule = t->rule,
		.rule_place = t->rule_place,
		.reported = t->reported,
		.shadow = t->shadow,
		.detail = t->detail,
	};

	log_server(t, &r);
	r.fields = wanted_texts(t, fields);
	return r;
}

struct log_rec txn_log_record(struct txn *t)
{
	const struct log_conf *conf = &t->worker->snapshot->log;
	struct log_rec r = txn_log_record_for(t, &conf->fields);

	if (log_fields_want(&conf->fields, LOG_FIELD_FACTS))
		r.facts = pack_facts(t, conf);
	return r;
}

static void add_note(struct txn *t, const struct note_conf *c, const char *name,
                     const struct log_value *value)
{
	struct span text;

	if (!log_value_is_fixed(value, &text)) {
		const struct log_rec rec = txn_log_record_for(t, &c->fields);

		text = log_value_text(value, &rec, &t->arena);
	}
	notes_add(&t->notes, &t->arena, span_str(name), text);
}

/*
 * The directive note: of each name the first value whose acls match; none from one on that cannot
 * be told.
 */
static void add_notes(struct txn *t)
{
	const struct note_conf *c = &t->worker->snapshot->proxy.notes;

	for (const struct note_rule *n = c->rules; n != NULL; n = n->next) {
		for (const struct note_value *v = n->values; v != NULL; v = v->next) {
			struct trail trail;
			const enum verdict match =
				txn_decide_now(t, v->terms, VERDICT_ALLOW, &trail);

			if (match == VERDICT_ALLOW)
				add_note(t, c, n->name, v->value);
			if (match == VERDICT_ALLOW || match == VERDICT_UNDECIDED)
				break;
		}
	}
}

uint64_t txn_log_sinks(struct txn *t)
{
	uint64_t sinks = 0;

	txn_facts_fill(t);
	txn_shadow_count(t);
	add_notes(t);
	for (const struct log_target *g = t->worker->snapshot->log.targets; g != NULL;
	     g = g->next) {
		const bool is_none = g->kind == LOG_TARGET_NONE;
		struct trail trail;
		const enum verdict v = g->acls != NULL
		                               ? txn_decide_now(t, g->acls, VERDICT_ALLOW, &trail)
		                               : VERDICT_ALLOW;

		/* What could not be decided is logged: a client may have seen to it. */
		if (v == VERDICT_DENY || (is_none && v == VERDICT_UNDECIDED))
			continue;
		if (is_none)
			break;
		sinks |= 1ULL << g->sink;
	}
	return sinks;
}

/* What Squid counts of the cache, as the access log tells it. */
static void count_hit(const struct txn *t, uint64_t bytes)
{
	const bool was_read = t->cache != NULL && t->cache->was_read;

	if (was_read)
		count(COUNT_SWAP_INS);
	if (!log_result_is_hit(t->result))
		return;
	count(COUNT_CLIENT_HITS);
	count_add(COUNT_CLIENT_HIT_BYTES_OUT, bytes);
	if (t->result == LOG_TCP_MEM_HIT)
		count(COUNT_CLIENT_MEM_HITS);
	else if (t->result == LOG_TCP_HIT && was_read)
		count(COUNT_CLIENT_DISK_HITS);
}

void txn_log(struct txn *t)
{
	const uint64_t bytes_out = t->interim_bytes + t->sink.wire_bytes;

	/* A connection that ended between requests, or before its first, is no transaction. */
	if (t->why == WHY_CLIENT_EOF)
		return;
	if (t->request.version != 0)
		count_add(COUNT_CLIENT_BYTES_IN, t->head_bytes + t->request_body.body_bytes);
	count_add(COUNT_CLIENT_BYTES_OUT, bytes_out);
	count_hit(t, bytes_out);
	const uint64_t sinks = txn_log_sinks(t);

	if (sinks == 0)
		return;
	const struct log_rec rec = txn_log_record(t);

	log_ring_put_each(t->worker->log, sinks, &rec);
}
