/*
 * Settings of where requests go.
 */
#include "peer/peer_conf.h"

void peer_conf_init(struct peer_conf *c)
{
	*c = (struct peer_conf){ .nonhierarchical_direct = true, .connect_timeout_ms = 30000 };
}

void peer_conf_fini(struct peer_conf *c)
{
	peers_free(&c->peers);
	acl_rules_free(&c->always_direct);
	acl_rules_free(&c->never_direct);
	outgoing_conf_fini(&c->outgoing);
}

void peer_conf_finish(const struct peer_conf *c, struct conf_reader *r)
{
	if (c->never_direct != NULL && c->peers == NULL)
		conf_report(
			r, CONF_WARNING, (struct conf_place){ "never_direct", 0 },
			"there is no cache_peer, so requests that may not go direct are refused");
	if (outgoing_conf_marks(&c->outgoing) && !sock_can_mark())
		conf_report(
			r, CONF_WARNING,
			(struct conf_place){ conf_is_seen(r, "tcp_outgoing_mark")
		                                     ? "tcp_outgoing_mark"
		                                     : "mark_client_packet",
		                             0 },
			"this process may not mark packets, so connections go unmarked: it takes "
			"CAP_NET_ADMIN, or a start as root");
}
