/*
 * Work that blocks, done by threads that are not workers.
 *
 * A job belongs to a class; each class has its own threads and its own limit of queued jobs, so
 * that a slow disk cannot hold up a password check. A job owns all that it touches: cancelling it
 * detaches it (its thread may still run), and it counts against its class until the thread returns.
 */
#pragma once

#include "base/base.h"
#include "base/list.h"
#include "loop/loop.h"

enum job_class {
	JOB_DISK,        /* file reads and writes */
	JOB_CREDENTIALS, /* LDAP, GSSAPI, password hashes */
	JOB_SIGNING,     /* certificates */
	JOB_BUILD,       /* configuration snapshots; nice 19 */
	JOB_CLASS_N
};

struct job;
typedef void job_fn(struct job *);

/*
 * work runs on a job thread. done runs afterwards on the loop that submitted the job, unless it was
 * cancelled. release runs last, on whichever thread is last, and frees the object. The loop must
 * outlive its jobs' threads: jobs_stop() comes before loop_free().
 *
 * Guarded by the pool's lock of the class while queued; by `state` afterwards.
 */
struct job {
	job_fn *work, *done, *release; /* done may be NULL */
	struct post post;              /* used by the pool */
	struct loop *home;             /* set by job_submit() */
	enum job_class job_class;
	_Atomic int state; /* the pool's */
	struct list link;  /* the pool's; on the class's queue while it waits */
	struct jobs *pool; /* the pool's */
};

struct jobs;

/*
 * At most threads[c] threads, started when they are needed, and at most queue[c] jobs that wait for
 * one, for each class. A class with no thread refuses everything. Shared by all workers.
 */
enum err jobs_new(struct jobs **out, const unsigned threads[JOB_CLASS_N],
                  const unsigned queue[JOB_CLASS_N]) MUST_USE;
/*
 * Waits for running jobs; queued ones are released without being done. From then on every class
 * refuses: for those who would still submit one while they come to their end.
 */
void jobs_stop(struct jobs *js);
/* The same, if that was not done yet. */
void jobs_free(struct jobs **j);

/*
 * ERR_LIMIT when the class's queue is full or no thread could be started; the job stays the
 * caller's then (nothing of it is called) and JOBS_REFUSED is counted. home may be NULL where
 * nobody
 * waits: done is not called then, release runs on the job's thread, and it cannot be cancelled.
 */
enum err job_submit(struct jobs *js, struct loop *home, enum job_class id, struct job *j) MUST_USE;

/*
 * On the home loop's thread: done will not be called. The caller must not touch the job again; a
 * job that still waits is released at once, a running one by its thread. Harmless from within done,
 * and on NULL.
 */
void job_cancel(struct job **j);

/* Jobs that wait or run at this moment, detached ones included. For the manager. */
unsigned jobs_load(struct jobs *js, enum job_class id);
