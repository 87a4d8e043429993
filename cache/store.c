/*
 * The store as requests see it: looking up, leading, taking in, renewing.
 */
#include "cache/store.h"

#include "base/counters.h"
#include "base/oplog.h"
#include "cache/load.h"
#include "cache/store_int.h"
#include "cache/vary.h"
#include "http/serialise.h"
#include "loop/poller.h"

#include <sys/random.h>
#include <sys/resource.h>

/* Of the descriptors that the process may have, files in memory get this share. */
#define MEMFD_SHARE 8u
#define MEMFD_MAX   4096u

/* What is loaded until then is found from the first request on. */
#define START_WAIT_MS 60

/* --- life ------------------------------------------------------------------------------------- */

static void set_limit(_Atomic uint64_t *v, uint64_t n)
{
	atomic_store_explicit(v, n, memory_order_relaxed);
}

static void configure_memory(struct store *s, const struct cache_conf *conf)
{
	set_limit(&s->mem_max_bytes, conf->cache_mem_bytes);
	set_limit(&s->max_in_memory_bytes, conf->max_object_in_memory_bytes);
	set_limit(&s->read_ahead_bytes, (uint64_t)conf->read_ahead_bytes);
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
		list_init(&s->shards[i].loading);
	}
}

enum err store_new(struct store **out, const struct cache_conf *conf, struct jobs *js)
{
	struct store *s;

	OBJ_NEW(s, STORE_MAGIC);
	s->jobs = js;
	store_dirs_secret(conf, &s->secret);
	store_dirs_init(&s->dirs, &s->secret, js);
	init_shards(s);
	lock_init(&s->evict_lock, LOCK_RANK_CACHE_STORE);
	evict_init(&s->evict, conf->cache_mem_bytes);
	list_init(&s->passing);
	s->memfds.max = memfds_max();
	configure_memory(s, conf);
	const enum err e = store_dirs_configure(&s->dirs, conf);

	if (e != ERR_NONE) {
		store_free(&s);
		return e;
	}
	store_dirs_wait_loaded(&s->dirs, START_WAIT_MS);
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
	if (store_dirs_configure(&s->dirs, conf) != ERR_NONE)
		oplog(OPLOG_ERROR,
		      "cache_dir: there is no memory for an index: nothing is stored on disk");
	store_forget_retired(s);
}

void store_tick(struct store *s)
{
	CHECK_OBJ(s, STORE_MAGIC);
	store_dirs_tick(&s->dirs);
	store_sweep(s);
}

void store_stop(struct store *s)
{
	CHECK_OBJ(s, STORE_MAGIC);
	store_dirs_stop(&s->dirs);
}

