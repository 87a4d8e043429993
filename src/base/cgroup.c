/*
 * Control groups: find the folder, walk up from it, take the least.
 *
 * /proc/self/cgroup has lines "4:memory:/path" (v1, several controllers separated by commas) and
 * "0::/path" (v2); see cgroups(7). /proc/self/mountinfo is described in proc(5): "36 35 98:0 /root
 * /mount/point options [optional ...] - type source super-options".
 */
#include "base/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1 << 20)
/* v1 says "no limit" with the largest number of pages; nobody means that much. */
#define NO_LIMIT_FROM ((uint64_t)1 << 62)

/* --- parsers ---------------------------------------------------------------------------------- */

static bool list_has(struct span list, struct span word)
{
	while (list.p != NULL)
		if (span_eq(span_cut(&list, ','), word))
			return true;
	return false;
}

/* The path of the v1 hierarchy with this controller, or (controller empty) of v2. */
static bool find_path(struct span self, struct span controller, struct span *path)
{
	while (self.p != NULL) {
		struct span line = span_cut(&self, '\n');
		const struct span id = span_cut(&line, ':');
		const struct span controllers = span_cut(&line, ':');
		const bool hit = controller.n == 0 ? span_eq(id, SPAN("0")) && controllers.n == 0
		                                   : list_has(controllers, controller);

		if (hit && line.p != NULL && span_starts(line, SPAN("/"))) {
			*path = line;
			return true;
		}
	}
	return false;
}

static bool parse_mount(struct span line, struct span controller, struct cgroup_place *out)
{
	struct span word[5];

	for (size_t i = 0; i < ARRAY_LEN(word); i++)
		word[i] = span_cut(&line, ' ');
	while (line.p != NULL && !span_eq(span_cut(&line, ' '), SPAN("-")))
		;
	const struct span type = span_cut(&line, ' ');

	(void)span_cut(&line, ' '); /* source */
	if (out->is_v2 ? !span_eq(type, SPAN("cgroup2"))
	               : !span_eq(type, SPAN("cgroup")) || !list_has(line, controller))
		return false;
	out->root = word[3];
	out->mount = word[4];
	return true;
}

bool cgroup_find(struct span self_cgroup, struct span mountinfo, struct span controller,
                 struct cgroup_place *out)
{
	struct cgroup_place p = { .is_v2 = false };

	if (!find_path(self_cgroup, controller, &p.path)) {
		p.is_v2 = true;
		if (!find_path(self_cgroup, SPAN(""), &p.path))
			return false;
	}
	while (mountinfo.p != NULL) {
		if (!parse_mount(span_cut(&mountinfo, '\n'), controller, &p))
			continue;
		*out = p;
		return true;
	}
	return false;
}

/* proc(5): space, tab, newline and backslash are written as a backslash and three octal digits. */
static char unescape(struct span *s)
{
	const char *p = s->p;
	size_t used = 1;
	char c = *p;

	if (s->n >= 4 && c == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
	    p[3] >= '0' && p[3] <= '7') {
		c = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
		used = 4;
	}
	*s = span_skip(*s, used);
	return c;
}

/* The group's path below the mount: without the mount's root, if that is a whole prefix of it. */
static struct span path_below(const struct cgroup_place *p)
{
	const struct span root = span_eq(p->root, SPAN("/")) ? SPAN("") : p->root;

	if (!span_starts(p->path, root))
		return SPAN(""); /* a namespace shows another tree: the mount is all there is */
	const struct span rest = span_skip(p->path, root.n);

	return rest.n > 1 && rest.p[0] == '/' ? rest : SPAN("");
}

bool cgroup_folder(const struct cgroup_place *p, char *buf, size_t cap, size_t *mount_n)
{
	struct span mount = p->mount;
	const struct span below = path_below(p);
	size_t n = 0;

	while (mount.n > 0 && n < cap)
		buf[n++] = unescape(&mount);
	if (n + below.n >= cap)
		return false;
	*mount_n = n;
	memcpy(buf + n, below.p, below.n);
	buf[n + below.n] = '\0';
	return true;
}

static struct span first_line(struct span text)
{
	return span_trim(span_cut(&text, '\n'));
}

uint64_t cgroup_parse_memory(struct span text)
{
	uint64_t v;

	if (!span_to_u64(first_line(text), &v) || v >= NO_LIMIT_FROM)
		return UINT64_MAX;
	return v;
}

