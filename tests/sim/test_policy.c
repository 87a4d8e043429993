/*
 * Decisions that wait: what else happens to the connection meanwhile changes nothing about them.
 */
#include "tests/sim/play.h"
#include "tests/unit/unit.h"

#define NAMED "GET http://www.example/a HTTP/1.1\r\nHost: www.example\r\n\r\n"

static struct sim_proxy sp;
static struct play_origin origin;

static void begin(const char *conf)
{
	sim_proxy_start(&sp, conf);
	play_serve(&origin, PLAY_ORIGIN);
}

static void setup(void)
{
	origin = (struct play_origin){ 0 };
}

static void teardown(void)
{
	sim_proxy_stop(&sp);
	play_origin_fini(&origin);
}

static void say_more(void *arg)
{
	sim_send(arg, SPAN(NAMED));
}

/*
 * Bytes behind a request whose addresses are still being looked up wake the transaction, but the
 * lookup is not over for that: a rule about addresses must see them.
 */
START_TEST(a_lookup_is_not_over_because_more_bytes_come)
{
	static const struct sim_answer here = { .ips = PLAY_ORIGIN, .ttl_s = 60, .delay_ms = 500 };
	struct play_client c = { 0 };

	begin("acl forbidden dst " PLAY_ORIGIN "\nhttp_access deny forbidden\n" PLAY_ALLOW);
	origin.reply[0] = PLAY_HELLO;
	sim_name("www.example", &here, NULL);
	play_client(&c, NAMED);
	sim_at(100, say_more, c.peer);
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, "HTTP/1.1 403 "), "%.*s", SPAN_ARG(sim_received(c.peer)));
	ck_assert_uint_eq(origin.n_opened, 0);
	ck_assert_uint_eq(play_count(play_log(), "TCP_DENIED/403 "), 2);
}
END_TEST

Suite *suite_policy(void);
Suite *suite_policy(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_lookup_is_not_over_because_more_bytes_come);
	suite_add_tcase(s, t);
	return s;
}
