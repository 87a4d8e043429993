/*
 * The keeper's loop: signals, the proxy's requests, the proxy's death.
 */
#include "daemon/keeper.h"

#include "base/oplog.h"
#include "daemon/grant.h"
#include "daemon/keeper_msg.h"
#include "daemon/signals.h"
#include "net/listen_set.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BACKOFF_MIN_MS = 100, BACKOFF_MAX_MS = 30000, LIVED_WELL_MS = 60000, SCAN_PAUSE_MS = 1000 };

struct keeper {
	const struct keeper_conf *c;
	struct conf_scan scan;
	int64_t scanned_ms;
	struct listen_set held;
	int signal_fd;
	pid_t proxy; /* 0: none runs */
	int sock;    /* -1: none */
	bool was_ready, is_stopping, is_restart_asked;
	int64_t started_ms, restart_ms, backoff_ms;
	int status; /* of the keeper; -1: goes on */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t keeper_backoff_ms(int64_t last_ms, int64_t lived_ms)
{
	if (last_ms == 0 || lived_ms >= LIVED_WELL_MS)
		return BACKOFF_MIN_MS;
	return MIN(last_ms * 2, (int64_t)BACKOFF_MAX_MS);
}

/* --- what the proxy may ask for --------------------------------------------------------------- */

static void names_read(struct keeper *k)
{
	if (k->scan.names != NULL)
		conf_scan_fini(&k->scan);
	conf_scan_init(&k->scan, &k->c->source);
	k->scanned_ms = now_ms();
}

/* A log's own name, or a generation of it. */
static bool is_of_log(const struct conf_scan *s, const char *path, bool is_generation_only)
{
	for (size_t i = 0; i < s->n_names; i++)
		if ((s->names[i].uses & SCAN_APPEND) != 0 &&
		    (grant_is_generation(s->names[i].path, path) ||
		     (!is_generation_only && strcmp(s->names[i].path, path) == 0)))
			return true;
	return false;
}

static bool is_named_now(const struct keeper *k, const struct keeper_msg *m)
{
	switch (m->kind) {
	case KEEPER_OPEN_READ:
		return conf_scan_has(&k->scan, m->path, SCAN_READ);
	case KEEPER_OPEN_APPEND:
		return conf_scan_has(&k->scan, m->path, SCAN_APPEND);
	case KEEPER_LISTEN:
		return conf_scan_has_port(&k->scan, m->at.port) ||
		       (k->c->extra_port != 0 && m->at.port == k->c->extra_port);
	case KEEPER_RENAME:
		return is_of_log(&k->scan, m->path, false) && is_of_log(&k->scan, m->to, true);
	case KEEPER_UNLISTEN:
	case KEEPER_READY:
	case KEEPER_KEEP:
	case KEEPER_REPLY:
	case KEEPER_KIND_N:
		break;
	}
	return true;
}

/* The configuration may have changed since it was read; but a proxy cannot keep us reading all the
 * time. */
static bool is_named(struct keeper *k, const struct keeper_msg *m)
{
	if (is_named_now(k, m))
		return true;
	if (now_ms() - k->scanned_ms < SCAN_PAUSE_MS)
		return false;
	names_read(k);
	return is_named_now(k, m);
}

/* The keeper writes to the same cache_log; when the proxy opens it (anew), so does the keeper. */
static void oplog_follow(const struct keeper *k, const char *path)
{
	enum err err;

	if (k->scan.cache_log == NULL || strcmp(k->scan.cache_log, path) != 0)
		return;
	const int fd = grant_open(path, SCAN_APPEND, k->c->id, &err);

	if (fd >= 0)
		oplog_set_file(fd, path, OPLOG_FATAL);
}

static void on_ready(struct keeper *k)
{
	listen_set_close_others(&k->held);
	if (k->was_ready)
		return;
	k->was_ready = true;
	if (pidfile_write(k->c->pidfile) != ERR_NONE)
		oplog(OPLOG_ERROR, "The pid file %s cannot be written: %s", k->c->pidfile->path,
		      strerrordesc_np(errno));
	k->c->ready(k->c->arg);
}

/* Do it; the descriptor to grant or -1. *is_ours: close it after it was sent. */
static int request_grant(struct keeper *k, const struct keeper_msg *m, enum err *err, bool *is_ours)
{
	int fd = -1;

	*err = ERR_NONE;
	switch (m->kind) {
	case KEEPER_OPEN_READ:
	case KEEPER_OPEN_APPEND:
		*is_ours = true;
		fd = grant_open(m->path, m->kind == KEEPER_OPEN_READ ? SCAN_READ : SCAN_APPEND,
		                k->c->id, err);
		if (fd >= 0 && m->kind == KEEPER_OPEN_APPEND)
			oplog_follow(k, m->path);
		return fd;
	case KEEPER_LISTEN:
		*err = listen_set_open(&k->held, &m->at, &fd);
		return fd;
	case KEEPER_UNLISTEN:
		listen_set_close(&k->held, &m->at);
		return -1;
	case KEEPER_RENAME:
		*err = grant_rename(m->path, m->to, k->c->id);
		return -1;
	case KEEPER_READY:
		on_ready(k);
		return -1;
	case KEEPER_KEEP: /* request_serve() has */
		return -1;
	case KEEPER_REPLY:
	case KEEPER_KIND_N:
		*err = ERR_SYNTAX;
		return -1;
	}
	UNREACHABLE("keeper_kind");
}

static void refuse(const struct keeper_msg *m)
{
	char at[ENDPOINT_TEXT_MAX], path[512];

	if (m->kind == KEEPER_LISTEN)
		oplog(OPLOG_WARNING,
		      "The proxy asked for %s, whose port the configuration does not name",
		      endpoint_text(&m->at, at));
	else
		oplog(OPLOG_WARNING,
		      "The proxy asked for \"%s\", which the configuration does not name for this "
		      "use",
		      oplog_escape(span_str(m->path), path, sizeof(path)));
}

static void sock_close_ours(struct keeper *k)
{
	if (k->sock >= 0)
		close(k->sock);
	k->sock = -1;
}

static void request_serve(struct keeper *k)
{
	struct keeper_msg m, reply = { .kind = KEEPER_REPLY };
	int came = -1, fd = -1;
	bool is_ours = false;
	const enum err err = keeper_msg_receive(k->sock, &m, &came);

	if (err == ERR_NONE && m.kind == KEEPER_KEEP && k->c->kept_fd != NULL) {
		const int old = *k->c->kept_fd;

		*k->c->kept_fd = came;
		came = old;
	}
	if (came >= 0)
		close(came); /* nobody else sends us descriptors */
	if (err != ERR_NONE) {
		if (err != ERR_RESET)
			oplog(OPLOG_ERROR,
			      "The proxy sent its keeper what is no request; it is ended");
		sock_close_ours(k); /* the proxy stops when it notices */
		return;
	}
	if (is_named(k, &m)) {
		fd = request_grant(k, &m, &reply.err, &is_ours);
	} else {
		reply.err = ERR_PERMISSION;
		refuse(&m);
	}
	if (keeper_msg_send(k->sock, &reply, fd) != ERR_NONE)
		sock_close_ours(k);
	if (is_ours && fd >= 0)
		close(fd);
}

/* --- the proxy's life ------------------------------------------------------------------------- */

static void proxy_child(struct keeper *k, int sock)
{
	/* What is the keeper's alone. The listening sockets come back by asking for them. */
	listen_set_close_all(&k->held);
	conf_scan_fini(&k->scan);
	close(k->signal_fd);
	pidfile_forget(k->c->pidfile);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the child's threads have ended by then */
	exit(k->c->proxy_run(k->c->arg, sock));
}

static void proxy_start_one(struct keeper *k)
{
	int pair[2];

	/* Each proxy reads the configuration as it is by then, and asks for what that names. */
	if (k->held.round++ != 0)
		names_read(k);
	k->started_ms = now_ms();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
		k->proxy = fork();
		if (k->proxy == 0) {
			close(pair[0]);
			proxy_child(k, pair[1]);
		}
		close(pair[1]);
		if (k->proxy > 0) {
			k->sock = pair[0];
			return;
		}
		close(pair[0]);
	}
	oplog(OPLOG_ERROR, "The proxy cannot be started: %s", strerrordesc_np(errno));
	k->proxy = 0;
	k->backoff_ms = keeper_backoff_ms(k->backoff_ms, 0);
	k->restart_ms = now_ms() + k->backoff_ms;
	if (!k->was_ready)
		k->status = EXIT_FAILURE;
}

