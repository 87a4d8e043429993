/*
 * The store as requests see it: looking up, leading, taking in, renewing.
 */
#include "cache/store.h"

#include "base/counters.h"
#include "cache/store_int.h"
#include "cache/vary.h"
#include "http/serialise.h"
#include "loop/poller.h"

#include <sys/random.h>
#include <sys/resource.h>

/* Of the descriptors that the process may have, files in memory get this share. */
#define MEMFD_SHARE 8u
#define MEMFD_MAX   4096u

/* --- life ------------------------------------------------------------------------------------ */

static void set_limit(_Atomic uint64_t *v, uint64_t n)
{
	atomic_store_explicit(v, n, memory_order_relaxed);
}

static void configure_memory(struct store *s, const struct cache_conf *conf)
{
	set_limit(&s->mem_max_bytes, conf->cache_mem_bytes);
	set_limit(&s->max_in_memory_bytes, conf->max_object_in_memory_bytes);
	atomic_store_explicit(&s->memory_mode, (int)conf->memory_cache_mode, memory_order_relaxed);
}

static unsigned memfds_max(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 0;
	return (unsigned)MIN(r.rlim_cur / MEMFD_SHARE, (rlim_t)MEMFD_MAX);
}

static void init_shards(struct store *s)
{
	s->shards = aligned_alloc(64, STORE_SHARDS * sizeof(*s->shards));
	CHECK(s->shards != NULL);
	memset(s->shards, 0, STORE_SHARDS * sizeof(*s->shards));
	for (unsigned i = 0; i < STORE_SHARDS; i++) {
		lock_init(&s->shards[i].lock, LOCK_RANK_CACHE);
		table_init(&s->shards[i].table);
		list_init(&s->shards[i].filling);
	}
}

enum err store_new(struct store **out, const struct cache_conf *conf, struct jobs *js,
                   unsigned n_workers)
{
	struct store *s;

	(void)n_workers;
	OBJ_NEW(s, STORE_MAGIC);
	s->jobs = js;
	cache_secret_draw(&s->secret);
	init_shards(s);
	lock_init(&s->evict_lock, LOCK_RANK_CACHE_STORE);
	evict_init(&s->evict, conf->cache_mem_bytes);
	list_init(&s->passing);
	s->memfds.max = conf->dirs == NULL ? memfds_max() : 0;
	configure_memory(s, conf);
	*out = s;
	return ERR_NONE;
}

void store_configure(struct store *s, const struct cache_conf *conf)
{
	CHECK_OBJ(s, STORE_MAGIC);
	configure_memory(s, conf);
	lock_take(&s->evict_lock);
	evict_set_capacity(&s->evict, conf->cache_mem_bytes);
	lock_give(&s->evict_lock);
	store_evict_to_limit(s);
}

/* All that is listed; the locks are for form's sake. */
static void unlist_all(struct store *s)
{
	for (unsigned i = 0; i < STORE_SHARDS; i++) {
		struct store_shard *const h = &s->shards[i];

		CHECK(list_is_empty(&h->filling));
		table_for_each(n, &h->table)
		{
			struct cobj *c =
				cobj_ref(CONTAINER_OF(n, struct cobj_resident, node)->cobj);

			store_unlist(s, c);
			cobj_unref(&c);
		}
		table_fini(&h->table);
		lock_fini(&h->lock);
	}
	free(s->shards);
}

void store_free(struct store **s)
{
	struct store *mine = *s;

	*s = NULL;
	if (mine == NULL)
		return;
	CHECK_OBJ(mine, STORE_MAGIC);
	unlist_all(mine);
	evict_fini(&mine->evict);
	lock_fini(&mine->evict_lock);
	OBJ_FREE(mine, STORE_MAGIC);
}

bool store_is_loaded(struct store *s)
{
	CHECK_OBJ(s, STORE_MAGIC);
	return true;
}

/* --- looking up ------------------------------------------------------------------------------ */

/* By way of the URI's marker, if it has one, to the key that this request's reply has. */
static struct cobj *find(struct store_lookup *q)
{
	struct store *const s = q->store;
	char buf[VARY_VARIANT_MAX];
	struct span variant;
	struct cobj *c;

