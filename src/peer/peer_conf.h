/*
 * Settings of where requests go: local addresses and marks of connections. Immutable after loading.
 * Directives: peer/directives.tbl.h.
 */
#pragma once

#include "acl/decide.h"
#include "conf/conf.h"
#include "peer/outgoing.h"

struct peer_conf {
	struct outgoing_conf outgoing;
};

void peer_conf_init(struct peer_conf *c);
void peer_conf_fini(struct peer_conf *c);
/* Once all lines were read: what this process may not do is reported. */
void peer_conf_finish(const struct peer_conf *c, struct conf_reader *r);
