/*
 * HTTP/1 heads from bytes (RFC 9112), without leniency that another parser could read differently.
 *
 * Pure: no state, no I/O. The text must stay where it is as long as the head is used.
 */
#pragma once

#include "base/why.h"
#include "http/head.h"

enum http_parse { HTTP_PARSE_OK, HTTP_PARSE_MORE, HTTP_PARSE_BAD };

struct http_parse_error {
	enum why why;       /* WHY_BAD_REQUEST, WHY_BAD_VERSION, WHY_URI_TOO_LONG, ... */
	const char *detail; /* static, e.g. "space before the colon": for logs and the error page */
	size_t offset;      /* where in the text */
};

/*
 * How far the end of a head is looked for; zeroed before the first call for a message, so that a
 * head arriving a byte at a time is not scanned again and again.
 */
struct http_scan {
	size_t seen; /* bytes already looked at */
	size_t line; /* where the first line begins that was not complete */
};

/*
 * Parse a request head at the start of text. Up to one empty line (CRLF) before it is skipped (RFC
 * 9112 2.2). max_bytes is request_header_max_size, counted from the first byte to the end of the
 * empty line. HTTP_PARSE_MORE: no complete head yet (and not too long, and nothing wrong so far as
 * lines are complete). On OK, *used is the number of bytes up to and including the empty line.
 *
 * Refused: bare CR or LF anywhere, NUL, control bytes, obs-fold, blanks before the colon, an empty
 * or non-token name, a method that is no token, more than one SP between the parts, anything but
 * HTTP/1.0 and HTTP/1.1 (other well-formed versions: WHY_BAD_VERSION), missing (1.1) or repeated
 * Host. Host's value itself is judged by uri_parse_host().
 */
enum http_parse http_parse_request(struct span text, size_t max_bytes, struct http_scan *scan,
                                   struct http_head *h, size_t *used, struct http_parse_error *e);

/* The same for a reply head; an empty reason phrase is allowed, obs-text in it too. */
enum http_parse http_parse_reply(struct span text, size_t max_bytes, struct http_scan *scan,
                                 struct http_head *h, size_t *used, struct http_parse_error *e);

/*
 * Field lines only, without the final empty line (trailers, as collected by body.h), appended to h.
 * Fields with any of FIELD_NO_TRAILER, FIELD_FRAMING and FIELD_HOP are dropped.
 */
bool http_parse_trailers(struct span text, struct http_head *h,
                         struct http_parse_error *e) MUST_USE;
