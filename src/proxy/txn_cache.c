/*
 * The steps that ask the cache: may it be asked, what has it, does that answer the request.
 */
#include "proxy/txn.h"

#include "base/counters.h"
#include "cache/control.h"
#include "cache/storable.h"
#include "proxy/process.h"

static bool wants_upgrade(const struct txn *t)
{
	return http_head_get(&t->request, HTTP_F_UPGRADE) != NULL &&
	       http_head_has_token(&t->request, HTTP_F_CONNECTION, SPAN("upgrade"));
}

bool txn_cache_is_for(const struct txn *t)
{
	const struct cache_conf *c = &t->snapshot->cache;

	return (t->request.method == HTTP_GET || t->request.method == HTTP_HEAD) &&
	       t->request_framing.kind == HTTP_BODY_NONE && !wants_upgrade(t) &&
	       (c->cache_mem_bytes != 0 || c->dirs != NULL);
}

bool txn_cache_is_awaited(const struct txn *t)
{
	return t->cache != NULL && t->cache->mine != NULL && cobj_readers(t->cache->mine) != 0;
}

void txn_cache_fail(struct txn *t, enum why why)
{
	if (t->cache == NULL || t->cache->mine == NULL)
		return;
	cobj_fail(t->cache->mine, why);
	cobj_unref(&t->cache->mine);
}

void txn_cache_release(struct txn *t)
{
	if (t->cache->mine != NULL)
		cobj_release(t->cache->mine);
	cobj_unref(&t->cache->mine);
}

bool txn_cache_was_left(struct txn *t)
{
	if (!txn_is_abandoned(t))
		return false;
	txn_fail(t, WHY_CLIENT_GONE, SPAN_NULL);
	t->end = SESSION_ABORT;
	return true;
}

void txn_cache_end(struct txn *t)
{
	struct txn_cache *c = t->cache;

	if (c == NULL)
		return;
	/* It was answered when nobody was there to look any more. */
	if (c->lookup.cobj != NULL && c->lookup.found == STORE_LEADS)
		cobj_fail(c->lookup.cobj, WHY_CLIENT_GONE);
	cobj_unref(&c->lookup.cobj);
	txn_cache_fail(t, t->why == WHY_NONE || t->why == WHY_DONE ? WHY_INTERNAL : t->why);
	cobj_reader_fini(&c->waiter);
	body_source_fini(&c->source);
	cobj_unref(&c->hit);
	cobj_unref(&c->old);
}

void txn_cache_stop_reading(struct txn *t)
{
	if (t->cache == NULL)
		return;
	cobj_reader_fini(&t->cache->waiter);
	if (!t->has_reply)
		body_source_fini(&t->cache->source);
}

static bool only_if_cached(const struct txn *t)
{
	return http_head_has_token(&t->request, HTTP_F_CACHE_CONTROL, SPAN("only-if-cached"));
}

/* The way to the origin; RFC 9111 5.2.1.7: unless the client wants nothing from there. */
struct machine_next txn_cache_go_on(struct txn *t)
{
	if (only_if_cached(t))
		return TXN_FAIL(t, ONLY_IF_CACHED, SPAN_NULL);
	return TXN_GO(MISS_ACCESS);
}

/* What was found, or waited for, is of no use. What is to be validated still is. */
static struct machine_next go_without(struct txn *t)
{
	struct txn_cache *c = t->cache;

	cobj_reader_fini(&c->waiter);
	cobj_unref(&c->hit);
	if (c->old == NULL) {
		c->fwd = STATUS_FWD_MISS;
		t->result = LOG_TCP_MISS;
	}
	return txn_cache_go_on(t);
}

struct machine_next txn_step_cache_policy(struct txn *t)
{
	struct trail trail = { 0 };
	enum verdict v = VERDICT_ALLOW;

	if (t->is_refresh) /* it was asked, and knows what it wants */
		return TXN_GO(MISS_ACCESS);
	if (t->snapshot->cache.cache != NULL &&
	    txn_decide(t, t->snapshot->cache.cache, VERDICT_ALLOW, &v, &trail) == OP_PENDING)
		return TXN_WAIT(CACHE_POLICY);
	/* What could not be decided is not kept for others. */
	if (v != VERDICT_ALLOW)
		return txn_cache_go_on(t);
	t->cache = ARENA_NEW(&t->arena, struct txn_cache);
	t->cache->fwd = STATUS_FWD_URI_MISS;
	return TXN_GO(LOOKUP);
}

