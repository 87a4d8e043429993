/*
 * Limits of the process.
 */
#pragma once

#include "base/base.h"

/* Without max_filedescriptors no more than this is taken, whatever the system offers. */
enum { LIMITS_DESCRIPTORS_DEFAULT = 100000 };
/* With fewer it would start, and then wait for descriptors for ever instead of serving anybody. */
enum { LIMITS_DESCRIPTORS_MIN = 64 };

/*
 * Decide what to ask for. wanted: max_filedescriptors, 0 if not set; soft, hard: what there is;
 * is_root: hard may be raised. Pure.
 */
struct descriptor_limit {
	uint64_t soft, hard;
};
struct descriptor_limit limits_decide(uint64_t wanted, struct descriptor_limit have, bool is_root);

/*
 * Apply max_filedescriptors, and say in the operator log if the system allows less. False: too few
 * to run, which was said.
 */
bool limits_set_descriptors(int64_t wanted) MUST_USE;

/* What memory_limit means, in bytes; 0: no ceiling. group_bytes: the control group's limit or
 * UINT64_MAX. Pure. */
uint64_t limits_decide_memory(int64_t wanted, uint64_t group_bytes);
/* Apply memory_limit. */
void limits_set_memory(int64_t wanted);