static void say_death(int wait_status, int64_t lived_ms, int64_t wait_ms)
{
	if (WIFSIGNALED(wait_status))
		oplog(OPLOG_ERROR,
		      "The proxy died by signal %d (%s) after %lld s; it is started again in %lld "
		      "ms",
		      WTERMSIG(wait_status), sigdescr_np(WTERMSIG(wait_status)),
		      (long long)lived_ms / 1000, (long long)wait_ms);
	else
		oplog(OPLOG_ERROR,
		      "The proxy ended with status %d after %lld s; it is started again in %lld ms",
		      WEXITSTATUS(wait_status), (long long)lived_ms / 1000, (long long)wait_ms);
}

static void on_proxy_end(struct keeper *k, int wait_status)
{
	const int64_t lived_ms = now_ms() - k->started_ms;
	const bool is_clean = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;

	/* What it asked last may still lie in the socket: that it listens, above all. */
	sock_close_ours(k);
	k->proxy = 0;
	if (is_clean || k->is_stopping || !k->was_ready) {
		k->status = is_clean ? EXIT_SUCCESS : EXIT_FAILURE;
		return;
	}
	if (k->is_restart_asked) {
		k->is_restart_asked = false;
		k->backoff_ms = 0;
		k->restart_ms = now_ms();
		return;
	}
	k->backoff_ms = keeper_backoff_ms(k->backoff_ms, lived_ms);
	k->restart_ms = now_ms() + k->backoff_ms;
	say_death(wait_status, lived_ms, k->backoff_ms);
}

