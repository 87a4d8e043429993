/*
 * The process: ports, workers, reloading, the way down.
 */
#include "proxy/proxy.h"

#include "acl/files.h"
#include "base/cgroup.h"
#include "base/counters.h"
#include "base/oplog.h"
#include "base/thread.h"
#include "loop/poller.h"
#include "net/sock.h"
#include "proxy/cache_log.h"
#include "proxy/client_db.h"
#include "proxy/process.h"

#include <sched.h>
#include <unistd.h>

#define PROXY_MAGIC 0x93a0c5edu

/*
 * One configuration is built at a time; the next one may come while the thread of the last one
 * ends. The other thread frees those that nobody uses any more, of which a few may come together.
 */
static const unsigned job_threads[JOB_CLASS_N] = { [JOB_BUILD] = 2, [JOB_DISK] = 8 };
static const unsigned job_queue[JOB_CLASS_N] = { [JOB_BUILD] = 8, [JOB_DISK] = 1024 };

const char *proxy_listening(const struct proxy *p, unsigned i)
{
	return i < p->snapshot->ports.n ? p->snapshot->ports.v[i]->text : NULL;
}

void proxy_findings(const struct proxy *p, proxy_report_fn *report, void *arg)
{
	for (const struct conf_finding *f = conf_findings(p->snapshot->reader); f != NULL;
	     f = f->next)
		report(arg, f);
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
	if (p->options.list_files != NULL) {
		struct acl_files_stats lists;

		acl_files_stats(p->options.list_files, &lists);
		out->list_files = lists.files;
		out->list_values = lists.values;
	}
	for (unsigned i = 0; i < p->n_workers; i++) {
		out->sessions += p->workers[i]->n_sessions;
		out->tunnels += p->workers[i]->n_tunnels;
	}
}

/*
 * As port_set_open(). What is accepted inherits the sockets' settings; a port that stays keeps its
 * buffers' size, the times of its probes and how it goes about packets' sizes where the directive
 * or option is gone.
 */
static enum err open_ports(struct snapshot *s, const struct port_set *old, struct opener *o)
{
	const int bytes = (int)MIN(s->net.tcp_recv_bufsize, (int64_t)INT32_MAX);
	const enum err e = port_set_open(&s->ports, s->proxy.ports, old, o);

	const struct http_port *h = s->proxy.ports;

	for (unsigned i = 0; e == ERR_NONE && i < s->ports.n; i++, h = h->next) {
		const int fd = s->ports.v[i]->fd;

		if (bytes > 0)
			sock_set_recv_buffer(fd, bytes);
		sock_set_keepalive(fd, &h->keepalive);
		if (!h->has_pmtu_discovery)
			sock_stop_pmtu_discovery(fd);
		sock_set_defer_accept(fd, (int)s->proxy.defer_accept_s);
	}
	return e;
}

/* Under the lock, or before there are threads. */
static void use_level(const struct proxy *p)
{
	const enum oplog_level conf = p->snapshot->process.debug.level;

	oplog_set_level(p->is_debug ? OPLOG_DEBUG : MAX(conf, p->options.level));
}

void proxy_debug(struct proxy *p, bool is_on)
{
	CHECK_OBJ(p, PROXY_MAGIC);
	lock_take(&p->lock);
	p->is_debug = is_on;
	use_level(p);
	lock_give(&p->lock);
}

/* On the one thread that changes p->snapshot, or before there are others. */
static void tell_taken(const struct proxy *p)
{
	if (p->options.taken != NULL)
		p->options.taken(p->snapshot);
}

static unsigned wanted_workers(const struct proxy *p)
{
	const int64_t wanted = p->snapshot->process.workers;

	return wanted > 0 ? (unsigned)MIN(wanted, (int64_t)1024) : cgroup_default_workers();
}

/* --- start ------------------------------------------------------------------------------------ */

enum err proxy_new(struct proxy **out, const struct proxy_options *o, struct snapshot **s)
{
	struct proxy *p;

	OBJ_NEW(p, PROXY_MAGIC);
	p->options = *o;
	p->snapshot = *s;
	*s = NULL;
	lock_init(&p->lock, LOCK_RANK_PROCESS);
	p->started_wall_us = clock_wall_us();
	atomic_init(&p->generation, 1);
	use_level(p);
	cache_log_use(&p->snapshot->log, NULL, o->opener, o->stderr_level);
	p->access_log = access_log_new(cache_log_open_file, o->opener);
	access_log_set_rename(p->access_log, cache_log_rename_file, o->opener);
	p->clients = client_db_new();
	p->n_shards = wanted_workers(p);
	p->tally = acl_tally_new(p->n_shards);
	acl_conf_count(&p->snapshot->acl, p->tally);
	CHECK(jobs_new(&p->jobs, job_threads, job_queue) == ERR_NONE);
	p->dns = dns_shared_new(&p->snapshot->net.dns);
	if (open_ports(p->snapshot, NULL, o->opener) != ERR_NONE ||
	    !access_log_configure(p->access_log, &p->snapshot->log)) {
		proxy_free(&p);
		return ERR_SYSTEM;
	}
	tell_taken(p);
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
	const unsigned n = p->n_shards;

