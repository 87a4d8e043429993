/*
 * Names to addresses for who can wait: the builder of a configuration. Never on a worker.
 */
#pragma once

#include "net/dns.h"

struct dns_wanted {
	struct span name; /* in lower case, no final dot */
	enum err err;     /* ERR_NONE: there is an address; ERR_DNS_* */
	struct ip *ips;   /* the caller frees it; NULL if there is none */
	unsigned n;
};

/*
 * Look all of them up, as requests would with these settings, and return when that is done, but
 * after dns_timeout at the latest: what is not known by then has ERR_DNS_TIMEOUT. tick is called
 * some times a second meanwhile; NULL: nothing is.
 */
typedef void dns_tick_fn(void *arg);
void dns_wait(const struct dns_conf *c, struct dns_wanted *names, size_t n, dns_tick_fn *tick,
              void *arg);
