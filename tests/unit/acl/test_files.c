/*
 * List files: what they hold counts beside the values of the lines, and what has not changed is not
 * read or compiled again by the next configuration.
 */
#include "acl/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/counters.h"
#include "tests/unit/acl/fixture.h"

struct lists {
	struct acl_files *in_use;
	char folder[32];
	char names[4][64];
	unsigned n_names;
	uint64_t read, compiled, reused; /* before the next load */
};

static void lists_init(struct lists *l)
{
	*l = (struct lists){ .in_use = acl_files_new(), .folder = "/tmp/cuttle-acl.XXXXXX" };
	ck_assert_ptr_nonnull(mkdtemp(l->folder));
}

static void lists_fini(struct lists *l)
{
	for (unsigned i = 0; i < l->n_names; i++)
		(void)unlink(l->names[i]);
	(void)rmdir(l->folder);
	acl_files_free(&l->in_use);
}

/* Write a list; the same name again is the same file, rewritten in place. Returns its path. */
static const char *list_write(struct lists *l, const char *name, const char *text)
{
	char path[64];
	unsigned i = 0;

	snprintf(path, sizeof(path), "%s/%s", l->folder, name);
	while (i < l->n_names && strcmp(l->names[i], path) != 0)
		i++;
	if (i == l->n_names)
		memcpy(l->names[l->n_names++], path, sizeof(path));
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	return l->names[i];
}

/* Load; in the text, @ stands for the folder. */
static void load(struct lists *l, struct fixture *f, const char *text)
{
	char conf[1024];
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += (size_t)(*text == '@' ? snprintf(conf + n, sizeof(conf) - n, "%s", l->folder)
		                           : snprintf(conf + n, sizeof(conf) - n, "%c", *text));
	l->read = counters_sum(COUNT_LISTS_READ);
	l->compiled = counters_sum(COUNT_LISTS_COMPILED);
	l->reused = counters_sum(COUNT_LISTS_REUSED);
	fixture_init_with(f, conf, l->in_use, NULL);
	fixture_request(f, "GET", "http://www.example.com/");
}

#define ck_assert_counts(l, read_, compiled_, reused_)                                             \
	do {                                                                                       \
		ck_assert_uint_eq(counters_sum(COUNT_LISTS_READ) - (l)->read, read_);              \
		ck_assert_uint_eq(counters_sum(COUNT_LISTS_COMPILED) - (l)->compiled, compiled_);  \
		ck_assert_uint_eq(counters_sum(COUNT_LISTS_REUSED) - (l)->reused, reused_);        \
	} while (0)

static const char *verdict_for(struct fixture *f, const char *url)
{
	fixture_request(f, "GET", url);
	return fixture_verdict(f);
}

#define DENIES(type) "acl x " type "\nhttp_access deny x\nhttp_access allow all\n"

START_TEST(a_file_that_has_not_changed_is_not_read)
{
	/* One that is surely older than what a clock could blur. */
	const char *srcdir = getenv("srcdir");
	char conf[600];
	struct lists l;
	struct fixture first, second;

	snprintf(conf, sizeof(conf),
	         DENIES("dstdomain \"%s/tests/fuzz/corpus/acl_domains/odd_names\""),
	         srcdir != NULL ? srcdir : ".");
	lists_init(&l);
	load(&l, &first, conf);
	ck_assert_str_eq(fixture_verdict(&first), "deny");
	ck_assert_counts(&l, 1, 1, 0);
	load(&l, &second, conf);
	ck_assert_counts(&l, 0, 0, 1);
	ck_assert_str_eq(fixture_verdict(&second), "deny");
	/* Warnings about its lines are not forgotten. */
	ck_assert_str_ne(fixture_findings(&first), "");
	char *findings = check_strdup(fixture_findings(&first));

	ck_assert_str_eq(fixture_findings(&second), findings);
	free(findings);
	fixture_fini(&first);
	ck_assert_str_eq(fixture_verdict(&second), "deny");
	fixture_fini(&second);
	/* Nobody holds it any more. */
	load(&l, &first, conf);
	ck_assert_counts(&l, 1, 1, 0);
	fixture_fini(&first);
	lists_fini(&l);
}
END_TEST

START_TEST(the_same_bytes_are_not_compiled_again)
{
	struct lists l;
	struct fixture first, second;

	lists_init(&l);
	list_write(&l, "a", ".example.com\n");
	load(&l, &first, DENIES("dstdomain \"@/a\""));
	list_write(&l, "a", ".example.com\n");
	load(&l, &second, DENIES("dstdomain \"@/a\""));
	ck_assert_counts(&l, 1, 0, 1);
	fixture_fini(&first);
	ck_assert_str_eq(fixture_verdict(&second), "deny");
	fixture_fini(&second);
	lists_fini(&l);
}
END_TEST

