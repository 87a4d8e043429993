/*
 * The map of answers. Runs on any worker; what is guarded by what is told in dns_map.h.
 *
 * Locks are held over a few pointer moves; who is to be woken is gathered under the lock and
 * woken after it. A waiter is either on its entry's list or taken for delivery, and its entry
 * pointer, read and written under the stripe's lock, says which; so a cancelled query frees it in
 * the first case and leaves it to the delivery in the second.
 */
#include "net/dns_map.h"

#include "base/budget.h"
#include "base/hash.h"

#include <ares.h>

#define DNS_SHARED_MAGIC 0x646e7373U
/* Even the smallest cache has room for some lookups under way. */
#define IN_FLIGHT_MIN  256U
#define STRIPE_MIN     4U
#define SIZE_MAX_NAMES (1 << 24)
/* The part of all lookups for which one client may wait. */
#define SHARES 4U

struct dns_entry {
	struct table_node node;
	struct list recent; /* linked while it has an answer */
	struct list waiters;
	struct dns_stripe *stripe;
	struct dns_answer *answer; /* NULL while the lookup is under way */
	enum dns_kind kind;
	uint32_t name_n;
	char name[];
};

/* --- settings --------------------------------------------------------------------------------- */

/* A name has two entries, for A and AAAA. */
static unsigned entries_of_stripe(const struct dns_conf *c, unsigned percent)
{
	const int64_t names = MIN(MAX(c->ipcache_size, (int64_t)0), (int64_t)SIZE_MAX_NAMES);
	const int64_t entries = names * 2 * MIN(percent, 100U) / 100 / DNS_STRIPES;

	return MAX((unsigned)entries, STRIPE_MIN);
}

void dns_shared_configure(struct dns_shared *s, const struct dns_conf *c)
{
	struct dns_setup *old, *new = dns_setup_new(c);
	const unsigned high = entries_of_stripe(c, c->ipcache_high);

	CHECK_OBJ(s, DNS_SHARED_MAGIC);
	/* Relaxed: bounds, which may be seen late. */
	atomic_store_explicit(&s->high, high, memory_order_relaxed);
	atomic_store_explicit(&s->low, MIN(entries_of_stripe(c, c->ipcache_low), high),
	                      memory_order_relaxed);
	atomic_store_explicit(&s->in_flight_max, MAX(high * DNS_STRIPES, IN_FLIGHT_MIN),
	                      memory_order_relaxed);
	lock_take(&s->setup_lock);
	old = s->setup;
	s->setup = new;
	/* Relaxed: a worker that sees it takes the lock to get the settings. */
	atomic_fetch_add_explicit(&s->generation, 1, memory_order_relaxed);
	lock_give(&s->setup_lock);
	dns_setup_unref(&old);
}

struct dns_setup *dns_map_setup(struct dns_shared *s, unsigned *generation)
{
	lock_take(&s->setup_lock);
	struct dns_setup *setup = dns_setup_ref(s->setup);

	*generation = atomic_load_explicit(&s->generation, memory_order_relaxed);
	lock_give(&s->setup_lock);
	return setup;
}

struct dns_shared *dns_shared_new(const struct dns_conf *c)
{
	struct dns_shared *s = aligned_alloc(64, sizeof(*s));

	CHECK(s != NULL);
	memset(s, 0, sizeof(*s));
	s->magic = DNS_SHARED_MAGIC;
	lock_init(&s->setup_lock, LOCK_RANK_DNS);
	for (unsigned i = 0; i < DNS_STRIPES; i++) {
		lock_init(&s->stripes[i].lock, LOCK_RANK_DNS);
		table_init(&s->stripes[i].table);
		list_init(&s->stripes[i].recent);
	}
	/* Not safe with threads, hence here: this is called before the workers start. */
	CHECK(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS);
	dns_shared_configure(s, c);
	return s;
}

/* --- entries ---------------------------------------------------------------------------------- */

static uint64_t hash_of(enum dns_kind kind, struct span name)
{
	return hash_mix(hash_bytes(name), (uint64_t)kind);
}

static struct dns_entry *find(const struct dns_stripe *st, enum dns_kind kind, struct span name,
                              uint64_t hash)
{
	struct table_node *n = table_first(&st->table, hash);

	for (; n != NULL; n = table_next(n, hash)) {
		struct dns_entry *e = CONTAINER_OF(n, struct dns_entry, node);

		if (e->kind == kind && span_eq(span_of(e->name, e->name_n), name))
			return e;
	}
	return NULL;
}

