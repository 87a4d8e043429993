/*
 * Values that are addresses: 192.0.2.1, 192.0.2.0/24, 192.0.2.0/255.255.255.0, 192.0.2.1-192.0.2.9,
 * IPv6 likewise, and the words all, ipv4, ipv6. Host names are left for hosts.c.
 */
#include "acl/addr_set.h"
#include "acl/type.h"

struct prefix {
	struct ip first, last;
	const char *warning; /* NULL: none */
};

static const struct ip ones = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	                          0xff, 0xff, 0xff, 0xff, 0xff } };

static void *make(void)
{
	return acl_addrs_new();
}

static void release(void *data)
{
	struct acl_addrs *s = data;

	acl_addrs_free(&s);
}

static size_t count_values(const void *data)
{
	return acl_addrs_count(data);
}

/* --- words ------------------------------------------------------------------------------------ */

/*
 * ipv6 is what Squid takes for IPv6 unicast: all but 0000::/4 (loopback, mapped) and F000::/4, and
 * of the latter the unique local and link local addresses.
 */
static const struct {
	const char *word, *first, *last;
} words[] = {
	{ "all", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "ipv4", "0.0.0.0", "255.255.255.255" },
	{ "ipv6", "1000::", "efff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "ipv6", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "ipv6", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "localhost", "127.0.0.1", "127.0.0.1" },
	{ "localhost", "::1", "::1" },
};

/* Squid takes these for "all", IPv6 included, and says so. */
static const char *const old_alls[] = { "0/0", "0.0.0.0/0", "0.0.0.0/0.0.0.0",
	                                "0.0.0.0-255.255.255.255", "0.0.0.0-0.0.0.0/0" };

static bool is_old_all(struct span value)
{
	for (size_t i = 0; i < ARRAY_LEN(old_alls); i++)
		if (span_eq(value, span_str(old_alls[i])))
			return true;
	return false;
}

static bool add_word(struct acl_addrs *s, struct span value)
{
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct ip first, last;

		if (!span_eq(value, span_str(words[i].word)))
			continue;
		CHECK(ip_parse(span_str(words[i].first), &first));
		CHECK(ip_parse(span_str(words[i].last), &last));
		acl_addrs_add(s, &first, &last);
		found = true;
	}
	return found;
}

/* --- prefixes and ranges ---------------------------------------------------------------------- */

/* "24", "64" or "255.255.255.0" to a number of leading bits of the 128. */
static const char *parse_mask(struct span mask, bool is_v4, unsigned *bits, const char **warning)
{
	struct ip ip;
	uint64_t n;

	if (span_to_u64(mask, &n)) {
		if (n > (is_v4 ? 32 : 128))
			return is_v4 ? "the prefix length is above 32"
			             : "the prefix length is above 128";
		*bits = (unsigned)n + (is_v4 ? 96 : 0);
		return NULL;
	}
	if (!ip_parse(mask, &ip) || ip_is_v4(&ip) != is_v4)
		return "after the slash stands neither a prefix length nor a netmask";
	*bits = is_v4 ? 96 : 0;
	while (*bits < 128 && (ip.b[*bits / 8] & 0x80 >> *bits % 8) != 0)
		(*bits)++;
	struct ip want = ip_mask(&ones, *bits);

	if (is_v4)
		memcpy(want.b, ip.b, 12);
	if (!ip_eq(&want, &ip))
		return "the netmask has holes";
	*warning = "netmasks are an old form: write a prefix length";
	return NULL;
}

static struct ip last_of(const struct ip *ip, unsigned bits)
{
	struct ip last = *ip;

	for (unsigned i = bits; i < 128; i++)
		last.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return last;
}

static const char *parse_address(struct span text, struct ip *ip)
{
	if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
		text = span_of(text.p + 1, text.n - 2);
	return ip_parse(text, ip) ? NULL : "it is no address";
}

