/*
 * Values: from the line and from list files.
 */
#include "tests/unit/conf/fixture.h"

static void read_list(struct fixture *f, const char *directive, struct span list)
{
	const char *path = fixture_file(f, "list", list);

	fixture_read(f, fixture_text("%s one \"%s\" two", directive, path));
}

static const struct {
	const char *name;
	struct span list;
	const char *seen;
} lists[] = {
	{ "a value a line", SPAN("a\nb\n"), "[one@1][a@1][b@2][two@1]" },
	{ "the last line needs no line feed", SPAN("a\nb"), "[one@1][a@1][b@2][two@1]" },
	{ "blanks around are cut", SPAN("  a \t\n\tb\n"), "[one@1][a@1][b@2][two@1]" },
	{ "blanks within stay", SPAN("a b\n"), "[one@1][a b@1][two@1]" },
	{ "empty lines and comments are skipped", SPAN("\n# x\n  \n  # y\na\n"),
	  "[one@1][a@5][two@1]" },
	{ "a blank and # begin a comment", SPAN("a # x\nb\t# y # z\n"),
	  "[one@1][a@1][b@2][two@1]" },
	{ "a # within a value stays", SPAN("a#x\nb#y # z\n"), "[one@1][a#x@1][b#y@2][two@1]" },
	{ "lines may end in CR LF", SPAN("a\r\n\r\nb\r\n"), "[one@1][a@1][b@3][two@1]" },
	{ "a byte order mark is no part of a value",
	  SPAN("\xef\xbb\xbf"
	       "a\n"),
	  "[one@1][a@1][two@1]" },
	{ "an empty file has no values", SPAN(""), "[one@1][two@1]" },
	{ "flags stand on lines of their own", SPAN("-i\na\n"), "[one@1][-i@1][a@2][two@1]" },
};

START_TEST(list_files_are_read_line_by_line)
{
	struct fixture f;

	for (unsigned as_wholes = 0; as_wholes < 2; as_wholes++) {
		fixture_init(&f);
		read_list(&f, as_wholes ? "lists" : "values", lists[_i].list);
		ck_assert_msg(strcmp(f.values.seen, lists[_i].seen) == 0, "%s: got %s",
		              lists[_i].name, f.values.seen);
		ck_assert_no_findings(&f);
		fixture_fini(&f);
	}
}
END_TEST

static const struct {
	const char *name;
	struct span list;
	unsigned line;
	const char *part;
} odd_lists[] = {
	{ "a NUL byte", SPAN("a\nb\0\n"), 2, "NUL byte" },
	{ "line ends of another kind", SPAN("a\rb\rc\n"), 1, "carriage return" },
};

START_TEST(a_list_that_is_no_text_is_an_error)
{
	char path[128];
	struct fixture f;

	fixture_init(&f);
	snprintf(path, sizeof(path), "%s", fixture_file(&f, "list", odd_lists[_i].list));
	fixture_read(&f, fixture_text("values \"%s\"", path));
	ck_assert_msg(fixture_has(&f, path, odd_lists[_i].line, CONF_ERROR, odd_lists[_i].part),
	              "%s: %s", odd_lists[_i].name, fixture_findings(&f));
	fixture_fini(&f);
}
END_TEST

START_TEST(a_missing_list_is_an_error_and_the_rest_is_read)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, "values a \"/nonexistent/list\" b");
	ck_assert_finding(&f, 1, CONF_ERROR,
	                  "cannot read the list /nonexistent/list: No such file");
	ck_assert_seen(&f, "[a@1][b@1]");
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *text, *part;
} mistakes[] = {
	{ "values \"/tmp\"", "it is a directory" }, { "values \"/x", "closing one is missing" },
	{ "values \"/x\"y", "blank must follow" },  { "values \"\"", "empty" },
	{ "regexes a\\", "lone backslash" },
};

START_TEST(mistakes_are_errors)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, fixture_text("%s ", mistakes[_i].text));
	ck_assert_finding(&f, 1, CONF_ERROR, mistakes[_i].part);
	ck_assert_uint_eq(conf_count(f.r, CONF_ERROR), 1);
	fixture_fini(&f);
}
END_TEST

START_TEST(list_names_may_hold_blanks)
{
	char path[128];
	struct fixture f;

	fixture_init(&f);
	snprintf(path, sizeof(path), "%s", fixture_file(&f, "a list", SPAN("x\n")));
	fixture_read(&f, fixture_text("values '%s'", path));
	ck_assert_seen(&f, "[x@1]");
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

static const struct {
	const char *name, *text, *seen;
} regexes[] = {
	{ "a backslash protects a blank", "regexes a\\ b c", "[a\\ b@1][c@1]" },
	{ "a backslash protects a backslash", "regexes a\\\\ b", "[a\\\\@1][b@1]" },
	{ "other escapes stay", "regexes \\.x$ ^\\<y", "[\\.x$@1][^\\<y@1]" },
	{ "a # begins a comment", "regexes a #b", "[a@1]" },
	{ "a protected # does not", "regexes a \\#b", "[a@1][\\#b@1]" },
	{ "brackets protect nothing", "regexes [a b]", "[[a@1][b]@1]" },
};

START_TEST(expressions_keep_their_backslashes)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, regexes[_i].text);
	ck_assert_msg(strcmp(f.values.seen, regexes[_i].seen) == 0, "%s: got %s", regexes[_i].name,
	              f.values.seen);
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

