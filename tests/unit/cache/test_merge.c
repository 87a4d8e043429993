/*
 * Validation, and heads that are made of two.
 */
#include "tests/unit/cache/rules.h"

#include "cache/merge.h"

static const struct {
	const char *name, *request, *stored, *sent;
	bool asks;
} conditions[] = {
	{ "9111 4.3.1: ETag", "", "ETag: \"a\"\n", "If-None-Match: \"a\"\n", true },
	{ "9111 4.3.1: a weak ETag", "", "ETag: W/\"a\"\n", "If-None-Match: W/\"a\"\n", true },
	{ "9111 4.3.1: Last-Modified", "", "Last-Modified: @-10@\n", "If-Modified-Since: @-10@\n",
	  true },
	{ "9111 4.3.1: both", "", "ETag: \"a\"\nLast-Modified: @-10@\n",
	  "If-None-Match: \"a\"\nIf-Modified-Since: @-10@\n", true },
	{ "9110 13.1.3: Last-Modified that is no date", "", "Last-Modified: x\n", "", false },
	{ "no validator", "", "Date: @0@\n", "", false },
	{ "the client's conditions are its own",
	  "If-None-Match: \"b\"\nIf-Modified-Since: @-20@\nIf-Match: \"c\"\nIf-Unmodified-Since: "
	  "@-5@\n"
	  "If-Range: \"d\"\nRange: bytes=0-1\nX-A: b\n",
	  "ETag: \"a\"\n", "X-A: b\nIf-None-Match: \"a\"\n", true },
};

START_TEST(conditions_are_set)
{
	struct rules r;

	rules_init(&r, "");
	struct http_head *request = rules_request(&r, "GET", conditions[_i].request);
	const char *want = rules_fields(
		&r, rules_request(&r, "GET", conditions[_i].sent)); /* with the dates */

	ck_assert_int_eq(merge_set_conditions(request, rules_reply(&r, 200, conditions[_i].stored)),
	                 conditions[_i].asks);
	ck_assert_msg(strcmp(rules_fields(&r, request), want) == 0, "%s: %s", conditions[_i].name,
	              rules_fields(&r, request));
	rules_fini(&r);
}
END_TEST

#define MODIFIED "Last-Modified: @-10@\n"

static const struct {
	const char *name, *stored, *answer;
	enum merge_fit fit;
} fits[] = {
	{ "9111 4.3.4: the same strong ETag", "ETag: \"a\"\n", "ETag: \"a\"\n", MERGE_FITS },
	{ "9111 4.3.4: another strong ETag", "ETag: \"a\"\n", "ETag: \"b\"\n", MERGE_OTHER },
	{ "9111 4.3.4: a strong ETag for a weak one", "ETag: W/\"a\"\n", "ETag: \"a\"\n",
	  MERGE_OTHER },
	{ "9111 4.3.4: a strong ETag for none", MODIFIED, MODIFIED "ETag: \"a\"\n", MERGE_OTHER },
	{ "9111 4.3.4: a weak ETag for a strong one", "ETag: \"a\"\n", "ETag: W/\"a\"\n",
	  MERGE_FITS },
	{ "9111 4.3.4: the same weak ETag", "ETag: W/\"a\"\n", "ETag: W/\"a\"\n", MERGE_FITS },
	{ "9111 4.3.4: another weak ETag", "ETag: W/\"a\"\n", "ETag: W/\"b\"\n", MERGE_OTHER },
	{ "9111 4.3.4: the same Last-Modified", MODIFIED, MODIFIED, MERGE_FITS },
	{ "9110 5.6.7: the same Last-Modified in another form",
	  "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\n",
	  "Last-Modified: Sun Nov  6 08:49:37 1994\n", MERGE_FITS },
	{ "9111 4.3.4: another Last-Modified", MODIFIED, "Last-Modified: @-5@\n", MERGE_OTHER },
	{ "9111 4.3.4: ETag comes before Last-Modified", "ETag: \"a\"\n" MODIFIED,
	  "ETag: \"a\"\nLast-Modified: @-5@\n", MERGE_FITS },
	{ "no validator: it is about what was asked", "ETag: \"a\"\n", "Date: @0@\n", MERGE_FITS },
	{ "9111 5.2.2.5: no-store from now on", "ETag: \"a\"\n",
	  "ETag: \"a\"\nCache-Control: no-store\n", MERGE_FITS_ONCE },
	{ "9111 5.2.2.7: private from now on", "ETag: \"a\"\n", "Cache-Control: private\n",
	  MERGE_FITS_ONCE },
	{ "9111 4.1: the same Vary", "ETag: \"a\"\nVary: a, b\n", "ETag: \"a\"\nVary: B, A\n",
	  MERGE_FITS },
	{ "9111 4.1: another Vary", "ETag: \"a\"\nVary: a\n", "ETag: \"a\"\nVary: a, b\n",
	  MERGE_FITS_ONCE },
	{ "9111 4.1: Vary from now on", "ETag: \"a\"\n", "ETag: \"a\"\nVary: a\n",
	  MERGE_FITS_ONCE },
	{ "9111 4.1: Vary: * from now on", "ETag: \"a\"\n", "ETag: \"a\"\nVary: *\n",
	  MERGE_FITS_ONCE },
	{ "9111 4.1: no Vary in a 304", "ETag: \"a\"\nVary: a\n", "ETag: \"a\"\n", MERGE_FITS },
};

