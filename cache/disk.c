/*
 * A directory of the store: opening, closing, its jobs, what is told about it.
 */
#include "cache/disk_int.h"

#include "base/oplog.h"
#include "loop/poller.h"

#include <errno.h>

#define FAILURES_MAX  5u    /* in a row: then it is out of use */
#define OUT_OF_USE_MS 60000 /* then it is tried again */

#define SEGMENT_MIN 4194304u
#define SEGMENT_MAX 268435456u

int64_t disk_now_ms(void)
{
	struct timespec t;

	CHECK(clock_gettime(CLOCK_MONOTONIC_COARSE, &t) == 0);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- jobs ------------------------------------------------------------------------------------- */

static void job_work(struct job *j)
{
	static void (*const work[WORK_N])(struct disk *) = {
		[WORK_LOAD] = disk_load_index,   [WORK_FLUSH] = disk_flush,
		[WORK_BURY] = disk_journal_bury, [WORK_SETTLE] = disk_settle,
		[WORK_SYNC] = disk_journal_sync, [WORK_EVICT] = disk_evict,
	};
	struct disk_job *const w = CONTAINER_OF(j, struct disk_job, job);

	work[w - w->disk->jobs](w->disk);
}

static void job_release(struct job *j)
{
	struct disk_job *const w = CONTAINER_OF(j, struct disk_job, job);
	struct disk *const d = w->disk;

	disk_lock(d);
	w->state = JOB_IS_IDLE;
	disk_unlock(d);
	/* Only now: from then on the directory may be closed and freed. */
	disk_job_ends(d);
}

/* The directory may be gone when it returns. */
static void start(struct disk *d, unsigned kinds)
{
	for (unsigned w = 0; w < WORK_N; w++) {
		if ((kinds & 1u << w) == 0)
			continue;
		struct disk_job *const j = &d->jobs[w];

		j->job = (struct job){ .work = job_work, .release = job_release };
		if (job_submit(d->js, NULL, JOB_DISK, &j->job) == ERR_NONE)
			continue;
		/* It stays wanted, and the next who gives the lock back tries again. */
		lock_take(&d->lock);
		j->state = JOB_IS_IDLE;
		d->wanted |= 1u << w;
		lock_give(&d->lock);
		disk_job_ends(d);
	}
}

void disk_unlock(struct disk *d)
{
	unsigned kinds = 0;

	for (unsigned w = 0; w < WORK_N && d->wanted != 0 && !d->is_closing; w++)
		if ((d->wanted & 1u << w) != 0 && d->jobs[w].state == JOB_IS_IDLE) {
			d->jobs[w].state = JOB_IS_OUT;
			d->n_out++;
			kinds |= 1u << w;
		}
	d->wanted &= ~kinds;
	lock_give(&d->lock);
	if (kinds != 0)
		start(d, kinds);
}

static void close_work(struct job *j)
{
	struct closing *const c = CONTAINER_OF(j, struct closing, job);

	disk_close(&c->disk, true);
	c->closed(c->arg);
}

static void close_release(struct job *j)
{
	struct closing *const c = CONTAINER_OF(j, struct closing, job);

	/* The jobs were ended before its turn came. */
	if (c->disk != NULL)
		close_work(j);
	free(c);
}

/* None of its jobs is out, and none begins any more: so this one waits for no other. */
static void close_soon(struct closing *c)
{
	c->job = (struct job){ .work = close_work, .release = close_release };
	/*
	 * Where too many wait for the disks a thread of the reloads does it: that is when
	 * directories are retired.
	 */
	if (job_submit(c->disk->js, NULL, JOB_DISK, &c->job) != ERR_NONE &&
	    job_submit(c->disk->js, NULL, JOB_BUILD, &c->job) != ERR_NONE)
		close_release(&c->job); /* the process ends */
}

void disk_retire(struct disk **dp, disk_closed_fn *closed, void *arg)
{
	struct disk *const d = *dp;
	struct closing *const c = check_calloc(1, sizeof(*c));

	CHECK_OBJ(d, DISK_MAGIC);
	*dp = NULL;
	*c = (struct closing){ .disk = d, .closed = closed, .arg = arg };
	lock_take(&d->lock);
	d->is_closing = true;
	const bool is_idle = d->n_out == 0;

	d->closing = is_idle ? NULL : c;
	lock_give(&d->lock);
	if (is_idle)
		close_soon(c);
}

void disk_stop(struct disk *d)
{
	CHECK_OBJ(d, DISK_MAGIC);
	lock_take(&d->lock);
	d->is_closing = true;
	lock_give(&d->lock);
}

bool disk_should_stop(struct disk *d)
{
	lock_take(&d->lock);
	const bool is_closing = d->is_closing;

	lock_give(&d->lock);
	return is_closing;
}

void disk_job_begins(struct disk *d)
{
	disk_lock(d);
	d->n_out++;
	disk_unlock(d);
}

void disk_job_ends(struct disk *d)
{
	struct closing *c = NULL;

	lock_take(&d->lock);
	if (--d->n_out == 0) {
		c = d->closing;
		d->closing = NULL;
	}
	pthread_cond_broadcast(&d->changed);
	lock_give(&d->lock);
	if (c != NULL)
		close_soon(c);
}

/* --- what goes wrong -------------------------------------------------------------------------- */

bool disk_is_out_of_use(struct disk *d)
{
	if (d->out_of_use_ms != 0 && disk_now_ms() >= d->out_of_use_ms) {
		/* One more attempt: the next failure ends it again. */
		d->out_of_use_ms = 0;
		d->failures = FAILURES_MAX - 1;
	}
	return d->out_of_use_ms != 0;
}

void disk_write_failed(struct disk *d, const char *what, enum err e)
{
	disk_lock(d);
	d->stats.io_errors++;
	d->failures++;
	const bool is_end = d->failures >= FAILURES_MAX && d->out_of_use_ms == 0;

	if (d->failures >= FAILURES_MAX)
		d->out_of_use_ms = disk_now_ms() + OUT_OF_USE_MS;
	disk_unlock(d);
	oplog(OPLOG_WARNING,
	      "cache_dir %s: cannot %s (%s): what was not written is not stored; is there room on "
	      "the "
	      "file system, and is the folder still there?",
	      d->path, what, err_text(e));
	if (is_end)
		oplog(OPLOG_ERROR,
		      "cache_dir %s: %u failures in a row: nothing is stored there for the next "
		      "minute",
		      d->path, FAILURES_MAX);
}

enum err disk_mark(struct disk *d)
{
	enum err e = ERR_NONE;

	disk_lock(d);
	while (d->is_marking)
		lock_wait(&d->lock, &d->changed);
	const bool is_due = !d->is_marked;
	struct disk_label l = d->label;

	d->is_marking = is_due;
	disk_unlock(d);
	if (!is_due)
		return ERR_NONE;
	e = disk_label_write(&d->io, &l);
	disk_lock(d);
	d->is_marking = false;
	d->is_marked = e == ERR_NONE;
	pthread_cond_broadcast(&d->changed);
	disk_unlock(d);
	if (e != ERR_NONE)
		disk_write_failed(d, "write the label", e);
	return e;
}

/* --- opening ---------------------------------------------------------------------------------- */

/* Say why a folder is not used, and what to do. */
static enum err refuse(const char *path, enum disk_folder folder)
{
	switch (folder) {
	case DISK_FOLDER_OURS:
	case DISK_FOLDER_EMPTY:
		return ERR_NONE;
	case DISK_FOLDER_OTHER_VERSION:
		oplog(OPLOG_ERROR,
		      "cache_dir %s: made by another version of Cuttle, or on another kind of "
		      "machine: "
		      "empty the folder (what is cached there is lost) or name another one",
		      path);
		return ERR_UNSUPPORTED;
	case DISK_FOLDER_DAMAGED:
		oplog(OPLOG_ERROR,
		      "cache_dir %s: the file " DISK_LABEL_NAME
		      " is damaged: empty the folder (what is "
		      "cached there is lost)",
		      path);
		return ERR_UNSUPPORTED;
	case DISK_FOLDER_FOREIGN:
		oplog(OPLOG_ERROR,
		      "cache_dir %s: there are files in it that are not Cuttle's (a cache of Squid "
		      "cannot "
		      "be taken over): empty the folder or name another one",
		      path);
		return ERR_UNSUPPORTED;
	}
	UNREACHABLE("disk_folder");
}

static enum err open_folder(struct disk_io *io, const char *path, bool lock,
                            struct disk_faults *faults)
{
	const enum err e = disk_io_open_folder(io, path, true, lock, faults);

	if (e == ERR_IN_USE)
		oplog(OPLOG_ERROR,
		      "cache_dir %s: another Cuttle is using it: stop that one, or give this one a "
		      "folder of its own",
		      path);
	else if (e != ERR_NONE)
		oplog(OPLOG_ERROR,
		      "cache_dir %s: cannot be opened (%s): it must be a folder that the proxy's "
		      "user (cache_effective_user, where it starts as root) may write to",
		      path, err_text(e));
	return e;
}

/* Read the label; of an empty folder: make one. */
static enum err get_label(struct disk_io *io, const char *path, const struct cache_secret *secret,
                          struct disk_label *l)
{
	enum disk_folder folder = DISK_FOLDER_FOREIGN;
	enum err e = disk_label_read(io, l, &folder);

	if (e == ERR_NONE)
		e = refuse(path, folder);
	if (e == ERR_UNSUPPORTED)
		return e;
	if (e == ERR_NONE && folder == DISK_FOLDER_EMPTY) {
		disk_label_init(l, secret);
		l->is_clean = true;
		e = disk_label_write(io, l);
	}
	if (e != ERR_NONE)
		oplog(OPLOG_ERROR,
		      "cache_dir %s: its label, cuttle-store, cannot be read or written (%s)%s",
		      path, err_text(e),
		      e == ERR_PERMISSION ? ": the folder must belong to the user that the proxy "
		                            "becomes (cache_effective_user)"
		                          : "");
	else if (memcmp(&l->secret, secret, sizeof(*secret)) != 0) {
		oplog(OPLOG_ERROR,
		      "cache_dir %s: it was prepared apart from the other directories and cannot "
		      "be "
		      "used beside them: empty it",
		      path);
		e = ERR_UNSUPPORTED;
	}
	return e;
}

enum err disk_secret(const struct cache_dir *dir, struct cache_secret *secret)
{
	enum disk_folder folder = DISK_FOLDER_FOREIGN;
	struct disk_label l;
	struct disk_io io;
	enum err e = disk_io_open_folder(&io, dir->path.p, false, false, NULL);

	if (e != ERR_NONE)
		return e;
	e = disk_label_read(&io, &l, &folder);
	disk_io_close_folder(&io);
	if (e == ERR_NONE && folder != DISK_FOLDER_OURS)
		e = folder == DISK_FOLDER_EMPTY ? ERR_NOT_FOUND : ERR_UNSUPPORTED;
	if (e == ERR_NONE)
		*secret = l.secret;
	return e;
}

enum err disk_prepare(const struct cache_dir *dir, const struct cache_secret *secret)
{
	struct disk_label l;
	struct disk_io io;
	enum err e = open_folder(&io, dir->path.p, true, NULL);

	if (e != ERR_NONE)
		return e;
	e = get_label(&io, dir->path.p, secret, &l);
	disk_io_close_folder(&io);
	return e;
}

/* By a proxy of the same configuration, it seems. */
static bool is_in_use(const struct cache_dir *dir)
{
	struct disk_io io;
	const enum err e = disk_io_open_folder(&io, dir->path.p, false, true, NULL);

	if (e == ERR_NONE)
		disk_io_close_folder(&io);
	return e == ERR_IN_USE;
}

bool disk_prepare_all(const struct cache_conf *conf, disk_prepared_fn *tell, void *arg)
{
	struct cache_secret secret, own;
	bool is_drawn = true, ok = true;

	for (const struct cache_dir *d = conf->dirs; d != NULL && is_drawn; d = d->next)
		is_drawn = disk_secret(d, &secret) != ERR_NONE;
	if (is_drawn)
		cache_secret_draw(&secret);
	for (const struct cache_dir *d = conf->dirs; d != NULL; d = d->next) {
		const bool was_prepared = disk_secret(d, &own) == ERR_NONE;
		const bool is_one_of_us = was_prepared && memcmp(&own, &secret, sizeof(own)) == 0;

		if ((is_one_of_us && is_in_use(d)) || disk_prepare(d, &secret) == ERR_NONE)
			tell(arg, d, was_prepared);
		else
			ok = false;
	}
	return ok;
}

static bool add_name(uint32_t **v, size_t *n, uint32_t number)
{
	if ((*n & (*n - 1)) == 0)
		*v = check_realloc(*v, (*n == 0 ? 1 : *n * 2) * sizeof(**v));
	(*v)[(*n)++] = number;
	return true;
}

static bool see_name(void *arg, const char *name)
{
	struct disk *const d = arg;
	uint32_t number;

	if (segment_parse_name(name, &number)) {
		d->next_number = MAX(d->next_number, number);
		return add_name(&d->names_segment, &d->n_names_segment, number);
	}
	if (journal_parse_name(name, &number))
		return add_name(&d->names_journal, &d->n_names_journal, number);
	return true;
}

/* After the label and the lock: what is there by name, and a journal to bury in. */
static enum err open_journal(struct disk *d)
{
	uint32_t number = 0;
	enum err e = disk_io_names(&d->io, see_name, d);

	for (size_t i = 0; i < d->n_names_journal; i++)
		number = MAX(number, d->names_journal[i] + 1);
	if (e == ERR_NONE)
		e = disk_journal_open(d, number);
	if (e != ERR_NONE)
		oplog(OPLOG_ERROR, "cache_dir %s: the journal cannot be opened (%s)", d->path,
		      err_text(e));
	return e;
}

/*
 * The label of this use: numbers above all that were drawn before, and whether to trust what is
 * there.
 */
static void begin_use(struct disk *d)
{
	char boot[DISK_BOOT_BYTES];
	struct disk_label *const l = &d->label;

	disk_io_boot(boot);
	d->start.left = !l->is_clean       ? DISK_WAS_KILLED
	                : l->next_seq == 1 ? DISK_WAS_NEW
	                                   : DISK_WAS_CLOSED;
	d->next_seq = ((l->next_seq >> DISK_SEQ_BITS) + 1) << DISK_SEQ_BITS;
	if (disk_label_lost_power(l, boot)) {
		l->old_below_seq = d->next_seq;
		d->start.left = DISK_LOST_POWER;
	}
	memcpy(l->boot, boot, sizeof(boot));
	l->is_clean = false;
	l->next_seq = d->next_seq;
	l->capacity_bytes = d->capacity;
}

static void set_capacity(struct disk *d, const struct cache_dir *dir)
{
	const uint64_t least = MIN((uint64_t)SEGMENT_MIN, dir->max_bytes / 16);

	d->capacity = dir->max_bytes;
	d->is_read_only = dir->is_read_only;
	/* So that there are some hundreds, but no more descriptors than a process may have. */
	d->segment_bytes = MIN(MAX(dir->max_bytes / 128, least), (uint64_t)SEGMENT_MAX);
	d->segment_bytes = MAX(d->segment_bytes, dir->max_bytes / 2048);
	d->segment_bytes = MIN(d->segment_bytes, (uint64_t)UINT32_MAX);
}

static struct disk *disk_new(unsigned id, const struct cache_dir *dir, int64_t sync_ms,
                             struct cache_index *index, struct jobs *js)
{
	struct disk *d;

	OBJ_NEW(d, DISK_MAGIC);
	lock_init(&d->lock, LOCK_RANK_CACHE_DISK);
	CHECK(pthread_cond_init(&d->changed, NULL) == 0);
	d->id = id;
	d->path = span_strdup(dir->path);
	d->index = index;
	d->js = js;
	d->io.folder = -1;
	d->sync_ms = sync_ms;
	d->settled_ms = disk_now_ms();
	for (unsigned w = 0; w < WORK_N; w++)
		d->jobs[w].disk = d;
	for (unsigned c = 0; c < EVICT_CHAINS; c++)
		list_init(&d->chains[c]);
	list_init(&d->gone);
	list_init(&d->fillings);
	list_init(&d->write_waiters);
	list_init(&d->sync_waiters);
	set_capacity(d, dir);
	evict_disk_init(&d->evict, d->capacity);
	return d;
}

static void disk_free(struct disk *d)
{
	for (unsigned c = 0; c < EVICT_CHAINS; c++)
		list_for_each_safe(it, &d->chains[c]) {
			struct segment *const s = CONTAINER_OF(it, struct segment, link);

			lock_take(&d->lock);
			if (s->state == SEGMENT_SEALED)
				segment_leave(s);
			else
				disk_abandon(s); /* it could not be written */
			lock_give(&d->lock);
		}
	segment_close_gone(d);
	evict_disk_fini(&d->evict);
	disk_journal_fini(d);
	journal_dead_fini(&d->dead);
	disk_io_close_folder(&d->io);
	pthread_cond_destroy(&d->changed);
	lock_fini(&d->lock);
	piece_memory_free(d->spare);
	free(d->names_segment);
	free(d->names_journal);
	free(d->faults);
	free(d->path);
	OBJ_FREE(d, DISK_MAGIC);
}

/* For tests of the whole program: CUTTLE_DISK_FAULTS (doc/testing.md). */
static void get_faults(struct disk *d)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment */
	const char *const text = getenv("CUTTLE_DISK_FAULTS");

	if (text == NULL)
		return;
	d->faults = check_calloc(1, sizeof(*d->faults));
	if (!disk_faults_parse(d->faults, span_str(text)))
		oplog(OPLOG_ERROR, "CUTTLE_DISK_FAULTS: not understood");
}