/* All that is listed; the locks are for form's sake. */
static void unlist_all(struct store *s)
{
	for (unsigned i = 0; i < STORE_SHARDS; i++) {
		struct store_shard *const h = &s->shards[i];

		CHECK(list_is_empty(&h->filling));
		store_load_abandon(h);
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
	store_dirs_fini(&mine->dirs);
	evict_fini(&mine->evict);
	lock_fini(&mine->evict_lock);
	OBJ_FREE(mine, STORE_MAGIC);
}

/* --- taking in -------------------------------------------------------------------------------- */

struct cobj *store_begin(struct store *s, struct span url)
{
	CHECK_OBJ(s, STORE_MAGIC);
	return cobj_fill_new(s, cache_key_of_uri(&s->secret, url), url,
	                     clock_monotonic_us() / 1000);
}

void store_succeeds(struct cobj *c, const struct cobj *old)
{
	char buf[VARY_TEXT_MAX];
	struct span names;

	CHECK(c->fill != NULL && cobj_state(c) == COBJ_WAITING);
	if (old->variant.n == 0 || vary_names(&old->head, buf, &names) != VARY_NAMES)
		return;
	free(c->fill->names);
	c->fill->names = span_strdup(names);
	c->fill->salt = old->meta.salt;
}

/* What is known of a reply that may come in. */
struct incoming {
	struct arena arena;
	char names_buf[VARY_TEXT_MAX], variant_buf[VARY_VARIANT_MAX];
	struct span head_text, names, variant;
	struct cobj_meta meta;
};

static bool fits_memory(const struct store *s, uint64_t bytes)
{
	return store_may_stay_in_memory(s, bytes == COBJ_LENGTH_UNKNOWN ? 0 : bytes);
}

/* Is there any place for it? */
static bool could_be_kept(struct store *s, struct cache_key k, uint64_t bytes)
{
	struct store_dir *d = store_dirs_choose(&s->dirs, k, bytes);
	const bool has_dir = d != NULL;

	store_dir_unref(&d);
	return has_dir || fits_memory(s, bytes);
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

/* A new marker is listed in the place of what the URI had; c holds it. */
static enum err make_marker(struct cobj *c, struct span names)
{
	struct store *const s = c->store;
	struct cobj *m = cobj_new(s, c->fill->uri_key, c->url, COBJ_COMPLETE);
	const enum err e = cobj_set_texts(m, SPAN_NULL, SPAN_NULL, names);

	m->meta = (struct cobj_meta){ .salt = draw_salt(), .flags = COBJ_MARKER };
	cobj_unref(&c->fill->marker);
	c->fill->is_marker_new = true;
	if (e != ERR_NONE) {
		cobj_unref(&m);
		return e;
	}
	store_list(s, m);
	c->fill->buries |= store_dirs_forget_known(&s->dirs, m->key);
	if (store_charge(s, m, cobj_overhead(m)))
		store_queue(s, m);
	else
		store_let_pass(s, m);
	c->fill->marker = m;
	return ERR_NONE;
}

static bool is_marker_of(struct cobj *m, struct span names)
{
	return m != NULL && cobj_is_marker(m) && span_eq(m->vary, names) && store_is_listed(m);
}

/* The marker that names these fields: that which is there, or a new one. */
static enum err find_marker(struct cobj *c, struct span names)
{
	struct cobj_fill *const f = c->fill;

	if (is_marker_of(f->marker, names))
		return ERR_NONE;
	cobj_unref(&f->marker);
	f->marker = store_find(c->store, f->uri_key, c->url);
	return is_marker_of(f->marker, names) ? ERR_NONE : make_marker(c, names);
}

/* The disk must have it, too, if a variant goes there. It need not be the same directory. */
static void place_marker(struct cobj *c)
{
	struct store_dirs *const ds = &c->store->dirs;
	struct index_entry e;

	if (c->fill->dir == NULL || c->fill->marker == NULL)
		return;
	/* What is there under the URI's key is the marker itself, if this one did not just come. */
	if (!c->fill->is_marker_new && cache_index_find(ds->index, c->fill->uri_key, true, &e))
		return;
	struct store_dir *d = store_dirs_choose(ds, c->fill->uri_key, COBJ_LENGTH_UNKNOWN);

	if (d != NULL && cobj_fill_begin_commit(c)) {
		if (!cobj_place_head(c->fill->marker, d))
			count(COUNT_CACHE_DISK_REFUSED);
		cobj_fill_end_commit(c);
	}
	store_dir_unref(&d);
}

/* Its key from now on: that of the URI, or of the variant. */
static enum err choose_key(struct cobj *c, struct incoming *in, struct cache_key *k)
{
	struct cobj_fill *const f = c->fill;

	*k = f->uri_key;
	in->meta.salt = 0;
	if (in->names.n == 0)
		return ERR_NONE;
	/* Otherwise the marker would take it for one that it replaces. */
	if (cache_key_eq(c->key, f->uri_key))
		store_unlist(c->store, c);
	if (f->names != NULL && span_eq(span_str(f->names), in->names)) {
		in->meta.salt = f->salt;
	} else {
		const enum err e = find_marker(c, in->names);

		if (e != ERR_NONE)
			return e;
		in->meta.salt = f->marker->meta.salt;
	}
	*k = cache_key_of_variant(&c->store->secret, c->url, in->meta.salt, in->variant);
	return ERR_NONE;
}

static void set_key(struct cobj *c, struct cache_key k)
{
	lock_take(&c->lock);
	c->key = k;
	lock_give(&c->lock);
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
	set_key(c, k);
	store_list(c->store, c);
}

static bool is_unwanted(struct cobj *c)
{
	lock_take(&c->lock);
	const bool is = c->is_unwanted;

	lock_give(&c->lock);
	return is;
}

/* Listed under its key: it goes to a disk, or it is charged to cache_mem. */
static bool find_room(struct cobj *c, uint64_t bytes, enum cobj_keep *keep)
{
	struct store *const s = c->store;

	c->fill->dir = store_dirs_choose(&s->dirs, c->key, bytes);
	*keep = c->fill->dir != NULL ? COBJ_KEEP_DISK : COBJ_KEEP_MEMORY;
	if (*keep == COBJ_KEEP_DISK) {
		place_marker(c);
		return true;
	}
	return fits_memory(s, bytes) && store_charge(s, c, cobj_overhead(c));
}

/*
 * List it, and find room for it. ERR_LIMIT: there is none. *keep: COBJ_KEEP_NOT if it was purged by
 * now.
 */
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
		const bool has_room = find_room(c, in->meta.body_bytes, keep);

		/*
		 * By whatever directory has it, and now: when this one is complete others have seen
		 * it.
		 */
		c->fill->buries |= store_dirs_forget_known(&c->store->dirs, k);
		if (has_room)
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

	if (!could_be_kept(c->store, c->key, in->meta.body_bytes))
		return ERR_LIMIT;
	enum err e = examine(in, request, reply);

	if (e == ERR_NONE)
		e = cobj_set_texts(c, in->head_text, in->variant, SPAN_NULL);
	if (e != ERR_NONE)
		return e;
	c->meta = in->meta;
	c->meta.body_bytes = COBJ_LENGTH_UNKNOWN;
	e = enlist(c, in, &keep);
	c->fill->keep = keep;
	c->fill->expected = in->meta.body_bytes;
	return e;
}

enum err store_take_in(struct cobj *c, const struct http_head *request,
                       const struct http_head *reply, const struct cobj_meta *meta, bool *buries)
{
	struct incoming in;

	in.meta = *meta;
	in.head_text = in.names = in.variant = SPAN_NULL;
	CHECK(c->fill != NULL && cobj_state(c) == COBJ_WAITING);
	arena_init(&in.arena);
	in.meta.flags &= (uint16_t)~COBJ_MARKER;
	const enum err e = take_in(c, &in, request, reply);

	arena_fini(&in.arena);
	*buries = c->fill->buries;
	if (e != ERR_NONE) {
		count(COUNT_CACHE_NOT_KEPT);
		cobj_release(c);
	}
	return e;
}

/* --- renewing --------------------------------------------------------------------------------- */

/* Who validates what has this key is listed under one of its own. */
static struct cache_key validation_key(struct cache_key k)
{
	return (struct cache_key){ ~k.hi, ~k.lo };
}

enum store_found store_validate(struct cobj *old, int64_t now_ms, struct cobj **out)
{
	struct store *const s = old->store;
	const struct cache_key k = validation_key(old->key);

	*out = NULL;
	if (store_is_marked(s, k, now_ms))
		return STORE_NONE;
	struct cobj *c = cobj_fill_new(s, k, old->url, now_ms);
	struct cobj *const other = store_list_or_find(s, c);

	*out = other != NULL ? other : c;
	if (other == NULL)
		return STORE_LEADS;
	cobj_fill_drop(&c);
	return STORE_FOUND;
}

/* c is given another head for the body of `old`. */
static enum err set_head(struct cobj *c, const struct cobj *old, const struct http_head *head,
                         const struct cobj_meta *meta)
{
	struct arena a;
	enum err e = ERR_NOMEM;

	arena_init(&a);
	const size_t n = http_reply_size(head);
	char *const text = arena_try_alloc(&a, n);

	if (text != NULL) {
		http_print_reply(text, head);
		e = cobj_set_texts(c, span_of(text, n), old->variant, SPAN_NULL);
	}
	arena_fini(&a);
	c->meta = *meta;
	c->meta.salt = old->meta.salt;
	c->meta.flags &= (uint16_t)~COBJ_MARKER;
	return e;
}

/* Where the disk has the old head; counted. NULL: nowhere, or without the places of its body. */
static struct store_dir *home_of(const struct cobj *c)
{
	struct store_dirs *const ds = &c->store->dirs;
	struct index_entry e;

	if (!store_dirs_any(ds) || !cache_index_find(ds->index, c->key, false, &e))
		return NULL;
	struct store_dir *d = store_dirs_get(ds, disk_id_of(e.segment));

	if (d != NULL && c->body->bytes > 0 && (c->body->n_places == 0 || c->body->dir != d))
		store_dir_unref(&d);
	return d;
}

/*
 * In memory, and on the disk where the old one was. A purge waits until that is done. True: a disk
 * was made to forget something.
 */
static bool replace(struct store *s, struct cobj *old, struct cobj *c)
{
	if (!cobj_fill_begin_commit(c) || !store_replace(s, old, c))
		return false;
	struct store_dir *d = home_of(c);
	const bool buries = d != NULL || store_dirs_forget_known(&s->dirs, c->key);

	if (d != NULL && !cobj_place_head(c, d))
		count(COUNT_CACHE_DISK_REFUSED);
	store_dir_unref(&d);
	if (store_charge(s, c, cobj_memory(c)))
		store_queue(s, c);
	else
		store_let_pass(s, c);
	return buries;
}

bool store_renew(struct cobj *old, struct cobj **mine, const struct http_head *head,
                 const struct cobj_meta *meta, struct cobj **out)
{
	struct store *const s = old->store;
	struct cobj *c = *mine != NULL ? *mine : store_begin(s, old->url);

	*mine = NULL;
	if (cobj_state(old) != COBJ_COMPLETE || set_head(c, old, head, meta) != ERR_NONE) {
		cobj_fail(c, WHY_MEMORY);
		cobj_unref(&c);
		*out = cobj_ref(old);
		return false;
	}
	store_unlist(s, c);
	set_key(c, old->key);
	cobj_fill_renew(c, old->body);
	const bool buries = replace(s, old, c);

	cobj_fill_end_commit(c);
	cobj_fill_end(c);
	*out = c;
	return buries;
}

bool store_drop(struct cobj *c)
{
	/* What is in no table is gone, or has been replaced. */
	return store_unlist_unwanted(c->store, c) &&
	       store_dirs_forget_known(&c->store->dirs, c->key);
}

/* --- figures ---------------------------------------------------------------------------------- */

void store_stats(struct store *s, struct store_stats *out)
{
	CHECK_OBJ(s, STORE_MAGIC);
	*out = (struct store_stats){ 0 };
	out->lookups = counters_sum(COUNT_CACHE_LOOKUPS);
	out->mem_hits = counters_sum(COUNT_CACHE_FOUND_IN_MEMORY);
	out->disk_hits = counters_sum(COUNT_CACHE_FOUND_ON_DISK);
	out->n_disks = atomic_load_explicit(&s->dirs.n, memory_order_relaxed);
	out->mem_objects = store_limit(&s->mem_objects);
	out->mem_bytes = store_limit(&s->mem_bytes);
	out->mem_max_bytes = store_limit(&s->mem_max_bytes);
	out->evicted = store_limit(&s->evicted);
	out->in_transit = store_limit(&s->in_transit);
}

void store_each_disk(struct store *s, store_disk_fn *fn, void *arg)
{
	CHECK_OBJ(s, STORE_MAGIC);
	for (unsigned id = 0; id < DISK_IDS; id++) {
		struct store_dir *d = store_dirs_get(&s->dirs, id);

		if (d != NULL)
			fn(arg, d->disk);
		store_dir_unref(&d);
	}
}
