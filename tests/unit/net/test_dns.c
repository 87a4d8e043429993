/*
 * Lookups through the whole resolver: files, map, c-ares, and a scripted name server on loopback.
 */
#include "tests/unit/net/dns_server.h"
#include "tests/unit/net/net_fixture.h"

#include "base/counters.h"
#include "net/dns_map.h"

#include <unistd.h>

static const struct dns_server_row rows[] = {
	{ "one.example", 1, SAY_ANSWER, NULL, "192.0.2.1=300" },
	{ "one.example", 28, SAY_ANSWER, NULL, NULL },
	{ "two.example", 1, SAY_ANSWER, NULL, "192.0.2.1=300 192.0.2.2=7200" },
	{ "two.example", 28, SAY_ANSWER, NULL, "2001:db8::1=300" },
	{ "alias.example", 1, SAY_ANSWER, "middle.example=120 end.example=90", "192.0.2.3=300" },
	{ "nowhere.example", 1, SAY_ANSWER, "middle.example=120", NULL },
	{ "big.example", 1, SAY_TRUNCATED, NULL, "192.0.2.4=300 192.0.2.5=300" },
	{ "broken.example", 0, SAY_SERVFAIL, NULL, NULL },
	{ "refused.example", 0, SAY_REFUSED, NULL, NULL },
	{ "noise.example", 0, SAY_GARBAGE, NULL, NULL },
	{ "silent.example", 0, SAY_NOTHING, NULL, NULL },
	{ "forged.example", 0, SAY_WRONG_ID, NULL, "192.0.2.66=300" },
	{ "swapped.example", 0, SAY_WRONG_NAME, NULL, "192.0.2.66=300" },
	{ "mapped.example", 28, SAY_ANSWER, NULL, "::ffff:127.0.0.1=300" },
	{ "signed.example", 1, SAY_ANSWER, NULL, "192.0.2.6=2147483648" },
	{ "brief.example", 1, SAY_ANSWER, NULL, "192.0.2.6=0" },
	{ "svc.ns.cluster.local", 1, SAY_ANSWER, NULL, "192.0.2.7=300" },
	{ "deep.svc.ns.cluster.local", 1, SAY_ANSWER, NULL, "192.0.2.8=300" },
	{ "dotless.corp.example", 1, SAY_ANSWER, NULL, "192.0.2.9=300" },
	{ "9.2.0.192.in-addr.arpa", 12, SAY_ANSWER, NULL, "Dotless.Corp.Example=300" },
	{ "8.2.0.192.in-addr.arpa", 12, SAY_ANSWER, "8.0/25.2.0.192.in-addr.arpa=60",
	  "deep.example=300" },
	{ "7.2.0.192.in-addr.arpa", 12, SAY_ANSWER, NULL, "a<b>.example=300" },
	{ NULL, 0, SAY_NOTHING, NULL, NULL },
};

static struct loop *l;
static struct dns_server server;
static struct net_conf conf;
static struct dns_shared *shared;
static struct dns *dns;
static struct dns_query q;
static struct fixture_counter waiter;

static void setup(void)
{
	l = fixture_loop();
	dns_server_start(&server, rows);
	net_conf_init(&conf);
	free(conf.dns.hosts_file);
	conf.dns.hosts_file = NULL;
	conf.dns.nameservers = check_calloc(2, sizeof(*conf.dns.nameservers));
	conf.dns.nameservers[0] = server.at;
	conf.dns.n_nameservers = 1;
	fixture_counter_init(&waiter);
	dns = NULL;
	shared = NULL;
}

static void start(void)
{
	shared = dns_shared_new(&conf.dns);
	ck_assert_int_eq(dns_new(&dns, shared, l), ERR_NONE);
}

static void teardown(void)
{
	op_cancel(&q.op);
	dns_answer_unref(&q.answer);
	dns_free(&dns);
	dns_shared_free(&shared);
	net_conf_fini(&conf);
	dns_server_stop(&server);
	loop_free(&l);
}

/* A lookup to its end. */
static const struct dns_answer *look_up(const char *name, enum dns_kind kind)
{
	dns_answer_unref(&q.answer);
	if (dns_lookup(dns, NULL, span_str(name), kind, &q, &waiter.task) == OP_PENDING)
		TURN_UNTIL(l, q.op.status != OP_PENDING);
	ck_assert_int_eq(q.op.status, OP_READY);
	return q.answer;
}

