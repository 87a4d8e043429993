/*
 * The journal's files: tombstones are appended to the newest, and what is still needed of the older ones is
 * now and then written again.
 *
 * Appending is one short write to the page cache by whoever buries, without the lock: the kernel keeps it whole, and
 * a kill cannot take it back. If it fails, the tombstone stays in memory for the next attempt, in a
 * new file (so that a torn one does not put the rest out of step), and who waits for it is told.
 */
#include "cache/disk_int.h"

#include "base/oplog.h"

#define COMPACT_MIN_BYTES 4194304u
#define COMPACT_FILES     8u

struct sync_waiter {
	struct list link;
	struct post post;
	struct loop *loop;
	struct disk_sync *q; /* on its loop; NULL: cancelled */
	bool is_written;
};

/* --- files, with the lock held ------------------------------------------------------------------------ */

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

/* --- burying ------------------------------------------------------------------------------------------- */

static enum err append(struct disk *d, const struct tombstone *t, size_t n)
{
	char *const bytes = malloc(n * JOURNAL_RECORD_BYTES);
	enum err e = ERR_NOMEM;

	if (bytes == NULL)
		return e;
	for (size_t i = 0; i < n; i++)
		journal_put(bytes + i * JOURNAL_RECORD_BYTES, &t[i], d->label.store);
	disk_lock(d);
	struct journal_file *const j = d->journal;

	if (j != NULL)
		j->refs++;
	disk_unlock(d);
	e = j == NULL ? ERR_SYSTEM : disk_io_append(&d->io, j->fd, bytes, n * JOURNAL_RECORD_BYTES);
	free(bytes);
	disk_lock(d);
	if (e == ERR_NONE) {
		j->is_dirty = true;
		j->bytes += n * JOURNAL_RECORD_BYTES;
		d->journal_bytes += n * JOURNAL_RECORD_BYTES;
	}
	journal_unref(j);
	disk_unlock(d);
	return e;
}

/* With the lock held. */
static void keep_unwritten(struct disk *d, const struct tombstone *t)
{
	if (d->n_unwritten == d->cap_unwritten) {
		d->cap_unwritten = MAX(d->cap_unwritten * 2, (size_t)64);
		d->unwritten = check_realloc(d->unwritten, d->cap_unwritten * sizeof(*t));
	}
	d->unwritten[d->n_unwritten++] = *t;
	disk_want(d, WORK_SYNC);
}

void disk_bury(struct disk *d, struct cache_key key, uint64_t seq, uint32_t segment)
{
	const struct tombstone t = { key, seq,
		                     segment == JOURNAL_ANY_SEGMENT ? segment
		                                                    : segment & NUMBER_MASK };
	char bytes[JOURNAL_RECORD_BYTES];

	journal_put(bytes, &t, d->label.store);
	disk_lock(d);
	struct journal_file *const j = d->n_unwritten == 0 ? d->journal : NULL;

	if (j == NULL)
		keep_unwritten(d, &t);
	else
		j->refs++;
	disk_unlock(d);
	if (j == NULL)
		return;
	const enum err e = disk_io_append(&d->io, j->fd, bytes, sizeof(bytes));

	disk_lock(d);
	if (e != ERR_NONE)
		keep_unwritten(d, &t);
	j->bytes += sizeof(bytes);
	j->is_dirty = true;
	d->journal_bytes += sizeof(bytes);
	journal_unref(j);
	disk_unlock(d);
	if (e != ERR_NONE)
		disk_write_failed(d, "write to the journal", e);
}

/* What could not be written before, into a new file. */
static enum err write_unwritten(struct disk *d)
{
	disk_lock(d);
	struct tombstone *const t = d->unwritten;
	const size_t n = d->n_unwritten;
	const uint32_t number = d->journal != NULL ? d->journal->number + 1 : 0;

	if (n > 0) {
		d->unwritten = NULL;
		d->n_unwritten = d->cap_unwritten = 0;
	}
	disk_unlock(d);
	if (n == 0)
		return ERR_NONE;
	enum err e = disk_journal_open(d, number);

