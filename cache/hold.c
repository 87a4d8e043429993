/*
 * Holds: arrays of segments, one for each fragment.
 */
#include "cache/hold.h"

#define COBJ_HOLD_MAGIC 0xc0b3401du

struct cobj_hold {
	uint32_t magic;
	_Atomic unsigned refs;
	struct store_dir *dir; /* counted */
	struct segment **segments;
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

struct cobj_hold *cobj_hold_of(const struct cobj_body *b)
{
	struct cobj_hold *h = cobj_hold_new(b->dir);

	h->segments = calloc(b->n_places, sizeof(*h->segments));
	if (h->segments != NULL && disk_hold(b->dir->disk, b->places, b->n_places, h->segments))
		h->n = h->cap = b->n_places;
	else
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
	store_dir_unref(&mine->dir);
	OBJ_FREE(mine, COBJ_HOLD_MAGIC);
}

enum err cobj_hold_push(struct cobj_hold *h, struct segment *s)
{
	if (h->n == h->cap) {
		const uint32_t cap = h->cap == 0 ? 4 : 2 * h->cap;
		struct segment **const more = realloc(h->segments, cap * sizeof(*more));

		if (more == NULL)
			return ERR_NOMEM;
		h->segments = more;
		h->cap = cap;
	}
	h->segments[h->n++] = s;
	return ERR_NONE;
}

struct segment *cobj_hold_at(const struct cobj_hold *h, uint32_t i)
{
	CHECK(i < h->n);
	return h->segments[i];
}