/* first[-last][/mask]. Returns what is wrong, or NULL. */
static const char *parse_prefix(struct span value, struct prefix *p)
{
	const size_t slash = span_find(value, '/'), dash = span_find(value, '-');
	const struct span ends = span_of(value.p, slash);
	unsigned bits = 128;
	const char *fault;

	p->warning = NULL;
	fault = parse_address(span_of(ends.p, MIN(dash, slash)), &p->first);
	if (fault != NULL)
		return fault;
	p->last = p->first;
	if (dash < slash) {
		fault = parse_address(span_skip(ends, dash + 1), &p->last);
		if (fault != NULL)
			return fault;
		if (ip_is_v4(&p->first) != ip_is_v4(&p->last))
			return "the range goes from one address family to the other";
	}
	if (slash < value.n)
		fault = parse_mask(span_skip(value, slash + 1), ip_is_v4(&p->first), &bits,
		                   &p->warning);
	if (fault != NULL)
		return fault;
	const struct ip network = ip_mask(&p->first, bits);

	if (!ip_eq(&network, &p->first))
		p->warning = "it has bits set beyond its prefix length; the whole network is meant";
	p->first = network;
	p->last = last_of(&p->last, bits);
	return ip_cmp(&p->first, &p->last) <= 0 ? NULL : "the range ends before it starts";
}

static bool looks_like_name(struct span value)
{
	if (memchr(value.p, ':', value.n) != NULL || memchr(value.p, '/', value.n) != NULL)
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (ascii_lower(value.p[i]) >= 'a' && ascii_lower(value.p[i]) <= 'z')
			return true;
	return false;
}

static void parse(struct acl *a, struct acl_parse *p, struct span value)
{
	struct prefix pre;

	if (is_old_all(value)) {
		acl_report(p, a, CONF_WARNING,
		           "acl %s: \"%.*s\" is taken for \"all\", IPv6 included: write"
		           " \"all\" or \"ipv4\"",
		           a->name, SPAN_ARG(value));
		conf_as_squid(p->reader, "complains too, and takes it for \"all\"");
		value = SPAN("all");
	}
	if (add_word(a->data, value))
		return;
	if (looks_like_name(value)) {
		acl_host_add(a, p, value);
		return;
	}
	const char *fault = parse_prefix(value, &pre);

	if (fault != NULL) {
		acl_report(p, a, CONF_ERROR, "acl %s: bad address \"%.*s\": %s; accepted are %s",
		           a->name, SPAN_ARG(value), fault, a->type->values);
		conf_as_squid(p->reader, CONF_SQUID_STOPS);
		return;
	}
	if (pre.warning != NULL) {
		acl_report(p, a, CONF_WARNING, "acl %s: \"%.*s\": %s", a->name, SPAN_ARG(value),
		           pre.warning);
		conf_as_squid(p->reader, CONF_SQUID_WARNS);
	}
	acl_addrs_add(a->data, &pre.first, &pre.last);
}

void acl_add_address(struct acl *a, const struct ip *ip)
{
	acl_addrs_add(a->data, ip, ip);
}

static void finish(struct acl *a, struct acl_parse *p)
{
	(void)p;
	acl_addrs_finish(a->data);
}

static enum acl_match match(const struct acl *a, const struct acl_subject *s, struct acl_eval *e)
{
	(void)e;
	return acl_addrs_has(a->data, &s->ip) ? ACL_YES : ACL_NO;
}

/* --- for explain ------------------------------------------------------------------------------ */

static struct span print(const struct acl_subject *s, struct arena *a)
{
	char text[IP_TEXT_MAX];

	return arena_dup(a, span_str(ip_text(&s->ip, text)));
}

static struct span entry(const struct acl *acl, const struct acl_subject *s, struct acl_eval *e,
                         struct arena *a)
{
	struct ip first, last;
	char from[IP_TEXT_MAX], to[IP_TEXT_MAX];

	(void)e;
	if (!acl_addrs_find(acl->data, &s->ip, &first, &last))
		return SPAN_NULL;
	if (ip_is_any(&first) && !ip_is_v4(&first) && ip_eq(&last, &ones))
		return SPAN("all");
	if (ip_eq(&first, &last))
		return arena_dup(a, span_str(ip_text(&first, from)));
	return arena_printf(a, "%s-%s", ip_text(&first, from), ip_text(&last, to));
}

const struct acl_kind acl_kind_addrs = {
	.has_files = true,
	.make = make,
	.free = release,
	.parse = parse,
	.finish = finish,
	.count = count_values,
	.match = match,
	.print = print,
	.entry = entry,
};
