/*
 * What a decision costs: configurations with large lists, read by the real reader, and acl_decide()
 * called over and over on requests that match nothing in them.
 *
 *   decide [-s SECONDS] [NAME...]      a row for each policy; see ../README.md
 *
 * Each policy is read in a process of its own, so that its memory can be told. Times are CPU time.
 * A figure is the median of nine rounds over many different requests, since a processor's caches
 * would hide what a large table costs.
 */
#include "tests/bench/src/decide_lists.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acl/decide.h"
#include "acl/tally.h"
#include "base/hash.h"

#define ROUNDS   9u
#define REQUESTS 16384u   /* at most */
#define LISTED   2000000u /* names of requests are numbered from here on */

static double seconds = 0.05; /* of a round, at least */
static char folder[] = "/tmp/cuttle-decide.XXXXXX";

static const struct conf_directive directives[] = {
#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
#include "acl/directives.tbl.h"
#undef DIRECTIVE
};

/* --- measuring -------------------------------------------------------------------------------- */

static double cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* From /proc/self/status, in KB: VmRSS, VmHWM. */
static long memory_kb(const char *what)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[200];
	long kb = -1;

	CHECK(f != NULL);
	while (kb < 0 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, what, strlen(what)) == 0)
			kb = strtol(line + strlen(what) + 1, NULL, 10);
	fclose(f);
	return kb;
}

