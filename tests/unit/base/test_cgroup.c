/*
 * Control groups: where the files are, what they say, and what follows for the number of workers.
 * Texts are as the kernel writes them (cgroups(7), proc(5)).
 */
#include "tests/unit/unit.h"

#include "base/cgroup.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define V1_MOUNTS                                                                                  \
	"23 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n"                                \
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 master:3 - cgroup cgroup "     \
	"rw,cpu,cpuacct\n"                                                                         \
	"35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
#define V2_MOUNTS "31 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n"

static const struct {
	const char *name, *self, *mounts, *controller, *folder;
	bool is_v2;
} places[] = {
	{ "v2 on a host", "0::/system.slice/cuttle.service\n", V2_MOUNTS, "memory",
	  "/sys/fs/cgroup/system.slice/cuttle.service", true },
	{ "v2 in a container with a namespace", "0::/\n", V2_MOUNTS, "cpu", "/sys/fs/cgroup",
	  true },
	{ "v1, controllers mounted together", "4:memory:/\n3:cpu,cpuacct:/a/b\n", V1_MOUNTS, "cpu",
	  "/sys/fs/cgroup/cpu,cpuacct/a/b", false },
	{ "v1 in a container that sees the host's paths", "4:memory:/docker/abc\n", V1_MOUNTS,
	  "memory", "/sys/fs/cgroup/memory", false },
	{ "v1, a group below the container's", "4:memory:/docker/abc/sub\n", V1_MOUNTS, "memory",
	  "/sys/fs/cgroup/memory/sub", false },
	{ "a root that is no whole prefix is not cut off", "4:memory:/docker/abcd\n", V1_MOUNTS,
	  "memory", "/sys/fs/cgroup/memory", false },
	{ "a path outside of the namespace", "4:memory:/../other\n", V1_MOUNTS, "memory",
	  "/sys/fs/cgroup/memory", false },
	{ "v1 has the controller, v2 is there too", "4:memory:/\n0::/x\n", V2_MOUNTS V1_MOUNTS,
	  "memory", "/sys/fs/cgroup/memory", false },
	{ "v1 does not have the controller", "1:name=systemd:/\n0::/x\n", V1_MOUNTS V2_MOUNTS,
	  "memory", "/sys/fs/cgroup/x", true },
	{ "a mount point with a blank", "0::/x\n",
	  "31 23 0:26 / /my\\040groups rw - cgroup2 c rw\n", "memory", "/my groups/x", true },
	{ "no control groups", "", V2_MOUNTS, "memory", NULL, false },
	{ "not mounted", "0::/x\n", "23 1 259:1 / / rw - ext4 /dev/root rw\n", "memory", NULL,
	  false },
	{ "another controller's name is contained", "5:mem:/a\n", V1_MOUNTS, "memory", NULL,
	  false },
	{ "cut short", "4:memory", "35 31 0:32 /docker", "memory", NULL, false },
};

START_TEST(the_folder_is_found)
{
	struct cgroup_place place;
	char folder[200];
	size_t mount_n;
	const bool ok = cgroup_find(span_str(places[_i].self), span_str(places[_i].mounts),
	                            span_str(places[_i].controller), &place);

	ck_assert_msg(ok == (places[_i].folder != NULL), "%s", places[_i].name);
	if (!ok)
		return;
	ck_assert_msg(place.is_v2 == places[_i].is_v2, "%s", places[_i].name);
	ck_assert(cgroup_folder(&place, folder, sizeof(folder), &mount_n));
	ck_assert_msg(strcmp(folder, places[_i].folder) == 0, "%s: %s", places[_i].name, folder);
	ck_assert(!cgroup_folder(&place, folder, strlen(places[_i].folder), &mount_n));
}
END_TEST

static const struct {
	const char *text;
	uint64_t want;
} memory[] = {
	{ "max\n", UINT64_MAX },
	{ "536870912\n", 536870912 },
	{ "9223372036854771712\n", UINT64_MAX }, /* v1's "none" */
	{ "", UINT64_MAX },
	{ "-1\n", UINT64_MAX },
	{ "12x\n", UINT64_MAX },
	{ "0", 0 },
};

START_TEST(memory_limits_are_read)
{
	ck_assert_uint_eq(cgroup_parse_memory(span_str(memory[_i].text)), memory[_i].want);
}
END_TEST

