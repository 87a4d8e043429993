/*
 * The table of objects in memory: listing and finding, charges against cache_mem, eviction.
 */
#include "cache/store_int.h"

#include "base/counters.h"

/* --- finding ---------------------------------------------------------------------------------- */

static struct cobj_resident *find(const struct store_shard *h, struct cache_key k)
{
	struct table_node *n = table_first(&h->table, k.lo);

	for (; n != NULL; n = table_next(n, k.lo)) {
		struct cobj_resident *const r = CONTAINER_OF(n, struct cobj_resident, node);

		if (cache_key_eq(r->cobj->key, k))
			return r;
	}
	return NULL;
}

struct cobj *store_find(struct store *s, struct cache_key k, struct span url)
{
	struct store_shard *const h = store_shard(s, k);
	struct cobj *c = NULL;

	lock_take(&h->lock);
	struct cobj_resident *const r = find(h, k);

	/* Two URIs of one key: as if it were not there. */
	if (r != NULL && span_eq(r->cobj->url, url)) {
		evict_use(&r->evict);
		c = cobj_ref(r->cobj);
	}
	lock_give(&h->lock);
	return c;
}

/* --- listing ---------------------------------------------------------------------------------- */

/* With the shard's lock held. */
static void insert(struct store *s, struct store_shard *h, struct cobj *c, struct cobj_resident *r)
{
	r->cobj = cobj_ref(c);
	table_insert(&h->table, &r->node, c->key.lo);
	lock_take(&c->lock);
	c->resident = r;
	lock_give(&c->lock);
	atomic_fetch_add_explicit(&s->mem_objects, 1, memory_order_relaxed);
}

static struct cobj_resident *resident_new(void)
{
	struct cobj_resident *const r = check_calloc(1, sizeof(*r));

	list_init(&r->passing);
	atomic_init(&r->evict.uses, 0);
	return r;
}

/* With the shard's lock held: it is not found any more. The rest is drop_place()'s. */
static void take_out(struct store *s, struct store_shard *h, struct cobj_resident *r,
                     bool is_unwanted)
{
	struct cobj *const c = r->cobj;

	table_remove(&h->table, &r->node);
	lock_take(&c->lock);
	c->resident = NULL;
	c->is_unwanted |= is_unwanted;
	const uint64_t bytes = r->bytes;

	r->bytes = 0;
	lock_give(&c->lock);
	atomic_fetch_sub_explicit(&s->mem_bytes, bytes, memory_order_relaxed);
	atomic_fetch_sub_explicit(&s->mem_objects, 1, memory_order_relaxed);
}

/* With evict_lock held: out of whatever it is in. */
static void dequeue(struct store *s, struct cobj_resident *r)
{
	if (r->is_queued)
		evict_remove(&s->evict, &r->evict);
	r->is_queued = false;
	list_remove(&r->passing);
}

/*
 * Without a lock: what was taken out leaves the queue. The table's reference is the caller's now.
 */
static void forget_place(struct store *s, struct cobj_resident *r)
{
	lock_take(&s->evict_lock);
	dequeue(s, r);
	lock_give(&s->evict_lock);
	free(r);
}

static void drop_place(struct store *s, struct cobj_resident *r)
{
	struct cobj *c = r->cobj;

	forget_place(s, r);
	cobj_unref(&c);
}

struct cobj *store_list_or_find(struct store *s, struct cobj *c)
{
	struct store_shard *const h = store_shard(s, c->key);
	struct cobj_resident *mine = resident_new();
	struct cobj *other = NULL;

	lock_take(&h->lock);
	const struct cobj_resident *const r = find(h, c->key);

	if (r != NULL) {
		other = cobj_ref(r->cobj);
	} else {
		insert(s, h, c, mine);
		mine = NULL;
	}
	lock_give(&h->lock);
	free(mine);
	return other;
}