static struct dns_entry *add(struct dns_stripe *st, enum dns_kind kind, struct span name,
                             uint64_t hash)
{
	struct dns_entry *e = check_calloc(1, sizeof(*e) + name.n);

	list_init(&e->recent);
	list_init(&e->waiters);
	e->stripe = st;
	e->kind = kind;
	e->name_n = (uint32_t)name.n;
	memcpy(e->name, name.p, name.n);
	table_insert(&st->table, &e->node, hash);
	return e;
}

/* What memory_limit is told of an entry with an answer. */
static size_t bytes_of(const struct dns_entry *e, const struct dns_answer *a)
{
	return sizeof(*e) + e->name_n + sizeof(*a) + a->n * sizeof(a->ips[0]) + a->name.n;
}

static void drop_answer(struct dns_entry *e)
{
	if (e->answer == NULL)
		return;
	list_remove(&e->recent);
	budget_give(BUDGET_INDEX, bytes_of(e, e->answer));
	dns_answer_unref(&e->answer);
}

static void remove_entry(struct dns_entry *e)
{
	drop_answer(e);
	table_remove(&e->stripe->table, &e->node);
	free(e);
}

/* Only entries with an answer go; those under way are bounded by in_flight_max. */
static void evict(struct dns_shared *s, struct dns_stripe *st)
{
	struct list *oldest;

	if (st->table.n <= atomic_load_explicit(&s->high, memory_order_relaxed))
		return;
	const unsigned low = atomic_load_explicit(&s->low, memory_order_relaxed);

	while (st->table.n > low && (oldest = list_pop_front(&st->recent)) != NULL)
		remove_entry(CONTAINER_OF(oldest, struct dns_entry, recent));
}

static void join(struct dns_entry *e, struct loop *home, struct dns_query *q)
{
	struct dns_waiter *w = check_calloc(1, sizeof(*w));

	w->entry = e;
	w->stripe = e->stripe;
	w->home = home;
	w->query = q;
	q->state = w;
	list_push_back(&e->waiters, &w->link);
	/* Relaxed, here and below: only the number counts. */
	if (q->share != NULL)
		atomic_fetch_add_explicit(&q->share->n_waiting, 1, memory_order_relaxed);
}

/* The query waits no longer, on its own thread. */
static void part(struct dns_query *q)
{
	q->state = NULL;
	list_remove(&q->link);
	if (q->share != NULL)
		atomic_fetch_sub_explicit(&q->share->n_waiting, 1, memory_order_relaxed);
}

/*
 * Who waits for what others have begun counts too: else two connections, of which the first leaves,
 * would hold a name for nothing.
 */
static bool is_share_full(const struct dns_shared *s, const struct dns_query *q)
{
	return q->share != NULL &&
	       atomic_load_explicit(&q->share->n_waiting, memory_order_relaxed) >=
	               atomic_load_explicit(&s->in_flight_max, memory_order_relaxed) / SHARES;
}

/* Begin anew with an entry whose answer is too old, or with a new one (e == NULL). */
static struct dns_entry *begin(struct dns_shared *s, struct dns_stripe *st, struct dns_entry *e,
                               enum dns_kind kind, struct span name, uint64_t hash)
{
	/* Relaxed: only the number counts. */
	if (atomic_load_explicit(&s->in_flight, memory_order_relaxed) >=
	    atomic_load_explicit(&s->in_flight_max, memory_order_relaxed))
		return NULL;
	atomic_fetch_add_explicit(&s->in_flight, 1, memory_order_relaxed);
	if (e == NULL)
		return add(st, kind, name, hash);
	drop_answer(e);
	return e;
}

enum dns_found dns_map_find(struct dns_shared *s, enum dns_kind kind, struct span name,
                            struct loop *home, struct dns_query *q, struct dns_answer **answer,
                            struct dns_entry **entry)
{
	const uint64_t hash = hash_of(kind, name);
	/* The table takes the low bits. */
	struct dns_stripe *st = &s->stripes[(hash >> 56) % DNS_STRIPES];
	enum dns_found found = DNS_JOINED;

	CHECK_OBJ(s, DNS_SHARED_MAGIC);
	lock_take(&st->lock);
	struct dns_entry *e = find(st, kind, name, hash);