static void ck_first_ip(const struct dns_answer *a, const char *text)
{
	const struct ip want = fixture_ip(text);

	ck_assert_int_eq(a->err, ERR_NONE);
	ck_assert_uint_ge(a->n, 1);
	ck_assert(ip_eq(&a->ips[0], &want));
}

/* name, kind, what comes of it */
static const struct {
	const char *name;
	enum dns_kind kind;
	enum err err;
	unsigned n;
	const char *first;
} simple[] = {
	{ "one.example", DNS_A, ERR_NONE, 1, "192.0.2.1" },
	{ "one.example", DNS_AAAA, ERR_DNS_NODATA, 0, NULL },
	{ "two.example", DNS_A, ERR_NONE, 2, "192.0.2.1" },
	{ "two.example", DNS_AAAA, ERR_NONE, 1, "2001:db8::1" },
	{ "missing.example", DNS_A, ERR_DNS_NAME, 0, NULL },
	{ "alias.example", DNS_A, ERR_NONE, 1, "192.0.2.3" },
	{ "nowhere.example", DNS_A, ERR_DNS_NODATA, 0, NULL },
	{ "mapped.example", DNS_AAAA, ERR_DNS_NODATA, 0, NULL },
	{ "big.example", DNS_A, ERR_NONE, 2, "192.0.2.4" },
	{ "broken.example", DNS_A, ERR_DNS_SERVER, 0, NULL },
	{ "refused.example", DNS_A, ERR_DNS_SERVER, 0, NULL },
	{ "noise.example", DNS_A, ERR_DNS_SERVER, 0, NULL },
	{ "noise.example", DNS_AAAA, ERR_DNS_SERVER, 0, NULL },
	{ "", DNS_A, ERR_DNS_NAME, 0, NULL },
	{ "a..b.example", DNS_A, ERR_DNS_NAME, 0, NULL },
};

START_TEST(each_answer_has_its_meaning)
{
	start();
	const struct dns_answer *a = look_up(simple[_i].name, simple[_i].kind);

	ck_assert_msg(a->err == simple[_i].err, "%s: %s", simple[_i].name, err_text(a->err));
	ck_assert_uint_eq(a->n, simple[_i].n);
	if (simple[_i].first != NULL)
		ck_first_ip(a, simple[_i].first);
}
END_TEST

START_TEST(a_label_of_64_bytes_is_no_name)
{
	char name[80] = "";

	memset(name, 'a', 64);
	start();
	ck_assert_int_eq(look_up(name, DNS_A)->err, ERR_DNS_NAME);
}
END_TEST

START_TEST(a_truncated_answer_is_asked_for_by_tcp)
{
	start();
	look_up("big.example", DNS_A);
	ck_assert_uint_eq(server.asked_tcp, 1);
}
END_TEST

/* The smallest TTL of the chain, within [negative_dns_ttl, positive_dns_ttl]. */
static const struct {
	const char *name;
	int64_t floor_s, cap_s, want_s;
} ttls[] = {
	{ "one.example", 1, 3600, 300 },     { "two.example", 1, 3600, 300 },
	{ "alias.example", 1, 3600, 90 },    { "one.example", 600, 3600, 600 },
	{ "one.example", 1, 60, 60 },        { "brief.example", 10, 3600, 10 },
	{ "signed.example", 10, 3600, 10 }, /* RFC 2181 8: counts as 0 */
	{ "missing.example", 10, 3600, 10 }, { "broken.example", 10, 3600, 10 },
};

START_TEST(answers_live_as_long_as_they_should)
{
	conf.dns.negative_ttl_ms = ttls[_i].floor_s * 1000;
	conf.dns.positive_ttl_ms = ttls[_i].cap_s * 1000;
	start();
	const int64_t before = loop_now_ms(l);
	const struct dns_answer *a = look_up(ttls[_i].name, DNS_A);

	ck_assert_int_ge(a->expires_ms, before + ttls[_i].want_s * 1000);
	ck_assert_int_le(a->expires_ms, loop_now_ms(l) + ttls[_i].want_s * 1000);
}
END_TEST

START_TEST(a_known_answer_is_ready_at_once)
{
	start();
	const uint64_t hits = counters_sum(COUNT_DNS_HITS);

	look_up("one.example", DNS_A);
	const unsigned asked = server.asked;

	dns_answer_unref(&q.answer);
	ck_assert_int_eq(dns_lookup(dns, NULL, SPAN("ONE.example."), DNS_A, &q, &waiter.task),
	                 OP_READY);
	ck_first_ip(q.answer, "192.0.2.1");
	look_up("missing.example", DNS_A);
	look_up("missing.example", DNS_A);
	ck_assert_uint_eq(server.asked, asked + 1);
	ck_assert_uint_eq(counters_sum(COUNT_DNS_HITS), hits + 2);
}
END_TEST

