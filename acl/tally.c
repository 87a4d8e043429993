/*
 * Cells come in chunks, which are made for all shards when their first slot is taken and stay where
 * they are: workers find them without a lock, since a slot's number only reaches them in a
 * configuration that is published afterwards.
 */
#include "acl/tally.h"

#include "base/hash.h"
#include "base/lock.h"
#include "base/table.h"

#define CHUNK_SLOTS 512u
#define CHUNKS_MAX  2048u

struct cell {
	_Atomic uint64_t n;
	_Atomic int64_t last_s;
};

struct shard {
	struct cell *_Atomic chunks[CHUNKS_MAX];
};

/* Who has a slot. */
struct owner {
	struct table_node node;
	char *key;
	size_t key_bytes;
	uint32_t ordinal; /* of several slots with the same key */
	uint32_t slot;
	unsigned refs;
	const void *last_holder;
};

struct acl_tally {
	struct lock lock;
	struct table by_key;   /* struct owner; guarded by lock */
	struct owner **owners; /* by slot; NULL: free; guarded by lock */
	uint32_t n, cap;       /* guarded by lock */
	uint32_t *free_slots;  /* guarded by lock */
	uint32_t n_free;
	unsigned n_shards;
	struct shard *shards;
};

struct acl_tally *acl_tally_new(unsigned n_shards)
{
	struct acl_tally *t = check_calloc(1, sizeof(*t));

	lock_init(&t->lock, LOCK_RANK_QUOTA);
	table_init(&t->by_key);
	t->n_shards = n_shards;
	t->shards = check_calloc(n_shards, sizeof(*t->shards));
	return t;
}

static void owner_free(struct acl_tally *t, struct owner *o)
{
	table_remove(&t->by_key, &o->node);
	t->owners[o->slot] = NULL;
	free(o->key);
	free(o);
}

void acl_tally_free(struct acl_tally **tp)
{
	struct acl_tally *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	for (uint32_t i = 0; i < t->n; i++)
		if (t->owners[i] != NULL)
			owner_free(t, t->owners[i]);
	for (unsigned s = 0; s < t->n_shards; s++)
		for (unsigned c = 0; c < CHUNKS_MAX; c++)
			free(atomic_load_explicit(&t->shards[s].chunks[c], memory_order_relaxed));
	table_fini(&t->by_key);
	free(t->owners);
	free(t->free_slots);
	free(t->shards);
	lock_fini(&t->lock);
	free(t);
}

static struct cell *cell_of(const struct acl_tally *t, unsigned shard, uint32_t slot)
{
	/* Relaxed: see above; and chunks never change once they are there. */
	struct cell *c = atomic_load_explicit(&t->shards[shard].chunks[slot / CHUNK_SLOTS],
	                                      memory_order_relaxed);

	return &c[slot % CHUNK_SLOTS];
}

/* --- owners ----------------------------------------------------------------------------------- */

static void make_chunks(struct acl_tally *t, uint32_t chunk)
{
	for (unsigned s = 0; s < t->n_shards; s++) {
		struct cell *c = aligned_alloc(64, CHUNK_SLOTS * sizeof(*c));

		CHECK(c != NULL);
		memset(c, 0, CHUNK_SLOTS * sizeof(*c));
		atomic_store_explicit(&t->shards[s].chunks[chunk], c, memory_order_relaxed);
	}
}

/* A slot whose cells are all zero; ACL_SLOT_NONE: there are too many. */
static uint32_t new_slot(struct acl_tally *t)
{
	if (t->n_free != 0)
		return t->free_slots[--t->n_free];
	if (t->n == CHUNK_SLOTS * CHUNKS_MAX)
		return ACL_SLOT_NONE;
	if (t->n % CHUNK_SLOTS == 0)
		make_chunks(t, t->n / CHUNK_SLOTS);
	if (t->n == t->cap) {
		t->cap = t->cap != 0 ? t->cap * 2 : CHUNK_SLOTS;
		t->owners = check_realloc(t->owners, t->cap * sizeof(struct owner *));
		t->free_slots = check_realloc(t->free_slots, t->cap * sizeof(uint32_t));
	}
	t->owners[t->n] = NULL;
	return t->n++;
}

