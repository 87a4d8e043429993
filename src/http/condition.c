/*
 * Conditions: which come first, and what each says about a stored reply.
 */
#include "http/condition.h"

#include "http/date.h"
#include "http/etag.h"

enum comparison { COMPARE_WEAK, COMPARE_STRONG };

/* The only field of this id; NULL if there is none, or several of what may be there once. */
static const struct http_field *only(const struct http_head *h, enum http_field_id id)
{
	return http_head_count(h, id) == 1 ? http_head_get(h, id) : NULL;
}

static bool date_of(const struct http_head *h, enum http_field_id id, int64_t now, int64_t *t)
{
	const struct http_field *const f = only(h, id);

	return f != NULL && http_date_parse(f->value, now, t);
}

static bool stored_etag(const struct http_head *stored, struct http_etag *e)
{
	const struct http_field *const f = only(stored, HTTP_F_ETAG);

	return f != NULL && http_etag_parse(f->value, e);
}

/* One field's list; *is_bad is set if it is none. */
static bool list_has(struct span list, const struct http_etag *have, enum comparison how,
                     bool *is_bad)
{
	bool found = false;
	struct http_etag e;
	enum http_etag_next next;

	while ((next = http_etag_next(&list, &e)) == HTTP_ETAG_ONE)
		found |= have != NULL && (how == COMPARE_STRONG ? http_etag_eq_strong(&e, have)
		                                                : http_etag_eq_weak(&e, have));
	*is_bad |= next == HTTP_ETAG_BAD;
	return found;
}

/*
 * If-Match and If-None-Match: does it name the stored reply? Several fields are one list; "*"
 * stands alone.
 */
static bool names_stored(const struct http_head *request, enum http_field_id id,
                         const struct http_head *stored, enum comparison how)
{
	const struct http_field *const single = only(request, id);
	struct http_etag etag;
	const struct http_etag *const have = stored_etag(stored, &etag) ? &etag : NULL;
	bool found = false, is_bad = false;

	if (single != NULL && span_eq(single->value, SPAN("*")))
		return true;
	for (uint32_t i = 0; i < request->n_fields; i++)
		if (request->fields[i].id == id)
			found |= list_has(request->fields[i].value, have, how, &is_bad);
	return found && !is_bad;
}

/* RFC 9110 13.1.4: without a date of modification it is ignored. */
static bool is_unmodified(const struct http_head *request, const struct http_head *stored,
                          int64_t now)
{
	int64_t since, modified;

	return !date_of(request, HTTP_F_IF_UNMODIFIED_SINCE, now, &since) ||
	       !date_of(stored, HTTP_F_LAST_MODIFIED, now, &modified) || modified <= since;
}

/* RFC 9111 4.3.2: without Last-Modified by Date, without that by when it came. */
static bool is_modified(const struct http_head *request, const struct http_head *stored,
                        int64_t received_s)
{
	int64_t since, modified;

	if (!date_of(request, HTTP_F_IF_MODIFIED_SINCE, received_s, &since))
		return true;
	if (!date_of(stored, HTTP_F_LAST_MODIFIED, received_s, &modified) &&
	    !date_of(stored, HTTP_F_DATE, received_s, &modified))
		modified = received_s;
	return modified > since;
}

/*
 * RFC 9110 13.1.5: a date counts if it is the stored one and a strong validator, which takes a Date
 * that is later by a second at least (8.8.2.2).
 */
static bool range_date_is_stored(struct span date, const struct http_head *stored, int64_t now)
{
	const struct http_field *const f = only(stored, HTTP_F_LAST_MODIFIED);
	int64_t modified, sent;

	return f != NULL && span_eq(f->value, date) && http_date_parse(date, now, &modified) &&
	       date_of(stored, HTTP_F_DATE, now, &sent) && sent > modified;
}

static bool range_counts(const struct http_head *request, const struct http_head *stored,
                         int64_t now)
{
	struct http_etag want, have;

	/* RFC 9110 14.2: only where the answer would be a 200 to a GET */
	if (request->method != HTTP_GET || stored->status != 200 ||
	    only(request, HTTP_F_RANGE) == NULL)
		return false;
	if (http_head_get(request, HTTP_F_IF_RANGE) == NULL)
		return true;
	const struct http_field *const f = only(request, HTTP_F_IF_RANGE);

	if (f == NULL)
		return false;
	if (http_etag_parse(f->value, &want))
		return stored_etag(stored, &have) && http_etag_eq_strong(&want, &have);
	return range_date_is_stored(f->value, stored, now);
}

enum http_condition http_condition_decide(const struct http_head *request,
                                          const struct http_head *stored, int64_t received_s)
{
	const bool is_read = request->method == HTTP_GET || request->method == HTTP_HEAD;

	/* RFC 9110 13.2.1: what would not succeed anyway is not made conditional */
	if (stored->status / 100 != 2)
		return HTTP_SEND_WHOLE;
	if (http_head_get(request, HTTP_F_IF_MATCH) != NULL) {
		if (!names_stored(request, HTTP_F_IF_MATCH, stored, COMPARE_STRONG))
			return HTTP_PRECONDITION_FAILED;
	} else if (!is_unmodified(request, stored, received_s)) {
		return HTTP_PRECONDITION_FAILED;
	}
	if (http_head_get(request, HTTP_F_IF_NONE_MATCH) != NULL) {
		if (names_stored(request, HTTP_F_IF_NONE_MATCH, stored, COMPARE_WEAK))
			return is_read ? HTTP_NOT_MODIFIED_BY_ETAG : HTTP_PRECONDITION_FAILED;
	} else if (is_read && !is_modified(request, stored, received_s)) {
		return HTTP_NOT_MODIFIED_BY_DATE;
	}
	return range_counts(request, stored, received_s) ? HTTP_USE_RANGE : HTTP_SEND_WHOLE;
}

bool http_is_conditional(const struct http_head *request)
{
	return http_head_get(request, HTTP_F_IF_NONE_MATCH) != NULL ||
	       http_head_get(request, HTTP_F_IF_MODIFIED_SINCE) != NULL ||
	       http_head_get(request, HTTP_F_RANGE) != NULL ||
	       http_head_get(request, HTTP_F_IF_MATCH) != NULL ||
	       http_head_get(request, HTTP_F_IF_UNMODIFIED_SINCE) != NULL;
}

bool http_not_modified_carries(const struct http_head *stored, const struct http_field *f)
{
	static const enum http_field_id always[] = { HTTP_F_CACHE_CONTROL, HTTP_F_CONTENT_LOCATION,
		                                     HTTP_F_DATE,          HTTP_F_ETAG,
		                                     HTTP_F_EXPIRES,       HTTP_F_VARY };
	struct http_etag etag;

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (f->id == always[i])
			return true;
	if (f->id == HTTP_F_LAST_MODIFIED) /* of use where there is no tag to know the reply by */
		return !stored_etag(stored, &etag);
	/*
	 * Targeted fields tell other caches what Cache-Control tells all (RFC 9213). A script that
	 * asks with a condition of its own may see the 304 only if that says so itself (CORS).
	 */
	return f->id == HTTP_F_OTHER && (span_ends_nocase(f->name, SPAN("-Cache-Control")) ||
	                                 span_starts_nocase(f->name, SPAN("Access-Control-")));
}
