/*
 * The writer's side of an object: its states, its body as it comes, and where that is kept.
 *
 * A body that is to stay in memory grows in one block, or, beyond FILE_FROM, in a file in memory if
 * there is one to be had. What can not be kept has a window of blocks between its slowest and its
 * fastest reader.
 */
#include "cache/fill.h"

#include "base/budget.h"
#include "base/counters.h"
#include "cache/hold.h"
#include "cache/store_int.h"
#include "cache/waker.h"

#define FIRST_BLOCK  4096u
#define WINDOW_BLOCK 65536u
#define LEAST_BLOCK  16384u /* what a body gets in its window when memory_limit refuses all */
#define FILE_FROM    65536u

/* --- beginning -------------------------------------------------------------------------------- */

struct cobj *cobj_fill_new(struct store *s, struct cache_key key, struct span url, int64_t now_ms)
{
	struct cobj *const c = cobj_new(s, key, url, COBJ_WAITING);
	struct cobj_fill *const f = check_calloc(1, sizeof(*f));

	f->cobj = c;
	f->uri_key = cache_key_of_uri(&s->secret, c->url);
	f->expected = COBJ_LENGTH_UNKNOWN;
	f->now_ms = now_ms;
	list_init(&f->link);
	c->fill = f;
	store_add_filling(s, f);
	return c;
}

void cobj_set_writer(struct cobj *c, struct loop *l, struct task *writer)
{
	CHECK(c->fill != NULL);
	cobj_clear_writer(c);
	struct cobj_waker *const w = cobj_waker_new(l, writer);

	lock_take(&c->lock);
	c->writer = w;
	lock_give(&c->lock);
}

void cobj_clear_writer(struct cobj *c)
{
	lock_take(&c->lock);
	struct cobj_waker *w = c->writer;

	c->writer = NULL;
	lock_give(&c->lock);
	cobj_waker_drop(&w);
}

bool cobj_may_be_kept(const struct cobj *c)
{
	CHECK(c->fill != NULL);
	return c->fill->keep != COBJ_KEEP_NOT;
}

unsigned cobj_readers(struct cobj *c)
{
	lock_take(&c->lock);
	const unsigned n = c->n_readers;

	lock_give(&c->lock);
	return n;
}

/* With the lock held: whom this news concerns. */
static void gather_all(struct cobj *c, struct cobj_waker **chain)
{
	list_for_each(it, &c->readers)
		cobj_waker_gather(chain, CONTAINER_OF(it, struct cobj_waker, link));
}

static void gather_waiting(struct cobj *c, struct cobj_waker **chain)
{
	list_for_each(it, &c->readers) {
		struct cobj_waker *const w = CONTAINER_OF(it, struct cobj_waker, link);

		if (w->wants)
			cobj_waker_gather(chain, w);
	}
}

/* The writer's loop, if it said so. Without a lock, since he himself asks. */
static struct loop *home(const struct cobj *c)
{
	return c->writer != NULL ? c->writer->loop : NULL;
}

static void set_state(struct cobj *c, enum cobj_state state, enum why why)
{
	struct cobj_waker *chain = NULL;

	lock_take(&c->lock);
	c->why = why;
	if (state == COBJ_COMPLETE)
		c->meta.body_bytes = c->body->bytes;
	/* Pairs with cobj_state(): who sees it sees head and body. */
	atomic_store_explicit(&c->state, state, memory_order_release);
	gather_all(c, &chain);
	lock_give(&c->lock);
	cobj_waker_wake(&chain, home(c));
}

/* Readers look whether there is one. */
static void set_body(struct cobj *c, struct cobj_body *b)
{
	lock_take(&c->lock);
	c->body = b;
	lock_give(&c->lock);
}

void cobj_show(struct cobj *c)
{
	CHECK(c->fill != NULL && cobj_state(c) == COBJ_WAITING);
	set_body(c, cobj_body_new());
	set_state(c, COBJ_FILLING, WHY_NONE);
}

void cobj_fill_renew(struct cobj *c, struct cobj_body *body)
{
	set_body(c, cobj_body_ref(body));
	set_state(c, COBJ_COMPLETE, WHY_NONE);
}

/* --- the end ---------------------------------------------------------------------------------- */

bool cobj_fill_begin_commit(struct cobj *c)
{
	lock_take(&c->lock);
	c->fill->is_committing = !c->is_unwanted;
	const bool may = c->fill->is_committing;

	lock_give(&c->lock);
	return may;
}

