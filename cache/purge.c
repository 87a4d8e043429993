/*
 * Forgetting: by URI, by prefix, by host.
 *
 * What is listed goes at once. What is under way is told that it is unwanted: it goes on for those
 * who wait for it, and is not kept; one whose head is just being given to a disk is waited for.
 * Then the disks forget, and sync.
 */
#include "base/counters.h"
#include "base/oplog.h"
#include "cache/load.h"
#include "cache/store_int.h"

#define LOADED_POLL_MS 50

/* --- what is to go ---------------------------------------------------------------------------- */

struct purged {
	enum { PURGE_URL, PURGE_PREFIX, PURGE_HOST } by;
	struct span text;
};

/* The host of a URI, without its port. */
static struct span host_of(struct span url)
{
	size_t at = 0, end;

	while (at + 2 < url.n && memcmp(url.p + at, "://", 3) != 0)
		at++;
	if (at + 2 >= url.n)
		return SPAN_NULL;
	url = span_skip(url, at + 3);
	end = url.n > 0 && url.p[0] == '[' ? span_find(url, ']') : 0;
	while (end < url.n && url.p[end] != ':' && url.p[end] != '/' && url.p[end] != '?')
		end++;
	return span_of(url.p, end);
}

static bool is_purged(const void *purged, struct span url)
{
	const struct purged *const p = purged;

	switch (p->by) {
	case PURGE_URL:
		return span_eq(url, p->text);
	case PURGE_PREFIX:
		return span_starts(url, p->text);
	case PURGE_HOST:
		return span_eq_nocase(host_of(url), p->text);
	}
	UNREACHABLE("kind of purge");
}

/* --- memory ----------------------------------------------------------------------------------- */

#define BATCH 64u

/* Some that are under way and were not told yet; counted. *is_busy: one could not be told now. */
static unsigned some_filling(struct store_shard *h, const struct purged *p, struct cobj **out,
                             bool *is_busy)
{
	unsigned n = 0;

	*is_busy = false;
	lock_take(&h->lock);
	list_for_each(it, &h->filling) {
		struct cobj_fill *const f = CONTAINER_OF(it, struct cobj_fill, link);

		if (!is_purged(p, f->cobj->url))
			continue;
		lock_take(&f->cobj->lock);
		*is_busy = *is_busy || f->is_committing;
		if (!f->is_committing && !f->cobj->is_unwanted && n < BATCH)
			out[n++] = cobj_ref(f->cobj);
		lock_give(&f->cobj->lock);
	}
	lock_give(&h->lock);
	return n;
}

/* True: some of them must be waited for. */
static bool forget_filling(struct store *s, struct store_shard *h, const struct purged *p,
                           uint64_t *n)
{
	struct cobj *some[BATCH];
	unsigned n_some;
	bool is_busy;

	while ((n_some = some_filling(h, p, some, &is_busy)) > 0)
		for (unsigned i = 0; i < n_some; i++) {
			store_unlist_unwanted(s, some[i]);
			/* What is only asked for was not there. */
			*n += cobj_state(some[i]) != COBJ_WAITING;
			cobj_unref(&some[i]);
		}
	return is_busy;
}

/* Some that are listed; counted. */
static unsigned some_listed(struct store_shard *h, const struct purged *p, struct cobj **out)
{
	unsigned n = 0;

	lock_take(&h->lock);
	table_for_each(it, &h->table)
	{
		struct cobj *const one = CONTAINER_OF(it, struct cobj_resident, node)->cobj;

		if (is_purged(p, one->url))
			out[n++] = cobj_ref(one);
		if (n == BATCH)
			goto full;
	}
full:
	lock_give(&h->lock);
	return n;
}

static void forget_listed(struct store *s, struct store_shard *h, const struct purged *p,
                          uint64_t *n)
{
	struct cobj *some[BATCH];
	unsigned n_some;

	while ((n_some = some_listed(h, p, some)) > 0)
		for (unsigned i = 0; i < n_some; i++) {
			const bool was_listed = store_unlist_unwanted(s, some[i]);

			/* On a disk too: here, so that it is counted once. */
			*n += store_dirs_forget(&s->dirs, some[i]->key) ||
			                      (was_listed && cobj_state(some[i]) != COBJ_WAITING)
			              ? 1
			              : 0;
			cobj_unref(&some[i]);
		}
}

static bool forget_url(struct store *s, const struct purged *p, uint64_t *n)
{
	const struct cache_key k = cache_key_of_uri(&s->secret, p->text);
	struct store_shard *const h = store_shard(s, k);

	store_load_unwant(h, is_purged, p);
	if (forget_filling(s, h, p, n))
		return false;
	/* With a marker go the variants: nobody knows their salt any more. */
	struct cobj *c = store_find(s, k, p->text);
	const bool had = c != NULL && store_unlist_unwanted(s, c);

	cobj_unref(&c);
	const bool had_on_disk = store_dirs_forget(&s->dirs, k);

	*n += had || had_on_disk ? 1 : 0;
	return true;
}