START_TEST(parameters_read_words_and_nest)
{
	char inner[128], outer[128];
	struct fixture f;

	fixture_init(&f);
	snprintf(inner, sizeof(inner), "%s", fixture_file(&f, "inner", SPAN("'i j' k # c\n\nl\n")));
	const char *text = fixture_text("a\nparameters(\"%s\") b\n", inner);

	snprintf(outer, sizeof(outer), "%s", fixture_file(&f, "outer", span_str(text)));
	fixture_read(&f, fixture_text("configuration_includes_quoted_values on\n"
	                              "values x parameters( \"%s\" ) y",
	                              outer));
	ck_assert_seen(&f, "[x@2][a@1][i j@1][k@1][l@3][b@2][y@2]");
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

START_TEST(parameters_that_name_themselves_end)
{
	char path[128];
	struct fixture f;

	fixture_init(&f);
	snprintf(path, sizeof(path), "%s", fixture_file(&f, "self", SPAN("")));
	fixture_file(&f, "self", span_str(fixture_text("a parameters(\"%s\")\n", path)));
	fixture_read(&f, fixture_text("configuration_includes_quoted_values on\n"
	                              "values parameters(\"%s\")",
	                              path));
	ck_assert_finding(&f, 2, CONF_ERROR, "nested too deeply");
	fixture_fini(&f);
}
END_TEST

START_TEST(lists_can_be_dropped_while_the_configuration_stays)
{
	char list[128];
	struct fixture f;

	fixture_init(&f);
	snprintf(list, sizeof(list), "%s", fixture_file(&f, "list", SPAN("a\n")));
	const char *text = fixture_text("values \"%s\"\n", list);
	const char *path = fixture_file(&f, "conf", span_str(text));

	conf_read_file(f.r, path);
	char *before = conf_dump(f.r);

	conf_drop_lists(f.r);
	char *after = conf_dump(f.r);

	ck_assert_str_eq(before, after);
	ck_assert_str_eq(conf_files(f.r)[0], path);
	ck_assert_str_eq(conf_files(f.r)[1], list);
	/* Read again, the list is loaded again. */
	fixture_read(&f, fixture_text("values \"%s\"\n", list));
	ck_assert_seen(&f, "[a@1][a@1]");
	free(before);
	free(after);
	fixture_fini(&f);
}
END_TEST

START_TEST(values_that_nobody_takes_are_told)
{
	struct fixture f;

	fixture_init(&f);
	fixture_read(&f, fixture_text("first \"%s\"", fixture_file(&f, "list", SPAN("a\nb\n"))));
	ck_assert_finding(&f, 1, CONF_WARNING, "not all values of the list");
	fixture_fini(&f);
}
END_TEST

START_TEST(a_million_values_are_spans_of_one_copy)
{
	enum { N = 1000000, BYTES = 8 };
	char *list = check_malloc(N * BYTES + 1);
	struct fixture f;
	size_t n = 0;

	for (unsigned i = 0; i < N; i++)
		snprintf(list + (size_t)i * BYTES, BYTES + 1, "%07u\n", i);
	fixture_init(&f);
	const char *path = fixture_file(&f, "list", span_of(list, (size_t)N * BYTES));
	struct conf_line l = { .reader = f.r, .place = { "squid.conf", 1 } };
	const struct span text = span_str(fixture_text("\"%s\"", path));
	struct conf_value v;
	const char *last = NULL;
	size_t n_wrong = 0; /* an assertion for each would take a minute */

	l.text = l.rest = text;
	for (; conf_value_next(&l, false, &v); n++) {
		uint64_t number;

		n_wrong += !span_to_u64(v.text, &number) || number != n || v.place.line != n + 1 ||
		           (last != NULL && v.text.p != last + BYTES);
		last = v.text.p;
	}
	ck_assert_uint_eq(n, N);
	ck_assert_uint_eq(n_wrong, 0);
	free(list);
	fixture_fini(&f);
}
END_TEST

/* Squid splits the lines of list files silently every 2,048 bytes. */
START_TEST(a_line_of_a_list_may_have_any_length)
{
	enum { N = 100000 };
	char *list = check_malloc(N + 3);
	struct fixture f;
	struct conf_value v;

	memset(list, 'a', N);
	memcpy(list + N, "\nb\n", 3);
	fixture_init(&f);
	const char *path = fixture_file(&f, "list", span_of(list, N + 3));
	struct conf_line l = { .reader = f.r, .place = { "squid.conf", 1 } };

	l.text = l.rest = span_str(fixture_text("\"%s\"", path));
	ck_assert(conf_value_next(&l, false, &v));
	ck_assert_uint_eq(v.text.n, N);
	ck_assert(conf_value_next(&l, false, &v));
	ck_assert(span_eq(v.text, SPAN("b")));
	ck_assert(!conf_value_next(&l, false, &v));
	free(list);
	fixture_fini(&f);
}
END_TEST

/* --- lists as wholes -------------------------------------------------------------------------- */

static struct conf_line line_of(struct fixture *f, const char *path)
{
	struct conf_line l = { .reader = f->r, .place = { "squid.conf", 1 } };

	l.text = l.rest = span_str(fixture_text("\"%s\" end", path));
	return l;
}

START_TEST(a_list_can_be_left_out)
{
	struct conf_list_file file;
	struct conf_value v;
	struct fixture f;

	fixture_init(&f);
	struct conf_line l = line_of(&f, fixture_file(&f, "list", SPAN("a\nb\n")));

	ck_assert(conf_list_open(&l, false, &file));
	ck_assert_uint_eq(file.stamp.size, 4);
	ck_assert_uint_ne(file.stamp.inode, 0);
	conf_list_skip(&l);
	ck_assert(!conf_list_open(&l, false, &file));
	ck_assert(conf_value_next(&l, false, &v));
	ck_assert(span_eq(v.text, SPAN("end")));
	ck_assert_no_findings(&f);
	fixture_fini(&f);
}
END_TEST

START_TEST(a_list_has_a_hash_of_its_bytes)
{
	struct conf_list_file file[3];
	struct fixture f;

	fixture_init(&f);
	for (unsigned i = 0; i < 3; i++) {
		const char *path = fixture_file(&f,
		                                i == 0   ? "one"
		                                : i == 1 ? "two"
		                                         : "three",
		                                i < 2 ? SPAN("a\nb\n") : SPAN("a\nc\n"));
		struct conf_line l = line_of(&f, path);

		ck_assert(conf_list_open(&l, false, &file[i]));
		ck_assert(conf_list_read(&l, &file[i]));
		conf_list_skip(&l);
	}
	ck_assert(file[0].hash == file[1].hash && file[0].hash != file[2].hash);
	ck_assert_uint_ne(file[0].stamp.inode, file[1].stamp.inode);
	fixture_fini(&f);
}
END_TEST

/*
 * Between the opening and the reading somebody writes: what is read is one or the other, not both.
 */
START_TEST(a_list_that_changes_is_read_again)
{
	struct conf_list_file file;
	struct conf_value v;
	struct fixture f;

	fixture_init(&f);
	struct conf_line l = line_of(&f, fixture_file(&f, "list", SPAN("a\n")));

	ck_assert(conf_list_open(&l, false, &file));
	ck_assert_uint_eq(file.stamp.size, 2);
	fixture_file(&f, "list", SPAN("b\nc\nd\n"));
	ck_assert(conf_list_read(&l, &file));
	ck_assert_uint_eq(file.stamp.size, 6);
	for (const char *want = "bcd"; *want != '\0'; want++) {
		ck_assert(conf_list_value(&l, &file, &v));
		ck_assert(span_eq(v.text, span_of(want, 1)));
	}
	ck_assert(!conf_list_value(&l, &file, &v));
	fixture_fini(&f);
}
END_TEST

/* Of a pipe nothing can be told but that it cannot be read twice. */
START_TEST(only_ordinary_files_are_known_again)
{
	struct conf_list_file file;
	struct fixture f;

	fixture_init(&f);
	struct conf_line l = line_of(&f, "/dev/null");

	ck_assert(conf_list_open(&l, false, &file));
	ck_assert(!file.stamp.is_sure);
	ck_assert(conf_list_read(&l, &file));
	conf_list_skip(&l);
	fixture_fini(&f);
}
END_TEST

Suite *suite_value(void);
Suite *suite_value(void)
{
	Suite *s = suite_create("conf/value");
	TCase *t = tcase_create("value");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, list_files_are_read_line_by_line, 0, ARRAY_LEN(lists));
	tcase_add_loop_test(t, a_list_that_is_no_text_is_an_error, 0, ARRAY_LEN(odd_lists));
	tcase_add_test(t, a_missing_list_is_an_error_and_the_rest_is_read);
	tcase_add_loop_test(t, mistakes_are_errors, 0, ARRAY_LEN(mistakes));
	tcase_add_test(t, list_names_may_hold_blanks);
	tcase_add_loop_test(t, expressions_keep_their_backslashes, 0, ARRAY_LEN(regexes));
	tcase_add_test(t, parameters_read_words_and_nest);
	tcase_add_test(t, parameters_that_name_themselves_end);
	tcase_add_test(t, lists_can_be_dropped_while_the_configuration_stays);
	tcase_add_test(t, values_that_nobody_takes_are_told);
	tcase_add_test(t, a_million_values_are_spans_of_one_copy);
	tcase_add_test(t, a_line_of_a_list_may_have_any_length);
	tcase_add_test(t, a_list_can_be_left_out);
	tcase_add_test(t, a_list_has_a_hash_of_its_bytes);
	tcase_add_test(t, a_list_that_changes_is_read_again);
	tcase_add_test(t, only_ordinary_files_are_known_again);
	suite_add_tcase(s, t);
	return s;
}
