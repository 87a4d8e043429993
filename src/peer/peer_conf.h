/*
 * Settings of where requests go: peers, which requests may or must go to them, local addresses and
 * marks of connections. Immutable after loading. Directives: peer/directives.tbl.h.
 */
#pragma once

#include "acl/decide.h"
#include "conf/conf.h"
#include "peer/outgoing.h"
#include "peer/peer.h"

struct peer_conf {
	struct peer *peers;
	struct acl_rules *always_direct, *never_direct;
	bool prefer_direct, nonhierarchical_direct, retry_on_error;
	int64_t connect_timeout_ms; /* peer_connect_timeout */
	struct outgoing_conf outgoing;
};

void peer_conf_init(struct peer_conf *c);
void peer_conf_fini(struct peer_conf *c);
/*
 * Once all lines were read: what this process may not do, and what can never happen, is reported.
 */
void peer_conf_finish(const struct peer_conf *c, struct conf_reader *r);

/* Setters; the member is the list of peers. */
conf_setter_fn peer_conf_peer, peer_conf_access;
