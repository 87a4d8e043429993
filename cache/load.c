/*
 * Loads: one for all lookups that want the same object.
 *
 * A load is listed in the shard of its URI while it goes on. It runs on the loop of the lookup that
 * began it and goes on when that one has left. Who waits is woken on his own loop and looks again;
 * what was loaded is held until then.
 */
#include "cache/load.h"

#include "cache/store_int.h"
#include "cache/waker.h"

#define LOAD_MAGIC 0x570210adu

struct load {
	uint32_t magic;
	_Atomic unsigned refs; /* the load itself, and each who waits */
	struct list link;      /* in its shard; by the shard's lock */
	struct list waiters;   /* struct store_wait; by the shard's lock */
	bool is_unwanted;      /* purged meanwhile; by the shard's lock */
	struct store *store;
	struct store_dir *dir;
	struct cache_key uri_key, key;
	struct span url;
	struct disk_load disk;
	struct task task;
	/* Immutable when those who wait are woken. */
	struct cobj *result;
	bool failed;
};

/* A lookup that waits; of its loop. */
struct store_wait {
	struct list link; /* by the shard's lock; linked until the load has ended */
	struct store_lookup *q;
	struct load *load; /* counted */
	struct cobj_waker *waker;
	struct task task;
};

/* --- the load --------------------------------------------------------------------------------- */

static void unref(struct load **p)
{
	struct load *l = *p;

	*p = NULL;
	/* Acquires what the others released with theirs. */
	if (atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) != 1)
		return;
	cobj_unref(&l->result);
	store_dir_unref(&l->dir);
	OBJ_FREE(l, LOAD_MAGIC);
}

static struct cobj_body *body_of(const struct load *l)
{
	const struct disk_found *const f = &l->disk.found;

	if (f->n_places > 0)
		return cobj_body_of_places(l->dir, f->places, f->n_places);
	struct cobj_body *b = cobj_body_of_bytes(f->body);

	if (b != NULL && f->body.n > 0)
		(void)cobj_body_set_home(b, l->dir, &f->body_place);
	return b;
}

/* Kept in memory from now on, or listed only while it is used. */
static void keep(struct store *s, struct cobj *c)
{
	const int mode = atomic_load_explicit(&s->memory_mode, memory_order_relaxed);
	const bool may =
		mode != MEMORY_CACHE_NETWORK &&
		c->body->bytes - c->body->placed_bytes <= store_limit(&s->max_in_memory_bytes);

	if (may && store_charge(s, c, cobj_memory(c)))
		store_queue(s, c);
	else
		store_let_pass(s, c);
}

/* It was not replaced or forgotten by one who has come and gone while it was read. */
static bool is_newest(const struct load *l)
{
	const struct index_entry *const read = &l->disk.entry;
	struct index_entry e;

	return cache_index_find(l->store->dirs.index, l->key, false, &e) &&
	       e.segment == read->segment && e.offset == read->offset;
}

/*
 * What was read becomes an object that is listed; or one that is listed already is taken. NULL:
 * somebody else's, or not there any more.
 */
static struct cobj *adopt(struct load *l)
{
	const struct cobj_parts *const parts = &l->disk.found.parts;
	struct cobj_body *b = NULL;
	struct cobj *c, *other;

	if (!span_eq(parts->url, l->url) || !cache_key_eq(parts->key, l->key))
		return NULL;
	b = body_of(l);
	if (b == NULL || cobj_restore(&c, parts, &b) != ERR_NONE)
		return NULL;
	c->store = l->store;
	other = store_list_or_find(l->store, c);
	if (other == NULL && is_newest(l)) {
		keep(l->store, c);
		return c;
	}
	if (other == NULL)
		store_unlist_unwanted(l->store, c);
	cobj_unref(&c);
	return other;
}

/* It is over: nobody finds the load any more. */
static void conclude(struct load *l, enum op_status status, struct cobj_waker **chain)
{
	struct store_shard *const h = store_shard(l->store, l->uri_key);

	l->failed = l->disk.failed;
	l->result = status == OP_READY ? adopt(l) : NULL;
	lock_take(&h->lock);
	list_remove(&l->link);
	const bool is_unwanted = l->is_unwanted;
	struct list *it;

	while ((it = list_pop_front(&l->waiters)) != NULL)
		cobj_waker_gather(chain, CONTAINER_OF(it, struct store_wait, link)->waker);
	lock_give(&h->lock);
	disk_load_done(&l->disk);
	if (is_unwanted && l->result != NULL) {
		store_unlist_unwanted(l->store, l->result);
		cobj_unref(&l->result);
	}
}

static void on_loaded(struct task *t)
{
	struct load *l = CONTAINER_OF(t, struct load, task);
	struct loop *const here = l->disk.op.loop;
	struct cobj_waker *chain = NULL;

	CHECK_OBJ(l, LOAD_MAGIC);
	conclude(l, l->disk.op.status, &chain);
	cobj_waker_wake(&chain, here);
	unref(&l);
}

/* --- waiting ---------------------------------------------------------------------------------- */

