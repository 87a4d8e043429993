/*
 * The simulated network's inside: connections as both ends share them, and the proxy's descriptors.
 */
#pragma once

#include "base/list.h"
#include "loop/loop.h"
#include "net/sock.h"
#include "tests/sim/sim_int.h"

#define SIM_WINDOW ((size_t)65536)

struct sim_bytes {
	char *p;
	size_t from, n, cap; /* [from, from + n) */
};

void sim_bytes_put(struct sim_bytes *b, const void *p, size_t n);
void sim_bytes_take(struct sim_bytes *b, size_t n);
void sim_bytes_clear(struct sim_bytes *b);
static inline const char *sim_bytes_at(const struct sim_bytes *b)
{
	return b->p == NULL ? "" : b->p + b->from;
}

enum sim_state { SIM_CONNECTING, SIM_WAITING, SIM_UP };

/* One connection. "in" is towards the proxy. */
struct sim_peer {
	struct list link;
	enum sim_state state; /* WAITING: in the listener's queue */
	int fd;               /* the proxy's descriptor; -1 when it has none (yet, or any more) */
	struct endpoint proxy_at, peer_at;
	sim_peer_fn *fn;
	void *arg;
	struct sim_line line;
	/* connecting: how and when it ends */
	enum sim_fate fate;
	int64_t connect_us;
	/* towards the proxy */
	struct sim_bytes sent, arrived; /* on the way; to be read by the proxy */
	int64_t next_in_us;             /* the next piece not before then */
	bool fin_sent, fin_arrived, reset_sent, reset_arrived;
	enum err error; /* what the proxy's next call on the socket returns */
	bool error_told;
	/* towards the peer */
	struct sim_bytes out, received;
	bool out_full;      /* the proxy met a full window */
	bool proxy_shut;    /* a FIN is to come */
	bool proxy_closed;  /* the descriptor is gone */
	bool proxy_aborted; /* an RST is to come */
	bool fin_told, reset_told;
	bool cuts_at_write; /* sim_at_write(): last_words come with a reset */
	struct sim_bytes last_words;
	bool is_stalled, is_gone; /* gone: sim_close(), writes are answered by a reset */
};

/* One descriptor of the proxy. */
struct sim_slot {
	bool used;
	struct sim_peer *peer; /* NULL: a listener */
	struct endpoint at;    /* the listener's */
	/* the watch */
	struct poller *poller; /* NULL: not watched */
	unsigned interest;
	void *cookie;
	bool has_news; /* something happened since it was last reported */
};

extern unsigned sim_fd_limit;

/* NULL if this is no simulated descriptor that is open: a bug of the caller's. */
struct sim_slot *sim_slot(int fd);
/* -1: the limit is reached. */
int sim_slot_open(struct sim_peer *p);
void sim_slot_close(int fd);
void sim_slot_news(int fd);
struct sim_slot *sim_listener_at(const struct endpoint *at, int *fd);
/* The oldest connection that waits to be accepted, or NULL. */
struct sim_peer *sim_waiting_for(const struct endpoint *listener);

struct sim_peer *sim_peer_new(sim_peer_fn *fn, void *arg);
/* A connection of the proxy's to that address: its fate is decided, it is in the list. */
struct sim_peer *sim_dialled(const struct endpoint *to);
