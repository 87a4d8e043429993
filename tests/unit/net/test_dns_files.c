/*
 * resolv.conf, hosts files, and the names that are tried for a name.
 */
#include "tests/unit/net/net_fixture.h"

#include "net/dns_setup.h"

static const struct {
	const char *text;
	const char *want; /* NULL: refused */
} servers[] = {
	{ "192.0.2.1", "192.0.2.1:53" },
	{ "192.0.2.1:5353", "192.0.2.1:5353" },
	{ "2001:db8::1", "[2001:db8::1]:53" },
	{ "[2001:db8::1]", "[2001:db8::1]:53" },
	{ "[2001:db8::1]:5353", "[2001:db8::1]:5353" },
	{ "::ffff:192.0.2.1", "192.0.2.1:53" },
	{ "", NULL },
	{ ":53", NULL },
	{ "192.0.2.1:", NULL },
	{ "192.0.2.1:0", NULL },
	{ "192.0.2.1:65536", NULL },
	{ "192.0.2.1:+53", NULL },
	{ "192.0.2", NULL },
	{ "[192.0.2.1]:53", NULL },
	{ "[2001:db8::1", NULL },
	{ "[2001:db8::1]53", NULL },
	{ "[]:53", NULL },
	{ "ns.example", NULL },
	{ "ns.example:53", NULL },
};

START_TEST(name_servers_are_addresses_with_or_without_port)
{
	struct endpoint e = { 0 };
	char text[ENDPOINT_TEXT_MAX];
	const bool ok = dns_server_parse(span_str(servers[_i].text), &e);

	ck_assert_msg(ok == (servers[_i].want != NULL), "\"%s\"", servers[_i].text);
	if (ok)
		ck_assert_str_eq(endpoint_text(&e, text), servers[_i].want);
}
END_TEST

START_TEST(a_pods_resolv_conf_is_understood)
{
	static struct dns_resolv r;

	dns_resolv_parse(&r, SPAN("nameserver 10.96.0.10\n"
	                          "search ns.svc.cluster.local svc.cluster.local  Cluster.Local.\n"
	                          "options ndots:5 timeout:2 attempts:3 rotate\n"));
	ck_assert_uint_eq(r.n_servers, 1);
	ck_assert_uint_eq(r.servers[0].port, 53);
	ck_assert_uint_eq(r.n_search, 3);
	ck_assert_str_eq(r.search[0], "ns.svc.cluster.local");
	ck_assert_str_eq(r.search[2], "cluster.local");
	ck_assert_uint_eq(r.ndots, 5);
	ck_assert_uint_eq(r.timeout_s, 2);
	ck_assert_uint_eq(r.attempts, 3);
}
END_TEST

START_TEST(odd_lines_of_resolv_conf_are_skipped)
{
	static struct dns_resolv r;

	dns_resolv_parse(&r, SPAN("# nameserver 192.0.2.1\n; nameserver 192.0.2.2\n"
	                          "\tnameserver\t192.0.2.3 # comment\r\n"
	                          "nameserver [2001:db8::2]:5353\nnameserver "
	                          "fe80::1%eth0\nnameserver nonsense\nnameserver\n"
	                          "nameserver 2001:db8::1\nNAMESERVER 192.0.2.4\n"
	                          "search a.example\ndomain b.example\n"
	                          "options ndots:99 timeout: attempts:x ndots\n"
	                          "unknown word\nnameserver 192.0.2.5"));
	ck_assert_uint_eq(r.n_servers, 4);
	ck_assert_uint_eq(r.servers[1].port, 5353);
	ck_assert_uint_eq(r.n_search, 1);
	ck_assert_str_eq(r.search[0], "b.example");
	ck_assert_uint_eq(r.ndots, 15);
	ck_assert_uint_eq(r.timeout_s, 0);
	ck_assert_uint_eq(r.attempts, 0);
}
END_TEST

