/*
 * access.log: sinks that live for the whole process, fed by one ring for each worker, emptied by one
 * thread. A worker never waits: what does not fit into its ring is lost, counted (LOG_DROPPED) and reported.
 */
#pragma once

#include "acl/decide.h"
#include "log/record.h"

/* One access_log line of the configuration. Immutable. */
struct log_target {
	struct log_target *next;
	struct conf_place place;
	enum { LOG_TARGET_NONE, LOG_TARGET_FILE, LOG_TARGET_STDOUT, LOG_TARGET_STDERR } kind;
	char *path;		  /* LOG_TARGET_FILE */
	struct acl_rules *acls;	  /* all must match; NULL: always */
	bool is_on_error_die;
	int64_t buffer_bytes;
	int sink; /* index in the running log, set by access_log_configure() */
};

struct log_conf {
	struct log_target *targets; /* in the order of the file */
	bool strip_query_terms, log_mime_hdrs, buffered_logs;
	int64_t logfile_rotate;
	char *cache_log;     /* path; NULL: stderr only */
	char *debug_options;
	struct ip client_netmask;
};

void log_conf_init(struct log_conf *c);
void log_conf_fini(struct log_conf *c);
conf_setter_fn log_conf_access_log;

struct access_log; /* the running log; shared */
struct log_ring;   /* one worker's end; worker-local */

/*
 * open_file: how to open a path for appending (through the keeper, or directly); returns an fd or -1
 * with *err set.
 */
typedef int log_open_fn(void *arg, const char *path, enum err *err);

struct access_log *access_log_new(log_open_fn *open_file, void *arg);
/*
 * Open the sinks that are new in c and set log_target.sink; sinks no longer named are closed once
 * drained. False: one could not be opened (reported); nothing changed.
 */
bool access_log_configure(struct access_log *al, struct log_conf *c) MUST_USE;
/* Start the thread; from now on nothing here blocks its callers. Also flushes the operator log. */
enum err access_log_start(struct access_log *al) MUST_USE;
/* Write everything that was handed over, then stop. */
void access_log_stop(struct access_log **al);
/* Rename (logfile_rotate generations) and reopen; 0: reopen only. Asynchronous, in order with records. */
void access_log_rotate(struct access_log *al, unsigned generations);

struct log_ring *log_ring_new(struct access_log *al, unsigned worker_id);
/* Hand a record over to the sink (log_target.sink). Copies all spans. */
void log_ring_put(struct log_ring *r, int sink, const struct log_rec *rec);

/* Format one record in Squid's native format, with the newline. Pure; returns the length, cut at cap. */
size_t log_format_native(const struct log_rec *rec, const struct log_conf *c, char *buf, size_t cap);
