/*
 * The job pool: where each function runs, what cancelling does at each point of a job's life, and
 * the limits. Gates (semaphores) hold jobs at known points, so nothing depends on timing.
 */
#include "tests/unit/unit.h"

#include "base/counters.h"
#include "loop/jobs.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

static struct loop *l;
static struct jobs *pool;
static sem_t started, gate, released;
static atomic_uint n_worked, n_released;
static unsigned n_done;
static pthread_t home;

struct probe {
	struct job job;
	bool is_gated;
	pthread_t worked_on;
	struct job *mine;
	int nice;
	char thread_name[16];
	bool signals_blocked;
};

static void work(struct job *j)
{
	struct probe *p = CONTAINER_OF(j, struct probe, job);
	sigset_t mask;

	p->worked_on = pthread_self();
	p->nice = getpriority(PRIO_PROCESS, (id_t)gettid());
	pthread_getname_np(pthread_self(), p->thread_name, sizeof(p->thread_name));
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	p->signals_blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1;
	atomic_fetch_add(&n_worked, 1);
	sem_post(&started);
	if (p->is_gated)
		while (sem_wait(&gate) != 0)
			;
}

static void done(struct job *j)
{
	struct probe *p = CONTAINER_OF(j, struct probe, job);

	ck_assert(pthread_equal(pthread_self(), home));
	ck_assert(!pthread_equal(p->worked_on, home));
	n_done++;
	p->mine = j;
	job_cancel(&p->mine); /* harmless here */
	ck_assert_ptr_null(p->mine);
}

static void release(struct job *j)
{
	free(CONTAINER_OF(j, struct probe, job));
	atomic_fetch_add(&n_released, 1);
	sem_post(&released);
}

static struct probe *probe_new(bool is_gated)
{
	struct probe *p = check_calloc(1, sizeof(*p));

	p->job.work = work;
	p->job.done = done;
	p->job.release = release;
	p->is_gated = is_gated;
	return p;
}

static void make_pool(unsigned threads, unsigned queue)
{
	const unsigned t[JOB_CLASS_N] = { threads, threads, threads, threads };
	const unsigned q[JOB_CLASS_N] = { queue, queue, queue, queue };

	ck_assert_int_eq(jobs_new(&pool, t, q), ERR_NONE);
}

static void setup(void)
{
	home = pthread_self();
	sem_init(&started, 0, 0);
	sem_init(&gate, 0, 0);
	sem_init(&released, 0, 0);
	ck_assert_int_eq(loop_new(&l), ERR_NONE);
}

static void teardown(void)
{
	if (pool != NULL)
		jobs_free(&pool);
	loop_free(&l);
}

static void await(sem_t *s)
{
	while (sem_wait(s) != 0)
		ck_assert_int_eq(errno, EINTR);
}

static struct job *submit(struct probe *p, enum job_class c)
{
	ck_assert_int_eq(job_submit(pool, l, c, &p->job), ERR_NONE);
	return &p->job;
}

static void turn_until_done(unsigned n)
{
	while (n_done < n)
		loop_turn(l, -1);
}

START_TEST(jobs_work_elsewhere_and_are_done_at_home)
{
	make_pool(2, 100);
	for (unsigned i = 0; i < 50; i++)
		submit(probe_new(false), (enum job_class)(i % JOB_CLASS_N));
	turn_until_done(50);
	ck_assert_uint_eq(atomic_load(&n_worked), 50);
	ck_assert_uint_eq(atomic_load(&n_released), 50);
	for (unsigned c = 0; c < JOB_CLASS_N; c++)
		ck_assert_uint_eq(jobs_load(pool, (enum job_class)c), 0);
}
END_TEST

static char build_name[16], disk_name[16];
static int build_nice, disk_nice;

static void look(struct job *j)
{
	const struct probe *p = CONTAINER_OF(j, struct probe, job);
	const bool is_build = j->job_class == JOB_BUILD;

	ck_assert(p->signals_blocked);
	snprintf(is_build ? build_name : disk_name, sizeof(build_name), "%s", p->thread_name);
	*(is_build ? &build_nice : &disk_nice) = p->nice;
	n_done++;
}

START_TEST(threads_are_named_nice_and_deaf_to_signals)
{
	struct probe *a = probe_new(false), *b = probe_new(false);
	const int mine = getpriority(PRIO_PROCESS, 0);

	make_pool(1, 10);
	a->job.done = b->job.done = look;
	submit(a, JOB_BUILD);
	submit(b, JOB_DISK);
	turn_until_done(2);
	ck_assert_str_eq(build_name, "builder");
	ck_assert_int_eq(build_nice, 19);
	ck_assert_str_eq(disk_name, "disk");
	ck_assert_int_eq(disk_nice, mine);
	ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), mine);
}
END_TEST

START_TEST(a_full_queue_refuses_and_the_job_stays_ours)
{
	make_pool(2, 1);
	for (unsigned i = 0; i < 3; i++)
		submit(probe_new(true), JOB_DISK);
	struct probe *p = probe_new(false);
	const uint64_t before = counters_sum(COUNT_JOBS_REFUSED);

	ck_assert_int_eq(job_submit(pool, l, JOB_DISK, &p->job), ERR_LIMIT);
	ck_assert_uint_eq(counters_sum(COUNT_JOBS_REFUSED), before + 1);
	ck_assert_uint_eq(jobs_load(pool, JOB_DISK), 3);
	/* Another class is not concerned. */
	submit(p, JOB_SIGNING);
	turn_until_done(1);
	for (unsigned i = 0; i < 3; i++)
		sem_post(&gate);
	turn_until_done(4);
}
END_TEST

