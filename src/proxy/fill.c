/*
 * Fills: origin to object, a share of each turn.
 */
#include "proxy/fill.h"

#include "base/counters.h"

#define FILL_MAGIC 0xf1110b7eu

/* What one fill takes in before others get their turn. */
#define TURN_BYTES 262144u

struct fill {
	uint32_t magic;
	struct worker *worker;
	struct list link; /* worker->fills */
	struct task task;
	struct timer timer; /* read_timeout */
	bool timed_out;
	bool never_quits;
	int64_t alone_ms;  /* since when nobody reads; -1: somebody does */
	struct cobj *cobj; /* counted */
	struct fetch_rest rest;
};

/* The object was finished or has failed. */
static void fill_free(struct fill *f, bool is_whole)
{
	struct worker *w = f->worker;
	struct fetch_rest *r = &f->rest;
	const uint64_t unused = r->in != NULL ? r->in->n : 0;

	task_cancel(&f->task);
	timer_cancel(w->loop, &f->timer);
	count_add(COUNT_SERVER_BYTES_IN, r->body.wire_bytes - unused);
	if (is_whole && fetch_connection_is_idle(w, r->is_persistent, &r->in))
		upstream_pool_give(w->upstreams, span_of(r->key, r->key_n), &r->stream,
		                   r->opened_ms);
	else
		stream_close(&r->stream, !is_whole);
	body_source_fini(&r->body);
	buffer_give(w->buffers, &r->in);
	free(r->key);
	cobj_unref(&f->cobj);
	list_remove(&f->link);
	w->n_fills--;
	OBJ_FREE(f, FILL_MAGIC);
	worker_one_less(w);
}

static void fail(struct fill *f, enum why why)
{
	cobj_fail(f->cobj, why);
	fill_free(f, false);
}

void fill_kill(struct fill *f, enum why why)
{
	CHECK_OBJ(f, FILL_MAGIC);
	fail(f, why);
}

static bool is_alone(struct fill *f)
{
	if (cobj_readers(f->cobj) != 0)
		f->alone_ms = -1;
	else if (f->alone_ms < 0)
		f->alone_ms = loop_now_ms(f->worker->loop);
	return f->alone_ms >= 0;
}

/*
 * Nobody reads any more: quick_abort_* say whether it is brought all the same. Not what will not be
 * kept, and no longer than a client may stay, however slowly it comes.
 */
static bool should_quit(struct fill *f)
{
	const struct body_source *s = &f->rest.body;
	const struct worker *w = f->worker;

	if (!is_alone(f))
		return false;
	if (w->is_draining || !cobj_may_be_kept(f->cobj) ||
	    loop_now_ms(w->loop) - f->alone_ms >= w->snapshot->proxy.client_lifetime_ms)
		return true;
	return !f->never_quits && !cache_conf_finishes_abandoned(&w->snapshot->cache,
	                                                         s->framing.kind == HTTP_BODY_LENGTH
	                                                                 ? s->framing.length
	                                                                 : COBJ_LENGTH_UNKNOWN,
	                                                         s->body_bytes);
}

/* Go on until something is awaited, the turn is over or the body is. */
static void fill_run(struct fill *f)
{
	struct worker *w = f->worker;
	struct body_source *s = &f->rest.body;

	for (uint64_t end = s->body_bytes + TURN_BYTES; s->body_bytes < end;) {
		switch (body_source_look(s, w->buffers)) {
		case BODY_MORE:
			s->data = span_skip(s->data, cobj_append(f->cobj, s->data));
			if (s->data.n == 0)
				continue;
			/*
			 * There is no room: its readers set the pace, each by his own limit of
			 * time.
			 */
			timer_cancel(w->loop, &f->timer);
			return;
		case BODY_WAIT:
			timer_arm(w->loop, &f->timer, w->snapshot->proxy.read_timeout_ms);
			return;
		case BODY_END:
			cobj_finish(f->cobj);
			fill_free(f, true);
			return;
		case BODY_FAILED:
			fail(f, s->why);
			return;
		}
	}
	task_schedule(w->loop, &f->task);
}

static void fill_task(struct task *task)
{
	struct fill *f = CONTAINER_OF(task, struct fill, task);

	CHECK_OBJ(f, FILL_MAGIC);
	if (f->timed_out)
		fail(f, WHY_ORIGIN_TIMEOUT);
	else if (should_quit(f))
		fail(f, WHY_CLIENT_GONE);
	else
		fill_run(f);
}

static void fill_timer(struct timer *timer)
{
	struct fill *f = CONTAINER_OF(timer, struct fill, timer);

	f->timed_out = true;
	task_schedule(f->worker->loop, &f->task);
}

void fill_drain(struct fill *f)
{
	CHECK_OBJ(f, FILL_MAGIC);
	task_schedule(f->worker->loop, &f->task);
}

bool fill_end_abandoned(struct worker *w)
{
	unsigned n = 0;

	list_for_each_safe(it, &w->fills) {
		struct fill *f = fill_of_link(it);

		if (cobj_readers(f->cobj) != 0)
			continue;
		fail(f, WHY_NO_RESOURCES);
		n++;
	}
	count_add(COUNT_CACHE_FILLS_GIVEN_UP, n);
	return n != 0;
}

struct fill *fill_of_link(struct list *link)
{
	struct fill *f = CONTAINER_OF(link, struct fill, link);

	CHECK_OBJ(f, FILL_MAGIC);
	return f;
}

void fill_start(struct worker *w, struct fetch_rest *rest, struct cobj **c, bool never_quits)
{
	struct fill *f;

	OBJ_NEW(f, FILL_MAGIC);
	f->worker = w;
	f->never_quits = never_quits;
	f->alone_ms = -1;
	f->cobj = *c;
	*c = NULL;
	f->rest = *rest;
	*rest = (struct fetch_rest){ NULL };
	f->rest.body.buffer = &f->rest.in;
	f->rest.stream->owner = &f->task;
	list_init(&f->link);
	list_push_back(&w->fills, &f->link);
	w->n_fills++;
	task_init(&f->task, fill_task);
	timer_init(&f->timer, fill_timer);
	cobj_set_writer(f->cobj, w->loop, &f->task);
	count(COUNT_CACHE_FILLS);
	fill_run(f);
}
