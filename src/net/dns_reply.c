/*
 * Reading replies. Addresses are read by c-ares, which follows the chain of aliases; names by the
 * code below, since c-ares does not tell how long a PTR record lives.
 */
#include "net/dns_reply.h"

#include <ares.h>

#define HEADER_BYTES 12U
#define TYPE_CNAME   5U
#define TYPE_PTR     12U
#define CLASS_IN     1U

/* RFC 2181 8: a TTL with its top bit set counts as 0. c-ares hands it out as an int. */
static uint32_t ttl_of(int64_t ttl)
{
	return ttl < 0 || ttl > INT32_MAX ? 0 : (uint32_t)ttl;
}

static void add_ip(struct dns_reply *r, struct ip ip, int ttl)
{
	const uint32_t t = ttl_of(ttl);

	r->ttl_s = r->n == 0 ? t : MIN(r->ttl_s, t);
	r->ips[r->n++] = ip;
}

static int read_a(struct dns_reply *r, struct span m)
{
	struct ares_addrttl a[DNS_IPS_MAX];
	int n = DNS_IPS_MAX;
	const int e = ares_parse_a_reply((const unsigned char *)m.p, (int)m.n, NULL, a, &n);

	for (int i = 0; e == ARES_SUCCESS && i < n; i++)
		add_ip(r, ip_from_v4(ntohl(a[i].ipaddr.s_addr)), a[i].ttl);
	return e;
}

static int read_aaaa(struct dns_reply *r, struct span m)
{
	struct ares_addr6ttl a[DNS_IPS_MAX];
	int n = DNS_IPS_MAX;
	const int e = ares_parse_aaaa_reply((const unsigned char *)m.p, (int)m.n, NULL, a, &n);

	for (int i = 0; e == ARES_SUCCESS && i < n; i++) {
		struct ip ip;

		memcpy(ip.b, &a[i].ip6addr, sizeof(ip.b));
		/* A mapped IPv4 address is none that an AAAA may hand out (RFC 4291 2.5.5.2). */
		if (!ip_is_v4(&ip))
			add_ip(r, ip, a[i].ttl);
	}
	return e;
}

/* --- PTR -------------------------------------------------------------------------------------- */

struct cursor {
	const unsigned char *at, *end, *message;
};

static size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

static uint32_t take_be(struct cursor *c, unsigned bytes)
{
	uint32_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *c->at++;
	return v;
}

/* A name, possibly compressed (RFC 1035 4.1.4), as text. */
static bool take_name(struct cursor *c, char out[DNS_NAME_MAX])
{
	char *text;
	long used;

	if (left(c) == 0 || ares_expand_name(c->at, c->message, (int)(c->end - c->message), &text,
	                                     &used) != ARES_SUCCESS)
		return false;
	const bool ok = (size_t)used <= left(c) && dns_name_fold(span_str(text), out);

	ares_free_string(text);
	c->at += ok ? used : 0;
	return ok;
}

/* What a reverse name may consist of; the rest would only be good for confusing log readers. */
static bool is_host_name(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0';
}

/* One record; false if the message is malformed. wanted: the owner, moved along by CNAMEs. */
static bool read_record(struct dns_reply *r, struct cursor *c, char wanted[DNS_NAME_MAX],
                        uint32_t *ttl)
{
	char owner[DNS_NAME_MAX], target[DNS_NAME_MAX];

	if (!take_name(c, owner) || left(c) < 10)
		return false;
	const uint32_t type = take_be(c, 2), class = take_be(c, 2), record_ttl = take_be(c, 4);
	const uint32_t length = take_be(c, 2);

	if (length > left(c))
		return false;
	struct cursor data = *c;

	c->at += length;
	if (class != CLASS_IN || (type != TYPE_CNAME && type != TYPE_PTR) ||
	    strcmp(owner, wanted) != 0)
		return true;
	if (!take_name(&data, target) || data.at > c->at)
		return false;
	*ttl = MIN(*ttl, ttl_of(record_ttl));
	if (type == TYPE_CNAME) {
		memcpy(wanted, target, DNS_NAME_MAX);
	} else if (r->name[0] == '\0' && is_host_name(target)) {
		memcpy(r->name, target, DNS_NAME_MAX);
		r->ttl_s = *ttl;
	}
	return true;
}

static int read_ptr(struct dns_reply *r, struct span m)
{
	struct cursor c = { (const unsigned char *)m.p, NULL, (const unsigned char *)m.p };
	char wanted[DNS_NAME_MAX];
	uint32_t ttl = INT32_MAX;

	if (m.n < HEADER_BYTES)
		return ARES_EBADRESP;
	c.end = c.at + m.n;
	c.at += 4;
	const uint32_t questions = take_be(&c, 2), answers = take_be(&c, 2);

	c.at += 4;
	/* One question, as asked; a server that asks back is not believed. */
	if (questions != 1 || !take_name(&c, wanted) || left(&c) < 4)
		return ARES_EBADRESP;
	c.at += 4;
	for (uint32_t i = 0; i < answers; i++)
		if (!read_record(r, &c, wanted, &ttl))
			return ARES_EBADRESP;
	return r->name[0] != '\0' ? ARES_SUCCESS : ARES_ENODATA;
}

static void clear(struct dns_reply *r, enum err e)
{
	r->err = e;
	r->ttl_s = 0;
	r->n = 0;
	r->name[0] = '\0';
}

void dns_reply_parse(struct dns_reply *r, enum dns_kind kind, struct span message)
{
	int e = ARES_EBADRESP;

	clear(r, ERR_NONE);
	if (message.n == 0 || message.n > UINT16_MAX) {
		r->err = ERR_DNS_SERVER;
		return;
	}
	switch (kind) {
	case DNS_A:
		e = read_a(r, message);
		break;
	case DNS_AAAA:
		e = read_aaaa(r, message);
		break;
	case DNS_PTR:
		e = read_ptr(r, message);
		break;
	}
	/* What was read before something malformed is not believed either. */
	if (e != ARES_SUCCESS)
		clear(r, e == ARES_ENODATA ? ERR_DNS_NODATA : ERR_DNS_SERVER);
	else if (r->n == 0 && r->name[0] == '\0')
		r->err = ERR_DNS_NODATA;
}
