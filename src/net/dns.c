/*
 * One worker's resolver: files, the shared map, and lookups that it has taken on for everybody.
 *
 * A lookup walks the candidates of its name (search list) until one exists, one query at a time,
 * and ends in the map, which wakes all who wait, also on other workers. It goes on when those have
 * all left, so that the answer is there when they come again; but not where many such lookups
 * would leave no room for those of others, since a client that asks for names and leaves is one
 * that can afford to. Worker-local.
 */
#include "net/dns.h"

#include "base/counters.h"
#include "net/dns_answer.h"
#include "net/dns_channel.h"
#include "net/dns_map.h"
#include "net/dns_reply.h"

#define DNS_MAGIC        0x646e7365U
#define DNS_LOOKUP_MAGIC 0x646e736cU
/* Queries after which a channel is replaced, so that the ports from which is asked move. */
#define CHANNEL_QUERIES 256U
/* How often a lookup that lasts looks whether it is still wanted. */
#define WANTED_CHECK_MS 500

struct dns {
	uint32_t magic;
	unsigned generation; /* of setup */
	struct loop *loop;
	struct dns_shared *shared;
	struct dns_setup *setup;
	struct dns_channel *channel; /* NULL until needed */
	struct list retired;         /* channels that finish their queries */
	struct list lookups, queries;
};

struct dns_lookup {
	uint32_t magic;
	enum dns_kind kind;
	unsigned candidate; /* the one asked for now */
	bool is_answered, is_late, is_in_the_way, saw_server_failure;
	struct dns *dns;
	struct list link;
	struct dns_setup *setup;         /* kept for its whole life */
	struct dns_entry *entry;         /* in the map; completes it */
	struct dns_channel_query *query; /* NULL when none is under way */
	struct task task;
	struct timer timer; /* dns_timeout, in steps */
	int64_t deadline_ms;
	struct dns_reply reply; /* valid if is_answered */
	char name[DNS_NAME_MAX];
};

/* --- lookups ---------------------------------------------------------------------------------- */

static void lookup_free(struct dns_lookup *k)
{
	dns_channel_drop(&k->query);
	task_cancel(&k->task);
	timer_cancel(k->dns->loop, &k->timer);
	list_remove(&k->link);
	dns_setup_unref(&k->setup);
	OBJ_FREE(k, DNS_LOOKUP_MAGIC);
}

static int64_t life_ms(const struct dns_setup *s, const struct dns_reply *r)
{
	if (r->err != ERR_NONE)
		return s->negative_ttl_ms;
	return MIN(MAX((int64_t)r->ttl_s * 1000, s->negative_ttl_ms), s->positive_ttl_ms);
}

static void end_lookup(struct dns_lookup *k, bool is_kept)
{
	const struct dns_reply *r = &k->reply;
	int64_t expires_ms;
	const int64_t now = loop_now_ms(k->dns->loop);

	if (__builtin_add_overflow(now, life_ms(k->setup, r), &expires_ms))
		expires_ms = INT64_MAX;
	struct dns_answer *a =
		dns_answer_new(r->err, r->ips, r->n,
	                       r->err == ERR_NONE ? span_str(r->name) : SPAN_NULL, expires_ms);

	if (r->err != ERR_NONE)
		count(COUNT_DNS_FAILURES);
	dns_map_complete(k->dns->shared, k->entry, &a, is_kept);
	lookup_free(k);
}

static void fail_lookup(struct dns_lookup *k, enum err e, bool is_kept)
{
	k->reply.err = e;
	k->reply.n = 0;
	end_lookup(k, is_kept);
}

static void on_message(void *arg, enum err e, struct span message)
{
	struct dns_lookup *k = arg;

	if (e == ERR_NONE)
		dns_reply_parse(&k->reply, k->kind, message);
	else
		k->reply = (struct dns_reply){ .err = e };
	k->is_answered = true;
	task_schedule(k->dns->loop, &k->task);
}

static void refresh_channel(struct dns *d)
{
	if (d->channel != NULL && dns_channel_asked(d->channel) >= CHANNEL_QUERIES)
		dns_channel_retire(&d->channel, &d->retired);
	if (d->channel == NULL && dns_channel_new(&d->channel, d->loop, d->setup) != ERR_NONE)
		d->channel = NULL;
}

