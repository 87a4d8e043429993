/*
 * The floor: which addresses are below it. Holds no state but the ports that were added.
 */
#include "net/floor.h"

#include "net/sock.h"

#define V4(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

/* Metadata services before the ranges that hold some of them, so that the log can name them. */
static const struct {
	uint32_t first;
	unsigned bits;
	enum floor_class class;
} v4_ranges[] = {
	{ V4(169, 254, 169, 254), 32, FLOOR_METADATA },  /* most clouds */
	{ V4(100, 100, 100, 200), 32, FLOOR_METADATA },  /* Alibaba */
	{ V4(168, 63, 129, 16), 32, FLOOR_METADATA },    /* Azure */
	{ V4(127, 0, 0, 0), 8, FLOOR_LOOPBACK },         /* RFC 1122 3.2.1.3 (g) */
	{ V4(169, 254, 0, 0), 16, FLOOR_LINK_LOCAL },    /* RFC 3927 */
	{ V4(0, 0, 0, 0), 8, FLOOR_UNSPECIFIED },        /* RFC 1122 3.2.1.3 (a), (b): this host */
	{ V4(224, 0, 0, 0), 4, FLOOR_MULTICAST },        /* RFC 5771 */
	{ V4(255, 255, 255, 255), 32, FLOOR_MULTICAST }, /* RFC 919: all on this link */
};

static const struct {
	struct ip first;
	unsigned bits;
	enum floor_class class;
} v6_ranges[] = {
	{ { { 0xfd, 0, 0x0e, 0xc2, [14] = 0x02, 0x54 } }, 128, FLOOR_METADATA }, /* Amazon */
	{ { { [15] = 1 } }, 128, FLOOR_LOOPBACK },                     /* RFC 4291 2.5.3 */
	{ { { 0 } }, 128, FLOOR_UNSPECIFIED },                         /* RFC 4291 2.5.2 */
	{ { { 0, 0x64, 0xff, 0x9b, 0, 1 } }, 128, FLOOR_UNSPECIFIED }, /* RFC 8215: 0.0.0.0 */
	{ { { 0xfe, 0x80 } }, 10, FLOOR_LINK_LOCAL },                  /* RFC 4291 2.5.6 */
	{ { { 0xff } }, 8, FLOOR_MULTICAST },                          /* RFC 4291 2.7 */
};

static bool is_within(const struct ip *ip, const struct ip *first, unsigned bits)
{
	const struct ip cut = ip_mask(ip, bits);

	return ip_eq(&cut, first);
}

static enum floor_class class_of_v4(uint32_t ip)
{
	for (size_t i = 0; i < ARRAY_LEN(v4_ranges); i++)
		if ((ip ^ v4_ranges[i].first) >> (32 - v4_ranges[i].bits) == 0)
			return v4_ranges[i].class;
	return FLOOR_PASSES;
}

/* The four bytes at these places as a number. */
static uint32_t number_at(const struct ip *ip, unsigned a, unsigned b, unsigned c, unsigned d)
{
	return V4((uint32_t)ip->b[a], (uint32_t)ip->b[b], (uint32_t)ip->b[c], ip->b[d]);
}

static enum floor_class class_of(const struct ip *ip)
{
	if (ip_is_v4(ip))
		return class_of_v4(number_at(ip, 12, 13, 14, 15));
	for (size_t i = 0; i < ARRAY_LEN(v6_ranges); i++)
		if (is_within(ip, &v6_ranges[i].first, v6_ranges[i].bits))
			return v6_ranges[i].class;
	return FLOOR_PASSES;
}

