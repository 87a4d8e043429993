/*
 * May this reply to this request be stored (RFC 9111 3), and what of it?
 *
 * Pure. What depends on sizes, on send_hit and its like, or on whether the body came whole, is
 * decided elsewhere.
 */
#pragma once

#include "cache/cache_conf.h"
#include "http/head.h"

enum storable_verdict {
	STORABLE_NO,
	STORABLE_YES,
	STORABLE_NEGATIVELY /* an error, for ttl_s seconds: COBJ_NEGATIVE */
};

#define STORABLE_REASONS(X)                                                                        \
	X(FRESH, "it is fresh for long enough")                                                    \
	X(VALIDATABLE, "it can be validated")                                                      \
	X(STORE_STALE, "by store-stale")                                                           \
	X(EXPLICIT, "the reply says how long it is fresh")                                         \
	X(NEGATIVE_TTL, "by negative_ttl")                                                         \
	X(METHOD, "only replies to GET are stored")                                                \
	X(REQUEST_NO_STORE, "the request says no-store")                                           \
	X(NO_STORE, "the reply says no-store")                                                     \
	X(NOT_UNDERSTOOD, "the reply says must-understand, and its status is not known")           \
	X(PRIVATE, "the reply says private")                                                       \
	X(AUTHORIZATION, "the request has credentials, and the reply does not allow it")           \
	X(PARTIAL, "a part is not stored")                                                         \
	X(STATUS, "replies of this status are not stored")                                         \
	X(PUSH, "multipart/x-mixed-replace never ends")                                            \
	X(VARY, "Vary is * or too long")                                                           \
	X(SHORT_LIVED, "it would be stale too soon and cannot be validated")                       \
	X(NO_LIFETIME, "replies of this status must say how long they are fresh")                  \
	X(EXPIRED, "it has expired already")

enum storable_reason {
#define X(symbol, words) STORABLE_BY_##symbol,
	STORABLE_REASONS(X)
#undef X
};

struct storable_question {
	const struct cache_conf *conf;
	struct span url; /* what refresh_pattern looks at: the store id, or the canonical URL */
	const struct http_head *request; /* as the client sent it */
	const struct http_head *reply;
	int64_t request_s, response_s; /* wall clock when it was asked, when it was answered */
	bool added_credentials;        /* an Authorization that is not the client's went along */
};

struct storable {
	enum storable_verdict verdict;
	enum storable_reason reason;
	int64_t ttl_s; /* STORABLE_NEGATIVELY */
};

void storable_check(const struct storable_question *q, struct storable *s);
const char *storable_reason_text(enum storable_reason r);

/* False: the request alone rules out that its reply is stored, so nobody need wait for that. */
bool storable_request(const struct http_head *request);

/* Although it answers a request with credentials (RFC 9111 3.5). */
bool storable_is_for_all(const struct http_head *reply);
/*
 * What is kept of a reply's head: in `kept`, with a fresh list of fields in the arena; texts are
 * those of the reply. Left out are fields of this hop (RFC 9111 3.1), those that private= or
 * no-cache= name, and Set-Cookie, which Squid does not send on hits either.
 */
void storable_head(const struct http_head *reply, struct arena *a, struct http_head *kept);