START_TEST(answers_fit)
{
	struct rules r;

	rules_init(&r, "");
	ck_assert_msg(merge_fit(rules_reply(&r, 200, fits[_i].stored),
	                        rules_reply(&r, 304, fits[_i].answer)) == fits[_i].fit,
	              "%s", fits[_i].name);
	rules_fini(&r);
}
END_TEST

/* Each 304 with fields of other names would make the stored head longer, for ever. */
START_TEST(what_grows_too_long_is_fetched_anew)
{
	struct rules r;
	struct http_head *stored, *answer;
	char text[64];

	rules_init(&r, "");
	stored = rules_reply(&r, 200, "ETag: \"a\"\n");
	answer = rules_reply(&r, 304, "ETag: \"a\"\n");
	for (unsigned i = 2; i < MERGE_FIELDS_MAX; i++) {
		snprintf(text, sizeof(text), "X-%u", i);
		http_head_add_named(_i == 0 ? stored : answer, arena_dup(&r.arena, span_str(text)),
		                    SPAN("1"));
	}
	ck_assert_int_eq(merge_fit(stored, answer), MERGE_FITS);
	http_head_add_named(stored, SPAN("X-A"), SPAN("1"));
	ck_assert_int_eq(merge_fit(stored, answer), MERGE_OTHER);
	rules_fini(&r);
}
END_TEST

START_TEST(one_long_field_is_too_long_as_well)
{
	struct rules r;
	char *value;

	rules_init(&r, "");
	struct http_head *const stored = rules_reply(&r, 200, "ETag: \"a\"\n");
	struct http_head *const answer = rules_reply(&r, 304, "ETag: \"a\"\n");

	value = arena_alloc(&r.arena, MERGE_BYTES_MAX);
	memset(value, 'x', MERGE_BYTES_MAX);
	http_head_add_named(stored, SPAN("X-A"), span_of(value, MERGE_BYTES_MAX / 2));
	ck_assert_int_eq(merge_fit(stored, answer), MERGE_FITS);
	http_head_add_named(answer, SPAN("X-B"), span_of(value, MERGE_BYTES_MAX / 2));
	ck_assert_int_eq(merge_fit(stored, answer), MERGE_OTHER);
	rules_fini(&r);
}
END_TEST

static const struct {
	const char *name, *stored, *answer, *merged;
} merges[] = {
	{ "9111 3.2: a field that is there is replaced", "Date: @-9@\nX-A: 1\nX-B: 2\n",
	  "Date: @0@\nX-A: 3\n", "X-B: 2\nDate: @0@\nX-A: 3\n" },
	{ "9111 3.2: a field that is not is added", "Date: @-9@\n", "Date: @0@\nX-A: 3\n",
	  "Date: @0@\nX-A: 3\n" },
	{ "9111 3.2: all lines are replaced by all lines", "X-A: 1\nx-a: 2\n",
	  "Date: @0@\nX-A: 3\nX-A: 4\n", "Date: @0@\nX-A: 3\nX-A: 4\n" },
	{ "9111 3.2: Content-Length stays", "Content-Length: 5\n", "Date: @0@\nContent-Length: 0\n",
	  "Content-Length: 5\nDate: @0@\n" },
	{ "9111 3.2: Content-Encoding and Content-Range stay", "Content-Encoding: gzip\n",
	  "Date: @0@\nContent-Encoding: br\nContent-Range: bytes 0-1/2\n",
	  "Content-Encoding: gzip\nDate: @0@\n" },
	{ "9111 3.2: Content-Type is a field like others", "Content-Type: a/b\n",
	  "Date: @0@\nContent-Type: c/d\n", "Date: @0@\nContent-Type: c/d\n" },
	{ "9111 3.2: Vary stays", "Vary: a\n", "Date: @0@\nVary: A\n", "Vary: a\nDate: @0@\n" },
	{ "9111 3.2: Cache-Control, Expires, ETag",
	  "Cache-Control: max-age=1\nExpires: @1@\nETag: W/\"a\"\n",
	  "Date: @0@\nCache-Control: max-age=2\nExpires: @2@\nETag: \"a\"\n",
	  "Date: @0@\nCache-Control: max-age=2\nExpires: @2@\nETag: \"a\"\n" },
	{ "9111 4.2.3: an old Age is not that of the answer", "Age: 500\nX-A: 1\n", "Date: @0@\n",
	  "X-A: 1\nDate: @0@\n" },
	{ "9111 4.2.3: the Age of the answer", "Age: 500\n", "Date: @0@\nAge: 3\n",
	  "Date: @0@\nAge: 3\n" },
	{ "9110 6.6.1: an answer without Date", "Date: @-500@\nX-A: 1\n", "X-A: 2\n",
	  "X-A: 2\nDate: @7@\n" },
	{ "9111 3.1: fields of one hop do not come in", "Date: @-9@\n",
	  "Date: @0@\nConnection: x-h\nX-H: 1\nKeep-Alive: 1\nProxy-Authenticate: x\n",
	  "Date: @0@\n" },
	{ "cookies do not come in", "Date: @-9@\n", "Date: @0@\nSet-Cookie: a=b\n", "Date: @0@\n" },
	{ "9111 5.2.2.7: what private names from now on goes", "X-A: 1\nX-B: 2\n",
	  "Date: @0@\nCache-Control: private=\"x-a\"\n",
	  "X-B: 2\nDate: @0@\nCache-Control: private=\"x-a\"\n" },
	{ "9111 5.2.2.7: what private named before does not come in",
	  "Cache-Control: private=\"x-a\"\n", "Date: @0@\nX-A: 1\n",
	  "Cache-Control: private=\"x-a\"\nDate: @0@\n" },
};

