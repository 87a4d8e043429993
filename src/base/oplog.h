/*
 * The operator log (cache_log): sentences for the administrator, with subject and remedy.
 *
 * Callable from any thread at any time; never blocks on the disk once oplog_run_async() was called:
 * lines queue in memory and the log thread writes them. A line that repeats is counted and
 * summarised. Remote text in arguments must be escaped by the caller (oplog_escape).
 */
#pragma once

#include "base/base.h"

enum oplog_level { OPLOG_FATAL, OPLOG_ERROR, OPLOG_WARNING, OPLOG_NOTICE, OPLOG_DEBUG };

/* Write "YYYY/MM/DD HH:MM:SS| LEVEL: text\n". No newline in fmt. */
void oplog(enum oplog_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Where lines go: a file that is opened for appending (kept open; see oplog_reopen), or NULL for
 * stderr only. also_stderr: copies up to this level go to stderr too. fd is taken over.
 */
void oplog_set_file(int fd, const char *path, enum oplog_level also_stderr);
void oplog_set_level(enum oplog_level most);

/* From now on, lines are only queued; oplog_flush() is called by the log thread. */
void oplog_run_async(void);
/* Write what is queued. Returns false if the file could not be written (reported once on stderr). */
bool oplog_flush(void);
/* After rotation: go on in this newly opened file. fd is taken over. */
void oplog_reopen(int fd);

/* Text from outside made harmless for a line: controls, quotes and non-ASCII as \xNN; cut at cap. */
const char *oplog_escape(struct span s, char *buf, size_t cap);
