/*
 * The process: ports, workers, the builder that reloads, the way down.
 */
#include "proxy/proxy.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/cgroup.h"
#include "base/counters.h"
#include "base/oplog.h"
#include "loop/poller.h"
#include "proxy/cache_log.h"
#include "proxy/client_db.h"
#include "proxy/process.h"

#define PROXY_MAGIC 0x93a0c5edu

const char *proxy_listening(const struct proxy *p, unsigned i)
{
	return i < p->snapshot->ports.n ? p->snapshot->ports.v[i]->text : NULL;
}

void proxy_stats(const struct proxy *p, struct proxy_stats *out)
{
	*out = (struct proxy_stats){
		.started_wall_us = p->started_wall_us,
		.reloaded_wall_us = atomic_load_explicit(&p->reloaded_us, memory_order_relaxed),
		.workers = p->n_workers,
		.generation = atomic_load_explicit(&p->generation, memory_order_relaxed),
		.snapshots = snapshot_count(),
	};
	for (unsigned i = 0; i < p->n_workers; i++) {
		out->sessions += p->workers[i]->n_sessions;
		out->tunnels += p->workers[i]->n_tunnels;
	}
}

/* --- start ----------------------------------------------------------------------------------------- */

enum err proxy_new(struct proxy **out, const struct proxy_options *o, struct snapshot **s)
{
	struct proxy *p;

	OBJ_NEW(p, PROXY_MAGIC);
	p->options = *o;
	p->snapshot = *s;
	*s = NULL;
	lock_init(&p->builder_lock, LOCK_RANK_PROCESS);
	pthread_cond_init(&p->builder_wake, NULL);
	p->started_wall_us = clock_wall_us();
	atomic_init(&p->generation, p->snapshot->generation);
	cache_log_use(&p->snapshot->log, NULL, o->opener, o->stderr_level);
	p->access_log = access_log_new(cache_log_open_file, o->opener);
	access_log_set_rename(p->access_log, cache_log_rename_file, o->opener);
	p->clients = client_db_new();
	p->dns = dns_shared_new(&p->snapshot->net.dns);
	if (port_set_open(&p->snapshot->ports, p->snapshot->proxy.ports, NULL, o->opener) != ERR_NONE ||
	    !access_log_configure(p->access_log, &p->snapshot->log)) {
		proxy_free(&p);
		return ERR_SYSTEM;
	}
	*out = p;
	return ERR_NONE;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct proxy *p = w->proxy;

	worker_run(w);
	/* Release: the last one's callback sees what all workers did. */
	if (atomic_fetch_sub_explicit(&p->workers_left, 1, memory_order_acq_rel) == 1 &&
	    p->drained != NULL)
		p->drained(p->drained_arg);
	return NULL;
}

static enum err start_workers(struct proxy *p)
{
	const int64_t wanted = p->snapshot->process.workers;
	const unsigned n = wanted > 0 ? (unsigned)MIN(wanted, (int64_t)1024) : cgroup_default_workers();

	p->workers = check_calloc(n, sizeof(p->workers[0]));
	for (unsigned i = 0; i < n; i++) {
		const enum err e = worker_new(&p->workers[i], p, i, p->snapshot);

		if (e != ERR_NONE) {
			oplog(OPLOG_ERROR, "cannot set up worker %u: %s", i, err_text(e));
			return e;
		}
		p->n_workers++;
	}
	atomic_store_explicit(&p->workers_left, n, memory_order_release);
	for (unsigned i = 0; i < n; i++) {
		char name[24];

		if (pthread_create(&p->workers[i]->thread, NULL, worker_main, p->workers[i]) != 0) {
			oplog(OPLOG_FATAL, "cannot start the thread of worker %u", i);
			return ERR_SYSTEM;
		}
		snprintf(name, sizeof(name), "worker-%u", i);
		pthread_setname_np(p->workers[i]->thread, name);
	}
	return ERR_NONE;
}

/* --- reload ---------------------------------------------------------------------------------------- */

static void note_loaded(struct proxy *p)
{
	atomic_store_explicit(&p->generation, p->snapshot->generation, memory_order_relaxed);
	atomic_store_explicit(&p->reloaded_us, clock_wall_us(), memory_order_relaxed);
}

