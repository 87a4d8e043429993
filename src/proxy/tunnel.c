/*
 * Tunnels.
 */
#include "proxy/tunnel.h"

#include "base/budget.h"
#include "base/counters.h"
#include "proxy/client_db.h"
#include "proxy/process.h"

#define TUNNEL_MAGIC 0x70aae100u

struct tunnel {
	uint32_t magic;
	bool timed_out, up_is_over, down_is_over, is_counted;
	struct worker *worker;
	struct list link; /* worker->tunnels */
	struct task task; /* owner of both streams */
	struct timer timer;
	struct stream *client, *origin;
	struct client *holder; /* counts for client_ip_max_connections */
	struct pump up, down;
	/*
	 * Since when the receiver has taken nothing of what is there for it; -1 while all was
	 * taken.
	 */
	int64_t up_stalls_ms, down_stalls_ms;
	int64_t dies_ms; /* client_lifetime */
	int64_t started_us;
	uint64_t sinks;
	struct log_rec *rec; /* one allocation with its texts */
};

#define TUNNEL_BYTES                                                                               \
	(sizeof(struct tunnel) + 2 * sizeof(struct stream) + sizeof(struct log_rec) + 256)

struct tunnel *tunnel_of_link(struct list *link)
{
	return CONTAINER_OF(link, struct tunnel, link);
}

/* --- the record ------------------------------------------------------------------------------- */

/* The texts that a tunnel's log line may show, packed behind the record. */
static struct log_rec *pack(const struct log_rec *rec)
{
	struct log_rec copy = *rec;
	struct span *const texts[] = { &copy.method,      &copy.url,    &copy.user,
		                       &copy.server_name, &copy.rule,   &copy.rule_place,
		                       &copy.reported,    &copy.shadow, &copy.facts,
		                       &copy.fields };
	size_t bytes = sizeof(copy);

	copy.content_type = copy.detail = SPAN_NULL;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		bytes += texts[i]->n;
	struct log_rec *packed = check_malloc(bytes);
	char *at = (char *)(packed + 1);

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (texts[i]->n != 0)
			memcpy(at, texts[i]->p, texts[i]->n);
		texts[i]->p = at;
		at += texts[i]->n;
	}
	*packed = copy;
	return packed;
}

static void log_end(struct tunnel *t, enum why why)
{
	struct worker *w = t->worker;
	struct log_rec *r = t->rec;

	r->why = (uint8_t)why;
	r->end_us = loop_wall_us(w->loop);
	r->duration_us = loop_precise_us(w->loop) - t->started_us;
	r->client_in_bytes += t->up.read_bytes;
	r->client_out_bytes += t->down.written_bytes;
	r->server_in_bytes = t->down.read_bytes;
	count_add(COUNT_CLIENT_BYTES_IN, t->up.read_bytes);
	count_add(COUNT_CLIENT_BYTES_OUT, t->down.written_bytes);
	count_add(COUNT_SERVER_BYTES_IN, t->down.read_bytes);
	count_add(COUNT_SERVER_BYTES_OUT, t->up.written_bytes);
	log_ring_put_each(w->log, t->sinks, r);
	access_log_release(w->proxy->access_log, t->sinks);
}

/* --- the life --------------------------------------------------------------------------------- */

static void end(struct tunnel *t, enum why why, bool abort)
{
	struct worker *w = t->worker;

	log_end(t, why);
	pump_fini(&t->up, w->buffers, w->pipes);
	pump_fini(&t->down, w->buffers, w->pipes);
	stream_close(&t->client, abort);
	stream_close(&t->origin, abort);
	timer_cancel(w->loop, &t->timer);
	task_cancel(&t->task);
	list_remove(&t->link);
	w->n_tunnels--;
	if (t->is_counted)
		budget_give(BUDGET_REQUEST, TUNNEL_BYTES);
	client_db_leave(w->proxy->clients, &t->holder);
	free(t->rec);
	OBJ_FREE(t, TUNNEL_MAGIC);
	worker_one_less(w);
}

void tunnel_kill(struct tunnel *t, enum why why)
{
	CHECK_OBJ(t, TUNNEL_MAGIC);
	end(t, why, true);
}

static bool is_stalled(const struct tunnel *t, int64_t since_ms)
{
	return since_ms >= 0 && loop_now_ms(t->worker->loop) - since_ms >=
	                                t->worker->snapshot->proxy.write_timeout_ms;
}

static void arm(struct tunnel *t)
{
	struct loop *l = t->worker->loop;
	const struct proxy_conf *c = &t->worker->snapshot->proxy;
	const int64_t now = loop_now_ms(l);
	int64_t ms = MIN(c->read_timeout_ms, t->dies_ms - now);

	if (t->up_stalls_ms >= 0)
		ms = MIN(ms, t->up_stalls_ms + c->write_timeout_ms - now);
	if (t->down_stalls_ms >= 0)
		ms = MIN(ms, t->down_stalls_ms + c->write_timeout_ms - now);
	timer_arm(l, &t->timer, MAX(ms, (int64_t)0));
}

