/*
 * Dialling: the order of addresses, races between them, and what a failure is called.
 *
 * A listening socket whose queue is full does not answer further connects, which makes a black hole
 * on loopback.
 */
#include "tests/unit/net/dns_server.h"
#include "tests/unit/net/net_fixture.h"

#include "net/dial.h"
#include "net/dial_queue.h"
#include "net/net_conf.h"

#include <sys/resource.h>
#include <unistd.h>

static const struct dns_server_row rows[] = {
	{ "v4.example", 1, SAY_ANSWER, NULL, "127.0.0.1=300" },
	{ "v4.example", 28, SAY_ANSWER, NULL, NULL },
	{ "v6.example", 28, SAY_ANSWER, NULL, "::1=300" },
	{ "v6.example", 1, SAY_ANSWER, NULL, NULL },
	{ "both.example", 1, SAY_ANSWER, NULL, "127.0.0.1=300" },
	{ "both.example", 28, SAY_ANSWER, NULL, "::1=300" },
	{ "slow6.example", 1, SAY_ANSWER, NULL, "127.0.0.1=300" },
	{ "slow6.example", 28, SAY_NOTHING, NULL, NULL },
	{ "slow4.example", 28, SAY_ANSWER, NULL, "::1=300" },
	{ "slow4.example", 1, SAY_NOTHING, NULL, NULL },
	{ "silent.example", 0, SAY_NOTHING, NULL, NULL },
	{ "broken.example", 0, SAY_SERVFAIL, NULL, NULL },
	{ NULL, 0, SAY_NOTHING, NULL, NULL },
};

static struct loop *l;
static struct dns_server server;
static struct net_conf conf;
static struct dns_shared *shared;
static struct dns *dns;
static struct dial d;
static struct fixture_counter waiter;
static struct dial_request r;
static int fds[64];
static unsigned n_fds;

static void setup(void)
{
	l = fixture_loop();
	dns_server_start(&server, rows);
	net_conf_init(&conf);
	free(conf.dns.hosts_file);
	conf.dns.hosts_file = NULL;
	conf.dns.nameservers = check_calloc(1, sizeof(*conf.dns.nameservers));
	conf.dns.nameservers[0] = server.at;
	conf.dns.n_nameservers = 1;
	shared = dns_shared_new(&conf.dns);
	ck_assert_int_eq(dns_new(&dns, shared, l), ERR_NONE);
	fixture_counter_init(&waiter);
	n_fds = 0;
	r = (struct dial_request){
		.connect_timeout_ms = 60000,
		.forward_timeout_ms = 60000,
		.attempt_delay_ms = 60000, /* tests that want a race set it */
		.max_tries = 25,
	};
}

static void teardown(void)
{
	op_cancel(&d.op);
	stream_close(&d.stream, false);
	for (unsigned i = 0; i < n_fds; i++)
		close(fds[i]);
	dns_free(&dns);
	dns_shared_free(&shared);
	net_conf_fini(&conf);
	dns_server_stop(&server);
	loop_free(&l);
}

static int keep(int fd)
{
	ck_assert_uint_lt(n_fds, ARRAY_LEN(fds));
	fds[n_fds++] = fd;
	return fd;
}

/* Someone who answers, at that address; port 0: any. Returns the port. */
static uint16_t answering(const char *ip, uint16_t port)
{
	struct endpoint at = { fixture_ip(ip), port };

	keep(fixture_listen(&at));
	return at.port;
}

/* Someone whose queue is full. */
static uint16_t black_hole(const char *ip, uint16_t port)
{
	struct endpoint at = { fixture_ip(ip), port };
	int fd;

	ck_assert_int_eq(sock_listen(&at, 1, &fd), ERR_NONE);
	keep(fd);
	ck_assert_int_eq(sock_local(fd, &at), ERR_NONE);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(sock_connect(&at, NULL, NULL, &fd), ERR_NONE);
		keep(fd);
	}
	return at.port;
}