void cobj_fill_end_commit(struct cobj *c)
{
	lock_take(&c->lock);
	c->fill->is_committing = false;
	lock_give(&c->lock);
}

static void detach(struct cobj *c)
{
	struct cobj_fill *const f = c->fill;

	store_remove_filling(c->store, f);
	c->fill = NULL;
	store_dir_unref(&f->dir);
	cobj_unref(&f->marker);
	free(f->names);
	free(f);
}

void cobj_fill_end(struct cobj *c)
{
	cobj_clear_writer(c);
	lock_take(&c->lock);
	struct cobj_hold *hold = c->hold;

	c->hold = NULL;
	lock_give(&c->lock);
	cobj_hold_unref(&hold);
	detach(c);
}

void cobj_fail(struct cobj *c, enum why why)
{
	CHECK(c->fill != NULL);
	store_unlist(c->store, c);
	set_state(c, COBJ_FAILED, why);
	cobj_fill_end(c);
}

void cobj_fill_drop(struct cobj **c)
{
	cobj_fill_end(*c);
	cobj_unref(c);
}

void cobj_release(struct cobj *c)
{
	CHECK(c->fill != NULL && cobj_state(c) == COBJ_WAITING);
	/* Only who made others wait knows that it was in vain. */
	if (store_is_listed(c))
		store_mark(c->store, c->key, c->fill->now_ms);
	store_unlist(c->store, c);
	set_state(c, COBJ_RELEASED, WHY_NONE);
	cobj_fill_end(c);
}

/* The last block had more room than it needed in the end. */
static void trim(struct cobj *c)
{
	struct cobj_block *const last = cobj_body_last(c->body);

	if (last == NULL || last->cap - last->n <= last->cap / 8)
		return;
	struct cobj_block *k = cobj_block_new(last->at, last->n, false);

	if (k == NULL)
		return;
	memcpy(k->bytes, last->bytes, last->n);
	k->n = last->n;
	lock_take(&c->lock);
	cobj_body_replace_last(c->body, &k);
	lock_give(&c->lock);
}

/* What is on a disk stays in memory beside it only if it is small. */
static void let_blocks_go(struct cobj *c)
{
	struct cobj_body *const b = c->body;

	if (b->placed_bytes > 0 && b->placed_bytes == b->bytes) {
		lock_take(&c->lock);
		cobj_body_drop_all(b);
		lock_give(&c->lock);
	}
}

/* What a disk has under this key is older than this one, unless that has been replaced itself. */
static void forget_older(struct cobj *c)
{
	lock_take(&c->lock);
	const bool is_unwanted = c->is_unwanted;

	lock_give(&c->lock);
	if (!is_unwanted)
		store_dirs_forget_known(&c->store->dirs, c->key);
}

/* Where it stays in the end. */
static enum cobj_keep settle(struct cobj *c)
{
	struct cobj_fill *const f = c->fill;

	if (f->keep == COBJ_KEEP_DISK && cobj_place_end(c)) {
		let_blocks_go(c);
		return COBJ_KEEP_DISK;
	}
	if (f->keep == COBJ_KEEP_DISK &&
	    (c->body->placed_bytes > 0 || !store_may_stay_in_memory(c->store, c->body->bytes)))
		return COBJ_KEEP_NOT;
	return f->keep == COBJ_KEEP_DISK ? COBJ_KEEP_MEMORY : f->keep;
}

/* It is complete: charged for what it takes in the end, instead of what was charged on the way. */
static void list_complete(struct cobj *c, enum cobj_keep keep)
{
	struct store *const s = c->store;

	store_discharge(s, c);
	if (keep != COBJ_KEEP_NOT && store_may_stay_in_memory(s, 0) &&
	    store_charge(s, c, cobj_memory(c)))
		store_queue(s, c);
	else if (keep == COBJ_KEEP_DISK)
		store_let_pass(s, c);
	else
		store_unlist(s, c);
}

void cobj_finish(struct cobj *c)
{
	CHECK(c->fill != NULL && cobj_state(c) == COBJ_FILLING);
	const enum cobj_keep keep = c->fill->keep == COBJ_KEEP_NOT ? COBJ_KEEP_NOT : settle(c);

	if (keep != COBJ_KEEP_DISK)
		forget_older(c);
	if (keep != COBJ_KEEP_NOT)
		trim(c);
	set_state(c, COBJ_COMPLETE, WHY_NONE);
	list_complete(c, keep);
	cobj_fill_end(c);
}

/* --- room ------------------------------------------------------------------------------------- */

