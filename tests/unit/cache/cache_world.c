/*
 * A store and a loop for tests.
 */
#include "tests/unit/cache/cache_world.h"

#include "cache/disk.h"
#include "http/parse.h"
#include "tests/unit/unit.h"

#include <unistd.h>

struct cache_conf world_conf;
struct store *world_store;
struct loop *world_loop;
struct task world_task;
static struct arena arena;
struct jobs *world_jobs;
static struct cache_dir dirs[4];
static char paths[4][64];
static unsigned n_dirs;

static void on_news(struct task *t)
{
	(void)t;
}

void world_defaults(void)
{
	world_conf = (struct cache_conf){ .cache_mem_bytes = 64 << 20,
		                          .max_object_bytes = 4 << 20,
		                          .max_object_in_memory_bytes = 512 << 10 };
}

struct cache_dir *world_add_dir(uint64_t max_bytes)
{
	const char *const top = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
	struct cache_dir *const d = &dirs[n_dirs];
	char *const path = paths[n_dirs++];

	snprintf(path, sizeof(paths[0]), "%s/cuttle-store-XXXXXX", top);
	ck_assert_ptr_nonnull(mkdtemp(path));
	*d = (struct cache_dir){ .path = span_str(path),
		                 .max_bytes = max_bytes,
		                 .max_object_bytes = 1 << 30 };
	/* Behind the others. */
	struct cache_dir **at = &world_conf.dirs;

	while (*at != NULL)
		at = &(*at)->next;
	*at = d;
	return d;
}

static void await_disk(void *arg, struct disk *d)
{
	(void)arg;
	ck_assert(disk_wait_loaded(d, 60000));
}

void world_await_loaded(void)
{
	store_each_disk(world_store, await_disk, NULL);
	store_tick(world_store);
}

void world_open(void)
{
	static const unsigned threads[JOB_CLASS_N] = { 2, 1, 1, 1 };
	static const unsigned queue[JOB_CLASS_N] = { 1000, 10, 10, 10 };

	arena_init(&arena);
	task_init(&world_task, on_news);
	ck_assert_int_eq(loop_new(&world_loop), ERR_NONE);
	ck_assert_int_eq(jobs_new(&world_jobs, threads, queue), ERR_NONE);
	ck_assert_int_eq(store_new(&world_store, &world_conf, world_jobs), ERR_NONE);
	world_await_loaded();
}

void world_close(void)
{
	if (world_store == NULL)
		return;
	store_stop(world_store);
	jobs_stop(world_jobs);
	store_free(&world_store);
	loop_free(&world_loop);
	jobs_free(&world_jobs);
	arena_fini(&arena);
}

void world_reopen(void)
{
	world_close();
	world_open();
}

void world_clean(void)
{
	char command[128];

	for (; n_dirs > 0; n_dirs--) {
		snprintf(command, sizeof(command), "rm -rf '%s'", paths[n_dirs - 1]);
		ck_assert_int_eq(system(command), 0);
	}
}

enum op_status world_await(struct op *op)
{
	while (op->status == OP_PENDING)
		loop_turn(world_loop, -1);
	return op->status;
}

static struct http_head *head(const char *text, bool is_reply)
{
	struct http_head *const h = ARENA_NEW(&arena, struct http_head);
	const struct span copy = arena_dup(&arena, span_str(text));
	struct http_scan scan = { 0 };
	struct http_parse_error e;
	size_t used;

	http_head_init(h, &arena);
	ck_assert_int_eq(is_reply ? http_parse_reply(copy, SIZE_MAX, &scan, h, &used, &e)
	                          : http_parse_request(copy, SIZE_MAX, &scan, h, &used, &e),
	                 HTTP_PARSE_OK);
	return h;
}

const struct http_head *world_request(const char *fields)
{
	const struct span text =
		arena_printf(&arena, "GET / HTTP/1.1\r\nHost: a.test\r\n%s\r\n", fields);

	return head(text.p, false);
}

const struct http_head *world_reply(const char *text)
{
	return head(arena_printf(&arena, "HTTP/1.1 200 OK\r\n%s\r\n", text).p, true);
}

enum store_found world_lookup(struct store_lookup *q, const char *url, const char *fields)
{
	*q = (struct store_lookup){ .store = world_store,
		                    .url = span_str(url),
		                    .request = world_request(fields),
		                    .may_lead = true,
		                    .may_join = true };
	(void)store_lookup(q, world_loop, &world_task);
	ck_assert_int_eq(world_await(&q->op), OP_READY);
	return q->found;
}

enum err world_take_in(struct cobj *c, const char *fields, const char *reply, uint64_t length)
{
	const struct cobj_meta meta = { .status = 200, .body_bytes = length };

	bool buries;
	const enum err e =
		store_take_in(c, world_request(fields), world_reply(reply), &meta, &buries);

	if (e == ERR_NONE)
		cobj_show(c);
	return e;
}

bool world_fetch(const char *url, const char *fields, const char *reply, uint64_t seed, size_t n)
{
	struct store_lookup q;
	char *const bytes = check_malloc(n + 1);

	ck_assert_int_eq(world_lookup(&q, url, fields), STORE_LEADS);
	const bool is_in = world_take_in(q.cobj, fields, reply, n) == ERR_NONE;

	if (is_in) {
		world_bytes(seed, 0, bytes, n);
		ck_assert_uint_eq(cobj_append(q.cobj, span_of(bytes, n)), n);
		cobj_finish(q.cobj);
	}
	free(bytes);
	cobj_unref(&q.cobj);
	return is_in;
}

enum store_found world_has(const char *url, const char *fields)
{
	struct store_lookup q = { .store = world_store,
		                  .url = span_str(url),
		                  .request = world_request(fields),
		                  .may_join = true };

	(void)store_lookup(&q, world_loop, &world_task);
	ck_assert_int_eq(world_await(&q.op), OP_READY);
	cobj_unref(&q.cobj);
	return q.found;
}

/* --- bodies ----------------------------------------------------------------------------------- */

static char byte_at(uint64_t seed, uint64_t at)
{
	return (char)(((at >> 3) * 0x9e3779b97f4a7c15ULL + seed * 131) >> (8 * (at & 7)));
}

void world_bytes(uint64_t seed, uint64_t at, char *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = byte_at(seed, at + i);
}

bool world_is(uint64_t seed, uint64_t at, struct span bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		if (bytes.p[i] != byte_at(seed, at + i))
			return false;
	return true;
}

struct span world_piece(const struct cobj_piece *p, char *buf, size_t cap)
{
	if (p->kind == COBJ_PIECE_MEMORY)
		return p->bytes;
	const ssize_t n = pread(p->fd, buf, MIN((uint64_t)cap, p->n), (off_t)p->at);

	CHECK(n > 0);
	return span_of(buf, (size_t)n);
}

uint64_t world_read(struct cobj_reader *r, uint64_t at, uint64_t seed, struct cobj_piece *last)
{
	static char buf[100000];

	for (;;) {
		cobj_read(r, at, sizeof(buf), last);
		/* A disk. */
		if (last->kind == COBJ_PIECE_WAIT && cobj_state(r->cobj) == COBJ_COMPLETE) {
			loop_turn(world_loop, -1);
			continue;
		}
		if (last->kind != COBJ_PIECE_MEMORY && last->kind != COBJ_PIECE_FILE)
			return at;
		const struct span s = world_piece(last, buf, sizeof(buf));

		ck_assert(world_is(seed, at, s));
		at += s.n;
	}
}