static bool forget_many(struct store *s, const struct purged *p, uint64_t *n)
{
	bool is_busy = false;

	for (unsigned i = 0; i < STORE_SHARDS; i++) {
		struct store_shard *const h = &s->shards[i];

		store_load_unwant(h, is_purged, p);
		is_busy = forget_filling(s, h, p, n) || is_busy;
		forget_listed(s, h, p, n);
	}
	return !is_busy;
}

/* --- disks ------------------------------------------------------------------------------------ */

/*
 * A purge on its way through the disks; of its loop, but for the job.
 */
struct store_forgetting {
	struct store_purge *purge; /* NULL: nobody waits any more */
	struct store *store;
	struct loop *loop;
	struct task task;
	struct timer timer;
	struct purged what;
	bool is_forgotten, is_walked;
	enum store_purge_lack lack;
	uint64_t n;
	struct store_sync sync;
	struct walk *walk; /* NULL: none runs */
};

struct walk {
	struct job job;
	struct store_forgetting *of;
	struct store *store;
	struct store_dir *dir; /* that is being read */
	struct purged what;    /* its text lies behind: the walk may outlive who began it */
	uint64_t n;
	enum err e;
};

static bool see(void *arg, const struct disk_found *found)
{
	struct walk *const w = arg;

	if (is_purged(&w->what, found->parts.url))
		w->n += disk_forget(w->dir->disk, found->parts.key) ? 1 : 0;
	return true;
}

static void walk_work(struct job *j)
{
	struct walk *const w = CONTAINER_OF(j, struct walk, job);
	uint64_t again = 0;

	for (unsigned i = 0; i < DISK_IDS; i++) {
		w->dir = store_dirs_get(&w->store->dirs, i);
		const enum err e = w->dir != NULL ? disk_walk(w->dir->disk, see, w) : ERR_NONE;

		w->e = e != ERR_NONE ? e : w->e;
		store_dir_unref(&w->dir);
	}
	/* Nobody waits for it any more. */
	if (w->e == ERR_CANCELLED)
		oplog(OPLOG_WARNING,
		      "a purge by prefix or host was under way: what it had not come to in the "
		      "cache_dirs is still there; repeat it");
	/*
	 * Once more through memory: what was read from a disk before the walk came to it. What has
	 * come from the origin meanwhile goes with it, and need not be waited for.
	 */
	(void)forget_many(w->store, &w->what, &again);
}

static void lacks(struct store_forgetting *g, enum store_purge_lack lack)
{
	g->lack = MAX(g->lack, lack);
}

static void walk_done(struct job *j)
{
	struct walk *const w = CONTAINER_OF(j, struct walk, job);
	struct store_forgetting *const g = w->of;

	g->n += w->n;
	lacks(g, w->e != ERR_NONE ? STORE_PURGE_UNREAD : STORE_PURGE_WHOLE);
	g->walk = NULL;
	task_schedule(g->loop, &g->task);
}

static void walk_release(struct job *j)
{
	free(CONTAINER_OF(j, struct walk, job));
}

/* False: no job can be had. */
static bool start_walk(struct store_forgetting *g)
{
	const struct span text = g->what.text;
	struct walk *const w = check_calloc(1, sizeof(*w) + text.n);
	char *const copy = (char *)(w + 1);

	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	w->job = (struct job){ .work = walk_work, .done = walk_done, .release = walk_release };
	w->of = g;
	w->store = g->store;
	w->what = (struct purged){ g->what.by, span_of(copy, text.n) };
	if (job_submit(g->store->jobs, g->loop, JOB_DISK, &w->job) != ERR_NONE) {
		free(w);
		return false;
	}
	g->walk = w;
	return true;
}

/* As far as it goes now. False: the task is scheduled when there is more. */
static bool go_on(struct store_forgetting *g)
{
	if (!g->is_forgotten) {
		g->is_forgotten = g->what.by == PURGE_URL ? forget_url(g->store, &g->what, &g->n)
		                                          : forget_many(g->store, &g->what, &g->n);
		/* A head is just being given to a disk: that takes no longer than a turn. */
		if (!g->is_forgotten) {
			task_schedule(g->loop, &g->task);
			return false;
		}
	}
	if (g->purge == NULL)
		return true;
	if (g->what.by != PURGE_URL && !g->is_walked && store_dirs_any(&g->store->dirs)) {
		/* What is not read in yet no walk finds. */
		if (!store_dirs_are_loaded(&g->store->dirs)) {
			timer_arm(g->loop, &g->timer, LOADED_POLL_MS);
			return false;
		}
		g->is_walked = true;
		if (start_walk(g))
			return false;
		lacks(g, STORE_PURGE_NOT_WALKED);
	}
	if (g->walk != NULL)
		return false;
	if (g->sync.op.status == OP_IDLE) {
		g->sync.store = g->store;
		(void)store_sync(&g->sync, g->loop, &g->task);
	}
	if (g->sync.op.status == OP_PENDING)
		return false;
	lacks(g, g->sync.op.status != OP_READY ? STORE_PURGE_NOT_DURABLE : STORE_PURGE_WHOLE);
	return true;
}

