/*
 * One worker's event loop: descriptors, timers, tasks, and posts from other threads.
 *
 * The order of one turn, which is what makes the code above it simple:
 *   1. wait for events (until the next timer, or not at all if tasks are queued);
 *   2. deliver all events: an event function only notes readiness and schedules tasks; it never
 *      closes a descriptor or frees an object, so no event of the same batch can be stale;
 *   3. take in posts from other threads, fire due timers (which may only schedule tasks too);
 *   4. run the tasks that are queued by now, then once those that they scheduled; what these
 *      schedule runs in the next turn.
 * So no completion is ever delivered inside the call that started it.
 *
 * Everything here is worker-local except loop_post() and loop_stop(). What waits and what tells the
 * time sits behind poller.h, so that tests/sim can replace the world.
 */
#pragma once

#include "base/base.h"
#include "base/list.h"

struct loop;

/* --- time ------------------------------------------------------------------------------------- */

/* Monotonic milliseconds, read once a turn. */
int64_t loop_now_ms(const struct loop *l);
/* Wall clock in microseconds since the epoch, read once a turn (loop_now_us refreshed together). */
int64_t loop_wall_us(const struct loop *l);
/* Monotonic microseconds read now: for durations in logs. */
int64_t loop_precise_us(const struct loop *l);

/* --- tasks ------------------------------------------------------------------------------------ */

struct task;
typedef void task_fn(struct task *);

/* Embedded in the object it drives; worker-local. */
struct task {
	struct list link; /* on the loop's run queue while scheduled */
	task_fn *fn;
};

static inline void task_init(struct task *t, task_fn *fn)
{
	list_init(&t->link);
	t->fn = fn;
}

/*
 * Run fn(task) in this turn's step 4, or the next turn's; never from within this call. Harmless if
 * already scheduled.
 */
void task_schedule(struct loop *l, struct task *t);
/* Forget a scheduled run; harmless otherwise. After it, fn is not called. */
void task_cancel(struct task *t);

/* --- timers ----------------------------------------------------------------------------------- */

struct timer;
typedef void timer_fn(struct timer *);

/*
 * Embedded; worker-local. Moving a deadline later is a store: the heap is only touched when the
 * old deadline comes up. fn may schedule tasks and arm timers; it must not free the timer's object.
 */
struct timer {
	int64_t deadline_ms; /* wanted; INT64_MAX when not armed */
	int64_t queued_ms;   /* the heap's key; <= deadline_ms while in the heap */
	uint32_t heap_index; /* 0 when not in the heap */
	timer_fn *fn;
};

void timer_init(struct timer *t, timer_fn *fn);
/* (Re-)arm to fire once, at least `ms` from loop_now_ms(). */
void timer_arm(struct loop *l, struct timer *t, int64_t ms);
/* Forget it, also in the heap: needed before the timer's object is freed. */
void timer_cancel(struct loop *l, struct timer *t);
/* Not due any more, by a store alone; what is freed soon still needs timer_cancel(). */
static inline void timer_disarm(struct timer *t)
{
	t->deadline_ms = INT64_MAX;
}
static inline bool timer_is_armed(const struct timer *t)
{
	return t->deadline_ms != INT64_MAX;
}

/* --- descriptors ------------------------------------------------------------------------------ */

enum {
	EV_READ = 1,  /* may be read (or has ended) */
	EV_WRITE = 2, /* may be written */
	EV_RDHUP = 4, /* the other side has sent its FIN, or worse; EV_READ is set too */
	EV_ERROR = 8, /* error or both directions shut; EV_READ and EV_WRITE are set too */
	EV_EDGE = 16, /* interest only: edge-triggered; without it level-triggered */
	EV_SHARED =
		32 /* interest only: a listening socket that several loops watch (EPOLLEXCLUSIVE) */
};

struct event;
/* `ready` is a set of EV_*. See step 2 above for what it may do. */
typedef void event_fn(struct event *, unsigned ready);

struct event {
	int fd; /* -1 when not watched */
	event_fn *fn;
};

static inline void event_init(struct event *e, event_fn *fn)
{
	e->fd = -1;
	e->fn = fn;
}

/*
 * Watch fd. The descriptor stays the caller's. ERR_LIMIT, ERR_NOMEM; ERR_UNSUPPORTED for a regular
 * file, which is always ready and cannot be watched.
 */
enum err loop_watch(struct loop *l, struct event *e, int fd, unsigned interest) MUST_USE;
/*
 * Change the interest of a watched level-triggered or shared descriptor. A shared one must be given
 * EV_SHARED again; EV_SHARED alone pauses it.
 */
void loop_rewatch(struct loop *l, struct event *e, unsigned interest);
/* Stop watching, before a descriptor that stays open elsewhere is let go of. */
void loop_unwatch(struct loop *l, struct event *e);
/*
 * Stop watching because the caller closes the descriptor now (closing removes it from epoll, so no
 * system call is made here).
 */
void loop_forget(struct loop *l, struct event *e);

/* --- posts ------------------------------------------------------------------------------------ */

struct post;
typedef void post_fn(struct post *);

/* Embedded; owned by the receiving loop from loop_post() until fn is called on its thread. */
struct post {
	struct post *next;
	post_fn *fn;
};

/* From any thread: have p->fn(p) called on the loop's thread. One wake for a burst of posts. */
void loop_post(struct loop *l, struct post *p);

/* --- life ------------------------------------------------------------------------------------- */

/* ERR_NO_FDS, ERR_SYSTEM. */
enum err loop_new(struct loop **out) MUST_USE;
/* Posts that have come in are called first; tasks and timers still pending are forgotten. */
void loop_free(struct loop **l);
/* Run turns until loop_stop(), which may also have been called before. */
void loop_run(struct loop *l);
/* One turn; waits at most max_wait_ms (-1: until something happens). For tests and draining. */
void loop_turn(struct loop *l, int64_t max_wait_ms);
/* From any thread, or from a signal's descriptor event. */
void loop_stop(struct loop *l);
