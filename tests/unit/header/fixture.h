/*
 * A configuration of heads, and facts to decide by.
 */
#pragma once

#include "header/header_conf.h"
#include "log/access_log.h"
#include "tests/unit/unit.h"

struct fixture {
	struct arena arena;
	struct acl_conf acl;
	struct header_conf header;
	struct log_conf log;
	struct conf_reader *reader;
	struct http_head head;
	struct facts facts; /* a GET from 192.0.2.7 */
	unsigned records;   /* how many were asked for */
	unsigned asked;     /* how often a list was */
	unsigned waits;     /* this many questions are answered "not yet" */
};

/* Defined before the text: acl no, which never matches, and get, which does. */
void fixture_init(struct fixture *f, const char *text);
void fixture_fini(struct fixture *f);
/* The head with these fields ("Name: value" lines, '\n' between). */
void fixture_fields(struct fixture *f, const char *lines);
/* ... and back. */
const char *fixture_text(const struct fixture *f);
/* What was found in the configuration, as lines "3: error: ...". */
const char *fixture_findings(const struct fixture *f);
/* A header_ask_fn over a struct fixture *. */
bool fixture_ask(void *arg, const struct acl_rules *rules, enum verdict *v, struct trail *trail);
/* A header_record_fn over a struct fixture *: the facts' request, a user "u\r\nX: y", notes. */
struct log_rec fixture_record(void *arg, const struct log_fields *fields);
