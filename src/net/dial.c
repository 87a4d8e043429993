/*
 * The dialler: one task that looks at everything that may have changed (answers, connects, time),
 * does what follows from it, and sets one timer for the next moment at which time alone matters.
 *
 * RFC 8305: the lookups of both families run side by side; connecting begins with the first IPv6
 * answer, or 50 ms after the IPv4 one; an attempt that has not ended after attempt_delay_ms gets
 * another one beside it; one that failed is followed at once. Worker-local.
 */
#include "net/dial.h"

#include "net/dial_queue.h"

#define DIALLER_MAGIC       0x6469616cU
#define RESOLUTION_DELAY_MS 50 /* RFC 8305 8 */
#define RETRIES_MAX         10U
#define NEVER               INT64_MAX

struct attempt {
	struct attempt *next;
	struct stream *stream;
	struct endpoint to;
	int64_t deadline_ms;
	unsigned retries_left;
};

struct dialler {
	uint32_t magic;
	bool has_name, has_from4, has_from6;
	bool is_absorbed_a, is_absorbed_aaaa; /* the answer's addresses are in the queue */
	uint16_t port;
	unsigned tries_left; /* addresses that may still be tried */
	unsigned retries;    /* of each */
	int recv_bufsize;
	struct floor_guard guard;
	struct stream_tally *tally;
	struct dial *dial;
	struct loop *loop;
	struct task task;
	struct timer timer;
	struct dns_query a, aaaa;
	struct dial_queue queue;
	struct attempt *attempts;
	struct endpoint from4, from6;
	struct sock_marks marks;
	enum err err; /* most telling so far */
	int64_t connect_timeout_ms, attempt_delay_ms;
	int64_t deadline_ms;   /* of the whole */
	int64_t a_ms;          /* when the IPv4 answer came */
	int64_t next_start_ms; /* an attempt beside those under way may start then */
	int64_t dns_start_us;
};

static void dialler_free(struct dialler *r)
{
	op_cancel(&r->a.op);
	op_cancel(&r->aaaa.op);
	dns_answer_unref(&r->a.answer);
	dns_answer_unref(&r->aaaa.answer);
	while (r->attempts != NULL) {
		struct attempt *a = r->attempts;

		r->attempts = a->next;
		stream_close(&a->stream, true);
		free(a);
	}
	task_cancel(&r->task);
	timer_cancel(r->loop, &r->timer);
	if (r->tally != NULL)
		r->tally->leave(r->tally);
	r->dial->state = NULL;
	OBJ_FREE(r, DIALLER_MAGIC);
}

/* now + ms, where 0 and less mean "no limit" */
static int64_t limit_from(int64_t now, int64_t ms)
{
	int64_t t;

	return ms <= 0 || __builtin_add_overflow(now, ms, &t) ? NEVER : t;
}

/* --- names ------------------------------------------------------------------------------------ */

static void absorb(struct dialler *r, const struct dns_query *q, bool *is_absorbed)
{
	if (*is_absorbed || q->answer == NULL)
		return;
	*is_absorbed = true;
	dial_queue_add(&r->queue, q->answer->ips, q->answer->n);
}

static void absorb_answers(struct dialler *r, int64_t now)
{
	if (!r->has_name)
		return;
	absorb(r, &r->aaaa, &r->is_absorbed_aaaa);
	if (!r->is_absorbed_a && r->a.answer != NULL)
		r->a_ms = now;
	absorb(r, &r->a, &r->is_absorbed_a);
}

static bool are_names_known(const struct dialler *r)
{
	return !r->has_name || (r->is_absorbed_a && r->is_absorbed_aaaa);
}

/* RFC 8305 3: IPv6 gets a little time to catch up. */
static int64_t first_start_ms(const struct dialler *r)
{
	if (are_names_known(r) || r->queue.n[0] != 0)
		return 0;
	return r->is_absorbed_a && r->queue.n[1] != 0 ? r->a_ms + RESOLUTION_DELAY_MS : NEVER;
}

static void note_dns_time(struct dialler *r)
{
	if (r->dns_start_us == 0)
		return;
	r->dial->dns_us = loop_precise_us(r->loop) - r->dns_start_us;
	r->dns_start_us = 0;
}

/* --- attempts --------------------------------------------------------------------------------- */

static void note_failure(struct dialler *r, enum err e)
{
	r->err = dial_more_telling(r->err, e);
	r->next_start_ms = 0; /* the next one starts at once */
}

