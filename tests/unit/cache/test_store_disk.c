/*
 * The store with directories: what is found again after memory has lost it, and what is not.
 */
#include "tests/unit/unit.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/counters.h"
#include "base/oplog.h"
#include "cache/disk_int.h"
#include "cache/store_int.h"
#include "tests/unit/cache/cache_world.h"

#include <dirent.h>
#include <fcntl.h>

#define URL      "http://a.test/x"
#define MEGABYTE ((uint64_t)1 << 20)

static void setup(void)
{
	world_defaults();
	world_add_dir(200 * MEGABYTE);
	world_open();
}

static void teardown(void)
{
	world_close();
	world_clean();
}

/* The whole body of what is found, and where it was. */
static void check_body(const char *fields, uint64_t seed, uint64_t n, bool is_resident)
{
	struct store_lookup q;
	struct cobj_reader r;
	struct cobj_piece p;

	ck_assert_int_eq(world_lookup(&q, URL, fields), STORE_FOUND);
	ck_assert_int_eq(q.is_resident, is_resident);
	ck_assert_int_eq(cobj_state(q.cobj), COBJ_COMPLETE);
	ck_assert_uint_eq(q.cobj->meta.body_bytes, n);
	cobj_reader_init(&r, q.cobj, world_loop, &world_task);
	ck_assert_uint_eq(world_read(&r, 0, seed, &p), n);
	ck_assert_int_eq(p.kind, COBJ_PIECE_END);
	cobj_reader_fini(&r);
	cobj_unref(&q.cobj);
}

static const size_t lengths[] = { 0, 1, 1000, 32768, 32769, 100000, 1048576, 1048577, 10000000 };

START_TEST(what_was_stored_is_found_before_and_after_a_restart)
{
	const size_t n = lengths[_i];

	ck_assert(world_fetch(URL, "", "ETag: \"1\"\r\n", 9, n));
	check_body("", 9, n, true);
	world_reopen();
	check_body("", 9, n, false);
	check_body("", 9, n, true);
}
END_TEST

START_TEST(of_unknown_length)
{
	const size_t n = lengths[_i];
	struct store_lookup q;
	static char bytes[16384];

	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_LEADS);
	ck_assert_int_eq(world_take_in(q.cobj, "", "", COBJ_LENGTH_UNKNOWN), ERR_NONE);
	for (size_t at = 0; at < n; at += sizeof(bytes)) {
		const size_t m = MIN(sizeof(bytes), n - at);

		world_bytes(3, at, bytes, m);
		ck_assert_uint_eq(cobj_append(q.cobj, span_of(bytes, m)), m);
	}
	cobj_finish(q.cobj);
	cobj_unref(&q.cobj);
	check_body("", 3, n, true);
	world_reopen();
	check_body("", 3, n, false);
}
END_TEST

START_TEST(without_cache_mem_all_is_read_from_the_disk)
{
	const size_t n = lengths[_i];
	struct store_stats st;

	world_close();
	world_conf.cache_mem_bytes = 0;
	world_open();
	ck_assert(world_fetch(URL, "", "", 4, n));
	check_body("", 4, n, false);
	world_reopen();
	check_body("", 4, n, false);
	check_body("", 4, n, false);
	store_stats(world_store, &st);
	ck_assert_uint_eq(st.mem_bytes, 0);
	ck_assert_uint_eq(st.mem_objects, 0);
}
END_TEST

#define GZIP "Accept-Encoding: gzip\r\n"
#define BR   "Accept-Encoding: br\r\n"
#define VARY "Vary: Accept-Encoding\r\n"

static const uint64_t mems[] = { 64 << 20, 0 };

START_TEST(variants_are_found_by_way_of_the_marker_on_the_disk)
{
	world_close();
	world_conf.cache_mem_bytes = mems[_i];
	world_open();
	ck_assert(world_fetch(URL, GZIP, VARY, 1, 5000));
	world_reopen();
	ck_assert_int_eq(world_has(URL, BR), STORE_NONE);
	ck_assert(world_fetch(URL, BR, VARY, 2, 6000));
	check_body(GZIP, 1, 5000, false);
	check_body(BR, 2, 6000, _i == 0);
	world_reopen();
	check_body(GZIP, 1, 5000, false);
	check_body(BR, 2, 6000, false);
}
END_TEST

