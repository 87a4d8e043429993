/*
 * Reading: objects by their index entries, fragments by their places.
 *
 * First what needs no waiting: a piece that is not written yet, pages that are resident. Else a job
 * reads. Heads and what lies behind them are verified each time; a fragment once for as long as its
 * pages stay resident: whoever finds some of them gone forgets that it was verified, before a job
 * brings them back.
 */
#include "cache/disk_int.h"

#include "base/oplog.h"

#define GRANULE_BYTES 4096u /* fragments that are shorter are verified each time */

/* --- what is damaged -------------------------------------------------------------------------- */

void disk_read_failed(struct disk *d, struct segment *s, uint64_t offset, const char *what)
{
	oplog(OPLOG_WARNING,
	      "cache_dir %s: %s in segment-%08x at %llu: the object is dropped; if this goes on, "
	      "check the disk",
	      d->path, what, s->head.number, (unsigned long long)offset);
}

static void damaged(struct disk *d, struct segment *s, uint64_t offset, bool is_io)
{
	disk_lock(d);
	if (is_io)
		d->stats.io_errors++;
	else
		d->stats.bad_checksums++;
	disk_unlock(d);
	disk_read_failed(d, s, offset, is_io ? "a read failed" : "a checksum is wrong");
}

/* --- objects ---------------------------------------------------------------------------------- */

/* With the lock held. */
static bool places_are_there(struct disk *d, const struct disk_found *f)
{
	for (uint32_t i = 0; i < f->n_places; i++)
		if (segment_find(d, f->places[i].segment) == NULL)
			return false;
	return true;
}

bool disk_decode(const struct segment *s, uint64_t offset, char *memory, size_t bytes,
                 struct record *r, struct disk_found *found)
{
	if (!record_get_header(memory, bytes, segment_seed(s->head.uid, offset), r) ||
	    record_bytes(r) > bytes)
		return false;
	char *const texts = memory + RECORD_HEADER_BYTES;
	char *const body = texts + r->texts_bytes;

	if (!record_get_head(r, texts, found))
		return false;
	if (record_checksum(span_of(body, r->body_bytes)) != r->body_checksum)
		return false;
	char *place = texts + RECORD_META_BYTES;

	for (uint32_t i = 0; i < found->n_places; i++, place += sizeof(struct disk_place)) {
		uint32_t segment;

		memcpy(&segment, place, sizeof(segment));
		if (segment > NUMBER_MASK)
			return false;
		segment |= (uint32_t)(s->disk->id << DISK_SEGMENT_BITS);
		memcpy(place, &segment, sizeof(segment));
	}
	if (found->n_places == 0) {
		found->body = span_of(body, r->body_bytes);
		found->body_place =
			(struct disk_place){ s->number, r->body_bytes,
			                     offset + RECORD_HEADER_BYTES + r->texts_bytes,
			                     r->body_checksum };
	}
	return true;
}

struct load_job {
	struct job job;
	struct disk *disk;
	struct segment *segment; /* counted */
	struct cache_key key;
	struct index_entry entry;
	struct disk_load *q; /* on its loop */
	char *memory;
	struct disk_found found;
	enum { LOAD_FINE, LOAD_DAMAGED, LOAD_IO } result;
};

static uint64_t entry_offset(const struct index_entry *e)
{
	return (uint64_t)e->offset * INDEX_UNIT;
}

static size_t entry_bytes(const struct index_entry *e)
{
	return (size_t)e->bytes * INDEX_UNIT;
}

static bool decode(struct segment *s, const struct index_entry *e, struct cache_key key,
                   char *memory, struct disk_found *found)
{
	struct record r;

	if (!disk_decode(s, entry_offset(e), memory, entry_bytes(e), &r, found) ||
	    !cache_key_eq(r.key, key))
		return false;
	if (e->flags & INDEX_IS_OLD)
		found->parts.meta.flags |= COBJ_IS_STALE;
	return true;
}

/* It cannot be had: out of the index. `failed`: it should have been there. */
static enum op_status load_failed(struct disk_load *q, struct segment *s, bool failed, bool is_io)
{
	struct disk *const d = q->disk;

	if (failed) {
		damaged(d, s, entry_offset(&q->entry), is_io);
		(void)disk_drop(d, q->key, &q->entry);
	} else {
		disk_lock(d);
		if (cache_index_remove(d->index, q->key, q->entry.segment, q->entry.offset))
			d->objects--;
		disk_unlock(d);
	}
	free(q->memory);
	q->memory = NULL;
	q->failed = failed;
	return q->op.status = OP_FAILED;
}

