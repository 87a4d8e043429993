/*
 * Conditional requests against a stored reply (RFC 9110 13, RFC 9111 4.3.2). Pure.
 */
#pragma once

#include "http/head.h"

enum http_condition {
	HTTP_SEND_WHOLE,
	HTTP_USE_RANGE,            /* the Range field counts: range.h */
	HTTP_NOT_MODIFIED_BY_ETAG, /* 304; TCP_INM_HIT */
	HTTP_NOT_MODIFIED_BY_DATE, /* 304; TCP_IMS_HIT */
	HTTP_PRECONDITION_FAILED   /* 412 */
};

/*
 * What the request's conditions make of a stored reply that may be used as it is, in the order of
 * RFC 9110 13.2.2. received_s: when the reply was received, for the one without Last-Modified and
 * Date.
 *
 * A cache may leave If-Match and If-Unmodified-Since to the origin (RFC 9111 4.3.2); here they are
 * asked about what would be sent, as Squid does with If-Match. Tags are compared strongly for
 * If-Match and If-Range, weakly for If-None-Match; a malformed list of them matches nothing. Of a
 * field that may be there once, a second one makes it malformed; a malformed date is ignored, but
 * fails If-Range.
 */
enum http_condition http_condition_decide(const struct http_head *request,
                                          const struct http_head *stored, int64_t received_s);

/* Has the request a field that http_condition_decide() looks at? If not, it is HTTP_SEND_WHOLE. */
bool http_is_conditional(const struct http_head *request);

/*
 * Does a 304 that is made of a stored reply carry this field of it? RFC 9110 15.4.5: what caches
 * keep themselves by, not what describes a body that the client has. Fields that are made anew for
 * each reply (Age, Via, ...) are not asked about.
 */
bool http_not_modified_carries(const struct http_head *stored, const struct http_field *f);