static enum err open_stream(struct dialler *r, const struct endpoint *to, struct stream **s)
{
	const bool v4 = ip_is_v4(&to->ip);
	const struct endpoint *from =
		v4 ? (r->has_from4 ? &r->from4 : NULL) : (r->has_from6 ? &r->from6 : NULL);
	int fd;
	enum err e = sock_connect(to, from, &r->marks, &fd);

	if (e != ERR_NONE)
		return e;
	if (r->recv_bufsize > 0)
		sock_set_recv_buffer(fd, r->recv_bufsize);
	return stream_new_connecting(s, r->loop, fd, to);
}

static void start_attempt(struct dialler *r, const struct endpoint *to, int64_t deadline_ms,
                          unsigned retries, int64_t now)
{
	struct stream *s = NULL;

	note_dns_time(r);
	r->dial->tries++;
	r->dial->at = *to;
	const enum err e = open_stream(r, to, &s);

	if (e != ERR_NONE) {
		note_failure(r, e);
		return;
	}
	struct attempt *a = check_calloc(1, sizeof(*a));

	*a = (struct attempt){ r->attempts, s, *to, deadline_ms, retries };
	r->attempts = a;
	r->next_start_ms = limit_from(now, r->attempt_delay_ms);
	s->owner = &r->task;
}

/* The floor is judged here, for each address, just before it is connected to. */
static bool is_forbidden(struct dialler *r, const struct endpoint *to)
{
	const enum floor_class c = floor_judge(&r->guard, to);

	if (likely(c == FLOOR_PASSES))
		return false;
	if (r->dial->forbidden.port == 0) {
		r->dial->forbidden = *to;
		r->dial->forbidden_as = c;
	}
	note_failure(r, ERR_FORBIDDEN);
	return true;
}

/* Start what may start now. */
static void start_attempts(struct dialler *r, int64_t now)
{
	struct endpoint to = { .port = r->port };

	while (r->tries_left > 0 && now >= first_start_ms(r) &&
	       (r->attempts == NULL || now >= r->next_start_ms) &&
	       dial_queue_take(&r->queue, &to.ip)) {
		if (is_forbidden(r, &to))
			continue;
		r->tries_left--;
		start_attempt(r, &to, limit_from(now, r->connect_timeout_ms), r->retries, now);
	}
}

static enum err outcome(const struct attempt *a, int64_t now)
{
	if (a->stream->ready & EV_ERROR) {
		const enum err e = sock_connected(a->stream->event.fd);

		/* Hung up without an error: connected and reset already. */
		return e != ERR_NONE ? e : ERR_RESET;
	}
	return now >= a->deadline_ms && !stream_is_writable(a->stream) ? ERR_TIMEOUT : ERR_NONE;
}

/* Take out those that failed. The one that stands, if any, is returned. */
static struct attempt *look_at_attempts(struct dialler *r, int64_t now)
{
	struct attempt **at = &r->attempts, *a;

	while ((a = *at) != NULL) {
		const enum err e = outcome(a, now);

		if (e == ERR_NONE && stream_is_writable(a->stream))
			return a;
		if (e == ERR_NONE) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		stream_close(&a->stream, false);
		note_failure(r, e);
		/* connect_retries: the same address again, within what is left of its time. */
		if (a->retries_left > 0 && now < a->deadline_ms)
			start_attempt(r, &a->to, a->deadline_ms, a->retries_left - 1, now);
		free(a);
	}
	return NULL;
}

/* --- the whole -------------------------------------------------------------------------------- */

static enum op_status succeed(struct dialler *r, struct attempt *a)
{
	struct dial *d = r->dial;

	d->stream = a->stream;
	d->stream->owner = NULL;
	d->stream->tally = r->tally;
	r->tally = NULL;
	d->at = a->to;
	d->err = ERR_NONE;
	a->stream = NULL; /* the others, and this one's shell, go with the dialler */
	dialler_free(r);
	return OP_READY;
}

static enum op_status fail(struct dialler *r, enum err e)
{
	note_dns_time(r);
	r->dial->err = e;
	dialler_free(r);
	return OP_FAILED;
}

/* Why nothing is left to try. */
static enum err reason(const struct dialler *r)
{
	if (r->err != ERR_NONE)
		return r->err;
	if (r->has_name && r->dial->tries == 0)
		return dns_err_of(r->a.answer, r->aaaa.answer);
	return ERR_UNREACHABLE;
}