/* A pump that waits holds bytes only while its receiver does not take them. */
static void note_stall(struct tunnel *t, const struct pump *p, uint64_t written, int64_t *stalls_ms)
{
	if (p->buffer == NULL && p->pipe == NULL)
		*stalls_ms = -1;
	else if (*stalls_ms < 0 || p->written_bytes != written)
		*stalls_ms = loop_now_ms(t->worker->loop);
}

/*
 * One direction. False: a side has failed. A side that has finished is told so to the other; the
 * tunnel ends when both have.
 */
static bool run_direction(struct tunnel *t, struct pump *p, struct stream *from, struct stream *to,
                          bool *is_over, bool other_is_over, int64_t *stalls_ms)
{
	const uint64_t written = p->written_bytes;

	if (*is_over)
		return true;
	const enum pump_result r = pump_run(p, from, to, t->worker->buffers, t->worker->pipes);

	note_stall(t, p, written, stalls_ms);
	switch (r) {
	case PUMP_WAIT:
		return true;
	case PUMP_YIELD:
		task_schedule(t->worker->loop, &t->task);
		return true;
	case PUMP_DONE:
	case PUMP_EOF:
		*is_over = true;
		/* When both are over, closing says the same in one call less. */
		if (!other_is_over)
			stream_shutdown_write(to);
		return true;
	case PUMP_READ_ERROR:
	case PUMP_WRITE_ERROR:
		return false;
	}
	UNREACHABLE("pump_result");
}

static void tunnel_run(struct tunnel *t)
{
	/* Many a TLS client ends with a reset: what it means, only the two sides know. */
	if (!run_direction(t, &t->up, t->client, t->origin, &t->up_is_over, t->down_is_over,
	                   &t->up_stalls_ms) ||
	    !run_direction(t, &t->down, t->origin, t->client, &t->down_is_over, t->up_is_over,
	                   &t->down_stalls_ms)) {
		const bool is_short =
			t->client->error == ERR_NOMEM || t->origin->error == ERR_NOMEM;

		end(t, is_short ? WHY_MEMORY : WHY_TUNNEL_RESET, true);
		return;
	}
	if (t->up_is_over && t->down_is_over) {
		end(t, WHY_DONE, false);
		return;
	}
	arm(t);
}

static void tunnel_task(struct task *task)
{
	struct tunnel *t = CONTAINER_OF(task, struct tunnel, task);

	CHECK_OBJ(t, TUNNEL_MAGIC);
	if (!t->timed_out)
		tunnel_run(t);
	else if (loop_now_ms(t->worker->loop) >= t->dies_ms)
		end(t, WHY_LIFETIME, true);
	else if (is_stalled(t, t->down_stalls_ms))
		end(t, WHY_CLIENT_STALLED, true);
	else
		end(t, WHY_TUNNEL_IDLE, true);
}

static void tunnel_timer(struct timer *timer)
{
	struct tunnel *t = CONTAINER_OF(timer, struct tunnel, timer);

	t->timed_out = true;
	task_schedule(t->worker->loop, &t->task);
}

/* Bytes read ahead go first; a surplus beyond one buffer stays with the stream. */
static void preload(struct tunnel *t, struct pump *p, struct stream *from, struct span bytes)
{
	if (bytes.n != 0 &&
	    (bytes.n > BUFFER_BYTES || pump_preload(p, t->worker->buffers, bytes) != ERR_NONE))
		stream_unread(from, bytes);
}

void tunnel_open(const struct tunnel_start *s)
{
	struct worker *w = s->worker;
	struct tunnel *t;

	OBJ_NEW(t, TUNNEL_MAGIC);
	/* It takes the place of a session that was let in: counted, not refused. */
	t->is_counted = budget_take(BUDGET_REQUEST, TUNNEL_BYTES);
	t->worker = w;
	t->client = *s->client;
	t->origin = *s->origin;
	*s->client = *s->origin = NULL;
	t->holder = *s->holder;
	*s->holder = NULL;
	t->up_stalls_ms = t->down_stalls_ms = -1;
	t->dies_ms = s->opened_ms + w->snapshot->proxy.client_lifetime_ms;
	t->started_us = s->started_us;
	t->sinks = s->sinks;
	access_log_hold(w->proxy->access_log, t->sinks);
	t->rec = pack(s->rec);
	task_init(&t->task, tunnel_task);
	timer_init(&t->timer, tunnel_timer);
	pump_init(&t->up, UINT64_MAX);
	pump_init(&t->down, UINT64_MAX);
	list_init(&t->link);
	list_push_back(&w->tunnels, &t->link);
	w->n_tunnels++;
	count(COUNT_TUNNELS);
	preload(t, &t->up, t->client, s->from_client);
	preload(t, &t->down, t->origin, s->from_origin);
	stream_set_owner(t->client, &t->task);
	stream_set_owner(t->origin, &t->task);
	if (t->up.buffer != NULL || t->down.buffer != NULL)
		task_schedule(w->loop, &t->task);
	arm(t);
}