START_TEST(an_answer_that_is_too_old_is_asked_for_again)
{
	conf.dns.negative_ttl_ms = 1;
	start();
	look_up("brief.example", DNS_A);
	const int64_t expires = q.answer->expires_ms;

	TURN_UNTIL(l, (loop_turn(l, 1), loop_now_ms(l) >= expires));
	look_up("brief.example", DNS_A);
	ck_assert_uint_eq(server.asked, 2);
	ck_assert_uint_eq(dns_map_count(shared), 1);
}
END_TEST

START_TEST(one_question_for_many_who_ask)
{
	struct dns_query many[20];

	start();
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		ck_assert_int_eq(
			dns_lookup(dns, NULL, SPAN("one.example"), DNS_A, &many[i], &waiter.task),
			OP_PENDING);
	op_cancel(&many[0].op);
	op_cancel(&many[7].op);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		if (i == 0 || i == 7) {
			ck_assert_ptr_null(many[i].answer);
			continue;
		}
		TURN_UNTIL(l, many[i].op.status == OP_READY);
		ck_first_ip(many[i].answer, "192.0.2.1");
		dns_answer_unref(&many[i].answer);
	}
	ck_assert_uint_eq(server.asked, 1);
}
END_TEST

START_TEST(a_lookup_goes_on_when_all_who_asked_have_left)
{
	start();
	ck_assert_int_eq(dns_lookup(dns, NULL, SPAN("one.example"), DNS_A, &q, &waiter.task),
	                 OP_PENDING);
	op_cancel(&q.op);
	ck_assert_int_eq(q.op.status, OP_IDLE);
	TURN_UNTIL(l, atomic_load(&shared->in_flight) == 0);
	ck_assert_int_eq(dns_lookup(dns, NULL, SPAN("one.example"), DNS_A, &q, &waiter.task),
	                 OP_READY);
	ck_assert_uint_eq(waiter.runs, 0);
}
END_TEST

/* Clients that ask for names which nobody answers, and leave, must not use up what is for all. */
START_TEST(lookups_that_nobody_waits_for_make_room)
{
	static struct dns_query many[200];
	char name[64];

	conf.dns.ipcache_size = 1; /* 256 lookups at a time */
	atomic_store(&server.is_held, 1);
	start();
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		ck_assert_int_eq(
			dns_lookup(dns, NULL, span_str(name), DNS_A, &many[i], &waiter.task),
			OP_PENDING);
		if (i != 7)
			op_cancel(&many[i].op);
	}
	/* As long as half of the room is taken, and long before dns_timeout. */
	TURN_UNTIL(l, atomic_load(&shared->in_flight) < 128);
	atomic_store(&server.is_held, 0);
	TURN_UNTIL(l, many[7].op.status == OP_READY);
	ck_assert_int_eq(many[7].answer->err, ERR_DNS_NAME);
	dns_answer_unref(&many[7].answer);
	/* What was given up is no answer. */
	ck_assert_int_eq(look_up("n8.example", DNS_A)->err, ERR_DNS_NAME);
}
END_TEST

START_TEST(silence_ends_by_dns_timeout)
{
	conf.dns.timeout_ms = 40;
	conf.dns.retransmit_ms = 10;
	start();
	ck_assert_int_eq(look_up("silent.example", DNS_A)->err, ERR_DNS_TIMEOUT);
	ck_assert_uint_ge(server.asked, 1);
}
END_TEST

START_TEST(forged_answers_are_not_believed)
{
	conf.dns.timeout_ms = 40;
	start();
	ck_assert_int_eq(look_up(_i == 0 ? "forged.example" : "swapped.example", DNS_A)->err,
	                 ERR_DNS_TIMEOUT);
}
END_TEST