/* It will not be kept: nobody joins any more, and the next ones do not wait for each other. */
static void give_up(struct cobj *c)
{
	c->fill->keep = COBJ_KEEP_NOT;
	if (store_unlist(c->store, c))
		store_mark(c->store, c->key, c->fill->now_ms);
	count(COUNT_CACHE_NOT_KEPT);
}

/* Put the copy of the last block with more room in its place; or a first one, or one behind it. */
static bool add_block(struct cobj *c, uint32_t cap)
{
	struct cobj_body *const b = c->body;
	struct cobj_block *const last = cobj_body_last(b);
	const bool grows = last != NULL && last->cap < COBJ_BLOCK_MAX;
	struct cobj_block *k = cobj_block_new(grows ? last->at : b->bytes, cap, false);

	if (k == NULL)
		return false;
	if (grows) {
		memcpy(k->bytes, last->bytes, last->n);
		k->n = last->n;
	}
	lock_take(&c->lock);
	if (grows)
		cobj_body_replace_last(b, &k);
	else
		cobj_body_push(b, &k);
	lock_give(&c->lock);
	return true;
}

/* How big the next block should be. */
static uint32_t next_cap(const struct cobj *c, size_t wanted)
{
	const struct cobj_body *const b = c->body;
	const struct cobj_block *const last = cobj_body_last(b);
	const bool grows = last != NULL && last->cap < COBJ_BLOCK_MAX;
	const uint64_t at = grows ? last->at : b->bytes;
	uint64_t cap = grows ? 2 * (uint64_t)last->cap : FIRST_BLOCK;

	cap = MAX(cap, b->bytes - at + wanted);
	if (c->fill->expected != COBJ_LENGTH_UNKNOWN && c->fill->expected > b->bytes)
		cap = c->fill->expected - at;
	return (uint32_t)MIN(cap, (uint64_t)COBJ_BLOCK_MAX);
}

/* The disk does not want it: it stays in memory, if that can be. */
static bool to_memory(struct cobj *c)
{
	const uint64_t expected = c->fill->expected;
	const uint64_t bytes = expected == COBJ_LENGTH_UNKNOWN ? c->body->bytes : expected;

	if (c->body->placed_bytes > 0 || !store_may_stay_in_memory(c->store, bytes))
		return false;
	c->fill->keep = COBJ_KEEP_MEMORY;
	return store_charge(c->store, c, cobj_body_memory(c->body));
}

/* Room for what a disk is to keep: a block at a time, which goes there when it is full. */
static bool disk_room(struct cobj *c, size_t wanted)
{
	const struct cobj_block *const last = cobj_body_last(c->body);

	if (c->body->bytes >= atomic_load_explicit(&c->fill->dir->max_bytes, memory_order_relaxed))
		return to_memory(c);
	if (last != NULL && last->n == COBJ_BLOCK_MAX && !cobj_place_block(c))
		return to_memory(c);
	return add_block(c, next_cap(c, wanted));
}

/* Room in a block of a body that stays in memory, and is charged for it. */
static bool memory_room(struct cobj *c, size_t wanted)
{
	const uint64_t limit = store_limit(&c->store->max_in_memory_bytes);
	const struct cobj_block *const last = cobj_body_last(c->body);

	if (c->body->bytes >= limit)
		return false;
	const uint32_t cap = next_cap(c, wanted);
	const uint64_t more = cap - (last != NULL && last->cap < COBJ_BLOCK_MAX ? last->cap : 0);

	return store_charge(c->store, c, more) && add_block(c, cap);
}

/* --- the window of what is not kept ----------------------------------------------------------- */

struct span_of_readers {
	uint64_t slowest, fastest; /* offsets; both that of the end where nobody reads */
};

/*
 * What is in a file or on a disk can be read by the slowest still. Who waits for a part that is yet
 * to come is no further than what is there, and holds nobody up.
 */
static uint64_t place_of(const struct cobj *c, const struct cobj_waker *w)
{
	const uint64_t kept = c->body->memfd_bytes + c->body->placed_bytes; /* one of them is 0 */

	return MIN(MAX(w->offset, kept), c->body->bytes);
}

static struct span_of_readers look_at_readers(const struct cobj *c)
{
	struct span_of_readers s = { c->body->bytes, 0 };
	bool has_any = false;

