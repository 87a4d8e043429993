/*
 * The runner of transactions: moves them from step to step as txn_steps.tbl.h allows, arms what a
 * wait may last, notices that the client has gone. The steps are in txn_*.c: txn_request.c and
 * txn_access.c for what comes in, txn_route.c and txn_fields.c for the way out, txn_reply.c,
 * txn_error.c and txn_tunnel.c for the way back.
 */
#include "proxy/txn.h"

#include "base/counters.h"
#include "http/target.h"
#include "proxy/fetch.h"

#define TXN_MAGIC 0x7a5ac710u

static const struct {
	const char *name;
	txn_step_fn *fn;
	enum machine_timeout timeout;
	enum why why;
	uint64_t to;
} steps[] = {
#define TXN_STEP(sym, fn, timeout, why, to) { #sym, txn_step_##fn, timeout, WHY_##why, to },
#include "proxy/txn_steps.tbl.h"
#undef TXN_STEP
};

static void txn_task(struct task *task);
static void txn_timer(struct timer *timer);

const struct snapshot *txn_conf(const struct txn *t)
{
	return t->snapshot != NULL ? t->snapshot : t->worker->snapshot;
}

void txn_release_snapshot(struct txn *t)
{
	worker_give_back(t->worker, &t->snapshot);
}

void txn_fail(struct txn *t, enum why why, struct span detail)
{
	if (t->why != WHY_NONE) {
		if (t->has_reply && t->cut_by == WHY_NONE)
			t->cut_by = why;
		return;
	}
	t->why = why;
	if (detail.n != 0)
		t->detail = arena_dup(&t->arena, detail);
}

/* What a wait in this step may last, and what it is called when it is over. */
static int64_t timeout_ms(const struct txn *t, enum why *why)
{
	const struct proxy_conf *c = &txn_conf(t)->proxy;

	*why = steps[t->step].why;
	switch (steps[t->step].timeout) {
	case TMO_NONE:
		return -1;
	case TMO_FORWARD:
		return txn_conf(t)->net.forward_timeout_ms;
	case TMO_REQUEST:
		return c->request_timeout_ms;
	case TMO_READ:
		return c->read_timeout_ms;
	case TMO_WRITE:
		return c->write_timeout_ms;
	case TMO_EITHER:
		if (stream_is_writable(t->session->client))
			return c->read_timeout_ms;
		*why = WHY_CLIENT_STALLED;
		return c->write_timeout_ms;
	}
	UNREACHABLE("timeout");
}

static void arm(struct txn *t)
{
	enum why why;
	const int64_t ms = timeout_ms(t, &why);

	/* request_timeout runs from the first byte: more bytes do not move it. */
	if (steps[t->step].timeout == TMO_REQUEST && timer_is_armed(&t->timer))
		return;
	if (ms >= 0)
		timer_arm(t->worker->loop, &t->timer, ms);
	else if (timer_is_armed(&t->timer))
		timer_cancel(t->worker->loop, &t->timer);
}

static void txn_free(struct txn *t)
{
	struct session *s = t->session;
	const enum session_end end = t->end;

	task_cancel(&t->task);
	timer_cancel(t->worker->loop, &t->timer);
	if (t->op != NULL)
		op_cancel(t->op);
	txn_cache_end(t);
	if (t->fetch != NULL)
		fetch_end(&t->fetch);
	if (t->has_dst)
		dns_addresses_fini(&t->dst);
	op_cancel(&t->src_name.op);
	op_cancel(&t->dst_name.op);
	dns_answer_unref(&t->src_name.answer);
	dns_answer_unref(&t->dst_name.answer);
	txn_log_end(t);
	stream_close(&t->origin, true);
	stream_close(&t->dial.stream, true);
	body_source_fini(&t->request_body);
	body_source_fini(&t->own_body);
	body_sink_fini(&t->sink, t->worker->pipes);
	txn_release_snapshot(t);
	/* The stream's next owner is the session, or nobody. */
	if (s->client != NULL)
		s->client->owner = NULL;
	struct arena arena = t->arena;

	t->magic = 0;
	arena_fini(&arena);
	session_txn_ended(s, end);
}

