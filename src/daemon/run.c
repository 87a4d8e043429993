/*
 * The proxy's main thread. All signals are blocked in every thread and read here from a descriptor,
 * so nothing is ever done in a signal handler but dying.
 */
#include "daemon/run.h"

#include "base/oplog.h"
#include "daemon/keeper_client.h"
#include "daemon/kept_conf.h"
#include "daemon/limits.h"
#include "daemon/panic.h"
#include "daemon/signals.h"
#include "daemon/streams.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct run {
	struct run_conf *c;
	struct proxy *proxy;
	int signal_fd;
	int drained_fd; /* readable when the last worker has ended */
	bool is_stopping, is_restarting, is_debug;
	int status;
};

static void on_drained(void *arg)
{
	const struct run *r = arg;
	const uint64_t one = 1;

	(void)!write(r->drained_fd, &one, sizeof(one));
}

static void stop(struct run *r, int64_t lifetime_ms)
{
	if (!r->is_stopping && lifetime_ms != 0)
		oplog(OPLOG_NOTICE,
		      "Stopping; what is under way has %lld s to end (shutdown_lifetime)",
		      (long long)(lifetime_ms / 1000));
	else
		oplog(OPLOG_NOTICE, "Stopping at once");
	const bool is_first = !r->is_stopping;

	r->is_stopping = true;
	proxy_shutdown(r->proxy, lifetime_ms, on_drained, r);
	/* Before a restart the keeper holds the ports, and who connects meanwhile waits. */
	if (is_first && !(r->is_restarting && r->c->keeper_sock >= 0))
		proxy_close_ports(r->proxy);
}

static void toggle_debug(struct run *r)
{
	r->is_debug = !r->is_debug;
	proxy_debug(r->proxy, r->is_debug);
	oplog(OPLOG_NOTICE, "Debug messages are %s", r->is_debug ? "on" : "off");
}

/* As process 1 we are the parent of every orphan in the container. */
static void reap_orphans(void)
{
	if (getpid() != 1)
		return;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void on_signal(struct run *r, int number)
{
	switch (number) {
	case SIGTERM:
	case SIGTTIN:
		r->is_restarting |= number == SIGTTIN;
		stop(r, r->is_stopping ? 0 : proxy_shutdown_lifetime_ms(r->proxy));
		return;
	case SIGINT:
		stop(r, 0);
		return;
	case SIGUSR2:
		toggle_debug(r);
		return;
	case SIGCHLD:
		reap_orphans();
		return;
	default:
		break;
	}
	/* A stop that has begun goes before all else. */
	if (r->is_stopping)
		return;
	if (number == SIGHUP)
		proxy_reload(r->proxy);
	else if (number == SIGUSR1)
		proxy_rotate(r->proxy);
}

/* Until the last worker has ended. */
static void signals_serve(struct run *r)
{
	struct pollfd fds[3] = { { .fd = r->drained_fd, .events = POLLIN },
		                 { .fd = r->signal_fd, .events = POLLIN },
		                 { .fd = r->c->keeper_sock } /* only its end is of interest */ };

	for (;;) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			check_failed("poll", __FILE__, __LINE__, __func__);
		if (fds[0].revents != 0)
			return;
		for (int number; (number = signals_next(r->signal_fd)) != 0;)
			on_signal(r, number);
		if (fds[2].revents != 0) {
			oplog(OPLOG_ERROR, "The keeper is gone, so the proxy stops");
			r->status = EXIT_FAILURE;
			fds[2].fd = -1;
			fds[2].revents = 0;
			stop(r, 0);
		}
	}
}

static void error_log(void *arg UNUSED, const struct conf_finding *f)
{
	char line[CONF_LINE_TEXT_MAX];

	if (f->severity == CONF_ERROR)
		oplog(OPLOG_ERROR, "%s%s: %s", f->place.file, conf_line_text(f->place, line),
		      f->text);
}

static void warning_log(void *arg UNUSED, const struct conf_finding *f)
{
	char line[CONF_LINE_TEXT_MAX];

	if (f->severity == CONF_WARNING)
		oplog(OPLOG_WARNING, "%s%s: %s", f->place.file, conf_line_text(f->place, line),
		      f->text);
}

/* Into cache_log, which is open by now: the first that is read when something is odd. */
static void say_start(const struct run_conf *c)
{
	struct rlimit descriptors = { 0 };

	(void)getrlimit(RLIMIT_NOFILE, &descriptors);
	oplog(OPLOG_NOTICE, "Cuttle %s starts: %s, process %d%s%s, up to %llu descriptors",
	      PACKAGE_VERSION,
	      c->proxy.conf_path != NULL ? c->proxy.conf_path : "built-in configuration",
	      (int)getpid(), c->id != NULL ? ", user " : "", c->id != NULL ? c->id->name : "",
	      (unsigned long long)descriptors.rlim_cur);
}

