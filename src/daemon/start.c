/*
 * Starting. What can be known before the first fork is found out before it, so that it is said on
 * the terminal: errors of the configuration, a missing user, another Cuttle that runs.
 */
#include "daemon/start.h"

#include "acl/files.h"
#include "admin/command.h"
#include "admin/manager.h"
#include "admin/progress.h"
#include "base/hash.h"
#include "base/oplog.h"
#include "cache/cache_conf.h"
#include "daemon/default_conf.h"
#include "daemon/folders.h"
#include "daemon/keeper.h"
#include "daemon/limits.h"
#include "daemon/run.h"
#include "daemon/start_mode.h"
#include "daemon/streams.h"
#include "daemon/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LARGE_BLOCK_BYTES (1 << 20)

struct start {
	const struct options *o;
	enum start_mode mode;
	struct proxy_options proxy;
	struct scan_source source;
	struct snapshot *snapshot; /* START_IN_PROCESS: loaded once */
	struct identity identity;
	bool is_root;
	struct pidfile pidfile;
	bool has_coredump_dir, sets_marks;
	int kept_fd;  /* the keeper's: keeper_conf.kept_fd; -1 */
	int ready_fd; /* START_DAEMON: the starter waits at the other end; -1 */
};

/* What is written whatever debug_options says. */
static enum oplog_level level_of(const struct options *o)
{
	if (o->is_full_debug || o->stderr_level >= 2)
		return OPLOG_DEBUG;
	return o->stderr_level == 1 ? OPLOG_NOTICE : OPLOG_FATAL;
}

static int run_here(struct start *s, int keeper_sock)
{
	struct run_conf c = {
		.proxy = s->proxy,
		.snapshot = s->snapshot != NULL ? &s->snapshot : NULL,
		.id = s->is_root ? &s->identity : NULL,
		.pidfile = keeper_sock >= 0 ? NULL : &s->pidfile,
		.keeper_sock = keeper_sock,
		.kept_fd = s->kept_fd,
		.is_no_trap = s->o->is_no_trap,
		.is_built_in = s->o->is_built_in,
		.is_daemon = s->mode == START_DAEMON,
		.coredump_dir = s->has_coredump_dir ? "" : NULL,
		.keeps_marks = s->sets_marks,
	};

	return run_proxy(&c);
}

static int proxy_child(void *arg, int sock)
{
	struct start *s = arg;

	if (s->ready_fd >= 0)
		close(s->ready_fd);
	return run_here(s, sock);
}

/* The keeper's: the proxy listens, so the starter may go. */
static void on_ready(void *arg)
{
	struct start *s = arg;
	const char ready = 1;

	if (s->ready_fd < 0)
		return;
	(void)!write(s->ready_fd, &ready, 1);
	close(s->ready_fd);
	s->ready_fd = -1;
	streams_to_null();
}

static int keep(struct start *s)
{
	const struct keeper_conf c = {
		.source = s->source,
		.extra_port = s->o->extra_port,
		.keeps_marks = s->sets_marks,
		.id = s->is_root ? &s->identity : NULL,
		.pidfile = &s->pidfile,
		.proxy_run = proxy_child,
		.kept_fd = &s->kept_fd,
		.ready = on_ready,
		.arg = s,
	};
	const int status = keeper_run(&c);

	pidfile_remove(&s->pidfile);
	return status;
}

/* Pass on what the daemon says; false when it says no more. */
static bool words_pass(int fd)
{
	char text[4096];
	const ssize_t n = read(fd, text, sizeof(text));

	if (n > 0)
		(void)!write(STDERR_FILENO, text, (size_t)n);
	return n > 0 || (n < 0 && errno == EINTR);
}

/*
 * In the starter: wait for the word of the keeper, or for its end, and show what it says meanwhile.
 * The daemon itself never holds the starter's stderr, so that nobody who waits for the end of that
 * waits for the daemon.
 */
static int wait_ready(int ready_fd, int words_fd)
{
	struct pollfd fds[2] = { { .fd = ready_fd, .events = POLLIN },
		                 { .fd = words_fd, .events = POLLIN } };
	char ready = 0;
	ssize_t n;

	while (fds[0].revents == 0) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return EXIT_FAILURE;
		if (fds[1].revents != 0 && !words_pass(words_fd))
			fds[1].fd = -1;
	}
	n = read(ready_fd, &ready, 1);
	/* Without the word, whoever failed has said why: to the end. With it, only what lies there
	 * by now. */
	while ((n == 1 ? poll(&fds[1], 1, 0) > 0 : true) && words_pass(words_fd))
		;
	return n == 1 && ready == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Two forks and a session of its own, so that no terminal can ever become the daemon's. */
