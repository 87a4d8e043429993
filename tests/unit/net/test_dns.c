/*
 * Lookups through the whole resolver: map, c-ares, and a scripted name server on loopback.
 */
#include "tests/unit/net/dns_fixture.h"

#include "base/counters.h"

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
	{ "dotless.corp.example", 1, SAY_ANSWER, NULL, "192.0.2.9=300" },
	{ NULL, 0, SAY_NOTHING, NULL, NULL },
};

static struct dns_fixture f;

static void setup(void)
{
	dns_fixture_init(&f, rows);
}

static void teardown(void)
{
	dns_fixture_fini(&f);
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
	dns_fixture_start(&f);
	const struct dns_answer *a = dns_fixture_look_up(&f, simple[_i].name, simple[_i].kind);

	ck_assert_msg(a->err == simple[_i].err, "%s: %s", simple[_i].name, err_text(a->err));
	ck_assert_uint_eq(a->n, simple[_i].n);
	if (simple[_i].first != NULL)
		dns_fixture_ck_first_ip(a, simple[_i].first);
}
END_TEST

START_TEST(a_label_of_64_bytes_is_no_name)
{
	char name[80] = "";

	memset(name, 'a', 64);
	dns_fixture_start(&f);
	ck_assert_int_eq(dns_fixture_look_up(&f, name, DNS_A)->err, ERR_DNS_NAME);
}
END_TEST

START_TEST(a_truncated_answer_is_asked_for_by_tcp)
{
	dns_fixture_start(&f);
	dns_fixture_look_up(&f, "big.example", DNS_A);
	ck_assert_uint_eq(f.server.asked_tcp, 1);
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
	f.conf.dns.negative_ttl_ms = ttls[_i].floor_s * 1000;
	f.conf.dns.positive_ttl_ms = ttls[_i].cap_s * 1000;
	dns_fixture_start(&f);
	const int64_t before = loop_now_ms(f.loop);
	const struct dns_answer *a = dns_fixture_look_up(&f, ttls[_i].name, DNS_A);

	ck_assert_int_ge(a->expires_ms, before + ttls[_i].want_s * 1000);
	ck_assert_int_le(a->expires_ms, loop_now_ms(f.loop) + ttls[_i].want_s * 1000);
}
END_TEST

START_TEST(a_known_answer_is_ready_at_once)
{
	dns_fixture_start(&f);
	const uint64_t hits = counters_sum(COUNT_DNS_HITS);

	dns_fixture_look_up(&f, "one.example", DNS_A);
	const unsigned asked = f.server.asked;

	dns_answer_unref(&f.q.answer);
	ck_assert_int_eq(dns_lookup(f.dns, NULL, SPAN("ONE.example."), DNS_A, &f.q, &f.waiter.task),
	                 OP_READY);
	dns_fixture_ck_first_ip(f.q.answer, "192.0.2.1");
	dns_fixture_look_up(&f, "missing.example", DNS_A);
	dns_fixture_look_up(&f, "missing.example", DNS_A);
	ck_assert_uint_eq(f.server.asked, asked + 1);
	ck_assert_uint_eq(counters_sum(COUNT_DNS_HITS), hits + 2);
}
END_TEST

START_TEST(an_answer_that_is_too_old_is_asked_for_again)
{
	f.conf.dns.negative_ttl_ms = 1;
	dns_fixture_start(&f);
	dns_fixture_look_up(&f, "brief.example", DNS_A);
	const int64_t expires = f.q.answer->expires_ms;

	TURN_UNTIL(f.loop, (loop_turn(f.loop, 1), loop_now_ms(f.loop) >= expires));
	dns_fixture_look_up(&f, "brief.example", DNS_A);
	ck_assert_uint_eq(f.server.asked, 2);
	ck_assert_uint_eq(dns_map_count(f.shared), 1);
}
END_TEST

START_TEST(one_question_for_many_who_ask)
{
	struct dns_query many[20];

	dns_fixture_start(&f);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		ck_assert_int_eq(dns_lookup(f.dns, NULL, SPAN("one.example"), DNS_A, &many[i],
		                            &f.waiter.task),
		                 OP_PENDING);
	op_cancel(&many[0].op);
	op_cancel(&many[7].op);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		if (i == 0 || i == 7) {
			ck_assert_ptr_null(many[i].answer);
			continue;
		}
		TURN_UNTIL(f.loop, many[i].op.status == OP_READY);
		dns_fixture_ck_first_ip(many[i].answer, "192.0.2.1");
		dns_answer_unref(&many[i].answer);
	}
	ck_assert_uint_eq(f.server.asked, 1);
}
END_TEST

