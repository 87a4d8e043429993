/*
 * A directory of the store: what is put comes back, before it is written, from the file, after a
 * start and after a crash; what was forgotten or replaced does not.
 */
#include "tests/unit/cache/disk_world.h"

#include "base/budget.h"
#include "cache/disk_io.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB 1048576u

static struct disk_world w;

static void setup(void)
{
	disk_world_init(&w, 64 * MIB);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
}

static void teardown(void)
{
	disk_world_fini(&w);
}

static void put(unsigned n, unsigned version, size_t bytes, size_t fragment)
{
	ck_assert_int_eq(disk_world_put(&w, n, version, bytes, fragment), ERR_NONE);
}

static void assert_is(unsigned n, unsigned version)
{
	unsigned got = 0;

	ck_assert_int_eq(disk_world_get(&w, n, &got), SEEN_RIGHT);
	ck_assert_uint_eq(got, version);
}

static const struct {
	size_t bytes, fragment;
} shapes[] = {
	{ 0, 0 },         { 1, 0 },         { 1000, 0 },      { 32768, 0 },
	{ 100000, 0 },    { MIB, 0 },       { 1, 1 },         { 5000, 5000 },
	{ 100, 7 },       { 100000, 4096 }, { 3 * MIB, MIB }, { 2 * MIB + 1, MIB },
	{ 9 * MIB, MIB },
};

START_TEST(what_is_put_comes_back_at_once_from_the_file_and_after_a_start)
{
	const unsigned n = (unsigned)_i;

	put(n, 1, shapes[_i].bytes, shapes[_i].fragment);
	assert_is(n, 1);
	disk_world_flush(&w);
	assert_is(n, 1);
	assert_is(n, 1);
	disk_world_close(&w);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	assert_is(n, 1);
	ck_assert_int_eq(disk_world_get(&w, n + 100, NULL), SEEN_NONE);
}
END_TEST

START_TEST(many_come_back_after_a_start)
{
	struct disk_stats stats;

	for (unsigned n = 0; n < 5000; n++)
		put(n, 1, n % 3000, 0);
	disk_world_close(&w);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	for (unsigned n = 0; n < 5000; n++)
		assert_is(n, 1);
	disk_stats(w.disk, &stats);
	ck_assert_uint_eq(stats.objects, 5000);
	ck_assert_uint_eq(stats.bad_checksums, 0);
}
END_TEST

START_TEST(the_newer_of_two_comes_back)
{
	put(1, 1, 1000, 0);
	disk_world_flush(&w);
	put(1, 2, 2000, 0);
	assert_is(1, 2);
	disk_world_close(&w);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	assert_is(1, 2);
}
END_TEST

START_TEST(what_was_forgotten_stays_forgotten)
{
	put(1, 1, 1000, 0);
	put(2, 1, 1000, 0);
	disk_world_flush(&w);
	ck_assert(disk_forget(w.disk, disk_world_key(1)));
	ck_assert(!disk_forget(w.disk, disk_world_key(99)));
	ck_assert_int_eq(disk_world_get(&w, 1, NULL), SEEN_NONE);
	disk_world_close(&w);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	ck_assert_int_eq(disk_world_get(&w, 1, NULL), SEEN_NONE);
	assert_is(2, 1);
	put(1, 3, 10, 0);
	disk_world_close(&w);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	assert_is(1, 3);
}
END_TEST