START_TEST(a_second_server_is_asked_when_the_first_fails)
{
	static const struct dns_server_row others[] = {
		{ "broken.example", 1, SAY_ANSWER, NULL, "192.0.2.99=300" },
		{ "silent.example", 1, SAY_ANSWER, NULL, "192.0.2.98=300" },
		{ NULL, 0, SAY_NOTHING, NULL, NULL },
	};
	struct dns_server second;

	dns_server_start(&second, others);
	conf.dns.nameservers[1] = second.at;
	conf.dns.n_nameservers = 2;
	conf.dns.retransmit_ms = 20;
	start();
	ck_first_ip(look_up("broken.example", DNS_A), "192.0.2.99");
	ck_first_ip(look_up("silent.example", DNS_A), "192.0.2.98");
	dns_server_stop(&second);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_a_server_failure)
{
	conf.dns.nameservers[0].port = 9; /* discard: nobody listens there */
	conf.dns.timeout_ms = 1000;
	start();
	const struct dns_answer *a = look_up("one.example", DNS_A);

	ck_assert(a->err == ERR_DNS_SERVER || a->err == ERR_DNS_TIMEOUT);
}
END_TEST

START_TEST(edns_is_spoken_if_configured)
{
	conf.dns.packet_max = 1232;
	start();
	ck_first_ip(look_up("one.example", DNS_A), "192.0.2.1");
}
END_TEST

START_TEST(append_domain_completes_names_without_dots)
{
	conf.dns.append_domain = check_strdup(".corp.example");
	start();
	ck_first_ip(look_up("dotless", DNS_A), "192.0.2.9");
	ck_assert_int_eq(look_up("missing", DNS_A)->err, ERR_DNS_NAME);
}
END_TEST

START_TEST(check_hostnames_refuses_before_asking)
{
	conf.dns.check_hostnames = true;
	conf.dns.allow_underscore = false;
	start();
	ck_assert_int_eq(look_up("a_b.example", DNS_A)->err, ERR_DNS_NAME);
	ck_assert_int_eq(look_up("-a.example", DNS_A)->err, ERR_DNS_NAME);
	ck_assert_uint_eq(server.asked, 0);
	ck_first_ip(look_up("one.example", DNS_A), "192.0.2.1");
}
END_TEST

START_TEST(the_source_port_moves)
{
	char name[64];

	start();
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		look_up(name, DNS_A);
	}
	ck_assert_uint_ge(server.ports, 15);
}
END_TEST

START_TEST(the_source_port_moves_on_a_busy_worker_too)
{
	struct dns_query silent;
	char name[64];

	start();
	/* One query that stays under way keeps its channel's socket open. */
	ck_assert_int_eq(
		dns_lookup(dns, NULL, SPAN("silent.example"), DNS_A, &silent, &waiter.task),
		OP_PENDING);
	for (int i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		look_up(name, DNS_A);
	}
	ck_assert_uint_ge(server.ports, 3);
	op_cancel(&silent.op);
}
END_TEST

START_TEST(the_map_stays_within_its_size)
{
	char name[64];

	conf.dns.ipcache_size = 64;
	start();
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		look_up(name, DNS_A);
	}
	ck_assert_uint_le(dns_map_count(shared), 128);
	ck_assert_uint_ge(dns_map_count(shared), 64);
	/* The last one is still there. */
	const unsigned asked = server.asked;

	look_up(name, DNS_A);
	ck_assert_uint_eq(server.asked, asked);
}
END_TEST

START_TEST(too_many_lookups_at_a_time_are_refused)
{
	static struct dns_query many[300];
	char name[64];
	unsigned refused = 0;

	conf.dns.ipcache_size = 1;
	atomic_store(&server.is_held, 1);
	start();
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		if (dns_lookup(dns, NULL, span_str(name), DNS_A, &many[i], &waiter.task) ==
		    OP_READY) {
			ck_assert_int_eq(many[i].answer->err, ERR_LIMIT);
			refused++;
		}
	}
	ck_assert_uint_eq(refused, 300 - 256);
	ck_assert_uint_eq(counters_sum(COUNT_DNS_REFUSED), refused);
	atomic_store(&server.is_held, 0);
	for (int i = 0; i < 300; i++) {
		TURN_UNTIL(l, many[i].op.status == OP_READY);
		dns_answer_unref(&many[i].answer);
	}
}
END_TEST