START_TEST(a_lookup_goes_on_when_all_who_asked_have_left)
{
	dns_fixture_start(&f);
	ck_assert_int_eq(dns_lookup(f.dns, NULL, SPAN("one.example"), DNS_A, &f.q, &f.waiter.task),
	                 OP_PENDING);
	op_cancel(&f.q.op);
	ck_assert_int_eq(f.q.op.status, OP_IDLE);
	TURN_UNTIL(f.loop, atomic_load(&f.shared->in_flight) == 0);
	ck_assert_int_eq(dns_lookup(f.dns, NULL, SPAN("one.example"), DNS_A, &f.q, &f.waiter.task),
	                 OP_READY);
	ck_assert_uint_eq(f.waiter.runs, 0);
}
END_TEST

/* Clients that ask for names which nobody answers, and leave, must not use up what is for all. */
START_TEST(lookups_that_nobody_waits_for_make_room)
{
	static struct dns_query many[200];
	char name[64];

	f.conf.dns.ipcache_size = 1; /* 256 lookups at a time */
	atomic_store(&f.server.is_held, 1);
	dns_fixture_start(&f);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		ck_assert_int_eq(
			dns_lookup(f.dns, NULL, span_str(name), DNS_A, &many[i], &f.waiter.task),
			OP_PENDING);
		if (i != 7)
			op_cancel(&many[i].op);
	}
	/* As long as half of the room is taken, and long before dns_timeout. */
	TURN_UNTIL(f.loop, atomic_load(&f.shared->in_flight) < 128);
	atomic_store(&f.server.is_held, 0);
	TURN_UNTIL(f.loop, many[7].op.status == OP_READY);
	ck_assert_int_eq(many[7].answer->err, ERR_DNS_NAME);
	dns_answer_unref(&many[7].answer);
	/* What was given up is no answer. */
	ck_assert_int_eq(dns_fixture_look_up(&f, "n8.example", DNS_A)->err, ERR_DNS_NAME);
}
END_TEST

START_TEST(silence_ends_by_dns_timeout)
{
	f.conf.dns.timeout_ms = 40;
	f.conf.dns.retransmit_ms = 10;
	dns_fixture_start(&f);
	ck_assert_int_eq(dns_fixture_look_up(&f, "silent.example", DNS_A)->err, ERR_DNS_TIMEOUT);
	ck_assert_uint_ge(f.server.asked, 1);
}
END_TEST

START_TEST(forged_answers_are_not_believed)
{
	f.conf.dns.timeout_ms = 40;
	dns_fixture_start(&f);
	ck_assert_int_eq(
		dns_fixture_look_up(&f, _i == 0 ? "forged.example" : "swapped.example", DNS_A)->err,
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
	f.conf.dns.nameservers[1] = second.at;
	f.conf.dns.n_nameservers = 2;
	f.conf.dns.retransmit_ms = 20;
	dns_fixture_start(&f);
	dns_fixture_ck_first_ip(dns_fixture_look_up(&f, "broken.example", DNS_A), "192.0.2.99");
	dns_fixture_ck_first_ip(dns_fixture_look_up(&f, "silent.example", DNS_A), "192.0.2.98");
	dns_server_stop(&second);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_a_server_failure)
{
	f.conf.dns.nameservers[0].port = 9; /* discard: nobody listens there */
	f.conf.dns.timeout_ms = 1000;
	dns_fixture_start(&f);
	const struct dns_answer *a = dns_fixture_look_up(&f, "one.example", DNS_A);

	ck_assert(a->err == ERR_DNS_SERVER || a->err == ERR_DNS_TIMEOUT);
}
END_TEST

START_TEST(edns_is_spoken_if_configured)
{
	f.conf.dns.packet_max = 1232;
	dns_fixture_start(&f);
	dns_fixture_ck_first_ip(dns_fixture_look_up(&f, "one.example", DNS_A), "192.0.2.1");
}
END_TEST

START_TEST(append_domain_completes_names_without_dots)
{
	f.conf.dns.append_domain = check_strdup(".corp.example");
	dns_fixture_start(&f);
	dns_fixture_ck_first_ip(dns_fixture_look_up(&f, "dotless", DNS_A), "192.0.2.9");
	ck_assert_int_eq(dns_fixture_look_up(&f, "missing", DNS_A)->err, ERR_DNS_NAME);
}
END_TEST

START_TEST(check_hostnames_refuses_before_asking)
{
	f.conf.dns.check_hostnames = true;
	f.conf.dns.allow_underscore = false;
	dns_fixture_start(&f);
	ck_assert_int_eq(dns_fixture_look_up(&f, "a_b.example", DNS_A)->err, ERR_DNS_NAME);
	ck_assert_int_eq(dns_fixture_look_up(&f, "-a.example", DNS_A)->err, ERR_DNS_NAME);
	ck_assert_uint_eq(f.server.asked, 0);
	dns_fixture_ck_first_ip(dns_fixture_look_up(&f, "one.example", DNS_A), "192.0.2.1");
}
END_TEST

START_TEST(the_source_port_moves)
{
	char name[64];

	dns_fixture_start(&f);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		dns_fixture_look_up(&f, name, DNS_A);
	}
	ck_assert_uint_ge(f.server.ports, 15);
}
END_TEST

