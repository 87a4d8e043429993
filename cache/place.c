/*
 * Objects on a disk: their fragments and their heads.
 */
#include "cache/store_int.h"

#include "base/counters.h"
#include "cache/hold.h"
#include "cache/waker.h"

/* A body of more than that is read by sendfile; below it is copied, and stays in memory, too. */
_Static_assert(DISK_INLINE_BYTES < DISK_FRAGMENT_BYTES, "what lies behind a head is one fragment");

static struct cobj_parts parts_of(const struct cobj *c)
{
	struct cobj_parts p = { .key = c->key,
		                .meta = c->meta,
		                .url = c->url,
		                .variant = c->variant,
		                .vary = c->vary,
		                .head_text = c->head_text };

	p.meta.body_bytes = c->body != NULL ? c->body->bytes : 0;
	return p;
}

/* With the lock held: from the first fragment on, whoever reads holds what he will read. */
static void share_hold(struct cobj *c)
{
	if (c->hold != NULL)
		return;
	c->hold = cobj_hold_new(c->fill->dir);
	list_for_each(it, &c->readers)
		CONTAINER_OF(it, struct cobj_waker, link)->hold = cobj_hold_ref(c->hold);
}

/* The fragment is on the disk: readers find it there from now on. False: it is lost already. */
static bool note_place(struct cobj *c, const struct disk_place *place)
{
	struct segment *held;

	if (!disk_hold(c->fill->dir->disk, place, 1, &held))
		return false;
	lock_take(&c->lock);
	share_hold(c);
	enum err e = cobj_body_reserve_place(c->body);

	if (e == ERR_NONE)
		e = cobj_hold_push(c->hold, held);
	if (e == ERR_NONE)
		e = cobj_body_add_place(c->body, c->fill->dir, place);
	lock_give(&c->lock);
	if (e != ERR_NONE)
		disk_let_go(c->fill->dir->disk, &held, 1);
	return e == ERR_NONE;
}

bool cobj_place_block(struct cobj *c)
{
	const struct cobj_block *const k = cobj_body_last(c->body);
	struct disk_place place;

	if (disk_put_fragment(c->fill->dir->disk, c->key, span_of(k->bytes, k->n), &place) !=
	            ERR_NONE ||
	    !note_place(c, &place))
		return false;
	/* Who reads it holds it. */
	lock_take(&c->lock);
	cobj_body_drop_all(c->body);
	lock_give(&c->lock);
	return true;
}

static enum err put_head(struct cobj *c, struct store_dir *d, struct span inline_body,
                         const struct disk_place *places, uint32_t n, struct disk_place *place)
{
	const struct cobj_parts parts = parts_of(c);

	return disk_put_head(d->disk, &parts, inline_body, places, n, place);
}

/* The whole body behind its head; it stays in memory, too. */
static bool put_inline(struct cobj *c)
{
	const struct cobj_block *const k = cobj_body_last(c->body);
	const struct span bytes = k != NULL ? span_of(k->bytes, k->n) : SPAN("");
	struct disk_place place;

	if (put_head(c, c->fill->dir, bytes, NULL, 0, &place) != ERR_NONE)
		return false;
	if (bytes.n == 0)
		return true;
	lock_take(&c->lock);
	/* If not, a 304 cannot be written for it; that is all. */
	(void)cobj_body_set_home(c->body, c->fill->dir, &place);
	lock_give(&c->lock);
	return true;
}

static bool put_places(struct cobj *c)
{
	const struct cobj_block *const k = cobj_body_last(c->body);
	struct disk_place place;

	if (k != NULL && (disk_put_fragment(c->fill->dir->disk, c->key, span_of(k->bytes, k->n),
	                                    &place) != ERR_NONE ||
	                  !note_place(c, &place)))
		return false;
	return put_head(c, c->fill->dir, SPAN(""), c->body->places, c->body->n_places, NULL) ==
	       ERR_NONE;
}

bool cobj_place_end(struct cobj *c)
{
	struct store_dir *const d = c->fill->dir;

	if (!store_dir_takes(d, c->body->bytes) || !cobj_fill_begin_commit(c))
		return false;
	const bool is_small = c->body->n_places == 0 && c->body->bytes <= DISK_INLINE_BYTES;
	const bool ok = is_small ? put_inline(c) : put_places(c);

	cobj_fill_end_commit(c);
	count(ok ? COUNT_SWAP_OUTS : COUNT_CACHE_DISK_REFUSED);
	return ok;
}

bool cobj_place_head(struct cobj *c, struct store_dir *d)
{
	const struct cobj_body *const b = c->body;

	return put_head(c, d, SPAN(""), b != NULL ? b->places : NULL, b != NULL ? b->n_places : 0,
	                NULL) == ERR_NONE;
}
