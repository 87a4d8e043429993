/*
 * Idle upstream connections: a table by key, a list by age, one timer for all of them.
 *
 * While a stream is here its owner is the entry's task, which wakes on data or a FIN: neither is
 * welcome on an idle connection, so it is closed. Entries (with room for their key) are kept for
 * reuse when their connection leaves, at most as many as may be idle, so that a busy pool allocates
 * nothing. Worker-local.
 */
#include "net/upstream_pool.h"

#include "base/budget.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/table.h"

#define UPSTREAM_POOL_MAGIC 0x75706f6cU
#define IDLE_MAGIC          0x69646c65U
/* How often connections are looked at for their total life, which is not the list's order. */
#define LIFE_CHECK_MS 1000

struct idle {
	uint32_t magic;
	uint32_t key_n, key_cap;
	struct table_node node; /* by hash of the key; not in the table while spare */
	struct list link;       /* of pool->idle, or pool->spare */
	struct task task;       /* the stream's owner */
	struct upstream_pool *pool;
	struct stream *stream; /* NULL while spare */
	int64_t opened_ms, given_ms;
	char *key;
};

struct upstream_pool {
	uint32_t magic;
	unsigned max_idle, n;
	struct loop *loop;
	struct table table;
	struct list idle;  /* longest idle first */
	struct list spare; /* entries without a connection */
	struct timer timer;
	struct task sweeper;      /* a timer may not close, a task may */
	int64_t idle_ms, life_ms; /* 0: no limit */
};

static void forget(struct idle *i)
{
	struct upstream_pool *p = i->pool;

	task_cancel(&i->task);
	table_remove(&p->table, &i->node);
	list_remove(&i->link);
	list_push_front(&p->spare, &i->link);
	i->stream = NULL;
	p->n--;
}

static void drop(struct idle *i)
{
	struct stream *s = i->stream;

	forget(i);
	stream_close(&s, false);
}

/*
 * An event may be about bytes that were read before it was delivered, so
 * only a read tells; what it finds does not belong here anyway.
 */
bool upstream_is_quiet(struct stream *s)
{
	char byte;
	size_t n;

	if (likely(!stream_is_readable(s) && !stream_is_hung_up(s)))
		return true;
	return !stream_is_hung_up(s) && stream_read(s, &byte, 1, &n) == IO_AGAIN;
}

static void on_stream(struct task *t)
{
	struct idle *i = CONTAINER_OF(t, struct idle, task);

	CHECK_OBJ(i, IDLE_MAGIC);
	if (!upstream_is_quiet(i->stream))
		drop(i);
}

/* --- time ------------------------------------------------------------------------------------- */

static bool is_over(const struct upstream_pool *p, int64_t given_ms, int64_t opened_ms, int64_t now)
{
	return (p->idle_ms > 0 && now - given_ms >= p->idle_ms) ||
	       (p->life_ms > 0 && now - opened_ms >= p->life_ms);
}

static void arm(struct upstream_pool *p)
{
	struct list *first = list_first(&p->idle);

	if (first == NULL || (p->idle_ms <= 0 && p->life_ms <= 0)) {
		timer_cancel(p->loop, &p->timer);
		return;
	}
	const struct idle *i = CONTAINER_OF(first, struct idle, link);
	int64_t ms = p->idle_ms > 0 ? i->given_ms + p->idle_ms - loop_now_ms(p->loop) : INT64_MAX;

	if (p->life_ms > 0)
		ms = MIN(ms, (int64_t)LIFE_CHECK_MS);
	timer_arm(p->loop, &p->timer, MAX(ms, (int64_t)1));
}

static void sweep(struct task *t)
{
	struct upstream_pool *p = CONTAINER_OF(t, struct upstream_pool, sweeper);
	const int64_t now = loop_now_ms(p->loop);

	CHECK_OBJ(p, UPSTREAM_POOL_MAGIC);
	list_for_each_safe(it, &p->idle) {
		struct idle *i = CONTAINER_OF(it, struct idle, link);

		if (is_over(p, i->given_ms, i->opened_ms, now))
			drop(i);
		else if (p->life_ms <= 0)
			break; /* the others are younger */
	}
	arm(p);
}

static void on_timer(struct timer *t)
{
	struct upstream_pool *p = CONTAINER_OF(t, struct upstream_pool, timer);

	task_schedule(p->loop, &p->sweeper);
}

/* --- life ------------------------------------------------------------------------------------- */

struct upstream_pool *upstream_pool_new(struct loop *l, unsigned max_idle)
{
	struct upstream_pool *p;

	OBJ_NEW(p, UPSTREAM_POOL_MAGIC);
	p->loop = l;
	p->max_idle = max_idle;
	table_init(&p->table);
	list_init(&p->idle);
	list_init(&p->spare);
	timer_init(&p->timer, on_timer);
	task_init(&p->sweeper, sweep);
	return p;
}

