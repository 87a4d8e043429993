/* The clock, the CPU account and the histogram of the load generator. See measure.h. */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void measure_die(const char *what)
{
	perror(what);
	exit(2);
}

int64_t measure_now_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t measure_cpu_ns(const char *file)
{
	static const char v2[] = "usage_usec ";
	char line[256];
	int64_t ns = 0;
	FILE *f = file ? fopen(file, "r") : NULL;
	if (!f)
		return 0;
	if (fgets(line, sizeof line, f)) {
		if (!strncmp(line, v2, sizeof v2 - 1))
			ns = strtoll(line + sizeof v2 - 1, NULL, 10) * 1000;
		else
			ns = strtoll(line, NULL, 10);
	}
	fclose(f);
	return ns;
}

static unsigned bucket_of(uint64_t us)
{
	if (us < MEASURE_SUB)
		return (unsigned)us;
	unsigned e = 63 - (unsigned)__builtin_clzll(us);
	return (e - 4) * MEASURE_SUB + (unsigned)((us >> (e - 5)) & (MEASURE_SUB - 1));
}

static uint64_t middle_of(unsigned i)
{
	if (i < MEASURE_SUB)
		return i;
	unsigned e = i / MEASURE_SUB + 4;
	return (1ULL << e) + ((uint64_t)(i % MEASURE_SUB) << (e - 5)) + (1ULL << (e - 5)) / 2;
}

void histogram_add(struct histogram *h, uint64_t us)
{
	h->bucket[bucket_of(us)]++;
	h->n++;
	if (us > h->max)
		h->max = us;
}

uint64_t histogram_percentile(const struct histogram *h, double p)
{
	uint64_t want = (uint64_t)((double)h->n * p), seen = 0;
	for (unsigned i = 0; i < 64 * MEASURE_SUB; i++) {
		seen += h->bucket[i];
		if (seen > want)
			return middle_of(i);
	}
	return h->max;
}
