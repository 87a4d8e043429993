/*
 * The running access log: its sinks, its rings and the thread between them.
 *
 * The thread makes a pass every PASS_MS while records flow, sooner if a ring is half full. When
 * nothing has flowed for a second it says so (is_asleep), and the first record wakes it; until then
 * it looks once a second only for the operator log's sake, which it also writes, and for that of
 * the counters of the last hour.
 */
#include "log/access_log.h"

#include "base/counters.h"
#include "base/lock.h"
#include "base/oplog.h"
#include "base/thread.h"
#include "log/line_int.h"
#include "log/ring_int.h"
#include "log/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACCESS_LOG_MAGIC 0x10ac1067u
#define PASS_MS          50
#define IDLE_MS          1000 /* without a record for so long, the thread sleeps */
#define QUIET_MS         5000 /* without a loss for so long, an episode of losses is over */
#define STOP_MS          5000 /* how long a slow reader may hold up the end */
#define SCRATCH_MIN      (16u << 10)
#define SCRATCH_MAX      (4u << 20) /* no line is longer */

/*
 * Where lines go, for as long as some slot names it or lines wait. Members marked T are the log
 * thread's once it runs; the others are guarded by the lock.
 */
struct outlet {
	struct log_sink *sink;     /* NULL: free. Made with the lock; what it points to is T */
	struct log_sink_conf conf; /* what the sink is to be told */
};

/*
 * What a record names: one access_log line of a configuration, and those of other configurations
 * that would write the same lines to the same place. It is free again when nobody holds it and no
 * record that names it is left.
 */
struct slot {
	struct outlet *outlet;     /* NULL: free */
	struct log_format *format; /* as long as it is not free */
	struct log_state *state;   /* T */
	_Atomic unsigned holds;    /* configurations and tunnels */
	bool is_idle;              /* nobody held it when the rings were about to be emptied */
};

struct access_log {
	uint32_t magic;
	struct log_io io;
	void (*fatal)(void *arg);
	void *fatal_arg;
	int stdout_fd, stderr_fd; /* as they were at the start; -1: closed then */
	struct log_waker waker;
	pthread_t thread;
	bool is_started;

	struct lock lock;
	struct log_ring *rings; /* guarded by lock; members live until access_log_stop() */
	bool is_changed;        /* guarded by lock: slots' conf is new */
	bool is_stopping;       /* guarded by lock */
	int rotate_generations; /* guarded by lock; -1: no rotation is due */

	struct slot slots[LOG_SINKS_MAX]; /* guarded by lock, but for what is being used */
	struct outlet outlets[LOG_SINKS_MAX];

	/* the log thread's */
	struct outlet *live[LOG_SINKS_MAX]; /* those that were there when it looked */
	unsigned n_live;
	char *scratch;
	size_t scratch_cap;
	int64_t last_record_ms;
};

/* --- making, configuring ---------------------------------------------------------------------- */

/*
 * A descriptor of our own for a standard stream. A pipe or terminal is opened anew where that is
 * allowed, so that it can be non-blocking without being so for those who share it.
 */
