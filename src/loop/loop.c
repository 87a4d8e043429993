/*
 * One worker's event loop; the order of a turn is told in loop.h.
 *
 * Owns the poller, the heap of timers and the queue of posts. Everything is worker-local but the
 * posts and two flags: `posts` is a stack that any thread pushes on and the loop takes whole;
 * `may_sleep` says that the loop is, or is about to be, in a wait that somebody must end. A turn is
 * one wait and two clock reads; a post is a system call only if the loop may be asleep, and then
 * only for the first of a burst.
 */
#include "loop/loop.h"

#include "loop/poller.h"
#include "loop/timers.h"

#include <stdatomic.h>

#define LOOP_MAGIC 0x6c6f6f70U
#define LOOP_BATCH 256U
/*
 * One machine waking another (fetch and txn) is the common case: a turn between them is a vain
 * wait.
 */
#define TASK_ROUNDS 2U

/* What the loop is doing, so that a callback that oversteps its bounds is caught at the spot. */
enum phase { PHASE_IDLE, PHASE_WAIT, PHASE_EVENTS, PHASE_POSTS, PHASE_TIMERS, PHASE_TASKS };

struct loop {
	uint32_t magic;
	enum phase phase;
	struct poller *poller;
	int64_t now_ms, wall_us;
	struct list tasks; /* run in step 4 of this turn, or of the next one */
	struct timers timers;
	_Atomic(struct post *) posts; /* shared: newest first */
	atomic_bool may_sleep;        /* shared */
	atomic_bool is_stopped;       /* shared */
	struct poll_result results[LOOP_BATCH];
};

/* --- time ------------------------------------------------------------------------------------- */

static void read_clocks(struct loop *l)
{
	l->now_ms = clock_monotonic_us() / 1000;
	l->wall_us = clock_wall_us();
}

int64_t loop_now_ms(const struct loop *l)
{
	return l->now_ms;
}

int64_t loop_wall_us(const struct loop *l)
{
	return l->wall_us;
}

int64_t loop_precise_us(const struct loop *l)
{
	CHECK_OBJ(l, LOOP_MAGIC);
	return clock_monotonic_us();
}

/* --- tasks ------------------------------------------------------------------------------------ */

void task_schedule(struct loop *l, struct task *t)
{
	if (!list_is_linked(&t->link))
		list_push_back(&l->tasks, &t->link);
}

void task_cancel(struct task *t)
{
	list_remove(&t->link);
}

static void run_tasks(struct loop *l)
{
	struct list batch = LIST_INIT(batch), *it;

	list_splice_back(&batch, &l->tasks);
	/* Always the first: a task may cancel any of those that follow it. */
	while ((it = list_first(&batch)) != NULL) {
		struct task *t = CONTAINER_OF(it, struct task, link);

		list_remove(it);
		t->fn(t);
	}
}

/* --- timers ----------------------------------------------------------------------------------- */

void timer_init(struct timer *t, timer_fn *fn)
{
	*t = (struct timer){ INT64_MAX, 0, 0, fn };
}

void timer_arm(struct loop *l, struct timer *t, int64_t ms)
{
	int64_t deadline;

	/* A timer's own function that asks for "at once" means the next turn, not this one. */
	if (ms < 1)
		ms = l->phase == PHASE_TIMERS ? 1 : 0;
	if (__builtin_add_overflow(l->now_ms, ms, &deadline) || deadline == INT64_MAX)
		deadline = INT64_MAX - 1;
	timers_set(&l->timers, t, deadline);
}

void timer_cancel(struct loop *l, struct timer *t)
{
	timers_remove(&l->timers, t);
}

static void fire_timers(struct loop *l)
{
	struct timer *t;

	while ((t = timers_take_due(&l->timers, l->now_ms)) != NULL)
		t->fn(t);
}

/* --- descriptors ------------------------------------------------------------------------------ */

enum err loop_watch(struct loop *l, struct event *ev, int fd, unsigned interest)
{
	CHECK_OBJ(l, LOOP_MAGIC);
	CHECK(ev->fd < 0 && fd >= 0);
	const enum err e = poller_add(l->poller, fd, interest, ev);

	if (e == ERR_NONE)
		ev->fd = fd;
	return e;
}

void loop_rewatch(struct loop *l, struct event *ev, unsigned interest)
{
	CHECK_OBJ(l, LOOP_MAGIC);
	CHECK(ev->fd >= 0);
	poller_mod(l->poller, ev->fd, interest, ev);
}

void loop_unwatch(struct loop *l, struct event *ev)
{
	CHECK_OBJ(l, LOOP_MAGIC);
	if (ev->fd < 0)
		return;
	CHECK(l->phase != PHASE_EVENTS);
	poller_del(l->poller, ev->fd);
	ev->fd = -1;
}

void loop_forget(struct loop *l, struct event *ev)
{
	CHECK_OBJ(l, LOOP_MAGIC);
	CHECK(ev->fd < 0 || l->phase != PHASE_EVENTS);
	ev->fd = -1;
}

static void deliver_events(unsigned n, const struct poll_result *results)
{
	for (unsigned i = 0; i < n; i++) {
		struct event *ev = results[i].cookie;

		ev->fn(ev, results[i].ready);
	}
}

/* --- posts ------------------------------------------------------------------------------------ */

