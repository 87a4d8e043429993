/*
 * Peers' states.
 */
#include "peer/peer.h"

#include "base/oplog.h"

static void add(_Atomic uint64_t *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

static void leave(struct stream_tally *t)
{
	struct peer_state *s = CONTAINER_OF(t, struct peer_state, tally);

	atomic_fetch_sub_explicit(&s->open, 1, memory_order_relaxed);
	peer_state_unref(&s);
}

struct peer_state *peer_state_new(void)
{
	struct peer_state *s = check_calloc(1, sizeof(*s));

	s->tally.leave = leave;
	atomic_init(&s->refs, 1);
	return s;
}

struct peer_state *peer_state_ref(struct peer_state *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void peer_state_unref(struct peer_state **sp)
{
	struct peer_state *s = *sp;

	*sp = NULL;
	/* Acquire and release pair among the holders: the last one sees what all did. */
	if (s != NULL && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
		free(s);
}

void peers_inherit(struct peer *now, const struct peer *old)
{
	for (struct peer *p = now; p != NULL; p = p->next) {
		const struct peer *o = old;

		while (o != NULL && (strcmp(o->name, p->name) != 0 ||
		                     strcmp(o->host, p->host) != 0 || o->port != p->port))
			o = o->next;
		if (o == NULL)
			continue;
		peer_state_unref(&p->state);
		p->state = peer_state_ref(o->state);
	}
}

void peers_free(struct peer **list)
{
	while (*list != NULL) {
		struct peer *p = *list;

		*list = p->next;
		acl_rules_free(&p->access);
		peer_state_unref(&p->state);
		free(p->name);
		free(p->host);
		if (p->credentials != NULL)
			explicit_bzero(p->credentials, strlen(p->credentials));
		free(p->credentials);
		free(p->forced_host);
		free(p);
	}
}

bool peer_has_room(const struct peer *p)
{
	return p->max_conn == 0 ||
	       atomic_load_explicit(&p->state->open, memory_order_relaxed) < p->max_conn;
}

struct stream_tally *peer_reserve(const struct peer *p)
{
	struct peer_state *s = peer_state_ref(p->state);
	const unsigned before = atomic_fetch_add_explicit(&s->open, 1, memory_order_relaxed);

	if (p->max_conn == 0 || before < p->max_conn)
		return &s->tally;
	leave(&s->tally);
	return NULL;
}

void peer_count_request(const struct peer *p)
{
	add(&p->state->requests);
}

/* Whoever changes it, tells; the others find it done. */
static bool set_down(const struct peer *p, bool is_down, int64_t now_us)
{
	struct peer_state *s = p->state;

	if (atomic_exchange_explicit(&s->is_down, is_down, memory_order_relaxed) == is_down)
		return false;
	atomic_store_explicit(&s->changed_us, now_us, memory_order_relaxed);
	if (is_down)
		add(&s->deaths);
	return true;
}

void peer_connected(const struct peer *p, int64_t now_us)
{
	struct peer_state *s = p->state;

	add(&s->connects);
	/* Read first: a line of memory that nobody writes is shared by all workers. */
	if (atomic_load_explicit(&s->fails, memory_order_relaxed) != 0)
		atomic_store_explicit(&s->fails, 0, memory_order_relaxed);
	if (!peer_is_up(p) && set_down(p, false, now_us))
		oplog(OPLOG_NOTICE, "cache_peer %s is up again", p->name);
}

void peer_failed(const struct peer *p, int64_t now_us)
{
	struct peer_state *s = p->state;

	add(&s->connect_fails);
	const unsigned fails = atomic_fetch_add_explicit(&s->fails, 1, memory_order_relaxed) + 1;

	if (fails >= p->fail_limit && set_down(p, true, now_us))
		oplog(OPLOG_WARNING,
		      "cache_peer %s (%s:%u) is down: %u connects in a row failed; it is tried "
		      "again in the background",
		      p->name, p->host, p->port, fails);
}
