/*
 * access.log: sinks that live for the whole process, fed by one ring for each worker, emptied by
 * one thread. A worker never waits: what does not fit into its ring is lost, counted (LOG_DROPPED)
 * and reported.
 */
#pragma once

#include "acl/decide.h"
#include "log/facts.h"
#include "log/format.h"
#include "log/record.h"

/* One access_log line of the configuration. Immutable. */
struct log_target {
	struct log_target *next;
	struct conf_place place;
	enum { LOG_TARGET_NONE, LOG_TARGET_FILE, LOG_TARGET_STDOUT, LOG_TARGET_STDERR } kind;
	char *path;             /* LOG_TARGET_FILE */
	char *doubt;            /* an acl's name that stands where a format's might; NULL: none */
	struct acl_rules *acls; /* all must match; NULL: always */
	bool is_on_error_die;
	int64_t buffer_bytes;
	int64_t rotate;            /* generations; -1: as logfile_rotate says */
	struct log_format *format; /* NULL: LOG_TARGET_NONE */
	int sink; /* number in the running log, set by access_log_configure(); -1 before */
};

/* The logformat lines; private to conf.c. */
struct log_format_line;

struct log_conf {
	struct log_target *targets; /* in the order of the file */
	struct log_format_line *formats;
	bool strip_query_terms, buffered_logs, log_mime_hdrs;
	int64_t logfile_rotate;
	/* What the formats of the targets want of a transaction, after log_conf_finish(). */
	struct log_fields fields;
	struct log_facts_fields facts_fields;
	struct access_log *configured; /* NULL, or whose sinks the targets hold */
	char *cache_log;               /* path; NULL: stderr only */
	struct ip client_netmask;      /* all bits set: addresses are logged whole */
};

void log_conf_init(struct log_conf *c);
void log_conf_fini(struct log_conf *c);
/*
 * After acl_conf_finish(): formats are bound, and it is known what they and the policy read.
 */
void log_conf_finish(struct log_conf *c, struct conf_reader *r);
/* What formats depend on. */
struct log_format_conf log_conf_formats(const struct log_conf *c);
/* Some log tells the rules that allowed requests, too: then log_rec.rule is to be set for them. */
static inline bool log_conf_wants_rules(const struct log_conf *c)
{
	return log_fields_want(&c->fields, LOG_FIELD_RULE) ||
	       log_fields_want(&c->fields, LOG_FIELD_FACTS);
}
conf_setter_fn log_conf_access_log;  /* struct log_target *: appends to the list */
conf_setter_fn log_conf_logformat;   /* struct log_format_line * */
conf_setter_fn log_conf_generations; /* int64_t, 0 to LOG_GENERATIONS_MAX */
conf_setter_fn log_conf_path;        /* char *: a full path, or none */
conf_setter_fn log_conf_netmask;     /* struct ip */

#define LOG_GENERATIONS_MAX 1000

/* access_log lines that are in use at a time, with those that old tunnels hold. */
#define LOG_SINKS_MAX 64

struct access_log; /* the running log; shared */
struct log_ring;   /* one worker's end; worker-local */

/*
 * open_file: how to open a path for appending (through the keeper, or directly), with
 * LOG_OPEN_FLAGS and LOG_OPEN_MODE; returns an fd or -1 with *err set. Called by
 * access_log_configure() and by the log thread.
 */
#define LOG_OPEN_FLAGS (O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define LOG_OPEN_MODE  0640
typedef int log_open_fn(void *arg, const char *path, enum err *err);
typedef enum err log_rename_fn(void *arg, const char *from, const char *to);

/*
 * Descriptors 1 and 2 are duplicated now, so that stdio:/dev/stdout and /dev/stderr mean what the
 * process was started with: call this before they are replaced or root is given up. open_file NULL:
 * opened directly.
 */
struct access_log *access_log_new(log_open_fn *open_file, void *arg);
/* Before access_log_start(): rename files this way when rotating (default: rename(2) in process).
 */
void access_log_set_rename(struct access_log *al, log_rename_fn *rename_file, void *arg);
/*
 * Before access_log_start(): what to call once, on the log thread, when a log with on-error=die
 * cannot be written; the reason is in the operator log already. Default: SIGTERM to the process.
 */
void access_log_on_fatal(struct access_log *al, void (*fatal)(void *arg), void *arg);
/*
 * Open the sinks that are new in c and set log_target.sink; c holds them until log_conf_fini(),
 * which must come before access_log_stop(). Sinks that the last configuration does not name are
 * closed once drained. False: one could not be opened (reported); nothing changed.
 */
bool access_log_configure(struct access_log *al, struct log_conf *c) MUST_USE;
/*
 * For records that are put when the configuration that named their sinks may be gone (tunnels): the
 * sinks, bit i for sink i, stay until they are given back. From any thread; hold only what is held.
 */
void access_log_hold(struct access_log *al, uint64_t sinks);
void access_log_release(struct access_log *al, uint64_t sinks);
/* Start the thread; from now on nothing here blocks its callers. Also flushes the operator log. */
enum err access_log_start(struct access_log *al) MUST_USE;
/* Write everything that was handed over, then stop. */
void access_log_stop(struct access_log **al);
/*
 * Rename (logfile_rotate generations, or a target's own rotate=) and reopen; 0: reopen only.
 * Asynchronous: records handed over before are in the old file, later ones in the new one.
 */
void access_log_rotate(struct access_log *al, unsigned generations);
/*
 * For other logs (cache_log) that are rotated the same way: path.N-1 to path.N, ..., path to
 * path.0. The caller reopens. False: `path` itself could not be renamed (reported).
 */
bool log_rotate_file(const char *path, unsigned generations, log_rename_fn *rename_file, void *arg);

/* Lives until access_log_stop(), which must come after the last log_ring_put(). */
struct log_ring *log_ring_new(struct access_log *al, unsigned worker_id);
/* Hand a record over to the sink (log_target.sink). Copies all spans. */
void log_ring_put(struct log_ring *r, int sink, const struct log_rec *rec);
/* The same for several sinks: bit i of `sinks` is sink i. */
static inline void log_ring_put_each(struct log_ring *r, uint64_t sinks, const struct log_rec *rec)
{
	for (; sinks != 0; sinks &= sinks - 1)
		log_ring_put(r, __builtin_ctzll(sinks), rec);
}

/*
 * Format one record in Squid's native format, with the newline. Pure; returns the length. A line
 * that does not fit into cap (at least 2) is cut and still ends with a newline; log_native_max()
 * always suffices.
 */
size_t log_native_max(const struct log_rec *rec);
size_t log_format_native(const struct log_rec *rec, const struct log_conf *c, char *buf,
                         size_t cap);
