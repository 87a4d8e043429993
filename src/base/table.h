/*
 * A hash table of objects that embed their node. It grows by itself, never shrinks, and knows
 * nothing of keys: the caller compares.
 *
 *	struct table_node *n = table_first(t, hash);
 *	for (; n != NULL; n = table_next(n, hash))
 *		if (key_matches(CONTAINER_OF(n, struct thing, node))) ...
 */
#pragma once

#include "base/base.h"

struct table_node {
	struct table_node *next;
	uint64_t hash;
};

struct table {
	struct table_node **buckets; /* NULL until the first insertion */
	size_t n_buckets, n;
};

void table_init(struct table *t);
/* Frees the buckets; the members are the caller's. */
void table_fini(struct table *t);
void table_insert(struct table *t, struct table_node *n, uint64_t hash);
void table_remove(struct table *t, struct table_node *n);
/* First member with this hash, or NULL. */
struct table_node *table_first(const struct table *t, uint64_t hash);
/* The next member with the same hash as given, or NULL. */
struct table_node *table_next(const struct table_node *n, uint64_t hash);

/* Visit all members; the body may remove the visited one. */
#define table_for_each(it, t)                                                                      \
	for (size_t it##_b = 0; it##_b < (t)->n_buckets; it##_b++)                                 \
		for (struct table_node *it = (t)->buckets[it##_b],                                 \
		                       *it##_next = it ? it->next : NULL;                          \
		     it != NULL; it = it##_next, it##_next = it ? it->next : NULL)
