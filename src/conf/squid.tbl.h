/*
 * Squid's directives that no folder implements: a row for each, with what becomes of it and why.
 *	SQUID(name, aliases, group, state, default, syntax, sentence)
 * ACCEPTED: the sentence says why it may be ignored. OBSOLETE: what to write instead. UNBUILT: what
 * it does in Squid; UNBUILT_HARMLESS likewise, where no more and no less may pass without it. REFUSED: why,
 * and what to write instead. Whoever implements a directive moves its
 * row into the directives.tbl.h of its folder.
 */

/* --- access */
SQUID("external_acl_type", "", "access", UNBUILT, "",
	"NAME [OPTION...] FORMAT... PROGRAM [ARGUMENT...]",
	"Declares acls that ask a helper program.")
SQUID("proxy_protocol_access", "", "access", UNBUILT, "deny all", "allow|deny [!]ACL...",
	"Says who may send PROXY protocol headers.")
SQUID("tproxy_uses_indirect_client", "", "access", ACCEPTED, "off", "on|off",
	"No port takes TPROXY traffic, so no address is spoofed.")
SQUID("spoof_client_ip", "", "access", UNBUILT_HARMLESS, "", "allow|deny [!]ACL...",
	"Says for whom TPROXY keeps the client's address.")
SQUID("icp_access", "", "access", ACCEPTED, "deny all", "allow|deny [!]ACL...",
	"No ICP port is opened, so no ICP query is ever answered.")
SQUID("htcp_access", "", "access", ACCEPTED, "deny all", "allow|deny [!]ACL...",
	"No HTCP port is opened, so no HTCP query is ever answered.")
SQUID("htcp_clr_access", "", "access", ACCEPTED, "deny all", "allow|deny [!]ACL...",
	"No HTCP port is opened, so nothing can be purged through it.")

/* --- auth */
SQUID("auth_param", "", "auth", UNBUILT, "", "SCHEME PARAMETER VALUE...",
	"Declares how users prove who they are: schemes, helpers and their options.")
SQUID("authenticate_cache_garbage_interval", "", "auth", UNBUILT_HARMLESS, "1 hour", "TIME",
	"How often expired credentials are swept.")
SQUID("authenticate_ttl", "", "auth", UNBUILT_HARMLESS, "1 hour", "TIME",
	"How long a user is remembered after the last request.")
SQUID("authenticate_ip_ttl", "", "auth", UNBUILT_HARMLESS, "1 second", "TIME",
	"How long an address counts as a user's, for acls of type max_user_ip.")
SQUID("auth_schemes", "", "auth", UNBUILT, "", "SCHEMES [!]ACL...",
	"Chooses which schemes are offered to whom.")

/* --- ssl */
SQUID("tls_outgoing_options", "", "ssl", UNBUILT_HARMLESS, "min-version=1.0", "OPTION...",
	"Sets how TLS is spoken to servers.")
SQUID("ssl_unclean_shutdown", "", "ssl", UNBUILT_HARMLESS, "off", "on|off",
	"Leaves out the farewell of TLS connections.")
SQUID("ssl_engine", "", "ssl", ACCEPTED, "", "NAME",
	"Engines are gone from OpenSSL 3; no hardware is used.")
SQUID("sslproxy_session_ttl", "", "ssl", ACCEPTED, "300", "SECONDS",
	"No TLS sessions with servers are kept yet.")
SQUID("sslproxy_session_cache_size", "", "ssl", ACCEPTED, "2 MB", "SIZE",
	"No TLS sessions with servers are kept yet.")
SQUID("sslproxy_foreign_intermediate_certs", "", "ssl", UNBUILT_HARMLESS, "", "FILE",
	"Names certificates that complete the chains of servers.")
SQUID("sslproxy_cert_sign_hash", "", "ssl", UNBUILT_HARMLESS, "", "NAME",
	"Chooses the digest by which made certificates are signed.")
SQUID("ssl_bump", "", "ssl", UNBUILT, "", "ACTION [!]ACL...",
	"Decides which TLS connections are looked into.")
SQUID("sslproxy_cert_error", "", "ssl", UNBUILT_HARMLESS, "", "allow|deny [!]ACL...",
	"Says which faults of a server's certificate are tolerated.")
SQUID("sslproxy_cert_sign", "", "ssl", UNBUILT_HARMLESS, "", "ACTION [!]ACL...",
	"Chooses what made certificates are signed with.")
SQUID("sslproxy_cert_adapt", "", "ssl", UNBUILT_HARMLESS, "", "ACTION [!]ACL...",
	"Changes fields of made certificates.")
SQUID("sslpassword_program", "", "ssl", UNBUILT_HARMLESS, "", "PROGRAM [ARGUMENT...]",
	"Names a program that tells the passphrase of a key.")
SQUID("sslcrtd_program", "", "ssl", ACCEPTED, "", "PROGRAM [ARGUMENT...]",
	"Certificates need no helper and no database on disk.")
SQUID("sslcrtd_children", "", "ssl", ACCEPTED, "32 startup=5 idle=1", "NUMBER [OPTION...]",
	"Certificates need no helper.")
SQUID("sslcrtvalidator_program", "", "ssl", UNBUILT, "", "[OPTION...] PROGRAM [ARGUMENT...]",
	"Names a helper that has a say about servers' certificates.")
SQUID("sslcrtvalidator_children", "", "ssl", UNBUILT_HARMLESS, "32 startup=5 idle=1 concurrency=1",
	"NUMBER [OPTION...]", "Sets how many certificate validators run.")

