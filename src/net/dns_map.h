/*
 * The process's answers, and who waits for which. Internal to the resolver.
 *
 * Shared by the workers: entries are spread over stripes, each guarded by its own lock. An entry is
 * made by the worker that looks the name up; others who want it meanwhile leave a waiter there.
 */
#pragma once

#include <stdatomic.h>

#include "base/list.h"
#include "base/lock.h"
#include "base/table.h"
#include "net/dns_setup.h"

#define DNS_STRIPES 16U

struct dns_stripe {
	struct lock lock;
	struct table table; /* entries; guarded by lock */
	struct list recent; /* entries with an answer, least recently used first; guarded by lock */
} __attribute__((aligned(64)));

struct dns_shared {
	uint32_t magic;
	_Atomic unsigned generation; /* of setup; written under setup_lock */
	_Atomic unsigned in_flight;  /* entries without an answer */
	_Atomic unsigned low, high;  /* entries of a stripe: evict down to, from */
	_Atomic unsigned in_flight_max;
	struct lock setup_lock;
	struct dns_setup *setup; /* guarded by setup_lock */
	struct dns_stripe stripes[DNS_STRIPES];
};

struct dns_entry; /* guarded by its stripe's lock */

/* Who waits for an answer. On the heap, since a post may be on its way when the query is cancelled.
 */
struct dns_waiter {
	struct post post;
	struct list link;          /* of the entry; guarded by the stripe's lock */
	struct dns_entry *entry;   /* NULL once taken; guarded by the stripe's lock */
	struct dns_stripe *stripe; /* immutable */
	struct loop *home;         /* immutable */
	struct dns_query *query;   /* NULL: cancelled; only home's thread touches it */
	struct dns_answer *answer; /* set before it is posted */
};

enum dns_found { DNS_FOUND, DNS_JOINED, DNS_MUST_LOOK_UP, DNS_FULL, DNS_SHARE_FULL };

/* Take over the current settings (a reference). */
struct dns_setup *dns_map_setup(struct dns_shared *s, unsigned *generation);

/*
 * DNS_FOUND: *answer is the caller's reference. DNS_JOINED: q waits, q->state is its waiter.
 * DNS_MUST_LOOK_UP: the same, and the caller must see to dns_map_complete(*entry). DNS_FULL,
 * DNS_SHARE_FULL (of q->share): neither.
 */
enum dns_found dns_map_find(struct dns_shared *s, enum dns_kind kind, struct span name,
                            struct loop *home, struct dns_query *q, struct dns_answer **answer,
                            struct dns_entry **entry);

/* The lookup has ended: keep the answer if is_kept, and tell who waits. Takes the reference. */
void dns_map_complete(struct dns_shared *s, struct dns_entry *e, struct dns_answer **answer,
                      bool is_kept);

/*
 * Nobody waits for this lookup any more, and so many are under way that others will be refused.
 */
bool dns_map_is_in_the_way(struct dns_shared *s, struct dns_entry *e);

/* On home's thread: q waits no longer. */
void dns_map_leave(struct dns_query *q);

/* For tests and the manager. */
size_t dns_map_count(struct dns_shared *s);