/* One client has a quarter of the 256 lookups; the rest is for others. */
START_TEST(a_client_has_its_share_of_the_lookups)
{
	static struct dns_query many[100], joined, other;
	struct dns_share one = { 0 }, two = { 0 };
	char name[64];

	conf.dns.ipcache_size = 1;
	start();
	look_up("one.example", DNS_A);
	atomic_store(&server.is_held, 1);
	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		ck_assert_int_eq(
			dns_lookup(dns, &one, span_str(name), DNS_A, &many[i], &waiter.task),
			i < 64 ? OP_PENDING : OP_READY);
		ck_assert(i < 64 || many[i].answer->err == ERR_LIMIT);
	}
	ck_assert_uint_eq(counters_sum(COUNT_DNS_CLIENT_REFUSED), ARRAY_LEN(many) - 64);
	ck_assert_uint_eq(counters_sum(COUNT_DNS_REFUSED), 0);
	/* What is known or asked already costs nothing. */
	dns_answer_unref(&q.answer);
	ck_assert_int_eq(dns_lookup(dns, &one, SPAN("one.example"), DNS_A, &q, &waiter.task),
	                 OP_READY);
	ck_assert_int_eq(dns_lookup(dns, &one, SPAN("n3.example"), DNS_A, &joined, &waiter.task),
	                 OP_PENDING);
	ck_assert_int_eq(dns_lookup(dns, &two, SPAN("n99.example"), DNS_A, &other, &waiter.task),
	                 OP_PENDING);
	atomic_store(&server.is_held, 0);
	TURN_UNTIL(l, other.op.status == OP_READY && joined.op.status == OP_READY);
	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		TURN_UNTIL(l, many[i].op.status == OP_READY);
		dns_answer_unref(&many[i].answer);
	}
	dns_answer_unref(&joined.answer);
	dns_answer_unref(&other.answer);
	ck_assert_uint_eq(one.n_waiting + two.n_waiting, 0);
}
END_TEST

/* A connection that joins and one that leaves hold a name as one that stays does. */
START_TEST(leaving_what_others_wait_for_wins_nothing)
{
	static struct dns_query many[64], first, last;
	struct dns_share one = { 0 };
	char name[64];

	conf.dns.ipcache_size = 1;
	atomic_store(&server.is_held, 1);
	start();
	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		ck_assert_int_eq(dns_lookup(dns, &one, span_str(name), DNS_A, &first, &waiter.task),
		                 OP_PENDING);
		ck_assert_int_eq(
			dns_lookup(dns, &one, span_str(name), DNS_A, &many[i], &waiter.task),
			OP_PENDING);
		op_cancel(&first.op);
	}
	ck_assert_int_eq(dns_lookup(dns, &one, SPAN("n99.example"), DNS_A, &last, &waiter.task),
	                 OP_READY);
	ck_assert_int_eq(last.answer->err, ERR_LIMIT);
	dns_answer_unref(&last.answer);
	op_cancel(&many[0].op);
	ck_assert_int_eq(dns_lookup(dns, &one, SPAN("n99.example"), DNS_A, &last, &waiter.task),
	                 OP_PENDING);
	atomic_store(&server.is_held, 0);
	for (unsigned i = 1; i < ARRAY_LEN(many); i++) {
		TURN_UNTIL(l, many[i].op.status == OP_READY);
		dns_answer_unref(&many[i].answer);
	}
	TURN_UNTIL(l, last.op.status == OP_READY);
	dns_answer_unref(&last.answer);
	ck_assert_uint_eq(one.n_waiting, 0);
}
END_TEST

START_TEST(reconfiguration_takes_effect_and_keeps_answers)
{
	static const struct dns_server_row others[] = {
		{ "one.example", 1, SAY_ANSWER, NULL, "192.0.2.99=300" },
		{ "two.example", 1, SAY_ANSWER, NULL, "192.0.2.99=300" },
		{ NULL, 0, SAY_NOTHING, NULL, NULL },
	};
	struct dns_server second;
	struct dns_query silent;

	dns_server_start(&second, others);
	start();
	look_up("one.example", DNS_A);
	ck_assert_int_eq(
		dns_lookup(dns, NULL, SPAN("silent.example"), DNS_A, &silent, &waiter.task),
		OP_PENDING);
	conf.dns.nameservers[0] = second.at;
	dns_shared_configure(shared, &conf.dns);
	ck_first_ip(look_up("one.example", DNS_A), "192.0.2.1");
	ck_first_ip(look_up("two.example", DNS_A), "192.0.2.99");
	op_cancel(&silent.op);
	dns_server_stop(&second);
}
END_TEST

START_TEST(freeing_cancels_what_is_pending)
{
	start();
	ck_assert_int_eq(dns_lookup(dns, NULL, SPAN("silent.example"), DNS_A, &q, &waiter.task),
	                 OP_PENDING);
	loop_turn(l, 0);
	dns_free(&dns);
	ck_assert_int_eq(q.op.status, OP_IDLE);
	ck_assert_ptr_null(q.answer);
	loop_turn(l, 0);
	ck_assert_uint_eq(waiter.runs, 0);
}
END_TEST