	list_for_each(it, &c->readers) {
		const struct cobj_waker *const w = CONTAINER_OF(it, struct cobj_waker, link);

		if (w->is_cut)
			continue;
		const uint64_t at = place_of(c, w);

		s.slowest = MIN(s.slowest, at);
		s.fastest = MAX(s.fastest, at);
		has_any = true;
	}
	if (!has_any)
		s.fastest = s.slowest;
	return s;
}

/*
 * How far a body that is not kept runs ahead of its fastest reader; a block at least. Near
 * memory_limit that is all: there is nothing to be had for those who are slow.
 */
static uint64_t gap_of(const struct cobj *c)
{
	return budget_is_short(BUDGET_CACHE)
	               ? WINDOW_BLOCK
	               : MAX(store_limit(&c->store->read_ahead_bytes), (uint64_t)WINDOW_BLOCK);
}

/* How far behind the fastest a reader may be before he does not set the pace any more. */
static uint64_t lag_of(const struct cobj *c)
{
	return budget_is_short(BUDGET_CACHE) ? WINDOW_BLOCK
	                                     : MAX(gap_of(c), (uint64_t)COBJ_WINDOW_BYTES);
}

static bool is_wide(const struct span_of_readers *s, uint64_t lag)
{
	return s->fastest - s->slowest >= lag;
}

static bool is_open(const struct cobj *c, const struct span_of_readers *s, uint64_t gap,
                    uint64_t lag)
{
	/* Where some are far behind, the others set the pace. */
	return c->body->bytes - s->fastest < gap &&
	       (is_wide(s, lag) || c->body->bytes - s->slowest < lag);
}

bool cobj_window_has_room(const struct cobj *c)
{
	if (c->body == NULL)
		return true;
	const struct span_of_readers s = look_at_readers(c);

	/* Not for a little, but always when one has read all there is: he waits for the writer. */
	return is_open(c, &s, gap_of(c) / 2, lag_of(c));
}

/* With the lock held: those who are so far behind must end. */
static void cut_slowest(struct cobj *c, uint64_t fastest, uint64_t lag, struct cobj_waker **chain)
{
	list_for_each(it, &c->readers) {
		struct cobj_waker *const w = CONTAINER_OF(it, struct cobj_waker, link);

		if (!w->is_cut && place_of(c, w) + lag <= fastest) {
			w->is_cut = true;
			cobj_waker_gather(chain, w);
			count(COUNT_CACHE_READERS_CUT);
		}
	}
}

/*
 * Memory for those who are further behind: as much as cache_mem for all objects together, beside
 * it. Given back with the object.
 */
static bool widen(struct cobj *c, uint64_t wanted)
{
	struct store *const s = c->store;

	if (wanted <= c->widened)
		return true;
	const uint64_t more = wanted - c->widened + WINDOW_BLOCK;

	if (budget_is_short(BUDGET_CACHE))
		return false;
	/* Relaxed: a figure for itself. */
	if (atomic_fetch_add_explicit(&s->widened, more, memory_order_relaxed) + more >
	    store_limit(&s->mem_max_bytes)) {
		atomic_fetch_sub_explicit(&s->widened, more, memory_order_relaxed);
		return false;
	}
	c->widened += more;
	return true;
}

/* Is there room in the window? What all have used goes. */
static bool open_window(struct cobj *c)
{
	struct cobj_waker *chain = NULL;
	const uint64_t gap = gap_of(c), lag = lag_of(c);

	lock_take(&c->lock);
	struct span_of_readers s = look_at_readers(c);

	if (is_wide(&s, lag) && !widen(c, c->body->bytes - s.slowest)) {
		cut_slowest(c, s.fastest, lag, &chain);
		s = look_at_readers(c);
	}
	cobj_body_drop_before(c->body, s.slowest);
	const bool has_room = is_open(c, &s, gap, lag);

	if (!has_room && c->writer != NULL)
		c->writer->wants = true;
	lock_give(&c->lock);
	cobj_waker_wake(&chain, home(c));
	return has_room;
}

static void window_room(struct cobj *c)
{
	const struct cobj_block *const last = cobj_body_last(c->body);

	if (last != NULL && last->n < last->cap)
		return;
	struct cobj_block *k = cobj_block_new(c->body->bytes, WINDOW_BLOCK, false);

	/* memory_limit refuses: what must be delivered gets the least it can do with. */
	if (k == NULL)
		k = cobj_block_new(c->body->bytes, LEAST_BLOCK, true);
	lock_take(&c->lock);
	cobj_body_push(c->body, &k);
	lock_give(&c->lock);
}

/* --- bytes ------------------------------------------------------------------------------------ */

