/*
 * Looking into a directory. See disk_look.h.
 *
 * Segments are gone through newest first, and each head that was seen buries the older ones of its key.
 */
#include "cache/disk_look.h"

#include "cache/disk_int.h"

#define LOOK_MAGIC 0x6c6f6f6bU

struct look_segment {
	uint32_t number;
	uint64_t bytes, first_seq;
};

struct disk_look {
	uint32_t magic;
	struct disk_io io;
	struct disk_label label;
	struct look_segment *segments; /* newest first */
	size_t n_segments;
	uint32_t *journals;
	size_t n_journals;
	struct disk_look_stats stats;
	char *memory; /* of one record */
};

/* --- opening ------------------------------------------------------------------------------------------ */

static bool see_name(void *arg, const char *name)
{
	struct disk_look *const l = arg;
	uint32_t number;

	if (segment_parse_name(name, &number)) {
		l->segments =
			check_realloc(l->segments, (l->n_segments + 1) * sizeof(*l->segments));
		l->segments[l->n_segments++] = (struct look_segment){ .number = number };
	} else if (journal_parse_name(name, &number)) {
		l->journals = check_realloc(l->journals, (l->n_journals + 1) * sizeof(number));
		l->journals[l->n_journals++] = number;
	}
	return true;
}

/* ERR_NOT_FOUND: evicted meanwhile, or not whole yet. */
static enum err open_segment(struct disk_look *l, uint32_t number, int *fd, struct segment_head *h)
{
	char name[SEGMENT_NAME_BYTES], bytes[SEGMENT_FRAME_BYTES];
	size_t got = 0;

	segment_name(number, name);
	enum err e = disk_io_open(&l->io, name, DISK_OPEN_READ, fd);

	if (e != ERR_NONE)
		return e;
	e = disk_io_read(&l->io, *fd, bytes, sizeof(bytes), 0, &got);
	if (e == ERR_NONE && (got != sizeof(bytes) || !segment_get_head(bytes, h)))
		e = ERR_NOT_FOUND;
	if (e != ERR_NONE)
		disk_io_close(fd);
	return e;
}

static int newest_first(const void *a, const void *b)
{
	const struct look_segment *const x = a, *const y = b;

	return x->first_seq > y->first_seq ? -1 : x->first_seq < y->first_seq;
}

static void survey(struct disk_look *l)
{
	struct segment_head h;
	size_t n = 0;

	for (size_t i = 0; i < l->n_segments; i++) {
		struct look_segment *const s = &l->segments[i];
		int fd = -1;

		if (open_segment(l, s->number, &fd, &h) != ERR_NONE)
			continue;
		if (disk_io_size(&l->io, fd, &s->bytes) == ERR_NONE) {
			s->first_seq = h.first_seq;
			l->stats.file_bytes += s->bytes;
			l->segments[n++] = *s;
		}
		disk_io_close(&fd);
	}
	l->stats.segments = l->n_segments = n;
	if (n > 1)
		qsort(l->segments, n, sizeof(*l->segments), newest_first);
}

enum err disk_look_open(struct disk_look **out, const char *path)
{
	enum disk_folder folder = DISK_FOLDER_FOREIGN;
	struct disk_look *l;

	OBJ_NEW(l, LOOK_MAGIC);
	enum err e = disk_io_open_folder(&l->io, path, false, false, NULL);

	if (e == ERR_NONE)
		e = disk_label_read(&l->io, &l->label, &folder);
	if (e == ERR_NONE && folder != DISK_FOLDER_OURS)
		e = ERR_UNSUPPORTED;
	if (e == ERR_NONE)
		e = disk_io_names(&l->io, see_name, l);
	if (e != ERR_NONE) {
		disk_look_close(&l);
		return e;
	}
	l->memory = check_malloc(RECORD_BYTES_MAX);
	l->stats.capacity_bytes = l->label.capacity_bytes;
	l->stats.made_s = l->label.made_s;
	l->stats.is_in_use = !l->label.is_clean;
	survey(l);
	*out = l;
	return ERR_NONE;
}

