/*
 * Chained hash table; the number of buckets is a power of two and at least the number of members.
 */
#include "base/table.h"

#define FIRST_BUCKETS 16u

void table_init(struct table *t)
{
	*t = (struct table){ 0 };
}

void table_fini(struct table *t)
{
	free(t->buckets);
	table_init(t);
}

static struct table_node **bucket_of(const struct table *t, uint64_t hash)
{
	return &t->buckets[hash & (t->n_buckets - 1)];
}

static void grow(struct table *t)
{
	struct table bigger = { NULL, t->n_buckets != 0 ? t->n_buckets * 2 : FIRST_BUCKETS, t->n };

	bigger.buckets = check_calloc(bigger.n_buckets, sizeof(struct table_node *));
	for (size_t b = 0; b < t->n_buckets; b++) {
		struct table_node *next;

		for (struct table_node *n = t->buckets[b]; n != NULL; n = next) {
			struct table_node **to = bucket_of(&bigger, n->hash);

			next = n->next;
			n->next = *to;
			*to = n;
		}
	}
	free(t->buckets);
	*t = bigger;
}

void table_insert(struct table *t, struct table_node *n, uint64_t hash)
{
	if (t->n >= t->n_buckets)
		grow(t);
	struct table_node **b = bucket_of(t, hash);

	n->hash = hash;
	n->next = *b;
	*b = n;
	t->n++;
}

void table_remove(struct table *t, struct table_node *n)
{
	struct table_node **at = bucket_of(t, n->hash);

	while (*at != n) {
		CHECK(*at != NULL);
		at = &(*at)->next;
	}
	*at = n->next;
	n->next = NULL;
	t->n--;
}

struct table_node *table_next(const struct table_node *n, uint64_t hash)
{
	struct table_node *it = n->next;

	while (it != NULL && it->hash != hash)
		it = it->next;
	return it;
}

struct table_node *table_first(const struct table *t, uint64_t hash)
{
	if (t->n_buckets == 0)
		return NULL;
	struct table_node *it = *bucket_of(t, hash);

	while (it != NULL && it->hash != hash)
		it = it->next;
	return it;
}
