/*
 * Validation, and heads that are made of two.
 */
#include "cache/merge.h"

#include "cache/control.h"
#include "cache/storable.h"
#include "cache/vary.h"
#include "http/body.h"
#include "http/date.h"
#include "http/etag.h"
#include "http/serialise.h"

/* --- conditions ------------------------------------------------------------------------------- */

void merge_clear_conditions(struct http_head *request)
{
	static const enum http_field_id ids[] = {
		HTTP_F_IF_MATCH,          HTTP_F_IF_NONE_MATCH,       HTTP_F_IF_RANGE,
		HTTP_F_IF_MODIFIED_SINCE, HTTP_F_IF_UNMODIFIED_SINCE, HTTP_F_RANGE
	};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (http_head_get(request, ids[i]) != NULL)
			(void)http_head_remove(request, ids[i]);
}

bool merge_set_conditions(struct http_head *request, const struct http_head *stored)
{
	const struct http_field *etag = http_head_get(stored, HTTP_F_ETAG);
	const struct http_field *modified = http_head_get(stored, HTTP_F_LAST_MODIFIED);
	int64_t ignored;

	merge_clear_conditions(request);
	if (etag != NULL)
		http_head_add(request, HTTP_F_IF_NONE_MATCH, etag->value);
	/* What is no date would make the condition void, or be an error (RFC 9110 13.1.3). */
	if (modified != NULL && !http_date_parse(modified->value, 0, &ignored))
		modified = NULL;
	if (modified != NULL)
		http_head_add(request, HTTP_F_IF_MODIFIED_SINCE, modified->value);
	return etag != NULL || modified != NULL;
}

/* --- which answer is about which reply -------------------------------------------------------- */

/*
 * RFC 9111 4.3.4: by the strong comparison where the answer's tag is strong. What is no tag must be
 * the same text.
 */
static bool tags_agree(struct span stored, struct span answer)
{
	struct http_etag a, b;

	if (!http_etag_parse(stored, &a) || !http_etag_parse(answer, &b))
		return span_eq(stored, answer);
	return b.is_weak ? http_etag_eq_weak(&a, &b) : http_etag_eq_strong(&a, &b);
}

/* The same date, in whatever form. */
static bool is_same_date(struct span a, struct span b)
{
	int64_t at_a, at_b;

	if (!http_date_parse(a, 0, &at_a) || !http_date_parse(b, 0, &at_b))
		return span_eq(a, b);
	return at_a == at_b;
}

static bool selects_alike(const struct http_head *stored, const struct http_head *answer)
{
	char buf_stored[VARY_TEXT_MAX], buf_answer[VARY_TEXT_MAX];
	struct span of_stored = SPAN(""), of_answer = SPAN("");

	if (http_head_get(answer, HTTP_F_VARY) == NULL)
		return true;
	return vary_names(stored, buf_stored, &of_stored) != VARY_UNUSABLE &&
	       vary_names(answer, buf_answer, &of_answer) != VARY_UNUSABLE &&
	       span_eq(of_stored, of_answer);
}

/*
 * RFC 9111 4.3.4. A strong ETag must be the same one; a weak one, or the date, must not say
 * otherwise. An answer without any validator is taken for one about the only reply whose
 * validators were sent.
 */
static bool is_about(const struct http_head *stored, const struct http_head *answer)
{
	const struct http_field *etag = http_head_get(answer, HTTP_F_ETAG);
	const struct http_field *modified = http_head_get(answer, HTTP_F_LAST_MODIFIED);
	const struct http_field *old;

	if (etag != NULL) {
		old = http_head_get(stored, HTTP_F_ETAG);
		return old != NULL && tags_agree(old->value, etag->value);
	}
	old = http_head_get(stored, HTTP_F_LAST_MODIFIED);
	return modified == NULL || old == NULL || is_same_date(old->value, modified->value);
}

/*
 * Each field of one is looked for in the other; and answers that bring other fields each time must
 * not make the stored head grow without end.
 */
