/*
 * Making room: the job that takes the segments which evict.h names, writes again what is worth it,
 * and unlinks the rest.
 *
 * An object is judged when the first segment goes that holds a part of it: its head, or only
 * fragments. What is kept is written again as far as it lies in that segment (fragments elsewhere
 * stay there), with a new head. The old file is unlinked when the new one is written, so that a
 * kill loses nothing; and the index forgets what was in it when it is unlinked, so that what is
 * purged meanwhile is known, and buried.
 */
#include "cache/disk_int.h"

#include <poll.h>

#define WAIT_MS   5
#define WAITS_MAX 400

/* What is known of the objects of a segment. */
struct victims {
	struct disk *disk;
	struct segment *segment;
	const struct segment_entry *entries;
	uint32_t n_entries;
	uint32_t *fragments; /* indexes of those, by key */
	uint32_t n_fragments;
	struct evict_object *objects;
	struct index_entry *places; /* by number of the object: where its head is */
	size_t n;
};

static struct cache_key key_of(const struct segment_entry *e)
{
	return (struct cache_key){ e->key_hi, e->key_lo };
}

/* --- gathering -------------------------------------------------------------------------------- */

static int key_cmp(struct cache_key a, struct cache_key b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return a.lo < b.lo ? -1 : a.lo > b.lo;
}

static int by_key(const void *a, const void *b, void *entries)
{
	const struct segment_entry *const e = entries;

	return key_cmp(key_of(&e[*(const uint32_t *)a]), key_of(&e[*(const uint32_t *)b]));
}