void disk_look_close(struct disk_look **lp)
{
	struct disk_look *l = *lp;

	CHECK_OBJ(l, LOOK_MAGIC);
	*lp = NULL;
	disk_io_close_folder(&l->io);
	free(l->segments);
	free(l->journals);
	free(l->memory);
	OBJ_FREE(l, LOOK_MAGIC);
}

/* --- entries -------------------------------------------------------------------------------------------- */

struct open_one {
	int fd;
	struct segment_head head;
	struct segment_entry *entries;
	uint32_t n;
	bool is_sealed;
};

static enum err get_entries(struct disk_look *l, uint32_t number, struct open_one *o)
{
	struct segment_foot foot;
	uint64_t end, last_seq;

	*o = (struct open_one){ .fd = -1 };
	enum err e = open_segment(l, number, &o->fd, &o->head);

	if (e != ERR_NONE)
		return e;
	e = disk_read_entries(&l->io, o->fd, &o->head, &foot, &o->entries);
	o->is_sealed = e == ERR_NONE;
	if (e == ERR_NONE)
		o->n = foot.n;
	else if (e == ERR_SYNTAX)
		e = disk_scan_entries(&l->io, o->fd, &o->head, &o->entries, &o->n, &end, &last_seq);
	if (e != ERR_NONE)
		disk_io_close(&o->fd);
	return e;
}

static void close_one(struct open_one *o)
{
	disk_io_close(&o->fd);
	free(o->entries);
}

/* The record of an entry into l->memory; false: it is not whole, or cannot be read. */
static bool read_record(struct disk_look *l, const struct open_one *o,
                        const struct segment_entry *e, struct record *r, bool *was_read)
{
	const uint64_t offset = (uint64_t)e->offset * INDEX_UNIT;
	const size_t n = (size_t)e->bytes * INDEX_UNIT;
	size_t got = 0;

	*was_read = disk_io_read(&l->io, o->fd, l->memory, n, offset, &got) == ERR_NONE;
	return *was_read && got == n &&
	       record_get_header(l->memory, n, segment_seed(o->head.uid, offset), r) &&
	       record_bytes(r) == n;
}

/* --- objects -------------------------------------------------------------------------------------------- */

static enum err read_journals(struct disk_look *l, struct journal_dead *dead)
{
	enum err e = ERR_NONE;

	l->stats.journal_bytes = 0;
	for (size_t i = 0; i < l->n_journals; i++) {
		uint64_t bytes = 0;
		const enum err one =
			disk_journal_read(&l->io, l->journals[i], l->label.store, dead, &bytes);

		l->stats.journal_bytes += bytes;
		if (one != ERR_NONE && one != ERR_NOT_FOUND)
			e = one;
	}
	l->stats.tombstones = dead->n;
	return e;
}

void disk_look_stats(struct disk_look *l, struct disk_look_stats *out)
{
	struct journal_dead dead = { 0 };

	CHECK_OBJ(l, LOOK_MAGIC);
	(void)read_journals(l, &dead);
	journal_dead_fini(&dead);
	l->stats.sealed_segments = 0;
	for (size_t i = 0; i < l->n_segments; i++) {
		struct open_one o;

		if (get_entries(l, l->segments[i].number, &o) != ERR_NONE)
			continue;
		l->stats.sealed_segments += o.is_sealed ? 1 : 0;
		close_one(&o);
	}
	*out = l->stats;
}

struct looking {
	struct disk_look *look;
	struct journal_dead dead;
	disk_look_fn *see;
	disk_look_progress_fn *progress;
	void *arg;
	bool go_on;
};

static enum err see_head(struct looking *x, const struct open_one *o, const struct segment_entry *e)
{
	struct disk_look *const l = x->look;
	struct disk_look_object object = { .segment = o->head.number,
		                           .offset = (uint64_t)e->offset * INDEX_UNIT,
		                           .bytes = (uint64_t)e->bytes * INDEX_UNIT,
		                           .is_old = e->seq < l->label.old_below_seq };
	const struct tombstone seen = { { e->key_hi, e->key_lo }, e->seq, 0 };
	struct record r;
	bool was_read;

