/*
 * The simulated network: how bytes move, what a watch reports, and what the test can do.
 */
#include "tests/sim/sim_net.h"

#include "base/hash.h"

#define SLOTS_MAX    4096
#define GIVE_UP_US   (127LL * 1000000) /* of a connect: tcp_syn_retries of 6 */
#define ARRIVED_MAX  ((size_t)262144)  /* the proxy's receive buffer */
#define RANDOM_CHUNK 1024

struct service {
	struct list link;
	struct endpoint at;
	enum sim_fate fate;
	int64_t after_us;
	sim_peer_fn *fn;
	void *arg;
};

unsigned sim_fd_limit;
static struct sim_slot slots[SLOTS_MAX];
static int slots_end; /* those from here on were never used */
static struct list peers = LIST_INIT(peers);
static struct list services = LIST_INIT(services);
static struct sim_line default_line;

/* --- bytes ------------------------------------------------------------------------------------ */

void sim_bytes_put(struct sim_bytes *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	if (b->from + b->n + n > b->cap) {
		if (b->n != 0)
			memmove(b->p, b->p + b->from, b->n);
		b->from = 0;
		if (b->n + n > b->cap) {
			b->cap = MAX(b->cap * 2, b->n + n);
			b->p = check_realloc(b->p, b->cap);
		}
	}
	memcpy(b->p + b->from + b->n, p, n);
	b->n += n;
}

void sim_bytes_take(struct sim_bytes *b, size_t n)
{
	CHECK(n <= b->n);
	b->from += n;
	b->n -= n;
}

void sim_bytes_clear(struct sim_bytes *b)
{
	free(b->p);
	*b = (struct sim_bytes){ NULL };
}

/* --- descriptors ------------------------------------------------------------------------------ */

struct sim_slot *sim_slot(int fd)
{
	const int i = fd - SIM_FD_BASE;

	CHECK(i >= 0 && i < SLOTS_MAX && slots[i].used);
	return &slots[i];
}

int sim_slot_open(struct sim_peer *p)
{
	int i = 0;

	if (sim_fd_limit != 0 && sim_open_fds() >= sim_fd_limit)
		return -1;
	while (i < SLOTS_MAX && slots[i].used)
		i++;
	CHECK(i < SLOTS_MAX);
	slots_end = MAX(slots_end, i + 1);
	slots[i] = (struct sim_slot){ .used = true, .peer = p };
	if (p != NULL)
		p->fd = SIM_FD_BASE + i;
	return SIM_FD_BASE + i;
}

void sim_slot_close(int fd)
{
	struct sim_slot *s = sim_slot(fd);

	if (s->peer != NULL)
		s->peer->fd = -1;
	*s = (struct sim_slot){ .used = false };
}

void sim_slot_news(int fd)
{
	if (fd >= 0)
		sim_slot(fd)->has_news = true;
}

unsigned sim_open_fds(void)
{
	unsigned n = 0;

	for (int i = 0; i < slots_end; i++)
		n += slots[i].used;
	return n;
}

void sim_set_fd_limit(unsigned n)
{
	sim_fd_limit = n;
}

static bool endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && ip_eq(&a->ip, &b->ip);
}

struct sim_slot *sim_listener_at(const struct endpoint *at, int *fd)
{
	for (int i = 0; i < slots_end; i++) {
		struct sim_slot *s = &slots[i];

		if (!s->used || s->peer != NULL || s->at.port != at->port)
			continue;
		if (!ip_is_any(&s->at.ip) && !ip_eq(&s->at.ip, &at->ip))
			continue;
		*fd = SIM_FD_BASE + i;
		return s;
	}
	return NULL;
}

/* --- readiness -------------------------------------------------------------------------------- */

static size_t window_of(const struct sim_peer *p)
{
	return p->line.window_out != 0 ? p->line.window_out : SIM_WINDOW;
}