/* On the waiter's loop: the load has ended. */
static void look_again(struct task *t)
{
	struct store_wait *w = CONTAINER_OF(t, struct store_wait, task);
	struct store_lookup *const q = w->q;
	struct load *l = w->load;

	q->wait = NULL;
	q->read_failed = q->read_failed || l->failed;
	cobj_waker_drop(&w->waker);
	free(w);
	/* What was loaded is held until it is found. */
	if (store_look(q, q->op.loop))
		op_complete(&q->op, OP_READY);
	unref(&l);
}

static struct store_wait *wait_new(struct store_lookup *q, struct loop *here)
{
	struct store_wait *const w = check_calloc(1, sizeof(*w));

	w->q = q;
	task_init(&w->task, look_again);
	w->waker = cobj_waker_new(here, &w->task);
	list_init(&w->link);
	return w;
}

/* With the shard's lock held. */
static void wait_for(struct store_wait *w, struct load *l)
{
	atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
	w->load = l;
	list_push_back(&l->waiters, &w->link);
	w->q->wait = w;
}

void store_lookup_cancel(struct op *op)
{
	struct store_lookup *const q = CONTAINER_OF(op, struct store_lookup, op);
	struct store_wait *const w = q->wait;
	struct store_shard *const h = store_shard(w->load->store, w->load->uri_key);

	lock_take(&h->lock);
	list_remove(&w->link);
	lock_give(&h->lock);
	task_cancel(&w->task);
	cobj_waker_drop(&w->waker);
	unref(&w->load);
	free(w);
	q->wait = NULL;
	cobj_unref(&q->marker);
}

/* --- beginning -------------------------------------------------------------------------------- */

static struct load *find_load(const struct store_shard *h, struct cache_key k, struct span url)
{
	list_for_each(it, &h->loading) {
		struct load *const l = CONTAINER_OF(it, struct load, link);

		if (cache_key_eq(l->key, k) && span_eq(l->url, url) && !l->is_unwanted)
			return l;
	}
	return NULL;
}

static struct load *load_new(const struct store_lookup *q, struct store_dir *d,
                             const struct index_entry *e)
{
	struct load *const l = check_calloc(1, sizeof(*l) + q->url.n);
	char *const text = (char *)(l + 1);

	l->magic = LOAD_MAGIC;
	atomic_init(&l->refs, 1);
	list_init(&l->link);
	list_init(&l->waiters);
	l->store = q->store;
	l->dir = d;
	l->uri_key = cache_key_of_uri(&q->store->secret, q->url);
	l->key = q->key;
	memcpy(text, q->url.p, q->url.n);
	l->url = span_of(text, q->url.n);
	l->disk.disk = d->disk;
	l->disk.key = q->key;
	l->disk.entry = *e;
	task_init(&l->task, on_loaded);
	return l;
}

/* Somebody reads it already: wait with him. False: nobody does, and l is listed as who does. */
static bool join(struct load *l, struct store_wait *w)
{
	struct store_shard *const h = store_shard(l->store, l->uri_key);

	lock_take(&h->lock);
	struct load *const other = find_load(h, l->key, l->url);

	if (other != NULL)
		wait_for(w, other);
	else
		list_push_back(&h->loading, &l->link);
	lock_give(&h->lock);
	return other != NULL;
}

/* Read it. OP_PENDING: w waits. */
static enum op_status run(struct load *l, struct loop *here, struct store_wait *w, struct cobj **c)
{
	struct store_shard *const h = store_shard(l->store, l->uri_key);
	struct cobj_waker *chain = NULL;
	const enum op_status status = disk_load(&l->disk, here, &l->task);

	if (status == OP_PENDING) {
		lock_take(&h->lock);
		wait_for(w, l);
		lock_give(&h->lock);
		return OP_PENDING;
	}
	conclude(l, status, &chain);
	cobj_waker_wake(&chain, here);
	*c = l->result != NULL ? cobj_ref(l->result) : NULL;
	w->q->read_failed = w->q->read_failed || l->failed;
	cobj_waker_drop(&w->waker);
	free(w);
	unref(&l);
	return OP_READY;
}

enum op_status store_load(struct store_lookup *q, struct loop *here, struct cobj **c)
{
	struct store *const s = q->store;
	struct index_entry e;

	if (!cache_index_find(s->dirs.index, q->key, true, &e))
		return OP_FAILED;
	struct store_dir *const d = store_dirs_get(&s->dirs, disk_id_of(e.segment));

	if (d == NULL)
		return OP_FAILED;
	struct load *l = load_new(q, d, &e);
	struct store_wait *const w = wait_new(q, here);

	q->loaded = q->key;
	q->n_loads++;
	if (!join(l, w))
		return run(l, here, w, c);
	unref(&l);
	return OP_PENDING;
}

void store_load_unwant(struct store_shard *h, bool (*is_meant)(const void *arg, struct span url),
                       const void *arg)
{
	lock_take(&h->lock);
	list_for_each(it, &h->loading) {
		struct load *const l = CONTAINER_OF(it, struct load, link);

		if (is_meant(arg, l->url))
			l->is_unwanted = true;
	}
	lock_give(&h->lock);
}

void store_load_abandon(struct store_shard *h)
{
	struct list *it;

	while ((it = list_pop_front(&h->loading)) != NULL) {
		struct load *l = CONTAINER_OF(it, struct load, link);

		/* What is pending was the job's, which has released it. */
		if (l->disk.op.status != OP_PENDING)
			disk_load_done(&l->disk);
		unref(&l);
	}
}
