/*
 * c-ares on a loop. Its sockets are watched level-triggered and only while it wants them; one timer
 * stands for its retransmissions. Events and timer only take note; the channel's task calls c-ares,
 * and c-ares' callbacks only take note too, so nothing here is entered twice.
 *
 * Sockets are not kept open between queries (no ARES_FLAG_STAYOPEN), so that the port from which is
 * asked moves; on a busy worker, where there is always a query under way, retiring channels does
 * that.
 */
#include "net/dns_channel.h"

#include "base/list.h"
#include "net/sock.h"

#include <ares.h>

#define DNS_CHANNEL_MAGIC 0x646e6363U
#define CLASS_IN          1
#define TYPE_A            1
#define TYPE_PTR          12
#define TYPE_AAAA         28

struct dns_channel {
	uint32_t magic;
	unsigned asked, under_way;
	unsigned dropped; /* of those under way: nobody wants to hear of them */
	bool is_timer_due;
	ares_channel ares;
	struct loop *loop;
	struct list link; /* of its owner's retired ones; unlinked while in use */
	bool is_retired;
	struct list watches;
	struct task task;
	struct timer timer;
};

/* One of c-ares' sockets. */
struct watch {
	struct event event;
	struct list link;
	struct dns_channel *channel;
	unsigned ready;
};

struct dns_channel_query {
	struct dns_channel *channel;
	dns_channel_fn *fn; /* NULL: dropped */
	void *arg;
	struct dns_channel_query **handle;
};

/* --- sockets ---------------------------------------------------------------------------------- */

static void on_socket(struct event *e, unsigned ready)
{
	struct watch *w = CONTAINER_OF(e, struct watch, event);

	w->ready |= ready;
	task_schedule(w->channel->loop, &w->channel->task);
}

static struct watch *find_watch(struct dns_channel *c, int fd)
{
	list_for_each(it, &c->watches) {
		struct watch *w = CONTAINER_OF(it, struct watch, link);

		if (w->event.fd == fd)
			return w;
	}
	return NULL;
}

static void watch_new(struct dns_channel *c, int fd, unsigned interest)
{
	struct watch *w = check_calloc(1, sizeof(*w));

	w->channel = c;
	event_init(&w->event, on_socket);
	/* Unwatched, its query ends by timeout. */
	if (loop_watch(c->loop, &w->event, fd, interest) != ERR_NONE) {
		free(w);
		return;
	}
	list_push_back(&c->watches, &w->link);
}

static void on_socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
	struct dns_channel *c = data;
	struct watch *w = find_watch(c, fd);
	const unsigned interest = (readable ? EV_READ : 0U) | (writable ? EV_WRITE : 0U);

	if (w == NULL) {
		if (interest != 0)
			watch_new(c, fd, interest);
	} else if (interest != 0) {
		loop_rewatch(c->loop, &w->event, interest);
	} else {
		/* c-ares closes it now. */
		loop_forget(c->loop, &w->event);
		list_remove(&w->link);
		free(w);
	}
}

/* --- working ---------------------------------------------------------------------------------- */

static void update_timer(struct dns_channel *c)
{
	struct timeval tv;

	if (ares_timeout(c->ares, NULL, &tv) == NULL) {
		timer_cancel(c->loop, &c->timer);
		return;
	}
	/* Rounded up: a little late is late enough, a little early would have to come again. */
	timer_arm(c->loop, &c->timer, (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1);
}

static void on_timer(struct timer *t)
{
	struct dns_channel *c = CONTAINER_OF(t, struct dns_channel, timer);

	c->is_timer_due = true;
	task_schedule(c->loop, &c->task);
}

/* c-ares may close any of its sockets while it works on one: look again from the start. */
static struct watch *first_ready(struct dns_channel *c)
{
	list_for_each(it, &c->watches) {
		struct watch *w = CONTAINER_OF(it, struct watch, link);

		if (w->ready != 0)
			return w;
	}
	return NULL;
}

static void work(struct task *t)
{
	struct dns_channel *c = CONTAINER_OF(t, struct dns_channel, task);
	struct watch *w;

	CHECK_OBJ(c, DNS_CHANNEL_MAGIC);
	while ((w = first_ready(c)) != NULL) {
		const unsigned ready = w->ready;
		const int fd = w->event.fd;

		w->ready = 0;
		ares_process_fd(c->ares, ready & EV_READ ? fd : ARES_SOCKET_BAD,
		                ready & EV_WRITE ? fd : ARES_SOCKET_BAD);
	}
	if (c->is_timer_due) {
		c->is_timer_due = false;
		ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	}
	/* What was dropped would only hold sockets until c-ares gives up, too. */
	if (c->is_retired && c->under_way == c->dropped)
		dns_channel_free(&c);
	else
		update_timer(c);
}

/* --- life ------------------------------------------------------------------------------------- */

static enum err set_servers(ares_channel ares, const struct dns_setup *s)
{
	struct ares_addr_port_node *nodes = check_calloc(s->n_servers, sizeof(*nodes));

	for (unsigned i = 0; i < s->n_servers; i++) {
		const struct endpoint *e = &s->servers[i];
		struct ares_addr_port_node *n = &nodes[i];

		n->next = i + 1 < s->n_servers ? n + 1 : NULL;
		n->udp_port = n->tcp_port = e->port;
		n->family = ip_is_v4(&e->ip) ? AF_INET : AF_INET6;
		if (n->family == AF_INET)
			memcpy(&n->addr.addr4, e->ip.b + 12, 4);
		else
			memcpy(&n->addr.addr6, e->ip.b, 16);
	}
	const int r = ares_set_servers_ports(ares, nodes);

	free(nodes);
	return r == ARES_SUCCESS ? ERR_NONE : ERR_NOMEM;
}

static void set_source(ares_channel ares, const struct ip *from)
{
	uint32_t v4;

	if (ip_is_any(from))
		return;
	if (!ip_is_v4(from)) {
		ares_set_local_ip6(ares, from->b);
		return;
	}
	memcpy(&v4, from->b + 12, sizeof(v4));
	ares_set_local_ip4(ares, ntohl(v4));
}

/* All that c-ares would otherwise look for in files and environment is given. */
static int open_ares(struct dns_channel *c, const struct dns_setup *s)
{
	struct in_addr placeholder = { htonl(INADDR_LOOPBACK) };
	char lookups[] = "b";
	struct ares_options o = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
		         (s->packet_max > 0 ? ARES_FLAG_EDNS : 0),
		.timeout = (int)s->retransmit_ms,
		.tries = s->tries,
		.ndots = 0,
		.servers = &placeholder,
		.nservers = 1,
		.domains = NULL,
		.ndomains = 0,
		.lookups = lookups,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = c,
		.sortlist = NULL,
		.nsort = 0,
		.ednspsz = s->packet_max,
	};
	const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
	                 ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
	                 ARES_OPT_SOCK_STATE_CB | ARES_OPT_SORTLIST |
	                 (s->packet_max > 0 ? ARES_OPT_EDNSPSZ : 0);

	return ares_init_options(&c->ares, &o, mask);
}

