/*
 * A start: which segments are there, what was buried, and what of the rest goes into the index.
 *
 * A job, beside which the directory is in use already. First the journal is read and each segment's
 * header and footer; from then on there may be puts. Then the index blocks, newest segment first:
 * what the index knows already stays, unless the sequence numbers say otherwise (which happens
 * where a crash took the tombstone, or caught an object while it was written again). A segment
 * without a footer was open at a crash: its records are read one after the other, and it is sealed
 * behind the last whole one.
 */
#include "cache/disk_int.h"

#include "base/counters.h"
#include "base/oplog.h"

#define SCAN_BYTES   ((size_t)2 * RECORD_BYTES_MAX)
#define LOAD_AT_ONCE 1024u

/* --- what is in a file ------------------------------------------------------------------------ */

enum err disk_read_entries(struct disk_io *io, int fd, const struct segment_head *h,
                           struct segment_foot *foot, struct segment_entry **out)
{
	char bytes[SEGMENT_FRAME_BYTES];
	uint64_t size = 0;
	size_t got = 0;
	enum err e = disk_io_size(io, fd, &size);

	if (e == ERR_NONE && size < (uint64_t)2 * SEGMENT_FRAME_BYTES)
		e = ERR_SYNTAX;
	if (e == ERR_NONE)
		e = disk_io_read(io, fd, bytes, sizeof(bytes), size - sizeof(bytes), &got);
	if (e != ERR_NONE)
		return e;
	if (got != sizeof(bytes) || !segment_get_foot(bytes, size, h, foot))
		return ERR_SYNTAX;
	const size_t n = foot->n * sizeof(struct segment_entry);
	struct segment_entry *const entries = malloc(n + 1);

	if (entries == NULL)
		return ERR_NOMEM;
	e = disk_io_read(io, fd, entries, n, foot->index_offset, &got);
	if (e == ERR_NONE && (got != n || !segment_check_index(foot, entries)))
		e = ERR_SYNTAX;
	if (e != ERR_NONE) {
		free(entries);
		return e;
	}
	*out = entries;
	return ERR_NONE;
}

/* A window of the file that is moved along. */
struct scan {
	struct disk_io *io;
	int fd;
	uint64_t uid;
	char *bytes;
	uint64_t from; /* of bytes[0] in the file */
	size_t n;
	struct segment *into; /* only its entries */
};

/* The bytes from `offset` on, at least those of the longest record unless the file ends. */
static enum err scan_fill(struct scan *s, uint64_t offset)
{
	if (offset + RECORD_BYTES_MAX <= s->from + s->n)
		return ERR_NONE;
	s->from = offset;
	s->n = 0;
	return disk_io_read(s->io, s->fd, s->bytes, SCAN_BYTES, offset, &s->n);
}

/* Whether a whole record is there: texts are checked, bodies when they are read. */
static bool scan_record(struct scan *s, uint64_t offset, struct record *r)
{
	const char *const at = s->bytes + (offset - s->from);
	const size_t n = s->n - (size_t)(offset - s->from);

	if (!record_get_header(at, n, segment_seed(s->uid, offset), r) || record_bytes(r) > n)
		return false;
	return r->texts_bytes == 0 || record_checksum(span_of(at + RECORD_HEADER_BYTES,
	                                                      r->texts_bytes)) == r->texts_checksum;
}

enum err disk_scan_entries(struct disk_io *io, int fd, const struct segment_head *h,
                           struct segment_entry **entries, uint32_t *n, uint64_t *end,
                           uint64_t *last_seq)
{
	struct segment into = { 0 };
	struct scan s = { .io = io, .fd = fd, .uid = h->uid, .bytes = malloc(SCAN_BYTES) };
	uint64_t offset = SEGMENT_FRAME_BYTES;
	struct record r;
	enum err e = s.bytes != NULL ? ERR_NONE : ERR_NOMEM;

	while (e == ERR_NONE && (e = scan_fill(&s, offset)) == ERR_NONE &&
	       scan_record(&s, offset, &r)) {
		if (!segment_add_entry(&into, &r, offset))
			e = ERR_NOMEM;
		offset += record_bytes(&r);
	}
	free(s.bytes);
	if (e != ERR_NONE) {
		free(into.entries);
		return e;
	}
	*entries = into.entries;
	*n = into.n;
	*last_seq = into.last_seq;
	*end = offset;
	return ERR_NONE;
}

/* --- the survey ------------------------------------------------------------------------------- */

struct found_segment {
	struct segment_head head;
	int fd;
	uint64_t bytes;
};

struct survey {
	struct disk *disk;
	struct found_segment *v;
	size_t n;
};

