/*
 * S3-FIFO (Yang and others, "FIFO queues are all you need for cache eviction", SOSP 2023), in two
 * forms.
 *
 * In memory it is the published algorithm, with a ghost of fingerprints. On a disk the chains
 * consist of segments, and a further round means writing again; so that is rationed: for each byte
 * admitted REWRITE_PERCENT of a byte may be written again, and goes to whom it helps most.
 */
#include "cache/evict.h"

#include "base/budget.h"

#define SMALL_PERCENT   10u
#define ROUNDS_MAX      256u /* objects that one call looks at, with a lock held and hits waiting */
#define BUCKET          8u   /* fingerprints */
#define GHOST_MIN       2u
#define REWRITE_PERCENT 70u /* Zipf's distribution wants 20 to 45; this is for what is worse */

/*
 * How many uses in small it takes to stay. The published 2, but 1 for what is below half the mean
 * size: for the room of one large object several of these are kept, and are asked for.
 */
static uint8_t uses_to_stay(uint64_t bytes, uint64_t all_bytes, uint64_t n)
{
	return bytes < all_bytes / n / 2 ? 1 : 2;
}

/* --- the ghost -------------------------------------------------------------------------------- */

static uint16_t fingerprint(uint64_t hash)
{
	const uint16_t f = (uint16_t)hash;

	return f != 0 ? f : 1;
}

static uint16_t *bucket_of(const struct evict_generation *g, uint64_t hash)
{
	return g->slots + (((hash >> 32) * g->n_buckets) >> 32) * BUCKET;
}

static size_t generation_bytes(const struct evict_generation *g)
{
	return (size_t)g->n_buckets * BUCKET * sizeof(uint16_t);
}

static void generation_free(struct evict_generation *g)
{
	if (g->slots != NULL)
		budget_give(BUDGET_INDEX, generation_bytes(g));
	free(g->slots);
	*g = (struct evict_generation){ .slots = NULL };
}

/* Without memory it stays empty, and the ghost forgets sooner. */
static void generation_init(struct evict_generation *g, uint64_t max)
{
	g->max = (uint32_t)MIN(MAX(max, GHOST_MIN), (uint64_t)UINT32_MAX / 4);
	g->n_buckets = (g->max + g->max / 2) / BUCKET + 1;
	g->count = 0;
	g->slots = NULL;
	if (!budget_take(BUDGET_INDEX, generation_bytes(g)))
		return;
	g->slots = calloc(g->n_buckets, BUCKET * sizeof(uint16_t));
	if (g->slots == NULL)
		budget_give(BUDGET_INDEX, generation_bytes(g));
}

static void ghost_fini(struct evict_ghost *g)
{
	for (unsigned i = 0; i < EVICT_GENERATIONS; i++)
		generation_free(&g->generations[i]);
}

/* Three to four generations are remembered: `n` objects on average. */
static void ghost_turn(struct evict_ghost *g, uint64_t n)
{
	generation_free(&g->generations[EVICT_GENERATIONS - 1]);
	memmove(&g->generations[1], &g->generations[0],
	        (EVICT_GENERATIONS - 1) * sizeof(g->generations[0]));
	generation_init(&g->generations[0], n * 2 / (2 * EVICT_GENERATIONS - 1));
}

/* n: how many are to be remembered in all. */
static void ghost_add(struct evict_ghost *g, uint64_t hash, uint64_t n)
{
	struct evict_generation *const first = &g->generations[0];
	uint16_t *b;
	unsigned i = 0;

	if (first->count >= first->max)
		ghost_turn(g, n);
	first->count++;
	if (first->slots == NULL)
		return;
	b = bucket_of(first, hash);
	while (i < BUCKET && b[i] != 0)
		i++;
	b[i < BUCKET ? i : hash >> 16 & (BUCKET - 1)] = fingerprint(hash);
}

