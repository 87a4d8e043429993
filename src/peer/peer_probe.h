/*
 * Finding out whether peers that are down are up again: a connect in the background, at growing
 * intervals, as long as somebody wants to use the peer. One worker at a time does it for a peer.
 */
#pragma once

#include "net/dns.h"
#include "peer/peer.h"

/* Those of one worker. */
struct peer_probes;

struct peer_probes *peer_probes_new(struct loop *l, struct dns *dns);
/* Gives up all that are under way. */
void peer_probes_free(struct peer_probes **p);

/*
 * Somebody wanted this peer, which is down: see that some worker looks after it. Cheap if one does.
 */
void peer_probes_want(struct peer_probes *p, const struct peer *peer, int64_t connect_timeout_ms);
