/*
 * The directives of the proxy core. Rows: see conf/conf.h.
 */
/* clang-format off */
DIRECTIVE(http_port, "ascii_port", network, proxy, proxy_conf_http_port, ports, "",
	"[ADDRESS:]PORT [name=NAME] [tcpkeepalive[=IDLE,INTERVAL,TIMEOUT]] [connection-auth[=on|off]] [disable-pmtu-discovery=off|transparent|always]",
	"Where clients connect to. Repeat the line for several addresses. name=: what acls of type myportname compare; without it, "
	"the address as it is written here. tcpkeepalive: clients that have gone without a word are found out by probes, after "
	"IDLE seconds without a byte, every INTERVAL seconds, for TIMEOUT seconds. connection-auth=off, or no-connection-auth: servers' "
	"challenges of NTLM, Negotiate and Kerberos, which authenticate connections, are not passed on. disable-pmtu-discovery=always: "
	"packets to clients may be cut on their way.")
DIRECTIVE(accept_filter, "", network, proxy, proxy_conf_accept_filter, defer_accept_s, "none",
	"data[=SECONDS]|none", "Leaves a connection to the kernel until its first bytes have come, for SECONDS (30) at most.")
DIRECTIVE(visible_hostname, "", admin, proxy, conf_set_string, visible_hostname, "",
	"NAME", "The name this proxy goes by in Via and on error pages; without it the host's own name.")
DIRECTIVE(unique_hostname, "", admin, proxy, conf_set_string, unique_hostname, "",
	"NAME", "The name by which this proxy recognises its own Via when several share visible_hostname.")
DIRECTIVE(hostname_aliases, "", admin, proxy, proxy_conf_names, hostname_aliases, "",
	"NAME...", "Further names under which the manager's pages are asked for.")
DIRECTIVE(host_verify_strict, "", network, proxy, conf_set_onoff, host_verify_strict, "off",
	"on|off", "Refuse (409) a request whose Host differs from its target, instead of replacing Host by the target's.")
DIRECTIVE(deny_detail, "", access, proxy, conf_set_onoff, deny_detail, "off",
	"on|off", "Tell a denied client also the file and line of the rule that denied. Cuttle's own.")
DIRECTIVE(adapted_http_access, "http_access2", access, proxy, acl_conf_rules, access.adapted_http_access, "",
	"allow|deny [!]ACL ...", "Decides once more after http_access, when a request has been rewritten or adapted. Without any line all are allowed.")
DIRECTIVE(miss_access, "", access, proxy, acl_conf_rules, access.miss_access, "",
	"allow|deny [!]ACL ...", "Who may have requests sent on; others are answered from the cache only. acls of type src look at the address that"
	" connected, whatever X-Forwarded-For says. Without any line all may.")
DIRECTIVE(http_reply_access, "", access, proxy, acl_conf_rules, access.http_reply_access, "",
	"allow|deny [!]ACL ...", "Allows or denies replies, as they were received. Error pages of Cuttle's own are replies too, but those for a denial,"
	" and what answers a CONNECT; 204 and 304 always pass. Without any line all are allowed.")
DIRECTIVE(reply_body_max_size, "", access, proxy, access_conf_reply_limit, access.reply_limits, "",
	"SIZE [!]ACL ...", "Longest body of a reply: the first line of which all acls match counts. A reply that says it is longer is not delivered;"
	" one that turns out to be is cut. none: any length.")
DIRECTIVE(note, "", log, proxy, note_conf_note, notes.rules, "",
	"NAME VALUE [!]ACL ...", "Annotates a transaction when it ends, for access_log acls of type note and for what is logged: the first VALUE of each NAME"
	" whose acls all match. A VALUE with blanks stands in quotes, where the codes of logformat are"
	" replaced.")
DIRECTIVE(on_unsupported_protocol, "", access, proxy, access_conf_unsupported, access.unsupported, "",
	"tunnel|respond [!]ACL ...", "What becomes of traffic that is no HTTP where it was meant for another server (intercepted connections, looked-into"
	" tunnels). There are no such ports yet; what comes to a proxy's own port is answered with an error in any case, as in Squid.")
