/*
 * Pieces of `cuttle cache`, and JSON's strings.
 */
#include "admin/command_cache.h"
#include "admin/json.h"
#include "tests/unit/unit.h"

static const struct {
	const char *url, *host;
} hosts[] = {
	{ "http://a.test/", "a.test" },
	{ "http://a.test:8080/x:y", "a.test" },
	{ "http://a.test", "a.test" },
	{ "http://a.test?q=http://b.test/", "a.test" },
	{ "http://[2001:db8::1]:80/", "[2001:db8::1]" },
	{ "http://[2001:db8::1", "[2001:db8::1" },
	{ "http://", "" },
	{ "http:/", "-" },
	{ "", "-" },
	{ "a store id", "-" },
};

START_TEST(the_host_of_a_url_is_what_is_before_port_path_and_query)
{
	const struct span got = command_cache_host(span_str(hosts[_i].url));

	ck_assert_msg(span_eq(got, span_str(hosts[_i].host)), "%s: %.*s", hosts[_i].url,
	              SPAN_ARG(got));
}
END_TEST

static const struct {
	const char *bytes;
	size_t n;
	const char *json;
} strings[] = {
	{ "", 0, "\"\"" },
	{ "plain", 5, "\"plain\"" },
	{ "a\"b\\c", 5, "\"a\\\"b\\\\c\"" },
	{ "\0\n\x1f\x7f", 4, "\"\\u0000\\u000a\\u001f\\u007f\"" },
	{ "\xff\xc3\xa4", 3, "\"\\u00ff\\u00c3\\u00a4\"" },
};

START_TEST(strings_are_ascii_whatever_is_in_them_rfc_8259_7)
{
	char *text = NULL;
	size_t n = 0;
	FILE *const to = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(to);
	json_string(to, span_of(strings[_i].bytes, strings[_i].n));
	ck_assert_int_eq(fclose(to), 0);
	ck_assert_str_eq(text, strings[_i].json);
	free(text);
}
END_TEST

START_TEST(a_member_without_a_value_is_null)
{
	char *text = NULL;
	size_t n = 0;
	FILE *const to = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(to);
	json_member(to, "a", SPAN_NULL);
	json_member(to, "b", SPAN(""));
	ck_assert_int_eq(fclose(to), 0);
	ck_assert_str_eq(text, ",\"a\":null,\"b\":\"\"");
	free(text);
}
END_TEST

START_TEST(urls_are_looked_up_in_the_form_in_which_they_are_kept)
{
	struct cache_command c = { 0 };

	arena_init(&c.arena);
	ck_assert(span_eq(command_cache_url(&c, SPAN("http://A.test:80")), SPAN("http://a.test/")));
	ck_assert(span_eq(command_cache_url(&c, SPAN("a store id")), SPAN("a store id")));
	arena_fini(&c.arena);
}
END_TEST

Suite *suite_command_cache(void);
Suite *suite_command_cache(void)
{
	Suite *s = suite_create("admin/command_cache");
	TCase *t = tcase_create("command_cache");

	tcase_add_loop_test(t, the_host_of_a_url_is_what_is_before_port_path_and_query, 0,
	                    ARRAY_LEN(hosts));
	tcase_add_loop_test(t, strings_are_ascii_whatever_is_in_them_rfc_8259_7, 0,
	                    ARRAY_LEN(strings));
	tcase_add_test(t, a_member_without_a_value_is_null);
	tcase_add_test(t, urls_are_looked_up_in_the_form_in_which_they_are_kept);
	suite_add_tcase(s, t);
	return s;
}
