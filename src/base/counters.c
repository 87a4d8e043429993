/*
 * The registry of counter sets: appended to under a lock, never shrunk.
 */
#include "base/counters.h"

#include <pthread.h>

_Thread_local struct counters *counters_mine;

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct counters *registry;

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

static const char *const names[] = {
#define COUNTER(sym, name, text) name,
#include "base/counters.tbl.h"
#undef COUNTER
};

const char *counter_name(enum counter c)
{
	return names[c];
}
