/*
 * What goes wrong below a directory: calls that fail, files that are cut, bits that turn, kills,
 * other people's files. Whatever happens, what comes back is what was put last, or nothing.
 */
#include "tests/unit/cache/disk_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/budget.h"
#include "base/oplog.h"
#include "cache/disk_int.h"
#include "tests/unit/random.h"

#define MIB       1048576u
#define N_OBJECTS 24u

static struct disk_world w;

static void setup(void)
{
	oplog_set_level(OPLOG_FATAL);
	disk_world_init(&w, 16 * MIB);
}

static void teardown(void)
{
	disk_world_fini(&w);
}

/* --- files of the folder ---------------------------------------------------------------------- */

static char *read_all(const char *path, size_t *n)
{
	const int fd = open(path, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	*n = (size_t)lseek(fd, 0, SEEK_END);
	char *const bytes = check_malloc(*n + 1);

	ck_assert_int_eq(pread(fd, bytes, *n, 0), *n);
	(void)close(fd);
	return bytes;
}

static void write_all(const char *path, const char *bytes, size_t n)
{
	const int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, n), n);
	(void)close(fd);
}

/* The path of the only file whose name begins so. */
static void find_file(const char *prefix, char *path, size_t cap)
{
	DIR *const names = opendir(w.folder);
	const struct dirent *e;

	path[0] = 0;
	while ((e = readdir(names)) != NULL)
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0)
			(void)snprintf(path, cap, "%s/%s", w.folder, e->d_name);
	(void)closedir(names);
	ck_assert_int_ne(path[0], 0);
}

/* --- what is right ---------------------------------------------------------------------------- */

/* Versions that may come back: the last that was put; none at all is always right. */
static unsigned latest[N_OBJECTS];

static void assert_nothing_wrong(unsigned n_objects, unsigned *n_right)
{
	*n_right = 0;
	for (unsigned n = 0; n < n_objects; n++) {
		unsigned version = 0;
		const enum seen seen = disk_world_get(&w, n, &version);

		ck_assert_int_ne(seen, SEEN_WRONG);
		if (seen == SEEN_RIGHT) {
			ck_assert_uint_eq(version, latest[n]);
			(*n_right)++;
		}
	}
}

/* --- cut and flipped -------------------------------------------------------------------------- */

static void make_small_segment(void)
{
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	for (unsigned n = 0; n < 4; n++)
		ck_assert_int_eq(disk_world_put(&w, n, 1, 40 + n * 20, n == 3 ? 60 : 0), ERR_NONE);
	latest[0] = latest[1] = latest[2] = latest[3] = 1;
	disk_world_close(&w);
}

START_TEST(a_segment_that_is_cut_anywhere_gives_what_is_whole)
{
	char path[512];
	unsigned n_right, before = 0;
	size_t n;

	make_small_segment();
	find_file("segment-", path, sizeof(path));
	char *const bytes = read_all(path, &n);

	for (size_t cut = 0; cut < n; cut++) {
		write_all(path, bytes, cut);
		ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
		assert_nothing_wrong(4, &n_right);
		ck_assert_uint_ge(n_right, before);
		before = n_right;
		disk_world_close(&w);
		ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
		assert_nothing_wrong(4, &n_right);
		ck_assert_uint_eq(n_right, before);
		disk_world_close(&w);
	}
	ck_assert_uint_eq(before, 4);
	free(bytes);
}
END_TEST

START_TEST(a_flipped_bit_is_found_or_harmless)
{
	char path[512];
	unsigned n_right;
	size_t n;

	make_small_segment();
	find_file("segment-", path, sizeof(path));
	char *const bytes = read_all(path, &n);

	/* One of each byte, or with TEST_LONG all. */
	const size_t step = random_test_count(1) > 1 ? 1 : 9;

	for (size_t bit = 0; bit < n * 8; bit += step) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		write_all(path, bytes, n);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
		assert_nothing_wrong(4, &n_right);
		disk_world_close(&w);
	}
	free(bytes);
}
END_TEST