static int newest_first(const void *a, const void *b)
{
	const uint64_t x = ((const struct found_segment *)a)->head.first_seq,
		       y = ((const struct found_segment *)b)->head.first_seq;

	return x > y ? -1 : x < y;
}

/* False: it is not one of ours, or never became one. */
static bool open_segment(struct disk *d, uint32_t number, struct found_segment *f)
{
	char name[SEGMENT_NAME_BYTES], bytes[SEGMENT_FRAME_BYTES];
	size_t got = 0;

	*f = (struct found_segment){ .fd = -1 };
	segment_name(number, name);
	enum err e = disk_io_open(&d->io, name, DISK_OPEN_WRITE, &f->fd);

	if (e == ERR_NONE)
		e = disk_io_read(&d->io, f->fd, bytes, sizeof(bytes), 0, &got);
	if (e == ERR_NONE)
		e = disk_io_size(&d->io, f->fd, &f->bytes);
	if (e == ERR_NONE && got == sizeof(bytes) && segment_get_head(bytes, &f->head) &&
	    f->head.number == number && f->head.store == d->label.store)
		return true;
	disk_io_close(&f->fd);
	if (e != ERR_NONE) {
		d->start.unreadable++;
		disk_lock(d);
		d->is_partial = true;
		disk_unlock(d);
		oplog(OPLOG_WARNING, "cache_dir %s: cannot read %s (%s): what is in it is not used",
		      d->path, name, err_text(e));
		return false;
	}
	oplog(OPLOG_WARNING,
	      "cache_dir %s: %s has no readable header, or belongs to another directory: removed",
	      d->path, name);
	(void)disk_io_unlink(&d->io, name);
	count(COUNT_SWAP_FILES_CLEANED);
	d->start.removed++;
	return false;
}

static void read_journals(struct disk *d)
{
	struct journal_dead dead = { 0 };
	unsigned n_kept = 0;
	enum err e = ERR_NONE;
	uint64_t all = 0;

	for (unsigned i = 0; i < d->n_names_journal; i++) {
		uint64_t bytes = 0;
		const enum err one = disk_journal_read(&d->io, d->names_journal[i], d->label.store,
		                                       &dead, &bytes);

		all += bytes;
		if (one != ERR_NONE)
			e = one;
		if (one == ERR_NONE && bytes == 0)
			disk_journal_remove(d, d->names_journal[i]);
		else
			d->names_journal[n_kept++] = d->names_journal[i];
	}
	d->n_names_journal = n_kept;
	disk_lock(d);
	/* What was buried meanwhile is newer. */
	for (size_t i = 0; i < dead.cap; i++)
		if (dead.slots[i].seq != 0 && !journal_dead_add(&d->dead, &dead.slots[i]))
			e = ERR_NOMEM;
	d->journal_bytes += all;
	for (unsigned i = 0; i < d->n_names_journal; i++)
		if (d->n_old_journals < ARRAY_LEN(d->old_journals))
			d->old_journals[d->n_old_journals++] = d->names_journal[i];
	if (e != ERR_NONE)
		d->is_dead_set_short = d->is_partial = true;
	disk_unlock(d);
	journal_dead_fini(&dead);
	if (e != ERR_NONE)
		oplog(OPLOG_ERROR,
		      "cache_dir %s: the journal cannot be read (%s): nothing of what is stored "
		      "there is "
		      "used, since it may be out of date",
		      d->path, err_text(e));
}

/* Everything that is there becomes known, oldest last. */
static void survey(struct survey *s)
{
	struct disk *const d = s->disk;

	s->v = check_calloc(d->n_names_segment + 1, sizeof(*s->v));
	for (size_t i = 0; i < d->n_names_segment; i++)
		if (open_segment(d, d->names_segment[i], &s->v[s->n]))
			s->n++;
	qsort(s->v, s->n, sizeof(*s->v), newest_first);
	disk_lock(d);
	for (size_t i = 0; i < s->n; i++) {
		struct segment *const x = segment_new(d, &s->v[i].head);

		x->fd = s->v[i].fd;
		x->state = SEGMENT_SEALED;
		x->end = s->v[i].bytes;
		segment_enter(d, x, false);
		segment_count(x, s->v[i].bytes);
	}
	d->is_surveyed = true;
	disk_unlock(d);
}

/* --- the index -------------------------------------------------------------------------------- */

