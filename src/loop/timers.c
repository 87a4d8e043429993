/*
 * The 4-ary heap behind timer_arm() and timer_cancel().
 */
#include "loop/timers.h"

#define FIRST_CAP 60U
#define ARITY     4U

/* Entry 1 is the root, so that heap_index 0 can mean "not in the heap". */
static uint32_t parent_of(uint32_t i)
{
	return (i - 2) / ARITY + 1;
}

static uint32_t first_child_of(uint32_t i)
{
	return (i - 1) * ARITY + 2;
}

static void put(struct timers *ts, uint32_t i, struct timer_entry e)
{
	ts->heap[i] = e;
	e.timer->heap_index = i;
}

/* Bring entry e to its place at or above the hole i. */
static void sift_up(struct timers *ts, uint32_t i, struct timer_entry e)
{
	while (i > 1) {
		const uint32_t up = parent_of(i);

		if (ts->heap[up].key <= e.key)
			break;
		put(ts, i, ts->heap[up]);
		i = up;
	}
	put(ts, i, e);
}

/* Bring entry e to its place at or below the hole i. */
static void sift_down(struct timers *ts, uint32_t i, struct timer_entry e)
{
	uint32_t child;

	while ((child = first_child_of(i)) <= ts->n) {
		const uint32_t end = MIN(child + ARITY - 1, ts->n);
		uint32_t least = child;

		for (uint32_t c = child + 1; c <= end; c++)
			if (ts->heap[c].key < ts->heap[least].key)
				least = c;
		if (e.key <= ts->heap[least].key)
			break;
		put(ts, i, ts->heap[least]);
		i = least;
	}
	put(ts, i, e);
}

static void grow(struct timers *ts)
{
	const uint32_t cap = ts->cap == 0 ? FIRST_CAP : ts->cap * 2;

	CHECK(cap > ts->cap);
	ts->heap = check_realloc(ts->heap, ((size_t)cap + 1) * sizeof(*ts->heap));
	ts->cap = cap;
}

void timers_init(struct timers *ts)
{
	*ts = (struct timers){ 0 };
}

void timers_fini(struct timers *ts)
{
	for (uint32_t i = 1; i <= ts->n; i++) {
		ts->heap[i].timer->heap_index = 0;
		ts->heap[i].timer->deadline_ms = INT64_MAX;
	}
	free(ts->heap);
	timers_init(ts);
}

void timers_set(struct timers *ts, struct timer *t, int64_t deadline_ms)
{
	t->deadline_ms = deadline_ms;
	if (t->heap_index != 0 && deadline_ms >= t->queued_ms)
		return; /* the lazy case: looked at when queued_ms comes up */
	t->queued_ms = deadline_ms;
	if (t->heap_index == 0) {
		if (ts->n == ts->cap)
			grow(ts);
		t->heap_index = ++ts->n;
	}
	sift_up(ts, t->heap_index, (struct timer_entry){ deadline_ms, t });
}

static void heap_remove(struct timers *ts, uint32_t i)
{
	const struct timer_entry last = ts->heap[ts->n];

	CHECK(i >= 1 && i <= ts->n);
	ts->heap[i].timer->heap_index = 0;
	ts->n--;
	if (i > ts->n)
		return;
	if (i > 1 && last.key < ts->heap[parent_of(i)].key)
		sift_up(ts, i, last);
	else
		sift_down(ts, i, last);
}

void timers_remove(struct timers *ts, struct timer *t)
{
	t->deadline_ms = INT64_MAX;
	if (t->heap_index == 0)
		return;
	CHECK(t->heap_index <= ts->n && ts->heap[t->heap_index].timer == t);
	heap_remove(ts, t->heap_index);
}

int64_t timers_next_ms(const struct timers *ts)
{
	return ts->n == 0 ? INT64_MAX : ts->heap[1].key;
}

struct timer *timers_take_due(struct timers *ts, int64_t now_ms)
{
	while (ts->n > 0 && ts->heap[1].key <= now_ms) {
		struct timer *t = ts->heap[1].timer;

		if (t->deadline_ms <= now_ms) {
			timers_remove(ts, t);
			return t;
		}
		if (t->deadline_ms == INT64_MAX) { /* timer_disarm() */
			heap_remove(ts, 1);
			continue;
		}
		t->queued_ms = t->deadline_ms;
		sift_down(ts, 1, (struct timer_entry){ t->queued_ms, t });
	}
	return NULL;
}
