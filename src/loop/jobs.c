/*
 * The pool of threads for work that blocks.
 *
 * Each class has a queue, a lock and its own threads, started when a job finds none free and kept
 * until jobs_free(). A job goes QUEUED -> RUNNING -> POSTED (its post is on the way home) and may
 * be DETACHED by job_cancel() from any of them; who moves the state last releases the object:
 *   while QUEUED the class's lock decides between the home thread and the job threads;
 *   from RUNNING the home thread (detaching) and the job thread (posting) race by compare-exchange;
 *   once POSTED only the home thread touches it, so the pool may be gone by then.
 */
#include "loop/jobs.h"

#include "base/counters.h"
#include "base/lock.h"
#include "base/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#define JOBS_MAGIC 0x6a6f6273U

enum job_state { JOB_IDLE, JOB_QUEUED, JOB_RUNNING, JOB_POSTED, JOB_DETACHED };

struct class
{
	struct lock lock; /* guards all that follows */
	pthread_cond_t wake;
	struct list queue;
	unsigned n_queued, n_busy, n_threads, max_queued, max_threads;
	bool is_stopping;
	pthread_t *threads;
	enum job_class id;
};

struct jobs {
	uint32_t magic;
	struct class classes[JOB_CLASS_N];
};

static const struct {
	const char *thread_name; /* 15 bytes at most */
	int nice;                /* 0: as the process */
} traits[JOB_CLASS_N] = {
	[JOB_DISK] = { "disk", 0 },
	[JOB_CREDENTIALS] = { "credentials", 0 },
	[JOB_SIGNING] = { "signing", 0 },
	[JOB_BUILD] = { "builder", 19 },
};

/* --- the end of a job ------------------------------------------------------------------------- */

static int state_of(const struct job *j)
{
	/* Acquires what the other side wrote before it moved the state. */
	return atomic_load_explicit(&j->state, memory_order_acquire);
}

static void set_state(struct job *j, enum job_state s)
{
	/* Releases to state_of() and move_state() on the other thread. */
	atomic_store_explicit(&j->state, s, memory_order_release);
}

static bool move_state(struct job *j, int from, int to)
{
	return atomic_compare_exchange_strong_explicit(&j->state, &from, to, memory_order_acq_rel,
	                                               memory_order_acquire);
}

/* On the home loop. */
static void job_is_home(struct post *p)
{
	struct job *j = CONTAINER_OF(p, struct job, post);

	if (move_state(j, JOB_POSTED, JOB_IDLE) && j->done != NULL)
		j->done(j);
	j->release(j);
}

/* On the job thread. */
static void finish(struct job *j)
{
	struct loop *const home = j->home;

	/* It may be detached meanwhile. */
	if (home != NULL && move_state(j, JOB_RUNNING, JOB_POSTED))
		loop_post(home, &j->post);
	else
		j->release(j);
}

/* --- threads ---------------------------------------------------------------------------------- */

static struct job *take_job(struct class *c)
{
	struct job *j = NULL;

	lock_take(&c->lock);
	while (list_is_empty(&c->queue) && !c->is_stopping)
		lock_wait(&c->lock, &c->wake);
	if (!list_is_empty(&c->queue)) {
		j = CONTAINER_OF(list_first(&c->queue), struct job, link);
		list_remove(&j->link);
		c->n_queued--;
		c->n_busy++;
		set_state(j, JOB_RUNNING);
	}
	lock_give(&c->lock);
	return j;
}

static void *run_thread(void *arg)
{
	struct class *c = arg;
	struct job *j;

	/* Linux: a thread's id given as a process changes that thread alone. */
	if (traits[c->id].nice != 0)
		(void)setpriority(PRIO_PROCESS, (id_t)gettid(), traits[c->id].nice);
	while ((j = take_job(c)) != NULL) {
		j->work(j);
		lock_take(&c->lock);
		c->n_busy--;
		lock_give(&c->lock);
		finish(j);
	}
	return NULL;
}

/*
 * With the lock held, which is the price of not starting one thread too many; it happens a few
 * times in a process's life.
 */
static bool start_thread(struct class *c)
{
	if (thread_start(&c->threads[c->n_threads], traits[c->id].thread_name, run_thread, c) !=
	    ERR_NONE)
		return false;
	c->n_threads++;
	return true;
}

/* --- the pool --------------------------------------------------------------------------------- */

static void class_init(struct class *c, enum job_class id, unsigned threads, unsigned queue)
{
	lock_init(&c->lock, LOCK_RANK_JOBS);
	CHECK(pthread_cond_init(&c->wake, NULL) == 0);
	list_init(&c->queue);
	c->id = id;
	c->max_threads = threads;
	c->max_queued = queue;
	c->threads = check_calloc(threads + 1, sizeof(*c->threads));
}

