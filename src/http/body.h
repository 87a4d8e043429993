/*
 * Where a body begins and ends (RFC 9112 6), and the chunked coding both ways.
 */
#pragma once

#include "base/why.h"
#include "http/head.h"
#include "http/parse.h"

enum http_framing_kind {
	HTTP_BODY_NONE,    /* there is none */
	HTTP_BODY_LENGTH,  /* exactly `length` bytes */
	HTTP_BODY_CHUNKED, /* until the last chunk and its trailers */
	HTTP_BODY_CLOSE    /* until the connection ends (replies only) */
};

struct http_framing {
	enum http_framing_kind kind;
	uint64_t length; /* HTTP_BODY_LENGTH only */
};

/*
 * The framing of a request or reply by its head. Both Content-Length and Transfer-Encoding,
 * differing or malformed lengths (signs, blanks, lists of unequal numbers), Transfer-Encoding in
 * HTTP/1.0, codings other than a single "chunked": false, with e->why (WHY_BAD_REQUEST,
 * WHY_BAD_CODING or WHY_ORIGIN_BAD_REPLY) and e->detail. A CONNECT with a body is refused (but not
 * one that says Content-Length: 0); a 2xx to CONNECT, 1xx, 204, 304 and replies to HEAD have none
 * whatever their fields say. Several equal Content-Length values count as one (RFC 9112 6.3).
 */
bool http_request_framing(const struct http_head *h, struct http_framing *f,
                          struct http_parse_error *e) MUST_USE;
bool http_reply_framing(const struct http_head *h, enum http_method request_method,
                        struct http_framing *f, struct http_parse_error *e) MUST_USE;

/*
 * What a reply without a body says about the length of the body that it has not: RFC 9110 8.6, for
 * HEAD and 304. False if it says nothing, nothing that is well-formed, or a transfer coding.
 */
bool http_said_length(const struct http_head *h, uint64_t *length);

/*
 * Decoder of the chunked coding. Zeroed by init; limits: a chunk-size of at most 16 hex digits that
 * fits int64, chunk extensions of at most 4 KiB a chunk (syntax-checked, dropped), trailers of at
 * most max_trailer_bytes, which at the end are field lines that http_parse_trailers() takes. Only
 * CRLF ends a line.
 */
struct http_chunked {
	uint8_t state;
	uint8_t size_digits;
	uint64_t left; /* data bytes of the current chunk still to come */
	uint32_t ext_bytes;
	char *trailer; /* malloc'ed as needed: field lines, without the empty one */
	uint32_t trailer_n, trailer_cap;
	uint32_t max_trailer_bytes;
	const char *detail; /* after HTTP_CHUNK_BAD: what is wrong, static */
};

enum http_chunk {
	HTTP_CHUNK_DATA, /* *data was set: bytes of the body; call again */
	HTTP_CHUNK_MORE, /* all of *in was used */
	HTTP_CHUNK_END,  /* the body is complete; *in holds what follows it */
	HTTP_CHUNK_BAD
};

void http_chunked_init(struct http_chunked *c, uint32_t max_trailer_bytes);
void http_chunked_fini(struct http_chunked *c);
/* Take bytes off the front of *in. Data is not copied: *data points into *in's text. */
enum http_chunk http_chunked_decode(struct http_chunked *c, struct span *in, struct span *data);
#define HTTP_CHUNK_HEAD_MAX 18 /* 16 digits and CRLF */

/* Print the line that opens a chunk of n > 0 data bytes; returns its length. */
size_t http_chunk_head(char buf[HTTP_CHUNK_HEAD_MAX], uint64_t n);
