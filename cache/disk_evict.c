/*
 * Making room: the job that takes the segments which evict.h names, writes again what is worth it, and unlinks the
 * rest.
 */
#include "cache/disk_int.h"

/* With the lock held. */
static bool is_full(const struct disk *d)
{
	return d->is_loaded && !d->is_closing && d->used + 2 * d->segment_bytes > d->capacity;
}

static void drop_entries(struct disk *d, struct segment *s, const struct segment_entry *e,
                         uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (e[i].type != RECORD_HEAD)
			continue;
		disk_lock(d);
		if (cache_index_remove(d->index, (struct cache_key){ e[i].key_hi, e[i].key_lo },
		                       s->number, e[i].offset)) {
			d->objects--;
			d->stats.evicted_objects++;
		}
		disk_unlock(d);
	}
}

static void evict_segment(struct disk *d, struct segment *s)
{
	struct segment_entry *entries = NULL;
	struct segment_foot foot = { 0 };
	char name[SEGMENT_NAME_BYTES];

	if (disk_read_entries(&d->io, s->fd, &s->head, &foot, &entries) == ERR_NONE)
		drop_entries(d, s, entries, foot.n);
	else
		(void)cache_index_drop_segments(d->index, &s->number, 1);
	free(entries);
	/* First the file, then its number: as long as that is known, what is buried in it stays buried. */
	segment_name(s->head.number, name);
	const enum err e = disk_io_unlink(&d->io, name);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		disk_write_failed(d, "remove a segment", e);
	disk_lock(d);
	segment_leave(s);
	disk_unlock(d);
}

void disk_evict(struct disk *d)
{
	for (;;) {
		struct segment *s = NULL;

		disk_lock(d);
		if (is_full(d) && !disk_is_out_of_use(d)) {
			struct evict_segment *const e = evict_disk_next(&d->evict);

			s = e != NULL ? CONTAINER_OF(e, struct segment, evict) : NULL;
		}
		if (s != NULL) {
			s->is_evictable = false;
			s->refs++;
		}
		disk_unlock(d);
		if (s == NULL)
			return;
		evict_segment(d, s);
		disk_lock(d);
		segment_unref(s);
		disk_unlock(d);
	}
}
