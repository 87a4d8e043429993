/*
 * The steps that put into the cache what the origin says, and take out what is not true any more.
 */
#include "proxy/txn.h"

#include "base/counters.h"
#include "cache/storable.h"
#include "cache/store.h"
#include "http/date.h"
#include "http/serialise.h"
#include "proxy/fetch.h"
#include "proxy/fill.h"
#include "proxy/process.h"

static int64_t now_s(const struct txn *t)
{
	return loop_wall_us(t->worker->loop) / 1000000;
}

/* --- a reply ---------------------------------------------------------------------------------- */

/* May it be kept? store_miss looks at the reply as it was received. */
static bool may_store(struct txn *t, const struct http_head *reply, struct storable *s)
{
	const struct cache_conf *conf = &t->snapshot->cache;
	const struct storable_question q = {
		.conf = conf,
		.url = t->url,
		.request = &t->request,
		.reply = reply,
		.request_s = t->cache->asked_s,
		.response_s = now_s(t),
		.added_credentials = http_head_get(t->outgoing, HTTP_F_AUTHORIZATION) != NULL &&
		                     http_head_get(&t->request, HTTP_F_AUTHORIZATION) == NULL,
	};
	struct trail trail = { 0 };

	storable_check(&q, s);
	if (s->verdict == STORABLE_NO)
		return false;
	if (conf->store_miss == NULL)
		return true;
	txn_facts_set_reply(t, reply);
	return txn_decide_now(t, conf->store_miss, VERDICT_ALLOW, &trail) == VERDICT_ALLOW;
}

/* What is kept of the head says how long the body is, if that is known, and when it was made. */
static void head_to_keep(struct txn *t, const struct fetch_reply *r, struct http_head *kept)
{
	char date[HTTP_DATE_LEN + 1];

	storable_head(&r->head, &t->arena, kept);
	if (r->framing.kind == HTTP_BODY_LENGTH)
		http_head_set_framing(kept, &r->framing);
	else
		http_head_remove(kept, HTTP_F_CONTENT_LENGTH);
	/* RFC 9110 6.6.1: who keeps a reply without a date dates it. */
	if (http_head_get(kept, HTTP_F_DATE) == NULL) {
		http_date_print(now_s(t), date);
		http_head_add(kept, HTTP_F_DATE,
		              arena_dup(&t->arena, span_of(date, HTTP_DATE_LEN)));
	}
}

static struct cobj_meta meta_of(const struct txn *t, const struct fetch_reply *r,
                                const struct storable *s)
{
	return (struct cobj_meta){
		.request_s = t->cache->asked_s,
		.response_s = now_s(t),
		.body_bytes = r->framing.kind == HTTP_BODY_LENGTH ? r->framing.length
		              : r->framing.kind == HTTP_BODY_NONE ? 0
		                                                  : COBJ_LENGTH_UNKNOWN,
		.ttl_s = s->verdict == STORABLE_NEGATIVELY ? (uint32_t)s->ttl_s : 0,
		.status = (uint16_t)r->head.status,
		.flags = s->verdict == STORABLE_NEGATIVELY ? COBJ_NEGATIVE : 0,
	};
}

void txn_cache_asks(struct txn *t)
{
	struct txn_cache *c = t->cache;

	c->asked_s = now_s(t);
	if (c->mine == NULL && storable_request(&t->request))
		c->mine = store_begin(t->worker->proxy->store, t->url);
}

/* A whole answer about the same thing: what is stored is what it was before. */
static bool outdates(unsigned status)
{
	return status == 200 || status == 203 || (status >= 300 && status <= 303) ||
	       status == 307 || status == 308 || status == 404 || status == 410;
}

/* Not for the store: whoever waits for it goes on by himself. */
static struct machine_next deliver_only(struct txn *t)
{
	struct txn_cache *c = t->cache;

	if (c->old != NULL && t->request.method == HTTP_GET &&
	    outdates(fetch_reply_of(t->fetch)->head.status))
		c->buries |= store_drop(c->old);
	txn_cache_release(t);
	return TXN_GO(BURY);
}

