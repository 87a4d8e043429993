/*
 * Which of many short texts occur in a long one.
 *
 * A walk over the long text looks up its pieces of four, three, two and one bytes, as far as there
 * are texts filed under such: in a bitmap, nearly always in vain, and then in a table. What is
 * filed there is compared as a whole. A text is filed under that piece of it that is least common
 * among all of them, and of several sets that an owner requires, the one is filed whose pieces are.
 */
#include "acl/lit_index.h"

#define GRAM       4u
#define CROWD_BITS 16u
#define COMMON     4096u /* counts as so many entries, for each byte */
#define FEW        8u    /* so many or none is all the same */

struct entry {
	uint32_t gram;
	uint32_t owner;
	uint32_t at; /* in the pool */
	uint8_t n;
	uint8_t gram_end; /* within the text */
	uint8_t set;
	bool is_filed;
};

struct slot {
	uint32_t gram;
	uint32_t first, n; /* in entries[]; n is 0 if the slot is free */
};

struct acl_lit_index {
	struct entry *entries;
	size_t n, cap;
	char *pool;
	size_t pool_n, pool_cap;
	struct slot *slots;
	unsigned slot_bits;
	uint64_t *bitmap;
	unsigned bitmap_bits;
	uint32_t masks[GRAM]; /* of the lengths of pieces that occur */
	unsigned n_masks;
};

struct acl_lit_index *acl_lit_index_new(void)
{
	return check_calloc(1, sizeof(struct acl_lit_index));
}

void acl_lit_index_free(struct acl_lit_index **xp)
{
	struct acl_lit_index *x = *xp;

	*xp = NULL;
	if (x == NULL)
		return;
	free(x->entries);
	free(x->pool);
	free(x->slots);
	free(x->bitmap);
	free(x);
}

static void pool_add(struct acl_lit_index *x, const struct acl_lit *l)
{
	if (x->pool_n + l->n > x->pool_cap) {
		x->pool_cap = MAX(x->pool_cap * 2, (size_t)1024);
		x->pool = check_realloc(x->pool, x->pool_cap);
	}
	memcpy(x->pool + x->pool_n, l->s, l->n);
	x->pool_n += l->n;
}

void acl_lit_index_add(struct acl_lit_index *x, const struct acl_lit_sets *sets, uint32_t owner)
{
	CHECK(sets->n != 0);
	for (unsigned k = 0; k < sets->n; k++) {
		for (unsigned i = 0; i < sets->sets[k].n; i++) {
			const struct acl_lit *l = &sets->v[sets->sets[k].first + i];

			if (x->n == x->cap) {
				x->cap = x->cap != 0 ? x->cap * 2 : 64;
				x->entries =
					check_realloc(x->entries, x->cap * sizeof(*x->entries));
			}
			x->entries[x->n++] = (struct entry){ .owner = owner,
				                             .at = (uint32_t)x->pool_n,
				                             .n = l->n,
				                             .set = (uint8_t)k };
			pool_add(x, l);
		}
	}
}

/* --- building --------------------------------------------------------------------------------- */

static uint32_t gram_hash(uint32_t gram, unsigned bits)
{
	return gram * 0x9e3779b1u >> (32 - bits);
}

/* The piece that ends there. A shorter text is its own only piece. */
static uint32_t gram_at(const char *lit, unsigned end)
{
	uint32_t g = 0;

	for (unsigned i = end > GRAM ? end - GRAM : 0; i < end; i++)
		g = g << 8 | (uint8_t)lit[i];
	return g;
}

static unsigned first_end(const struct entry *e)
{
	return MIN(e->n, GRAM);
}

/* Choose the piece; returns how common it is. */
static uint32_t choose(struct acl_lit_index *x, struct entry *e, const uint32_t *crowd)
{
	const char *lit = x->pool + e->at;
	const unsigned common = acl_lit_common(lit, e->n);
	uint32_t least = UINT32_MAX;

	for (unsigned end = first_end(e); end <= e->n; end++) {
		const uint32_t g = gram_at(lit, end);
		const unsigned mask = ((1u << end) - 1) & ~((1u << (end - first_end(e))) - 1);
		const uint32_t cost = crowd[gram_hash(g, CROWD_BITS)] +
		                      (uint32_t)__builtin_popcount(common & mask) * COMMON;

		if (cost >= least)
			continue;
		least = cost;
		e->gram = g;
		e->gram_end = (uint8_t)end;
	}
	return least;
}

/* The entries of one owner: one set of them is filed. Sets come with the most telling one first. */
static void choose_set(struct acl_lit_index *x, struct entry *v, size_t n, const uint32_t *crowd)
{
	uint64_t least = UINT64_MAX;
	unsigned best = 0;

	for (size_t i = 0, end; i < n; i = end) {
		uint64_t cost = 0;

		for (end = i; end < n && v[end].set == v[i].set; end++)
			cost += choose(x, &v[end], crowd);
		cost = MAX(cost, (uint64_t)FEW);
		if (cost < least) {
			least = cost;
			best = v[i].set;
		}
	}
	for (size_t i = 0; i < n; i++)
		v[i].is_filed = v[i].set == best;
}