/* Fragments may have been evicted, and a crash have hidden it. */
static bool load_is_whole(struct disk_load *q)
{
	if (q->found.n_places == 0)
		return true;
	disk_lock(q->disk);
	const bool is_whole = places_are_there(q->disk, &q->found);

	disk_unlock(q->disk);
	return is_whole;
}

static void let_go(struct disk *d, struct segment *s)
{
	disk_lock(d);
	segment_unref(s);
	disk_unlock(d);
}

static void load_work(struct job *j)
{
	struct load_job *const w = CONTAINER_OF(j, struct load_job, job);
	const size_t n = entry_bytes(&w->entry);
	size_t got = 0;

	if (disk_io_read(&w->disk->io, w->segment->fd, w->memory, n, entry_offset(&w->entry),
	                 &got) != ERR_NONE)
		w->result = LOAD_IO;
	else if (got != n || !decode(w->segment, &w->entry, w->key, w->memory, &w->found))
		w->result = LOAD_DAMAGED;
}

static void load_done(struct job *j)
{
	struct load_job *const w = CONTAINER_OF(j, struct load_job, job);
	struct disk_load *const q = w->q;

	q->job = NULL;
	q->memory = w->memory;
	q->found = w->found;
	w->memory = NULL;
	if (w->result == LOAD_FINE && load_is_whole(q)) {
		op_complete(&q->op, OP_READY);
		return;
	}
	(void)load_failed(q, w->segment, w->result != LOAD_FINE, w->result == LOAD_IO);
	q->op.status = OP_PENDING;
	op_complete(&q->op, OP_FAILED);
}

static void load_release(struct job *j)
{
	struct load_job *const w = CONTAINER_OF(j, struct load_job, job);

	struct disk *const d = w->disk;

	let_go(d, w->segment);
	free(w->memory);
	free(w);
	disk_job_ends(d);
}

static void load_cancel(struct op *op)
{
	struct disk_load *const q = CONTAINER_OF(op, struct disk_load, op);
	struct job *j = q->job;

	q->job = NULL;
	job_cancel(&j);
}

static enum op_status load_by_job(struct disk_load *q, struct segment *s, struct loop *l,
                                  struct task *waiter)
{
	struct load_job *const w = check_calloc(1, sizeof(*w));

	*w = (struct load_job){
		.job = { .work = load_work, .done = load_done, .release = load_release },
		.disk = q->disk,
		.segment = s,
		.key = q->key,
		.entry = q->entry,
		.q = q,
		.memory = q->memory,
	};
	q->memory = NULL;
	disk_job_begins(q->disk);
	if (job_submit(q->disk->js, l, JOB_DISK, &w->job) != ERR_NONE) {
		/* The disk has too much to do: this one is a miss, but it stays where it is. */
		load_release(&w->job);
		return q->op.status = OP_FAILED;
	}
	q->job = &w->job;
	op_start(&q->op, l, waiter, load_cancel);
	return OP_PENDING;
}

uint64_t disk_piece_end(struct disk *d, const struct piece *p)
{
	lock_take(&d->lock);
	const uint64_t end = p->offset + p->used;

	lock_give(&d->lock);
	return end;
}

/* s: held by the caller; NULL: whoever has this number. */
static struct segment *find_place(struct disk *d, struct segment *s, uint32_t number,
                                  uint64_t offset, struct piece **piece)
{
	disk_lock(d);
	if (s == NULL)
		s = segment_find(d, number);
	*piece = NULL;
	if (s != NULL) {
		*piece = segment_piece_at(s, offset);
		if (*piece == NULL && s->fd < 0)
			s = NULL;
	}
	if (s != NULL)
		s->refs++;
	disk_unlock(d);
	return s;
}

struct segment *disk_find_place(struct disk *d, uint32_t number, uint64_t offset,
                                struct piece **piece)
{
	return find_place(d, NULL, number, offset, piece);
}

static void give_piece(struct disk *d, struct piece *p)
{
	disk_lock(d);
	piece_unref(d, p);
	disk_unlock(d);
}

enum op_status disk_load(struct disk_load *q, struct loop *l, struct task *waiter)
{
	struct disk *const d = q->disk;
	const uint64_t offset = entry_offset(&q->entry);
	const size_t n = entry_bytes(&q->entry);
	struct piece *p = NULL;

	CHECK_OBJ(d, DISK_MAGIC);
	q->op = (struct op){ .status = OP_IDLE };
	q->failed = false;
	q->job = q->memory = NULL;
	struct segment *const s = disk_find_place(d, q->entry.segment, offset, &p);