START_TEST(resolv_conf_cannot_overflow)
{
	static struct dns_resolv r;
	static char text[64 * 1024];
	size_t n = 0;

	for (int i = 0; i < 200; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "nameserver 192.0.2.%d\n", i);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "search");
	for (int i = 0; i < 200; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " d%d.example", i);
	n += (size_t)snprintf(text + n, sizeof(text) - n, " %0300d", 1);
	dns_resolv_parse(&r, span_of(text, n));
	ck_assert_uint_eq(r.n_servers, DNS_SERVERS_MAX);
	ck_assert_uint_eq(r.n_search, DNS_SEARCH_MAX);
}
END_TEST

/* --- candidates ------------------------------------------------------------------------------- */

static const struct {
	const char *resolv, *append, *name, *want; /* candidates, each with a blank behind */
} candidates[] = {
	{ NULL, NULL, "a", "a " },
	{ NULL, NULL, "a.b.example", "a.b.example " },
	{ "search x.example", NULL, "a", "a.x.example a " },
	{ "search x.example", NULL, "a.b", "a.b a.b.x.example " },
	{ "search x.example y.example\noptions ndots:2", NULL, "a.b",
	  "a.b.x.example a.b.y.example a.b " },
	{ "search x.example y.example\noptions ndots:2", NULL, "a.b.c",
	  "a.b.c a.b.c.x.example a.b.c.y.example " },
	{ "search x.example\noptions ndots:0", NULL, "a", "a a.x.example " },
	{ NULL, ".corp.example", "a", "a.corp.example " },
	{ NULL, ".corp.example", "a.b", "a.b " },
	{ "search x.example", ".corp.example", "a", "a.corp.example " },
};

START_TEST(names_are_tried_in_the_order_of_resolv_conf)
{
	static struct dns_resolv r;
	struct dns_setup s = { 0 };
	char append[64], name[DNS_NAME_MAX], all[1024] = "";

	if (candidates[_i].resolv != NULL) {
		dns_resolv_parse(&r, span_str(candidates[_i].resolv));
		s.resolv = &r;
	}
	if (candidates[_i].append != NULL) {
		snprintf(append, sizeof(append), "%s", candidates[_i].append);
		s.append_domain = append;
	}
	for (unsigned i = 0; dns_setup_candidate(&s, candidates[_i].name, i, name); i++) {
		const size_t n = strlen(all);

		snprintf(all + n, sizeof(all) - n, "%s ", name);
	}
	ck_assert_str_eq(all, candidates[_i].want);
}
END_TEST

START_TEST(candidates_that_would_be_too_long_are_left_out)
{
	static struct dns_resolv r;
	struct dns_setup s = { .resolv = &r };
	char name[DNS_NAME_MAX], out[DNS_NAME_MAX];

	dns_resolv_parse(&r, SPAN("search long.example"));
	memset(name, 'a', sizeof(name));
	for (size_t i = 60; i < sizeof(name); i += 61)
		name[i] = '.';
	name[DNS_NAME_MAX - 1] = '\0';
	ck_assert(dns_setup_candidate(&s, name, 0, out));
	ck_assert_str_eq(out, name);
	ck_assert(!dns_setup_candidate(&s, name, 1, out));
}
END_TEST

/* --- hosts file ------------------------------------------------------------------------------- */

static const char hosts_text[] = "127.0.0.1\tlocalhost\n"
				 "::1 localhost ip6-localhost\n"
				 "# 192.0.2.1 commented\n"
				 "192.0.2.2 Web.Example. web #also\n"
				 "192.0.2.3 web.example\n"
				 "192.0.2.3 web.example\n"
				 "2001:db8::2 web.example\r\n"
				 "fe80::1%lo0 zoned\n"
				 "300.0.2.1 wrong\n"
				 "192.0.2.4\n"
				 "192.0.2.5 last";

static const struct {
	const char *name;
	int v4, v6; /* addresses; -1: the file does not know the name */
} hosts[] = {
	{ "localhost", 1, 1 },
	{ "ip6-localhost", 0, 1 },
	{ "commented", -1, -1 },
	{ "web.example", 2, 1 },
	{ "web", 1, 0 },
	{ "also", -1, -1 },
	{ "zoned", -1, -1 },
	{ "wrong", -1, -1 },
	{ "last", 1, 0 },
	{ "web.corp.example", 1, 0 },
	{ "web.example.corp.example", -1, -1 },
};

