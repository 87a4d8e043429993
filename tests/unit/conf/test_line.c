/*
 * Logical lines: what belongs to a line, what is lost, and where it stood.
 */
#include "tests/unit/conf/fixture.h"

static const struct {
	const char *name, *text, *seen;
} lines[] = {
	{ "words are separated by blanks and tabs", "words a \t b", "[a][b]" },
	{ "a line may be indented", " \t words a", "[a]" },
	{ "the last line needs no line feed", "words a\nwords b", "[a][b]" },
	{ "a line may end in CR LF", "words a\r\nwords b\r\n", "[a][b]" },
	{ "blanks at the end are cut", "words a  \t\n", "[a]" },
	{ "empty lines and comments are skipped", "\n  \n# words a\n   # words b\nwords c\n",
	  "[c]" },
	{ "a # begins a comment at a word's start", "words a # b", "[a]" },
	{ "a # within a word is a part of it", "words a#b", "[a#b]" },
	{ "quotes mean nothing", "words \"a b\"", "[\"a][b\"]" },
	{ "a backslash joins two lines", "words a \\\nb\nwords c", "[a][b][c]" },
	{ "the indentation of the second is no separator", "words a\\\n   b", "[ab]" },
	{ "three lines are joined", "words a \\\n  b \\\n  c", "[a][b][c]" },
	{ "comments and empty lines do not end a continuation", "words a \\\n# x\n\n  # y\n b",
	  "[a][b]" },
	{ "a comment's backslash continues nothing", "words a\n# x \\\nwords b", "[a][b]" },
	{ "a backslash within a line is a byte", "words a\\b \\c", "[a\\b][\\c]" },
	{ "a continued last line is applied", "words a \\\n", "[a]" },
	{ "a continued empty line is the next one", "\\\nwords a", "[a]" },
	{ "a byte order mark is no part of the first word", "\xef\xbb\xbfwords a", "[a]" },
	{ "macros are replaced", "words ${service_name} x${process_number}y", "[squid][x1y]" },
	{ "macros are replaced within words that go on", "words a${process_number}\\\nb", "[a1b]" },
	{ "the name may come from a macro", "${service_name}", "" },
	{ "an unknown macro stays", "words ${other} ${ $", "[${other}][${][$]" },
	{ "the rest of a line has its comments", "rest  a  b # c ", "[a  b # c]" },
	{ "bytes above 127 pass", "words \xc3\xa4", "[\xc3\xa4]" },
};

START_TEST(lines_are_read_as_squid_reads_them)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, lines[_i].text);
	ck_assert_msg(strcmp(f.values.seen, lines[_i].seen) == 0, "%s: got %s, want %s",
	              lines[_i].name, f.values.seen, lines[_i].seen);
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *name, *text;
	unsigned line;
	enum conf_severity severity;
	const char *part;
} complaints[] = {
	{ "text behind a carriage return would be lost", "words a\nwords b\rwords c\n", 2,
	  CONF_ERROR, "carriage return" },
	{ "a file may not end within a continued line", "words a\nwords b \\\n\n", 3, CONF_WARNING,
	  "ends in a backslash" },
	{ "a word that is glued to the next line's", "words a\\\n  b", 2, CONF_WARNING, "glued" },
	{ "blanks behind a backslash", "words a \\ \nwords b", 1, CONF_WARNING, "not continued" },
	{ "a comment that swallows continued lines", "words a \\\n # skipped \\\n b # c \\\n d", 1,
	  CONF_WARNING, "down to line 4" },
	{ "an unknown directive in a joined line stands where it begins", "\nwrds a \\\n b", 2,
	  CONF_ERROR, "did you mean \"words\"" },
};

START_TEST(what_would_be_lost_is_told)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, complaints[_i].text);
	ck_assert_msg(fixture_has(&f, "squid.conf", complaints[_i].line, complaints[_i].severity,
	                          complaints[_i].part),
	              "%s: %s", complaints[_i].name, fixture_findings(&f));
	fixture_fini(&f);
}
END_TEST

START_TEST(a_nul_byte_is_an_error)
{
	struct fixture f;

	fixture_init(&f);
	conf_read_text(f.r, "squid.conf", SPAN("words a\nwords b\0c\n"));
	ck_assert_finding(&f, 2, CONF_ERROR, "NUL");
	fixture_fini(&f);
}
END_TEST

START_TEST(no_line_is_too_long)
{
	enum { N = 300000 };
	char *text = check_malloc(N + 64);
	struct fixture f;

	fixture_init(&f);
	memcpy(text, "string ", 7);
	memset(text + 7, 'x', N);
	memcpy(text + 7 + N, "\nwords end\n", 12);
	fixture_read(&f, text);
	ck_assert_uint_eq(strlen(f.values.string), N);
	ck_assert_seen(&f, "[end]");
	ck_assert_no_findings(&f);
	free(text);
	fixture_fini(&f);
}
END_TEST

START_TEST(line_comments_move_places)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, "#line 40 \"other.conf\"\n"
	                 "bad_one\n"
	                 "#line 7\n"
	                 "bad_two\n"
	                 "#line nonsense\n"
	                 "#line 99 other\n"
	                 "bad_three\n");
	ck_assert(fixture_has(&f, "other.conf", 40, CONF_ERROR, "bad_one"));
	ck_assert(fixture_has(&f, "other.conf", 7, CONF_ERROR, "bad_two"));
	ck_assert(fixture_has(&f, "other.conf", 10, CONF_ERROR, "bad_three"));
	fixture_fini(&f);
}
END_TEST

START_TEST(values_of_continued_lines_know_their_own_line)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, "\nvalues a \\\n\n b c \\\n# comment\n d\nvalues e");
	ck_assert_seen(&f, "[a@2][b@4][c@4][d@6][e@7]");
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

START_TEST(macros_can_be_given_other_values)
{
	struct fixture f;

	fixture_init(&f);
	conf_set_macro(f.r, "service_name", "edge");
	fixture_read(&f, "words /run/${service_name}.pid ${process_name}");
	ck_assert_seen(&f, "[/run/edge.pid][squid-1]");
	fixture_fini(&f);
}
END_TEST

Suite *suite_line(void);
Suite *suite_line(void)
{
	Suite *s = suite_create("conf/line");
	TCase *t = tcase_create("line");

	tcase_add_loop_test(t, lines_are_read_as_squid_reads_them, 0, ARRAY_LEN(lines));
	tcase_add_loop_test(t, what_would_be_lost_is_told, 0, ARRAY_LEN(complaints));
	tcase_add_test(t, a_nul_byte_is_an_error);
	tcase_add_test(t, no_line_is_too_long);
	tcase_add_test(t, line_comments_move_places);
	tcase_add_test(t, values_of_continued_lines_know_their_own_line);
	tcase_add_test(t, macros_can_be_given_other_values);
	suite_add_tcase(s, t);
	return s;
}