	if (s == NULL)
		return load_failed(q, NULL, false, false);
	enum op_status status = OP_FAILED;

	q->memory = n <= RECORD_BYTES_MAX ? malloc(n) : NULL;
	const bool is_here =
		q->memory != NULL &&
		(p != NULL ? offset + n <= disk_piece_end(d, p)
	                   : disk_io_read_resident(&d->io, s->fd, q->memory, n, offset));

	if (is_here && p != NULL)
		memcpy(q->memory, p->bytes + (offset - p->offset), n);
	if (q->memory != NULL && !is_here && p == NULL)
		return load_by_job(q, s, l, waiter);
	if (is_here && decode(s, &q->entry, q->key, q->memory, &q->found))
		status = load_is_whole(q) ? (q->op.status = OP_READY)
		                          : load_failed(q, NULL, false, false);
	else if (q->memory != NULL)
		status = load_failed(q, s, true, false);
	if (p != NULL)
		give_piece(d, p);
	let_go(d, s);
	return status;
}

void disk_load_done(struct disk_load *q)
{
	free(q->memory);
	q->memory = NULL;
}

/* --- fragments -------------------------------------------------------------------------------- */

enum hold_kind { HOLD_SEGMENT, HOLD_PIECE };

struct fragment_hold {
	enum hold_kind kind;
	struct segment *segment;
	struct piece *piece;
};

struct fragment_job {
	struct job job;
	struct disk *disk;
	struct segment *segment; /* counted, until it is the operation's */
	struct disk_place place;
	struct disk_fragment *q;
	enum { FRAGMENT_FINE, FRAGMENT_DAMAGED, FRAGMENT_IO } result;
};

static uint64_t granules(const struct segment *s)
{
	return MAX(s->disk->segment_bytes, s->end) / GRANULE_BYTES / 64 + 2;
}

/* NULL: there is none yet, or the place is beyond it. */
static _Atomic uint64_t *word_of(const struct segment *s, uint64_t offset, uint64_t *bit)
{
	const uint64_t granule = offset / GRANULE_BYTES;

	*bit = 1ull << (granule % 64);
	return s->verified != NULL && granule / 64 < s->n_verified ? &s->verified[granule / 64]
	                                                           : NULL;
}

static bool is_verified(const struct segment *s, const struct disk_place *p)
{
	uint64_t bit;
	_Atomic uint64_t *const w = word_of(s, p->offset, &bit);

	/* Acquire: with set_verified() on the thread that read it. */
	return p->bytes >= GRANULE_BYTES && w != NULL &&
	       (atomic_load_explicit(w, memory_order_acquire) & bit) != 0;
}

static void set_verified(struct segment *s, const struct disk_place *p, bool is)
{
	uint64_t bit;
	_Atomic uint64_t *const w = word_of(s, p->offset, &bit);

	if (w == NULL)
		return;
	if (is)
		atomic_fetch_or_explicit(w, bit, memory_order_release);
	else
		atomic_fetch_and_explicit(w, ~bit, memory_order_release);
}

/* With the lock held. */
static void need_verified(struct segment *s)
{
	if (s->verified != NULL)
		return;
	s->n_verified = granules(s);
	s->verified = check_calloc(s->n_verified, sizeof(*s->verified));
}

/* By a job: the whole fragment, in parts. */
static void fragment_work(struct job *j)
{
	struct fragment_job *const w = CONTAINER_OF(j, struct fragment_job, job);
	char *const bytes = malloc(w->place.bytes);
	size_t got = 0;

	w->result = FRAGMENT_IO;
	if (bytes == NULL)
		return;
	if (disk_io_read(&w->disk->io, w->segment->fd, bytes, w->place.bytes, w->place.offset,
	                 &got) == ERR_NONE)
		w->result = got == w->place.bytes && record_checksum(span_of(bytes, got)) ==
		                                             w->place.checksum
		                    ? FRAGMENT_FINE
		                    : FRAGMENT_DAMAGED;
	free(bytes);
	/* In the granule of a short one another may begin, which was not read. */
	if (w->result == FRAGMENT_FINE && w->place.bytes >= GRANULE_BYTES)
		set_verified(w->segment, &w->place, true);
}

static enum op_status fragment_ready(struct disk_fragment *q, struct segment *s, struct piece *p)
{
	struct fragment_hold *const h = check_calloc(1, sizeof(*h));

	*h = (struct fragment_hold){ p != NULL ? HOLD_PIECE : HOLD_SEGMENT, s, p };
	q->hold = h;
	q->fd = p != NULL ? -1 : s->fd;
	q->offset = q->place.offset;
	if (p != NULL)
		q->bytes = span_of(p->bytes + (q->place.offset - p->offset), q->place.bytes);
	return q->op.status = OP_READY;
}

