/*
 * The readers' side of an object.
 */
#include "cache/hold.h"
#include "cache/store_int.h"
#include "cache/waker.h"

/* --- beginning and leaving -------------------------------------------------------------------- */

void cobj_reader_init(struct cobj_reader *r, struct cobj *c, struct loop *l, struct task *task)
{
	*r = (struct cobj_reader){ .cobj = cobj_ref(c), .loop = l, .task = task };
	if (cobj_state(c) == COBJ_COMPLETE)
		return;
	r->waker = cobj_waker_new(l, task);
	lock_take(&c->lock);
	list_push_back(&c->readers, &r->waker->link);
	r->waker->wants = true;
	r->waker->hold = c->hold != NULL ? cobj_hold_ref(c->hold) : NULL;
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
	cobj_hold_unref(&r->waker->hold);
	cobj_waker_drop(&r->waker);
}

/* --- what there is ---------------------------------------------------------------------------- */

/* What a body has at some offset. */
struct sight {
	enum { NOTHING, IN_FILE, IN_BLOCK, ON_DISK } where;
	struct cobj_block *block;
	uint32_t i; /* of the place */
	struct disk_place place;
	struct segment *segment; /* that it is in, held by the reader */
	uint64_t at;             /* of the place in the body */
};

/* --- fragments on a disk ---------------------------------------------------------------------- */

/* The fragment that a reader looks at, or waits for. */
struct cobj_load {
	struct disk_fragment fragment;
	uint64_t at; /* where in the body it begins */
};

static void let_go(struct cobj_load *f)
{
	op_cancel(&f->fragment.op);
	disk_fragment_done(&f->fragment);
}

static void end_load(struct cobj_reader *r)
{
	let_go(r->load);
	free(r->load);
	r->load = NULL;
}

static enum op_status begin_load(struct cobj_reader *r, const struct disk_place *place,
                                 struct segment *segment, uint64_t at)
{
	if (r->load == NULL)
		r->load = check_calloc(1, sizeof(*r->load));
	else if (r->load->at == at && r->load->fragment.disk != NULL)
		return r->load->fragment.op.status;
	else
		let_go(r->load);
	*r->load = (struct cobj_load){ .at = at };
	r->load->fragment.disk = r->cobj->body->dir->disk;
	r->load->fragment.place = *place;
	r->load->fragment.segment = segment;
	const enum op_status status = disk_fragment(&r->load->fragment, r->loop, r->task);

	r->load->fragment.op.status = status;
	return status;
}

/* Without a lock: `s` is the reader's own. */
static void read_place(struct cobj_reader *r, const struct sight *s, uint64_t offset, uint64_t max,
                       struct cobj_piece *piece)
{
	const struct disk_place *const place = &s->place;
	const uint64_t skip = offset - s->at;

	switch (begin_load(r, place, s->segment, s->at)) {
	case OP_READY:
		break;
	case OP_PENDING:
		piece->kind = COBJ_PIECE_WAIT;
		return;
	case OP_IDLE:
	case OP_FAILED:
		/* Damaged: one that is still being filled is not kept, either. */
		if (!r->load->fragment.is_busy)
			(void)store_drop(r->cobj);
		piece->kind = COBJ_PIECE_FAILED;
		piece->why = WHY_STORE_READ;
		return;
	}
	const struct disk_fragment *const f = &r->load->fragment;

	piece->n = MIN(max, place->bytes - skip);
	piece->fd = f->fd;
	piece->at = f->offset + skip;
	piece->kind = f->bytes.p != NULL ? COBJ_PIECE_MEMORY : COBJ_PIECE_FILE;
	if (f->bytes.p != NULL)
		piece->bytes = span_of(f->bytes.p + skip, (size_t)piece->n);
}

