/*
 * What keeps a body on a disk readable while somebody is reading it: the segments that its
 * fragments lie in.
 *
 * The fill of an object has one, from its first fragment on, and shares it with its readers; it
 * grows with the body, under the object's lock. Who reads a complete object makes his own. So
 * neither eviction nor a disk that fails to write cuts a reply that has begun. Counted. Private to
 * cache/.
 */
#pragma once

#include "cache/body_int.h"

struct cobj_hold;

struct cobj_hold *cobj_hold_new(struct store_dir *d);
/* All of a complete body; NULL: something of it is gone. */
struct cobj_hold *cobj_hold_of(const struct cobj_body *b);
struct cobj_hold *cobj_hold_ref(struct cobj_hold *h);
/* From any thread, without a lock; clears the pointer; NULL is harmless. */
void cobj_hold_unref(struct cobj_hold **h);
/*
 * The next fragment's segment, which disk_hold() gave, is this one's from now on. ERR_NOMEM: it is
 * not.
 */
enum err cobj_hold_push(struct cobj_hold *h, struct segment *s) MUST_USE;
/* That of the i-th fragment. */
struct segment *cobj_hold_at(const struct cobj_hold *h, uint32_t i);
