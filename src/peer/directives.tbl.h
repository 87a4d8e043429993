/*
 * Directives of where requests go; see conf/conf.h for what a row holds.
 */
/* clang-format off */
DIRECTIVE(tcp_outgoing_address, "", network, peer, outgoing_set_address, outgoing.lists[OUTGOING_ADDRESS], "",
	"ADDRESS [[!]ACL ...]", "Local address of connections to servers: the first line of the server's family (IPv4 or IPv6) whose acls all"
	" match. Idle connections are used again only from the same address.")
DIRECTIVE(tcp_outgoing_tos, "tcp_outgoing_ds tcp_outgoing_dscp", network, peer, outgoing_set_tos, outgoing.lists[OUTGOING_TOS], "",
	"VALUE|default [[!]ACL ...]", "Type of service (DSCP, in the upper six bits) of packets to servers: the first line whose acls all match.")
DIRECTIVE(tcp_outgoing_mark, "", network, peer, outgoing_set_mark, outgoing.lists[OUTGOING_MARK], "",
	"MARK|default [[!]ACL ...]", "Netfilter mark of packets to servers: the first line whose acls all match. It takes CAP_NET_ADMIN, which a start as"
	" root keeps for it; failures are counted (outgoing.mark_fails).")
DIRECTIVE(clientside_tos, "", network, peer, outgoing_set_tos, outgoing.lists[OUTGOING_CLIENT_TOS], "",
	"VALUE|default [[!]ACL ...]", "Type of service of packets to the client, from the request on that the first such line matches.")
DIRECTIVE(mark_client_packet, "clientside_mark", network, peer, outgoing_set_mark, outgoing.lists[OUTGOING_CLIENT_MARK], "",
	"MARK|default [[!]ACL ...]", "Netfilter mark of packets to the client, from the request on that the first such line matches. As tcp_outgoing_mark.")
/* clang-format on */
