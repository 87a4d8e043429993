/*
 * What a policy may be asked about: everything that a decision reads is here, and nothing else is
 * read. A fact that would take an operation to find (a name lookup) starts as UNKNOWN.
 *
 * Worker-local; frozen for one decision. Spans point into the transaction.
 *
 * FACT_SRC is the client's address as policy sees it: the connecting one, or what a trusted
 * X-Forwarded-For names.
 */
#pragma once

#include "acl/notes.h"
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
	X(USER, "user", "who the client has proved to be")                                         \
	X(NOTES, "notes", "annotations of the transaction and of its client connection")           \
	X(DRAW, "draw", "a random number")                                                         \
	X(CONNECTIONS, "connections", "how many connections the client's address holds")           \
	X(PEER, "peer", "the cache_peer that was chosen")                                          \
	X(HIER, "hier", "how the request went on, as a hierarchy code")                            \
	X(INITIATOR, "initiator", "who started the transaction")                                   \
	X(MARK, "mark", "the netfilter mark of the client connection")                             \
	X(ERROR, "error", "the error that the transaction ended in")

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
	/* uri_decode() of it; SPAN_NULL: a decision decodes it if it must */
	struct span url_decoded;
	const struct http_head *request;

	const struct http_head *reply;

	const struct ip *dst; /* n_dst addresses, if FACT_DST_ADDRS is a value */
	unsigned n_dst;
	struct span src_name, dst_name;
	struct span user;

	const struct notes *notes; /* what earlier decisions and the client connection left */
	uint64_t draw;             /* one a transaction; each random acl derives its own from it */
	unsigned connections;      /* of the connecting address, this one included */
	struct span peer;          /* the cache_peer's name; FACT_PEER is ABSENT when direct */
	struct span hier_code;     /* "HIER_DIRECT" and so on: base/hier.tbl.h */
	struct span initiator;     /* "client" */
	uint32_t mark;
	struct span error; /* "ERR_ACCESS_DENIED" and so on */
	bool is_client_encrypted;

	/*
	 * Where what a decision leaves behind (trail.effects) is made; NULL: it is dropped. The one
	 * member that a decision may change.
	 */
	struct arena *arena;

	/*
	 * Decisions about these facts count hits of rules and acls, as of this time (wall clock,
	 * seconds) and in this shard of the tally (the worker's number). 0: they do not.
	 */
	int64_t count_s;
	unsigned count_shard;
};

const char *fact_name(enum fact f);
const char *fact_text(enum fact f); /* what it is, in a sentence about it */
