/*
 * Pumps: every byte arrives once and in order, whichever way it goes; nothing is held while idle.
 */
#include "tests/unit/net/net_fixture.h"

#include "base/counters.h"
#include "net/pump.h"

#include <errno.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

static struct loop *l;
static struct stream *from, *to;
static int source, sink; /* the other ends */
static struct buffer_pool *bp;
static struct pipe_pool *pp;
static struct pump p;

static void setup(void)
{
	l = fixture_loop();
	from = fixture_pair(l, &source);
	to = fixture_pair(l, &sink);
	bp = buffer_pool_new(4);
	pp = pipe_pool_new(4, 1);
	pump_init(&p, UINT64_MAX);
}

static void teardown(void)
{
	pump_fini(&p, bp, pp);
	stream_close(&from, false);
	stream_close(&to, false);
	if (source >= 0)
		close(source);
	if (sink >= 0)
		close(sink);
	buffer_pool_free(&bp);
	pipe_pool_free(&pp);
	loop_free(&l);
}

static enum pump_result run(void)
{
	return pump_run(&p, from, to, bp, pp);
}

static void ck_nothing_held(void)
{
	ck_assert_ptr_null(p.buffer);
	ck_assert_ptr_null(p.pipe);
}

START_TEST(a_small_exchange_holds_nothing_afterwards)
{
	char got[5];

	ck_assert_int_eq(run(), PUMP_WAIT);
	ck_nothing_held();
	fixture_send(source, "hello", 5);
	TURN_UNTIL(l, stream_is_readable(from));
	ck_assert_int_eq(run(), PUMP_WAIT);
	ck_nothing_held();
	ck_assert(!stream_is_readable(from));
	fixture_recv(sink, got, 5);
	ck_assert_span(span_of(got, 5), SPAN("hello"));
	ck_assert_uint_eq(p.read_bytes, 5);
	ck_assert_uint_eq(p.written_bytes, 5);
}
END_TEST

START_TEST(the_end_comes_after_the_bytes)
{
	fixture_send(source, "hello", 5);
	shutdown(source, SHUT_WR);
	TURN_UNTIL(l, stream_is_hung_up(from));
	ck_assert_int_eq(run(), PUMP_EOF);
	ck_assert_uint_eq(p.written_bytes, 5);
	ck_nothing_held();
}
END_TEST

START_TEST(a_limit_leaves_the_rest_in_the_source)
{
	char rest[8];
	size_t n;

	pump_init(&p, 5);
	fixture_send(source, "helloMORE", 9);
	TURN_UNTIL(l, stream_is_readable(from));
	ck_assert_int_eq(run(), PUMP_DONE);
	ck_assert_uint_eq(p.written_bytes, 5);
	ck_assert_int_eq(stream_read(from, rest, sizeof(rest), &n), IO_OK);
	ck_assert_span(span_of(rest, n), SPAN("MORE"));
}
END_TEST

START_TEST(what_was_read_before_goes_first_and_counts)
{
	char got[9];

	pump_init(&p, 9);
	ck_assert_int_eq(pump_preload(&p, bp, SPAN("abc")), ERR_NONE);
	stream_unread(from, SPAN("def"));
	fixture_send(source, "ghi", 3);
	TURN_UNTIL(l, from->ready & EV_READ);
	ck_assert_int_eq(run(), PUMP_DONE);
	fixture_recv(sink, got, 9);
	ck_assert_span(span_of(got, 9), SPAN("abcdefghi"));
	ck_assert_uint_eq(p.read_bytes, 9);
}
END_TEST

START_TEST(a_limit_of_nothing_is_done_at_once)
{
	pump_init(&p, 0);
	ck_assert_int_eq(run(), PUMP_DONE);
}
END_TEST

START_TEST(errors_name_their_side)
{
	sock_abort(source);
	source = -1;
	TURN_UNTIL(l, stream_is_hung_up(from));
	ck_assert_int_eq(run(), PUMP_READ_ERROR);
	ck_assert_int_eq(from->error, ERR_RESET);
}
END_TEST

