/*
 * Every way in which a session, a transaction or a fetch can end: one row each.
 *
 * WHY(symbol, error page or NULL, status sent if nothing was sent yet, log suffix, is it an error,
 *     error type of Proxy-Status or NULL, sentence for a human)
 * The log suffix is what Squid appends to a result code: NONE, ABORTED or TIMEDOUT. The error types
 * are those of RFC 9209 2.3.
 */
/* clang-format off */
WHY(NONE,		NULL,				0,   NONE,     false, NULL, "still under way")
WHY(DONE,		NULL,				0,   NONE,     false, NULL, "complete")

/* what the client sent */
WHY(BAD_REQUEST,	"ERR_INVALID_REQ",		400, NONE,     true, "http_request_error", "the request is not well-formed HTTP")
WHY(BAD_URL,		"ERR_INVALID_URL",		400, NONE,     true, "http_request_error", "the request's URL is not valid")
WHY(BAD_VERSION,	"ERR_UNSUP_HTTPVERSION",	505, NONE,     true, "http_request_error", "the request's HTTP version is not supported")
WHY(BAD_CODING,		"ERR_INVALID_REQ",		501, NONE,     true, "http_request_error", "the request's transfer coding is not known")
WHY(BAD_EXPECTATION,	"ERR_INVALID_REQ",		417, NONE,     true, "http_request_error", "the request expects something unknown")
WHY(URI_TOO_LONG,	"ERR_TOO_BIG",			414, NONE,     true, "http_request_error", "the request's URI is longer than request_header_max_size")
WHY(HEAD_TOO_LARGE,	"ERR_TOO_BIG",			431, NONE,     true, "http_request_error", "the request's head is longer than request_header_max_size")
WHY(BODY_TOO_LARGE,	"ERR_TOO_BIG",			413, NONE,     true, "http_request_error", "the request's body is longer than request_body_max_size")
WHY(BAD_BODY,		"ERR_INVALID_REQ",		400, ABORTED,  true, "http_request_error", "the request's body is not well-formed")
WHY(SCHEME,		"ERR_UNSUP_REQ",		501, NONE,     true, "http_request_error", "the URL's scheme is not supported")
WHY(CONFLICT_HOST,	"ERR_CONFLICT_HOST",		409, NONE,     true, "http_request_error", "Host and the request's target differ")
WHY(REQUEST_TIMEOUT,	"ERR_REQUEST_PARSE_TIMEOUT",	408, TIMEDOUT, true, "http_request_error", "the client did not finish its request in time")
WHY(BODY_TIMEOUT,	"ERR_READ_TIMEOUT",		408, TIMEDOUT, true, "http_request_error", "the client did not go on sending its body")
WHY(CLIENT_GONE,	NULL,				0,   ABORTED,  false, NULL, "the client closed the connection")
WHY(CLIENT_EOF,		NULL,				0,   NONE,     false, NULL, "the client closed an idle connection")
WHY(CLIENT_WRITE,	NULL,				0,   ABORTED,  false, NULL, "writing to the client failed")
WHY(CLIENT_STALLED,	NULL,				0,   TIMEDOUT, true, NULL, "the client did not take its reply in time")
WHY(LIFETIME,		"ERR_LIFETIME_EXP",		504, TIMEDOUT, true, "connection_timeout", "client_lifetime was reached")

/* what policy says */
WHY(DENIED,		"ERR_ACCESS_DENIED",		403, NONE,     false, "http_request_denied", "a rule denies access")
WHY(UNDECIDED,		"ERR_ACCESS_DENIED",		403, NONE,     true, "http_request_denied", "the rules could not be decided, so access is denied")
WHY(FORWARDING_DENIED,	"ERR_FORWARDING_DENIED",	403, NONE,     false, "http_request_denied", "a rule of miss_access denies sending the request on")
WHY(REPLY_TOO_LARGE,	"ERR_TOO_BIG",			403, ABORTED,  false, "http_response_body_size", "the reply's body is longer than reply_body_max_size")
WHY(FORBIDDEN_ADDRESS,	"ERR_ACCESS_DENIED",		403, NONE,     false, "destination_ip_prohibited", "ssrf_protection does not let connect to the address of this host")
WHY(LOOP,		"ERR_ACCESS_DENIED",		403, NONE,     true, "proxy_loop_detected", "the request has passed this proxy before")
WHY(ONLY_IF_CACHED,	"ERR_ONLY_IF_CACHED_MISS",	504, NONE,     false, NULL, "the client wants only a stored reply, and there is none")

