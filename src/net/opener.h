/*
 * Who opens what needs privileges: in a proxy that was started as root this is the keeper, over a
 * socketpair; otherwise the same functions run in the process. May block: never called on a worker.
 */
#pragma once

#include "base/base.h"
#include "base/ip.h"

struct opener;

struct opener_ops {
	/* Open a file that the configuration names; flags and mode as for open(2). -1 with *err. */
	int (*open_file)(struct opener *, const char *path, int flags, unsigned mode,
	                 enum err *err);
	/*
	 * A bound, listening socket. The keeper holds it as well, so that asking again for the same
	 * endpoint (after a reload, or after the proxy died) returns the same socket. -1 with *err.
	 */
	int (*listen)(struct opener *, const struct endpoint *at, enum err *err);
	/* The proxy listens here no more: the keeper closes its copy. */
	void (*unlisten)(struct opener *, const struct endpoint *at);
	/* rename(2) for log rotation in folders that only root may write. */
	enum err (*rename)(struct opener *, const char *from, const char *to);
};

struct opener {
	const struct opener_ops *ops;
};

/*
 * Opens in this process. The caller owns each descriptor; a listening socket stays open until
 * unlisten.
 */
extern struct opener opener_direct;
/*
 * Files that opener_direct makes while the process is still root belong to this user. Before
 * threads start.
 */
void opener_direct_set_owner(unsigned uid, unsigned gid);

/* The descriptor that a name like /dev/stdout means, or -1: to be copied, not opened. */
int opener_standard_stream(const char *path);