/* n bytes more are there. */
static void publish(struct cobj *c, struct cobj_block *k, size_t n)
{
	struct cobj_waker *chain = NULL;

	lock_take(&c->lock);
	if (k != NULL)
		k->n += (uint32_t)n;
	else
		c->body->memfd_bytes += n;
	c->body->bytes += n;
	gather_waiting(c, &chain);
	const bool is_unwanted = c->is_unwanted;

	lock_give(&c->lock);
	cobj_waker_wake(&chain, home(c));
	if (is_unwanted && c->fill->keep != COBJ_KEEP_NOT)
		give_up(c);
}

static size_t fill_block(struct cobj *c, struct span bytes)
{
	struct cobj_block *const k = cobj_body_last(c->body);
	const size_t n = MIN(bytes.n, (size_t)(k->cap - k->n));

	/*
	 * Behind what readers may look at, and without the lock: the block stays, since only the
	 * writer changes which there are.
	 */
	memcpy(k->bytes + k->n, bytes.p, n);
	publish(c, k, n);
	return n;
}

/*
 * From the first block into a file in memory, which goes to sockets for less; if there is one for
 * it.
 */
static bool move_to_file(struct cobj *c)
{
	struct cobj_body *const b = c->body;
	const struct cobj_block *const first = b->n_blocks == 1 ? b->blocks[0] : NULL;

	if (b->n_blocks > 1 || b->placed_bytes > 0)
		return false;
	lock_take(&c->lock);
	const bool has_file = cobj_body_open_memfd(b, &c->store->memfds);

	lock_give(&c->lock);
	if (!has_file)
		return false;
	if (first != NULL && !cobj_body_write_memfd(b, span_of(first->bytes, first->n)))
		return false;
	lock_take(&c->lock);
	b->memfd_bytes = b->bytes;
	cobj_body_drop_all(b);
	lock_give(&c->lock);
	return true;
}

static bool wants_file(const struct cobj *c)
{
	const struct cobj_body *const b = c->body;

	if (c->fill->keep != COBJ_KEEP_MEMORY || b->memfd >= 0)
		return false;
	return c->fill->expected != COBJ_LENGTH_UNKNOWN ? c->fill->expected > FILE_FROM
	                                                : b->bytes >= FILE_FROM;
}

/* The file is its home: as much as cache_mem has room for. 0: no more there. */
static size_t fill_file(struct cobj *c, struct span bytes)
{
	const uint64_t limit = store_limit(&c->store->max_in_memory_bytes);
	const uint64_t left = limit > c->body->bytes ? limit - c->body->bytes : 0;
	const struct span s = span_of(bytes.p, (size_t)MIN((uint64_t)bytes.n, left));

	if (s.n == 0 || !store_charge(c->store, c, s.n) || !cobj_body_write_memfd(c->body, s))
		return 0;
	publish(c, NULL, s.n);
	return s.n;
}

static size_t fill_kept(struct cobj *c, struct span bytes)
{
	struct cobj_body *const b = c->body;
	const struct cobj_block *const last = cobj_body_last(b);

	if (wants_file(c) && (b->n_blocks == 0 || last->at == 0))
		(void)move_to_file(c);
	if (b->memfd >= 0 && b->memfd_bytes == b->bytes)
		return fill_file(c, bytes);
	if (last != NULL && last->n < last->cap)
		return fill_block(c, bytes);
	if (c->fill->keep == COBJ_KEEP_DISK && !disk_room(c, bytes.n))
		return 0;
	if (c->fill->keep == COBJ_KEEP_MEMORY && !memory_room(c, bytes.n))
		return 0;
	return fill_block(c, bytes);
}

static size_t fill_some(struct cobj *c, struct span bytes)
{
	if (c->fill->keep != COBJ_KEEP_NOT) {
		const size_t n = fill_kept(c, bytes);

		if (n > 0)
			return n;
		give_up(c);
	}
	/* The writer is told when it opens. */
	if (!open_window(c))
		return 0;
	window_room(c);
	return fill_block(c, span_of(bytes.p, MIN(bytes.n, (size_t)WINDOW_BLOCK)));
}

size_t cobj_append(struct cobj *c, struct span bytes)
{
	size_t taken = 0, n = 1;

	CHECK(c->fill != NULL && cobj_state(c) == COBJ_FILLING);
	while (n > 0 && taken < bytes.n) {
		n = fill_some(c, span_skip(bytes, taken));
		taken += n;
	}
	return taken;
}
