/*
 * What is known of a transaction when it ends: one flat record, from which every log line is made.
 *
 * Filled by the worker, packed into its ring, formatted and written by the log thread.
 */
#pragma once

#include "base/base.h"
#include "base/ip.h"
#include "base/why.h"

/* RESULT(symbol): Squid's result codes without suffixes. The first is "no code". */
#define LOG_RESULTS(X)                                                                             \
	X(NONE_NONE)                                                                               \
	X(TCP_HIT)                                                                                 \
	X(TCP_MEM_HIT)                                                                             \
	X(TCP_MISS)                                                                                \
	X(TCP_REFRESH)                                                                             \
	X(TCP_REFRESH_UNMODIFIED)                                                                  \
	X(TCP_REFRESH_MODIFIED)                                                                    \
	X(TCP_REFRESH_FAIL_OLD)                                                                    \
	X(TCP_REFRESH_FAIL_ERR)                                                                    \
	X(TCP_CLIENT_REFRESH_MISS) X(TCP_IMS_HIT) X(TCP_INM_HIT) X(TCP_SWAPFAIL_MISS)              \
		X(TCP_NEGATIVE_HIT) X(TCP_OFFLINE_HIT) X(TCP_DENIED) X(TCP_DENIED_REPLY)           \
			X(TCP_REDIRECT) X(TCP_TUNNEL)

enum log_result {
#define X(sym) LOG_##sym,
	LOG_RESULTS(X)
#undef X
		LOG_RESULT_N
};

enum log_hier {
#define HIER(sym) LOG_##sym,
#include "base/hier.tbl.h"
#undef HIER
	LOG_HIER_N
};

/* What http_access said. */
enum log_verdict { LOG_VERDICT_NONE, LOG_VERDICT_ALLOW, LOG_VERDICT_DENY };

struct log_rec {
	int64_t start_us, end_us; /* wall clock */
	int64_t duration_us;
	struct endpoint client, local; /* client's end, our end of the client connection */
	struct endpoint server;        /* zero if there was none */
	struct endpoint source;        /* our end of that connection; zero: not asked for */
	uint64_t id;                   /* of the session, unique in the process */

	uint16_t status;        /* sent to the client; 0 if none */
	uint16_t server_status; /* received; 0 if none */
	uint8_t result, hier;   /* enum log_result, log_hier */
	uint8_t why;            /* enum why: its suffix follows the result code */
	uint8_t version;        /* 10, 11; 0 if no request was parsed */
	uint8_t cause;          /* enum why: of the error page, if it was one */
	uint8_t attempts;
	uint8_t verdict;   /* enum log_verdict */
	bool is_collapsed; /* it waited for what another one fetched: _CF */

	uint64_t client_in_bytes, client_out_bytes; /* with heads */
	uint64_t client_head_bytes, reply_head_bytes;
	uint64_t server_in_bytes;
	int64_t dns_us;    /* -1: did not happen */
	int64_t peer_us;   /* from the request sent upstream to its reply; -1: none */
	int64_t server_us; /* from the first attempt to forward to the end; -1: none */

	struct span method; /* empty: "-" or "NONE" as Squid prints it */
	struct span url;    /* also error:invalid-request and the like */
	struct span user;   /* empty: - */
	struct span content_type;
	struct span server_name;
	struct span rule;       /* deciding rule: "http_access deny CONNECT !SSL_ports" */
	struct span rule_place; /* "squid.conf:35" */
	struct span reported;   /* the report_only rule that matched; empty: none */
	struct span shadow;     /* what a shadow policy would have said; empty: there is none */
	struct span facts;      /* log_facts_pack(), if a log has the format facts */
	struct span fields;     /* log_pack_end(): what else the formats in use print */
	struct span detail;     /* why, for a human; empty: none */
};

const char *log_result_text(enum log_result r);
/* Was it answered from the cache, perhaps after the origin was asked? As Squid counts hits. */
bool log_result_is_hit(enum log_result r);
const char *log_hier_text(enum log_hier h);
struct span log_result_span(enum log_result r);
struct span log_hier_span(enum log_hier h);
