/*
 * Hit ratios of the cache's replacement (cache/evict.c) beside LRU, GDSF and S3-FIFO on the same
 * trace.
 *
 *   cache_replay [-r REQUESTS] [-n OBJECTS] [NAME...]   the synthetic traces whose names contain a
 *   NAME
 *   cache_replay FILE.csv...                            libCacheSim's csv: time, id, size
 *
 * The first quarter of a trace fills the cache and is not counted. Exits with 1 if Cuttle's object
 * hit ratio is more than a point below S3-FIFO's somewhere, below LRU's on a trace with scans, or
 * if with Zipf 0.9 and a tenth of the footprint more than 1.5 bytes are written for a byte
 * admitted.
 */
#include "tests/bench/src/replay.h"

#include <math.h>
#include <unistd.h>

#define LIMIT_POINTS  1.0
#define LIMIT_WRITTEN 1.5

struct shape {
	const char *name;
	double zipf;        /* exponent */
	unsigned fresh_pct; /* of requests: for objects that nobody asks for again */
	unsigned scan_pct;  /* of requests: in scans */
	bool equal_sizes;   /* 8 KB; else lognormal with a heavy tail */
	/* of requests: for one of the last that came, the later the likelier */
	unsigned recent_pct;
	unsigned drift_pct; /* of the popular objects change in each twentieth of the trace */
};

static const struct shape shapes[] = {
	{ "zipf-0.7", 0.7, 0, 0, false, 0, 0 },
	{ "zipf-0.9", 0.9, 0, 0, false, 0, 0 },
	{ "zipf-1.0", 1.0, 0, 0, false, 0, 0 },
	{ "zipf-0.7-scans-wonders", 0.7, 20, 15, false, 0, 0 },
	{ "zipf-0.9-scans-wonders", 0.9, 20, 15, false, 0, 0 },
	{ "zipf-1.0-scans-wonders", 1.0, 20, 15, false, 0, 0 },
	{ "zipf-0.7-equal", 0.7, 0, 0, true, 0, 0 },
	{ "zipf-0.9-equal", 0.9, 0, 0, true, 0, 0 },
	{ "zipf-1.0-equal", 1.0, 0, 0, true, 0, 0 },
	{ "zipf-0.9-equal-scans-wonders", 0.9, 20, 15, true, 0, 0 },
	{ "zipf-0.9-drift", 0.9, 0, 0, false, 0, 10 },
	{ "zipf-0.9-equal-drift", 0.9, 0, 0, true, 0, 10 },
	{ "recent", 0.7, 40, 0, false, 60, 0 },
	{ "recent-equal", 0.7, 40, 0, true, 60, 0 },
};

static size_t want_requests = 2000000;
static uint32_t want_objects = 200000;

/* --- random numbers --------------------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t random_u64(void)
{
	return replay_mix(random_state++);
}

static double random_unit(void) /* above 0, at most 1 */
{
	return ((double)(random_u64() >> 11) + 1) / 9007199254740992.0;
}

/*
 * Lognormal with a median of 8 KB; one in a hundred from a Pareto tail. As in what the web serves.
 */
static uint64_t random_size(void)
{
	const double normal = sqrt(-2 * log(random_unit())) * cos(2 * M_PI * random_unit());
	const double bytes = random_unit() < 0.01 ? 200e3 / pow(random_unit(), 1 / 1.2)
	                                          : exp(log(8e3) + 1.5 * normal);

	return (uint64_t)MIN(MAX(bytes, 200.0), 64e6);
}

/* --- synthetic traces ------------------------------------------------------------------------- */

/* The numbers of objects by popularity, and the distribution over ranks. */
struct popularity {
	double *sums;
	uint32_t *object;
	uint32_t n;
};

static void popularity_init(struct popularity *p, uint32_t n, double exponent)
{
	double sum = 0;

	p->n = n;
	p->sums = check_calloc(n, sizeof(double));
	p->object = check_calloc(n, sizeof(uint32_t));
	for (uint32_t i = 0; i < n; i++) {
		sum += pow(i + 1, -exponent);
		p->sums[i] = sum;
		p->object[i] = i;
	}
}