/* The head goes into the object; false: there is no room for it, and it was released. */
static bool take_in(struct txn *t, const struct fetch_reply *r, const struct storable *s)
{
	struct txn_cache *c = t->cache;
	const struct cobj_meta meta = meta_of(t, r, s);
	struct http_head kept;
	bool buries;

	/* The other variants stay what they are. */
	if (c->old != NULL)
		store_succeeds(c->mine, c->old);
	head_to_keep(t, r, &kept);
	const enum err e = store_take_in(c->mine, &t->request, &kept, &meta, &buries);

	c->buries |= buries;
	if (e != ERR_NONE)
		cobj_unref(&c->mine);
	return e == ERR_NONE;
}

struct machine_next txn_step_store(struct txn *t)
{
	struct txn_cache *c = t->cache;
	struct fetch_reply *r = fetch_reply_of(t->fetch);
	struct storable s;

	if (c->is_validating)
		t->result =
			r->head.status >= 500 ? LOG_TCP_REFRESH_FAIL_ERR : LOG_TCP_REFRESH_MODIFIED;
	/* An error tells nothing about what is there. */
	if (t->is_refresh && r->head.status >= 500) {
		txn_cache_fail(t, WHY_DONE);
		return TXN_GO(BURY);
	}
	txn_cache_learn(t, &r->head);
	if (c->mine == NULL || !may_store(t, &r->head, &s) || !fetch_may_be_left(t->fetch) ||
	    !take_in(t, r, &s))
		return deliver_only(t);
	return TXN_GO(BURY);
}

/* What was taken in is served, and filled from the rest of the reply. */
static struct machine_next keep(struct txn *t)
{
	struct txn_cache *c = t->cache;
	struct fetch_reply *r = fetch_reply_of(t->fetch);
	struct fetch_rest rest;

	cobj_show(c->mine);
	cobj_unref(&c->old);
	c->hit = cobj_ref(c->mine);
	c->is_fetched = true;
	t->server_status = (uint16_t)r->head.status;
	/* This client reads from now on; SERVE decides what. */
	cobj_reader_init(&c->waiter, c->hit, t->worker->loop, &t->task);
	if (fetch_take_rest(t->fetch, &rest)) {
		fill_start(t->worker, &rest, &c->mine, c->wants_whole || t->is_refresh);
	} else {
		cobj_finish(c->mine);
		cobj_unref(&c->mine);
		fetch_reply_complete(r);
	}
	return t->is_refresh || txn_cache_was_left(t) ? TXN_GO(FINISH) : TXN_GO(SERVE);
}

/* Is there nothing to wait for any more? */
static bool is_buried(struct txn *t)
{
	struct txn_cache *c = t->cache;
	const bool is_over = t->timed_out;

	t->timed_out = false;
	if (!c->buries)
		return true;
	if (c->burial.op.status == OP_IDLE) {
		c->burial.store = t->worker->proxy->store;
		c->burial.from_kill_only = true;
		if (store_sync(&c->burial, t->worker->loop, &t->task) == OP_PENDING)
			t->op = &c->burial.op;
	}
	/* A disk that does not answer at all: this reply does. */
	if (is_over)
		op_cancel(&c->burial.op);
	if (c->burial.op.status == OP_PENDING)
		return false;
	/* What failed was reported where it did. */
	if (is_over || c->burial.op.status == OP_FAILED)
		count(COUNT_CACHE_PURGES_LACKING);
	t->op = NULL;
	c->burial.op.status = OP_IDLE; /* it may come once more */
	c->buries = false;
	return true;
}

/*
 * Nobody is told of what the origin says now before a kill can bring back no more what it replaces.
 * The disk is waited for by this request only, and only if it had something to forget. (A head that
 * a 304 has renewed is there for others at once: its body is the same.)
 */
struct machine_next txn_step_bury(struct txn *t)
{
	if (!is_buried(t))
		return TXN_WAIT(BURY);
	if (t->cache->mine != NULL)
		return keep(t);
	if (t->is_refresh)
		return TXN_GO(FINISH);
	if (t->cache->hit == NULL)
		return TXN_GO(DELIVER);
	return txn_cache_was_left(t) ? TXN_GO(FINISH) : TXN_GO(SERVE);
}
