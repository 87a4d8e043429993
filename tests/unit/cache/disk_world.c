/*
 * A directory for tests. See disk_world.h.
 */
#include "tests/unit/cache/disk_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/random.h"

static void nothing(struct task *t)
{
	(void)t;
}

static struct task waiter = { LIST_INIT(waiter.link), nothing };

struct task *disk_world_waiter(void)
{
	return &waiter;
}

static void empty_folder(const char *path)
{
	DIR *const names = opendir(path);
	const struct dirent *e;

	while (names != NULL && (e = readdir(names)) != NULL)
		(void)unlinkat(dirfd(names), e->d_name, 0);
	if (names != NULL)
		(void)closedir(names);
}

static const unsigned threads[JOB_CLASS_N] = { [JOB_DISK] = 6 };
static const unsigned queue[JOB_CLASS_N] = { [JOB_DISK] = 100 };

void disk_world_after_fork(struct disk_world *w)
{
	ck_assert_int_eq(jobs_new(&w->jobs, threads, queue), ERR_NONE);
}

void disk_world_init(struct disk_world *w, uint64_t capacity)
{
	const char *const tmp = getenv("TMPDIR");

	*w = (struct disk_world){ 0 };
	/* The machine does not go down here. */
	ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", "sync:skip", 0), 0);
	(void)snprintf(w->folder, sizeof(w->folder), "%s/cuttle-disk-XXXXXX",
	               tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(w->folder));
	w->dir = (struct cache_dir){ .path = span_str(w->folder),
		                     .max_bytes = capacity,
		                     .max_object_bytes = UINT64_MAX };
	memset(&w->secret, 7, sizeof(w->secret));
	ck_assert_int_eq(loop_new(&w->loop), ERR_NONE);
	ck_assert_int_eq(jobs_new(&w->jobs, threads, queue), ERR_NONE);
	ck_assert_int_eq(cache_index_new(&w->index, 16), ERR_NONE);
}

void disk_world_fini(struct disk_world *w)
{
	if (w->disk != NULL)
		disk_close(&w->disk, false);
	jobs_free(&w->jobs);
	loop_free(&w->loop);
	cache_index_free(&w->index);
	empty_folder(w->folder);
	(void)rmdir(w->folder);
}

enum err disk_world_open(struct disk_world *w)
{
	const enum err e = disk_open(&w->disk, 3, &w->dir, &w->secret, 3600000, w->index, w->jobs);

	if (e == ERR_NONE)
		ck_assert(disk_wait_loaded(w->disk, 60000));
	return e;
}

void disk_world_close(struct disk_world *w)
{
	disk_close(&w->disk, false);
	cache_index_free(&w->index);
	ck_assert_int_eq(cache_index_new(&w->index, 16), ERR_NONE);
}

enum op_status disk_world_wait(struct disk_world *w, struct op *op, enum op_status status)
{
	while (status == OP_PENDING && op->status == OP_PENDING)
		loop_turn(w->loop, -1);
	return op->status;
}

void disk_world_flush(struct disk_world *w)
{
	disk_tick(w->disk);
	disk_wait_idle(w->disk);
}

void disk_world_settle(struct disk_world *w)
{
	struct disk_sync q = { .disk = w->disk, .from_kill_only = true };

	ck_assert_int_eq(disk_world_wait(w, &q.op, disk_sync(&q, w->loop, &waiter)), OP_READY);
}

struct cache_key disk_world_key(unsigned n)
{
	char uri[64];

	(void)snprintf(uri, sizeof(uri), "http://test/%u", n);
	struct cache_secret secret = { { 7 } };

	return cache_key_of_uri(&secret, span_str(uri));
}

char *disk_world_body(unsigned n, unsigned version, size_t bytes)
{
	struct random r = random_seeded(n * 1000003ull + version);
	char *const body = check_malloc(bytes + 8);

	for (size_t i = 0; i < bytes; i += 4) {
		const uint32_t x = random_below(&r, UINT32_MAX);

		memcpy(body + i, &x, sizeof(x));
	}
	return body;
}

/* --- putting ---------------------------------------------------------------------------------- */