START_TEST(one_variant_that_is_fetched_anew_leaves_the_others)
{
	struct store_lookup q;
	struct cobj *c;

	world_close();
	world_conf.cache_mem_bytes = 0;
	world_open();
	ck_assert(world_fetch(URL, GZIP, VARY, 1, 5000));
	ck_assert(world_fetch(URL, BR, VARY, 2, 6000));
	ck_assert_int_eq(world_lookup(&q, URL, GZIP), STORE_FOUND);
	c = store_begin(world_store, SPAN(URL));
	store_succeeds(c, q.cobj);
	cobj_unref(&q.cobj);
	ck_assert_int_eq(world_take_in(c, GZIP, VARY, 0), ERR_NONE);
	cobj_finish(c);
	cobj_unref(&c);
	check_body(GZIP, 1, 0, false);
	check_body(BR, 2, 6000, false);
}
END_TEST

START_TEST(a_replaced_one_does_not_come_back)
{
	struct cobj *c;

	ck_assert(world_fetch(URL, "", "", 1, 5000));
	c = store_begin(world_store, SPAN(URL));
	ck_assert_int_eq(world_take_in(c, "", "", 0), ERR_NONE);
	cobj_finish(c);
	cobj_unref(&c);
	check_body("", 1, 0, true);
	world_reopen();
	check_body("", 1, 0, false);
	/* Nor one in whose place something came that is not kept. */
	c = store_begin(world_store, SPAN(URL));
	world_conf.dirs->is_read_only = true;
	world_conf.cache_mem_bytes = 64 << 20;
	store_configure(world_store, &world_conf);
	ck_assert_int_eq(world_take_in(c, "", "", 0), ERR_NONE);
	cobj_finish(c);
	cobj_unref(&c);
	world_conf.dirs->is_read_only = false;
	world_reopen();
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
}
END_TEST

static void renew(const char *reply)
{
	const struct cobj_meta meta = { .status = 200, .response_s = 77 };
	struct store_lookup q;
	struct cobj *fresh, *mine = NULL;

	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	store_renew(q.cobj, &mine, world_reply(reply), &meta, &fresh);
	ck_assert_ptr_ne(fresh, q.cobj);
	cobj_unref(&fresh);
	cobj_unref(&q.cobj);
}

START_TEST(a_renewed_head_finds_its_old_body_after_a_restart)
{
	const size_t n = lengths[_i];
	struct store_lookup q;

	ck_assert(world_fetch(URL, "", "A: old\r\n", 5, n));
	renew("A: new\r\n");
	check_body("", 5, n, true);
	world_reopen();
	renew("A: newer\r\n");
	world_reopen();
	check_body("", 5, n, false);
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	ck_assert_span(http_head_get_named(&q.cobj->head, SPAN("a"))->value, SPAN("newer"));
	ck_assert_int_eq(q.cobj->meta.response_s, 77);
	cobj_unref(&q.cobj);
}
END_TEST

static bool is_marked_stale(void)
{
	struct store_lookup q;

	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	const bool is = (q.cobj->meta.flags & COBJ_IS_STALE) != 0;

	cobj_unref(&q.cobj);
	return is;
}

START_TEST(rfc9111_4_3_5_what_was_marked_stale_stays_so_until_it_is_renewed)
{
	const struct cobj_meta stale = { .status = 200, .flags = COBJ_IS_STALE };
	struct store_lookup q;
	struct cobj *fresh, *mine = NULL;

	ck_assert(world_fetch(URL, "", "A: b\r\n", 5, lengths[_i]));
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	store_renew(q.cobj, &mine, &q.cobj->head, &stale, &fresh);
	cobj_unref(&fresh);
	cobj_unref(&q.cobj);
	ck_assert(is_marked_stale());
	world_reopen();
	ck_assert(is_marked_stale());
	renew("A: c\r\n");
	ck_assert(!is_marked_stale());
	world_reopen();
	ck_assert(!is_marked_stale());
}
END_TEST

typedef enum op_status purge_fn(struct store_purge *, struct span, struct loop *, struct task *);

