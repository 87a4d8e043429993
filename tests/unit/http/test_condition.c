/*
 * Conditional requests against a stored reply: each field, and their order (RFC 9110 13.2.2).
 */
#include "http/condition.h"
#include "tests/unit/unit.h"

#define BEFORE   "Sun, 06 Nov 1994 08:49:36 GMT"
#define LM       "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER    "Sun, 06 Nov 1994 08:49:38 GMT"
#define RECEIVED 784111779 /* a second after AFTER */
#define LATER    "Sun, 06 Nov 1994 08:49:39 GMT"

/* Stored replies, by their fields. */
#define ETAG  "ETag: \"a\"\n"
#define WEAK  "ETag: W/\"a\"\n"
#define DATED "Date: " AFTER "\nLast-Modified: " LM "\n"
#define BOTH  ETAG DATED

static const struct {
	const char *name, *stored, *request; /* fields; the request may begin with "METHOD\n" */
	enum http_condition want;
	unsigned status; /* 0: 200 */
} cases[] = {
	{ "no condition", BOTH, "", HTTP_SEND_WHOLE, 0 },

	{ "9110 13.1.2: the tag", BOTH, "If-None-Match: \"a\"\n", HTTP_NOT_MODIFIED_BY_ETAG, 0 },
	{ "9110 13.1.2: another tag", BOTH, "If-None-Match: \"b\"\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.2: one of several", BOTH, "If-None-Match: \"b\", \"a\"\n",
	  HTTP_NOT_MODIFIED_BY_ETAG, 0 },
	{ "9110 13.1.2: weak comparison, weak in the request", BOTH, "If-None-Match: W/\"a\"\n",
	  HTTP_NOT_MODIFIED_BY_ETAG, 0 },
	{ "9110 13.1.2: weak comparison, weak in the store", WEAK, "If-None-Match: \"a\"\n",
	  HTTP_NOT_MODIFIED_BY_ETAG, 0 },
	{ "9110 13.1.2: star", BOTH, "If-None-Match: *\n", HTTP_NOT_MODIFIED_BY_ETAG, 0 },
	{ "9110 13.1.2: star, and no tag is stored", DATED, "If-None-Match: *\n",
	  HTTP_NOT_MODIFIED_BY_ETAG, 0 },
	{ "9110 13.1.2: no tag is stored", DATED, "If-None-Match: \"a\"\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 5.3: two fields are one list", BOTH, "If-None-Match: \"b\"\nIf-None-Match: \"a\"\n",
	  HTTP_NOT_MODIFIED_BY_ETAG, 0 },
	{ "9110 13.1.2: HEAD", BOTH, "HEAD\nIf-None-Match: \"a\"\n", HTTP_NOT_MODIFIED_BY_ETAG, 0 },
	{ "9110 13.1.2: 412 to other methods", BOTH, "POST\nIf-None-Match: \"a\"\n",
	  HTTP_PRECONDITION_FAILED, 0 },
	{ "a malformed list matches nothing", BOTH, "If-None-Match: \"a\", b\n", HTTP_SEND_WHOLE,
	  0 },
	{ "a tag without quotes matches nothing", BOTH, "If-None-Match: a\n", HTTP_SEND_WHOLE, 0 },
	{ "a star in a list matches nothing", BOTH, "If-None-Match: *, \"b\"\n", HTTP_SEND_WHOLE,
	  0 },
	{ "a malformed tag in the store is none", "ETag: a\n", "If-None-Match: a\n",
	  HTTP_SEND_WHOLE, 0 },
	{ "two tags in the store are none", ETAG ETAG, "If-None-Match: \"a\"\n", HTTP_SEND_WHOLE,
	  0 },
	{ "9110 13.1.3: If-None-Match beats If-Modified-Since", BOTH,
	  "If-None-Match: \"b\"\nIf-Modified-Since: " LM "\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.3: so does a malformed one", BOTH,
	  "If-None-Match: b\nIf-Modified-Since: " LM "\n", HTTP_SEND_WHOLE, 0 },
	{ "both match", BOTH, "If-None-Match: \"a\"\nIf-Modified-Since: " LM "\n",
	  HTTP_NOT_MODIFIED_BY_ETAG, 0 },

	{ "9110 13.1.3: the date", BOTH, "If-Modified-Since: " LM "\n", HTTP_NOT_MODIFIED_BY_DATE,
	  0 },
	{ "9110 13.1.3: later", BOTH, "If-Modified-Since: " AFTER "\n", HTTP_NOT_MODIFIED_BY_DATE,
	  0 },
	{ "9110 13.1.3: earlier", BOTH, "If-Modified-Since: " BEFORE "\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 5.6.7: another form of date", BOTH,
	  "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\n", HTTP_NOT_MODIFIED_BY_DATE, 0 },
	{ "9110 13.1.3: malformed", BOTH, "If-Modified-Since: yesterday\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.3: two of them", BOTH,
	  "If-Modified-Since: " LM "\nIf-Modified-Since: " LM "\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.3: HEAD", BOTH, "HEAD\nIf-Modified-Since: " LM "\n", HTTP_NOT_MODIFIED_BY_DATE,
	  0 },
	{ "9110 13.1.3: neither GET nor HEAD", BOTH, "POST\nIf-Modified-Since: " LM "\n",
	  HTTP_SEND_WHOLE, 0 },
	{ "9111 4.3.2: by Date where Last-Modified is missing", "Date: " AFTER "\n",
	  "If-Modified-Since: " AFTER "\n", HTTP_NOT_MODIFIED_BY_DATE, 0 },
	{ "9111 4.3.2: before Date", "Date: " AFTER "\n", "If-Modified-Since: " LM "\n",
	  HTTP_SEND_WHOLE, 0 },
	{ "9111 4.3.2: by when it came where both are missing", "",
	  "If-Modified-Since: " LATER "\n", HTTP_NOT_MODIFIED_BY_DATE, 0 },
	{ "9111 4.3.2: before it came", "", "If-Modified-Since: " AFTER "\n", HTTP_SEND_WHOLE, 0 },

	{ "9110 13.1.1: the tag", BOTH, "If-Match: \"a\"\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.1: another tag", BOTH, "If-Match: \"b\"\n", HTTP_PRECONDITION_FAILED, 0 },
	{ "9110 13.1.1: star", DATED, "If-Match: *\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.1: strong comparison, weak in the request", BOTH, "If-Match: W/\"a\"\n",
	  HTTP_PRECONDITION_FAILED, 0 },
	{ "9110 13.1.1: strong comparison, weak in the store", WEAK, "If-Match: \"a\"\n",
	  HTTP_PRECONDITION_FAILED, 0 },
	{ "9110 13.1.1: malformed", BOTH, "If-Match: \"a\" \"b\"\n", HTTP_PRECONDITION_FAILED, 0 },

	{ "9110 13.1.4: the date", BOTH, "If-Unmodified-Since: " LM "\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.4: earlier", BOTH, "If-Unmodified-Since: " BEFORE "\n",
	  HTTP_PRECONDITION_FAILED, 0 },
	{ "9110 13.1.4: malformed", BOTH, "If-Unmodified-Since: x\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.4: no date of modification", "Date: " AFTER "\n",
	  "If-Unmodified-Since: " BEFORE "\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.4: If-Match beats it", BOTH,
	  "If-Match: \"a\"\nIf-Unmodified-Since: " BEFORE "\n", HTTP_SEND_WHOLE, 0 },

	{ "9110 13.2.2 (1) before (3)", BOTH, "If-Match: \"b\"\nIf-None-Match: \"a\"\n",
	  HTTP_PRECONDITION_FAILED, 0 },
	{ "9110 13.2.2 (2) before (3)", BOTH,
	  "If-None-Match: \"a\"\nIf-Unmodified-Since: " BEFORE "\n", HTTP_PRECONDITION_FAILED, 0 },
	{ "9110 13.2.2 (1), then (3)", BOTH, "If-Match: \"a\"\nIf-None-Match: \"a\"\n",
	  HTTP_NOT_MODIFIED_BY_ETAG, 0 },
	{ "9110 13.2.2 (2), then (4)", BOTH,
	  "If-Unmodified-Since: " LM "\nIf-Modified-Since: " LM "\n", HTTP_NOT_MODIFIED_BY_DATE,
	  0 },
	{ "9110 13.2.2 (3) before (5)", BOTH, "If-None-Match: \"a\"\nRange: bytes=0-\n",
	  HTTP_NOT_MODIFIED_BY_ETAG, 0 },
	{ "9110 13.2.2 (3), then (5)", BOTH,
	  "If-None-Match: \"b\"\nRange: bytes=0-\nIf-Range: \"a\"\n", HTTP_USE_RANGE, 0 },
	{ "9110 13.2.1: a status that is no success", BOTH, "If-None-Match: \"a\"\n",
	  HTTP_SEND_WHOLE, 404 },
	{ "9110 13.2.1: nor fails a precondition", BOTH, "If-Match: \"b\"\n", HTTP_SEND_WHOLE,
	  301 },

	{ "9110 14.2: Range alone", BOTH, "Range: bytes=0-\n", HTTP_USE_RANGE, 0 },
	{ "9110 14.2: GET only", BOTH, "HEAD\nRange: bytes=0-\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 14.2: of a 200 only", BOTH, "Range: bytes=0-\n", HTTP_SEND_WHOLE, 203 },
	{ "two Range fields are no Range", BOTH, "Range: bytes=0-\nRange: bytes=0-\n",
	  HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.5: If-Range without Range", BOTH, "If-Range: \"a\"\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.5: the tag", BOTH, "Range: bytes=0-\nIf-Range: \"a\"\n", HTTP_USE_RANGE, 0 },
	{ "9110 13.1.5: another tag", BOTH, "Range: bytes=0-\nIf-Range: \"b\"\n", HTTP_SEND_WHOLE,
	  0 },
	{ "9110 13.1.5: strong comparison", WEAK, "Range: bytes=0-\nIf-Range: W/\"a\"\n",
	  HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.5: no list", BOTH, "Range: bytes=0-\nIf-Range: \"a\", \"b\"\n",
	  HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.5: no star", BOTH, "Range: bytes=0-\nIf-Range: *\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.5: two of them", BOTH, "Range: bytes=0-\nIf-Range: \"a\"\nIf-Range: \"a\"\n",
	  HTTP_SEND_WHOLE, 0 },
	{ "9110 13.1.5: the date", BOTH, "Range: bytes=0-\nIf-Range: " LM "\n", HTTP_USE_RANGE, 0 },
	{ "9110 13.1.5: a later date is not the same", BOTH,
	  "Range: bytes=0-\nIf-Range: " AFTER "\n", HTTP_SEND_WHOLE, 0 },
	{ "9110 8.8.2.2: modified in the second it was sent: a weak date",
	  "Date: " LM "\nLast-Modified: " LM "\n", "Range: bytes=0-\nIf-Range: " LM "\n",
	  HTTP_SEND_WHOLE, 0 },
	{ "9110 8.8.2.2: without Date the date is weak", "Last-Modified: " LM "\n",
	  "Range: bytes=0-\nIf-Range: " LM "\n", HTTP_SEND_WHOLE, 0 },
	{ "the same text, but no date", "Date: " AFTER "\nLast-Modified: x\n",
	  "Range: bytes=0-\nIf-Range: x\n", HTTP_SEND_WHOLE, 0 },
};

