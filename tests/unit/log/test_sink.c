/*
 * Sinks on real files, with write, open and rename that fail to order, and a clock that the test
 * turns.
 */
#include "log/sink.h"
#include "tests/unit/unit.h"

#include "base/counters.h"
#include "base/oplog.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the next writes do: each entry allows `bytes` at most, then fails with `error` if not 0. */
struct script {
	size_t bytes;
	int error;
};

static struct {
	const struct script *at, *end; /* at the end: as the kernel likes */
	size_t allowed;
	unsigned n_writes;
	enum err open_error, rename_error;
	unsigned n_opens;
} world;

static char folder[64], path[96];

static int scripted_write(void *arg, int fd, const char *p, size_t n, size_t *done)
{
	world.n_writes++;
	if (world.at == world.end)
		return log_io_direct.write(arg, fd, p, n, done);
	if (world.at->bytes == 0) {
		const int e = world.at->error;

		world.at++;
		return e;
	}
	n = MIN(n, world.at->bytes);
	if (world.at->error == 0)
		world.at++;
	else {
		/* the next call fails */
		static struct script rest[2];

		rest[0] = (struct script){ 0, world.at->error };
		world.at = rest;
		world.end = rest + 1;
	}
	return log_io_direct.write(arg, fd, p, n, done);
}

static int scripted_open(void *arg, const char *p, enum err *err)
{
	world.n_opens++;
	if (world.open_error != ERR_NONE) {
		*err = world.open_error;
		return -1;
	}
	return log_io_direct.open(arg, p, err);
}

static enum err scripted_rename(void *arg, const char *from, const char *to)
{
	if (world.rename_error != ERR_NONE)
		return world.rename_error;
	return log_io_direct.rename(arg, from, to);
}

static int direct_shorten(void *arg, int fd, size_t n)
{
	return log_io_direct.shorten(arg, fd, n);
}

static const struct log_io io = {
	.open = scripted_open,
	.rename = scripted_rename,
	.write = scripted_write,
	.shorten = direct_shorten,
};

static void script(const struct script *s, size_t n)
{
	world.at = s;
	world.end = s + n;
}

static struct log_sink *setup(const struct log_sink_conf *conf)
{
	enum err err;
	struct log_sink *s;

	memset(&world, 0, sizeof(world));
	snprintf(folder, sizeof(folder), "/tmp/cuttle-sink-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/access.log", folder);
	s = log_sink_new(&io, LOG_TARGET_FILE, path, io.open(NULL, path, &err));
	if (conf != NULL)
		log_sink_configure(s, conf);
	return s;
}

