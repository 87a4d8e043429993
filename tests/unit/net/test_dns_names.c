/*
 * Which names are asked for, and in which order: names of addresses, the hosts file, the search
 * list, both families.
 */
#include "tests/unit/net/dns_fixture.h"

#include <unistd.h>

static const struct dns_server_row rows[] = {
	{ "one.example", 1, SAY_ANSWER, NULL, "192.0.2.1=300" },
	{ "one.example", 28, SAY_ANSWER, NULL, NULL },
	{ "two.example", 1, SAY_ANSWER, NULL, "192.0.2.1=300 192.0.2.2=7200" },
	{ "two.example", 28, SAY_ANSWER, NULL, "2001:db8::1=300" },
	{ "alias.example", 1, SAY_ANSWER, "middle.example=120 end.example=90", "192.0.2.3=300" },
	{ "nowhere.example", 1, SAY_ANSWER, "middle.example=120", NULL },
	{ "broken.example", 0, SAY_SERVFAIL, NULL, NULL },
	{ "svc.ns.cluster.local", 1, SAY_ANSWER, NULL, "192.0.2.7=300" },
	{ "deep.svc.ns.cluster.local", 1, SAY_ANSWER, NULL, "192.0.2.8=300" },
	{ "dotless.corp.example", 1, SAY_ANSWER, NULL, "192.0.2.9=300" },
	{ "9.2.0.192.in-addr.arpa", 12, SAY_ANSWER, NULL, "Dotless.Corp.Example=300" },
	{ "8.2.0.192.in-addr.arpa", 12, SAY_ANSWER, "8.0/25.2.0.192.in-addr.arpa=60",
	  "deep.example=300" },
	{ "7.2.0.192.in-addr.arpa", 12, SAY_ANSWER, NULL, "a<b>.example=300" },
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

/* --- names of addresses ----------------------------------------------------------------------- */

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

	dns_fixture_start(&f);
	if (dns_lookup_ptr(f.dns, NULL, &ip, &f.q, &f.waiter.task) == OP_PENDING)
		TURN_UNTIL(f.loop, f.q.op.status == OP_READY);
	ck_assert_int_eq(f.q.answer->err, reverse[_i].err);
	ck_assert_span(f.q.answer->name, span_str(reverse[_i].name));
}
END_TEST

START_TEST(the_reverse_name_of_ipv6_is_by_nibbles)
{
	const struct ip ip = fixture_ip("2001:db8::567:89ab");

	dns_fixture_start(&f);
	ck_assert_int_eq(dns_lookup_ptr(f.dns, NULL, &ip, &f.q, &f.waiter.task), OP_PENDING);
	TURN_UNTIL(f.loop, f.q.op.status == OP_READY);
	ck_assert_uint_eq(atomic_load(&f.server.asked), 1); /* acquires the name */
	/* RFC 3596 2.5 has a similar example. */
	ck_assert_ptr_nonnull(strstr(f.server.names,
	                             "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b."
	                             "d.0.1.0.0.2.ip6.arpa"));
}
END_TEST

/* --- hosts file ------------------------------------------------------------------------------- */

static void with_hosts(const char *text)
{
	char path[] = "/tmp/cuttle-hosts-XXXXXX";
	const int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	f.conf.dns.hosts_file = check_strdup(path);
	dns_fixture_start(&f);
	unlink(path);
}

START_TEST(the_hosts_file_comes_before_the_servers)
{
	const struct ip ip = fixture_ip("192.0.2.50");

	with_hosts("192.0.2.50 One.Example alias # comment\n");
	ck_assert_int_eq(dns_lookup(f.dns, NULL, SPAN("one.example"), DNS_A, &f.q, &f.waiter.task),
	                 OP_READY);
	dns_fixture_ck_first_ip(f.q.answer, "192.0.2.50");
	ck_assert_int_eq(dns_fixture_look_up(&f, "one.example", DNS_AAAA)->err, ERR_DNS_NODATA);
	dns_fixture_ck_first_ip(dns_fixture_look_up(&f, "alias", DNS_A), "192.0.2.50");
	dns_answer_unref(&f.q.answer);
	ck_assert_int_eq(dns_lookup_ptr(f.dns, NULL, &ip, &f.q, &f.waiter.task), OP_READY);
	ck_assert_span(f.q.answer->name, SPAN("one.example"));
	ck_assert_uint_eq(f.server.asked, 0);
	dns_fixture_ck_first_ip(dns_fixture_look_up(&f, "two.example", DNS_A), "192.0.2.1");
}
END_TEST

/* --- search list ------------------------------------------------------------------------------ */