/* --- network */
SQUID("https_port", "", "network", UNBUILT, "", "[ADDRESS:]PORT [OPTION...]",
	"Opens a port that speaks TLS.")
SQUID("ftp_port", "", "network", UNBUILT, "", "[ADDRESS:]PORT [OPTION...]",
	"Opens a port that speaks FTP.")
SQUID("qos_flows", "", "network", UNBUILT, "", "tos|mark [OPTION...]",
	"Marks packets to clients by where the reply came from.")
SQUID("client_dst_passthru", "", "network", UNBUILT_HARMLESS, "on", "on|off",
	"Sends intercepted connections to the address that the client had dialled.")
SQUID("eui_lookup", "", "network", ACCEPTED, "on", "on|off",
	"Hardware addresses of clients are not looked up, and no acl type asks for them.")

/* --- header */

/* --- http */
SQUID("broken_posts", "", "http", UNBUILT_HARMLESS, "", "allow|deny [!]ACL...",
	"Adds an empty line after the bodies that are sent to some old servers.")
SQUID("httpd_accel_surrogate_id", "", "http", UNBUILT_HARMLESS, "", "NAME",
	"Names this proxy to servers that steer surrogates.")
SQUID("http_accel_surrogate_remote", "", "http", UNBUILT_HARMLESS, "off", "on|off",
	"Makes a reverse proxy behave as a distant one.")
SQUID("global_internal_static", "", "http", ACCEPTED, "on", "on|off",
	"There are no icons to be served.")
SQUID("force_request_body_continuation", "", "http", UNBUILT_HARMLESS, "", "allow|deny [!]ACL...",
	"Says who gets a 100 (Continue) before the server was asked.")

SQUID("uri_whitespace", "", "http", ACCEPTED, "strip", "strip|deny|allow|encode|chop",
	"A request whose URI holds a blank is always refused, since parsers disagree about it.")
SQUID("relaxed_header_parser", "", "http", ACCEPTED, "on", "on|off|warn",
	"Messages are always parsed strictly, as with off.")
SQUID("detect_broken_pconn", "", "http", ACCEPTED, "off", "on|off",
	"A connection whose reply has no length is never used again, whatever it announces.")
SQUID("pipeline_prefetch", "", "http", ACCEPTED, "0", "NUMBER",
	"Pipelined requests are answered in order, one at a time.")

/* --- rewrite */
SQUID("url_rewrite_program", "redirect_program", "rewrite", UNBUILT, "", "PROGRAM [ARGUMENT...]",
	"Names a helper that rewrites or redirects requests.")
SQUID("url_rewrite_children", "redirect_children", "rewrite", UNBUILT_HARMLESS,
	"20 startup=0 idle=1 concurrency=0", "NUMBER [OPTION...]",
	"Sets how many rewriting helpers run.")
SQUID("url_rewrite_host_header", "redirect_rewrites_host_header", "rewrite", UNBUILT_HARMLESS, "on",
	"on|off", "Makes Host follow a rewritten URL.")
SQUID("url_rewrite_access", "redirector_access", "rewrite", UNBUILT_HARMLESS, "", "allow|deny [!]ACL...",
	"Says which requests are shown to the rewriter.")
SQUID("url_rewrite_bypass", "redirector_bypass", "rewrite", UNBUILT_HARMLESS, "off", "on|off",
	"Lets requests pass unchanged when the rewriters are busy.")
SQUID("url_rewrite_extras", "", "rewrite", UNBUILT_HARMLESS, "\"%>a/%>A %un %>rm myip=%la myport=%lp\"",
	"FORMAT", "Sets what rewriters are told beside the URL.")
SQUID("url_rewrite_timeout", "", "rewrite", UNBUILT_HARMLESS, "", "TIME on_timeout=ACTION [response=TEXT]",
	"Limits how long a rewriter may take.")
SQUID("store_id_program", "storeurl_rewrite_program", "rewrite", UNBUILT_HARMLESS, "",
	"PROGRAM [ARGUMENT...]", "Names a helper that tells under which key a reply is stored.")
SQUID("store_id_extras", "", "rewrite", UNBUILT_HARMLESS, "\"%>a/%>A %un %>rm myip=%la myport=%lp\"",
	"FORMAT", "Sets what store id helpers are told beside the URL.")
SQUID("store_id_children", "storeurl_rewrite_children", "rewrite", UNBUILT_HARMLESS,
	"20 startup=0 idle=1 concurrency=0", "NUMBER [OPTION...]",
	"Sets how many store id helpers run.")
SQUID("store_id_access", "storeurl_rewrite_access", "rewrite", UNBUILT_HARMLESS, "", "allow|deny [!]ACL...",
	"Says which requests are shown to the store id helper.")
SQUID("store_id_bypass", "storeurl_rewrite_bypass", "rewrite", UNBUILT_HARMLESS, "on", "on|off",
	"Lets requests pass when the store id helpers are busy.")

/* --- adaptation */
SQUID("adaptation_uses_indirect_client", "icap_uses_indirect_client", "adaptation", ACCEPTED, "on",
	"on|off", "There are no adaptation services to tell yet.")
SQUID("icap_enable", "", "adaptation", UNBUILT, "off", "on|off", "Turns ICAP services on.")
SQUID("icap_connect_timeout", "", "adaptation", UNBUILT_HARMLESS, "", "TIME",
	"Limits how long connecting to an ICAP service may take.")
