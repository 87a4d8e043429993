/*
 * The keeper: the small process that stays when the proxy gives up root, and that starts it again
 * when it dies. It opens what the configuration names, holds the listening sockets so that no
 * connection is refused meanwhile, passes signals on, and ends when the proxy has ended cleanly.
 *
 * It has one thread, parses nothing that comes from a client, and judges each request of the proxy
 * as that of a stranger (doc/decisions/0001-keeper.md).
 */
#pragma once

#include "daemon/conf_scan.h"
#include "daemon/pidfile.h"
#include "daemon/privileges.h"

struct keeper_conf {
	struct scan_source source;
	bool keeps_marks;          /* its proxies may set netfilter marks */
	unsigned extra_port;       /* -a; 0: none */
	const struct identity *id; /* who the proxy is; NULL: not started as root */
	struct pidfile *pidfile;
	/* In the new process: be the proxy, talking to the keeper over this socket. Returns the
	 * exit status. */
	int (*proxy_run)(void *arg, int sock);
	/*
	 * Where a descriptor is left that a proxy gave for those after it: the text of the
	 * configuration that it uses. The keeper does not look at it. -1: none yet.
	 */
	int *kept_fd;
	/* In the keeper, once: the proxy listens. */
	void (*ready)(void *arg);
	void *arg;
};

/* Keep a proxy until it has stopped cleanly. Returns the exit status. */
int keeper_run(const struct keeper_conf *c);

/*
 * How long to wait before the proxy is started again. last_ms: the wait before (0: none yet);
 * lived_ms: how long it had run. Pure.
 */
int64_t keeper_backoff_ms(int64_t last_ms, int64_t lived_ms);