void cobj_reader_fini(struct cobj_reader *r)
{
	if (r->cobj == NULL)
		return;
	/* Before what it looks at is let go of. */
	if (r->load != NULL)
		end_load(r);
	if (r->waker != NULL)
		leave(r);
	cobj_block_unref(&r->held);
	cobj_hold_unref(&r->hold);
	cobj_unref(&r->cobj);
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct sight look(const struct cobj_body *b, uint64_t offset)
{
	struct sight s = { .where = NOTHING };

	if (b == NULL || offset >= b->bytes)
		return s;
	if (offset < b->memfd_bytes) {
		s.where = IN_FILE;
	} else if (offset < b->placed_bytes) {
		s.where = ON_DISK;
		s.i = (uint32_t)(offset / DISK_FRAGMENT_BYTES);
		s.place = b->places[s.i];
		s.at = (uint64_t)s.i * DISK_FRAGMENT_BYTES;
	} else {
		s.block = cobj_body_find(b, offset);
		s.where = s.block != NULL ? IN_BLOCK : NOTHING;
	}
	return s;
}

static void fail(struct cobj_piece *piece, enum why why)
{
	piece->kind = COBJ_PIECE_FAILED;
	piece->why = why;
}

static void show_file(const struct cobj_body *b, uint64_t memfd_bytes, uint64_t offset,
                      uint64_t max, struct cobj_piece *piece)
{
	piece->kind = COBJ_PIECE_FILE;
	piece->fd = b->memfd;
	piece->at = offset;
	piece->n = MIN(max, memfd_bytes - offset);
}

static void show_block(const struct cobj_block *k, uint64_t offset, uint64_t max,
                       struct cobj_piece *piece)
{
	const size_t skip = (size_t)(offset - k->at);

	piece->kind = COBJ_PIECE_MEMORY;
	piece->bytes = span_of(k->bytes + skip, (size_t)MIN(max, (uint64_t)(k->n - skip)));
	piece->n = piece->bytes.n;
}

/* Of a complete one: from now on the reader keeps what he reads. False: it is gone. */
static bool hold_all(struct cobj_reader *r, struct sight *s)
{
	const struct cobj_hold *h = r->waker != NULL ? r->waker->hold : NULL;

	if (h == NULL && r->hold == NULL)
		r->hold = cobj_hold_of(r->cobj->body);
	if (h == NULL)
		h = r->hold;
	if (h == NULL)
		return false;
	s->segment = cobj_hold_at(h, s->i);
	return true;
}

/* Evicted or moved: the disk may have it elsewhere, so only what is in memory is of no use. */
static void place_is_gone(struct cobj *c, struct cobj_piece *piece)
{
	(void)store_unlist(c->store, c);
	fail(piece, WHY_STORE_READ);
}

/* Complete: head, body and lists of blocks do not change any more. */
static void read_complete(struct cobj_reader *r, uint64_t offset, uint64_t max,
                          struct cobj_piece *piece)
{
	const struct cobj_body *const b = r->cobj->body;
	struct sight s = look(b, offset);

	switch (s.where) {
	case IN_BLOCK:
		show_block(s.block, offset, max, piece);
		return;
	case IN_FILE:
		show_file(b, b->memfd_bytes, offset, max, piece);
		return;
	case ON_DISK:
		if (hold_all(r, &s))
			read_place(r, &s, offset, max, piece);
		else
			place_is_gone(r->cobj, piece);
		return;
	case NOTHING:
		if (b == NULL || offset >= b->bytes)
			piece->kind = COBJ_PIECE_END;
		else
			fail(piece, WHY_MEMORY); /* it was not kept, and this reader came late */
		return;
	}
}

/* With the lock held. False: it is on a disk, at `s`. */
static bool read_growing(struct cobj_reader *r, uint64_t offset, uint64_t max,
                         struct cobj_piece *piece, struct sight *s)
{
	struct cobj *const c = r->cobj;
	const enum cobj_state state = cobj_state(c);

	*s = look(c->body, offset);
	if (r->waker->is_cut) {
		fail(piece, WHY_CLIENT_STALLED);
	} else if (s->where == ON_DISK && r->waker->hold == NULL) {
		fail(piece, c->why != WHY_NONE ? c->why : WHY_STORE_READ); /* it came too late */
	} else if (s->where == ON_DISK) {
		s->segment = cobj_hold_at(r->waker->hold, s->i);
		return false;
	} else if (s->where == IN_FILE) {
		show_file(c->body, c->body->memfd_bytes, offset, max, piece);
	} else if (s->where == IN_BLOCK) {
		show_block(s->block, offset, max, piece);
		r->held = cobj_block_ref(s->block);
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
	return true;
}

void cobj_read(struct cobj_reader *r, uint64_t offset, uint64_t max, struct cobj_piece *piece)
{
	struct cobj *const c = r->cobj;
	struct cobj_waker *chain = NULL;

	*piece = (struct cobj_piece){ .kind = COBJ_PIECE_WAIT, .fd = -1 };
	if (r->held != NULL)
		cobj_block_unref(&r->held);
	if (cobj_state(c) == COBJ_COMPLETE && (r->waker == NULL || !r->waker->is_cut)) {
		read_complete(r, offset, max, piece);
		return;
	}
	struct sight s;

	lock_take(&c->lock);
	r->waker->offset = offset;
	const bool is_read = read_growing(r, offset, max, piece, &s);

	if (c->writer != NULL && c->writer->wants && cobj_window_has_room(c))
		cobj_waker_gather(&chain, c->writer);
	lock_give(&c->lock);
	cobj_waker_wake(&chain, r->loop);
	if (!is_read)
		read_place(r, &s, offset, max, piece);
}
