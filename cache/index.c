/*
 * The index: shards of open-addressed slots of 20 bytes, kept in Robin Hood order.
 *
 * A slot's home is its tag scaled to the shard's capacity, so a capacity is any number and a shard
 * can grow by an eighth: between growths a slot costs 21.8 to 24.5 bytes an entry. Each entry
 * lies at or behind its home (around the end), with no free slot between, in the order of tags; so
 * a search ends at the first that is nearer its home, a removal closes the gap by moving back, and
 * a table grows in one pass. Tags are parts of keyed hashes: nobody picks them.
 */
#include "cache/index.h"

#include "base/budget.h"
#include "base/counters.h"
#include "base/lock.h"

#include <stdatomic.h>
#include <sys/mman.h>

#define INDEX_MAGIC 0x1d3c7a95u
#define SLOTS_MIN   8u
#define SLOTS_MAX   (1u << 30)
#define SHARDS_MAX  65536u
#define MAP_FROM                                                                                   \
	65536u /* bytes: larger tables are mapped, so that the heap is not left full of holes */
#define BULK_MAX 16384u /* entries that are sorted by shard in one go */

/* `what`: bytes in the upper 24 bits, then 6 of flags and 2 of uses; 0: the slot is free. */
struct slot {
	uint32_t tag_high, tag_low;
	uint32_t segment, offset;
	uint32_t what;
};
_Static_assert(sizeof(struct slot) == 20, "a slot is what an object costs");

struct shard {
	struct lock lock;
	struct slot *slots;
	uint32_t capacity, count;
} __attribute__((aligned(64)));

struct cache_index {
	uint32_t magic;
	unsigned n_shards;
	/* Relaxed: figures for the manager. */
	_Atomic uint64_t memory;
	struct shard *shards;
};

/* --- slots ------------------------------------------------------------------------------------ */

static uint32_t home_of(uint32_t tag_high, uint32_t capacity)
{
	return (uint32_t)(((uint64_t)tag_high * capacity) >> 32);
}

static uint32_t next_to(uint32_t at, uint32_t capacity)
{
	return at + 1 == capacity ? 0 : at + 1;
}

/* How far from its home the entry at `at` lies. */
static uint32_t distance(const struct shard *s, uint32_t at)
{
	const uint32_t home = home_of(s->slots[at].tag_high, s->capacity);

	return at >= home ? at - home : at + s->capacity - home;
}

static bool is_tag(const struct slot *s, struct cache_key k)
{
	return s->tag_high == (uint32_t)(k.hi >> 32) && s->tag_low == (uint32_t)k.hi;
}

static bool is_at(const struct slot *s, uint32_t segment, uint32_t offset)
{
	return s->segment == segment && s->offset == offset;
}

static void slot_fill(struct slot *s, struct cache_key k, const struct index_entry *e)
{
	s->tag_high = (uint32_t)(k.hi >> 32);
	s->tag_low = (uint32_t)k.hi;
	s->segment = e->segment;
	s->offset = e->offset;
	s->what = e->bytes << 8 | (uint32_t)(e->flags & INDEX_FLAGS) << 2 |
	          MIN((uint32_t)e->uses, INDEX_USES_MAX);
}

static void slot_read(const struct slot *s, struct index_entry *e)
{
	*e = (struct index_entry){ .segment = s->segment,
		                   .offset = s->offset,
		                   .bytes = s->what >> 8,
		                   .flags = (uint8_t)(s->what >> 2 & INDEX_FLAGS),
		                   .uses = (uint8_t)(s->what & INDEX_USES_MAX) };
}

/* --- shards ----------------------------------------------------------------------------------- */

static struct shard *shard_of(const struct cache_index *x, struct cache_key k)
{
	return &x->shards[k.lo & (x->n_shards - 1)];
}

/*
 * Where the entry is (true), or where it would have to go (false): a free slot, or one that would
 * move on. There is always a free slot, so this ends.
 */
static bool shard_find(const struct shard *s, struct cache_key k, uint32_t *at)
{
	uint32_t i, far = 0;

	if (s->capacity == 0)
		return false;
	i = home_of((uint32_t)(k.hi >> 32), s->capacity);
	for (; s->slots[i].what != 0; i = next_to(i, s->capacity), far++) {
		if (is_tag(&s->slots[i], k)) {
			*at = i;
			return true;
		}
		const uint32_t its = distance(s, i);

		if (its < far || (its == far && s->slots[i].tag_high > (uint32_t)(k.hi >> 32)))
			break;
	}
	*at = i;
	return false;
}