static int daemonise(struct start *s)
{
	int ready[2], words[2];

	if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(words, O_CLOEXEC) != 0) {
		oplog(OPLOG_FATAL, "pipe: %s", strerrordesc_np(errno));
		return EXIT_FAILURE;
	}
	const pid_t child = fork();

	if (child > 0) {
		close(ready[1]);
		close(words[1]);
		(void)waitpid(child, NULL, 0);
		pidfile_forget(&s->pidfile); /* the daemon's now */
		return wait_ready(ready[0], words[0]);
	}
	close(ready[0]);
	close(words[0]);
	if (child < 0 || setsid() < 0) {
		oplog(OPLOG_FATAL, "fork, setsid: %s", strerrordesc_np(errno));
		return EXIT_FAILURE;
	}
	const pid_t daemon_pid = fork();

	if (daemon_pid != 0)
		_exit(daemon_pid > 0 ? EXIT_SUCCESS : EXIT_FAILURE);
	s->ready_fd = ready[1];
	streams_to_null();
	(void)dup2(words[1], STDERR_FILENO);
	close(words[1]);
	return keep(s);
}

static bool pidfile_take(struct start *s, char *path)
{
	pid_t holder = 0;
	const enum err err = pidfile_lock(&s->pidfile, path, &holder);

	if (err == ERR_DUPLICATE)
		oplog(OPLOG_FATAL,
		      "Cuttle runs already: process %d holds %s; -k reconfigure has it read its "
		      "configuration again, -k shutdown stops it",
		      (int)holder, path);
	else if (err != ERR_NONE)
		oplog(OPLOG_FATAL,
		      "The pid file %s cannot be made: %s; make its folder writable for who "
		      "starts Cuttle, or name another file, or none, by pid_filename",
		      path, err_text(err));
	free(path);
	return err == ERR_NONE;
}

/* Warnings of a configuration that can be used are told once, when cache_log is open too. */
static bool load(struct start *s)
{
	char *text = NULL;
	size_t n = 0;
	struct findings_printer p = { .to = open_memstream(&text, &n) };

	struct proxy_options waited_for = s->proxy;
	struct progress progress;

	CHECK(p.to != NULL);
	progress_begin(&progress);
	waited_for.progress = progress_tell;
	waited_for.progress_arg = &progress;
	s->snapshot = proxy_load(&waited_for, verb_print_finding, &p);
	CHECK(fclose(p.to) == 0);
	if (s->snapshot == NULL) {
		(void)fputs(text, stderr);
		oplog(OPLOG_FATAL, "The configuration has %u error%s, so Cuttle does not start",
		      p.n_errors, p.n_errors == 1 ? "" : "s");
	}
	free(text);
	return s->snapshot != NULL;
}

/* Load, and find out all that decides whether and how to start. */
static bool decide(struct start *s)
{
	if (!load(s))
		return false;
	const struct process_conf *pc = snapshot_process_conf(s->snapshot);

	if (s->is_root) {
		if (!privileges_resolve(pc, &s->identity))
			return false;
		opener_direct_set_owner(s->identity.uid, s->identity.gid);
	}
	if (snapshot_logs_into(s->snapshot, FOLDER_LOGS))
		folders_make(FOLDER_LOGS, s->is_root ? s->identity.uid : (uid_t)-1,
		             s->identity.gid);
	for (const struct cache_dir *d = snapshot_cache_conf(s->snapshot)->dirs; d != NULL;
	     d = d->next)
		folders_make(d->path.p, s->is_root ? s->identity.uid : (uid_t)-1, s->identity.gid);
	if (!pc->has_pid_filename)
		folders_make(FOLDER_RUN, (uid_t)-1, (gid_t)-1);
	s->sets_marks = snapshot_sets_marks(s->snapshot);
	s->has_coredump_dir = pc->coredump_dir != NULL;
	if (!limits_set_descriptors(pc->max_filedescriptors))
		return false;
	(void)umask((mode_t)pc->umask | umask(0));
	return pidfile_take(
		s, verb_pid_filename(pc->has_pid_filename, pc->pid_filename, s->o->service_name));
}

