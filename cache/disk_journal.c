/*
 * The journal's files: tombstones are appended to the newest, and what is still needed of the older
 * ones is now and then written again.
 *
 * Whoever buries puts a tombstone on a list and goes on; a job appends what is there in one piece,
 * to the page cache, where a kill cannot take it back. Who must not answer before waits for it
 * (disk_sync()). Where appending fails, it is tried once more, in a new file if the newest is torn,
 * which would put the rest out of step; where that fails, too, the segments go that something is
 * buried in.
 */
#include "cache/disk_int.h"

#include "base/oplog.h"

#define COMPACT_MIN_BYTES 4194304u
#define COMPACT_FILES     8u
#define CHUNK             512u /* tombstones that are written, or read, at once */

struct sync_waiter {
	struct list link; /* by the lock until it is taken; then of the job */
	bool is_taken;    /* by the lock */
	struct post post;
	struct loop *loop;
	struct disk_sync *q; /* on its loop; NULL: cancelled */
	bool is_written;
};

/* --- files, with the lock held ---------------------------------------------------------------- */

static void journal_unref(struct journal_file *j)
{
	if (j != NULL && --j->refs == 0) {
		disk_io_close(&j->fd);
		free(j);
	}
}

enum err disk_journal_open(struct disk *d, uint32_t number)
{
	char name[JOURNAL_NAME_BYTES];
	int fd = -1;

	journal_name(number, name);
	const enum err e = disk_io_open(&d->io, name, DISK_OPEN_APPEND, &fd);

	if (e != ERR_NONE)
		return e;
	struct journal_file *const j = check_calloc(1, sizeof(*j));

	*j = (struct journal_file){ .fd = fd, .number = number, .refs = 1 };
	disk_lock(d);
	struct journal_file *const before = d->journal;

	if (before != NULL && d->n_old_journals < ARRAY_LEN(d->old_journals))
		d->old_journals[d->n_old_journals++] = before->number;
	d->journal = j;
	journal_unref(before);
	disk_unlock(d);
	return ERR_NONE;
}

/* --- burying ---------------------------------------------------------------------------------- */

static enum err append_chunk(struct disk *d, struct journal_file *j, const struct tombstone *t,
                             size_t n)
{
	char bytes[CHUNK * JOURNAL_RECORD_BYTES];

	for (size_t i = 0; i < n; i++)
		journal_put(bytes + i * JOURNAL_RECORD_BYTES, &t[i], d->label.store);
	const enum err e = disk_io_append(&d->io, j->fd, bytes, n * JOURNAL_RECORD_BYTES);

	disk_lock(d);
	/* Where it failed some of it may be there. */
	j->is_dirty = true;
	if (e == ERR_NONE) {
		j->bytes += n * JOURNAL_RECORD_BYTES;
		d->journal_bytes += n * JOURNAL_RECORD_BYTES;
		d->stats.written_bytes += n * JOURNAL_RECORD_BYTES;
	}
	disk_unlock(d);
	return e;
}

/* What is appended to it now would be out of step. */
static bool is_torn(struct disk *d)
{
	uint64_t bytes = 0;

	return disk_io_size(&d->io, d->journal->fd, &bytes) != ERR_NONE ||
	       bytes % JOURNAL_RECORD_BYTES != 0;
}

/* To the newest file. */
static enum err append(struct disk *d, const struct tombstone *t, size_t n)
{
	enum err e = ERR_NONE;

	disk_lock(d);
	struct journal_file *const j = d->journal;

	j->refs++;
	disk_unlock(d);
	for (size_t at = 0; e == ERR_NONE && at < n; at += CHUNK)
		e = append_chunk(d, j, t + at, MIN(n - at, (size_t)CHUNK));
	disk_lock(d);
	journal_unref(j);
	disk_unlock(d);
	return e;
}

static void add_unwritten(struct disk *d, const struct tombstone *t)
{
	if (d->n_unwritten == d->cap_unwritten) {
		d->cap_unwritten = MAX(d->cap_unwritten * 2, (size_t)64);
		d->unwritten = check_realloc(d->unwritten, d->cap_unwritten * sizeof(*t));
	}
	d->unwritten[d->n_unwritten++] = *t;
}

