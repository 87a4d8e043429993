/*
 * Where lines go: an open file, pipe or socket, and the lines that wait for it.
 *
 * Owned by the log thread (before that by who configures). A sink never blocks: what cannot be
 * written now waits in memory up to a limit; then lines are lost, counted and reported. Time is an
 * argument, and the calls that can fail are ops, so that tests can play a full disk.
 */
#pragma once

#include "log/access_log.h"

struct log_io {
	/* Open for appending; -1 with *err. */
	log_open_fn *open;
	void *open_arg;
	log_rename_fn *rename;
	void *rename_arg;
	/* Returns 0 or an errno value; *done bytes were written, perhaps fewer than n. */
	int (*write)(void *arg, int fd, const char *p, size_t n, size_t *done);
	/* Take n bytes off the end of a regular file. Returns 0 or an errno value. */
	int (*shorten)(void *arg, int fd, size_t n);
	void *arg; /* of write and shorten */
};

extern const struct log_io log_io_direct;

/* Lines that wait for one sink, unless buffer-size= asks for more. */
#define LOG_BACKLOG_MAX (4u << 20)

struct log_sink;

/*
 * path: of a LOG_TARGET_FILE; else the name for messages. fd: taken over, not negative.
 */
struct log_sink *log_sink_new(const struct log_io *io, int kind, const char *path, int fd);
/* Closes it. What could not be written is lost and counted; a half line is taken back. */
void log_sink_free(struct log_sink **s);

/* What the configuration says now. is_active: still named by it; if not, closed when drained. */
struct log_sink_conf {
	bool is_active, is_on_error_die, is_buffered;
	int64_t buffer_bytes, rotate;
};
void log_sink_configure(struct log_sink *s, const struct log_sink_conf *c);

/* Queue a line (with its newline). It may be lost, counted and reported. */
void log_sink_append(struct log_sink *s, struct span line, int64_t now_ms);
/*
 * Write what waits. force: also what buffered_logs would still gather. Opens the file again where
 * that is due.
 */
void log_sink_flush(struct log_sink *s, int64_t now_ms, bool force);
void log_sink_rotate(struct log_sink *s, unsigned generations, int64_t now_ms);

size_t log_sink_pending(const struct log_sink *s);
/* True if the sink waits for its reader: then *fd is to be polled for POLLOUT. */
bool log_sink_is_blocked(const struct log_sink *s, int *fd);
/* When to call log_sink_flush() again; INT64_MAX: after the next append. */
int64_t log_sink_due_ms(const struct log_sink *s);
/* True once after a failure, if on-error=die. */
bool log_sink_take_fatal(struct log_sink *s);
bool log_sink_is_same(const struct log_sink *s, int kind, const char *path);
