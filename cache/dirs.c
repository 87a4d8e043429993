/*
 * Directories: opening, choosing and closing them.
 */
#include "cache/dirs.h"

#include "base/oplog.h"
#include "loop/poller.h"

#define DIR_MAGIC 0x57d11235u

/* --- one -------------------------------------------------------------------------------------- */

static void configure_dir(struct store_dir *d, const struct cache_dir *conf, int64_t sync_ms)
{
	disk_configure(d->disk, conf, sync_ms);
	atomic_store_explicit(&d->min_bytes, conf->min_object_bytes, memory_order_relaxed);
	/*
	 * One that is nearly as large as the folder would evict all the others, and then find no
	 * room.
	 */
	atomic_store_explicit(&d->max_bytes, MIN(conf->max_object_bytes, conf->max_bytes / 4 * 3),
	                      memory_order_relaxed);
	atomic_store_explicit(&d->is_read_only, conf->is_read_only, memory_order_relaxed);
}

/* Blocks, and has no lock. NULL: it cannot be used, which was reported. */
static struct store_dir *open_dir(struct store_dirs *ds, unsigned id, const struct cache_dir *conf,
                                  int64_t sync_ms)
{
	struct store_dir *d;
	struct disk *disk;

	if (disk_open(&disk, id, conf, ds->secret, sync_ms, ds->index, ds->jobs) != ERR_NONE)
		return NULL;
	OBJ_NEW(d, DIR_MAGIC);
	atomic_init(&d->refs, 1);
	list_init(&d->link);
	d->id = id;
	d->disk = disk;
	d->dirs = ds;
	d->path = span_strdup(conf->path);
	configure_dir(d, conf, sync_ms);
	return d;
}

static void dir_free(struct store_dir **d)
{
	struct store_dir *mine = *d;

	*d = NULL;
	free(mine->path);
	OBJ_FREE(mine, DIR_MAGIC);
}

/* With the lock held: from now on it is used. */
static void enter(struct store_dirs *ds, struct store_dir *d)
{
	ds->by_id[d->id] = d;
	ds->n_entered++;
	atomic_store_explicit(&ds->is_loaded, false, memory_order_relaxed);
	atomic_fetch_add_explicit(&ds->n, 1, memory_order_relaxed);
}

/* With the lock held: who names it from now on opens it. */
static void leave(struct store_dirs *ds, struct store_dir *d)
{
	list_remove(&d->link);
	ds->taken &= ~(UINT64_C(1) << d->id);
}

/* By a job: nobody uses it any more, and its disk is closed. Perhaps it is named again. */
static void on_closed(void *arg)
{
	struct store_dir *mine = arg;
	struct store_dirs *const ds = mine->dirs;
	struct store_dir *again = NULL;

	lock_take(&ds->lock);
	const struct cache_dir conf = mine->conf;
	const int64_t sync_ms = mine->sync_ms;
	const bool is_wanted = mine->is_wanted;

	if (!is_wanted)
		leave(ds, mine);
	lock_give(&ds->lock);
	if (!is_wanted) {
		dir_free(&mine);
		return;
	}
	/*
	 * It stays listed as retired till then, so that who configures now does not open it beside.
	 */
	again = open_dir(ds, mine->id, &conf, sync_ms);
	lock_take(&ds->lock);
	const bool is_used = again != NULL && mine->is_wanted;

	if (is_used) {
		configure_dir(again, &mine->conf, mine->sync_ms);
		list_remove(&mine->link);
		enter(ds, again);
	} else {
		leave(ds, mine);
	}
	lock_give(&ds->lock);
	if (again != NULL && !is_used) {
		disk_close(&again->disk, true);
		dir_free(&again);
	}
	dir_free(&mine);
}

struct store_dir *store_dir_ref(struct store_dir *d)
{
	CHECK_OBJ(d, DIR_MAGIC);
	atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
	return d;
}

