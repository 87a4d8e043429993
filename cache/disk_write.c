/*
 * Putting: records are copied into pieces of memory, which jobs write (disk_flush.c).
 *
 * A put has two halves under the lock, with the copying and the checksums between them: the first
 * takes the room, the second draws the sequence number, completes the header and changes the index.
 * So whoever has the higher number has also changed the index later, and what was forgotten between
 * the halves stays forgotten.
 */
#include "cache/disk_int.h"

#include <sys/random.h>

/* --- segments and pieces, with the lock held -------------------------------------------------- */

static void close_piece(struct segment *s)
{
	struct piece *const p = s->filling;

	if (p == NULL)
		return;
	s->filling = NULL;
	p->is_closed = true;
	if (p->fillers == 0)
		disk_want(s->disk, WORK_FLUSH);
}

void disk_close_segment(struct segment *s)
{
	struct disk *const d = s->disk;

	close_piece(s);
	CHECK(d->open[s->head.chain] == s);
	d->open[s->head.chain] = NULL;
	s->state = SEGMENT_CLOSED;
	disk_want(d, WORK_FLUSH); /* it is to be sealed */
}

void disk_close_pieces(struct disk *d, bool also_segments, int64_t older_than_ms)
{
	const int64_t now = disk_now_ms();

	for (unsigned c = 0; c < EVICT_CHAINS; c++) {
		struct segment *const s = d->open[c];

		if (s == NULL)
			continue;
		if (also_segments)
			disk_close_segment(s);
		else if (s->filling != NULL && now - s->filling_since_ms >= older_than_ms)
			close_piece(s);
	}
}

void disk_close_piece(struct disk *d, unsigned chain)
{
	if (d->open[chain] != NULL)
		close_piece(d->open[chain]);
}

static uint64_t frame_bytes(const struct segment *s)
{
	return (s->n + 1ull) * sizeof(struct segment_entry) + SEGMENT_FRAME_BYTES;
}

static uint32_t take_number(struct disk *d)
{
	do {
		d->next_number = (d->next_number + 1) % NUMBER_MASK;
	} while (segment_find(d, (uint32_t)(d->id << DISK_SEGMENT_BITS) | d->next_number) != NULL);
	return d->next_number;
}

/* NULL: there is no room yet. The file is made by the job that writes its first piece. */
static struct segment *start_segment(struct disk *d, unsigned chain)
{
	struct segment_head h = { .chain = chain,
		                  .store = d->label.store,
		                  .first_seq = d->next_seq,
		                  .made_s = (int64_t)time(NULL) };

	/*
	 * What is to be kept, so that others can go, finds a place: the last one is not for new
	 * objects.
	 */
	const uint64_t wanted = (chain == EVICT_MAIN ? 1 : 2) * d->segment_bytes;

	if (disk_is_full(d))
		disk_want(d, WORK_EVICT);
	if (d->used + d->journal_bytes + wanted > d->capacity)
		return NULL;
	CHECK(getrandom(&h.uid, sizeof(h.uid), 0) == (ssize_t)sizeof(h.uid));
	h.number = take_number(d);
	struct segment *const s = segment_new(d, &h);

	segment_enter(d, s, true);
	segment_count(s, d->segment_bytes);
	d->open[chain] = s;
	return s;
}

static struct piece *start_piece(struct disk *d, struct segment *s)
{
	if (d->n_pieces >= PIECES_MAX)
		return NULL;
	char *const bytes = d->spare != NULL ? d->spare : piece_memory_new();

	if (bytes == NULL)
		return NULL;
	d->spare = NULL;
	struct piece *const p = check_calloc(1, sizeof(*p));

	p->segment = s;
	p->bytes = bytes;
	p->offset = s->end;
	p->refs = 1;
	list_push_back(&s->pieces, &p->link);
	d->n_pieces++;
	s->filling = p;
	s->filling_since_ms = disk_now_ms();
	return p;
}

/* The piece of this chain's open segment that takes so many bytes. */
static struct piece *find_room(struct disk *d, unsigned chain, uint64_t bytes)
{
	struct segment *s = d->open[chain];

