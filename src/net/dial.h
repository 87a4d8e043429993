/*
 * Opening a connection to a host: resolve (unless the addresses were judged already), race the
 * families and addresses (RFC 8305), give up after connect_timeout. One composite operation.
 */
#pragma once

#include "net/dns.h"
#include "net/floor.h"
#include "net/stream.h"

struct dial_request {
	struct span host;     /* for lookups; lower case; ignored if n_ips */
	const struct ip *ips; /* the judged set, in the order to try after RFC 8305's interleaving;
	                         n_ips 0: resolve */
	unsigned n_ips;
	struct dns_share *share; /* whose lookups these are; NULL: nobody's; outlives the dial */
	uint16_t port;
	const struct endpoint *from4, *from6; /* source addresses, or NULL */
	const struct sock_marks *marks;       /* NULL: none */
	int64_t connect_timeout_ms;           /* of each connect */
	int64_t forward_timeout_ms;           /* of the whole dial */
	int64_t attempt_delay_ms;             /* happy_eyeballs_connect_timeout, 250 */
	unsigned max_tries;                   /* forward_max_tries; 0 counts as 1 */
	unsigned connect_retries;   /* connect_retries: of an address that failed, in its time;
	                             max_tries does not count them */
	struct stream_tally *tally; /* taken over; then the stream's. NULL: nobody counts */
	struct floor_guard guard;   /* what it points to outlives the dial */
	int64_t recv_bufsize;       /* tcp_recv_bufsize; 0: the system's */
};

struct dial {
	struct op op;
	/* results */
	struct stream *stream; /* OP_READY: the caller's, without an owner */
	struct endpoint at;    /* the address connected to, or last tried */
	enum err err;          /* OP_FAILED: of the most telling attempt: ERR_DNS_*, ERR_REFUSED,
	                          ERR_TIMEOUT, ERR_FORBIDDEN ... */
	unsigned tries;        /* connects begun */
	struct endpoint forbidden; /* the first address that the guard forbade; port 0: none */
	enum floor_class forbidden_as;
	int64_t dns_us; /* time spent waiting for names */
	void *state;    /* the dialler's; NULL when over */
};

/*
 * What q points to is copied. OP_PENDING, or OP_FAILED at once (a name known not to exist, no
 * network). dns may be NULL if n_ips != 0. What is counted is the caller's business.
 */
enum op_status dial_start(struct dial *d, struct dns *dns, struct loop *l,
                          const struct dial_request *q, struct task *waiter);
/* op_cancel(&d->op) cancels; connections under way are closed. */
