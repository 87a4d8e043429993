/*
 * The choice of ways: which peers, and whether the server itself, may be asked, and in which order.
 * Pure: facts and the peers' states in, an ordered list out.
 */
#pragma once

#include "log/record.h"

/* What always_direct and never_direct say. */
enum route_direct {
	ROUTE_DIRECT_MAYBE,
	ROUTE_DIRECT_ONLY, /* always_direct */
	ROUTE_DIRECT_NEVER /* never_direct */
};

/* A peer, as far as it matters here; in the order of the configuration. */
struct route_peer {
	bool may_be_used; /* alive, allowed by cache_peer_access, and below max-conn */
	bool is_default, is_round_robin;
	uint64_t picks;  /* how often round-robin has taken it */
	unsigned weight; /* 0: never by round-robin */
};

struct route_question {
	enum route_direct direct;
	bool is_hierarchical; /* route_is_hierarchical() */
	bool prefer_direct, nonhierarchical_direct;
	const struct route_peer *peers;
	unsigned n_peers;
};

struct route_choice {
	int peer; /* index; ROUTE_DIRECT: the server itself */
	enum log_hier hier;
};
#define ROUTE_DIRECT (-1)

/*
 * choices has room for n_peers + 1. Returns how many there are: none if nothing may be asked. Where
 * the first of a choice is LOG_ROUNDROBIN_PARENT, its pick is to be counted.
 */
unsigned route_choose(const struct route_question *q, struct route_choice *choices);

/*
 * Is it a request that another cache may help with? As in Squid: a GET without credentials for the
 * server, or a TRACE.
 */
bool route_is_hierarchical(bool is_get, bool is_trace, bool has_authorization);

/* May another way be tried although this one has answered with this status? */
bool route_may_try_another(unsigned status, bool retry_on_error);