void store_list(struct store *s, struct cobj *c)
{
	struct store_shard *const h = store_shard(s, c->key);
	struct cobj_resident *const mine = resident_new();

	lock_take(&h->lock);
	struct cobj_resident *const old = find(h, c->key);

	if (old != NULL)
		take_out(s, h, old, true);
	insert(s, h, c, mine);
	lock_give(&h->lock);
	if (old != NULL)
		drop_place(s, old);
	lock_take(&c->lock);
	const bool is_unwanted = c->is_unwanted;

	lock_give(&c->lock);
	/* Purged while it was in no table. */
	if (is_unwanted)
		store_unlist(s, c);
}

/* How much it was worth: what has come into the main chain has been used twice there. */
static uint8_t uses_of(struct store *s, const struct cobj_resident *r)
{
	const uint8_t uses = atomic_load_explicit(&r->evict.uses, memory_order_relaxed);

	lock_take(&s->evict_lock);
	const bool is_main = r->is_queued && r->evict.chain == EVICT_MAIN;

	lock_give(&s->evict_lock);
	return is_main ? EVICT_USES_MAX : uses;
}

bool store_replace(struct store *s, struct cobj *old, struct cobj *c)
{
	struct store_shard *const h = store_shard(s, c->key);
	struct cobj_resident *mine = resident_new();

	lock_take(&h->lock);
	struct cobj_resident *const r = find(h, c->key);
	const bool is_listed = r != NULL && r->cobj == old;

	if (is_listed) {
		mine->inherited = uses_of(s, r);
		take_out(s, h, r, true);
		insert(s, h, c, mine);
	}
	lock_give(&h->lock);
	if (is_listed)
		drop_place(s, r);
	else
		free(mine);
	return is_listed;
}

/* The key it is listed under; false: it is in no table. */
static bool key_of(struct cobj *c, struct cache_key *k)
{
	lock_take(&c->lock);
	const bool is_listed = c->resident != NULL;

	*k = c->key;
	lock_give(&c->lock);
	return is_listed;
}

static bool unlist(struct store *s, struct cobj *c, bool is_unwanted)
{
	struct cache_key k;

	while (key_of(c, &k)) {
		struct store_shard *const h = store_shard(s, k);

		lock_take(&h->lock);
		struct cobj_resident *const r = find(h, k);
		/* Its key may have changed in between, or another one have its place. */
		const bool is_it = r != NULL && r->cobj == c;

		if (is_it)
			take_out(s, h, r, is_unwanted);
		lock_give(&h->lock);
		if (is_it) {
			drop_place(s, r);
			return true;
		}
	}
	return false;
}

bool store_is_listed(struct cobj *c)
{
	lock_take(&c->lock);
	const bool is_listed = c->resident != NULL;

	lock_give(&c->lock);
	return is_listed;
}

bool store_unlist(struct store *s, struct cobj *c)
{
	return unlist(s, c, false);
}

bool store_unlist_unwanted(struct store *s, struct cobj *c)
{
	lock_take(&c->lock);
	c->is_unwanted = true;
	lock_give(&c->lock);
	return unlist(s, c, true);
}

/* --- charges ---------------------------------------------------------------------------------- */

static bool evict_one(struct store *s);

/* n more bytes of cache_mem, without saying whose. */
static bool reserve(struct store *s, uint64_t n)
{
	uint64_t old = store_limit(&s->mem_bytes);

	for (;;) {
		const uint64_t max = store_limit(&s->mem_max_bytes);

		if (n > max)
			return false;
		if (old <= max - n) {
			if (atomic_compare_exchange_weak_explicit(&s->mem_bytes, &old, old + n,
			                                          memory_order_relaxed,
			                                          memory_order_relaxed))
				return true;
		} else {
			if (!evict_one(s))
				return false;
			old = store_limit(&s->mem_bytes);
		}
	}
}

bool store_charge(struct store *s, struct cobj *c, uint64_t n)
{
	if (!reserve(s, n))
		return false;
	lock_take(&c->lock);
	const bool is_listed = c->resident != NULL;

	if (is_listed)
		c->resident->bytes += n;
	lock_give(&c->lock);
	if (!is_listed)
		atomic_fetch_sub_explicit(&s->mem_bytes, n, memory_order_relaxed);
	return is_listed;
}

