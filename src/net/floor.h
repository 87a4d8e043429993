/*
 * The floor under every policy: addresses that a client's request has no business with unless the
 * rule that allowed it names them (loopback, link-local, metadata services, the proxy's own ports).
 *
 * Judged for each connect, on the address that is connected to, so that no name, no answer of a
 * name server and no spelling gets below it. Directive: ssrf_protection.
 */
#pragma once

#include "base/base.h"
#include "base/ip.h"

enum floor_class {
	FLOOR_PASSES,
	FLOOR_LOOPBACK,
	FLOOR_LINK_LOCAL,
	FLOOR_METADATA,
	FLOOR_UNSPECIFIED,
	FLOOR_MULTICAST,
	FLOOR_OWN_PORT /* an address of this host, and a port that we listen on */
};

/* Immutable while anybody dials by it. */
struct floor {
	bool is_on;
	uint16_t *ports; /* that we listen on */
	unsigned n_ports;
};

/*
 * What a connection may be made to. names() tells whether the rule that allowed the request names
 * this address; NULL: no rule does.
 */
struct floor_guard {
	const struct floor *floor; /* NULL: everything passes */
	bool (*names)(const void *rule, const struct ip *ip);
	const void *rule;
};

/*
 * By the address alone, and by the IPv4 address to which a network may take it (IPv4-compatible and
 * -translated, NAT64 by RFC 6052 and RFC 8215, 6to4, Teredo); never FLOOR_OWN_PORT. Pure.
 */
enum floor_class floor_classify(const struct ip *ip);

/* FLOOR_PASSES if this guard lets connect there. Asks the kernel about addresses of this host. */
enum floor_class floor_judge(const struct floor_guard *g, const struct endpoint *to);

/* "loopback", "link-local": for the log. */
const char *floor_class_text(enum floor_class c);

void floor_add_port(struct floor *f, uint16_t port);
void floor_fini(struct floor *f);