static void class_stop(struct class *c)
{
	struct list unstarted = LIST_INIT(unstarted), *it;

	lock_take(&c->lock);
	c->is_stopping = true;
	list_splice_back(&unstarted, &c->queue);
	c->n_queued = 0;
	pthread_cond_broadcast(&c->wake);
	lock_give(&c->lock);
	while ((it = list_first(&unstarted)) != NULL) {
		struct job *j = CONTAINER_OF(it, struct job, link);

		list_remove(it);
		j->release(j);
	}
	for (unsigned i = 0; i < c->n_threads; i++)
		CHECK(pthread_join(c->threads[i], NULL) == 0);
	c->n_threads = 0;
}

static void class_fini(struct class *c)
{
	free(c->threads);
	pthread_cond_destroy(&c->wake);
	lock_fini(&c->lock);
}

enum err jobs_new(struct jobs **out, const unsigned threads[JOB_CLASS_N],
                  const unsigned queue[JOB_CLASS_N])
{
	struct jobs *js;

	OBJ_NEW(js, JOBS_MAGIC);
	for (unsigned i = 0; i < JOB_CLASS_N; i++)
		class_init(&js->classes[i], (enum job_class)i, threads[i], queue[i]);
	*out = js;
	return ERR_NONE;
}

void jobs_stop(struct jobs *js)
{
	CHECK_OBJ(js, JOBS_MAGIC);
	for (unsigned i = 0; i < JOB_CLASS_N; i++)
		class_stop(&js->classes[i]);
}

void jobs_free(struct jobs **jp)
{
	struct jobs *js = *jp;

	jobs_stop(js);
	for (unsigned i = 0; i < JOB_CLASS_N; i++)
		class_fini(&js->classes[i]);
	OBJ_FREE(js, JOBS_MAGIC);
	*jp = NULL;
}

/* With the lock held: make sure that some thread will take one more job. */
static bool class_has_room(struct class *c)
{
	const unsigned n = c->n_busy + c->n_queued;

	if (c->is_stopping || c->max_threads == 0 || n >= c->max_threads + c->max_queued)
		return false;
	if (n < c->n_threads || c->n_threads == c->max_threads)
		return true;
	return start_thread(c) || c->n_threads > 0;
}

enum err job_submit(struct jobs *js, struct loop *home, enum job_class id, struct job *j)
{
	CHECK_OBJ(js, JOBS_MAGIC);
	CHECK(id < JOB_CLASS_N);
	struct class *c = &js->classes[id];

	j->post = (struct post){ NULL, job_is_home };
	j->home = home;
	j->job_class = id;
	j->pool = js;
	list_init(&j->link);
	lock_take(&c->lock);
	const bool ok = class_has_room(c);

	set_state(j, ok ? JOB_QUEUED : JOB_IDLE);
	if (ok) {
		list_push_back(&c->queue, &j->link);
		c->n_queued++;
		pthread_cond_signal(&c->wake);
	}
	lock_give(&c->lock);
	if (!ok)
		count(COUNT_JOBS_REFUSED);
	return ok ? ERR_NONE : ERR_LIMIT;
}

/* True if the job was still waiting: it is nobody's but the caller's then. */
static bool unqueue(struct job *j)
{
	CHECK_OBJ(j->pool, JOBS_MAGIC);
	struct class *c = &j->pool->classes[j->job_class];

	lock_take(&c->lock);
	const bool was_queued = state_of(j) == JOB_QUEUED;

	if (was_queued) {
		list_remove(&j->link);
		c->n_queued--;
		set_state(j, JOB_IDLE);
	}
	lock_give(&c->lock);
	return was_queued;
}

void job_cancel(struct job **jp)
{
	struct job *j = *jp;

	*jp = NULL;
	if (j == NULL || state_of(j) == JOB_IDLE)
		return;
	if (state_of(j) == JOB_QUEUED && unqueue(j)) {
		j->release(j);
		return;
	}
	/* If the first fails the work is done, and the post, on its way, will release the job. */
	if (!move_state(j, JOB_RUNNING, JOB_DETACHED))
		CHECK(move_state(j, JOB_POSTED, JOB_DETACHED));
}

unsigned jobs_load(struct jobs *js, enum job_class id)
{
	CHECK_OBJ(js, JOBS_MAGIC);
	struct class *c = &js->classes[id];

	lock_take(&c->lock);
	const unsigned n = c->n_busy + c->n_queued;

	lock_give(&c->lock);
	return n;
}