SQUID("icap_io_timeout", "", "adaptation", UNBUILT_HARMLESS, "", "TIME",
	"Limits how long an ICAP service may be silent.")
SQUID("icap_service_failure_limit", "", "adaptation", UNBUILT_HARMLESS, "10", "NUMBER [in TIME]",
	"Sets after how many failures an ICAP service is left alone.")
SQUID("icap_service_revival_delay", "", "adaptation", UNBUILT_HARMLESS, "180", "SECONDS",
	"Sets how long an ICAP service is left alone.")
SQUID("icap_preview_enable", "", "adaptation", UNBUILT_HARMLESS, "on", "on|off",
	"Lets ICAP services decide on the first bytes of a body.")
SQUID("icap_preview_size", "", "adaptation", UNBUILT_HARMLESS, "-1", "BYTES",
	"Sets how many bytes an ICAP service sees first.")
SQUID("icap_206_enable", "", "adaptation", UNBUILT_HARMLESS, "on", "on|off",
	"Lets ICAP services return only what they changed.")
SQUID("icap_default_options_ttl", "", "adaptation", UNBUILT_HARMLESS, "60", "SECONDS",
	"Sets how long an ICAP service's options hold.")
SQUID("icap_persistent_connections", "", "adaptation", UNBUILT_HARMLESS, "on", "on|off",
	"Keeps connections to ICAP services open.")
SQUID("adaptation_send_client_ip", "icap_send_client_ip", "adaptation", UNBUILT_HARMLESS, "off", "on|off",
	"Tells ICAP services the client's address.")
SQUID("adaptation_send_username", "icap_send_client_username", "adaptation", UNBUILT_HARMLESS, "off",
	"on|off", "Tells ICAP services the user's name.")
SQUID("icap_client_username_header", "", "adaptation", UNBUILT_HARMLESS, "X-Client-Username", "NAME",
	"Sets the header that tells ICAP services the user's name.")
SQUID("icap_client_username_encode", "", "adaptation", UNBUILT_HARMLESS, "off", "on|off",
	"Encodes the user's name for ICAP services in base64.")
SQUID("icap_service", "", "adaptation", UNBUILT, "", "ID POINT [OPTION...] URI",
	"Declares an ICAP service.")
SQUID("icap_class", "", "adaptation", UNBUILT, "", "NAME SERVICE...",
	"Groups ICAP services; adaptation_service_set is its successor.")
SQUID("icap_access", "", "adaptation", UNBUILT, "", "CLASS allow|deny [!]ACL...",
	"Says what goes to an ICAP service; adaptation_access is its successor.")
SQUID("ecap_enable", "", "adaptation", REFUSED, "off", "on|off",
	"Plug-ins that run inside the proxy are not supported; an ICAP service can do the same.")
SQUID("ecap_service", "", "adaptation", REFUSED, "", "ID POINT [OPTION...] URI",
	"Plug-ins that run inside the proxy are not supported; an ICAP service can do the same.")
SQUID("loadable_modules", "", "adaptation", REFUSED, "", "FILE...",
	"Plug-ins that run inside the proxy are not supported; an ICAP service can do the same.")
SQUID("adaptation_service_set", "", "adaptation", UNBUILT, "", "NAME SERVICE...",
	"Names ICAP services of which any will do.")
SQUID("adaptation_service_chain", "", "adaptation", UNBUILT, "", "NAME SERVICE...",
	"Names ICAP services that are applied one after another.")
SQUID("adaptation_access", "", "adaptation", UNBUILT, "", "SERVICE allow|deny [!]ACL...",
	"Says what goes to an ICAP service.")
SQUID("adaptation_service_iteration_limit", "", "adaptation", UNBUILT_HARMLESS, "16", "NUMBER",
	"Limits how many services one message passes.")
SQUID("adaptation_masterx_shared_names", "", "adaptation", UNBUILT_HARMLESS, "", "NAME",
	"Names a header that services hand to one another.")
SQUID("adaptation_meta", "", "adaptation", UNBUILT, "", "NAME VALUE [!]ACL...",
	"Adds headers to what ICAP services are sent.")
SQUID("icap_retry", "", "adaptation", UNBUILT_HARMLESS, "deny all", "allow|deny [!]ACL...",
	"Says which ICAP requests may be repeated.")
SQUID("icap_retry_limit", "", "adaptation", UNBUILT_HARMLESS, "0", "NUMBER",
	"Limits how often an ICAP request is repeated.")

/* --- timeout */
SQUID("ftp_client_idle_timeout", "", "timeout", ACCEPTED, "30 minutes", "TIME",
	"There is no port for FTP clients yet.")
SQUID("happy_eyeballs_connect_gap", "", "timeout", ACCEPTED, "-1", "MILLISECONDS",
	"Each request races the addresses of its server by itself.")
SQUID("happy_eyeballs_connect_limit", "", "timeout", ACCEPTED, "-1", "NUMBER",
	"Each request races the addresses of its server by itself.")


/* --- dns */
SQUID("fqdncache_size", "", "dns", ACCEPTED, "1024", "NUMBER",
	"Reverse names live in the same store as all other answers.")
SQUID("as_whois_server", "", "dns", ACCEPTED, "whois.ra.net", "HOST",
	"Acls of autonomous systems are gone, so nobody is asked about them.")
SQUID("dns_multicast_local", "", "dns", UNBUILT_HARMLESS, "off", "on|off",
	"Resolves names below .local by multicast.")

SQUID("ignore_unknown_nameservers", "", "dns", ACCEPTED, "on", "on|off",
	"Replies of servers that were not asked are never believed.")

