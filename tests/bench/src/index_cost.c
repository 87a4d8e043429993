/*
 * What the index of the disks costs with ten million objects: filled as a start fills it (announced
 * and in pieces of a segment) and as requests fill it (one at a time); bytes an entry, ns a call,
 * and the longest call, which is the growth of a shard.
 *
 * 	make tests/bench/cache_index && tests/bench/cache_index [ENTRIES]
 *
 * Times are CPU time. Keys come in random order, so nearly each call waits for memory.
 */
#include "cache/index.h"

#include <time.h>

#define PIECE 5000u

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static struct cache_key key_of(uint64_t i)
{
	return (struct cache_key){ mix(i), mix(~i) };
}

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double rss_bytes(void)
{
	FILE *const f = fopen("/proc/self/statm", "r");
	unsigned long all = 0, resident = 0;

	if (f == NULL || fscanf(f, "%lu %lu", &all, &resident) != 2)
		resident = 0;
	if (f != NULL)
		fclose(f);
	return (double)resident * 4096;
}

/* CPU seconds without making the keys. */
static double fill_in_pieces(struct cache_index *x, uint64_t n)
{
	static struct index_load items[PIECE];
	double sum = 0, from;

	for (uint64_t done = 0; done < n; done += PIECE) {
		const uint32_t now = (uint32_t)MIN(n - done, (uint64_t)PIECE);

		for (uint32_t i = 0; i < now; i++)
			items[i] =
				(struct index_load){ .key = key_of(done + i),
				                     .entry = { .segment = (uint32_t)(done / PIECE),
				                                .offset = i,
				                                .bytes = 1 } };
		from = cpu_s();
		if (cache_index_load(x, items, now) != 0)
			exit(1);
		sum += cpu_s() - from;
	}
	return sum;
}

/* The same one at a time. The last tenth, when shards are large, is timed call by call. */
static double fill_singly(struct cache_index *x, uint64_t n, double *longest)
{
	const struct index_entry e = { .segment = 1, .offset = 1, .bytes = 1 };
	const double from = cpu_s();
	double sum;

	for (uint64_t i = 0; i < n / 10 * 9; i++)
		if (cache_index_put(x, key_of(i), &e, NULL, NULL) != ERR_NONE)
			exit(1);
	sum = (cpu_s() - from) / 9 * 10;
	*longest = 0;
	for (uint64_t i = n / 10 * 9; i < n; i++) {
		const double start = cpu_s();

		if (cache_index_put(x, key_of(i), &e, NULL, NULL) != ERR_NONE)
			exit(1);
		*longest = MAX(*longest, cpu_s() - start);
	}
	return sum;
}

static double find_ns(struct cache_index *x, uint64_t first, uint64_t n, uint64_t of)
{
	const double from = cpu_s();
	struct index_entry e;
	uint64_t found = 0;

	for (uint64_t i = 0; i < n; i++)
		found += cache_index_find(x, key_of(first + mix(i) % of), true, &e);
	CHECK(found == n || found == 0);
	return (cpu_s() - from) / (double)n * 1e9;
}

static void report(struct cache_index *x, const char *how, uint64_t n, double seconds,
                   double before)
{
	printf("%s: %.2f s, %.0f ns each; %.1f bytes each by its account, %.1f of RSS\n", how,
	       seconds, seconds / (double)n * 1e9, (double)cache_index_memory(x) / (double)n,
	       (rss_bytes() - before) / (double)n);
}

int main(int argc, char **argv)
{
	const uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
	struct cache_index *x;
	double before = rss_bytes(), seconds, longest;

	if (n < 10 || cache_index_new(&x, INDEX_SHARDS) != ERR_NONE)
		return 2;
	seconds = fill_in_pieces(x, n);
	report(x, "loaded in pieces", n, seconds, before);
	printf("find: %.0f ns a hit, %.0f ns a miss\n", find_ns(x, 0, n / 4, n),
	       find_ns(x, n, n / 4, n));
	cache_index_free(&x);
	before = rss_bytes();
	if (cache_index_new(&x, INDEX_SHARDS) != ERR_NONE)
		return 2;
	seconds = fill_singly(x, n, &longest);
	report(x, "put one at a time", n, seconds, before);
	printf("longest put at the end: %.0f us\n", longest * 1e6);
	cache_index_free(&x);
	return 0;
}
