/*
 * The directories of a store (cache_dir): which of them takes an object, and who still needs one
 * that the configuration names no more. Private to cache/.
 */
#pragma once

#include <stdatomic.h>

#include "cache/cache_conf.h"
#include "cache/disk.h"

struct store;

/* Counted by the store, by bodies that lie there and by what is read; closed with the last. */
struct store_dir {
	uint32_t magic;
	_Atomic unsigned refs;
	struct store_dirs *dirs;
	unsigned id;
	char *path;
	struct disk *disk;
	/* Of one that is retired, by the store_dirs' lock: */
	struct list link; /* until it is closed */
	bool is_wanted;   /* named again meanwhile, and how: to be opened anew then */
	struct cache_dir conf;
	int64_t sync_ms;
	/* From the configuration; each for itself. */
	_Atomic uint64_t min_bytes, max_bytes;
	_Atomic bool is_read_only;
	_Atomic uint32_t load_permille; /* how full it was lately */
};

struct store_dirs {
	struct lock lock;
	struct store_dir *by_id[DISK_IDS]; /* counted; by lock */
	uint64_t taken;      /* set of ids: also of those that are not closed yet; by lock */
	struct list retired; /* struct store_dir: no more named, but still in use; by lock */
	const struct cache_secret *secret;
	struct cache_index *index; /* NULL: there has never been a directory */
	struct jobs *jobs;
	unsigned n_entered;     /* since the start; by lock */
	_Atomic bool is_loaded; /* all of them */
	_Atomic unsigned n;     /* how many there are */
};

/* The secret, which is to be set before the first directory is opened, must outlive it. */
void store_dirs_init(struct store_dirs *ds, const struct cache_secret *secret, struct jobs *js);
/* The secret of the first directory that has one, or a new one. */
void store_dirs_secret(const struct cache_conf *conf, struct cache_secret *secret);
/*
 * Opens what is new, or when it is closed what is still in use from before; lets go of what is not
 * named any more. Blocks; by one thread at a time. ERR_NOMEM: there is no index.
 */
enum err store_dirs_configure(struct store_dirs *ds, const struct cache_conf *conf) MUST_USE;
bool store_dirs_are_loaded(struct store_dirs *ds);
/* For the start; not while others configure. */
void store_dirs_wait_loaded(struct store_dirs *ds, int64_t ms);
void store_dirs_tick(struct store_dirs *ds);
/* What jobs do there comes to its end soon; nothing is stored any more. */
void store_dirs_stop(struct store_dirs *ds);
/* Closes all; nobody uses any. */
void store_dirs_fini(struct store_dirs *ds);

struct store_dir *store_dir_ref(struct store_dir *d);
void store_dir_unref(struct store_dir **d);
/* Counted; NULL: there is none with this id. */
struct store_dir *store_dirs_get(struct store_dirs *ds, unsigned id);
/*
 * Where an object of that many bytes (COBJ_LENGTH_UNKNOWN) should go: to the directory that has
 * something under its key, or to the emptiest. Counted; NULL: none takes it, or it could be on one
 * that is still being loaded.
 */
struct store_dir *store_dirs_choose(struct store_dirs *ds, struct cache_key k, uint64_t bytes);
bool store_dir_takes(const struct store_dir *d, uint64_t bytes);
/* No directory has it any more. True: one had. */
bool store_dirs_forget(struct store_dirs *ds, struct cache_key k);
/* The same, if the index knows of it. True: something was, or may have been buried. */
bool store_dirs_forget_known(struct store_dirs *ds, struct cache_key k);

static inline bool store_dirs_any(const struct store_dirs *ds)
{
	return atomic_load_explicit(&ds->n, memory_order_relaxed) != 0;
}
