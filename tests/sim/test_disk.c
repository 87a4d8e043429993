/*
 * A disk that does not answer: requests that need it wait as long as a limit says, and are misses
 * then; so are those that meet something damaged. The directory is a real one; jobs are held.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/sim/play.h"
#include "tests/unit/unit.h"

#define BODY 40000 /* more than what stays in memory beside the disk */
#define HEAD                                                                                       \
	"HTTP/1.1 200 OK\r\nCache-Control: max-age=36000\r\nContent-Length: 40000\r\n"             \
	"Connection: close\r\n\r\n"

static struct sim_proxy sp;
static struct play_origin origin;
static char folder[64], reply[sizeof(HEAD) + BODY];

static void begin(const char *mem)
{
	char conf[300];

	snprintf(conf, sizeof(conf),
	         "cache_mem %s\nmaximum_object_size_in_memory 0 KB\ncache_dir rock %s "
	         "64\n" PLAY_ALLOW,
	         mem, folder);
	sim_proxy_start(&sp, conf);
	origin = (struct play_origin){ .reply = { reply } };
	play_serve(&origin, PLAY_ORIGIN);
	sim_proxy_run_for(&sp, SECONDS(5));
}

static void setup(void)
{
	const char *const top = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";

	snprintf(folder, sizeof(folder), "%s/cuttle-sim-XXXXXX", top);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(reply, sizeof(reply), "%s", HEAD);
	for (size_t i = 0; i < BODY; i++)
		reply[sizeof(HEAD) - 1 + i] = (char)('a' + i % 23);
	/* So slow that nothing is read but by a job. */
	ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", "read:slow=1,sync:skip", 1), 0);
}

static void teardown(void)
{
	char command[128];

	sim_hold_jobs(false);
	sim_proxy_stop(&sp);
	play_origin_fini(&origin);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static void check_whole(const struct play_client *c)
{
	ck_assert(play_starts(c->peer, "HTTP/1.1 200 "));
	ck_assert(play_ends(c->peer, reply + sizeof(HEAD) - 1));
}

/* What is stored is answered from the disk. */
static void store(const char *mem)
{
	struct play_client c[2] = { { 0 } };

	begin(mem);
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		play_client(&c[i], PLAY_GET);
		sim_proxy_run_for(&sp, SECONDS(5));
		check_whole(&c[i]);
	}
	ck_assert_uint_eq(origin.n_requests, 1);
	ck_assert_uint_eq(play_count(play_log(), "TCP_HIT/200"), 1);
	sim_log_clear();
}

static void store_and_hang(const char *mem)
{
	store(mem);
	sim_hold_jobs(true);
}

static void damage(void)
{
	DIR *const dir = opendir(folder);
	const struct dirent *e;
	char path[512];

	ck_assert_ptr_nonnull(dir);
	while ((e = readdir(dir)) != NULL) {
		if (strncmp(e->d_name, "segment-", 8) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		const int fd = open(path, O_WRONLY | O_CLOEXEC);

		ck_assert_int_eq(pwrite(fd, "bad", 3, BODY / 2), 3);
		close(fd);
	}
	closedir(dir);
}

/* Before its head has gone out, and not kept any more. */
START_TEST(a_body_that_is_damaged_is_fetched)
{
	struct play_client c[2] = { { 0 } };

	store("64 MB");
	damage();
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		play_client(&c[i], PLAY_GET);
		sim_proxy_run_for(&sp, SECONDS(5));
		check_whole(&c[i]);
		ck_assert_uint_eq(origin.n_requests, 2);
	}
	ck_assert_uint_eq(play_count(play_log(), "TCP_SWAPFAIL_MISS/200"), 1);
	ck_assert_uint_eq(play_count(play_log(), "TCP_HIT/200"), 1);
}
END_TEST

/* The head is in memory, the body cannot be had: read_timeout, 15 minutes. */
START_TEST(a_body_that_does_not_come_is_fetched)
{
	struct play_client c = { 0 };

	store_and_hang("64 MB");
	play_client(&c, PLAY_GET);
	sim_proxy_run_for(&sp, MINUTES(14));
	ck_assert_uint_eq(sim_received(c.peer).n, 0);
	ck_assert_uint_eq(origin.n_requests, 1);
	sim_proxy_run_for(&sp, MINUTES(2));
	ck_assert_uint_eq(origin.n_requests, 2);
	sim_hold_jobs(false); /* what is replaced must be buried before anybody is told */
	sim_proxy_run_for(&sp, SECONDS(1));
	check_whole(&c);
	ck_assert_uint_eq(origin.n_requests, 2);
	ck_assert_uint_eq(play_count(play_log(), "TCP_SWAPFAIL_MISS/200"), 1);
}
END_TEST

/* All wait for the one who reads: forward_timeout, 4 minutes; also if he has left. */
START_TEST(a_head_that_does_not_come_is_fetched)
{
	struct play_client c[3] = { { 0 } };

	store_and_hang("0 MB");
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		play_client(&c[i], PLAY_GET);
	sim_proxy_run_for(&sp, MINUTES(1));
	sim_reset(c[0].peer);
	sim_proxy_run_for(&sp, MINUTES(2));
	ck_assert_uint_eq(origin.n_requests, 1);
	sim_proxy_run_for(&sp, MINUTES(2));
	ck_assert_uint_gt(origin.n_requests, 1);
	sim_hold_jobs(false);
	sim_proxy_run_for(&sp, SECONDS(1));
	for (size_t i = 1; i < ARRAY_LEN(c); i++)
		check_whole(&c[i]);
	ck_assert_uint_eq(play_count(play_log(), "TCP_SWAPFAIL_MISS/200"), 2);
}
END_TEST

/* Whoever waits for what another one reads has it, although that one has left. */
START_TEST(who_reads_for_all_may_leave)
{
	struct play_client c[3] = { { 0 } };

	store_and_hang("0 MB");
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		play_client(&c[i], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	sim_reset(c[0].peer);
	sim_proxy_run_for(&sp, SECONDS(1));
	sim_hold_jobs(false);
	sim_proxy_run_for(&sp, SECONDS(1));
	for (size_t i = 1; i < ARRAY_LEN(c); i++)
		check_whole(&c[i]);
	ck_assert_uint_eq(origin.n_requests, 1);
	ck_assert_uint_eq(play_count(play_log(), "TCP_HIT/200"), 2);
}
END_TEST

Suite *suite_disk(void);
Suite *suite_disk(void)
{
	Suite *s = suite_create("disk");
	TCase *t = tcase_create("disk");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_body_that_is_damaged_is_fetched);
	tcase_add_test(t, a_body_that_does_not_come_is_fetched);
	tcase_add_test(t, a_head_that_does_not_come_is_fetched);
	tcase_add_test(t, who_reads_for_all_may_leave);
	suite_add_tcase(s, t);
	return s;
}
