/*
 * Streams: what their owner hears, and what reads and writes say at the edges.
 */
#include "tests/unit/net/net_fixture.h"

#include <errno.h>
#include <unistd.h>

static struct loop *l;
static struct stream *s;
static int other;
static struct fixture_counter owner;
static char buf[65536];
static size_t n;

static void setup(void)
{
	l = fixture_loop();
	s = fixture_pair(l, &other);
	fixture_counter_init(&owner);
}

static void teardown(void)
{
	stream_close(&s, false);
	close(other);
	loop_free(&l);
}

START_TEST(a_new_stream_can_be_written_but_not_read)
{
	ck_assert(stream_is_writable(s));
	ck_assert(!stream_is_readable(s));
	ck_assert_int_eq(stream_read(s, buf, sizeof(buf), &n), IO_AGAIN);
}
END_TEST

START_TEST(data_wakes_the_owner_once_and_a_short_read_empties)
{
	stream_set_owner(s, &owner.task);
	loop_turn(l, 0);
	owner.runs = 0;
	fixture_send(other, "abc", 3);
	TURN_UNTIL(l, owner.runs == 1);
	ck_assert(stream_is_readable(s));
	ck_assert_int_eq(stream_read(s, buf, sizeof(buf), &n), IO_OK);
	ck_assert_span(span_of(buf, n), SPAN("abc"));
	ck_assert(!stream_is_readable(s));
	fixture_send(other, "d", 1);
	TURN_UNTIL(l, owner.runs == 2);
}
END_TEST

START_TEST(a_full_read_leaves_it_readable)
{
	fixture_send(other, "abc", 3);
	TURN_UNTIL(l, stream_is_readable(s));
	ck_assert_int_eq(stream_read(s, buf, 3, &n), IO_OK);
	ck_assert(stream_is_readable(s));
	ck_assert_int_eq(stream_read(s, buf, 3, &n), IO_AGAIN);
	ck_assert(!stream_is_readable(s));
}
END_TEST

START_TEST(a_fin_behind_data_is_found_though_no_event_follows)
{
	fixture_send(other, "abc", 3);
	shutdown(other, SHUT_WR);
	TURN_UNTIL(l, stream_is_hung_up(s));
	ck_assert_int_eq(stream_read(s, buf, sizeof(buf), &n), IO_OK);
	ck_assert(stream_is_readable(s));
	ck_assert_int_eq(stream_read(s, buf, sizeof(buf), &n), IO_EOF);
	ck_assert_int_eq(stream_read(s, buf, sizeof(buf), &n), IO_EOF);
}
END_TEST

START_TEST(a_new_owner_of_a_ready_stream_is_told_at_once)
{
	fixture_send(other, "abc", 3);
	TURN_UNTIL(l, stream_is_readable(s));
	stream_set_owner(s, &owner.task);
	loop_turn(l, 0);
	ck_assert_uint_eq(owner.runs, 1);
}
END_TEST

START_TEST(bytes_put_back_come_first_and_in_order)
{
	const struct iovec iov = { buf, 1 };

	fixture_send(other, "e", 1);
	stream_unread(s, SPAN("cd"));
	stream_unread(s, SPAN("ab"));
	ck_assert(stream_is_readable(s));
	ck_assert_int_eq(stream_read(s, buf, 3, &n), IO_OK);
	ck_assert_span(span_of(buf, n), SPAN("abc"));
	ck_assert_int_eq(stream_read(s, buf, 3, &n), IO_OK);
	ck_assert_span(span_of(buf, n), SPAN("d"));
	ck_assert_ptr_null(s->kept);
	TURN_UNTIL(l, stream_is_readable(s));
	ck_assert_int_eq(stream_read(s, buf, 3, &n), IO_OK);
	ck_assert_span(span_of(buf, n), SPAN("e"));
	ck_assert_int_eq(stream_write(s, &iov, 1, &n), IO_OK);
}
END_TEST

START_TEST(a_full_socket_is_not_writable_until_the_other_side_reads)
{
	const struct iovec iov[2] = { { buf, 30000 }, { buf, sizeof(buf) - 30000 } };
	size_t written = 0;

	stream_set_owner(s, &owner.task);
	while (stream_write(s, iov, 2, &n) == IO_OK)
		written += n;
	ck_assert(!stream_is_writable(s));
	loop_turn(l, 0);
	owner.runs = 0;
	char *sink = check_malloc(written);

	fixture_recv(other, sink, written);
	free(sink);
	TURN_UNTIL(l, stream_is_writable(s));
	ck_assert_uint_eq(owner.runs, 1);
	ck_assert_int_eq(stream_write(s, iov, 1, &n), IO_OK);
}
END_TEST