/* names and connections */
WHY(CANNOT_FORWARD,	"ERR_CANNOT_FORWARD",		503, NONE,     true, "destination_unavailable", "the request may not go to its server directly, and there is no cache_peer that could take it")
WHY(DNS_FAIL,		"ERR_DNS_FAIL",			503, NONE,     true, "dns_error", "the host name could not be resolved")
WHY(DNS_TIMEOUT,	"ERR_DNS_FAIL",			503, TIMEDOUT, true, "dns_timeout", "the name servers did not answer in time")
WHY(CONNECT_FAIL,	"ERR_CONNECT_FAIL",		503, NONE,     true, "connection_refused", "the connection could not be opened")
WHY(CONNECT_TIMEOUT,	"ERR_CONNECT_FAIL",		504, TIMEDOUT, true, "connection_timeout", "the connection was not opened in time")
WHY(NO_RESOURCES,	"ERR_SOCKET_FAILURE",		503, NONE,     true, "connection_limit_reached", "the proxy is out of descriptors, ports or memory")

/* what the origin sent */
WHY(ORIGIN_EMPTY,	"ERR_ZERO_SIZE_OBJECT",		502, NONE,     true, "http_response_incomplete", "the origin closed the connection without a reply")
WHY(ORIGIN_BAD_REPLY,	"ERR_INVALID_RESP",		502, NONE,     true, "http_protocol_error", "the origin's reply is not well-formed HTTP")
WHY(ORIGIN_HEAD_TOO_LARGE, "ERR_TOO_BIG",		502, NONE,     true, "http_response_header_section_size", "the origin's head is longer than reply_header_max_size")
WHY(ORIGIN_READ,	"ERR_READ_ERROR",		502, ABORTED,  true, "http_response_incomplete", "reading from the origin failed")
WHY(ORIGIN_WRITE,	"ERR_WRITE_ERROR",		502, ABORTED,  true, "connection_terminated", "writing to the origin failed")
WHY(ORIGIN_TIMEOUT,	"ERR_READ_TIMEOUT",		504, TIMEDOUT, true, "connection_read_timeout", "the origin did not answer in time")
WHY(ORIGIN_CUT,		"ERR_READ_ERROR",		502, ABORTED,  true, "http_response_incomplete", "the origin closed the connection in the middle of a reply")
WHY(ORIGIN_BAD_BODY,	"ERR_INVALID_RESP",		502, ABORTED,  true, "http_protocol_error", "the origin's chunked body is not well-formed")

/* tunnels */
WHY(TUNNEL_RESET,	NULL,				0,   NONE,     false, NULL, "one side of the tunnel reset its connection")
WHY(TUNNEL_IDLE,	NULL,				0,   TIMEDOUT, false, NULL, "nothing moved through the tunnel for read_timeout")

/* ourselves */
WHY(SHUTDOWN,		"ERR_SHUTTING_DOWN",		503, ABORTED,  false, "proxy_internal_error", "the proxy is shutting down")
WHY(MEMORY,		"ERR_SOCKET_FAILURE",		503, NONE,     true, "connection_limit_reached", "memory_limit was reached")
WHY(STORE_READ,		"ERR_READ_ERROR",		502, ABORTED,  true, "proxy_internal_error", "a stored reply could not be read from its disk")
WHY(INTERNAL,		"ERR_CANNOT_FORWARD",		500, NONE,     true, "proxy_internal_error", "the proxy failed")
/* clang-format on */