/*
 * Is the reply to this request likely to be one for others, so that they are made to wait for it?
 * Not where it depends on who asks or on what the client has; a validation has conditions of ours.
 */
static bool may_lead(struct txn *t)
{
	static const enum http_field_id own[] = { HTTP_F_RANGE, HTTP_F_IF_NONE_MATCH,
		                                  HTTP_F_IF_MODIFIED_SINCE, HTTP_F_IF_MATCH,
		                                  HTTP_F_IF_UNMODIFIED_SINCE };
	const struct cache_conf *c = &t->snapshot->cache;
	struct trail trail = { 0 };

	if (!c->collapsed_forwarding || t->cache->goes_alone || !storable_request(&t->request) ||
	    http_head_get(&t->request, HTTP_F_AUTHORIZATION) != NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(own) && !t->cache->is_validating; i++)
		if (http_head_get(&t->request, own[i]) != NULL)
			return false;
	return c->collapsed_forwarding_access == NULL ||
	       txn_decide_now(t, c->collapsed_forwarding_access, VERDICT_ALLOW, &trail) ==
	               VERDICT_ALLOW;
}

static void begin_lookup(struct txn *t, struct store_lookup *q)
{
	*q = (struct store_lookup){ .store = t->worker->proxy->store,
		                    .url = t->url,
		                    .request = &t->request,
		                    .may_lead = may_lead(t) && !only_if_cached(t),
		                    .may_join = true };
	count(COUNT_CACHE_LOOKUPS);
}

static void lead(struct txn *t, struct cobj *mine)
{
	t->cache->mine = mine;
	cobj_set_writer(mine, t->worker->loop, &t->task);
}

/* A disk that does not answer, or a worker that has begun to read and does not go on. */
static struct machine_next disk_is_late(struct txn *t)
{
	op_cancel(&t->cache->lookup.op);
	t->op = NULL;
	t->result = LOG_TCP_SWAPFAIL_MISS;
	count(COUNT_CACHE_GAVE_UP);
	return txn_cache_go_on(t);
}

struct machine_next txn_step_lookup(struct txn *t)
{
	struct txn_cache *c = t->cache;
	struct store_lookup *q = &c->lookup;
	const bool is_over = t->timed_out;

	t->timed_out = false;
	if (q->op.status == OP_IDLE) {
		begin_lookup(t, q);
		if (store_lookup(q, t->worker->loop, &t->task) == OP_PENDING)
			t->op = &q->op;
	}
	if (q->op.status == OP_PENDING)
		return is_over ? disk_is_late(t) : TXN_WAIT(LOOKUP);
	t->op = NULL;
	struct cobj *found = q->cobj;

	q->cobj = NULL;
	q->op.status = OP_IDLE; /* it may be asked once more */
	if (q->is_vary_miss)
		c->fwd = STATUS_FWD_VARY_MISS;
	switch (q->found) {
	case STORE_NONE:
		if (q->read_failed)
			t->result = LOG_TCP_SWAPFAIL_MISS;
		return txn_cache_go_on(t);
	case STORE_LEADS:
		lead(t, found);
		return txn_cache_go_on(t);
	case STORE_FOUND:
		c->hit = found;
		c->was_read = c->was_read || !q->is_resident;
		return TXN_GO(HIT);
	}
	UNREACHABLE("store_found");
}

/* --- waiting for what another one fetches ----------------------------------------------------- */

bool txn_cache_is_origins_fault(enum why why)
{
	return why >= WHY_DNS_FAIL && why <= WHY_ORIGIN_BAD_BODY && why != WHY_NO_RESOURCES;
}

/*
 * Nothing of the leader's request was sent, so it cannot be to blame. What comes later may be due
 * to what only it
 * said: nobody is to make requests of others fail.
 */
static bool would_fail_alike(enum why why)
{
	return why >= WHY_DNS_FAIL && why <= WHY_CONNECT_TIMEOUT;
}

static struct machine_next join_failed(struct txn *t, enum why why)
{
	struct txn_cache *c = t->cache;

	cobj_reader_fini(&c->waiter);
	cobj_unref(&c->hit);
	const bool is_saved = c->old != NULL && c->freshness.may_serve_on_error;

