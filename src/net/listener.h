/*
 * Accepting connections on one loop from a listening socket that all loops share.
 */
#pragma once

#include "loop/loop.h"
#include "net/sock.h"

struct listener;

/*
 * One accepted connection; fd is the callee's. fd -1, and no addresses: accepting pauses for want
 * of descriptors; whoever holds some that nobody needs lets go of them.
 */
typedef void listener_fn(void *arg, int fd, const struct endpoint *peer,
                         const struct endpoint *local);

/*
 * Watch listen_fd (stays the caller's) and call fn for each connection, at most some per turn.
 * Out of descriptors, or down to the reserve (sock_reserve_begins): accepting pauses until more are
 * free, which a timer finds out, counted in ACCEPT_PAUSES and logged once a minute.
 */
enum err listener_new(struct listener **out, struct loop *l, int listen_fd, listener_fn *fn,
                      void *arg) MUST_USE;
void listener_free(struct listener **l);