/* Did it leave lately? Then that is forgotten. */
static bool ghost_take(struct evict_ghost *g, uint64_t hash)
{
	for (unsigned i = 0; i < EVICT_GENERATIONS; i++) {
		uint16_t *b;

		if (g->generations[i].slots == NULL)
			continue;
		b = bucket_of(&g->generations[i], hash);
		for (unsigned j = 0; j < BUCKET; j++) {
			if (b[j] == fingerprint(hash)) {
				b[j] = 0;
				return true;
			}
		}
	}
	return false;
}

/* --- objects in memory ------------------------------------------------------------------------ */

void evict_init(struct evict *e, uint64_t capacity)
{
	*e = (struct evict){ .capacity = capacity };
	for (unsigned i = 0; i < EVICT_CHAINS; i++)
		list_init(&e->chains[i]);
}

void evict_fini(struct evict *e)
{
	CHECK(e->objects[EVICT_SMALL] == 0 && e->objects[EVICT_MAIN] == 0);
	ghost_fini(&e->ghost);
}

void evict_set_capacity(struct evict *e, uint64_t capacity)
{
	e->capacity = capacity;
}

static void node_link(struct evict *e, struct evict_node *n, enum evict_chain chain)
{
	n->chain = (uint8_t)chain;
	list_push_back(&e->chains[chain], &n->link);
	e->bytes[chain] += n->bytes;
	e->objects[chain]++;
}

void evict_admit(struct evict *e, struct evict_node *n, struct cache_key key, uint64_t bytes)
{
	n->hash = key.hi;
	n->bytes = bytes;
	/* Not an initialisation: those who found it while it came in may be counting. */
	atomic_store_explicit(&n->uses, 0, memory_order_relaxed);
	node_link(e, n, ghost_take(&e->ghost, n->hash) ? EVICT_MAIN : EVICT_SMALL);
}

void evict_remove(struct evict *e, struct evict_node *n)
{
	CHECK(list_is_linked(&n->link) && e->objects[n->chain] > 0);
	list_remove(&n->link);
	e->bytes[n->chain] -= n->bytes;
	e->objects[n->chain]--;
}

bool evict_is_full(const struct evict *e, uint64_t more)
{
	const uint64_t used = e->bytes[EVICT_SMALL] + e->bytes[EVICT_MAIN];

	return used > e->capacity || more > e->capacity - used;
}

/* The end of which chain is looked at next. */
static enum evict_chain chain_to_cut(const uint64_t *bytes, const struct list *chains,
                                     uint64_t capacity)
{
	if (list_is_empty(&chains[EVICT_MAIN]))
		return EVICT_SMALL;
	if (list_is_empty(&chains[EVICT_SMALL]))
		return EVICT_MAIN;
	return bytes[EVICT_SMALL] >= capacity / 100 * SMALL_PERCENT ? EVICT_SMALL : EVICT_MAIN;
}

struct evict_node *evict_victim(struct evict *e)
{
	/*
	 * Each round takes a use from an object or moves one from small to main, so this would end,
	 * but where all is in use only after several times round; then one is as good as another.
	 */
	for (unsigned round = 1;; round++) {
		const enum evict_chain chain = chain_to_cut(e->bytes, e->chains, e->capacity);
		struct list *const first = list_first(&e->chains[chain]);
		struct evict_node *n;
		uint8_t uses, wanted = 1;

		if (first == NULL)
			return NULL;
		n = CONTAINER_OF(first, struct evict_node, link);
		uses = atomic_load_explicit(&n->uses, memory_order_relaxed);
		if (chain == EVICT_SMALL)
			wanted = uses_to_stay(n->bytes, e->bytes[chain], e->objects[chain]);
		evict_remove(e, n);
		if (uses < wanted || round == ROUNDS_MAX) {
			if (chain == EVICT_SMALL)
				ghost_add(&e->ghost, n->hash, e->objects[EVICT_MAIN]);
			return n;
		}
		atomic_store_explicit(&n->uses, chain == EVICT_SMALL ? 0 : (uint8_t)(uses - 1),
		                      memory_order_relaxed);
		node_link(e, n, EVICT_MAIN);
	}
}