START_TEST(a_flipped_bit_in_the_journal_brings_nothing_wrong_back)
{
	char path[512];
	size_t n;

	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	ck_assert_int_eq(disk_world_put(&w, 0, 1, 100, 0), ERR_NONE);
	disk_world_flush(&w);
	ck_assert_int_eq(disk_world_put(&w, 0, 2, 100, 0), ERR_NONE);
	latest[0] = 2;
	disk_world_close(&w);
	find_file("journal-", path, sizeof(path));
	char *const bytes = read_all(path, &n);

	ck_assert_uint_eq(n, 32);
	for (size_t bit = 0; bit < n * 8; bit++) {
		unsigned n_right;

		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		write_all(path, bytes, n);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
		assert_nothing_wrong(1, &n_right);
		ck_assert_uint_eq(n_right, 1);
		disk_world_close(&w);
	}
	free(bytes);
}
END_TEST

START_TEST(bytes_that_turn_under_a_running_directory_are_not_given_out)
{
	char path[512], byte;
	struct disk_stats stats;

	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	ck_assert_int_eq(disk_world_put(&w, 0, 1, 100000, 50000), ERR_NONE);
	ck_assert_int_eq(disk_world_put(&w, 1, 1, 3000, 0), ERR_NONE);
	disk_world_flush(&w);
	find_file("segment-", path, sizeof(path));
	const int fd = open(path, O_RDWR);

	for (off_t at = 64 + 64 + 1000; at < 104000; at += 101000) {
		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		byte = (char)(byte ^ 4);
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	}
	(void)close(fd);
	ck_assert_int_eq(disk_world_get(&w, 0, NULL), SEEN_FAILED);
	ck_assert_int_eq(disk_world_get(&w, 1, NULL), SEEN_FAILED);
	ck_assert_int_eq(disk_world_get(&w, 1, NULL), SEEN_NONE);
	disk_stats(w.disk, &stats);
	ck_assert_uint_eq(stats.bad_checksums, 2);
}
END_TEST

/* --- calls that fail -------------------------------------------------------------------------- */

/* A use of the directory with whatever faults the environment says. */
static void use_with_faults(unsigned version)
{
	if (disk_world_open(&w) != ERR_NONE)
		return;
	for (unsigned n = 0; n < N_OBJECTS; n++) {
		if (n % 5 == 4) {
			disk_forget(w.disk, disk_world_key(n));
			latest[n] = 0;
		} else if (disk_world_put(&w, n, version, n * 5000, n % 2 ? 30000 : 0) ==
		           ERR_NONE) {
			latest[n] = version;
		}
		if (n % 6 == 0)
			disk_world_flush(&w);
		if (n > 3) {
			unsigned got = 0;
			const enum seen seen = disk_world_get(&w, n - 3, &got);

			ck_assert_int_ne(seen, SEEN_WRONG);
			ck_assert(seen != SEEN_RIGHT || got == latest[n - 3]);
		}
	}
	disk_world_close(&w);
}

static const char *const faults[] = { "all:EIO:count=1", "all:EIO:count=3",   "all:ENOSPC:count=1",
	                              "write:ENOSPC",    "all:short:count=4", "sync:EIO",
	                              "read:EIO",        "unlink:EIO",        "open:ENOENT" };

START_TEST(a_call_that_fails_at_any_moment_brings_nothing_wrong)
{
	char text[64];

	for (unsigned from = 1; from < 90; from += 1 + from / 30) {
		unsigned n_right;
		struct disk_sync sync;

		(void)snprintf(text, sizeof(text), "%s:from=%u,sync:skip", faults[_i], from);
		ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", text, 1), 0);
		use_with_faults(from);
		(void)setenv("CUTTLE_DISK_FAULTS", "sync:skip", 1);
		ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
		disk_wait_idle(w.disk);
		assert_nothing_wrong(N_OBJECTS, &n_right);
		/* And it works again. */
		for (unsigned n = 0; n < 3; n++) {
			latest[n] = 1000 + from;
			ck_assert_int_eq(disk_world_put(&w, n, latest[n], 3000, 0), ERR_NONE);
		}
		sync = (struct disk_sync){ .disk = w.disk };
		ck_assert_int_eq(disk_world_wait(&w, &sync.op,
		                                 disk_sync(&sync, w.loop, disk_world_waiter())),
		                 OP_READY);
		disk_world_close(&w);
	}
}
END_TEST