/* A port where nobody listens. */
static uint16_t nobody(const char *ip)
{
	struct endpoint at = { fixture_ip(ip), 0 };
	const int fd = fixture_listen(&at);

	close(fd);
	return at.port;
}

static void dial(void)
{
	if (dial_start(&d, dns, l, &r, &waiter.task) != OP_PENDING)
		return;
	TURN_UNTIL(l, d.op.status != OP_PENDING);
	ck_assert_ptr_null(d.state);
}

static void ck_connected_to(const char *ip)
{
	const struct ip want = fixture_ip(ip);

	ck_assert_msg(d.op.status == OP_READY, "%s", err_text(d.err));
	ck_assert_ptr_nonnull(d.stream);
	ck_assert(ip_eq(&d.at.ip, &want));
	ck_assert(ip_eq(&d.stream->peer.ip, &want));
	ck_assert_uint_eq(d.at.port, r.port);
	ck_assert(stream_is_writable(d.stream));
	ck_assert_ptr_null(d.stream->owner);
}

static void ck_failed(enum err e)
{
	ck_assert_int_eq(d.op.status, OP_FAILED);
	ck_assert_msg(d.err == e, "got: %s", err_text(d.err));
	ck_assert_ptr_null(d.stream);
}

/* --- the queue -------------------------------------------------------------------------------- */

static const struct {
	const char *in, *out;
} orders[] = {
	{ "", "" },
	{ "192.0.2.1", "192.0.2.1 " },
	{ "192.0.2.1 192.0.2.2", "192.0.2.1 192.0.2.2 " },
	{ "192.0.2.1 2001:db8::1", "2001:db8::1 192.0.2.1 " },
	{ "192.0.2.1 192.0.2.2 2001:db8::1", "2001:db8::1 192.0.2.1 192.0.2.2 " },
	{ "2001:db8::1 2001:db8::2 2001:db8::3 192.0.2.1",
	  "2001:db8::1 192.0.2.1 2001:db8::2 2001:db8::3 " },
};

START_TEST(families_alternate_from_ipv6_on)
{
	struct dial_queue q = { 0 };
	struct span rest = span_str(orders[_i].in);
	struct ip ip;
	char out[256] = "", text[IP_TEXT_MAX];

	while (rest.p != NULL && rest.n != 0) {
		ck_assert(ip_parse(span_cut(&rest, ' '), &ip));
		dial_queue_add(&q, &ip, 1);
	}
	while (dial_queue_take(&q, &ip)) {
		const size_t n = strlen(out);

		snprintf(out + n, sizeof(out) - n, "%s ", ip_text(&ip, text));
	}
	ck_assert_str_eq(out, orders[_i].out);
	ck_assert(dial_queue_is_empty(&q));
}
END_TEST

START_TEST(the_queue_takes_32_of_a_family)
{
	struct dial_queue q = { 0 };
	struct ip ip;
	unsigned n = 0;

	for (uint32_t i = 0; i < 100; i++) {
		ip = ip_from_v4(0xc0000200 + i);
		dial_queue_add(&q, &ip, 1);
	}
	while (dial_queue_take(&q, &ip))
		n++;
	ck_assert_uint_eq(n, DNS_IPS_MAX);
}
END_TEST

/* --- judged addresses ------------------------------------------------------------------------- */

START_TEST(a_judged_address_is_dialled_without_asking)
{
	const struct ip ips[] = { fixture_ip("127.0.0.1") };

	r.ips = ips;
	r.n_ips = 1;
	r.port = answering("127.0.0.1", 0);
	dial();
	ck_connected_to("127.0.0.1");
	ck_assert_uint_eq(d.tries, 1);
	ck_assert_uint_eq(server.asked, 0);
	ck_assert_int_eq(d.dns_us, 0);
	TURN_UNTIL(l, waiter.runs == 1);
}
END_TEST