/* --- names of addresses ------------------------------------------------------------------------
 */

static const struct {
	const char *ip;
	enum err err;
	const char *name;
} reverse[] = {
	{ "192.0.2.9", ERR_NONE, "dotless.corp.example" },
	{ "192.0.2.8", ERR_NONE, "deep.example" },
	{ "192.0.2.7", ERR_DNS_NODATA, "" },
	{ "192.0.2.1", ERR_DNS_NAME, "" },
	{ "2001:db8::1", ERR_DNS_NAME, "" },
};

START_TEST(addresses_have_names)
{
	const struct ip ip = fixture_ip(reverse[_i].ip);

	start();
	if (dns_lookup_ptr(dns, NULL, &ip, &q, &waiter.task) == OP_PENDING)
		TURN_UNTIL(l, q.op.status == OP_READY);
	ck_assert_int_eq(q.answer->err, reverse[_i].err);
	ck_assert_span(q.answer->name, span_str(reverse[_i].name));
}
END_TEST

START_TEST(the_reverse_name_of_ipv6_is_by_nibbles)
{
	const struct ip ip = fixture_ip("2001:db8::567:89ab");

	start();
	ck_assert_int_eq(dns_lookup_ptr(dns, NULL, &ip, &q, &waiter.task), OP_PENDING);
	TURN_UNTIL(l, q.op.status == OP_READY);
	ck_assert_uint_eq(atomic_load(&server.asked), 1); /* acquires the name */
	/* RFC 3596 2.5 has a similar example. */
	ck_assert_ptr_nonnull(strstr(server.names,
	                             "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b."
	                             "d.0.1.0.0.2.ip6.arpa"));
}
END_TEST

/* --- hosts file --------------------------------------------------------------------------------
 */

static void with_hosts(const char *text)
{
	char path[] = "/tmp/cuttle-hosts-XXXXXX";
	const int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	conf.dns.hosts_file = check_strdup(path);
	start();
	unlink(path);
}

START_TEST(the_hosts_file_comes_before_the_servers)
{
	const struct ip ip = fixture_ip("192.0.2.50");

	with_hosts("192.0.2.50 One.Example alias # comment\n");
	ck_assert_int_eq(dns_lookup(dns, NULL, SPAN("one.example"), DNS_A, &q, &waiter.task),
	                 OP_READY);
	ck_first_ip(q.answer, "192.0.2.50");
	ck_assert_int_eq(look_up("one.example", DNS_AAAA)->err, ERR_DNS_NODATA);
	ck_first_ip(look_up("alias", DNS_A), "192.0.2.50");
	dns_answer_unref(&q.answer);
	ck_assert_int_eq(dns_lookup_ptr(dns, NULL, &ip, &q, &waiter.task), OP_READY);
	ck_assert_span(q.answer->name, SPAN("one.example"));
	ck_assert_uint_eq(server.asked, 0);
	ck_first_ip(look_up("two.example", DNS_A), "192.0.2.1");
}
END_TEST

/* --- search list -------------------------------------------------------------------------------
 */

/* dns_nameservers none: servers, search list and ndots are those of resolv.conf. */
static void with_resolv_conf(const char *search, bool defnames)
{
	char path[] = "/tmp/cuttle-resolv-XXXXXX", text[512];
	const int fd = mkstemp(path);
	const int n = snprintf(text, sizeof(text), "nameserver 127.0.0.1:%u\n%s\n", server.at.port,
	                       search);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, (size_t)n), n);
	close(fd);
	conf.dns.n_nameservers = 0;
	conf.dns.defnames = defnames;
	free(conf.dns.resolv_conf);
	conf.dns.resolv_conf = check_strdup(path);
	start();
	unlink(path);
}

static const struct {
	const char *name;
	bool defnames;
	enum err err;
	const char *asked; /* each name with a blank behind */
} searches[] = {
	{ "svc", true, ERR_NONE, "svc.ns.cluster.local " },
	{ "deep.svc", true, ERR_NONE, "deep.svc.ns.cluster.local " },
	{ "deep.svc.ns", true, ERR_NONE,
	  "deep.svc.ns.ns.cluster.local deep.svc.ns.cluster.local " },
	{ "one.example", true, ERR_NONE,
	  "one.example.ns.cluster.local one.example.cluster.local one.example " },
	{ "deep.svc.ns.cluster.local", true, ERR_NONE, "deep.svc.ns.cluster.local " },
	{ "a.b.c.d.missing", true, ERR_DNS_NAME,
	  "a.b.c.d.missing a.b.c.d.missing.ns.cluster.local a.b.c.d.missing.cluster.local " },
	{ "svc", false, ERR_DNS_NAME, "svc " },
};

