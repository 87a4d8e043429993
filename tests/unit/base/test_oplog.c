/*
 * The operator log: format, levels, repeats, the queue and its limit, failures. Time is the test's;
 * files are unnamed ones; what goes to stderr goes to such a file too.
 */
#include "tests/unit/unit.h"

#include "base/oplog.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static int64_t now_us;
static int log_fd, err_fd, real_stderr;
static char text[4 << 20];

static int64_t tell_time(void)
{
	return now_us;
}

/* A second descriptor on the file, since the log closes the one it is given. */
static void set_file(enum oplog_level also_stderr)
{
	oplog_set_file(dup(log_fd), "cache.log", also_stderr);
}

static void setup(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	now_us = 1709197200LL * 1000000; /* 2024-02-29 09:00:00 UTC */
	oplog_set_clock(tell_time);
	log_fd = memfd_create("log", MFD_CLOEXEC);
	err_fd = memfd_create("stderr", MFD_CLOEXEC);
	real_stderr = dup(STDERR_FILENO);
	ck_assert_int_eq(dup2(err_fd, STDERR_FILENO), STDERR_FILENO);
}

static void teardown(void)
{
	oplog_fini();
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(log_fd);
	close(err_fd);
}

static const char *read_all(int fd)
{
	const ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return text;
}

#define STAMP "2024/02/29 09:00:00| "

START_TEST(lines_look_as_in_squids_cache_log)
{
	set_file(OPLOG_FATAL);
	errno = ENOENT;
	oplog(OPLOG_NOTICE, "Accepting connections at %s", "127.0.0.1:3128");
	ck_assert_int_eq(errno, ENOENT);
	oplog(OPLOG_WARNING, "one\ntwo\r");
	now_us += 61 * 1000000;
	oplog(OPLOG_ERROR, "e");
	oplog(OPLOG_FATAL, "f");
	ck_assert_str_eq(read_all(log_fd), STAMP "Accepting connections at 127.0.0.1:3128\n" STAMP
	                                         "WARNING: one two \n"
	                                         "2024/02/29 09:01:01| ERROR: e\n"
	                                         "2024/02/29 09:01:01| FATAL: f\n");
	ck_assert_str_eq(read_all(err_fd), "2024/02/29 09:01:01| FATAL: f\n");
}
END_TEST

START_TEST(without_a_file_everything_goes_to_stderr)
{
	oplog_set_file(-1, NULL, OPLOG_FATAL);
	oplog(OPLOG_NOTICE, "n");
	ck_assert_str_eq(read_all(err_fd), STAMP "n\n");
}
END_TEST

START_TEST(the_level_filters)
{
	set_file(OPLOG_WARNING);
	ck_assert(!oplog_wants(OPLOG_DEBUG));
	oplog(OPLOG_DEBUG, "d1");
	oplog_set_level(OPLOG_DEBUG);
	oplog(OPLOG_DEBUG, "d2");
	oplog_set_level(OPLOG_WARNING);
	oplog(OPLOG_NOTICE, "n");
	oplog(OPLOG_WARNING, "w");
	oplog_set_level(OPLOG_NOTICE);
	ck_assert_str_eq(read_all(log_fd), STAMP "d2\n" STAMP "WARNING: w\n");
	ck_assert_str_eq(read_all(err_fd), STAMP "WARNING: w\n");
}
END_TEST

START_TEST(a_line_that_repeats_is_counted)
{
	set_file(OPLOG_FATAL);
	for (int i = 0; i < 42; i++)
		oplog(OPLOG_WARNING, "no descriptors");
	ck_assert_str_eq(read_all(log_fd), STAMP "WARNING: no descriptors\n");
	oplog(OPLOG_NOTICE, "other");
	ck_assert_str_eq(read_all(log_fd),
	                 STAMP "WARNING: no descriptors\n" STAMP
	                       "WARNING: last message repeated 41 times\n" STAMP "other\n");
}
END_TEST

START_TEST(the_count_comes_after_ten_seconds_too)
{
	set_file(OPLOG_FATAL);
	oplog(OPLOG_WARNING, "w");
	oplog(OPLOG_WARNING, "w");
	now_us += 9 * 1000000;
	ck_assert(oplog_flush());
	ck_assert_str_eq(read_all(log_fd), STAMP "WARNING: w\n");
	now_us += 1000000;
	ck_assert(oplog_flush());
	oplog(OPLOG_WARNING, "w");
	ck_assert_str_eq(read_all(log_fd),
	                 STAMP "WARNING: w\n"
	                       "2024/02/29 09:00:10| WARNING: last message repeated 1 time\n"
	                       "2024/02/29 09:00:10| WARNING: w\n");
}
END_TEST

START_TEST(complaints_that_take_turns_are_counted_too)
{
	set_file(OPLOG_FATAL);
	for (int i = 0; i < 5; i++) {
		oplog(OPLOG_WARNING, "a");
		oplog(OPLOG_ERROR, "a"); /* another level is another message */
	}
	oplog_fini();
	ck_assert_str_eq(read_all(log_fd), STAMP "WARNING: a\n" STAMP "ERROR: a\n" STAMP
	                                         "WARNING: message repeated 4 times: a\n" STAMP
	                                         "ERROR: last message repeated 4 times\n");
}
END_TEST