	if (e == ERR_NONE)
		e = append(d, t, n);
	/* Nothing can be written, but what is there must not come back: rather the whole segment goes. */
	if (e != ERR_NONE) {
		e = ERR_NONE;
		for (size_t i = 0; i < n && e == ERR_NONE; i++)
			e = disk_sacrifice(d, t[i].segment);
		if (e == ERR_NONE)
			e = disk_io_sync_folder(&d->io);
	}
	if (e != ERR_NONE) {
		disk_lock(d);
		for (size_t i = 0; i < n; i++)
			keep_unwritten(d, &t[i]);
		/* Not at once: the next tick, or who waits. */
		d->wanted &= ~(1u << WORK_SYNC);
		disk_unlock(d);
	}
	free(t);
	return e;
}

/* --- durable ------------------------------------------------------------------------------------------- */

static enum err sync_file(struct disk *d)
{
	disk_lock(d);
	struct journal_file *const j = d->journal;
	const bool is_dirty = j != NULL && j->is_dirty;

	if (is_dirty) {
		j->is_dirty = false;
		j->refs++;
	}
	disk_unlock(d);
	if (!is_dirty)
		return ERR_NONE;
	const enum err e = disk_io_sync(&d->io, j->fd);

	disk_lock(d);
	if (e != ERR_NONE)
		j->is_dirty = true;
	journal_unref(j);
	disk_unlock(d);
	return e;
}

static void is_home(struct post *p)
{
	struct sync_waiter *const w = CONTAINER_OF(p, struct sync_waiter, post);

	if (w->q != NULL) {
		w->q->waiter = NULL;
		op_complete(&w->q->op, w->is_written ? OP_READY : OP_FAILED);
	}
	free(w);
}

void disk_journal_sync(struct disk *d)
{
	struct list waiters = LIST_INIT(waiters), *it;

	disk_lock(d);
	list_splice_back(&waiters, &d->sync_waiters);
	disk_unlock(d);
	enum err e = disk_mark(d);

	if (e == ERR_NONE)
		e = write_unwritten(d);
	if (e == ERR_NONE)
		e = sync_file(d);
	if (e != ERR_NONE)
		disk_write_failed(d, "sync the journal", e);
	while ((it = list_pop_front(&waiters)) != NULL) {
		struct sync_waiter *const w = CONTAINER_OF(it, struct sync_waiter, link);

		w->is_written = e == ERR_NONE;
		loop_post(w->loop, &w->post);
	}
}

static void sync_cancel(struct op *op)
{
	struct disk_sync *const q = CONTAINER_OF(op, struct disk_sync, op);
	struct sync_waiter *const w = q->waiter;

	q->waiter = NULL;
	w->q = NULL;
}

enum op_status disk_sync(struct disk_sync *q, struct loop *l, struct task *waiter)
{
	struct disk *const d = q->disk;

	CHECK_OBJ(d, DISK_MAGIC);
	struct sync_waiter *const w = check_calloc(1, sizeof(*w));

	*w = (struct sync_waiter){ .post = { NULL, is_home }, .loop = l, .q = q };
	q->waiter = w;
	op_start(&q->op, l, waiter, sync_cancel);
	disk_lock(d);
	list_push_back(&d->sync_waiters, &w->link);
	disk_want(d, WORK_SYNC);
	disk_unlock(d);
	return OP_PENDING;
}

/* --- reading and compaction ----------------------------------------------------------------------------- */

typedef bool see_fn(void *arg, const struct tombstone *t);

static enum err read_file(struct disk_io *io, uint32_t number, uint64_t store, see_fn *see,
                          void *arg, uint64_t *bytes)
{
	char name[JOURNAL_NAME_BYTES], chunk[512 * JOURNAL_RECORD_BYTES];
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
	for (size_t at = 0; e == ERR_NONE && at < k.n; at += 4096)
		e = append(d, k.v + at, MIN(k.n - at, (size_t)4096));
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
	const bool is_due = disk_knows_all(d) && d->journal != NULL && d->n_unwritten == 0 &&
	                    !d->is_closing && is_much;
	const uint32_t number = d->journal != NULL ? d->journal->number + 1 : 0;

	disk_unlock(d);
	if (!is_due || disk_journal_open(d, number) != ERR_NONE)
		return;
	disk_lock(d);
	const unsigned n = d->n_old_journals;
	const uint64_t lowest = disk_lowest_seq(d);

	memcpy(numbers, d->old_journals, n * sizeof(*numbers));
	disk_unlock(d);
	const enum err e = rewrite(d, numbers, n, lowest);

	disk_lock(d);
	if (e == ERR_NONE) {
		d->n_old_journals -= n;
		memmove(d->old_journals, d->old_journals + n, d->n_old_journals * sizeof(*numbers));
		d->journal_bytes = d->journal->bytes;
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