START_TEST(a_pods_search_list_is_walked)
{
	with_resolv_conf("search ns.cluster.local cluster.local\noptions ndots:3 attempts:1",
	                 searches[_i].defnames);
	ck_assert_int_eq(look_up(searches[_i].name, DNS_A)->err, searches[_i].err);
	ck_assert_uint_ge(atomic_load(&server.asked), 1); /* acquires the names */
	ck_assert_str_eq(server.names, searches[_i].asked);
}
END_TEST

START_TEST(a_name_without_this_family_ends_the_search)
{
	/* one.example exists; what comes behind it could be another host altogether. */
	with_resolv_conf("search elsewhere.example example behind.example\noptions ndots:3", true);
	ck_assert_int_eq(look_up("one", DNS_AAAA)->err, ERR_DNS_NODATA);
	ck_assert_uint_eq(atomic_load(&server.asked), 2);
	ck_assert_str_eq(server.names, "one.elsewhere.example one.example ");
	ck_assert_int_eq(look_up("two", DNS_AAAA)->err, ERR_NONE);
}
END_TEST

START_TEST(a_failing_server_on_the_way_is_remembered)
{
	with_resolv_conf("search broken.example elsewhere.example\noptions ndots:3 attempts:1",
	                 true);
	/* x.broken.example does not exist, broken.example cannot be told. */
	ck_assert_int_eq(look_up("x", DNS_A)->err, ERR_DNS_NAME);
	ck_assert_int_eq(look_up("broken.example", DNS_A)->err, ERR_DNS_SERVER);
}
END_TEST

/* --- both families -----------------------------------------------------------------------------
 */

static const struct {
	const char *name;
	enum err err;
	unsigned n;
} both[] = {
	{ "two.example", ERR_NONE, 3 },         { "one.example", ERR_NONE, 1 },
	{ "missing.example", ERR_DNS_NAME, 0 }, { "broken.example", ERR_DNS_SERVER, 0 },
	{ "nowhere.example", ERR_DNS_NAME, 0 },
};

START_TEST(both_families_are_one_operation)
{
	struct dns_addresses a;

	start();
	ck_assert_int_eq(dns_addresses_start(dns, NULL, span_str(both[_i].name), &a, &waiter.task),
	                 OP_PENDING);
	TURN_UNTIL(l, a.op.status != OP_PENDING);
	ck_assert_int_eq(a.op.status, a.err == ERR_NONE ? OP_READY : OP_FAILED);
	ck_assert_int_eq(a.err, both[_i].err);
	ck_assert_uint_eq(a.n, both[_i].n);
	TURN_UNTIL(l, waiter.runs == 1);
	dns_addresses_fini(&a);
	/* Known by now, so it is ready at once. */
	ck_assert_int_eq(dns_addresses_start(dns, NULL, span_str(both[_i].name), &a, &waiter.task),
	                 a.op.status);
	ck_assert_int_ne(a.op.status, OP_PENDING);
	ck_assert_uint_eq(a.n, both[_i].n);
	dns_addresses_fini(&a);
}
END_TEST

START_TEST(both_families_can_be_cancelled_between_them)
{
	struct dns_addresses a;

	start();
	look_up("two.example", DNS_AAAA);
	ck_assert_int_eq(dns_addresses_start(dns, NULL, SPAN("two.example"), &a, &waiter.task),
	                 OP_PENDING);
	waiter.runs = 0;
	dns_addresses_fini(&a);
	TURN_UNTIL(l, atomic_load(&shared->in_flight) == 0);
	loop_turn(l, 0);
	ck_assert_uint_eq(waiter.runs, 0);
}
END_TEST

/* --- several workers ---------------------------------------------------------------------------
 */

struct worker {
	pthread_t thread;
	struct loop *loop; /* lives until all threads have ended: they post to each other */
	unsigned found;
	struct dns_query queries[64];
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct loop *own = fixture_loop();
	struct fixture_counter c;
	struct dns *d;
	char name[64];

