/*
 * `cuttle replay`: which of the recorded requests another policy would treat differently.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/command.h"
#include "admin/replay.h"
#include "proxy/proxy.h"

enum { POLICY, LOG, THREADS, N_OPTIONS };

static const struct command_option rows[N_OPTIONS] = {
	[POLICY] = { "policy", "FILE", "the configuration to try" },
	[LOG] = { "log", "FILE", "records in the log format facts; may be repeated; - is stdin" },
	[THREADS] = { "threads", "NUMBER", "how many to use; default: one for each processor" },
};

/* Read all of a pipe. False: errno says why. */
static bool read_all(int fd, char **text, size_t *n)
{
	size_t cap = 1 << 20;

	*n = 0;
	*text = check_realloc(NULL, cap);
	for (;;) {
		if (*n == cap)
			*text = check_realloc(*text, cap *= 2);
		const ssize_t got = read(fd, *text + *n, cap - *n);

		if (got == 0 || (got < 0 && errno != EINTR))
			return got == 0;
		*n += got > 0 ? (size_t)got : 0;
	}
}

static bool replay_fd(struct replay *r, int fd, unsigned n_threads, FILE *progress)
{
	struct stat st;
	char *text = NULL;
	size_t n = 0;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		n = (size_t)st.st_size;
		text = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
		if (text == MAP_FAILED)
			return false;
		replay_text(r, span_of(text, n), n_threads, progress);
		(void)munmap(text, n);
		return true;
	}
	const bool is_read = read_all(fd, &text, &n);

	if (is_read)
		replay_text(r, span_of(text, n), n_threads, progress);
	free(text);
	return is_read;
}

static bool replay_path(struct replay *r, const char *path, unsigned n_threads)
{
	FILE *progress = isatty(STDERR_FILENO) ? stderr : NULL;
	const bool is_stdin = strcmp(path, "-") == 0;
	const int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	const bool is_read = fd >= 0 && replay_fd(r, fd, n_threads, progress);

	if (!is_read)
		fprintf(stderr, "cuttle replay: %s: %s\n", path, strerrordesc_np(errno));
	if (progress != NULL)
		fprintf(progress, "\r\033[K");
	if (fd >= 0 && !is_stdin)
		close(fd);
	return is_read;
}

/* --- what came out ---------------------------------------------------------------------------- */

static void print_time(const char *lead, int64_t us)
{
	const time_t s = (time_t)(us / 1000000);
	char text[32];
	struct tm tm;

	if (localtime_r(&s, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) != 0)
		printf("%s%s", lead, text);
}

static void print_group(const struct replay_group *g)
{
	char src[ENDPOINT_TEXT_MAX];

	if (g->now == VERDICT_NEED)
		printf("%8" PRIu64 "  %.*s -> cannot tell: needs %.*s", g->n, SPAN_ARG(g->was),
		       SPAN_ARG(g->needs));
	else
		printf("%8" PRIu64 "  %.*s -> %s", g->n, SPAN_ARG(g->was),
		       g->now == VERDICT_ALLOW ? "allow" : "deny");
	print_time(", ", g->first_us);
	if (g->n > 1)
		print_time(" to ", g->last_us);
	putchar('\n');
	if (g->was_rule.n != 0)
		printf("          was: %.*s  # %.*s\n", SPAN_ARG(g->was_rule),
		       SPAN_ARG(g->was_place));
	if (g->rule != NULL) {
		const struct conf_place at = acl_rule_place(g->rule);

		printf("          now: http_access %.*s  # %s:%u\n",
		       SPAN_ARG(acl_rule_text(g->rule)), at.file, at.line);
	} else if (g->now != VERDICT_NEED) {
		printf("          now: no line of http_access matched\n");
	}
	for (unsigned i = 0; i < g->n_examples; i++)
		printf("          e.g. %s %.*s %.*s\n", endpoint_text(&g->examples[i].src, src),
		       SPAN_ARG(g->examples[i].method), SPAN_ARG(g->examples[i].url));
}

static void print_all(const struct replay *r)
{
	struct replay_group **groups = replay_sorted(r);

	for (size_t i = 0; i < r->groups.n; i++)
		print_group(groups[i]);
	free(groups);
	printf("%" PRIu64 " records: %" PRIu64 " decided as before, %" PRIu64
	       " otherwise, for %" PRIu64 " nobody can tell, %" PRIu64
	       " never came to a decision\n",
	       r->n - r->n_unreadable, r->n_same, r->n_changed, r->n_cannot_tell, r->n_not_asked);
	if (r->n_unreadable != 0)
		fprintf(stderr,
		        "cuttle replay: %" PRIu64 " lines cannot be read; the first is line"
		        " %" PRIu64 ": %s\n",
		        r->n_unreadable, r->bad_line, r->bad_why);
	if (r->n_unreadable != 0 && r->n == r->n_unreadable)
		fprintf(stderr, "cuttle replay: records are written by a line such as: access_log"
		                " daemon:/var/log/cuttle/facts.log logformat=facts\n");
}

static unsigned processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

#define LOGS_MAX 64

int command_replay(int argc, char *argv[])
{
	const char *policy = NULL, *logs[LOGS_MAX], *value = NULL;
	uint64_t n_threads = processors();
	unsigned n_logs = 0;
	struct replay r;
	int id;

	while ((id = command_next(argc, argv, rows, N_OPTIONS, &value)) >= 0) {
		if (id == POLICY)
			policy = value;
		else if (id == LOG && n_logs < LOGS_MAX)
			logs[n_logs++] = value;
		else if (id == THREADS && span_to_u64(span_str(value), &n_threads) &&
		         n_threads != 0)
			continue;
		else
			break;
	}
	if (id == COMMAND_HELPED)
		return EXIT_SUCCESS;
	if (id != COMMAND_END || policy == NULL || n_logs == 0) {
		if (id != COMMAND_BAD)
			fprintf(stderr, "cuttle replay: needed are --policy FILE and --log FILE;"
			                " see cuttle replay --help\n");
		return EXIT_FAILURE;
	}
	struct snapshot *s = command_load(policy, false);

	if (s == NULL)
		return EXIT_FAILURE;
	bool is_good = true;

	replay_init(&r, s);
	for (unsigned i = 0; i < n_logs && is_good; i++)
		is_good = replay_path(&r, logs[i], (unsigned)MIN(n_threads, 64u));
	if (is_good)
		print_all(&r);
	is_good = is_good && r.n_unreadable == 0;
	replay_fini(&r);
	snapshot_unref(&s);
	return is_good && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