static uint64_t seq_at(struct disk *d, const struct index_entry *e)
{
	char bytes[RECORD_HEADER_BYTES];
	struct record r = { 0 };
	size_t got = 0;

	disk_lock(d);
	struct segment *const s = segment_find(d, e->segment);
	const uint64_t offset = (uint64_t)e->offset * INDEX_UNIT;

	/* What is not written yet is newer than all that is loaded. */
	if (s == NULL || s->fd < 0 || offset >= s->end || s->state != SEGMENT_SEALED) {
		disk_unlock(d);
		return s == NULL ? 0 : UINT64_MAX;
	}
	s->refs++;
	disk_unlock(d);
	if (disk_io_read(&d->io, s->fd, bytes, sizeof(bytes), offset, &got) != ERR_NONE ||
	    got != sizeof(bytes) ||
	    !record_get_header(bytes, sizeof(bytes), segment_seed(s->head.uid, offset), &r))
		r.seq = 0;
	disk_lock(d);
	segment_unref(s);
	disk_unlock(d);
	return r.seq;
}

/*
 * Two heads of one key, and no tombstone between: the older one is buried, also for the next start.
 */
static void settle_twins(struct disk *d, const struct index_load *mine, uint64_t seq)
{
	struct index_entry other;

	if (!cache_index_find(d->index, mine->key, false, &other) ||
	    disk_id_of(other.segment) != d->id)
		return;
	const uint64_t other_seq = seq_at(d, &other);

	disk_lock(d);
	if (other_seq < seq && !journal_is_dead(&d->dead, mine->key, seq))
		(void)cache_index_move(d->index, mine->key, &other, &mine->entry);
	disk_bury(d, mine->key, MIN(seq, other_seq),
	          other_seq < seq ? other.segment : mine->entry.segment);
	disk_unlock(d);
}

struct batch {
	struct disk *disk;
	struct segment *segment;
	struct index_load items[LOAD_AT_ONCE];
	uint64_t seqs[LOAD_AT_ONCE];
	size_t n;
	uint32_t n_heads;
};

/* What was buried while the batch was filled must not get in: judged and entered under one lock. */
static void load_batch(struct batch *b)
{
	struct disk *const d = b->disk;
	size_t n = 0;

	disk_lock(d);
	for (size_t i = 0; i < b->n; i++)
		if (!d->is_dead_set_short &&
		    !journal_is_dead(&d->dead, b->items[i].key, b->seqs[i])) {
			b->items[n] = b->items[i];
			b->seqs[n++] = b->seqs[i];
		}
	if (b->segment->state == SEGMENT_GONE)
		n = 0;
	const size_t n_refused = cache_index_load(d->index, b->items, n);

	d->start.refused += n_refused;
	/* What memory_limit keeps out of the index is there all the same. */
	d->is_partial = d->is_partial || n_refused > 0;
	for (size_t i = 0; i < n; i++) {
		d->start.entered += b->items[i].is_entered ? 1 : 0;
		d->objects += b->items[i].is_entered ? 1 : 0;
	}
	disk_unlock(d);
	for (size_t i = 0; i < n; i++)
		if (!b->items[i].is_entered)
			settle_twins(d, &b->items[i], b->seqs[i]);
	b->n = 0;
}

/* From the end: of two heads of one key in a segment the later one counts. */
static void load_entries(struct disk *d, struct segment *s, const struct segment_entry *e,
                         uint32_t n, struct batch *b)
{
	*b = (struct batch){ .disk = d, .segment = s };
	while (n-- > 0) {
		if (e[n].type != RECORD_HEAD)
			continue;
		b->n_heads++;
		b->seqs[b->n] = e[n].seq;
		b->items[b->n++] = (struct index_load){
			.key = { e[n].key_hi, e[n].key_lo },
			.entry = { .segment = s->number,
			           .offset = e[n].offset,
			           .bytes = e[n].bytes,
			           .flags = e[n].seq < d->label.old_below_seq ? INDEX_IS_OLD : 0 },
		};
		if (b->n == LOAD_AT_ONCE)
			load_batch(b);
	}
	load_batch(b);
}

/* Give a segment that a crash left open its index block. */
static enum err seal_again(struct disk *d, struct segment *s, const struct segment_entry *e,
                           uint32_t n, uint64_t end, uint64_t last_seq, uint64_t *bytes)
{
	struct segment_foot f = { .number = s->head.number,
		                  .n = n,
		                  .uid = s->head.uid,
		                  .last_seq = last_seq,
		                  .index_offset = end };
	char foot[SEGMENT_FRAME_BYTES];

	segment_put_foot(foot, &f, e);
	enum err x = disk_io_cut(&d->io, s->fd, end);

	if (x == ERR_NONE && n > 0)
		x = disk_io_write(&d->io, s->fd, e, n * sizeof(*e), end);
	if (x == ERR_NONE)
		x = disk_io_write(&d->io, s->fd, foot, sizeof(foot), end + n * sizeof(*e));
	*bytes = end + n * sizeof(*e) + sizeof(foot);
	if (x == ERR_NONE) {
		disk_lock(d);
		d->stats.written_bytes += *bytes - end;
		disk_unlock(d);
	}
	return x;
}