	q->key = cache_key_of_uri(&s->secret, q->url);
	c = store_find(s, q->key, q->url);
	if (c == NULL || (c->meta.flags & COBJ_MARKER) == 0)
		return c;
	/* Too long: it is nobody's variant, and leads for the URI. */
	const bool has_variant = vary_variant(c->vary, q->request, buf, &variant);

	if (has_variant)
		q->key = cache_key_of_variant(&s->secret, q->url, c->meta.salt, variant);
	cobj_unref(&c);
	if (!has_variant)
		return NULL;
	c = store_find(s, q->key, q->url);
	/* One that is awaited has no variant yet. */
	if (c != NULL && cobj_state(c) != COBJ_WAITING && !span_eq(c->variant, variant))
		cobj_unref(&c);
	return c;
}

static bool may_have(const struct store_lookup *q, const struct cobj *c)
{
	switch (cobj_state(c)) {
	case COBJ_WAITING:
	case COBJ_FILLING:
		return q->may_join;
	case COBJ_COMPLETE:
		return true;
	case COBJ_RELEASED:
	case COBJ_FAILED:
		break;
	}
	return false;
}

/* A new object for others to join, unless the last reply was not for sharing, or somebody leads already. */
static struct cobj *lead(struct store_lookup *q, int64_t now_ms, struct cobj **other)
{
	struct cobj *const c = cobj_fill_new(q->store, q->key, q->url, now_ms);

	*other = NULL;
	if (!store_is_marked(q->store, q->key, now_ms))
		*other = store_list_or_find(q->store, c);
	return c;
}

static enum store_found found(struct store_lookup *q, struct cobj *c, bool is_resident)
{
	q->cobj = c;
	q->is_resident = is_resident;
	return STORE_FOUND;
}

/* Somebody else was faster: his will do, or ours stays one that nobody finds before its head is there. */
static enum store_found miss(struct store_lookup *q, int64_t now_ms)
{
	struct cobj *other, *c;

	if (!q->may_lead)
		return STORE_NONE;
	c = lead(q, now_ms, &other);
	/* A marker may have come meanwhile. */
	if (other != NULL && may_have(q, other) && (other->meta.flags & COBJ_MARKER) == 0) {
		cobj_fill_drop(&c);
		return found(q, other, true);
	}
	cobj_unref(&other);
	q->cobj = c;
	return STORE_LEADS;
}

enum op_status store_lookup(struct store_lookup *q, struct loop *l, struct task *waiter)
{
	CHECK_OBJ(q->store, STORE_MAGIC);
	q->op = (struct op){ .status = OP_READY, .loop = l, .waiter = waiter };
	q->cobj = NULL;
	q->is_resident = q->read_failed = false;
	struct cobj *c = find(q);

	if (c != NULL && may_have(q, c)) {
		q->found = found(q, c, true);
		return OP_READY;
	}
	cobj_unref(&c);
	q->found = miss(q, loop_now_ms(l));
	return OP_READY;
}

struct cobj *store_begin(struct store *s, struct span url)
{
	CHECK_OBJ(s, STORE_MAGIC);
	return cobj_fill_new(s, cache_key_of_uri(&s->secret, url), url,
	                     clock_monotonic_us() / 1000);
}

/* --- taking in ------------------------------------------------------------------------------- */

/* What is known of a reply that may come in. */
struct incoming {
	struct arena arena;
	char names_buf[VARY_TEXT_MAX], variant_buf[VARY_VARIANT_MAX];
	struct span head_text, names, variant;
	struct cobj_meta meta;
};

static bool fits_memory(const struct store *s, uint64_t bytes)
{
	const int mode = atomic_load_explicit(&s->memory_mode, memory_order_relaxed);

	if (mode == MEMORY_CACHE_DISK)
		return false;
	return bytes == COBJ_LENGTH_UNKNOWN ? store_limit(&s->max_in_memory_bytes) > 0
	                                    : bytes <= store_limit(&s->max_in_memory_bytes) &&
	                                              bytes <= store_limit(&s->mem_max_bytes);
}

