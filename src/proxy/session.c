/*
 * Sessions: waiting, handing requests to transactions, lingering, closing.
 */
#include "proxy/session.h"

#include "base/budget.h"
#include "base/counters.h"
#include "proxy/client_db.h"
#include "proxy/process.h"
#include "proxy/txn.h"

#define SESSION_MAGIC 0x5e5510f1u

/*
 * A closing session reads at most this much, for at most this long, so that its last reply is seen.
 */
#define LINGER_BYTES (1u << 20)
#define LINGER_MS    2000
/*
 * An idle connection of a draining worker stays this long: until the next wait has told whether a
 * request was in the socket already. Else it would be answered by a reset.
 */
#define DRAIN_MS 1

/* What a connection costs while it is idle: itself, its stream, and roughly what malloc adds. */
#define SESSION_BYTES (sizeof(struct session) + sizeof(struct stream) + 64)

static void session_task(struct task *task);
static void session_timer(struct timer *timer);
static void session_life_over(struct timer *timer);

/* --- annotations ------------------------------------------------------------------------------ */

struct session_notes {
	struct arena arena;
	struct notes notes;
};

static void session_notes_free(struct session_notes **np)
{
	struct session_notes *n = *np;

	*np = NULL;
	if (n == NULL)
		return;
	arena_fini(&n->arena);
	free(n);
}

const struct notes *session_notes(const struct session *s)
{
	return s->notes != NULL ? &s->notes->notes : NULL;
}

static bool has_note(const struct notes *notes, const struct acl_effect *e)
{
	for (const struct note *n = notes->first; n != NULL; n = n->next)
		if (span_eq(n->name, e->name) && span_eq(n->value, e->value))
			return true;
	return false;
}

/*
 * Each time into a new arena, so that a connection of many requests holds no more than its notes.
 */
void session_annotate(struct session *s, const struct acl_effect *effects)
{
	struct session_notes *old = s->notes, *new = check_calloc(1, sizeof(*new));
	const struct note *n = old != NULL ? old->notes.first : NULL;

	arena_init(&new->arena);
	for (; n != NULL; n = n->next)
		notes_add(&new->notes, &new->arena, n->name, n->value);
	for (const struct acl_effect *e = effects; e != NULL; e = e->next) {
		struct acl_effect one = *e;

		one.next = NULL;
		if (!e->is_append || !has_note(&new->notes, e))
			acl_effects_apply(&one, &new->notes, &new->arena, true);
	}
	session_notes_free(&s->notes);
	s->notes = new;
}

/* --- life ------------------------------------------------------------------------------------- */

static void session_free(struct session *s)
{
	struct worker *w = s->worker;

	CHECK(s->txn == NULL);
	task_cancel(&s->task);
	timer_cancel(w->loop, &s->timer);
	timer_cancel(w->loop, &s->life);
	port_unref(&s->port);
	client_db_leave(w->proxy->clients, &s->holder);
	budget_give(BUDGET_CONNECTION, SESSION_BYTES);
	buffer_give(w->buffers, &s->in);
	fetch_pin_drop(&s->pin);
	session_notes_free(&s->notes);
	list_remove(&s->link);
	w->n_sessions--;
	OBJ_FREE(s, SESSION_MAGIC);
	worker_one_less(w);
}

static void session_close(struct session *s, bool abort)
{
	stream_close(&s->client, abort);
	session_free(s);
}

/* Wait for the first byte of a request. */
static void session_wait(struct session *s)
{
	const struct proxy_conf *c = &s->worker->snapshot->proxy;

	s->state = SESSION_WAITING;
	if (s->in != NULL && s->in->n == 0)
		buffer_give(s->worker->buffers, &s->in);
	timer_arm(s->worker->loop, &s->timer,
	          s->n_txns == 0 ? c->request_start_timeout_ms : c->client_idle_pconn_timeout_ms);
	stream_set_owner(s->client, &s->task);
}

/* May this client hold one more connection, and is there memory for it? */
static bool admit(struct worker *w, const struct endpoint *peer, struct client **holder)
{
	const int64_t most = w->snapshot->proxy.client_ip_max_connections;

	*holder = NULL;
	if (!budget_take(BUDGET_CONNECTION, SESSION_BYTES))
		return false;
	/*
	 * Counted whether or not there is a limit: the next configuration may have one, or an acl
	 * maxconn.
	 */
	if ((*holder = client_db_enter(w->proxy->clients, &peer->ip, most)) != NULL)
		return true;
	budget_give(BUDGET_CONNECTION, SESSION_BYTES);
	return false;
}

/* It is one of its worker's from now on. */
static void begin(struct session *s)
{
	struct worker *w = s->worker;

	task_init(&s->task, session_task);
	timer_init(&s->timer, session_timer);
	timer_init(&s->life, session_life_over);
	timer_arm(w->loop, &s->life, w->snapshot->proxy.client_lifetime_ms);
	list_init(&s->link);
	list_push_back(&w->sessions, &s->link);
	w->n_sessions++;
}