static const struct {
	const char *cpu_max, *quota, *period;
	uint64_t want;
} cpu[] = {
	{ "max 100000\n", "-1\n", "100000\n", UINT64_MAX },
	{ "50000 100000\n", "50000\n", "100000\n", 500 },
	{ "250000 100000\n", "250000\n", "100000\n", 2500 },
	{ "1 1000000\n", "1\n", "1000000\n", 1 },
	{ "100000 0\n", "100000\n", "0\n", UINT64_MAX },
	{ "100000\n", "100000\n", "", UINT64_MAX },
	{ "18446744073709551615 1\n", "18446744073709551615", "1", UINT64_MAX },
};

START_TEST(cpu_quotas_are_read)
{
	ck_assert_uint_eq(cgroup_parse_cpu_max(span_str(cpu[_i].cpu_max)), cpu[_i].want);
	ck_assert_uint_eq(cgroup_parse_cfs(span_str(cpu[_i].quota), span_str(cpu[_i].period)),
	                  cpu[_i].want);
}
END_TEST

static const struct {
	unsigned affinity;
	uint64_t milli;
	unsigned want;
} workers[] = {
	{ 8, UINT64_MAX, 8 }, { 8, 2500, 3 }, { 8, 2000, 2 }, { 8, 1, 1 },
	{ 2, 64000, 2 },      { 0, 500, 1 },  { 1, 1500, 1 },
};

START_TEST(workers_follow_affinity_and_quota)
{
	ck_assert_uint_eq(cgroup_workers(workers[_i].affinity, workers[_i].milli),
	                  workers[_i].want);
}
END_TEST

/* --- a tree of files -------------------------------------------------------------------------- */

static char root[] = "/tmp/cuttle-cgroup-XXXXXX";
static char made[32][PATH_MAX];
static size_t n_made;

static void remember(const char *path)
{
	ck_assert_uint_lt(n_made, ARRAY_LEN(made));
	snprintf(made[n_made++], PATH_MAX, "%s", path);
}

static void put(const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *p = strchr(path + strlen(root) + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0700) == 0)
			remember(path);
		*p = '/';
	}
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	fclose(f);
	remember(path);
}

static void make_root(void)
{
	ck_assert_ptr_nonnull(mkdtemp(root));
	remember(root);
}

static void remove_all(void)
{
	while (n_made > 0)
		(void)remove(made[--n_made]);
}

START_TEST(the_least_limit_on_the_way_up_counts)
{
	struct cgroup_limits got;

	put("/proc/self/cgroup", "0::/pods/one\n");
	put("/proc/self/mountinfo", V2_MOUNTS);
	put("/sys/fs/cgroup/pods/memory.max", "300000000\n");
	put("/sys/fs/cgroup/pods/cpu.max", "max 100000\n");
	put("/sys/fs/cgroup/pods/one/memory.max", "max\n");
	put("/sys/fs/cgroup/pods/one/cpu.max", "150000 100000\n");
	cgroup_read(root, &got);
	ck_assert_uint_eq(got.memory_bytes, 300000000);
	ck_assert_uint_eq(got.cpu_milli, 1500);
}
END_TEST

START_TEST(v1_files_are_read_from_their_own_mounts)
{
	struct cgroup_limits got;

	put("/proc/self/cgroup", "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n");
	put("/proc/self/mountinfo", V1_MOUNTS);
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n");
	put("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "-1\n");
	put("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "20000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "10000\n");
	cgroup_read(root, &got);
	ck_assert_uint_eq(got.memory_bytes, 268435456);
	ck_assert_uint_eq(got.cpu_milli, 2000);
}
END_TEST

START_TEST(where_nothing_can_be_read_there_is_no_limit)
{
	struct cgroup_limits got;

	cgroup_read(root, &got);
	ck_assert_uint_eq(got.memory_bytes, UINT64_MAX);
	ck_assert_uint_eq(got.cpu_milli, UINT64_MAX);
	ck_assert_uint_ge(cgroup_default_workers(), 1);
}
END_TEST

Suite *suite_cgroup(void);
Suite *suite_cgroup(void)
{
	Suite *s = suite_create("cgroup");
	TCase *t = tcase_create("parsers"), *files = tcase_create("files");

	tcase_add_loop_test(t, the_folder_is_found, 0, ARRAY_LEN(places));
	tcase_add_loop_test(t, memory_limits_are_read, 0, ARRAY_LEN(memory));
	tcase_add_loop_test(t, cpu_quotas_are_read, 0, ARRAY_LEN(cpu));
	tcase_add_loop_test(t, workers_follow_affinity_and_quota, 0, ARRAY_LEN(workers));
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(files, make_root, remove_all);
	tcase_add_test(files, the_least_limit_on_the_way_up_counts);
	tcase_add_test(files, v1_files_are_read_from_their_own_mounts);
	tcase_add_test(files, where_nothing_can_be_read_there_is_no_limit);
	suite_add_tcase(s, files);
	return s;
}
