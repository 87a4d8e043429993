/*
 * The store: finding, joining, variants, room, forgetting. Memory only.
 */
#include "tests/unit/unit.h"

#include "base/budget.h"
#include "tests/unit/cache/cache_world.h"

#define URL "http://a.test/x"

static void setup(void)
{
	world_defaults();
	world_open();
}

static void teardown(void)
{
	world_close();
}

START_TEST(what_was_fetched_is_found)
{
	struct store_lookup q;

	ck_assert(world_fetch(URL, "", "ETag: \"1\"\r\n", 1, 1000));
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	ck_assert(q.is_resident);
	ck_assert_int_eq(cobj_state(q.cobj), COBJ_COMPLETE);
	ck_assert_uint_eq(q.cobj->head.status, 200);
	ck_assert_span(http_head_get(&q.cobj->head, HTTP_F_ETAG)->value, SPAN("\"1\""));
	ck_assert_span(q.cobj->url, SPAN(URL));
	cobj_unref(&q.cobj);
	ck_assert_int_eq(world_has("http://a.test/y", ""), STORE_NONE);
}
END_TEST

START_TEST(the_first_leads_and_the_others_join)
{
	struct store_lookup a, b, c;

	ck_assert_int_eq(world_lookup(&a, URL, ""), STORE_LEADS);
	ck_assert_int_eq(world_lookup(&b, URL, ""), STORE_FOUND);
	ck_assert_ptr_eq(a.cobj, b.cobj);
	ck_assert_int_eq(cobj_state(b.cobj), COBJ_WAITING);
	c = (struct store_lookup){ .store = world_store, .url = SPAN(URL), .may_lead = true };
	ck_assert_int_eq(store_lookup(&c, world_loop, NULL), OP_READY);
	ck_assert_int_eq(c.found, STORE_LEADS); /* may not join: leads alone */
	ck_assert_ptr_ne(c.cobj, a.cobj);
	cobj_fail(c.cobj, WHY_ORIGIN_EMPTY);
	cobj_fail(a.cobj, WHY_ORIGIN_EMPTY);
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
	cobj_unref(&a.cobj);
	cobj_unref(&b.cobj);
	cobj_unref(&c.cobj);
}
END_TEST

START_TEST(after_a_release_nobody_queues_up)
{
	struct store_lookup a, b, c;

	ck_assert_int_eq(world_lookup(&a, URL, ""), STORE_LEADS);
	cobj_release(a.cobj);
	ck_assert_int_eq(world_lookup(&b, URL, ""), STORE_LEADS);
	ck_assert_int_eq(world_lookup(&c, URL, ""), STORE_LEADS);
	/* One that may be stored after all ends that. */
	ck_assert_int_eq(world_take_in(b.cobj, "", "", 0), ERR_NONE);
	cobj_finish(b.cobj);
	ck_assert_int_eq(world_has(URL, ""), STORE_FOUND);
	cobj_release(c.cobj);
	ck_assert_int_eq(world_has(URL, ""), STORE_FOUND);
	cobj_unref(&a.cobj);
	cobj_unref(&b.cobj);
	cobj_unref(&c.cobj);
}
END_TEST

START_TEST(a_fetch_of_its_own_takes_the_place_when_its_head_is_there)
{
	struct store_lookup q;
	struct cobj *c;

	ck_assert(world_fetch(URL, "", "ETag: \"1\"\r\n", 1, 10));
	c = store_begin(world_store, SPAN(URL));
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	ck_assert_int_eq(cobj_state(q.cobj), COBJ_COMPLETE);
	cobj_unref(&q.cobj);
	ck_assert_int_eq(world_take_in(c, "", "ETag: \"2\"\r\n", 10), ERR_NONE);
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	ck_assert_ptr_eq(q.cobj, c);
	cobj_unref(&q.cobj);
	cobj_fail(c, WHY_ORIGIN_CUT);
	cobj_unref(&c);
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
}
END_TEST

#define GZIP "Accept-Encoding: gzip\r\n"
#define BR   "Accept-Encoding: br\r\n"
#define VARY "Vary: Accept-Encoding\r\n"

