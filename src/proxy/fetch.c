/*
 * Fetches: route, dial, send, receive, retry.
 */
#include "proxy/fetch.h"

#include "base/counters.h"
#include "header/forward.h"
#include "http/serialise.h"
#include "proxy/machine.h"

#define FETCH_MAGIC 0xfe7c4a11u

/* An origin that sends more interim replies than this is up to no good. */
#define INTERIM_MAX 64

enum fetch_step {
#define FETCH_STEP(sym, fn, timeout, why, to) FETCH_##sym,
#include "proxy/fetch_steps.tbl.h"
#undef FETCH_STEP
	FETCH_STEP_N
};

struct fetch {
	uint32_t magic;
	enum fetch_step step;
	struct fetch_request r;
	struct worker *worker;
	struct task task;
	struct timer timer;
	bool timed_out;
	struct fetch_reply handed; /* what the reader sees */

	struct dial dial;
	struct stream *stream; /* NULL until dialled; NULL again once given away */
	struct buffer *in;     /* read from the origin and not yet used */
	int64_t opened_ms;     /* of the connection */
	bool is_reused, is_persistent;
	bool was_pinned;
	unsigned attempts, tries, interims;
	uint64_t interim_bytes; /* received with interim heads */
	int64_t dns_us;
	struct endpoint server;
	struct endpoint source;      /* our end; only if a log tells it */
	int64_t started_us, sent_us; /* precise; 0: no log tells times, or not there yet */

	struct span request_text;
	struct body_sink upload;
	bool is_uploading;        /* head or body are not yet sent whole */
	bool upload_write_failed; /* the origin takes no more: a reply may be there all the same */
	struct head_reader reader;
	struct http_head reply;
	struct body_source body;

	enum why why;
	struct span detail;
};

typedef struct machine_next fetch_step_fn(struct fetch *);
#define FETCH_STEP(sym, fn, timeout, why, to) static fetch_step_fn step_##fn;
#include "proxy/fetch_steps.tbl.h"
#undef FETCH_STEP

static const struct {
	const char *name;
	fetch_step_fn *fn;
	enum machine_timeout timeout;
	enum why why;
	uint32_t to;
} steps[] = {
#define FETCH_STEP(sym, fn, timeout, why, to) { #sym, step_##fn, timeout, WHY_##why, to },
#include "proxy/fetch_steps.tbl.h"
#undef FETCH_STEP
};

#define GO(s)   MACHINE_NEXT(MACHINE_GO, FETCH_##s)
#define WAIT(s) MACHINE_NEXT(MACHINE_WAIT, FETCH_##s)
#define END()   MACHINE_NEXT(MACHINE_END, 0)

static struct machine_next fail(struct fetch *f, enum why why, const char *detail)
{
	f->why = why;
	f->detail = detail != NULL ? span_str(detail) : SPAN_NULL;
	return GO(FAIL);
}

/* --- the upload ------------------------------------------------------------------------------- */

/* Go on sending. False: the client's side failed, and f->why says how. */
static bool upload_run(struct fetch *f)
{
	struct worker *w = f->worker;

	if (!f->is_uploading)
		return true;
	switch (body_pump(f->r.upload, &f->upload, w->buffers, w->pipes, f->r.arena)) {
	case BODY_PUMP_DONE:
		f->is_uploading = false;
		if (f->started_us != 0)
			f->sent_us = loop_precise_us(w->loop);
		/*
		 * A FIN behind the body has been seen, perhaps: its reader knows what that means.
		 */
		if (f->r.upload_framing.kind != HTTP_BODY_NONE)
			task_schedule(w->loop, f->r.reader);
		return true;
	case BODY_PUMP_WAIT:
		return true;
	case BODY_PUMP_YIELD:
		task_schedule(w->loop, &f->task);
		return true;
	case BODY_PUMP_SINK:
		/* RFC 9112 9.5: look for a reply before giving up. */
		f->is_uploading = false;
		f->upload_write_failed = true;
		return true;
	case BODY_PUMP_SOURCE:
		f->is_uploading = false;
		f->why = f->r.upload->why;
		return false;
	}
	UNREACHABLE("body_result");
}

