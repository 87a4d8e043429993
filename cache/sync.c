/*
 * Waiting for all directories, one after the other, until what they were made to forget stays
 * forgotten.
 */
#include "cache/store_int.h"

/* False: one of them is not done yet. */
static bool go_on(struct store_sync *q)
{
	struct store_dirs *const ds = &q->store->dirs;

	for (;;) {
		if (q->dir != NULL) {
			if (q->disk.op.status == OP_PENDING)
				return false;
			q->failed = q->failed || q->disk.op.status != OP_READY;
			store_dir_unref(&q->dir);
		}
		while (q->dir == NULL && q->next_dir < DISK_IDS && store_dirs_any(ds))
			q->dir = store_dirs_get(ds, q->next_dir++);
		if (q->dir == NULL)
			return true;
		q->disk = (struct disk_sync){ .disk = q->dir->disk,
			                      .from_kill_only = q->from_kill_only };
		(void)disk_sync(&q->disk, q->op.loop, &q->task);
	}
}

static enum op_status result(const struct store_sync *q)
{
	return q->failed ? OP_FAILED : OP_READY;
}

static void on_news(struct task *t)
{
	struct store_sync *const q = CONTAINER_OF(t, struct store_sync, task);

	if (go_on(q))
		op_complete(&q->op, result(q));
}

static void cancel(struct op *op)
{
	struct store_sync *const q = CONTAINER_OF(op, struct store_sync, op);

	op_cancel(&q->disk.op);
	task_cancel(&q->task);
	store_dir_unref(&q->dir);
}

enum op_status store_sync(struct store_sync *q, struct loop *l, struct task *waiter)
{
	CHECK_OBJ(q->store, STORE_MAGIC);
	q->next_dir = 0;
	q->dir = NULL;
	q->failed = false;
	task_init(&q->task, on_news);
	op_start(&q->op, l, waiter, cancel);
	return go_on(q) ? (q->op.status = result(q)) : OP_PENDING;
}
