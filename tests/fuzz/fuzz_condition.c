/*
 * Conditions: the fields of a request, an empty line, those of a stored reply. The answer is one
 * that RFC 9110 13.2.2 allows for the fields that are there; each tag of a list lies in the list
 * and is one by itself.
 */
#include "http/condition.h"

#include "http/etag.h"
#include "tests/fuzz/fuzz.h"

/* Returns what is behind the empty line. */
static struct span fill(struct http_head *h, struct arena *a, struct span rest)
{
	http_head_init(h, a);
	while (rest.p != NULL) {
		struct span value = span_cut(&rest, '\n');

		if (value.n == 0)
			break;
		const struct span name = span_cut(&value, ':');

		if (value.p == NULL)
			h->method = http_method_of(name);
		else if (http_is_token(name))
			http_head_add_named(h, name, span_trim(value));
	}
	return rest;
}

static void check_list(struct span text)
{
	struct http_etag e, again;
	const char *at = text.p;

	while (http_etag_next(&text, &e) == HTTP_ETAG_ONE) {
		const char *const end = e.opaque.p + e.opaque.n;

		CHECK(e.opaque.n >= 2 && e.opaque.p >= at && end[-1] == '"');
		CHECK(memchr(e.opaque.p + 1, '"', e.opaque.n - 2) == NULL);
		CHECK(http_etag_parse(e.opaque, &again) && http_etag_eq_weak(&e, &again));
		CHECK(e.is_weak != http_etag_eq_strong(&e, &again));
		at = end;
	}
}

static bool has(const struct http_head *h, enum http_field_id id)
{
	return http_head_get(h, id) != NULL;
}

static void check_answer(const struct http_head *q, const struct http_head *r,
                         enum http_condition c)
{
	const bool by_star = has(q, HTTP_F_IF_NONE_MATCH) &&
	                     span_eq(http_head_get(q, HTTP_F_IF_NONE_MATCH)->value, SPAN("*"));

	CHECK(http_is_conditional(q) || c == HTTP_SEND_WHOLE);
	CHECK(r->status / 100 == 2 || c == HTTP_SEND_WHOLE);
	switch (c) {
	case HTTP_SEND_WHOLE:
		break;
	case HTTP_USE_RANGE:
		CHECK(q->method == HTTP_GET && r->status == 200 && has(q, HTTP_F_RANGE));
		break;
	case HTTP_NOT_MODIFIED_BY_ETAG:
		CHECK(q->method == HTTP_GET || q->method == HTTP_HEAD);
		CHECK(by_star || (has(q, HTTP_F_IF_NONE_MATCH) && has(r, HTTP_F_ETAG)));
		break;
	case HTTP_NOT_MODIFIED_BY_DATE:
		CHECK(q->method == HTTP_GET || q->method == HTTP_HEAD);
		CHECK(has(q, HTTP_F_IF_MODIFIED_SINCE) && !has(q, HTTP_F_IF_NONE_MATCH));
		break;
	case HTTP_PRECONDITION_FAILED:
		CHECK(has(q, HTTP_F_IF_MATCH) || has(q, HTTP_F_IF_UNMODIFIED_SINCE) ||
		      (has(q, HTTP_F_IF_NONE_MATCH) && q->method != HTTP_GET &&
		       q->method != HTTP_HEAD));
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct arena a;
	struct http_head request, stored;

	if (size < 2)
		return 0;
	arena_init(&a);
	const struct span behind = fill(&request, &a, span_of((const char *)bytes + 1, size - 1));

	(void)fill(&stored, &a, behind);
	stored.status = bytes[0] % 4 == 0 ? 404 : 200 + bytes[0] % 4 / 3;
	if (request.method == HTTP_OTHER)
		request.method = HTTP_GET;
	check_answer(&request, &stored, http_condition_decide(&request, &stored, 784111777));
	for (uint32_t i = 0; i < request.n_fields; i++)
		check_list(request.fields[i].value);
	for (uint32_t i = 0; i < stored.n_fields; i++)
		(void)http_not_modified_carries(&stored, &stored.fields[i]);
	arena_fini(&a);
	return 0;
}