static int double_cmp(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Of the rounds, in ns a request. */
struct cost {
	double median, least;
};

/* One call for all requests. */
typedef void round_fn(void *arg);

static struct cost measure(round_fn *round, void *arg, unsigned requests)
{
	double ns[ROUNDS];

	round(arg); /* warm */
	for (unsigned i = 0; i < ROUNDS; i++) {
		const double start = cpu_now();
		unsigned n = 0;

		do {
			round(arg);
			n++;
		} while (cpu_now() - start < seconds);
		ns[i] = (cpu_now() - start) * 1e9 / (double)n / requests;
	}
	qsort(ns, ROUNDS, sizeof(ns[0]), double_cmp);
	return (struct cost){ ns[ROUNDS / 2], ns[0] };
}

/* --- a policy --------------------------------------------------------------------------------- */

struct policy {
	struct acl_conf acl;
	struct conf_reader *reader;
	struct arena arena;
	struct lists_request *requests[REQUESTS];
	unsigned n_requests;
	enum verdict want;
	double load_s;
	long kb, peak_kb;
};

static const char *path_of(const char *name)
{
	static char path[100];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static FILE *open_list(const char *name)
{
	FILE *f = fopen(path_of(name), "w");

	if (f == NULL) {
		fprintf(stderr, "decide: %s: %s\n", path_of(name), strerror(errno));
		exit(2);
	}
	return f;
}

static void make_requests(struct policy *p, unsigned n)
{
	char host[100];

	p->n_requests = n;
	arena_init(&p->arena);
	for (unsigned i = 0; i < p->n_requests; i++)
		p->requests[i] = lists_request_new(
			&p->arena, i, lists_host(LISTED + i, false, host, sizeof(host)));
}

static bool read_policy(struct policy *p, const char *path)
{
	void *sections[CONF_SECTION_N] = { NULL };

	acl_conf_init(&p->acl);
	sections[CONF_SECTION_acl] = &p->acl;
	p->reader = conf_reader_new(directives, ARRAY_LEN(directives), sections);
	conf_read_file(p->reader, path);
	conf_finish(p->reader);
	acl_conf_finish(&p->acl, p->reader);
	conf_drop_lists(p->reader);
	return conf_count(p->reader, CONF_ERROR) == 0;
}

static void free_policy(struct policy *p)
{
	conf_reader_free(&p->reader);
	acl_conf_fini(&p->acl);
}

static void load(struct policy *p, const char *path)
{
	const long before = memory_kb("VmRSS");
	const double start = cpu_now();

	if (!read_policy(p, path)) {
		for (const struct conf_finding *c = conf_findings(p->reader); c != NULL;
		     c = c->next)
			if (c->severity == CONF_ERROR)
				fprintf(stderr, "%s:%u: %s\n", c->place.file, c->place.line,
				        c->text);
		exit(2);
	}
	p->load_s = cpu_now() - start;
	p->kb = memory_kb("VmRSS") - before;
	p->peak_kb = memory_kb("VmHWM") - before;
}

/*
 * What a proxy decides about, it has just read. Fetching our requests from far away would count as
 * part of the decision, and a large table, which drives them out, as slower than it is.
 */
static void fetch_request(const struct policy *p, unsigned i)
{
	const struct lists_request *r = p->requests[i % p->n_requests];

	for (const char *line = (const char *)r; line < (const char *)(r + 1); line += 64)
		__builtin_prefetch(line);
	/* Host and URL; when this comes a second time, the request is here. */
	__builtin_prefetch(r->uri.host.p);
	__builtin_prefetch(r->facts.url.p);
	__builtin_prefetch(r->facts.url.p + 64);
}

static void decide_all(void *arg)
{
	const struct policy *p = arg;
	struct trail trail;

	for (unsigned i = 0; i < p->n_requests; i++) {
		__builtin_prefetch(p->requests[(i + 16) % p->n_requests]);
		fetch_request(p, i + 8);
		const enum verdict v = acl_decide(p->acl.http_access, &p->requests[i]->facts,
		                                  VERDICT_DENY, &trail);

		if (v != p->want) {
			fprintf(stderr, "decide: %.*s decided by \"%.*s\"\n",
			        SPAN_ARG(p->requests[i]->facts.url),
			        SPAN_ARG(trail.rule != NULL ? acl_rule_text(trail.rule)
			                                    : SPAN("nothing")));
			exit(2);
		}
	}
}

/* --- the policies ----------------------------------------------------------------------------- */

typedef void list_fn(FILE *f, unsigned n);

static const struct row {
	const char *name;
	const char *type; /* of the acl, with flags; NULL: see main */
	list_fn *write;
	unsigned n;
	unsigned requests; /* different ones */
	bool counts;       /* hits of rules and acls, as in the proxy */
} rows[] = {
	{ "empty-regex", "url_regex", lists_write_regexes, 0, 1024 },
	{ "regex-100", "url_regex", lists_write_regexes, 100, 1024 },
	{ "regex-10000", "url_regex", lists_write_regexes, 10000, 1024 },
	{ "regex-10000-i", "url_regex -i", lists_write_regexes, 10000, 1024 },
	{ "alike-10000", "url_regex", lists_write_alike_regexes, 10000, 1024 },
	{ "bare-100", "url_regex", lists_write_bare_regexes, 100, 1024 },
	{ "empty-domains", "dstdomain", lists_write_domains, 0, REQUESTS },
	{ "domains-1m", "dstdomain", lists_write_domains, 1000000, REQUESTS },
	{ "hash-1m", NULL, NULL, 1000000, REQUESTS },
	{ "empty-prefixes", "src", lists_write_prefixes, 0, REQUESTS },
	{ "prefixes-100k", "src", lists_write_prefixes, 100000, REQUESTS },
	{ "rules-200", NULL, NULL, 200, 1024 },
	{ "rules-200-counted", NULL, NULL, 200, 1024, true },
};

static bool has_type(const char *type)
{
	struct policy p;
	FILE *f = open_list("type");

	fprintf(f, "acl x %s X-Y z\n", type);
	fclose(f);
	const bool ok = read_policy(&p, path_of("type"));

	free_policy(&p);
	return ok;
}

/* Returns the configuration's path. */
static const char *write_files(const struct row *r)
{
	FILE *f;

	if (r->write != NULL) {
		f = open_list("list");
		r->write(f, r->n);
		fclose(f);
	}
	const bool has_req_header = r->write == NULL && has_type("req_header");

	f = open_list("squid.conf");
	if (r->write != NULL)
		fprintf(f, "acl listed %s \"%s\"\nhttp_access allow listed\nhttp_access deny all\n",
		        r->type, path_of("list"));
	else
		lists_write_rules_200(f, has_req_header);
	fclose(f);
	return path_of("squid.conf");
}

/* A median for each row, 0 until it was measured; shared with the processes that do it. */
static double *medians;

static void print_row(const struct row *r, const struct policy *p, struct cost ns)
{
	medians[r - rows] = ns.median;
	printf("%s\t%u\t%.0f\t%.1f\t%.1f\t%.1f\t%.1f\n", r->name, r->n, p->load_s * 1e3,
	       (double)p->kb / 1024, (double)p->peak_kb / 1024, ns.median, ns.least);
	fflush(stdout);
}

static double median_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return medians[i];
	UNREACHABLE("row of a policy");
}

/* What the values cost beyond an empty list, held against a lookup in a plain hash table. */
static void print_ratio(const char *name, const char *empty)
{
	const double with = median_of(name), without = median_of(empty),
		     hash = median_of("hash-1m");

	if (with != 0 && without != 0 && hash != 0)
		printf("# %s: %.0f ns more than %s, %.2f plain hash lookups\n", name,
		       with - without, empty, (with - without) / hash);
}

static void run_row(const struct row *r)
{
	static struct policy p;
	const char *path = write_files(r);

	make_requests(&p, r->requests);
	p.want = r->write != NULL ? VERDICT_DENY : VERDICT_ALLOW;
	load(&p, path);
	if (r->counts) {
		acl_conf_count(&p.acl, acl_tally_new(1));
		for (unsigned i = 0; i < p.n_requests; i++)
			p.requests[i]->facts.count_s = 1;
	}
	print_row(r, &p, measure(decide_all, &p, p.n_requests));
}

/* --- a plain hash table, for comparison ------------------------------------------------------- */

#define SLOTS (1u << 21)

struct plain {
	struct policy p;
	char (*names)[40];
	unsigned *slots; /* index + 1; 0: free */
	unsigned found;
};

static unsigned slot_of(const struct plain *t, struct span name)
{
	unsigned at = (unsigned)hash_bytes(name) % SLOTS;

	while (t->slots[at] != 0 && !span_eq(span_str(t->names[t->slots[at] - 1]), name))
		at = (at + 1) % SLOTS;
	return at;
}

static void look_up_all(void *arg)
{
	struct plain *t = arg;

	for (unsigned i = 0; i < t->p.n_requests; i++)
		t->found += t->slots[slot_of(t, t->p.requests[i]->uri.host)] != 0;
	CHECK(t->found == 0);
}

static void run_hash(const struct row *r)
{
	static struct plain t;

	make_requests(&t.p, r->requests);
	const long before = memory_kb("VmRSS");
	const double start = cpu_now();

	t.names = check_calloc(r->n, sizeof(t.names[0]));
	t.slots = check_calloc(SLOTS, sizeof(t.slots[0]));
	for (unsigned i = 0; i < r->n; i++) {
		lists_host(i, true, t.names[i], sizeof(t.names[i]));
		t.slots[slot_of(&t, span_str(t.names[i]))] = i + 1;
	}
	t.p.load_s = cpu_now() - start;
	t.p.kb = t.p.peak_kb = memory_kb("VmRSS") - before;
	print_row(r, &t.p, measure(look_up_all, &t, t.p.n_requests));
}

/* --- the command line ------------------------------------------------------------------------- */

static bool is_wanted(const char *name, char **names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return n == 0;
}

static int run_apart(const struct row *r)
{
	const pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (strcmp(r->name, "hash-1m") == 0)
			run_hash(r);
		else
			run_row(r);
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	return status;
}

static void remove_files(void)
{
	(void)unlink(path_of("list"));
	(void)unlink(path_of("type"));
	(void)unlink(path_of("squid.conf"));
	(void)rmdir(folder);
}

int main(int argc, char **argv)
{
	int opt, status = 0;

	while ((opt = getopt(argc, argv, "s:")) != -1) {
		if (opt != 's') {
			fprintf(stderr, "usage: decide [-s SECONDS] [NAME...]\n");
			return 2;
		}
		seconds = strtod(optarg, NULL);
	}
	if (mkdtemp(folder) == NULL) {
		fprintf(stderr, "decide: %s: %s\n", folder, strerror(errno));
		return 2;
	}
	hash_seed();
	medians = mmap(NULL, ARRAY_LEN(rows) * sizeof(double), PROT_READ | PROT_WRITE,
	               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(medians != MAP_FAILED);
	printf("name\tvalues\tload_cpu_ms\tmb\tpeak_mb\tns\tns_least\n");
	fflush(stdout);
	for (size_t i = 0; i < ARRAY_LEN(rows) && status == 0; i++)
		if (is_wanted(rows[i].name, argv + optind, argc - optind))
			status = run_apart(&rows[i]);
	print_ratio("domains-1m", "empty-domains");
	print_ratio("prefixes-100k", "empty-prefixes");
	remove_files();
	return status == 0 ? 0 : 1;
}
