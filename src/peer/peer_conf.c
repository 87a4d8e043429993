/*
 * Settings of where requests go.
 */
#include "peer/peer_conf.h"

void peer_conf_init(struct peer_conf *c)
{
	*c = (struct peer_conf){ 0 };
}

void peer_conf_fini(struct peer_conf *c)
{
	outgoing_conf_fini(&c->outgoing);
}

void peer_conf_finish(const struct peer_conf *c, struct conf_reader *r)
{
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
