/*
 * What the Connection fields of a head take away from it (RFC 9110 7.6.1).
 */
#pragma once

#include "http/head.h"

#define HTTP_NOMINATED_MAX 32

/*
 * Honest senders nominate a handful of fields; who sends more than there is room for loses all that
 * are not known, which includes the nominated ones.
 */
struct http_nominated {
	bool known[HTTP_F_N];
	struct span other[HTTP_NOMINATED_MAX]; /* of the head */
	size_t n_other;
	bool is_overfull;
};

/* Fields that are meant for all recipients are never among them: their nomination is ignored. */
void http_nominated_read(struct http_nominated *n, const struct http_head *h);
/* Are fields of this name? id: http_field_id_of(name). */
bool http_nominated_has(const struct http_nominated *n, enum http_field_id id, struct span name);
