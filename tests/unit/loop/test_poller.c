/*
 * epoll behind poller.h: what each kind of interest delivers. Descriptors are local socket pairs
 * and one listener on loopback.
 */
#include "tests/unit/unit.h"

#include "loop/loop.h"
#include "loop/poller.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct poller *p;
static int pair[2];
static struct poll_result results[8];
static int cookie, other_cookie;

static void setup(void)
{
	ck_assert_int_eq(poller_new(&p), ERR_NONE);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
}

static void teardown(void)
{
	poller_free(&p);
	close(pair[0]);
	close(pair[1]);
}

static unsigned ready_now(void)
{
	const unsigned n = poller_wait(p, results, ARRAY_LEN(results), 0);

	ck_assert_uint_le(n, 1);
	if (n == 0)
		return 0;
	ck_assert_ptr_eq(results[0].cookie, &cookie);
	return results[0].ready;
}

static void say_byte(void)
{
	ck_assert_int_eq(write(pair[1], "x", 1), 1);
}

static void hear_byte(void)
{
	char c;

	ck_assert_int_eq(read(pair[0], &c, 1), 1);
}

START_TEST(level_interest_repeats_until_it_is_dealt_with)
{
	ck_assert_int_eq(poller_add(p, pair[0], EV_READ, &cookie), ERR_NONE);
	ck_assert_uint_eq(ready_now(), 0);
	say_byte();
	ck_assert_uint_eq(ready_now(), EV_READ);
	ck_assert_uint_eq(ready_now(), EV_READ);
	hear_byte();
	ck_assert_uint_eq(ready_now(), 0);
	poller_mod(p, pair[0], EV_READ | EV_WRITE, &cookie);
	ck_assert_uint_eq(ready_now(), EV_WRITE);
	poller_del(p, pair[0]);
	ck_assert_uint_eq(ready_now(), 0);
}
END_TEST

START_TEST(edge_interest_tells_changes_only)
{
	ck_assert_int_eq(poller_add(p, pair[0], EV_READ | EV_WRITE | EV_EDGE, &cookie), ERR_NONE);
	ck_assert_uint_eq(ready_now(), EV_WRITE);
	ck_assert_uint_eq(ready_now(), 0);
	say_byte();
	ck_assert_uint_eq(ready_now(), EV_READ | EV_WRITE);
	ck_assert_uint_eq(ready_now(), 0);
}
END_TEST

START_TEST(a_fin_is_told_to_readers)
{
	ck_assert_int_eq(poller_add(p, pair[0], EV_READ, &cookie), ERR_NONE);
	ck_assert_int_eq(shutdown(pair[1], SHUT_WR), 0);
	ck_assert_uint_eq(ready_now(), EV_READ | EV_RDHUP);
}
END_TEST

START_TEST(a_closed_peer_is_an_error_in_both_directions)
{
	ck_assert_int_eq(poller_add(p, pair[0], EV_READ, &cookie), ERR_NONE);
	close(pair[1]);
	ck_assert_uint_eq(ready_now(), EV_READ | EV_WRITE | EV_RDHUP | EV_ERROR);
	pair[1] = -1;
}
END_TEST

START_TEST(a_wake_ends_one_wait_and_delivers_nothing)
{
	ck_assert_int_eq(poller_add(p, pair[0], EV_READ, &cookie), ERR_NONE);
	for (int i = 0; i < 3; i++) {
		poller_wake(p);
		poller_wake(p);
		/* Without the wake this would never return. */
		ck_assert_uint_eq(poller_wait(p, results, ARRAY_LEN(results), -1), 0);
	}
}
END_TEST

static int listen_on_loopback(void)
{
	const struct sockaddr_in a = { .sin_family = AF_INET,
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	return fd;
}

static int connect_to(int listener)
{
	struct sockaddr_in a;
	socklen_t n = sizeof(a);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&a, &n), 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&a, n), 0);
	return fd;
}

START_TEST(a_shared_listener_can_be_paused)
{
	const int fd = listen_on_loopback();

	ck_assert_int_eq(poller_add(p, fd, EV_READ | EV_SHARED, &cookie), ERR_NONE);
	ck_assert_uint_eq(ready_now(), 0);
	const int client = connect_to(fd);

	ck_assert_uint_eq(ready_now(), EV_READ);
	poller_mod(p, fd, EV_SHARED, &cookie);
	ck_assert_uint_eq(ready_now(), 0);
	poller_mod(p, fd, EV_SHARED, &cookie); /* twice is harmless */
	poller_mod(p, fd, EV_READ | EV_SHARED, &cookie);
	ck_assert_uint_eq(ready_now(), EV_READ);
	poller_mod(p, fd, EV_SHARED, &cookie);
	poller_del(p, fd); /* also while paused */
	close(client);
	close(fd);
}
END_TEST

START_TEST(what_does_not_fit_comes_with_the_next_wait)
{
	ck_assert_int_eq(poller_add(p, pair[0], EV_WRITE | EV_EDGE, &cookie), ERR_NONE);
	ck_assert_int_eq(poller_add(p, pair[1], EV_WRITE | EV_EDGE, &other_cookie), ERR_NONE);
	ck_assert_uint_eq(poller_wait(p, results, 1, 0), 1);
	const void *first = results[0].cookie;

	ck_assert_uint_eq(poller_wait(p, results, 1, 0), 1);
	ck_assert_ptr_ne(results[0].cookie, first);
	ck_assert_uint_eq(poller_wait(p, results, 1, 0), 0);
}
END_TEST

START_TEST(a_regular_file_cannot_be_watched)
{
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(poller_add(p, fileno(f), EV_READ, &cookie), ERR_UNSUPPORTED);
	fclose(f);
}
END_TEST

START_TEST(no_descriptors_is_an_error_and_leaks_none)
{
	struct rlimit old, none;
	struct poller *q = NULL;
	const int free_fd = dup(0);

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	close(free_fd);
	none = old;
	none.rlim_cur = (rlim_t)free_fd + 1; /* room for one: the second open fails */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(poller_new(&q), ERR_NO_FDS);
	ck_assert_ptr_null(q);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	const int again = dup(0);

	ck_assert_int_eq(again, free_fd);
	close(again);
}
END_TEST

START_TEST(the_clocks_run)
{
	const int64_t a = clock_monotonic_us(), w = clock_wall_us();

	ck_assert_int_ge(clock_monotonic_us(), a);
	ck_assert_int_gt(w, 1500000000LL * 1000000); /* microseconds since the epoch */
}
END_TEST

Suite *suite_poller(void);
Suite *suite_poller(void)
{
	Suite *s = suite_create("poller");
	TCase *t = tcase_create("poller");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, level_interest_repeats_until_it_is_dealt_with);
	tcase_add_test(t, edge_interest_tells_changes_only);
	tcase_add_test(t, a_fin_is_told_to_readers);
	tcase_add_test(t, a_closed_peer_is_an_error_in_both_directions);
	tcase_add_test(t, a_wake_ends_one_wait_and_delivers_nothing);
	tcase_add_test(t, a_shared_listener_can_be_paused);
	tcase_add_test(t, what_does_not_fit_comes_with_the_next_wait);
	tcase_add_test(t, a_regular_file_cannot_be_watched);
	tcase_add_test(t, no_descriptors_is_an_error_and_leaks_none);
	tcase_add_test(t, the_clocks_run);
	suite_add_tcase(s, t);
	return s;
}