START_TEST(a_class_without_threads_refuses)
{
	struct probe *p = probe_new(false);

	make_pool(0, 5);
	ck_assert_int_eq(job_submit(pool, l, JOB_DISK, &p->job), ERR_LIMIT);
	free(p);
}
END_TEST

START_TEST(a_pool_that_was_stopped_refuses)
{
	make_pool(1, 5);
	submit(probe_new(false), JOB_DISK);
	jobs_stop(pool); /* its thread may have done it before, or not */
	struct probe *p = probe_new(false);

	ck_assert_int_eq(job_submit(pool, l, JOB_DISK, &p->job), ERR_LIMIT);
	ck_assert_uint_eq(jobs_load(pool, JOB_DISK), 0);
	free(p);
}
END_TEST

START_TEST(a_waiting_job_that_is_cancelled_never_works)
{
	make_pool(1, 5);
	submit(probe_new(true), JOB_DISK);
	await(&started);
	struct job *j = submit(probe_new(false), JOB_DISK);

	ck_assert_uint_eq(jobs_load(pool, JOB_DISK), 2);
	job_cancel(&j);
	ck_assert_ptr_null(j);
	ck_assert_uint_eq(atomic_load(&n_released), 1);
	ck_assert_uint_eq(jobs_load(pool, JOB_DISK), 1);
	sem_post(&gate);
	turn_until_done(1);
	ck_assert_uint_eq(atomic_load(&n_worked), 1);
}
END_TEST

START_TEST(a_running_job_that_is_cancelled_is_released_by_its_thread)
{
	make_pool(1, 0);
	struct job *j = submit(probe_new(true), JOB_DISK);
	struct probe *p = probe_new(false);

	await(&started);
	job_cancel(&j);
	ck_assert_uint_eq(atomic_load(&n_released), 0);
	/* It counts against its class until its thread returns. */
	ck_assert_int_eq(job_submit(pool, l, JOB_DISK, &p->job), ERR_LIMIT);
	sem_post(&gate);
	await(&released);
	submit(p, JOB_DISK);
	turn_until_done(1);
	ck_assert_uint_eq(n_done, 1);
}
END_TEST

START_TEST(a_finished_job_that_is_cancelled_is_released_at_home)
{
	make_pool(1, 5);
	struct job *j = submit(probe_new(false), JOB_DISK);

	await(&started);
	jobs_free(&pool); /* its thread is gone, so its post is on the way */
	ck_assert_uint_eq(atomic_load(&n_released), 0);
	job_cancel(&j);
	loop_turn(l, -1);
	ck_assert_uint_eq(atomic_load(&n_released), 1);
	ck_assert_uint_eq(n_done, 0);
}
END_TEST

START_TEST(cancelling_nothing_is_harmless)
{
	struct job *j = NULL;

	job_cancel(&j);
	ck_assert_ptr_null(j);
}
END_TEST

START_TEST(freeing_the_pool_releases_those_that_wait)
{
	make_pool(1, 5);
	submit(probe_new(true), JOB_DISK);
	await(&started);
	submit(probe_new(false), JOB_DISK);
	submit(probe_new(false), JOB_DISK);
	sem_post(&gate);
	jobs_free(&pool);
	/* The gated one has run; the others ran or were released unworked, whichever came first. */
	const unsigned worked = atomic_load(&n_worked);

	ck_assert_uint_eq(atomic_load(&n_released), 3 - worked);
	turn_until_done(worked);
	ck_assert_uint_eq(atomic_load(&n_released), 3);
}
END_TEST

START_TEST(a_job_without_a_home_is_released_by_its_thread)
{
	make_pool(1, 1);
	struct probe *p = probe_new(false);

	ck_assert_int_eq(job_submit(pool, NULL, JOB_DISK, &p->job), ERR_NONE);
	await(&released);
	ck_assert_uint_eq(atomic_load(&n_worked), 1);
	ck_assert_uint_eq(n_done, 0);
}
END_TEST

START_TEST(cancelling_at_any_moment_releases_each_job_once)
{
	enum { N = 400 };

	make_pool(3, N);
	for (unsigned i = 0; i < N; i++) {
		struct job *j = submit(probe_new(false), JOB_DISK);

		if (i % 8 == 0)
			loop_turn(l, 0);
		if (i % 8 != 0) /* it has not been home, so it is still there */
			job_cancel(&j);
	}
	jobs_free(&pool);
	loop_turn(l, 0);
	ck_assert_uint_eq(atomic_load(&n_released), N);
	ck_assert_uint_le(n_done, N / 8);
}
END_TEST

Suite *suite_jobs(void);
Suite *suite_jobs(void)
{
	Suite *s = suite_create("jobs");
	TCase *t = tcase_create("jobs");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, jobs_work_elsewhere_and_are_done_at_home);
	tcase_add_test(t, threads_are_named_nice_and_deaf_to_signals);
	tcase_add_test(t, a_full_queue_refuses_and_the_job_stays_ours);
	tcase_add_test(t, a_class_without_threads_refuses);
	tcase_add_test(t, a_waiting_job_that_is_cancelled_never_works);
	tcase_add_test(t, a_pool_that_was_stopped_refuses);
	tcase_add_test(t, a_running_job_that_is_cancelled_is_released_by_its_thread);
	tcase_add_test(t, a_finished_job_that_is_cancelled_is_released_at_home);
	tcase_add_test(t, cancelling_nothing_is_harmless);
	tcase_add_test(t, freeing_the_pool_releases_those_that_wait);
	tcase_add_test(t, a_job_without_a_home_is_released_by_its_thread);
	tcase_add_test(t, cancelling_at_any_moment_releases_each_job_once);
	suite_add_tcase(s, t);
	return s;
}