void upstream_pool_free(struct upstream_pool **pp)
{
	struct upstream_pool *p = *pp;

	if (p == NULL)
		return;
	upstream_pool_shrink(p, 0);
	list_for_each_safe(it, &p->spare) {
		struct idle *i = CONTAINER_OF(it, struct idle, link);

		free(i->key);
		OBJ_FREE(i, IDLE_MAGIC);
	}
	timer_cancel(p->loop, &p->timer);
	task_cancel(&p->sweeper);
	table_fini(&p->table);
	OBJ_FREE(p, UPSTREAM_POOL_MAGIC);
	*pp = NULL;
}

void upstream_pool_set_limits(struct upstream_pool *p, int64_t idle_ms, int64_t life_ms)
{
	CHECK_OBJ(p, UPSTREAM_POOL_MAGIC);
	p->idle_ms = idle_ms;
	p->life_ms = life_ms;
	arm(p);
}

unsigned upstream_pool_count(const struct upstream_pool *p)
{
	CHECK_OBJ(p, UPSTREAM_POOL_MAGIC);
	return p->n;
}

void upstream_pool_shrink(struct upstream_pool *p, unsigned to)
{
	struct list *oldest;

	CHECK_OBJ(p, UPSTREAM_POOL_MAGIC);
	while (p->n > to && (oldest = list_first(&p->idle)) != NULL)
		drop(CONTAINER_OF(oldest, struct idle, link));
}

/* --- moving in and out ------------------------------------------------------------------------ */

static struct idle *spare_entry(struct upstream_pool *p)
{
	struct list *first = list_first(&p->spare);
	struct idle *i;

	if (first != NULL)
		return CONTAINER_OF(first, struct idle, link);
	OBJ_NEW(i, IDLE_MAGIC);
	i->pool = p;
	task_init(&i->task, on_stream);
	list_init(&i->link);
	return i;
}

static void set_key(struct idle *i, struct span key)
{
	if (i->key_cap < key.n) {
		i->key_cap = (uint32_t)MAX(key.n, (size_t)64);
		i->key = check_realloc(i->key, i->key_cap);
	}
	memcpy(i->key, key.p, key.n);
	i->key_n = (uint32_t)key.n;
}

void upstream_pool_give(struct upstream_pool *p, struct span key, struct stream **sp,
                        int64_t opened_ms)
{
	struct stream *s = *sp;
	const int64_t now = loop_now_ms(p->loop);

	CHECK_OBJ(p, UPSTREAM_POOL_MAGIC);
	CHECK(key.n > 0 && key.n <= UINT16_MAX);
	*sp = NULL;
	s->owner = NULL;
	if (p->max_idle == 0 || s->is_write_shut || s->error != ERR_NONE || !upstream_is_quiet(s) ||
	    is_over(p, now, opened_ms, now) || budget_is_short(BUDGET_IDLE)) {
		stream_close(&s, false);
		return;
	}
	/* The newcomer is the likeliest to be wanted again, so the oldest makes room. */
	upstream_pool_shrink(p, p->max_idle - 1);
	struct idle *i = spare_entry(p);

	list_remove(&i->link);
	list_push_back(&p->idle, &i->link);
	set_key(i, key);
	i->stream = s;
	i->opened_ms = opened_ms;
	i->given_ms = now;
	table_insert(&p->table, &i->node, hash_bytes(key));
	p->n++;
	/* Not stream_set_owner(): that it can be written to is no news to this owner. */
	s->owner = &i->task;
	if (!timer_is_armed(&p->timer))
		arm(p);
}

static struct idle *find(const struct upstream_pool *p, struct span key, uint64_t hash)
{
	struct table_node *n = table_first(&p->table, hash);

	for (; n != NULL; n = table_next(n, hash)) {
		struct idle *i = CONTAINER_OF(n, struct idle, node);

		if (span_eq(span_of(i->key, i->key_n), key))
			return i;
	}
	return NULL;
}

bool upstream_pool_has(const struct upstream_pool *p, struct span key)
{
	CHECK_OBJ(p, UPSTREAM_POOL_MAGIC);
	return find(p, key, hash_bytes(key)) != NULL;
}

struct stream *upstream_pool_take(struct upstream_pool *p, struct span key, int64_t *opened_ms)
{
	const uint64_t hash = hash_bytes(key);
	struct idle *i;

	CHECK_OBJ(p, UPSTREAM_POOL_MAGIC);
	while ((i = find(p, key, hash)) != NULL) {
		struct stream *s = i->stream;

		if (!upstream_is_quiet(s) ||
		    is_over(p, i->given_ms, i->opened_ms, loop_now_ms(p->loop))) {
			drop(i);
			continue;
		}
		*opened_ms = i->opened_ms;
		forget(i);
		s->owner = NULL;
		return s;
	}
	return NULL;
}
