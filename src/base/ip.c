/*
 * Addresses: parse, print, mask, and the way to and from sockaddr.
 */
#include "base/ip.h"

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

bool ip_is_v4(const struct ip *ip)
{
	return memcmp(ip->b, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool ip_is_any(const struct ip *ip)
{
	static const uint8_t zero[16];
	const size_t from = ip_is_v4(ip) ? 12 : 0;

	return memcmp(ip->b + from, zero, 16 - from) == 0;
}

bool ip_eq(const struct ip *a, const struct ip *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

int ip_cmp(const struct ip *a, const struct ip *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

struct ip ip_from_v4(uint32_t host_order)
{
	struct ip ip;
	const uint32_t net = htonl(host_order);

	memcpy(ip.b, v4_prefix, sizeof(v4_prefix));
	memcpy(ip.b + 12, &net, sizeof(net));
	return ip;
}

bool ip_parse(struct span s, struct ip *out)
{
	char text[IP_TEXT_MAX];
	struct in_addr v4;
	struct in6_addr v6;

	if (s.n == 0 || !span_to_cstr(s, text, sizeof(text)))
		return false;
	/* inet_pton() takes exactly the strict forms, and refuses leading zeros. */
	if (inet_pton(AF_INET, text, &v4) == 1) {
		*out = ip_from_v4(ntohl(v4.s_addr));
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6) == 1) {
		memcpy(out->b, &v6, sizeof(out->b));
		return true;
	}
	return false;
}

const char *ip_text(const struct ip *ip, char buf[IP_TEXT_MAX])
{
	char *at = buf;

	if (!ip_is_v4(ip)) {
		CHECK(inet_ntop(AF_INET6, ip->b, buf, IP_TEXT_MAX) != NULL);
		return buf;
	}
	/* Once a request: inet_ntop() would go through printf. */
	for (unsigned i = 12; i < 16; i++) {
		at = span_print_u64(at, ip->b[i]);
		*at++ = '.';
	}
	at[-1] = '\0';
	return buf;
}

const char *endpoint_text(const struct endpoint *e, char buf[ENDPOINT_TEXT_MAX])
{
	char ip[IP_TEXT_MAX];
	const bool v4 = ip_is_v4(&e->ip);

	snprintf(buf, ENDPOINT_TEXT_MAX, "%s%s%s:%u", v4 ? "" : "[", ip_text(&e->ip, ip),
	         v4 ? "" : "]", e->port);
	return buf;
}

struct ip ip_mask(const struct ip *ip, unsigned bits)
{
	struct ip m = *ip;

	CHECK(bits <= 128);
	for (unsigned i = bits / 8; i < 16; i++)
		m.b[i] = i == bits / 8 ? (uint8_t)(m.b[i] & (0xff00u >> (bits % 8))) : 0;
	return m;
}

void endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ss, socklen_t *len)
{
	*ss = (struct sockaddr_storage){ 0 };
	if (ip_is_v4(&e->ip)) {
		struct sockaddr_in *sin = (struct sockaddr_in *)ss;

		sin->sin_family = AF_INET;
		sin->sin_port = htons(e->port);
		memcpy(&sin->sin_addr, e->ip.b + 12, 4);
		*len = sizeof(*sin);
	} else {
		struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(e->port);
		memcpy(&sin6->sin6_addr, e->ip.b, 16);
		*len = sizeof(*sin6);
	}
}

bool endpoint_from_sockaddr(const struct sockaddr *sa, struct endpoint *out)
{
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *sin = (const struct sockaddr_in *)(const void *)sa;

		out->ip = ip_from_v4(ntohl(sin->sin_addr.s_addr));
		out->port = ntohs(sin->sin_port);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)(const void *)sa;

		memcpy(out->ip.b, &sin6->sin6_addr, 16);
		out->port = ntohs(sin6->sin6_port);
		return true;
	}
	return false;
}