START_TEST(the_source_port_moves_on_a_busy_worker_too)
{
	struct dns_query silent;
	char name[64];

	dns_fixture_start(&f);
	/* One query that stays under way keeps its channel's socket open. */
	ck_assert_int_eq(
		dns_lookup(f.dns, NULL, SPAN("silent.example"), DNS_A, &silent, &f.waiter.task),
		OP_PENDING);
	for (int i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		dns_fixture_look_up(&f, name, DNS_A);
	}
	ck_assert_uint_ge(f.server.ports, 3);
	op_cancel(&silent.op);
}
END_TEST

START_TEST(the_map_stays_within_its_size)
{
	char name[64];

	f.conf.dns.ipcache_size = 64;
	dns_fixture_start(&f);
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		dns_fixture_look_up(&f, name, DNS_A);
	}
	ck_assert_uint_le(dns_map_count(f.shared), 128);
	ck_assert_uint_ge(dns_map_count(f.shared), 64);
	/* The last one is still there. */
	const unsigned asked = f.server.asked;

	dns_fixture_look_up(&f, name, DNS_A);
	ck_assert_uint_eq(f.server.asked, asked);
}
END_TEST

START_TEST(too_many_lookups_at_a_time_are_refused)
{
	static struct dns_query many[300];
	char name[64];
	unsigned refused = 0;

	f.conf.dns.ipcache_size = 1;
	atomic_store(&f.server.is_held, 1);
	dns_fixture_start(&f);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		if (dns_lookup(f.dns, NULL, span_str(name), DNS_A, &many[i], &f.waiter.task) ==
		    OP_READY) {
			ck_assert_int_eq(many[i].answer->err, ERR_LIMIT);
			refused++;
		}
	}
	ck_assert_uint_eq(refused, 300 - 256);
	ck_assert_uint_eq(counters_sum(COUNT_DNS_REFUSED), refused);
	atomic_store(&f.server.is_held, 0);
	for (int i = 0; i < 300; i++) {
		TURN_UNTIL(f.loop, many[i].op.status == OP_READY);
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

	f.conf.dns.ipcache_size = 1;
	dns_fixture_start(&f);
	dns_fixture_look_up(&f, "one.example", DNS_A);
	atomic_store(&f.server.is_held, 1);
	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		ck_assert_int_eq(
			dns_lookup(f.dns, &one, span_str(name), DNS_A, &many[i], &f.waiter.task),
			i < 64 ? OP_PENDING : OP_READY);
		ck_assert(i < 64 || many[i].answer->err == ERR_LIMIT);
	}
	ck_assert_uint_eq(counters_sum(COUNT_DNS_CLIENT_REFUSED), ARRAY_LEN(many) - 64);
	ck_assert_uint_eq(counters_sum(COUNT_DNS_REFUSED), 0);
	/* What is known or asked already costs nothing. */
	dns_answer_unref(&f.q.answer);
	ck_assert_int_eq(dns_lookup(f.dns, &one, SPAN("one.example"), DNS_A, &f.q, &f.waiter.task),
	                 OP_READY);
	ck_assert_int_eq(
		dns_lookup(f.dns, &one, SPAN("n3.example"), DNS_A, &joined, &f.waiter.task),
		OP_PENDING);
	ck_assert_int_eq(
		dns_lookup(f.dns, &two, SPAN("n99.example"), DNS_A, &other, &f.waiter.task),
		OP_PENDING);
	atomic_store(&f.server.is_held, 0);
	TURN_UNTIL(f.loop, other.op.status == OP_READY && joined.op.status == OP_READY);
	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		TURN_UNTIL(f.loop, many[i].op.status == OP_READY);
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

	f.conf.dns.ipcache_size = 1;
	atomic_store(&f.server.is_held, 1);
	dns_fixture_start(&f);
	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		ck_assert_int_eq(
			dns_lookup(f.dns, &one, span_str(name), DNS_A, &first, &f.waiter.task),
			OP_PENDING);
		ck_assert_int_eq(
			dns_lookup(f.dns, &one, span_str(name), DNS_A, &many[i], &f.waiter.task),
			OP_PENDING);
		op_cancel(&first.op);
	}
	ck_assert_int_eq(dns_lookup(f.dns, &one, SPAN("n99.example"), DNS_A, &last, &f.waiter.task),
	                 OP_READY);
	ck_assert_int_eq(last.answer->err, ERR_LIMIT);
	dns_answer_unref(&last.answer);
	op_cancel(&many[0].op);
	ck_assert_int_eq(dns_lookup(f.dns, &one, SPAN("n99.example"), DNS_A, &last, &f.waiter.task),
	                 OP_PENDING);
	atomic_store(&f.server.is_held, 0);
	for (unsigned i = 1; i < ARRAY_LEN(many); i++) {
		TURN_UNTIL(f.loop, many[i].op.status == OP_READY);
		dns_answer_unref(&many[i].answer);
	}
	TURN_UNTIL(f.loop, last.op.status == OP_READY);
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
	dns_fixture_start(&f);
	dns_fixture_look_up(&f, "one.example", DNS_A);
	ck_assert_int_eq(
		dns_lookup(f.dns, NULL, SPAN("silent.example"), DNS_A, &silent, &f.waiter.task),
		OP_PENDING);
	f.conf.dns.nameservers[0] = second.at;
	dns_shared_configure(f.shared, &f.conf.dns);
	dns_fixture_ck_first_ip(dns_fixture_look_up(&f, "one.example", DNS_A), "192.0.2.1");
	dns_fixture_ck_first_ip(dns_fixture_look_up(&f, "two.example", DNS_A), "192.0.2.99");
	op_cancel(&silent.op);
	dns_server_stop(&second);
}
END_TEST

