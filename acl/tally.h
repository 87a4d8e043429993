/*
 * Hits of rules and acls: a slot for each, in as many shards as there are workers, so that counting
 * costs each worker a few plain statements on memory of its own. A slot belongs to a key, not to a
 * configuration: what stays the same over a reload goes on counting.
 *
 * Shared. The slots' owners are guarded by a lock; a shard is written by one worker and read by
 * anybody.
 */
#pragma once

#include <stdatomic.h>

#include "acl/decide.h"

struct acl_tally;

struct acl_tally *acl_tally_new(unsigned n_shards);
/* When no configuration counts there any more. */
void acl_tally_free(struct acl_tally **t);

#define ACL_SLOT_NONE UINT32_MAX /* counted by nobody */

/*
 * The slot of a key for one holder (a configuration); a holder that asks again for the same key
 * gets another slot, in the order of asking. ACL_SLOT_NONE: there are too many. Not on a worker.
 */
uint32_t acl_tally_take(struct acl_tally *t, const void *holder, struct span key);
/* No holder but the others counts there any more. */
void acl_tally_give(struct acl_tally *t, uint32_t slot);

/* On the worker of that shard only. */
void acl_tally_add(struct acl_tally *t, unsigned shard, uint32_t slot, int64_t now_s);
/* Over all shards. */
struct acl_hits acl_tally_sum(const struct acl_tally *t, uint32_t slot);