/* Put `new` at `at`; what lies there and behind it moves on by one. */
static void shard_insert_at(struct shard *s, uint32_t at, struct slot new)
{
	while (s->slots[at].what != 0) {
		const struct slot old = s->slots[at];

		s->slots[at] = new;
		new = old;
		at = next_to(at, s->capacity);
	}
	s->slots[at] = new;
	s->count++;
}

static void shard_remove_at(struct shard *s, uint32_t at)
{
	uint32_t next = next_to(at, s->capacity);

	while (s->slots[next].what != 0 && distance(s, next) > 0) {
		s->slots[at] = s->slots[next];
		at = next;
		next = next_to(next, s->capacity);
	}
	s->slots[at].what = 0;
	s->count--;
}

static void shard_insert(struct shard *s, struct slot new)
{
	const struct cache_key k = { (uint64_t) new.tag_high << 32 | new.tag_low, 0 };
	uint32_t at;

	CHECK(!shard_find(s, k, &at));
	shard_insert_at(s, at, new);
}

/*
 * In the order of their tags each goes to its home or behind the one before. Only those that lie,
 * or come to lie, around the end take the long way.
 */
static void move_slots(struct shard *s, const struct slot *old, uint32_t old_capacity)
{
	uint32_t n_around = 0, behind = 0;

	s->count = 0;
	while (n_around < old_capacity && old[n_around].what != 0 &&
	       home_of(old[n_around].tag_high, old_capacity) > n_around)
		n_around++;
	for (uint32_t i = n_around; i < old_capacity; i++) {
		if (old[i].what == 0)
			continue;
		const uint32_t at = MAX(home_of(old[i].tag_high, s->capacity), behind);

		if (at >= s->capacity) {
			shard_insert(s, old[i]);
			continue;
		}
		s->slots[at] = old[i];
		s->count++;
		behind = at + 1;
	}
	for (uint32_t i = 0; i < n_around; i++)
		shard_insert(s, old[i]);
}

/* Zeroed. NULL: no memory. */
static struct slot *slots_new(size_t bytes)
{
	void *p;

	if (bytes < MAP_FROM)
		return calloc(1, bytes);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static void slots_free(struct slot *slots, size_t bytes)
{
	if (bytes < MAP_FROM)
		free(slots);
	else
		munmap(slots, bytes);
}

static enum err shard_resize(struct cache_index *x, struct shard *s, uint32_t capacity)
{
	const struct shard old = { .slots = s->slots, .capacity = s->capacity };
	const size_t bytes = (size_t)capacity * sizeof(struct slot);
	const size_t old_bytes = (size_t)old.capacity * sizeof(struct slot);
	struct slot *new;

	if (capacity > SLOTS_MAX || !budget_take(BUDGET_INDEX, bytes))
		return ERR_LIMIT;
	new = slots_new(bytes);
	if (new == NULL) {
		budget_give(BUDGET_INDEX, bytes);
		return ERR_NOMEM;
	}
	s->slots = new;
	s->capacity = capacity;
	move_slots(s, old.slots, old.capacity);
	slots_free(old.slots, old_bytes);
	budget_give(BUDGET_INDEX, old_bytes);
	atomic_fetch_add_explicit(&x->memory, bytes - old_bytes, memory_order_relaxed);
	return ERR_NONE;
}

/* What n entries are given: full to nine tenths at most, so that finding one stays short. */
static uint32_t capacity_for(uint64_t n)
{
	return (uint32_t)MIN(MAX(n + n / 9 + 1, SLOTS_MIN), (uint64_t)SLOTS_MAX + 1);
}

/* Room for one more. Where no memory is to be had, the tenth that is kept free is used up first. */
static enum err shard_make_room(struct cache_index *x, struct shard *s)
{
	enum err err;

	if (s->capacity >= SLOTS_MIN && s->count < s->capacity - s->capacity / 12 - 1)
		return ERR_NONE;
	err = shard_resize(x, s, s->capacity + MAX(s->capacity / 8, SLOTS_MIN));
	if (err != ERR_NONE && s->capacity != 0 && s->count < s->capacity - s->capacity / 32 - 1)
		return ERR_NONE;
	return err;
}

/* Give memory back when more than half of it lies idle. That may fail. */
static void shard_shrink(struct cache_index *x, struct shard *s)
{
	if (s->capacity > 64 && s->count < s->capacity / 2)
		(void)!shard_resize(x, s, capacity_for(s->count + s->count / 8));
}

static enum err shard_add(struct cache_index *x, struct shard *s, struct cache_key k,
                          const struct index_entry *e)
{
	const enum err err = shard_make_room(x, s);
	struct slot new;

	if (err != ERR_NONE)
		return err;
	slot_fill(&new, k, e);
	shard_insert(s, new);
	return ERR_NONE;
}

/* --- the index -------------------------------------------------------------------------------- */

enum err cache_index_new(struct cache_index **out, unsigned shards)
{
	struct cache_index *x;
	struct shard *table;

