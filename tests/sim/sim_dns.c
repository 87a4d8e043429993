/*
 * Name servers in memory, in place of c-ares: net/dns_channel.h. Replies are messages as they
 * travel (RFC 1035 4.1), so that the reading of them is the proxy's own.
 */
#include "net/dns_channel.h"

#include "tests/sim/sim_int.h"

#define NAMES_MAX 256

struct dns_channel {
	struct loop *loop;
	struct list link; /* of the retired ones */
	struct list queries;
	unsigned asked;
	bool is_retired;
};

struct dns_channel_query {
	struct list link;
	struct dns_channel *channel;
	dns_channel_fn *fn;
	void *arg;
	struct dns_channel_query **handle;
	struct task task;
	struct timer timer;
	char name[DNS_NAME_MAX];
	enum dns_kind kind;
};

static struct {
	const char *name;
	struct sim_answer a, aaaa;
} names[NAMES_MAX];
static size_t n_names;
static unsigned n_queries;

void sim_dns_init(void)
{
	n_names = 0;
	n_queries = 0;
}

unsigned sim_queries(void)
{
	return n_queries;
}

void sim_name(const char *name, const struct sim_answer *a, const struct sim_answer *aaaa)
{
	size_t i = 0;

	while (i < n_names && strcmp(names[i].name, name) != 0)
		i++;
	CHECK(i < NAMES_MAX);
	n_names = MAX(n_names, i + 1);
	names[i].name = name;
	names[i].a = a != NULL ? *a : (struct sim_answer){ 0 };
	names[i].aaaa = aaaa != NULL ? *aaaa : (struct sim_answer){ 0 };
}

static struct sim_answer answer_to(const struct dns_channel_query *q)
{
	for (size_t i = 0; i < n_names; i++)
		if (strcmp(names[i].name, q->name) == 0 && q->kind != DNS_PTR)
			return q->kind == DNS_A ? names[i].a : names[i].aaaa;
	return (struct sim_answer){ .err = ERR_DNS_NAME };
}

/* --- messages --------------------------------------------------------------------------------- */

struct message {
	unsigned char b[2048];
	size_t n;
};

static void put_be(struct message *m, uint64_t v, unsigned bytes)
{
	CHECK(m->n + bytes <= sizeof(m->b));
	while (bytes-- > 0)
		m->b[m->n++] = (unsigned char)(v >> (8 * bytes));
}

static void put_name(struct message *m, const char *name)
{
	struct span rest = span_str(name);

	while (rest.p != NULL) {
		const struct span label = span_cut(&rest, '.');

		put_be(m, label.n, 1);
		for (size_t i = 0; i < label.n; i++)
			put_be(m, (unsigned char)label.p[i], 1);
	}
	put_be(m, 0, 1);
}

static void put_address(struct message *m, const struct ip *ip, uint32_t ttl_s, enum dns_kind kind)
{
	const unsigned skip = kind == DNS_A ? 12 : 0;

	put_be(m, 0xc00c, 2); /* the name of the question */
	put_be(m, kind == DNS_A ? 1 : 28, 2);
	put_be(m, 1, 2);
	put_be(m, ttl_s, 4);
	put_be(m, 16 - skip, 2);
	for (unsigned i = skip; i < 16; i++)
		put_be(m, ip->b[i], 1);
}

static void make_message(struct message *m, const struct dns_channel_query *q,
                         const struct sim_answer *a)
{
	struct span rest = span_str(a->ips);
	unsigned n = 0;

	m->n = 0;
	put_be(m, 0x00008180, 4); /* id 0; a reply, recursive, no error */
	put_be(m, 1, 2);
	put_be(m, 0, 6);
	put_name(m, q->name);
	put_be(m, q->kind == DNS_A ? 1 : 28, 2);
	put_be(m, 1, 2);
	while (rest.p != NULL) {
		const struct span word = span_cut(&rest, ' ');
		struct ip ip;

		CHECK(ip_parse(word, &ip) && ip_is_v4(&ip) == (q->kind == DNS_A));
		put_address(m, &ip, a->ttl_s, q->kind);
		n++;
	}
	m->b[7] = (unsigned char)n;
}