static uint32_t popularity_draw(const struct popularity *p)
{
	const double at = random_unit() * p->sums[p->n - 1];
	uint32_t low = 0, high = p->n - 1;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (p->sums[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return p->object[low];
}

/* Some of the ranks are exchanged with others drawn from all. */
static void popularity_drift(struct popularity *p, unsigned percent)
{
	for (uint32_t i = 0; i < p->n; i++) {
		const uint32_t other = (uint32_t)(random_u64() % p->n), was = p->object[i];

		if (random_u64() % 100 >= percent)
			continue;
		p->object[i] = p->object[other];
		p->object[other] = was;
	}
}

static void trace_sizes(struct replay_trace *t, bool equal)
{
	bool *const seen = check_calloc(t->n_objects, sizeof(bool));

	t->sizes = check_calloc(t->n_objects, sizeof(uint64_t));
	for (uint32_t i = 0; i < t->n_objects; i++)
		t->sizes[i] = equal ? 8192 : random_size();
	for (size_t i = 0; i < t->n_requests; i++) {
		if (!seen[t->requests[i]])
			t->footprint += t->sizes[t->requests[i]];
		seen[t->requests[i]] = true;
	}
	free(seen);
}

/*
 * Objects: those of the distribution, then as many that scans run through, over and over, then
 * those that come once. A scan is a run of a fiftieth of them.
 */
static void trace_make(struct replay_trace *t, const struct shape *s)
{
	const uint32_t n = want_objects, run = n / 50;
	uint32_t fresh = 2 * n, scan = 0, scan_left = 0;
	struct popularity p;

	random_state = 1;
	*t = (struct replay_trace){ .n_requests = want_requests };
	snprintf(t->name, sizeof(t->name), "%s", s->name);
	t->requests = check_calloc(t->n_requests, sizeof(uint32_t));
	popularity_init(&p, n, s->zipf);
	for (size_t i = 0; i < t->n_requests; i++) {
		if (s->drift_pct != 0 && i % (t->n_requests / 20) == 0)
			popularity_drift(&p, s->drift_pct);
		if (s->scan_pct != 0 && scan_left == 0 && i % (run * 100 / s->scan_pct) == 0)
			scan_left = run * 3 / 2;
		if (scan_left > 0 && random_u64() % 3 != 0) {
			t->requests[i] = n + scan++ % n;
			scan_left--;
		} else if (random_u64() % 100 < s->recent_pct && i > 0) {
			t->requests[i] = t->requests[i - 1 - random_u64() % MIN(i, (size_t)n / 5)];
		} else if (random_u64() % 100 < s->fresh_pct) {
			t->requests[i] = fresh++;
		} else {
			t->requests[i] = popularity_draw(&p);
		}
	}
	t->n_objects = fresh;
	trace_sizes(t, s->equal_sizes);
	free(p.sums);
	free(p.object);
}

/* --- traces from files ------------------------------------------------------------------------ */

/* Ids as they come, numbered in the order of their first appearance. */
struct numbering {
	uint64_t *ids;
	uint32_t *numbers; /* 1 + number; 0: free */
	uint32_t n, room;  /* room: a power of two */
};

static uint32_t *numbering_slot(struct numbering *m, uint64_t id)
{
	uint64_t at = replay_mix(id) & (m->room - 1);

	while (m->numbers[at] != 0 && m->ids[at] != id)
		at = (at + 1) & (m->room - 1);
	m->ids[at] = id;
	return &m->numbers[at];
}

static void numbering_grow(struct numbering *m)
{
	struct numbering old = *m;

	m->room = old.room == 0 ? 1024 : old.room * 2;
	m->ids = check_calloc(m->room, sizeof(uint64_t));
	m->numbers = check_calloc(m->room, sizeof(uint32_t));
	for (uint32_t i = 0; i < old.room; i++)
		if (old.numbers[i] != 0)
			*numbering_slot(m, old.ids[i]) = old.numbers[i];
	free(old.ids);
	free(old.numbers);
}

/* An id that is no number is hashed. */
static uint64_t parse_id(const char *s, size_t n)
{
	uint64_t id = 0;
	char *end;

	id = strtoull(s, &end, 10);
	if (end == s + n)
		return id;
	for (size_t i = 0; i < n; i++)
		id = replay_mix(id ^ (unsigned char)s[i]);
	return id;
}

/* time,id,size[,...]; lines that are not so (a title, a comment) are left out. */
static bool parse_line(const char *line, uint64_t *id, uint64_t *size)
{
	const char *const comma = strchr(line, ',');
	const char *const second = comma != NULL ? strchr(comma + 1, ',') : NULL;
	char *end;

	if (second == NULL)
		return false;
	*size = strtoull(second + 1, &end, 10);
	*id = parse_id(comma + 1, (size_t)(second - comma - 1));
	return end != second + 1 && *size > 0;
}

static void trace_add(struct replay_trace *t, struct numbering *m, uint64_t id, uint64_t size)
{
	uint32_t *slot;

	if (m->n * 2 >= m->room) {
		numbering_grow(m);
		t->sizes = check_realloc(t->sizes, m->room * sizeof(uint64_t));
	}
	slot = numbering_slot(m, id);
	if (*slot == 0) {
		t->sizes[m->n] = size;
		t->footprint += size;
		*slot = ++m->n;
	}
	if ((t->n_requests & (t->n_requests - 1)) == 0)
		t->requests =
			check_realloc(t->requests, MAX(t->n_requests * 2, 1u) * sizeof(uint32_t));
	t->requests[t->n_requests++] = *slot - 1;
}

static bool trace_read(struct replay_trace *t, const char *path)
{
	FILE *const f = fopen(path, "r");
	const char *const slash = strrchr(path, '/');
	struct numbering m = { .n = 0 };
	char line[512];
	uint64_t id, size;

	if (f == NULL) {
		perror(path);
		return false;
	}
	*t = (struct replay_trace){ .n_requests = 0 };
	snprintf(t->name, sizeof(t->name), "%s", slash != NULL ? slash + 1 : path);
	while (fgets(line, sizeof(line), f) != NULL)
		if (parse_line(line, &id, &size))
			trace_add(t, &m, id, size);
	fclose(f);
	t->n_objects = m.n;
	free(m.ids);
	free(m.numbers);
	return t->n_requests > 0;
}

static void trace_free(struct replay_trace *t)
{
	free(t->requests);
	free(t->sizes);
}

/* --- the replay ------------------------------------------------------------------------------- */

enum { LRU, GDSF, S3FIFO, MEMORY, DISK, POLICIES };

static const struct replay_policy *const policies[POLICIES] = {
	[LRU] = &replay_lru,       [GDSF] = &replay_gdsf, [S3FIFO] = &replay_s3fifo,
	[MEMORY] = &replay_memory, [DISK] = &replay_disk,
};

struct result {
	double objects, bytes; /* hit ratios in percent */
	double written;        /* bytes for each admitted; 0: does not write */
};

static void run(const struct replay_policy *policy, const struct replay_trace *t, uint64_t capacity,
                struct result *out)
{
	void *const p = policy->new (t, capacity);
	struct replay_figures before = { 0 }, after = { 0 };
	uint64_t hits = 0, hit_bytes = 0, all = 0, all_bytes = 0;

	for (size_t i = 0; i < t->n_requests; i++) {
		const uint32_t object = t->requests[i];
		const bool hit = t->sizes[object] <= capacity && policy->get(p, object);

		if (i == t->n_requests / 4 && policy->figures != NULL)
			policy->figures(p, &before);
		if (i < t->n_requests / 4)
			continue;
		all++;
		hits += hit;
		all_bytes += t->sizes[object];
		hit_bytes += hit ? t->sizes[object] : 0;
	}
	if (policy->figures != NULL)
		policy->figures(p, &after);
	out->objects = 100.0 * (double)hits / (double)all;
	out->bytes = 100.0 * (double)hit_bytes / (double)all_bytes;
	out->written = policy->figures == NULL
	                       ? 0
	                       : (double)(after.written_bytes - before.written_bytes) /
	                                 (double)(after.admitted_bytes - before.admitted_bytes);
	policy->free(p);
}

static const char *verdict(const struct replay_trace *t, unsigned percent, const struct result *r,
                           bool *failed)
{
	const bool is_rationed = strncmp(t->name, "zipf-0.9", 8) == 0 && percent == 10;
	const bool has_scans = strstr(t->name, "scans") != NULL;
	const double ours = MIN(r[MEMORY].objects, r[DISK].objects);

	if (ours < r[S3FIFO].objects - LIMIT_POINTS ||
	    (is_rationed && r[DISK].written > LIMIT_WRITTEN) ||
	    (has_scans && ours < r[LRU].objects)) {
		*failed = true;
		return "**fails**";
	}
	if (r[MEMORY].objects < r[LRU].objects && r[DISK].objects < r[LRU].objects)
		return "both below LRU";
	if (r[MEMORY].objects < r[LRU].objects)
		return "memory below LRU";
	return r[DISK].objects < r[LRU].objects ? "disk below LRU" : "";
}

static bool replay(const struct replay_trace *t)
{
	static const unsigned percents[] = { 1, 10 };
	bool failed = false;

	for (size_t i = 0; i < ARRAY_LEN(percents); i++) {
		struct result r[POLICIES];

		printf("| %s | %u %% |", t->name, percents[i]);
		for (unsigned j = 0; j < POLICIES; j++) {
			run(policies[j], t, t->footprint / 100 * percents[i], &r[j]);
			printf(" %.1f / %.1f |", r[j].objects, r[j].bytes);
		}
		printf(" %.2f | %s |\n", r[DISK].written, verdict(t, percents[i], r, &failed));
		fflush(stdout);
	}
	return failed;
}

static bool is_wanted(const char *name, char **words, int n)
{
	for (int i = 0; i < n; i++)
		if (strstr(name, words[i]) != NULL)
			return true;
	return n == 0;
}

int main(int argc, char **argv)
{
	struct replay_trace t;
	bool failed = false;
	int option;

	while ((option = getopt(argc, argv, "r:n:")) != -1) {
		if (option == 'r')
			want_requests = strtoull(optarg, NULL, 10);
		else if (option == 'n')
			want_objects = (uint32_t)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	printf("Object / byte hit ratios in percent; written: bytes for each byte admitted.\n\n"
	       "| trace | cache | LRU | GDSF | S3-FIFO | memory | disk | written | |\n"
	       "|---|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		if (!is_wanted(shapes[i].name, argv + optind, argc - optind))
			continue;
		trace_make(&t, &shapes[i]);
		failed |= replay(&t);
		trace_free(&t);
	}
	for (int i = optind; i < argc; i++) {
		if (strchr(argv[i], '.') == NULL || access(argv[i], R_OK) != 0)
			continue;
		if (trace_read(&t, argv[i]))
			failed |= replay(&t);
		trace_free(&t);
	}
	return failed ? 1 : 0;
}
