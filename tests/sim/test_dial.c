/*
 * Dialling in simulated time: which address wins the race and when (RFC 8305), which limit ends it,
 * and that cancelling at any step leaves nothing behind.
 */
#include "tests/sim/sim.h"
#include "tests/unit/unit.h"

#include "net/dial.h"
#include "net/net_conf.h"

#define V4       "192.0.2.1"
#define V4_OTHER "192.0.2.2"
#define V6       "2001:db8::1"
#define V6_OTHER "2001:db8::2"
#define NEVER    INT64_MAX

static struct loop *l;
static struct dns_shared *shared;
static struct dns *dns;
static struct endpoint server;

static struct {
	struct task task;
	struct dial dial;
	unsigned n_ended;
	int64_t ended_ms;
} caller;

static struct endpoint at(const char *ip)
{
	struct endpoint e = { .port = 80 };

	ck_assert(ip_parse(span_str(ip), &e.ip));
	return e;
}

static void stop(void *arg UNUSED)
{
	loop_stop(l);
}

static void on_ended(struct task *t UNUSED)
{
	caller.n_ended++;
	caller.ended_ms = sim_now_ms();
	if (caller.dial.op.status == OP_READY)
		stream_close(&caller.dial.stream, false);
}

static void setup(void)
{
	struct dns_conf c = {
		.nameservers = &server,
		.n_nameservers = 1,
		.timeout_ms = 30000,
		.retransmit_ms = 5000,
		.positive_ttl_ms = 6 * 3600 * 1000,
		.negative_ttl_ms = 60000,
		.ipcache_size = 1024,
		.ipcache_low = 90,
		.ipcache_high = 95,
	};

	sim_init();
	sim_on_idle(stop, NULL);
	server = at("192.0.2.53");
	ck_assert_int_eq(loop_new(&l), ERR_NONE);
	shared = dns_shared_new(&c);
	ck_assert_int_eq(dns_new(&dns, shared, l), ERR_NONE);
	memset(&caller, 0, sizeof(caller));
	task_init(&caller.task, on_ended);
}

static void teardown(void)
{
	dns_free(&dns);
	dns_shared_free(&shared);
	loop_free(&l);
	sim_fini(); /* fails if a descriptor is left */
}

static struct dial_request request(void)
{
	return (struct dial_request){
		.host = SPAN("www.example.com"),
		.port = 80,
		.connect_timeout_ms = 60000,
		.forward_timeout_ms = 240000,
		.attempt_delay_ms = 250,
		.max_tries = 25,
	};
}

static void serve(const char *ip, enum sim_fate fate, int64_t after_ms)
{
	const struct endpoint e = at(ip);

	sim_serve(&e, fate, after_ms, NULL, NULL);
}

static void dial(const struct dial_request *q)
{
	if (dial_start(&caller.dial, dns, l, q, &caller.task) != OP_PENDING)
		on_ended(&caller.task);
	loop_run(l);
	ck_assert_uint_eq(caller.n_ended, 1);
}

/* --- the race --------------------------------------------------------------------------------- */

struct host {
	const char *ip;
	enum sim_fate fate;
	int64_t after_ms;
};