/* The head as it is kept, and by which values of the request it is selected. */
static enum err examine(struct incoming *in, const struct http_head *request,
                        const struct http_head *reply)
{
	const size_t n = http_reply_size(reply);
	char *const text = arena_try_alloc(&in->arena, n);

	if (text == NULL)
		return ERR_NOMEM;
	http_print_reply(text, reply);
	in->head_text = span_of(text, n);
	switch (vary_names(reply, in->names_buf, &in->names)) {
	case VARY_NONE:
		return ERR_NONE;
	case VARY_NAMES:
		break;
	case VARY_UNUSABLE:
		return ERR_LIMIT;
	}
	return vary_variant(in->names, request, in->variant_buf, &in->variant) ? ERR_NONE
	                                                                       : ERR_LIMIT;
}

static uint64_t draw_salt(void)
{
	uint64_t salt;

	CHECK(getrandom(&salt, sizeof(salt), 0) == (ssize_t)sizeof(salt));
	return salt;
}

/* List a marker in the place of what the URI had. */
static enum err put_marker(struct cobj *c, struct span names, uint64_t *salt)
{
	struct store *const s = c->store;
	struct cobj *m = cobj_new(s, c->fill->uri_key, c->url, COBJ_COMPLETE);
	enum err e = cobj_set_texts(m, SPAN_NULL, SPAN_NULL, names);

	m->meta = (struct cobj_meta){ .salt = draw_salt(), .flags = COBJ_MARKER };
	if (e == ERR_NONE) {
		store_list(s, m);
		if (store_charge(s, m, cobj_overhead(m)))
			store_queue(s, m);
		else if (store_unlist(s, m))
			e = ERR_LIMIT;
	}
	*salt = m->meta.salt;
	cobj_unref(&m);
	return e;
}

/* The salt of the URI's variants: of the marker that is there, if it names the same fields. */
static enum err find_salt(struct cobj *c, struct span names, uint64_t *salt)
{
	struct cobj *m = store_find(c->store, c->fill->uri_key, c->url);
	const bool is_same =
		m != NULL && (m->meta.flags & COBJ_MARKER) != 0 && span_eq(m->vary, names);

	if (is_same)
		*salt = m->meta.salt;
	cobj_unref(&m);
	return is_same ? ERR_NONE : put_marker(c, names, salt);
}

/* Its key from now on: that of the URI, or of the variant. */
static enum err choose_key(struct cobj *c, struct incoming *in, struct cache_key *k)
{
	*k = c->fill->uri_key;
	in->meta.salt = 0;
	if (in->names.n == 0)
		return ERR_NONE;
	/* Otherwise the marker would take it for one that it replaces. */
	if (cache_key_eq(c->key, c->fill->uri_key))
		store_unlist(c->store, c);
	const enum err e = find_salt(c, in->names, &in->meta.salt);

	*k = cache_key_of_variant(&c->store->secret, c->url, in->meta.salt, in->variant);
	return e;
}

/* Under its key, in the place of what was there, unless it was purged meanwhile. */
static void list_as(struct cobj *c, struct cache_key k)
{
	lock_take(&c->lock);
	const bool is_listed = c->resident != NULL && cache_key_eq(c->key, k);

	lock_give(&c->lock);
	if (is_listed)
		return;
	store_unlist(c->store, c);
	lock_take(&c->lock);
	c->key = k;
	lock_give(&c->lock);
	store_list(c->store, c);
}

static bool is_unwanted(struct cobj *c)
{
	lock_take(&c->lock);
	const bool is = c->is_unwanted;

	lock_give(&c->lock);
	return is;
}

/* List it and charge it. ERR_LIMIT: there is no room. *keep: COBJ_KEEP_NOT if it was purged by now. */
static enum err enlist(struct cobj *c, struct incoming *in, enum cobj_keep *keep)
{
	struct cache_key k;

	if (!is_unwanted(c)) {
		const enum err e = choose_key(c, in, &k);

		if (e != ERR_NONE)
			return e;
		c->meta.salt = in->meta.salt;
		store_unmark(c->store, c->key);
		list_as(c, k);
		if (store_charge(c->store, c, cobj_overhead(c)))
			return ERR_NONE;
		if (!is_unwanted(c))
			return ERR_LIMIT;
	}
	/* Those who wait for it have it still. */
	*keep = COBJ_KEEP_NOT;
	return ERR_NONE;
}