bool fetch_is_uploading(const struct fetch *f)
{
	return f->is_uploading || !body_source_is_over(f->r.upload);
}

void fetch_poke_upload(struct fetch *f)
{
	CHECK_OBJ(f, FETCH_MAGIC);
	/* Its own task looks after the outcome, in the same order as for the origin's events. */
	if (f->is_uploading && f->stream != NULL && f->step == FETCH_RECV_HEAD)
		task_schedule(f->worker->loop, &f->task);
}

/* --- the steps -------------------------------------------------------------------------------- */

static bool is_judged(const struct fetch *f, const struct ip *ip)
{
	if (f->r.way->n_ips == 0)
		return true;
	for (unsigned i = 0; i < f->r.way->n_ips; i++)
		if (ip_eq(&f->r.way->ips[i], ip))
			return true;
	return false;
}

void fetch_pin_drop(struct fetch_pin *p)
{
	stream_close(&p->stream, false);
	free(p->key);
	*p = (struct fetch_pin){ 0 };
}

static void pin(struct fetch *f)
{
	struct fetch_pin *p = f->r.pin;

	fetch_pin_drop(p);
	p->key = check_malloc(f->r.way->key.n);
	memcpy(p->key, f->r.way->key.p, f->r.way->key.n);
	p->key_n = f->r.way->key.n;
	p->opened_ms = f->opened_ms;
	p->stream = f->stream;
	p->stream->owner = NULL;
	f->stream = NULL;
}

/* The connection that this client has authenticated, if it leads there and nothing came on it. */
static struct stream *take_pinned(struct fetch *f)
{
	struct fetch_pin *p = f->r.pin;

	if (p->stream == NULL || !span_eq(span_of(p->key, p->key_n), f->r.way->key))
		return NULL;
	struct stream *s = p->stream;

	p->stream = NULL;
	f->opened_ms = p->opened_ms;
	fetch_pin_drop(p);
	if (!upstream_is_quiet(s))
		stream_close(&s, false);
	f->was_pinned = s != NULL;
	return s;
}

static struct machine_next step_route(struct fetch *f)
{
	const struct fetch_way *way = f->r.way;

	f->stream = f->r.keep_alive ? take_pinned(f) : NULL;
	if (f->stream == NULL && f->r.may_reuse)
		f->stream = upstream_pool_take(f->worker->upstreams, way->key, &f->opened_ms);
	/*
	 * Somebody else's rule may have let it be opened. It stays for them, but for an
	 * authenticated one.
	 */
	if (f->stream != NULL && floor_judge(&way->guard, &f->stream->peer) != FLOOR_PASSES) {
		if (f->was_pinned)
			stream_close(&f->stream, false);
		else
			upstream_pool_give(f->worker->upstreams, way->key, &f->stream,
			                   f->opened_ms);
	}
	/* The name may have moved since: policy judged today's addresses, so only those will do. */
	if (f->stream != NULL && !is_judged(f, &f->stream->peer.ip))
		stream_close(&f->stream, false);
	if (f->stream == NULL)
		return GO(DIAL);
	f->is_reused = true;
	f->server = f->stream->peer;
	count(COUNT_SERVER_REUSED);
	return GO(SEND_HEAD);
}

static struct machine_next dial_failed(struct fetch *f)
{
	if (fetch_make_room(f->worker, f->dial.err)) {
		f->dial.op.status = OP_IDLE;
		return GO(DIAL);
	}
	if (f->dial.err == ERR_FORBIDDEN) {
		const struct machine_next next = fail(f, WHY_FORBIDDEN_ADDRESS, NULL);

		f->detail =
			fetch_forbidden_text(f->r.arena, &f->dial.forbidden, f->dial.forbidden_as);
		return next;
	}
	fetch_way_dialled(f->worker, f->r.way, &f->dial);
	return fail(f, fetch_dial_why(f->dial.err), err_text(f->dial.err));
}