START_TEST(after_a_refusal_the_next_address_follows_at_once)
{
	const struct ip ips[] = { fixture_ip("127.0.0.2"), fixture_ip("127.0.0.3"),
		                  fixture_ip("127.0.0.1") };

	r.ips = ips;
	r.n_ips = 3;
	r.port = answering("127.0.0.1", 0);
	dial();
	ck_connected_to("127.0.0.1");
	ck_assert_uint_eq(d.tries, 3);
}
END_TEST

START_TEST(tries_are_limited)
{
	const struct ip ips[] = { fixture_ip("127.0.0.2"), fixture_ip("127.0.0.3"),
		                  fixture_ip("127.0.0.1") };

	r.ips = ips;
	r.n_ips = 3;
	r.max_tries = 2;
	r.port = answering("127.0.0.1", 0);
	dial();
	ck_failed(ERR_REFUSED);
	ck_assert_uint_eq(d.tries, 2);
}
END_TEST

START_TEST(an_address_is_retried_as_often_as_configured)
{
	const struct ip ips[] = { fixture_ip("127.0.0.1") };

	r.ips = ips;
	r.n_ips = 1;
	r.connect_retries = 2;
	r.max_tries = 1; /* of addresses */
	r.port = nobody("127.0.0.1");
	dial();
	ck_failed(ERR_REFUSED);
	ck_assert_uint_eq(d.tries, 3);
	/* Within connect_timeout, so one that used it up is not retried. */
	r.connect_timeout_ms = 20;
	r.port = black_hole("127.0.0.1", 0);
	dial();
	ck_failed(ERR_TIMEOUT);
	ck_assert_uint_eq(d.tries, 1);
}
END_TEST

START_TEST(a_connect_that_takes_too_long_is_a_timeout)
{
	const struct ip ips[] = { fixture_ip("127.0.0.1") };

	r.ips = ips;
	r.n_ips = 1;
	r.connect_timeout_ms = 20;
	r.port = black_hole("127.0.0.1", 0);
	dial();
	ck_failed(ERR_TIMEOUT);
}
END_TEST

START_TEST(forward_timeout_ends_the_whole)
{
	const struct ip ips[] = { fixture_ip("127.0.0.1") };

	r.ips = ips;
	r.n_ips = 1;
	r.forward_timeout_ms = 20;
	r.port = black_hole("127.0.0.1", 0);
	dial();
	ck_failed(ERR_TIMEOUT);
}
END_TEST

START_TEST(a_silent_address_is_overtaken)
{
	const struct ip ips[] = { fixture_ip("127.0.0.2"), fixture_ip("127.0.0.1") };

	r.ips = ips;
	r.n_ips = 2;
	r.attempt_delay_ms = 5;
	r.port = answering("127.0.0.1", 0);
	black_hole("127.0.0.2", r.port);
	dial();
	ck_connected_to("127.0.0.1");
	ck_assert_uint_eq(d.tries, 2);
}
END_TEST

START_TEST(a_refusal_tells_more_than_a_timeout)
{
	const struct ip ips[] = { fixture_ip("127.0.0.2"), fixture_ip("127.0.0.3") };

	r.ips = ips;
	r.n_ips = 2;
	r.attempt_delay_ms = 5;
	r.connect_timeout_ms = 30;
	r.port = black_hole("127.0.0.2", 0);
	dial();
	ck_failed(ERR_REFUSED);
}
END_TEST