static void fragment_job_done(struct job *j)
{
	struct fragment_job *const w = CONTAINER_OF(j, struct fragment_job, job);
	struct disk_fragment *const q = w->q;

	q->job = NULL;
	if (w->result == FRAGMENT_FINE) {
		(void)fragment_ready(q, w->segment, NULL);
		w->segment = NULL;
		q->op.status = OP_PENDING;
		op_complete(&q->op, OP_READY);
		return;
	}
	damaged(w->disk, w->segment, w->place.offset, w->result == FRAGMENT_IO);
	op_complete(&q->op, OP_FAILED);
}

static void fragment_release(struct job *j)
{
	struct fragment_job *const w = CONTAINER_OF(j, struct fragment_job, job);

	struct disk *const d = w->disk;

	if (w->segment != NULL)
		let_go(d, w->segment);
	free(w);
	disk_job_ends(d);
}

static void fragment_cancel(struct op *op)
{
	struct disk_fragment *const q = CONTAINER_OF(op, struct disk_fragment, op);
	struct job *j = q->job;

	q->job = NULL;
	job_cancel(&j);
}

static enum op_status fragment_by_job(struct disk_fragment *q, struct segment *s, struct loop *l,
                                      struct task *waiter)
{
	struct fragment_job *const w = check_calloc(1, sizeof(*w));

	*w = (struct fragment_job){
		.job = { .work = fragment_work,
		         .done = fragment_job_done,
		         .release = fragment_release },
		.disk = q->disk,
		.segment = s,
		.place = q->place,
		.q = q,
	};
	disk_job_begins(q->disk);
	if (job_submit(q->disk->js, l, JOB_DISK, &w->job) != ERR_NONE) {
		fragment_release(&w->job);
		q->is_busy = true;
		return q->op.status = OP_FAILED;
	}
	q->job = &w->job;
	op_start(&q->op, l, waiter, fragment_cancel);
	return OP_PENDING;
}

/* Short ones are read and verified here each time, if they are resident. */
static bool verify_short(struct disk *d, struct segment *s, const struct disk_place *p)
{
	char bytes[GRANULE_BYTES];

	return p->bytes < GRANULE_BYTES &&
	       disk_io_read_resident(&d->io, s->fd, bytes, p->bytes, p->offset) &&
	       record_checksum(span_of(bytes, p->bytes)) == p->checksum;
}

static bool is_servable(struct disk *d, struct segment *s, const struct disk_place *p)
{
	if (p->bytes < GRANULE_BYTES)
		return verify_short(d, s, p);
	if (!is_verified(s, p))
		return false;
	if (disk_io_is_resident(&d->io, s->fd, p->offset, p->bytes))
		return true;
	set_verified(s, p, false);
	return false;
}

enum op_status disk_fragment(struct disk_fragment *q, struct loop *l, struct task *waiter)
{
	struct disk *const d = q->disk;
	const struct disk_place *const at = &q->place;
	struct piece *p = NULL;

	CHECK_OBJ(d, DISK_MAGIC);
	q->op = (struct op){ .status = OP_IDLE };
	q->bytes = SPAN_NULL;
	q->is_busy = false;
	q->fd = -1;
	q->hold = q->job = NULL;
	if (at->bytes == 0 || at->bytes > DISK_FRAGMENT_BYTES || at->offset > INT64_MAX / 2)
		return q->op.status = OP_FAILED;
	struct segment *const s = find_place(d, q->segment, at->segment, at->offset, &p);

	if (s == NULL)
		return q->op.status = OP_FAILED;
	if (p != NULL && at->offset + at->bytes <= disk_piece_end(d, p))
		return fragment_ready(q, s, p);
	if (p != NULL) {
		give_piece(d, p);
		let_go(d, s);
		return q->op.status = OP_FAILED;
	}
	disk_lock(d);
	need_verified(s);
	disk_unlock(d);
	if (is_servable(d, s, at))
		return fragment_ready(q, s, NULL);
	return fragment_by_job(q, s, l, waiter);
}

void disk_fragment_done(struct disk_fragment *q)
{
	struct fragment_hold *const h = q->hold;

	if (h == NULL)
		return;
	q->hold = NULL;
	disk_lock(q->disk);
	if (h->piece != NULL)
		piece_unref(q->disk, h->piece);
	segment_unref(h->segment);
	disk_unlock(q->disk);
	free(h);
}