/* The first of the fragments with this key or a higher one. */
static uint32_t first_fragment(const struct victims *v, struct cache_key key)
{
	uint32_t low = 0, high = v->n_fragments;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (key_cmp(key_of(&v->entries[v->fragments[middle]]), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t fragment_bytes(const struct victims *v, struct cache_key key)
{
	uint64_t bytes = 0;

	for (uint32_t i = first_fragment(v, key);
	     i < v->n_fragments && cache_key_eq(key_of(&v->entries[v->fragments[i]]), key); i++)
		bytes += (uint64_t)v->entries[v->fragments[i]].bytes * INDEX_UNIT;
	return bytes;
}

static void add_object(struct victims *v, struct cache_key key, const struct index_entry *at)
{
	v->objects[v->n] = (struct evict_object){
		.key = key,
		.bytes = (uint64_t)at->bytes * INDEX_UNIT + fragment_bytes(v, key),
		.number = (uint32_t)v->n,
		.uses = at->uses,
	};
	v->places[v->n++] = *at;
}

static void gather_heads(struct victims *v)
{
	struct index_entry at;

	for (uint32_t i = 0; i < v->n_entries; i++) {
		const struct segment_entry *const e = &v->entries[i];

		if (e->type == RECORD_HEAD &&
		    cache_index_find(v->disk->index, key_of(e), false, &at) &&
		    at.segment == v->segment->number && at.offset == e->offset)
			add_object(v, key_of(e), &at);
	}
}

/* Objects of this directory that have fragments here and their head elsewhere. */
static void gather_others(struct victims *v)
{
	struct index_entry at;

	for (uint32_t i = 0; i < v->n_fragments; i++) {
		const struct cache_key key = key_of(&v->entries[v->fragments[i]]);

		if (i > 0 && cache_key_eq(key, key_of(&v->entries[v->fragments[i - 1]])))
			continue;
		if (cache_index_find(v->disk->index, key, false, &at) &&
		    at.segment != v->segment->number && disk_id_of(at.segment) == v->disk->id)
			add_object(v, key, &at);
	}
}

static void gather(struct victims *v)
{
	v->fragments = check_calloc(v->n_entries + 1, sizeof(*v->fragments));
	for (uint32_t i = 0; i < v->n_entries; i++)
		if (v->entries[i].type == RECORD_FRAGMENT)
			v->fragments[v->n_fragments++] = i;
	if (v->n_fragments > 1)
		qsort_r(v->fragments, v->n_fragments, sizeof(*v->fragments), by_key,
		        (void *)(uintptr_t)v->entries);
	v->objects = check_calloc(v->n_entries + 1, sizeof(*v->objects));
	v->places = check_calloc(v->n_entries + 1, sizeof(*v->places));
	gather_heads(v);
	gather_others(v);
}

static void judge(struct victims *v)
{
	struct disk *const d = v->disk;

	evict_disk_rank(&v->segment->evict, v->objects, v->n);
	for (size_t at = 0; at < v->n; at += EVICT_RATION_PIECE) {
		disk_lock(d);
		evict_disk_ration(&d->evict, &v->segment->evict, v->objects + at,
		                  MIN(v->n - at, (size_t)EVICT_RATION_PIECE));
		disk_unlock(d);
	}
}

/* --- writing again ---------------------------------------------------------------------------- */

/* Until a put may find room. False: it will not. */
static bool wait_for_room(struct disk *d, unsigned *waits)
{
	disk_lock(d);
	const bool is_worth_it = !d->is_closing && !disk_is_out_of_use(d) &&
	                         d->n_pieces >= PIECES_MAX && ++*waits < WAITS_MAX;

	disk_unlock(d);
	if (is_worth_it)
		(void)poll(NULL, 0, WAIT_MS);
	return is_worth_it;
}

static enum err copy_fragment(struct disk *d, struct cache_key key, const struct disk_place *from,
                              struct disk_place *to)
{
	char *const bytes = from->bytes <= DISK_FRAGMENT_BYTES ? malloc(from->bytes + 1) : NULL;
	unsigned waits = 0;

	if (bytes == NULL)
		return ERR_NOMEM;
	enum err e = disk_read_bytes(d, from->segment, from->offset, from->bytes, bytes, NULL);

	if (e == ERR_NONE && record_checksum(span_of(bytes, from->bytes)) != from->checksum)
		e = ERR_SYNTAX;
	while (e == ERR_NONE &&
	       (e = disk_rewrite_fragment(d, key, span_of(bytes, from->bytes), to)) == ERR_LIMIT &&
	       wait_for_room(d, &waits))
		e = ERR_NONE;
	free(bytes);
	return e;
}

/* What lies in the segment that goes is written elsewhere; *n of the places are in it. */
static enum err copy_fragments(struct victims *v, const struct disk_found *f,
                               struct disk_place *places, uint32_t *n)
{
	enum err e = ERR_NONE;

	for (uint32_t i = 0; e == ERR_NONE && i < f->n_places; i++) {
		places[i] = f->places[i];
		if (places[i].segment != v->segment->number)
			continue;
		(*n)++;
		e = copy_fragment(v->disk, f->parts.key, &f->places[i], &places[i]);
	}
	return e;
}

static bool needs_segment(const struct victims *v, const struct disk_found *f,
                          const struct index_entry *at)
{
	bool needs = at->segment == v->segment->number;

	for (uint32_t i = 0; !needs && i < f->n_places; i++)
		needs = f->places[i].segment == v->segment->number;
	return needs;
}

/* ERR_NONE: it does not need the segment any more. */
static enum err keep(struct victims *v, const struct evict_object *o)
{
	struct disk *const d = v->disk;
	struct index_entry at = v->places[o->number];
	struct disk_found f;
	char *memory = NULL;
	unsigned waits = 0;
	uint32_t n = 0;
	enum err e = disk_read_object(d, o->key, &at, &memory, &f);

	if (e != ERR_NONE)
		return e;
	if (!needs_segment(v, &f, &at) || !o->keep) {
		e = needs_segment(v, &f, &at) ? ERR_CANCELLED : ERR_NONE;
		free(memory);
		return e;
	}
	struct disk_place *const places = check_calloc(f.n_places + 1, sizeof(*places));

	e = copy_fragments(v, &f, places, &n);
	while (e == ERR_NONE && (e = disk_rewrite_head(d, &f, places, &at, o->uses)) == ERR_LIMIT &&
	       wait_for_room(d, &waits))
		e = ERR_NONE;
	free(places);
	free(memory);
	return e;
}

static bool is_other(const struct victims *v, const struct evict_object *o)
{
	return v->places[o->number].segment != v->segment->number;
}

/* Its head is in another segment and stays there: buried, so that a start does not find it. */
static void drop_other(struct victims *v, const struct evict_object *o)
{
	struct disk *const d = v->disk;
	const bool was_there = disk_drop(d, o->key, &v->places[o->number]);

	disk_lock(d);
	d->stats.evicted_objects += was_there;
	disk_unlock(d);
}

/* The file is gone, and with it what the index still finds there. */
static void drop_all(struct victims *v)
{
	struct disk *const d = v->disk;

	for (size_t i = 0; i < v->n; i++) {
		const struct evict_object *const o = &v->objects[i];
		const struct index_entry *const at = &v->places[o->number];

		if (is_other(v, o))
			continue;
		disk_lock(d);
		if (cache_index_remove(d->index, o->key, at->segment, at->offset)) {
			d->objects--;
			d->stats.evicted_objects++;
		}
		disk_unlock(d);
	}
}

/* Until what was kept is in its file. */
static void await_written(struct disk *d)
{
	for (unsigned i = 0; i < WAITS_MAX; i++) {
		bool is_waiting = false;

		disk_lock(d);
		disk_close_piece(d, EVICT_MAIN);
		list_for_each(it, &d->chains[EVICT_MAIN])
			if (!list_is_empty(&CONTAINER_OF(it, struct segment, link)->pieces))
				is_waiting = !d->is_closing;
		disk_unlock(d);
		if (!is_waiting)
			return;
		(void)poll(NULL, 0, WAIT_MS);
	}
}

/* False: there is no time for it; what is there stays. */
static bool settle_objects(struct victims *v)
{
	bool any_kept = false;

	for (size_t i = 0; i < v->n; i++) {
		if (disk_should_stop(v->disk))
			return false;
		const struct evict_object *const o = &v->objects[i];

		if ((o->keep || is_other(v, o)) && keep(v, o) == ERR_NONE)
			any_kept = any_kept || o->keep;
		else if (is_other(v, o))
			drop_other(v, o);
	}
	if (any_kept)
		await_written(v->disk);
	return !disk_should_stop(v->disk);
}

/* --- the job ---------------------------------------------------------------------------------- */

/* First the file, then its number: as long as that is known, what is buried in it stays buried. */
static enum err unlink_segment(struct disk *d, struct segment *s)
{
	char name[SEGMENT_NAME_BYTES];

	segment_name(s->head.number, name);
	const enum err e = disk_io_unlink(&d->io, name);

	if (e != ERR_NONE && e != ERR_NOT_FOUND) {
		disk_write_failed(d, "remove a segment", e);
		return e;
	}
	return ERR_NONE;
}

/* What cannot be unlinked is found again at the next start; so nothing in it counts as gone. */
static void remove_segment(struct disk *d, struct segment *s)
{
	const enum err e = unlink_segment(d, s);

	disk_lock(d);
	if (e != ERR_NONE)
		d->is_partial = true;
	disk_unlock(d);
}

static void leave(struct disk *d, struct segment *s)
{
	disk_lock(d);
	if (s->state != SEGMENT_GONE)
		segment_leave(s);
	disk_unlock(d);
}

/* Whatever the index finds in it, since nobody can say what there is. */
static void drop_unread(struct disk *d, struct segment *s)
{
	const uint64_t n = cache_index_drop_segments(d->index, &s->number, 1);

	disk_lock(d);
	d->objects -= MIN(n, d->objects);
	disk_unlock(d);
}

static void evict_segment(struct disk *d, struct segment *s)
{
	struct segment_entry *entries = NULL;
	struct victims v = { .disk = d, .segment = s };
	const bool is_read = disk_entries(d, s, &entries, &v.n_entries) == ERR_NONE;
	bool is_settled = true;

	if (is_read) {
		v.entries = entries;
		gather(&v);
		judge(&v);
		is_settled = settle_objects(&v);
	}
	if (is_settled) {
		/* What is in it may have replaced something that would be found again. */
		(void)disk_journal_write(d);
		remove_segment(d, s);
		if (is_read)
			drop_all(&v);
		else
			drop_unread(d, s);
		leave(d, s);
	}
	free(v.fragments);
	free(v.objects);
	free(v.places);
	free(entries);
}

static enum err sacrifice(struct disk *d, struct segment *s)
{
	const enum err e = unlink_segment(d, s);

	if (e != ERR_NONE)
		return e;
	drop_unread(d, s);
	disk_lock(d);
	if (s->state == SEGMENT_OPEN || s->state == SEGMENT_CLOSED)
		disk_abandon(s);
	else if (s->state == SEGMENT_SEALED)
		segment_leave(s);
	disk_unlock(d);
	return ERR_NONE;
}

/* The segment of this number, or any; counted. */
static struct segment *next_of(struct disk *d, uint32_t number)
{
	disk_lock(d);
	struct segment *s =
		number != JOURNAL_ANY_SEGMENT
			? segment_find(d, (uint32_t)(d->id << DISK_SEGMENT_BITS) | number)
			: NULL;

	for (unsigned c = 0; c < EVICT_CHAINS && s == NULL && number == JOURNAL_ANY_SEGMENT; c++)
		if (!list_is_empty(&d->chains[c]))
			s = CONTAINER_OF(list_first(&d->chains[c]), struct segment, link);
	if (s != NULL)
		s->refs++;
	disk_unlock(d);
	return s;
}

struct unlisted {
	struct disk *disk;
	enum err err;
};

/*
 * One that could not be opened at the start, or was to be removed and is still there, is on no
 * list.
 */
static bool unlink_unlisted(void *arg, const char *name)
{
	struct unlisted *const u = arg;
	struct disk *const d = u->disk;
	uint32_t number;

	if (!segment_parse_name(name, &number))
		return true;
	disk_lock(d);
	const bool is_listed =
		segment_find(d, (uint32_t)(d->id << DISK_SEGMENT_BITS) | number) != NULL;

	disk_unlock(d);
	if (!is_listed)
		u->err = disk_io_unlink(&d->io, name);
	if (u->err == ERR_NOT_FOUND)
		u->err = ERR_NONE;
	return u->err == ERR_NONE;
}

enum err disk_sacrifice(struct disk *d, uint32_t number)
{
	struct unlisted u = { .disk = d };
	enum err e = ERR_NONE;
	struct segment *s;

	while (e == ERR_NONE && (s = next_of(d, number)) != NULL) {
		e = sacrifice(d, s);
		disk_lock(d);
		segment_unref(s);
		disk_unlock(d);
	}
	if (e == ERR_NONE && number == JOURNAL_ANY_SEGMENT)
		e = disk_io_names(&d->io, unlink_unlisted, &u);
	if (e == ERR_NONE)
		e = u.err;
	return e;
}

void disk_evict(struct disk *d)
{
	for (;;) {
		struct segment *s = NULL;

		disk_lock(d);
		if (d->is_loaded && !d->is_closing && disk_is_full(d) && !disk_is_out_of_use(d)) {
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
		/*
		 * Now, not by the next flush: as long as it counts, the next one would go in vain.
		 */
		segment_close_gone(d);
	}
}