static void set_timer(struct dialler *r, int64_t now)
{
	int64_t at = r->deadline_ms;

	for (const struct attempt *a = r->attempts; a != NULL; a = a->next)
		at = MIN(at, a->deadline_ms);
	if (!dial_queue_is_empty(&r->queue) && r->tries_left > 0)
		at = MIN(at, r->attempts != NULL ? MAX(r->next_start_ms, first_start_ms(r))
		                                 : first_start_ms(r));
	if (at == NEVER)
		timer_cancel(r->loop, &r->timer);
	else
		timer_arm(r->loop, &r->timer, MAX(at - now, (int64_t)1));
}

static enum op_status advance(struct dialler *r)
{
	const int64_t now = loop_now_ms(r->loop);

	absorb_answers(r, now);
	struct attempt *won = look_at_attempts(r, now);

	if (won != NULL)
		return succeed(r, won);
	if (now >= r->deadline_ms)
		return fail(r, dial_more_telling(r->err, r->dial->tries == 0 ? ERR_DNS_TIMEOUT
		                                                             : ERR_TIMEOUT));
	start_attempts(r, now);
	if (r->attempts == NULL && are_names_known(r) &&
	    (dial_queue_is_empty(&r->queue) || r->tries_left == 0))
		return fail(r, reason(r));
	/* Tries used up while a lookup is under way: its answer would not help. */
	if (r->attempts == NULL && r->tries_left == 0)
		return fail(r, reason(r));
	set_timer(r, now);
	return OP_PENDING;
}

static void on_news(struct task *t)
{
	struct dialler *r = CONTAINER_OF(t, struct dialler, task);
	struct dial *d = r->dial;

	CHECK_OBJ(r, DIALLER_MAGIC);
	const enum op_status s = advance(r);

	if (s != OP_PENDING)
		op_complete(&d->op, s);
}

static void on_time(struct timer *t)
{
	struct dialler *r = CONTAINER_OF(t, struct dialler, timer);

	task_schedule(r->loop, &r->task);
}

static void cancel(struct op *op)
{
	struct dial *d = CONTAINER_OF(op, struct dial, op);

	dialler_free(d->state);
	d->err = ERR_CANCELLED;
}

static struct dialler *dialler_new(struct dial *d, struct loop *l, const struct dial_request *q)
{
	struct dialler *r;
	const int64_t now = loop_now_ms(l);

	OBJ_NEW(r, DIALLER_MAGIC);
	r->dial = d;
	r->loop = l;
	r->port = q->port;
	r->tries_left = MAX(q->max_tries, 1U);
	r->retries = MIN(q->connect_retries, RETRIES_MAX);
	r->recv_bufsize = (int)MIN(MAX(q->recv_bufsize, (int64_t)0), (int64_t)INT32_MAX);
	r->guard = q->guard;
	r->tally = q->tally;
	r->connect_timeout_ms = q->connect_timeout_ms;
	r->attempt_delay_ms = MAX(q->attempt_delay_ms, (int64_t)1);
	r->deadline_ms = limit_from(now, q->forward_timeout_ms);
	r->has_from4 = q->from4 != NULL;
	r->has_from6 = q->from6 != NULL;
	if (r->has_from4)
		r->from4 = *q->from4;
	if (r->has_from6)
		r->from6 = *q->from6;
	if (q->marks != NULL)
		r->marks = *q->marks;
	task_init(&r->task, on_news);
	timer_init(&r->timer, on_time);
	return r;
}

enum op_status dial_start(struct dial *d, struct dns *dns, struct loop *l,
                          const struct dial_request *q, struct task *waiter)
{
	*d = (struct dial){ 0 };
	op_start(&d->op, l, waiter, cancel);
	struct dialler *r = dialler_new(d, l, q);

	d->state = r;
	if (q->n_ips != 0) {
		dial_queue_add(&r->queue, q->ips, q->n_ips);
	} else {
		r->has_name = true;
		r->dns_start_us = loop_precise_us(l);
		dns_lookup(dns, q->share, q->host, DNS_AAAA, &r->aaaa, &r->task);
		dns_lookup(dns, q->share, q->host, DNS_A, &r->a, &r->task);
	}
	const enum op_status s = advance(r);

	d->op.status = s;
	return s;
}
