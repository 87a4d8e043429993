/*
 * Settings of the network side: defaults.
 */
#include "net/net_conf.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)

void net_conf_init(struct net_conf *c)
{
	*c = (struct net_conf){
		.dns = {
			.resolv_conf = check_strdup("/etc/resolv.conf"),
			.hosts_file = check_strdup("/etc/hosts"),
			.allow_underscore = true,
			.timeout_ms = 30 * SECOND_MS,
			.retransmit_ms = 5 * SECOND_MS,
			.packet_max = INT64_MAX,
			.positive_ttl_ms = 6 * HOUR_MS,
			.negative_ttl_ms = MINUTE_MS,
			.ipcache_size = 1024,
			.ipcache_low = 90,
			.ipcache_high = 95,
		},
		.connect_timeout_ms = MINUTE_MS,
		.forward_timeout_ms = 4 * MINUTE_MS,
		.happy_eyeballs_connect_timeout = 250,
		.forward_max_tries = 25,
		.server_idle_pconn_timeout_ms = MINUTE_MS,
		.server_persistent_connections = true,
		.floor.is_on = true,
	};
}

void net_conf_fini(struct net_conf *c)
{
	floor_fini(&c->floor);
	free(c->dns.nameservers);
	free(c->dns.resolv_conf);
	free(c->dns.hosts_file);
	free(c->dns.append_domain);
	*c = (struct net_conf){ 0 };
}