static int own_stream(int fd)
{
	char path[32];
	struct stat st;
	int own = -1;

	if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		own = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

struct access_log *access_log_new(log_open_fn *open_file, void *arg)
{
	struct access_log *al;

	OBJ_NEW(al, ACCESS_LOG_MAGIC);
	al->io = log_io_direct;
	if (open_file != NULL) {
		al->io.open = open_file;
		al->io.open_arg = arg;
	}
	al->stdout_fd = own_stream(STDOUT_FILENO);
	al->stderr_fd = own_stream(STDERR_FILENO);
	al->waker.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	CHECK(al->waker.fd >= 0);
	al->rotate_generations = -1;
	al->scratch_cap = SCRATCH_MIN;
	al->scratch = check_malloc(al->scratch_cap);
	lock_init(&al->lock, LOCK_RANK_LOG);
	return al;
}

void access_log_set_rename(struct access_log *al, log_rename_fn *rename_file, void *arg)
{
	CHECK_OBJ(al, ACCESS_LOG_MAGIC);
	CHECK(!al->is_started);
	al->io.rename = rename_file;
	al->io.rename_arg = arg;
}

void access_log_on_fatal(struct access_log *al, void (*fatal)(void *arg), void *arg)
{
	CHECK_OBJ(al, ACCESS_LOG_MAGIC);
	CHECK(!al->is_started);
	al->fatal = fatal;
	al->fatal_arg = arg;
}

/* --- slots (with the lock, or before the thread runs) ----------------------------------------- */

static struct outlet *find_outlet(struct access_log *al, const struct log_target *t)
{
	for (unsigned i = 0; i < LOG_SINKS_MAX; i++) {
		struct outlet *o = &al->outlets[i];

		if (o->sink != NULL && log_sink_is_same(o->sink, (int)t->kind, t->path))
			return o;
	}
	return NULL;
}

static struct outlet *free_outlet(struct access_log *al)
{
	for (unsigned i = 0; i < LOG_SINKS_MAX; i++)
		if (al->outlets[i].sink == NULL)
			return &al->outlets[i];
	return NULL;
}

static bool is_taken(const struct log_conf *c, const struct log_target *before, int slot)
{
	for (const struct log_target *t = c->targets; t != before; t = t->next)
		if (t->sink == slot)
			return true;
	return false;
}

/* The slot that writes t's lines already and stands for no earlier line of c; else a free one. */
static int choose_slot(const struct access_log *al, const struct log_conf *c,
                       const struct log_target *t, const struct outlet *o)
{
	int chosen = -1;

	for (int i = 0; i < LOG_SINKS_MAX; i++) {
		const struct slot *s = &al->slots[i];

		if (s->outlet == NULL) {
			chosen = chosen < 0 ? i : chosen;
			continue;
		}
		if (o != NULL && s->outlet == o && log_format_is_same(s->format, t->format) &&
		    !is_taken(c, t, i))
			return i;
	}
	return chosen;
}

static void hold_slot(struct slot *s)
{
	atomic_fetch_add_explicit(&s->holds, 1, memory_order_relaxed);
}

/* Nobody can name it any more. */
static void free_slot(struct slot *s)
{
	s->outlet = NULL;
	s->is_idle = false;
	log_format_unref(&s->format);
	log_state_free(&s->state);
}

static bool is_in_use(const struct access_log *al, const struct outlet *o)
{
	for (unsigned i = 0; i < LOG_SINKS_MAX; i++)
		if (al->slots[i].outlet == o)
			return true;
	return false;
}

/* --- configuring ------------------------------------------------------------------------------ */

/* An open descriptor for a new sink, or -1: reported. */
static int open_target(struct access_log *al, const struct log_target *t)
{
	enum err err = ERR_SYSTEM;
	int fd = -1;

	if (t->kind == LOG_TARGET_STDOUT)
		fd = al->stdout_fd >= 0 ? fcntl(al->stdout_fd, F_DUPFD_CLOEXEC, 3) : -1;
	else if (t->kind == LOG_TARGET_STDERR)
		fd = al->stderr_fd >= 0 ? fcntl(al->stderr_fd, F_DUPFD_CLOEXEC, 3) : -1;
	else
		fd = al->io.open(al->io.open_arg, t->path, &err);
	if (fd < 0)
		oplog(OPLOG_ERROR,
		      "%s:%u: access_log %s cannot be opened: %s; make sure that its folder exists "
		      "and belongs to the user of the proxy, or name another file (access_log "
		      "stdio:/path), stdio:/dev/stdout or none",
		      t->place.file, t->place.line, t->path,
		      t->kind == LOG_TARGET_FILE ? err_text(err)
		                                 : "the stream was closed at the start");
	return fd;
}

static void tell_no_slot(const struct log_target *t)
{
	oplog(OPLOG_ERROR,
	      "%s:%u: access_log %s: more than %d logs are in use, with those of earlier "
	      "configurations that tunnels which are still open will be written to",
	      t->place.file, t->place.line, t->path, LOG_SINKS_MAX);
}

/* A sink for a path that none is for yet. Opening it may take a while, so nothing is locked. */
static struct log_sink *new_sink(struct access_log *al, const struct log_target *t)
{
	const int fd = open_target(al, t);

	return fd >= 0 ? log_sink_new(&al->io, (int)t->kind, t->path, fd) : NULL;
}

/* Give t a slot. False: it cannot be opened, or there is no slot left (reported). */
static bool assign_slot(struct access_log *al, struct log_conf *c, struct log_target *t)
{
	struct log_sink *sink = NULL;
	struct outlet *o;
	bool is_new;

	lock_take(&al->lock);
	is_new = find_outlet(al, t) == NULL;
	lock_give(&al->lock);
	if (is_new) {
		sink = new_sink(al, t);
		if (sink == NULL)
			return false;
	}
	lock_take(&al->lock);
	/*
	 * Meanwhile the thread may have closed the one that was found: then the next try opens it.
	 */
	o = is_new ? free_outlet(al) : find_outlet(al, t);
	const int at = o != NULL || !is_new ? choose_slot(al, c, t, o) : -1;

	if (o != NULL && at >= 0) {
		struct slot *s = &al->slots[at];

		if (is_new)
			o->sink = sink;
		if (s->outlet == NULL) {
			s->outlet = o;
			s->format = log_format_ref(t->format);
			s->state = log_state_new(t->format);
			atomic_store_explicit(&s->holds, 0, memory_order_relaxed);
		}
		hold_slot(s);
		s->is_idle = false;
		t->sink = at;
		sink = NULL;
	}
	lock_give(&al->lock);
	if (sink != NULL)
		log_sink_free(&sink);
	if (o == NULL && !is_new)
		return assign_slot(al, c, t);
	if (t->sink < 0)
		tell_no_slot(t);
	return t->sink >= 0;
}

/* What this configuration says about one file; several lines may name it. */
static struct log_sink_conf sink_conf(const struct access_log *al, const struct log_conf *c,
                                      const struct outlet *o)
{
	struct log_sink_conf sc = { .is_buffered = c->buffered_logs, .rotate = -1 };

	for (const struct log_target *t = c->targets; t != NULL; t = t->next) {
		if (t->kind == LOG_TARGET_NONE || al->slots[t->sink].outlet != o)
			continue;
		sc.is_active = true;
		sc.is_on_error_die = sc.is_on_error_die || t->is_on_error_die;
		sc.buffer_bytes = MAX(sc.buffer_bytes, t->buffer_bytes);
		sc.rotate = MAX(sc.rotate, t->rotate);
	}
	return sc;
}

/* The new configuration is taken over by the log thread at its next pass. */
static void publish(struct access_log *al, const struct log_conf *c)
{
	lock_take(&al->lock);
	for (unsigned i = 0; i < LOG_SINKS_MAX; i++)
		if (al->outlets[i].sink != NULL)
			al->outlets[i].conf = sink_conf(al, c, &al->outlets[i]);
	al->is_changed = true;
	lock_give(&al->lock);
	if (al->is_started)
		log_waker_kick(&al->waker);
}

static void give_back(struct access_log *al, struct log_conf *c)
{
	for (struct log_target *t = c->targets; t != NULL; t = t->next) {
		if (t->sink >= 0)
			access_log_release(al, 1ULL << t->sink);
		t->sink = -1;
	}
}

/* Only one caller configures at a time. */
bool access_log_configure(struct access_log *al, struct log_conf *c)
{
	CHECK_OBJ(al, ACCESS_LOG_MAGIC);
	CHECK(c->configured == NULL);
	for (struct log_target *t = c->targets; t != NULL; t = t->next) {
		if (t->kind == LOG_TARGET_NONE || assign_slot(al, c, t))
			continue;
		give_back(al, c);
		return false;
	}
	c->configured = al;
	publish(al, c);
	return true;
}

void access_log_hold(struct access_log *al, uint64_t sinks)
{
	CHECK_OBJ(al, ACCESS_LOG_MAGIC);
	for (; sinks != 0; sinks &= sinks - 1)
		hold_slot(&al->slots[__builtin_ctzll(sinks)]);
}

void access_log_release(struct access_log *al, uint64_t sinks)
{
	bool is_last = false;

	CHECK_OBJ(al, ACCESS_LOG_MAGIC);
	for (; sinks != 0; sinks &= sinks - 1) {
		struct slot *s = &al->slots[__builtin_ctzll(sinks)];

		/* Release: who sees that nobody holds it sees the records put before, too. */
		is_last |= atomic_fetch_sub_explicit(&s->holds, 1, memory_order_acq_rel) == 1;
	}
	if (is_last)
		log_waker_kick(&al->waker);
}

struct log_ring *log_ring_new(struct access_log *al, unsigned worker_id)
{
	struct log_ring *r = log_ring_make(&al->waker, worker_id, LOG_RING_BYTES);

	CHECK_OBJ(al, ACCESS_LOG_MAGIC);
	lock_take(&al->lock);
	r->next = al->rings;
	al->rings = r;
	lock_give(&al->lock);
	return r;
}

void access_log_rotate(struct access_log *al, unsigned generations)
{
	CHECK_OBJ(al, ACCESS_LOG_MAGIC);
	lock_take(&al->lock);
	al->rotate_generations = (int)MIN(generations, (unsigned)LOG_GENERATIONS_MAX);
	lock_give(&al->lock);
	log_waker_kick(&al->waker);
}

/* --- the thread ------------------------------------------------------------------------------- */

static int64_t monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* What others asked for. Returns the rings. */
static struct log_ring *take_orders(struct access_log *al, bool *is_stopping, int *rotate)
{
	struct log_ring *rings;

	lock_take(&al->lock);
	rings = al->rings;
	*is_stopping = al->is_stopping;
	*rotate = al->rotate_generations;
	al->rotate_generations = -1;
	al->n_live = 0;
	for (unsigned i = 0; i < LOG_SINKS_MAX; i++) {
		struct outlet *o = &al->outlets[i];

		if (o->sink == NULL)
			continue;
		if (al->is_changed)
			log_sink_configure(o->sink, &o->conf);
		al->live[al->n_live++] = o;
	}
	al->is_changed = false;
	lock_give(&al->lock);
	return rings;
}

/* Slots that nobody holds: no record that names one will be put any more. */
static void note_idle(struct access_log *al)
{
	lock_take(&al->lock);
	for (unsigned i = 0; i < LOG_SINKS_MAX; i++) {
		struct slot *s = &al->slots[i];

		/* Acquire pairs with access_log_release(). */
		s->is_idle = s->outlet != NULL &&
		             atomic_load_explicit(&s->holds, memory_order_acquire) == 0;
	}
	lock_give(&al->lock);
}

/*
 * The rings were empty after those slots were idle: free them, unless a configuration has taken one
 * again, and the outlets that are left alone with nothing to write.
 */
static void free_idle(struct access_log *al)
{
	struct log_sink *done[LOG_SINKS_MAX];
	unsigned n_done = 0, n_live = 0;

	lock_take(&al->lock);
	for (unsigned i = 0; i < LOG_SINKS_MAX; i++)
		if (al->slots[i].is_idle)
			free_slot(&al->slots[i]);
	for (unsigned i = 0; i < al->n_live; i++) {
		struct outlet *o = al->live[i];

		if (is_in_use(al, o) || log_sink_pending(o->sink) != 0) {
			al->live[n_live++] = o;
			continue;
		}
		done[n_done++] = o->sink;
		o->sink = NULL;
	}
	al->n_live = n_live;
	lock_give(&al->lock);
	while (n_done != 0)
		log_sink_free(&done[--n_done]);
}

static void format_record(struct access_log *al, struct slot *slot, const struct log_rec *rec,
                          int64_t now_ms)
{
	struct log_line l;

	for (;;) {
		l = (struct log_line){ al->scratch, al->scratch + al->scratch_cap, false };
		log_format_line(slot->format, slot->state, rec, &l);
		if (!l.is_cut || al->scratch_cap >= SCRATCH_MAX)
			break;
		al->scratch_cap *= 4;
		free(al->scratch);
		al->scratch = check_malloc(al->scratch_cap);
	}
	log_state_next(slot->state);
	log_sink_append(slot->outlet->sink, span_of(al->scratch, (size_t)(l.p - al->scratch)),
	                now_ms);
}

/*
 * Told by the thread, since the worker has better things to do. What comes and goes is one episode
 * until nothing was lost for QUIET_MS.
 */
static void tell_dropped(struct log_ring *r, int64_t now_ms, bool is_last)
{
	const uint64_t dropped = atomic_load_explicit(&r->dropped, memory_order_relaxed);

	if (dropped != r->dropped_seen) {
		if (r->dropped_seen == r->dropped_told)
			oplog(OPLOG_ERROR,
			      "access log: worker %u ends transactions faster than lines are "
			      "written; some lines are being lost from now on",
			      r->worker_id);
		r->dropped_seen = dropped;
		r->dropped_ms = now_ms;
	}
	if (dropped != r->dropped_told && (is_last || now_ms - r->dropped_ms >= QUIET_MS)) {
		oplog(OPLOG_WARNING, "access log: %llu lines of worker %u were lost%s",
		      (unsigned long long)(dropped - r->dropped_told), r->worker_id,
		      is_last ? "" : "; since then all are written again");
		r->dropped_told = dropped;
	}
}

/*
 * At most one ring's worth, so that a busy worker does not hold up the others; then *is_empty
 * becomes false. True: there was something.
 */
static bool empty_ring(struct access_log *al, struct log_ring *r, int64_t now_ms, bool is_last,
                       bool *is_empty)
{
	uint64_t bytes = 0;
	struct log_rec rec;
	int sink;

	for (;;) {
		if (bytes >= 2 * LOG_RING_BYTES) {
			*is_empty = false;
			break;
		}
		if (!log_ring_peek(r, &rec, &sink))
			break;
		CHECK((unsigned)sink < LOG_SINKS_MAX && al->slots[sink].outlet != NULL);
		format_record(al, &al->slots[sink], &rec, now_ms);
		bytes += sizeof(rec) + rec.url.n;
		log_ring_pop(r);
	}
	tell_dropped(r, now_ms, is_last);
	return bytes != 0;
}

static void for_fatal(struct access_log *al, struct log_sink *s)
{
	if (!log_sink_take_fatal(s))
		return;
	oplog(OPLOG_ERROR, "the proxy stops, because access_log says on-error=die");
	if (al->fatal != NULL)
		al->fatal(al->fatal_arg);
	else
		kill(getpid(), SIGTERM);
}

/* One pass over rings and sinks. True if records were found. */
static bool pass(struct access_log *al, struct log_ring *rings, int rotate, bool is_last)
{
	const int64_t now_ms = monotonic_ms();
	bool found = false, is_empty = true;

	note_idle(al);
	for (struct log_ring *r = rings; r != NULL; r = r->next)
		found |= empty_ring(al, r, now_ms, is_last, &is_empty);
	for (unsigned i = 0; i < al->n_live; i++) {
		struct log_sink *s = al->live[i]->sink;

		log_sink_flush(s, now_ms, is_last || rotate >= 0);
		if (rotate >= 0)
			log_sink_rotate(s, (unsigned)rotate, now_ms);
		for_fatal(al, s);
	}
	if (is_empty)
		free_idle(al);
	if (found)
		al->last_record_ms = now_ms;
	return found;
}

static bool is_all_empty(const struct log_ring *rings)
{
	for (const struct log_ring *r = rings; r != NULL; r = r->next)
		if (!log_ring_is_empty((struct log_ring *)(uintptr_t)r))
			return false;
	return true;
}

/* Wait for a kick, for a reader that takes more, or for the time. */
static void wait_for_work(struct access_log *al, int64_t timeout_ms)
{
	struct pollfd fds[1 + LOG_SINKS_MAX] = { { .fd = al->waker.fd, .events = POLLIN } };
	const int64_t now_ms = monotonic_ms();
	nfds_t n = 1;
	uint64_t ignored;

	for (unsigned i = 0; i < al->n_live; i++) {
		struct log_sink *s = al->live[i]->sink;
		int fd;

		if (log_sink_is_blocked(s, &fd))
			fds[n++] = (struct pollfd){ .fd = fd, .events = POLLOUT };
		else
			timeout_ms = MIN(timeout_ms, log_sink_due_ms(s) - now_ms);
	}
	if (poll(fds, n, (int)MAX(timeout_ms, (int64_t)1)) > 0 && fds[0].revents != 0 &&
	    read(al->waker.fd, &ignored, sizeof(ignored)) < 0)
		CHECK(errno == EAGAIN || errno == EINTR);
	/* Only now: a kick after this is seen by the next pass or written to the eventfd again. */
	atomic_store_explicit(&al->waker.is_kicked, false, memory_order_seq_cst);
}

static void sleep_until_due(struct access_log *al, struct log_ring *rings)
{
	if (monotonic_ms() - al->last_record_ms < IDLE_MS) {
		wait_for_work(al, PASS_MS);
		return;
	}
	/* Pairs with log_ring_put(): first say it, then look once more. */
	atomic_store_explicit(&al->waker.is_asleep, true, memory_order_seq_cst);
	if (is_all_empty(rings))
		wait_for_work(al, IDLE_MS);
	atomic_store_explicit(&al->waker.is_asleep, false, memory_order_seq_cst);
}

/* Readers that are slow get a last chance. */
static void finish(struct access_log *al, struct log_ring *rings)
{
	const int64_t until_ms = monotonic_ms() + STOP_MS;
	bool is_blocked = true;

	while (is_blocked && monotonic_ms() < until_ms) {
		is_blocked = false;
		pass(al, rings, -1, true);
		for (unsigned i = 0; i < al->n_live; i++) {
			int fd;

			is_blocked |= log_sink_is_blocked(al->live[i]->sink, &fd);
		}
		if (is_blocked)
			wait_for_work(al, PASS_MS);
	}
}

static void *log_thread(void *arg)
{
	struct access_log *al = arg;
	int64_t oplog_ms = 0;

	for (;;) {
		bool is_stopping;
		int rotate;
		struct log_ring *rings = take_orders(al, &is_stopping, &rotate);
		const int64_t now_ms = monotonic_ms();

		pass(al, rings, rotate, is_stopping);
		if (is_stopping) {
			finish(al, rings);
			break;
		}
		if (now_ms - oplog_ms >= PASS_MS) {
			oplog_flush();
			counters_tick(now_ms);
			oplog_ms = now_ms;
		}
		sleep_until_due(al, rings);
	}
	oplog_flush();
	return NULL;
}

enum err access_log_start(struct access_log *al)
{
	CHECK_OBJ(al, ACCESS_LOG_MAGIC);
	CHECK(!al->is_started);
	const enum err e = thread_start(&al->thread, "log", log_thread, al);

	al->is_started = e == ERR_NONE;
	return e;
}

void access_log_stop(struct access_log **alp)
{
	struct access_log *al = *alp;

	CHECK_OBJ(al, ACCESS_LOG_MAGIC);
	lock_take(&al->lock);
	al->is_stopping = true;
	lock_give(&al->lock);
	if (al->is_started) {
		log_waker_kick(&al->waker);
		pthread_join(al->thread, NULL);
	}
	for (unsigned i = 0; i < LOG_SINKS_MAX; i++) {
		if (al->slots[i].outlet != NULL)
			free_slot(&al->slots[i]);
		if (al->outlets[i].sink != NULL)
			log_sink_free(&al->outlets[i].sink);
	}
	while (al->rings != NULL) {
		struct log_ring *r = al->rings;

		al->rings = r->next;
		log_ring_free(&r);
	}
	if (al->stdout_fd >= 0)
		close(al->stdout_fd);
	if (al->stderr_fd >= 0)
		close(al->stderr_fd);
	close(al->waker.fd);
	lock_fini(&al->lock);
	free(al->scratch);
	OBJ_FREE(*alp, ACCESS_LOG_MAGIC);
}
