/*
 * Jobs without threads: what is submitted is worked in the next step, in order, and goes home as a
 * post. Limits and cancelling are those of jobs.h; a job is never caught while running.
 */
#include "loop/jobs.h"

#include "base/counters.h"
#include "tests/sim/sim_int.h"

#include <stdatomic.h>

#define SIM_JOBS_MAGIC 0x736a6f62U

enum { IDLE, QUEUED, POSTED, DETACHED };

struct jobs {
	uint32_t magic;
	unsigned cap[JOB_CLASS_N], n[JOB_CLASS_N];
};

static struct list queue = LIST_INIT(queue);
static bool is_held;

enum err jobs_new(struct jobs **out, const unsigned threads[JOB_CLASS_N],
                  const unsigned max_queued[JOB_CLASS_N])
{
	struct jobs *js;

	OBJ_NEW(js, SIM_JOBS_MAGIC);
	for (unsigned c = 0; c < JOB_CLASS_N; c++)
		js->cap[c] = threads[c] == 0 ? 0 : threads[c] + max_queued[c];
	*out = js;
	return ERR_NONE;
}

static void drop(struct job *j)
{
	list_remove(&j->link);
	j->pool->n[j->job_class]--;
	atomic_store_explicit(&j->state, IDLE, memory_order_relaxed); /* one thread */
}

void jobs_stop(struct jobs *js)
{
	memset(js->cap, 0, sizeof(js->cap));
	list_for_each_safe(it, &queue) {
		struct job *j = CONTAINER_OF(it, struct job, link);

		if (j->pool != js)
			continue;
		drop(j);
		j->release(j);
	}
}

void jobs_free(struct jobs **jp)
{
	jobs_stop(*jp);
	OBJ_FREE(*jp, SIM_JOBS_MAGIC);
}

static void job_is_home(struct post *p)
{
	struct job *j = CONTAINER_OF(p, struct job, post);
	const bool is_detached = atomic_load_explicit(&j->state, memory_order_relaxed) == DETACHED;

	atomic_store_explicit(&j->state, IDLE, memory_order_relaxed);
	if (!is_detached && j->done != NULL)
		j->done(j);
	j->release(j);
}

enum err job_submit(struct jobs *js, struct loop *home, enum job_class c, struct job *j)
{
	CHECK_OBJ(js, SIM_JOBS_MAGIC);
	if (js->n[c] >= js->cap[c]) {
		count(COUNT_JOBS_REFUSED);
		return ERR_LIMIT;
	}
	js->n[c]++;
	j->post = (struct post){ NULL, job_is_home };
	j->home = home;
	j->job_class = c;
	j->pool = js;
	atomic_store_explicit(&j->state, QUEUED, memory_order_relaxed);
	list_init(&j->link);
	list_push_back(&queue, &j->link);
	return ERR_NONE;
}

void job_cancel(struct job **jp)
{
	struct job *j = *jp;

	*jp = NULL;
	if (j == NULL)
		return;
	switch (atomic_load_explicit(&j->state, memory_order_relaxed)) {
	case QUEUED:
		drop(j);
		j->release(j);
		return;
	case POSTED:
		atomic_store_explicit(&j->state, DETACHED, memory_order_relaxed);
		return;
	default: /* within done */
		return;
	}
}

unsigned jobs_load(struct jobs *js, enum job_class c)
{
	CHECK_OBJ(js, SIM_JOBS_MAGIC);
	return js->n[c];
}

void sim_hold_jobs(bool held)
{
	is_held = held;
}

bool sim_jobs_step(void)
{
	struct list *it = list_first(&queue);

	if (it == NULL || is_held)
		return false;
	struct job *j = CONTAINER_OF(it, struct job, link);

	drop(j);
	j->work(j);
	if (j->home == NULL) {
		j->release(j);
		return true;
	}
	atomic_store_explicit(&j->state, POSTED, memory_order_relaxed);
	loop_post(j->home, &j->post);
	return true;
}
