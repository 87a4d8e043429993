/*
 * Heads as arrays of fields: adding, asking, removing; methods; tokens.
 */
#include "http/head.h"
#include "tests/unit/unit.h"

static struct arena arena;
static struct http_head head;

static void setup(void)
{
	arena_init(&arena);
	http_head_init(&head, &arena);
}

static void teardown(void)
{
	arena_fini(&arena);
}

START_TEST(added_fields_are_found)
{
	ck_assert_ptr_null(http_head_get(&head, HTTP_F_VIA));
	http_head_add(&head, HTTP_F_VIA, SPAN("1.1 a"));
	http_head_add_named(&head, SPAN("via"), SPAN("1.1 b"));
	http_head_add_named(&head, SPAN("X-One"), SPAN("1"));
	ck_assert_span(http_head_get(&head, HTTP_F_VIA)->name, SPAN("Via"));
	ck_assert_span(http_head_get(&head, HTTP_F_VIA)->value, SPAN("1.1 a"));
	ck_assert_uint_eq(http_head_count(&head, HTTP_F_VIA), 2);
	ck_assert_span(http_head_get_named(&head, SPAN("x-one"))->value, SPAN("1"));
	ck_assert_span(http_head_get_named(&head, SPAN("VIA"))->value, SPAN("1.1 a"));
	ck_assert_ptr_null(http_head_get_named(&head, SPAN("X-Two")));
	ck_assert_ptr_null(http_head_get(&head, HTTP_F_X_SQUID_ERROR)); /* the last id */
}
END_TEST

START_TEST(removing_keeps_the_order_of_the_rest)
{
	http_head_add(&head, HTTP_F_HOST, SPAN("h"));
	http_head_add_named(&head, SPAN("X"), SPAN("1"));
	http_head_add(&head, HTTP_F_AGE, SPAN("5"));
	http_head_add_named(&head, SPAN("x"), SPAN("2"));
	http_head_add(&head, HTTP_F_DATE, SPAN("d"));
	ck_assert_uint_eq(http_head_remove(&head, HTTP_F_AGE), 1);
	ck_assert_uint_eq(http_head_remove(&head, HTTP_F_AGE), 0);
	ck_assert_uint_eq(http_head_remove(&head, HTTP_F_HOST), 1);
	ck_assert_uint_eq(head.n_fields, 3);
	ck_assert_span(head.fields[0].value, SPAN("1"));
	ck_assert_span(head.fields[1].value, SPAN("2"));
	ck_assert_int_eq(head.fields[2].id, HTTP_F_DATE);
	http_head_add(&head, HTTP_F_AGE, SPAN("6")); /* once more after it was removed */
	ck_assert_span(http_head_get(&head, HTTP_F_AGE)->value, SPAN("6"));
}
END_TEST

START_TEST(a_head_grows)
{
	for (int i = 0; i < 200; i++)
		http_head_add_named(&head, arena_printf(&arena, "N%d", i), SPAN("v"));
	ck_assert_uint_eq(head.n_fields, 200);
	ck_assert_span(head.fields[0].name, SPAN("N0"));
	ck_assert_span(head.fields[199].name, SPAN("N199"));
}
END_TEST

static const struct {
	const char *name;
	enum http_method method;
	bool is_safe, is_idempotent;
} methods[] = {
	{ "GET", HTTP_GET, true, true },           { "HEAD", HTTP_HEAD, true, true },
	{ "OPTIONS", HTTP_OPTIONS, true, true },   { "TRACE", HTTP_TRACE, true, true },
	{ "PUT", HTTP_PUT, false, true },          { "DELETE", HTTP_DELETE, false, true },
	{ "POST", HTTP_POST, false, false },       { "PATCH", HTTP_PATCH, false, false },
	{ "CONNECT", HTTP_CONNECT, false, false }, { "PURGE", HTTP_PURGE, false, false },
	{ "PROPFIND", HTTP_PROPFIND, true, true }, { "LOCK", HTTP_LOCK, false, false },
	{ "UNLOCK", HTTP_UNLOCK, false, true },    { "SEARCH", HTTP_SEARCH, true, true },
};

START_TEST(methods_are_known)
{
	ck_assert_int_eq(http_method_of(span_str(methods[_i].name)), methods[_i].method);
	ck_assert_str_eq(http_method_text(methods[_i].method), methods[_i].name);
	ck_assert(http_method_is_safe(methods[_i].method) == methods[_i].is_safe);
	ck_assert(http_method_is_idempotent(methods[_i].method) == methods[_i].is_idempotent);
}
END_TEST

START_TEST(other_methods_are_neither)
{
	ck_assert_int_eq(http_method_of(SPAN("get")), HTTP_OTHER);
	ck_assert_int_eq(http_method_of(SPAN("GETX")), HTTP_OTHER);
	ck_assert_int_eq(http_method_of(SPAN("")), HTTP_OTHER);
	ck_assert_str_eq(http_method_text(HTTP_OTHER), "");
	ck_assert(!http_method_is_safe(HTTP_OTHER) && !http_method_is_idempotent(HTTP_OTHER));
}
END_TEST

START_TEST(tokens)
{
	static const char tchars[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"; /* RFC 9110 5.6.2 */

	ck_assert(!http_is_token(SPAN("")));
	for (unsigned byte = 0; byte < 256; byte++) {
		const char c = (char)byte;
		const bool want = byte != 0 && strchr(tchars, c) != NULL;

		ck_assert_msg(http_is_token(span_of(&c, 1)) == want, "byte %u", byte);
	}
	ck_assert(!http_is_token(SPAN("a b")));
}
END_TEST

Suite *suite_head(void);
Suite *suite_head(void)
{
	Suite *s = suite_create("head");
	TCase *t = tcase_create("head");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, added_fields_are_found);
	tcase_add_test(t, removing_keeps_the_order_of_the_rest);
	tcase_add_test(t, a_head_grows);
	tcase_add_loop_test(t, methods_are_known, 0, ARRAY_LEN(methods));
	tcase_add_test(t, other_methods_are_neither);
	tcase_add_test(t, tokens);
	suite_add_tcase(s, t);
	return s;
}