const char *store_purge_text(enum store_purge_lack lack)
{
	switch (lack) {
	case STORE_PURGE_WHOLE:
		return "It is forgotten.\n";
	case STORE_PURGE_NOT_DURABLE:
		return "It is forgotten, but a disk failed to write that down: after a crash it "
		       "may "
		       "be back. Repeat it when the disk is well; see cache_log.\n";
	case STORE_PURGE_UNREAD:
		return "All that could be read is forgotten, but some objects in a cache_dir could "
		       "not be read. Repeat it when the disk is well; see cache_log.\n";
	case STORE_PURGE_NOT_WALKED:
		return "What is in memory is forgotten, but not what is in the cache_dirs only: "
		       "too "
		       "many jobs wait for the disks. Repeat it in a while.\n";
	}
	UNREACHABLE("store_purge_lack");
}

/* Its result to who waits, if he still does; it is over. */
static enum op_status conclude(struct store_forgetting *g)
{
	const enum op_status status = g->lack != STORE_PURGE_WHOLE ? OP_FAILED : OP_READY;
	char escaped[256];

	if (g->purge != NULL) {
		g->purge->n = g->n;
		g->purge->lack = g->lack;
		g->purge->forgetting = NULL;
	}
	if (status == OP_FAILED) {
		const struct span said = span_str(store_purge_text(g->lack));

		count(COUNT_CACHE_PURGES_LACKING);
		oplog(OPLOG_WARNING, "purge of %s: %.*s",
		      oplog_escape(g->what.text, escaped, sizeof(escaped)), (int)said.n - 1,
		      said.p);
	}
	free(g);
	return status;
}

static void on_news(struct task *t)
{
	struct store_forgetting *const g = CONTAINER_OF(t, struct store_forgetting, task);
	struct store_purge *const p = g->purge;

	if (!go_on(g))
		return;
	const enum op_status status = conclude(g);

	if (p != NULL)
		op_complete(&p->op, status);
}

static void on_timer(struct timer *t)
{
	struct store_forgetting *const g = CONTAINER_OF(t, struct store_forgetting, timer);

	task_schedule(g->loop, &g->task);
}

/*
 * Whoever leaves does not learn when it is durable; forgotten it is all the same, but for what is
 * on disks only where the walk has not begun.
 */
static void cancel(struct op *op)
{
	struct store_purge *const p = CONTAINER_OF(op, struct store_purge, op);
	struct store_forgetting *const g = p->forgetting;
	struct job *job = g->walk != NULL ? &g->walk->job : NULL;

	p->n = g->n;
	p->forgetting = NULL;
	g->purge = NULL;
	if (!g->is_forgotten)
		return;
	/* If it has begun, it goes through the heads to the end, but nobody is told. */
	job_cancel(&job);
	op_cancel(&g->sync.op);
	task_cancel(&g->task);
	timer_cancel(g->loop, &g->timer);
	free(g);
}

/* --- purges ----------------------------------------------------------------------------------- */

static enum op_status begin(struct store_purge *p, int by, struct span text, struct loop *l,
                            struct task *waiter)
{
	struct store_forgetting *const g = check_calloc(1, sizeof(*g) + text.n);
	char *const copy = (char *)(g + 1);

	CHECK_OBJ(p->store, STORE_MAGIC);
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	g->store = p->store;
	g->loop = l;
	g->what.by = by;
	g->what.text = span_of(copy, text.n);
	task_init(&g->task, on_news);
	timer_init(&g->timer, on_timer);
	g->purge = p;
	op_start(&p->op, l, waiter, cancel);
	if (go_on(g))
		return p->op.status = conclude(g);
	p->forgetting = g;
	return OP_PENDING;
}

enum op_status store_purge(struct store_purge *p, struct span url, struct loop *l,
                           struct task *waiter)
{
	return begin(p, PURGE_URL, url, l, waiter);
}

enum op_status store_purge_prefix(struct store_purge *p, struct span prefix, struct loop *l,
                                  struct task *waiter)
{
	return begin(p, PURGE_PREFIX, prefix, l, waiter);
}

enum op_status store_purge_host(struct store_purge *p, struct span host, struct loop *l,
                                struct task *waiter)
{
	return begin(p, PURGE_HOST, host, l, waiter);
}