START_TEST(slow_reads_do_not_make_a_caller_wait)
{
	struct disk_load q;

	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	ck_assert_int_eq(disk_world_put(&w, 0, 1, 3000, 0), ERR_NONE);
	disk_world_close(&w);
	ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", "read:slow=20,sync:skip", 1), 0);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	q = (struct disk_load){ .disk = w.disk, .key = disk_world_key(0) };
	ck_assert(cache_index_find(w.index, q.key, true, &q.entry));
	ck_assert_int_eq(disk_load(&q, w.loop, disk_world_waiter()), OP_PENDING);
	ck_assert_int_eq(disk_world_wait(&w, &q.op, OP_PENDING), OP_READY);
	disk_load_done(&q);
	/* Let go of in the middle. */
	ck_assert_int_eq(disk_load(&q, w.loop, disk_world_waiter()), OP_PENDING);
	op_cancel(&q.op);
	disk_load_done(&q);
}
END_TEST

static unsigned n_files(const char *prefix)
{
	DIR *const names = opendir(w.folder);
	const struct dirent *e;
	unsigned n = 0;

	while ((e = readdir(names)) != NULL)
		n += strncmp(e->d_name, prefix, strlen(prefix)) == 0 ? 1 : 0;
	(void)closedir(names);
	return n;
}

START_TEST(a_journal_that_cannot_be_written_costs_segments_and_makes_no_files)
{
	enum { N = 32 };

	w.dir.max_bytes = 64 * MIB;
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	for (unsigned n = 0; n < N; n++) {
		ck_assert_int_eq(disk_world_put(&w, n, 1, 1000000, 0), ERR_NONE);
		disk_world_flush(&w);
	}
	disk_world_close(&w);
	ck_assert_uint_ge(n_files("segment-"), N / 4);
	ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", "write:ENOSPC:from=2,sync:skip", 1), 0);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	for (unsigned n = 0; n < N; n++) {
		(void)disk_forget(w.disk, disk_world_key(n));
		disk_world_settle(&w);
	}
	ck_assert_uint_eq(n_files("segment-"), 0);
	ck_assert_uint_le(n_files("journal-"), 2);
	disk_world_close(&w);
	ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", "sync:skip", 1), 0);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	for (unsigned n = 0; n < N; n++)
		ck_assert_int_eq(disk_world_get(&w, n, NULL), SEEN_NONE);
}
END_TEST

/* A file that calls wait for (CUTTLE_DISK_FAULTS), and whether it is there. */
static char gate[300];

static void use_gate(const char *call)
{
	char text[400];

	(void)snprintf(gate, sizeof(gate), "%.100s.gate", w.folder);
	(void)snprintf(text, sizeof(text), "%s:until=%s,sync:skip", call, gate);
	ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", text, 1), 0);
}

static void set_gate(bool is_open)
{
	if (is_open)
		write_all(gate, "", 0);
	else
		ck_assert_int_eq(unlink(gate), 0);
}

START_TEST(a_stalled_journal_makes_only_those_wait_who_must)
{
	struct disk_sync kill, power;
	unsigned version = 0;

	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	for (unsigned n = 0; n < 3; n++)
		ck_assert_int_eq(disk_world_put(&w, n, 1, 3000, 0), ERR_NONE);
	disk_world_close(&w);
	use_gate("write");
	set_gate(true);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	set_gate(false);
	ck_assert(disk_forget(w.disk, disk_world_key(0)));
	ck_assert_int_eq(disk_world_put(&w, 1, 2, 3000, 0), ERR_NONE);
	kill = (struct disk_sync){ .disk = w.disk, .from_kill_only = true };
	power = (struct disk_sync){ .disk = w.disk };
	ck_assert_int_eq(disk_sync(&kill, w.loop, disk_world_waiter()), OP_PENDING);
	ck_assert_int_eq(disk_sync(&power, w.loop, disk_world_waiter()), OP_PENDING);
	ck_assert_int_eq(disk_world_get(&w, 0, NULL), SEEN_NONE);
	ck_assert_int_eq(disk_world_get(&w, 1, &version), SEEN_RIGHT);
	ck_assert_uint_eq(version, 2);
	ck_assert_int_eq(disk_world_get(&w, 2, NULL), SEEN_RIGHT);
	loop_turn(w.loop, 0);
	ck_assert_int_eq(kill.op.status, OP_PENDING);
	ck_assert_int_eq(power.op.status, OP_PENDING);
	set_gate(true);
	ck_assert_int_eq(disk_world_wait(&w, &kill.op, OP_PENDING), OP_READY);
	ck_assert_int_eq(disk_world_wait(&w, &power.op, OP_PENDING), OP_READY);
	/* There is nothing more to wait for. */
	ck_assert_int_eq(disk_sync(&kill, w.loop, disk_world_waiter()), OP_READY);
	set_gate(false);
	/* Who has left does not wait. */
	ck_assert(disk_forget(w.disk, disk_world_key(2)));
	ck_assert_int_eq(disk_sync(&kill, w.loop, disk_world_waiter()), OP_PENDING);
	op_cancel(&kill.op);
	set_gate(true);
	disk_world_close(&w);
	set_gate(false);
}
END_TEST

