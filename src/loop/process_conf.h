/*
 * Settings of the process that carries the workers. Immutable after loading; most take effect at
 * start only, and a reload that changes one of those says so. Directives: loop/directives.tbl.h.
 */
#pragma once

#include "base/oplog.h"
#include "conf/conf.h"

/* What debug_options asks for. */
struct debug_conf {
	enum oplog_level level; /* messages up to this are written to cache_log */
	int64_t rotate;         /* generations of cache_log; -1: as logfile_rotate says */
};

struct process_conf {
	int64_t workers;             /* 0: by affinity and the cgroup's CPU quota */
	int64_t max_filedescriptors; /* 0: the soft limit raised to the hard one, at most 100,000 */
	int64_t memory_limit_bytes;  /* 0: nine tenths of the cgroup's limit, if it has one */
	int64_t shutdown_lifetime_ms;
	char *pid_filename;    /* NULL: none */
	bool has_pid_filename; /* false: the file is named after the service */
	char *cache_effective_user, *cache_effective_group;
	char *coredump_dir; /* NULL: the working directory stays */
	int64_t umask;
	struct debug_conf debug;
};

void process_conf_init(struct process_conf *c);
void process_conf_fini(struct process_conf *c);

/* Setters of loop/directives.tbl.h; the members are int64_t. */
conf_setter_fn process_conf_workers;
conf_setter_fn process_conf_descriptors;
conf_setter_fn process_conf_umask;
conf_setter_fn process_conf_debug;        /* struct debug_conf */
conf_setter_fn process_conf_pid_filename; /* char * pid_filename of a struct process_conf */
