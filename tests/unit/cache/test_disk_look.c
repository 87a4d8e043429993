/*
 * Looking at a directory from outside: what is there is shown, what was replaced or forgotten is
 * not, a flipped bit is named, and what a crash or a running proxy leaves is no damage.
 */
#include "tests/unit/cache/disk_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/disk_look.h"
#include "tests/unit/random.h"

#define MIB 1048576u

static struct disk_world w;

/* What one look has found. */
static struct {
	unsigned n, by_number[64], versions[64], lacking, broken, n_faults, n_variants;
	uint64_t bytes;
	char file[32], url[64], what[80];
} seen;

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

static void on_fault(void *arg, const struct disk_look_fault *f)
{
	(void)arg;
	if (seen.n_faults++ > 0)
		return;
	(void)snprintf(seen.file, sizeof(seen.file), "%s", f->file);
	(void)snprintf(seen.url, sizeof(seen.url), "%.*s", SPAN_ARG(f->url));
	(void)snprintf(seen.what, sizeof(seen.what), "%s", f->what);
}

static bool see(void *arg, const struct disk_looked *o)
{
	char url[64];
	unsigned n = 0;

	(void)arg;
	ck_assert(span_to_cstr(o->found.parts.url, url, sizeof(url)));
	seen.n++;
	seen.n_variants += o->is_variant && !o->is_misplaced ? 1 : 0;
	seen.bytes += o->found.parts.meta.body_bytes;
	seen.lacking += o->state == DISK_LOOK_LACKING ? 1 : 0;
	seen.broken += o->state == DISK_LOOK_BROKEN ? 1 : 0;
	if (sscanf(url, "http://test/%u", &n) == 1 && n < 64) {
		seen.by_number[n]++;
		seen.versions[n] = (unsigned)o->found.parts.meta.response_s;
	}
	return true;
}

static struct disk_look_sums look(enum disk_look_depth depth)
{
	const struct disk_look_watch watch = { .fault = on_fault };
	struct disk_look *k = NULL;
	struct disk_look_sums sums;
	enum disk_folder folder;

	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(disk_look_open(&k, w.folder, &watch, &folder), ERR_NONE);
	ck_assert_int_eq(disk_look_each(k, depth, see, NULL), ERR_NONE);
	disk_look_sums(k, &sums);
	disk_look_close(&k);
	return sums;
}

/* --- files ------------------------------------------------------------------------------------ */

/* The path of the nth file whose name begins so, in the order of names; false: there is none. */
static bool find_file(const char *prefix, unsigned nth, char path[512])
{
	struct dirent **names = NULL;
	const int n = scandir(w.folder, &names, NULL, alphasort);
	bool is_found = false;

	for (int i = 0; i < n; i++) {
		if (!is_found && strncmp(names[i]->d_name, prefix, strlen(prefix)) == 0 &&
		    nth-- == 0) {
			(void)snprintf(path, 512, "%s/%s", w.folder, names[i]->d_name);
			is_found = true;
		}
		free(names[i]);
	}
	free(names);
	return is_found;
}

static off_t size_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

static void flip(const char *path, off_t at)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	char c;

	ck_assert_int_eq(pread(fd, &c, 1, at), 1);
	c ^= 4;
	ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
	ck_assert_int_eq(close(fd), 0);
}

static void write_file(const char *name, const void *bytes, size_t n)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", w.folder, name);
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	ck_assert_int_eq(close(fd), 0);
}

/* Where the bytes of this object's body are in a file. */
static off_t place_of(const char *path, unsigned n, unsigned version)
{
	const off_t size = size_of(path);
	char *const bytes = check_malloc((size_t)size);
	char *const body = disk_world_body(n, version, 64);
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(read(fd, bytes, (size_t)size), size);
	ck_assert_int_eq(close(fd), 0);
	const char *const at = memmem(bytes, (size_t)size, body, 64);

	ck_assert_ptr_nonnull(at);
	const off_t offset = at - bytes;

	free(bytes);
	free(body);
	return offset;
}

/* --- what is there ---------------------------------------------------------------------------- */

static const struct {
	size_t bytes, fragment;
} shapes[] = {
	{ 0, 0 }, { 1, 0 }, { 1000, 0 }, { MIB, 0 }, { 1, 1 }, { 100, 7 }, { 3 * MIB, MIB },
};

static void put_shapes(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(shapes); i++)
		put(i, 1, shapes[i].bytes, shapes[i].fragment);
}

static void assert_shapes(void)
{
	uint64_t bytes = 0;

	ck_assert_uint_eq(seen.n, ARRAY_LEN(shapes));
	ck_assert_uint_eq(seen.n_faults, 0);
	ck_assert_uint_eq(seen.lacking + seen.broken, 0);
	for (unsigned i = 0; i < ARRAY_LEN(shapes); i++) {
		bytes += shapes[i].bytes;
		ck_assert_uint_eq(seen.by_number[i], 1);
	}
	ck_assert_uint_eq(seen.bytes, bytes);
}