/*
 * The order is sequentially consistent because two flags cross: a poster writes `posts` and reads
 * `may_sleep`, the loop writes `may_sleep` and reads `posts` (go_to_sleep). One of them must see
 * the other's write.
 */
static void wake(struct loop *l)
{
	if (atomic_load_explicit(&l->may_sleep, memory_order_seq_cst) &&
	    atomic_exchange_explicit(&l->may_sleep, false, memory_order_seq_cst))
		poller_wake(l->poller);
}

void loop_post(struct loop *l, struct post *p)
{
	CHECK_OBJ(l, LOOP_MAGIC);
	p->next = atomic_load_explicit(&l->posts, memory_order_relaxed);
	/* Success releases *p to take_posts(). */
	while (!atomic_compare_exchange_weak_explicit(&l->posts, &p->next, p, memory_order_seq_cst,
	                                              memory_order_relaxed))
		;
	wake(l);
}

static void take_posts(struct loop *l)
{
	struct post *in_order = NULL;

	if (atomic_load_explicit(&l->posts, memory_order_relaxed) == NULL)
		return;
	/* Acquires what loop_post() released. */
	struct post *p = atomic_exchange_explicit(&l->posts, NULL, memory_order_acquire);

	while (p != NULL) {
		struct post *older = p->next;

		p->next = in_order;
		in_order = p;
		p = older;
	}
	while ((p = in_order) != NULL) {
		in_order = p->next; /* fn may post or free p */
		p->fn(p);
	}
}

/* --- turns ------------------------------------------------------------------------------------ */

static int64_t wait_ms(const struct loop *l, int64_t max_wait_ms)
{
	if (!list_is_empty(&l->tasks))
		return 0;
	const int64_t next = timers_next_ms(&l->timers);

	if (next == INT64_MAX)
		return max_wait_ms;
	/* As of the last turn's clock; a timer is late by at most what that turn has taken. */
	const int64_t until = MAX(next - l->now_ms, (int64_t)0);

	return max_wait_ms < 0 ? until : MIN(until, max_wait_ms);
}

/* Say that a wake is needed from now on; false if there is a reason already not to wait. */
static bool go_to_sleep(struct loop *l)
{
	atomic_store_explicit(&l->may_sleep, true, memory_order_seq_cst);
	return atomic_load_explicit(&l->posts, memory_order_seq_cst) == NULL &&
	       !atomic_load_explicit(&l->is_stopped, memory_order_seq_cst);
}

void loop_turn(struct loop *l, int64_t max_wait_ms)
{
	CHECK_OBJ(l, LOOP_MAGIC);
	CHECK(l->phase == PHASE_IDLE); /* a callback must not run the loop */
	int64_t ms = wait_ms(l, max_wait_ms);

	l->phase = PHASE_WAIT;
	if (ms != 0 && !go_to_sleep(l))
		ms = 0;
	const unsigned n = poller_wait(l->poller, l->results, LOOP_BATCH, ms);

	/* Posts are looked at below in any case: no wake is needed until the next wait. */
	atomic_store_explicit(&l->may_sleep, false, memory_order_relaxed);
	read_clocks(l);
	l->phase = PHASE_EVENTS;
	deliver_events(n, l->results);
	l->phase = PHASE_POSTS;
	take_posts(l);
	l->phase = PHASE_TIMERS;
	fire_timers(l);
	l->phase = PHASE_TASKS;
	for (unsigned i = 0; i < TASK_ROUNDS && !list_is_empty(&l->tasks); i++)
		run_tasks(l);
	l->phase = PHASE_IDLE;
}

/* --- life ------------------------------------------------------------------------------------- */

enum err loop_new(struct loop **out)
{
	struct loop *l;

	OBJ_NEW(l, LOOP_MAGIC);
	const enum err e = poller_new(&l->poller);

	if (e != ERR_NONE) {
		OBJ_FREE(l, LOOP_MAGIC);
		return e;
	}
	list_init(&l->tasks);
	timers_init(&l->timers);
	read_clocks(l);
	*out = l;
	return ERR_NONE;
}

void loop_free(struct loop **lp)
{
	struct loop *l = *lp;
	struct list *it;

	CHECK_OBJ(l, LOOP_MAGIC);
	CHECK(l->phase == PHASE_IDLE);
	take_posts(l);
	/* Owners may still cancel what they have scheduled: leave nothing that points here. */
	while ((it = list_first(&l->tasks)) != NULL)
		list_remove(it);
	timers_fini(&l->timers);
	poller_free(&l->poller);
	OBJ_FREE(l, LOOP_MAGIC);
	*lp = NULL;
}

void loop_run(struct loop *l)
{
	CHECK_OBJ(l, LOOP_MAGIC);
	read_clocks(l); /* loop_new() may be long ago */
	while (!atomic_load_explicit(&l->is_stopped, memory_order_relaxed))
		loop_turn(l, -1);
	/* So that what follows (draining, a test) may run turns again. */
	atomic_store_explicit(&l->is_stopped, false, memory_order_relaxed);
}

void loop_stop(struct loop *l)
{
	CHECK_OBJ(l, LOOP_MAGIC);
	atomic_store_explicit(&l->is_stopped, true, memory_order_seq_cst);
	wake(l);
}