START_TEST(a_receiver_that_is_gone_is_a_write_error)
{
	sock_abort(sink);
	sink = -1;
	fixture_send(source, "hello", 5);
	TURN_UNTIL(l, stream_is_readable(from) && stream_is_hung_up(to));
	ck_assert_int_eq(run(), PUMP_WRITE_ERROR);
	ck_nothing_held();
}
END_TEST

/* --- bulk ------------------------------------------------------------------------------------- */

#define BULK_BYTES (24U << 20)

static char pattern(size_t i)
{
	return (char)(i * 2654435761U >> 13);
}

static void *send_bulk(void *arg)
{
	const size_t total = *(const size_t *)arg;
	char *bytes = check_malloc(total);

	for (size_t i = 0; i < total; i++)
		bytes[i] = pattern(i);
	for (size_t at = 0; at < total;) {
		const ssize_t r = send(source, bytes + at, total - at, MSG_NOSIGNAL);

		if (r <= 0)
			break;
		at += (size_t)r;
	}
	free(bytes);
	shutdown(source, SHUT_WR);
	return NULL;
}

static void *recv_bulk(void *arg)
{
	size_t *right = arg;
	char buf[16384];
	ssize_t r;

	while ((r = recv(sink, buf, sizeof(buf), 0)) > 0)
		for (ssize_t i = 0; i < r; i++)
			*right += buf[i] == pattern(*right);
	return NULL;
}

struct tally {
	unsigned yields, splices, waits;
};

static enum pump_result pump_all(struct tally *y)
{
	struct fixture_counter owner;

	fixture_counter_init(&owner);
	stream_set_owner(from, &owner.task);
	stream_set_owner(to, &owner.task);
	for (;;) {
		const uint64_t before = p.written_bytes;
		const enum pump_result r = run();

		ck_assert_uint_le(p.written_bytes - before, 2U << 20);
		y->splices += p.pipe != NULL || p.streak >= 2;
		y->yields += r == PUMP_YIELD;
		y->waits += r == PUMP_WAIT;
		if (r != PUMP_WAIT && r != PUMP_YIELD)
			return r;
		if (r == PUMP_WAIT) {
			/* Waiting for input holds nothing. */
			ck_assert(p.read_bytes != p.written_bytes ||
			          (p.buffer == NULL && p.pipe == NULL));
			owner.runs = 0;
			TURN_UNTIL(l, owner.runs != 0);
		}
	}
}

static struct tally bulk(size_t total, uint64_t limit, enum pump_result want)
{
	struct tally y = { 0 };
	pthread_t sender, receiver;
	size_t right = 0;

	pump_init(&p, limit);
	ck_assert_int_eq(pthread_create(&sender, NULL, send_bulk, &total), 0);
	ck_assert_int_eq(pthread_create(&receiver, NULL, recv_bulk, &right), 0);
	ck_assert_int_eq(pump_all(&y), want);
	ck_nothing_held();
	stream_close(&to, false);
	stream_close(&from, false); /* ends a sender that has more */
	pthread_join(sender, NULL);
	pthread_join(receiver, NULL);
	ck_assert_uint_eq(right, MIN((uint64_t)total, limit));
	ck_assert_uint_eq(p.written_bytes, MIN((uint64_t)total, limit));
	ck_assert_uint_eq(p.read_bytes, p.written_bytes);
	return y;
}

START_TEST(bulk_is_spliced_whole_and_in_order)
{
	ck_assert_uint_gt(bulk(BULK_BYTES, UINT64_MAX, PUMP_EOF).splices, 0);
}
END_TEST

START_TEST(bulk_with_a_limit_ends_exactly_there)
{
	bulk(BULK_BYTES, BULK_BYTES - 12345, PUMP_DONE);
}
END_TEST

START_TEST(without_pipes_bulk_is_copied)
{
	struct rlimit was, none;
	const uint64_t fallbacks = counters_sum(COUNT_PIPE_FALLBACKS);

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 3; /* the loop's and the sockets' descriptors are above */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	bulk(BULK_BYTES, UINT64_MAX, PUMP_EOF);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	ck_assert_uint_gt(counters_sum(COUNT_PIPE_FALLBACKS), fallbacks);
}
END_TEST