	fixture_counter_init(&c);
	ck_assert_int_eq(dns_new(&d, shared, own), ERR_NONE);
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < ARRAY_LEN(w->queries); i++) {
			snprintf(name, sizeof(name), "n%u-%u.example", round, i / 4);
			dns_lookup(d, NULL, i % 4 == 0 ? SPAN("two.example") : span_str(name),
			           DNS_A, &w->queries[i], &c.task);
		}
		for (unsigned i = 0; i < ARRAY_LEN(w->queries); i++) {
			if (i % 8 == 5)
				op_cancel(&w->queries[i].op);
			if (w->queries[i].op.status == OP_PENDING)
				TURN_UNTIL(own, w->queries[i].op.status != OP_PENDING);
			if (w->queries[i].answer != NULL)
				w->found += w->queries[i].answer->err == ERR_NONE;
			dns_answer_unref(&w->queries[i].answer);
		}
	}
	dns_free(&d);
	w->loop = own;
	return NULL;
}

START_TEST(workers_share_answers_and_wake_each_other)
{
	static struct worker w[4];

	start();
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		ck_assert_int_eq(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	/* Reloads meanwhile. */
	for (int i = 0; i < 20; i++)
		dns_shared_configure(shared, &conf.dns);
	for (size_t i = 0; i < ARRAY_LEN(w); i++) {
		pthread_join(w[i].thread, NULL);
		/* A worker that ended while another waited for its lookup lets that one fail. */
		ck_assert_uint_ge(w[i].found, 1);
		ck_assert_uint_le(w[i].found, 160);
	}
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		loop_free(&w[i].loop);
	ck_assert_uint_eq(atomic_load(&shared->in_flight), 0);
}
END_TEST

Suite *suite_dns(void);
Suite *suite_dns(void)
{
	Suite *suite = suite_create("dns");
	TCase *t = tcase_create("dns");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, each_answer_has_its_meaning, 0, ARRAY_LEN(simple));
	tcase_add_test(t, a_label_of_64_bytes_is_no_name);
	tcase_add_test(t, a_truncated_answer_is_asked_for_by_tcp);
	tcase_add_loop_test(t, answers_live_as_long_as_they_should, 0, ARRAY_LEN(ttls));
	tcase_add_test(t, a_known_answer_is_ready_at_once);
	tcase_add_test(t, an_answer_that_is_too_old_is_asked_for_again);
	tcase_add_test(t, one_question_for_many_who_ask);
	tcase_add_test(t, a_lookup_goes_on_when_all_who_asked_have_left);
	tcase_add_test(t, lookups_that_nobody_waits_for_make_room);
	tcase_add_test(t, silence_ends_by_dns_timeout);
	tcase_add_loop_test(t, forged_answers_are_not_believed, 0, 2);
	tcase_add_test(t, a_second_server_is_asked_when_the_first_fails);
	tcase_add_test(t, a_server_that_is_not_there_is_a_server_failure);
	tcase_add_test(t, edns_is_spoken_if_configured);
	tcase_add_test(t, append_domain_completes_names_without_dots);
	tcase_add_test(t, check_hostnames_refuses_before_asking);
	tcase_add_test(t, the_source_port_moves);
	tcase_add_test(t, the_source_port_moves_on_a_busy_worker_too);
	tcase_add_test(t, the_map_stays_within_its_size);
	tcase_add_test(t, too_many_lookups_at_a_time_are_refused);
	tcase_add_test(t, a_client_has_its_share_of_the_lookups);
	tcase_add_test(t, leaving_what_others_wait_for_wins_nothing);
	tcase_add_test(t, reconfiguration_takes_effect_and_keeps_answers);
	tcase_add_test(t, freeing_cancels_what_is_pending);
	tcase_add_loop_test(t, addresses_have_names, 0, ARRAY_LEN(reverse));
	tcase_add_test(t, the_reverse_name_of_ipv6_is_by_nibbles);
	tcase_add_test(t, the_hosts_file_comes_before_the_servers);
	tcase_add_loop_test(t, a_pods_search_list_is_walked, 0, ARRAY_LEN(searches));
	tcase_add_test(t, a_name_without_this_family_ends_the_search);
	tcase_add_test(t, a_failing_server_on_the_way_is_remembered);
	tcase_add_loop_test(t, both_families_are_one_operation, 0, ARRAY_LEN(both));
	tcase_add_test(t, both_families_can_be_cancelled_between_them);
	tcase_add_test(t, workers_share_answers_and_wake_each_other);
	suite_add_tcase(suite, t);
	return suite;
}
