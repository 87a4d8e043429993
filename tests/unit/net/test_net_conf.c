/*
 * The directives of the network side: their defaults are Squid's, and wrong values are refused.
 */
#include "net/net_conf.h"
#include "tests/unit/unit.h"

#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
static const struct conf_directive rows[] = {
#include "net/directives.tbl.h"
};
#undef DIRECTIVE

static struct net_conf c;
static struct conf_reader *reader;

static void read_conf(const char *text)
{
	void *sections[CONF_SECTION_N] = { [CONF_SECTION_net] = &c };

	net_conf_init(&c);
	reader = conf_reader_new(rows, ARRAY_LEN(rows), sections);
	conf_read_text(reader, "t.conf", span_str(text));
	conf_finish(reader);
}

static void teardown(void)
{
	conf_reader_free(&reader);
	net_conf_fini(&c);
}

static void ck_no_findings(void)
{
	const struct conf_finding *f = conf_findings(reader);

	ck_assert_msg(f == NULL, "%s", f != NULL ? f->text : "");
}

START_TEST(defaults_are_squids)
{
	struct net_conf init;

	read_conf("");
	ck_no_findings();
	ck_assert_int_eq(c.connect_timeout_ms, 60000);
	ck_assert_int_eq(c.forward_timeout_ms, 240000);
	ck_assert_int_eq(c.forward_max_tries, 25);
	ck_assert_int_eq(c.connect_retries, 0);
	ck_assert_int_eq(c.server_idle_pconn_timeout_ms, 60000);
	ck_assert_int_eq(c.pconn_lifetime_ms, 0);
	ck_assert(c.server_persistent_connections);
	ck_assert_int_eq(c.happy_eyeballs_connect_timeout, 250);
	ck_assert_int_eq(c.tcp_recv_bufsize, 0);
	ck_assert_uint_eq(c.dns.n_nameservers, 0);
	ck_assert_str_eq(c.dns.hosts_file, "/etc/hosts");
	ck_assert_ptr_null(c.dns.append_domain);
	ck_assert(!c.dns.defnames && !c.dns.check_hostnames && c.dns.allow_underscore);
	ck_assert_int_eq(c.dns.timeout_ms, 30000);
	ck_assert_int_eq(c.dns.retransmit_ms, 5000);
	ck_assert_int_eq(c.dns.packet_max, INT64_MAX);
	ck_assert_int_eq(c.dns.positive_ttl_ms, 6 * 3600 * 1000);
	ck_assert_int_eq(c.dns.negative_ttl_ms, 60000);
	ck_assert_int_eq(c.dns.ipcache_size, 1024);
	ck_assert_uint_eq(c.dns.ipcache_low, 90);
	ck_assert_uint_eq(c.dns.ipcache_high, 95);
	/* Who makes one without a configuration gets the same. */
	net_conf_init(&init);
	ck_assert_int_eq(init.connect_timeout_ms, c.connect_timeout_ms);
	ck_assert_int_eq(init.forward_timeout_ms, c.forward_timeout_ms);
	ck_assert_int_eq(init.dns.timeout_ms, c.dns.timeout_ms);
	ck_assert_int_eq(init.dns.negative_ttl_ms, c.dns.negative_ttl_ms);
	ck_assert_int_eq(init.dns.packet_max, c.dns.packet_max);
	net_conf_fini(&init);
}
END_TEST

START_TEST(name_servers_of_all_lines_add_up)
{
	char text[ENDPOINT_TEXT_MAX];

	read_conf("dns_nameservers 192.0.2.1 192.0.2.2:5353\ndns_nameservers [2001:db8::1]:53\n");
	ck_no_findings();
	ck_assert_uint_eq(c.dns.n_nameservers, 3);
	ck_assert_str_eq(endpoint_text(&c.dns.nameservers[0], text), "192.0.2.1:53");
	ck_assert_str_eq(endpoint_text(&c.dns.nameservers[1], text), "192.0.2.2:5353");
	ck_assert_str_eq(endpoint_text(&c.dns.nameservers[2], text), "[2001:db8::1]:53");
}
END_TEST

START_TEST(values_arrive_in_their_members)
{
	read_conf("pconn_timeout 10 seconds\npconn_lifetime 1 hour\nconnect_retries 3\n"
	          "hosts_file none\nappend_domain .Corp.Example\ndns_defnames on\n"
	          "dns_packet_max 1232 bytes\nipcache_size 7\n");
	ck_assert_uint_eq(conf_count(reader, CONF_ERROR), 0);
	ck_assert_int_eq(c.server_idle_pconn_timeout_ms, 10000);
	ck_assert_int_eq(c.pconn_lifetime_ms, 3600000);
	ck_assert_int_eq(c.connect_retries, 3);
	ck_assert_ptr_null(c.dns.hosts_file);
	ck_assert_str_eq(c.dns.append_domain, ".corp.example");
	ck_assert(c.dns.defnames);
	ck_assert_int_eq(c.dns.packet_max, 1232);
	ck_assert_int_eq(c.dns.ipcache_size, 7);
}
END_TEST

static const char *const wrong[] = {
	"dns_nameservers ns.example",
	"dns_nameservers 192.0.2.1:0",
	"dns_nameservers 192.0.2.1 nonsense",
	"append_domain corp.example",
	"append_domain .",
	"append_domain",
	"udp_outgoing_address localhost",
	"udp_incoming_address",
	"connect_timeout soon",
	"server_persistent_connections maybe",
};

START_TEST(wrong_values_are_refused_with_their_place)
{
	read_conf(wrong[_i]);
	ck_assert_msg(conf_count(reader, CONF_ERROR) == 1, "%s", wrong[_i]);
	ck_assert_uint_eq(conf_findings(reader)->place.line, 1);
}
END_TEST

Suite *suite_net_conf(void);
Suite *suite_net_conf(void)
{
	Suite *suite = suite_create("net_conf");
	TCase *t = tcase_create("net_conf");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, defaults_are_squids);
	tcase_add_test(t, name_servers_of_all_lines_add_up);
	tcase_add_test(t, values_arrive_in_their_members);
	tcase_add_loop_test(t, wrong_values_are_refused_with_their_place, 0, ARRAY_LEN(wrong));
	suite_add_tcase(suite, t);
	return suite;
}