static uint64_t purge(purge_fn *fn, const char *what)
{
	struct store_purge p = { .store = world_store };

	(void)fn(&p, span_str(what), world_loop, &world_task);
	ck_assert_int_eq(world_await(&p.op), OP_READY);
	return p.n;
}

/* Small ones, which need no disk once they are in memory. */
START_TEST(what_is_read_while_a_purge_walks_does_not_come_back)
{
	enum { N = 500 };
	struct store_purge p = { .store = world_store };
	unsigned n_found = 0;
	char url[32];

	for (unsigned i = 0; i < N; i++) {
		snprintf(url, sizeof(url), "http://a.test/%u", i);
		ck_assert(world_fetch(url, "", "", i, 100));
	}
	world_reopen();
	p.store = world_store;
	(void)store_purge_prefix(&p, SPAN("http://a.test/"), world_loop, &world_task);
	for (unsigned i = N; i-- > 0;) {
		snprintf(url, sizeof(url), "http://a.test/%u", i);
		n_found += world_has(url, "") == STORE_FOUND ? 1 : 0;
	}
	ck_assert_int_eq(world_await(&p.op), OP_READY);
	for (unsigned i = 0; i < N; i++) {
		snprintf(url, sizeof(url), "http://a.test/%u", i);
		ck_assert_msg(world_has(url, "") == STORE_NONE, "%s (%u were found meanwhile)", url,
		              n_found);
	}
}
END_TEST

static const struct purge_case {
	const char *name;
	purge_fn *fn;
	const char *what;
	bool is_resident;
} purge_cases[] = {
	{ "by URI, from memory and disk", store_purge, URL, true },
	{ "by URI, from disk", store_purge, URL, false },
	{ "by prefix, from memory and disk", store_purge_prefix, "http://a.test/", true },
	{ "by prefix, from disk", store_purge_prefix, "http://a.test/", false },
	{ "by host, from disk", store_purge_host, "a.test", false },
};

START_TEST(what_was_purged_does_not_come_back)
{
	const struct purge_case *const t = &purge_cases[_i];

	ck_assert(world_fetch(URL, "", "", 1, 5000));
	ck_assert(world_fetch("http://b.test/", "", "", 1, 5000));
	if (!t->is_resident)
		world_reopen();
	ck_assert_uint_ge(purge(t->fn, t->what), 1);
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
	world_reopen();
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
	ck_assert_int_eq(world_has("http://b.test/", ""), STORE_FOUND);
}
END_TEST

static atomic_bool may_end;

static void wait_for_end(struct job *j)
{
	(void)j;
	while (!atomic_load(&may_end))
		(void)usleep(1000);
}

static void job_free(struct job *j)
{
	free(j);
}

/* From here on no job is to be had, until may_end. */
static void fill_jobs(void)
{
	enum err e;

	do {
		struct job *const j = check_calloc(1, sizeof(*j));

		*j = (struct job){ .work = wait_for_end, .release = job_free };
		e = job_submit(world_jobs, NULL, JOB_DISK, j);
		if (e != ERR_NONE)
			free(j);
	} while (e == ERR_NONE);
}

START_TEST(a_purge_that_cannot_walk_says_what_it_has_not_done)
{
	const uint64_t before = counters_sum(COUNT_CACHE_PURGES_LACKING);
	struct store_purge p;

	oplog_set_level(OPLOG_FATAL);
	ck_assert(world_fetch(URL, "", "", 1, 5000));
	ck_assert(world_fetch("http://a.test/on-disk-only", "", "", 1, 5000));
	world_reopen();
	check_body("", 1, 5000, false);
	fill_jobs();
	p = (struct store_purge){ .store = world_store };
	(void)store_purge_prefix(&p, SPAN("http://a.test/"), world_loop, &world_task);
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
	atomic_store(&may_end, true);
	while (p.op.status == OP_PENDING) {
		store_tick(world_store);
		loop_turn(world_loop, 10);
	}
	ck_assert_int_eq(p.op.status, OP_FAILED);
	ck_assert_int_eq(p.lack, STORE_PURGE_NOT_WALKED);
	ck_assert_uint_eq(p.n, 1);
	ck_assert_uint_eq(counters_sum(COUNT_CACHE_PURGES_LACKING), before + 1);
	ck_assert_int_eq(world_has("http://a.test/on-disk-only", ""), STORE_FOUND);
}
END_TEST

