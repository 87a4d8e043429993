/*
 * Giving up root. Used before threads start.
 */
#pragma once

#include <sys/types.h>

#include "base/base.h"
#include "loop/process_conf.h"

enum { PRIVILEGES_GROUPS_MAX = 256 };

/* Who the proxy becomes. */
struct identity {
	uid_t uid;
	gid_t gid;
	gid_t groups[PRIVILEGES_GROUPS_MAX]; /* all of them, gid too */
	int n_groups;
	char name[64]; /* for messages */
};

/*
 * Look up cache_effective_user and cache_effective_group. False: one does not exist, or is root;
 * the reason is in the operator log.
 */
bool privileges_resolve(const struct process_conf *c, struct identity *out) MUST_USE;

/* What a process that is no longer root may still do. */
enum privileges_kept {
	PRIVILEGES_NONE = 0,
	PRIVILEGES_BIND = 1, /* bind ports below 1024, where there is no keeper to ask */
	PRIVILEGES_MARK = 2  /* set netfilter marks, where the configuration does */
};

/*
 * Become this user for good: groups, user, capabilities, and no way to gain new ones
 * (no_new_privs). is_dumpable: core files may be written. False: the reason is in the operator log.
 */
bool privileges_drop(const struct identity *id, unsigned keep /* set of enum privileges_kept */,
                     bool is_dumpable) MUST_USE;

/* The keeper stays root with the few capabilities that it uses, or that its proxies keep. */
void privileges_limit_keeper(bool keeps_marks);
