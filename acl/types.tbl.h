/*
 * The acl types that squid.conf knows.
 *
 * TYPE(name, kind of values, subject, flags, facts that are read, accepted values,
 *      field of the head that is looked at or NULL, paragraph)
 * OLD_NAME(name, name of today): taken for that one, with a warning.
 * UNBUILT(name, why): known, and an error where it is used.
 */
/* clang-format off */
#define NAMES "example.com (that name) and .example.com (that name and all below it)"
#define REGEX "regular expressions, after -i without regard to case"
#define ADDRS "192.0.2.1, 192.0.2.0/24, 192.0.2.1-192.0.2.9, 2001:db8::/32, all, ipv4, ipv6, and host names, which are looked up when this is read"
#define PORTS "numbers and ranges such as 1025-65535"
#define HEADER "a field name and regular expressions, after -i without regard to case"
#define GROUP "names of acls, each perhaps after a !"
#define PAIRS "key=value and key+=value"

TYPE("src", addrs, acl_subject_src, 0, READS(SRC), ADDRS, NULL,
	"The client's address; with acl_uses_indirect_client, the one that a trusted X-Forwarded-For names.")
TYPE("dst", addrs, acl_subject_dst, TYPE_TAKES_N, READS_DST, ADDRS, NULL,
	"Any of the addresses of the URL's host. They are looked up, unless -n is given: then only a host that is an"
	" address can match.")
TYPE("localip", addrs, acl_subject_local, 0, READS(LOCAL), ADDRS, NULL,
	"The address of the proxy that the client connected to.")
TYPE("dstdomain", domains, acl_subject_dst_name, TYPE_TAKES_N, READS_DST_NAME, NAMES, NULL,
	"The URL's host. Where that is an address that is not listed itself, its name is looked up (without one it is"
	" \"none\"), unless -n is given. Entries may overlap in any order.")
TYPE("srcdomain", domains, acl_subject_src_name, 0, READS_SRC_NAME, NAMES, NULL,
	"The client's name by reverse lookup; \"none\" if it has none.")
TYPE("dstdom_regex", regexes, acl_subject_dst_name, TYPE_TAKES_N | TYPE_TAKES_I, READS_DST_NAME, REGEX, NULL,
	"The same as for dstdomain.")
TYPE("srcdom_regex", regexes, acl_subject_src_name, TYPE_TAKES_I, READS_SRC_NAME, REGEX, NULL,
	"The same as for srcdomain.")
TYPE("port", ports, acl_subject_port, 0, READS(REQUEST), PORTS, NULL,
	"The URL's port, or that of its scheme; 0 if there is none.")
TYPE("localport", ports, acl_subject_local, 0, READS(LOCAL), PORTS, NULL,
	"The port of the proxy that the client connected to.")
TYPE("myportname", words, acl_subject_port_name, 0, READS(PORT_NAME), "names of listening ports (name=)", NULL,
	"The name= of the http_port that the client connected to; without one, the port as it is written there. Case"
	" matters.")
TYPE("proto", schemes, acl_subject_scheme, 0, READS(REQUEST), "URL schemes such as HTTP and FTP", NULL,
	"The URL's scheme, in any case. A CONNECT has none.")
TYPE("method", methods, acl_subject_method, 0, READS(REQUEST), "methods such as GET and CONNECT", NULL,
	"The request's method.")
TYPE("url_regex", regexes, acl_subject_url, TYPE_TAKES_I, READS(REQUEST), REGEX, NULL,
	"The whole URL, percent-decoded; what is no valid encoding stays as it is. For a CONNECT it is HOST:PORT.")
TYPE("urlpath_regex", regexes, acl_subject_url_path, TYPE_TAKES_I, READS(REQUEST), REGEX, NULL,
	"The URL's path and query, decoded. A CONNECT has none.")
TYPE("urllogin", regexes, acl_subject_none, TYPE_TAKES_I, READS_NOTHING, REGEX, NULL,
	"A user name in the URL. Never matches, since such URLs are refused with 400 before any rule is asked; reading it"
	" is a warning.")
TYPE("http_status", statuses, acl_subject_status, 0, READS(REPLY), "statuses and ranges such as 200, 400-403 and 500-", NULL,
	"The reply's status.")
TYPE("browser", regexes, acl_subject_browser, TYPE_TAKES_I, READS(REQUEST), REGEX, "User-Agent",
	"The request's User-Agent.")
TYPE("referer_regex", regexes, acl_subject_referer, TYPE_TAKES_I, READS(REQUEST), REGEX, "Referer",
	"The request's Referer.")
TYPE("req_mime_type", regexes, acl_subject_request_mime, TYPE_TAKES_I, READS(REQUEST), REGEX, "Content-Type",
	"The request's Content-Type; empty if it has none.")
TYPE("req_header", headers, acl_subject_request_header, TYPE_TAKES_I, READS(REQUEST), HEADER, NULL,
	"The request's fields of one name, which is the first value; -i stands after it. Several fields are compared as"
	" one text, joined by \", \". All lines of an acl give the same name.")
TYPE("rep_mime_type", regexes, acl_subject_reply_mime, TYPE_TAKES_I, READS(REPLY), REGEX, "Content-Type",
	"The reply's Content-Type; empty if it has none.")
TYPE("rep_header", headers, acl_subject_reply_header, TYPE_TAKES_I, READS(REPLY), HEADER, NULL,
	"The reply's fields of one name, as req_header does for the request's.")
