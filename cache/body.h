/*
 * Where the bytes of an object's body are: in blocks of memory, in a file in memory, or in
 * fragments on a disk.
 *
 * Counted, and shared by the objects that a 304 has renewed. While it grows it is guarded by the
 * lock of the one object that it grows in; from COBJ_COMPLETE on it is immutable and read without a
 * lock. Private to cache/.
 */
#pragma once

#include "base/base.h"
#include "cache/dirs.h"

struct cobj_body;

/* A whole body in memory: a copy. NULL: no memory (also by memory_limit). */
struct cobj_body *cobj_body_of_bytes(struct span bytes);
/*
 * A whole body on a disk; a body that lies behind its head is one fragment. NULL: no memory, or not
 * all fragments but the last are of DISK_FRAGMENT_BYTES.
 */
struct cobj_body *cobj_body_of_places(struct store_dir *d, const struct disk_place *places,
                                      uint32_t n);
/*
 * Note that a body in memory lies on a disk, too: so that a 304 can write a head for it. False: no
 * memory.
 */
bool cobj_body_set_home(struct cobj_body *b, struct store_dir *d, const struct disk_place *p);
struct cobj_body *cobj_body_ref(struct cobj_body *b);
/* From any thread; clears the pointer; NULL is harmless. */
void cobj_body_unref(struct cobj_body **b);
