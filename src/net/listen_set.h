/*
 * The listening sockets that are held by whoever opens them, so that a second request for the same
 * endpoint (after a reload, or from a new proxy after the old one died) finds the same socket.
 * Not locked: guarded by its owner.
 */
#pragma once

#include "base/base.h"
#include "base/ip.h"

enum { LISTEN_SET_MAX = 128 };

struct listen_set {
	struct {
		struct endpoint at;
		int fd;
		unsigned round; /* in which it was asked for last */
	} held[LISTEN_SET_MAX];
	unsigned n;
	unsigned round; /* now; the owner's to advance */
};

/* The held socket for this endpoint, opened if there is none; the descriptor stays the set's. */
enum err listen_set_open(struct listen_set *s, const struct endpoint *at, int *fd) MUST_USE;
/* Close the socket of this endpoint; harmless if there is none. */
void listen_set_close(struct listen_set *s, const struct endpoint *at);
/* Close those that nobody has asked for in this round. */
void listen_set_close_others(struct listen_set *s);
void listen_set_close_all(struct listen_set *s);
