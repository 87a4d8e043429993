/*
 * A resolver of its own on a loop of its own, for one batch of names.
 */
#include "net/dns_wait.h"

#include "net/net_conf.h"

#define AT_A_TIME 64u
#define TICK_MS   250

struct slot {
	struct batch *batch;
	struct dns_wanted *wanted; /* NULL: idle */
	struct dns_addresses q;
	struct task task;
};

struct batch {
	struct loop *loop;
	struct dns *dns;
	struct dns_wanted *names;
	size_t n, next;
	dns_tick_fn *tick; /* NULL: none */
	void *arg;
	struct slot slots[AT_A_TIME];
};

static void take(struct slot *s)
{
	struct dns_wanted *w = s->wanted;

	w->err = s->q.err;
	w->ips = s->q.ips;
	w->n = s->q.n;
	s->q.ips = NULL; /* the caller's now */
	dns_addresses_fini(&s->q);
	s->wanted = NULL;
}

/* Start the next lookup; what is known at once needs no slot. */
static void fill(struct slot *s)
{
	struct batch *b = s->batch;

	while (b->next < b->n) {
		s->wanted = &b->names[b->next++];
		if (dns_addresses_start(b->dns, NULL, s->wanted->name, &s->q, &s->task) ==
		    OP_PENDING)
			return;
		take(s);
	}
}

static void on_answer(struct task *t)
{
	struct slot *s = CONTAINER_OF(t, struct slot, task);

	take(s);
	fill(s);
}

static bool is_busy(const struct batch *b)
{
	for (unsigned i = 0; i < AT_A_TIME; i++)
		if (b->slots[i].wanted != NULL)
			return true;
	return false;
}

static void run(struct batch *b, int64_t timeout_ms)
{
	const int64_t end_ms = loop_now_ms(b->loop) + timeout_ms;

	for (unsigned i = 0; i < AT_A_TIME; i++) {
		b->slots[i].batch = b;
		task_init(&b->slots[i].task, on_answer);
		fill(&b->slots[i]);
	}
	while (is_busy(b) && loop_now_ms(b->loop) < end_ms) {
		if (b->tick != NULL)
			b->tick(b->arg);
		loop_turn(b->loop, MIN(end_ms - loop_now_ms(b->loop), (int64_t)TICK_MS));
	}
	for (unsigned i = 0; i < AT_A_TIME; i++) {
		if (b->slots[i].wanted == NULL)
			continue;
		dns_addresses_fini(&b->slots[i].q);
		task_cancel(&b->slots[i].task);
	}
}

void dns_wait(const struct dns_conf *c, struct dns_wanted *names, size_t n, dns_tick_fn *tick,
              void *arg)
{
	struct batch *b = check_calloc(1, sizeof(*b));

	b->names = names;
	b->n = n;
	b->tick = tick;
	b->arg = arg;
	for (size_t i = 0; i < n; i++)
		names[i].err = ERR_DNS_TIMEOUT;
	if (loop_new(&b->loop) == ERR_NONE) {
		struct dns_shared *shared = dns_shared_new(c);

		if (dns_new(&b->dns, shared, b->loop) == ERR_NONE)
			run(b, c->timeout_ms);
		dns_free(&b->dns);
		dns_shared_free(&shared);
		loop_free(&b->loop);
	}
	free(b);
}
