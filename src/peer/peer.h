/*
 * A peer: another proxy (or an origin server that is spoken to as one) that requests may be sent
 * to.
 *
 * struct peer is one cache_peer line with its cache_peer_access, immutable after loading. Its state
 * is shared by the workers and outlives a reload that does not change name and address.
 */
#pragma once

#include <stdatomic.h>

#include "acl/decide.h"
#include "net/stream.h"

enum peer_login {
	PEER_LOGIN_NONE,
	PEER_LOGIN_FIXED,    /* login=user:password */
	PEER_LOGIN_PASS,     /* the client's Proxy-Authorization */
	PEER_LOGIN_PASSTHRU, /* the same, whatever scheme */
	PEER_LOGIN_PROXYPASS /* the same; to an originserver as its Authorization */
};

/*
 * Shared; each member is atomic for itself, order relaxed unless said otherwise: they are counts
 * and hints, and nobody concludes from one of them about another.
 */
struct peer_state {
	struct stream_tally tally; /* connections that are open; its end is ours */
	_Atomic unsigned refs;
	_Atomic unsigned open;  /* connections, or being opened */
	_Atomic unsigned fails; /* connects in a row that failed */
	_Atomic bool is_down;
	_Atomic bool is_probed;     /* some worker looks whether it is up again */
	_Atomic int64_t asked_ms;   /* when somebody last wanted it while it was down */
	_Atomic int64_t changed_us; /* wall clock: up or down since; 0: since the start */
	_Atomic uint64_t picks;     /* by round-robin */
	_Atomic uint64_t requests, connects, connect_fails, deaths, probes;
};

struct peer {
	struct peer *next;
	char *name, *host;
	bool has_ip;  /* host is an address */
	struct ip ip; /* that one */
	uint16_t port;
	bool is_default, is_round_robin, is_originserver;
	bool is_not_queried; /* no-query */
	unsigned weight;
	enum peer_login login;
	char *credentials; /* PEER_LOGIN_FIXED: "Basic ..." */
	char *forced_host; /* forceddomain=; NULL: none */
	unsigned max_conn; /* 0: no limit */
	unsigned fail_limit;
	int64_t connect_timeout_ms; /* -1: peer_connect_timeout */
	struct acl_rules *access;   /* NULL: every request */
	struct peer_state *state;
};

struct peer_state *peer_state_new(void);
struct peer_state *peer_state_ref(struct peer_state *s);
void peer_state_unref(struct peer_state **s);

/*
 * A new list takes over the states of those peers that are in the old one by the same name and
 * address.
 */
void peers_inherit(struct peer *now, const struct peer *old);
void peers_free(struct peer **list);

/* Is it up, as far as is known? */
static inline bool peer_is_up(const struct peer *p)
{
	return !atomic_load_explicit(&p->state->is_down, memory_order_relaxed);
}

/* Are the client's credentials passed on, and the peer's challenges to the client? */
static inline bool peer_passes_login(const struct peer *p)
{
	return p->login == PEER_LOGIN_PASS || p->login == PEER_LOGIN_PASSTHRU ||
	       p->login == PEER_LOGIN_PROXYPASS;
}

/* Is there room for one more connection within max-conn? */
bool peer_has_room(const struct peer *p);
/*
 * Count a connection that is about to be opened; NULL: there is no room. What is returned goes with
 * the dial and then with the stream (net/dial.h), whose end takes the connection out again.
 */
struct stream_tally *peer_reserve(const struct peer *p) MUST_USE;
/* A connect has ended so. After fail_limit failures in a row it is down, until one succeeds. */
void peer_connected(const struct peer *p, int64_t now_us);
void peer_failed(const struct peer *p, int64_t now_us);
/* It is sent a request. */
void peer_count_request(const struct peer *p);
