/*
 * A pending operation that one machine waits for: a name lookup, a dial, a job.
 *
 * Whoever starts an operation embeds the operation's struct, which begins with a struct op. The
 * starting function returns OP_READY (results are in the struct, no completion will come),
 * OP_FAILED (why is in the struct) or OP_PENDING (the waiter's task will be scheduled once).
 * op_cancel() is synchronous and final: after it no completion comes; it is harmless on an
 * operation that is not pending.
 */
#pragma once

#include "loop/loop.h"

enum op_status { OP_IDLE, OP_PENDING, OP_READY, OP_FAILED };

struct op;
typedef void op_cancel_fn(struct op *);

struct op {
	enum op_status status;
	struct loop *loop;
	struct task *waiter;  /* scheduled when the operation completes */
	op_cancel_fn *cancel; /* the operation's own; called only while pending */
};

static inline void op_start(struct op *op, struct loop *l, struct task *waiter,
                            op_cancel_fn *cancel)
{
	*op = (struct op){ OP_PENDING, l, waiter, cancel };
}

/* The operation's end: called once by its implementation. */
static inline void op_complete(struct op *op, enum op_status status)
{
	CHECK(op->status == OP_PENDING && status != OP_PENDING);
	op->status = status;
	task_schedule(op->loop, op->waiter);
}

static inline void op_cancel(struct op *op)
{
	if (op->status != OP_PENDING)
		return;
	op->cancel(op);
	op->status = OP_IDLE;
}
