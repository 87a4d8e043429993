/*
 * What the suites of the resolver share: one with a scripted name server on loopback.
 */
#pragma once

#include "net/dns_map.h"
#include "tests/unit/net/dns_server.h"
#include "tests/unit/net/net_fixture.h"

/* A case's world; static, so that what a lookup points to outlives a test that fails. */
struct dns_fixture {
	struct loop *loop;
	struct dns_server server;
	struct net_conf conf;      /* to be changed before the start */
	struct dns_shared *shared; /* from the start on, as is dns */
	struct dns *dns;
	struct dns_query q;
	struct fixture_counter waiter;
};

/* rows: what the server says; its address is the only one configured, no hosts file is read. */
void dns_fixture_init(struct dns_fixture *f, const struct dns_server_row *rows);
void dns_fixture_start(struct dns_fixture *f);
void dns_fixture_fini(struct dns_fixture *f);

/* A lookup to its end; the answer is f->q's, until the next one. */
const struct dns_answer *dns_fixture_look_up(struct dns_fixture *f, const char *name,
                                             enum dns_kind kind);
void dns_fixture_ck_first_ip(const struct dns_answer *a, const char *text);
