/*
 * A short list of recent texts; a linear search of sixteen hashes is nothing beside writing a line.
 */
#include "base/repeats.h"

#include "base/hash.h"

static uint64_t hash_of(int tag, const char *text)
{
	const uint64_t h = hash_mix(hash_bytes(span_str(text)), (uint64_t)tag);

	return h != 0 ? h : 1;
}

/* A clock that was set back ends all windows. */
static bool is_over(const struct repeat *r, int64_t now_us, int64_t window_us)
{
	return now_us < r->since_us || now_us - r->since_us >= window_us;
}

/* A free slot, or else the oldest one that counts nothing, or NULL. */
static struct repeat *slot_for_new(struct repeats *rs)
{
	struct repeat *best = NULL;

	for (size_t i = 0; i < REPEATS_SLOTS; i++) {
		struct repeat *r = &rs->slots[i];

		if (r->hash == 0)
			return r;
		if (r->n_more == 0 && (best == NULL || r->since_us < best->since_us))
			best = r;
	}
	return best;
}

static struct repeat *find(struct repeats *rs, uint64_t hash)
{
	for (size_t i = 0; i < REPEATS_SLOTS; i++)
		if (rs->slots[i].hash == hash)
			return &rs->slots[i];
	return NULL;
}

/* Something else is said: the count of the text said last starts anew, its window goes on. */
static struct repeat take_last(struct repeats *rs)
{
	struct repeat *r = rs->last_hash != 0 ? find(rs, rs->last_hash) : NULL;

	if (r == NULL)
		return (struct repeat){ 0 };
	struct repeat copy = *r;

	copy.was_last = true;
	r->n_more = 0;
	return copy;
}

bool repeats_note(struct repeats *rs, int64_t now_us, int64_t window_us, int tag, const char *text,
                  struct repeat *last)
{
	const uint64_t hash = hash_of(tag, text);
	struct repeat *r = find(rs, hash);

	if (r != NULL && !is_over(r, now_us, window_us)) {
		r->n_more++;
		return true;
	}
	*last = take_last(rs);
	rs->last_hash = hash;
	if (r == NULL)
		r = slot_for_new(rs);
	if (r == NULL)
		return false;
	*r = (struct repeat){ .hash = hash, .since_us = now_us, .tag = tag };
	snprintf(r->head, sizeof(r->head), "%.*s", REPEATS_HEAD, text);
	return false;
}

bool repeats_take_expired(struct repeats *rs, int64_t now_us, int64_t window_us, struct repeat *out)
{
	for (size_t i = 0; i < REPEATS_SLOTS; i++) {
		struct repeat *r = &rs->slots[i];

		if (r->hash == 0 || !is_over(r, now_us, window_us))
			continue;
		*out = *r;
		r->hash = 0;
		if (out->n_more == 0)
			continue;
		out->was_last = out->hash == rs->last_hash;
		return true;
	}
	return false;
}