START_TEST(heads_are_merged)
{
	struct http_head merged;
	struct rules r;

	rules_init(&r, "");
	merge_heads(rules_reply(&r, 200, merges[_i].stored),
	            rules_reply(&r, 304, merges[_i].answer), RULES_NOW + 7, &r.arena, &merged);
	ck_assert_uint_eq(merged.status, 200);
	ck_assert_msg(strcmp(rules_fields(&r, &merged),
	                     rules_fields(&r, rules_reply(&r, 200, merges[_i].merged))) == 0,
	              "%s: %s", merges[_i].name, rules_fields(&r, &merged));
	rules_fini(&r);
}
END_TEST

static const struct {
	const char *name, *stored;
	unsigned status;
	const char *reply;
	enum merge_head what;
} head_replies[] = {
	{ "9111 4.3.5: the same validators", "ETag: \"a\"\n" MODIFIED, 200,
	  "ETag: \"a\"\n" MODIFIED, MERGE_HEAD_UPDATES },
	{ "9111 4.3.5: the same length", "ETag: \"a\"\n", 200, "ETag: \"a\"\nContent-Length: 100\n",
	  MERGE_HEAD_UPDATES },
	{ "9111 4.3.5: another length", "ETag: \"a\"\n", 200, "ETag: \"a\"\nContent-Length: 99\n",
	  MERGE_HEAD_INVALIDATES },
	{ "9111 4.3.5: another length alone", "X-A: b\n", 200, "Content-Length: 99\n",
	  MERGE_HEAD_INVALIDATES },
	{ "9111 4.3.5: no validators that differ", "X-A: b\n", 200, "Content-Length: 100\n",
	  MERGE_HEAD_UPDATES },
	{ "9111 4.3.5: another ETag", "ETag: \"a\"\n", 200, "ETag: \"b\"\n",
	  MERGE_HEAD_INVALIDATES },
	{ "9111 4.3.5: another Last-Modified", MODIFIED, 200, "Last-Modified: @0@\n",
	  MERGE_HEAD_INVALIDATES },
	{ "9111 4.3.5: a validator that it did not have", "X-A: b\n", 200, "ETag: \"b\"\n",
	  MERGE_HEAD_INVALIDATES },
	{ "9111 4.3.5: no-store from now on", "ETag: \"a\"\n", 200,
	  "ETag: \"a\"\nCache-Control: no-store\n", MERGE_HEAD_INVALIDATES },
	{ "9111 4.3.5: only 200", "ETag: \"a\"\n", 404, "ETag: \"b\"\n", MERGE_HEAD_UNRELATED },
};

START_TEST(replies_to_head_count)
{
	struct rules r;

	rules_init(&r, "");
	ck_assert_msg(merge_fit_head(rules_reply(&r, 200, head_replies[_i].stored), 100,
	                             rules_reply(&r, head_replies[_i].status,
	                                         head_replies[_i].reply)) == head_replies[_i].what,
	              "%s", head_replies[_i].name);
	rules_fini(&r);
}
END_TEST

Suite *suite_merge(void);
Suite *suite_merge(void)
{
	Suite *s = suite_create("merge");
	TCase *t = tcase_create("merge");

	tcase_add_loop_test(t, conditions_are_set, 0, ARRAY_LEN(conditions));
	tcase_add_loop_test(t, answers_fit, 0, ARRAY_LEN(fits));
	tcase_add_loop_test(t, what_grows_too_long_is_fetched_anew, 0, 2);
	tcase_add_test(t, one_long_field_is_too_long_as_well);
	tcase_add_loop_test(t, heads_are_merged, 0, ARRAY_LEN(merges));
	tcase_add_loop_test(t, replies_to_head_count, 0, ARRAY_LEN(head_replies));
	suite_add_tcase(s, t);
	return s;
}
