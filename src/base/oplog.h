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

/*
 * Write "YYYY/MM/DD HH:MM:SS| LEVEL: text\n" in local time; as in Squid's cache.log, a notice has
 * no level word. No newline in fmt; text beyond OPLOG_TEXT_MAX bytes is cut. errno is preserved.
 * A fatal line is written at once even in async mode, since the process is about to end.
 */
#define OPLOG_TEXT_MAX 2000
void oplog(enum oplog_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Where lines go: a file that is opened for appending (kept open; see oplog_reopen), or NULL for
 * stderr only. also_stderr: copies up to this level go to stderr too. fd is taken over.
 */
void oplog_set_file(int fd, const char *path, enum oplog_level also_stderr);
void oplog_set_level(enum oplog_level most);
/* For a caller that would have to work for the arguments of a line. */
bool oplog_wants(enum oplog_level level);

/*
 * From now on, lines are only queued; oplog_flush() is called by the log thread, about once a
 * second. A queue (file, stderr) holds OPLOG_QUEUE_MAX bytes; lines beyond are counted, and the log
 * says how many were lost as soon as it can be written again.
 */
#define OPLOG_QUEUE_MAX (1 << 20)
void oplog_run_async(void);
/*
 * Write what is queued and the counts of repeats that are due. Returns false if the file could not
 * be written (reported once on stderr); what was not written is kept for the next time.
 */
bool oplog_flush(void);
/* After rotation: go on in this newly opened file, also with what is queued. fd is taken over. */
void oplog_reopen(int fd);
/*
 * The end of the log: write the pending counts and all lines, close the file, forget the queues,
 * and go on synchronously on stderr. No other thread may be logging.
 */
void oplog_fini(void);
/*
 * The file's descriptor, or stderr's where there is none: for the handler of a fatal signal, which
 * may call this.
 */
int oplog_fd(void);
/* Tell the time by this function (microseconds since the epoch); NULL: the kernel's. For tests. */
void oplog_set_clock(int64_t (*now_us)(void));

/*
 * Text from outside made harmless for a line: controls, quotes and non-ASCII as \xNN; cut at cap.
 */
const char *oplog_escape(struct span s, char *buf, size_t cap);