	CHECK(shards > 0 && shards <= SHARDS_MAX && (shards & (shards - 1)) == 0);
	table = aligned_alloc(_Alignof(struct shard), shards * sizeof(struct shard));
	if (table == NULL)
		return ERR_NOMEM;
	OBJ_NEW(x, INDEX_MAGIC);
	x->n_shards = shards;
	x->shards = table;
	atomic_init(&x->memory, shards * sizeof(struct shard));
	for (unsigned i = 0; i < shards; i++) {
		table[i] = (struct shard){ .count = 0 };
		lock_init(&table[i].lock, LOCK_RANK_CACHE_INDEX);
	}
	*out = x;
	return ERR_NONE;
}

void cache_index_free(struct cache_index **x)
{
	if (*x == NULL)
		return;
	CHECK_OBJ(*x, INDEX_MAGIC);
	for (unsigned i = 0; i < (*x)->n_shards; i++) {
		struct shard *const s = &(*x)->shards[i];

		const size_t bytes = s->capacity * sizeof(struct slot);

		budget_give(BUDGET_INDEX, bytes);
		slots_free(s->slots, bytes);
		lock_fini(&s->lock);
	}
	free((*x)->shards);
	OBJ_FREE(*x, INDEX_MAGIC);
}

bool cache_index_find(struct cache_index *x, struct cache_key k, bool use, struct index_entry *out)
{
	CHECK_OBJ(x, INDEX_MAGIC);
	struct shard *const s = shard_of(x, k);
	uint32_t at;
	bool found;

	lock_take(&s->lock);
	found = shard_find(s, k, &at);
	if (found) {
		slot_read(&s->slots[at], out);
		if (use && out->uses < INDEX_USES_MAX)
			s->slots[at].what++;
	}
	lock_give(&s->lock);
	return found;
}

static bool is_sound(const struct index_entry *e)
{
	return e->bytes > 0 && e->bytes <= INDEX_BYTES_MAX;
}

static void slot_replace(struct slot *s, struct cache_key k, const struct index_entry *e,
                         struct index_entry *old)
{
	struct index_entry new = *e;