static void teardown(struct log_sink **s)
{
	char name[128];

	if (*s != NULL)
		log_sink_free(s);
	unlink(path);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s.%u", path, i);
		unlink(name);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

static void assert_file(const char *suffix, const char *want)
{
	char name[128], got[8192] = "";
	int fd;
	ssize_t n;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	fd = open(name, O_RDONLY);
	if (want == NULL) {
		ck_assert_msg(fd < 0, "%s exists", name);
		return;
	}
	ck_assert_msg(fd >= 0, "%s is missing", name);
	n = read(fd, got, sizeof(got) - 1);
	close(fd);
	ck_assert_int_ge(n, 0);
	ck_assert_str_eq(got, want);
}

static void append(struct log_sink *s, const char *line)
{
	log_sink_append(s, span_str(line), 0);
}

START_TEST(lines_are_written)
{
	struct log_sink *s = setup(NULL);

	append(s, "one\n");
	append(s, "two\n");
	assert_file("", "");
	log_sink_flush(s, 0, false);
	assert_file("", "one\ntwo\n");
	ck_assert_uint_eq(world.n_writes, 1);
	ck_assert(log_sink_due_ms(s) == INT64_MAX);
	teardown(&s);
}
END_TEST

/* A write that stops at each place: the line goes on where it stopped. */
START_TEST(short_writes_are_continued)
{
	struct log_sink *s = setup(NULL);
	const struct script stops[] = { { (size_t)_i, ENOSPC } };

	script(stops, 1);
	append(s, "one\n");
	append(s, "two\n");
	log_sink_flush(s, 0, false);
	append(s, "three\n");
	log_sink_flush(s, log_sink_due_ms(s), false);
	assert_file("", "one\ntwo\nthree\n");
	teardown(&s);
}
END_TEST

START_TEST(full_disk_is_retried_with_back_off)
{
	const struct script full[] = { { 0, ENOSPC }, { 0, ENOSPC }, { 0, ENOSPC } };
	struct log_sink *s = setup(NULL);
	const uint64_t errors = counters_sum(COUNT_LOG_ERRORS),
		       lost = counters_sum(COUNT_LOG_DROPPED);
	int64_t due, last = 0, wait = 0;

	script(full, ARRAY_LEN(full));
	append(s, "one\n");
	log_sink_flush(s, 0, false);
	for (int i = 0; i < 3; i++) {
		due = log_sink_due_ms(s);
		ck_assert_msg(due - last > wait, "waits get longer");
		wait = due - last;
		last = due;
		log_sink_flush(s, due - 1, false);
		ck_assert_uint_eq(world.n_writes, (unsigned)i + 1);
		log_sink_flush(s, due, false);
	}
	assert_file("", "one\n");
	ck_assert_uint_eq(counters_sum(COUNT_LOG_ERRORS) - errors, 3);
	ck_assert_uint_eq(counters_sum(COUNT_LOG_DROPPED) - lost, 0);
	teardown(&s);
}
END_TEST

/* While the disk is full, lines wait up to the limit; then whole lines are lost and counted. */
START_TEST(lines_beyond_the_limit_are_lost_and_counted)
{
	const struct script full[] = { { 5, ENOSPC } };
	struct log_sink *s = setup(NULL);
	const uint64_t lost = counters_sum(COUNT_LOG_DROPPED);
	char line[1000];
	struct stat st;

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	script(full, 1);
	for (unsigned i = 0; i < LOG_BACKLOG_MAX / sizeof(line) + 10; i++) {
		log_sink_append(s, span_of(line, sizeof(line)), 0);
		if (i == 0)
			log_sink_flush(s, 0, false);
	}
	const uint64_t n_lost = counters_sum(COUNT_LOG_DROPPED) - lost;

	ck_assert_uint_ge(n_lost, 9);
	ck_assert_uint_le(n_lost, 11);
	log_sink_flush(s, log_sink_due_ms(s), false);
	ck_assert_uint_eq(log_sink_pending(s), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq((size_t)st.st_size,
	                  (LOG_BACKLOG_MAX / sizeof(line) + 10 - n_lost) * sizeof(line));
	append(s, "more\n");
	log_sink_flush(s, 0, false);
	ck_assert_uint_eq(counters_sum(COUNT_LOG_DROPPED) - lost, n_lost);
	teardown(&s);
}
END_TEST

START_TEST(half_line_is_taken_back_at_the_end)
{
	const struct script full[] = { { 6, EIO } };
	struct log_sink *s = setup(NULL);
	const uint64_t lost = counters_sum(COUNT_LOG_DROPPED);

	script(full, 1);
	append(s, "one\n");
	append(s, "two\n");
	log_sink_flush(s, 0, false);
	assert_file("", "one\ntw");
	log_sink_free(&s);
	assert_file("", "one\n");
	ck_assert_uint_eq(counters_sum(COUNT_LOG_DROPPED) - lost, 1);
	teardown(&s);
}
END_TEST

START_TEST(on_error_die_says_so_once)
{
	const struct script full[] = { { 0, EIO }, { 0, EIO } };
	struct log_sink *s = setup(&(struct log_sink_conf){
		.is_active = true, .is_on_error_die = _i != 0, .rotate = -1 });

	script(full, 2);
	append(s, "one\n");
	log_sink_flush(s, 0, false);
	ck_assert(log_sink_take_fatal(s) == (_i != 0));
	log_sink_flush(s, 100000, false);
	ck_assert(!log_sink_take_fatal(s));
	teardown(&s);
}
END_TEST

/* --- rotation --------------------------------------------------------------------------------- */

START_TEST(rotation_keeps_generations)
{
	struct log_sink *s = setup(NULL);
	static const char *const text[] = { "1\n", "2\n", "3\n", "4\n" };

	for (unsigned i = 0; i < ARRAY_LEN(text); i++) {
		append(s, text[i]);
		log_sink_flush(s, 0, true);
		if (i + 1 < ARRAY_LEN(text))
			log_sink_rotate(s, 2, 0);
	}
	assert_file("", "4\n");
	assert_file(".0", "3\n");
	assert_file(".1", "2\n");
	assert_file(".2", NULL);
	teardown(&s);
}
END_TEST

START_TEST(generations_0_only_opens_again)
{
	struct log_sink *s = setup(NULL);
	char moved[128];

	append(s, "1\n");
	log_sink_flush(s, 0, true);
	snprintf(moved, sizeof(moved), "%s.0", path);
	ck_assert_int_eq(rename(path, moved), 0);
	append(s, "2\n");
	log_sink_flush(s, 0, true);
	log_sink_rotate(s, 0, 0);
	append(s, "3\n");
	log_sink_flush(s, 0, true);
	assert_file(".0", "1\n2\n");
	assert_file("", "3\n");
	teardown(&s);
}
END_TEST

START_TEST(rotate_option_wins_over_the_directive)
{
	struct log_sink *s = setup(&(struct log_sink_conf){ .is_active = true, .rotate = 0 });

	append(s, "1\n");
	log_sink_flush(s, 0, true);
	log_sink_rotate(s, 10, 0);
	assert_file("", "1\n");
	assert_file(".0", NULL);
	teardown(&s);
}
END_TEST

/* What could not be written in time goes to the new file as a whole line. */
START_TEST(half_line_moves_to_the_new_file)
{
	const struct script full[] = { { 6, ENOSPC } };
	struct log_sink *s = setup(NULL);

	script(full, 1);
	append(s, "one\n");
	append(s, "two\n");
	log_sink_flush(s, 0, true);
	log_sink_rotate(s, 1, 0);
	log_sink_flush(s, 0, true);
	assert_file(".0", "one\n");
	assert_file("", "two\n");
	teardown(&s);
}
END_TEST

START_TEST(refused_rename_goes_on_in_the_same_file)
{
	struct log_sink *s = setup(NULL);

	append(s, "1\n");
	log_sink_flush(s, 0, true);
	world.rename_error = ERR_PERMISSION;
	log_sink_rotate(s, 3, 0);
	append(s, "2\n");
	log_sink_flush(s, 0, true);
	assert_file("", "1\n2\n");
	assert_file(".0", NULL);
	teardown(&s);
}
END_TEST

/* Renamed but not opened anew: lines go on to the renamed file until it can be opened. */
START_TEST(refused_open_goes_on_in_the_old_file)
{
	struct log_sink *s = setup(NULL);

	append(s, "1\n");
	log_sink_flush(s, 0, true);
	world.open_error = ERR_PERMISSION;
	log_sink_rotate(s, 1, 0);
	append(s, "2\n");
	log_sink_flush(s, 1, true);
	assert_file(".0", "1\n2\n");
	ck_assert(log_sink_due_ms(s) != INT64_MAX);
	world.open_error = ERR_NONE;
	log_sink_flush(s, log_sink_due_ms(s), true);
	append(s, "3\n");
	log_sink_flush(s, 1000000, true);
	assert_file("", "3\n");
	teardown(&s);
}
END_TEST

/* --- others ----------------------------------------------------------------------------------- */

START_TEST(unused_sink_closes_and_opens_again_for_a_late_line)
{
	struct log_sink *s = setup(NULL);
	const unsigned opened = world.n_opens;

	log_sink_configure(s, &(struct log_sink_conf){ .rotate = -1 });
	append(s, "last\n");
	log_sink_flush(s, 0, true);
	assert_file("", "last\n");
	log_sink_flush(s, 0, true);
	ck_assert_uint_eq(world.n_opens, opened);
	append(s, "late\n");
	log_sink_flush(s, 0, true);
	ck_assert_uint_eq(world.n_opens, opened + 1);
	assert_file("", "last\nlate\n");
	teardown(&s);
}
END_TEST

START_TEST(buffered_lines_are_gathered)
{
	struct log_sink *s = setup(&(struct log_sink_conf){
		.is_active = true, .is_buffered = true, .buffer_bytes = 10, .rotate = -1 });

	append(s, "1\n");
	log_sink_flush(s, 10, false);
	assert_file("", "");
	ck_assert_int_le(log_sink_due_ms(s), 1000);
	log_sink_flush(s, log_sink_due_ms(s), false);
	assert_file("", "1\n");
	append(s, "1234567890\n");
	log_sink_flush(s, 0, false);
	assert_file("", "1\n1234567890\n");
	teardown(&s);
}
END_TEST

/* kind 0: a shared, blocking pipe, as an inherited stdout; 1: a socket. */
START_TEST(slow_reader_blocks_nobody)
{
	int fds[2], fd = -1;
	struct log_sink *s;
	char line[512], got[65536];
	size_t total = 0, sent = 0;

	memset(&world, 0, sizeof(world));
	ck_assert_int_eq(_i == 0 ? pipe(fds) : socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	s = log_sink_new(&io, LOG_TARGET_STDOUT, "/dev/stdout", fds[1]);
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (unsigned i = 0; i < 2000; i++, sent += sizeof(line))
		log_sink_append(s, span_of(line, sizeof(line)), 0);
	log_sink_flush(s, 0, true);
	ck_assert(log_sink_is_blocked(s, &fd));
	ck_assert_int_eq(fd, fds[1]);
	while (total < sent) {
		const ssize_t n = read(fds[0], got, sizeof(got));

		ck_assert_int_gt(n, 0);
		for (ssize_t i = 0; i < n; i++, total++)
			if (got[i] != ((total + 1) % sizeof(line) == 0 ? '\n' : 'x'))
				ck_abort_msg("byte %zu", total);
		log_sink_flush(s, 0, true);
	}
	ck_assert_uint_eq(log_sink_pending(s), 0);
	ck_assert(!log_sink_is_blocked(s, &fd));
	close(fds[0]);
	log_sink_free(&s);
}
END_TEST

Suite *suite_sink(void);
Suite *suite_sink(void)
{
	Suite *s = suite_create("log sink");

	/* What is said of failures is for the operator, not for whoever reads the tests' output. */
	oplog_set_level(OPLOG_FATAL);

	TCase *t = tcase_create("sink");

	tcase_add_test(t, lines_are_written);
	tcase_add_loop_test(t, short_writes_are_continued, 1, 8);
	tcase_add_test(t, full_disk_is_retried_with_back_off);
	tcase_add_test(t, lines_beyond_the_limit_are_lost_and_counted);
	tcase_add_test(t, half_line_is_taken_back_at_the_end);
	tcase_add_loop_test(t, on_error_die_says_so_once, 0, 2);
	tcase_add_test(t, rotation_keeps_generations);
	tcase_add_test(t, generations_0_only_opens_again);
	tcase_add_test(t, rotate_option_wins_over_the_directive);
	tcase_add_test(t, half_line_moves_to_the_new_file);
	tcase_add_test(t, refused_rename_goes_on_in_the_same_file);
	tcase_add_test(t, refused_open_goes_on_in_the_old_file);
	tcase_add_test(t, unused_sink_closes_and_opens_again_for_a_late_line);
	tcase_add_test(t, buffered_lines_are_gathered);
	tcase_add_loop_test(t, slow_reader_blocks_nobody, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