void store_discharge(struct store *s, struct cobj *c)
{
	uint64_t bytes = 0;

	lock_take(&c->lock);
	if (c->resident != NULL) {
		bytes = c->resident->bytes;
		c->resident->bytes = 0;
	}
	lock_give(&c->lock);
	atomic_fetch_sub_explicit(&s->mem_bytes, bytes, memory_order_relaxed);
}

/* --- eviction --------------------------------------------------------------------------------- */

/*
 * In the queue, or among those that pass. The object's lock keeps its place from going meanwhile.
 */
static void enqueue(struct store *s, struct cobj *c, bool passes)
{
	lock_take(&c->lock);
	struct cobj_resident *const r = c->resident;

	if (r != NULL) {
		lock_take(&s->evict_lock);
		dequeue(s, r);
		if (passes)
			list_push_back(&s->passing, &r->passing);
		else
			evict_admit(&s->evict, &r->evict, c->key, r->bytes);
		for (; !passes && r->inherited > 0; r->inherited--)
			evict_use(&r->evict);
		r->is_queued = !passes;
		lock_give(&s->evict_lock);
	}
	lock_give(&c->lock);
}

void store_queue(struct store *s, struct cobj *c)
{
	enqueue(s, c, false);
}

/* The one that should go; counted, and in no queue. *was_used: somebody asked for it here. */
static struct cobj *choose(struct store *s, bool *was_used)
{
	struct cobj *c = NULL;

	lock_take(&s->evict_lock);
	struct evict_node *const n = evict_victim(&s->evict);

	if (n != NULL) {
		struct cobj_resident *const r = CONTAINER_OF(n, struct cobj_resident, evict);

		r->is_queued = false;
		/* What has come into the main chain was used before. */
		*was_used = n->chain == EVICT_MAIN ||
		            atomic_load_explicit(&n->uses, memory_order_relaxed) > 0;
		c = cobj_ref(r->cobj);
	}
	lock_give(&s->evict_lock);
	return c;
}

/* One of those that were in use is looked at again; what is used still goes to the end. */
static void sweep_passing(struct store *s)
{
	struct cobj *c = NULL;

	lock_take(&s->evict_lock);
	struct list *const first = list_pop_front(&s->passing);

	if (first != NULL) {
		c = cobj_ref(CONTAINER_OF(first, struct cobj_resident, passing)->cobj);
		list_push_back(&s->passing, first);
	}
	lock_give(&s->evict_lock);
	cobj_unref(&c);
}

/*
 * It was of use here; that says something for its place on a disk, too, which nobody looked at
 * meanwhile.
 */
static void tell_index(struct store *s, const struct cobj *c)
{
	struct index_entry e;

	if (c->body != NULL && c->body->n_places > 0 && s->dirs.index != NULL)
		(void)cache_index_find(s->dirs.index, c->key, true, &e);
}

static bool evict_one(struct store *s)
{
	bool was_used = false;

	sweep_passing(s);
	struct cobj *c = choose(s, &was_used);

	if (c == NULL)
		return false;
	if (was_used)
		tell_index(s, c);
	/*
	 * A count: the table's and ours. One that comes to be used now is found again on its disk,
	 * or not.
	 */
	if (atomic_load_explicit(&c->refs, memory_order_relaxed) > 2)
		store_let_pass(s, c);
	else
		store_unlist(s, c);
	atomic_fetch_add_explicit(&s->evicted, 1, memory_order_relaxed);
	cobj_unref(&c);
	return true;
}

void store_evict_to_limit(struct store *s)
{
	while (store_limit(&s->mem_bytes) > store_limit(&s->mem_max_bytes) && evict_one(s))
		;
}

void store_let_pass(struct store *s, struct cobj *c)
{
	store_discharge(s, c);
	enqueue(s, c, true);
	/* Pairs with cobj_unref(). Who misses it there is found by store_sweep(). */
	atomic_store_explicit(&c->is_passing, true, memory_order_release);
}

