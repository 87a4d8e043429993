/*
 * Making answers. Internal to the resolver; dns.h has what everybody may do with one.
 */
#pragma once

#include "net/dns.h"

/* n addresses, or a name (SPAN_NULL: none), or neither and an error. refs is 1. */
struct dns_answer *dns_answer_new(enum err err, const struct ip *ips, unsigned n, struct span name,
                                  int64_t expires_ms);