void store_dir_unref(struct store_dir **d)
{
	struct store_dir *mine = *d;

	*d = NULL;
	if (mine == NULL)
		return;
	CHECK_OBJ(mine, DIR_MAGIC);
	/* Acquires what the others released with theirs. */
	if (atomic_fetch_sub_explicit(&mine->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (mine->disk != NULL)
		disk_retire(&mine->disk, on_closed, mine);
	else
		dir_free(&mine);
}

bool store_dir_takes(const struct store_dir *d, uint64_t bytes)
{
	if (atomic_load_explicit(&d->is_read_only, memory_order_relaxed))
		return false;
	if (bytes == COBJ_LENGTH_UNKNOWN)
		return true;
	return bytes >= atomic_load_explicit(&d->min_bytes, memory_order_relaxed) &&
	       bytes <= atomic_load_explicit(&d->max_bytes, memory_order_relaxed);
}

/* --- all -------------------------------------------------------------------------------------- */

void store_dirs_init(struct store_dirs *ds, const struct cache_secret *secret, struct jobs *js)
{
	*ds = (struct store_dirs){ .secret = secret, .jobs = js };
	lock_init(&ds->lock, LOCK_RANK_CACHE_STORE);
	list_init(&ds->retired);
	atomic_init(&ds->is_loaded, true);
	atomic_init(&ds->n, 0);
}

void store_dirs_secret(const struct cache_conf *conf, struct cache_secret *secret)
{
	for (const struct cache_dir *d = conf->dirs; d != NULL; d = d->next)
		if (disk_secret(d, secret) == ERR_NONE)
			return;
	cache_secret_draw(secret);
}

struct store_dir *store_dirs_get(struct store_dirs *ds, unsigned id)
{
	lock_take(&ds->lock);
	struct store_dir *const d = ds->by_id[id];

	if (d != NULL)
		store_dir_ref(d);
	lock_give(&ds->lock);
	return d;
}

static const struct cache_dir *conf_of(const struct cache_conf *conf, const char *path)
{
	const struct cache_dir *c = conf->dirs;

	while (c != NULL && !span_eq(c->path, span_str(path)))
		c = c->next;
	return c;
}

static void retire(struct store_dirs *ds, struct store_dir *d)
{
	lock_take(&ds->lock);
	ds->by_id[d->id] = NULL;
	d->is_wanted = false;
	list_push_back(&ds->retired, &d->link);
	atomic_fetch_sub_explicit(&ds->n, 1, memory_order_relaxed);
	lock_give(&ds->lock);
	store_dir_unref(&d); /* the table's */
}

static bool has_path(struct store_dirs *ds, struct span path)
{
	bool has = false;

	lock_take(&ds->lock);
	for (unsigned i = 0; i < DISK_IDS; i++)
		has = has || (ds->by_id[i] != NULL && span_eq(span_str(ds->by_id[i]->path), path));
	lock_give(&ds->lock);
	return has;
}

/*
 * The retired one of this path will be used like this when it is closed; conf NULL: not at all.
 * False: there is none.
 */
static bool want_retired(struct store_dirs *ds, struct span path, const struct cache_dir *conf,
                         int64_t sync_ms)
{
	bool is_there = false;

	lock_take(&ds->lock);
	list_for_each(it, &ds->retired) {
		struct store_dir *const d = CONTAINER_OF(it, struct store_dir, link);

		if (path.p != NULL && !span_eq(span_str(d->path), path))
			continue;
		is_there = true;
		d->is_wanted = conf != NULL;
		d->sync_ms = sync_ms;
		if (conf != NULL) {
			d->conf = *conf;
			d->conf.path = span_str(d->path);
		}
	}
	lock_give(&ds->lock);
	return is_there;
}

static bool take_id(struct store_dirs *ds, unsigned *id)
{
	unsigned i = 0;

	lock_take(&ds->lock);
	while (i < DISK_IDS && (ds->taken >> i & 1) != 0)
		i++;
	if (i < DISK_IDS)
		ds->taken |= UINT64_C(1) << i;
	lock_give(&ds->lock);
	*id = i;
	return i < DISK_IDS;
}

static void open_new(struct store_dirs *ds, const struct cache_dir *c, int64_t sync_ms)
{
	unsigned id;

	if (want_retired(ds, c->path, c, sync_ms)) {
		oplog(OPLOG_NOTICE,
		      "cache_dir %s: it is still read by requests from before it was taken out of "
		      "use; it is used again when they have ended",
		      c->path.p);
		return;
	}
	if (!take_id(ds, &id))
		return;
	struct store_dir *const d = open_dir(ds, id, c, sync_ms);

	lock_take(&ds->lock);
	if (d != NULL)
		enter(ds, d);
	else
		ds->taken &= ~(UINT64_C(1) << id);
	lock_give(&ds->lock);
}

enum err store_dirs_configure(struct store_dirs *ds, const struct cache_conf *conf)
{
	if (conf->dirs != NULL && ds->index == NULL) {
		const enum err e = cache_index_new(&ds->index, INDEX_SHARDS);

		if (e != ERR_NONE)
			return e;
	}
	(void)want_retired(ds, SPAN_NULL, NULL, 0);
	for (unsigned i = 0; i < DISK_IDS; i++) {
		struct store_dir *d = store_dirs_get(ds, i);
		const struct cache_dir *const c = d != NULL ? conf_of(conf, d->path) : NULL;

		if (c != NULL)
			configure_dir(d, c, conf->store_sync_ms);
		else if (d != NULL)
			retire(ds, d);
		store_dir_unref(&d);
	}
	/* Only here, by one thread, is anything opened that is not retired: so no path twice. */
	for (const struct cache_dir *c = conf->dirs; c != NULL; c = c->next)
		if (!has_path(ds, c->path))
			open_new(ds, c, conf->store_sync_ms);
	store_dirs_tick(ds);
	return ERR_NONE;
}

bool store_dirs_are_loaded(struct store_dirs *ds)
{
	if (atomic_load_explicit(&ds->is_loaded, memory_order_relaxed))
		return true;
	bool is_loaded = true;

	lock_take(&ds->lock);
	const unsigned n_entered = ds->n_entered;

	lock_give(&ds->lock);
	for (unsigned i = 0; i < DISK_IDS && is_loaded; i++) {
		struct store_dir *d = store_dirs_get(ds, i);

		is_loaded = d == NULL || disk_is_loaded(d->disk);
		store_dir_unref(&d);
	}
	lock_take(&ds->lock);
	/* Not for one that has come since. */
	if (is_loaded && ds->n_entered == n_entered)
		atomic_store_explicit(&ds->is_loaded, true, memory_order_relaxed);
	lock_give(&ds->lock);
	return is_loaded;
}

void store_dirs_wait_loaded(struct store_dirs *ds, int64_t ms)
{
	const int64_t end_ms = clock_monotonic_us() / 1000 + ms;

	for (unsigned i = 0; i < DISK_IDS; i++)
		if (ds->by_id[i] != NULL)
			(void)disk_wait_loaded(
				ds->by_id[i]->disk,
				MAX(end_ms - clock_monotonic_us() / 1000, (int64_t)0));
}

void store_dirs_stop(struct store_dirs *ds)
{
	(void)want_retired(ds, SPAN_NULL, NULL, 0);
	for (unsigned i = 0; i < DISK_IDS; i++) {
		struct store_dir *d = store_dirs_get(ds, i);

		if (d != NULL)
			disk_stop(d->disk);
		store_dir_unref(&d);
	}
}

void store_dirs_tick(struct store_dirs *ds)
{
	for (unsigned i = 0; i < DISK_IDS && store_dirs_any(ds); i++) {
		struct store_dir *d = store_dirs_get(ds, i);
		struct disk_stats st;

		if (d == NULL)
			continue;
		disk_tick(d->disk);
		disk_stats(d->disk, &st);
		const uint64_t room = MAX(st.capacity_bytes / 1000, (uint64_t)1);

		atomic_store_explicit(&d->load_permille,
		                      (uint32_t)MIN(st.used_bytes / room, (uint64_t)UINT32_MAX),
		                      memory_order_relaxed);
		store_dir_unref(&d);
	}
}

void store_dirs_fini(struct store_dirs *ds)
{
	for (unsigned i = 0; i < DISK_IDS; i++) {
		struct store_dir *d = ds->by_id[i];

		if (d == NULL)
			continue;
		disk_close(&d->disk, false);
		ds->by_id[i] = NULL;
		store_dir_unref(&d);
	}
	CHECK(list_is_empty(&ds->retired));
	if (ds->index != NULL)
		cache_index_free(&ds->index);
	lock_fini(&ds->lock);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* With the lock held: the emptiest that takes it. */
static struct store_dir *emptiest(struct store_dirs *ds, uint64_t bytes)
{
	struct store_dir *best = NULL;

	for (unsigned i = 0; i < DISK_IDS; i++) {
		struct store_dir *const d = ds->by_id[i];

		if (d != NULL && store_dir_takes(d, bytes) &&
		    (best == NULL ||
		     atomic_load_explicit(&d->load_permille, memory_order_relaxed) <
		             atomic_load_explicit(&best->load_permille, memory_order_relaxed)))
			best = d;
	}
	return best;
}

struct store_dir *store_dirs_choose(struct store_dirs *ds, struct cache_key k, uint64_t bytes)
{
	struct index_entry e;

	if (!store_dirs_any(ds) || !store_dirs_are_loaded(ds))
		return NULL;
	const bool is_known = cache_index_find(ds->index, k, false, &e);

	lock_take(&ds->lock);
	struct store_dir *d = is_known ? ds->by_id[disk_id_of(e.segment)] : NULL;

	if (d == NULL || !store_dir_takes(d, bytes))
		d = emptiest(ds, bytes);
	if (d != NULL)
		store_dir_ref(d);
	lock_give(&ds->lock);
	return d;
}

bool store_dirs_forget(struct store_dirs *ds, struct cache_key k)
{
	bool had = false;

	for (unsigned i = 0; i < DISK_IDS && store_dirs_any(ds); i++) {
		struct store_dir *d = store_dirs_get(ds, i);

		if (d != NULL)
			had = disk_forget(d->disk, k) || had;
		store_dir_unref(&d);
	}
	return had;
}

bool store_dirs_forget_known(struct store_dirs *ds, struct cache_key k)
{
	struct index_entry e;

	if (!store_dirs_any(ds))
		return false;
	/* What is being loaded may have it. */
	if (!store_dirs_are_loaded(ds)) {
		(void)store_dirs_forget(ds, k);
		return true;
	}
	if (!cache_index_find(ds->index, k, false, &e))
		return false;
	struct store_dir *d = store_dirs_get(ds, disk_id_of(e.segment));
	const bool had = d != NULL && disk_forget(d->disk, k);

	store_dir_unref(&d);
	return had;
}
