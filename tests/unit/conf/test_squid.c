/*
 * The table of Squid's directives that no folder implements.
 */
#include "conf/manual.h"
#include "tests/unit/conf/fixture.h"

#define SQUID_NAME(name) name,
static const char *const squid_names[] = {
#include "tests/unit/conf/squid_names.tbl.h"
};

static bool is_name_of_squid(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(squid_names); i++)
		if (span_eq(name, span_str(squid_names[i])))
			return true;
	return false;
}

START_TEST(every_row_is_a_directive_of_squid)
{
	size_t n;
	const struct conf_directive *rows = conf_squid_directives(&n);

	for (size_t i = 0; i < n; i++) {
		struct span rest = span_str(rows[i].aliases);

		ck_assert_msg(is_name_of_squid(span_str(rows[i].name)), "%s", rows[i].name);
		while (rest.n != 0) {
			const struct span alias = span_cut(&rest, ' ');

			ck_assert_msg(is_name_of_squid(alias), "%.*s", SPAN_ARG(alias));
		}
	}
}
END_TEST

START_TEST(no_row_works_and_every_sentence_is_one)
{
	size_t n;
	const struct conf_directive *rows = conf_squid_directives(&n);

	for (size_t i = 0; i < n; i++) {
		const struct span doc = span_str(rows[i].doc);

		ck_assert_int_ne(rows[i].state, CONF_WORKS);
		ck_assert_ptr_null(rows[i].set);
		ck_assert_msg(doc.n > 10 && doc.p[doc.n - 1] == '.', "%s", rows[i].name);
		ck_assert_msg(rows[i].syntax[0] != '\0', "%s", rows[i].name);
	}
}
END_TEST

static void print_complaint(void *arg, const char *text)
{
	fprintf(stderr, "%s\n", text);
	(*(unsigned *)arg)++;
}

START_TEST(no_name_is_there_twice)
{
	unsigned n = 0;

	ck_assert_uint_eq(conf_check_rows(NULL, 0, print_complaint, &n), 0);
	ck_assert_uint_eq(n, 0);
}
END_TEST

static const struct {
	const char *name, *want;
} states[] = {
	{ "memory_pools", "accepted" },
	{ "store_avg_object_size", "accepted" },
	{ "incoming_icp_average", "accepted" },
	{ "hierarchy_stoplist", "obsolete" },
	{ "log_access", "obsolete" },
	{ "upgrade_http0.9", "obsolete" },
	{ "ssl_bump", "unbuilt" },
	{ "redirect_program", "unbuilt" },
	{ "header_access", "refused" },
	{ "cache_peer_domain", "refused" },
	{ "cache_host_domain", "refused" },
	{ "ident_lookup_access", "refused" },
	{ "include", "works" },
	{ "endif", "works" },
};

static char *print_directives(void)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(out);
	conf_print_directives(out, NULL, 0);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

START_TEST(states_are_listed)
{
	char *text = print_directives();
	const char *line = fixture_text("\n%s\t%s\t", states[_i].name, states[_i].want);

	ck_assert_msg(strstr(text, line) != NULL, "%s", line);
	free(text);
}
END_TEST

START_TEST(the_list_is_sorted_and_has_three_columns)
{
	char *text = print_directives();
	struct span rest = span_str(text), last = SPAN("");

	while (rest.n != 0) {
		struct span line = span_cut(&rest, '\n');
		const struct span name = span_cut(&line, '\t');

		ck_assert_int_lt(span_cmp(last, name), 0);
		last = name;
		(void)span_cut(&line, '\t');
		ck_assert_ptr_nonnull(line.p);
		ck_assert_uint_eq(span_find(line, '\t'), line.n);
	}
	free(text);
}
END_TEST

START_TEST(the_manual_has_an_entry_for_each)
{
	static const struct conf_directive rows[] = {
		{ "wet", "", "zz-new", CONF_WORKS, CONF_SECTION_none, NULL, 0, "", "WORD",
		  "It works." },
		CONF_ROW_WITHOUT("dot", "other", "zz-new", ACCEPTED, "a\nb", "\\ \"x\"",
		                 ".first and 'last' line^."),
	};
	char *text = NULL;
	size_t n = 0, n_rows;
	FILE *out = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(out);
	conf_print_manual(out, rows, ARRAY_LEN(rows));
	ck_assert_int_eq(fclose(out), 0);
	const struct conf_directive *squid = conf_squid_directives(&n_rows);

	for (size_t i = 0; i < n_rows; i++)
		ck_assert_msg(strstr(text, fixture_text("\n.TP\n.B %s", squid[i].name)) != NULL,
		              "%s", squid[i].name);
	const char *others = strstr(text, "\n.SH OTHER DIRECTIVES OF SQUID\n");

	ck_assert_int_eq(strncmp(text, ".SH DIRECTIVES THAT WORK\n", 25), 0);
	ck_assert_ptr_nonnull(others);
	ck_assert_ptr_nonnull(strstr(text, ".SS zz-new\n"
	                                   ".TP\n"
	                                   ".B wet\\fR WORD\n"
	                                   "It works.\n"
	                                   ".br\nDefault: no such line.\n"
	                                   ".SH OTHER"));
	ck_assert_ptr_nonnull(strstr(others, ".SS zz-new\n"
	                                     ".TP\n"
	                                     ".B dot\\fR \\e \\(dqx\\(dq\n"
	                                     ".I Accepted without effect.\n"
	                                     "\\&.first and \\(aqlast\\(aq line\\(ha.\n"
	                                     ".br\nDefault: a\n.br\nb\n"
	                                     ".br\nAlso written: other\n"));
	free(text);
}
END_TEST

Suite *suite_squid(void);
Suite *suite_squid(void)
{
	Suite *s = suite_create("conf/squid");
	TCase *t = tcase_create("squid");

	tcase_add_test(t, every_row_is_a_directive_of_squid);
	tcase_add_test(t, no_row_works_and_every_sentence_is_one);
	tcase_add_test(t, no_name_is_there_twice);
	tcase_add_loop_test(t, states_are_listed, 0, ARRAY_LEN(states));
	tcase_add_test(t, the_list_is_sorted_and_has_three_columns);
	tcase_add_test(t, the_manual_has_an_entry_for_each);
	suite_add_tcase(s, t);
	return s;
}