static void get_faults(void *arg, struct disk *d)
{
	*(struct disk_faults **)arg = d->faults;
}

static void set_gate(const char *gate, bool is_open)
{
	if (!is_open) {
		ck_assert_int_eq(unlink(gate), 0);
		return;
	}
	const int fd = open(gate, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}

static void await_jobs(void)
{
	while (jobs_load(world_jobs, JOB_DISK) > 0)
		(void)usleep(1000);
}

/* What is to be forgotten is the walk's own, which goes on alone. */
START_TEST(a_walk_outlives_who_has_ordered_the_purge)
{
	struct store_purge p;
	struct disk_faults *faults = NULL;
	char gate[128], text[200];

	ck_assert(world_fetch(URL, "", "", 1, 5000));
	snprintf(gate, sizeof(gate), "%s.gate", world_conf.dirs->path.p);
	snprintf(text, sizeof(text), "read:until=%s,sync:skip", gate);
	set_gate(gate, true);
	ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", text, 1), 0);
	world_reopen();
	await_jobs(); /* so that the next call is the walk's */
	set_gate(gate, false);
	store_each_disk(world_store, get_faults, &faults);
	const uint64_t before = atomic_load(&faults->calls);

	p = (struct store_purge){ .store = world_store };
	ck_assert_int_eq(store_purge_prefix(&p, SPAN("http://a.test/"), world_loop, &world_task),
	                 OP_PENDING);
	while (atomic_load(&faults->calls) == before)
		(void)usleep(1000);
	op_cancel(&p.op);
	set_gate(gate, true);
	await_jobs();
	world_close();
	set_gate(gate, false);
	ck_assert_int_eq(unsetenv("CUTTLE_DISK_FAULTS"), 0);
	world_open();
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
}
END_TEST

static unsigned uses_on_disk(const char *url)
{
	struct index_entry e;

	ck_assert(cache_index_find(world_store->dirs.index,
	                           cache_key_of_uri(&world_store->secret, span_str(url)), false,
	                           &e));
	return e.uses;
}

/* doc/cache-replacement.md: else all that passes through memory would be kept on disk. */
START_TEST(only_what_was_used_in_memory_is_told_to_the_disk_s_index)
{
	char url[32];

	world_close();
	world_conf.cache_mem_bytes = 1 << 20;
	world_open();
	for (unsigned i = 0; i < 20; i++) {
		snprintf(url, sizeof(url), "http://a.test/%u", i);
		ck_assert(world_fetch(url, "", "", i, 20000));
		if (i == 1)
			ck_assert_int_eq(world_has(url, ""), STORE_FOUND);
	}
	ck_assert_uint_eq(uses_on_disk("http://a.test/1"), 0);
	/* Until all of them have left. */
	for (unsigned i = 20; i < 300; i++) {
		snprintf(url, sizeof(url), "http://a.test/%u", i);
		ck_assert(world_fetch(url, "", "", i, 20000));
	}
	ck_assert_uint_eq(uses_on_disk("http://a.test/0"), 0);
	ck_assert_uint_eq(uses_on_disk("http://a.test/1"), 1);
}
END_TEST

static void await_idle(void *arg, struct disk *d)
{
	(void)arg;
	disk_wait_idle(d);
}

static unsigned n_disks(void)
{
	struct store_stats st;

	store_stats(world_store, &st);
	return st.n_disks;
}

START_TEST(a_directory_that_is_named_again_while_it_is_still_read_comes_back)
{
	struct cache_conf none = world_conf;
	struct store_lookup q;
	struct cobj_reader r;
	struct cobj_piece p;
	const size_t n = 3000000;

	oplog_set_level(OPLOG_FATAL);
	none.dirs = NULL;
	ck_assert(world_fetch(URL, "", "", 1, n));
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	cobj_reader_init(&r, q.cobj, world_loop, &world_task);
	cobj_unref(&q.cobj);
	store_configure(world_store, &none);
	ck_assert_uint_eq(n_disks(), 0);
	store_configure(world_store, &world_conf);
	ck_assert_uint_eq(n_disks(), 0);
	/* Named, not named, and named again. */
	store_configure(world_store, &none);
	store_configure(world_store, &world_conf);
	ck_assert_uint_eq(world_read(&r, 0, 1, &p), n);
	cobj_reader_fini(&r);
	while (n_disks() == 0)
		(void)usleep(1000);
	world_await_loaded();
	check_body("", 1, n, false);
}
END_TEST

START_TEST(closing_a_stalled_directory_makes_nobody_wait_where_no_disk_job_is_to_be_had)
{
	struct cache_conf none = world_conf;
	char gate[100], text[200];

	oplog_set_level(OPLOG_FATAL);
	none.dirs = NULL;
	world_close();
	snprintf(gate, sizeof(gate), "%.*s/gate", SPAN_ARG(world_conf.dirs->path));
	snprintf(text, sizeof(text), "write:until=%s", gate);
	ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", text, 1), 0);
	fclose(fopen(gate, "w"));
	world_open();
	ck_assert(world_fetch(URL, "", "", 1, 5000));
	store_each_disk(world_store, await_idle, NULL);
	fill_jobs();
	ck_assert_int_eq(unlink(gate), 0);
	store_configure(world_store, &none);
	ck_assert_uint_eq(n_disks(), 0);
	fclose(fopen(gate, "w"));
	atomic_store(&may_end, true);
}
END_TEST

START_TEST(a_directory_that_is_named_no_more_stays_closed)
{
	struct cache_conf none = world_conf;
	struct store_lookup q;

	oplog_set_level(OPLOG_FATAL);
	none.dirs = NULL;
	ck_assert(world_fetch(URL, "", "", 1, 3000000));
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	store_configure(world_store, &none);
	store_configure(world_store, &world_conf);
	store_configure(world_store, &none);
	cobj_unref(&q.cobj);
	jobs_stop(world_jobs); /* it is closed by one of them */
	ck_assert_uint_eq(n_disks(), 0);
}
END_TEST

/*
 * The directory is let go of with the purge: else it would stay locked, and a leak would be told
 * of.
 */
START_TEST(a_purge_outlives_the_retirement_of_its_directory)
{
	struct store_purge p = { .store = world_store };
	struct cache_conf conf = world_conf;

	ck_assert(world_fetch(URL, "", "", 1, 5000));
	(void)store_purge(&p, SPAN(URL), world_loop, &world_task);
	conf.dirs = NULL;
	store_configure(world_store, &conf);
	ck_assert_int_eq(world_await(&p.op), OP_READY);
	world_reopen();
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
}
END_TEST

START_TEST(a_body_purged_half_way_is_not_stored)
{
	static char bytes[3000000];
	struct store_lookup q;

	world_bytes(1, 0, bytes, sizeof(bytes));
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_LEADS);
	ck_assert_int_eq(world_take_in(q.cobj, "", "", sizeof(bytes)), ERR_NONE);
	ck_assert_uint_eq(cobj_append(q.cobj, span_of(bytes, 2000000)), 2000000);
	ck_assert_uint_eq(purge(store_purge, URL), 1);
	ck_assert_uint_eq(cobj_append(q.cobj, span_of(bytes + 2000000, 1000000)), 1000000);
	cobj_finish(q.cobj);
	cobj_unref(&q.cobj);
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
	world_reopen();
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
}
END_TEST