static const struct {
	const char *name;
	struct sim_answer a, aaaa;
	struct host hosts[4];
	/* what comes of it */
	enum err err;
	const char *won;
	int64_t ended_ms;
	unsigned tries;
} races[] = {
	{ "only an IPv4 address",
	  { .ips = V4 },
	  { 0 },
	  { { V4, SIM_ACCEPT, 20 } },
	  ERR_NONE,
	  V4,
	  20,
	  1 },
	{ "only an IPv6 address",
	  { 0 },
	  { .ips = V6 },
	  { { V6, SIM_ACCEPT, 20 } },
	  ERR_NONE,
	  V6,
	  20,
	  1 },
	{ "IPv6 first, where both are known",
	  { .ips = V4 },
	  { .ips = V6 },
	  { { V4, SIM_ACCEPT, 0 }, { V6, SIM_ACCEPT, 100 } },
	  ERR_NONE,
	  V6,
	  100,
	  1 },
	{ "an IPv6 answer does not wait for the IPv4 one",
	  { .ips = V4, .delay_ms = 5000 },
	  { .ips = V6, .delay_ms = 10 },
	  { { V6, SIM_ACCEPT, 5 } },
	  ERR_NONE,
	  V6,
	  15,
	  1 },
	{ "an IPv4 answer waits 50 ms for the IPv6 one",
	  { .ips = V4, .delay_ms = 10 },
	  { .ips = V6, .delay_ms = 5000 },
	  { { V4, SIM_ACCEPT, 0 }, { V6, SIM_ACCEPT, 0 } },
	  ERR_NONE,
	  V4,
	  60,
	  1 },
	{ "an IPv6 answer within those 50 ms goes first",
	  { .ips = V4, .delay_ms = 10 },
	  { .ips = V6, .delay_ms = 40 },
	  { { V4, SIM_ACCEPT, 0 }, { V6, SIM_ACCEPT, 1 } },
	  ERR_NONE,
	  V6,
	  41,
	  1 },
	{ "IPv6 leads nowhere: IPv4 is tried beside it after 250 ms",
	  { .ips = V4 },
	  { .ips = V6 },
	  { { V4, SIM_ACCEPT, 30 }, { V6, SIM_HANG, 0 } },
	  ERR_NONE,
	  V4,
	  280,
	  2 },
	{ "a slow first attempt may still win",
	  { .ips = V4 },
	  { .ips = V6 },
	  { { V4, SIM_ACCEPT, 400 }, { V6, SIM_ACCEPT, 300 } },
	  ERR_NONE,
	  V6,
	  300,
	  2 },
	{ "a refusal leads to the next address at once",
	  { .ips = V4 },
	  { .ips = V6 },
	  { { V4, SIM_ACCEPT, 5 }, { V6, SIM_REFUSE, 7 } },
	  ERR_NONE,
	  V4,
	  12,
	  2 },
	{ "families take turns",
	  { .ips = V4 " " V4_OTHER },
	  { .ips = V6 " " V6_OTHER },
	  { { V4, SIM_REFUSE, 1 },
	    { V6, SIM_REFUSE, 1 },
	    { V4_OTHER, SIM_ACCEPT, 1 },
	    { V6_OTHER, SIM_REFUSE, 1 } },
	  ERR_NONE,
	  V4_OTHER,
	  4,
	  4 },
	{ "all refuse",
	  { .ips = V4 },
	  { .ips = V6 },
	  { { V4, SIM_REFUSE, 10 }, { V6, SIM_REFUSE, 10 } },
	  ERR_REFUSED,
	  NULL,
	  20,
	  2 },
	{ "nobody answers: connect_timeout",
	  { .ips = V4 },
	  { 0 },
	  { { V4, SIM_HANG, 0 } },
	  ERR_TIMEOUT,
	  NULL,
	  60000,
	  1 },
	{ "no such name",
	  { .err = ERR_DNS_NAME },
	  { .err = ERR_DNS_NAME },
	  { { NULL } },
	  ERR_DNS_NAME,
	  NULL,
	  0,
	  0 },
	{ "a name without addresses", { 0 }, { 0 }, { { NULL } }, ERR_DNS_NODATA, NULL, 0, 0 },
	{ "the name servers fail",
	  { .err = ERR_DNS_SERVER, .delay_ms = 7 },
	  { .err = ERR_DNS_SERVER },
	  { { NULL } },
	  ERR_DNS_SERVER,
	  NULL,
	  7,
	  0 },
	{ "the name servers say nothing: dns_timeout",
	  { .err = ERR_DNS_TIMEOUT },
	  { .err = ERR_DNS_TIMEOUT },
	  { { NULL } },
	  ERR_DNS_TIMEOUT,
	  NULL,
	  30000,
	  0 },
	{ "one family's servers say nothing, the other's address serves",
	  { .ips = V4 },
	  { .err = ERR_DNS_TIMEOUT },
	  { { V4, SIM_ACCEPT, 0 } },
	  ERR_NONE,
	  V4,
	  50,
	  1 },
};

static void build(size_t i)
{
	sim_name("www.example.com", &races[i].a, &races[i].aaaa);
	for (size_t k = 0; k < ARRAY_LEN(races[i].hosts) && races[i].hosts[k].ip != NULL; k++)
		serve(races[i].hosts[k].ip, races[i].hosts[k].fate, races[i].hosts[k].after_ms);
}

START_TEST(the_race_ends_as_rfc_8305_has_it)
{
	const struct dial_request q = request();
	const char *name = races[_i].name;

	build((size_t)_i);
	dial(&q);
	ck_assert_msg(caller.dial.err == races[_i].err, "%s: %s", name, err_text(caller.dial.err));
	ck_assert_msg(caller.ended_ms == races[_i].ended_ms, "%s: %lld ms", name,
	              (long long)caller.ended_ms);
	ck_assert_msg(caller.dial.tries == races[_i].tries, "%s: %u tries", name,
	              caller.dial.tries);
	if (races[_i].won != NULL) {
		const struct endpoint e = at(races[_i].won);

		ck_assert_msg(ip_eq(&caller.dial.at.ip, &e.ip), "%s", name);
		ck_assert_int_eq(caller.dial.op.status, OP_READY);
	} else {
		ck_assert_int_eq(caller.dial.op.status, OP_FAILED);
	}
	ck_assert_uint_eq(sim_open_fds(), 0);
}
END_TEST

/* --- limits ----------------------------------------------------------------------------------- */