static int count_of(const struct dns_hosts *h, const char *name, enum dns_kind kind)
{
	const struct dns_answer *a = dns_hosts_find(h, span_str(name), kind);

	if (a == NULL)
		return -1;
	ck_assert_int_eq(a->err, a->n != 0 ? ERR_NONE : ERR_DNS_NODATA);
	return (int)a->n;
}

START_TEST(hosts_files_are_read_as_every_resolver_does)
{
	struct dns_hosts *h = dns_hosts_parse(span_str(hosts_text), SPAN(".corp.example"));

	ck_assert_int_eq(count_of(h, hosts[_i].name, DNS_A), hosts[_i].v4);
	ck_assert_int_eq(count_of(h, hosts[_i].name, DNS_AAAA), hosts[_i].v6);
	dns_hosts_free(&h);
	ck_assert_ptr_null(h);
}
END_TEST

START_TEST(an_address_has_its_first_name)
{
	struct dns_hosts *h = dns_hosts_parse(span_str(hosts_text), SPAN_NULL);
	const struct ip known = fixture_ip("192.0.2.2"), unknown = fixture_ip("192.0.2.4");

	ck_assert_span(dns_hosts_find_ip(h, &known)->name, SPAN("web.example"));
	ck_assert_ptr_null(dns_hosts_find_ip(h, &unknown));
	dns_hosts_free(&h);
}
END_TEST

START_TEST(a_host_has_at_most_32_addresses)
{
	static char text[64 * 1024];
	size_t n = 0;

	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "192.0.2.%d many\n", i);
	struct dns_hosts *h = dns_hosts_parse(span_of(text, n), SPAN_NULL);

	ck_assert_int_eq(count_of(h, "many", DNS_A), DNS_IPS_MAX);
	dns_hosts_free(&h);
}
END_TEST

START_TEST(an_empty_hosts_file_knows_nothing)
{
	struct dns_hosts *h = dns_hosts_parse(SPAN_NULL, SPAN_NULL);

	ck_assert_int_eq(count_of(h, "localhost", DNS_A), -1);
	dns_hosts_free(&h);
}
END_TEST

static const struct {
	const char *name;
	bool underscore, ok;
} names[] = {
	{ "a.example", true, true },     { "a_b.example", true, true },
	{ "a_b.example", false, false }, { "-a.example", true, false },
	{ "a-.example", true, false },   { "a..example", true, false },
	{ "a b.example", true, false },  { "3com.example", true, true },
};

START_TEST(check_hostnames_goes_by_rfc_1123)
{
	const struct dns_setup s = { .check_names = true,
		                     .allow_underscore = names[_i].underscore };
	const struct dns_setup lax = { 0 };

	ck_assert_msg(dns_setup_accepts(&s, names[_i].name) == names[_i].ok, "%s", names[_i].name);
	ck_assert(dns_setup_accepts(&lax, names[_i].name));
}
END_TEST

Suite *suite_dns_files(void);
Suite *suite_dns_files(void)
{
	Suite *suite = suite_create("dns_files");
	TCase *t = tcase_create("dns_files");

	tcase_add_loop_test(t, name_servers_are_addresses_with_or_without_port, 0,
	                    ARRAY_LEN(servers));
	tcase_add_test(t, a_pods_resolv_conf_is_understood);
	tcase_add_test(t, odd_lines_of_resolv_conf_are_skipped);
	tcase_add_test(t, resolv_conf_cannot_overflow);
	tcase_add_loop_test(t, names_are_tried_in_the_order_of_resolv_conf, 0,
	                    ARRAY_LEN(candidates));
	tcase_add_test(t, candidates_that_would_be_too_long_are_left_out);
	tcase_add_loop_test(t, hosts_files_are_read_as_every_resolver_does, 0, ARRAY_LEN(hosts));
	tcase_add_test(t, an_address_has_its_first_name);
	tcase_add_test(t, a_host_has_at_most_32_addresses);
	tcase_add_test(t, an_empty_hosts_file_knows_nothing);
	tcase_add_loop_test(t, check_hostnames_goes_by_rfc_1123, 0, ARRAY_LEN(names));
	suite_add_tcase(suite, t);
	return suite;
}
