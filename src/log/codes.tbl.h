/*
 * The codes of logformat.
 *	LOG_CODE(symbol, code, style where the format says none, argument, what it is)
 *	LOG_ALIAS(other spelling, symbol)
 *	LOG_DASH(code, why it is "-" here)
 * Styles: SAFE prints a text as it is unless a byte of it could break the line, PASS encodes what
 * RFC 1738 calls unsafe but leaves per cent signs alone. Arguments: NONE; FIELD, the name of a header
 * field, perhaps with ":", a separator and the name of a list's element; TIME, of strftime(); NAME,
 * of a note; BYTE.
 */
/* clang-format off */
/* --- the client's connection */
LOG_CODE(CLIENT_IP,	">a",	SAFE, NONE,  "address of the client, masked by client_netmask")
LOG_CODE(CLIENT_PORT,	">p",	SAFE, NONE,  "port of the client")
LOG_CODE(CLIENT_NAME,	">A",	SAFE, NONE,  "name of the client by reverse lookup; its address if there is none, or none came in time, or client_netmask hides it")
LOG_CODE(LOCAL_IP,	">la",	SAFE, NONE,  "address that the client connected to")
LOG_CODE(LOCAL_PORT,	">lp",	SAFE, NONE,  "port that the client connected to")
LOG_ALIAS("la", LOCAL_IP)
LOG_ALIAS("lp", LOCAL_PORT)
LOG_CODE(CONNECTION,	"transport::>connection_id", SAFE, NONE, "number of the client's connection, unique while the process lives")

/* --- the server's connection */
LOG_CODE(SERVER_IP,	"<a",	SAFE, NONE,  "address of the server or parent last connected to")
LOG_CODE(SERVER_PORT,	"<p",	SAFE, NONE,  "port of the server or parent last connected to")
LOG_CODE(SERVER_NAME,	"<A",	SAFE, NONE,  "name of the server or parent last connected to")
LOG_CODE(SOURCE_IP,	"<la",	SAFE, NONE,  "our address of the connection to the server")
LOG_CODE(SOURCE_PORT,	"<lp",	SAFE, NONE,  "our port of the connection to the server")
LOG_ALIAS("oa", SOURCE_IP)
LOG_CODE(ATTEMPTS,	"request_attempts", SAFE, NONE, "how often it was tried to forward the request")

/* --- time */
LOG_CODE(SECONDS,	"ts",	SAFE, NONE,  "time when the line was written, in seconds since 1970")
LOG_CODE(FRACTION,	"tu",	SAFE, NONE,  "fraction of that second; %.6tu: in microseconds; else milliseconds")
LOG_CODE(LOCAL_TIME,	"tl",	RAW,  TIME,  "local time; the argument is for strftime(3), else %d/%b/%Y:%H:%M:%S %z")
LOG_CODE(UTC_TIME,	"tg",	RAW,  TIME,  "the same in UTC; without an argument %d/%b/%Y:%H:%M:%S")
LOG_CODE(START,		"tS",	SAFE, NONE,  "time when the transaction began, with milliseconds or as many digits as %.6tS says")
LOG_CODE(DURATION,	"tr",	SAFE, NONE,  "duration of the transaction in milliseconds")
LOG_CODE(PEER_TIME,	"<pt",	SAFE, NONE,  "milliseconds from the end of the request sent to the server to its reply")
LOG_CODE(SERVER_TIME,	"<tt",	SAFE, NONE,  "milliseconds from the first attempt to forward the request to the end of the reply")
LOG_CODE(DNS_TIME,	"dt",	SAFE, NONE,  "milliseconds of waiting for names")