	if (s != NULL && s->end + bytes + frame_bytes(s) > d->segment_bytes) {
		disk_close_segment(s);
		s = NULL;
	}
	if (s == NULL)
		s = start_segment(d, chain);
	if (s == NULL || s->end + bytes + frame_bytes(s) > d->segment_bytes)
		return NULL;
	if (s->filling != NULL && (s->filling->used + bytes > PIECE_BYTES ||
	                           disk_now_ms() - s->filling_since_ms >= PIECE_MAX_MS))
		close_piece(s);
	return s->filling != NULL ? s->filling : start_piece(d, s);
}

/* --- the two halves --------------------------------------------------------------------------- */

struct put {
	struct disk *disk;
	struct filling filling;
	struct record record;
	struct segment *segment; /* counted */
	struct piece *piece;     /* counted */
	char *at;
	uint64_t offset;
	uint32_t number;
	unsigned chain;
	bool is_again;   /* what is kept is written again */
	uint64_t admits; /* bytes of a new object; 0: this is none */
};

/* With the lock held. A new object's ghost is used up by the question. */
static unsigned chain_of(const struct put *p)
{
	if (p->is_again)
		return EVICT_MAIN;
	return p->admits > 0 ? evict_disk_admit(&p->disk->evict, p->filling.key, p->admits)
	                     : EVICT_SMALL;
}

/* disk, filling.key, is_again and admits are set. */
static enum err put_begin(struct put *p, uint64_t bytes)
{
	struct disk *const d = p->disk;
	enum err e = ERR_LIMIT;

	disk_lock(d);
	list_init(&p->filling.link);
	if (disk_is_out_of_use(d) || d->is_read_only || d->is_closing) {
		e = ERR_SYSTEM;
	} else if (d->is_surveyed) {
		p->chain = chain_of(p);
		p->piece = find_room(d, p->chain, bytes);
	}
	if (p->piece != NULL) {
		p->segment = p->piece->segment;
		p->number = p->segment->number;
		p->segment->refs++;
		p->piece->refs++;
		p->piece->fillers++;
		p->at = p->piece->bytes + p->piece->used;
		p->offset = p->piece->offset + p->piece->used;
		p->piece->used += (uint32_t)bytes;
		p->segment->end += bytes;
		if (p->piece->used >= PIECE_FULL)
			close_piece(p->segment);
		list_push_back(&d->fillings, &p->filling.link);
		e = ERR_NONE;
	} else {
		d->stats.refused++;
	}
	disk_unlock(d);
	return e;
}

/* With the lock held: draws the number; what is not to exist becomes void. */
static enum err put_enter(struct put *p)
{
	struct disk *const d = p->disk;
	enum err e = ERR_NONE;

	list_remove(&p->filling.link);
	p->record.seq = d->next_seq++;
	if (p->segment->state == SEGMENT_GONE)
		e = ERR_SYSTEM;
	else if (p->filling.is_forgotten)
		e = ERR_CANCELLED;
	else if (!segment_add_entry(p->segment, &p->record, p->offset))
		e = ERR_NOMEM;
	return e;
}

/* With the lock held: the header. What failed is void: nothing of it comes back. */
static void put_end(struct put *p, enum err e)
{
	struct disk *const d = p->disk;
	struct segment *const s = p->segment;

	if (e != ERR_NONE) {
		p->record.type = RECORD_VOID;
		if (s->n > 0 && s->entries[s->n - 1].seq == p->record.seq)
			s->entries[s->n - 1].type = RECORD_VOID;
	} else if (p->is_again) {
		d->stats.rewritten_bytes += record_bytes(&p->record);
	} else {
		d->stats.admitted_bytes += record_bytes(&p->record);
	}
	record_put_header(p->at, &p->record, segment_seed(s->head.uid, p->offset));

	if (--p->piece->fillers == 0 && p->piece->is_closed)
		disk_want(d, WORK_FLUSH);
	piece_unref(d, p->piece);
	segment_unref(p->segment);
}

