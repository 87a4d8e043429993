/*
 * The ceiling over the process's memory (memory_limit): who may still take some.
 *
 * Not an allocator: owners of what can grow ask before they allocate and tell when they free.
 * Callable from any thread. Each thread keeps a little slack of its own, so that taking and giving
 * touch a shared cache line about once in 256 KB; the slack counts as taken, so the limit holds.
 */
#pragma once

#include "base/base.h"

enum budget_class {
#define BUDGET(sym, name, share, text) BUDGET_##sym,
#include "base/budget.tbl.h"
#undef BUDGET
	BUDGET_N
};

/* The limit from now on, 0 for none. What has been taken stays taken, also above a lower limit. */
void budget_init(uint64_t limit_bytes);

/* May n more bytes be used? False is counted (MEMORY_REFUSED) and nothing is taken. */
bool budget_take(enum budget_class c, size_t n) MUST_USE;
/* n bytes of that class were freed; by whichever thread. */
void budget_give(enum budget_class c, size_t n);

/* Would a small budget_take() be refused? For those who can free something first. */
bool budget_is_short(enum budget_class c);

/* For the manager: in use by class, taken in all (with the threads' slack), the limit (0: none). */
uint64_t budget_used(enum budget_class c);
uint64_t budget_taken(void);
uint64_t budget_limit(void);
const char *budget_name(enum budget_class c);
const char *budget_description(enum budget_class c);