DIRECTIVE(shadow_config, "", access, proxy, proxy_conf_shadow, shadow, "",
	"PATH", "A candidate configuration that is read beside this one. Its http_access and http_reply_access are decided on each request after this one's,"
	" by what was found out anyway; that changes nothing, but is counted (shadow.differs, ...) and logged (%cuttle::shadow): \"same\","
	" the verdict and the rule if they differ, or what could not be told. Errors in it are told and do not stop this one. Cuttle's own.")
DIRECTIVE(half_closed_clients, "", timeout, proxy, conf_set_onoff, half_closed_clients, "off",
	"on|off", "Go on serving a client that has closed its sending side.")
DIRECTIVE(client_persistent_connections, "", http, proxy, conf_set_onoff, client_persistent_connections, "on",
	"on|off", "Keep connections with clients open between requests.")
DIRECTIVE(persistent_connection_after_error, "", http, proxy, conf_set_onoff, persistent_connection_after_error, "on",
	"on|off", "Keep the client's connection after an error page where the framing is still certain.")
DIRECTIVE(client_ip_max_connections, "", network, proxy, conf_set_int, client_ip_max_connections, "-1",
	"NUMBER", "How many connections one client address may hold; -1: any number.")
DIRECTIVE(request_header_max_size, "", http, proxy, conf_set_bytes, request_header_max_bytes, "64 KB",
	"SIZE", "Longest request head; a longer one is answered with 431 (414 if the URI alone is longer).")
DIRECTIVE(reply_header_max_size, "", http, proxy, conf_set_bytes, reply_header_max_bytes, "64 KB",
	"SIZE", "Longest reply head; a longer one is answered with 502.")
DIRECTIVE(request_body_max_size, "", http, proxy, conf_set_bytes, request_body_max_bytes, "0 KB",
	"SIZE", "Longest request body; 0: any length. A longer one is answered with 413.")
DIRECTIVE(client_request_buffer_max_size, "", http, proxy, conf_set_bytes, client_request_buffer_max_bytes, "512 KB",
	"SIZE", "Must exceed request_header_max_size, as in Squid. Of a body no more than 16 KB is ever kept, whatever this says.")
DIRECTIVE(request_timeout, "", timeout, proxy, conf_set_ms, request_timeout_ms, "5 minutes",
	"TIME", "Time to receive a whole request head once its first byte has come.")
DIRECTIVE(request_start_timeout, "", timeout, proxy, conf_set_ms, request_start_timeout_ms, "5 minutes",
	"TIME", "Time for the first byte on a new connection.")
DIRECTIVE(client_idle_pconn_timeout, "persistent_request_timeout", timeout, proxy, conf_set_ms, client_idle_pconn_timeout_ms, "2 minutes",
	"TIME", "How long a client's connection may idle between requests.")
DIRECTIVE(client_lifetime, "", timeout, proxy, conf_set_ms, client_lifetime_ms, "1 day",
	"TIME", "Longest life of a client's connection, tunnels included.")
DIRECTIVE(read_timeout, "", timeout, proxy, conf_set_ms, read_timeout_ms, "15 minutes",
	"TIME", "How long a server, a request body or a tunnel may be silent.")
DIRECTIVE(write_timeout, "", timeout, proxy, conf_set_ms, write_timeout_ms, "15 minutes",
	"TIME", "How long a receiver may refuse to take anything.")
DIRECTIVE(server_pconn_for_nonretriable, "", http, proxy, acl_conf_rules, server_pconn_for_nonretriable, "",
	"allow|deny [!]ACL...", "Which requests that must not be repeated (POST) may use an idle connection; none if unset.")
DIRECTIVE(cache_mgr, "", admin, proxy, conf_set_string, cache_mgr, "webmaster",
	"ADDRESS", "Whom error pages name as the administrator.")
/* clang-format on */
