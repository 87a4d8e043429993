/*
 * Made-up policies and requests for decide.c: always the same ones, of the kind that administrators
 * have. None of the requests matches anything in the lists, except where it is said.
 */
#pragma once

#include <stdio.h>

#include "acl/facts.h"

/* Numbers that are the same in each run. */
uint64_t lists_random(uint64_t *state);

/* Values, a line each: what a list file holds. */
void lists_write_domains(FILE *f, unsigned n);
void lists_write_prefixes(FILE *f, unsigned n);
void lists_write_regexes(FILE *f, unsigned n);
void lists_write_alike_regexes(FILE *f, unsigned n); /* much of which is in the requests' URLs */
void lists_write_bare_regexes(FILE *f, unsigned n);  /* with little to filter by, or nothing */

/* A squid.conf of 200 rules of all kinds, none of which matches. */
void lists_write_rules_200(FILE *f, bool has_req_header);

/* A host's name that is in no list; listed: the i-th name of lists_write_domains(). In buf. */
const char *lists_host(unsigned i, bool listed, char *buf, size_t cap);

struct lists_request {
	struct facts facts;
	struct uri uri;
	struct http_head head;
};
/* The i-th request, for a URL of 100 bytes. All in the arena. */
struct lists_request *lists_request_new(struct arena *a, unsigned i, const char *host);
