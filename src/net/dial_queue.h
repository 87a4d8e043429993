/*
 * The order in which a dial tries addresses. Pure; internal to the dialler.
 */
#pragma once

#include "net/dns_files.h"

/* The addresses of each family, those of IPv6 first in turn (RFC 8305 4: alternate). */
struct dial_queue {
	struct ip ips[2][DNS_IPS_MAX]; /* of IPv6, of IPv4 */
	unsigned n[2], taken[2];
	bool v4_is_next;
};

/* Behind those of the same family; what is beyond DNS_IPS_MAX of a family is left out. */
void dial_queue_add(struct dial_queue *q, const struct ip *ips, unsigned n);
/* The next address to try; false if all were taken. */
bool dial_queue_take(struct dial_queue *q, struct ip *ip) MUST_USE;
bool dial_queue_is_empty(const struct dial_queue *q);

/* Which of two failures of attempts tells more about what is wrong. */
enum err dial_more_telling(enum err a, enum err b);