bool store_release_passing(struct cobj *c)
{
	struct store *const s = c->store;
	struct store_shard *const h = store_shard(s, c->key);

	lock_take(&h->lock);
	struct cobj_resident *const r = find(h, c->key);
	const bool is_listed = r != NULL && r->cobj == c;
	/* By the lock, so that of two who leave at once one is the last beside the table. */
	const bool is_last =
		is_listed && atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 2;

	if (is_last) {
		take_out(s, h, r, false);
		atomic_store_explicit(&c->is_passing, false, memory_order_relaxed);
	}
	lock_give(&h->lock);
	if (is_last)
		drop_place(s, r);
	return is_listed;
}

#define SWEEP 64u

void store_sweep(struct store *s)
{
	for (unsigned i = 0; i < SWEEP; i++)
		sweep_passing(s);
}

/* --- those under way -------------------------------------------------------------------------- */

void store_add_filling(struct store *s, struct cobj_fill *f)
{
	struct store_shard *const h = store_shard(s, f->uri_key);

	lock_take(&h->lock);
	list_push_back(&h->filling, &f->link);
	lock_give(&h->lock);
	atomic_fetch_add_explicit(&s->in_transit, 1, memory_order_relaxed);
}

void store_remove_filling(struct store *s, struct cobj_fill *f)
{
	struct store_shard *const h = store_shard(s, f->uri_key);

	lock_take(&h->lock);
	list_remove(&f->link);
	lock_give(&h->lock);
	atomic_fetch_sub_explicit(&s->in_transit, 1, memory_order_relaxed);
}

/* --- marks ------------------------------------------------------------------------------------ */

static struct store_mark *find_mark(struct store_shard *h, struct cache_key k)
{
	for (unsigned i = 0; i < STORE_MARKS; i++)
		if (cache_key_eq(h->marks[i].key, k))
			return &h->marks[i];
	return NULL;
}

bool store_is_marked(struct store *s, struct cache_key k, int64_t now_ms)
{
	struct store_shard *const h = store_shard(s, k);

	lock_take(&h->lock);
	const struct store_mark *const m = find_mark(h, k);
	const bool is_marked = m != NULL && m->until_ms > now_ms;

	lock_give(&h->lock);
	return is_marked;
}

void store_mark(struct store *s, struct cache_key k, int64_t now_ms)
{
	struct store_shard *const h = store_shard(s, k);

	lock_take(&h->lock);
	struct store_mark *m = find_mark(h, k);

	if (m == NULL) {
		m = &h->marks[h->next_mark];
		h->next_mark = (h->next_mark + 1) % STORE_MARKS;
	}
	*m = (struct store_mark){ k, now_ms + STORE_MARK_MS };
	lock_give(&h->lock);
}

void store_unmark(struct store *s, struct cache_key k)
{
	struct store_shard *const h = store_shard(s, k);

	lock_take(&h->lock);
	struct store_mark *const m = find_mark(h, k);

	if (m != NULL)
		m->until_ms = 0;
	lock_give(&h->lock);
}

/* --- directories that are gone ---------------------------------------------------------------- */

static bool is_retired(struct store *s, const struct cobj *c)
{
	if (cobj_state(c) != COBJ_COMPLETE || c->body == NULL || c->body->dir == NULL)
		return false;
	lock_take(&s->dirs.lock);
	const bool is_there = s->dirs.by_id[c->body->dir->id] == c->body->dir;

	lock_give(&s->dirs.lock);
	return !is_there;
}

#define BATCH 64u

/* Some of a shard; counted. */
static unsigned some_retired(struct store *s, struct store_shard *h, struct cobj **out)
{
	unsigned n = 0;

	lock_take(&h->lock);
	table_for_each(it, &h->table)
	{
		struct cobj *const one = CONTAINER_OF(it, struct cobj_resident, node)->cobj;

		if (is_retired(s, one))
			out[n++] = cobj_ref(one);
		if (n == BATCH)
			goto full;
	}
full:
	lock_give(&h->lock);
	return n;
}

void store_forget_retired(struct store *s)
{
	struct cobj *some[BATCH];
	unsigned n;

	for (unsigned i = 0; i < STORE_SHARDS; i++)
		while ((n = some_retired(s, &s->shards[i], some)) > 0)
			for (unsigned j = 0; j < n; j++) {
				store_unlist_unwanted(s, some[j]);
				cobj_unref(&some[j]);
			}
}