static unsigned readiness_of(const struct sim_peer *p)
{
	unsigned r = 0;

	if (p->state == SIM_CONNECTING)
		return 0;
	if (p->error != ERR_NONE || p->reset_arrived)
		return EV_READ | EV_WRITE | EV_RDHUP | EV_ERROR;
	if (p->arrived.n > 0)
		r |= EV_READ;
	if (p->fin_arrived)
		r |= EV_READ | EV_RDHUP;
	if (p->out.n < window_of(p) || p->proxy_shut)
		r |= EV_WRITE;
	/* Both directions have ended: EPOLLHUP. */
	if (p->fin_arrived && p->proxy_shut)
		r |= EV_READ | EV_WRITE | EV_ERROR;
	return r;
}

struct sim_peer *sim_waiting_for(const struct endpoint *listener)
{
	list_for_each(it, &peers) {
		struct sim_peer *p = CONTAINER_OF(it, struct sim_peer, link);

		if (p->state == SIM_WAITING && p->proxy_at.port == listener->port &&
		    (ip_is_any(&listener->ip) || ip_eq(&p->proxy_at.ip, &listener->ip)))
			return p;
	}
	return NULL;
}

static unsigned report(struct sim_slot *s)
{
	unsigned wanted = s->interest & (EV_READ | EV_WRITE);
	unsigned r;

	if (s->peer != NULL)
		r = readiness_of(s->peer);
	else
		r = sim_waiting_for(&s->at) != NULL ? EV_READ : 0;
	if (s->interest & EV_SHARED && wanted == 0)
		return 0; /* paused */
	if (r & EV_ERROR)
		wanted = EV_READ | EV_WRITE | EV_ERROR;
	if (s->interest & EV_READ)
		wanted |= EV_RDHUP;
	if (s->interest & EV_EDGE && !s->has_news)
		return 0;
	s->has_news = false;
	return r & wanted;
}

unsigned sim_net_collect(struct poller *p, struct poll_result *out, unsigned cap)
{
	unsigned n = 0;

	for (int i = 0; i < slots_end && n < cap; i++) {
		if (!slots[i].used || slots[i].poller != p)
			continue;
		const unsigned ready = report(&slots[i]);

		if (ready != 0)
			out[n++] = (struct poll_result){ slots[i].cookie, ready };
	}
	return n;
}

void sim_net_watch(int fd, struct poller *p, unsigned interest, void *cookie)
{
	struct sim_slot *s = sim_slot(fd);

	CHECK(s->poller == NULL || s->poller == p);
	s->poller = p;
	s->interest = interest;
	s->cookie = cookie;
	s->has_news = true; /* what is ready already is reported once */
}

void sim_net_unwatch(int fd)
{
	sim_slot(fd)->poller = NULL;
}

/* --- moving ----------------------------------------------------------------------------------- */

static void tell(struct sim_peer *p, enum sim_event ev)
{
	if (p->fn != NULL)
		p->fn(p, ev, p->arg);
}

static size_t piece(struct sim_line *line, size_t chunk, size_t n)
{
	if (line->seed != 0) {
		line->seed = hash_mix(line->seed, n + 1);
		chunk = 1 + (line->seed >> 16) % (chunk != 0 ? chunk : RANDOM_CHUNK);
	}
	return chunk == 0 ? n : MIN(chunk, n);
}

static bool move_connect(struct sim_peer *p)
{
	if (p->state != SIM_CONNECTING || sim_clock_us() < p->connect_us)
		return false;
	p->state = SIM_UP;
	switch (p->fate) {
	case SIM_ACCEPT:
		break;
	case SIM_REFUSE:
		p->error = ERR_REFUSED;
		break;
	case SIM_HANG:
		p->error = ERR_TIMEOUT;
		break;
	case SIM_NO_ROUTE:
		p->error = ERR_UNREACHABLE;
		break;
	}
	sim_slot_news(p->fd);
	if (p->fate == SIM_ACCEPT)
		tell(p, SIM_OPEN);
	return true;
}

static void arrive_reset(struct sim_peer *p)
{
	p->reset_arrived = true;
	sim_bytes_clear(&p->sent);
	sim_bytes_clear(&p->out);
	sim_slot_news(p->fd);
}

