/*
 * Reading an object's head, and a small body with it, from a disk, for all who want it. Private to
 * cache/.
 */
#pragma once

#include "cache/store.h"

struct store_shard;

/*
 * Make the object of q->key resident. OP_READY: *c (counted) or NULL, it is not there. OP_PENDING:
 * store_look() is called again when there is news, and ends q. OP_FAILED: it is on no disk.
 */
enum op_status store_load(struct store_lookup *q, struct loop *here, struct cobj **c);
/* Look (again). False: it waits for a disk. */
bool store_look(struct store_lookup *q, struct loop *l);
op_cancel_fn store_lookup_cancel;
/* Those that nobody will end any more, since the loops and the jobs are gone. */
void store_load_abandon(struct store_shard *h);
/* What is being read of this URI when it is purged is not kept. */
void store_load_unwant(struct store_shard *h, bool (*is_meant)(const void *arg, struct span url),
                       const void *arg);