/* --- peer */
SQUID("neighbor_type_domain", "", "peer", UNBUILT, "", "PEER parent|sibling DOMAIN...",
	"Makes a peer a parent for some domains and a sibling for others.")
SQUID("dead_peer_timeout", "", "peer", ACCEPTED, "10 seconds", "TIME",
	"Peers are not asked by ICP, so their silence cannot be noticed; a parent is down "
	"after connect-fail-limit connects that failed.")
SQUID("digest_generation", "", "peer", ACCEPTED, "on", "on|off",
	"Nobody is told by a digest what the cache holds.")
SQUID("digest_bits_per_entry", "", "peer", ACCEPTED, "5", "NUMBER",
	"Nobody is told by a digest what the cache holds.")
SQUID("digest_rebuild_period", "", "peer", ACCEPTED, "1 hour", "TIME",
	"Nobody is told by a digest what the cache holds.")
SQUID("digest_rewrite_period", "", "peer", ACCEPTED, "1 hour", "TIME",
	"Nobody is told by a digest what the cache holds.")
SQUID("digest_swapout_chunk_size", "", "peer", ACCEPTED, "4096 bytes", "SIZE",
	"Nobody is told by a digest what the cache holds.")
SQUID("digest_rebuild_chunk_percentage", "", "peer", ACCEPTED, "10", "NUMBER",
	"Nobody is told by a digest what the cache holds.")
SQUID("icp_port", "udp_port", "peer", UNBUILT, "0", "PORT",
	"Opens a port for ICP queries of other proxies.")
SQUID("htcp_port", "", "peer", UNBUILT, "0", "PORT",
	"Opens a port for HTCP queries of other proxies.")
SQUID("icp_hit_stale", "", "peer", ACCEPTED, "off", "on|off", "ICP queries are not answered.")
SQUID("minimum_direct_hops", "", "peer", ACCEPTED, "4", "NUMBER",
	"Distances are not measured by ICMP.")
SQUID("minimum_direct_rtt", "", "peer", ACCEPTED, "400", "MILLISECONDS",
	"Distances are not measured by ICMP.")
SQUID("netdb_low", "", "peer", ACCEPTED, "900", "NUMBER", "Distances are not measured by ICMP.")
SQUID("netdb_high", "", "peer", ACCEPTED, "1000", "NUMBER", "Distances are not measured by ICMP.")
SQUID("netdb_ping_period", "", "peer", ACCEPTED, "5 minutes", "TIME",
	"Distances are not measured by ICMP.")
SQUID("netdb_filename", "", "peer", ACCEPTED, "", "FILE",
	"Distances are not measured by ICMP, so there are none to keep.")
SQUID("query_icmp", "", "peer", ACCEPTED, "off", "on|off", "Distances are not measured by ICMP.")
SQUID("test_reachability", "", "peer", ACCEPTED, "off", "on|off",
	"Distances are not measured by ICMP.")
SQUID("pinger_program", "", "peer", ACCEPTED, "", "PROGRAM",
	"Distances are not measured by ICMP, so no pinger runs.")
SQUID("pinger_enable", "", "peer", ACCEPTED, "on", "on|off",
	"Distances are not measured by ICMP, so no pinger runs.")
SQUID("icp_query_timeout", "", "peer", ACCEPTED, "0", "MILLISECONDS", "No ICP queries are sent.")
SQUID("maximum_icp_query_timeout", "", "peer", ACCEPTED, "2000", "MILLISECONDS",
	"No ICP queries are sent.")
SQUID("minimum_icp_query_timeout", "", "peer", ACCEPTED, "5", "MILLISECONDS",
	"No ICP queries are sent.")
SQUID("background_ping_rate", "", "peer", ACCEPTED, "10 seconds", "TIME",
	"No ICP queries are sent.")
SQUID("mcast_groups", "", "peer", ACCEPTED, "", "ADDRESS...",
	"No ICP port is opened, so no group is joined for its queries.")
SQUID("mcast_icp_query_timeout", "", "peer", ACCEPTED, "2000", "MILLISECONDS",
	"No ICP queries are sent.")

/* --- delay */
SQUID("delay_pool_uses_indirect_client", "", "delay", ACCEPTED, "on", "on|off",
	"There are no delay pools to choose yet.")
SQUID("delay_pools", "", "delay", UNBUILT_HARMLESS, "0", "NUMBER", "Sets the number of bandwidth pools.")
SQUID("delay_class", "", "delay", UNBUILT_HARMLESS, "", "POOL CLASS", "Sets the kind of a bandwidth pool.")
SQUID("delay_access", "", "delay", UNBUILT_HARMLESS, "", "POOL allow|deny [!]ACL...",
	"Says whose replies a bandwidth pool slows down.")
SQUID("delay_parameters", "", "delay", UNBUILT_HARMLESS, "", "POOL RATE/SIZE...",
	"Sets the rates of a bandwidth pool.")
SQUID("delay_initial_bucket_level", "", "delay", UNBUILT_HARMLESS, "50", "PERCENT",
	"Sets how full bandwidth pools begin.")
SQUID("client_delay_pools", "", "delay", UNBUILT_HARMLESS, "0", "NUMBER",
	"Sets the number of pools for what clients send.")
SQUID("client_delay_initial_bucket_level", "", "delay", UNBUILT_HARMLESS, "50", "PERCENT",
	"Sets how full pools for clients begin.")