START_TEST(objects_are_shown_beside_the_proxy_that_wrote_them_and_when_it_has_ended)
{
	const enum disk_look_depth depth = _i == 0 ? DISK_LOOK_HEADS : DISK_LOOK_ALL;

	put_shapes();
	disk_world_flush(&w);
	ck_assert_uint_eq(look(depth).unsealed, 1);
	assert_shapes();
	disk_world_close(&w);
	const struct disk_look_sums sums = look(depth);

	assert_shapes();
	ck_assert_uint_eq(sums.objects, ARRAY_LEN(shapes));
	ck_assert_uint_eq(sums.unsealed, 0);
	ck_assert(sums.label.is_clean);
}
END_TEST

START_TEST(of_two_the_newer_is_shown_and_what_was_forgotten_is_not)
{
	for (unsigned n = 0; n < 30; n++)
		put(n, 1, 100, 0);
	disk_world_flush(&w);
	for (unsigned n = 0; n < 10; n++)
		put(n, 2, 100, 0);
	for (unsigned n = 20; n < 30; n++)
		ck_assert(disk_forget(w.disk, disk_world_key(n)));
	disk_world_flush(&w);
	if (_i == 1)
		disk_world_close(&w);
	const struct disk_look_sums sums = look(DISK_LOOK_ALL);

	for (unsigned n = 0; n < 30; n++) {
		ck_assert_uint_eq(seen.by_number[n], n < 20 ? 1 : 0);
		ck_assert_uint_eq(seen.versions[n], n < 10 ? 2 : n < 20 ? 1 : 0);
	}
	ck_assert_uint_eq(sums.heads, 40);
	ck_assert_uint_eq(sums.objects, 20);
	ck_assert_uint_eq(sums.tombstones, 20);
	ck_assert_uint_eq(seen.n_faults, 0);
}
END_TEST

START_TEST(what_vanishes_while_it_goes_on_is_no_damage)
{
	const struct disk_look_watch watch = { .fault = on_fault };
	struct disk_look *k = NULL;
	enum disk_folder folder;
	char path[512];

	put_shapes();
	disk_world_flush(&w);
	memset(&seen, 0, sizeof(seen));
	ck_assert_int_eq(disk_look_open(&k, w.folder, &watch, &folder), ERR_NONE);
	while (find_file("segment-", 0, path))
		ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(disk_look_each(k, DISK_LOOK_ALL, see, NULL), ERR_NONE);
	disk_look_close(&k);
	ck_assert_uint_eq(seen.n + seen.n_faults, 0);
}
END_TEST

static enum err put_parts(struct span url, struct cache_key key, uint64_t salt, unsigned flags,
                          const char *variant, const char *vary)
{
	const struct cobj_parts parts = {
		.key = key,
		.meta = { .salt = salt, .status = 200, .flags = (uint16_t)flags },
		.url = url,
		.variant = span_str(variant),
		.vary = span_str(vary),
		.head_text = flags == COBJ_MARKER ? SPAN_NULL : SPAN("HTTP/1.1 200 OK\r\n\r\n"),
	};

	return disk_put_head(w.disk, &parts, SPAN_NULL, NULL, 0, NULL);
}

START_TEST(variants_are_told_from_plain_replies_and_by_the_salt_of_their_marker)
{
	static const struct disk_look_watch watch = { 0 };
	const struct span url = SPAN("http://vary.test/");
	const struct cache_secret *const secret = &w.secret;
	struct disk_look *k = NULL;
	enum disk_folder folder;
	uint64_t salt = 0;

	ck_assert_int_eq(put_parts(url, cache_key_of_uri(secret, url), 5, COBJ_MARKER, "",
	                           "accept-encoding"),
	                 ERR_NONE);
	ck_assert_int_eq(put_parts(url, cache_key_of_variant(secret, url, 5, SPAN("gzip")), 5, 0,
	                           "gzip", ""),
	                 ERR_NONE);
	disk_world_flush(&w);
	(void)look(DISK_LOOK_ALL);
	ck_assert_uint_eq(seen.n, 2);
	ck_assert_uint_eq(seen.n_variants, 1);
	ck_assert_int_eq(disk_look_open(&k, w.folder, &watch, &folder), ERR_NONE);
	ck_assert(disk_look_marker(k, url, &salt));
	ck_assert_uint_eq(salt, 5);
	ck_assert(!disk_look_marker(k, SPAN("http://other.test/"), &salt));
	ck_assert(disk_look_url(k, url, see, NULL));
	ck_assert(!disk_look_url(k, SPAN("http://other.test/"), see, NULL));
	disk_look_close(&k);
}
END_TEST