/* Bytes of the directory's files are wrong from now on, but for the first ones. */
static void damage(void)
{
	char path[512];
	DIR *const folder = opendir(world_conf.dirs->path.p);
	const struct dirent *e;

	ck_assert_ptr_nonnull(folder);
	while ((e = readdir(folder)) != NULL) {
		if (strncmp(e->d_name, "segment-", 8) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", world_conf.dirs->path.p, e->d_name);
		const int fd = open(path, O_RDWR | O_CLOEXEC);

		ck_assert_int_ge(fd, 0);
		for (off_t at = 65536, end = lseek(fd, 0, SEEK_END); at < end; at += 65536)
			ck_assert_int_eq(pwrite(fd, "bad", 3, at), 3);
		close(fd);
	}
	closedir(folder);
}

/* Nor does the older one come back in whose place it would have come. */
START_TEST(what_is_damaged_while_the_rest_still_comes_is_not_kept)
{
	static char bytes[3000000];
	struct cobj_reader r;
	struct cobj_piece p;

	ck_assert(world_fetch(URL, "", "", 1, 100));
	struct cobj *c = store_begin(world_store, SPAN(URL));

	world_bytes(2, 0, bytes, sizeof(bytes));
	cobj_reader_init(&r, c, world_loop, &world_task);
	ck_assert_int_eq(world_take_in(c, "", "", sizeof(bytes)), ERR_NONE);
	ck_assert_uint_eq(cobj_append(c, span_of(bytes, 2500000)), 2500000);
	ck_assert_uint_eq(purge(store_purge, "http://b.test/"), 0); /* so that all is written */
	damage();
	for (cobj_read(&r, 0, 1000, &p); p.kind == COBJ_PIECE_WAIT; cobj_read(&r, 0, 1000, &p))
		loop_turn(world_loop, -1);
	ck_assert_int_eq(p.kind, COBJ_PIECE_FAILED);
	ck_assert_int_eq(p.why, WHY_STORE_READ);
	ck_assert_uint_eq(cobj_append(c, span_of(bytes + 2500000, 500000)), 500000);
	cobj_finish(c);
	cobj_reader_fini(&r);
	cobj_unref(&c);
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
	world_reopen();
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
}
END_TEST

START_TEST(concurrent_lookups_share_what_is_read)
{
	struct store_lookup q[8];

	ck_assert(world_fetch(URL, "", "", 1, 20000));
	world_reopen();
	for (size_t i = 0; i < ARRAY_LEN(q); i++) {
		q[i] = (struct store_lookup){ .store = world_store,
			                      .url = SPAN(URL),
			                      .request = world_request("") };
		(void)store_lookup(&q[i], world_loop, &world_task);
	}
	/* Who leaves does not take it from the others. */
	op_cancel(&q[0].op);
	for (size_t i = 1; i < ARRAY_LEN(q); i++) {
		ck_assert_int_eq(world_await(&q[i].op), OP_READY);
		ck_assert_int_eq(q[i].found, STORE_FOUND);
		ck_assert_ptr_eq(q[i].cobj, q[1].cobj);
	}
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		cobj_unref(&q[i].cobj);
}
END_TEST

/* The worker that has begun to read goes on later, or not: the others are not bound to it. */
START_TEST(who_waits_for_another_worker_may_leave)
{
	struct store_lookup q[2];
	struct loop *other;

	ck_assert(world_fetch(URL, "", "", 1, 20000));
	ck_assert_int_eq(setenv("CUTTLE_DISK_FAULTS", "read:slow=1", 1), 0);
	world_reopen();
	ck_assert_int_eq(loop_new(&other), ERR_NONE);
	for (size_t i = 0; i < ARRAY_LEN(q); i++) {
		q[i] = (struct store_lookup){ .store = world_store,
			                      .url = SPAN(URL),
			                      .request = world_request("") };
		ck_assert_int_eq(store_lookup(&q[i], i == 0 ? world_loop : other, &world_task),
		                 OP_PENDING);
	}
	loop_turn(other, 0);
	ck_assert_int_eq(q[1].op.status, OP_PENDING);
	op_cancel(&q[1].op);
	ck_assert_int_eq(world_await(&q[0].op), OP_READY);
	ck_assert_int_eq(q[0].found, STORE_FOUND);
	loop_turn(other, 0);
	cobj_unref(&q[0].cobj);
	loop_free(&other);
}
END_TEST

static void check_has_many(void *arg, struct disk *d)
{
	struct disk_stats ds;

	(void)arg;
	disk_stats(d, &ds);
	ck_assert_uint_gt(ds.objects, 10);
}

START_TEST(of_several_directories_all_are_used_and_any_may_go)
{
	struct store_stats st;
	char url[64];
	unsigned n_found = 0;

	world_add_dir(200 * MEGABYTE);
	store_configure(world_store, &world_conf);
	world_reopen();
	for (unsigned i = 0; i < 40; i++) {
		snprintf(url, sizeof(url), "http://a.test/%u", i);
		ck_assert(world_fetch(url, "", "", i, 1000000));
		store_tick(world_store);
	}
	store_stats(world_store, &st);
	ck_assert_uint_eq(st.n_disks, 2);
	store_each_disk(world_store, check_has_many, NULL);
	world_conf.dirs = world_conf.dirs->next;
	store_configure(world_store, &world_conf);
	store_stats(world_store, &st);
	ck_assert_uint_eq(st.n_disks, 1);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(url, sizeof(url), "http://a.test/%u", i);
		n_found += world_has(url, "") == STORE_FOUND;
	}
	ck_assert_uint_gt(n_found, 10);
	ck_assert_uint_lt(n_found, 30);
}
END_TEST