static enum err take_in(struct cobj *c, struct incoming *in, const struct http_head *request,
                        const struct http_head *reply)
{
	enum cobj_keep keep = COBJ_KEEP_MEMORY;

	if (!fits_memory(c->store, in->meta.body_bytes))
		return ERR_LIMIT;
	enum err e = examine(in, request, reply);

	if (e == ERR_NONE)
		e = cobj_set_texts(c, in->head_text, in->variant, SPAN_NULL);
	if (e != ERR_NONE)
		return e;
	c->meta = in->meta;
	c->meta.body_bytes = COBJ_LENGTH_UNKNOWN;
	e = enlist(c, in, &keep);
	if (e != ERR_NONE)
		return e;
	cobj_fill_begin(c, keep, in->meta.body_bytes);
	return ERR_NONE;
}

enum err store_take_in(struct cobj *c, const struct http_head *request,
                       const struct http_head *reply, const struct cobj_meta *meta)
{
	struct incoming in;

	in.meta = *meta;
	in.head_text = in.names = in.variant = SPAN_NULL;
	CHECK(c->fill != NULL && cobj_state(c) == COBJ_WAITING);
	arena_init(&in.arena);
	in.meta.flags &= (uint16_t)~COBJ_MARKER;
	const enum err e = take_in(c, &in, request, reply);

	arena_fini(&in.arena);
	if (e != ERR_NONE) {
		count(COUNT_CACHE_NOT_KEPT);
		cobj_release(c);
	}
	return e;
}

/* --- renewing -------------------------------------------------------------------------------- */

/* The same body under another head; NULL: no memory. */
static struct cobj *with_head(struct cobj *old, const struct http_head *head,
                              const struct cobj_meta *meta)
{
	struct arena a;
	enum err e = ERR_NOMEM;

	arena_init(&a);
	const size_t n = http_reply_size(head);
	char *const text = arena_try_alloc(&a, n);
	struct cobj *c = cobj_new(old->store, old->key, old->url, COBJ_COMPLETE);

	if (text != NULL) {
		http_print_reply(text, head);
		e = cobj_set_texts(c, span_of(text, n), old->variant, SPAN_NULL);
	}
	arena_fini(&a);
	if (e != ERR_NONE) {
		cobj_unref(&c);
		return NULL;
	}
	c->meta = *meta;
	c->meta.salt = old->meta.salt;
	c->meta.body_bytes = old->meta.body_bytes;
	c->meta.flags &= (uint16_t)~COBJ_MARKER;
	if (old->body != NULL)
		c->body = cobj_body_ref(old->body);
	return c;
}

void store_renew(struct cobj *old, const struct http_head *head, const struct cobj_meta *meta,
                 struct cobj **out)
{
	struct store *const s = old->store;
	struct cobj *const c = cobj_state(old) == COBJ_COMPLETE ? with_head(old, head, meta) : NULL;

	*out = c != NULL ? c : cobj_ref(old);
	if (c == NULL || !store_replace(s, old, c))
		return;
	if (store_charge(s, c, cobj_memory(c)))
		store_queue(s, c);
	else
		store_let_pass(s, c);
}

/* --- figures --------------------------------------------------------------------------------- */

void store_stats(struct store *s, struct store_stats *out)
{
	CHECK_OBJ(s, STORE_MAGIC);
	*out = (struct store_stats){ 0 };
	for (unsigned i = 0; i < STORE_SHARDS; i++) {
		struct store_shard *const h = &s->shards[i];

		lock_take(&h->lock);
		out->lookups += h->lookups;
		out->mem_hits += h->mem_hits;
		out->disk_hits += h->disk_hits;
		lock_give(&h->lock);
	}
	out->mem_objects = store_limit(&s->mem_objects);
	out->mem_bytes = store_limit(&s->mem_bytes);
	out->mem_max_bytes = store_limit(&s->mem_max_bytes);
	out->evicted = store_limit(&s->evicted);
	out->in_transit = store_limit(&s->in_transit);
}

struct disk *store_disk(struct store *s, unsigned i)
{
	CHECK_OBJ(s, STORE_MAGIC);
	(void)i;
	return NULL;
}