/* Entries as they are in the file; where there are none, the segment is gone. */
static enum err get_entries(struct disk *d, struct segment *s, struct segment_entry **entries,
                            uint32_t *n)
{
	struct segment_foot foot;
	uint64_t end = 0, last_seq = 0, bytes = s->end;
	enum err e = disk_read_entries(&d->io, s->fd, &s->head, &foot, entries);

	if (e == ERR_NONE) {
		*n = foot.n;
		end = foot.index_offset;
		last_seq = foot.last_seq;
	} else if (e == ERR_SYNTAX) {
		e = disk_scan_entries(&d->io, s->fd, &s->head, entries, n, &end, &last_seq);
		/* If it cannot be sealed it is read like this the next time, too. */
		if (e == ERR_NONE &&
		    seal_again(d, s, *entries, *n, end, last_seq, &bytes) != ERR_NONE)
			bytes = s->counted;
		d->start.scanned++;
		d->start.cut_bytes += e == ERR_NONE && s->end > end ? s->end - end : 0;
	}
	if (e != ERR_NONE)
		return e;
	disk_lock(d);
	s->end = end;
	s->last_seq = last_seq;
	s->is_dirty = true;
	segment_count(s, bytes);
	disk_unlock(d);
	return ERR_NONE;
}

static void remove_segment(struct disk *d, struct segment *s)
{
	char name[SEGMENT_NAME_BYTES];

	segment_name(s->head.number, name);
	(void)disk_io_unlink(&d->io, name);
	count(COUNT_SWAP_FILES_CLEANED);
	d->start.removed++;
	disk_lock(d);
	segment_leave(s);
	disk_unlock(d);
}

/*
 * One that cannot be read may be readable at the next start: nothing in it may be taken for gone.
 */
static void load_segment(struct disk *d, struct segment *s, struct batch *b)
{
	struct segment_entry *entries = NULL;
	uint32_t n = 0;
	const enum err e = get_entries(d, s, &entries, &n);

	if (e != ERR_NONE) {
		d->start.unreadable++;
		disk_lock(d);
		d->is_partial = true;
		disk_unlock(d);
		oplog(OPLOG_WARNING,
		      "cache_dir %s: cannot read segment-%08x (%s): what is in it is not used",
		      d->path, s->head.number, err_text(e));
		return;
	}
	load_entries(d, s, entries, n, b);
	d->start.heads += b->n_heads;
	free(entries);
	if (b->n_heads == 0 && n == 0) {
		remove_segment(d, s);
		return;
	}
	disk_lock(d);
	s->n_heads = b->n_heads;
	disk_unlock(d);
}

static void loaded(struct disk *d)
{
	disk_lock(d);
	d->is_loaded = true;
	for (unsigned c = 0; c < EVICT_CHAINS; c++)
		list_for_each(it, &d->chains[c])
			segment_make_evictable(CONTAINER_OF(it, struct segment, link));
	journal_dead_fini(&d->dead);
	d->is_partial = d->is_partial || d->is_dead_set_short;
	const bool is_of_no_use = d->is_dead_set_short;

	d->start.is_cut = d->is_closing;
	pthread_cond_broadcast(&d->changed);
	disk_want(d, WORK_FLUSH);
	disk_want(d, WORK_EVICT);
	disk_unlock(d);
	if (is_of_no_use)
		oplog(OPLOG_WARNING, "cache_dir %s: what was stored there is not used", d->path);
	if (!d->start.is_cut)
		disk_tell_loaded(d);
}

void disk_load_index(struct disk *d)
{
	struct survey s = { .disk = d };
	struct batch *const b = check_calloc(1, sizeof(*b));

	(void)disk_mark(d);
	read_journals(d);
	survey(&s);
	for (size_t i = 0; i < s.n && !disk_should_stop(d); i++) {
		disk_lock(d);
		struct segment *const x = segment_find(d, (uint32_t)(d->id << DISK_SEGMENT_BITS) |
		                                                  s.v[i].head.number);

		if (x != NULL)
			x->refs++;
		disk_unlock(d);
		if (x == NULL)
			continue;
		load_segment(d, x, b);
		disk_lock(d);
		segment_unref(x);
		disk_unlock(d);
	}
	loaded(d);
	free(s.v);
	free(b);
}
