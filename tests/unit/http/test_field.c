/*
 * The table of field names: every name is found, in any case, and nothing else is.
 */
#include "http/head.h"
#include "tests/unit/unit.h"

START_TEST(every_name_is_found)
{
	const enum http_field_id id = (enum http_field_id)_i;
	const struct span name = http_field_name(id);
	char text[64];

	ck_assert_uint_lt(name.n, sizeof(text));
	ck_assert(http_is_token(name));
	/* If this fails for a new row: the row's initial in field.c must cover it. */
	ck_assert_msg(http_field_id_of(name) == id, "%s", name.p);
	for (size_t i = 0; i < name.n; i++)
		text[i] = ascii_lower(name.p[i]);
	ck_assert_msg(http_field_id_of(span_of(text, name.n)) == id, "%s in lower case", name.p);
	for (size_t i = 0; i < name.n; i++)
		if (text[i] >= 'a' && text[i] <= 'z')
			text[i] = (char)(text[i] - 0x20);
	ck_assert_msg(http_field_id_of(span_of(text, name.n)) == id, "%s in upper case", name.p);
}
END_TEST

START_TEST(the_table_is_sorted)
{
	const struct span a = http_field_name((enum http_field_id)_i);
	const struct span b = http_field_name((enum http_field_id)(_i + 1));
	size_t i = 0;

	while (i < a.n && i < b.n && ascii_lower(a.p[i]) == ascii_lower(b.p[i]))
		i++;
	ck_assert_msg(i == a.n || (i < b.n && ascii_lower(a.p[i]) < ascii_lower(b.p[i])), "%s, %s",
	              a.p, b.p);
}
END_TEST

/* Names of which any one byte is another are not found, least of all those that differ in 0x20. */
START_TEST(no_neighbour_is_found)
{
	const enum http_field_id id = (enum http_field_id)_i;
	const struct span name = http_field_name(id);
	char text[64];

	for (size_t i = 0; i < name.n; i++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			memcpy(text, name.p, name.n);
			text[i] = (char)byte;
			const bool is_same = ascii_lower(text[i]) == ascii_lower(name.p[i]);
			const enum http_field_id got = http_field_id_of(span_of(text, name.n));

			if (is_same != (got == id)) /* an assertion writes a message each time */
				ck_abort_msg("%s, byte %zu is %u", name.p, i, byte);
		}
	}
	ck_assert_int_ne(http_field_id_of(span_of(name.p, name.n - 1)), id);
}
END_TEST

START_TEST(other_names_are_other)
{
	ck_assert_int_eq(http_field_id_of(SPAN("")), HTTP_F_OTHER);
	ck_assert_int_eq(http_field_id_of(SPAN_NULL), HTTP_F_OTHER);
	ck_assert_int_eq(http_field_id_of(SPAN("X-Unknown")), HTTP_F_OTHER);
	ck_assert_int_eq(http_field_id_of(SPAN("\xc8ost")), HTTP_F_OTHER);
	ck_assert_int_eq(http_field_id_of(SPAN("Content-Length ")), HTTP_F_OTHER);
	ck_assert_span(http_field_name(HTTP_F_OTHER), SPAN(""));
	ck_assert_uint_eq(http_field_flags(HTTP_F_OTHER), 0);
	ck_assert_uint_eq(http_field_flags(HTTP_F_TRANSFER_ENCODING),
	                  FIELD_HOP | FIELD_FRAMING | FIELD_NO_TRAILER);
}
END_TEST

Suite *suite_field(void);
Suite *suite_field(void)
{
	Suite *s = suite_create("field");
	TCase *t = tcase_create("field");

	tcase_add_loop_test(t, every_name_is_found, 1, HTTP_F_N);
	tcase_add_loop_test(t, the_table_is_sorted, 1, HTTP_F_N - 1);
	tcase_add_loop_test(t, no_neighbour_is_found, 1, HTTP_F_N);
	tcase_add_test(t, other_names_are_other);
	suite_add_tcase(s, t);
	return s;
}