START_TEST(each_configuration_has_the_list_as_it_was)
{
	struct lists l;
	struct fixture first, second;

	lists_init(&l);
	list_write(&l, "a", "www.example.com\n");
	load(&l, &first, DENIES("dstdomain \"@/a\""));
	list_write(&l, "a", "www.example.net\n");
	load(&l, &second, DENIES("dstdomain \"@/a\""));
	ck_assert_counts(&l, 1, 1, 0);
	ck_assert_str_eq(fixture_verdict(&first), "deny");
	ck_assert_str_eq(fixture_verdict(&second), "allow");
	struct acl_files_stats stats;

	acl_files_stats(l.in_use, &stats);
	ck_assert_uint_eq(stats.files, 2);
	ck_assert_uint_eq(stats.values, 2);
	fixture_fini(&first);
	ck_assert_str_eq(verdict_for(&second, "http://www.example.net/"), "deny");
	fixture_fini(&second);
	lists_fini(&l);
}
END_TEST

/* Same name, size and times; only the inode tells. */
START_TEST(another_file_by_the_same_name_is_another_list)
{
	struct lists l;
	struct fixture first, second;
	struct stat st;

	lists_init(&l);
	const char *a = list_write(&l, "a", "www.example.com\n");

	load(&l, &first, DENIES("dstdomain \"@/a\""));
	ck_assert_int_eq(stat(a, &st), 0);
	const char *b = list_write(&l, "b", "www.example.net\n");
	const struct timespec times[2] = { st.st_atim, st.st_mtim };

	ck_assert_int_eq(utimensat(AT_FDCWD, b, times, 0), 0);
	ck_assert_int_eq(rename(b, a), 0);
	load(&l, &second, DENIES("dstdomain \"@/a\""));
	ck_assert_counts(&l, 1, 1, 0);
	ck_assert_str_eq(fixture_verdict(&second), "allow");
	fixture_fini(&first);
	fixture_fini(&second);
	lists_fini(&l);
}
END_TEST

START_TEST(one_list_may_serve_several_acls)
{
	struct lists l;
	struct fixture f;

	lists_init(&l);
	list_write(&l, "a", "192.0.2.7\n");
	load(&l, &f,
	     "acl x src \"@/a\"\nacl y dst \"@/a\"\nacl z src 10.0.0.1 \"@/a\" 10.0.0.2\n"
	     "http_access deny !x\nhttp_access deny y\nhttp_access allow z\n");
	ck_assert_counts(&l, 3, 1, 2);
	fixture_dst(&f, "192.0.2.8");
	ck_assert_str_eq(fixture_verdict(&f), "allow");
	fixture_dst(&f, "192.0.2.7");
	ck_assert_str_eq(fixture_verdict(&f), "deny");
	fixture_fini(&f);
	lists_fini(&l);
}
END_TEST

/* What -i means for a file is what it meant when the file was compiled. */
START_TEST(flags_belong_to_the_list)
{
	struct lists l;
	struct fixture f;

	lists_init(&l);
	list_write(&l, "a", "EXAMPLE\\.com\n");
	load(&l, &f,
	     "acl x url_regex \"@/a\"\nacl y url_regex -i \"@/a\"\n"
	     "http_access deny x\nhttp_access deny y\nhttp_access allow all\n");
	ck_assert_counts(&l, 2, 2, 0);
	fixture_request(&f, "GET", "http://h/EXAMPLE.com");
	ck_assert_str_eq(fixture_verdict(&f), "deny");
	ck_assert_uint_eq(f.trail.place.line, 3);
	fixture_request(&f, "GET", "http://h/example.com");
	ck_assert_str_eq(fixture_verdict(&f), "deny");
	ck_assert_uint_eq(f.trail.place.line, 4);
	fixture_fini(&f);
	lists_fini(&l);
}
END_TEST

/* A flag in a file holds for what follows on the line, also if the file was not read again. */
START_TEST(flags_in_a_list_hold_behind_it)
{
	struct lists l;
	struct fixture first, second;

	lists_init(&l);
	list_write(&l, "a", "nothing\n-i\nNOTHING\n");
	for (unsigned i = 0; i < 2; i++) {
		struct fixture *f = i == 0 ? &first : &second;

		load(&l, f, DENIES("url_regex FIRST \"@/a\" SECOND"));
		ck_assert_str_eq(verdict_for(f, "http://h/first"), "allow");
		ck_assert_str_eq(verdict_for(f, "http://h/Nothing"), "deny");
		ck_assert_str_eq(verdict_for(f, "http://h/second"), "deny");
	}
	ck_assert_counts(&l, 1, 0, 1);
	fixture_fini(&first);
	fixture_fini(&second);
	lists_fini(&l);
}
END_TEST