START_TEST(a_reset_is_an_error_once_read)
{
	stream_set_owner(s, &owner.task);
	sock_abort(other);
	TURN_UNTIL(l, stream_is_hung_up(s));
	ck_assert_int_eq(stream_read(s, buf, 1, &n), IO_ERROR);
	ck_assert_int_eq(s->error, ERR_RESET);
	other = dup(0);
}
END_TEST

START_TEST(closing_with_abort_resets_the_other_side)
{
	stream_close(&s, true);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(fixture_read_end(other), ECONNRESET);
}
END_TEST

START_TEST(closing_sends_a_fin)
{
	stream_close(&s, false);
	ck_assert_int_eq(fixture_read_end(other), 0);
}
END_TEST

START_TEST(shutdown_leaves_the_other_direction_open)
{
	stream_shutdown_write(s);
	stream_shutdown_write(s);
	ck_assert_int_eq(fixture_read_end(other), 0);
	fixture_send(other, "abc", 3);
	TURN_UNTIL(l, stream_is_readable(s));
	ck_assert_int_eq(stream_read(s, buf, sizeof(buf), &n), IO_OK);
}
END_TEST

START_TEST(what_a_connecting_stream_becomes_is_told)
{
	struct endpoint at = fixture_at4(0);
	const int listen_fd = fixture_listen(&at);
	struct stream *c;
	int fd;

	ck_assert_int_eq(sock_connect(&at, NULL, NULL, &fd), ERR_NONE);
	ck_assert_int_eq(stream_new_connecting(&c, l, fd, &at), ERR_NONE);
	ck_assert(!stream_is_writable(c));
	c->owner = &owner.task;
	TURN_UNTIL(l, owner.runs == 1);
	ck_assert(stream_is_writable(c) && !stream_is_hung_up(c));
	stream_close(&c, false);
	close(listen_fd);

	/* Nobody listens there now. */
	ck_assert_int_eq(sock_connect(&at, NULL, NULL, &fd), ERR_NONE);
	ck_assert_int_eq(stream_new_connecting(&c, l, fd, &at), ERR_NONE);
	c->owner = &owner.task;
	TURN_UNTIL(l, owner.runs == 2);
	ck_assert(stream_is_hung_up(c));
	ck_assert_int_eq(sock_connected(c->event.fd), ERR_REFUSED);
	stream_close(&c, false);
}
END_TEST

START_TEST(a_source_address_is_used)
{
	struct endpoint at = fixture_at4(0), peer;
	const struct endpoint from = { fixture_ip("127.0.0.9"), 0 };
	const int listen_fd = fixture_listen(&at);
	int fd, got;

	ck_assert_int_eq(sock_connect(&at, &from, NULL, &fd), ERR_NONE);
	ck_assert_int_eq(sock_accept(listen_fd, &got, &peer), ERR_NONE);
	ck_assert(ip_eq(&peer.ip, &from.ip));
	ck_assert_uint_ne(peer.port, 0);
	ck_assert_int_eq(sock_accept(listen_fd, &got, &peer), ERR_NOT_FOUND);
	close(fd);
	close(got);
	close(listen_fd);
}
END_TEST

Suite *suite_stream(void);
Suite *suite_stream(void)
{
	Suite *suite = suite_create("stream");
	TCase *t = tcase_create("stream");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_new_stream_can_be_written_but_not_read);
	tcase_add_test(t, data_wakes_the_owner_once_and_a_short_read_empties);
	tcase_add_test(t, a_full_read_leaves_it_readable);
	tcase_add_test(t, a_fin_behind_data_is_found_though_no_event_follows);
	tcase_add_test(t, a_new_owner_of_a_ready_stream_is_told_at_once);
	tcase_add_test(t, bytes_put_back_come_first_and_in_order);
	tcase_add_test(t, a_full_socket_is_not_writable_until_the_other_side_reads);
	tcase_add_test(t, a_reset_is_an_error_once_read);
	tcase_add_test(t, closing_with_abort_resets_the_other_side);
	tcase_add_test(t, closing_sends_a_fin);
	tcase_add_test(t, shutdown_leaves_the_other_direction_open);
	tcase_add_test(t, what_a_connecting_stream_becomes_is_told);
	tcase_add_test(t, a_source_address_is_used);
	suite_add_tcase(suite, t);
	return suite;
}