/* --- damage ----------------------------------------------------------------------------------- */

START_TEST(a_flipped_bit_of_a_body_is_named_with_its_file_and_url)
{
	char path[512];
	const size_t bytes = _i == 0 ? 5000 : 3 * MIB;

	put(1, 1, 100, 0);
	put(2, 1, bytes, _i == 0 ? 0 : MIB);
	put(3, 1, 100, 0);
	disk_world_close(&w);
	ck_assert(find_file("segment-", 0, path));
	flip(path, place_of(path, 2, 1) + 40);
	(void)look(DISK_LOOK_HEADS);
	ck_assert_uint_eq(seen.n_faults, 0);
	(void)look(DISK_LOOK_ALL);
	ck_assert_uint_eq(seen.n, 3);
	ck_assert_uint_eq(seen.broken, 1);
	ck_assert_uint_eq(seen.n_faults, 1);
	ck_assert_str_eq(seen.url, "http://test/2");
	ck_assert_str_eq(seen.file, strrchr(path, '/') + 1);
}
END_TEST

START_TEST(a_flipped_bit_anywhere_in_a_sealed_segment_is_found)
{
	char path[512];

	put(1, 1, 300, 0);
	put(2, 1, 300, 100);
	disk_world_close(&w);
	ck_assert(find_file("segment-", 0, path));
	const off_t size = size_of(path);
	unsigned n_missed = 0;

	for (off_t at = 0; at < size; at++) {
		flip(path, at);
		(void)look(DISK_LOOK_ALL);
		n_missed += seen.n_faults == 0 ? 1 : 0;
		flip(path, at);
	}
	(void)look(DISK_LOOK_ALL);
	ck_assert_uint_eq(seen.n, 2);
	ck_assert_uint_eq(seen.n_faults, 0);
	/* Nobody ever reads the headers of fragments and what pads records. */
	ck_assert_uint_le(n_missed, 3 * (64 + 12) + 15);
}
END_TEST

START_TEST(a_flipped_bit_of_the_journal_is_found_but_not_its_torn_end)
{
	char path[512];

	for (unsigned n = 0; n < 10; n++)
		put(n, 1, 100, 0);
	disk_world_flush(&w);
	for (unsigned n = 0; n < 4; n++)
		ck_assert(disk_forget(w.disk, disk_world_key(n)));
	disk_world_close(&w);
	ck_assert(find_file("journal-", 0, path));
	ck_assert_int_eq(size_of(path), 4 * 32);
	flip(path, 40);
	(void)look(DISK_LOOK_ALL);
	ck_assert_uint_eq(seen.n_faults, 1);
	ck_assert_str_eq(seen.file, strrchr(path, '/') + 1);
	flip(path, 40);
	ck_assert_int_eq(truncate(path, 3 * 32 + 7), 0);
	(void)look(DISK_LOOK_ALL);
	ck_assert_uint_eq(seen.n_faults, 0);
	ck_assert_uint_eq(seen.n, 7);
}
END_TEST

START_TEST(wherever_a_segment_ends_that_is_not_sealed_that_is_no_damage)
{
	char path[512];
	unsigned most = 0;

	for (unsigned n = 0; n < 8; n++)
		put(n, 1, 200, n % 2 == 0 ? 0 : 150);
	disk_world_flush(&w);
	ck_assert(find_file("segment-", 0, path));
	for (off_t size = size_of(path); size >= 0; size -= 13) {
		ck_assert_int_eq(truncate(path, size), 0);
		(void)look(DISK_LOOK_ALL);
		ck_assert_uint_eq(seen.n_faults, 0);
		ck_assert_uint_eq(seen.broken, 0);
		most = MAX(most, seen.n);
	}
	ck_assert_uint_eq(most, 8);
}
END_TEST

START_TEST(a_damaged_head_before_others_in_a_segment_that_is_not_sealed_is_found)
{
	char path[512];

	for (unsigned n = 0; n < 8; n++)
		put(n, 1, 200, 0);
	disk_world_flush(&w);
	ck_assert(find_file("segment-", 0, path));
	flip(path, place_of(path, 4, 1) - 20);
	(void)look(DISK_LOOK_ALL);
	ck_assert_uint_eq(seen.n, 4);
	ck_assert_uint_eq(seen.n_faults, 1);
	ck_assert_str_eq(seen.file, strrchr(path, '/') + 1);
}
END_TEST