START_TEST(a_clock_that_goes_back_ends_the_window)
{
	set_file(OPLOG_FATAL);
	oplog(OPLOG_NOTICE, "a");
	now_us -= 3600LL * 1000000;
	oplog(OPLOG_NOTICE, "a");
	ck_assert_str_eq(read_all(log_fd), STAMP "a\n2024/02/29 08:00:00| a\n");
}
END_TEST

START_TEST(many_different_lines_all_come)
{
	unsigned lines = 0;

	set_file(OPLOG_FATAL);
	for (int i = 0; i < 100; i++)
		for (int k = 0; k < 2; k++)
			oplog(OPLOG_NOTICE, "number %d", i);
	oplog_fini();
	for (const char *p = read_all(log_fd); *p != '\0'; p++)
		lines += *p == '\n';
	ck_assert_uint_eq(lines, 200); /* each with its count */
}
END_TEST

START_TEST(a_long_text_is_cut)
{
	static char longest[3 * OPLOG_TEXT_MAX];

	memset(longest, 'x', sizeof(longest) - 1);
	set_file(OPLOG_FATAL);
	oplog(OPLOG_NOTICE, "%s", longest);
	ck_assert_uint_eq(strlen(read_all(log_fd)), strlen(STAMP) + OPLOG_TEXT_MAX);
	ck_assert_int_eq(text[strlen(text) - 1], '\n');
}
END_TEST

START_TEST(async_lines_wait_for_the_flush)
{
	set_file(OPLOG_WARNING);
	oplog_run_async();
	oplog(OPLOG_WARNING, "w");
	ck_assert_str_eq(read_all(log_fd), "");
	ck_assert_str_eq(read_all(err_fd), "");
	ck_assert(oplog_flush());
	ck_assert_str_eq(read_all(log_fd), STAMP "WARNING: w\n");
	ck_assert_str_eq(read_all(err_fd), STAMP "WARNING: w\n");
	oplog(OPLOG_NOTICE, "n");
	oplog(OPLOG_FATAL, "f"); /* the end is near: everything is written */
	ck_assert_str_eq(read_all(log_fd), STAMP "WARNING: w\n" STAMP "n\n" STAMP "FATAL: f\n");
}
END_TEST

START_TEST(what_does_not_fit_the_queue_is_counted_and_said)
{
	enum { N = 2000 };
	static char filler[1000];
	unsigned lines = 0, lost = 0;

	memset(filler, 'x', sizeof(filler) - 1);
	set_file(OPLOG_FATAL);
	oplog_run_async();
	for (int i = 0; i < N; i++)
		oplog(OPLOG_NOTICE, "%d %s", i, filler);
	ck_assert(oplog_flush());
	for (const char *p = read_all(log_fd); *p != '\0'; p++)
		lines += *p == '\n';
	ck_assert_uint_lt(strlen(text), OPLOG_QUEUE_MAX);
	const char *said = strstr(text, "WARNING: ");

	ck_assert_ptr_nonnull(said);
	ck_assert_int_eq(sscanf(said, "WARNING: %u lines were lost", &lost), 1);
	ck_assert_uint_eq(lines - 1 + lost, N);
	/* Once said it is forgotten, and there is room again. */
	oplog(OPLOG_NOTICE, "after");
	ck_assert(oplog_flush());
	ck_assert_str_eq(strstr(read_all(log_fd), "| after"), "| after\n");
}
END_TEST

/* A file that may not grow: as a full disk, without needing one. */
static void limit_file_size(rlim_t n)
{
	struct rlimit r;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = n;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &r), 0);
}

START_TEST(a_full_disk_is_told_once_and_nothing_queued_is_lost)
{
	char name[] = "/tmp/cuttle-oplog-XXXXXX";
	const int fd = mkstemp(name), mine = dup(fd);
	struct rlimit r;
	int err_pipe[2]; /* not a file: those cannot grow here */

	ck_assert_int_ge(mine, 0);
	ck_assert_int_eq(pipe2(err_pipe, O_CLOEXEC), 0);
	dup2(err_pipe[1], STDERR_FILENO);
	unlink(name);
	ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &r), 0);
	oplog_set_file(fd, "cache.log", OPLOG_FATAL);
	oplog_run_async();
	oplog(OPLOG_NOTICE, "a");
	limit_file_size(10); /* the first line fits partly */
	ck_assert(!oplog_flush());
	ck_assert(!oplog_flush());
	oplog(OPLOG_NOTICE, "b");
	ck_assert(!oplog_flush());
	limit_file_size(r.rlim_max);
	ck_assert(oplog_flush());
	ck_assert_str_eq(read_all(mine), STAMP "a\n" STAMP "b\n");
	const ssize_t n = read(err_pipe[0], text, sizeof(text) - 1);

	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	const char *first = strstr(text, "cannot be written");

	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "cannot be written"));
	close(mine);
	close(err_pipe[0]);
	close(err_pipe[1]);
}
END_TEST

