/*
 * In place of the functions that may refuse.
 */
#include "tests/sim/sim_fault.h"

#include "base/arena.h"
#include "base/budget.h"
#include "net/buffer.h"
#include "net/pipe.h"

static unsigned counted, fails_at;

void sim_fault_at(unsigned n)
{
	counted = 0;
	fails_at = n;
}

unsigned sim_fault_count(void)
{
	return counted;
}

bool sim_fault_is_due(void)
{
	counted++;
	return counted == fails_at;
}

bool __real_budget_take(enum budget_class c, size_t n);
bool __wrap_budget_take(enum budget_class c, size_t n);
bool __wrap_budget_take(enum budget_class c, size_t n)
{
	return !sim_fault_is_due() && __real_budget_take(c, n);
}

void *__real_arena_try_alloc(struct arena *a, size_t n);
void *__wrap_arena_try_alloc(struct arena *a, size_t n);
void *__wrap_arena_try_alloc(struct arena *a, size_t n)
{
	return sim_fault_is_due() ? NULL : __real_arena_try_alloc(a, n);
}

struct buffer *__real_buffer_take(struct buffer_pool *bp);
struct buffer *__wrap_buffer_take(struct buffer_pool *bp);
struct buffer *__wrap_buffer_take(struct buffer_pool *bp)
{
	return sim_fault_is_due() ? NULL : __real_buffer_take(bp);
}

struct pipe *__real_pipe_take(struct pipe_pool *pp);
struct pipe *__wrap_pipe_take(struct pipe_pool *pp);
struct pipe *__wrap_pipe_take(struct pipe_pool *pp)
{
	return sim_fault_is_due() ? NULL : __real_pipe_take(pp);
}