START_TEST(rfc9111_4_1_a_variant_is_for_requests_with_its_values)
{
	struct store_lookup q;

	ck_assert(world_fetch(URL, GZIP, VARY "ETag: \"g\"\r\n", 1, 10));
	ck_assert_int_eq(world_has(URL, GZIP), STORE_FOUND);
	ck_assert_int_eq(world_has(URL, BR), STORE_NONE);
	ck_assert(world_fetch(URL, BR, VARY "ETag: \"b\"\r\n", 2, 10));
	ck_assert_int_eq(world_lookup(&q, URL, GZIP), STORE_FOUND);
	ck_assert_span(http_head_get(&q.cobj->head, HTTP_F_ETAG)->value, SPAN("\"g\""));
	ck_assert(cobj_answers(q.cobj, world_request(GZIP)));
	ck_assert(!cobj_answers(q.cobj, world_request(BR)));
	cobj_unref(&q.cobj);
	/* Other names: what was known of the variants is not known any more. */
	ck_assert(world_fetch(URL, "Cookie: 1\r\n", "Vary: Cookie\r\n", 3, 10));
	ck_assert_int_eq(world_has(URL, "Cookie: 1\r\n" GZIP), STORE_FOUND);
	ck_assert_int_eq(world_has(URL, GZIP), STORE_NONE);
}
END_TEST

START_TEST(who_joined_on_the_uri_may_find_that_it_is_not_his)
{
	struct store_lookup a, b;

	ck_assert_int_eq(world_lookup(&a, URL, GZIP), STORE_LEADS);
	ck_assert_int_eq(world_lookup(&b, URL, BR), STORE_FOUND);
	ck_assert_ptr_eq(a.cobj, b.cobj);
	ck_assert_int_eq(world_take_in(a.cobj, GZIP, VARY, 0), ERR_NONE);
	ck_assert(!cobj_answers(b.cobj, world_request(BR)));
	cobj_unref(&b.cobj);
	/* Looks again, and leads for his variant; others join that one. */
	ck_assert_int_eq(world_lookup(&b, URL, BR), STORE_LEADS);
	ck_assert_int_eq(world_has(URL, BR), STORE_FOUND);
	ck_assert_int_eq(world_has(URL, GZIP), STORE_FOUND);
	ck_assert_int_eq(world_take_in(b.cobj, BR, VARY, 0), ERR_NONE);
	cobj_finish(a.cobj);
	cobj_finish(b.cobj);
	ck_assert_int_eq(world_has(URL, BR), STORE_FOUND);
	ck_assert_int_eq(world_has(URL, GZIP), STORE_FOUND);
	cobj_unref(&a.cobj);
	cobj_unref(&b.cobj);
}
END_TEST

static uint64_t purge(enum op_status (*fn)(struct store_purge *, struct span, struct loop *,
                                           struct task *),
                      const char *what)
{
	struct store_purge p = { .store = world_store };

	ck_assert_int_eq(fn(&p, span_str(what), world_loop, NULL), OP_READY);
	return p.n;
}

START_TEST(a_purge_takes_all_variants_and_what_is_under_way)
{
	struct store_lookup a;

	ck_assert(world_fetch(URL, GZIP, VARY, 1, 10));
	ck_assert_int_eq(world_lookup(&a, URL, BR), STORE_LEADS);
	ck_assert_uint_gt(purge(store_purge, URL), 0);
	ck_assert_int_eq(world_has(URL, GZIP), STORE_NONE);
	ck_assert_int_eq(world_has(URL, BR), STORE_NONE);
	ck_assert_int_eq(world_take_in(a.cobj, BR, VARY, 0), ERR_NONE);
	cobj_finish(a.cobj);
	ck_assert_int_eq(world_has(URL, BR), STORE_NONE);
	cobj_unref(&a.cobj);
	ck_assert_uint_eq(purge(store_purge, URL), 0);
}
END_TEST

/* However many fetch it, each by himself. */
START_TEST(a_purge_tells_all_who_fetch_it)
{
	struct cobj *c[300];

	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		c[i] = store_begin(world_store, SPAN(URL));
	ck_assert_uint_eq(purge(_i == 0 ? store_purge : store_purge_host, _i == 0 ? URL : "a.test"),
	                  0);
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		ck_assert_int_eq(world_take_in(c[i], "", "A: b\r\n", 5), ERR_NONE);
		ck_assert_uint_eq(cobj_append(c[i], SPAN("hello")), 5);
		cobj_finish(c[i]);
		cobj_unref(&c[i]);
	}
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
}
END_TEST

