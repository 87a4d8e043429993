/*
 * The rings between workers and the log thread.
 */
#include "log/ring_int.h"

#include "base/counters.h"

#include <errno.h>
#include <unistd.h>

#define LOG_RING_MAGIC 0x10671e46u

/* The texts are the last members of struct log_rec, one after the other. */
#define TEXTS_AT offsetof(struct log_rec, method)
#define N_TEXTS  ((sizeof(struct log_rec) - TEXTS_AT) / sizeof(struct span))
_Static_assert(offsetof(struct log_rec, detail) == TEXTS_AT + (N_TEXTS - 1) * sizeof(struct span),
               "the texts of a record are contiguous and last");

#define SINK_SKIP 0xffffffffu

struct entry {
	uint32_t bytes; /* with this header, a multiple of 8 */
	uint32_t sink;  /* SINK_SKIP: nothing here up to the end of the ring */
};

/* Follows the header: the plain members, then the texts' lengths, then the texts. */
#define LENGTHS_AT (sizeof(struct entry) + TEXTS_AT)
#define BYTES_AT   (LENGTHS_AT + N_TEXTS * sizeof(uint32_t))

struct log_ring *log_ring_make(struct log_waker *waker, unsigned worker_id, uint64_t size)
{
	struct log_ring *r = aligned_alloc(64, sizeof(*r));

	CHECK(r != NULL && size >= 256 && (size & (size - 1)) == 0);
	memset(r, 0, sizeof(*r));
	r->magic = LOG_RING_MAGIC;
	r->waker = waker;
	r->worker_id = worker_id;
	r->size = size;
	r->bytes = check_malloc(size);
	return r;
}

void log_ring_free(struct log_ring **rp)
{
	struct log_ring *r = *rp;

	CHECK_OBJ(r, LOG_RING_MAGIC);
	free(r->bytes);
	OBJ_FREE(*rp, LOG_RING_MAGIC);
}

void log_waker_kick(struct log_waker *w)
{
	const uint64_t one = 1;

	if (atomic_exchange_explicit(&w->is_kicked, true, memory_order_seq_cst))
		return;
	while (write(w->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static struct span text_of(const struct log_rec *rec, size_t i)
{
	struct span s;

	memcpy(&s, (const char *)rec + TEXTS_AT + i * sizeof(s), sizeof(s));
	s.n = MIN(s.n, (size_t)LOG_TEXT_MAX);
	return s;
}

/*
 * Room for n bytes in one piece, or NULL. *at is where they begin, counted from the beginning of
 * time; a skip entry is written if they do not fit before the end.
 */
static char *ring_reserve(struct log_ring *r, uint64_t n, uint64_t *at)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	const uint64_t to_end = r->size - (head & (r->size - 1));
	const uint64_t gap = to_end < n ? to_end : 0;

	if (head + gap + n - r->tail_seen > r->size / 2)
		/* Pairs with log_ring_pop(): what it frees, it has read. */
		r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	if (head + gap + n - r->tail_seen > r->size)
		return NULL;
	if (gap != 0) {
		const struct entry skip = { (uint32_t)gap, SINK_SKIP };

		memcpy(r->bytes + (head & (r->size - 1)), &skip, sizeof(skip));
		head += gap;
	}
	*at = head;
	return r->bytes + (head & (r->size - 1));
}

static void pack(char *p, const struct log_rec *rec, uint32_t bytes, uint32_t sink)
{
	const struct entry e = { bytes, sink };
	char *at = p + BYTES_AT;

	memcpy(p, &e, sizeof(e));
	memcpy(p + sizeof(e), rec, TEXTS_AT);
	for (size_t i = 0; i < N_TEXTS; i++) {
		const struct span s = text_of(rec, i);
		const uint32_t n = (uint32_t)s.n;

		memcpy(p + LENGTHS_AT + i * sizeof(n), &n, sizeof(n));
		if (n != 0)
			memcpy(at, s.p, n);
		at += n;
	}
}

void log_ring_put(struct log_ring *r, int sink, const struct log_rec *rec)
{
	size_t bytes = BYTES_AT;
	uint64_t at;
	char *p;

	CHECK_OBJ(r, LOG_RING_MAGIC);
	CHECK(sink >= 0);
	for (size_t i = 0; i < N_TEXTS; i++)
		bytes += text_of(rec, i).n;
	bytes = (bytes + 7) & ~(size_t)7;
	p = ring_reserve(r, bytes, &at);
	if (p == NULL) {
		/* Counted by the worker, so that the number is right before the thread looks. */
		count(COUNT_LOG_DROPPED);
		atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
		log_waker_kick(r->waker);
		return;
	}
	pack(p, rec, (uint32_t)bytes, (uint32_t)sink);
	/*
	 * Sequentially consistent, as is the load: either the log thread, which says that it sleeps
	 * and then looks at the rings once more, sees this record, or it is seen to sleep here.
	 */
	atomic_store_explicit(&r->head, at + bytes, memory_order_seq_cst);
	count(COUNT_LOG_LINES);
	if (atomic_load_explicit(&r->waker->is_asleep, memory_order_seq_cst) ||
	    at + bytes - r->tail_seen > r->size / 2)
		log_waker_kick(r->waker);
}

/* Step over a gap. The offset of the oldest record, or false. */
static bool ring_oldest(struct log_ring *r, uint64_t *at)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	/* Pairs with log_ring_put(): its bytes are there. */
	const uint64_t head = atomic_load_explicit(&r->head, memory_order_seq_cst);
	struct entry e;

	if (tail == head)
		return false;
	memcpy(&e, r->bytes + (tail & (r->size - 1)), sizeof(e));
	if (e.sink == SINK_SKIP)
		tail += e.bytes;
	*at = tail;
	return true;
}

bool log_ring_is_empty(struct log_ring *r)
{
	uint64_t at;

	return !ring_oldest(r, &at);
}

bool log_ring_peek(struct log_ring *r, struct log_rec *rec, int *sink)
{
	struct entry e;
	const char *p, *text;
	uint64_t at;

	CHECK_OBJ(r, LOG_RING_MAGIC);
	if (!ring_oldest(r, &at))
		return false;
	p = r->bytes + (at & (r->size - 1));
	text = p + BYTES_AT;
	memcpy(&e, p, sizeof(e));
	memcpy(rec, p + sizeof(e), TEXTS_AT);
	for (size_t i = 0; i < N_TEXTS; i++) {
		struct span s = { text, 0 };
		uint32_t n;

		memcpy(&n, p + LENGTHS_AT + i * sizeof(n), sizeof(n));
		s.n = n;
		memcpy((char *)rec + TEXTS_AT + i * sizeof(s), &s, sizeof(s));
		text += n;
	}
	*sink = (int)e.sink;
	return true;
}

void log_ring_pop(struct log_ring *r)
{
	struct entry e;
	uint64_t at;

	CHECK(ring_oldest(r, &at));
	memcpy(&e, r->bytes + (at & (r->size - 1)), sizeof(e));
	/* Pairs with ring_reserve(). */
	atomic_store_explicit(&r->tail, at + e.bytes, memory_order_release);
}
