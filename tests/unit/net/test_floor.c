/*
 * The floor: a table of addresses, a million random ones against a slow reference that reads
 * prefixes as text, and what the kernel says of this host's own addresses.
 */
#include "net/floor.h"
#include "net/sock.h"
#include "tests/fuzz/floor_reference.h"
#include "tests/unit/unit.h"

static const struct {
	const char *address;
	enum floor_class want;
} rows[] = {
	{ "127.0.0.1", FLOOR_LOOPBACK },
	{ "127.255.255.255", FLOOR_LOOPBACK },
	{ "126.255.255.255", FLOOR_PASSES },
	{ "128.0.0.0", FLOOR_PASSES },
	{ "::1", FLOOR_LOOPBACK },
	{ "::ffff:127.0.0.1", FLOOR_LOOPBACK },
	{ "::127.0.0.1", FLOOR_LOOPBACK },
	{ "::ffff:0:127.0.0.1", FLOOR_LOOPBACK },
	{ "64:ff9b::127.0.0.1", FLOOR_LOOPBACK },
	{ "64:ff9b::8.8.8.8", FLOOR_PASSES },
	{ "64:ff9b:1::127.0.0.1", FLOOR_LOOPBACK },
	{ "64:ff9b:1:7f00:0:100::", FLOOR_LOOPBACK },    /* RFC 6052 2.2: /48 */
	{ "64:ff9b:1:aa7f:0:1::", FLOOR_LOOPBACK },      /* /56 */
	{ "64:ff9b:1:aaaa:7f:0:100:0", FLOOR_LOOPBACK }, /* /64 */
	{ "64:ff9b:1:0808:8:800:0808:0808", FLOOR_PASSES },
	{ "64:ff9b:1::8.8.8.8", FLOOR_PASSES },
	{ "64:ff9b:1:808:8:800::", FLOOR_PASSES },
	{ "64:ff9b:1::", FLOOR_UNSPECIFIED },
	{ "64:ff9b:2::127.0.0.1", FLOOR_PASSES },
	{ "2002:7f00:1::", FLOOR_LOOPBACK },
	{ "2002:a9fe:a9fe::1", FLOOR_METADATA },
	{ "2002:808:808::1", FLOOR_PASSES },
	{ "2001:0:a9fe:101:0:0:f7f7:f7f7", FLOOR_LINK_LOCAL }, /* server */
	{ "2001:0:808:808:0:0:80ff:fffe", FLOOR_LOOPBACK },    /* client 127.0.0.1 */
	{ "2001:0:808:808:0:0:f7f7:f7f7", FLOOR_PASSES },
	{ "2001:1:7f00:1::", FLOOR_PASSES },
	{ "169.254.169.254", FLOOR_METADATA },
	{ "169.254.0.0", FLOOR_LINK_LOCAL },
	{ "169.253.255.255", FLOOR_PASSES },
	{ "fe80::1", FLOOR_LINK_LOCAL },
	{ "febf:ffff::", FLOOR_LINK_LOCAL },
	{ "fec0::", FLOOR_PASSES },
	{ "fd00:ec2::254", FLOOR_METADATA },
	{ "fd00:ec2::253", FLOOR_PASSES },
	{ "168.63.129.16", FLOOR_METADATA },
	{ "168.63.129.17", FLOOR_PASSES },
	{ "100.100.100.200", FLOOR_METADATA },
	{ "0.0.0.0", FLOOR_UNSPECIFIED },
	{ "0.1.2.3", FLOOR_UNSPECIFIED },
	{ "::", FLOOR_UNSPECIFIED },
	{ "::ffff:0.0.0.0", FLOOR_UNSPECIFIED },
	{ "::2", FLOOR_UNSPECIFIED },
	{ "224.0.0.1", FLOOR_MULTICAST },
	{ "239.255.255.255", FLOOR_MULTICAST },
	{ "240.0.0.0", FLOOR_PASSES },
	{ "255.255.255.255", FLOOR_MULTICAST },
	{ "ff02::1", FLOOR_MULTICAST },
	{ "10.0.0.1", FLOOR_PASSES },
	{ "192.168.1.1", FLOOR_PASSES },
	{ "2001:db8::1", FLOOR_PASSES },
	{ "2606:2800:220:1:248:1893:25c8:1946", FLOOR_PASSES },
};

START_TEST(addresses)
{
	struct ip ip;

	ck_assert(ip_parse(span_str(rows[_i].address), &ip));
	ck_assert_msg(floor_classify(&ip) == rows[_i].want, "%s: %s", rows[_i].address,
	              floor_class_text(floor_classify(&ip)));
}
END_TEST

/* --- random ones ------------------------------------------------------------------------------ */

static uint64_t seed = 88172645463325252ULL;

static unsigned draw(unsigned n)
{
	seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
	return (unsigned)(seed >> 20) % n;
}

