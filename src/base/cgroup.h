/*
 * What the control group (v1 or v2) leaves to this process: memory and CPU time.
 *
 * The parsers are pure; the readers are thin and are called at start and on reload, never on a
 * worker. Limits of all groups above that can be seen from here are taken into account.
 */
#pragma once

#include "base/base.h"

struct cgroup_limits {
	uint64_t memory_bytes; /* UINT64_MAX: none */
	uint64_t cpu_milli;    /* thousandths of a CPU; UINT64_MAX: none */
};

/* Where the files of one controller are: below `mount`, at `path` seen from its `root`. */
struct cgroup_place {
	bool is_v2;
	struct span mount, root; /* as in mountinfo, with its octal escapes */
	struct span path;
};

/*
 * Find the place of a controller ("memory", "cpu") in the texts of /proc/self/cgroup and
 * /proc/self/mountinfo. The spans point into them. False: there is none.
 */
bool cgroup_find(struct span self_cgroup, struct span mountinfo, struct span controller,
                 struct cgroup_place *out) MUST_USE;

/*
 * The folder as a C string, without a trailing slash. False if it does not fit. *mount_n is the
 * length of its part that is the mount point: limits above that cannot be seen.
 */
bool cgroup_folder(const struct cgroup_place *p, char *buf, size_t cap, size_t *mount_n) MUST_USE;

/* memory.max or memory.limit_in_bytes; UINT64_MAX for none and for what is no number. */
uint64_t cgroup_parse_memory(struct span text);
/* cpu.max ("50000 100000", "max 100000"); UINT64_MAX for none. */
uint64_t cgroup_parse_cpu_max(struct span text);
/* cpu.cfs_quota_us (-1 for none) and cpu.cfs_period_us. */
uint64_t cgroup_parse_cfs(struct span quota, struct span period);

/* min(CPUs this process may run on, quota rounded up), at least 1. */
unsigned cgroup_workers(unsigned affinity, uint64_t cpu_milli);

/* Read the limits below the folder fs_root ("" for the machine's own). Unreadable means none. */
void cgroup_read(const char *fs_root, struct cgroup_limits *out);
/* The default for `workers`, from this process's affinity and group. */
unsigned cgroup_default_workers(void);
