/*
 * Accepting: the event of a listening socket schedules a task, which accepts as many connections
 * as seem to be waiting.
 *
 * The socket is watched level-triggered, so the last, failing accept4() that would tell that nobody
 * waits any more is not needed: one connection is accepted in a turn, and whoever waits is
 * announced again. That also shares a crowd out evenly: all loops watch the same socket, and the
 * kernel wakes one that sleeps (EV_SHARED). Only where turns are long and the queue does not get
 * empty, the number doubles from turn to turn. Worker-local.
 */
#include "net/listener.h"

#include "base/counters.h"
#include "base/oplog.h"

#define LISTENER_MAGIC  0x6c737472U
#define BATCH_MAX       32U
#define LONG_TURN_MS    2
#define RETRY_MS        100
#define COMPLAINT_MS    60000
#define LISTEN_INTEREST (EV_READ | EV_SHARED)

struct listener {
	uint32_t magic;
	struct loop *loop;
	struct event event;
	struct task task;
	struct timer retry;  /* armed while out of descriptors */
	int64_t last_ms;     /* of the last batch */
	unsigned batch;      /* accepted at most in that turn */
	bool was_enough;     /* nobody was left then */
	int64_t complain_ms; /* not before then again */
	listener_fn *fn;
	void *arg;
	struct endpoint local;
	int reserve_begins; /* sock_reserve_begins() */
	bool is_wildcard;   /* each connection has a local address of its own */
	bool is_watching;
};

static void update_watch(struct listener *l)
{
	const bool want = !timer_is_armed(&l->retry);

	if (want == l->is_watching)
		return;
	l->is_watching = want;
	loop_rewatch(l->loop, &l->event, want ? LISTEN_INTEREST : EV_SHARED);
}

/* Nobody is refused: they wait in the kernel's queue until a descriptor is free. */
static void out_of_fds(struct listener *l)
{
	const int64_t now = loop_now_ms(l->loop);

	count(COUNT_ACCEPT_PAUSES);
	timer_arm(l->loop, &l->retry, RETRY_MS);
	update_watch(l);
	l->fn(l->arg, -1, NULL, NULL);
	if (now < l->complain_ms)
		return;
	l->complain_ms = now + COMPLAINT_MS;
	oplog(OPLOG_WARNING, "out of file descriptors: new connections wait until one is free; "
	                     "raise max_filedescriptors and the process's limit (ulimit -n)");
}

static bool accept_one(struct listener *l)
{
	struct endpoint peer, local = l->local;
	int fd = -1;

	switch ((unsigned)sock_accept(l->event.fd, &fd, &peer)) {
	case ERR_NONE:
		break;
	case ERR_NOT_FOUND:
		return false;
	case ERR_NO_FDS:
		out_of_fds(l);
		return false;
	default: /* this one has gone (ECONNABORTED, or an error of its network, accept(2)) */
		return true;
	}
	/* Should the address not be known, the connection is dead already. */
	if (l->is_wildcard && sock_local(fd, &local) != ERR_NONE) {
		sock_close(fd);
		return true;
	}
	/*
	 * The last ones are for dialling, files and the manager: who comes later waits in the
	 * queue.
	 */
	if (fd >= l->reserve_begins)
		out_of_fds(l);
	l->fn(l->arg, fd, &peer, &local);
	return true;
}

static void accept_batch(struct task *t)
{
	struct listener *l = CONTAINER_OF(t, struct listener, task);

	CHECK_OBJ(l, LISTENER_MAGIC);
	const int64_t now = loop_now_ms(l->loop);
	unsigned n = 0;

	/* A pause looks like a long turn; it costs a vain accept4() then. */
	if (now - l->last_ms < LONG_TURN_MS || l->was_enough)
		l->batch = 1;
	else
		l->batch = MIN(l->batch * 2, BATCH_MAX);
	l->last_ms = now;
	while (n < l->batch && l->is_watching && accept_one(l))
		n++;
	l->was_enough = n < l->batch;
}

static void on_event(struct event *e, unsigned ready UNUSED)
{
	struct listener *l = CONTAINER_OF(e, struct listener, event);

	task_schedule(l->loop, &l->task);
}

static void on_retry(struct timer *t)
{
	struct listener *l = CONTAINER_OF(t, struct listener, retry);

	if (sock_is_in_reserve(l->reserve_begins))
		out_of_fds(l);
	else
		update_watch(l);
}

enum err listener_new(struct listener **out, struct loop *loop, int listen_fd, listener_fn *fn,
                      void *arg)
{
	struct listener *l;

	OBJ_NEW(l, LISTENER_MAGIC);
	l->loop = loop;
	l->batch = 1;
	l->fn = fn;
	l->arg = arg;
	l->is_watching = true;
	l->reserve_begins = sock_reserve_begins();
	task_init(&l->task, accept_batch);
	timer_init(&l->retry, on_retry);
	event_init(&l->event, on_event);
	enum err e = sock_local(listen_fd, &l->local);

	l->is_wildcard = ip_is_any(&l->local.ip);
	if (e == ERR_NONE)
		e = loop_watch(loop, &l->event, listen_fd, LISTEN_INTEREST);
	if (e != ERR_NONE) {
		OBJ_FREE(l, LISTENER_MAGIC);
		return e;
	}
	*out = l;
	return ERR_NONE;
}

void listener_free(struct listener **lp)
{
	struct listener *l = *lp;

	if (l == NULL)
		return;
	CHECK_OBJ(l, LISTENER_MAGIC);
	task_cancel(&l->task);
	timer_cancel(l->loop, &l->retry);
	loop_unwatch(l->loop, &l->event);
	OBJ_FREE(l, LISTENER_MAGIC);
	*lp = NULL;
}