TYPE("time", time, acl_subject_clock, 0, READS(CLOCK), "days (SMTWHFA, D) and hh:mm-hh:mm", NULL,
	"The local time: days (S is Sunday, H Thursday, A Saturday, D Monday to Friday) and spans of time, both ends"
	" included. A span may cross midnight and then belongs to the day on which it begins.")
TYPE("maxconn", limit, acl_subject_connections, 0, READS(CONNECTIONS), "one number from 1 on", NULL,
	"Matches if the client's address holds more than so many connections, tunnels and this one included. It is the"
	" address that connects, whatever X-Forwarded-For says.")
TYPE("random", random, acl_subject_draw, 0, READS(DRAW), "0.333, 1/3 or 3:5 (matches:others)", NULL,
	"Matches at random with this probability. The number is drawn once a transaction, for each acl of its own: an acl"
	" does not change its mind within a transaction.")
TYPE("peername", words, acl_subject_peer, 0, READS(PEER), "names of cache_peers (name=)", NULL,
	"The parent that was chosen. No match for a request that goes direct.")
TYPE("peername_regex", regexes, acl_subject_peer, TYPE_TAKES_I, READS(PEER), REGEX, NULL,
	"The same as for peername.")
TYPE("hier_code", hiers, acl_subject_hier, 0, READS(HIER), "hierarchy codes such as HIER_DIRECT", NULL,
	"How the request went on, in the words of the access log.")
TYPE("note", note, acl_subject_note, TYPE_TAKES_M, READS(NOTES), "a name and perhaps values", NULL,
	"An annotation of this name; with values, one that has one of them. An annotation is a list separated by commas, or"
	" by the bytes of -m=BYTES instead, and its elements are compared. -m alone changes nothing: so it is in Squid too.")
TYPE("annotate_transaction", annotate_transaction, acl_subject_nothing, TYPE_TAKES_M, READS(NOTES), PAIRS, NULL,
	"Always matches, and annotates the transaction: key=value replaces what the key had, key+=value adds to it. The"
	" value is a list as for note, and each element becomes a value. The annotation can be seen by acls of type note from here"
	" on, also where the rule does not match or the acl stands after a !.")
TYPE("annotate_client", annotate_client, acl_subject_nothing, TYPE_TAKES_M, READS(NOTES), PAIRS, NULL,
	"The same, and the connection's later requests begin with the annotation.")
TYPE("transaction_initiator", initiators, acl_subject_initiator, 0, READS(INITIATOR), "client, internal, all and others", NULL,
	"Who started the transaction: so far it is always a client.")
TYPE("has", parts, acl_subject_parts, TYPE_ASKS_WHETHER, READS_NOTHING, "one of request, response and ALE", NULL,
	"Whether there is a request, a response, a record for the log (always).")
TYPE("client_connection_mark", marks, acl_subject_mark, 0, READS_MARK, "marks such as 0x10 and 0x10/0xf0", NULL,
	"The netfilter mark (CONNMARK) of the client connection, compared under the mask. A connection that is not tracked"
	" has mark 0; where it cannot be read, which takes CAP_NET_ADMIN, the decision is a denial.")
TYPE("squid_error", errors, acl_subject_error, 0, READS(ERROR), "names of error pages such as ERR_ACCESS_DENIED", NULL,
	"The error that the transaction ended in.")
TYPE("connections_encrypted", nothing, acl_subject_encrypted, TYPE_TAKES_NOTHING, READS(SRC), "none", NULL,
	"The client connection is encrypted, which none is so far.")
TYPE("any-of", any_of, NULL, 0, READS_NOTHING, GROUP, NULL,
	"Matches if one of these acls does.")
TYPE("all-of", all_of, NULL, 0, READS_NOTHING, GROUP, NULL,
	"Matches if all of these acls do. Several lines of one name are alternatives.")

OLD_NAME("myip", "localip")
OLD_NAME("myport", "localport")
OLD_NAME("clientside_mark", "client_connection_mark")

UNBUILT("adaptation_service", NEEDS_ICAP)
UNBUILT("arp", NEEDS_ARP)
UNBUILT("at_step", NEEDS_TLS)
UNBUILT("ca_cert", NEEDS_TLS)
UNBUILT("eui64", NEEDS_ARP)
UNBUILT("ext_user", NEEDS_HELPER)
UNBUILT("ext_user_regex", NEEDS_HELPER)
UNBUILT("external", NEEDS_HELPER)
UNBUILT("max_user_ip", NEEDS_USERS)
UNBUILT("proxy_auth", NEEDS_USERS)
UNBUILT("proxy_auth_regex", NEEDS_USERS)
UNBUILT("server_cert_fingerprint", NEEDS_TLS)
UNBUILT("snmp_community", "Cuttle does not speak SNMP")
UNBUILT("ssl_error", NEEDS_TLS)
UNBUILT("ssl::server_name", NEEDS_TLS)
UNBUILT("ssl::server_name_regex", NEEDS_TLS)
UNBUILT("tag", NEEDS_HELPER)
UNBUILT("user_cert", NEEDS_TLS)
UNBUILT("dst_as", DROPPED)
UNBUILT("ident", DROPPED)
UNBUILT("ident_regex", DROPPED)
UNBUILT("src_as", DROPPED)
UNBUILT("urlgroup", DROPPED)

#undef NAMES
#undef REGEX
#undef ADDRS
#undef PORTS
#undef HEADER
#undef GROUP
#undef PAIRS
/* clang-format on */