/* Ask for the current candidate; false if there is none left. */
static bool ask(struct dns_lookup *k)
{
	char name[DNS_NAME_MAX];

	k->is_answered = false;
	if (k->kind != DNS_PTR) {
		if (!dns_setup_candidate(k->setup, k->name, k->candidate, name))
			return false;
	} else if (k->candidate == 0) {
		memcpy(name, k->name, sizeof(name));
	} else {
		return false;
	}
	refresh_channel(k->dns);
	if (k->dns->channel == NULL) {
		on_message(k, ERR_DNS_SERVER, SPAN_NULL);
		return true;
	}
	count(COUNT_DNS_QUERIES);
	dns_channel_query(k->dns->channel, name, k->kind, on_message, k, &k->query);
	return true;
}

/* A name that does not exist leads to the next candidate; so does a server that cannot say. */
static bool is_next_worth_asking(struct dns_lookup *k)
{
	if (k->reply.err == ERR_DNS_SERVER)
		k->saw_server_failure = true;
	return k->reply.err == ERR_DNS_NAME || k->reply.err == ERR_DNS_SERVER;
}

static void go_on(struct task *t)
{
	struct dns_lookup *k = CONTAINER_OF(t, struct dns_lookup, task);

	CHECK_OBJ(k, DNS_LOOKUP_MAGIC);
	if (!k->is_answered) {
		/* Not kept if it was given up: it did not have its time. */
		if (k->is_late || k->is_in_the_way)
			fail_lookup(k, ERR_DNS_TIMEOUT, k->is_late);
		return;
	}
	if (!is_next_worth_asking(k)) {
		end_lookup(k, true);
		return;
	}
	const enum err e = k->saw_server_failure ? ERR_DNS_SERVER : ERR_DNS_NAME;

	k->candidate++;
	if (k->is_in_the_way)
		fail_lookup(k, e, false);
	else if (k->is_late || !ask(k))
		fail_lookup(k, e, true);
}

static void arm(struct dns_lookup *k)
{
	const int64_t left = k->deadline_ms - loop_now_ms(k->dns->loop);

	timer_arm(k->dns->loop, &k->timer, MIN(left, (int64_t)WANTED_CHECK_MS));
}

static void on_time(struct timer *t)
{
	struct dns_lookup *k = CONTAINER_OF(t, struct dns_lookup, timer);

	k->is_late = loop_now_ms(k->dns->loop) >= k->deadline_ms;
	k->is_in_the_way = dns_map_is_in_the_way(k->dns->shared, k->entry);
	if (k->is_late || k->is_in_the_way)
		task_schedule(k->dns->loop, &k->task);
	else
		arm(k);
}

static void lookup_start(struct dns *d, enum dns_kind kind, struct span name, struct dns_entry *e)
{
	struct dns_lookup *k;

	OBJ_NEW(k, DNS_LOOKUP_MAGIC);
	k->dns = d;
	k->kind = kind;
	k->entry = e;
	k->setup = dns_setup_ref(d->setup);
	memcpy(k->name, name.p, name.n); /* zeroed behind */
	task_init(&k->task, go_on);
	timer_init(&k->timer, on_time);
	list_push_back(&d->lookups, &k->link);
	if (__builtin_add_overflow(loop_now_ms(d->loop), k->setup->timeout_ms, &k->deadline_ms))
		k->deadline_ms = INT64_MAX;
	arm(k);
	if (!ask(k))
		on_message(k, ERR_DNS_NAME, SPAN_NULL);
}

/* --- the worker's resolver -------------------------------------------------------------------- */

enum err dns_new(struct dns **out, struct dns_shared *s, struct loop *l)
{
	struct dns *d;

	OBJ_NEW(d, DNS_MAGIC);
	d->loop = l;
	d->shared = s;
	list_init(&d->retired);
	list_init(&d->lookups);
	list_init(&d->queries);
	d->setup = dns_map_setup(s, &d->generation);
	*out = d;
	return ERR_NONE;
}

static void cancel_query(struct op *op)
{
	dns_map_leave(CONTAINER_OF(op, struct dns_query, op));
}

void dns_free(struct dns **dp)
{
	struct dns *d = *dp;
	struct list *it;

	if (d == NULL)
		return;
	CHECK_OBJ(d, DNS_MAGIC);
	while ((it = list_first(&d->queries)) != NULL)
		op_cancel(&CONTAINER_OF(it, struct dns_query, link)->op);
	/* Other workers may wait for these: they hear that it failed, and may ask again. */
	while ((it = list_pop_front(&d->lookups)) != NULL)
		fail_lookup(CONTAINER_OF(it, struct dns_lookup, link), ERR_DNS_SERVER, false);
	dns_channel_free(&d->channel);
	dns_channel_free_all(&d->retired);
	dns_setup_unref(&d->setup);
	OBJ_FREE(d, DNS_MAGIC);
	*dp = NULL;
}

