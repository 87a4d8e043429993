/*
 * What a policy may be asked about: everything that a decision reads is here, and nothing else is
 * read. A fact that would take an operation to find (a name lookup) starts as UNKNOWN.
 *
 * Worker-local; frozen for one decision. Spans point into the transaction.
 */
#pragma once

#include "base/base.h"
#include "base/ip.h"
#include "http/head.h"
#include "http/uri.h"

enum fact_state {
	FACT_UNKNOWN, /* not looked for yet: makes a decision return NEED */
	FACT_ABSENT,  /* looked for, there is none (no reverse name, no User-Agent) */
	FACT_FAILED,  /* looked for, could not be found out */
	FACT_VALUE
};

/* FACT(symbol, name in traces and explain, what it is) */
#define FACTS(X)                                                                                   \
	X(SRC, "src", "the client's address and port")                                             \
	X(LOCAL, "local", "the address and port that the client connected to")                     \
	X(PORT_NAME, "portname", "the name of the listening port")                                 \
	X(CLOCK, "time", "local weekday and time of day")                                          \
	X(REQUEST, "request", "method, URL and request fields")                                    \
	X(REPLY, "reply", "status and reply fields")                                               \
	X(DST_ADDRS, "dst", "the addresses of the URL's host")                                     \
	X(SRC_NAME, "srcname", "the client's name by reverse lookup")                              \
	X(DST_NAME, "dstname", "the name of a URL's host that is an address, by reverse lookup")   \
	X(USER, "user", "who the client has proved to be")

enum fact {
#define X(sym, name, text) FACT_##sym,
	FACTS(X)
#undef X
		FACT_N
};

struct facts {
	uint8_t state[FACT_N]; /* enum fact_state */

	struct endpoint src, local;
	struct span port_name;

	unsigned weekday; /* 0 = Sunday */
	unsigned minute;  /* of the day, local time */

	enum http_method method;
	struct span method_name;
	const struct uri *uri;
	struct span url; /* canonical text; "host:port" for CONNECT */
	struct span
		url_decoded; /* uri_decode() of it; SPAN_NULL: a decision decodes it if it must */
	const struct http_head *request;

	const struct http_head *reply;

	const struct ip *dst; /* n_dst addresses, if FACT_DST_ADDRS is a value */
	unsigned n_dst;
	struct span src_name, dst_name;
	struct span user;
};

const char *fact_name(enum fact f);