static struct machine_next step_dial(struct fetch *f)
{
	struct worker *w = f->worker;
	enum op_status st = f->dial.op.status;

	if (st == OP_IDLE) {
		f->attempts++;
		st = fetch_way_dial(w, f->r.way, &f->dial, &f->task);
	}
	if (st == OP_PENDING)
		return WAIT(DIAL);
	f->dns_us = f->dial.dns_us;
	f->tries += f->dial.tries;
	if (f->dial.tries != 0)
		f->server = f->dial.at;
	if (st == OP_FAILED)
		return dial_failed(f);
	fetch_way_dialled(w, f->r.way, &f->dial);
	f->dial.op.status = OP_IDLE;
	f->stream = f->dial.stream;
	f->dial.stream = NULL;
	f->opened_ms = loop_now_ms(w->loop);
	f->is_reused = f->was_pinned = false;
	return GO(SEND_HEAD);
}

static struct machine_next step_send_head(struct fetch *f)
{
	if (f->request_text.p == NULL) {
		const size_t n = http_request_size(f->r.head, f->r.target);
		char *text = arena_try_alloc(f->r.arena, n);

		if (text == NULL)
			return fail(f, WHY_MEMORY, NULL);
		http_print_request(text, f->r.head, f->r.target);
		f->request_text = span_of(text, n);
	}
	f->stream->owner = &f->task;
	body_sink_init(&f->upload, f->stream, f->request_text, &f->r.upload_framing);
	f->upload.drops_trailers = f->r.drops_trailers;
	f->is_uploading = true;
	if (log_fields_want(&f->worker->snapshot->log.fields, LOG_FIELD_SOURCE) &&
	    sock_local(f->stream->event.fd, &f->source) != ERR_NONE)
		f->source = (struct endpoint){ 0 };
	head_reader_init(&f->reader);
	count(COUNT_SERVER_REQUESTS);
	if (f->r.way->peer != NULL)
		peer_count_request(f->r.way->peer);
	return GO(RECV_HEAD);
}

/*
 * RFC 9110 9.2.2, 9112 9.3.1: once more on a new connection, if nothing was sent, or if doing it
 * twice does no harm, the body can be sent again and nothing of a reply has come. Only a connection
 * that had been idle may die for reasons that are not the request's.
 */
static bool can_repeat(const struct fetch *f)
{
	if (f->reader.bytes != 0 || f->interims != 0)
		return false;
	if (!body_sink_has_begun(&f->upload))
		return true;
	/* A CONNECT that was not answered has opened nothing for anybody. */
	return (http_method_is_idempotent(f->r.method) || f->r.method == HTTP_CONNECT) &&
	       f->r.upload->body_bytes == 0 && f->r.upload->wire_bytes == 0;
}

static bool may_retry(const struct fetch *f)
{
	return f->is_reused && can_repeat(f);
}

bool fetch_may_go_elsewhere(const struct fetch *f)
{
	CHECK_OBJ(f, FETCH_MAGIC);
	switch ((unsigned)f->why) {
	case WHY_CONNECT_FAIL:
	case WHY_CONNECT_TIMEOUT:
	case WHY_DNS_FAIL:
	case WHY_DNS_TIMEOUT:
		return true;
	case WHY_ORIGIN_EMPTY:
	case WHY_ORIGIN_READ:
	case WHY_ORIGIN_WRITE:
		return can_repeat(f);
	default:
		return false;
	}
}

/* The origin's side ended or broke before a final head. */
static struct machine_next no_reply(struct fetch *f, enum why why)
{
	if (may_retry(f))
		return GO(RETRY);
	if (f->upload_write_failed && why == WHY_ORIGIN_EMPTY)
		why = WHY_ORIGIN_WRITE;
	return fail(f, why, f->stream->error != ERR_NONE ? err_text(f->stream->error) : NULL);
}

static struct machine_next step_recv_head(struct fetch *f)
{
	struct worker *w = f->worker;
	struct http_parse_error e = { 0 };
	size_t used;
	const bool uploads_well = upload_run(f);