START_TEST(a_purge_meets_a_body_half_way)
{
	struct store_lookup a;
	struct cobj_reader r;
	struct cobj_piece p;
	char bytes[300];

	world_bytes(5, 0, bytes, sizeof(bytes));
	ck_assert_int_eq(world_lookup(&a, URL, ""), STORE_LEADS);
	cobj_reader_init(&r, a.cobj, world_loop, NULL);
	ck_assert_int_eq(world_take_in(a.cobj, "", "", 300), ERR_NONE);
	ck_assert_uint_eq(cobj_append(a.cobj, span_of(bytes, 100)), 100);
	ck_assert_uint_eq(purge(store_purge, URL), 1);
	ck_assert_uint_eq(cobj_append(a.cobj, span_of(bytes + 100, 200)), 200);
	cobj_finish(a.cobj);
	ck_assert_uint_eq(world_read(&r, 0, 5, &p), 300); /* its reader gets it all */
	ck_assert_int_eq(p.kind, COBJ_PIECE_END);
	cobj_reader_fini(&r);
	cobj_unref(&a.cobj);
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
}
END_TEST

START_TEST(purges_by_prefix_and_host)
{
	static const char *const urls[] = { "http://a.test/dir/1", "http://a.test/dir/2",
		                            "http://a.test/other", "http://b.test:8080/dir/1",
		                            "http://[::1]:80/",    "http://a.test.evil/" };

	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		ck_assert(world_fetch(urls[i], "", "", i, 10));
	ck_assert_uint_eq(purge(store_purge_prefix, "http://a.test/dir/"), 2);
	ck_assert_int_eq(world_has(urls[0], ""), STORE_NONE);
	ck_assert_int_eq(world_has(urls[2], ""), STORE_FOUND);
	ck_assert_uint_eq(purge(store_purge_host, "A.test"), 1);
	ck_assert_uint_eq(purge(store_purge_host, "b.test"), 1);
	ck_assert_uint_eq(purge(store_purge_host, "[::1]"), 1);
	ck_assert_int_eq(world_has(urls[5], ""), STORE_FOUND);
}
END_TEST

START_TEST(a_renewed_one_has_the_new_head_and_the_old_body)
{
	struct store_lookup q;
	struct cobj *fresh, *mine = NULL;
	struct cobj_reader r;
	struct cobj_piece p;

	ck_assert(world_fetch(URL, "", "ETag: \"1\"\r\nA: old\r\n", 7, 5000));
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	const struct cobj_meta meta = { .status = 200, .response_s = 99 };

	store_renew(q.cobj, &mine, world_reply("ETag: \"1\"\r\nA: new\r\n"), &meta, &fresh);
	ck_assert_ptr_ne(fresh, q.cobj);
	cobj_unref(&fresh);
	cobj_unref(&q.cobj);
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	ck_assert_span(http_head_get_named(&q.cobj->head, SPAN("a"))->value, SPAN("new"));
	ck_assert_int_eq(q.cobj->meta.response_s, 99);
	cobj_reader_init(&r, q.cobj, world_loop, NULL);
	ck_assert_uint_eq(world_read(&r, 0, 7, &p), 5000);
	cobj_reader_fini(&r);
	cobj_unref(&q.cobj);
}
END_TEST

START_TEST(what_was_purged_is_not_renewed)
{
	struct store_lookup q;
	struct cobj *fresh, *mine = NULL;

	ck_assert(world_fetch(URL, "", "", 7, 5000));
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	const struct cobj_meta meta = { .status = 200 };

	ck_assert_uint_eq(purge(store_purge, URL), 1);
	store_renew(q.cobj, &mine, world_reply(""), &meta, &fresh);
	cobj_unref(&fresh);
	cobj_unref(&q.cobj);
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
}
END_TEST

/* A stored one, and a validation of it that leads; both counted. */
static struct cobj *begin_validation(struct cobj **old)
{
	struct store_lookup q;
	struct cobj *mine;

