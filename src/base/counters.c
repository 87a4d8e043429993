/*
 * The registry of counter sets: appended to under a lock, never shrunk. And the sums as they were
 * at each minute of the last hour.
 */
#include "base/counters.h"

#include <pthread.h>

_Thread_local struct counters *counters_mine;

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct counters *registry;

#define MINUTE_MS 60000
#define MINUTES   62u /* the last hour, and a step more at both ends */

static struct sample {
	int64_t at_ms;
	uint64_t v[COUNT_N];
} samples[MINUTES];        /* by registry_lock */
static unsigned n_samples; /* so far; the next one goes to n_samples % MINUTES */

struct counters *counters_register(void)
{
	struct counters *c = aligned_alloc(64, sizeof(*c));

	CHECK(c != NULL);
	memset(c, 0, sizeof(*c));
	pthread_mutex_lock(&registry_lock);
	c->next = registry;
	registry = c;
	pthread_mutex_unlock(&registry_lock);
	counters_mine = c;
	return c;
}

uint64_t counters_sum(enum counter which)
{
	uint64_t sum = 0;

	pthread_mutex_lock(&registry_lock);
	for (const struct counters *c = registry; c != NULL; c = c->next)
		sum += atomic_load_explicit(&c->v[which], memory_order_relaxed);
	pthread_mutex_unlock(&registry_lock);
	return sum;
}

/* With the lock held. */
static void sum_all(uint64_t v[COUNT_N])
{
	memset(v, 0, COUNT_N * sizeof(v[0]));
	for (const struct counters *c = registry; c != NULL; c = c->next)
		for (unsigned i = 0; i < COUNT_N; i++)
			v[i] += atomic_load_explicit(&c->v[i], memory_order_relaxed);
}

void counters_tick(int64_t now_ms)
{
	pthread_mutex_lock(&registry_lock);
	if (n_samples == 0 || now_ms - samples[(n_samples - 1) % MINUTES].at_ms >= MINUTE_MS) {
		struct sample *const s = &samples[n_samples++ % MINUTES];

		s->at_ms = now_ms;
		sum_all(s->v);
	}
	pthread_mutex_unlock(&registry_lock);
}

void counters_lately(unsigned minutes, int64_t now_ms, struct counters_period *out)
{
	const struct sample *since = NULL;

	pthread_mutex_lock(&registry_lock);
	for (unsigned i = 0; i < MIN(n_samples, MINUTES); i++) {
		since = &samples[(n_samples - 1 - i) % MINUTES];
		if (now_ms - since->at_ms >= (int64_t)minutes * MINUTE_MS)
			break;
	}
	sum_all(out->v);
	out->ms = since != NULL ? now_ms - since->at_ms : 0;
	for (unsigned i = 0; i < COUNT_N && since != NULL; i++)
		out->v[i] -= since->v[i];
	pthread_mutex_unlock(&registry_lock);
}

static const char *const names[] = {
#define COUNTER(sym, name, text) name,
#include "base/counters.tbl.h"
#undef COUNTER
};

const char *counter_name(enum counter c)
{
	return names[c];
}
