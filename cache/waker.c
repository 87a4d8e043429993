/*
 * Wakers: chains of those to be woken, and posts that outlive who wanted them.
 */
#include "cache/waker.h"

#define WAKER_MAGIC 0x574b3d11u

struct cobj_waker *cobj_waker_new(struct loop *l, struct task *task)
{
	struct cobj_waker *w;

	OBJ_NEW(w, WAKER_MAGIC);
	atomic_init(&w->refs, 1);
	atomic_init(&w->is_posted, false);
	w->loop = l;
	w->task = task;
	list_init(&w->link);
	return w;
}

static void unref(struct cobj_waker *w)
{
	/* Acquires what the others released with theirs. */
	if (atomic_fetch_sub_explicit(&w->refs, 1, memory_order_acq_rel) == 1)
		OBJ_FREE(w, WAKER_MAGIC);
}

void cobj_waker_drop(struct cobj_waker **w)
{
	struct cobj_waker *const mine = *w;

	if (mine == NULL)
		return;
	CHECK_OBJ(mine, WAKER_MAGIC);
	CHECK(!list_is_linked(&mine->link));
	*w = NULL;
	mine->task = NULL;
	unref(mine);
}

void cobj_waker_gather(struct cobj_waker **chain, struct cobj_waker *w)
{
	CHECK_OBJ(w, WAKER_MAGIC);
	w->wants = false;
	/* Pairs with arrive(): what is told after it looks is posted anew. */
	if (atomic_exchange_explicit(&w->is_posted, true, memory_order_acq_rel))
		return;
	atomic_fetch_add_explicit(&w->refs, 1, memory_order_relaxed);
	w->next = *chain;
	*chain = w;
}

static void arrive(struct cobj_waker *w)
{
	/* Pairs with cobj_waker_gather(). */
	atomic_store_explicit(&w->is_posted, false, memory_order_release);
	if (w->task != NULL)
		task_schedule(w->loop, w->task);
	unref(w);
}

static void on_post(struct post *p)
{
	arrive(CONTAINER_OF(p, struct cobj_waker, post));
}

void cobj_waker_wake(struct cobj_waker **chain, struct loop *here)
{
	struct cobj_waker *w = *chain;

	*chain = NULL;
	while (w != NULL) {
		struct cobj_waker *const next = w->next;

		if (w->loop == here) {
			arrive(w);
		} else {
			w->post.fn = on_post;
			loop_post(w->loop, &w->post);
		}
		w = next;
	}
}
