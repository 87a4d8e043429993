/*
 * Heads and settings from short texts, for tests of what is decided about replies.
 */
#pragma once

#include "cache/cache_conf.h"
#include "http/head.h"
#include "tests/unit/unit.h"

#define RULES_NOW 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

struct rules {
	struct arena arena;
	struct acl_conf acl;
	struct cache_conf conf;
	struct conf_reader *reader;
};

/* conf: lines of squid.conf; may be "". */
void rules_init(struct rules *r, const char *conf);
void rules_fini(struct rules *r);
/* Errors and warnings, a line each. */
const char *rules_findings(const struct rules *r);

/*
 * "GET" and field lines that end in '\n'; "@-10@" stands for the date ten seconds before
 * RULES_NOW. A request is for http://h.example/.
 */
struct http_head *rules_request(struct rules *r, const char *method, const char *fields);
struct http_head *rules_reply(struct rules *r, unsigned status, const char *fields);
/* The field lines of a head, in their order, as they are written above. */
const char *rules_fields(struct rules *r, const struct http_head *h);
