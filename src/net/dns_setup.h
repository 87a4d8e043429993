/*
 * The resolver's settings as they follow from squid.conf, resolv.conf and the hosts file.
 * Immutable, counted; a reload makes a new one.
 */
#pragma once

#include "net/dns_files.h"
#include "net/net_conf.h"

struct dns_setup {
	_Atomic unsigned refs;
	struct endpoint *servers; /* at least one */
	unsigned n_servers;
	struct dns_resolv *resolv; /* search and ndots; NULL: names are taken as they are */
	char *append_domain;       /* NULL or ".example.com" */
	struct dns_hosts *hosts;   /* NULL: none */
	int64_t timeout_ms;        /* of one lookup */
	int64_t retransmit_ms;
	int tries; /* of each server */
	int64_t positive_ttl_ms, negative_ttl_ms;
	int packet_max; /* for EDNS; 0: without */
	/* where queries come from, for servers of its family; any: the system chooses */
	struct ip from;
	bool check_names, allow_underscore;
};

/* Reads files: not for workers. */
struct dns_setup *dns_setup_new(const struct dns_conf *c);
struct dns_setup *dns_setup_ref(struct dns_setup *s);
void dns_setup_unref(struct dns_setup **s);

/*
 * The i-th name to ask for when `name` is wanted (i counts from 0), or false if there are no more.
 * It is absolute; out has no final dot.
 */
bool dns_setup_candidate(const struct dns_setup *s, const char *name, unsigned i,
                         char out[DNS_NAME_MAX]) MUST_USE;

/* check_hostnames and allow_underscore, by RFC 1123 2.1. */
bool dns_setup_accepts(const struct dns_setup *s, const char *name);