enum err disk_open(struct disk **out, unsigned id, const struct cache_dir *dir,
                   const struct cache_secret *secret, int64_t sync_ms, struct cache_index *index,
                   struct jobs *js)
{
	CHECK(id < DISK_IDS);
	struct disk *const d = disk_new(id, dir, sync_ms, index, js);

	get_faults(d);
	enum err e = open_folder(&d->io, d->path, true, d->faults);

	if (e == ERR_NONE)
		e = get_label(&d->io, d->path, secret, &d->label);
	if (e == ERR_NONE) {
		begin_use(d);
		e = open_journal(d);
	}
	if (e != ERR_NONE) {
		disk_free(d);
		return e;
	}
	*out = d;
	d->start.began_us = clock_monotonic_us();
	disk_tell_opened(d);
	disk_lock(d);
	disk_want(d, WORK_LOAD);
	disk_unlock(d);
	return ERR_NONE;
}

void disk_configure(struct disk *d, const struct cache_dir *dir, int64_t sync_ms)
{
	CHECK_OBJ(d, DISK_MAGIC);
	disk_lock(d);
	const uint64_t segment_bytes = d->segment_bytes;

	set_capacity(d, dir);
	if (d->segment_bytes != segment_bytes) /* open ones are of that size */
		disk_close_pieces(d, true, 0);
	d->sync_ms = sync_ms;
	evict_disk_set_capacity(&d->evict, d->capacity);
	disk_want(d, WORK_EVICT);
	disk_unlock(d);
}