void disk_bury(struct disk *d, struct cache_key key, uint64_t seq, uint32_t segment)
{
	const struct tombstone t = { key, seq,
		                     segment == JOURNAL_ANY_SEGMENT ? segment
		                                                    : segment & NUMBER_MASK };

	add_unwritten(d, &t);
	disk_want(d, WORK_BURY);
}

/* Nothing can be written, but what is there must not come back: rather the whole segment goes. */
static enum err sacrifice(struct disk *d, const struct tombstone *t, size_t n)
{
	enum err e = ERR_NONE;

	for (size_t i = 0; i < n && e == ERR_NONE; i++)
		e = disk_sacrifice(d, t[i].segment);
	return e == ERR_NONE ? disk_io_sync_folder(&d->io) : e;
}

/*
 * Whose turn it is is the only one who writes tombstones that are new, or changes the file that
 * they go to. Returns with the lock held.
 */
static void take_turn(struct disk *d)
{
	disk_lock(d);
	while (d->is_burying)
		lock_wait(&d->lock, &d->changed);
	d->is_burying = true;
}

/* With the lock held, which it gives back. */
static void give_turn(struct disk *d)
{
	d->is_burying = false;
	pthread_cond_broadcast(&d->changed);
	disk_unlock(d);
}

/*
 * By one at a time: who finds nothing to be synced has not overtaken another one. After a failed
 * fdatasync() nobody knows what of the file is on the device (Linux tells once, and forgets): it
 * stays in doubt until all that is needed of it was written again.
 */
static enum err sync_file(struct disk *d)
{
	enum err e = ERR_NONE;

	disk_lock(d);
	while (d->is_syncing)
		lock_wait(&d->lock, &d->changed);
	struct journal_file *const j = d->journal;
	const bool is_dirty = j->is_dirty;

	d->is_syncing = true;
	j->is_dirty = false;
	j->refs++;
	disk_unlock(d);
	if (is_dirty)
		e = disk_io_sync(&d->io, j->fd);
	if (is_dirty && e == ERR_NONE && !j->is_entered)
		e = disk_io_sync_folder(&d->io);
	disk_lock(d);
	if (is_dirty && e == ERR_NONE)
		j->is_entered = true;
	else if (e != ERR_NONE)
		d->doubtful = MAX(d->doubtful, j->number + 1);
	d->is_syncing = false;
	pthread_cond_broadcast(&d->changed);
	journal_unref(j);
	disk_unlock(d);
	return e;
}

/*
 * In one's turn: what comes next goes to a new file. Who waits for the device asks for the newest
 * only, so the one before must be there by then, or is in doubt.
 */
static enum err begin_file(struct disk *d)
{
	(void)sync_file(d);
	return disk_journal_open(d, d->journal->number + 1);
}

enum err disk_journal_write(struct disk *d)
{
	take_turn(d);
	struct tombstone *const t = d->unwritten;
	const size_t n = d->n_unwritten;

	d->unwritten = NULL;
	d->n_unwritten = d->cap_unwritten = 0;
	disk_unlock(d);
	enum err e = append(d, t, n);

	if (e != ERR_NONE) {
		disk_write_failed(d, "write to the journal", e);
		e = is_torn(d) ? begin_file(d) : ERR_NONE;
		if (e == ERR_NONE)
			e = append(d, t, n);
		if (e != ERR_NONE)
			e = sacrifice(d, t, n);
	}
	disk_lock(d);
	/* For the next attempt: by the next tick, or by who waits. */
	for (size_t i = 0; e != ERR_NONE && i < n; i++)
		add_unwritten(d, &t[i]);
	give_turn(d);
	free(t);
	return e;
}

/* --- waiting ---------------------------------------------------------------------------------- */

static void is_home(struct post *p)
{
	struct sync_waiter *const w = CONTAINER_OF(p, struct sync_waiter, post);

	if (w->q != NULL) {
		w->q->waiter = NULL;
		op_complete(&w->q->op, w->is_written ? OP_READY : OP_FAILED);
	}
	free(w);
}

/* Those who wait by now for what is done next. */
static void take_waiters(struct disk *d, struct list *from, struct list *to)
{
	disk_lock(d);
	list_for_each(it, from)
		CONTAINER_OF(it, struct sync_waiter, link)->is_taken = true;
	list_splice_back(to, from);
	disk_unlock(d);
}

