/*
 * Fails what may fail for want of memory or descriptors, one at a time: budget_take(),
 * arena_try_alloc(), buffer_take(), pipe_take() (by the linker's --wrap), accepting, connecting and
 * watching a socket.
 */
#pragma once

#include "base/base.h"

/* Start counting; the n-th of them fails. 0: none does. */
void sim_fault_at(unsigned n);
/* How many there have been since. */
unsigned sim_fault_count(void);
/* One more of them: does it fail? For the simulated ones. */
bool sim_fault_is_due(void);
