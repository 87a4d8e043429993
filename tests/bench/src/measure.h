/*
 * What the load generator measures with: a clock, the proxy's CPU time, a histogram of latencies.
 */
#pragma once

#include <stdint.h>

#define MEASURE_SUB 32 /* sub-buckets of a power of two: 3% resolution */

/* Latencies in us, in log2 buckets. Zero-initialised is empty. */
struct histogram {
	uint64_t bucket[64 * MEASURE_SUB];
	uint64_t n;
	uint64_t max;
};

/* Monotonic time in ns. */
int64_t measure_now_ns(void);

/* CPU time in ns as the file says: cgroup v1 cpuacct.usage (ns) or v2 cpu.stat (usage_usec). 0
 * without one. */
int64_t measure_cpu_ns(const char *file);

void histogram_add(struct histogram *h, uint64_t us);

/* The value below which the share p (0..1) of the samples lies. */
uint64_t histogram_percentile(const struct histogram *h, double p);

/* Prints a message with errno and exits with 2. */
__attribute__((noreturn)) void measure_die(const char *what);