	if (would_fail_alike(why) || (is_saved && txn_cache_is_origins_fault(why))) {
		txn_fail(t, why, SPAN("as it was told to the request that this one waited for"));
		return TXN_GO(SEND_ERROR);
	}
	/* The leader was saved from a 5xx. */
	if (why == WHY_DONE && txn_cache_saves_from(t, 503))
		return TXN_GO(SERVE);
	cobj_unref(&c->old);
	c->is_validating = false;
	t->result = LOG_TCP_MISS;
	return TXN_GO(LOOKUP);
}

struct machine_next txn_step_join(struct txn *t)
{
	struct txn_cache *c = t->cache;
	struct cobj_piece piece;

	if (c->waiter.cobj == NULL) {
		cobj_reader_init(&c->waiter, c->hit, t->worker->loop, &t->task);
		c->is_collapsed = c->goes_alone = true;
		count(COUNT_CACHE_COLLAPSED);
	}
	const bool is_over = t->timed_out;

	t->timed_out = false;
	if (cobj_state(c->hit) == COBJ_WAITING)
		cobj_read(&c->waiter, 0, 1, &piece); /* so that news wake us */
	switch (cobj_state(c->hit)) {
	case COBJ_WAITING:
		if (!is_over)
			return TXN_WAIT(JOIN);
		count(COUNT_CACHE_GAVE_UP);
		return go_without(t);
	case COBJ_FILLING:
	case COBJ_COMPLETE:
		return TXN_GO(HIT);
	case COBJ_RELEASED:
		return go_without(t);
	case COBJ_FAILED:
		cobj_read(&c->waiter, 0, 1, &piece);
		return join_failed(t, piece.why);
	}
	UNREACHABLE("cobj_state");
}

/* --- is it of use? ---------------------------------------------------------------------------- */

void txn_cache_check(struct txn *t)
{
	struct txn_cache *c = t->cache;
	const struct freshness_question q = {
		.conf = &t->snapshot->cache,
		.url = t->url,
		.request = &t->request,
		.stored = &c->hit->head,
		.meta = &c->hit->meta,
		.now_s = loop_wall_us(t->worker->loop) / 1000000,
	};

	freshness_check(&q, &c->freshness);
}

/* send_hit looks at the stored reply. */
static bool may_send(struct txn *t)
{
	const struct acl_rules *rules = t->snapshot->cache.send_hit;
	struct trail trail = { 0 };

	if (rules == NULL)
		return true;
	txn_facts_set_reply(t, &t->cache->hit->head);
	const bool may = txn_decide_now(t, rules, VERDICT_ALLOW, &trail) == VERDICT_ALLOW;

	txn_facts_set_reply(t, NULL);
	return may;
}

/* What a request is called that is answered from what was found. */
static enum log_result name_hit(const struct txn *t)
{
	const struct txn_cache *c = t->cache;

	/* Another one has asked for all. */
	if (c->is_validating)
		return cobj_is_renewal(c->hit, c->old) ? LOG_TCP_REFRESH_UNMODIFIED
		                                       : LOG_TCP_REFRESH_MODIFIED;
	if ((c->hit->meta.flags & COBJ_NEGATIVE) != 0)
		return LOG_TCP_NEGATIVE_HIT;
	/* A head in memory whose body a disk has is no hit from memory, as in Squid. */
	if (c->lookup.is_resident && !c->is_collapsed && cobj_is_in_memory(c->hit))
		return LOG_TCP_MEM_HIT;
	return c->freshness.reason == FRESHNESS_BY_OFFLINE ? LOG_TCP_OFFLINE_HIT : LOG_TCP_HIT;
}

static struct machine_next serve(struct txn *t)
{
	struct txn_cache *c = t->cache;

	t->result = name_hit(t);
	c->is_validating = false;
	cobj_unref(&c->old);
	count(c->freshness.stale_s < 0 ? COUNT_CACHE_HITS : COUNT_CACHE_STALE);
	return TXN_GO(SERVE);
}

