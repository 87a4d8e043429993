/*
 * Holds: arrays of segments, each of them for a run of fragments that lie in it.
 */
#include "cache/hold.h"

#define COBJ_HOLD_MAGIC 0xc0b3401du

struct cobj_hold {
	uint32_t magic;
	_Atomic unsigned refs;
	struct store_dir *dir; /* counted */
	struct segment **segments;
	uint32_t *from; /* of each: which is the first fragment in it */
	uint32_t n, cap;
};

struct cobj_hold *cobj_hold_new(struct store_dir *d)
{
	struct cobj_hold *h;

	OBJ_NEW(h, COBJ_HOLD_MAGIC);
	atomic_init(&h->refs, 1);
	h->dir = store_dir_ref(d);
	return h;
}

static bool begins_run(const struct cobj_body *b, uint32_t i)
{
	return i == 0 || b->places[i].segment != b->places[i - 1].segment;
}

/* False: no memory. */
static bool reserve(struct cobj_hold *h, uint32_t cap)
{
	struct segment **const segments = realloc(h->segments, cap * sizeof(*segments));

	if (segments == NULL)
		return false;
	h->segments = segments;
	uint32_t *const from = realloc(h->from, cap * sizeof(*from));

	if (from == NULL)
		return false;
	h->from = from;
	h->cap = cap;
	return true;
}

/*
 * There may be many readers of many fragments: what each of them has is in proportion to the
 * segments.
 */
static bool hold_runs(struct cobj_hold *h, const struct cobj_body *b)
{
	uint32_t n = 0, at = 0;

	for (uint32_t i = 0; i < b->n_places; i++)
		n += begins_run(b, i);
	if (n == 0)
		return false;
	struct disk_place *const firsts = malloc(n * sizeof(*firsts));

	if (firsts == NULL || !reserve(h, n)) {
		free(firsts);
		return false;
	}
	for (uint32_t i = 0; i < b->n_places; i++)
		if (begins_run(b, i)) {
			firsts[at] = b->places[i];
			h->from[at++] = i;
		}
	if (disk_hold(b->dir->disk, firsts, n, h->segments))
		h->n = n;
	free(firsts);
	return h->n > 0;
}

struct cobj_hold *cobj_hold_of(const struct cobj_body *b)
{
	struct cobj_hold *h = cobj_hold_new(b->dir);

	if (!hold_runs(h, b))
		cobj_hold_unref(&h);
	return h;
}

struct cobj_hold *cobj_hold_ref(struct cobj_hold *h)
{
	CHECK_OBJ(h, COBJ_HOLD_MAGIC);
	atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
	return h;
}

void cobj_hold_unref(struct cobj_hold **h)
{
	struct cobj_hold *mine = *h;

	*h = NULL;
	if (mine == NULL)
		return;
	CHECK_OBJ(mine, COBJ_HOLD_MAGIC);
	/* Acquires what the others released with theirs. */
	if (atomic_fetch_sub_explicit(&mine->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (mine->n > 0)
		disk_let_go(mine->dir->disk, mine->segments, mine->n);
	free(mine->segments);
	free(mine->from);
	store_dir_unref(&mine->dir);
	OBJ_FREE(mine, COBJ_HOLD_MAGIC);
}

enum err cobj_hold_push(struct cobj_hold *h, struct segment *s)
{
	if (h->n == h->cap && !reserve(h, h->cap == 0 ? 4 : 2 * h->cap))
		return ERR_NOMEM;
	h->from[h->n] = h->n;
	h->segments[h->n++] = s;
	return ERR_NONE;
}

struct segment *cobj_hold_at(const struct cobj_hold *h, uint32_t i)
{
	uint32_t low = 0, high = h->n; /* in [low, high) */

	CHECK(h->n > 0);
	while (high - low > 1) {
		const uint32_t mid = low + (high - low) / 2;

		if (h->from[mid] <= i)
			low = mid;
		else
			high = mid;
	}
	return h->segments[low];
}
