/*
 * Validation: what is asked of the origin about a stored reply, and what is done with its answer,
 * or without one.
 */
#include "proxy/txn.h"

#include "base/counters.h"
#include "cache/merge.h"
#include "cache/storable.h"
#include "http/range.h"
#include "proxy/fetch.h"
#include "proxy/process.h"

/* --- the request ------------------------------------------------------------------------------ */

static bool acls_match(void *arg, const struct acl_rules *acls)
{
	struct trail trail = { 0 };

	return txn_decide_now(arg, acls, VERDICT_DENY, &trail) == VERDICT_ALLOW;
}

/* range_offset_limit: is the whole fetched where a part is wanted? */
static bool wants_whole(struct txn *t)
{
	const struct http_field *f = http_head_get(&t->request, HTTP_F_RANGE);
	struct http_ranges r;

	if (f == NULL || t->request.method != HTTP_GET || t->snapshot->cache.range_limits == NULL ||
	    !http_ranges_parse(f->value, &r))
		return false;
	const int64_t limit = cache_conf_range_limit(&t->snapshot->cache, acls_match, t);

	return http_ranges_begin_within(&r, limit == INT64_MAX ? -1 : limit);
}

void txn_cache_adapt_request(struct txn *t, struct http_head *h)
{
	struct txn_cache *c = t->cache;

	if (c->is_validating) {
		(void)merge_set_conditions(h, &c->old->head);
		return;
	}
	c->wants_whole = wants_whole(t);
	if (c->wants_whole) {
		merge_clear_conditions(h);
	} else if (!t->snapshot->cache.cache_miss_revalidate) {
		(void)http_head_remove(h, HTTP_F_IF_NONE_MATCH);
		(void)http_head_remove(h, HTTP_F_IF_MODIFIED_SINCE);
	}
}

/* --- the answer ------------------------------------------------------------------------------- */

/*
 * From now on the stored reply has this head. It may be on its way still, so its length is not
 * looked at: its writer may be just about to note it.
 */
static void renew(struct txn *t, const struct http_head *answer)
{
	struct txn_cache *c = t->cache;
	const struct cobj_meta *const before = &c->old->meta;
	const struct cobj_meta meta = {
		.request_s = c->asked_s,
		.response_s = loop_wall_us(t->worker->loop) / 1000000,
		.ttl_s = before->ttl_s,
		.status = before->status,
		.flags = (uint16_t)(before->flags & ~(unsigned)COBJ_IS_STALE),
	};
	struct http_head merged;

	merge_heads(&c->old->head, answer, meta.response_s, &t->arena, &merged);
	c->buries |= store_renew(c->old, &c->mine, &merged, &meta, &c->hit);
}

/* It has changed: it must be asked about before it is used. */
static void mark_stale(struct txn *t)
{
	struct txn_cache *c = t->cache;
	struct cobj_meta meta = c->old->meta;

	meta.flags |= COBJ_IS_STALE;
	c->buries |= store_renew(c->old, &c->mine, &c->old->head, &meta, &c->hit);
}

/* It is about what is stored, but for the last time: the head of this one reply is made of it. */
static void use_once(struct txn *t, const struct http_head *answer)
{
	struct txn_cache *c = t->cache;

	c->head = ARENA_NEW(&t->arena, struct http_head);
	merge_heads(&c->old->head, answer, loop_wall_us(t->worker->loop) / 1000000, &t->arena,
	            c->head);
	c->hit = cobj_ref(c->old);
	c->buries |= store_drop(c->old);
	txn_cache_release(t);
}

/* It is about something else: the whole is asked for, and the ways are tried once more. */
static struct machine_next ask_again(struct txn *t)
{
	t->cache->is_validating = false;
	t->cache->freshness.may_serve_on_error = false;
	txn_leave_fetch(t);
	t->way_at = 0;
	return TXN_GO(WAY);
}

/*
 * RFC 9111 3.5: what answers credentials changes nothing for those who have none, unless it says
 * that it may. Without a word about it in the answer, what is stored says so.
 */
static bool is_for_all(const struct txn *t, const struct http_head *answer)
{
	const bool says = http_head_get(answer, HTTP_F_CACHE_CONTROL) != NULL;

	return http_head_get(t->outgoing, HTTP_F_AUTHORIZATION) == NULL ||
	       storable_is_for_all(says ? answer : &t->cache->old->head);
}

/* RFC 9111 4.3.3, 4.3.4: the stored reply with the fields of the 304 takes its own place. */
struct machine_next txn_step_not_modified(struct txn *t)
{
	struct txn_cache *c = t->cache;
	struct fetch_reply *r = fetch_reply_of(t->fetch);

	switch (merge_fit(&c->old->head, &r->head)) {
	case MERGE_FITS:
		if (is_for_all(t, &r->head))
			renew(t, &r->head);
		else
			use_once(t, &r->head);
		break;
	case MERGE_FITS_ONCE:
		use_once(t, &r->head);
		break;
	case MERGE_OTHER:
		fetch_reply_complete(r);
		return ask_again(t);
	}
	cobj_unref(&c->old);
	t->server_status = (uint16_t)r->head.status;
	fetch_reply_complete(r);
	c->is_validating = false;
	txn_cache_check(t);
	t->result = LOG_TCP_REFRESH_UNMODIFIED;
	count(COUNT_CACHE_VALIDATED);
	return TXN_GO(BURY);
}

/* RFC 9111 4.3.5: what the reply to a HEAD tells about the stored reply to a GET. */
void txn_cache_learn(struct txn *t, const struct http_head *reply)
{
	struct txn_cache *c = t->cache;

	if (c->old == NULL || t->request.method != HTTP_HEAD ||
	    cobj_state(c->old) != COBJ_COMPLETE || !is_for_all(t, reply))
		return;
	switch (merge_fit_head(&c->old->head, c->old->meta.body_bytes, reply)) {
	case MERGE_HEAD_UNRELATED:
		return;
	case MERGE_HEAD_UPDATES:
		renew(t, reply);
		break;
	case MERGE_HEAD_INVALIDATES:
		mark_stale(t);
		break;
	}
	cobj_unref(&c->hit);
}

/* Nobody can say, so what is stored is as good as it gets (RFC 9111 4.2.4; RFC 5861 4). */
static bool serve_old(struct txn *t)
{
	struct txn_cache *c = t->cache;

	if (c->old == NULL || !c->freshness.may_serve_on_error)
		return false;
	c->hit = c->old;
	c->old = NULL;
	c->is_validating = false;
	if (t->fetch != NULL)
		txn_leave_fetch(t);
	/* Whoever waits for the answer may do the same. */
	txn_cache_fail(t, WHY_DONE);
	t->result = LOG_TCP_REFRESH_FAIL_OLD;
	count(COUNT_CACHE_STALE);
	return true;
}

bool txn_cache_saves_from(struct txn *t, unsigned status)
{
	return (status == 500 || status == 502 || status == 503 || status == 504) && serve_old(t);
}

bool txn_cache_saves(struct txn *t)
{
	struct txn_cache *c = t->cache;

	if (c == NULL || c->old == NULL || t->has_reply || !txn_cache_is_origins_fault(t->why))
		return false;
	if (!serve_old(t)) {
		t->result = c->is_validating ? LOG_TCP_REFRESH_FAIL_ERR : t->result;
		return false;
	}
	t->why = WHY_NONE;
	t->detail = SPAN_NULL;
	return true;
}
