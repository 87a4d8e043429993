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
	ck_assert_int_eq(c.debug.level, OPLOG_NOTICE);
	ck_assert_int_eq(c.debug.rotate, -1);
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
	{ "debug_options", 1, 0 },
	{ "debug_options all", 1, 0 },
	{ "debug_options ALL,10", 1, 0 },
	{ "debug_options 100,1", 1, 0 },
	{ "debug_options rotate=x", 1, 0 },
	{ "debug_options rotate=", 1, 0 },
	{ "debug_options ALL,1 29,9", 0, 0 },
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

static const struct {
	const char *text;
	enum oplog_level level;
	int rotate;
} debugs[] = {
	{ "debug_options ALL,0", OPLOG_ERROR, -1 },
	{ "debug_options ALL,1", OPLOG_NOTICE, -1 },
	{ "debug_options ALL,2", OPLOG_DEBUG, -1 },
	{ "debug_options all,9", OPLOG_DEBUG, -1 },
	{ "debug_options ALL,1 28,3", OPLOG_DEBUG, -1 },
	{ "debug_options 33,2 ALL,0", OPLOG_ERROR, -1 }, /* from left to right */
	{ "debug_options ALL,0 33,1", OPLOG_NOTICE, -1 },
	{ "debug_options 29,9", OPLOG_NOTICE, -1 },
	{ "debug_options rotate=3 ALL,1", OPLOG_NOTICE, 3 },
	{ "debug_options rotate=0", OPLOG_NOTICE, 0 },
	{ "debug_options rotate=3 ALL,9\ndebug_options 29,9", OPLOG_NOTICE,
	  -1 }, /* the last line counts */
};

START_TEST(debug_options_choose_a_level)
{
	struct process_conf c;
	unsigned n_warnings;

	ck_assert_uint_eq(read_text(debugs[_i].text, &c, &n_warnings), 0);
	ck_assert_msg(c.debug.level == debugs[_i].level && c.debug.rotate == debugs[_i].rotate,
	              "%s: %u %lld", debugs[_i].text, c.debug.level, (long long)c.debug.rotate);
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
	tcase_add_loop_test(t, debug_options_choose_a_level, 0, (int)ARRAY_LEN(debugs));
	suite_add_tcase(s, t);
	return s;
}