static void choose_all(struct acl_lit_index *x)
{
	uint32_t *crowd = check_calloc((size_t)1 << CROWD_BITS, sizeof(uint32_t));
	size_t n = 0;

	for (size_t i = 0; i < x->n; i++) {
		const struct entry *e = &x->entries[i];

		for (unsigned end = first_end(e); end <= e->n; end++)
			crowd[gram_hash(gram_at(x->pool + e->at, end), CROWD_BITS)]++;
	}
	for (size_t i = 0, end; i < x->n; i = end) {
		for (end = i; end < x->n && x->entries[end].owner == x->entries[i].owner;)
			end++;
		choose_set(x, &x->entries[i], end - i, crowd);
	}
	for (size_t i = 0; i < x->n; i++)
		if (x->entries[i].is_filed)
			x->entries[n++] = x->entries[i];
	x->n = n;
	x->entries = check_realloc(x->entries, n * sizeof(*x->entries));
	free(crowd);
}

static int entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->gram != y->gram)
		return x->gram < y->gram ? -1 : 1;
	return (x->owner > y->owner) - (x->owner < y->owner);
}

static void note_length(struct acl_lit_index *x, unsigned n)
{
	const uint32_t mask = n == GRAM ? UINT32_MAX : (1u << (8 * n)) - 1;

	for (unsigned i = 0; i < x->n_masks; i++)
		if (x->masks[i] == mask)
			return;
	x->masks[x->n_masks++] = mask;
}

static void slot_fill(struct acl_lit_index *x, uint32_t gram, uint32_t first, uint32_t n)
{
	const uint32_t mask = (1u << x->slot_bits) - 1, bit = gram_hash(gram, x->bitmap_bits);
	uint32_t at = gram_hash(gram, x->slot_bits);

	while (x->slots[at].n != 0)
		at = (at + 1) & mask;
	x->slots[at] = (struct slot){ gram, first, n };
	x->bitmap[bit / 64] |= (uint64_t)1 << (bit % 64);
}

void acl_lit_index_finish(struct acl_lit_index *x)
{
	if (x->n == 0)
		return;
	choose_all(x);
	qsort(x->entries, x->n, sizeof(*x->entries), entry_cmp);
	for (x->slot_bits = 3; (size_t)1 << x->slot_bits < x->n * 2;)
		x->slot_bits++;
	x->bitmap_bits = MAX(x->slot_bits + 3, 6u);
	x->slots = check_calloc((size_t)1 << x->slot_bits, sizeof(struct slot));
	x->bitmap = check_calloc(((size_t)1 << x->bitmap_bits) / 64, sizeof(uint64_t));
	for (size_t i = 0, end; i < x->n; i = end) {
		for (end = i; end < x->n && x->entries[end].gram == x->entries[i].gram; end++)
			note_length(x, first_end(&x->entries[end]));
		slot_fill(x, x->entries[i].gram, (uint32_t)i, (uint32_t)(end - i));
	}
}

/* --- searching -------------------------------------------------------------------------------- */

static const struct slot *slot_find(const struct acl_lit_index *x, uint32_t gram)
{
	const uint32_t mask = (1u << x->slot_bits) - 1;
	uint32_t at = gram_hash(gram, x->slot_bits);

	while (x->slots[at].n != 0 && x->slots[at].gram != gram)
		at = (at + 1) & mask;
	return x->slots[at].n != 0 ? &x->slots[at] : NULL;
}

/* The piece of the text that ends there is that of some entries. True: stop. */
static bool look_closer(const struct acl_lit_index *x, struct span text, size_t end, uint32_t gram,
                        acl_lit_found_fn *found, void *arg)
{
	const struct slot *s = slot_find(x, gram);

	for (uint32_t i = 0; s != NULL && i < s->n; i++) {
		const struct entry *e = &x->entries[s->first + i];

		if (e->gram_end > end || end - e->gram_end + e->n > text.n)
			continue;
		if (memcmp(text.p + end - e->gram_end, x->pool + e->at, e->n) == 0 &&
		    found(arg, e->owner, e->set))
			return true;
	}
	return false;
}

void acl_lit_index_search(const struct acl_lit_index *x, struct span text, acl_lit_found_fn *found,
                          void *arg)
{
	uint32_t last = 0;

	for (size_t i = 0; i < text.n; i++) {
		last = last << 8 | (uint8_t)text.p[i];
		for (unsigned k = 0; k < x->n_masks; k++) {
			const uint32_t gram = last & x->masks[k];
			const uint32_t bit = gram_hash(gram, x->bitmap_bits);

			if (unlikely((x->bitmap[bit / 64] >> (bit % 64) & 1) != 0) &&
			    look_closer(x, text, i + 1, gram, found, arg))
				return;
		}
	}
}
