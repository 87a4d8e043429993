/*
 * Directories: opening, choosing and closing them.
 */
#include "cache/dirs.h"

#include "loop/poller.h"

#define DIR_MAGIC 0x57d11235u

/* --- one ------------------------------------------------------------------------------------- */

static void configure_dir(struct store_dir *d, const struct cache_dir *conf)
{
	atomic_store_explicit(&d->min_bytes, conf->min_object_bytes, memory_order_relaxed);
	atomic_store_explicit(&d->max_bytes, conf->max_object_bytes, memory_order_relaxed);
	atomic_store_explicit(&d->is_read_only, conf->is_read_only, memory_order_relaxed);
}

struct store_dir *store_dir_ref(struct store_dir *d)
{
	CHECK_OBJ(d, DIR_MAGIC);
	atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
	return d;
}

struct closing {
	struct job job;
	struct disk *disk;
};

static void close_work(struct job *j)
{
	disk_close(&CONTAINER_OF(j, struct closing, job)->disk, true);
}

static void close_release(struct job *j)
{
	struct closing *const c = CONTAINER_OF(j, struct closing, job);

	/* The jobs were ended before its turn came. */
	if (c->disk != NULL)
		disk_close(&c->disk, true);
	free(c);
}

/* By a job: closing waits for the disk. */
static void close_soon(struct store_dir *d)
{
	struct closing *const c = check_calloc(1, sizeof(*c));

	c->job = (struct job){ .work = close_work, .release = close_release };
	c->disk = d->disk;
	if (job_submit(d->jobs, NULL, JOB_DISK, &c->job) == ERR_NONE)
		return;
	/* Rule zero: too many jobs wait, and a worker waits once. It happens at a reload only. */
	disk_close(&c->disk, true);
	free(c);
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
		close_soon(mine);
	OBJ_FREE(mine, DIR_MAGIC);
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

/* --- all ------------------------------------------------------------------------------------- */

void store_dirs_init(struct store_dirs *ds, struct jobs *js)
{
	*ds = (struct store_dirs){ .jobs = js };
	lock_init(&ds->lock, LOCK_RANK_CACHE_STORE);
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

/* Blocking things are done without the lock: only one thread configures at a time. */
static void open_dir(struct store_dirs *ds, unsigned id, const struct cache_dir *conf,
                     const struct cache_secret *secret, int64_t sync_ms)
{
	struct store_dir *d;
	struct disk *disk;

	if (disk_open(&disk, id, conf, secret, sync_ms, ds->index, ds->jobs) != ERR_NONE)
		return;
	OBJ_NEW(d, DIR_MAGIC);
	atomic_init(&d->refs, 1);
	d->id = id;
	d->disk = disk;
	d->jobs = ds->jobs;
	configure_dir(d, conf);
	lock_take(&ds->lock);
	ds->by_id[id] = d;
	atomic_store_explicit(&ds->is_loaded, false, memory_order_relaxed);
	atomic_fetch_add_explicit(&ds->n, 1, memory_order_relaxed);
	lock_give(&ds->lock);
}

static const struct cache_dir *conf_of(const struct cache_conf *conf, const char *path)
{
	const struct cache_dir *c = conf->dirs;

	while (c != NULL && !span_eq(c->path, span_str(path)))
		c = c->next;
	return c;
}

static void retire(struct store_dirs *ds, unsigned id)
{
	lock_take(&ds->lock);
	struct store_dir *d = ds->by_id[id];

	ds->by_id[id] = NULL;
	atomic_fetch_sub_explicit(&ds->n, 1, memory_order_relaxed);
	lock_give(&ds->lock);
	store_dir_unref(&d);
}

static bool has_path(struct store_dirs *ds, struct span path)
{
	for (unsigned i = 0; i < DISK_IDS; i++)
		if (ds->by_id[i] != NULL && span_eq(span_str(disk_path(ds->by_id[i]->disk)), path))
			return true;
	return false;
}

static bool find_free(struct store_dirs *ds, unsigned *id)
{
	for (unsigned i = 0; i < DISK_IDS; i++) {
		*id = ds->next_id++ % DISK_IDS;
		if (ds->by_id[*id] == NULL)
			return true;
	}
	return false;
}

static void open_new(struct store_dirs *ds, const struct cache_conf *conf,
                     const struct cache_secret *secret)
{
	unsigned id;

	for (const struct cache_dir *c = conf->dirs; c != NULL; c = c->next)
		if (!has_path(ds, c->path) && find_free(ds, &id))
			open_dir(ds, id, c, secret, conf->store_sync_ms);
}

enum err store_dirs_configure(struct store_dirs *ds, const struct cache_conf *conf,
                              const struct cache_secret *secret)
{
	if (conf->dirs != NULL && ds->index == NULL) {
		const enum err e = cache_index_new(&ds->index, INDEX_SHARDS);

		if (e != ERR_NONE)
			return e;
	}
	/* Written here only, so that it may be read here without the lock. */
	for (unsigned i = 0; i < DISK_IDS; i++) {
		struct store_dir *const d = ds->by_id[i];
		const struct cache_dir *const c =
			d != NULL ? conf_of(conf, disk_path(d->disk)) : NULL;

		if (c != NULL) {
			disk_configure(d->disk, c, conf->store_sync_ms);
			configure_dir(d, c);
		} else if (d != NULL) {
			retire(ds, i);
		}
	}
	open_new(ds, conf, secret);
	store_dirs_tick(ds);
	return ERR_NONE;
}

bool store_dirs_are_loaded(struct store_dirs *ds)
{
	if (atomic_load_explicit(&ds->is_loaded, memory_order_relaxed))
		return true;
	bool is_loaded = true;

	for (unsigned i = 0; i < DISK_IDS && is_loaded; i++) {
		struct store_dir *d = store_dirs_get(ds, i);

		is_loaded = d == NULL || disk_is_loaded(d->disk);
		store_dir_unref(&d);
	}
	if (is_loaded)
		atomic_store_explicit(&ds->is_loaded, true, memory_order_relaxed);
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
	if (ds->index != NULL)
		cache_index_free(&ds->index);
	lock_fini(&ds->lock);
}

/* --- keys ------------------------------------------------------------------------------------ */

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