void session_open(struct worker *w, struct port *port, int fd, const struct endpoint *peer,
                  const struct endpoint *local)
{
	struct session *s;

	struct client *holder;

	if (!admit(w, peer, &holder)) {
		count(COUNT_ACCEPT_REFUSED);
		sock_close(fd);
		return;
	}
	OBJ_NEW(s, SESSION_MAGIC);
	if (stream_new(&s->client, w->loop, fd, peer) != ERR_NONE) {
		count(COUNT_ACCEPT_REFUSED);
		client_db_leave(w->proxy->clients, &holder);
		budget_give(BUDGET_CONNECTION, SESSION_BYTES);
		OBJ_FREE(s, SESSION_MAGIC);
		return;
	}
	s->holder = holder;
	s->worker = w;
	s->port = port_ref(port);
	s->peer = *peer;
	s->local = *local;
	s->id = w->next_id++;
	s->opened_ms = loop_now_ms(w->loop);
	begin(s);
	count(COUNT_CLIENT_CONNECTIONS);
	session_wait(s);
	if (w->is_draining) /* handed over just when that began */
		session_drain(s);
}

struct session *session_new_detached(const struct session *of)
{
	struct worker *w = of->worker;
	struct client *holder;
	struct session *s;

	/* The reserve is for those who wait. */
	if (w->is_draining || sock_is_in_reserve(sock_reserve_begins()) ||
	    !admit(w, &of->peer, &holder))
		return NULL;
	OBJ_NEW(s, SESSION_MAGIC);
	s->state = SESSION_BUSY;
	s->worker = w;
	s->holder = holder;
	s->port = port_ref(of->port);
	s->peer = of->peer;
	s->local = of->local;
	s->id = w->next_id++;
	s->n_txns = 1;
	s->opened_ms = loop_now_ms(w->loop);
	begin(s);
	return s;
}

static void begin_txn(struct session *s)
{
	timer_disarm(&s->timer); /* it stays in the heap until the next wait arms it again */
	s->state = SESSION_BUSY;
	s->n_txns++;
	txn_start(s);
}

/*
 * Throw away what the client still sends; close at its end, at a limit, or when time is over. Into
 * a buffer of its own: this must work where memory_limit refuses others.
 */
static void linger(struct session *s)
{
	char waste[4096];
	enum io io = IO_ERROR;
	size_t n;

	while (s->lingered_bytes < LINGER_BYTES) {
		io = stream_read(s->client, waste, sizeof(waste), &n);
		if (io != IO_OK)
			break;
		s->lingered_bytes += n;
	}
	if (io != IO_AGAIN)
		session_close(s, false);
}

static void session_task(struct task *task)
{
	struct session *s = CONTAINER_OF(task, struct session, task);

	CHECK_OBJ(s, SESSION_MAGIC);
	if (s->timed_out) {
		session_close(s, false);
		return;
	}
	switch (s->state) {
	case SESSION_WAITING:
		if (stream_is_readable(s->client) || s->in != NULL)
			begin_txn(s);
		else if (stream_is_hung_up(s->client))
			session_close(s, false);
		return;
	case SESSION_LINGERING:
		linger(s);
		return;
	case SESSION_BUSY:
		return;
	}
}

static void session_timer(struct timer *timer)
{
	struct session *s = CONTAINER_OF(timer, struct session, timer);

	if (s->state == SESSION_WAITING && stream_is_readable(s->client))
		return; /* a request came within the same turn: its task is on the queue */
	s->timed_out = true;
	task_schedule(s->worker->loop, &s->task);
}

static void session_life_over(struct timer *timer)
{
	struct session *s = CONTAINER_OF(timer, struct session, life);

	if (s->txn != NULL) {
		txn_expire(s->txn);
		return;
	}
	s->timed_out = true;
	task_schedule(s->worker->loop, &s->task);
}

static void session_linger(struct session *s)
{
	s->state = SESSION_LINGERING;
	buffer_give(s->worker->buffers, &s->in);
	stream_shutdown_write(s->client);
	timer_arm(s->worker->loop, &s->timer, LINGER_MS);
	stream_set_owner(s->client, &s->task);
	task_schedule(s->worker->loop, &s->task);
}

/*
 * RFC 9112 9.6: unread bytes would make the close a reset, which may take the last reply with it.
 */
static void session_end_reply(struct session *s)
{
	if (s->in != NULL || (stream_is_readable(s->client) && s->client->error == ERR_NONE))
		session_linger(s);
	else
		session_close(s, false);
}

void session_txn_ended(struct session *s, enum session_end end)
{
	CHECK_OBJ(s, SESSION_MAGIC);
	s->txn = NULL;
	switch (end) {
	case SESSION_KEEP:
		if (s->worker->is_draining) {
			session_end_reply(s);
			return;
		}
		session_wait(s);
		/* A pipelined request is there already: it gets its turn after the others. */
		if (s->in != NULL)
			task_schedule(s->worker->loop, &s->task);
		return;
	case SESSION_CLOSE:
		session_end_reply(s);
		return;
	case SESSION_LINGER:
		session_linger(s);
		return;
	case SESSION_ABORT:
		session_close(s, true);
		return;
	case SESSION_TAKEN:
		CHECK(s->client == NULL);
		session_free(s);
		return;
	}
}

void session_drain(struct session *s)
{
	CHECK_OBJ(s, SESSION_MAGIC);
	/* One that lingers has a reply on its way, and ends soon. */
	if (s->state == SESSION_WAITING)
		timer_arm(s->worker->loop, &s->timer, DRAIN_MS);
}

void session_let_go(struct session *s)
{
	CHECK_OBJ(s, SESSION_MAGIC);
	if (s->txn != NULL && s->txn->is_refresh)
		txn_expire(s->txn);
}

void session_kill(struct session *s)
{
	CHECK_OBJ(s, SESSION_MAGIC);
	if (s->txn != NULL)
		txn_abort(s->txn, WHY_SHUTDOWN);
	else
		session_close(s, true);
}