	if (e != NULL && e->answer != NULL && loop_now_ms(home) < e->answer->expires_ms) {
		*answer = dns_answer_ref(e->answer);
		list_remove(&e->recent);
		list_push_back(&st->recent, &e->recent);
		found = DNS_FOUND;
	} else if (e != NULL && e->answer == NULL) {
		join(e, home, q);
	} else if (is_share_full(s, q)) {
		found = DNS_SHARE_FULL;
	} else if ((e = begin(s, st, e, kind, name, hash)) != NULL) {
		join(e, home, q);
		*entry = e;
		found = DNS_MUST_LOOK_UP;
	} else {
		found = DNS_FULL;
	}
	lock_give(&st->lock);
	return found;
}

/* --- waiters ---------------------------------------------------------------------------------- */

/* On the waiter's home. */
static void deliver(struct post *p)
{
	struct dns_waiter *w = CONTAINER_OF(p, struct dns_waiter, post);
	struct dns_query *q = w->query;

	if (q == NULL) {
		dns_answer_unref(&w->answer);
	} else {
		q->answer = w->answer;
		part(q);
		op_complete(&q->op, OP_READY);
	}
	free(w);
}

void dns_map_complete(struct dns_shared *s, struct dns_entry *e, struct dns_answer **answer,
                      bool is_kept)
{
	struct dns_stripe *st = e->stripe;
	struct list woken = LIST_INIT(woken), *it;
	struct dns_answer *a = *answer;

	*answer = NULL;
	lock_take(&st->lock);
	CHECK(e->answer == NULL);
	list_splice_back(&woken, &e->waiters);
	list_for_each(w, &woken)
		CONTAINER_OF(w, struct dns_waiter, link)->entry = NULL;
	if (is_kept && budget_take(BUDGET_INDEX, bytes_of(e, a))) {
		e->answer = dns_answer_ref(a);
		list_push_back(&st->recent, &e->recent);
		evict(s, st);
	} else {
		remove_entry(e);
	}
	lock_give(&st->lock);
	atomic_fetch_sub_explicit(&s->in_flight, 1, memory_order_relaxed);
	while ((it = list_first(&woken)) != NULL) {
		struct dns_waiter *w = CONTAINER_OF(it, struct dns_waiter, link);

		list_remove(it);
		w->answer = dns_answer_ref(a);
		w->post.fn = deliver;
		loop_post(w->home, &w->post); /* from here on it is its home's */
	}
	dns_answer_unref(&a);
}

bool dns_map_is_in_the_way(struct dns_shared *s, struct dns_entry *e)
{
	/* Relaxed: only the numbers count. */
	if (atomic_load_explicit(&s->in_flight, memory_order_relaxed) <
	    atomic_load_explicit(&s->in_flight_max, memory_order_relaxed) / 2)
		return false;
	lock_take(&e->stripe->lock);
	const bool is_unwanted = list_is_empty(&e->waiters);

	lock_give(&e->stripe->lock);
	return is_unwanted;
}

void dns_map_leave(struct dns_query *q)
{
	struct dns_waiter *w = q->state;

	part(q);
	lock_take(&w->stripe->lock);
	const bool is_waiting = w->entry != NULL;

	if (is_waiting)
		list_remove(&w->link);
	lock_give(&w->stripe->lock);
	if (is_waiting)
		free(w);
	else
		w->query = NULL;
}

size_t dns_map_count(struct dns_shared *s)
{
	size_t n = 0;

	for (unsigned i = 0; i < DNS_STRIPES; i++) {
		lock_take(&s->stripes[i].lock);
		n += s->stripes[i].table.n;
		lock_give(&s->stripes[i].lock);
	}
	return n;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void fini_stripe(struct dns_stripe *st)
{
	table_for_each(it, &st->table)
	{
		struct dns_entry *e = CONTAINER_OF(it, struct dns_entry, node);

		CHECK(list_is_empty(&e->waiters));
		drop_answer(e);
		free(e);
	}
	table_fini(&st->table);
	lock_fini(&st->lock);
}

void dns_shared_free(struct dns_shared **sp)
{
	struct dns_shared *s = *sp;

	if (s == NULL)
		return;
	CHECK_OBJ(s, DNS_SHARED_MAGIC);
	for (unsigned i = 0; i < DNS_STRIPES; i++)
		fini_stripe(&s->stripes[i]);
	dns_setup_unref(&s->setup);
	lock_fini(&s->setup_lock);
	ares_library_cleanup();
	OBJ_FREE(s, DNS_SHARED_MAGIC);
	*sp = NULL;
}