/* --- the request */
LOG_CODE(METHOD,	"rm",	SAFE, NONE,  "method")
LOG_ALIAS(">rm", METHOD)
LOG_ALIAS("<rm", METHOD)
LOG_CODE(URL,		"ru",	SAFE, NONE,  "URL, without its query if strip_query_terms is on")
LOG_CODE(CLIENT_URL,	">ru",	PASS, NONE,  "URL, whole")
LOG_ALIAS("<ru", CLIENT_URL)
LOG_CODE(SCHEME,	">rs",	SAFE, NONE,  "scheme of the URL")
LOG_ALIAS("<rs", SCHEME)
LOG_CODE(HOST,		">rd",	SAFE, NONE,  "host of the URL")
LOG_ALIAS("<rd", HOST)
LOG_CODE(PORT,		">rP",	SAFE, NONE,  "port of the URL")
LOG_ALIAS("<rP", PORT)
LOG_CODE(PATH,		">rp",	PASS, NONE,  "path and query of the URL")
LOG_ALIAS("rp", PATH)
LOG_ALIAS("<rp", PATH)
LOG_CODE(VERSION,	"rv",	SAFE, NONE,  "HTTP version of the request; 0.0 if there was none")
LOG_ALIAS(">v", VERSION)
LOG_CODE(CLIENT_VERSION, ">rv",	SAFE, NONE,  "HTTP version of the request")
LOG_CODE(SERVER_VERSION, "<rv",	SAFE, NONE,  "HTTP version of the request to the server")
LOG_CODE(REQUEST_FIELD,	">h",	PASS, FIELD, "field of the request, or an element of a list in it; without an argument, all fields")
LOG_ALIAS(">ha", REQUEST_FIELD)
LOG_CODE(USER,		"un",	SAFE, NONE,  "name of the user")
LOG_CODE(LOGIN,		"ul",	SAFE, NONE,  "name of the user as he has proved it")
LOG_CODE(NOTE,		"note",	PASS, NAME,  "notes of that name, with commas between them; without an argument, all")
LOG_CODE(CLIENT_MARK,	">nfmark", SAFE, NONE, "netfilter mark of the client's connection, where an acl has asked for it")

/* --- the reply and the outcome */
LOG_CODE(STATUS,	">Hs",	SAFE, NONE,  "status sent to the client")
LOG_ALIAS("Hs", STATUS)
LOG_CODE(SERVER_STATUS,	"<Hs",	SAFE, NONE,  "status received from the server")
LOG_CODE(REPLY_FIELD,	"<h",	PASS, FIELD, "field of the reply sent to the client; arguments as for >h")
LOG_CODE(TYPE,		"mt",	SAFE, NONE,  "type of the reply's content, without parameters")
LOG_CODE(RESULT,	"Ss",	SAFE, NONE,  "result: TCP_MISS and so on")
LOG_CODE(HIER,		"Sh",	SAFE, NONE,  "hierarchy code: HIER_DIRECT and so on")
LOG_CODE(ERR_CODE,	"err_code", SAFE, NONE, "name of the error page")
LOG_CODE(ERR_DETAIL,	"err_detail", SAFE, NONE, "cause of the error: a name from the table in doc/operations.md")

/* --- bytes */
LOG_CODE(IN_BYTES,	">st",	SAFE, NONE,  "bytes received from the client, head and body")
LOG_CODE(IN_HEAD,	">sh",	SAFE, NONE,  "bytes of the request's head")
LOG_CODE(OUT_BYTES,	"<st",	SAFE, NONE,  "bytes sent to the client, head and body")
LOG_CODE(OUT_HEAD,	"<sh",	SAFE, NONE,  "bytes of the reply's head")
LOG_CODE(ALL_BYTES,	"st",	SAFE, NONE,  "bytes received from the client and sent to it")
LOG_CODE(SERVER_BODY,	"<bs",	SAFE, NONE,  "bytes of the body received from the server")
LOG_CODE(BODY,		"<sS",	SAFE, NONE,  "bytes of the reply's body")
LOG_ALIAS("<sH", BODY)

/* --- the log itself */
LOG_CODE(SEQUENCE,	"sn",	SAFE, NONE,  "number of the line in this log, from 0")
LOG_CODE(BYTE,		"byte",	RAW,  BYTE,  "the byte with this decimal number, 1 to 255")

/* --- Cuttle's own */
LOG_CODE(WHY,		"cuttle::why", SAFE, NONE, "how the transaction ended: a name from the table in doc/operations.md")
LOG_CODE(DETAIL,	"cuttle::detail", PASS, NONE, "the particulars of that, for a human")
LOG_CODE(VERDICT,	"cuttle::verdict", SAFE, NONE, "allow or deny, as http_access said; - if it was not asked")
LOG_CODE(RULE,		"cuttle::rule", PASS, NONE, "directive and text of the rule that decided")
LOG_CODE(PLACE,		"cuttle::place", PASS, NONE, "file and line of that rule, as squid.conf:12")
LOG_CODE(REPORTED,	"cuttle::reported", PASS, NONE, "the rule marked to report only that would have decided")
LOG_CODE(SHADOW,	"cuttle::shadow", PASS, NONE, "what the policy loaded as a shadow would have said")