static atomic_bool is_closed, has_run;

static void say(void *arg)
{
	atomic_store((atomic_bool *)arg, true);
}

static void run(struct job *j)
{
	(void)j;
	say(&has_run);
}

static void nothing(struct job *j)
{
	(void)j;
}

static void await(atomic_bool *flag)
{
	while (!atomic_load(flag))
		(void)usleep(1000);
}

START_TEST(a_directory_that_is_retired_while_a_read_stalls_takes_no_thread)
{
	static const unsigned threads[JOB_CLASS_N] = { [JOB_DISK] = 2 };
	static const unsigned queue[JOB_CLASS_N] = { [JOB_DISK] = 10 };
	struct job other = { .work = run, .release = nothing };
	struct disk_load q;

	jobs_free(&w.jobs);
	ck_assert_int_eq(jobs_new(&w.jobs, threads, queue), ERR_NONE);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	ck_assert_int_eq(disk_world_put(&w, 0, 1, 3000, 0), ERR_NONE);
	disk_world_close(&w);
	use_gate("read");
	set_gate(true);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	disk_wait_idle(w.disk);
	set_gate(false);
	q = (struct disk_load){ .disk = w.disk, .key = disk_world_key(0) };
	ck_assert(cache_index_find(w.index, q.key, true, &q.entry));
	ck_assert_int_eq(disk_load(&q, w.loop, disk_world_waiter()), OP_PENDING);
	disk_retire(&w.disk, say, &is_closed);
	ck_assert_int_eq(job_submit(w.jobs, NULL, JOB_DISK, &other), ERR_NONE);
	await(&has_run);
	ck_assert(!atomic_load(&is_closed));
	set_gate(true);
	ck_assert_int_eq(disk_world_wait(&w, &q.op, OP_PENDING), OP_READY);
	disk_load_done(&q);
	await(&is_closed);
	set_gate(false);
	/* It can be had again. */
	ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", "sync:skip", 1), 0);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	ck_assert_int_eq(disk_world_get(&w, 0, NULL), SEEN_RIGHT);
}
END_TEST

START_TEST(a_folder_that_disappears_is_contained)
{
	struct disk_stats stats;
	char path[512];

	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	ck_assert_int_eq(disk_world_put(&w, 0, 1, 3000, 0), ERR_NONE);
	latest[0] = 1;
	disk_world_flush(&w);
	(void)snprintf(path, sizeof(path), "rm -r %s", w.folder);
	ck_assert_int_eq(system(path), 0);
	for (unsigned n = 1; n < N_OBJECTS; n++) {
		if (disk_world_put(&w, n, 1, 900000, 0) == ERR_NONE)
			latest[n] = 1;
		disk_world_flush(&w);
	}
	/* What was written is still in the open file. */
	ck_assert_int_eq(disk_world_get(&w, 0, NULL), SEEN_RIGHT);
	disk_stats(w.disk, &stats);
	ck_assert(stats.is_out_of_use);
	ck_assert_int_eq(disk_world_put(&w, 1, 2, 1000, 0), ERR_SYSTEM);
	disk_close(&w.disk, false);
}
END_TEST

/* --- faults that come and go ------------------------------------------------------------------ */

/* Open with rules that do not strike yet. */
static void open_with(const char *faults_text)
{
	ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", faults_text, 1), 0);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	disk_wait_idle(w.disk);
}