START_TEST(small_reads_end_splicing)
{
	static char big[1 << 20];
	char *got = check_malloc(sizeof(big));

	fixture_send(source, big, 300000);
	while (p.written_bytes < 300000) {
		run();
		loop_turn(l, 0);
	}
	fixture_recv(sink, got, 300000);
	for (int i = 0; i < 10; i++) {
		fixture_send(source, "x", 1);
		TURN_UNTIL(l, stream_is_readable(from));
		ck_assert_int_eq(run(), PUMP_WAIT);
		ck_nothing_held();
		fixture_recv(sink, got, 1);
	}
	ck_assert_uint_eq(p.streak, 0);
	free(got);
}
END_TEST

START_TEST(a_full_receiver_keeps_what_is_under_way)
{
	static char big[1 << 20];
	uint64_t sent = 0;
	char *got = check_malloc(64U << 20);

	/* Fill the whole way: the sink does not read. */
	for (int quiet = 0; quiet < 3;) {
		const ssize_t r = send(source, big, sizeof(big), MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += r > 0 ? (uint64_t)r : 0;
		quiet = r > 0 ? 0 : quiet + 1;
		loop_turn(l, 0);
		run();
	}
	ck_assert_int_eq(run(), PUMP_WAIT);
	ck_assert_uint_gt(p.read_bytes, p.written_bytes);
	fixture_recv(sink, got, p.written_bytes);
	for (enum pump_result r = PUMP_WAIT; p.written_bytes < sent;) {
		const uint64_t before = p.written_bytes;

		loop_turn(l, r == PUMP_YIELD ? 0 : FIXTURE_WAIT_MS);
		r = run();
		fixture_recv(sink, got, p.written_bytes - before);
	}
	ck_nothing_held();
	free(got);
}
END_TEST

START_TEST(pools_lend_what_was_given_back)
{
	struct buffer *b = buffer_take(bp), *was = b;
	struct pipe *a = pipe_take(pp), *full = pipe_take(pp);
	char *at;

	memcpy(b->data, "abcdef", 6);
	b->n = 6;
	buffer_consume(b, 2);
	ck_assert_span(buffer_span(b), SPAN("cdef"));
	ck_assert_uint_eq(buffer_room(b, &at), BUFFER_BYTES - 4);
	ck_assert_ptr_eq(at, b->data + 4);
	ck_assert_span(buffer_span(b), SPAN("cdef"));
	buffer_give(bp, &b);
	ck_assert_ptr_null(b);
	b = buffer_take(bp);
	ck_assert_ptr_eq(b, was);
	ck_assert_uint_eq(b->n, 0);
	buffer_give(bp, &b);

	/* A pipe with bytes in it is of no use to anybody else. */
	ck_assert_int_eq(write(full->in, "x", 1), 1);
	full->bytes = 1;
	const int in = full->in;

	pipe_give(pp, &full);
	ck_assert_int_eq(write(in, "x", 1), -1);
	ck_assert_int_eq(errno, EBADF);
	pipe_give(pp, &a);
}
END_TEST

Suite *suite_pump(void);
Suite *suite_pump(void)
{
	Suite *suite = suite_create("pump");
	TCase *t = tcase_create("pump");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_small_exchange_holds_nothing_afterwards);
	tcase_add_test(t, the_end_comes_after_the_bytes);
	tcase_add_test(t, a_limit_leaves_the_rest_in_the_source);
	tcase_add_test(t, what_was_read_before_goes_first_and_counts);
	tcase_add_test(t, a_limit_of_nothing_is_done_at_once);
	tcase_add_test(t, errors_name_their_side);
	tcase_add_test(t, a_receiver_that_is_gone_is_a_write_error);
	tcase_add_test(t, bulk_is_spliced_whole_and_in_order);
	tcase_add_test(t, bulk_with_a_limit_ends_exactly_there);
	tcase_add_test(t, without_pipes_bulk_is_copied);
	tcase_add_test(t, small_reads_end_splicing);
	tcase_add_test(t, a_full_receiver_keeps_what_is_under_way);
	tcase_add_test(t, pools_lend_what_was_given_back);
	suite_add_tcase(suite, t);
	return suite;
}
