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
	const struct acl_rule *last = c->peers == NULL && c->never_direct != NULL
	                                      ? acl_rules_last(c->never_direct)
	                                      : NULL;

	/* The end of a list is the opposite of its last line. */
	if (last != NULL && !span_eq(acl_rule_text(last), SPAN("deny all")))
		conf_report(
			r, CONF_WARNING, acl_rule_place(last),
			"there is no cache_peer, so requests that never_direct keeps from going "
			"direct are refused");
	if (outgoing_conf_marks(&c->outgoing) && !sock_can_mark())
		conf_report(
			r, CONF_WARNING,
			(struct conf_place){
				conf_is_seen(r, "tcp_outgoing_mark")    ? "tcp_outgoing_mark"
				: conf_is_seen(r, "mark_client_packet") ? "mark_client_packet"
									: "mark_client_connection",
				0 },
			"this process may not mark packets, so connections go unmarked: it takes "
			"CAP_NET_ADMIN, or a start as root");
}
