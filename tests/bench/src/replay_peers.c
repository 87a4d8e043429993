/*
 * What Cuttle's replacement is compared with: LRU, GDSF (Cherkasova 1998: frequency by size, aged)
 * and S3-FIFO as published, exact, object by object, with a ghost of as many keys as main has
 * objects.
 */
#include "tests/bench/src/replay.h"

/* --- LRU -------------------------------------------------------------------------------------- */

#define NOBODY UINT32_MAX

/* Rings of objects by number; the heads have the numbers behind the last object. */
struct ring {
	uint32_t *next, *prev;
};

static void ring_init(struct ring *r, uint32_t n_objects, uint32_t n_heads)
{
	r->next = check_calloc(n_objects + n_heads, sizeof(uint32_t));
	r->prev = check_calloc(n_objects + n_heads, sizeof(uint32_t));
	for (uint32_t i = 0; i < n_objects; i++)
		r->next[i] = NOBODY;
	for (uint32_t i = n_objects; i < n_objects + n_heads; i++)
		r->next[i] = r->prev[i] = i;
}

static void ring_fini(struct ring *r)
{
	free(r->next);
	free(r->prev);
}

static bool ring_has(const struct ring *r, uint32_t i)
{
	return r->next[i] != NOBODY;
}

static void ring_remove(struct ring *r, uint32_t i)
{
	r->next[r->prev[i]] = r->next[i];
	r->prev[r->next[i]] = r->prev[i];
	r->next[i] = NOBODY;
}

static void ring_push(struct ring *r, uint32_t head, uint32_t i)
{
	r->prev[i] = r->prev[head];
	r->next[i] = head;
	r->next[r->prev[head]] = i;
	r->prev[head] = i;
}

struct lru {
	const struct replay_trace *t;
	struct ring ring;
	uint64_t capacity, used;
};

static void *lru_new(const struct replay_trace *t, uint64_t capacity)
{
	struct lru *p = check_calloc(1, sizeof(*p));

	p->t = t;
	p->capacity = capacity;
	ring_init(&p->ring, t->n_objects, 1);
	return p;
}

static bool lru_get(void *policy, uint32_t object)
{
	struct lru *p = policy;
	const uint32_t head = p->t->n_objects;
	const bool hit = ring_has(&p->ring, object);

	if (hit)
		ring_remove(&p->ring, object);
	else
		p->used += p->t->sizes[object];
	ring_push(&p->ring, head, object);
	while (p->used > p->capacity) {
		const uint32_t oldest = p->ring.next[head];

		ring_remove(&p->ring, oldest);
		p->used -= p->t->sizes[oldest];
	}
	return hit;
}

static void lru_free(void *policy)
{
	struct lru *p = policy;

	ring_fini(&p->ring);
	free(p);
}

const struct replay_policy replay_lru = { "LRU", lru_new, lru_get, NULL, lru_free };

/* --- GDSF ------------------------------------------------------------------------------------- */

struct gdsf {
	const struct replay_trace *t;
	uint64_t capacity, used;
	double age;
	double *worth;
	uint32_t *uses;
	uint32_t *heap, *place; /* place: 1 + position in the heap; 0: not there */
	uint32_t n;
};

static void *gdsf_new(const struct replay_trace *t, uint64_t capacity)
{
	struct gdsf *p = check_calloc(1, sizeof(*p));

	p->t = t;
	p->capacity = capacity;
	p->worth = check_calloc(t->n_objects, sizeof(double));
	p->uses = check_calloc(t->n_objects, sizeof(uint32_t));
	p->heap = check_calloc(t->n_objects, sizeof(uint32_t));
	p->place = check_calloc(t->n_objects, sizeof(uint32_t));
	return p;
}

static void heap_put(struct gdsf *p, uint32_t at, uint32_t object)
{
	p->heap[at] = object;
	p->place[object] = at + 1;
}

static void heap_up(struct gdsf *p, uint32_t at, uint32_t object)
{
	while (at > 0 && p->worth[p->heap[(at - 1) / 2]] > p->worth[object]) {
		heap_put(p, at, p->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_put(p, at, object);
}

static void heap_down(struct gdsf *p, uint32_t at, uint32_t object)
{
	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child < p->n && child + 1 < p->n &&
		    p->worth[p->heap[child + 1]] < p->worth[p->heap[child]])
			child++;
		if (child >= p->n || p->worth[p->heap[child]] >= p->worth[object])
			break;
		heap_put(p, at, p->heap[child]);
		at = child;
	}
	heap_put(p, at, object);
}