static struct owner *find(const struct acl_tally *t, struct span key, uint32_t ordinal)
{
	const uint64_t hash = hash_mix(hash_bytes(key), ordinal);

	for (struct table_node *n = table_first(&t->by_key, hash); n != NULL;
	     n = table_next(n, hash)) {
		struct owner *o = CONTAINER_OF(n, struct owner, node);

		if (o->ordinal == ordinal && span_eq(span_of(o->key, o->key_bytes), key))
			return o;
	}
	return NULL;
}

static struct owner *make_owner(struct acl_tally *t, struct span key, uint32_t ordinal)
{
	const uint32_t slot = new_slot(t);
	struct owner *o;

	if (slot == ACL_SLOT_NONE)
		return NULL;
	o = check_calloc(1, sizeof(*o));
	o->key = span_strdup(key);
	o->key_bytes = key.n;
	o->ordinal = ordinal;
	o->slot = slot;
	t->owners[slot] = o;
	table_insert(&t->by_key, &o->node, hash_mix(hash_bytes(key), ordinal));
	return o;
}

uint32_t acl_tally_take(struct acl_tally *t, const void *holder, struct span key)
{
	struct owner *o;
	uint32_t ordinal = 0;

	lock_take(&t->lock);
	while ((o = find(t, key, ordinal)) != NULL && o->last_holder == holder)
		ordinal++;
	if (o == NULL)
		o = make_owner(t, key, ordinal);
	if (o != NULL) {
		o->refs++;
		o->last_holder = holder;
	}
	const uint32_t slot = o != NULL ? o->slot : ACL_SLOT_NONE;

	lock_give(&t->lock);
	return slot;
}

static void clear_slot(struct acl_tally *t, uint32_t slot)
{
	for (unsigned s = 0; s < t->n_shards; s++) {
		struct cell *c = cell_of(t, s, slot);

		atomic_store_explicit(&c->n, 0, memory_order_relaxed);
		atomic_store_explicit(&c->last_s, 0, memory_order_relaxed);
	}
}

void acl_tally_give(struct acl_tally *t, uint32_t slot)
{
	if (slot == ACL_SLOT_NONE)
		return;
	lock_take(&t->lock);
	struct owner *o = t->owners[slot];

	CHECK(o != NULL && o->refs > 0);
	if (--o->refs == 0) {
		owner_free(t, o);
		clear_slot(t, slot);
		t->free_slots[t->n_free++] = slot;
	}
	lock_give(&t->lock);
}

/* --- counting --------------------------------------------------------------------------------- */

void acl_tally_add(struct acl_tally *t, unsigned shard, uint32_t slot, int64_t now_s)
{
	if (slot == ACL_SLOT_NONE)
		return;
	CHECK(shard < t->n_shards);
	struct cell *c = cell_of(t, shard, slot);
	const uint64_t n = atomic_load_explicit(&c->n, memory_order_relaxed);

	/* One writer, so a plain add: the atomic stores are for the readers' sake. */
	atomic_store_explicit(&c->n, n + 1, memory_order_relaxed);
	atomic_store_explicit(&c->last_s, now_s, memory_order_relaxed);
}

struct acl_hits acl_tally_sum(const struct acl_tally *t, uint32_t slot)
{
	struct acl_hits sum = { 0, 0 };

	for (unsigned s = 0; s < t->n_shards && slot != ACL_SLOT_NONE; s++) {
		struct cell *c = cell_of(t, s, slot);
		const int64_t last = atomic_load_explicit(&c->last_s, memory_order_relaxed);

		sum.n += atomic_load_explicit(&c->n, memory_order_relaxed);
		sum.last_s = MAX(sum.last_s, last);
	}
	return sum;
}
