/*
 * The limits of open descriptors and of memory. Tables grow with descriptors in use, never with the
 * limit, so a huge limit costs nothing; it is still capped, since other libraries are not that
 * careful.
 */
#include "daemon/limits.h"

#include "base/budget.h"
#include "base/cgroup.h"
#include "base/oplog.h"

#include <errno.h>
#include <sys/resource.h>

struct descriptor_limit limits_decide(uint64_t wanted, struct descriptor_limit have, bool is_root)
{
	if (wanted == 0) {
		const uint64_t soft = MIN(have.hard, (uint64_t)LIMITS_DESCRIPTORS_DEFAULT);

		return (struct descriptor_limit){ soft, have.hard };
	}
	if (wanted > have.hard && is_root)
		return (struct descriptor_limit){ wanted, wanted };
	return (struct descriptor_limit){ MIN(wanted, have.hard), have.hard };
}

static bool limit_set(struct descriptor_limit l)
{
	const struct rlimit r = { .rlim_cur = l.soft, .rlim_max = l.hard };

	return setrlimit(RLIMIT_NOFILE, &r) == 0;
}

bool limits_set_descriptors(int64_t wanted)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return true;
	const struct descriptor_limit have = { r.rlim_cur, r.rlim_max };

	/* Root may not be allowed to raise it either: in a container, or above fs.nr_open. */
	if (!limit_set(limits_decide((uint64_t)wanted, have, true)))
		(void)limit_set(limits_decide((uint64_t)wanted, have, false));
	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return true;
	if (r.rlim_cur < LIMITS_DESCRIPTORS_MIN) {
		oplog(OPLOG_FATAL,
		      "Only %llu descriptors may be open, and Cuttle needs at least %d; raise the "
		      "process's limit (ulimit -n, LimitNOFILE=) and max_filedescriptors",
		      (unsigned long long)r.rlim_cur, LIMITS_DESCRIPTORS_MIN);
		return false;
	}
	if (r.rlim_cur < (uint64_t)wanted)
		oplog(OPLOG_WARNING,
		      "max_filedescriptors %lld: the system allows %llu; raise the hard limit "
		      "(ulimit -Hn, LimitNOFILE=)",
		      (long long)wanted, (unsigned long long)r.rlim_cur);
	return true;
}

uint64_t limits_decide_memory(int64_t wanted, uint64_t group_bytes)
{
	if (wanted == INT64_MAX) /* none */
		return 0;
	if (wanted > 0)
		return (uint64_t)wanted;
	return group_bytes == UINT64_MAX ? 0 : group_bytes / 10 * 9;
}

void limits_set_memory(int64_t wanted)
{
	struct cgroup_limits group;

	cgroup_read("", &group);
	const uint64_t limit = limits_decide_memory(wanted, group.memory_bytes);

	budget_init(limit);
	if (limit != 0)
		oplog(OPLOG_NOTICE, "Memory for buffers, objects and the index: at most %llu MB%s",
		      (unsigned long long)(limit >> 20),
		      wanted == 0 ? ", from the control group's limit" : "");
	if (wanted != INT64_MAX && limit > group.memory_bytes)
		oplog(OPLOG_WARNING, "memory_limit is above the control group's limit of %llu MB",
		      (unsigned long long)(group.memory_bytes >> 20));
}
