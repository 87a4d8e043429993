/*
 * HTTP/1 heads to bytes. What is forwarded is always printed from the parsed form.
 */
#pragma once

#include "http/body.h"
#include "http/head.h"

/*
 * Exact size of the head as http_print_* prints it, so that a caller can provide the room.
 * `target` is what goes into the request line (origin-form, absolute-form or authority).
 */
size_t http_request_size(const struct http_head *h, struct span target);
size_t http_reply_size(const struct http_head *h);

/*
 * Print "METHOD target HTTP/1.1" or "HTTP/1.1 NNN reason", the fields in their order and the empty
 * line. buf must hold http_*_size() bytes. Returns the end. The line always says HTTP/1.1 (RFC 9110
 * 2.5: a proxy sends its own version). Framing fields are printed like others: the caller has set
 * them by http_head_set_framing().
 */
char *http_print_request(char *buf, const struct http_head *h, struct span target);
char *http_print_reply(char *buf, const struct http_head *h);

/* Field lines and the empty line only (trailers). */
size_t http_fields_size(const struct http_head *h);
char *http_print_fields(char *buf, const struct http_head *h);

/*
 * Replace Content-Length and Transfer-Encoding by what `f` says: a length, chunked, or nothing
 * (HTTP_BODY_NONE, HTTP_BODY_CLOSE). A reply to HEAD or a 304 keeps its Content-Length: do not call
 * it then.
 */
void http_head_set_framing(struct http_head *h, const struct http_framing *f);

/* The standard phrase, "" for unknown codes. */
const char *http_status_phrase(unsigned status);