static void wake(struct list *waiters, bool is_written)
{
	struct list *it;

	while ((it = list_pop_front(waiters)) != NULL) {
		struct sync_waiter *const w = CONTAINER_OF(it, struct sync_waiter, link);

		w->is_written = is_written;
		loop_post(w->loop, &w->post);
	}
}

void disk_journal_bury(struct disk *d)
{
	struct list waiters = LIST_INIT(waiters);

	take_waiters(d, &d->write_waiters, &waiters);
	(void)disk_mark(d);
	wake(&waiters, disk_journal_write(d) == ERR_NONE);
}

void disk_journal_sync(struct disk *d)
{
	struct list waiters = LIST_INIT(waiters);

	take_waiters(d, &d->sync_waiters, &waiters);
	enum err e = disk_mark(d);
	const enum err written = disk_journal_write(d);

	if (e == ERR_NONE)
		e = written != ERR_NONE ? written : sync_file(d);
	disk_lock(d);
	if (d->doubtful != 0) {
		e = ERR_SYSTEM;
		disk_want(d, WORK_FLUSH); /* which writes it again */
	}
	disk_unlock(d);
	if (e != ERR_NONE)
		disk_write_failed(d, "sync the journal", e);
	wake(&waiters, e == ERR_NONE);
}

static void sync_cancel(struct op *op)
{
	struct disk_sync *const q = CONTAINER_OF(op, struct disk_sync, op);
	struct sync_waiter *const w = q->waiter;

	q->waiter = NULL;
	w->q = NULL;
	disk_lock(q->disk);
	const bool is_mine = !w->is_taken;

	if (is_mine)
		list_remove(&w->link);
	disk_unlock(q->disk);
	if (is_mine)
		free(w);
}

/*
 * With the lock held: is all that was forgotten so far written, or on the device, and nobody at it?
 */
static bool is_done(const struct disk *d, bool from_kill_only)
{
	if (d->n_unwritten > 0 || d->is_burying)
		return false;
	return from_kill_only ||
	       (d->is_marked && !d->is_syncing && !d->journal->is_dirty && d->doubtful == 0);
}

enum op_status disk_sync(struct disk_sync *q, struct loop *l, struct task *waiter)
{
	struct disk *const d = q->disk;

	CHECK_OBJ(d, DISK_MAGIC);
	disk_lock(d);
	if (is_done(d, q->from_kill_only)) {
		disk_unlock(d);
		return q->op.status = OP_READY;
	}
	struct sync_waiter *const w = check_calloc(1, sizeof(*w));

	*w = (struct sync_waiter){ .post = { NULL, is_home }, .loop = l, .q = q };
	q->waiter = w;
	op_start(&q->op, l, waiter, sync_cancel);
	list_push_back(q->from_kill_only ? &d->write_waiters : &d->sync_waiters, &w->link);
	disk_want(d, q->from_kill_only ? WORK_BURY : WORK_SYNC);
	disk_unlock(d);
	return OP_PENDING;
}

/* --- reading and compaction ------------------------------------------------------------------- */

typedef bool see_fn(void *arg, const struct tombstone *t);

static enum err read_file(struct disk_io *io, uint32_t number, uint64_t store, see_fn *see,
                          void *arg, uint64_t *bytes)
{
	char name[JOURNAL_NAME_BYTES], chunk[CHUNK * JOURNAL_RECORD_BYTES];
	struct tombstone t;
	int fd = -1;
	size_t got = sizeof(chunk);

	journal_name(number, name);
	enum err e = disk_io_open(io, name, DISK_OPEN_READ, &fd);

	for (*bytes = 0; e == ERR_NONE && got == sizeof(chunk); *bytes += got) {
		e = disk_io_read(io, fd, chunk, sizeof(chunk), *bytes, &got);
		/* Those that are not whole were never answered for: the end of what a crash cut. */
		for (size_t at = 0; e == ERR_NONE && at + JOURNAL_RECORD_BYTES <= got;
		     at += JOURNAL_RECORD_BYTES)
			if (journal_get(chunk + at, store, &t) && !see(arg, &t))
				e = ERR_NOMEM;
		if (e != ERR_NONE)
			break;
	}
	disk_io_close(&fd);
	return e;
}

void disk_journal_remove(struct disk *d, uint32_t number)
{
	char name[JOURNAL_NAME_BYTES];

	journal_name(number, name);
	(void)disk_io_unlink(&d->io, name);
}

