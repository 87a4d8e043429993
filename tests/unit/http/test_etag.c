/*
 * Entity-tags: what is one, lists of them, and the two comparisons.
 */
#include "http/etag.h"
#include "tests/unit/unit.h"

static const struct {
	const char *name, *text, *opaque; /* NULL: refused */
	bool is_weak;
} tags[] = {
	{ "9110 8.8.3: strong", "\"xyzzy\"", "\"xyzzy\"", false },
	{ "9110 8.8.3: weak", "W/\"xyzzy\"", "\"xyzzy\"", true },
	{ "9110 8.8.3: empty", "\"\"", "\"\"", false },
	{ "9110 8.8.3: W is case-sensitive", "w/\"x\"", NULL, false },
	{ "9110 8.8.3: a backslash escapes nothing", "\"a\\\"", "\"a\\\"", false },
	{ "9110 8.8.3: bytes above ASCII", "\"\xe9\xff\"", "\"\xe9\xff\"", false },
	{ "9110 8.8.3: a comma within", "\"a,b\"", "\"a,b\"", false },
	{ "9110 8.8.3: no blanks within", "\"a b\"", NULL, false },
	{ "9110 8.8.3: no controls within", "\"a\x7f\"", NULL, false },
	{ "no quotes", "xyzzy", NULL, false },
	{ "a quote that does not close", "\"xyzzy", NULL, false },
	{ "only a quote", "\"", NULL, false },
	{ "only the mark of weakness", "W/", NULL, false },
	{ "a blank behind the mark", "W/ \"x\"", NULL, false },
	{ "bytes behind", "\"x\"y", NULL, false },
	{ "two", "\"x\", \"y\"", NULL, false },
	{ "nothing", "", NULL, false },
	{ "a star is no tag", "*", NULL, false },
};

START_TEST(tags_are_read)
{
	struct http_etag e;
	const bool ok = http_etag_parse(span_str(tags[_i].text), &e);

	ck_assert_msg(ok == (tags[_i].opaque != NULL), "%s", tags[_i].name);
	if (ok) {
		ck_assert_span(e.opaque, span_str(tags[_i].opaque));
		ck_assert_msg(e.is_weak == tags[_i].is_weak, "%s", tags[_i].name);
	}
}
END_TEST

static const struct {
	const char *name, *text;
	const char *opaque[4];
	bool is_bad; /* behind these */
} lists[] = {
	{ "one", "\"a\"", { "\"a\"" }, false },
	{ "several", "\"a\", W/\"b\",\"c\"", { "\"a\"", "\"b\"", "\"c\"" }, false },
	{ "9110 5.6.1.2: empty elements", " ,, \"a\" ,\t, \"b\",", { "\"a\"", "\"b\"" }, false },
	{ "nothing", "", { NULL }, false },
	{ "a comma within a tag", "\"a,b\", \"c\"", { "\"a,b\"", "\"c\"" }, false },
	{ "no comma between", "\"a\" \"b\"", { NULL }, true },
	{ "a bare word", "\"a\", b", { "\"a\"" }, true },
	{ "a star among tags", "\"a\", *", { "\"a\"" }, true },
	{ "a quote that does not close", "\"a\", \"b", { "\"a\"" }, true },
};

START_TEST(lists_are_walked)
{
	struct span rest = span_str(lists[_i].text);
	struct http_etag e;
	enum http_etag_next next;
	size_t n = 0;

	while ((next = http_etag_next(&rest, &e)) == HTTP_ETAG_ONE) {
		ck_assert_msg(lists[_i].opaque[n] != NULL, "%s", lists[_i].name);
		ck_assert_span(e.opaque, span_str(lists[_i].opaque[n]));
		n++;
	}
	ck_assert_msg(lists[_i].opaque[n] == NULL, "%s: only %zu", lists[_i].name, n);
	ck_assert_msg((next == HTTP_ETAG_BAD) == lists[_i].is_bad, "%s", lists[_i].name);
}
END_TEST

/* The table of RFC 9110 8.8.3.2. */
static const struct {
	const char *a, *b;
	bool strong, weak;
} pairs[] = {
	{ "W/\"1\"", "W/\"1\"", false, true },
	{ "W/\"1\"", "W/\"2\"", false, false },
	{ "W/\"1\"", "\"1\"", false, true },
	{ "\"1\"", "\"1\"", true, true },
};

START_TEST(comparisons_of_9110_8_8_3_2)
{
	struct http_etag a, b;

	ck_assert(http_etag_parse(span_str(pairs[_i].a), &a));
	ck_assert(http_etag_parse(span_str(pairs[_i].b), &b));
	ck_assert(http_etag_eq_strong(&a, &b) == pairs[_i].strong);
	ck_assert(http_etag_eq_strong(&b, &a) == pairs[_i].strong);
	ck_assert(http_etag_eq_weak(&a, &b) == pairs[_i].weak);
	ck_assert(http_etag_eq_weak(&b, &a) == pairs[_i].weak);
}
END_TEST

Suite *suite_etag(void);
Suite *suite_etag(void)
{
	Suite *s = suite_create("etag");
	TCase *t = tcase_create("etag");

	tcase_add_loop_test(t, tags_are_read, 0, ARRAY_LEN(tags));
	tcase_add_loop_test(t, lists_are_walked, 0, ARRAY_LEN(lists));
	tcase_add_loop_test(t, comparisons_of_9110_8_8_3_2, 0, ARRAY_LEN(pairs));
	suite_add_tcase(s, t);
	return s;
}
