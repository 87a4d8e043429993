/*
 * Directives of where requests go; see conf/conf.h for what a row holds.
 */
/* clang-format off */
DIRECTIVE(cache_peer, "", peer, peer, peer_conf_peer, peers, "",
	"HOST parent HTTP-PORT ICP-PORT [OPTION ...]",
	"Another proxy to which requests may be sent. Peers are chosen in the order: round-robin ones, the first that is up, all others; then the server itself"
	" (see never_direct, prefer_direct). A peer is down after connect-fail-limit connects in a row that failed, and is then tried again in the"
	" background. ICP-PORT is 0, or no-query is given: peers are not asked what they have. Siblings, ICP, HTCP, CARP, userhash, sourcehash and TLS to peers"
	" are not built yet. OPTIONS:\n"
	"name=NAME: for cache_peer_access, the log and acls; HOST if not given.\n"
	"default, round-robin, weight=N: among several peers, take this one last, or in turns (N times as often).\n"
	"login=USER:PASSWORD (%20 is a blank): sent as Basic Proxy-Authorization. login=PASS, login=PASSTHRU: the client's own Proxy-Authorization is passed on,"
	" and the peer's challenge to the client.\n"
	"originserver: a web server, asked as such; login= then makes an Authorization (PROXYPASS: from the client's Proxy-Authorization), and without it the"
	" client's Authorization is not passed on.\n"
	"forceddomain=HOST: what Host says there.\n"
	"connect-timeout=SECONDS, connect-fail-limit=N (10), max-conn=N (connections open at a time, over all workers).\n"
	"proxy-only, no-query, no-digest, no-netdb-exchange and others that concern what there is not: accepted.")
DIRECTIVE(cache_peer_access, "", peer, peer, peer_conf_access, peers, "",
	"PEER allow|deny [!]ACL ...", "Which requests a peer may be sent; without a line, all.")
DIRECTIVE(always_direct, "", peer, peer, acl_conf_rules, always_direct, "",
	"allow|deny [!]ACL ...", "Which requests go to the server itself and to no peer. Asked before never_direct.")
DIRECTIVE(never_direct, "", peer, peer, acl_conf_rules, never_direct, "",
	"allow|deny [!]ACL ...", "Which requests go to peers only. Where no peer may take such a request, it is refused (ERR_CANNOT_FORWARD).")
DIRECTIVE(prefer_direct, "", peer, peer, conf_set_onoff, prefer_direct, "off", "on|off",
	"Whether the server itself is tried before peers.")
DIRECTIVE(nonhierarchical_direct, "", peer, peer, conf_set_onoff, nonhierarchical_direct, "on", "on|off",
	"Whether requests that no other cache could help with (all but GET without Authorization, and TRACE) go to the server itself; never_direct comes first.")
DIRECTIVE(retry_on_error, "", timeout, peer, conf_set_onoff, retry_on_error, "off", "on|off",
	"Whether a request without a body goes on to the next way (peer or server) after a reply of 403, 500, 501 or 503 too, not only after 502 and 504.")
DIRECTIVE(peer_connect_timeout, "", timeout, peer, conf_set_ms, connect_timeout_ms, "30 seconds", "TIME",
	"Time allowed for one connect to a peer, where it has no connect-timeout=.")
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
DIRECTIVE(mark_client_connection, "", network, peer, outgoing_set_connmark, outgoing.lists[OUTGOING_CONNMARK], "",
	"MARK[/MASK] [[!]ACL ...]", "Connection mark (CONNMARK) of the client's connection, from the request on that the first such line matches; with MASK only"
	" those bits change. As tcp_outgoing_mark; the connection must be tracked.")
/* clang-format on */