START_TEST(forward_timeout_ends_what_connect_timeout_would_not)
{
	struct dial_request q = request();
	const struct sim_answer a = { .ips = V4 " " V4_OTHER };

	q.forward_timeout_ms = 10000;
	sim_name("www.example.com", &a, NULL);
	serve(V4, SIM_HANG, 0);
	serve(V4_OTHER, SIM_HANG, 0);
	dial(&q);
	ck_assert_int_eq(caller.dial.err, ERR_TIMEOUT);
	ck_assert_int_eq(caller.ended_ms, 10000);
	ck_assert_uint_eq(sim_open_fds(), 0);
}
END_TEST

START_TEST(max_tries_bounds_the_attempts)
{
	struct dial_request q = request();
	const struct sim_answer a = { .ips = V4 " " V4_OTHER " 192.0.2.3 192.0.2.4" };

	q.max_tries = 2;
	sim_name("www.example.com", &a, NULL);
	dial(&q);
	ck_assert_int_eq(caller.dial.err, ERR_REFUSED);
	ck_assert_uint_eq(caller.dial.tries, 2);
}
END_TEST

START_TEST(the_judged_addresses_are_dialled_and_nothing_is_asked)
{
	const struct ip judged[] = { at(V4).ip, at(V4_OTHER).ip };
	struct dial_request q = request();

	q.ips = judged;
	q.n_ips = 2;
	serve(V4, SIM_REFUSE, 0);
	serve(V4_OTHER, SIM_ACCEPT, 0);
	dial(&q);
	ck_assert_int_eq(caller.dial.err, ERR_NONE);
	ck_assert(ip_eq(&caller.dial.at.ip, &judged[1]));
	ck_assert_uint_eq(sim_queries(), 0);
}
END_TEST

START_TEST(out_of_descriptors_is_said)
{
	const struct dial_request q = request();
	const struct sim_answer a = { .ips = V4 };
	int fd;

	sim_name("www.example.com", &a, NULL);
	ck_assert_int_eq(sock_listen(&server, 0, &fd), ERR_NONE);
	sim_set_fd_limit(1);
	dial(&q);
	ck_assert_int_eq(caller.dial.err, ERR_NO_FDS);
	sock_close(fd);
}
END_TEST

START_TEST(answers_are_kept_for_their_ttl)
{
	const struct dial_request q = request();
	const struct sim_answer a = { .ips = V4, .ttl_s = 300 };

	sim_name("www.example.com", &a, NULL);
	serve(V4, SIM_ACCEPT, 0);
	dial(&q);
	ck_assert_uint_eq(sim_queries(), 2);
	for (int64_t until = 290000; sim_now_ms() < until;)
		loop_turn(l, until - sim_now_ms());
	caller.n_ended = 0;
	dial(&q);
	/* No addresses is a failure, kept for negative_dns_ttl only: asked again, IPv4 is not. */
	ck_assert_uint_eq(sim_queries(), 3);
	for (int64_t until = 310000; sim_now_ms() < until;)
		loop_turn(l, until - sim_now_ms());
	caller.n_ended = 0;
	dial(&q);
	ck_assert_uint_eq(sim_queries(), 4);
}
END_TEST

/* --- cancelling ------------------------------------------------------------------------------- */

static void cancel(void *arg UNUSED)
{
	/* At a step, the loop waits: what a task would do. */
	op_cancel(&caller.dial.op);
}

START_TEST(cancelling_at_any_step_is_final_and_leaves_nothing)
{
	const struct dial_request q = request();
	unsigned n = 1, steps = 0;

	for (; n == 1 || n <= steps + 1; n++) {
		build((size_t)_i);
		sim_at_step(n, cancel, NULL);
		if (dial_start(&caller.dial, dns, l, &q, &caller.task) == OP_PENDING) {
			loop_run(l);
			ck_assert(caller.n_ended == 1 || caller.dial.err == ERR_CANCELLED);
		}
		ck_assert_uint_le(caller.n_ended, 1);
		ck_assert_uint_eq(sim_open_fds(), 0);
		ck_assert_ptr_null(caller.dial.state);
		steps = sim_steps();
		teardown();
		setup();
	}
}
END_TEST

Suite *suite_dial(void);
Suite *suite_dial(void)
{
	Suite *s = suite_create("dial");
	TCase *t = tcase_create("dial");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, the_race_ends_as_rfc_8305_has_it, 0, ARRAY_LEN(races));
	tcase_add_test(t, forward_timeout_ends_what_connect_timeout_would_not);
	tcase_add_test(t, max_tries_bounds_the_attempts);
	tcase_add_test(t, the_judged_addresses_are_dialled_and_nothing_is_asked);
	tcase_add_test(t, out_of_descriptors_is_said);
	tcase_add_test(t, answers_are_kept_for_their_ttl);
	tcase_add_loop_test(t, cancelling_at_any_step_is_final_and_leaves_nothing, 0,
	                    ARRAY_LEN(races));
	suite_add_tcase(s, t);
	return s;
}