static void gdsf_evict(struct gdsf *p)
{
	const uint32_t object = p->heap[0], last = p->heap[--p->n];

	p->age = p->worth[object];
	p->place[object] = 0;
	p->used -= p->t->sizes[object];
	if (p->n > 0)
		heap_down(p, 0, last);
}

static bool gdsf_get(void *policy, uint32_t object)
{
	struct gdsf *p = policy;
	const bool hit = p->place[object] != 0;

	p->uses[object] = hit ? p->uses[object] + 1 : 1;
	if (hit) {
		p->worth[object] = p->age + (double)p->uses[object] / (double)p->t->sizes[object];
		heap_down(p, p->place[object] - 1, object);
		return true;
	}
	while (p->used + p->t->sizes[object] > p->capacity)
		gdsf_evict(p);
	p->worth[object] = p->age + 1.0 / (double)p->t->sizes[object];
	p->used += p->t->sizes[object];
	heap_up(p, p->n++, object);
	return false;
}

static void gdsf_free(void *policy)
{
	struct gdsf *p = policy;

	free(p->worth);
	free(p->uses);
	free(p->heap);
	free(p->place);
	free(p);
}

const struct replay_policy replay_gdsf = { "GDSF", gdsf_new, gdsf_get, NULL, gdsf_free };

/* --- S3-FIFO ---------------------------------------------------------------------------------- */

struct s3fifo {
	const struct replay_trace *t;
	struct ring ring; /* small's head, then main's */
	uint64_t capacity, small_bytes, main_bytes, n_main;
	uint8_t *uses;
	bool *is_main;
	uint64_t *ghost,
		n_ghost; /* when an object went into the ghost, counting from 1; 0: not there */
};

static void *s3fifo_new(const struct replay_trace *t, uint64_t capacity)
{
	struct s3fifo *p = check_calloc(1, sizeof(*p));

	p->t = t;
	p->capacity = capacity;
	ring_init(&p->ring, t->n_objects, 2);
	p->uses = check_calloc(t->n_objects, 1);
	p->is_main = check_calloc(t->n_objects, sizeof(bool));
	p->ghost = check_calloc(t->n_objects, sizeof(uint64_t));
	return p;
}

static void s3fifo_push(struct s3fifo *p, uint32_t object, bool to_main)
{
	p->is_main[object] = to_main;
	ring_push(&p->ring, p->t->n_objects + to_main, object);
	*(to_main ? &p->main_bytes : &p->small_bytes) += p->t->sizes[object];
	p->n_main += to_main;
}

/* Take the oldest off that chain. */
static uint32_t s3fifo_pop(struct s3fifo *p, bool from_main)
{
	const uint32_t object = p->ring.next[p->t->n_objects + from_main];

	ring_remove(&p->ring, object);
	*(from_main ? &p->main_bytes : &p->small_bytes) -= p->t->sizes[object];
	p->n_main -= from_main;
	return object;
}

static void s3fifo_evict(struct s3fifo *p)
{
	for (;;) {
		const bool from_main = p->n_main > 0 && p->small_bytes < p->capacity / 10;
		const uint32_t object = s3fifo_pop(p, from_main);
		const uint8_t uses = p->uses[object];

		if (!from_main && uses <= 1) {
			p->ghost[object] = ++p->n_ghost;
			return;
		}
		if (uses == 0)
			return;
		p->uses[object] = from_main ? (uint8_t)(uses - 1) : 0;
		s3fifo_push(p, object, true);
	}
}

static bool s3fifo_get(void *policy, uint32_t object)
{
	struct s3fifo *p = policy;
	bool was_ghost;

	if (ring_has(&p->ring, object)) {
		p->uses[object] = (uint8_t)MIN(p->uses[object] + 1, 3);
		return true;
	}
	was_ghost = p->ghost[object] != 0 && p->n_ghost - p->ghost[object] < p->n_main;
	while (p->small_bytes + p->main_bytes + p->t->sizes[object] > p->capacity)
		s3fifo_evict(p);
	p->ghost[object] = 0;
	p->uses[object] = 0;
	s3fifo_push(p, object, was_ghost);
	return false;
}

static void s3fifo_free(void *policy)
{
	struct s3fifo *p = policy;

	ring_fini(&p->ring);
	free(p->uses);
	free(p->is_main);
	free(p->ghost);
	free(p);
}

const struct replay_policy replay_s3fifo = { "S3-FIFO", s3fifo_new, s3fifo_get, NULL, s3fifo_free };
