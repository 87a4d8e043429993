/*
 * The proxy's main thread: load, listen, give up root, start, then act on signals until it stops.
 */
#pragma once

#include "base/base.h"
#include "base/oplog.h"
#include "daemon/pidfile.h"
#include "daemon/privileges.h"
#include "proxy/proxy.h"

struct run_conf {
	struct proxy_options proxy; /* opener is set by run_proxy() if there is a keeper */
	struct snapshot **snapshot; /* loaded already, taken; NULL: load it */
	const struct identity *id;  /* who to become; NULL: not started as root */
	struct pidfile *pidfile;    /* written when listening; NULL: the keeper's business */
	int keeper_sock;            /* -1: no keeper */
	/* what a proxy before this one gave its keeper: a text, for want of a better one; -1 */
	int kept_fd;
	bool is_no_trap, is_built_in, is_daemon;
	/* only whether there is one, before the configuration is loaded */
	const char *coredump_dir;
	bool keeps_marks; /* the configuration sets netfilter marks */
};

/* Run the proxy until it has stopped. Returns the exit status. Not called twice in a process. */
int run_proxy(struct run_conf *c);