SQUID("client_delay_parameters", "", "delay", UNBUILT_HARMLESS, "", "POOL RATE SIZE",
	"Sets the rates of a pool for clients.")
SQUID("client_delay_access", "", "delay", UNBUILT_HARMLESS, "", "POOL allow|deny [!]ACL...",
	"Says whose requests a pool slows down.")
SQUID("response_delay_pool", "", "delay", UNBUILT_HARMLESS, "", "NAME OPTION...",
	"Declares a named bandwidth pool for replies.")
SQUID("response_delay_pool_access", "", "delay", UNBUILT_HARMLESS, "", "NAME allow|deny [!]ACL...",
	"Says which replies a named pool slows down.")

/* --- cache-mem */
SQUID("memory_cache_shared", "", "cache-mem", ACCEPTED, "", "on|off",
	"All workers are threads of one process and share what is in memory anyway.")
SQUID("memory_replacement_policy", "", "cache-mem", ACCEPTED, "lru", "POLICY",
	"What is evicted from memory follows S3-FIFO, which finds as much as these do, and more under scans.")

/* --- cache-disk */
SQUID("cache_replacement_policy", "", "cache-disk", ACCEPTED, "lru", "POLICY",
	"What is evicted from disk follows S3-FIFO, which finds as much as these do, and more under scans.")
SQUID("store_dir_select_algorithm", "", "cache-disk", ACCEPTED, "least-load",
	"least-load|round-robin", "Replies are spread over the folders by their keys and sizes.")
SQUID("paranoid_hit_validation", "", "cache-disk", ACCEPTED, "0", "TIME",
	"All that is read from disk is compared with its checksum anyway.")
SQUID("max_open_disk_fds", "", "cache-disk", ACCEPTED, "0", "NUMBER", "A full queue of the disk means that a reply is not stored; open files are few.")
SQUID("cache_swap_state", "cache_swap_log", "cache-disk", ACCEPTED, "", "FILE",
	"The index of a folder lies in the folder itself.")
SQUID("store_avg_object_size", "", "cache-disk", ACCEPTED, "13 KB", "SIZE",
	"The index of the cache needs no estimate.")
SQUID("store_objects_per_bucket", "", "cache-disk", ACCEPTED, "20", "NUMBER",
	"The index of the cache needs no estimate.")
SQUID("diskd_program", "", "cache-disk", ACCEPTED, "", "PROGRAM",
	"Disks are read and written by threads of the process.")
SQUID("unlinkd_program", "", "cache-disk", ACCEPTED, "", "PROGRAM",
	"Files are removed by threads of the process.")

/* --- log */
SQUID("log_icp_queries", "", "log", ACCEPTED, "on", "on|off", "There are no ICP queries to log.")
SQUID("cache_store_log", "", "log", ACCEPTED, "none", "FILE",
	"There is no such log; the manager tells what is stored.")
SQUID("icap_log", "", "log", UNBUILT_HARMLESS, "", "PLACE [OPTION...] [[!]ACL...]",
	"Logs what is sent to ICAP services.")
SQUID("stats_collection", "", "log", ACCEPTED, "", "allow|deny [!]ACL...",
	"The counters count every request.")
SQUID("tls_key_log", "", "log", UNBUILT_HARMLESS, "", "FILE [OPTION...] [if [!]ACL...]",
	"Writes down the secrets of TLS sessions.")
SQUID("cache_log_message", "", "log", ACCEPTED, "", "id=N OPTION...",
	"Messages bear no numbers; repeated ones are counted together.")
SQUID("logfile_daemon", "", "log", ACCEPTED, "", "PROGRAM",
	"Logs are written by a thread of the process, without a helper.")

/* --- error */
SQUID("error_log_languages", "", "error", ACCEPTED, "on", "on|off",
	"Languages that are missing are not logged: any client could fill the log with them.")
SQUID("email_err_data", "", "error", ACCEPTED, "off", "on|off",
	"Error pages never put data into mail links, as with off.")
SQUID("short_icon_urls", "", "error", ACCEPTED, "on", "on|off", "There are no icons to be served.")
SQUID("icon_directory", "", "error", ACCEPTED, "", "FOLDER", "There are no icons to be served.")

/* --- admin */
SQUID("mime_table", "", "admin", ACCEPTED, "", "FILE",
	"There are no FTP listings that would need types and icons.")
SQUID("mail_from", "", "admin", ACCEPTED, "", "ADDRESS",
	"A crash is logged and the process restarted; no mail is sent.")
SQUID("mail_program", "", "admin", ACCEPTED, "mail", "PROGRAM",
	"A crash is logged and the process restarted; no mail is sent.")
SQUID("cachemgr_passwd", "", "admin", UNBUILT, "", "PASSWORD ACTION...",
	"Protects pages of the manager by a password.")
SQUID("high_response_time_warning", "", "admin", ACCEPTED, "0", "MILLISECONDS",
	"Thresholds are for the monitoring that reads the counters.")
SQUID("high_page_fault_warning", "", "admin", ACCEPTED, "0", "NUMBER",
	"Thresholds are for the monitoring that reads the counters.")
SQUID("high_memory_warning", "", "admin", ACCEPTED, "0 KB", "SIZE",
	"Thresholds are for the monitoring that reads the counters; memory_limit sets a bound.")

/* --- process */
SQUID("chroot", "", "process", REFUSED, "", "FOLDER",
	"The proxy gives up root and has files opened by its keeper, which a confined one could not; "
	"have the service's manager confine it (RootDirectory= and ProtectSystem= of systemd).")