START_TEST(after_rotation_lines_go_to_the_new_file)
{
	const int second = memfd_create("log.1", MFD_CLOEXEC);

	set_file(OPLOG_FATAL);
	oplog_run_async();
	oplog(OPLOG_NOTICE, "before");
	ck_assert(oplog_flush());
	oplog_reopen(dup(second));
	oplog(OPLOG_NOTICE, "after");
	ck_assert(oplog_flush());
	ck_assert_str_eq(read_all(log_fd), STAMP "before\n");
	ck_assert_str_eq(read_all(second), STAMP "after\n");
	close(second);
}
END_TEST

START_TEST(a_stderr_that_nobody_reads_holds_nothing_up)
{
	int p[2];
	unsigned n = 0;

	ck_assert_int_eq(pipe2(p, O_CLOEXEC), 0);
	ck_assert_int_eq(fcntl(p[1], F_SETPIPE_SZ, 4096), 4096);
	dup2(p[1], STDERR_FILENO);
	set_file(OPLOG_DEBUG);
	oplog_run_async();
	for (; n < 200; n++)
		oplog(OPLOG_NOTICE, "line %u of those that fill the pipe and more", n);
	ck_assert(oplog_flush()); /* would hang here */
	ck_assert_ptr_nonnull(strstr(read_all(log_fd), "line 199"));
	close(p[0]);
	close(p[1]);
	signal(SIGPIPE, SIG_IGN);
	ck_assert(oplog_flush()); /* a closed one is given up */
}
END_TEST

static const struct {
	const char *name, *in, *want;
	size_t cap;
} escapes[] = {
	{ "plain text stays", "GET /a?b=c", "GET /a?b=c", 64 },
	{ "controls", "a\r\nb\t\x7f", "a\\x0d\\x0ab\\x09\\x7f", 64 },
	{ "quotes and backslashes", "\"\\", "\\x22\\x5c", 64 },
	{ "bytes above ASCII", "\xc3\xa4", "\\xc3\\xa4", 64 },
	{ "cut at the buffer's end", "abcdef", "abc", 4 },
	{ "an escape is not cut in half", "ab\n", "ab", 6 },
	{ "nothing", "", "", 1 },
};

START_TEST(remote_text_is_made_harmless)
{
	char buf[64];

	ck_assert_str_eq(oplog_escape(span_str(escapes[_i].in), buf, escapes[_i].cap),
	                 escapes[_i].want);
}
END_TEST

enum { THREADS = 4, LINES = 300 };

static void *log_lines(void *arg)
{
	for (int i = 0; i < LINES; i++)
		oplog(OPLOG_NOTICE, "thread %d line %d", *(const int *)arg, i);
	return NULL;
}

START_TEST(many_threads_lose_no_line)
{
	pthread_t t[THREADS];
	int ids[THREADS];
	unsigned lines = 0;

	set_file(OPLOG_FATAL);
	if (_i == 1)
		oplog_run_async();
	for (int i = 0; i < THREADS; i++) {
		ids[i] = i;
		ck_assert_int_eq(pthread_create(&t[i], NULL, log_lines, &ids[i]), 0);
	}
	for (int i = 0; i < 20; i++)
		ck_assert(oplog_flush());
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	ck_assert(oplog_flush());
	for (const char *p = read_all(log_fd); *p != '\0'; p++)
		lines += *p == '\n';
	ck_assert_uint_eq(lines, THREADS * LINES);
}
END_TEST

Suite *suite_oplog(void);
Suite *suite_oplog(void)
{
	Suite *s = suite_create("oplog");
	TCase *t = tcase_create("oplog");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lines_look_as_in_squids_cache_log);
	tcase_add_test(t, without_a_file_everything_goes_to_stderr);
	tcase_add_test(t, the_level_filters);
	tcase_add_test(t, a_line_that_repeats_is_counted);
	tcase_add_test(t, the_count_comes_after_ten_seconds_too);
	tcase_add_test(t, complaints_that_take_turns_are_counted_too);
	tcase_add_test(t, a_clock_that_goes_back_ends_the_window);
	tcase_add_test(t, many_different_lines_all_come);
	tcase_add_test(t, a_long_text_is_cut);
	tcase_add_test(t, async_lines_wait_for_the_flush);
	tcase_add_test(t, what_does_not_fit_the_queue_is_counted_and_said);
	tcase_add_test(t, a_full_disk_is_told_once_and_nothing_queued_is_lost);
	tcase_add_test(t, after_rotation_lines_go_to_the_new_file);
	tcase_add_test(t, a_stderr_that_nobody_reads_holds_nothing_up);
	tcase_add_loop_test(t, remote_text_is_made_harmless, 0, ARRAY_LEN(escapes));
	tcase_add_loop_test(t, many_threads_lose_no_line, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