static bool is_too_much(const struct http_head *stored, const struct http_head *answer)
{
	return stored->n_fields + answer->n_fields > MERGE_FIELDS_MAX ||
	       http_reply_size(stored) + http_reply_size(answer) > MERGE_BYTES_MAX;
}

enum merge_fit merge_fit(const struct http_head *stored, const struct http_head *not_modified)
{
	struct control c;

	if (!is_about(stored, not_modified) || is_too_much(stored, not_modified))
		return MERGE_OTHER;
	control_parse(not_modified, &c);
	if (control_has(&c, CONTROL_NO_STORE | CONTROL_PRIVATE) ||
	    !selects_alike(stored, not_modified))
		return MERGE_FITS_ONCE;
	return MERGE_FITS;
}

static bool has_same(const struct http_head *stored, const struct http_head *reply,
                     enum http_field_id id)
{
	const struct http_field *now = http_head_get(reply, id);
	const struct http_field *old = http_head_get(stored, id);

	if (now == NULL)
		return true;
	if (old == NULL)
		return false;
	return id == HTTP_F_LAST_MODIFIED ? is_same_date(old->value, now->value)
	                                  : span_eq(old->value, now->value);
}

enum merge_head merge_fit_head(const struct http_head *stored, uint64_t body_bytes,
                               const struct http_head *reply)
{
	uint64_t length;

	if (reply->status != 200 || stored->status != 200)
		return MERGE_HEAD_UNRELATED;
	if (!has_same(stored, reply, HTTP_F_ETAG) || !has_same(stored, reply, HTTP_F_LAST_MODIFIED))
		return MERGE_HEAD_INVALIDATES;
	if (http_said_length(reply, &length) && body_bytes != COBJ_LENGTH_UNKNOWN &&
	    length != body_bytes)
		return MERGE_HEAD_INVALIDATES;
	return merge_fit(stored, reply) == MERGE_FITS ? MERGE_HEAD_UPDATES : MERGE_HEAD_INVALIDATES;
}

/* --- merging ---------------------------------------------------------------------------------- */

/* What the stored bytes and their place in the store depend on (RFC 9111 3.2). */
static bool stays(const struct http_field *f)
{
	switch ((unsigned)f->id) {
	case HTTP_F_CONTENT_ENCODING:
	case HTTP_F_CONTENT_LENGTH:
	case HTTP_F_CONTENT_RANGE:
	case HTTP_F_VARY:
		return true;
	}
	return false;
}

static bool is_replaced(const struct http_field *f, const struct http_head *by)
{
	/* Both are about the answer that they came with. */
	if (f->id == HTTP_F_AGE || f->id == HTTP_F_DATE)
		return true;
	if (stays(f))
		return false;
	return f->id != HTTP_F_OTHER ? http_head_get(by, f->id) != NULL
	                             : http_head_get_named(by, f->name) != NULL;
}

void merge_heads(const struct http_head *stored, const struct http_head *answer, int64_t response_s,
                 struct arena *a, struct http_head *merged)
{
	struct http_head news, both;

	storable_head(answer, a, &news);
	http_head_init(&both, a);
	both.status = stored->status;
	both.reason = stored->reason;
	both.version = stored->version;
	for (uint32_t i = 0; i < stored->n_fields; i++)
		if (!is_replaced(&stored->fields[i], &news))
			http_head_add_named(&both, stored->fields[i].name, stored->fields[i].value);
	for (uint32_t i = 0; i < news.n_fields; i++)
		if (!stays(&news.fields[i]))
			http_head_add_named(&both, news.fields[i].name, news.fields[i].value);
	/* RFC 9110 6.6.1: who receives a reply without Date notes when it came. */
	if (http_head_get(&both, HTTP_F_DATE) == NULL) {
		char *const date = arena_alloc(a, HTTP_DATE_LEN + 1);

		http_date_print(response_s, date);
		http_head_add(&both, HTTP_F_DATE, span_of(date, HTTP_DATE_LEN));
	}
	storable_head(&both, a, merged);
}
