/*
 * A policy read from a text, and facts made by hand, for the tests of acl/.
 */
#pragma once

#include "acl/decide.h"
#include "http/uri.h"
#include "tests/unit/unit.h"

struct fixture {
	struct acl_conf acl;
	struct conf_reader *reader;
	struct arena arena;
	struct facts facts;
	struct uri uri;
	struct http_head request;
	struct ip dst[4];
	struct trail trail;
	struct log_conf *lists; /* the fixture's own: http_reply_access and others, see fixture.c */
};

/* Read the text as "squid.conf", and finish. */
void fixture_init(struct fixture *f, const char *text);
/* The same, with list files taken from those in use, and names looked up; either may be NULL. */
void fixture_init_with(struct fixture *f, const char *text, struct acl_files *in_use,
                       acl_resolve_fn *resolve);
void fixture_fini(struct fixture *f);

/* The facts of a request from 192.0.2.7:40000 to 192.0.2.1:3128 on a Monday at 12:00; "CONNECT"
 * takes "host:port". */
void fixture_request(struct fixture *f, const char *method, const char *url);
void fixture_dst(struct fixture *f, const char *addresses);

enum verdict fixture_decide(struct fixture *f); /* http_access */
/* The verdict as a word: "allow", "deny", "need dst", "undecided". Static. */
const char *fixture_verdict(struct fixture *f);
const char *fixture_reply_verdict(struct fixture *f); /* of http_reply_access */

/* All findings, a line each: "FILE:LINE: SEVERITY: TEXT\n". Static. */
const char *fixture_findings(const struct fixture *f);
bool fixture_has(const struct fixture *f, unsigned line, enum conf_severity s, const char *part);

#define ck_assert_finding(f, line, severity, part)                                                 \
	ck_assert_msg(fixture_has(f, line, severity, part),                                        \
	              "no such finding at line %u: %s\nfindings:\n%s", (unsigned)(line), part,     \
	              fixture_findings(f))
#define ck_assert_no_findings(f) ck_assert_str_eq(fixture_findings(f), "")