/* From now on so many times; nobody makes calls at the moment. */
static void strike(unsigned rule, uint64_t count)
{
	struct disk_fault *const f = &w.disk->faults->rules[rule];

	f->from = atomic_load(&f->seen) + 1;
	f->count = count;
}

static enum op_status sync_to(bool from_kill_only)
{
	struct disk_sync q = { .disk = w.disk, .from_kill_only = from_kill_only };

	return disk_world_wait(&w, &q.op, disk_sync(&q, w.loop, disk_world_waiter()));
}

/* The next one's first fragment begins in the same 4 KiB. */
START_TEST(a_short_fragment_that_was_verified_says_nothing_of_its_neighbour)
{
	const off_t in_the_second = 64 + 64 + MIB + 64 + 20000;
	char path[512], byte;

	w.dir.max_bytes = 1024ull * MIB; /* for segments that are large enough */
	open_with("read:count=0,sync:skip");
	ck_assert_int_eq(disk_world_put(&w, 0, 1, MIB + 100, MIB), ERR_NONE);
	ck_assert_int_eq(disk_world_put(&w, 1, 1, 40000, 40000), ERR_NONE);
	disk_world_flush(&w);
	find_file("segment-", path, sizeof(path));
	const int fd = open(path, O_RDWR);

	ck_assert_int_eq(pread(fd, &byte, 1, in_the_second), 1);
	byte = (char)(byte ^ 1);
	ck_assert_int_eq(pwrite(fd, &byte, 1, in_the_second), 1);
	(void)close(fd);
	strike(0, UINT64_MAX); /* nothing is resident: by jobs */
	ck_assert_int_eq(disk_world_get(&w, 0, NULL), SEEN_RIGHT);
	strike(0, 0);
	ck_assert_int_eq(disk_world_get(&w, 1, NULL), SEEN_FAILED);
}
END_TEST

START_TEST(what_the_index_has_no_memory_for_is_forgotten_all_the_same)
{
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	for (unsigned n = 0; n < N_OBJECTS; n++)
		ck_assert_int_eq(disk_world_put(&w, n, 1, 100, 0), ERR_NONE);
	disk_world_close(&w);
	jobs_free(&w.jobs); /* with what their threads have in hand */
	budget_init(MIB);
	ck_assert(budget_take(BUDGET_FIXED, MIB));
	disk_world_after_fork(&w);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	budget_give(BUDGET_FIXED, MIB);
	budget_init(0);
	ck_assert_int_eq(disk_world_get(&w, 0, NULL), SEEN_NONE);
	(void)disk_forget(w.disk, disk_world_key(0));
	disk_world_settle(&w);
	disk_world_close(&w);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	ck_assert_int_eq(disk_world_get(&w, 0, NULL), SEEN_NONE);
	ck_assert_int_eq(disk_world_get(&w, 1, NULL), SEEN_RIGHT);
}
END_TEST

/* A file system that has become read-only: nobody is told that something is forgotten for good. */
START_TEST(what_can_neither_be_written_nor_removed_is_not_said_to_be_forgotten)
{
	open_with("write:EROFS:count=0,unlink:EROFS:count=0,sync:skip");
	ck_assert_int_eq(disk_world_put(&w, 0, 1, 100, 0), ERR_NONE);
	disk_world_flush(&w);
	strike(0, UINT64_MAX);
	strike(1, UINT64_MAX);
	ck_assert_int_eq(disk_world_put(&w, 1, 1, 100, 0), ERR_NONE);
	disk_world_flush(&w);
	ck_assert_int_eq(disk_world_get(&w, 0, NULL), SEEN_NONE);
	(void)disk_forget(w.disk, disk_world_key(0));
	ck_assert_int_eq(sync_to(true), OP_FAILED);
}
END_TEST

START_TEST(a_directory_whose_last_sync_failed_is_not_said_to_be_clean)
{
	enum disk_folder folder;
	struct disk_label l;
	struct disk_io io;

	open_with("write:EIO:count=0,sync:EIO:count=0");
	ck_assert_int_eq(disk_world_put(&w, 0, 1, 100, 0), ERR_NONE);
	strike(0, 1);
	disk_world_flush(&w);
	ck_assert_int_eq(disk_world_put(&w, 1, 1, 100, 0), ERR_NONE);
	strike(1, 1);
	disk_world_close(&w);
	ck_assert_int_eq(disk_io_open_folder(&io, w.folder, false, false, NULL), ERR_NONE);
	ck_assert_int_eq(disk_label_read(&io, &l, &folder), ERR_NONE);
	disk_io_close_folder(&io);
	ck_assert(!l.is_clean);
}
END_TEST