	if (journal_is_dead(&x->dead, seen.key, e->seq))
		return ERR_NONE;
	if (!journal_dead_add(&x->dead, &seen))
		return ERR_NOMEM;
	if (!read_record(l, o, e, &r, &was_read) ||
	    !record_get_head(&r, l->memory + RECORD_HEADER_BYTES, &object.found))
		return ERR_SYSTEM;
	if (object.found.n_places == 0)
		object.found.body =
			span_of(l->memory + RECORD_HEADER_BYTES + r.texts_bytes, r.body_bytes);
	x->go_on = x->see(x->arg, &object);
	return ERR_NONE;
}

enum err disk_look_each(struct disk_look *l, disk_look_fn *see, disk_look_progress_fn *progress,
                        void *arg)
{
	CHECK_OBJ(l, LOOK_MAGIC);
	struct looking x = { .look = l, .see = see, .arg = arg, .go_on = true };
	enum err e = read_journals(l, &x.dead);
	uint64_t done = 0;

	for (size_t i = 0; i < l->n_segments && x.go_on && e != ERR_NOMEM; i++) {
		struct open_one o;
		const enum err one = get_entries(l, l->segments[i].number, &o);

		if (one != ERR_NONE) {
			e = one == ERR_NOT_FOUND ? e : ERR_SYSTEM;
			continue;
		}
		for (uint32_t n = o.n; n-- > 0 && x.go_on;)
			if (o.entries[n].type == RECORD_HEAD) {
				const enum err seen = see_head(&x, &o, &o.entries[n]);

				e = seen != ERR_NONE ? seen : e;
			}
		close_one(&o);
		done += l->segments[i].bytes;
		if (progress != NULL)
			progress(arg, done, l->stats.file_bytes);
	}
	journal_dead_fini(&x.dead);
	return e;
}

/* --- checksums ------------------------------------------------------------------------------------------ */

static void verify_one(struct disk_look *l, const struct open_one *o, const struct segment_entry *e,
                       struct disk_look_verdict *v, disk_look_bad_fn *bad_one, void *arg)
{
	struct disk_found found;
	bool was_read = false;
	struct record r;

	if (e->type == RECORD_VOID)
		return;
	bool is_good = read_record(l, o, e, &r, &was_read);
	const char *const texts = l->memory + RECORD_HEADER_BYTES;

	is_good = is_good && (r.type != RECORD_HEAD || record_get_head(&r, texts, &found)) &&
	          record_checksum(span_of(texts + r.texts_bytes, r.body_bytes)) == r.body_checksum;
	v->records++;
	v->bytes += (uint64_t)e->bytes * INDEX_UNIT;
	v->unread += was_read ? 0 : 1;
	if (is_good)
		return;
	v->bad++;
	if (bad_one != NULL)
		bad_one(arg, o->head.number, (uint64_t)e->offset * INDEX_UNIT);
}

enum err disk_look_verify(struct disk_look *l, struct disk_look_verdict *v,
                          disk_look_bad_fn *bad_one, disk_look_progress_fn *progress, void *arg)
{
	CHECK_OBJ(l, LOOK_MAGIC);
	enum err e = ERR_NONE;
	uint64_t done = 0;

	*v = (struct disk_look_verdict){ 0 };
	for (size_t i = 0; i < l->n_segments; i++) {
		struct open_one o;
		const enum err one = get_entries(l, l->segments[i].number, &o);

		done += l->segments[i].bytes;
		if (one != ERR_NONE) {
			e = one == ERR_NOT_FOUND ? e : one;
			continue;
		}
		for (uint32_t n = 0; n < o.n; n++) {
			verify_one(l, &o, &o.entries[n], v, bad_one, arg);
			if (progress != NULL && n % 1024 == 0)
				progress(arg,
				         done - l->segments[i].bytes +
				                 (uint64_t)o.entries[n].offset * INDEX_UNIT,
				         l->stats.file_bytes);
		}
		close_one(&o);
	}
	return v->bad > 0 ? ERR_SYNTAX : e;
}
