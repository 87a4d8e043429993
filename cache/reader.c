/*
 * The readers' side of an object.
 */
#include "cache/store_int.h"
#include "cache/waker.h"

void cobj_reader_init(struct cobj_reader *r, struct cobj *c, struct loop *l, struct task *task)
{
	*r = (struct cobj_reader){ .cobj = cobj_ref(c), .loop = l, .task = task };
	if (cobj_state(c) == COBJ_COMPLETE)
		return;
	r->waker = cobj_waker_new(l, task);
	lock_take(&c->lock);
	list_push_back(&c->readers, &r->waker->link);
	r->waker->wants = true;
	c->n_readers++;
	lock_give(&c->lock);
}

/* With the lock held: the writer waits for room that there may be now, or for the last to leave. */
static void tell_writer(struct cobj *c, struct cobj_waker **chain)
{
	if (c->writer != NULL && (c->writer->wants || c->n_readers == 0))
		cobj_waker_gather(chain, c->writer);
}

static void leave(struct cobj_reader *r)
{
	struct cobj *const c = r->cobj;
	struct cobj_waker *chain = NULL;

	lock_take(&c->lock);
	list_remove(&r->waker->link);
	c->n_readers--;
	tell_writer(c, &chain);
	lock_give(&c->lock);
	cobj_waker_wake(&chain, r->loop);
	cobj_waker_drop(&r->waker);
}

void cobj_reader_fini(struct cobj_reader *r)
{
	if (r->cobj == NULL)
		return;
	if (r->waker != NULL)
		leave(r);
	cobj_block_unref(&r->held);
	cobj_unref(&r->cobj);
}

/* --- reading --------------------------------------------------------------------------------- */

/* What the body has at this offset; false: nothing. */
static bool look(struct cobj_body *b, uint64_t offset, uint64_t max, struct cobj_piece *piece,
                 struct cobj_block **block)
{
	if (offset < b->memfd_bytes) {
		piece->kind = COBJ_PIECE_FILE;
		piece->fd = b->memfd;
		piece->at = offset;
		piece->n = MIN(max, b->memfd_bytes - offset);
		return true;
	}
	struct cobj_block *const k = cobj_body_find(b, offset);

	if (k == NULL)
		return false;
	const size_t skip = (size_t)(offset - k->at);

	piece->kind = COBJ_PIECE_MEMORY;
	piece->bytes = span_of(k->bytes + skip, (size_t)MIN(max, (uint64_t)(k->n - skip)));
	piece->n = piece->bytes.n;
	*block = k;
	return true;
}

static void fail(struct cobj_piece *piece, enum why why)
{
	piece->kind = COBJ_PIECE_FAILED;
	piece->why = why;
}

static void read_complete(const struct cobj *c, uint64_t offset, uint64_t max,
                          struct cobj_piece *piece)
{
	struct cobj_block *unused;

	/* Complete: head, body and lists of blocks do not change any more. */
	if (c->body == NULL || offset >= c->body->bytes)
		piece->kind = COBJ_PIECE_END;
	else if (!look(c->body, offset, max, piece, &unused))
		fail(piece, WHY_MEMORY); /* it was not kept, and this reader came late */
}

/* With the lock held. */
static void read_growing(struct cobj_reader *r, uint64_t offset, uint64_t max,
                         struct cobj_piece *piece)
{
	struct cobj *const c = r->cobj;
	const enum cobj_state state = cobj_state(c);
	struct cobj_block *k = NULL;

	if (r->waker->is_cut) {
		fail(piece, WHY_CLIENT_STALLED);
	} else if (c->body != NULL && look(c->body, offset, max, piece, &k)) {
		r->held = k != NULL ? cobj_block_ref(k) : NULL;
	} else if (state == COBJ_FAILED || state == COBJ_RELEASED) {
		fail(piece, c->why);
	} else if (c->body != NULL && offset < c->body->bytes) {
		fail(piece, WHY_MEMORY);
	} else if (state == COBJ_COMPLETE) {
		piece->kind = COBJ_PIECE_END;
	} else {
		piece->kind = COBJ_PIECE_WAIT;
		r->waker->wants = true;
	}
}

void cobj_read(struct cobj_reader *r, uint64_t offset, uint64_t max, struct cobj_piece *piece)
{
	struct cobj *const c = r->cobj;
	struct cobj_waker *chain = NULL;

	*piece = (struct cobj_piece){ .kind = COBJ_PIECE_WAIT, .fd = -1 };
	if (r->held != NULL)
		cobj_block_unref(&r->held);
	if (cobj_state(c) == COBJ_COMPLETE && (r->waker == NULL || !r->waker->is_cut)) {
		read_complete(c, offset, max, piece);
		return;
	}
	lock_take(&c->lock);
	r->waker->offset = offset;
	read_growing(r, offset, max, piece);
	if (c->writer != NULL && c->writer->wants)
		cobj_waker_gather(&chain, c->writer);
	lock_give(&c->lock);
	cobj_waker_wake(&chain, r->loop);
}