	switch (head_reader_run(&f->reader, f->stream, &f->in, w->buffers, http_parse_reply,
	                        (size_t)w->snapshot->proxy.reply_header_max_bytes, f->r.arena,
	                        &f->reply, &used, &e)) {
	case HEAD_OK:
		return GO(DECIDE);
	case HEAD_WAIT:
		if (!uploads_well)
			return fail(f, f->why, NULL);
		/*
		 * A write that failed with nothing to read: the reset has not shown up as an event
		 * yet.
		 */
		if (f->upload_write_failed)
			return no_reply(f, WHY_ORIGIN_WRITE);
		return WAIT(RECV_HEAD);
	case HEAD_BAD:
		return fail(f, e.why == WHY_ORIGIN_HEAD_TOO_LARGE ? e.why : WHY_ORIGIN_BAD_REPLY,
		            e.detail);
	case HEAD_EOF:
		return no_reply(f, f->reader.bytes == 0 ? WHY_ORIGIN_EMPTY : WHY_ORIGIN_CUT);
	case HEAD_ERROR:
		return no_reply(f, f->reader.bytes == 0 ? WHY_ORIGIN_EMPTY : WHY_ORIGIN_READ);
	case HEAD_MEMORY:
		return fail(f, WHY_MEMORY, NULL);
	}
	UNREACHABLE("head_read");
}

static struct machine_next pass_interim(struct fetch *f)
{
	if (++f->interims > INTERIM_MAX)
		return fail(f, WHY_ORIGIN_BAD_REPLY, "too many interim replies");
	struct fetch_interim *i = ARENA_NEW(f->r.arena, struct fetch_interim);

	i->head = f->reply;
	fetch_reply_add_interim(&f->handed, i);
	f->interim_bytes += f->reader.bytes;
	head_reader_init(&f->reader);
	return GO(RECV_HEAD);
}

static struct machine_next step_decide(struct fetch *f)
{
	const struct http_head *h = &f->reply;
	struct http_framing framing;
	struct http_parse_error e = { 0 };

	if (h->status == 101) {
		/* RFC 9110 7.8: only what was asked for, and only after the whole request. */
		if (f->is_uploading || !forward_upgrade_is_offered(h, f->r.upgrade))
			return fail(f, WHY_ORIGIN_BAD_REPLY, "an upgrade that was not asked for");
		framing.kind = HTTP_BODY_NONE;
		fetch_reply_set_head(&f->handed, h, &framing, NULL, FETCH_REPLY_SWITCHED);
		return WAIT(RECV_BODY);
	}
	/* RFC 9110 9.3.6: a peer has opened the tunnel. */
	if (f->r.method == HTTP_CONNECT && h->status / 100 == 2) {
		framing.kind = HTTP_BODY_NONE;
		fetch_reply_set_head(&f->handed, h, &framing, NULL, FETCH_REPLY_SWITCHED);
		return WAIT(RECV_BODY);
	}
	if (h->status < 200)
		return pass_interim(f);
	if (!http_reply_framing(h, f->r.method, &framing, &e))
		return fail(f, WHY_ORIGIN_BAD_REPLY, e.detail);
	/*
	 * A final reply before the request's end stops the upload, and the connection is of no more
	 * use.
	 */
	f->is_persistent = f->r.keep_alive && forward_is_persistent(h) && !f->is_uploading &&
	                   !f->upload_write_failed && framing.kind != HTTP_BODY_CLOSE;
	if (f->is_uploading)
		f->is_uploading = false;
	body_source_init(
		&f->body, f->stream, &f->in, &framing, &body_whys_origin,
		(uint32_t)MIN(f->worker->snapshot->proxy.reply_header_max_bytes, INT32_MAX));
	fetch_reply_set_head(&f->handed, h, &framing,
	                     framing.kind == HTTP_BODY_NONE ? NULL : &f->body, FETCH_REPLY_HEAD);
	return WAIT(RECV_BODY);
}

/* The reader takes the body; it wakes us when it is through. */
static struct machine_next step_recv_body(struct fetch *f)
{
	return f->handed.state == FETCH_REPLY_COMPLETE ? GO(DONE) : WAIT(RECV_BODY);
}