static bool has_in(const struct sim_peer *p)
{
	if (p->state == SIM_CONNECTING || p->reset_arrived)
		return false;
	return p->reset_sent || (p->sent.n > 0 && p->arrived.n < ARRIVED_MAX) ||
	       (p->sent.n == 0 && p->fin_sent && !p->fin_arrived);
}

/* Towards the proxy. */
static bool move_in(struct sim_peer *p)
{
	if (!has_in(p) || sim_clock_us() < p->next_in_us)
		return false;
	p->next_in_us = sim_clock_us() + p->line.gap_ms * 1000;
	if (p->reset_sent) {
		arrive_reset(p);
		return true;
	}
	const bool is_chunked = p->line.chunk_in != 0 || p->line.seed != 0;
	const size_t n = piece(&p->line, p->line.chunk_in, p->sent.n);

	if (n > 0 && p->proxy_closed) {
		/* Bytes for a closed socket are answered by a reset. */
		sim_bytes_clear(&p->sent);
		p->proxy_aborted = true;
		return true;
	}
	sim_bytes_put(&p->arrived, sim_bytes_at(&p->sent), n);
	sim_bytes_take(&p->sent, n);
	/* A FIN comes with the last bytes or, where bytes come in pieces, as a piece of its own. */
	if (p->fin_sent && p->sent.n == 0 && (n == 0 || !is_chunked))
		p->fin_arrived = true;
	sim_slot_news(p->fd);
	return true;
}

static bool move_bytes_out(struct sim_peer *p)
{
	if (p->out.n == 0 || p->is_stalled)
		return false;
	if (p->is_gone) {
		arrive_reset(p);
		return true;
	}
	const size_t n = piece(&p->line, p->line.chunk_out, p->out.n);

	sim_bytes_put(&p->received, sim_bytes_at(&p->out), n);
	sim_bytes_take(&p->out, n);
	if (p->out_full) {
		p->out_full = false;
		sim_slot_news(p->fd);
	}
	tell(p, SIM_BYTES);
	return true;
}

static bool move_end_out(struct sim_peer *p)
{
	if (p->proxy_aborted && !p->reset_told) {
		p->reset_told = true;
		sim_bytes_clear(&p->out);
		tell(p, SIM_RESET);
		return true;
	}
	if (p->proxy_shut && p->out.n == 0 && !p->fin_told && !p->reset_told && !p->reset_arrived) {
		p->fin_told = true;
		tell(p, SIM_FIN);
		return true;
	}
	return false;
}

bool sim_net_step(void)
{
	bool moved = false;

	list_for_each(it, &peers) {
		struct sim_peer *p = CONTAINER_OF(it, struct sim_peer, link);

		moved |= move_connect(p);
		moved |= move_in(p);
		/* Before its connect has ended, or if it failed, nothing goes out. */
		if (p->state == SIM_CONNECTING || p->fate != SIM_ACCEPT)
			continue;
		moved |= move_bytes_out(p);
		moved |= move_end_out(p);
	}
	return moved;
}

int64_t sim_net_next_us(void)
{
	int64_t next = INT64_MAX;

	list_for_each(it, &peers) {
		const struct sim_peer *p = CONTAINER_OF(it, struct sim_peer, link);

		if (p->state == SIM_CONNECTING && !p->proxy_closed)
			next = MIN(next, p->connect_us);
		if (has_in(p))
			next = MIN(next, p->next_in_us);
	}
	return next;
}

/* --- peers ------------------------------------------------------------------------------------ */

struct sim_peer *sim_peer_new(sim_peer_fn *fn, void *arg)
{
	struct sim_peer *p = check_calloc(1, sizeof(*p));

	p->fd = -1;
	p->fn = fn;
	p->arg = arg;
	p->line = default_line;
	list_push_back(&peers, &p->link);
	return p;
}

static struct service *service_at(const struct endpoint *at)
{
	list_for_each(it, &services) {
		struct service *s = CONTAINER_OF(it, struct service, link);

		if (endpoint_eq(&s->at, at))
			return s;
	}
	return NULL;
}

struct sim_peer *sim_dialled(const struct endpoint *to)
{
	const struct service *s = service_at(to);
	struct sim_peer *p = sim_peer_new(s != NULL ? s->fn : NULL, s != NULL ? s->arg : NULL);

