/*
 * Whom an object wakes: a task on some worker's loop. On the heap and counted, since a post may be
 * under way when its reader's struct is gone already.
 *
 * `task` belongs to the loop's thread; what the object's lock guards says so. Who wakes gathers a
 * chain under the lock, gives the lock back, and then wakes the chain: readers of its own loop at
 * once, others by one post a turn. Private to cache/.
 */
#pragma once

#include <stdatomic.h>

#include "base/list.h"
#include "loop/loop.h"

struct cobj_waker {
	uint32_t magic;
	_Atomic unsigned refs;
	_Atomic bool is_posted; /* on a chain, or on its way; cleared where it arrives */
	struct loop *loop;
	struct task *task; /* NULL: nobody is there any more */
	struct post post;
	struct cobj_waker *next; /* on a chain; of whoever set is_posted */

	/* By the object's lock. */
	struct list link;
	uint64_t offset; /* of a reader: all before it has been used */
	bool wants;      /* waits for bytes, or for room */
	bool is_cut;     /* too far behind; its reader must end */
	/* of a reader: keeps what went to a disk (reader.c); NULL: nothing yet */
	struct cobj_hold *hold;
};

struct cobj_waker *cobj_waker_new(struct loop *l, struct task *task);
/* On its loop's thread: the task is never scheduled again. Clears the pointer; NULL is harmless. */
void cobj_waker_drop(struct cobj_waker **w);
/* With the object's lock held: put it on the chain, unless it is on its way already. */
void cobj_waker_gather(struct cobj_waker **chain, struct cobj_waker *w);
/* Without a lock. here: the loop whose thread this is; NULL: none of theirs. */
void cobj_waker_wake(struct cobj_waker **chain, struct loop *here);