enum err disk_world_put(struct disk_world *w, unsigned n, unsigned version, size_t bytes,
                        size_t fragment)
{
	char url[64], head[128];
	struct disk_place *const places =
		check_calloc(bytes / MAX(fragment, (size_t)1) + 2, sizeof(*places));
	char *const body = disk_world_body(n, version, bytes);
	struct cobj_parts parts = { .key = disk_world_key(n) };
	uint32_t n_places = 0;
	enum err e = ERR_NONE;

	(void)snprintf(url, sizeof(url), "http://test/%u", n);
	(void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nETag: \"%u\"\r\n\r\n", version);
	parts.url = span_str(url);
	parts.variant = SPAN("gzip");
	parts.head_text = span_str(head);
	parts.meta = (struct cobj_meta){ .request_s = 1000 + n,
		                         .response_s = version,
		                         .body_bytes = bytes,
		                         .salt = 77,
		                         .ttl_s = 5,
		                         .status = 200,
		                         .flags = COBJ_NEGATIVE };
	for (size_t at = 0; fragment > 0 && e == ERR_NONE && at < bytes; at += fragment)
		e = disk_put_fragment(w->disk, parts.key,
		                      span_of(body + at, MIN(fragment, bytes - at)),
		                      &places[n_places++]);
	if (e == ERR_NONE)
		e = disk_put_head(w->disk, &parts, span_of(body, fragment > 0 ? 0 : bytes), places,
		                  n_places, NULL);
	free(body);
	free(places);
	return e;
}

/* --- getting ---------------------------------------------------------------------------------- */

static enum seen get_fragment(struct disk_world *w, const struct disk_place *place, char *to)
{
	struct disk_fragment q = { .disk = w->disk, .place = *place };
	enum seen seen = SEEN_RIGHT;

	if (disk_world_wait(w, &q.op, disk_fragment(&q, w->loop, &waiter)) != OP_READY)
		return SEEN_FAILED;
	if (q.bytes.p != NULL)
		memcpy(to, q.bytes.p, place->bytes);
	else if (pread(q.fd, to, place->bytes, (off_t)q.offset) != (ssize_t)place->bytes)
		seen = SEEN_FAILED;
	disk_fragment_done(&q);
	return seen;
}

static enum seen compare(struct disk_world *w, unsigned n, const struct disk_found *f)
{
	const unsigned version = (unsigned)f->parts.meta.response_s;
	const size_t bytes = f->parts.meta.body_bytes;
	char head[128], url[64];
	enum seen seen = SEEN_RIGHT;
	size_t at = 0;

	(void)snprintf(url, sizeof(url), "http://test/%u", n);
	(void)snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nETag: \"%u\"\r\n\r\n", version);
	if (!span_eq(f->parts.url, span_str(url)) || !span_eq(f->parts.head_text, span_str(head)) ||
	    !span_eq(f->parts.variant, SPAN("gzip")) || f->parts.vary.n != 0 ||
	    f->parts.meta.salt != 77 || f->parts.meta.request_s != 1000 + n)
		return SEEN_WRONG;
	char *const want = disk_world_body(n, version, bytes);
	char *const got = check_malloc(bytes + 1);

	if (f->n_places == 0 && f->body.n == bytes)
		memcpy(got, f->body.p, bytes);
	for (uint32_t i = 0; i < f->n_places && seen == SEEN_RIGHT; i++) {
		seen = get_fragment(w, &f->places[i], got + at);
		at += f->places[i].bytes;
	}
	if (seen == SEEN_RIGHT && memcmp(got, want, bytes) != 0)
		seen = SEEN_WRONG;
	free(want);
	free(got);
	return seen;
}

enum seen disk_world_get(struct disk_world *w, unsigned n, unsigned *version)
{
	struct disk_load q = { .disk = w->disk, .key = disk_world_key(n) };
	enum seen seen = SEEN_FAILED;

	if (!cache_index_find(w->index, q.key, true, &q.entry))
		return SEEN_NONE;
	if (disk_world_wait(w, &q.op, disk_load(&q, w->loop, &waiter)) == OP_READY) {
		seen = compare(w, n, &q.found);
		if (version != NULL)
			*version = (unsigned)q.found.parts.meta.response_s;
	}
	disk_load_done(&q);
	return seen;
}