START_TEST(what_waits_for_the_label_is_written_when_that_can_be)
{
	struct disk_stats stats;

	ck_assert_int_eq(disk_prepare(&w.dir, &w.secret), ERR_NONE);
	open_with("rename:EIO,sync:skip");
	ck_assert_int_eq(disk_world_put(&w, 0, 1, 100, 0), ERR_NONE);
	disk_world_flush(&w);
	disk_stats(w.disk, &stats);
	ck_assert_uint_eq(stats.written_bytes, 0);
	strike(0, 0);
	disk_world_flush(&w);
	disk_stats(w.disk, &stats);
	ck_assert_uint_gt(stats.written_bytes, 0);
}
END_TEST

/* --- kills ------------------------------------------------------------------------------------ */

/* As a kill would leave the folder at this moment. */
static void use_a_copy(void)
{
	static char copy[300];
	char command[700];

	(void)snprintf(copy, sizeof(copy), "%.200s.copy", w.folder);
	(void)snprintf(command, sizeof(command), "cp -r '%s' '%s'", w.folder, copy);
	ck_assert_int_eq(system(command), 0);
	w.dir.path = span_str(copy);
	w.dir.max_bytes = 1024ull * MIB; /* nothing more is evicted there */
}

static void remove_the_copy(void)
{
	char command[400];

	(void)snprintf(command, sizeof(command), "rm -r '%.300s'", w.dir.path.p);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(what_is_forgotten_while_its_segment_is_evicted_does_not_come_back)
{
	unsigned n = 0;

	use_gate("unlink");
	set_gate(true);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	disk_wait_idle(w.disk);
	set_gate(false);
	const struct disk_fault *const f = &w.disk->faults->rules[0];
	const uint64_t before = atomic_load(&f->seen);

	/* Until the eviction is about to remove the first segment. */
	while (atomic_load(&f->seen) == before) {
		if (disk_world_put(&w, n, 1, 50000, 0) == ERR_NONE)
			n++;
		else
			(void)usleep(1000);
	}
	for (unsigned i = 0; i < n; i++)
		(void)disk_forget(w.disk, disk_world_key(i));
	disk_world_settle(&w);
	use_a_copy();
	set_gate(true);
	disk_world_close(&w);
	set_gate(false);
	ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", "sync:skip", 1), 0);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(disk_world_get(&w, i, NULL), SEEN_NONE);
	disk_world_close(&w);
	remove_the_copy();
}
END_TEST

#define N_KILLED 200u

/* What the child had been told, in memory that survives it. */
struct acknowledged {
	_Atomic unsigned put[N_KILLED];     /* version that was accepted */
	_Atomic unsigned written[N_KILLED]; /* version that a flush was waited for */
	_Atomic unsigned begun[N_KILLED];
};

static struct acknowledged *said;

/* Odd versions exist, even ones say that it was forgotten. Until it is killed. */
static void put_and_forget_forever(uint64_t seed)
{
	struct random r = random_seeded(seed);
	unsigned version = 1;

	for (unsigned i = 0;; i++) {
		const unsigned n = random_below(&r, N_KILLED);
		const unsigned next = (atomic_load(&said->begun[n]) + 2) | 1;

		if (random_below(&r, 4) == 0) {
			atomic_store(&said->begun[n], next + 1);
			disk_forget(w.disk, disk_world_key(n));
			disk_world_settle(&w);
			atomic_store(&said->put[n], next + 1);
		} else {
			atomic_store(&said->begun[n], next);
			if (disk_world_put(&w, n, next, random_below(&r, 20000),
			                   random_below(&r, 3) == 0 ? 4000 : 0) == ERR_NONE) {
				disk_world_settle(&w);
				atomic_store(&said->put[n], next);
			}
		}
		if (i % 50 == 49) {
			disk_world_flush(&w);
			for (unsigned k = 0; k < N_KILLED; k++)
				atomic_store(&said->written[k], atomic_load(&said->put[k]));
		}
		version++;
	}
}

/*
 * After a kill: what was forgotten or replaced is gone; what was written and not replaced since is
 * there.
 */
static unsigned check_after_kill(void)
{
	unsigned n_right = 0;

	for (unsigned n = 0; n < N_KILLED; n++) {
		const unsigned put = atomic_load(&said->put[n]),
			       begun = atomic_load(&said->begun[n]);
		unsigned version = 0;
		const enum seen seen = disk_world_get(&w, n, &version);

		ck_assert_int_ne(seen, SEEN_WRONG);
		ck_assert_int_ne(seen, SEEN_FAILED);
		if (seen == SEEN_RIGHT) {
			ck_assert_msg(version == put || version == begun,
			              "object %u: version %u, but %u was put, %u begun", n, version,
			              put, begun);
			n_right++;
		} else if (put == begun && (put & 1) == 1 &&
		           atomic_load(&said->written[n]) == put) {
			ck_abort_msg("object %u: version %u was written, and is gone", n, put);
		}
		/* What the child knew of is what it goes on from. */
		atomic_store(&said->put[n], seen == SEEN_RIGHT ? version : 0);
	}
	return n_right;
}

START_TEST(kills_at_any_moment_lose_nothing_that_was_written_and_bring_nothing_back)
{
	const unsigned rounds = random_test_count(15);
	struct random r = random_seeded(5);
	unsigned n_right = 0;

	said = mmap(NULL, sizeof(*said), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(said != MAP_FAILED);
	/* Large enough that nothing is evicted. */
	w.dir.max_bytes = 1024ull * MIB;
	jobs_free(&w.jobs); /* no threads when it forks */
	for (unsigned i = 0; i < rounds; i++) {
		const pid_t child = fork();
		int status;

		if (child == 0) {
			disk_world_after_fork(&w);
			ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
			put_and_forget_forever(i);
		}
		(void)usleep(2000 + random_below(&r, 60000));
		ck_assert_int_eq(kill(child, SIGKILL), 0);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		for (unsigned k = 0; k < N_KILLED; k++)
			if (atomic_load(&said->written[k]) > atomic_load(&said->begun[k]))
				ck_abort_msg("the child's notes");
		disk_world_after_fork(&w);
		ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
		n_right += check_after_kill();
		disk_world_close(&w);
		jobs_free(&w.jobs);
	}
	ck_assert_uint_gt(n_right, rounds);
	disk_world_after_fork(&w);
}
END_TEST

/* --- other people's --------------------------------------------------------------------------- */

START_TEST(files_that_are_not_ours_are_not_touched)
{
	char path[512];
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/swap.state", w.folder);
	write_all(path, "squid", 5);
	ck_assert_int_eq(disk_world_open(&w), ERR_UNSUPPORTED);
	ck_assert_int_eq(disk_prepare(&w.dir, &w.secret), ERR_UNSUPPORTED);
	char *const bytes = read_all(path, &n);

	ck_assert_int_eq(memcmp(bytes, "squid", 5), 0);
	free(bytes);
}
END_TEST

START_TEST(the_label_of_another_version_is_refused_and_left_alone)
{
	char path[512];
	size_t n, n_after;

	ck_assert_int_eq(disk_prepare(&w.dir, &w.secret), ERR_NONE);
	find_file("cuttle-store", path, sizeof(path));
	char *const bytes = read_all(path, &n);

	for (size_t i = 0; i < n; i++) {
		bytes[i] = (char)(bytes[i] ^ 0x40);
		write_all(path, bytes, n);
		ck_assert_int_eq(disk_world_open(&w), ERR_UNSUPPORTED);
		char *const after = read_all(path, &n_after);

		ck_assert_uint_eq(n_after, n);
		ck_assert_int_eq(memcmp(bytes, after, n), 0);
		free(after);
		bytes[i] = (char)(bytes[i] ^ 0x40);
	}
	write_all(path, bytes, n);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	disk_world_close(&w);
	free(bytes);
}
END_TEST

/* Version 1 had no sums behind byte 296 (doc/cache-format.md). */
START_TEST(a_label_of_the_version_before_is_taken_over)
{
	char path[512];
	struct disk_stats st;
	size_t n;

	ck_assert_int_eq(disk_prepare(&w.dir, &w.secret), ERR_NONE);
	find_file("cuttle-store", path, sizeof(path));
	char *bytes = read_all(path, &n);

	ck_assert_uint_eq(n, 320);
	bytes[16] = 1;
	const uint64_t checksum = XXH3_64bits(bytes, 296);

	memcpy(bytes + 296, &checksum, sizeof(checksum));
	write_all(path, bytes, 304);
	free(bytes);
	ck_assert_int_eq(disk_world_open(&w), ERR_NONE);
	disk_stats(w.disk, &st);
	ck_assert_uint_eq(st.all_written_bytes, st.written_bytes);
	disk_world_close(&w);
	bytes = read_all(path, &n);
	ck_assert_uint_eq(n, 320);
	ck_assert_int_eq(bytes[16], 2);
	free(bytes);
}
END_TEST

/* Linux tells of a failed fdatasync() once; the next one says nothing of what was lost. */
START_TEST(what_could_not_be_synced_once_is_not_durable_until_it_is_written_again)
{
	open_with("sync:EIO:count=0");
	for (unsigned n = 0; n < 2; n++)
		ck_assert_int_eq(disk_world_put(&w, n, 1, 100, 0), ERR_NONE);
	disk_world_flush(&w);
	ck_assert(disk_forget(w.disk, disk_world_key(0)));
	const uint32_t number = w.disk->journal->number;

	strike(0, 1);
	ck_assert_int_eq(sync_to(false), OP_FAILED);
	disk_wait_idle(w.disk);
	/* It is in another file by now. */
	ck_assert_uint_gt(w.disk->journal->number, number);
	ck_assert_int_eq(sync_to(false), OP_READY);
	/* Nor does it help to ask again where that cannot be done either. */
	ck_assert(disk_forget(w.disk, disk_world_key(1)));
	strike(0, UINT64_MAX);
	ck_assert_int_eq(sync_to(false), OP_FAILED);
	ck_assert_int_eq(sync_to(false), OP_FAILED);
}
END_TEST

Suite *suite_disk_faults(void);
Suite *suite_disk_faults(void)
{
	Suite *s = suite_create("disk_faults");
	TCase *t = tcase_create("disk_faults");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_segment_that_is_cut_anywhere_gives_what_is_whole);
	tcase_add_test(t, a_flipped_bit_is_found_or_harmless);
	tcase_add_test(t, a_flipped_bit_in_the_journal_brings_nothing_wrong_back);
	tcase_add_test(t, bytes_that_turn_under_a_running_directory_are_not_given_out);
	tcase_add_loop_test(t, a_call_that_fails_at_any_moment_brings_nothing_wrong, 0,
	                    (int)ARRAY_LEN(faults));
	tcase_add_test(t, slow_reads_do_not_make_a_caller_wait);
	tcase_add_test(t, a_journal_that_cannot_be_written_costs_segments_and_makes_no_files);
	tcase_add_test(t, a_stalled_journal_makes_only_those_wait_who_must);
	tcase_add_test(t, a_directory_that_is_retired_while_a_read_stalls_takes_no_thread);
	tcase_add_test(t, a_folder_that_disappears_is_contained);
	tcase_add_test(t, a_short_fragment_that_was_verified_says_nothing_of_its_neighbour);
	tcase_add_test(t, what_the_index_has_no_memory_for_is_forgotten_all_the_same);
	tcase_add_test(t, what_can_neither_be_written_nor_removed_is_not_said_to_be_forgotten);
	tcase_add_test(t, a_directory_whose_last_sync_failed_is_not_said_to_be_clean);
	tcase_add_test(t, what_waits_for_the_label_is_written_when_that_can_be);
	tcase_add_test(t, what_is_forgotten_while_its_segment_is_evicted_does_not_come_back);
	tcase_add_test(t, kills_at_any_moment_lose_nothing_that_was_written_and_bring_nothing_back);
	tcase_add_test(t, files_that_are_not_ours_are_not_touched);
	tcase_add_test(t, the_label_of_another_version_is_refused_and_left_alone);
	tcase_add_test(t, a_label_of_the_version_before_is_taken_over);
	tcase_add_test(t, what_could_not_be_synced_once_is_not_durable_until_it_is_written_again);
	suite_add_tcase(s, t);
	return s;
}
