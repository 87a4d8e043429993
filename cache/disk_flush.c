/*
 * The jobs that write: pieces into segments, index blocks and footers behind them, and what makes
 * all durable.
 *
 * One flush runs at a time, so a segment's pieces are written in their order, and what is found
 * behind a hole after a crash does not matter.
 */
#include "cache/disk_int.h"

/* --- pieces ----------------------------------------------------------------------------------- */

/* The next piece to be written, counted, or NULL. With the lock held. */
static struct piece *next_piece(struct disk *d)
{
	for (unsigned c = 0; c < EVICT_CHAINS; c++)
		list_for_each(it, &d->chains[c]) {
			struct segment *const s = CONTAINER_OF(it, struct segment, link);
			struct list *const first = list_first(&s->pieces);
			struct piece *const p =
				first != NULL ? CONTAINER_OF(first, struct piece, link) : NULL;

			if (p != NULL && p->is_closed && p->fillers == 0) {
				p->refs++;
				s->refs++;
				return p;
			}
		}
	return NULL;
}

static enum err make_file(struct disk *d, struct segment *s)
{
	char name[SEGMENT_NAME_BYTES], head[SEGMENT_FRAME_BYTES];
	int fd = -1;

	segment_name(s->head.number, name);
	segment_put_head(head, &s->head);
	enum err e = disk_io_open(&d->io, name, DISK_OPEN_NEW, &fd);

	if (e == ERR_NONE)
		e = disk_io_write(&d->io, fd, head, sizeof(head), 0);
	if (e != ERR_NONE) {
		if (fd >= 0)
			(void)disk_io_unlink(&d->io, name);
		disk_io_close(&fd);
		return e;
	}
	disk_lock(d);
	s->fd = fd;
	d->stats.written_bytes += sizeof(head);
	disk_unlock(d);
	return ERR_NONE;
}

/* What stays there is found again at the next start; so nothing in it counts as gone. */
static void remove_file(struct disk *d, struct segment *s)
{
	char name[SEGMENT_NAME_BYTES];

	if (s->fd < 0)
		return;
	segment_name(s->head.number, name);
	const enum err e = disk_io_unlink(&d->io, name);

	if (e == ERR_NONE || e == ERR_NOT_FOUND)
		return;
	disk_lock(d);
	d->is_partial = true;
	disk_unlock(d);
}

/* First the file: as long as the index has what is in it, what is forgotten of it is buried. */
static void lose(struct disk *d, struct segment *s, const char *what, enum err e)
{
	remove_file(d, s);
	disk_lock(d);
	disk_abandon(s);
	disk_unlock(d);
	disk_write_failed(d, what, e);
}

static void write_piece(struct disk *d, struct piece *p)
{
	struct segment *const s = p->segment;
	enum err e = s->fd < 0 ? make_file(d, s) : ERR_NONE;

	if (e == ERR_NONE)
		e = disk_io_write(&d->io, s->fd, p->bytes, p->used, p->offset);
	if (e != ERR_NONE)
		lose(d, s, "write to a segment", e);
	disk_lock(d);
	if (e == ERR_NONE && s->state != SEGMENT_GONE) {
		list_remove(&p->link);
		piece_unref(d, p);
		s->is_dirty = true;
		d->stats.written_bytes += p->used;
		d->failures = 0;
	}
	piece_unref(d, p);
	segment_unref(s);
	disk_unlock(d);
}

/* --- sealing ---------------------------------------------------------------------------------- */

/* A closed segment without unwritten pieces, counted, or NULL. With the lock held. */
static struct segment *next_to_seal(struct disk *d)
{
	for (unsigned c = 0; c < EVICT_CHAINS; c++)
		list_for_each(it, &d->chains[c]) {
			struct segment *const s = CONTAINER_OF(it, struct segment, link);

			if (s->state == SEGMENT_CLOSED && list_is_empty(&s->pieces)) {
				s->refs++;
				return s;
			}
		}
	return NULL;
}