SQUID("memory_pools", "", "process", ACCEPTED, "on", "on|off",
	"Memory is managed in another way, without pools to be tuned.")
SQUID("memory_pools_limit", "", "process", ACCEPTED, "5 MB", "SIZE",
	"Memory is managed in another way, without pools to be tuned.")
SQUID("client_db", "", "process", ACCEPTED, "on", "on|off",
	"Clients are counted only where a limit asks for it, and always there.")
SQUID("sleep_after_fork", "", "process", ACCEPTED, "0", "MICROSECONDS",
	"Helpers are started without copying a large process.")
SQUID("windows_ipaddrchangemonitor", "", "process", ACCEPTED, "on", "on|off",
	"Cuttle runs on Linux.")
SQUID("incoming_udp_average", "incoming_icp_average", "process", ACCEPTED, "6", "NUMBER",
	"The event loop is told by the kernel what is ready and does not poll in turns.")
SQUID("incoming_tcp_average", "incoming_http_average", "process", ACCEPTED, "4", "NUMBER",
	"The event loop is told by the kernel what is ready and does not poll in turns.")
SQUID("incoming_dns_average", "", "process", ACCEPTED, "4", "NUMBER",
	"The event loop is told by the kernel what is ready and does not poll in turns.")
SQUID("min_udp_poll_cnt", "min_icp_poll_cnt", "process", ACCEPTED, "8", "NUMBER",
	"The event loop is told by the kernel what is ready and does not poll in turns.")
SQUID("min_dns_poll_cnt", "", "process", ACCEPTED, "8", "NUMBER",
	"The event loop is told by the kernel what is ready and does not poll in turns.")
SQUID("min_tcp_poll_cnt", "min_http_poll_cnt", "process", ACCEPTED, "8", "NUMBER",
	"The event loop is told by the kernel what is ready and does not poll in turns.")

/* --- smp */
SQUID("cpu_affinity_map", "", "smp", ACCEPTED, "", "process_numbers=N,... cores=N,...",
	"Threads are not pinned; the affinity that Cuttle is started with is kept.")
SQUID("shared_memory_locking", "", "smp", ACCEPTED, "off", "on|off",
	"There is one process, so there is no shared memory to lock.")
SQUID("hopeless_kid_revival_delay", "", "smp", ACCEPTED, "1 hour", "TIME",
	"There is one process; the keeper restarts it with delays of its own.")
SQUID("shared_transient_entries_limit", "collapsed_forwarding_shared_entries_limit", "smp",
	ACCEPTED, "16384", "NUMBER", "Requests under way need no shared table in a single process.")

/* --- ftp */
SQUID("ftp_user", "", "ftp", ACCEPTED, "Squid@", "NAME", "ftp:// URLs are not served yet.")
SQUID("ftp_passive", "", "ftp", ACCEPTED, "on", "on|off", "ftp:// URLs are not served yet.")
SQUID("ftp_epsv_all", "", "ftp", ACCEPTED, "off", "on|off", "ftp:// URLs are not served yet.")
SQUID("ftp_epsv", "", "ftp", ACCEPTED, "", "on|off or allow|deny [!]ACL...",
	"ftp:// URLs are not served yet.")
SQUID("ftp_eprt", "", "ftp", ACCEPTED, "on", "on|off", "ftp:// URLs are not served yet.")
SQUID("ftp_sanitycheck", "", "ftp", ACCEPTED, "on", "on|off", "ftp:// URLs are not served yet.")
SQUID("ftp_telnet_protocol", "", "ftp", ACCEPTED, "on", "on|off", "ftp:// URLs are not served yet.")

/* --- snmp */
SQUID("snmp_port", "", "snmp", UNBUILT_HARMLESS, "0", "PORT", "Opens a port for SNMP queries.")
SQUID("snmp_access", "", "snmp", ACCEPTED, "deny all", "allow|deny [!]ACL...",
	"No SNMP port is opened, so nobody is answered.")
SQUID("snmp_incoming_address", "", "snmp", ACCEPTED, "any_addr", "ADDRESS",
	"No SNMP port is opened.")
SQUID("snmp_outgoing_address", "", "snmp", ACCEPTED, "no_addr", "ADDRESS",
	"No SNMP port is opened.")

/* --- wccp */
SQUID("wccp_router", "", "wccp", UNBUILT, "any_addr", "ADDRESS",
	"Registers with a router of WCCP version 1.")
SQUID("wccp2_router", "", "wccp", UNBUILT, "", "ADDRESS...",
	"Registers with routers of WCCP version 2.")
SQUID("wccp_version", "", "wccp", UNBUILT, "4", "NUMBER", "Sets the protocol revision of WCCP.")
SQUID("wccp2_rebuild_wait", "", "wccp", UNBUILT, "on", "on|off",
	"Delays the registration until the cache's index is there.")
SQUID("wccp2_forwarding_method", "", "wccp", UNBUILT, "gre", "gre|l2",
	"Sets how routers forward packets.")
SQUID("wccp2_return_method", "", "wccp", UNBUILT, "gre", "gre|l2",
	"Sets how packets go back to routers.")
SQUID("wccp2_assignment_method", "", "wccp", UNBUILT, "hash", "hash|mask",
	"Sets how routers share out traffic.")
SQUID("wccp2_service", "", "wccp", UNBUILT, "standard 0", "TYPE ID [password=WORD]",
	"Declares a service that routers redirect.")
