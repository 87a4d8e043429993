/*
 * URIs as far as a proxy needs them (RFC 3986, RFC 9110 4, RFC 9112 3.2): strict, pure.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/ip.h"

enum uri_scheme {
	URI_HTTP,
	URI_HTTPS,
	URI_FTP,
	URI_URN,
	URI_WS_OTHER,
	URI_NONE /* authority only */
};

struct uri {
	enum uri_scheme scheme;
	struct span scheme_text; /* as written, "" for URI_NONE */
	/*
	 * Host in lower case (in the arena if it had to change), without brackets and without one
	 * final dot; an address in canonical text. Percent-encoding in a host is refused.
	 */
	struct span host;
	bool host_is_ip;
	struct ip ip;        /* if host_is_ip */
	uint16_t port;       /* explicit, or the scheme's default; 0 if neither */
	bool has_port;       /* it was written */
	bool has_final_dot;  /* "example.com." */
	struct span path;    /* path and query: "/" if empty; "*" for asterisk-form; no fragment */
	bool path_was_empty; /* "http://host": OPTIONS then asks for "*" (RFC 9112 3.2.4) */
};

/*
 * Absolute-form target: scheme "://" authority path. Userinfo, an empty host, an empty port, ports
 * outside 1..65535, blanks, controls, bytes outside ASCII, a fragment, a backslash in the path:
 * refused, with *detail a static text. Other printable bytes that RFC 3986 leaves out ('"<>^`{|}',
 * and '\' in the query) are let through, since browsers and command lines send them and nobody
 * reads them differently. A host whose last label is a number is an IPv4 address in one of the
 * forms of inet_aton() ("127.1", "0x7f.1", "2130706433", "0177.0.0.1"), made canonical, or refused.
 * IPv6 in brackets, no zone. '_' is allowed in names.
 */
bool uri_parse_absolute(struct span target, struct arena *a, struct uri *u,
                        const char **detail) MUST_USE;

/* Authority-form of CONNECT: host ":" port, the port being mandatory. The path is empty. */
bool uri_parse_authority(struct span target, struct arena *a, struct uri *u,
                         const char **detail) MUST_USE;

/* The value of Host: host [":" port]; the scheme and its default port are the caller's. */
bool uri_parse_host(struct span value, enum uri_scheme scheme, struct arena *a, struct uri *u,
                    const char **detail) MUST_USE;

/* Origin-form ("/path?query") or "*": checks the bytes. */
bool uri_parse_path(struct span target, struct span *path, const char **detail) MUST_USE;

uint16_t uri_default_port(enum uri_scheme s); /* 0 if none */

/*
 * The effective request URI, canonical: "http://host[:port]/path?query" with the default port
 * left out; for URI_NONE "host:port". IPv6 hosts in brackets. In the arena.
 */
struct span uri_text(const struct uri *u, struct arena *a);
/* "host" or "host:port" as a Host field says it. */
struct span uri_host_text(const struct uri *u, struct arena *a);

/*
 * Percent-decode for matching (url_regex). A percent sign that begins no triplet stays as it is,
 * and keeps no other from being decoded: servers look at the path alone, whatever a query ends
 * with.
 */
struct span uri_decode(struct span s, struct arena *a);
