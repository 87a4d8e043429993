/*
 * List-valued fields: elements, tokens, several fields as one.
 */
#include "http/head.h"
#include "tests/unit/unit.h"

static const struct {
	const char *name, *value;
	const char *elements[4];
} lists[] = {
	{ "one element", "a", { "a" } },
	{ "blanks around elements", " a\t, b ,c", { "a", "b", "c" } },
	{ "9110 5.6.1.2: empty elements do not count", ",, a, ,b,", { "a", "b" } },
	{ "only empty elements", " , ,", { NULL } },
	{ "nothing", "", { NULL } },
	{ "9110 5.6.4: a comma in quotes", "a=\"b,c\", d", { "a=\"b,c\"", "d" } },
	{ "9110 5.6.4: an escaped quote", "\"a\\\",b\",c", { "\"a\\\",b\"", "c" } },
	{ "a quote that does not close", "a, \"b, c", { "a", "\"b, c" } },
	{ "a backslash at the end", "\"a\\", { "\"a\\" } },
	{ "a backslash outside quotes", "a\\,b", { "a\\", "b" } },
};

START_TEST(elements)
{
	struct span rest = span_str(lists[_i].value), element;
	size_t n = 0;

	while (http_list_next(&rest, &element)) {
		ck_assert_msg(lists[_i].elements[n] != NULL, "%s", lists[_i].name);
		ck_assert_span(element, span_str(lists[_i].elements[n]));
		n++;
	}
	ck_assert_msg(lists[_i].elements[n] == NULL, "%s", lists[_i].name);
	ck_assert(!http_list_next(&rest, &element)); /* the end stays the end */
}
END_TEST

START_TEST(tokens_and_joining)
{
	struct arena a;
	struct http_head h;

	arena_init(&a);
	http_head_init(&h, &a);
	ck_assert_ptr_null(http_head_joined(&h, HTTP_F_CONNECTION).p);
	ck_assert(!http_head_has_token(&h, HTTP_F_CONNECTION, SPAN("close")));
	http_head_add(&h, HTTP_F_CONNECTION, SPAN("Keep-Alive, X"));
	ck_assert_span(http_head_joined(&h, HTTP_F_CONNECTION), SPAN("Keep-Alive, X"));
	http_head_add(&h, HTTP_F_VIA, SPAN("close"));
	http_head_add(&h, HTTP_F_CONNECTION, SPAN_NULL);
	http_head_add(&h, HTTP_F_CONNECTION, SPAN("y , CLOSE"));
	ck_assert(http_head_has_token(&h, HTTP_F_CONNECTION, SPAN("keep-alive")));
	ck_assert(http_head_has_token(&h, HTTP_F_CONNECTION, SPAN("close")));
	ck_assert(!http_head_has_token(&h, HTTP_F_CONNECTION, SPAN("keep")));
	ck_assert_span(http_head_joined(&h, HTTP_F_CONNECTION), SPAN("Keep-Alive, X, , y , CLOSE"));
	arena_fini(&a);
}
END_TEST

Suite *suite_list(void);
Suite *suite_list(void)
{
	Suite *s = suite_create("list");
	TCase *t = tcase_create("list");

	tcase_add_loop_test(t, elements, 0, ARRAY_LEN(lists));
	tcase_add_test(t, tokens_and_joining);
	suite_add_tcase(s, t);
	return s;
}