/* --- fragments and heads ---------------------------------------------------------------------- */

static enum err put_fragment(struct disk *d, bool is_again, struct cache_key key, struct span bytes,
                             struct disk_place *place)
{
	struct put p = { .disk = d, .filling = { .key = key }, .is_again = is_again };
	const struct record sizes = { .body_bytes = (uint32_t)bytes.n };

	CHECK(bytes.n > 0 && bytes.n <= DISK_FRAGMENT_BYTES);
	enum err e = put_begin(&p, record_bytes(&sizes));

	if (e != ERR_NONE)
		return e;
	record_put(p.at, 0, key, NULL, bytes, NULL, 0, &p.record);
	disk_lock(d);
	p.filling.is_forgotten = false; /* the head that will name it is what counts */
	e = put_enter(&p);
	put_end(&p, e);
	disk_unlock(d);
	if (e == ERR_NONE)
		*place = (struct disk_place){ p.number, (uint32_t)bytes.n,
			                      p.offset + RECORD_HEADER_BYTES,
			                      p.record.body_checksum };
	return e;
}

enum err disk_put_fragment(struct disk *d, struct cache_key key, struct span bytes,
                           struct disk_place *place)
{
	CHECK_OBJ(d, DISK_MAGIC);
	return put_fragment(d, false, key, bytes, place);
}

enum err disk_rewrite_fragment(struct disk *d, struct cache_key key, struct span bytes,
                               struct disk_place *place)
{
	return put_fragment(d, true, key, bytes, place);
}

/* What a head is made of, and what becomes of the one before. */
struct head {
	const struct cobj_parts *parts;
	struct span body;
	const struct disk_place *places;
	uint32_t n;
	const struct index_entry *from; /* to be moved; NULL: whatever there is is replaced */
	uint8_t uses;
	bool buries; /* what was there before, in this segment */
	uint32_t buried;
};

/* With the lock held: make the index name it. */
static enum err enter_head(struct put *p, struct head *h)
{
	struct disk *const d = p->disk;
	const struct index_entry entry = {
		.segment = p->number,
		.offset = (uint32_t)(p->offset / INDEX_UNIT),
		.bytes = (uint32_t)(record_bytes(&p->record) / INDEX_UNIT),
		.uses = h->uses,
	};
	const struct tombstone t = { p->record.key, p->record.seq - 1, JOURNAL_ANY_SEGMENT };
	struct index_entry old = { 0 };
	bool replaced = false;

	if (h->from != NULL)
		return cache_index_move(d->index, p->record.key, h->from, &entry) ? ERR_NONE
		                                                                  : ERR_CANCELLED;
	const enum err e = cache_index_put(d->index, p->record.key, &entry, &replaced, &old);

	if (e != ERR_NONE)
		return e;
	if (!replaced)
		d->objects++;
	/* What was there before may not have been loaded yet. */
	if (!d->is_loaded && !journal_dead_add(&d->dead, &t))
		d->is_dead_set_short = true;
	h->buries = !disk_knows_all(d) || (replaced && disk_id_of(old.segment) == d->id);
	h->buried = disk_knows_all(d) ? old.segment : JOURNAL_ANY_SEGMENT;
	return ERR_NONE;
}

static enum err put_head(struct disk *d, struct head *h, struct disk_place *place)
{
	const struct cache_key key = h->parts->key;
	struct record sizes = { .texts_bytes = record_texts_bytes(h->parts, h->n),
		                .body_bytes = (uint32_t)h->body.n };
	struct put p = { .disk = d, .filling = { .key = key }, .is_again = h->from != NULL };

	if (sizes.texts_bytes == 0 || record_bytes(&sizes) > RECORD_BYTES_MAX)
		return ERR_LIMIT;
	p.admits = record_bytes(&sizes);
	for (uint32_t i = 0; i < h->n; i++)
		p.admits += h->places[i].bytes;
	enum err e = put_begin(&p, record_bytes(&sizes));

