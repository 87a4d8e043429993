/*
 * The rules of the language in their order, each with a case, where no other file of this folder
 * has one
 * already: what Squid's reader does with lines, includes, conditions, words and numbers.
 */
#include "tests/unit/conf/fixture.h"

static const struct {
	const char *rule, *text, *seen;
} rules[] = {
	/* lines */
	{ "a line ends at its line feed", "words a\nwords b", "[a][b]" },
	{ "blanks before a comment do not matter", " \t# words a\nwords b", "[b]" },
	{ "#line counts anew, also the lines of values", "#line 70\nvalues a\n\nvalues b",
	  "[a@70][b@72]" },
	{ "the last byte decides about continuation", "words a \\\\\nwords b", "[a][\\words][b]" },
	{ "what is glued is glued before macros are replaced", "words ${service_\\\nname}",
	  "[squid]" },
	{ "macros stand in conditions", "if ${process_number} = 1\nwords a\nendif", "[a]" },
	{ "macros stand in names", "wor${nothing}ds a\nwords b", "[b]" },
	{ "macros are replaced once", "words ${${service_name}}", "[${squid}]" },
	{ "an alias is the name", "alias_one a", "[a]" },
	/* conditions */
	{ "numbers of a condition are strtol's",
	  "if 0x1F = 31\nwords a\nendif\nif 010=8\nwords b\nendif", "[a][b]" },
	{ "else belongs to the innermost if",
	  "if true\nif false\nwords a\nelse\nwords b\nendif\nelse\nwords c\nendif", "[b]" },
	{ "five deep, all ways to be inactive",
	  "if true\nif true\nif false\nif true\nif true\nwords a\nelse\nwords "
	  "b\nendif\nelse\nwords c\n"
	  "endif\nwords d\nelse\nwords e\nendif\nendif\nendif",
	  "[e]" },
	/* words */
	{ "a comment needs a blank before it", "words a#b c #d", "[a#b][c]" },
	{ "quotes are bytes in words", "words 'a b' \"c", "['a][b'][\"c]" },
	{ "a list file may stand between values", "values a '/dev/null' b", "[a@1][b@1]" },
	{ "a value may hold quotes behind its first byte", "values a\"b\"", "[a\"b\"@1]" },
	{ "a backslash protects in expressions only", "values a\\ b\nregexes a\\ b",
	  "[a\\@1][b@1][a\\ b@2]" },
	{ "a backslash at the end of an expression that is protected itself", "regexes a\\\\ b",
	  "[a\\\\@1][b@1]" },
	{ "quoted mode holds from its line on",
	  "words \"a b\"\nconfiguration_includes_quoted_values on\nwords \"a b\"",
	  "[\"a][b\"][a b]" },
	{ "quoted mode reads all words so",
	  "configuration_includes_quoted_values on\npair \"a b\" 'c'", "[a b][c@1]" },
	{ "quoted values stand in every mode", "pair a \"b \\\"c\\\"\"", "[a][b \"c\"@1]" },
};

START_TEST(each_rule_holds)
{
	struct fixture f;

	fixture_init(&f);
	conf_read_text(f.r, "squid.conf", span_str(rules[_i].text));
	ck_assert_msg(strcmp(f.values.seen, rules[_i].seen) == 0, "%s: got %s, want %s",
	              rules[_i].rule, f.values.seen, rules[_i].seen);
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *rule, *text;
	int64_t bytes, ms, integer;
	bool is_error;
} numbers[] = {
	{ "integers show their base", "integer 010", .integer = 8 },
	{ "hexadecimal", "integer 0x10", .integer = 16 },
	{ "nothing may follow a number", "integer 10x", .is_error = true },
	{ "sizes may be fractions", "bytes 1.5 KB", .bytes = 1536 },
	{ "units in any case, and longer words that begin so", "bytes 2 mBits", .bytes = 2 << 20 },
	{ "no unit: bytes", "bytes 77", .bytes = 77 },
	{ "none is no limit", "bytes none", .bytes = INT64_MAX },
	{ "-1 is no limit", "bytes -1", .bytes = INT64_MAX },
	{ "-1 with a unit too", "bytes -1 KB", .bytes = INT64_MAX },
	{ "no TB", "bytes 1 TB", .is_error = true },
	{ "no KiB", "bytes 1 KiB", .is_error = true },
	{ "no K", "bytes 1 K", .is_error = true },
	{ "zero needs no unit", "ms 0", .ms = 0 },
	{ "zero may have one", "bytes 0 KB", .bytes = 0 },
	{ "times may be fractions", "ms 0.5 hours", .ms = 1800000 },
	{ "a fortnight", "ms 1 FORTNIGHT", .ms = INT64_C(14) * 86400000 },
	{ "a month has 30 days", "ms 1 month", .ms = INT64_C(30) * 86400000 },
	{ "a time without a unit", "ms 5", .is_error = true },
	{ "what rounds to nothing", "ms 0.0001 milliseconds", .is_error = true },
	{ "a negative time", "ms -5 seconds", .is_error = true },
};

START_TEST(each_number_is_read)
{
	struct fixture f;

	fixture_init(&f);
	f.values.bytes = f.values.ms = f.values.integer = 0;
	conf_read_text(f.r, "squid.conf", span_str(numbers[_i].text));
	ck_assert_msg((conf_count(f.r, CONF_ERROR) != 0) == numbers[_i].is_error, "%s: %s",
	              numbers[_i].rule, fixture_findings(&f));
	ck_assert_msg(f.values.bytes == numbers[_i].bytes && f.values.ms == numbers[_i].ms &&
	                      f.values.integer == numbers[_i].integer,
	              "%s: %lld %lld %lld", numbers[_i].rule, (long long)f.values.bytes,
	              (long long)f.values.ms, (long long)f.values.integer);
	fixture_fini(&f);
}
END_TEST

/* Squid splits lines of lists at 2 KB. */
START_TEST(lines_of_lists_are_never_split)
{
	enum { N = 3000 };
	char list[N + 8];
	struct fixture f;

	memset(list, 'x', N);
	memcpy(list + N, "\nb\n", 4);
	fixture_init(&f);
	fixture_read(&f, fixture_text("values \"%s\"", fixture_file(&f, "list", span_str(list))));
	ck_assert_uint_eq(strlen(f.values.seen), strlen("[@1][b@2]") + N);
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

START_TEST(macros_stand_in_includes)
{
	struct fixture f;

	fixture_init(&f);
	(void)fixture_file(&f, "squid.inc", SPAN("words a\n"));
	fixture_read(&f, fixture_text("include %s/${service_name}.inc", f.folder));
	ck_assert_seen(&f, "[a]");
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

Suite *suite_language(void);
Suite *suite_language(void)
{
	Suite *s = suite_create("conf/language");
	TCase *t = tcase_create("language");

	tcase_add_loop_test(t, each_rule_holds, 0, ARRAY_LEN(rules));
	tcase_add_loop_test(t, each_number_is_read, 0, ARRAY_LEN(numbers));
	tcase_add_test(t, lines_of_lists_are_never_split);
	tcase_add_test(t, macros_stand_in_includes);
	suite_add_tcase(s, t);
	return s;
}
