/*
 * The ring: what goes in comes out, across its end, when full, and between two threads.
 */
#include "log/ring_int.h"
#include "tests/unit/unit.h"

#include "base/counters.h"

#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct log_waker waker;

static struct log_ring *setup(uint64_t size)
{
	waker = (struct log_waker){ .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
	ck_assert_int_ge(waker.fd, 0);
	return log_ring_make(&waker, 1, size);
}

static void teardown(struct log_ring **r)
{
	log_ring_free(r);
	close(waker.fd);
}

static bool was_kicked(void)
{
	uint64_t v;
	const bool kicked = read(waker.fd, &v, sizeof(v)) == (ssize_t)sizeof(v);

	atomic_store(&waker.is_kicked, false);
	return kicked;
}

START_TEST(record_comes_out_as_it_went_in)
{
	struct log_ring *r = setup(4096);
	struct log_rec in = { .end_us = 7,
		              .status = 407,
		              .attempts = 3,
		              .client_in_bytes = UINT64_MAX,
		              .method = SPAN("POST"),
		              .url = SPAN("http://example.com/"),
		              .user = SPAN("u"),
		              .content_type = SPAN("a/b"),
		              .server_name = SPAN("peer"),
		              .shadow = SPAN("deny"),
		              .facts = SPAN(" src=192.0.2.1:1"),
		              .fields = SPAN("\1\0\0\0x"),
		              .rule = SPAN("http_access deny all"),
		              .rule_place = SPAN("squid.conf:35"),
		              .reported = SPAN("http_access deny a"),
		              .detail = SPAN("because") };
	struct log_rec out;
	int sink;

	ck_assert(!log_ring_peek(r, &out, &sink));
	log_ring_put(r, 5, &in);
	ck_assert(log_ring_peek(r, &out, &sink));
	ck_assert_int_eq(sink, 5);
	ck_assert_int_eq(out.end_us, 7);
	ck_assert_uint_eq(out.status, 407);
	ck_assert_uint_eq(out.attempts, 3);
	ck_assert(out.client_in_bytes == UINT64_MAX);
	ck_assert_span(out.method, in.method);
	ck_assert_span(out.url, in.url);
	ck_assert_span(out.user, in.user);
	ck_assert_span(out.content_type, in.content_type);
	ck_assert_span(out.server_name, in.server_name);
	ck_assert_span(out.facts, in.facts);
	ck_assert_span(out.fields, in.fields);
	ck_assert_span(out.rule, in.rule);
	ck_assert_span(out.rule_place, in.rule_place);
	ck_assert_span(out.reported, in.reported);
	ck_assert_span(out.detail, in.detail);
	log_ring_pop(r);
	ck_assert(log_ring_is_empty(r));
	teardown(&r);
}
END_TEST

/* Lengths that differ, so that records end at all distances from the end of the ring. */
START_TEST(records_keep_their_order_across_the_end)
{
	struct log_ring *r = setup(4096);
	char text[600];
	uint64_t put = 0, got = 0;

	memset(text, 'x', sizeof(text));
	while (got < 5000) {
		struct log_rec rec = { .id = put, .url = span_of(text, put % sizeof(text)) };
		int sink;

		log_ring_put(r, 0, &rec);
		put++;
		if (put % 3 != 0)
			continue;
		while (log_ring_peek(r, &rec, &sink)) {
			ck_assert_uint_eq(rec.id, got);
			ck_assert_span(rec.url, span_of(text, got % sizeof(text)));
			log_ring_pop(r);
			got++;
		}
	}
	ck_assert_uint_eq(atomic_load(&r->dropped), 0);
	teardown(&r);
}
END_TEST

START_TEST(full_ring_drops_and_counts)
{
	struct log_ring *r = setup(4096);
	const uint64_t lost_before = counters_sum(COUNT_LOG_DROPPED),
		       lines_before = counters_sum(COUNT_LOG_LINES);
	struct log_rec rec = { 0 };
	unsigned n = 0;
	int sink;

	while (atomic_load(&r->dropped) == 0 && n < 1000) {
		rec.id = n++;
		log_ring_put(r, 0, &rec);
	}
	ck_assert(was_kicked());
	ck_assert_uint_eq(counters_sum(COUNT_LOG_DROPPED) - lost_before, 1);
	ck_assert_uint_eq(counters_sum(COUNT_LOG_LINES) - lines_before, n - 1);
	for (unsigned i = 0; i + 1 < n; i++) {
		ck_assert(log_ring_peek(r, &rec, &sink));
		ck_assert_uint_eq(rec.id, i);
		log_ring_pop(r);
	}
	ck_assert(log_ring_is_empty(r));
	log_ring_put(r, 0, &rec);
	ck_assert_uint_eq(atomic_load(&r->dropped), 1);
	teardown(&r);
}
END_TEST

START_TEST(text_beyond_the_limit_is_cut)
{
	struct log_ring *r = setup(LOG_RING_BYTES);
	const size_t n = 2 * LOG_RING_BYTES;
	char *text = check_calloc(1, n);
	struct log_rec rec = { .url = { text, n }, .detail = SPAN("end") };
	int sink;

	log_ring_put(r, 0, &rec);
	ck_assert(log_ring_peek(r, &rec, &sink));
	ck_assert_uint_eq(rec.url.n, LOG_TEXT_MAX);
	ck_assert_span(rec.detail, SPAN("end"));
	free(text);
	teardown(&r);
}
END_TEST

START_TEST(one_kick_for_each_sleep_and_high_water)
{
	struct log_ring *r = setup(1 << 16);
	const struct log_rec rec = { 0 };
	unsigned n = 0;

	log_ring_put(r, 0, &rec);
	ck_assert_msg(!was_kicked(), "nobody sleeps");
	atomic_store(&waker.is_asleep, true);
	log_ring_put(r, 0, &rec);
	log_ring_put(r, 0, &rec);
	ck_assert_msg(was_kicked(), "the first record wakes");
	atomic_store(&waker.is_asleep, false);
	while (!was_kicked() && n++ < 1000)
		log_ring_put(r, 0, &rec);
	const uint64_t used = atomic_load(&r->head);

	ck_assert_uint_gt(used, r->size / 2);
	ck_assert_uint_lt(used, r->size / 2 + 1024);
	teardown(&r);
}
END_TEST

#define N_RECORDS 100000

static void *produce(void *arg)
{
	struct log_ring *r = arg;
	char text[300];

	for (uint64_t i = 0; i < N_RECORDS;) {
		const uint64_t dropped = atomic_load(&r->dropped);
		const struct log_rec rec = { .id = i, .url = { text, i % sizeof(text) } };

		memset(text, (int)('a' + i % 26), sizeof(text));
		log_ring_put(r, (int)(i % 3), &rec);
		/* Full: the same again, so that the consumer can expect every number. */
		if (atomic_load(&r->dropped) == dropped)
			i++;
		else
			sched_yield();
	}
	return NULL;
}

START_TEST(two_threads_agree)
{
	struct log_ring *r = setup(8192);
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, produce, r), 0);
	for (uint64_t i = 0; i < N_RECORDS;) {
		struct log_rec rec;
		int sink;

		if (!log_ring_peek(r, &rec, &sink)) {
			sched_yield();
			continue;
		}
		if (rec.id != i || sink != (int)(i % 3) || rec.url.n != i % 300)
			ck_abort_msg("record %lu", (unsigned long)i);
		for (size_t j = 0; j < rec.url.n; j++)
			if (rec.url.p[j] != (char)('a' + i % 26))
				ck_abort_msg("byte %zu of record %lu", j, (unsigned long)i);
		log_ring_pop(r);
		i++;
	}
	pthread_join(thread, NULL);
	ck_assert(log_ring_is_empty(r));
	teardown(&r);
}
END_TEST

Suite *suite_ring(void);
Suite *suite_ring(void)
{
	Suite *s = suite_create("log ring");
	TCase *t = tcase_create("ring");

	tcase_add_test(t, record_comes_out_as_it_went_in);
	tcase_add_test(t, records_keep_their_order_across_the_end);
	tcase_add_test(t, full_ring_drops_and_counts);
	tcase_add_test(t, text_beyond_the_limit_is_cut);
	tcase_add_test(t, one_kick_for_each_sleep_and_high_water);
	tcase_add_test(t, two_threads_agree);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