SQUID("wccp2_service_info", "", "wccp", UNBUILT, "", "ID OPTION...", "Describes a dynamic service.")
SQUID("wccp2_weight", "", "wccp", UNBUILT, "10000", "NUMBER", "Sets this proxy's share.")
SQUID("wccp_address", "", "wccp", UNBUILT, "0.0.0.0", "ADDRESS",
	"Sets the local address for WCCP version 1.")
SQUID("wccp2_address", "", "wccp", UNBUILT, "0.0.0.0", "ADDRESS",
	"Sets the local address for WCCP version 2.")

/* --- removed */
SQUID("ident_lookup_access", "", "removed", REFUSED, "", "allow|deny [!]ACL...",
	"Users are not asked for by ident, so rules that rely on their names cannot hold.")
SQUID("ident_timeout", "", "removed", OBSOLETE, "10 seconds", "TIME",
	"Users are not asked for by ident; delete the line.")
SQUID("mcast_miss_addr", "", "removed", OBSOLETE, "", "ADDRESS",
	"Misses are not announced; delete the line.")
SQUID("mcast_miss_ttl", "", "removed", OBSOLETE, "16", "NUMBER",
	"Misses are not announced; delete the line.")
SQUID("mcast_miss_port", "", "removed", OBSOLETE, "3135", "PORT",
	"Misses are not announced; delete the line.")
SQUID("mcast_miss_encode_key", "", "removed", OBSOLETE, "", "KEY",
	"Misses are not announced; delete the line.")
SQUID("cache_dns_program", "", "removed", OBSOLETE, "dnsserver", "PROGRAM",
	"Names are resolved without helpers; delete the line.")
SQUID("dns_children", "", "removed", OBSOLETE, "5", "NUMBER",
	"Names are resolved without helpers; delete the line.")

/* --- obsolete */
SQUID("broken_vary_encoding", "", "obsolete", OBSOLETE, "", "allow|deny [!]ACL...",
	"Squid 2 worked around faulty servers with it; delete the line.")
SQUID("cache_vary", "", "obsolete", OBSOLETE, "", "on|off",
	"Vary is always observed; delete the line.")
SQUID("error_map", "", "obsolete", OBSOLETE, "", "URL STATUS...",
	"Pages of servers are passed on as they are; use deny_info for the proxy's own.")
SQUID("external_refresh_check", "", "obsolete", OBSOLETE, "", "[OPTION...] FORMAT... PROGRAM",
	"Freshness is not asked of a program; delete the line.")
SQUID("location_rewrite_program", "", "obsolete", OBSOLETE, "", "PROGRAM",
	"Location headers are passed on as they are; delete the line.")
SQUID("location_rewrite_access", "", "obsolete", OBSOLETE, "", "allow|deny [!]ACL...",
	"Location headers are passed on as they are; delete the line.")
SQUID("location_rewrite_children", "", "obsolete", OBSOLETE, "", "NUMBER",
	"Location headers are passed on as they are; delete the line.")
SQUID("location_rewrite_concurrency", "", "obsolete", OBSOLETE, "", "NUMBER",
	"Location headers are passed on as they are; delete the line.")
SQUID("refresh_stale_hit", "", "obsolete", OBSOLETE, "", "TIME",
	"collapsed_forwarding is what came after it.")
SQUID("esi_parser", "", "obsolete", OBSOLETE, "", "NAME",
	"Edge Side Includes are not processed; delete the line.")
SQUID("announce_file", "", "obsolete", OBSOLETE, "", "FILE",
	"There is no registry of caches any more; delete the line.")
SQUID("announce_host", "", "obsolete", OBSOLETE, "", "HOST",
	"There is no registry of caches any more; delete the line.")
SQUID("announce_period", "", "obsolete", OBSOLETE, "", "TIME",
	"There is no registry of caches any more; delete the line.")
SQUID("announce_port", "", "obsolete", OBSOLETE, "", "PORT",
	"There is no registry of caches any more; delete the line.")
SQUID("request_entities", "", "obsolete", OBSOLETE, "", "on|off",
	"HTTP/1.1 lets every request have a body; delete the line.")
SQUID("dns_v4_first", "", "obsolete", OBSOLETE, "", "on|off",
	"Addresses of both families are tried side by side; see happy_eyeballs_connect_timeout.")
SQUID("cache_peer_domain", "cache_host_domain", "obsolete", REFUSED, "", "PEER [!]DOMAIN...",
	"It used to limit what a peer is sent; write an acl of type dstdomain and "
	"cache_peer_access.")
SQUID("ie_refresh", "", "obsolete", OBSOLETE, "", "on|off",
	"The browser it was made for is gone; delete the line.")
SQUID("sslproxy_cafile", "", "obsolete", UNBUILT_HARMLESS, "", "FILE",
	"Names a file of authorities for servers' certificates; its successor is tls_outgoing_options cafile=FILE.")
SQUID("sslproxy_capath", "", "obsolete", UNBUILT_HARMLESS, "", "FOLDER",
	"Names a folder of authorities for servers' certificates; its successor is tls_outgoing_options capath=FOLDER.")
SQUID("sslproxy_cipher", "", "obsolete", UNBUILT_HARMLESS, "", "CIPHERS",
	"Chooses ciphers towards servers; its successor is tls_outgoing_options cipher=CIPHERS.")
SQUID("sslproxy_client_certificate", "", "obsolete", UNBUILT_HARMLESS, "", "FILE",
	"Names the certificate that servers are shown; its successor is tls_outgoing_options cert=FILE.")
