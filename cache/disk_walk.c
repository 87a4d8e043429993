/*
 * Reading what is there without hurry, by jobs: the entries of a segment, single records, all
 * heads.
 */
#include "cache/disk_int.h"

enum err disk_entries(struct disk *d, struct segment *s, struct segment_entry **entries,
                      uint32_t *n)
{
	struct segment_foot foot;
	enum err e = ERR_NONE;

	disk_lock(d);
	const bool is_sealed = s->state == SEGMENT_SEALED;

	if (!is_sealed) {
		*entries = malloc(s->n * sizeof(**entries) + 1);
		if (*entries == NULL)
			e = ERR_NOMEM;
		else if (s->n > 0)
			memcpy(*entries, s->entries, s->n * sizeof(**entries));
		*n = s->n;
	}
	disk_unlock(d);
	if (!is_sealed)
		return e;
	e = disk_read_entries(&d->io, s->fd, &s->head, &foot, entries);
	if (e == ERR_NONE)
		*n = foot.n;
	return e;
}

enum err disk_read_bytes(struct disk *d, uint32_t number, uint64_t offset, size_t bytes, char *to,
                         struct segment **out)
{
	struct piece *p = NULL;
	struct segment *const s = disk_find_place(d, number, offset, &p);
	size_t got = 0;
	enum err e = ERR_NONE;

	if (s == NULL)
		return ERR_NOT_FOUND;
	if (p == NULL)
		e = disk_io_read(&d->io, s->fd, to, bytes, offset, &got);
	else if (offset + bytes <= disk_piece_end(d, p))
		memcpy(to, p->bytes + (offset - p->offset), got = bytes);
	if (e == ERR_NONE && got != bytes)
		e = ERR_SYNTAX;
	disk_lock(d);
	if (p != NULL)
		piece_unref(d, p);
	if (e != ERR_NONE || out == NULL)
		segment_unref(s);
	disk_unlock(d);
	if (e == ERR_NONE && out != NULL)
		*out = s;
	return e;
}

enum err disk_read_object(struct disk *d, struct cache_key key, const struct index_entry *e,
                          char **memory, struct disk_found *found)
{
	const size_t n = (size_t)e->bytes * INDEX_UNIT;
	char *const bytes = n <= RECORD_BYTES_MAX ? malloc(n) : NULL;
	struct segment *s = NULL;
	struct record r;

	if (bytes == NULL)
		return ERR_NOMEM;
	enum err x = disk_read_bytes(d, e->segment, (uint64_t)e->offset * INDEX_UNIT, n, bytes, &s);

	if (x == ERR_NONE &&
	    (!disk_decode(s, (uint64_t)e->offset * INDEX_UNIT, bytes, n, &r, found) ||
	     !cache_key_eq(r.key, key)))
		x = ERR_SYNTAX;
	if (s != NULL) {
		disk_lock(d);
		segment_unref(s);
		disk_unlock(d);
	}
	if (x != ERR_NONE) {
		free(bytes);
		return x;
	}
	if (e->flags & INDEX_IS_OLD)
		found->parts.meta.flags |= COBJ_IS_STALE;
	*memory = bytes;
	return ERR_NONE;
}

/* --- all heads -------------------------------------------------------------------------------- */

static enum err see_entry(struct disk *d, const struct segment *s, const struct segment_entry *e,
                          disk_see_fn *see, void *arg, bool *go_on)
{
	const struct cache_key key = { e->key_hi, e->key_lo };
	struct index_entry entry;
	struct disk_found found;
	char *memory = NULL;

	/* Replaced, forgotten or moved: if it is anywhere, then there. */
	if (e->type != RECORD_HEAD || !cache_index_find(d->index, key, false, &entry) ||
	    entry.segment != s->number || entry.offset != e->offset)
		return ERR_NONE;
	const enum err x = disk_read_object(d, key, &entry, &memory, &found);

	if (x == ERR_NONE)
		*go_on = see(arg, &found);
	free(memory);
	return x == ERR_NOT_FOUND ? ERR_NONE : x;
}

static enum err see_segment(struct disk *d, uint32_t number, disk_see_fn *see, void *arg,
                            bool *go_on)
{
	struct segment_entry *entries = NULL;
	uint32_t n = 0;

	disk_lock(d);
	struct segment *const s = segment_find(d, number);

	if (s != NULL)
		s->refs++;
	disk_unlock(d);
	if (s == NULL)
		return ERR_NONE;
	enum err e = disk_entries(d, s, &entries, &n);

	for (uint32_t i = 0; e != ERR_NOMEM && i < n && *go_on && !disk_should_stop(d); i++) {
		const enum err x = see_entry(d, s, &entries[i], see, arg, go_on);

		if (x != ERR_NONE)
			e = ERR_SYSTEM;
	}
	free(entries);
	disk_lock(d);
	segment_unref(s);
	disk_unlock(d);
	return e;
}

/* So many times at most what was written again meanwhile is followed. */
#define ROUNDS_MAX 16u

/* One time through. */
struct round {
	uint32_t *numbers; /* of the segments to be looked at */
	size_t n;
	uint64_t next_seq, rewritten_bytes; /* when it began */
};

/* All segments with something that has this sequence number or a higher one. */
static struct round round_begin(struct disk *d, uint64_t since)
{
	struct round r = { 0 };

	disk_lock(d);
	r.numbers = check_calloc(d->n_segments + 1, sizeof(*r.numbers));
	for (unsigned c = 0; c < EVICT_CHAINS; c++)
		list_for_each(it, &d->chains[c]) {
			const struct segment *const s = CONTAINER_OF(it, struct segment, link);

			if (s->last_seq >= since)
				r.numbers[r.n++] = s->number;
		}
	r.next_seq = d->next_seq;
	r.rewritten_bytes = d->stats.rewritten_bytes;
	disk_unlock(d);
	return r;
}

/*
 * Nothing was moved meanwhile, perhaps from a segment that was still to come to one that was not
 * listed.
 */
static bool round_has_all(struct disk *d, const struct round *r)
{
	disk_lock(d);
	const bool has_all = d->stats.rewritten_bytes == r->rewritten_bytes;

	disk_unlock(d);
	return has_all;
}

enum err disk_walk(struct disk *d, disk_see_fn *see, void *arg)
{
	CHECK_OBJ(d, DISK_MAGIC);
	enum err e = ERR_NONE;
	bool go_on = true, has_all = false;
	uint64_t since = 0;

	for (unsigned n = 0; n < ROUNDS_MAX && !has_all && go_on && !disk_should_stop(d); n++) {
		const struct round r = round_begin(d, since);

		for (size_t i = 0; i < r.n && go_on && !disk_should_stop(d); i++)
			if (see_segment(d, r.numbers[i], see, arg, &go_on) != ERR_NONE)
				e = ERR_SYSTEM;
		has_all = round_has_all(d, &r);
		since = r.next_seq;
		free(r.numbers);
	}
	if (go_on && !has_all)
		e = ERR_SYSTEM;
	return disk_should_stop(d) ? ERR_CANCELLED : e;
}