	p->workers = check_calloc(n, sizeof(struct worker *));
	for (unsigned i = 0; i < n; i++) {
		const enum err e = worker_new(&p->workers[i], p, i, n, p->snapshot);

		if (e != ERR_NONE) {
			oplog(OPLOG_ERROR, "cannot set up worker %u: %s", i, err_text(e));
			return e;
		}
		p->n_workers++;
	}
	atomic_store_explicit(&p->workers_left, n, memory_order_release);
	for (unsigned i = 0; i < n; i++) {
		char name[24];

		snprintf(name, sizeof(name), "worker-%u", i);
		const enum err e =
			thread_start(&p->workers[i]->thread, name, worker_main, p->workers[i]);

		if (e != ERR_NONE) {
			oplog(OPLOG_FATAL, "cannot start the thread of worker %u: %s", i,
			      err_text(e));
			return e;
		}
	}
	return ERR_NONE;
}

/* --- reload ----------------------------------------------------------------------------------- */

static void note_loaded(struct proxy *p)
{
	atomic_fetch_add_explicit(&p->generation, 1, memory_order_relaxed);
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
	worker_give_back(s->worker, &s->snapshot);
	free(s);
}

static void report_finding(void *arg, const struct conf_finding *f)
{
	char line[CONF_LINE_TEXT_MAX];

	(void)arg;
	oplog(f->severity == CONF_ERROR     ? OPLOG_ERROR
	      : f->severity == CONF_WARNING ? OPLOG_WARNING
	                                    : OPLOG_NOTICE,
	      "%s%s: %s", f->place.file, conf_line_text(f->place, line), f->text);
}

static bool differ(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a != b : strcmp(a, b) != 0;
}

static void tell_restart_needed(const struct process_conf *was, const struct process_conf *is)
{
	const struct {
		const char *name;
		bool has_changed;
	} rows[] = {
		{ "workers", was->workers != is->workers },
		{ "max_filedescriptors", was->max_filedescriptors != is->max_filedescriptors },
		{ "memory_limit", was->memory_limit_bytes != is->memory_limit_bytes },
		{ "umask", was->umask != is->umask },
		{ "pid_filename", differ(was->pid_filename, is->pid_filename) },
		{ "cache_effective_user",
		  differ(was->cache_effective_user, is->cache_effective_user) },
		{ "cache_effective_group",
		  differ(was->cache_effective_group, is->cache_effective_group) },
		{ "coredump_dir", differ(was->coredump_dir, is->coredump_dir) },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].has_changed)
			oplog(OPLOG_WARNING,
			      "%s has changed; that takes effect at the next restart",
			      rows[i].name);
}

/* Everything that may fail, before anything is changed. NULL: it did, and was reported. */
static struct snapshot *load_and_open(struct proxy *p)
{
	struct snapshot *s = proxy_load(&p->options, report_finding, NULL);

	if (s == NULL)
		return NULL;
	peers_inherit(s->peer.peers, p->snapshot->peer.peers);
	if (open_ports(s, &p->snapshot->ports, p->options.opener) != ERR_NONE) {
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
		oplog(OPLOG_ERROR, "The configuration was not taken into use; the one loaded "
		                   "before stays in force");
		return;
	}
	tell_restart_needed(&p->snapshot->process, &s->process);
	acl_conf_count(&s->acl, p->tally);
	dns_shared_configure(p->dns, &s->net.dns);
	store_configure(p->store, &s->cache);
	for (unsigned i = 0; i < p->n_workers; i++) {
		struct swap *m = check_calloc(1, sizeof(*m));

		m->post.fn = on_swap;
		m->worker = p->workers[i];
		m->snapshot = snapshot_ref(s);
		loop_post(p->workers[i]->loop, &m->post);
	}
	struct snapshot *old = p->snapshot;

	cache_log_use(&s->log, &old->log, p->options.opener, p->options.stderr_level);
	lock_take(&p->lock);
	p->snapshot = s;
	use_level(p);
	lock_give(&p->lock);
	port_set_retire(&old->ports, &s->ports, p->options.opener);
	snapshot_unref(&old);
	tell_taken(p);
	count(COUNT_RELOADS);
	note_loaded(p);
	oplog(OPLOG_NOTICE, "The configuration%s%s was read again and is in use",
	      p->options.conf_path != NULL ? " " : "",
	      p->options.conf_path != NULL ? p->options.conf_path : "");
}

/* A reload under way. */
struct build {
	struct job job;
	struct proxy *proxy;
};

/*
 * coredump_dir has become the process's working directory, so that cores land there. This thread
 * gets one of its own, where the names in the configuration mean what they meant at the start.
 */