static const struct size_case {
	const char *name;
	uint64_t min, max, cache_mem;
	size_t n;
	bool is_in_memory, is_on_disk;
} size_cases[] = {
	{ "in the middle", 10, 10000, 1 << 20, 1000, true, true },
	{ "too small for the disk", 2000, 10000, 1 << 20, 1000, true, false },
	{ "too large for the disk", 10, 500, 1 << 20, 1000, true, false },
	{ "for neither", 10, 500, 0, 1000, false, false },
};

START_TEST(limits_of_the_directory)
{
	const struct size_case *const t = &size_cases[_i];

	world_close();
	world_conf.dirs->min_object_bytes = t->min;
	world_conf.dirs->max_object_bytes = t->max;
	world_conf.cache_mem_bytes = t->cache_mem;
	world_open();
	ck_assert_int_eq(world_fetch(URL, "", "", 1, t->n), t->is_in_memory || t->is_on_disk);
	ck_assert_int_eq(world_has(URL, "") == STORE_FOUND, t->is_in_memory || t->is_on_disk);
	world_reopen();
	ck_assert_int_eq(world_has(URL, "") == STORE_FOUND, t->is_on_disk);
}
END_TEST

Suite *suite_store_disk(void);
Suite *suite_store_disk(void)
{
	Suite *s = suite_create("store_disk");
	TCase *tc = tcase_create("disk");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, what_was_stored_is_found_before_and_after_a_restart, 0,
	                    ARRAY_LEN(lengths));
	tcase_add_loop_test(tc, of_unknown_length, 0, ARRAY_LEN(lengths));
	tcase_add_loop_test(tc, without_cache_mem_all_is_read_from_the_disk, 0, ARRAY_LEN(lengths));
	tcase_add_loop_test(tc, variants_are_found_by_way_of_the_marker_on_the_disk, 0,
	                    ARRAY_LEN(mems));
	tcase_add_test(tc, one_variant_that_is_fetched_anew_leaves_the_others);
	tcase_add_test(tc, a_replaced_one_does_not_come_back);
	tcase_add_loop_test(tc, a_renewed_head_finds_its_old_body_after_a_restart, 0,
	                    ARRAY_LEN(lengths));
	tcase_add_loop_test(tc, rfc9111_4_3_5_what_was_marked_stale_stays_so_until_it_is_renewed, 0,
	                    ARRAY_LEN(lengths));
	tcase_add_loop_test(tc, what_was_purged_does_not_come_back, 0, ARRAY_LEN(purge_cases));
	tcase_add_test(tc, what_is_read_while_a_purge_walks_does_not_come_back);
	tcase_add_test(tc, a_purge_that_cannot_walk_says_what_it_has_not_done);
	tcase_add_test(tc, a_walk_outlives_who_has_ordered_the_purge);
	tcase_add_test(tc, only_what_was_used_in_memory_is_told_to_the_disk_s_index);
	tcase_add_test(tc, a_directory_that_is_named_again_while_it_is_still_read_comes_back);
	tcase_add_test(tc, a_directory_that_is_named_no_more_stays_closed);
	tcase_add_test(
		tc, closing_a_stalled_directory_makes_nobody_wait_where_no_disk_job_is_to_be_had);
	tcase_add_test(tc, a_purge_outlives_the_retirement_of_its_directory);
	tcase_add_test(tc, a_body_purged_half_way_is_not_stored);
	tcase_add_test(tc, what_is_damaged_while_the_rest_still_comes_is_not_kept);
	tcase_add_test(tc, concurrent_lookups_share_what_is_read);
	tcase_add_test(tc, who_waits_for_another_worker_may_leave);
	tcase_add_test(tc, of_several_directories_all_are_used_and_any_may_go);
	tcase_add_loop_test(tc, limits_of_the_directory, 0, ARRAY_LEN(size_cases));
	suite_add_tcase(s, tc);
	return s;
}