START_TEST(out_of_descriptors_is_told_apart)
{
	const struct ip ips[] = { fixture_ip("127.0.0.1") };
	struct rlimit was, none;

	r.ips = ips;
	r.n_ips = 1;
	r.port = answering("127.0.0.1", 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	dial();
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	ck_failed(ERR_NO_FDS);
}
END_TEST

START_TEST(the_source_address_is_that_of_the_family)
{
	const struct ip ips[] = { fixture_ip("127.0.0.1") };
	const struct endpoint from4 = { fixture_ip("127.0.0.9"), 0 },
			      from6 = { fixture_ip("::1"), 0 };
	struct endpoint mine;

	r.ips = ips;
	r.n_ips = 1;
	r.from4 = &from4;
	r.from6 = &from6;
	r.port = answering("127.0.0.1", 0);
	dial();
	ck_connected_to("127.0.0.1");
	ck_assert_int_eq(sock_local(d.stream->event.fd, &mine), ERR_NONE);
	ck_assert(ip_eq(&mine.ip, &from4.ip));
}
END_TEST

/* --- names ------------------------------------------------------------------------------------ */

START_TEST(a_name_of_either_family_is_dialled)
{
	r.host = _i == 0 ? SPAN("v4.example") : SPAN("v6.example");
	r.port = answering(_i == 0 ? "127.0.0.1" : "::1", 0);
	dial();
	ck_connected_to(_i == 0 ? "127.0.0.1" : "::1");
	ck_assert_int_gt(d.dns_us, 0);
}
END_TEST

START_TEST(ipv6_is_preferred)
{
	r.host = SPAN("both.example");
	r.port = answering("::1", 0);
	answering("127.0.0.1", r.port);
	dial();
	ck_connected_to("::1");
	ck_assert_uint_eq(d.tries, 1);
}
END_TEST

START_TEST(ipv4_does_not_wait_for_a_slow_ipv6_answer)
{
	r.host = SPAN("slow6.example");
	r.port = answering("127.0.0.1", 0);
	dial();
	ck_connected_to("127.0.0.1");
}
END_TEST

START_TEST(ipv6_does_not_wait_for_a_slow_ipv4_answer)
{
	r.host = SPAN("slow4.example");
	r.port = answering("::1", 0);
	dial();
	ck_connected_to("::1");
}
END_TEST

START_TEST(a_black_hole_in_ipv6_is_overtaken_by_ipv4)
{
	r.host = SPAN("both.example");
	r.attempt_delay_ms = 5;
	/* In this order: many ports are in use at 127.0.0.1, few at ::1. */
	r.port = answering("127.0.0.1", 0);
	black_hole("::1", r.port);
	dial();
	ck_connected_to("127.0.0.1");
	ck_assert_uint_eq(d.tries, 2);
}
END_TEST

START_TEST(a_refusal_in_ipv6_leads_to_ipv4)
{
	r.host = SPAN("both.example");
	r.port = answering("127.0.0.1", 0);
	dial();
	ck_connected_to("127.0.0.1");
	ck_assert_uint_eq(d.tries, 2);
}
END_TEST

START_TEST(names_that_fail_say_why)
{
	static const struct {
		struct span name;
		enum err err;
	} cases[] = { { SPAN("missing.example"), ERR_DNS_NAME },
		      { SPAN("broken.example"), ERR_DNS_SERVER } };

	r.host = cases[_i].name;
	r.port = 1;
	dial();
	ck_failed(cases[_i].err);
	ck_assert_uint_eq(d.tries, 0);
	/* The second time it is known, so it fails at once. */
	ck_assert_int_eq(dial_start(&d, dns, l, &r, &waiter.task), OP_FAILED);
	ck_assert_int_eq(d.err, cases[_i].err);
}
END_TEST

START_TEST(a_silent_name_server_is_a_dns_timeout)
{
	r.host = SPAN("silent.example");
	r.forward_timeout_ms = 20;
	r.port = 1;
	dial();
	ck_failed(ERR_DNS_TIMEOUT);
}
END_TEST

/* --- cancelling ------------------------------------------------------------------------------- */

static void ck_cancelled(void)
{
	const unsigned runs = waiter.runs;

	op_cancel(&d.op);
	ck_assert_int_eq(d.op.status, OP_IDLE);
	ck_assert_ptr_null(d.state);
	ck_assert_ptr_null(d.stream);
	for (int i = 0; i < 20; i++)
		loop_turn(l, 1);
	ck_assert_uint_eq(waiter.runs, runs);
}

START_TEST(cancelled_while_names_are_looked_up)
{
	r.host = SPAN("silent.example");
	ck_assert_int_eq(dial_start(&d, dns, l, &r, &waiter.task), OP_PENDING);
	loop_turn(l, 0);
	ck_cancelled();
}
END_TEST

START_TEST(cancelled_before_anything_happened)
{
	r.host = SPAN("v4.example");
	r.port = answering("127.0.0.1", 0);
	ck_assert_int_eq(dial_start(&d, dns, l, &r, &waiter.task), OP_PENDING);
	ck_cancelled();
}
END_TEST

START_TEST(cancelled_with_several_connects_under_way)
{
	const struct ip ips[] = { fixture_ip("127.0.0.2"), fixture_ip("127.0.0.3") };

	r.ips = ips;
	r.n_ips = 2;
	r.attempt_delay_ms = 1;
	r.port = black_hole("127.0.0.2", 0);
	black_hole("127.0.0.3", r.port);
	ck_assert_int_eq(dial_start(&d, dns, l, &r, &waiter.task), OP_PENDING);
	TURN_UNTIL(l, d.tries == 2);
	ck_cancelled();
}
END_TEST

START_TEST(cancelled_when_connected_but_not_yet_told)
{
	const struct ip ips[] = { fixture_ip("127.0.0.1") };

	r.ips = ips;
	r.n_ips = 1;
	r.port = answering("127.0.0.1", 0);
	ck_assert_int_eq(dial_start(&d, dns, l, &r, &waiter.task), OP_PENDING);
	ck_cancelled();
}
END_TEST

START_TEST(cancelled_after_a_refusal)
{
	const struct ip ips[] = { fixture_ip("127.0.0.3"), fixture_ip("127.0.0.2") };

	r.ips = ips;
	r.n_ips = 2;
	r.port = black_hole("127.0.0.2", 0);
	ck_assert_int_eq(dial_start(&d, dns, l, &r, &waiter.task), OP_PENDING);
	TURN_UNTIL(l, d.tries == 2);
	ck_cancelled();
}
END_TEST

Suite *suite_dial(void);
Suite *suite_dial(void)
{
	Suite *suite = suite_create("dial");
	TCase *t = tcase_create("dial");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, families_alternate_from_ipv6_on, 0, ARRAY_LEN(orders));
	tcase_add_test(t, the_queue_takes_32_of_a_family);
	tcase_add_test(t, a_judged_address_is_dialled_without_asking);
	tcase_add_test(t, after_a_refusal_the_next_address_follows_at_once);
	tcase_add_test(t, tries_are_limited);
	tcase_add_test(t, an_address_is_retried_as_often_as_configured);
	tcase_add_test(t, a_connect_that_takes_too_long_is_a_timeout);
	tcase_add_test(t, forward_timeout_ends_the_whole);
	tcase_add_test(t, a_silent_address_is_overtaken);
	tcase_add_test(t, a_refusal_tells_more_than_a_timeout);
	tcase_add_test(t, out_of_descriptors_is_told_apart);
	tcase_add_test(t, the_source_address_is_that_of_the_family);
	tcase_add_loop_test(t, a_name_of_either_family_is_dialled, 0, 2);
	tcase_add_test(t, ipv6_is_preferred);
	tcase_add_test(t, ipv4_does_not_wait_for_a_slow_ipv6_answer);
	tcase_add_test(t, ipv6_does_not_wait_for_a_slow_ipv4_answer);
	tcase_add_test(t, a_black_hole_in_ipv6_is_overtaken_by_ipv4);
	tcase_add_test(t, a_refusal_in_ipv6_leads_to_ipv4);
	tcase_add_loop_test(t, names_that_fail_say_why, 0, 2);
	tcase_add_test(t, a_silent_name_server_is_a_dns_timeout);
	tcase_add_test(t, cancelled_while_names_are_looked_up);
	tcase_add_test(t, cancelled_before_anything_happened);
	tcase_add_test(t, cancelled_with_several_connects_under_way);
	tcase_add_test(t, cancelled_when_connected_but_not_yet_told);
	tcase_add_test(t, cancelled_after_a_refusal);
	suite_add_tcase(suite, t);
	return suite;
}
