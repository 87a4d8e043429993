/*
 * Directives of the process.
 */
#include "loop/process_conf.h"

#include "tests/unit/unit.h"

Suite *suite_process_conf(void);

static const struct conf_directive rows[] = {
#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
#include "loop/directives.tbl.h"
#undef DIRECTIVE
};

static unsigned read_text(const char *text, struct process_conf *c, unsigned *n_warnings)
{
	void *const sections[CONF_SECTION_N] = { [CONF_SECTION_process] = c };
	struct conf_reader *r = conf_reader_new(rows, ARRAY_LEN(rows), sections);

	process_conf_init(c);
	conf_read_text(r, "t.conf", span_str(text));
	conf_finish(r);
	const unsigned n_errors = conf_count(r, CONF_ERROR);

	*n_warnings = conf_count(r, CONF_WARNING);
	conf_reader_free(&r);
	return n_errors;
}

START_TEST(an_empty_file_gives_the_defaults)
{
	struct process_conf c;
	unsigned n_warnings;

	ck_assert_uint_eq(read_text("", &c, &n_warnings), 0);
	ck_assert_uint_eq(n_warnings, 0);
	ck_assert_int_eq(c.workers, 0);
	ck_assert_int_eq(c.max_filedescriptors, 0);
	ck_assert_int_eq(c.memory_limit_bytes, 0);
	ck_assert_int_eq(c.shutdown_lifetime_ms, 30000);
	ck_assert_int_eq(c.umask, 027);
	ck_assert(!c.has_pid_filename);
	ck_assert_ptr_null(c.pid_filename);
	ck_assert_str_eq(c.cache_effective_user, DEFAULT_USER);
	ck_assert_ptr_null(c.cache_effective_group);
	ck_assert_ptr_null(c.coredump_dir);
	process_conf_fini(&c);
}
END_TEST

START_TEST(a_full_file_is_understood)
{
	struct process_conf c;
	unsigned n_warnings;

	ck_assert_uint_eq(read_text("workers 4\nmax_filedesc 0x1000\nmemory_limit 64 MB\n"
	                            "shutdown_lifetime 1 minute\npid_filename /run/x.pid\n"
	                            "cache_effective_user squid\ncache_effective_group web\n"
	                            "coredump_dir /var/spool\numask 022\n",
	                            &c, &n_warnings),
	                  0);
	ck_assert_uint_eq(n_warnings, 0);
	ck_assert_int_eq(c.workers, 4);
	ck_assert_int_eq(c.max_filedescriptors, 0x1000);
	ck_assert_int_eq(c.memory_limit_bytes, 64 << 20);
	ck_assert_int_eq(c.shutdown_lifetime_ms, 60000);
	ck_assert_int_eq(c.umask, 022);
	ck_assert(c.has_pid_filename);
	ck_assert_str_eq(c.pid_filename, "/run/x.pid");
	ck_assert_str_eq(c.cache_effective_user, "squid");
	ck_assert_str_eq(c.cache_effective_group, "web");
	ck_assert_str_eq(c.coredump_dir, "/var/spool");
	process_conf_fini(&c);
}
END_TEST

static const struct {
	const char *text;
	unsigned n_errors, n_warnings;
} cases[] = {
	{ "workers", 1, 0 },
	{ "workers -1", 1, 0 },
	{ "workers 1025", 1, 0 },
	{ "workers many", 1, 0 },
	{ "max_filedescriptors 0", 0, 0 },
	{ "max_filedescriptors 63", 1, 0 },
	{ "max_filedescriptors 64", 0, 0 },
	{ "max_filedescriptors -5", 1, 0 },
	{ "umask 01000", 1, 0 },
	{ "umask 27", 0, 1 }, /* decimal: 033 */
	{ "umask 0", 0, 0 },
	{ "pid_filename none", 0, 0 },
	{ "shutdown_lifetime 5", 1, 0 }, /* a unit must be given */
	{ "shutdown_lifetime 0", 0, 0 },
};

START_TEST(tells_what_it_does_not_accept)
{
	struct process_conf c;
	unsigned n_warnings;
	const unsigned n_errors = read_text(cases[_i].text, &c, &n_warnings);

	ck_assert_msg(n_errors == cases[_i].n_errors && n_warnings == cases[_i].n_warnings,
	              "%s: %u errors, %u warnings", cases[_i].text, n_errors, n_warnings);
	process_conf_fini(&c);
}
END_TEST

Suite *suite_process_conf(void)
{
	Suite *s = suite_create("loop/process_conf");
	TCase *t = tcase_create("directives");

	tcase_add_test(t, an_empty_file_gives_the_defaults);
	tcase_add_test(t, a_full_file_is_understood);
	tcase_add_loop_test(t, tells_what_it_does_not_accept, 0, (int)ARRAY_LEN(cases));
	suite_add_tcase(s, t);
	return s;
}
