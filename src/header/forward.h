/*
 * What changes in a message when it passes the proxy (RFC 9110 7.6): pure functions from the head
 * that was received to the head that is sent.
 */
#pragma once

#include "header/header_conf.h"
#include "http/body.h"
#include "http/head.h"
#include "http/uri.h"

#define FORWARD_PRODUCT "cuttle"

/* How this proxy names itself; made once for a snapshot. */
struct forward_identity {
	struct span via; /* "1.1 proxy.example (cuttle/0.1.0)" */
	struct span via_1_0;
	struct span name; /* unique_hostname */
};

/* True if a Via field says that this proxy has seen the message already (RFC 9110 7.6.3). */
bool forward_is_loop(const struct http_head *h, const struct forward_identity *id);

struct forward_request {
	const struct header_conf *conf;
	const struct forward_identity *identity;
	const struct uri *uri;
	struct span client_ip;       /* text */
	struct http_framing framing; /* of the body as it is sent on */
	struct span upgrade;         /* the protocols that are offered on; SPAN_NULL: none */
	int64_t max_forwards;        /* value to send; -1: as it is */
	/* To a cache_peer: SPAN_NULL and false else. */
	struct span host;                /* what Host says instead */
	struct span proxy_authorization; /* sent */
	struct span authorization;       /* sent, in place of what the client sent */
	bool passes_proxy_authorization; /* the client's */
	bool hides_authorization;        /* the client's */
};

/*
 * Fill `out` (initialised, empty) with the request as it goes to an origin: no hop-by-hop fields,
 * no Proxy-Authorization, Host from the target, Via, X-Forwarded-For, framing.
 */
void forward_request(const struct http_head *in, struct http_head *out,
                     const struct forward_request *f);

struct forward_reply {
	bool passes_proxy_authenticate; /* of a cache_peer whose challenges are for the client */
	const struct header_conf *conf;
	const struct forward_identity *identity;
	const struct http_framing *framing; /* as sent to the client; NULL: none (HEAD, 304) */
	bool client_is_1_0, keep_alive;
	/* challenges that would authenticate the connection are left out */
	bool hides_connection_auth;
	bool upgrades; /* a 101: Connection and Upgrade are kept */
	int64_t now;   /* seconds: for a missing Date */
};
void forward_reply(const struct http_head *in, struct http_head *out,
                   const struct forward_reply *f);

/*
 * Does this side of the connection stay open after this message, as far as its head says
 * (RFC 9112 9.3)? Proxy-Connection counts like Connection for HTTP/1.0 clients.
 */
bool forward_is_persistent(const struct http_head *h);

/*
 * Does this exchange authenticate the connection on which it took place (NTLM, Negotiate,
 * Kerberos), or begin to? RFC 4559 6: then it must not carry the requests of others.
 */
bool forward_binds_connection(const struct http_head *request, const struct http_head *reply);

/* The framing for a body received as `from`, towards a receiver of HTTP/1.0 or 1.1. */
struct http_framing forward_framing(const struct http_framing *from, bool receiver_is_1_0);

/*
 * The rules for one protocol of an Upgrade field, one list after the other: those that name it,
 * without a version or with the same one, or, if none names it, those for OTHER. at: the one
 * before; NULL: the first is wanted. A list of which no rule matches does not decide, and one that
 * holds only rules on trial counts as none, but is asked. NULL: no more; the offer is dropped.
 */
const struct upgrade_rules *forward_upgrade_next(const struct header_conf *c, struct span protocol,
                                                 const struct upgrade_rules *at);

/* RFC 9110 7.8: is every protocol that a 101 names among those offered? */
bool forward_upgrade_is_offered(const struct http_head *reply, struct span offered);