/* --- closing ---------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void forget_entries(struct disk *d)
{
	uint32_t *const numbers = check_calloc(d->n_segments + 1, sizeof(*numbers));
	size_t n = 0;

	for (unsigned c = 0; c < EVICT_CHAINS; c++)
		list_for_each(it, &d->chains[c])
			numbers[n++] = CONTAINER_OF(it, struct segment, link)->number;
	qsort(numbers, n, sizeof(*numbers), by_number);
	(void)cache_index_drop_segments(d->index, numbers, n);
	free(numbers);
}

void disk_close(struct disk **dp, bool forget)
{
	struct disk *const d = *dp;
	const int64_t began_us = clock_monotonic_us();

	CHECK_OBJ(d, DISK_MAGIC);
	*dp = NULL;
	disk_lock(d);
	d->is_closing = true;
	while (d->n_out > 0)
		lock_wait(&d->lock, &d->changed);
	disk_close_pieces(d, true, 0);
	if (forget)
		forget_entries(d);
	disk_unlock(d);
	/* Alone from here on. */
	const uint64_t errors = d->stats.io_errors;

	disk_flush(d);
	disk_settle(d);
	disk_journal_sync(d);
	d->label.is_clean = d->stats.io_errors == errors && d->n_unwritten == 0;
	d->label.next_seq = d->next_seq;
	d->label.written_bytes += d->stats.written_bytes;
	d->label.admitted_bytes += d->stats.admitted_bytes;
	/* Where this fails, it is as after a crash. */
	if (d->label.is_clean && disk_label_write(&d->io, &d->label) != ERR_NONE) {
		oplog(OPLOG_WARNING, "cache_dir %s: the label cannot be written", d->path);
		d->label.is_clean = false;
	}
	disk_tell_closed(d, began_us);
	disk_free(d);
}

