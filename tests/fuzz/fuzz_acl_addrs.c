/*
 * Addresses: each 34 bytes are a value (its form, a prefix length, two addresses), written as
 * squid.conf has it. The acl must say of the addresses at and next to the ends of each value what
 * comparing with the values one by one, bit by bit, says.
 */
#include "tests/fuzz/acl_policy.h"
#include "tests/fuzz/fuzz.h"

#define VALUES_MAX  40u
#define VALUE_BYTES 34u

enum form { FORM_ADDRESS, FORM_PREFIX, FORM_NETMASK, FORM_RANGE, FORM_RANGE_PREFIX, FORM_N };

struct value {
	enum form form;
	unsigned bits; /* of 128 */
	struct ip first, last;
	bool is_all;
};

/* Three of four are IPv4, and of those most differ in few bits. */
static struct ip ip_from(const uint8_t b[16], unsigned kind)
{
	struct ip ip;

	if (kind % 4 == 0)
		memcpy(ip.b, b, 16);
	else
		ip = ip_from_v4(kind % 4 == 1 ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
		                                        (uint32_t)b[2] << 8 | b[3]
		                              : 0xc0000200u | b[0]);
	return ip;
}

static bool bit(const struct ip *ip, unsigned i)
{
	return (ip->b[i / 8] >> (7 - i % 8) & 1) != 0;
}

/* Compare the first bits only: -1, 0, 1. */
static int compare(const struct ip *a, const struct ip *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if (bit(a, i) != bit(b, i))
			return bit(a, i) ? 1 : -1;
	return 0;
}

static bool holds(const struct value *v, const struct ip *ip)
{
	return v->is_all ||
	       (compare(&v->first, ip, v->bits) <= 0 && compare(ip, &v->last, v->bits) <= 0);
}

static struct value value_from(const uint8_t b[VALUE_BYTES])
{
	struct value v = { .form = (enum form)(b[0] / 4 % FORM_N), .bits = 128 };

	v.first = ip_from(b + 2, b[0]);
	v.last = ip_from(b + 18, b[0]);
	if (v.form != FORM_RANGE && v.form != FORM_RANGE_PREFIX)
		v.last = v.first;
	if (compare(&v.first, &v.last, 128) > 0) {
		const struct ip swap = v.first;

		v.first = v.last;
		v.last = swap;
	}
	/*
	 * 16 random bytes may be a mapped address; and from one family to the other goes no range.
	 */
	if (ip_is_v4(&v.first) != ip_is_v4(&v.last))
		v.last = v.first;
	if (v.form != FORM_ADDRESS && v.form != FORM_RANGE)
		v.bits = ip_is_v4(&v.first) ? 96 + b[1] % 33u : b[1] % 129u;
	return v;
}

static void write_value(struct value *v, char *text, size_t cap)
{
	char first[IP_TEXT_MAX], last[IP_TEXT_MAX], mask[IP_TEXT_MAX];
	const bool is_v4 = ip_is_v4(&v->first);
	struct ip ones = ip_from_v4(UINT32_MAX);

	if (!is_v4)
		memset(ones.b, 0xff, sizeof(ones.b));
	const struct ip netmask = ip_mask(&ones, v->bits);

	ip_text(&v->first, first);
	ip_text(&v->last, last);
	switch (v->form) {
	case FORM_ADDRESS:
		snprintf(text, cap, "%s", first);
		break;
	case FORM_PREFIX:
		snprintf(text, cap, "%s/%u", first, v->bits - (is_v4 ? 96 : 0));
		break;
	case FORM_NETMASK:
		snprintf(text, cap, "%s/%s", first, ip_text(&netmask, mask));
		break;
	case FORM_RANGE:
		snprintf(text, cap, "%s-%s", first, last);
		break;
	case FORM_RANGE_PREFIX:
		snprintf(text, cap, "%s-%s/%u", first, last, v->bits - (is_v4 ? 96 : 0));
		break;
	case FORM_N:
		UNREACHABLE("form");
	}
	/* These mean IPv6 too, as in Squid. */
	v->is_all = strcmp(text, "0.0.0.0/0") == 0 || strcmp(text, "0.0.0.0/0.0.0.0") == 0 ||
	            strcmp(text, "0.0.0.0-255.255.255.255") == 0 ||
	            strcmp(text, "0.0.0.0-0.0.0.0/0") == 0;
}

static void check_address(const struct acl_policy *p, const struct value *v, size_t n,
                          const struct ip *ip)
{
	const struct facts f = { .src = { *ip, 1 }, .state[FACT_SRC] = FACT_VALUE };
	bool want = false;

	for (size_t i = 0; i < n; i++)
		want = want || holds(&v[i], ip);
	CHECK(acl_policy_allows(p, &f) == want);
}

/* The address, and those beside it. */
static void check_around(const struct acl_policy *p, const struct value *v, size_t n,
                         const struct ip *ip)
{
	struct ip next = *ip, before = *ip;
	int i = 15;

	check_address(p, v, n, ip);
	while (i >= 0 && ++next.b[i] == 0)
		i--;
	check_address(p, v, n, &next);
	for (i = 15; i >= 0 && before.b[i]-- == 0; i--)
		;
	check_address(p, v, n, &before);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static char conf[VALUES_MAX * 160 + 100];
	struct value values[VALUES_MAX];
	struct acl_policy p;
	size_t n_values = 0, at;

	at = (size_t)snprintf(conf, sizeof(conf), "acl a src");
	for (; n >= VALUE_BYTES && n_values < VALUES_MAX; n -= VALUE_BYTES, bytes += VALUE_BYTES) {
		char text[160];

		values[n_values] = value_from(bytes);
		write_value(&values[n_values++], text, sizeof(text));
		at += (size_t)snprintf(conf + at, sizeof(conf) - at, " %s", text);
	}
	snprintf(conf + at, sizeof(conf) - at, "\nhttp_access allow a\n");
	acl_policy_init(&p, conf);
	CHECK(p.is_good == (n_values != 0));
	for (size_t i = 0; i < n_values; i++) {
		check_around(&p, values, n_values, &values[i].first);
		check_around(&p, values, n_values, &values[i].last);
		const struct ip network = ip_mask(&values[i].first, values[i].bits);
		struct ip end = values[i].last;

		for (unsigned k = values[i].bits; k < 128; k++)
			end.b[k / 8] |= (uint8_t)(0x80 >> k % 8);
		check_around(&p, values, n_values, &network);
		check_around(&p, values, n_values, &end);
	}
	acl_policy_fini(&p);
	return 0;
}