static void fill(struct http_head *h, struct arena *a, const char *lines)
{
	struct span rest = span_str(lines);

	http_head_init(h, a);
	while (rest.n != 0) {
		struct span value = span_cut(&rest, '\n');
		const struct span name = span_cut(&value, ':');

		if (value.p == NULL)
			h->method = http_method_of(name);
		else
			http_head_add_named(h, name, span_trim(value));
	}
}

START_TEST(conditions)
{
	struct arena a;
	struct http_head request, stored;

	arena_init(&a);
	fill(&stored, &a, cases[_i].stored);
	fill(&request, &a, cases[_i].request);
	if (request.method == HTTP_OTHER)
		request.method = HTTP_GET;
	stored.status = cases[_i].status != 0 ? cases[_i].status : 200;
	const enum http_condition got = http_condition_decide(&request, &stored, RECEIVED);

	ck_assert_msg(got == cases[_i].want, "%s: %d", cases[_i].name, (int)got);
	ck_assert(http_is_conditional(&request) || got == HTTP_SEND_WHOLE);
	arena_fini(&a);
}
END_TEST

static const struct {
	const char *name, *stored, *field;
	bool carried;
} carried[] = {
	{ "9110 15.4.5: Cache-Control", ETAG, "Cache-Control", true },
	{ "9110 15.4.5: Content-Location", ETAG, "content-location", true },
	{ "9110 15.4.5: Date", ETAG, "Date", true },
	{ "9110 15.4.5: ETag", ETAG, "ETag", true },
	{ "9110 15.4.5: Expires", ETAG, "Expires", true },
	{ "9110 15.4.5: Vary", ETAG, "Vary", true },
	{ "9110 15.4.5: not Last-Modified beside a tag", BOTH, "Last-Modified", false },
	{ "9110 15.4.5: Last-Modified without a tag", DATED, "Last-Modified", true },
	{ "9110 15.4.5: not Content-Type", ETAG, "Content-Type", false },
	{ "9110 15.4.5: not Content-Length", ETAG, "Content-Length", false },
	{ "9110 15.4.5: not Content-Encoding", ETAG, "Content-Encoding", false },
	{ "not Set-Cookie", ETAG, "Set-Cookie", false },
	{ "9213 3.1: a targeted field", ETAG, "CDN-Cache-Control", true },
	{ "what lets a script read the reply", ETAG, "Access-Control-Allow-Origin", true },
	{ "an unknown field", ETAG, "X-Served-By", false },
};

START_TEST(fields_of_a_304)
{
	struct arena a;
	struct http_head h, other;

	arena_init(&a);
	fill(&h, &a, carried[_i].stored);
	http_head_init(&other, &a);
	http_head_add_named(&other, span_str(carried[_i].field), SPAN("x"));
	ck_assert_msg(http_not_modified_carries(&h, &other.fields[0]) == carried[_i].carried, "%s",
	              carried[_i].name);
	arena_fini(&a);
}
END_TEST

Suite *suite_condition(void);
Suite *suite_condition(void)
{
	Suite *s = suite_create("condition");
	TCase *t = tcase_create("condition");

	tcase_add_loop_test(t, conditions, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, fields_of_a_304, 0, ARRAY_LEN(carried));
	suite_add_tcase(s, t);
	return s;
}
