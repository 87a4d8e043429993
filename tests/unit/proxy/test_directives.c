/*
 * The whole table of directives: each of Squid's names is known, and none twice.
 */
#include "acl/type.h"
#include "conf/conf.h"
#include "conf/manual.h"
#include "proxy/proxy.h"
#include "tests/unit/unit.h"

#define SQUID_NAME(name) name,
static const char *const squid_names[] = {
#include "tests/unit/conf/squid_names.tbl.h"
};

static void print_complaint(UNUSED void *arg, const char *text)
{
	fprintf(stderr, "%s\n", text);
}

START_TEST(no_name_is_there_twice)
{
	size_t n;
	const struct conf_directive *rows = proxy_directives(&n);

	ck_assert_uint_eq(conf_check_rows(rows, n, print_complaint, NULL), 0);
}
END_TEST

START_TEST(every_name_of_squid_is_known)
{
	size_t n_rows, n = 0;
	const struct conf_directive *rows = proxy_directives(&n_rows);
	char *text = NULL;
	FILE *out = open_memstream(&text, &n);
	char line[128];

	ck_assert_ptr_nonnull(out);
	fputc('\n', out);
	conf_print_directives(out, rows, n_rows);
	ck_assert_int_eq(fclose(out), 0);
	for (size_t i = 0; i < ARRAY_LEN(squid_names); i++) {
		snprintf(line, sizeof(line), "\n%s\t", squid_names[i]);
		ck_assert_msg(strstr(text, line) != NULL, "%s", squid_names[i]);
	}
	free(text);
}
END_TEST

/* Names of acls, of which nobody asks anything, or which stand for a rule elsewhere. */
static bool asks_no_acl(const char *name)
{
	return strcmp(name, "acl") == 0 || strcmp(name, "report_only") == 0 ||
	       strcmp(name, "deny_info") == 0;
}

/* Else what an acl may look at there is only guessed at: acl/lists.tbl.h. */
START_TEST(every_list_of_acls_says_when_it_is_asked)
{
	size_t n;
	const struct conf_directive *rows = proxy_directives(&n);

	for (size_t i = 0; i < n; i++) {
		const struct conf_directive *d = &rows[i];

		if (d->state == CONF_WORKS && strstr(d->syntax, "ACL") != NULL &&
		    !asks_no_acl(d->name))
			ck_assert_msg(strcmp(acl_list_of(span_str(d->name))->directive, d->name) ==
			                      0,
			              "acl/lists.tbl.h has no row for %s", d->name);
	}
}
END_TEST

Suite *suite_directives(void);
Suite *suite_directives(void)
{
	Suite *s = suite_create("proxy/directives");
	TCase *t = tcase_create("directives");

	tcase_add_test(t, no_name_is_there_twice);
	tcase_add_test(t, every_name_of_squid_is_known);
	tcase_add_test(t, every_list_of_acls_says_when_it_is_asked);
	suite_add_tcase(s, t);
	return s;
}