enum err dns_channel_new(struct dns_channel **out, struct loop *l, const struct dns_setup *s)
{
	struct dns_channel *c;

	OBJ_NEW(c, DNS_CHANNEL_MAGIC);
	c->loop = l;
	list_init(&c->link);
	list_init(&c->watches);
	task_init(&c->task, work);
	timer_init(&c->timer, on_timer);
	if (open_ares(c, s) != ARES_SUCCESS) {
		OBJ_FREE(c, DNS_CHANNEL_MAGIC);
		return ERR_NOMEM;
	}
	if (set_servers(c->ares, s) != ERR_NONE) {
		dns_channel_free(&c);
		return ERR_NOMEM;
	}
	set_source(c->ares, &s->from);
	*out = c;
	return ERR_NONE;
}

void dns_channel_free(struct dns_channel **cp)
{
	struct dns_channel *c = *cp;

	if (c == NULL)
		return;
	CHECK_OBJ(c, DNS_CHANNEL_MAGIC);
	ares_destroy(c->ares);
	CHECK(list_is_empty(&c->watches) && c->under_way == 0);
	list_remove(&c->link);
	task_cancel(&c->task);
	timer_cancel(c->loop, &c->timer);
	OBJ_FREE(c, DNS_CHANNEL_MAGIC);
	*cp = NULL;
}

void dns_channel_retire(struct dns_channel **cp, struct list *retired)
{
	struct dns_channel *c = *cp;

	if (c == NULL)
		return;
	CHECK_OBJ(c, DNS_CHANNEL_MAGIC);
	*cp = NULL;
	c->is_retired = true;
	list_push_back(retired, &c->link);
	if (c->under_way == c->dropped)
		task_schedule(c->loop, &c->task);
}

void dns_channel_free_all(struct list *retired)
{
	struct list *it;

	while ((it = list_pop_front(retired)) != NULL) {
		struct dns_channel *c = CONTAINER_OF(it, struct dns_channel, link);

		dns_channel_free(&c);
	}
}

unsigned dns_channel_asked(const struct dns_channel *c)
{
	CHECK_OBJ(c, DNS_CHANNEL_MAGIC);
	return c->asked;
}

/* --- queries ---------------------------------------------------------------------------------- */

static enum err err_from_ares(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return ERR_NONE;
	case ARES_ENODATA:
		return ERR_DNS_NODATA;
	case ARES_ENOTFOUND:
	case ARES_EBADNAME: /* labels too long or empty: no such name can exist */
		return ERR_DNS_NAME;
	case ARES_ETIMEOUT:
		return ERR_DNS_TIMEOUT;
	default: /* refused, failed, malformed, not reachable, out of memory */
		return ERR_DNS_SERVER;
	}
}

static void on_reply(void *arg, int status, int timeouts UNUSED, unsigned char *message, int n)
{
	struct dns_channel_query *q = arg;

	q->channel->under_way--;
	if (q->fn == NULL)
		q->channel->dropped--;
	if (q->fn != NULL) {
		*q->handle = NULL;
		if (status == ARES_SUCCESS)
			q->fn(q->arg, ERR_NONE, span_of((const char *)message, (size_t)n));
		else
			q->fn(q->arg, err_from_ares(status), SPAN_NULL);
	}
	free(q);
}

void dns_channel_query(struct dns_channel *c, const char *name, enum dns_kind kind,
                       dns_channel_fn *fn, void *arg, struct dns_channel_query **handle)
{
	static const int types[] = {
		[DNS_A] = TYPE_A, [DNS_AAAA] = TYPE_AAAA, [DNS_PTR] = TYPE_PTR
	};
	struct dns_channel_query *q = check_calloc(1, sizeof(*q));

	CHECK_OBJ(c, DNS_CHANNEL_MAGIC);
	*q = (struct dns_channel_query){ c, fn, arg, handle };
	*handle = q;
	c->asked++;
	c->under_way++;
	ares_query(c->ares, name, CLASS_IN, types[kind], on_reply, q);
	update_timer(c);
}

void dns_channel_drop(struct dns_channel_query **handle)
{
	struct dns_channel_query *q = *handle;

	if (q == NULL)
		return;
	*handle = NULL;
	q->fn = NULL;
	q->channel->dropped++;
	if (q->channel->is_retired)
		task_schedule(q->channel->loop, &q->channel->task);
}