	if (e != ERR_NONE)
		return e;
	record_put(p.at, sizes.texts_bytes, key, h->parts, h->body, h->places, h->n, &p.record);
	disk_lock(d);
	e = put_enter(&p);
	if (e == ERR_NONE)
		e = enter_head(&p, h);
	put_end(&p, e);
	if (h->buries)
		disk_bury(d, key, p.record.seq - 1, h->buried);
	disk_unlock(d);
	if (e == ERR_NONE && place != NULL)
		*place = (struct disk_place){ p.number, (uint32_t)h->body.n,
			                      p.offset + RECORD_HEADER_BYTES + sizes.texts_bytes,
			                      p.record.body_checksum };
	return e;
}

enum err disk_put_head(struct disk *d, const struct cobj_parts *parts, struct span body,
                       const struct disk_place *places, uint32_t n, struct disk_place *place)
{
	CHECK_OBJ(d, DISK_MAGIC);
	CHECK(body.n <= DISK_FRAGMENT_BYTES && (n == 0 || body.n == 0));
	struct cobj_parts whole = *parts;
	struct head h = { .parts = &whole, .body = body, .places = places, .n = n };

	if (n == 0)
		whole.meta.body_bytes = body.n;
	return put_head(d, &h, place);
}

enum err disk_rewrite_head(struct disk *d, const struct disk_found *found,
                           const struct disk_place *places, const struct index_entry *from,
                           uint8_t uses)
{
	struct head h = { .parts = &found->parts,
		          .body = found->body,
		          .places = places,
		          .n = found->n_places,
		          .from = from,
		          .uses = uses };

	return put_head(d, &h, NULL);
}

/* --- forgetting ------------------------------------------------------------------------------- */

bool disk_forget(struct disk *d, struct cache_key key)
{
	CHECK_OBJ(d, DISK_MAGIC);
	struct index_entry old = { .segment = JOURNAL_ANY_SEGMENT };

	disk_lock(d);
	list_for_each(it, &d->fillings) {
		struct filling *const f = CONTAINER_OF(it, struct filling, link);

		if (cache_key_eq(f->key, key))
			f->is_forgotten = true;
	}
	const bool is_known =
		cache_index_find(d->index, key, false, &old) && disk_id_of(old.segment) == d->id;
	const uint64_t seq = d->next_seq++;
	const bool knows_all = disk_knows_all(d);
	const struct tombstone t = { key, seq, JOURNAL_ANY_SEGMENT };

	if (is_known && cache_index_remove(d->index, key, old.segment, old.offset))
		d->objects--;
	/* Without memory for it the loading ends, so that nothing comes back. */
	if (!d->is_loaded && !journal_dead_add(&d->dead, &t))
		d->is_dead_set_short = true;
	/*
	 * What the index does not know, though all is loaded, is not there: there is nothing to
	 * bury.
	 */
	if (is_known || !knows_all)
		disk_bury(d, key, seq, knows_all ? old.segment : JOURNAL_ANY_SEGMENT);
	disk_unlock(d);
	return is_known;
}

bool disk_drop(struct disk *d, struct cache_key key, const struct index_entry *entry)
{
	CHECK_OBJ(d, DISK_MAGIC);
	disk_lock(d);
	const bool was_there = cache_index_remove(d->index, key, entry->segment, entry->offset);
	const uint64_t seq = d->next_seq++;

	if (was_there) {
		d->objects--;
		disk_bury(d, key, seq, entry->segment);
	}
	disk_unlock(d);
	return was_there;
}

void disk_abandon(struct segment *s)
{
	struct disk *const d = s->disk;

	if (s->state == SEGMENT_GONE)
		return;
	if (d->open[s->head.chain] == s) {
		s->filling = NULL;
		d->open[s->head.chain] = NULL;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		const struct segment_entry *const e = &s->entries[i];

		if (e->type == RECORD_HEAD &&
		    cache_index_remove(d->index, (struct cache_key){ e->key_hi, e->key_lo },
		                       s->number, e->offset))
			d->objects--;
	}
	/* Who reads what lies in them goes on from memory. */
	if (s->holds == 0)
		segment_drop_pieces(s);
	segment_leave(s);
}
