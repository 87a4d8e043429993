/*
 * Validation: what is asked of the origin about a stored reply, and what is done with its answer, or
 * without one.
 */
#include "proxy/txn.h"

#include "base/counters.h"
#include "cache/storable.h"
#include "http/range.h"
#include "proxy/fetch.h"
#include "proxy/process.h"

/* --- the request -------------------------------------------------------------------------------- */

static void remove_all(struct http_head *h, const enum http_field_id *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)http_head_remove(h, ids[i]);
}

static const enum http_field_id conditions[] = { HTTP_F_IF_MATCH, HTTP_F_IF_UNMODIFIED_SINCE,
	                                         HTTP_F_IF_NONE_MATCH, HTTP_F_IF_MODIFIED_SINCE };
static const enum http_field_id ranges[] = { HTTP_F_RANGE, HTTP_F_IF_RANGE };

/* RFC 9111 4.3.1: with the validators of what is stored; the client's own conditions are asked of that. */
static void add_validators(const struct http_head *stored, struct http_head *h)
{
	const struct http_field *etag = http_head_get(stored, HTTP_F_ETAG);
	const struct http_field *modified = http_head_get(stored, HTTP_F_LAST_MODIFIED);

	if (etag != NULL)
		http_head_add(h, HTTP_F_IF_NONE_MATCH, etag->value);
	if (modified != NULL)
		http_head_add(h, HTTP_F_IF_MODIFIED_SINCE, modified->value);
}

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
		remove_all(h, conditions, ARRAY_LEN(conditions));
		remove_all(h, ranges, ARRAY_LEN(ranges));
		add_validators(&c->old->head, h);
		return;
	}
	c->wants_whole = wants_whole(t);
	if (c->wants_whole)
		remove_all(h, ranges, ARRAY_LEN(ranges));
	if (!t->snapshot->cache.cache_miss_revalidate || c->wants_whole)
		remove_all(h, conditions, ARRAY_LEN(conditions));
}

/* --- the answer --------------------------------------------------------------------------------- */

/* RFC 9111 3.2: the fields of the 304 take the place of those that are stored. */
static void merge_not_modified(const struct http_head *stored, const struct http_head *new,
                               struct arena *a, struct http_head *merged)
{
	struct http_head news;

	storable_head(new, a, &news);
	*merged = *stored;
	merged->arena = a;
	merged->n_fields = 0;
	merged->cap_fields = stored->n_fields + news.n_fields;
	merged->fields = arena_alloc(a, merged->cap_fields * sizeof(merged->fields[0]));
	for (uint32_t i = 0; i < stored->n_fields; i++) {
		const struct http_field *f = &stored->fields[i];

		if (f->id == HTTP_F_AGE ||
		    (f->id != HTTP_F_CONTENT_LENGTH && http_head_get_named(&news, f->name) != NULL))
			continue;
		merged->fields[merged->n_fields++] = *f;
	}
	for (uint32_t i = 0; i < news.n_fields; i++) {
		const struct http_field *f = &news.fields[i];

		if (f->id == HTTP_F_CONTENT_LENGTH)
			continue;
		if (f->id != HTTP_F_OTHER)
			http_head_add(merged, f->id, f->value);
		else
			http_head_add_named(merged, f->name, f->value);
	}
}

/* RFC 9111 4.3.3, 4.3.4: the stored reply with the fields of the 304 takes its own place. */
struct machine_next txn_step_not_modified(struct txn *t)
{
	struct txn_cache *c = t->cache;
	struct fetch_reply *r = fetch_reply_of(t->fetch);
	struct cobj_meta meta = c->old->meta;
	struct http_head merged;

	merge_not_modified(&c->old->head, &r->head, &t->arena, &merged);
	meta.request_s = c->asked_s;
	meta.response_s = loop_wall_us(t->worker->loop) / 1000000;
	meta.flags &= (uint16_t)~COBJ_IS_STALE;
	store_renew(c->old, &merged, &meta, &c->hit);
	cobj_unref(&c->old);
	txn_cache_fail(t, WHY_INTERNAL);
	t->server_status = (uint16_t)r->head.status;
	fetch_reply_complete(r);
	c->is_validating = false;
	txn_cache_check(t);
	t->result = LOG_TCP_REFRESH_UNMODIFIED;
	count(COUNT_CACHE_VALIDATED);
	return t->is_refresh ? TXN_GO(FINISH) : TXN_GO(SERVE);
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