START_TEST(findings_name_the_acl_that_has_them)
{
	struct lists l;
	struct fixture first, second;
	const char *conf = DENIES("dstdomain \"@/a\"\nacl y dstdomain \"@/a\"");

	lists_init(&l);
	list_write(&l, "a", "*.example.com\nexample.net\n");
	load(&l, &first, conf);
	ck_assert_counts(&l, 2, 2, 0);
	ck_assert_ptr_nonnull(strstr(fixture_findings(&first), "/a:1: warning: acl x: "));
	ck_assert_ptr_nonnull(strstr(fixture_findings(&first), "/a:1: warning: acl y: "));
	char *findings = check_strdup(fixture_findings(&first));

	load(&l, &second, conf);
	ck_assert_counts(&l, 2, 0, 2);
	ck_assert_str_eq(fixture_findings(&second), findings);
	free(findings);
	fixture_fini(&first);
	fixture_fini(&second);
	lists_fini(&l);
}
END_TEST

START_TEST(a_list_with_an_error_is_an_error_each_time)
{
	struct lists l;
	struct fixture first, second;

	lists_init(&l);
	list_write(&l, "a", "192.0.2.1\n192.0.2.256\n");
	load(&l, &first, DENIES("src \"@/a\""));
	load(&l, &second, DENIES("src \"@/a\""));
	ck_assert_counts(&l, 1, 1, 0);
	ck_assert_ptr_nonnull(strstr(fixture_findings(&second), "/a:2: error: "));
	fixture_fini(&first);
	fixture_fini(&second);
	lists_fini(&l);
}
END_TEST

START_TEST(all_names_of_an_acl_are_summed_up_once)
{
	struct lists l;
	struct fixture f;

	lists_init(&l);
	/*
	 * Superfluous: .a.example, listed twice; x.a.example, its file's own; b.example, which is
	 * below.
	 */
	list_write(&l, "a", ".a.example\nx.a.example\nb.example\nc.example\n");
	list_write(&l, "b", ".a.example\n.b.example\n");
	load(&l, &f, DENIES("dstdomain d.example \"@/a\" \"@/b\""));
	ck_assert_finding(&f, 1, CONF_NOTE, "acl x: 3 of 7 names are covered by others");
	ck_assert_ptr_null(strchr(strchr(fixture_findings(&f), '\n') + 1, '\n'));
	ck_assert_str_eq(verdict_for(&f, "http://y.b.example/"), "deny");
	ck_assert_str_eq(verdict_for(&f, "http://d.example/"), "deny");
	ck_assert_str_eq(verdict_for(&f, "http://y.c.example/"), "allow");
	fixture_fini(&f);
	lists_fini(&l);
}
END_TEST

/* What the named files hold may change while the file itself does not. */
START_TEST(a_list_that_names_lists_is_read_each_time)
{
	struct lists l;
	struct fixture first, second;
	char outer[128];
	const char *conf = "configuration_includes_quoted_values on\n"
			   "acl x dstdomain parameters(\"@/outer\")\nhttp_access deny x\n"
			   "http_access allow all\n";

	lists_init(&l);
	snprintf(outer, sizeof(outer), "parameters(\"%s\") example.net\n",
	         list_write(&l, "inner", "example.org\n"));
	list_write(&l, "outer", outer);
	load(&l, &first, conf);
	list_write(&l, "inner", "www.example.com\n");
	load(&l, &second, conf);
	ck_assert_counts(&l, 1, 1, 0);
	ck_assert_str_eq(verdict_for(&first, "http://www.example.com/"), "allow");
	ck_assert_str_eq(verdict_for(&second, "http://www.example.com/"), "deny");
	ck_assert_str_eq(verdict_for(&second, "http://example.net/"), "deny");
	fixture_fini(&first);
	fixture_fini(&second);
	lists_fini(&l);
}
END_TEST

START_TEST(a_list_that_is_missing_is_an_error)
{
	struct lists l;
	struct fixture f;

	lists_init(&l);
	load(&l, &f, DENIES("dstdomain a.example \"@/none\" b.example"));
	ck_assert_finding(&f, 1, CONF_ERROR, "cannot read the list");
	ck_assert_counts(&l, 0, 0, 0);
	ck_assert_str_eq(verdict_for(&f, "http://b.example/"), "deny");
	fixture_fini(&f);
	lists_fini(&l);
}
END_TEST

Suite *suite_files(void);
Suite *suite_files(void)
{
	Suite *s = suite_create("acl/files");
	TCase *t = tcase_create("files");

	tcase_add_test(t, a_file_that_has_not_changed_is_not_read);
	tcase_add_test(t, the_same_bytes_are_not_compiled_again);
	tcase_add_test(t, each_configuration_has_the_list_as_it_was);
	tcase_add_test(t, another_file_by_the_same_name_is_another_list);
	tcase_add_test(t, one_list_may_serve_several_acls);
	tcase_add_test(t, flags_belong_to_the_list);
	tcase_add_test(t, flags_in_a_list_hold_behind_it);
	tcase_add_test(t, findings_name_the_acl_that_has_them);
	tcase_add_test(t, a_list_with_an_error_is_an_error_each_time);
	tcase_add_test(t, all_names_of_an_acl_are_summed_up_once);
	tcase_add_test(t, a_list_that_names_lists_is_read_each_time);
	tcase_add_test(t, a_list_that_is_missing_is_an_error);
	suite_add_tcase(s, t);
	return s;
}