static int start(struct start *s)
{
	const bool is_process_1 = getpid() == 1;

	s->is_root = geteuid() == 0;
	s->proxy.folder_fd = MAX(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), 0);
	s->mode = start_mode_of(s->o, is_process_1, s->is_root);
	if (is_process_1 && !s->o->is_no_daemon && !s->o->is_foreground)
		oplog(OPLOG_NOTICE, "As process 1, Cuttle stays in the foreground");
	if (!decide(s)) {
		if (s->snapshot != NULL)
			snapshot_unref(&s->snapshot);
		return EXIT_FAILURE;
	}
	if (s->mode == START_IN_PROCESS)
		return run_here(s, -1);
	/* With a keeper, each proxy loads the configuration itself, as who it is then. */
	snapshot_unref(&s->snapshot);
	return s->mode == START_DAEMON ? daemonise(s) : keep(s);
}

/* What goes to stderr beside cache_log: what an administrator at the terminal must not miss, or as
 * -d says. */
static enum oplog_level stderr_level_of(const struct options *o)
{
	if (o->stderr_level < 0)
		return OPLOG_WARNING;
	return o->stderr_level == 0   ? OPLOG_ERROR
	       : o->stderr_level == 1 ? OPLOG_NOTICE
	                              : OPLOG_DEBUG;
}

/* The file that is read, absolute, so that a reload finds it from whatever working directory. */
static char *conf_path_of(const struct options *o)
{
	const char *path = o->conf_path != NULL ? o->conf_path : SYSCONFDIR "/cuttle/cuttle.conf";
	char *absolute = realpath(path, NULL);

	return absolute != NULL ? absolute : check_strdup(path);
}

int start_cuttle(const struct options *o)
{
	char *path = o->is_built_in ? NULL : conf_path_of(o);
	struct start s = { .o = o, .pidfile = { NULL, -1 }, .kept_fd = -1, .ready_fd = -1 };
	const bool is_named = strcmp(o->service_name, "cuttle") != 0;
	int status = EXIT_FAILURE;

	streams_exist();
	/*
	 * Large blocks are lists and what is read to make them: they go back to the system when
	 * they are freed. By default, glibc moves this bound up to 32 MB as soon as one was, and
	 * keeps the rest. No thread runs yet.
	 */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES); /* NOLINT(concurrency-mt-unsafe) */
	/* before the first table: its names may come from whoever wants them to collide */
	hash_seed();
	oplog_set_level(level_of(o) == OPLOG_DEBUG ? OPLOG_DEBUG : OPLOG_NOTICE);
	s.proxy = (struct proxy_options){ .conf_path = path,
		                          .conf_text = o->is_built_in ? default_conf_text : NULL,
		                          .extra_port = o->extra_port,
		                          .no_floor = o->is_no_floor,
		                          .opener = &opener_direct,
		                          .level = level_of(o),
		                          .stderr_level = stderr_level_of(o),
		                          .page = manager_page,
		                          .list_files = acl_files_new(),
		                          .is_as_squid = o->is_as_squid,
		                          .service_name = is_named ? o->service_name : NULL };
	s.source = (struct scan_source){ .conf_path = path,
		                         .conf_text = s.proxy.conf_text,
		                         .service_name = s.proxy.service_name };
	s.source.rows = proxy_directives(&s.source.n_rows);
	switch (o->action) {
	case OPTIONS_RUN:
		status = start(&s);
		break;
	case OPTIONS_VERB:
		status = verb_run(o->verb, &s.proxy, &s.source);
		break;
	case OPTIONS_PREPARE:
		status = verb_prepare(&s.proxy);
		break;
	case OPTIONS_DIRECTIVES:
		status = verb_directives(stdout);
		break;
	case OPTIONS_MANUAL:
		status = verb_manual(stdout);
		break;
	case OPTIONS_VERSION:
		status = verb_version(stdout, o->service_name);
		break;
	case OPTIONS_HELP:
		options_help(stdout);
		command_list(stdout);
		status = EXIT_FAILURE; /* as Squid's */
		break;
	}
	acl_files_free(&s.proxy.list_files);
	free(path);
	return status;
}