/* --- dns_channel.h ---------------------------------------------------------------------------- */

static void query_free(struct dns_channel_query *q)
{
	list_remove(&q->link);
	task_cancel(&q->task);
	timer_cancel(q->channel->loop, &q->timer);
	free(q);
}

static void reply(struct task *t)
{
	struct dns_channel_query *q = CONTAINER_OF(t, struct dns_channel_query, task);
	struct sim_answer a = answer_to(q);
	struct dns_channel *c = q->channel;
	struct message m = { .n = 0 };

	if (a.err == ERR_NONE && (a.ips == NULL || a.ips[0] == '\0'))
		a.err = ERR_DNS_NODATA;
	if (a.err == ERR_NONE)
		make_message(&m, q, &a);
	if (q->fn != NULL) {
		*q->handle = NULL;
		q->fn(q->arg, a.err, span_of((const char *)m.b, m.n));
	}
	query_free(q);
	if (c->is_retired && list_is_empty(&c->queries))
		dns_channel_free(&c);
}

static void on_time(struct timer *t)
{
	struct dns_channel_query *q = CONTAINER_OF(t, struct dns_channel_query, timer);

	task_schedule(q->channel->loop, &q->task);
}

enum err dns_channel_new(struct dns_channel **out, struct loop *l, const struct dns_setup *s UNUSED)
{
	struct dns_channel *c = check_calloc(1, sizeof(*c));

	c->loop = l;
	list_init(&c->link);
	list_init(&c->queries);
	*out = c;
	return ERR_NONE;
}

void dns_channel_free(struct dns_channel **cp)
{
	struct dns_channel *c = *cp;

	if (c == NULL)
		return;
	list_for_each_safe(it, &c->queries)
		query_free(CONTAINER_OF(it, struct dns_channel_query, link));
	list_remove(&c->link);
	free(c);
	*cp = NULL;
}

void dns_channel_retire(struct dns_channel **cp, struct list *retired)
{
	struct dns_channel *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	c->is_retired = true;
	list_push_back(retired, &c->link);
	if (list_is_empty(&c->queries))
		dns_channel_free(&c);
}

void dns_channel_free_all(struct list *retired)
{
	list_for_each_safe(it, retired) {
		struct dns_channel *c = CONTAINER_OF(it, struct dns_channel, link);

		dns_channel_free(&c);
	}
}

void dns_channel_query(struct dns_channel *c, const char *name, enum dns_kind kind,
                       dns_channel_fn *fn, void *arg, struct dns_channel_query **handle)
{
	struct dns_channel_query *q = check_calloc(1, sizeof(*q));

	*q = (struct dns_channel_query){
		.channel = c, .fn = fn, .arg = arg, .handle = handle, .kind = kind
	};
	snprintf(q->name, sizeof(q->name), "%s", name);
	task_init(&q->task, reply);
	timer_init(&q->timer, on_time);
	list_init(&q->link);
	list_push_back(&c->queries, &q->link);
	*handle = q;
	c->asked++;
	n_queries++;
	const struct sim_answer a = answer_to(q);

	if (a.err == ERR_DNS_TIMEOUT)
		return; /* whoever asked has a limit of its own */
	if (a.delay_ms > 0)
		timer_arm(c->loop, &q->timer, a.delay_ms);
	else
		task_schedule(c->loop, &q->task);
}

void dns_channel_drop(struct dns_channel_query **handle)
{
	struct dns_channel_query *q = *handle;

	if (q == NULL)
		return;
	*handle = NULL;
	q->fn = NULL;
}

unsigned dns_channel_asked(const struct dns_channel *c)
{
	return c->asked;
}