/* Run fn in a child that is killed when it returns; its loop's jobs go with it. */
static void in_a_child_that_is_killed(void (*fn)(void))
{
	const pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		disk_world_after_fork(&w);
		ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
		fn();
		(void)kill(getpid(), SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void put_flush_forget(void)
{
	for (unsigned n = 0; n < 100; n++)
		put(n, 1, n * 100, n % 2 == 0 ? 0 : 1000);
	disk_world_flush(&w);
	put(1, 2, 500, 0);
	disk_forget(w.disk, disk_world_key(3));
	disk_world_settle(&w);
}

START_TEST(after_a_kill_what_was_written_is_there_and_what_was_buried_is_not)
{
	disk_close(&w.disk, true);
	jobs_free(&w.jobs); /* no threads when it forks */
	in_a_child_that_is_killed(put_flush_forget);
	disk_world_after_fork(&w);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	for (unsigned n = 0; n < 100; n++)
		if (n == 3)
			ck_assert_int_eq(disk_world_get(&w, n, NULL), SEEN_NONE);
		else if (n ==
		         1) /* the new one was not written, and the old one is not to come back */
			ck_assert_int_eq(disk_world_get(&w, n, NULL), SEEN_NONE);
		else
			assert_is(n, 1);
}
END_TEST

static const size_t evicted_fragments[] = { 0, 125000 };

START_TEST(the_capacity_is_kept_by_evicting_the_oldest)
{
	const size_t fragment = evicted_fragments[_i];
	struct disk_stats stats;

	for (unsigned n = 0; n < 400; n++) {
		if (disk_world_put(&w, n, 1, 500000, fragment) == ERR_LIMIT) {
			disk_wait_idle(w.disk);
			put(n, 1, 500000, fragment);
		}
		disk_stats(w.disk, &stats);
		ck_assert_uint_le(stats.used_bytes, stats.capacity_bytes);
	}
	disk_world_flush(&w);
	disk_stats(w.disk, &stats);
	/*
	 * No more goes than must: room for three segments of 4 MiB; open ones may be nearly empty.
	 */
	ck_assert_uint_ge(stats.used_bytes, 40 * MIB);
	ck_assert_uint_eq(stats.evicted_objects + stats.objects, 400);
	ck_assert_uint_gt(stats.evicted_objects, 200);
	ck_assert_uint_eq(stats.objects, cache_index_count(w.index));
	ck_assert_int_eq(disk_world_get(&w, 0, NULL), SEEN_NONE);
	assert_is(399, 1);
}
END_TEST

START_TEST(a_capacity_that_changes_has_segments_of_its_own)
{
	struct disk_stats stats;

	put(0, 1, 1000000, 125000);
	w.dir.max_bytes = 16 * MIB;
	disk_configure(w.disk, &w.dir, 1000);
	for (unsigned n = 1; n < 10; n++)
		put(n, 1, 1000000, 125000);
	disk_world_flush(&w);
	disk_wait_idle(w.disk);
	disk_stats(w.disk, &stats);
	/* In segments of the 4 MiB that it had before there would be room for two of them. */
	ck_assert_uint_eq(stats.evicted_objects, 0);
	ck_assert_uint_ge(stats.segments, 10);
	for (unsigned n = 0; n < 10; n++)
		assert_is(n, 1);
}
END_TEST

START_TEST(a_sync_is_ready_when_the_journal_is_durable)
{
	struct disk_sync a = { .disk = w.disk }, b = { .disk = w.disk }, gone = { .disk = w.disk };
	struct task *const t = disk_world_waiter();

	put(1, 1, 100, 0);
	disk_forget(w.disk, disk_world_key(1));
	const enum op_status sa = disk_sync(&a, w.loop, t), sb = disk_sync(&b, w.loop, t);

	/* At once, if it is there by then. */
	if (disk_sync(&gone, w.loop, t) == OP_PENDING)
		op_cancel(&gone.op);
	ck_assert_int_eq(disk_world_wait(&w, &a.op, sa), OP_READY);
	ck_assert_int_eq(disk_world_wait(&w, &b.op, sb), OP_READY);
	disk_wait_idle(w.disk);
	ck_assert_int_eq(disk_sync(&b, w.loop, t), OP_READY);
}
END_TEST

/* It would be resident unverified; a file system without a device keeps everything resident. */
START_TEST(a_read_brings_nothing_along_from_the_device)
{
	static char block[MIB];
	struct disk_io io;
	size_t got = 0;
	int fd = -1;

	ck_assert_int_eq(disk_io_open_folder(&io, w.folder, false, false, NULL), ERR_NONE);
	ck_assert_int_eq(disk_io_open(&io, "file", DISK_OPEN_NEW, &fd), ERR_NONE);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(disk_io_write(&io, fd, block, MIB, i * MIB), ERR_NONE);
	ck_assert_int_eq(disk_io_sync(&io, fd), ERR_NONE);
	ck_assert_int_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	const bool has_device = !disk_io_is_resident(&io, fd, 0, 4096);

	ck_assert_int_eq(disk_io_read(&io, fd, block, 4096, 0, &got), ERR_NONE);
	ck_assert_int_eq(disk_io_read(&io, fd, block, 4096, 4096, &got), ERR_NONE);
	ck_assert(disk_io_is_resident(&io, fd, 0, 8192));
	if (has_device)
		ck_assert(!disk_io_is_resident(&io, fd, 8192, 4096));
	else
		fprintf(stderr, "%s: nothing leaves the page cache there\n", w.folder);
	disk_io_close(&fd);
	disk_io_close_folder(&io);
}
END_TEST

START_TEST(a_second_user_is_refused)
{
	struct disk *second = NULL;

	ck_assert_int_eq(disk_open(&second, 4, &w.dir, &w.secret, 1000, w.index, w.jobs),
	                 ERR_IN_USE);
	ck_assert_ptr_null(second);
}
END_TEST

START_TEST(a_secret_is_kept_and_another_one_refused)
{
	struct cache_secret secret;

	ck_assert_int_eq(disk_secret(&w.dir, &secret), ERR_NONE);
	ck_assert_int_eq(memcmp(&secret, &w.secret, sizeof(secret)), 0);
	disk_world_close(&w);
	w.secret.bytes[0]++;
	ck_assert_int_eq(disk_world_open(&w), ERR_UNSUPPORTED);
}
END_TEST

/* Bits of which numbers were seen; all right. */
struct sight {
	uint64_t seen;
	unsigned n;
};

static bool see_head(void *arg, const struct disk_found *f)
{
	struct sight *const s = arg;
	uint64_t n;

	ck_assert(span_to_u64(span_skip(f->parts.url, strlen("http://test/")), &n));
	ck_assert_uint_lt(n, 64);
	ck_assert_uint_eq(s->seen >> n & 1, 0);
	s->seen |= 1ull << n;
	s->n++;
	return true;
}

START_TEST(a_walk_sees_each_object_once)
{
	struct sight s = { 0 };

	for (unsigned n = 0; n < 40; n++)
		put(n, 1, n * 50, n % 3 == 0 && n > 0 ? 100 : 0);
	disk_world_flush(&w);
	put(5, 2, 10, 0);
	put(40, 1, 10, 0);
	disk_forget(w.disk, disk_world_key(6));
	ck_assert_int_eq(disk_walk(w.disk, see_head, &s), ERR_NONE);
	ck_assert_uint_eq(s.seen, ((1ull << 41) - 1) & ~(1ull << 6));
}
END_TEST

START_TEST(buffers_count_for_memory_limit)
{
	budget_init(1000000);
	ck_assert_int_eq(disk_world_put(&w, 1, 1, 100, 0), ERR_LIMIT);
	budget_init(0);
	put(1, 1, 100, 0);
	assert_is(1, 1);
}
END_TEST

/*
 * The first look: meanwhile the whole directory is evicted, but for what is used and so written
 * again.
 */
static bool see_and_evict(void *arg, const struct disk_found *f)
{
	struct sight *const s = arg;
	uint64_t n;

	ck_assert(span_to_u64(span_skip(f->parts.url, strlen("http://test/")), &n));
	if (n < 20)
		s->seen |= 1ull << n;
	if (s->n++ > 0)
		return true;
	for (unsigned i = 100; i < 700; i++) {
		while (disk_world_put(&w, i, 1, 100000, 0) == ERR_LIMIT)
			disk_wait_idle(w.disk);
		for (unsigned k = 0; i % 20 == 0 && k < 20; k++)
			ck_assert_int_eq(disk_world_get(&w, k, NULL), SEEN_RIGHT);
	}
	disk_wait_idle(w.disk);
	return true;
}

START_TEST(a_walk_sees_what_is_written_again_meanwhile)
{
	struct sight s = { 0 };

	for (unsigned n = 0; n < 20; n++)
		put(n, 1, 20000, n % 2 == 0 ? 0 : 6000);
	disk_world_flush(&w);
	ck_assert_int_eq(disk_walk(w.disk, see_and_evict, &s), ERR_NONE);
	ck_assert_uint_eq(s.seen, (1ull << 20) - 1);
}
END_TEST

static bool see_and_stop(void *arg, const struct disk_found *f)
{
	(void)f;
	disk_stop(w.disk);
	++*(unsigned *)arg;
	return true;
}

START_TEST(a_walk_ends_when_the_process_does)
{
	unsigned n_seen = 0;

	for (unsigned n = 0; n < 40; n++)
		put(n, 1, n * 50, 0);
	ck_assert_int_eq(disk_walk(w.disk, see_and_stop, &n_seen), ERR_CANCELLED);
	ck_assert_uint_eq(n_seen, 1);
}
END_TEST

/*
 * What is used now and then outlives a stream of what is not; and what has fragments comes whole.
 */
START_TEST(what_is_used_is_written_again_and_outlives_a_stream)
{
	struct disk_stats stats;
	unsigned n_left = 0;

	for (unsigned n = 0; n < 20; n++)
		put(n, 1, 20000, n % 2 == 0 ? 0 : 6000);
	for (unsigned i = 100; i < 1600; i++) {
		while (disk_world_put(&w, i, 1, 100000, 0) == ERR_LIMIT)
			disk_wait_idle(w.disk);
		if (i % 20 == 0)
			for (unsigned n = 0; n < 20; n++) {
				const enum seen seen = disk_world_get(&w, n, NULL);

				ck_assert_int_ne(seen, SEEN_WRONG);
				ck_assert_int_ne(seen, SEEN_FAILED);
			}
	}
	for (unsigned n = 0; n < 20; n++)
		n_left += disk_world_get(&w, n, NULL) == SEEN_RIGHT;
	ck_assert_uint_eq(n_left, 20);
	disk_stats(w.disk, &stats);
	ck_assert_uint_gt(stats.rewritten_bytes, 0);
	ck_assert_uint_lt(stats.rewritten_bytes, stats.admitted_bytes / 2);
	disk_world_close(&w);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	for (unsigned n = 0; n < 20; n++)
		assert_is(n, 1);
}
END_TEST

Suite *suite_disk(void);
Suite *suite_disk(void)
{
	Suite *s = suite_create("disk");
	TCase *t = tcase_create("disk");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, what_is_put_comes_back_at_once_from_the_file_and_after_a_start, 0,
	                    (int)ARRAY_LEN(shapes));
	tcase_add_test(t, many_come_back_after_a_start);
	tcase_add_test(t, the_newer_of_two_comes_back);
	tcase_add_test(t, what_was_forgotten_stays_forgotten);
	tcase_add_test(t, after_a_kill_what_was_written_is_there_and_what_was_buried_is_not);
	tcase_add_loop_test(t, the_capacity_is_kept_by_evicting_the_oldest, 0,
	                    (int)ARRAY_LEN(evicted_fragments));
	tcase_add_test(t, a_capacity_that_changes_has_segments_of_its_own);
	tcase_add_test(t, a_walk_sees_each_object_once);
	tcase_add_test(t, a_walk_sees_what_is_written_again_meanwhile);
	tcase_add_test(t, a_walk_ends_when_the_process_does);
	tcase_add_test(t, buffers_count_for_memory_limit);
	tcase_add_test(t, what_is_used_is_written_again_and_outlives_a_stream);
	tcase_add_test(t, a_sync_is_ready_when_the_journal_is_durable);
	tcase_add_test(t, a_read_brings_nothing_along_from_the_device);
	tcase_add_test(t, a_second_user_is_refused);
	tcase_add_test(t, a_secret_is_kept_and_another_one_refused);
	suite_add_tcase(s, t);
	return s;
}
