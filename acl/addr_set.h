/*
 * Sets of addresses: sorted ranges that do not touch, found by halving. IPv4 in its mapped form.
 * Immutable after acl_addrs_finish(), shared.
 */
#pragma once

#include "base/ip.h"

struct acl_addrs;

struct acl_addrs *acl_addrs_new(void);
void acl_addrs_free(struct acl_addrs **s);
/* Both ends belong to the range; first <= last. */
void acl_addrs_add(struct acl_addrs *s, const struct ip *first, const struct ip *last);
void acl_addrs_finish(struct acl_addrs *s);
/* Ranges added; after finish: ranges that are left. */
size_t acl_addrs_count(const struct acl_addrs *s);
bool acl_addrs_has(const struct acl_addrs *s, const struct ip *ip);
/* The range that holds ip; false if none. */
bool acl_addrs_find(const struct acl_addrs *s, const struct ip *ip, struct ip *first,
                    struct ip *last);