SQUID("sslproxy_client_key", "", "obsolete", UNBUILT_HARMLESS, "", "FILE",
	"Names the key of the certificate that servers are shown; its successor is tls_outgoing_options key=FILE.")
SQUID("sslproxy_flags", "", "obsolete", UNBUILT_HARMLESS, "", "FLAGS",
	"Sets how servers' certificates are verified; its successor is tls_outgoing_options flags=FLAGS.")
SQUID("sslproxy_options", "", "obsolete", UNBUILT_HARMLESS, "", "OPTIONS",
	"Sets options of TLS towards servers; its successor is tls_outgoing_options options=OPTIONS.")
SQUID("sslproxy_version", "", "obsolete", UNBUILT_HARMLESS, "", "NUMBER",
	"Chooses the version of TLS towards servers; its successor is tls_outgoing_options min-version=1.N.")
SQUID("hierarchy_stoplist", "", "obsolete", OBSOLETE, "", "WORD...",
	"Whether a request may go to a peer is said by always_direct and never_direct.")
SQUID("log_access", "", "obsolete", OBSOLETE, "", "allow|deny [!]ACL...",
	"What is logged is said by acls at the end of access_log.")
SQUID("log_icap", "", "obsolete", OBSOLETE, "", "allow|deny [!]ACL...",
	"What is logged is said by acls at the end of icap_log.")
SQUID("balance_on_multiple_ip", "", "obsolete", OBSOLETE, "", "on|off",
	"Addresses of a server are used in the order of the DNS; delete the line.")
SQUID("chunked_request_body_max_size", "", "obsolete", OBSOLETE, "", "SIZE",
	"Chunked requests are streamed; request_body_max_size limits them as all others.")
SQUID("dns_v4_fallback", "", "obsolete", OBSOLETE, "", "on|off",
	"Addresses of both families are tried side by side; delete the line.")
SQUID("emulate_httpd_log", "", "obsolete", OBSOLETE, "", "on|off",
	"Name the format common or combined in access_log.")
SQUID("forward_log", "", "obsolete", OBSOLETE, "", "FILE", "Use access_log.")
SQUID("ftp_list_width", "", "obsolete", OBSOLETE, "", "NUMBER",
	"There are no FTP listings; delete the line.")
SQUID("ignore_expect_100", "", "obsolete", OBSOLETE, "", "on|off",
	"Expect: 100-continue is understood; delete the line.")
SQUID("log_fqdn", "", "obsolete", OBSOLETE, "", "on|off",
	"A logformat with %>A logs names of clients.")
SQUID("log_ip_on_direct", "", "obsolete", OBSOLETE, "", "on|off",
	"A logformat with %<a logs addresses of servers.")
SQUID("maximum_single_addr_tries", "", "obsolete", OBSOLETE, "", "NUMBER", "See connect_retries.")
SQUID("referer_log", "referrer_log", "obsolete", OBSOLETE, "", "FILE",
	"Use access_log with the format referrer.")
SQUID("update_headers", "", "obsolete", OBSOLETE, "", "on|off",
	"Stored headers are always updated; delete the line.")
SQUID("url_rewrite_concurrency", "redirect_concurrency", "obsolete", UNBUILT_HARMLESS, "0", "NUMBER",
	"Sets how many requests a rewriter has at a time; its successor is concurrency= in "
	"url_rewrite_children.")
SQUID("useragent_log", "", "obsolete", OBSOLETE, "", "FILE",
	"Use access_log with the format useragent.")
SQUID("dns_testnames", "", "obsolete", OBSOLETE, "", "NAME...",
	"No names are tried at the start; delete the line.")
SQUID("extension_methods", "", "obsolete", OBSOLETE, "", "METHOD...",
	"All methods are known; delete the line.")
SQUID("zero_buffers", "", "obsolete", OBSOLETE, "", "on|off", "It tuned Squid 2; delete the line.")
SQUID("incoming_rate", "", "obsolete", OBSOLETE, "", "NUMBER", "It tuned Squid 2; delete the line.")
SQUID("server_http11", "", "obsolete", OBSOLETE, "", "on|off",
	"HTTP/1.1 is always spoken; delete the line.")
SQUID("upgrade_http0.9", "", "obsolete", OBSOLETE, "", "allow|deny [!]ACL...",
	"HTTP/0.9 is not spoken; delete the line.")
SQUID("zph_local", "", "obsolete", OBSOLETE, "", "VALUE", "Use qos_flows.")
SQUID("zph_mode", "", "obsolete", OBSOLETE, "", "NAME", "Use qos_flows.")
SQUID("zph_option", "", "obsolete", OBSOLETE, "", "NUMBER", "Use qos_flows.")
SQUID("zph_parent", "", "obsolete", OBSOLETE, "", "VALUE", "Use qos_flows.")
SQUID("zph_sibling", "", "obsolete", OBSOLETE, "", "VALUE", "Use qos_flows.")
SQUID("header_access", "", "obsolete", REFUSED, "", "NAME allow|deny [!]ACL...",
	"It used to remove headers; write request_header_access, reply_header_access or both.")
SQUID("httpd_accel_no_pmtu_disc", "", "obsolete", OBSOLETE, "", "on|off",
	"It became disable-pmtu-discovery= of http_port.")
SQUID("wais_relay_host", "", "obsolete", OBSOLETE, "", "HOST", "WAIS is no more; delete the line.")
SQUID("wais_relay_port", "", "obsolete", OBSOLETE, "", "PORT", "WAIS is no more; delete the line.")
