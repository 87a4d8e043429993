/*
 * Tombstones. See journal.h.
 */
#include "cache/journal.h"

#include "cache/disk_io.h"

#include <xxhash.h>

#define NAME_PREFIX "journal-"

struct raw {
	uint64_t key_hi, key_lo, seq;
	uint32_t segment;
	uint32_t checksum; /* of all before, seeded with the store's number */
};
_Static_assert(sizeof(struct raw) == JOURNAL_RECORD_BYTES, "the format's tombstone");

void journal_name(uint32_t number, char name[JOURNAL_NAME_BYTES])
{
	(void)snprintf(name, JOURNAL_NAME_BYTES, NAME_PREFIX "%08x", number);
}

bool journal_parse_name(const char *name, uint32_t *number)
{
	return disk_io_parse_name(name, NAME_PREFIX, number);
}

void journal_put(char at[JOURNAL_RECORD_BYTES], const struct tombstone *t, uint64_t store)
{
	struct raw r = { t->key.hi, t->key.lo, t->seq, t->segment, 0 };

	r.checksum = (uint32_t)XXH3_64bits_withSeed(&r, offsetof(struct raw, checksum), store);
	memcpy(at, &r, sizeof(r));
}

bool journal_get(const char at[JOURNAL_RECORD_BYTES], uint64_t store, struct tombstone *t)
{
	struct raw r;

	memcpy(&r, at, sizeof(r));
	if (r.seq == 0 ||
	    r.checksum != (uint32_t)XXH3_64bits_withSeed(&r, offsetof(struct raw, checksum), store))
		return false;
	*t = (struct tombstone){ { r.key_hi, r.key_lo }, r.seq, r.segment };
	return true;
}

/* --- the set ---------------------------------------------------------------------------------- */

/* The slot of this key, or the free one where it belongs. There is always a free one. */
static struct tombstone *slot_of(const struct journal_dead *d, struct cache_key key)
{
	size_t at = key.lo & (d->cap - 1);

	while (d->slots[at].seq != 0 && !cache_key_eq(d->slots[at].key, key))
		at = (at + 1) & (d->cap - 1);
	return &d->slots[at];
}

static bool grow(struct journal_dead *d)
{
	struct journal_dead bigger = { .cap = MAX(d->cap * 2, (size_t)1024) };

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return false;
	for (size_t i = 0; i < d->cap; i++)
		if (d->slots[i].seq != 0)
			*slot_of(&bigger, d->slots[i].key) = d->slots[i];
	bigger.n = d->n;
	free(d->slots);
	*d = bigger;
	return true;
}

bool journal_dead_add(struct journal_dead *d, const struct tombstone *t)
{
	if (d->n + d->n / 2 >= d->cap && !grow(d))
		return false;
	struct tombstone *const s = slot_of(d, t->key);

	if (s->seq == 0)
		d->n++;
	if (t->seq > s->seq)
		*s = *t;
	return true;
}

bool journal_is_dead(const struct journal_dead *d, struct cache_key key, uint64_t seq)
{
	return d->n > 0 && slot_of(d, key)->seq >= seq;
}

void journal_dead_fini(struct journal_dead *d)
{
	free(d->slots);
	*d = (struct journal_dead){ 0 };
}