START_TEST(freeing_cancels_what_is_pending)
{
	dns_fixture_start(&f);
	ck_assert_int_eq(
		dns_lookup(f.dns, NULL, SPAN("silent.example"), DNS_A, &f.q, &f.waiter.task),
		OP_PENDING);
	loop_turn(f.loop, 0);
	dns_free(&f.dns);
	ck_assert_int_eq(f.q.op.status, OP_IDLE);
	ck_assert_ptr_null(f.q.answer);
	loop_turn(f.loop, 0);
	ck_assert_uint_eq(f.waiter.runs, 0);
}
END_TEST

/* --- several workers -------------------------------------------------------------------------- */

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
	ck_assert_int_eq(dns_new(&d, f.shared, own), ERR_NONE);
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

	dns_fixture_start(&f);
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		ck_assert_int_eq(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	/* Reloads meanwhile. */
	for (int i = 0; i < 20; i++)
		dns_shared_configure(f.shared, &f.conf.dns);
	for (size_t i = 0; i < ARRAY_LEN(w); i++) {
		pthread_join(w[i].thread, NULL);
		/* A worker that ended while another waited for its lookup lets that one fail. */
		ck_assert_uint_ge(w[i].found, 1);
		ck_assert_uint_le(w[i].found, 160);
	}
	for (size_t i = 0; i < ARRAY_LEN(w); i++)
		loop_free(&w[i].loop);
	ck_assert_uint_eq(atomic_load(&f.shared->in_flight), 0);
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
	tcase_add_test(t, workers_share_answers_and_wake_each_other);
	suite_add_tcase(suite, t);
	return suite;
}