static void reap(struct keeper *k)
{
	int wait_status;
	pid_t pid;

	/* All of them: as process 1 we are everybody's last parent. */
	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0)
		if (pid == k->proxy)
			on_proxy_end(k, wait_status);
}

static void on_signal(struct keeper *k, int number)
{
	switch (number) {
	case SIGCHLD:
		reap(k);
		return;
	case SIGTERM:
	case SIGINT:
		k->is_stopping = true;
		if (k->proxy == 0)
			k->status = EXIT_SUCCESS;
		break;
	case SIGTTIN:
		/* While none runs, the next one is what is asked for, at once. */
		k->is_restart_asked = k->proxy > 0;
		k->restart_ms = now_ms();
		break;
	case SIGHUP:
		names_read(k);
		break;
	default:
		break;
	}
	if (k->proxy > 0)
		(void)kill(k->proxy, number);
}

static void turn(struct keeper *k)
{
	struct pollfd fds[2] = { { .fd = k->signal_fd, .events = POLLIN },
		                 { .fd = k->sock, .events = POLLIN } };
	int64_t wait_ms = -1;

	if (k->proxy == 0)
		wait_ms = MAX(k->restart_ms - now_ms(), (int64_t)0);
	if (poll(fds, ARRAY_LEN(fds), (int)wait_ms) < 0 && errno != EINTR) {
		oplog(OPLOG_ERROR, "The keeper cannot wait: %s", strerrordesc_np(errno));
		k->status = EXIT_FAILURE;
		return;
	}
	/* Requests first: "I listen" counts, even if the proxy has died since. */
	if (fds[1].revents != 0 && k->sock >= 0)
		request_serve(k);
	for (int number; (number = signals_next(k->signal_fd)) != 0;)
		on_signal(k, number);
	if (k->proxy == 0 && k->status < 0 && now_ms() >= k->restart_ms)
		proxy_start_one(k);
}

int keeper_run(const struct keeper_conf *c)
{
	struct keeper k = { .c = c, .sock = -1, .status = -1 };

	k.signal_fd = signals_open();
	if (k.signal_fd < 0) {
		oplog(OPLOG_FATAL, "signalfd: %s", strerrordesc_np(errno));
		return EXIT_FAILURE;
	}
	/* A stray child of the proxy comes to us, not to process 1. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	names_read(&k);
	if (c->id != NULL)
		privileges_limit_keeper(c->keeps_marks);
	while (k.status < 0)
		turn(&k);
	listen_set_close_all(&k.held);
	conf_scan_fini(&k.scan);
	close(k.signal_fd);
	sock_close_ours(&k);
	return k.status;
}
