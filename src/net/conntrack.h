/*
 * What the kernel's connection tracking knows of a connection.
 */
#pragma once

#include "base/err.h"
#include "base/ip.h"

/*
 * The mark (CONNMARK) of an accepted connection: peer and local as its socket has them; address
 * translation in between does not matter. ERR_NOT_FOUND: it is not tracked. ERR_PERMISSION: this
 * process lacks CAP_NET_ADMIN. The kernel answers at once; nothing is waited for.
 */
enum err conntrack_mark(const struct endpoint *peer, const struct endpoint *local, uint32_t *mark);
/* Change the bits of mask to those of mark. Errors as above. */
enum err conntrack_set_mark(const struct endpoint *peer, const struct endpoint *local,
                            uint32_t mark, uint32_t mask);
