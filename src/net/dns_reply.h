/*
 * What a name server's message says. Pure; the bytes come from outside.
 */
#pragma once

#include "net/dns_files.h"

struct dns_reply {
	enum err err;   /* ERR_NONE: there is at least one address, or a name */
	uint32_t ttl_s; /* the smallest of the chain that leads to the answer; 0 on failure */
	unsigned n;
	struct ip ips[DNS_IPS_MAX];
	char name[DNS_NAME_MAX]; /* DNS_PTR: lower case; else "" */
};

/* A message whose header says success. Malformed ones are ERR_DNS_SERVER. */
void dns_reply_parse(struct dns_reply *r, enum dns_kind kind, struct span message);