static bool add_dead(void *arg, const struct tombstone *t)
{
	return journal_dead_add(arg, t);
}

enum err disk_journal_read(struct disk_io *io, uint32_t number, uint64_t store,
                           struct journal_dead *dead, uint64_t *bytes)
{
	return read_file(io, number, store, add_dead, dead, bytes);
}

struct kept {
	struct disk *disk;
	uint64_t lowest;
	struct tombstone *v;
	size_t n, cap;
};

static bool keep_needed(void *arg, const struct tombstone *t)
{
	struct kept *const k = arg;
	struct disk *const d = k->disk;

	disk_lock(d);
	const bool is_needed = t->segment == JOURNAL_ANY_SEGMENT
	                               ? t->seq >= k->lowest
	                               : segment_find(d, (uint32_t)(d->id << DISK_SEGMENT_BITS) |
	                                                         t->segment) != NULL;

	disk_unlock(d);
	if (!is_needed)
		return true;
	if (k->n == k->cap) {
		const size_t cap = MAX(k->cap * 2, (size_t)1024);
		struct tombstone *const v = realloc(k->v, cap * sizeof(*v));

		if (v == NULL)
			return false;
		k->v = v;
		k->cap = cap;
	}
	k->v[k->n++] = *t;
	return true;
}

static void forget_files(struct disk *d, const uint32_t *numbers, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		disk_journal_remove(d, numbers[i]);
}

/* Everything older into the newest file; they go when that is durable. */
static enum err rewrite(struct disk *d, const uint32_t *numbers, unsigned n, uint64_t lowest)
{
	struct kept k = { .disk = d, .lowest = lowest };
	uint64_t bytes = 0;
	/* First, for good, the unlinking of the segments that are buried in no more. */
	enum err e = disk_io_sync_folder(&d->io);

	/* One that is not there any more is an error, too: its tombstones may still be needed. */
	for (unsigned i = 0; e == ERR_NONE && i < n; i++)
		e = read_file(&d->io, numbers[i], d->label.store, keep_needed, &k, &bytes);
	if (e == ERR_NONE)
		e = append(d, k.v, k.n);
	if (e == ERR_NONE)
		e = sync_file(d);
	if (e == ERR_NONE)
		e = disk_io_sync_folder(&d->io);
	if (e == ERR_NONE)
		forget_files(d, numbers, n);
	free(k.v);
	return e;
}

void disk_journal_compact(struct disk *d)
{
	uint32_t numbers[ARRAY_LEN(d->old_journals)];

	disk_lock(d);
	const bool is_much =
		d->n_old_journals > COMPACT_FILES ||
		d->journal_bytes >= MAX(2 * d->journal_kept, (uint64_t)COMPACT_MIN_BYTES);
	const bool is_doubtful = d->doubtful != 0 && d->n_old_journals <= COMPACT_FILES;
	const bool is_due = disk_knows_all(d) && !d->is_closing && (is_much || is_doubtful);

	disk_unlock(d);
	if (!is_due)
		return;
	take_turn(d);
	disk_unlock(d);
	enum err e = begin_file(d);

	disk_lock(d);
	give_turn(d);
	if (e != ERR_NONE)
		return;
	disk_lock(d);
	const unsigned n = d->n_old_journals;
	const uint64_t lowest = disk_lowest_seq(d);

	memcpy(numbers, d->old_journals, n * sizeof(*numbers));
	disk_unlock(d);
	e = rewrite(d, numbers, n, lowest);

	disk_lock(d);
	if (e == ERR_NONE) {
		d->n_old_journals -= n;
		memmove(d->old_journals, d->old_journals + n, d->n_old_journals * sizeof(*numbers));
		d->journal_bytes = d->journal->bytes;
		if (n > 0 && d->doubtful <= numbers[n - 1] + 1)
			d->doubtful = 0;
	}
	/* Also where it failed: not again before there is twice as much. */
	d->journal_kept = d->journal_bytes;
	disk_unlock(d);
	if (e != ERR_NONE)
		disk_write_failed(d, "rewrite the journal", e);
}

void disk_journal_fini(struct disk *d)
{
	if (d->journal != NULL && d->journal->bytes == 0)
		disk_journal_remove(d, d->journal->number);
	journal_unref(d->journal);
	d->journal = NULL;
	free(d->unwritten);
}