	slot_read(s, old);
	new.uses = MAX(new.uses, old->uses);
	slot_fill(s, k, &new);
}

enum err cache_index_put(struct cache_index *x, struct cache_key k, const struct index_entry *e,
                         bool *replaced, struct index_entry *old)
{
	CHECK_OBJ(x, INDEX_MAGIC);
	struct shard *const s = shard_of(x, k);
	struct index_entry before = { .segment = 0 };
	enum err err = ERR_NONE;
	uint32_t at;
	bool found;

	if (!is_sound(e)) {
		count(COUNT_INDEX_REFUSED);
		return ERR_LIMIT;
	}
	lock_take(&s->lock);
	found = shard_find(s, k, &at);
	if (found)
		slot_replace(&s->slots[at], k, e, &before);
	else
		err = shard_add(x, s, k, e);
	lock_give(&s->lock);
	if (err != ERR_NONE) {
		count(COUNT_INDEX_REFUSED);
		return err;
	}
	if (replaced != NULL)
		*replaced = found;
	if (found && old != NULL)
		*old = before;
	return ERR_NONE;
}

bool cache_index_remove(struct cache_index *x, struct cache_key k, uint32_t segment,
                        uint32_t offset)
{
	CHECK_OBJ(x, INDEX_MAGIC);
	struct shard *const s = shard_of(x, k);
	uint32_t at;
	bool found;

	lock_take(&s->lock);
	found = shard_find(s, k, &at) && is_at(&s->slots[at], segment, offset);
	if (found) {
		shard_remove_at(s, at);
		shard_shrink(x, s);
	}
	lock_give(&s->lock);
	return found;
}

bool cache_index_move(struct cache_index *x, struct cache_key k, const struct index_entry *from,
                      const struct index_entry *to)
{
	CHECK_OBJ(x, INDEX_MAGIC);
	struct shard *const s = shard_of(x, k);
	uint32_t at;
	bool found;

	CHECK(is_sound(to));
	lock_take(&s->lock);
	found = shard_find(s, k, &at) && is_at(&s->slots[at], from->segment, from->offset);
	if (found)
		slot_fill(&s->slots[at], k, to);
	lock_give(&s->lock);
	return found;
}

/* --- many at a time --------------------------------------------------------------------------- */

/* The items that `order` names, all of one shard. Returns how many were refused. */
static size_t load_shard(struct cache_index *x, struct shard *s, struct index_load *items,
                         const uint32_t *order, uint32_t n)
{
	size_t n_refused = 0;
	uint32_t at;

	lock_take(&s->lock);
	for (uint32_t i = 0; i < n && s->capacity != 0; i++) {
		const struct cache_key k = items[order[i]].key;

		__builtin_prefetch(&s->slots[home_of((uint32_t)(k.hi >> 32), s->capacity)], 1);
	}
	for (uint32_t i = 0; i < n; i++) {
		struct index_load *const it = &items[order[i]];

		it->is_entered = false;
		if (shard_find(s, it->key, &at))
			continue;
		it->is_entered =
			is_sound(&it->entry) && shard_add(x, s, it->key, &it->entry) == ERR_NONE;
		n_refused += !it->is_entered;
	}
	lock_give(&s->lock);
	return n_refused;
}

/*
 * Sorted by shard, so that a lock is taken once for several, and their slots come from memory side
 * by side. Within a shard the order stays: the first of two with one key wins.
 */
static size_t load_bulk(struct cache_index *x, struct index_load *items, uint32_t n,
                        uint32_t *order, uint32_t *ends)
{
	const unsigned mask = x->n_shards - 1;
	size_t n_refused = 0;
	uint32_t begin = 0;

	memset(ends, 0, x->n_shards * sizeof(*ends));
	for (uint32_t i = 0; i < n; i++)
		ends[items[i].key.lo & mask]++;
	for (unsigned i = 1; i < x->n_shards; i++)
		ends[i] += ends[i - 1];
	for (uint32_t i = n; i-- > 0;)
		order[--ends[items[i].key.lo & mask]] = i;
	/* Now ends[i] is where shard i begins. */
	for (unsigned i = 0; i < x->n_shards; i++) {
		const uint32_t end = i == mask ? n : ends[i + 1];

		begin = ends[i];
		if (end > begin)
			n_refused +=
				load_shard(x, &x->shards[i], items, &order[begin], end - begin);
	}
	return n_refused;
}

size_t cache_index_load(struct cache_index *x, struct index_load *items, size_t n)
{
	CHECK_OBJ(x, INDEX_MAGIC);
	uint32_t *const order =
		check_malloc((MIN(n, (size_t)BULK_MAX) + x->n_shards) * sizeof(*order));
	uint32_t *const ends = order + MIN(n, (size_t)BULK_MAX);
	size_t n_refused = 0;

	for (size_t i = 0; i < n; i += BULK_MAX)
		n_refused += load_bulk(x, items + i, (uint32_t)MIN(n - i, (size_t)BULK_MAX), order,
		                       ends);
	free(order);
	count_add(COUNT_INDEX_REFUSED, n_refused);
	return n_refused;
}

static bool is_among(const uint32_t *sorted, size_t n, uint32_t v)
{
	size_t low = 0;

	while (n > 0) {
		const size_t half = n / 2;

		if (sorted[low + half] == v)
			return true;
		if (sorted[low + half] < v) {
			low += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return false;
}

uint64_t cache_index_drop_segments(struct cache_index *x, const uint32_t *segments, size_t n)
{
	CHECK_OBJ(x, INDEX_MAGIC);
	uint64_t n_removed = 0;

	for (unsigned i = 0; i < x->n_shards; i++) {
		struct shard *const s = &x->shards[i];
		uint32_t at = 0;

		lock_take(&s->lock);
		while (at < s->capacity) {
			if (s->slots[at].what != 0 && is_among(segments, n, s->slots[at].segment)) {
				shard_remove_at(s, at); /* another may have moved here */
				n_removed++;
			} else {
				at++;
			}
		}
		shard_shrink(x, s);
		lock_give(&s->lock);
	}
	return n_removed;
}

uint64_t cache_index_count(struct cache_index *x)
{
	CHECK_OBJ(x, INDEX_MAGIC);
	uint64_t n = 0;

	for (unsigned i = 0; i < x->n_shards; i++) {
		lock_take(&x->shards[i].lock);
		n += x->shards[i].count;
		lock_give(&x->shards[i].lock);
	}
	return n;
}

uint64_t cache_index_memory(struct cache_index *x)
{
	CHECK_OBJ(x, INDEX_MAGIC);
	return atomic_load_explicit(&x->memory, memory_order_relaxed);
}