	ck_assert(world_fetch(URL, "", "ETag: \"1\"\r\n", 7, 5000));
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	*old = q.cobj;
	ck_assert_int_eq(store_validate(*old, 0, &mine), STORE_LEADS);
	ck_assert_int_eq(cobj_state(mine), COBJ_WAITING);
	return mine;
}

START_TEST(who_validates_first_does_it_for_the_others)
{
	struct cobj *old, *mine = begin_validation(&old), *other, *fresh;
	const struct cobj_meta meta = { .status = 200 };
	struct cobj_reader r;
	struct cobj_piece p;
	struct store_lookup q;

	/* What is stored is found all the while. */
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	ck_assert_ptr_eq(q.cobj, old);
	cobj_unref(&q.cobj);
	ck_assert_int_eq(store_validate(old, 0, &other), STORE_FOUND);
	ck_assert_ptr_eq(other, mine);
	cobj_reader_init(&r, other, world_loop, &world_task);
	ck_assert_uint_eq(world_read(&r, 0, 7, &p), 0);
	store_renew(old, &mine, world_reply("ETag: \"1\"\r\nA: new\r\n"), &meta, &fresh);
	ck_assert_ptr_eq(fresh, other);
	ck_assert(cobj_is_renewal(fresh, old));
	ck_assert_uint_eq(world_read(&r, 0, 7, &p), 5000);
	cobj_reader_fini(&r);
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	ck_assert_ptr_eq(q.cobj, fresh);
	/* The next one is another matter. */
	ck_assert_int_eq(store_validate(fresh, 0, &mine), STORE_LEADS);
	cobj_fail(mine, WHY_ORIGIN_EMPTY);
	cobj_unref(&mine);
	cobj_unref(&q.cobj);
	cobj_unref(&fresh);
	cobj_unref(&other);
	cobj_unref(&old);
}
END_TEST

START_TEST(a_validation_may_bring_another_reply)
{
	struct cobj *old, *mine = begin_validation(&old), *other;
	struct store_lookup q;

	ck_assert_int_eq(store_validate(old, 0, &other), STORE_FOUND);
	ck_assert_int_eq(world_take_in(mine, "", "ETag: \"2\"\r\n", 0), ERR_NONE);
	ck_assert_int_eq(cobj_state(other), COBJ_FILLING);
	ck_assert(!cobj_is_renewal(other, old));
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	ck_assert_ptr_eq(q.cobj, mine);
	cobj_finish(mine);
	cobj_unref(&q.cobj);
	cobj_unref(&mine);
	cobj_unref(&other);
	cobj_unref(&old);
}
END_TEST

START_TEST(after_a_validation_that_was_not_for_sharing_each_asks_for_himself)
{
	struct cobj *old, *mine = begin_validation(&old);

	cobj_release(mine);
	cobj_unref(&mine);
	ck_assert_int_eq(store_validate(old, 9000, &mine), STORE_NONE);
	ck_assert_ptr_null(mine);
	ck_assert_int_eq(store_validate(old, 11000, &mine), STORE_LEADS);
	cobj_fail(mine, WHY_ORIGIN_EMPTY);
	cobj_unref(&mine);
	cobj_unref(&old);
}
END_TEST

START_TEST(a_purge_meets_a_validation)
{
	struct cobj *old, *mine = begin_validation(&old), *fresh;
	const struct cobj_meta meta = { .status = 200 };

	ck_assert_uint_eq(_i == 0 ? purge(store_purge, URL) : purge(store_purge_host, "a.test"), 1);
	store_renew(old, &mine, world_reply(""), &meta, &fresh);
	ck_assert_int_eq(cobj_state(fresh), COBJ_COMPLETE); /* for those who wait */
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
	cobj_unref(&fresh);
	cobj_unref(&old);
}
END_TEST

static void fetch_many(unsigned from, unsigned to, size_t n)
{
	for (unsigned i = from; i < to; i++) {
		char url[64];

		snprintf(url, sizeof(url), "http://a.test/%u", i);
		ck_assert(world_fetch(url, "", "", i, n));
	}
}

