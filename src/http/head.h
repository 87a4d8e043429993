/*
 * A message head: request line or status line, and fields. Independent of the wire's version: the
 * HTTP/1 parser fills one, the HTTP/1 serialiser prints one, and nothing else sees bytes.
 *
 * Worker-local, lives in an arena. Spans point into the text that was parsed, or into the arena.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"

/* Known methods; every other token is HTTP_OTHER with its name in method_name. */
#define HTTP_METHODS(X)                                                                            \
	X(GET)                                                                                     \
	X(HEAD)                                                                                    \
	X(POST)                                                                                    \
	X(PUT)                                                                                     \
	X(DELETE)                                                                                  \
	X(CONNECT)                                                                                 \
	X(OPTIONS) X(TRACE) X(PATCH) X(PURGE) X(PROPFIND) X(PROPPATCH) X(MKCOL) X(COPY) X(MOVE)    \
		X(LOCK) X(UNLOCK) X(REPORT) X(SEARCH)

enum http_method {
	HTTP_OTHER,
#define X(m) HTTP_##m,
	HTTP_METHODS(X)
#undef X
};

/* Field names that the proxy treats specially (field.tbl.h); all others are HTTP_F_OTHER. */
enum http_field_id {
	HTTP_F_OTHER,
#define FIELD(sym, name, flags) HTTP_F_##sym,
#include "http/field.tbl.h"
#undef FIELD
	HTTP_F_N
};

enum {
	FIELD_HOP = 1,       /* hop-by-hop: never forwarded (RFC 9110 7.6.1) */
	FIELD_FRAMING = 2,   /* owned by the serialiser */
	FIELD_NO_TRAILER = 4 /* not allowed in trailers (RFC 9110 6.5.1) */
};

struct http_field {
	struct span name, value; /* value without surrounding blanks */
	enum http_field_id id;
};

struct http_head {
	/* request */
	enum http_method method;
	struct span method_name;
	struct span target; /* as received */
	/* reply */
	unsigned status; /* 100..999, 0 in a request */
	struct span reason;

	unsigned version; /* major * 10 + minor: 10 or 11 */
	struct http_field *fields;
	uint32_t n_fields, cap_fields;
	struct arena *arena; /* where fields[] and added text live */
	/*
	 * One bit for each id that may be among the fields, so that asking for an absent one costs
	 * nothing. Kept by the parser and http_head_add*(): append by those only. Removing leaves
	 * bits.
	 */
	uint64_t have[(HTTP_F_N + 63) / 64];
};

void http_head_init(struct http_head *h, struct arena *a);

const char *http_method_text(enum http_method m);  /* "GET"; "" for HTTP_OTHER */
enum http_method http_method_of(struct span name); /* case-sensitive */
/* RFC 9110 9.2.1 and 9.2.2; unknown methods are neither. */
bool http_method_is_safe(enum http_method m);
bool http_method_is_idempotent(enum http_method m);

enum http_field_id http_field_id_of(struct span name);
struct span http_field_name(enum http_field_id id);
unsigned http_field_flags(enum http_field_id id);

/* First field of this id, or NULL. Never HTTP_F_OTHER. */
const struct http_field *http_head_get(const struct http_head *h, enum http_field_id id);
/* First field of this name in any case, or NULL. */
const struct http_field *http_head_get_named(const struct http_head *h, struct span name);
unsigned http_head_count(const struct http_head *h, enum http_field_id id);

/* Append; name and value must outlive the head (put them into its arena). */
void http_head_add(struct http_head *h, enum http_field_id id, struct span value);
void http_head_add_named(struct http_head *h, struct span name, struct span value);
/* Remove all fields of this id; returns how many. */
unsigned http_head_remove(struct http_head *h, enum http_field_id id);

/* All values of a list-valued field joined by ", " (in the arena); SPAN_NULL if there is none. */
struct span http_head_joined(const struct http_head *h, enum http_field_id id);

/* True if a comma-separated list field holds this token, in any case (Connection: close). */
bool http_head_has_token(const struct http_head *h, enum http_field_id id, struct span token);

/*
 * Walk the elements of one comma-separated value: empty ones are skipped, quoted strings are
 * respected (RFC 9110 5.6.1). Returns false at the end. *rest starts as the value.
 */
bool http_list_next(struct span *rest, struct span *element);

/*
 * Remove what concerns one hop only: Connection and every field it names (except those meant for
 * all, such as Content-Length, Host, Cache-Control and Via, whose nomination is ignored),
 * Keep-Alive, Proxy-Connection, TE, Trailer, Transfer-Encoding, Upgrade (RFC 9110 7.6.1).
 * Content-Length is left to the caller.
 */
void http_head_remove_hop_by_hop(struct http_head *h);

/* Tokens, field values and reason phrases by RFC 9110's grammar. */
bool http_is_token(struct span s);