static const struct {
	struct ip prefix;
	unsigned bits;
	uint8_t at[4]; /* the bytes that are the IPv4 address */
	uint32_t hidden_by;
	bool is_guess; /* the same bytes may mean something else */
} carriers[] = {
	/* RFC 4291 2.5.5.1: IPv4-compatible. Holds :: and ::1 too, whose own class comes first. */
	{ { { 0 } }, 96, { 12, 13, 14, 15 }, 0, false },
	{ { { [8] = 0xff, 0xff } },
	  96,
	  { 12, 13, 14, 15 },
	  0,
	  false }, /* RFC 2765 2.1: translated */
	{ { { 0, 0x64, 0xff, 0x9b } }, 96, { 12, 13, 14, 15 }, 0, false }, /* RFC 6052 2.1: NAT64 */
	/* RFC 8215: NAT64 for local use, the address wherever RFC 6052 2.2 can put it below /48. */
	{ { { 0, 0x64, 0xff, 0x9b, 0, 1 } }, 48, { 6, 7, 9, 10 }, 0, true },
	{ { { 0, 0x64, 0xff, 0x9b, 0, 1 } }, 48, { 7, 9, 10, 11 }, 0, true },
	{ { { 0, 0x64, 0xff, 0x9b, 0, 1 } }, 48, { 9, 10, 11, 12 }, 0, true },
	{ { { 0, 0x64, 0xff, 0x9b, 0, 1 } }, 48, { 12, 13, 14, 15 }, 0, true },
	{ { { 0x20, 0x02 } }, 16, { 2, 3, 4, 5 }, 0, false }, /* RFC 3056 2: 6to4 */
	{ { { 0x20, 0x01 } }, 32, { 4, 5, 6, 7 }, 0, false }, /* RFC 4380 4: Teredo server */
	{ { { 0x20, 0x01 } }, 32, { 12, 13, 14, 15 }, UINT32_MAX, false }, /* and client */
};

/* The address itself, and what it may carry. */
struct form {
	struct ip ip;
	bool is_guess;
};
#define FORMS_MAX 5

static unsigned forms_of(const struct ip *ip, struct form forms[FORMS_MAX])
{
	unsigned n = 0;

	forms[n++] = (struct form){ *ip, false };
	for (size_t i = 0; i < ARRAY_LEN(carriers) && !ip_is_v4(ip); i++) {
		const uint8_t *at = carriers[i].at;

		if (!is_within(ip, &carriers[i].prefix, carriers[i].bits))
			continue;
		CHECK(n < FORMS_MAX);
		const uint32_t v4 = number_at(ip, at[0], at[1], at[2], at[3]);

		forms[n++] = (struct form){ ip_from_v4(v4 ^ carriers[i].hidden_by),
			                    carriers[i].is_guess };
	}
	return n;
}

enum floor_class floor_classify(const struct ip *ip)
{
	struct form forms[FORMS_MAX];
	const unsigned n = forms_of(ip, forms);

	for (unsigned i = 0; i < n; i++) {
		const enum floor_class c = class_of(&forms[i].ip);

		/* The zeros around an address are none, and nothing is behind multicast by TCP. */
		if (forms[i].is_guess && (c == FLOOR_UNSPECIFIED || c == FLOOR_MULTICAST))
			continue;
		if (c != FLOOR_PASSES)
			return c;
	}
	return FLOOR_PASSES;
}

static bool is_own_port(const struct floor *f, const struct endpoint *to)
{
	struct form forms[FORMS_MAX];
	bool listens = false;

	for (unsigned i = 0; i < f->n_ports && !listens; i++)
		listens = f->ports[i] == to->port;
	if (likely(!listens))
		return false;
	const unsigned n = forms_of(&to->ip, forms);

	for (unsigned i = 0; i < n; i++)
		if (sock_is_own_address(&forms[i].ip))
			return true;
	return false;
}

enum floor_class floor_judge(const struct floor_guard *g, const struct endpoint *to)
{
	if (g->floor == NULL || !g->floor->is_on)
		return FLOOR_PASSES;
	enum floor_class c = floor_classify(&to->ip);

	if (c == FLOOR_PASSES && is_own_port(g->floor, to))
		c = FLOOR_OWN_PORT;
	if (c != FLOOR_PASSES && g->names != NULL && g->names(g->rule, &to->ip))
		c = FLOOR_PASSES;
	return c;
}

const char *floor_class_text(enum floor_class c)
{
	switch (c) {
	case FLOOR_PASSES:
		return "allowed";
	case FLOOR_LOOPBACK:
		return "loopback";
	case FLOOR_LINK_LOCAL:
		return "link-local";
	case FLOOR_METADATA:
		return "a metadata service";
	case FLOOR_UNSPECIFIED:
		return "unspecified";
	case FLOOR_MULTICAST:
		return "multicast";
	case FLOOR_OWN_PORT:
		return "a port of this proxy";
	}
	UNREACHABLE("floor_class");
}

void floor_add_port(struct floor *f, uint16_t port)
{
	f->ports = check_realloc(f->ports, (f->n_ports + 1) * sizeof(*f->ports));
	f->ports[f->n_ports++] = port;
}

void floor_fini(struct floor *f)
{
	free(f->ports);
	*f = (struct floor){ 0 };
}
