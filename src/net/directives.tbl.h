/*
 * Directives of the network side; see conf/conf.h for what a row holds.
 */
/* clang-format off */
DIRECTIVE(connect_timeout, "", timeout, net, conf_set_ms, connect_timeout_ms, "1 minute", "TIME",
	  "Time allowed for one connect to an address of a server.")
DIRECTIVE(forward_timeout, "", timeout, net, conf_set_ms, forward_timeout_ms, "4 minutes", "TIME",
	  "Time allowed for finding a server that takes the request: looking up its name and connecting to its addresses.")
DIRECTIVE(forward_max_tries, "", peer, net, conf_set_int, forward_max_tries, "25", "NUMBER",
	  "Connects attempted at most for one request.")
DIRECTIVE(connect_retries, "", timeout, net, conf_set_int, connect_retries, "0", "NUMBER",
	  "How often a connect that failed is repeated to the same address, at most 10.")
DIRECTIVE(server_idle_pconn_timeout, "pconn_timeout", timeout, net, conf_set_ms, server_idle_pconn_timeout_ms,
	  "1 minute", "TIME", "How long an idle connection to a server is kept for the next request.")
DIRECTIVE(pconn_lifetime, "", timeout, net, conf_set_ms, pconn_lifetime_ms, "0 seconds", "TIME",
	  "Idle connections to servers that were opened longer ago are closed; 0: however old they are.")
DIRECTIVE(server_persistent_connections, "", http, net, conf_set_onoff, server_persistent_connections, "on",
	  "on|off", "Whether connections to servers are used for more than one request.")
DIRECTIVE(happy_eyeballs_connect_timeout, "", timeout, net, conf_set_int, happy_eyeballs_connect_timeout, "250",
	  "MILLISECONDS", "How long a connect may take before the next address is tried beside it (RFC 8305).")
DIRECTIVE(tcp_recv_bufsize, "", network, net, conf_set_bytes, tcp_recv_bufsize, "0 bytes", "SIZE",
	  "Receive buffer of TCP sockets; 0: what the system chooses.")
DIRECTIVE(ssrf_protection, "", access, net, conf_set_onoff, floor.is_on, "on", "on|off",
	  "Whether connections to loopback, link-local and unspecified addresses, multicast, the metadata services of clouds"
	  " (169.254.0.0/16, fd00:ec2::254, 168.63.129.16, 100.100.100.200) and to the ports of this proxy itself are refused,"
	  " unless the http_access rule that allowed the request names the address in a dst acl (to_localhost and to_linklocal"
	  " are such; all is not). The address connected to is what counts, whatever name led there, also inside IPv4-compatible,"
	  " NAT64, 6to4 and Teredo addresses. Addresses of other directives, as of cache_peer, are not concerned.")
DIRECTIVE(dns_nameservers, "", dns, net, net_set_nameservers, dns, "none", "ADDRESS[:PORT]...",
	  "Name servers to ask instead of those in /etc/resolv.conf, whose search list is not used then either.")
DIRECTIVE(udp_outgoing_address, "", network, net, net_set_udp_address, dns.udp_outgoing, "no_addr", "ADDRESS|no_addr",
	  "Local address from which name servers of its family are asked; no_addr: that of udp_incoming_address.")
DIRECTIVE(udp_incoming_address, "", network, net, net_set_udp_address, dns.udp_incoming, "any_addr", "ADDRESS|any_addr",
	  "Local address from which name servers of its family are asked if udp_outgoing_address does not say; any_addr: the "
	  "system chooses. There are no ICP and HTCP ports yet to which it would apply, too.")
DIRECTIVE(hosts_file, "", dns, net, conf_set_string, dns.hosts_file, "/etc/hosts", "PATH|none",
	  "File of names and addresses that is consulted before name servers are asked.")
DIRECTIVE(append_domain, "", dns, net, net_set_append_domain, dns.append_domain, "none", ".DOMAIN|none",
	  "Domain that is appended to host names without a dot.")
DIRECTIVE(dns_defnames, "", dns, net, conf_set_onoff, dns.defnames, "off", "on|off",
	  "Whether names are completed as the search list and ndots of /etc/resolv.conf say; in a pod, what makes service.namespace"
	  " known. Rules by name then judge the short name, and whoever may name hosts in those domains takes names from outside"
	  " (with ndots:5 nearly all): use dst acls. No effect with dns_nameservers.")
DIRECTIVE(dns_timeout, "", dns, net, conf_set_ms, dns.timeout_ms, "30 seconds", "TIME",
	  "Time allowed for one lookup.")
DIRECTIVE(dns_retransmit_interval, "", dns, net, conf_set_ms, dns.retransmit_ms, "5 seconds", "TIME",
	  "Time after which the next name server is asked; doubled when all have been asked.")
DIRECTIVE(dns_packet_max, "", dns, net, conf_set_bytes, dns.packet_max, "none", "SIZE|none",
	  "Size of UDP replies that name servers are told to be welcome (EDNS); none: without EDNS.")
DIRECTIVE(positive_dns_ttl, "", dns, net, conf_set_ms, dns.positive_ttl_ms, "6 hours", "TIME",
	  "How long an answer is kept at most, whatever its TTL.")
DIRECTIVE(negative_dns_ttl, "", dns, net, conf_set_ms, dns.negative_ttl_ms, "1 minute", "TIME",
	  "How long a failed lookup is remembered, and any answer is kept at least.")
DIRECTIVE(ipcache_size, "", dns, net, conf_set_int, dns.ipcache_size, "1024", "NUMBER",
	  "Names whose addresses are remembered, and that may be looked up at a time; one client address may wait for a quarter of those.")
DIRECTIVE(ipcache_low, "", dns, net, conf_set_percent, dns.ipcache_low, "90", "PERCENT",
	  "The part of ipcache_size that is left after old names were dropped.")
DIRECTIVE(ipcache_high, "", dns, net, conf_set_percent, dns.ipcache_high, "95", "PERCENT",
	  "The part of ipcache_size from which old names are dropped.")
DIRECTIVE(check_hostnames, "", dns, net, conf_set_onoff, dns.check_hostnames, "off", "on|off",
	  "Whether names that RFC 1123 does not allow are refused instead of looked up.")
DIRECTIVE(allow_underscore, "", dns, net, conf_set_onoff, dns.allow_underscore, "on", "on|off",
	  "Whether check_hostnames lets underscores pass.")
/* clang-format on */