START_TEST(cache_mem_holds)
{
	struct store_stats st;

	world_close();
	world_conf.cache_mem_bytes = 1 << 20;
	world_open();
	fetch_many(0, 500, 10000);
	store_stats(world_store, &st);
	ck_assert_uint_le(st.mem_bytes, st.mem_max_bytes);
	ck_assert_uint_ge(st.mem_bytes, st.mem_max_bytes / 2);
	ck_assert_uint_gt(st.evicted, 300);
	ck_assert_uint_gt(st.mem_objects, 50);
	ck_assert_uint_eq(st.in_transit, 0);
	world_conf.cache_mem_bytes = 100 << 10;
	store_configure(world_store, &world_conf);
	store_stats(world_store, &st);
	ck_assert_uint_le(st.mem_bytes, 100 << 10);
}
END_TEST

START_TEST(one_in_use_is_evicted_and_still_found_until_it_is_let_go)
{
	struct store_lookup q;
	struct cobj_reader r;
	struct cobj_piece p;

	world_close();
	world_conf.cache_mem_bytes = 1 << 20;
	world_open();
	ck_assert(world_fetch(URL, "", "", 3, 10000));
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_FOUND);
	cobj_reader_init(&r, q.cobj, world_loop, NULL);
	fetch_many(0, 500, 10000);
	ck_assert_uint_eq(world_read(&r, 0, 3, &p), 10000);
	ck_assert_int_eq(world_has(URL, ""), STORE_FOUND);
	cobj_reader_fini(&r);
	cobj_unref(&q.cobj);
	ck_assert_int_eq(world_has(URL, ""), STORE_NONE);
}
END_TEST

static const struct limit_case {
	const char *name;
	uint64_t length;
	enum memory_cache_mode mode;
	uint64_t cache_mem;
	enum err want;
} limit_cases[] = {
	{ "fits", 1000, MEMORY_CACHE_ALWAYS, 1 << 20, ERR_NONE },
	{ "longer than maximum_object_size_in_memory", 600000, MEMORY_CACHE_ALWAYS, 1 << 20,
	  ERR_LIMIT },
	{ "longer than cache_mem", 400000, MEMORY_CACHE_ALWAYS, 300000, ERR_LIMIT },
	{ "cache_mem 0", 1, MEMORY_CACHE_ALWAYS, 0, ERR_LIMIT },
	{ "cache_mem 0, nothing to keep but the head", 0, MEMORY_CACHE_ALWAYS, 0, ERR_LIMIT },
	{ "only what was on a disk", 1000, MEMORY_CACHE_DISK, 1 << 20, ERR_LIMIT },
	{ "only what comes from the network", 1000, MEMORY_CACHE_NETWORK, 1 << 20, ERR_NONE },
};

START_TEST(limits_say_what_is_taken_in)
{
	const struct limit_case *const t = &limit_cases[_i];
	struct store_lookup q;

	world_close();
	world_conf.cache_mem_bytes = t->cache_mem;
	world_conf.memory_cache_mode = t->mode;
	world_open();
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_LEADS);
	ck_assert_int_eq(world_take_in(q.cobj, "", "", t->length), t->want);
	if (t->want == ERR_NONE)
		cobj_fail(q.cobj, WHY_ORIGIN_CUT);
	else
		ck_assert_int_eq(cobj_state(q.cobj), COBJ_RELEASED);
	cobj_unref(&q.cobj);
}
END_TEST

/* --- memory_limit ----------------------------------------------------------------------------- */

/* So far below what is in use that BUDGET_CACHE is refused everything. */
static void refuse_all(void)
{
	budget_init(4096);
}

START_TEST(under_memory_limit_nothing_is_taken_in)
{
	struct store_lookup q;

	ck_assert(world_fetch(URL, "", "", 1, 1000));
	ck_assert_int_eq(world_lookup(&q, "http://a.test/y", ""), STORE_LEADS);
	refuse_all();
	ck_assert_int_ne(world_take_in(q.cobj, "", "", 1000), ERR_NONE);
	ck_assert_int_eq(cobj_state(q.cobj), COBJ_RELEASED);
	budget_init(0);
	cobj_unref(&q.cobj);
	ck_assert_int_eq(world_has(URL, ""), STORE_FOUND);
}
END_TEST

static const uint64_t half_lengths[] = { 40000, 200000, COBJ_LENGTH_UNKNOWN };