static void return_to_folder(const struct proxy *p)
{
	/* Where that is not possible, relative names are not found, and the reload says so. */
	if (p->options.folder_fd > 0 && unshare(CLONE_FS) == 0)
		(void)!fchdir(p->options.folder_fd);
}

static void build_work(struct job *j)
{
	struct proxy *p = CONTAINER_OF(j, struct build, job)->proxy;
	bool again;

	return_to_folder(p);
	do {
		reload(p);
		lock_take(&p->lock);
		again = p->wants_reload;
		p->wants_reload = false;
		p->is_building = again;
		lock_give(&p->lock);
	} while (again);
}

static void build_release(struct job *j)
{
	free(CONTAINER_OF(j, struct build, job));
}

void proxy_reload(struct proxy *p)
{
	CHECK_OBJ(p, PROXY_MAGIC);
	lock_take(&p->lock);
	const bool is_building = p->is_building;

	p->wants_reload = is_building;
	p->is_building = true;
	lock_give(&p->lock);
	if (is_building)
		return;
	struct build *b = check_calloc(1, sizeof(*b));

	b->job = (struct job){ .work = build_work, .release = build_release };
	b->proxy = p;
	if (job_submit(p->jobs, p->workers[0]->loop, JOB_BUILD, &b->job) == ERR_NONE)
		return;
	oplog(OPLOG_ERROR, "cannot start a thread to load the configuration; it stays as it is");
	build_release(&b->job);
	lock_take(&p->lock);
	p->is_building = false;
	lock_give(&p->lock);
}

void proxy_rotate(struct proxy *p)
{
	CHECK_OBJ(p, PROXY_MAGIC);
	lock_take(&p->lock);
	struct snapshot *s = snapshot_ref(p->snapshot);

	lock_give(&p->lock);
	const unsigned generations = (unsigned)s->log.logfile_rotate;

	access_log_rotate(p->access_log, generations);
	const int64_t own = s->process.debug.rotate;

	cache_log_rotate(&s->log, own >= 0 ? (unsigned)own : generations, p->options.opener);
	snapshot_unref(&s);
}

void proxy_open_store(struct proxy *p)
{
	CHECK_OBJ(p, PROXY_MAGIC);
	CHECK(store_new(&p->store, &p->snapshot->cache, p->jobs) == ERR_NONE);
}

struct store *proxy_store(const struct proxy *p)
{
	CHECK_OBJ(p, PROXY_MAGIC);
	return p->store;
}

enum err proxy_start(struct proxy *p)
{
	CHECK_OBJ(p, PROXY_MAGIC);
	proxy_open_store(p);
	const enum err e = access_log_start(p->access_log);

	if (e != ERR_NONE)
		return e;
	/* The log thread flushes it, so that no worker waits for the operator log's disk. */
	oplog_run_async();
	return start_workers(p);
}

/* --- the way down ----------------------------------------------------------------------------- */

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
	lock_take(&p->lock);
	const int64_t ms = p->snapshot->process.shutdown_lifetime_ms;

	lock_give(&p->lock);
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
	lock_take(&p->lock);
	p->wants_reload = false;
	struct snapshot *s = snapshot_ref(p->snapshot);

	lock_give(&p->lock);
	for (unsigned i = 0; i < s->ports.n; i++) {
		sock_stop_listening(s->ports.v[i]->fd);
		p->options.opener->ops->unlisten(p->options.opener, &s->ports.v[i]->at);
	}
	snapshot_unref(&s);
}

/* A reload under way comes to its end; none begins any more. */
static void stop_building(struct proxy *p)
{
	lock_take(&p->lock);
	p->wants_reload = false;
	lock_give(&p->lock);
}

void proxy_free(struct proxy **pp)
{
	struct proxy *p = *pp;

	CHECK_OBJ(p, PROXY_MAGIC);
	*pp = NULL;
	stop_building(p);
	for (unsigned i = 0; i < p->n_workers; i++) {
		if (p->workers[i]->thread != 0) {
			loop_stop(p->workers[i]->loop);
			pthread_join(p->workers[i]->thread, NULL);
		}
	}
	if (p->store != NULL)
		store_stop(p->store);
	/* Workers submit jobs, and jobs post to workers: in between neither happens any more. */
	jobs_stop(p->jobs);
	/* Not before all have ended: they post to each other (connections, answers to names). */
	for (unsigned i = 0; i < p->n_workers; i++)
		worker_free(&p->workers[i]);
	free(p->workers);
	/* Till now a disk may have wanted one. */
	store_free(&p->store);
	jobs_free(&p->jobs);
	/* It holds sinks of the log. */
	snapshot_unref(&p->snapshot);
	access_log_stop(&p->access_log);
	dns_shared_free(&p->dns);
	client_db_free(&p->clients);
	acl_tally_free(&p->tally);
	lock_fini(&p->lock);
	OBJ_FREE(p, PROXY_MAGIC);
}