/* Nobody adds entries to a closed segment, so they are read without the lock. */
static enum err write_seal(struct disk *d, struct segment *s, uint64_t *bytes)
{
	struct segment_foot f = { .number = s->head.number,
		                  .n = s->n,
		                  .uid = s->head.uid,
		                  .last_seq = s->last_seq,
		                  .index_offset = s->end };
	const size_t n = s->n * sizeof(*s->entries);
	char foot[SEGMENT_FRAME_BYTES];

	segment_put_foot(foot, &f, s->entries);
	enum err e = s->fd < 0 ? make_file(d, s) : ERR_NONE;

	if (e == ERR_NONE && n > 0)
		e = disk_io_write(&d->io, s->fd, s->entries, n, s->end);
	if (e == ERR_NONE)
		e = disk_io_write(&d->io, s->fd, foot, sizeof(foot), s->end + n);
	*bytes = s->end + n + sizeof(foot);
	return e;
}

static void seal(struct disk *d, struct segment *s)
{
	uint64_t bytes = 0;
	const enum err e = write_seal(d, s, &bytes);

	if (e != ERR_NONE)
		lose(d, s, "seal a segment", e);
	disk_lock(d);
	if (s->state == SEGMENT_CLOSED) {
		s->state = SEGMENT_SEALED;
		s->is_dirty = true;
		segment_count(s, bytes);
		d->stats.written_bytes += bytes - s->end;
		for (uint32_t i = 0; i < s->n; i++)
			s->n_heads += s->entries[i].type == RECORD_HEAD ? 1 : 0;
		segment_make_evictable(s);
		/* Whoever wanted room may have come when there was nothing that could go. */
		if (disk_is_full(d))
			disk_want(d, WORK_EVICT);
		free(s->entries);
		s->entries = NULL;
		s->n = s->cap = 0;
	}
	segment_unref(s);
	disk_unlock(d);
}

void disk_flush(struct disk *d)
{
	struct segment *s = NULL;
	struct piece *p = NULL;

	if (disk_mark(d) != ERR_NONE)
		return;
	do {
		disk_lock(d);
		p = next_piece(d);
		s = p == NULL ? next_to_seal(d) : NULL;
		disk_unlock(d);
		if (p != NULL)
			write_piece(d, p);
		else if (s != NULL)
			seal(d, s);
	} while (p != NULL || s != NULL);
	segment_close_gone(d);
	disk_journal_compact(d);
}

/* --- durable ---------------------------------------------------------------------------------- */

/* One that was written to since it was last settled, counted. With the lock held. */
static struct segment *next_dirty(struct disk *d)
{
	for (unsigned c = 0; c < EVICT_CHAINS; c++)
		list_for_each(it, &d->chains[c]) {
			struct segment *const s = CONTAINER_OF(it, struct segment, link);

			if (s->is_dirty && s->fd >= 0) {
				s->is_dirty = false;
				s->refs++;
				return s;
			}
		}
	return NULL;
}

/*
 * After a failed fdatasync() nobody knows what of the file is on the device (Linux tells once, and
 * forgets): what was in it may come back as it was before. The objects in it are found by their
 * checksums if damaged.
 */
void disk_settle(struct disk *d)
{
	enum err e = ERR_NONE;

	for (;;) {
		disk_lock(d);
		struct segment *const s = next_dirty(d);

		disk_unlock(d);
		if (s == NULL)
			break;
		const enum err failed = disk_io_sync(&d->io, s->fd);

		if (failed != ERR_NONE)
			e = failed;
		disk_lock(d);
		segment_unref(s);
		disk_unlock(d);
	}
	if (e != ERR_NONE)
		disk_write_failed(d, "sync a segment", e);
	(void)disk_io_sync_folder(&d->io);
	disk_lock(d);
	disk_want(d, WORK_SYNC);
	disk_unlock(d);
}
