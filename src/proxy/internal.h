/*
 * What the proxy answers itself: the manager's pages, TRACE and OPTIONS on their last hop, PURGE.
 */
#pragma once

#include "proxy/txn.h"

/*
 * True if the request is for a manager page of this proxy: its path begins with
 * /squid-internal-mgr/, its port is ours, and its host is one of our names or the address the
 * client connected to.
 */
bool internal_is_manager(const struct txn *t);

/* Prepare the page as the reply, or fail the txn. */
void internal_manager(struct txn *t);
/* Max-Forwards: 0 (RFC 9110 7.6.2). */
void internal_last_hop(struct txn *t);
/*
 * PURGE, which concerns the cache and is never sent on, is done: n objects are gone, as far as
 * `lack` says.
 */
void internal_purge(struct txn *t, uint64_t n, enum store_purge_lack lack);