/* Sent to each worker; frees itself. */
struct swap {
	struct post post;
	struct worker *worker;
	struct snapshot *snapshot;
};

static void on_swap(struct post *post)
{
	struct swap *s = CONTAINER_OF(post, struct swap, post);

	worker_use_snapshot(s->worker, s->snapshot);
	snapshot_unref(&s->snapshot);
	free(s);
}

static void report_finding(void *arg, const struct conf_finding *f)
{
	(void)arg;
	oplog(f->severity == CONF_ERROR ? OPLOG_ERROR :
	      f->severity == CONF_WARNING ? OPLOG_WARNING : OPLOG_NOTICE,
	      "%s:%u: %s", f->place.file, f->place.line, f->text);
}

static void tell_restart_needed(const struct process_conf *was, const struct process_conf *is)
{
	if (was->workers != is->workers)
		oplog(OPLOG_WARNING, "workers has changed; that takes effect at the next restart");
	if (was->max_filedescriptors != is->max_filedescriptors)
		oplog(OPLOG_WARNING,
		      "max_filedescriptors has changed; that takes effect at the next restart");
}

/* Everything that may fail, before anything is changed. NULL: it did, and was reported. */
static struct snapshot *load_and_open(struct proxy *p)
{
	struct snapshot *s = proxy_load(&p->options, report_finding, NULL);

	if (s == NULL)
		return NULL;
	if (port_set_open(&s->ports, s->proxy.ports, &p->snapshot->ports, p->options.opener) != ERR_NONE) {
		snapshot_unref(&s);
		return NULL;
	}
	if (!access_log_configure(p->access_log, &s->log)) {
		port_set_retire(&s->ports, &p->snapshot->ports, p->options.opener);
		snapshot_unref(&s);
	}
	return s;
}

static void reload(struct proxy *p)
{
	struct snapshot *s = load_and_open(p);

	if (s == NULL) {
		count(COUNT_RELOAD_ERRORS);
		oplog(OPLOG_ERROR,
		      "the configuration was not taken into use; the one loaded before stays in force");
		return;
	}
	tell_restart_needed(&p->snapshot->process, &s->process);
	dns_shared_configure(p->dns, &s->net.dns);
	for (unsigned i = 0; i < p->n_workers; i++) {
		struct swap *m = check_calloc(1, sizeof(*m));

		m->post.fn = on_swap;
		m->worker = p->workers[i];
		m->snapshot = snapshot_ref(s);
		loop_post(p->workers[i]->loop, &m->post);
	}
	struct snapshot *old = p->snapshot;

	cache_log_use(&s->log, &old->log, p->options.opener, p->options.stderr_level);
	lock_take(&p->builder_lock);
	p->snapshot = s;
	lock_give(&p->builder_lock);
	port_set_retire(&old->ports, &s->ports, p->options.opener);
	snapshot_unref(&old);
	count(COUNT_RELOADS);
	note_loaded(p);
	oplog(OPLOG_NOTICE, "configuration loaded (number %u)", p->snapshot->generation);
}

static void *builder_main(void *arg)
{
	struct proxy *p = arg;

	/* Linux: the nice value is the thread's own. Compiling lists must not slow the workers. */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), 19);
	lock_take(&p->builder_lock);
	while (!p->builder_stops) {
		if (!p->wants_reload) {
			lock_wait(&p->builder_lock, &p->builder_wake);
			continue;
		}
		p->wants_reload = false;
		lock_give(&p->builder_lock);
		reload(p);
		lock_take(&p->builder_lock);
	}
	lock_give(&p->builder_lock);
	return NULL;
}

void proxy_reload(struct proxy *p)
{
	CHECK_OBJ(p, PROXY_MAGIC);
	lock_take(&p->builder_lock);
	p->wants_reload = true;
	pthread_cond_signal(&p->builder_wake);
	lock_give(&p->builder_lock);
}

