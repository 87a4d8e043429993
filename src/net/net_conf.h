/*
 * Settings of the network side. Immutable after loading. Directives: net/directives.tbl.h.
 */
#pragma once

#include "base/base.h"
#include "base/ip.h"
#include "conf/conf.h"
#include "net/floor.h"

struct dns_conf {
	struct endpoint *nameservers; /* n_nameservers; none: resolv.conf */
	unsigned n_nameservers;
	char *resolv_conf;   /* read if there are no nameservers */
	char *hosts_file;    /* NULL: none */
	char *append_domain; /* NULL or ".example.com" */
	struct ip udp_outgoing,
		udp_incoming; /* whence name servers are asked; any: the system chooses */
	bool defnames;
	bool check_hostnames, allow_underscore;
	int64_t timeout_ms, retransmit_ms;
	int64_t packet_max; /* bytes for EDNS; INT64_MAX or 0: without */
	int64_t positive_ttl_ms, negative_ttl_ms;
	int64_t ipcache_size;               /* names */
	unsigned ipcache_low, ipcache_high; /* percent of ipcache_size */
};

struct net_conf {
	struct dns_conf dns;
	int64_t connect_timeout_ms, forward_timeout_ms;
	int64_t happy_eyeballs_connect_timeout; /* ms */
	int64_t forward_max_tries;
	int64_t connect_retries;
	int64_t server_idle_pconn_timeout_ms, pconn_lifetime_ms; /* 0: no limit of life */
	int64_t tcp_recv_bufsize;                                /* 0: the system's */
	bool server_persistent_connections;
	struct floor floor; /* its ports are added once all lines were read */
};

/* The defaults of the directives. */
void net_conf_init(struct net_conf *c);
void net_conf_fini(struct net_conf *c);

/* Setters of this folder's directives; the comment names the member's type. */
conf_setter_fn net_set_nameservers;   /* struct dns_conf */
conf_setter_fn net_set_append_domain; /* char * */
conf_setter_fn net_set_udp_address;   /* struct ip */