bool txn_is_abandoned(const struct txn *t)
{
	const struct stream *c = t->session->client;

	/* Others wait for what its fetch will bring; they need not notice. */
	if (txn_cache_is_awaited(t))
		return false;
	if (c == NULL || (c->ready & EV_ERROR) != 0)
		return c != NULL;
	if ((c->ready & EV_RDHUP) == 0 || txn_conf(t)->proxy.half_closed_clients)
		return false;
	if (t->step == TXN_READ_HEAD)
		return false; /* reading finds the end itself */
	return body_source_is_over(&t->request_body);
}

static void txn_run(struct txn *t)
{
	for (;;) {
		const struct machine_next next = steps[t->step].fn(t);

		if (next.kind == MACHINE_END) {
			txn_free(t);
			return;
		}
		CHECK(next.to < TXN_STEP_N);
		CHECK(next.to == t->step || (steps[t->step].to >> next.to & 1) != 0);
		if (next.to != t->step)
			worker_trace(t->worker, t->session->id, "txn", steps[t->step].name,
			             steps[next.to].name);
		t->step = next.to;
		if (next.kind == MACHINE_WAIT) {
			arm(t);
			/* A FIN that came with the request makes no event any more. */
			if (txn_is_abandoned(t))
				task_schedule(t->worker->loop, &t->task);
			return;
		}
		if (timer_is_armed(&t->timer) && steps[t->step].timeout == TMO_NONE)
			timer_cancel(t->worker->loop, &t->timer);
	}
}

/* Go on at another step than the one that waited: a limit was reached, or the client has left. */
static void divert(struct txn *t, enum txn_step to)
{
	if (t->op != NULL)
		op_cancel(t->op);
	t->op = NULL;
	worker_trace(t->worker, t->session->id, "txn", steps[t->step].name, steps[to].name);
	t->step = to;
	txn_run(t);
}

void txn_abort(struct txn *t, enum why why)
{
	CHECK_OBJ(t, TXN_MAGIC);
	txn_fail(t, why, SPAN_NULL);
	t->end = SESSION_ABORT;
	divert(t, TXN_FINISH);
}

void txn_expire(struct txn *t)
{
	CHECK_OBJ(t, TXN_MAGIC);
	txn_fail(t, WHY_LIFETIME, SPAN_NULL);
	t->timed_out = true;
	task_schedule(t->worker->loop, &t->task);
}

static void on_timeout(struct txn *t)
{
	enum why why;

	(void)timeout_ms(t, &why);
	/* The step itself goes on in another way. */
	if (why == WHY_NONE && t->why == WHY_NONE) {
		txn_run(t);
		return;
	}
	t->timed_out = false;
	t->keep_alive = false;
	txn_fail(t, why, SPAN_NULL);
	/*
	 * Whoever takes nothing would take no end either; and where only the end tells, it must not
	 * come.
	 */
	if (t->has_reply && (why == WHY_CLIENT_STALLED || t->sink.framing.kind == HTTP_BODY_CLOSE))
		t->end = SESSION_ABORT;
	divert(t, t->has_reply ? TXN_FINISH : TXN_SEND_ERROR);
}

static void txn_task(struct task *task)
{
	struct txn *t = CONTAINER_OF(task, struct txn, task);

	CHECK_OBJ(t, TXN_MAGIC);
	if (txn_is_abandoned(t)) {
		txn_abort(t, WHY_CLIENT_GONE);
		return;
	}
	if (t->timed_out) {
		on_timeout(t);
		return;
	}
	/* An upload runs beside the wait for the reply; its bytes come from this client. */
	if (t->fetch != NULL)
		fetch_poke_upload(t->fetch);
	txn_run(t);
}

static void txn_timer(struct timer *timer)
{
	struct txn *t = CONTAINER_OF(timer, struct txn, timer);

	t->timed_out = true;
	task_schedule(t->worker->loop, &t->task);
}

