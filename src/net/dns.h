/*
 * Names to addresses and back: c-ares as transport on each worker's loop; answers in one map that
 * all workers share; one query in flight for a name.
 *
 * Order: IP literals are the caller's business; hosts_file; the map; the name servers, with search
 * domains and ndots as resolv.conf says (or append_domain/dns_defnames). Answers live for their
 * smallest TTL within [negative_dns_ttl, positive_dns_ttl]; failures for negative_dns_ttl.
 */
#pragma once

#include "base/ip.h"
#include "loop/op.h"

struct dns_conf;   /* settings, part of struct net_conf (net/net_conf.h) */
struct dns_shared; /* the process's answers; guarded by its own locks */
struct dns;        /* one worker's channel; worker-local */

enum dns_kind { DNS_A, DNS_AAAA, DNS_PTR };

/* Immutable once published; shared; counted. */
struct dns_answer {
	_Atomic unsigned refs;
	enum err err; /* ERR_NONE, or why there is nothing: ERR_DNS_* */
	int64_t expires_ms;
	struct span name; /* DNS_PTR: the name found; else SPAN_NULL */
	unsigned n;
	struct ip ips[];
};

struct dns_answer *dns_answer_ref(struct dns_answer *a);
void dns_answer_unref(struct dns_answer **a);

struct dns_shared *dns_shared_new(const struct dns_conf *c);
void dns_shared_free(struct dns_shared **s);
/* Take new settings; the hosts file is read anew (not on a worker); answers stay. */
void dns_shared_configure(struct dns_shared *s, const struct dns_conf *c);

enum err dns_new(struct dns **out, struct dns_shared *s, struct loop *l) MUST_USE;
void dns_free(struct dns **d);

/*
 * Who asks: one client's queries that wait, on all workers. A quarter of all lookups is the most
 * that it may hold; then what is not known or under way already is refused (ERR_LIMIT), so that a
 * client with names that nobody answers does not keep others from theirs. Zeroed, embedded by
 * whoever knows the client; outlives its queries. Shared; its counter is atomic.
 */
struct dns_share {
	_Atomic unsigned n_waiting;
};

/* One lookup. The answer (also a failed one) is the caller's reference when it is ready. */
struct dns_query {
	struct op op;
	struct dns_answer *answer; /* NULL until OP_READY */
	struct dns_share *share;   /* the resolver's */
	struct list link;          /* the resolver's */
	void *state;               /* the resolver's */
};

/*
 * name: in lower case, no final dot. for DNS_PTR use dns_lookup_ptr(). Never OP_FAILED. share:
 * whose lookup it is; NULL: nobody's, and not limited.
 */
enum op_status dns_lookup(struct dns *d, struct dns_share *share, struct span name,
                          enum dns_kind kind, struct dns_query *q, struct task *waiter);
enum op_status dns_lookup_ptr(struct dns *d, struct dns_share *share, const struct ip *ip,
                              struct dns_query *q, struct task *waiter);

/* Of both families' answers: ERR_NONE if there is an address, else the failure that says most. */
enum err dns_err_of(const struct dns_answer *a, const struct dns_answer *aaaa);

/* A and AAAA together, for policy: ready when both have ended. */
struct dns_addresses {
	struct op op;
	struct dns_query a, aaaa;
	struct task task;
	enum err err;   /* ERR_NONE if there is at least one address */
	struct ip *ips; /* malloc'ed, AAAA before A; freed by dns_addresses_fini() */
	unsigned n;
};
/* OP_FAILED: there is none, err says why (also after OP_PENDING). */
enum op_status dns_addresses_start(struct dns *d, struct dns_share *share, struct span name,
                                   struct dns_addresses *q, struct task *waiter);
void dns_addresses_fini(struct dns_addresses *q); /* cancels too */