/* For somebody who tries it out: what it is and how to use it. */
static void say_built_in(const struct proxy *p)
{
	const char *at = proxy_listening(p, 0);

	printf("Cuttle listens on %s, with its built-in configuration (etc/cuttle.conf.default).\n"
	       "The access log goes to this terminal, messages too; no other file is used.\n"
	       "Try:  curl -x http://%s http://example.com/\n"
	       "      curl -x http://%s https://example.com/\n"
	       "Ctrl-C stops it.\n",
	       at, at, at);
	fflush(stdout);
}

static bool say_ready(struct run *r)
{
	const struct run_conf *c = r->c;
	const char *at;

	for (unsigned i = 0; (at = proxy_listening(r->proxy, i)) != NULL; i++)
		oplog(OPLOG_NOTICE, "Listening on %s", at);
	if (c->pidfile != NULL && pidfile_write(c->pidfile) != ERR_NONE) {
		oplog(OPLOG_FATAL, "The pid file %s cannot be written: %s", c->pidfile->path,
		      strerrordesc_np(errno));
		return false;
	}
	if (c->keeper_sock >= 0 && keeper_client_ready() != ERR_NONE) {
		oplog(OPLOG_FATAL, "The keeper is gone");
		return false;
	}
	if (c->is_built_in)
		say_built_in(r->proxy);
	if (c->is_daemon)
		streams_to_null();
	return true;
}

/* Give up root, if we have it and still hold it. */
static bool drop(const struct run_conf *c, const char *coredump_dir)
{
	const unsigned keep = (c->keeper_sock >= 0 ? PRIVILEGES_NONE : PRIVILEGES_BIND) |
	                      (c->keeps_marks ? PRIVILEGES_MARK : PRIVILEGES_NONE);

	if (c->id == NULL)
		return true;
	return privileges_drop(c->id, keep, coredump_dir != NULL);
}

/* The configuration as it is now, or else as the proxy before this one had it. */
static struct snapshot *load(const struct run_conf *c)
{
	struct snapshot *s = proxy_load(&c->proxy, error_log, NULL);

	if (s != NULL)
		return s;
	s = kept_conf_load(&c->proxy, c->kept_fd, error_log);
	if (s != NULL)
		oplog(OPLOG_ERROR,
		      "The configuration has errors; the new proxy goes on with the one "
		      "that the proxy before it used");
	return s;
}

/*
 * With a keeper, root is given up first of all: what the start may open, a reload may too. Without
 * one it is given up last, so that a start as root can read keys and open logs as Squid's does.
 */
static bool prepare(struct run *r)
{
	struct run_conf *c = r->c;
	const bool has_keeper = c->keeper_sock >= 0;
	struct snapshot *s = c->snapshot != NULL ? *c->snapshot : NULL;
	char *coredump_dir = NULL;
	bool ok = false;

	if (has_keeper) {
		if (!drop(c, c->coredump_dir))
			return false;
		c->proxy.opener = keeper_client_init(c->keeper_sock);
		c->proxy.taken = kept_conf_give;
	}
	if (s == NULL)
		s = load(c);
	if (s == NULL)
		return false;
	const struct process_conf *pc = snapshot_process_conf(s);

	coredump_dir = pc->coredump_dir != NULL ? check_strdup(pc->coredump_dir) : NULL;
	limits_set_memory(pc->memory_limit_bytes);
	if (c->snapshot != NULL)
		*c->snapshot = NULL;
	if (proxy_new(&r->proxy, &c->proxy, &s) != ERR_NONE)
		goto out;
	say_start(c);
	proxy_findings(r->proxy, warning_log, NULL);
	if (!has_keeper && !drop(c, coredump_dir))
		goto out;
	if (coredump_dir != NULL && chdir(coredump_dir) != 0)
		oplog(OPLOG_WARNING, "coredump_dir %s: %s", coredump_dir, strerrordesc_np(errno));
	ok = true;
out:
	free(coredump_dir);
	return ok;
}

int run_proxy(struct run_conf *c)
{
	struct run r = { .c = c, .signal_fd = signals_open(), .status = EXIT_SUCCESS };

	r.drained_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r.signal_fd < 0 || r.drained_fd < 0) {
		oplog(OPLOG_FATAL, "signalfd, eventfd: %s", strerrordesc_np(errno));
		return EXIT_FAILURE;
	}
	if (!c->is_no_trap)
		panic_trap_signals();
	if (!prepare(&r) || proxy_start(r.proxy) != ERR_NONE || !say_ready(&r)) {
		oplog(OPLOG_FATAL, "Cuttle does not start");
		/* Threads may run: leave without undoing what the end of the process undoes. */
		(void)oplog_flush();
		if (c->pidfile != NULL)
			pidfile_remove(c->pidfile);
		_exit(EXIT_FAILURE);
	}
	signals_serve(&r);
	proxy_free(&r.proxy);
	if (c->pidfile != NULL)
		pidfile_remove(c->pidfile);
	oplog(OPLOG_NOTICE, "Cuttle has stopped");
	oplog_fini();
	close(r.signal_fd);
	close(r.drained_fd);
	/* A restart: so that whoever started us does it again. */
	return r.is_restarting ? EXIT_FAILURE : r.status;
}
