/*
 * Settings of where requests go, read from a text, for the tests of src/peer.
 */
#pragma once

#include "peer/peer_conf.h"
#include "tests/unit/unit.h"

struct peer_fixture {
	struct acl_conf acl;
	struct peer_conf conf;
	struct conf_reader *reader;
};

/* Read the text as "squid.conf", and finish. */
void peer_fixture_init(struct peer_fixture *f, const char *text);
void peer_fixture_fini(struct peer_fixture *f);
/* All errors and warnings, a line each: "LINE: SEVERITY: TEXT\n". Static. */
const char *peer_fixture_findings(const struct peer_fixture *f);
