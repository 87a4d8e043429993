/*
 * Segments and pieces: who is there, who is held. All with the directory's lock held, but where it
 * is said.
 */
#include "cache/disk_int.h"

#include "base/budget.h"

static struct segment **bucket_of(struct disk *d, uint32_t number)
{
	return &d->by_number[number % SEGMENT_HASHES];
}

struct segment *segment_new(struct disk *d, const struct segment_head *h)
{
	struct segment *const s = check_calloc(1, sizeof(*s));

	list_init(&s->link);
	list_init(&s->pieces);
	s->disk = d;
	s->head = *h;
	s->number = (uint32_t)(d->id << DISK_SEGMENT_BITS) | h->number;
	s->fd = -1;
	s->refs = 1;
	s->end = SEGMENT_FRAME_BYTES;
	return s;
}

void segment_enter(struct disk *d, struct segment *s, bool as_newest)
{
	struct segment **const b = bucket_of(d, s->number);

	s->next_hash = *b;
	*b = s;
	if (as_newest)
		list_push_back(&d->chains[s->head.chain], &s->link);
	else
		list_push_front(&d->chains[s->head.chain], &s->link);
	d->n_segments++;
}

struct segment *segment_find(struct disk *d, uint32_t number)
{
	struct segment *s = *bucket_of(d, number);

	while (s != NULL && s->number != number)
		s = s->next_hash;
	return s;
}

void segment_count(struct segment *s, uint64_t bytes)
{
	struct disk *const d = s->disk;

	d->used = d->used - s->counted + bytes;
	if (s->state == SEGMENT_GONE)
		d->held = d->held - s->counted + bytes;
	s->counted = bytes;
}

void segment_make_evictable(struct segment *s)
{
	struct disk *const d = s->disk;

	if (!d->is_loaded || s->state != SEGMENT_SEALED || s->is_evictable)
		return;
	s->is_evictable = true;
	evict_disk_add(&d->evict, &s->evict, (enum evict_chain)s->head.chain, s->counted,
	               s->n_heads);
}

void segment_leave(struct segment *s)
{
	struct disk *const d = s->disk;
	struct segment **at = bucket_of(d, s->number);

	if (s->is_evictable)
		evict_disk_remove(&d->evict, &s->evict);
	s->is_evictable = false;
	while (*at != s)
		at = &(*at)->next_hash;
	*at = s->next_hash;
	list_remove(&s->link);
	d->n_segments--;
	s->state = SEGMENT_GONE;
	d->held += s->counted;
	segment_unref(s);
}

void segment_unref(struct segment *s)
{
	CHECK(s->refs > 0);
	if (--s->refs > 0)
		return;
	/*
	 * Closing the last descriptor of an unlinked file frees its blocks, which may take long: a
	 * job does it.
	 */
	list_push_back(&s->disk->gone, &s->link);
	disk_want(s->disk, WORK_FLUSH);
}

void segment_close_gone(struct disk *d)
{
	struct list *it;

	disk_lock(d);
	while ((it = list_pop_front(&d->gone)) != NULL) {
		struct segment *s = CONTAINER_OF(it, struct segment, link);

		lock_give(&d->lock);
		disk_io_close(&s->fd);
		lock_take(&d->lock);
		segment_drop_pieces(s);
		segment_count(s, 0);
		free(s->entries);
		free(s->verified);
		free(s);
	}
	disk_unlock(d);
}

bool segment_add_entry(struct segment *s, const struct record *r, uint64_t offset)
{
	if (s->n == s->cap) {
		const uint32_t cap = MAX(s->cap * 2, 256u);
		struct segment_entry *const e = realloc(s->entries, cap * sizeof(*e));

		if (e == NULL)
			return false;
		s->entries = e;
		s->cap = cap;
	}
	s->entries[s->n++] = (struct segment_entry){
		.key_hi = r->key.hi,
		.key_lo = r->key.lo,
		.seq = r->seq,
		.offset = (uint32_t)(offset / INDEX_UNIT),
		.bytes = (uint32_t)(record_bytes(r) / INDEX_UNIT),
		.type = r->type,
	};
	s->last_seq = MAX(s->last_seq, r->seq);
	return true;
}

struct piece *segment_piece_at(struct segment *s, uint64_t offset)
{
	list_for_each(it, &s->pieces) {
		struct piece *const p = CONTAINER_OF(it, struct piece, link);

		if (offset >= p->offset && offset < p->offset + p->used) {
			p->refs++;
			return p;
		}
	}
	return NULL;
}

char *piece_memory_new(void)
{
	if (!budget_take(BUDGET_CACHE, PIECE_BYTES))
		return NULL;
	char *const bytes = malloc(PIECE_BYTES);

	if (bytes == NULL)
		budget_give(BUDGET_CACHE, PIECE_BYTES);
	return bytes;
}

void piece_memory_free(char *bytes)
{
	if (bytes != NULL)
		budget_give(BUDGET_CACHE, PIECE_BYTES);
	free(bytes);
}

void piece_unref(struct disk *d, struct piece *p)
{
	CHECK(p->refs > 0);
	if (--p->refs > 0)
		return;
	d->n_pieces--;
	if (d->spare == NULL)
		d->spare = p->bytes;
	else
		piece_memory_free(p->bytes);
	free(p);
}

void segment_drop_pieces(struct segment *s)
{
	struct list *it;

	while ((it = list_pop_front(&s->pieces)) != NULL)
		piece_unref(s->disk, CONTAINER_OF(it, struct piece, link));
}

static void let_go(struct segment **held, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct segment *const s = held[i];

		CHECK(s->holds > 0);
		if (--s->holds == 0 && s->state == SEGMENT_GONE)
			segment_drop_pieces(s);
		segment_unref(s);
	}
}

bool disk_hold(struct disk *d, const struct disk_place *places, uint32_t n, struct segment **held)
{
	struct segment *s = NULL;
	uint32_t i = 0;

	CHECK_OBJ(d, DISK_MAGIC);
	disk_lock(d);
	for (; i < n; i++) {
		if (s == NULL || s->number != places[i].segment)
			s = segment_find(d, places[i].segment);
		if (s == NULL)
			break;
		s->holds++;
		s->refs++;
		held[i] = s;
	}
	if (i < n)
		let_go(held, i);
	disk_unlock(d);
	return i == n;
}

void disk_let_go(struct disk *d, struct segment **held, uint32_t n)
{
	CHECK_OBJ(d, DISK_MAGIC);
	disk_lock(d);
	let_go(held, n);
	disk_unlock(d);
}

uint64_t disk_lowest_seq(struct disk *d)
{
	uint64_t lowest = UINT64_MAX;

	for (unsigned c = 0; c < EVICT_CHAINS; c++)
		list_for_each(it, &d->chains[c])
			lowest =
				MIN(lowest, CONTAINER_OF(it, struct segment, link)->head.first_seq);
	return lowest;
}