static struct txn *txn_new(struct session *s, struct snapshot *snapshot, enum txn_step first)
{
	struct worker *w = s->worker;
	struct arena arena;

	arena_init(&arena);
	struct txn *t = arena_zalloc(&arena, sizeof(*t));

	t->magic = TXN_MAGIC;
	t->arena = arena;
	t->step = first;
	t->session = s;
	t->worker = w;
	t->snapshot = snapshot_ref(snapshot);
	t->end = SESSION_CLOSE;
	t->max_forwards = -1;
	t->client = s->peer;
	t->started_us = loop_precise_us(w->loop);
	t->started_wall_us = loop_wall_us(w->loop);
	t->dns_us = -1;
	task_init(&t->task, txn_task);
	timer_init(&t->timer, txn_timer);
	head_reader_init(&t->reader);
	body_source_init_memory(&t->request_body, SPAN_NULL);
	body_source_init_memory(&t->own_body, SPAN_NULL);
	s->txn = t;
	return t;
}

void txn_start(struct session *s)
{
	struct txn *t = txn_new(s, s->worker->snapshot, TXN_READ_HEAD);

	/* Not stream_set_owner(): what is readable is read at once. */
	s->client->owner = &t->task;
	txn_run(t);
}

/* The request once more, as one for the whole that has no conditions and no wishes. */
static void copy_request(const struct txn *of, struct txn *t)
{
	static const enum http_field_id not_ours[] = {
		HTTP_F_IF_MATCH,      HTTP_F_IF_UNMODIFIED_SINCE,
		HTTP_F_IF_NONE_MATCH, HTTP_F_IF_MODIFIED_SINCE,
		HTTP_F_RANGE,         HTTP_F_IF_RANGE,
		HTTP_F_CACHE_CONTROL, HTTP_F_PRAGMA
	};
	struct http_head *h = &t->request;

	http_head_init(h, &t->arena);
	h->method = HTTP_GET;
	h->method_name = SPAN("GET");
	h->target = arena_dup(&t->arena, of->request.target);
	h->version = of->request.version;
	for (uint32_t i = 0; i < of->request.n_fields; i++) {
		const struct http_field *f = &of->request.fields[i];
		const struct span value = arena_dup(&t->arena, f->value);

		if (f->id != HTTP_F_OTHER)
			http_head_add(h, f->id, value);
		else
			http_head_add_named(h, arena_dup(&t->arena, f->name), value);
	}
	for (size_t i = 0; i < ARRAY_LEN(not_ours); i++)
		(void)http_head_remove(h, not_ours[i]);
}

void txn_refresh(const struct txn *of, struct cobj *c)
{
	const char *detail;
	struct cobj *mine;
	const enum store_found found = store_validate(c, loop_now_ms(of->worker->loop), &mine);

	if (found != STORE_LEADS) {
		cobj_unref(&mine);
		return;
	}
	struct session *s = session_new_detached(of->session);

	if (s == NULL) {
		cobj_fail(mine, WHY_NO_RESOURCES);
		cobj_unref(&mine);
		return;
	}
	struct txn *t = txn_new(s, of->snapshot, TXN_FOLLOW_CLIENT);

	count(COUNT_CACHE_REFRESHES);
	t->is_refresh = true;
	t->end = SESSION_TAKEN; /* there is no stream to go on with */
	copy_request(of, t);
	t->cache = ARENA_NEW(&t->arena, struct txn_cache);
	t->cache->old = cobj_ref(c);
	t->cache->mine = mine;
	t->cache->freshness = of->cache->freshness;
	t->cache->is_validating = of->cache->freshness.has_validator;
	CHECK(http_target_uri(&t->request, &t->arena, &t->uri, &detail)); /* it was parsed before */
	t->has_uri = true;
	t->url = uri_text(&t->uri, &t->arena);
	task_schedule(t->worker->loop, &t->task);
}
