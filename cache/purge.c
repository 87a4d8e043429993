/*
 * Forgetting: by URI, by prefix, by host.
 *
 * What is listed goes at once. What is under way is told that it is unwanted: it goes on for those who wait for
 * it, and is not kept.
 */
#include "cache/store_int.h"

/* --- what is to go --------------------------------------------------------------------------- */

struct purged {
	enum { PURGE_URL, PURGE_PREFIX, PURGE_HOST } by;
	struct span text;
};

/* The host of a URI, without its port. */
static struct span host_of(struct span url)
{
	size_t at = 0, end;

	while (at + 2 < url.n && memcmp(url.p + at, "://", 3) != 0)
		at++;
	if (at + 2 >= url.n)
		return SPAN_NULL;
	url = span_skip(url, at + 3);
	end = url.n > 0 && url.p[0] == '[' ? span_find(url, ']') : 0;
	while (end < url.n && url.p[end] != ':' && url.p[end] != '/' && url.p[end] != '?')
		end++;
	return span_of(url.p, end);
}

static bool is_purged(const struct purged *p, struct span url)
{
	switch (p->by) {
	case PURGE_URL:
		return span_eq(url, p->text);
	case PURGE_PREFIX:
		return span_starts(url, p->text);
	case PURGE_HOST:
		return span_eq_nocase(host_of(url), p->text);
	}
	UNREACHABLE("kind of purge");
}

/* --- walks ----------------------------------------------------------------------------------- */

static bool is_unwanted(struct cobj *c)
{
	lock_take(&c->lock);
	const bool is = c->is_unwanted;

	lock_give(&c->lock);
	return is;
}

/* One that is under way and was not told yet; counted. */
static struct cobj *next_filling(struct store_shard *h, const struct purged *p)
{
	struct cobj *c = NULL;

	lock_take(&h->lock);
	list_for_each(it, &h->filling) {
		struct cobj *const one = CONTAINER_OF(it, struct cobj_fill, link)->cobj;

		if (is_purged(p, one->url) && !is_unwanted(one)) {
			c = cobj_ref(one);
			break;
		}
	}
	lock_give(&h->lock);
	return c;
}

static struct cobj *next_listed(struct store_shard *h, const struct purged *p)
{
	struct cobj *c = NULL;

	lock_take(&h->lock);
	table_for_each(n, &h->table)
	{
		struct cobj *const one = CONTAINER_OF(n, struct cobj_resident, node)->cobj;

		if (c == NULL && is_purged(p, one->url))
			c = cobj_ref(one);
	}
	lock_give(&h->lock);
	return c;
}

static uint64_t forget_filling(struct store *s, struct store_shard *h, const struct purged *p)
{
	uint64_t n = 0;
	struct cobj *c;

	while ((c = next_filling(h, p)) != NULL) {
		store_unlist_unwanted(s, c);
		cobj_unref(&c);
		n++;
	}
	return n;
}

static uint64_t forget_listed(struct store *s, struct store_shard *h, const struct purged *p)
{
	uint64_t n = 0;
	struct cobj *c;

	while ((c = next_listed(h, p)) != NULL) {
		n += store_unlist_unwanted(s, c) ? 1 : 0;
		cobj_unref(&c);
	}
	return n;
}

/* --- purges ---------------------------------------------------------------------------------- */

static void begin(struct store_purge *p, struct loop *l, struct task *waiter)
{
	CHECK(p->store != NULL);
	p->op = (struct op){ .status = OP_READY, .loop = l, .waiter = waiter };
	p->n = 0;
}

enum op_status store_purge(struct store_purge *p, struct span url, struct loop *l,
                           struct task *waiter)
{
	struct store *const s = p->store;
	const struct cache_key k = cache_key_of_uri(&s->secret, url);
	const struct purged what = { PURGE_URL, url };

	begin(p, l, waiter);
	p->n = forget_filling(s, store_shard(s, k), &what);
	/* With a marker go the variants: nobody knows their salt any more. */
	struct cobj *c = store_find(s, k, url);

	if (c != NULL && store_unlist_unwanted(s, c))
		p->n++;
	cobj_unref(&c);
	return OP_READY;
}

static enum op_status purge_all(struct store_purge *p, const struct purged *what, struct loop *l,
                                struct task *waiter)
{
	struct store *const s = p->store;

	begin(p, l, waiter);
	for (unsigned i = 0; i < STORE_SHARDS; i++) {
		p->n += forget_filling(s, &s->shards[i], what);
		p->n += forget_listed(s, &s->shards[i], what);
	}
	return OP_READY;
}

enum op_status store_purge_prefix(struct store_purge *p, struct span prefix, struct loop *l,
                                  struct task *waiter)
{
	const struct purged what = { PURGE_PREFIX, prefix };

	return purge_all(p, &what, l, waiter);
}

enum op_status store_purge_host(struct store_purge *p, struct span host, struct loop *l,
                                struct task *waiter)
{
	const struct purged what = { PURGE_HOST, host };

	return purge_all(p, &what, l, waiter);
}