bool fetch_connection_is_idle(struct worker *w, bool is_persistent, struct buffer **in)
{
	if (*in != NULL && (*in)->n == 0)
		buffer_give(w->buffers, in);
	return is_persistent && *in == NULL && !w->is_draining;
}

static struct machine_next step_done(struct fetch *f)
{
	struct worker *w = f->worker;

	if (!fetch_connection_is_idle(w, f->is_persistent, &f->in) || f->stream == NULL)
		return END();
	if (f->was_pinned || forward_binds_connection(f->r.head, &f->reply))
		pin(f);
	else
		upstream_pool_give(w->upstreams, f->r.way->key, &f->stream, f->opened_ms);
	return END();
}

static struct machine_next step_retry(struct fetch *f)
{
	count(COUNT_SERVER_RETRIES);
	count_add(COUNT_SERVER_BYTES_OUT, f->upload.wire_bytes);
	body_sink_fini(&f->upload, f->worker->pipes);
	buffer_give(f->worker->buffers, &f->in);
	stream_close(&f->stream, true);
	f->is_uploading = f->upload_write_failed = false;
	return GO(DIAL);
}

static struct machine_next step_fail(struct fetch *f)
{
	count(COUNT_SERVER_ERRORS);
	stream_close(&f->stream, true);
	fetch_reply_fail(&f->handed, f->why, f->detail);
	return END();
}

/* --- the runner ------------------------------------------------------------------------------- */

static void arm(struct fetch *f)
{
	if (steps[f->step].timeout == TMO_READ)
		timer_arm(f->worker->loop, &f->timer, f->worker->snapshot->proxy.read_timeout_ms);
	else if (timer_is_armed(&f->timer))
		timer_cancel(f->worker->loop, &f->timer);
}

static void fetch_run(struct fetch *f)
{
	for (;;) {
		const struct machine_next next = steps[f->step].fn(f);

		if (next.kind == MACHINE_END) {
			timer_cancel(f->worker->loop, &f->timer);
			task_cancel(&f->task);
			return;
		}
		CHECK(next.to < FETCH_STEP_N);
		CHECK(next.to == f->step || (steps[f->step].to & (1u << next.to)) != 0);
		if (next.to != f->step)
			worker_trace(f->worker, f->r.session_id, "fetch", steps[f->step].name,
			             steps[next.to].name);
		f->step = next.to;
		if (next.kind == MACHINE_WAIT) {
			arm(f);
			return;
		}
	}
}

static void on_timeout(struct fetch *f)
{
	f->timed_out = false;
	f->why = steps[f->step].why;
	/* All was passed on that the client sent: it is the client who keeps us waiting. */
	if (f->is_uploading && f->upload.head.n == 0 && f->r.upload->data.n == 0 &&
	    !stream_is_readable(f->r.upload->stream))
		f->why = WHY_BODY_TIMEOUT;
	f->step = FETCH_FAIL;
	fetch_run(f);
}

static void fetch_task(struct task *task)
{
	struct fetch *f = CONTAINER_OF(task, struct fetch, task);

	CHECK_OBJ(f, FETCH_MAGIC);
	if (f->timed_out)
		on_timeout(f);
	else if (f->step != FETCH_FAIL && f->step != FETCH_DONE)
		fetch_run(f);
}

static void fetch_timer(struct timer *timer)
{
	struct fetch *f = CONTAINER_OF(timer, struct fetch, timer);

	f->timed_out = true;
	task_schedule(f->worker->loop, &f->task);
}

struct fetch *fetch_start(const struct fetch_request *r)
{
	struct fetch *f = ARENA_NEW(r->arena, struct fetch);

	f->magic = FETCH_MAGIC;
	f->step = FETCH_ROUTE;
	f->r = *r;
	f->worker = r->worker;
	f->dns_us = -1;
	if (log_fields_want(&f->worker->snapshot->log.fields, LOG_FIELD_TIMES))
		f->started_us = loop_precise_us(f->worker->loop);
	task_init(&f->task, fetch_task);
	timer_init(&f->timer, fetch_timer);
	fetch_reply_init(&f->handed, r->worker->loop, r->reader, &f->task);
	fetch_run(f);
	return f;
}