/* --- telling ---------------------------------------------------------------------------------- */

bool disk_is_loaded(struct disk *d)
{
	CHECK_OBJ(d, DISK_MAGIC);
	disk_lock(d);
	const bool is_loaded = d->is_loaded;

	disk_unlock(d);
	return is_loaded;
}

bool disk_wait_loaded(struct disk *d, int64_t ms)
{
	struct timespec until;

	CHECK_OBJ(d, DISK_MAGIC);
	CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	disk_lock(d);
	while (!d->is_loaded &&
	       pthread_cond_timedwait(&d->changed, &d->lock.mutex, &until) != ETIMEDOUT)
		;
	const bool is_loaded = d->is_loaded;

	disk_unlock(d);
	return is_loaded;
}

void disk_wait_idle(struct disk *d)
{
	CHECK_OBJ(d, DISK_MAGIC);
	disk_lock(d);
	while (d->n_out > 0)
		lock_wait(&d->lock, &d->changed);
	disk_unlock(d);
}

void disk_tick(struct disk *d)
{
	CHECK_OBJ(d, DISK_MAGIC);
	const int64_t now = disk_now_ms();

	disk_lock(d);
	disk_close_pieces(d, false, 0);
	/* Also those that a flush had to leave, since the label could not be written. */
	if (d->n_pieces > 0)
		disk_want(d, WORK_FLUSH);
	if (now - d->settled_ms >= d->sync_ms) {
		d->settled_ms = now;
		disk_want(d, WORK_SETTLE);
	}
	if (d->n_unwritten > 0)
		disk_want(d, WORK_BURY);
	disk_unlock(d);
}

void disk_stats(struct disk *d, struct disk_stats *out)
{
	CHECK_OBJ(d, DISK_MAGIC);
	disk_lock(d);
	*out = d->stats;
	out->path = d->path;
	out->capacity_bytes = d->capacity;
	out->used_bytes = d->used + d->journal_bytes;
	out->held_bytes = d->held;
	out->objects = d->objects;
	out->segments = d->n_segments;
	out->is_out_of_use = disk_is_out_of_use(d);
	out->is_loaded = d->is_loaded;
	out->all_written_bytes = d->label.written_bytes + d->stats.written_bytes;
	out->all_admitted_bytes = d->label.admitted_bytes + d->stats.admitted_bytes;
	disk_unlock(d);
}
