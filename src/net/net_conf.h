/*
 * Settings of the network side. Immutable after loading. Directives: net/directives.tbl.h.
 */
#pragma once

#include "base/base.h"
#include "base/ip.h"

struct dns_conf {
	struct endpoint *nameservers; /* n_nameservers; none: resolv.conf */
	unsigned n_nameservers;
	char *hosts_file;    /* NULL: none */
	char *append_domain; /* NULL or ".example.com" */
	bool defnames, multicast_local;
	int64_t timeout_ms, retransmit_ms;
	int64_t positive_ttl_ms, negative_ttl_ms;
	int64_t ipcache_size; /* entries */
};

struct net_conf {
	struct dns_conf dns;
	int64_t connect_timeout_ms, forward_timeout_ms, peer_connect_timeout_ms;
	int64_t happy_eyeballs_connect_timeout; /* ms */
	int64_t forward_max_tries;
	int64_t server_idle_pconn_timeout_ms, pconn_lifetime_ms;
	int64_t tcp_recv_bufsize;
	bool server_persistent_connections;
};

void net_conf_init(struct net_conf *c);
void net_conf_fini(struct net_conf *c);
