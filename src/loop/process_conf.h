/*
 * Settings of the process that carries the workers. Immutable after loading; most take effect at
 * start only, and a reload that changes one of those says so. Directives: loop/directives.tbl.h.
 */
#pragma once

#include "base/base.h"

struct process_conf {
	int64_t workers;	    /* 0: by affinity and the cgroup's CPU quota */
	int64_t max_filedescriptors; /* 0: the soft limit raised to the hard one, at most 100,000 */
	int64_t memory_limit_bytes; /* 0: nine tenths of the cgroup's limit, if it has one */
	int64_t shutdown_lifetime_ms;
	char *pid_filename; /* NULL: none */
	char *cache_effective_user, *cache_effective_group;
	char *coredump_dir; /* NULL: the working directory stays */
	int64_t umask;
};

void process_conf_init(struct process_conf *c);
void process_conf_fini(struct process_conf *c);