static void refresh_setup(struct dns *d)
{
	/* Relaxed: the lock within dns_map_setup() orders what is read. */
	if (likely(atomic_load_explicit(&d->shared->generation, memory_order_relaxed) ==
	           d->generation))
		return;
	dns_setup_unref(&d->setup);
	d->setup = dns_map_setup(d->shared, &d->generation);
	dns_channel_retire(&d->channel, &d->retired);
}

static enum op_status ready_with(struct dns_query *q, struct dns_answer *a)
{
	q->op.status = OP_READY;
	q->answer = a;
	return OP_READY;
}

static enum op_status fail(struct dns_query *q, enum err e)
{
	return ready_with(q, dns_answer_new(e, NULL, 0, SPAN_NULL, 0));
}

static enum op_status find_or_ask(struct dns *d, struct span name, enum dns_kind kind,
                                  struct dns_query *q)
{
	struct dns_answer *a = NULL;
	struct dns_entry *e = NULL;

	switch (dns_map_find(d->shared, kind, name, d->loop, q, &a, &e)) {
	case DNS_FOUND:
		count(COUNT_DNS_HITS);
		return ready_with(q, a);
	case DNS_FULL:
		count(COUNT_DNS_REFUSED);
		return fail(q, ERR_LIMIT);
	case DNS_SHARE_FULL:
		count(COUNT_DNS_CLIENT_REFUSED);
		return fail(q, ERR_LIMIT);
	case DNS_JOINED:
		break;
	case DNS_MUST_LOOK_UP:
		lookup_start(d, kind, name, e);
		break;
	}
	list_push_back(&d->queries, &q->link);
	return OP_PENDING;
}

static void query_init(struct dns *d, struct dns_share *share, struct dns_query *q,
                       struct task *waiter)
{
	CHECK_OBJ(d, DNS_MAGIC);
	op_start(&q->op, d->loop, waiter, cancel_query);
	q->answer = NULL;
	q->share = share;
	q->state = NULL;
	list_init(&q->link);
	refresh_setup(d);
}

enum op_status dns_lookup(struct dns *d, struct dns_share *share, struct span name,
                          enum dns_kind kind, struct dns_query *q, struct task *waiter)
{
	char text[DNS_NAME_MAX];

	CHECK(kind != DNS_PTR);
	query_init(d, share, q, waiter);
	if (!dns_name_fold(name, text) || !dns_setup_accepts(d->setup, text))
		return fail(q, ERR_DNS_NAME);
	struct dns_answer *a = d->setup->hosts != NULL
	                               ? dns_hosts_find(d->setup->hosts, span_str(text), kind)
	                               : NULL;

	if (a != NULL)
		return ready_with(q, dns_answer_ref(a));
	return find_or_ask(d, span_str(text), kind, q);
}

/* RFC 1035 3.5 and RFC 3596 2.5. */
static void reverse_name(const struct ip *ip, char out[DNS_NAME_MAX])
{
	size_t n = 0;

	if (ip_is_v4(ip)) {
		(void)snprintf(out, DNS_NAME_MAX, "%u.%u.%u.%u.in-addr.arpa", ip->b[15], ip->b[14],
		               ip->b[13], ip->b[12]);
		return;
	}
	for (int i = 15; i >= 0; i--)
		n += (size_t)snprintf(out + n, DNS_NAME_MAX - n, "%x.%x.", ip->b[i] & 15U,
		                      ip->b[i] >> 4);
	(void)snprintf(out + n, DNS_NAME_MAX - n, "ip6.arpa");
}

enum op_status dns_lookup_ptr(struct dns *d, struct dns_share *share, const struct ip *ip,
                              struct dns_query *q, struct task *waiter)
{
	char text[DNS_NAME_MAX];

	query_init(d, share, q, waiter);
	struct dns_answer *a =
		d->setup->hosts != NULL ? dns_hosts_find_ip(d->setup->hosts, ip) : NULL;

	if (a != NULL)
		return ready_with(q, dns_answer_ref(a));
	reverse_name(ip, text);
	return find_or_ask(d, span_str(text), DNS_PTR, q);
}
