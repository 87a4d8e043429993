/*
 * Who stands behind a trusted proxy: the addresses that X-Forwarded-For names, from the one nearest
 * to us to the farthest. Pure; whom to trust is for policy to say between two steps.
 */
#pragma once

#include "base/ip.h"
#include "http/head.h"

/* Nobody walks farther than this; as in Squid. */
#define XFF_HOPS_MAX 64

struct xff_walk {
	const struct http_head *head;
	uint32_t fields; /* fields still to be read; the one before is under way */
	struct span rest;
	unsigned hops;
	bool is_over;
	bool met_nonsense; /* it is over because what came next was no address */
};

/* The head must outlive the walk. */
void xff_walk_begin(struct xff_walk *w, const struct http_head *h);
/*
 * The next address. Several fields count as one list (RFC 9110 5.3); its elements are separated by
 * commas and blanks, and empty ones are skipped. False: there is no more, or no address where one
 * should stand (a port, brackets, a name, "unknown"), or XFF_HOPS_MAX were given.
 */
bool xff_walk_next(struct xff_walk *w, struct ip *ip);