/* It must be asked about, because it is too old and not because somebody says so. */
static bool is_too_old(const struct freshness *f)
{
	switch (f->reason) {
	case FRESHNESS_BY_EXPIRED:
	case FRESHNESS_BY_TOO_OLD:
	case FRESHNESS_BY_HEURISTIC:
	case FRESHNESS_BY_NO_LIFETIME:
	case FRESHNESS_BY_MAX_STALE:
	case FRESHNESS_BY_MUST_REVALIDATE:
	case FRESHNESS_BY_NEGATIVE_EXPIRED:
	case FRESHNESS_BY_STALE_WHILE_REVALIDATE:
		return f->stale_s >= 0;
	case FRESHNESS_BY_MARKED_STALE:
		return true;
	case FRESHNESS_BY_EXPLICIT:
	case FRESHNESS_BY_MINIMUM:
	case FRESHNESS_BY_OVERRIDE_EXPIRE:
	case FRESHNESS_BY_OVERRIDE_LASTMOD:
	case FRESHNESS_BY_NEGATIVE:
	case FRESHNESS_BY_OFFLINE:
	case FRESHNESS_BY_REQUEST_MAX_STALE:
	case FRESHNESS_BY_REPLY_NO_CACHE:
	case FRESHNESS_BY_REQUEST_NO_CACHE:
	case FRESHNESS_BY_REQUEST_MAX_AGE:
	case FRESHNESS_BY_REQUEST_MIN_FRESH:
	case FRESHNESS_BY_REQUEST_IMS:
	case FRESHNESS_BY_RELOAD_INTO_IMS:
		break;
	}
	return false;
}

/*
 * Will an answer do that another one has asked for? Not where the client wants to know for himself.
 */
static bool may_validate_together(struct txn *t)
{
	struct control wants;

	control_parse(&t->request, &wants);
	return is_too_old(&t->cache->freshness) &&
	       !control_has(&wants, CONTROL_NO_CACHE | CONTROL_MAX_AGE | CONTROL_MIN_FRESH) &&
	       may_lead(t);
}

/* One asks the origin, the others wait for what it says. */
static struct machine_next validate_together(struct txn *t)
{
	struct cobj *found;

	switch (store_validate(t->cache->old, loop_now_ms(t->worker->loop), &found)) {
	case STORE_NONE:
		break;
	case STORE_LEADS:
		lead(t, found);
		break;
	case STORE_FOUND:
		t->cache->hit = found;
		return TXN_GO(JOIN);
	}
	return TXN_GO(MISS_ACCESS);
}

/* Go to the origin with or without a condition; what is there stays until it is replaced. */
static struct machine_next refresh(struct txn *t, bool is_validation)
{
	struct txn_cache *c = t->cache;

	cobj_reader_fini(&c->waiter);
	cobj_unref(&c->old);
	c->old = c->hit;
	c->hit = NULL;
	c->fwd = c->freshness.stale_s >= 0 ? STATUS_FWD_STALE : STATUS_FWD_REQUEST;
	c->is_validating = is_validation && c->freshness.has_validator;
	t->result = c->is_validating ? LOG_TCP_REFRESH
	            : !is_validation && c->freshness.reason == FRESHNESS_BY_REQUEST_NO_CACHE
	                    ? LOG_TCP_CLIENT_REFRESH_MISS
	                    : LOG_TCP_MISS;
	return may_validate_together(t) ? validate_together(t) : TXN_GO(MISS_ACCESS);
}

/*
 * What was waited for is as good as if it had been fetched for this client: RFC 9111 4, collapsed.
 * A stored one that was found after a wait in vain is not.
 */
static bool is_just_fetched(const struct txn_cache *c)
{
	return c->waiter.cobj == c->hit && is_too_old(&c->freshness);
}

struct machine_next txn_step_hit(struct txn *t)
{
	struct txn_cache *c = t->cache;

	switch (cobj_state(c->hit)) {
	case COBJ_WAITING:
		return t->snapshot->cache.collapsed_forwarding && !c->goes_alone ? TXN_GO(JOIN)
		                                                                 : go_without(t);
	case COBJ_FILLING:
	case COBJ_COMPLETE:
		break;
	case COBJ_RELEASED:
	case COBJ_FAILED:
		return go_without(t);
	}
	if (!cobj_answers(c->hit, &t->request) || !may_send(t))
		return go_without(t);
	txn_cache_check(t);
	if (is_just_fetched(c))
		return serve(t);
	switch (c->freshness.verdict) {
	case FRESHNESS_FRESH:
	case FRESHNESS_STALE_ALLOWED:
		return serve(t);
	case FRESHNESS_SERVE_AND_REVALIDATE:
		txn_refresh(t, c->hit);
		return serve(t);
	case FRESHNESS_REVALIDATE:
		return refresh(t, true);
	case FRESHNESS_RELOAD:
		return refresh(t, false);
	case FRESHNESS_GATEWAY_TIMEOUT:
		return TXN_FAIL(t, ONLY_IF_CACHED, SPAN_NULL);
	}
	UNREACHABLE("freshness_verdict");
}