/* dns_nameservers none: servers, search list and ndots are those of resolv.conf. */
static void with_resolv_conf(const char *search, bool defnames)
{
	char path[] = "/tmp/cuttle-resolv-XXXXXX", text[512];
	const int fd = mkstemp(path);
	const int n = snprintf(text, sizeof(text), "nameserver 127.0.0.1:%u\n%s\n",
	                       f.server.at.port, search);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, (size_t)n), n);
	close(fd);
	f.conf.dns.n_nameservers = 0;
	f.conf.dns.defnames = defnames;
	free(f.conf.dns.resolv_conf);
	f.conf.dns.resolv_conf = check_strdup(path);
	dns_fixture_start(&f);
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
	ck_assert_int_eq(dns_fixture_look_up(&f, searches[_i].name, DNS_A)->err, searches[_i].err);
	ck_assert_uint_ge(atomic_load(&f.server.asked), 1); /* acquires the names */
	ck_assert_str_eq(f.server.names, searches[_i].asked);
}
END_TEST

START_TEST(a_name_without_this_family_ends_the_search)
{
	/* one.example exists; what comes behind it could be another host altogether. */
	with_resolv_conf("search elsewhere.example example behind.example\noptions ndots:3", true);
	ck_assert_int_eq(dns_fixture_look_up(&f, "one", DNS_AAAA)->err, ERR_DNS_NODATA);
	ck_assert_uint_eq(atomic_load(&f.server.asked), 2);
	ck_assert_str_eq(f.server.names, "one.elsewhere.example one.example ");
	ck_assert_int_eq(dns_fixture_look_up(&f, "two", DNS_AAAA)->err, ERR_NONE);
}
END_TEST

START_TEST(a_failing_server_on_the_way_is_remembered)
{
	with_resolv_conf("search broken.example elsewhere.example\noptions ndots:3 attempts:1",
	                 true);
	/* x.broken.example does not exist, broken.example cannot be told. */
	ck_assert_int_eq(dns_fixture_look_up(&f, "x", DNS_A)->err, ERR_DNS_NAME);
	ck_assert_int_eq(dns_fixture_look_up(&f, "broken.example", DNS_A)->err, ERR_DNS_SERVER);
}
END_TEST

/* --- both families ---------------------------------------------------------------------------- */

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

	dns_fixture_start(&f);
	ck_assert_int_eq(
		dns_addresses_start(f.dns, NULL, span_str(both[_i].name), &a, &f.waiter.task),
		OP_PENDING);
	TURN_UNTIL(f.loop, a.op.status != OP_PENDING);
	ck_assert_int_eq(a.op.status, a.err == ERR_NONE ? OP_READY : OP_FAILED);
	ck_assert_int_eq(a.err, both[_i].err);
	ck_assert_uint_eq(a.n, both[_i].n);
	TURN_UNTIL(f.loop, f.waiter.runs == 1);
	dns_addresses_fini(&a);
	/* Known by now, so it is ready at once. */
	ck_assert_int_eq(
		dns_addresses_start(f.dns, NULL, span_str(both[_i].name), &a, &f.waiter.task),
		a.op.status);
	ck_assert_int_ne(a.op.status, OP_PENDING);
	ck_assert_uint_eq(a.n, both[_i].n);
	dns_addresses_fini(&a);
}
END_TEST

START_TEST(both_families_can_be_cancelled_between_them)
{
	struct dns_addresses a;

	dns_fixture_start(&f);
	dns_fixture_look_up(&f, "two.example", DNS_AAAA);
	ck_assert_int_eq(dns_addresses_start(f.dns, NULL, SPAN("two.example"), &a, &f.waiter.task),
	                 OP_PENDING);
	f.waiter.runs = 0;
	dns_addresses_fini(&a);
	TURN_UNTIL(f.loop, atomic_load(&f.shared->in_flight) == 0);
	loop_turn(f.loop, 0);
	ck_assert_uint_eq(f.waiter.runs, 0);
}
END_TEST

Suite *suite_dns_names(void);
Suite *suite_dns_names(void)
{
	Suite *suite = suite_create("dns names");
	TCase *t = tcase_create("dns names");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, addresses_have_names, 0, ARRAY_LEN(reverse));
	tcase_add_test(t, the_reverse_name_of_ipv6_is_by_nibbles);
	tcase_add_test(t, the_hosts_file_comes_before_the_servers);
	tcase_add_loop_test(t, a_pods_search_list_is_walked, 0, ARRAY_LEN(searches));
	tcase_add_test(t, a_name_without_this_family_ends_the_search);
	tcase_add_test(t, a_failing_server_on_the_way_is_remembered);
	tcase_add_loop_test(t, both_families_are_one_operation, 0, ARRAY_LEN(both));
	tcase_add_test(t, both_families_can_be_cancelled_between_them);
	suite_add_tcase(suite, t);
	return suite;
}