/* An interesting address written into another one at a place where somebody may look for it. */
static struct ip random_address(void)
{
	static const char *const bases[] = {
		"::",     "::ffff:0.0.0.0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::", "2002::",
		"2001::", "fe80::",         "fd00:ec2::",   "ff00::",    "2001:db8::"
	};
	static const uint32_t v4s[] = { 0x7f000001, 0xa9fea9fe, 0xa83f8110, 0x646464c8, 0xe0000001,
		                        0xffffffff, 0x00000001, 0x08080808, 0x7effffff };
	struct ip ip;
	uint32_t v4 = v4s[draw(ARRAY_LEN(v4s))];

	ck_assert(ip_parse(span_str(bases[draw(ARRAY_LEN(bases))]), &ip));
	if (draw(3) == 0)
		v4 ^= 1u << draw(32);
	if (draw(4) == 0)
		v4 = ~v4;
	for (unsigned i = 0, at = 2 + draw(11); i < 4; i++, at++) {
		if (draw(2) == 0 && at == 8 && at < 12)
			at++;
		ip.b[at] = (uint8_t)(v4 >> (24 - 8 * i));
	}
	if (draw(4) == 0)
		ip.b[draw(16)] ^= (uint8_t)(1u << draw(8));
	return ip;
}

START_TEST(random_addresses_as_the_reference_has_them)
{
	unsigned n_below = 0;
	char text[IP_TEXT_MAX];

	for (unsigned i = 0; i < 300000; i++) {
		const struct ip ip = random_address();
		const bool want = floor_reference_is_below(&ip);

		n_below += want;
		ck_assert_msg((floor_classify(&ip) != FLOOR_PASSES) == want, "%s: %s",
		              ip_text(&ip, text), floor_class_text(floor_classify(&ip)));
	}
	ck_assert(n_below > 50000 && n_below < 250000);
}
END_TEST

/* --- judging ---------------------------------------------------------------------------------- */

static bool names_it(const void *rule, const struct ip *ip)
{
	return ip_eq(rule, ip);
}

START_TEST(guards)
{
	struct floor f = { .is_on = true };
	struct endpoint loopback = { ip_from_v4(INADDR_LOOPBACK), 80 }, v6 = { .port = 80 };
	struct floor_guard g = { &f, NULL, NULL };

	ck_assert_int_eq(floor_judge(&g, &loopback), FLOOR_LOOPBACK);
	g.floor = NULL;
	ck_assert_int_eq(floor_judge(&g, &loopback), FLOOR_PASSES);
	f.is_on = false;
	g.floor = &f;
	ck_assert_int_eq(floor_judge(&g, &loopback), FLOOR_PASSES);
	f.is_on = true;
	g.names = names_it;
	g.rule = &loopback.ip;
	ck_assert_int_eq(floor_judge(&g, &loopback), FLOOR_PASSES);
	/* The rule names 127.0.0.1, not what a translator would make of another address. */
	ck_assert(ip_parse(SPAN("64:ff9b::127.0.0.1"), &v6.ip));
	ck_assert_int_eq(floor_judge(&g, &v6), FLOOR_LOOPBACK);
}
END_TEST

START_TEST(ports_of_this_host)
{
	struct floor f = { .is_on = true };
	const struct floor_guard g = { &f, NULL, NULL };
	struct endpoint own = { .port = 3128 }, other = own;
	const struct endpoint far = { ip_from_v4(0xc0000201), 9 }; /* 192.0.2.1 */
	const struct ip loopback = ip_from_v4(INADDR_LOOPBACK);

	ck_assert(sock_is_own_address(&loopback));
	ck_assert(!sock_is_own_address(&far.ip));
	/* The address that this machine would use towards others, if it has one. */
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage ss;
	socklen_t len;

	endpoint_to_sockaddr(&far, &ss, &len);
	const bool has_way =
		connect(fd, (struct sockaddr *)&ss, len) == 0 && sock_local(fd, &own) == ERR_NONE;

	sock_close(fd);
	if (!has_way)
		return;
	own.port = 3128;
	other.ip = far.ip;
	ck_assert_int_eq(floor_judge(&g, &own), FLOOR_PASSES);
	floor_add_port(&f, 8080);
	floor_add_port(&f, 3128);
	ck_assert_int_eq(floor_judge(&g, &own), FLOOR_OWN_PORT);
	ck_assert_int_eq(floor_judge(&g, &other), FLOOR_PASSES);
	own.port = 3129;
	ck_assert_int_eq(floor_judge(&g, &own), FLOOR_PASSES);
	floor_fini(&f);
}
END_TEST

Suite *suite_floor(void);
Suite *suite_floor(void)
{
	Suite *s = suite_create("floor");
	TCase *t = tcase_create("floor");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, addresses, 0, ARRAY_LEN(rows));
	tcase_add_test(t, random_addresses_as_the_reference_has_them);
	tcase_add_test(t, guards);
	tcase_add_test(t, ports_of_this_host);
	suite_add_tcase(s, t);
	return s;
}
