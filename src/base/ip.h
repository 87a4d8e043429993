/*
 * Addresses and endpoints. An IPv4 address is held in its v4-mapped IPv6 form, so that there is
 * one kind of address to compare; what is mapped counts as IPv4 everywhere.
 */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/base.h"

struct ip {
	uint8_t b[16]; /* network order */
};

struct endpoint {
	struct ip ip;
	uint16_t port; /* host order */
};

#define IP_TEXT_MAX       46 /* longest address text with NUL */
#define ENDPOINT_TEXT_MAX 54

bool ip_is_v4(const struct ip *ip);
bool ip_is_any(const struct ip *ip); /* 0.0.0.0 or :: */
bool ip_eq(const struct ip *a, const struct ip *b);
int ip_cmp(const struct ip *a, const struct ip *b);
struct ip ip_from_v4(uint32_t host_order);

/*
 * Strict textual forms only: dotted quad with four decimal parts and no leading zeros, or RFC 4291
 * IPv6 without zone or brackets. (No 127.1, no 0x7f000001: RFC 6943 3.1.1.)
 */
bool ip_parse(struct span s, struct ip *out) MUST_USE;

/* Canonical text (RFC 5952; IPv4 dotted). Returns buf. */
const char *ip_text(const struct ip *ip, char buf[IP_TEXT_MAX]);

/* "192.0.2.1:80" or "[2001:db8::1]:80". Returns buf. */
const char *endpoint_text(const struct endpoint *e, char buf[ENDPOINT_TEXT_MAX]);

/* Clear all but the first `bits` bits (0..128; an IPv4 /n is 96+n here). */
struct ip ip_mask(const struct ip *ip, unsigned bits);

/* Fill a sockaddr for the address's own family. */
void endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ss, socklen_t *len);
/* False for other families. */
bool endpoint_from_sockaddr(const struct sockaddr *sa, struct endpoint *out) MUST_USE;
