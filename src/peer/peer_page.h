/*
 * What the manager tells of peers.
 */
#pragma once

#include "base/arena.h"
#include "peer/peer.h"

/* A paragraph for each peer, in the words of Squid's page server_list. In the arena. */
struct span peer_page(const struct peer *list, struct arena *a, int64_t now_us);