/* --- names from external_acl_type */
LOG_ALIAS("SRC", CLIENT_IP)
LOG_ALIAS("SRCPORT", CLIENT_PORT)
LOG_ALIAS("MYADDR", LOCAL_IP)
LOG_ALIAS("MYPORT", LOCAL_PORT)
LOG_ALIAS("LOGIN", LOGIN)
LOG_ALIAS("METHOD", METHOD)
LOG_ALIAS("URI", CLIENT_URL)
LOG_ALIAS("PROTO", SCHEME)
LOG_ALIAS("DST", HOST)
LOG_ALIAS("PORT", PORT)
LOG_ALIAS("PATH", PATH)
LOG_DASH("ACL", "it belongs to external_acl_type")
LOG_DASH("DATA", "it belongs to external_acl_type")

/* --- facts that do not exist (yet) */
#define HELPER "helper programs are not built yet"
LOG_DASH("ue", HELPER)
LOG_DASH("et", HELPER)
LOG_DASH("ea", HELPER)
LOG_DASH("EXT_USER", HELPER)
LOG_DASH("EXT_TAG", HELPER)
LOG_DASH("EXT_LOG", HELPER)
LOG_DASH("TAG", HELPER)
LOG_DASH("rG", HELPER)
#undef HELPER
#define NEVER "Cuttle does not find it out"
LOG_DASH("busy_time", NEVER)
LOG_DASH(">eui", NEVER)
LOG_DASH("SRCEUI48", NEVER)
LOG_DASH("SRCEUI64", NEVER)
LOG_DASH(">qos", NEVER)
LOG_DASH("<qos", NEVER)
LOG_DASH("<nfmark", NEVER)
LOG_DASH("ui", "there is no ident protocol")
LOG_DASH("credentials", "passwords are not logged")
#undef NEVER
LOG_CODE(MASTER,	"master_xaction", SAFE, NONE, "number of the client's connection, as %transport::>connection_id")
LOG_DASH("proxy_protocol::>h", "the PROXY protocol is not built yet")
#define TLS "TLS is not built yet"
LOG_DASH(">handshake", TLS)
LOG_DASH("USER_CERTCHAIN", TLS)
LOG_DASH("USER_CERT", TLS)
LOG_DASH("ssl::bump_mode", TLS)
LOG_DASH("ssl::>cert_subject", TLS)
LOG_DASH("ssl::>cert_issuer", TLS)
LOG_DASH("ssl::>sni", TLS)
LOG_DASH("ssl::<cert_subject", TLS)
LOG_DASH("ssl::<cert_issuer", TLS)
LOG_DASH("ssl::<cert_errors", TLS)
LOG_DASH("ssl::<cert", TLS)
LOG_DASH("ssl::>negotiated_version", TLS)
LOG_DASH("ssl::<negotiated_version", TLS)
LOG_DASH("ssl::>negotiated_cipher", TLS)
LOG_DASH("ssl::<negotiated_cipher", TLS)
LOG_DASH("ssl::>received_hello_version", TLS)
LOG_DASH("ssl::<received_hello_version", TLS)
LOG_DASH("ssl::>received_supported_version", TLS)
LOG_DASH("ssl::<received_supported_version", TLS)
#undef TLS
#define ICAP "adaptation is not built yet"
LOG_DASH("adapt::all_trs", ICAP)
LOG_DASH("adapt::sum_trs", ICAP)
LOG_DASH("adapt::<last_h", ICAP)
LOG_DASH("icap::<last_h", ICAP)
LOG_DASH("icap::tt", ICAP)
LOG_DASH("icap::<A", ICAP)
LOG_DASH("icap::<service_name", ICAP)
LOG_DASH("icap::ru", ICAP)
LOG_DASH("icap::rm", ICAP)
LOG_DASH("icap::>st", ICAP)
LOG_DASH("icap::<st", ICAP)
LOG_DASH("icap::<bs", ICAP)
LOG_DASH("icap::>h", ICAP)
LOG_DASH("icap::<h", ICAP)
LOG_DASH("icap::tr", ICAP)
LOG_DASH("icap::tio", ICAP)
LOG_DASH("icap::to", ICAP)
LOG_DASH("icap::Hs", ICAP)
#undef ICAP
/* clang-format on */
