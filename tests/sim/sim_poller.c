/*
 * Waiting in virtual time. See sim.h for what a step is.
 *
 * A real descriptor that is watched (a signal's, say) never becomes ready here.
 */
#include "tests/sim/sim_edges.h"
#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_int.h"

#include "base/list.h"
#include "base/oplog.h"
#include "loop/loop.h"

#include <stdatomic.h>

#define START_MONOTONIC_US (1000LL * 1000000)
#define START_WALL_US      (1767225600LL * 1000000)
/* What a turn takes, so that whoever polls for time to pass sees it pass. */
#define TURN_US 10
/* A loop that turns so often without a pause and without an event is spinning. */
#define SPIN_LIMIT 200000U

struct poller {
	atomic_bool is_woken;
	unsigned idle_turns; /* in a row, that neither waited nor found anything */
};

struct sim_timer {
	struct list link;
	int64_t at_us;
	sim_fn *fn;
	void *arg;
};

static struct {
	int64_t now_us;
	unsigned steps;
	struct list timers;    /* earliest first; of equal ones, the older first */
	unsigned call_at_step; /* 0: none */
	sim_fn *step_fn, *idle_fn;
	void *step_arg, *idle_arg;
} world = { .now_us = START_MONOTONIC_US, .timers = LIST_INIT(world.timers) };

void sim_init(void)
{
	world.now_us = START_MONOTONIC_US;
	world.steps = world.call_at_step = 0;
	world.step_fn = world.idle_fn = NULL;
	oplog_set_clock(clock_wall_us);
	sim_net_init();
	sim_dns_init();
}

void sim_fini(void)
{
	struct list *it;

	while ((it = list_first(&world.timers)) != NULL) {
		list_remove(it);
		free(CONTAINER_OF(it, struct sim_timer, link));
	}
	sim_net_fini();
	oplog_set_clock(NULL);
}

int64_t sim_clock_us(void)
{
	return world.now_us;
}

int64_t sim_now_ms(void)
{
	return (world.now_us - START_MONOTONIC_US) / 1000;
}

unsigned sim_steps(void)
{
	return world.steps;
}

int64_t clock_monotonic_us(void)
{
	return world.now_us;
}

int64_t clock_wall_us(void)
{
	return START_WALL_US + world.now_us - START_MONOTONIC_US;
}

/* --- the test's own events -------------------------------------------------------------------- */

void sim_at(int64_t ms, sim_fn *fn, void *arg)
{
	struct sim_timer *t = check_calloc(1, sizeof(*t));
	struct list *before = world.timers.prev;

	*t = (struct sim_timer){ .at_us = world.now_us + ms * 1000, .fn = fn, .arg = arg };
	while (before != &world.timers &&
	       CONTAINER_OF(before, struct sim_timer, link)->at_us > t->at_us)
		before = before->prev;
	list_insert_after(before, &t->link);
}

void sim_at_step(unsigned step, sim_fn *fn, void *arg)
{
	world.call_at_step = step;
	world.step_fn = fn;
	world.step_arg = arg;
}

void sim_on_idle(sim_fn *fn, void *arg)
{
	world.idle_fn = fn;
	world.idle_arg = arg;
}

static int64_t next_timer_us(void)
{
	struct list *first = list_first(&world.timers);

	return first == NULL ? INT64_MAX : CONTAINER_OF(first, struct sim_timer, link)->at_us;
}

static bool fire_timers(void)
{
	bool moved = false;

	while (next_timer_us() <= world.now_us) {
		struct sim_timer *t =
			CONTAINER_OF(list_first(&world.timers), struct sim_timer, link);
		const struct sim_timer copy = *t;

		list_remove(&t->link);
		free(t);
		copy.fn(copy.arg);
		moved = true;
	}
	return moved;
}

/* True if something happened, which may lead to more at the same time. */
static bool step(void)
{
	world.steps++;
	const bool is_the_one = world.steps == world.call_at_step;

	if (is_the_one)
		world.step_fn(world.step_arg);
	const bool timers = fire_timers(), jobs = sim_jobs_step(), net = sim_net_step();

	return is_the_one || timers || jobs || net;
}

/* --- poller.h --------------------------------------------------------------------------------- */

enum err poller_new(struct poller **out)
{
	*out = check_calloc(1, sizeof(**out));
	return ERR_NONE;
}

void poller_free(struct poller **p)
{
	free(*p);
	*p = NULL;
}

enum err poller_add(struct poller *p, int fd, unsigned interest, void *cookie)
{
	CHECK(cookie != NULL);
	if (sim_fault_is_due())
		return ERR_NOMEM;
	if (fd >= SIM_FD_BASE)
		sim_net_watch(fd, p, interest, cookie);
	return ERR_NONE;
}

void poller_mod(struct poller *p, int fd, unsigned interest, void *cookie)
{
	if (fd >= SIM_FD_BASE)
		sim_net_watch(fd, p, interest, cookie);
}

void poller_del(struct poller *p, int fd)
{
	CHECK(p != NULL);
	if (fd >= SIM_FD_BASE)
		sim_net_unwatch(fd);
}

void poller_wake(struct poller *p)
{
	atomic_store_explicit(&p->is_woken, true, memory_order_release); /* to poller_wait() */
}

/* Nothing moves at this time any more: go to the next thing. False if the wait is over. */
static bool jump(int64_t deadline_us)
{
	const int64_t next = MIN(next_timer_us(), sim_net_next_us());

	if (next == INT64_MAX && deadline_us == INT64_MAX) {
		CHECK(world.idle_fn != NULL); /* a hang: nothing will ever happen again */
		world.idle_fn(world.idle_arg);
		return false;
	}
	if (deadline_us < next) {
		world.now_us = MAX(world.now_us, deadline_us);
		return false;
	}
	world.now_us = MAX(world.now_us, next);
	return true;
}

/* Is there a reason to return, besides descriptors? */
static bool is_woken(struct poller *p)
{
	return atomic_exchange_explicit(&p->is_woken, false, memory_order_acquire);
}

unsigned poller_wait(struct poller *p, struct poll_result *out, unsigned cap, int64_t wait_ms)
{
	/* The loop's milliseconds are cut off, so its deadline is a whole one. */
	const int64_t deadline_us =
		wait_ms < 0 ? INT64_MAX : (world.now_us / 1000 + wait_ms) * 1000;

	sim_edges_collect();
	for (;;) {
		const bool moved = step();
		const unsigned n = sim_net_collect(p, out, cap);
		const bool woken = is_woken(p);

		p->idle_turns = n > 0 || woken || wait_ms != 0 ? 0 : p->idle_turns + 1;
		CHECK(p->idle_turns < SPIN_LIMIT);
		if (n > 0 || woken || wait_ms == 0) {
			world.now_us += TURN_US;
			return n;
		}
		if (!moved && !jump(deadline_us))
			return 0;
	}
}
