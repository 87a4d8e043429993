/*
 * Validation of a stored reply (RFC 9111 4.3): which conditions it makes, whether an answer is
 * about it, and the head that results.
 *
 * Pure.
 */
#pragma once

#include "cache/cobj.h"
#include "http/head.h"

/*
 * Make `request`, which is to be sent, ask whether the stored reply is still good (4.3.1):
 * If-None-Match from its ETag, If-Modified-Since from its Last-Modified. Conditions and ranges of
 * the client are taken away: they are for whoever answers the client. False: it has no validator;
 * then there is no condition, and the answer is a whole reply.
 */
bool merge_set_conditions(struct http_head *request, const struct http_head *stored);
/* Conditions and ranges taken away only: for a fetch of the whole. */
void merge_clear_conditions(struct http_head *request);

/* Of both heads together. */
#define MERGE_FIELDS_MAX 1000u
#define MERGE_BYTES_MAX  131072u

enum merge_fit {
	MERGE_FITS,
	/*
	 * it may answer this request, but must not be kept: the reply forbids that, or
	 * selects by other fields from now on
	 */
	MERGE_FITS_ONCE,
	MERGE_OTHER /* it is about another representation, or too long: fetch the whole */
};
/* Whether a 304 to these conditions confirms the stored reply (4.3.4). */
enum merge_fit merge_fit(const struct http_head *stored, const struct http_head *not_modified);

/*
 * The stored head renewed by a 304, or by a HEAD's reply (3.2): fields of the new one replace
 * those of the same name; what describes the bytes that are stored (Content-Length, -Encoding,
 * -Range), Vary, and what storable_head() leaves out stay as they are. Age and Date become those
 * of the answer, which came at response_s. In `merged`, with a fresh list of fields in the arena;
 * texts are those of the two heads, but for a Date that was missing.
 */
void merge_heads(const struct http_head *stored, const struct http_head *answer, int64_t response_s,
                 struct arena *a, struct http_head *merged);

enum merge_head {
	MERGE_HEAD_UNRELATED,  /* leave the stored reply alone */
	MERGE_HEAD_UPDATES,    /* merge_heads() */
	MERGE_HEAD_INVALIDATES /* it has changed: consider it stale */
};
/*
 * What the reply to a HEAD says about the stored reply to a GET (4.3.5). body_bytes:
 * COBJ_LENGTH_UNKNOWN if so.
 */
enum merge_head merge_fit_head(const struct http_head *stored, uint64_t body_bytes,
                               const struct http_head *reply);