struct fetch_reply *fetch_reply_of(struct fetch *f)
{
	CHECK_OBJ(f, FETCH_MAGIC);
	return &f->handed;
}

struct fetch_facts fetch_facts(const struct fetch *f)
{
	const int64_t now_us = f->started_us != 0 ? loop_precise_us(f->worker->loop) : 0;

	CHECK_OBJ(f, FETCH_MAGIC);
	return (struct fetch_facts){ .server = f->server,
		                     .source = f->source,
		                     .attempts = f->attempts + f->is_reused,
		                     .tries = f->tries,
		                     .dns_us = f->dns_us,
		                     .peer_us = f->sent_us != 0 ? now_us - f->sent_us : -1,
		                     .server_us = f->started_us != 0 ? now_us - f->started_us : -1,
		                     .reused = f->is_reused,
		                     .status = (uint16_t)f->reply.status };
}

void fetch_hand_over(struct fetch *f, struct task *reader)
{
	CHECK_OBJ(f, FETCH_MAGIC);
	if (f->stream != NULL)
		f->stream->owner = reader;
}

struct stream *fetch_take_stream(struct fetch *f, struct span *early)
{
	struct stream *s = f->stream;

	CHECK_OBJ(f, FETCH_MAGIC);
	*early = f->in != NULL ? buffer_span(f->in) : SPAN_NULL;
	f->stream = NULL;
	return s;
}

bool fetch_may_be_left(const struct fetch *f)
{
	CHECK_OBJ(f, FETCH_MAGIC);
	CHECK(f->handed.state == FETCH_REPLY_HEAD);
	return !f->was_pinned && !forward_binds_connection(f->r.head, &f->reply);
}

bool fetch_take_rest(struct fetch *f, struct fetch_rest *rest)
{
	CHECK_OBJ(f, FETCH_MAGIC);
	CHECK(f->handed.state == FETCH_REPLY_HEAD);
	if (f->handed.source == NULL)
		return false;
	const struct span key = f->r.way->key;

	*rest = (struct fetch_rest){ .stream = f->stream,
		                     .in = f->in,
		                     .body = f->body,
		                     .key = check_malloc(key.n + 1),
		                     .key_n = key.n,
		                     .opened_ms = f->opened_ms,
		                     .is_persistent = f->is_persistent };
	memcpy(rest->key, key.p, key.n);
	f->stream = NULL;
	f->in = NULL;
	f->body = (struct body_source){ .is_over = true };
	f->handed.source = NULL;
	return true;
}

/* What was read behind the reply, or belongs to a tunnel, is not the fetch's. */
static void count_bytes(const struct fetch *f)
{
	const uint64_t unused = f->in != NULL ? f->in->n : 0;

	count_add(COUNT_SERVER_BYTES_IN,
	          f->interim_bytes + f->reader.bytes + f->body.wire_bytes - unused);
	count_add(COUNT_SERVER_BYTES_OUT, f->upload.wire_bytes);
}

void fetch_end(struct fetch **fp)
{
	struct fetch *f = *fp;

	CHECK_OBJ(f, FETCH_MAGIC);
	*fp = NULL;
	if (f->step == FETCH_RECV_BODY && f->handed.state == FETCH_REPLY_COMPLETE)
		fetch_run(f);
	count_bytes(f);
	op_cancel(&f->dial.op);
	stream_close(&f->dial.stream, true);
	body_source_fini(&f->body);
	body_sink_fini(&f->upload, f->worker->pipes);
	buffer_give(f->worker->buffers, &f->in);
	stream_close(&f->stream, f->handed.state != FETCH_REPLY_COMPLETE);
	timer_cancel(f->worker->loop, &f->timer);
	task_cancel(&f->task);
	fetch_reply_fini(&f->handed);
	f->magic = 0;
}