	p->peer_at = *to;
	p->state = SIM_CONNECTING;
	p->fate = s != NULL ? s->fate : SIM_REFUSE;
	p->connect_us = sim_clock_us();
	if (p->fate == SIM_HANG)
		p->connect_us += GIVE_UP_US;
	else if (s != NULL)
		p->connect_us += s->after_us;
	return p;
}

void sim_serve(const struct endpoint *at, enum sim_fate fate, int64_t after_ms, sim_peer_fn *fn,
               void *arg)
{
	struct service *s = service_at(at);

	if (s == NULL) {
		s = check_calloc(1, sizeof(*s));
		list_push_back(&services, &s->link);
	}
	s->at = *at;
	s->fate = fate;
	s->after_us = after_ms * 1000;
	s->fn = fn;
	s->arg = arg;
}

struct sim_peer *sim_connect(const struct endpoint *to, const struct endpoint *from,
                             sim_peer_fn *fn, void *arg)
{
	int fd;

	if (sim_listener_at(to, &fd) == NULL)
		return NULL;
	struct sim_peer *p = sim_peer_new(fn, arg);

	p->state = SIM_WAITING;
	p->fate = SIM_ACCEPT;
	p->proxy_at = *to;
	p->peer_at = *from;
	sim_slot_news(fd);
	return p;
}

void sim_set_line(const struct sim_line *line)
{
	default_line = *line;
}

void sim_set_peer_line(struct sim_peer *p, const struct sim_line *line)
{
	p->line = *line;
}

void sim_send(struct sim_peer *p, struct span bytes)
{
	CHECK(!p->fin_sent && !p->reset_sent);
	if (p->sent.n == 0)
		p->next_in_us = MAX(p->next_in_us, sim_clock_us());
	sim_bytes_put(&p->sent, bytes.p, bytes.n);
}

void sim_fin(struct sim_peer *p)
{
	p->fin_sent = true;
}

void sim_close(struct sim_peer *p)
{
	p->fin_sent = true;
	p->is_gone = true;
}

void sim_reset(struct sim_peer *p)
{
	p->reset_sent = true;
	p->next_in_us = sim_clock_us();
}

void sim_at_write(struct sim_peer *p, struct span bytes)
{
	p->cuts_at_write = true;
	sim_bytes_put(&p->last_words, bytes.p, bytes.n);
}

void sim_stall(struct sim_peer *p, bool stalled)
{
	p->is_stalled = stalled;
}

struct span sim_received(const struct sim_peer *p)
{
	return span_of(sim_bytes_at(&p->received), p->received.n);
}

void sim_take(struct sim_peer *p, size_t n)
{
	sim_bytes_take(&p->received, n);
}

bool sim_can_send(const struct sim_peer *p)
{
	return !p->fin_sent && !p->reset_sent && !p->reset_told;
}

bool sim_is_read(const struct sim_peer *p)
{
	return p->sent.n == 0 && p->arrived.n == 0;
}

bool sim_saw_fin(const struct sim_peer *p)
{
	return p->fin_told;
}

bool sim_saw_reset(const struct sim_peer *p)
{
	return p->reset_told;
}

const struct endpoint *sim_address(const struct sim_peer *p)
{
	return &p->proxy_at;
}

/* --- life ------------------------------------------------------------------------------------- */

void sim_net_init(void)
{
	sim_fd_limit = 0;
	default_line = (struct sim_line){ 0 };
}

void sim_net_fini(void)
{
	struct list *it;

	CHECK(sim_open_fds() == 0); /* the proxy leaks descriptors */
	while ((it = list_first(&peers)) != NULL) {
		struct sim_peer *p = CONTAINER_OF(it, struct sim_peer, link);

		list_remove(it);
		sim_bytes_clear(&p->sent);
		sim_bytes_clear(&p->arrived);
		sim_bytes_clear(&p->out);
		sim_bytes_clear(&p->received);
		sim_bytes_clear(&p->last_words);
		free(p);
	}
	while ((it = list_first(&services)) != NULL) {
		list_remove(it);
		free(CONTAINER_OF(it, struct service, link));
	}
}
