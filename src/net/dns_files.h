/*
 * What resolv.conf and a hosts file say. Pure: text in, values out; unknown and malformed lines are
 * skipped, as every resolver does. What is found is bounded by the constants below.
 */
#pragma once

#include "base/ip.h"
#include "net/dns.h"

#define DNS_PORT        53
#define DNS_SERVERS_MAX 8
#define DNS_SEARCH_MAX  16
#define DNS_NAME_MAX    254 /* with NUL; RFC 1035 3.1: 255 on the wire are 253 in text */
#define DNS_IPS_MAX     32  /* addresses of one name */

struct dns_resolv {
	struct endpoint servers[DNS_SERVERS_MAX];
	unsigned n_servers;
	char search[DNS_SEARCH_MAX][DNS_NAME_MAX]; /* lower case, no final dot */
	unsigned n_search;
	unsigned ndots;     /* 1 */
	unsigned timeout_s; /* 0: not said */
	unsigned attempts;  /* 0: not said */
};

void dns_resolv_parse(struct dns_resolv *r, struct span text);

/* "192.0.2.1", "192.0.2.1:5353", "2001:db8::1" or "[2001:db8::1]:5353". */
bool dns_server_parse(struct span word, struct endpoint *e) MUST_USE;

/* The name in lower case without final dot and with NUL; false if it is empty, too long or holds
 * NUL. */
bool dns_name_fold(struct span name, char out[DNS_NAME_MAX]) MUST_USE;

struct dns_hosts; /* immutable */

/* append_domain: "" or ".example.com", given to names without a dot as well. */
struct dns_hosts *dns_hosts_parse(struct span text, struct span append_domain);
void dns_hosts_free(struct dns_hosts **h);
/*
 * The file's answer, or NULL if it does not know the name. A name of the other family only has no
 * address of this one (ERR_DNS_NODATA). Borrowed. kind: DNS_A or DNS_AAAA.
 */
struct dns_answer *dns_hosts_find(const struct dns_hosts *h, struct span name, enum dns_kind kind);
struct dns_answer *dns_hosts_find_ip(const struct dns_hosts *h, const struct ip *ip);