uint64_t cgroup_parse_cfs(struct span quota, struct span period)
{
	uint64_t q, p, milli;

	if (!span_to_u64(first_line(quota), &q) || !span_to_u64(first_line(period), &p) || p == 0 ||
	    q == 0 || __builtin_mul_overflow(q, (uint64_t)1000, &milli))
		return UINT64_MAX;
	return MAX(milli / p, (uint64_t)1);
}

uint64_t cgroup_parse_cpu_max(struct span text)
{
	struct span line = first_line(text);
	const struct span quota = span_cut(&line, ' ');

	return cgroup_parse_cfs(quota, line);
}

unsigned cgroup_workers(unsigned affinity, uint64_t cpu_milli)
{
	const uint64_t quota = cpu_milli / 1000 + (cpu_milli % 1000 != 0);

	return (unsigned)MAX(MIN((uint64_t)affinity, quota), (uint64_t)1);
}

/* --- readers ---------------------------------------------------------------------------------- */

/* The whole file on the heap, or SPAN_NULL. */
static struct span read_file(const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = 0;

	if (fd < 0)
		return SPAN_NULL;
	char *buf = check_malloc(FILE_MAX);

	while (n < FILE_MAX && (got = read(fd, buf + n, FILE_MAX - n)) > 0)
		n += (size_t)got;
	close(fd);
	if (got < 0) {
		free(buf);
		return SPAN_NULL;
	}
	return span_of(check_realloc(buf, n), n);
}

static void free_text(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

static struct span read_in(const char *folder, const char *name)
{
	char path[PATH_MAX];
	const int n = snprintf(path, sizeof(path), "%s/%s", folder, name);

	return n > 0 && (size_t)n < sizeof(path) ? read_file(path) : SPAN_NULL;
}

static uint64_t memory_in(const char *folder, bool is_v2)
{
	const struct span text = read_in(folder, is_v2 ? "memory.max" : "memory.limit_in_bytes");
	const uint64_t v = cgroup_parse_memory(text);

	free_text(text);
	return v;
}

static uint64_t cpu_in(const char *folder, bool is_v2)
{
	const struct span text = read_in(folder, is_v2 ? "cpu.max" : "cpu.cfs_quota_us");
	const struct span period = is_v2 ? SPAN_NULL : read_in(folder, "cpu.cfs_period_us");
	const uint64_t v = is_v2 ? cgroup_parse_cpu_max(text) : cgroup_parse_cfs(text, period);

	free_text(text);
	free_text(period);
	return v;
}

/* The least of what read_one() says in the group's folder and those above it. */
static uint64_t least(const char *fs_root, struct span self, struct span mounts, const char *name,
                      uint64_t (*read_one)(const char *folder, bool is_v2))
{
	struct cgroup_place place;
	char folder[PATH_MAX];
	size_t root_n = strlen(fs_root), mount_n;
	uint64_t v = UINT64_MAX;

	if (root_n >= sizeof(folder) || !cgroup_find(self, mounts, span_str(name), &place))
		return v;
	memcpy(folder, fs_root, root_n);
	if (!cgroup_folder(&place, folder + root_n, sizeof(folder) - root_n, &mount_n))
		return v;
	for (;;) {
		char *const slash = strrchr(folder + root_n, '/');

		v = MIN(v, read_one(folder, place.is_v2));
		if (slash == NULL || (size_t)(slash - folder) < root_n + mount_n)
			return v;
		*slash = '\0';
	}
}

void cgroup_read(const char *fs_root, struct cgroup_limits *out)
{
	const struct span self = read_in(fs_root, "proc/self/cgroup");
	const struct span mounts = read_in(fs_root, "proc/self/mountinfo");

	out->memory_bytes = least(fs_root, self, mounts, "memory", memory_in);
	out->cpu_milli = least(fs_root, self, mounts, "cpu", cpu_in);
	free_text(self);
	free_text(mounts);
}

/* The kernel refuses (EINVAL) a set smaller than its own, so it is tried with larger ones. */
static unsigned affinity_count(void)
{
	for (int cpus = 1024; cpus <= 65536; cpus *= 4) {
		cpu_set_t *set = CPU_ALLOC((size_t)cpus);
		const size_t size = CPU_ALLOC_SIZE((size_t)cpus);
		int n = 0;

		CHECK(set != NULL);
		if (sched_getaffinity(0, size, set) == 0)
			n = CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (n > 0)
			return (unsigned)n;
	}
	return 1;
}

unsigned cgroup_default_workers(void)
{
	struct cgroup_limits limits;

	cgroup_read("", &limits);
	return cgroup_workers(affinity_count(), limits.cpu_milli);
}