/* It is delivered all the same, a little at a time, and not kept. */
START_TEST(memory_limit_may_strike_half_way)
{
	static char bytes[200000];
	const size_t n = (size_t)MIN(half_lengths[_i], (uint64_t)sizeof(bytes));
	struct store_lookup q;
	struct cobj_reader r;
	struct cobj_piece p;
	size_t at = 1000, taken = 1;
	uint64_t read = 0;

	world_bytes(1, 0, bytes, n);
	ck_assert_int_eq(world_lookup(&q, URL, ""), STORE_LEADS);
	ck_assert_int_eq(world_take_in(q.cobj, "", "", half_lengths[_i]), ERR_NONE);
	cobj_reader_init(&r, q.cobj, world_loop, NULL);
	ck_assert_uint_eq(cobj_append(q.cobj, span_of(bytes, at)), at);
	refuse_all();
	while (at < n && taken > 0) {
		taken = cobj_append(q.cobj, span_of(bytes + at, MIN((size_t)5000, n - at)));
		at += taken;
		read = world_read(&r, read, 1, &p);
		ck_assert_uint_eq(read, at);
	}
	ck_assert_uint_eq(at, n);
	cobj_finish(q.cobj);
	budget_init(0);
	ck_assert_uint_eq(world_read(&r, read, 1, &p), n);
	ck_assert_int_eq(p.kind, COBJ_PIECE_END);
	cobj_reader_fini(&r);
	cobj_unref(&q.cobj);
	/* A block that was there from the start may have been enough. */
	ck_assert_int_eq(world_has(URL, ""), half_lengths[_i] == 40000 ? STORE_FOUND : STORE_NONE);
}
END_TEST

START_TEST(what_was_taken_of_the_budget_is_given_back)
{
	const uint64_t before = budget_used(BUDGET_CACHE);
	char url[32];

	for (unsigned i = 0; i < 20; i++) {
		snprintf(url, sizeof(url), "http://a.test/%u", i);
		ck_assert(world_fetch(url, "Accept: x\r\n", i % 2 == 0 ? "" : "Vary: Accept\r\n", i,
		                      (size_t)i * 20000));
	}
	ck_assert_uint_gt(budget_used(BUDGET_CACHE), before);
	world_close();
	ck_assert_uint_eq(budget_used(BUDGET_CACHE), before);
	world_open();
}
END_TEST

Suite *suite_store(void);
Suite *suite_store(void)
{
	Suite *s = suite_create("store");
	TCase *tc = tcase_create("memory");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_was_fetched_is_found);
	tcase_add_test(tc, the_first_leads_and_the_others_join);
	tcase_add_test(tc, after_a_release_nobody_queues_up);
	tcase_add_test(tc, a_fetch_of_its_own_takes_the_place_when_its_head_is_there);
	tcase_add_test(tc, rfc9111_4_1_a_variant_is_for_requests_with_its_values);
	tcase_add_test(tc, who_joined_on_the_uri_may_find_that_it_is_not_his);
	tcase_add_test(tc, a_purge_takes_all_variants_and_what_is_under_way);
	tcase_add_loop_test(tc, a_purge_tells_all_who_fetch_it, 0, 2);
	tcase_add_test(tc, a_purge_meets_a_body_half_way);
	tcase_add_test(tc, purges_by_prefix_and_host);
	tcase_add_test(tc, a_renewed_one_has_the_new_head_and_the_old_body);
	tcase_add_test(tc, what_was_purged_is_not_renewed);
	tcase_add_test(tc, who_validates_first_does_it_for_the_others);
	tcase_add_test(tc, a_validation_may_bring_another_reply);
	tcase_add_test(tc, after_a_validation_that_was_not_for_sharing_each_asks_for_himself);
	tcase_add_loop_test(tc, a_purge_meets_a_validation, 0, 2);
	tcase_add_test(tc, cache_mem_holds);
	tcase_add_test(tc, one_in_use_is_evicted_and_still_found_until_it_is_let_go);
	tcase_add_loop_test(tc, limits_say_what_is_taken_in, 0, ARRAY_LEN(limit_cases));
	tcase_add_test(tc, under_memory_limit_nothing_is_taken_in);
	tcase_add_loop_test(tc, memory_limit_may_strike_half_way, 0, ARRAY_LEN(half_lengths));
	tcase_add_test(tc, what_was_taken_of_the_budget_is_given_back);
	suite_add_tcase(s, tc);
	return s;
}