void proxy_rotate(struct proxy *p)
{
	CHECK_OBJ(p, PROXY_MAGIC);
	lock_take(&p->builder_lock);
	struct snapshot *s = snapshot_ref(p->snapshot);

	lock_give(&p->builder_lock);
	const unsigned generations = (unsigned)s->log.logfile_rotate;

	access_log_rotate(p->access_log, generations);
	cache_log_rotate(&s->log, generations, p->options.opener);
	snapshot_unref(&s);
}

/*
 * Signals are for the main thread, so the threads started here inherit a full mask; but for those that a
 * fault raises: blocked, they would end the process without a word.
 */
enum err proxy_start(struct proxy *p)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	sigset_t all, old;

	CHECK_OBJ(p, PROXY_MAGIC);
	sigfillset(&all);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		sigdelset(&all, faults[i]);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	enum err e = access_log_start(p->access_log);

	if (e == ERR_NONE) {
		/* The log thread flushes it, so that no worker waits for the operator log's disk. */
		oplog_run_async();
		e = start_workers(p);
	}
	if (e == ERR_NONE) {
		p->has_builder = pthread_create(&p->builder, NULL, builder_main, p) == 0;
		if (!p->has_builder)
			e = ERR_SYSTEM;
		else
			pthread_setname_np(p->builder, "builder");
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return e;
}

/* --- the way down ------------------------------------------------------------------------------------ */

struct drain {
	struct post post;
	struct worker *worker;
	int64_t lifetime_ms;
};

static void on_drain(struct post *post)
{
	struct drain *d = CONTAINER_OF(post, struct drain, post);

	worker_drain(d->worker, d->lifetime_ms);
	free(d);
}

int64_t proxy_shutdown_lifetime_ms(struct proxy *p)
{
	CHECK_OBJ(p, PROXY_MAGIC);
	lock_take(&p->builder_lock);
	const int64_t ms = p->snapshot->process.shutdown_lifetime_ms;

	lock_give(&p->builder_lock);
	return ms;
}

void proxy_shutdown(struct proxy *p, int64_t lifetime_ms, void (*drained)(void *), void *arg)
{
	CHECK_OBJ(p, PROXY_MAGIC);
	p->drained = drained;
	p->drained_arg = arg;
	for (unsigned i = 0; i < p->n_workers; i++) {
		struct drain *d = check_calloc(1, sizeof(*d));

		d->post.fn = on_drain;
		d->worker = p->workers[i];
		d->lifetime_ms = lifetime_ms;
		loop_post(p->workers[i]->loop, &d->post);
	}
}

void proxy_close_ports(struct proxy *p)
{
	CHECK_OBJ(p, PROXY_MAGIC);
	lock_take(&p->builder_lock);
	p->wants_reload = false;
	struct snapshot *s = snapshot_ref(p->snapshot);

	lock_give(&p->builder_lock);
	for (unsigned i = 0; i < s->ports.n; i++) {
		sock_stop_listening(s->ports.v[i]->fd);
		p->options.opener->ops->unlisten(p->options.opener, &s->ports.v[i]->at);
	}
	snapshot_unref(&s);
}

static void stop_builder(struct proxy *p)
{
	if (!p->has_builder)
		return;
	lock_take(&p->builder_lock);
	p->builder_stops = true;
	pthread_cond_signal(&p->builder_wake);
	lock_give(&p->builder_lock);
	pthread_join(p->builder, NULL);
}

void proxy_free(struct proxy **pp)
{
	struct proxy *p = *pp;

	CHECK_OBJ(p, PROXY_MAGIC);
	*pp = NULL;
	stop_builder(p);
	for (unsigned i = 0; i < p->n_workers; i++) {
		if (p->workers[i]->thread != 0) {
			loop_stop(p->workers[i]->loop);
			pthread_join(p->workers[i]->thread, NULL);
		}
	}
	/* Not before all have ended: they post to each other (connections, answers to names). */
	for (unsigned i = 0; i < p->n_workers; i++)
		worker_free(&p->workers[i]);
	free(p->workers);
	access_log_stop(&p->access_log);
	dns_shared_free(&p->dns);
	client_db_free(&p->clients);
	snapshot_unref(&p->snapshot);
	lock_fini(&p->builder_lock);
	pthread_cond_destroy(&p->builder_wake);
	OBJ_FREE(p, PROXY_MAGIC);
}