START_TEST(a_body_that_a_crash_cut_off_is_lacking_not_broken)
{
	/* In a segment that is not there, and behind the end of one that is. */
	const struct disk_place places[] = { { 3u << DISK_SEGMENT_BITS | 99, 100, 64, 1 },
		                             { 3u << DISK_SEGMENT_BITS | 1, 100, 60 * MIB, 1 } };
	const struct cobj_parts parts = { .key = disk_world_key(1),
		                          .meta = { .body_bytes = 100, .status = 200 },
		                          .url = SPAN("http://test/1"),
		                          .head_text = SPAN("HTTP/1.1 200 OK\r\n\r\n") };

	ck_assert_int_eq(disk_put_head(w.disk, &parts, SPAN_NULL, &places[_i], 1, NULL), ERR_NONE);
	put(2, 1, 100, 0);
	disk_world_close(&w);
	(void)look(DISK_LOOK_ALL);
	ck_assert_uint_eq(seen.n, 2);
	ck_assert_uint_eq(seen.lacking, 1);
	ck_assert_uint_eq(seen.n_faults, 0);
}
END_TEST

/* --- what nobody of us wrote ------------------------------------------------------------------ */

START_TEST(files_of_random_bytes_are_named_and_do_no_harm)
{
	struct random r = random_seeded((uint64_t)_i + 1);
	char bytes[4096], path[512];

	put_shapes();
	disk_world_close(&w);
	ck_assert(find_file("segment-", 0, path));
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
	ck_assert_int_eq(close(fd), 0);
	/* Some begin as ours do. */
	for (size_t i = _i % 2 == 0 ? 0 : 64; i < sizeof(bytes); i++)
		bytes[i] = (char)random_below(&r, 256);
	write_file("segment-00000077", bytes, random_below(&r, sizeof(bytes)));
	write_file("segment-03ffffff", bytes, 0);
	write_file("journal-00000077", bytes, random_below(&r, sizeof(bytes)));
	write_file("something", bytes, 10);
	(void)look(DISK_LOOK_ALL);
	ck_assert_uint_eq(seen.n, ARRAY_LEN(shapes));
	ck_assert_uint_eq(seen.broken, 0);
}
END_TEST

static const struct {
	const char *file;
	enum disk_folder folder;
} folders[] = {
	{ NULL, DISK_FOLDER_EMPTY },
	{ "swap.state", DISK_FOLDER_FOREIGN },
	{ DISK_LABEL_NAME, DISK_FOLDER_DAMAGED },
};

START_TEST(a_folder_that_is_not_prepared_is_refused)
{
	static const struct disk_look_watch watch = { 0 };
	struct disk_look *k = NULL;
	enum disk_folder folder;
	char path[512];

	disk_world_close(&w);
	while (find_file("", 2, path)) /* behind . and .. */
		ck_assert_int_eq(unlink(path), 0);
	if (folders[_i].file != NULL)
		write_file(folders[_i].file, "x", 1);
	ck_assert_int_eq(disk_look_open(&k, w.folder, &watch, &folder), ERR_UNSUPPORTED);
	ck_assert_int_eq(folder, folders[_i].folder);
	ck_assert_int_ne(disk_look_open(&k, "/nonexistent/folder", &watch, &folder), ERR_NONE);
}
END_TEST

Suite *suite_disk_look(void);
Suite *suite_disk_look(void)
{
	Suite *s = suite_create("cache/disk_look");
	TCase *t = tcase_create("disk_look");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(
		t, objects_are_shown_beside_the_proxy_that_wrote_them_and_when_it_has_ended, 0, 2);
	tcase_add_loop_test(t, of_two_the_newer_is_shown_and_what_was_forgotten_is_not, 0, 2);
	tcase_add_test(t, what_vanishes_while_it_goes_on_is_no_damage);
	tcase_add_test(t, variants_are_told_from_plain_replies_and_by_the_salt_of_their_marker);
	tcase_add_loop_test(t, a_flipped_bit_of_a_body_is_named_with_its_file_and_url, 0, 2);
	tcase_add_test(t, a_flipped_bit_anywhere_in_a_sealed_segment_is_found);
	tcase_add_test(t, a_flipped_bit_of_the_journal_is_found_but_not_its_torn_end);
	tcase_add_test(t, wherever_a_segment_ends_that_is_not_sealed_that_is_no_damage);
	tcase_add_test(t, a_damaged_head_before_others_in_a_segment_that_is_not_sealed_is_found);
	tcase_add_loop_test(t, a_body_that_a_crash_cut_off_is_lacking_not_broken, 0, 2);
	tcase_add_loop_test(t, files_of_random_bytes_are_named_and_do_no_harm, 0, 20);
	tcase_add_loop_test(t, a_folder_that_is_not_prepared_is_refused, 0, ARRAY_LEN(folders));
	suite_add_tcase(s, t);
	return s;
}