/* --- segments on a disk ----------------------------------------------------------------------- */

void evict_disk_init(struct evict_disk *e, uint64_t capacity)
{
	*e = (struct evict_disk){ .capacity = capacity };
	for (unsigned i = 0; i < EVICT_CHAINS; i++)
		list_init(&e->chains[i]);
}

void evict_disk_fini(struct evict_disk *e)
{
	for (unsigned i = 0; i < EVICT_CHAINS; i++)
		CHECK(list_is_empty(&e->chains[i]));
	ghost_fini(&e->ghost);
}

void evict_disk_set_capacity(struct evict_disk *e, uint64_t capacity)
{
	e->capacity = capacity;
}

enum evict_chain evict_disk_admit(struct evict_disk *e, struct cache_key key, uint64_t bytes)
{
	/* Saved up to a tenth of the cache: what was idle for long must not become a storm. */
	e->allowance = MIN(e->allowance + bytes * REWRITE_PERCENT / 100, e->capacity / 10);
	return ghost_take(&e->ghost, key.hi) ? EVICT_MAIN : EVICT_SMALL;
}

void evict_disk_add(struct evict_disk *e, struct evict_segment *s, enum evict_chain chain,
                    uint64_t bytes, uint32_t objects)
{
	*s = (struct evict_segment){ .bytes = bytes, .objects = objects, .chain = (uint8_t)chain };
	list_push_back(&e->chains[chain], &s->link);
	e->bytes[chain] += bytes;
	e->objects[chain] += objects;
}

void evict_disk_remove(struct evict_disk *e, struct evict_segment *s)
{
	CHECK(list_is_linked(&s->link));
	list_remove(&s->link);
	e->bytes[s->chain] -= s->bytes;
	e->objects[s->chain] -= s->objects;
}

struct evict_segment *evict_disk_next(struct evict_disk *e)
{
	struct list *const first =
		list_first(&e->chains[chain_to_cut(e->bytes, e->chains, e->capacity)]);
	struct evict_segment *s;

	if (first == NULL)
		return NULL;
	s = CONTAINER_OF(first, struct evict_segment, link);
	evict_disk_remove(e, s);
	return s;
}

/* Most uses for its bytes first. */
static int by_worth(const void *a, const void *b)
{
	const struct evict_object *const x = a, *const y = b;
	const uint64_t left = x->uses * y->bytes, right = y->uses * x->bytes;

	return left < right ? 1 : left > right ? -1 : 0;
}

void evict_disk_rank(const struct evict_segment *s, struct evict_object *objects, size_t n)
{
	const bool from_small = s->chain == EVICT_SMALL;
	uint64_t all_bytes = 0;

	for (size_t i = 0; i < n; i++)
		all_bytes += objects[i].bytes;
	for (size_t i = 0; i < n; i++)
		objects[i].keep = objects[i].uses >=
		                  (from_small ? uses_to_stay(objects[i].bytes, all_bytes, n) : 1);
	if (n > 1)
		qsort(objects, n, sizeof(*objects), by_worth);
}

void evict_disk_ration(struct evict_disk *e, const struct evict_segment *s,
                       struct evict_object *objects, size_t n)
{
	const bool from_small = s->chain == EVICT_SMALL;

	for (size_t i = 0; i < n; i++) {
		struct evict_object *const o = &objects[i];
		const bool is_worth_it = o->keep;

		o->keep = is_worth_it && !o->is_fixed && o->bytes <= e->allowance;
		if (o->keep) {
			e->allowance -= o->bytes;
			o->uses = from_small ? 0 : (uint8_t)(o->uses - 1);
		} else if (from_small || is_worth_it) {
			ghost_add(&e->ghost, o->key.hi, e->objects[EVICT_MAIN]);
		}
	}
}
