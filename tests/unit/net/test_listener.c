/*
 * Accepting: addresses, pausing, and what happens when descriptors run out.
 */
#include "tests/unit/net/net_fixture.h"

#include "base/counters.h"
#include "net/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

static struct loop *l;
static struct listener *listener;
static struct endpoint at;
static int listen_fd;

static struct {
	unsigned n, n_short;
	int fds[64];
	struct endpoint peer, local; /* of the last one */
} got;

static void on_connection(void *arg, int fd, const struct endpoint *peer,
                          const struct endpoint *local)
{
	ck_assert_ptr_eq(arg, &got);
	if (fd < 0) {
		got.n_short++;
		return;
	}
	ck_assert_uint_lt(got.n, ARRAY_LEN(got.fds));
	got.fds[got.n++] = fd;
	got.peer = *peer;
	got.local = *local;
}

static void setup(void)
{
	got.n = got.n_short = 0;
	l = fixture_loop();
}

static void listen_at(const char *ip)
{
	at = (struct endpoint){ fixture_ip(ip), 0 };
	listen_fd = fixture_listen(&at);
	ck_assert_int_eq(listener_new(&listener, l, listen_fd, on_connection, &got), ERR_NONE);
}

static void teardown(void)
{
	for (unsigned i = 0; i < got.n; i++)
		close(got.fds[i]);
	listener_free(&listener);
	close(listen_fd);
	loop_free(&l);
}

static int dial_from(const char *ip)
{
	const struct endpoint to = { fixture_ip(ip), at.port };
	int fd;

	ck_assert_int_eq(sock_connect(&to, NULL, NULL, &fd), ERR_NONE);
	return fd;
}

static const struct {
	const char *listen, *connect;
} addresses[] = {
	{ "127.0.0.1", "127.0.0.1" },
	{ "0.0.0.0", "127.0.0.1" },
	{ "0.0.0.0", "127.0.0.7" },
	{ "::1", "::1" },
	{ "::", "::1" },
	{ "::", "127.0.0.5" },
};

START_TEST(both_addresses_of_a_connection_are_told)
{
	struct endpoint mine;

	listen_at(addresses[_i].listen);
	const int fd = dial_from(addresses[_i].connect);
	const struct ip want = fixture_ip(addresses[_i].connect);

	TURN_UNTIL(l, got.n == 1);
	ck_assert_int_eq(sock_local(fd, &mine), ERR_NONE);
	ck_assert(ip_eq(&got.local.ip, &want));
	ck_assert_uint_eq(got.local.port, at.port);
	ck_assert(ip_eq(&got.peer.ip, &mine.ip));
	ck_assert_uint_eq(got.peer.port, mine.port);
	close(fd);
}
END_TEST

/* What is set on the listening socket, those accepted have too. */
START_TEST(settings_are_inherited)
{
	const struct sock_keepalive k = {
		.is_on = true, .idle_s = 61, .interval_s = 31, .probes = 3
	};
	const struct {
		int level, name, want;
	} rows[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 61 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 31 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },
		{ IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT },
	};

	listen_at("127.0.0.1");
	sock_set_keepalive(listen_fd, &k);
	sock_stop_pmtu_discovery(listen_fd);
	const int fd = dial_from("127.0.0.1");

	TURN_UNTIL(l, got.n == 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int value = -1;
		socklen_t n = sizeof(value);

		ck_assert_int_eq(getsockopt(got.fds[0], rows[i].level, rows[i].name, &value, &n),
		                 0);
		ck_assert_msg(value == rows[i].want, "row %zu: %d", i, value);
	}
	close(fd);
}
END_TEST

/* Who says nothing is not accepted, and who does is. */
START_TEST(accepting_can_wait_for_data)
{
	listen_at("127.0.0.1");
	sock_set_defer_accept(listen_fd, 60);
	const int silent = dial_from("127.0.0.1"), fd = dial_from("127.0.0.1");
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	ck_assert_int_eq(poll(&p, 1, 10000), 1);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	TURN_UNTIL(l, got.n == 1);
	loop_turn(l, 0);
	ck_assert_uint_eq(got.n, 1);
	close(silent);
	close(fd);
}
END_TEST

START_TEST(a_crowd_is_accepted)
{
	int fds[50];

	listen_at("127.0.0.1");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = dial_from("127.0.0.1");
	TURN_UNTIL(l, got.n == ARRAY_LEN(fds));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}
END_TEST

/* The lowest free descriptor: with it as the limit, nothing can be opened. */
static void allow_no_more_fds(struct rlimit *was)
{
	const int lowest = dup(0);
	struct rlimit r;

	ck_assert_int_ge(lowest, 0);
	close(lowest);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, was), 0);
	r = *was;
	r.rlim_cur = (rlim_t)lowest;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &r), 0);
}

START_TEST(without_descriptors_accepting_pauses_and_goes_on)
{
	struct rlimit was;
	const uint64_t pauses = counters_sum(COUNT_ACCEPT_PAUSES);

	listen_at("127.0.0.1");
	const int fd = dial_from("127.0.0.1");

	allow_no_more_fds(&was);
	TURN_UNTIL(l, counters_sum(COUNT_ACCEPT_PAUSES) > pauses);
	ck_assert_uint_eq(got.n, 0);
	ck_assert_uint_eq(got.n_short, 1);
	/* It does not spin: the next turn waits for the timer, not for the socket. */
	loop_turn(l, 0);
	loop_turn(l, 0);
	ck_assert_uint_eq(counters_sum(COUNT_ACCEPT_PAUSES), pauses + 1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	TURN_UNTIL(l, got.n == 1);
	close(fd);
}
END_TEST

Suite *suite_listener(void);
Suite *suite_listener(void)
{
	Suite *suite = suite_create("listener");
	TCase *t = tcase_create("listener");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, both_addresses_of_a_connection_are_told, 0, ARRAY_LEN(addresses));
	tcase_add_test(t, settings_are_inherited);
	tcase_add_test(t, accepting_can_wait_for_data);
	tcase_add_test(t, a_crowd_is_accepted);
	tcase_add_test(t, without_descriptors_accepting_pauses_and_goes_on);
	suite_add_tcase(suite, t);
	return suite;
}
