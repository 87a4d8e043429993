/*
 * Where a transaction goes: the ways that come into question, one after the other, and the floor
 * under policy (net/floor.h) as this request meets it.
 */
#include "base/counters.h"
#include "http/serialise.h"
#include "net/conntrack.h"
#include "peer/peer_probe.h"
#include "proxy/client_db.h"
#include "proxy/txn.h"

/* --- the floor -------------------------------------------------------------------------------- */

static bool names_address(const void *rule, const struct ip *ip)
{
	return acl_rule_names_address(rule, ip);
}

static struct floor_guard floor_guard(const struct txn *t)
{
	return (struct floor_guard){ &t->worker->floor,
		                     t->allowed_by != NULL ? names_address : NULL, t->allowed_by };
}

void txn_forbidden(struct txn *t, struct span detail)
{
	count(COUNT_SSRF_DENIED);
	t->rule_denied = true;
	t->rule = SPAN("ssrf_protection");
	t->rule_place = SPAN_NULL;
	t->result = LOG_TCP_DENIED;
	txn_fail(t, WHY_FORBIDDEN_ADDRESS, detail);
}

/* --- one way ---------------------------------------------------------------------------------- */

/* Ask a list about the way; what it cannot tell ends the request in the step that asks. */
static bool allows(struct txn *t, const struct acl_rules *rules, enum verdict when_empty)
{
	struct trail trail = { 0 };
	const enum verdict v = txn_decide_now(t, rules, when_empty, &trail);

	if (v == VERDICT_UNDECIDED && t->undecided == NULL) {
		struct trail *kept = ARENA_NEW(&t->arena, struct trail);

		*kept = trail;
		t->undecided = kept;
	}
	return v == VERDICT_ALLOW;
}

static bool acls_match(void *arg, const struct acl_rules *acls)
{
	return allows(arg, acls, VERDICT_DENY);
}

static char *put(char *at, struct span s)
{
	memcpy(at, s.p, s.n);
	return at + s.n;
}

/* What an idle connection must have in common with the one that would be opened. */
static struct span pool_key(struct txn *t, const struct fetch_way *w)
{
	const struct peer *p = w->peer;
	const struct span login =
		p != NULL && p->credentials != NULL ? span_str(p->credentials) : SPAN("");
	char *key = arena_alloc(&t->arena, w->host.n + U64_DIGITS_MAX + w->name.n + login.n +
	                                           OUTGOING_KEY_MAX + 8);
	char *at = put(key, w->host);

	*at++ = ':';
	at = span_print_u64(at, w->port);
	*at++ = '/';
	if (p != NULL) {
		*at++ = 'P';
		at = put(at, w->name);
		*at++ = '\0';
		at = put(at, login);
		*at++ = '\0';
	}
	return span_of(key, (size_t)(outgoing_print_key(at, &w->outgoing) - key));
}

static void aim_direct(struct txn *t, struct fetch_way *w)
{
	const bool is_judged = t->facts.state[FACT_DST_ADDRS] == FACT_VALUE;

	w->name = w->host = t->uri.host;
	w->port = t->uri.port;
	w->ips = is_judged ? t->facts.dst : NULL;
	w->n_ips = is_judged ? t->facts.n_dst : 0;
	w->guard = floor_guard(t);
	w->connect_timeout_ms = t->snapshot->net.connect_timeout_ms;
}

static int64_t peer_timeout_ms(const struct txn *t, const struct peer *p)
{
	return p->connect_timeout_ms >= 0 ? p->connect_timeout_ms
	                                  : t->snapshot->peer.connect_timeout_ms;
}

/* The administrator's own address: no floor. */
static void aim_at_peer(struct txn *t, const struct peer *p, struct fetch_way *w)
{
	w->peer = p;
	w->name = arena_dup(&t->arena, span_str(p->name)); /* the log may outlive the peer */
	w->host = span_str(p->host);
	w->port = p->port;
	w->ips = p->has_ip ? &p->ip : NULL;
	w->n_ips = p->has_ip;
	w->connect_timeout_ms = peer_timeout_ms(t, p);
}

static void make_way(struct txn *t, const struct peer *p, enum log_hier hier, struct fetch_way *w)
{
	*w = (struct fetch_way){ .hier = hier,
		                 .max_tries = t->tries_left,
		                 .share = client_db_lookups(t->session->holder) };
	if (p != NULL)
		aim_at_peer(t, p, w);
	else
		aim_direct(t, w);
	t->facts.peer = p != NULL ? w->name : SPAN_NULL;
	t->facts.state[FACT_PEER] = p != NULL ? FACT_VALUE : FACT_ABSENT;
	outgoing_choose(&t->snapshot->peer.outgoing, acls_match, t, &w->outgoing);
	w->key = pool_key(t, w);
	w->forward_timeout_ms =
		t->forward_end_ms == 0
			? 0
			: MAX(t->forward_end_ms - loop_now_ms(t->worker->loop), (int64_t)1);
}

/* --- which ways ------------------------------------------------------------------------------- */

struct machine_next txn_step_always_direct(struct txn *t)
{
	const struct acl_rules *rules = t->snapshot->peer.always_direct;
	struct trail trail = { 0 };
	enum verdict v;

	if (rules == NULL)
		return TXN_GO(NEVER_DIRECT);
	if (txn_decide(t, rules, VERDICT_DENY, &v, &trail) == OP_PENDING)
		return TXN_WAIT(ALWAYS_DIRECT);
	if (v == VERDICT_UNDECIDED)
		return txn_refuse_undecided(t, &trail);
	if (v != VERDICT_ALLOW)
		return TXN_GO(NEVER_DIRECT);
	t->direct = ROUTE_DIRECT_ONLY;
	return TXN_GO(ROUTE);
}

struct machine_next txn_step_never_direct(struct txn *t)
{
	const struct acl_rules *rules = t->snapshot->peer.never_direct;
	struct trail trail = { 0 };
	enum verdict v = VERDICT_DENY;

	if (rules != NULL && txn_decide(t, rules, VERDICT_DENY, &v, &trail) == OP_PENDING)
		return TXN_WAIT(NEVER_DIRECT);
	/* What could not be decided stays on the safe side. */
	if (v == VERDICT_ALLOW || v == VERDICT_UNDECIDED)
		t->direct = ROUTE_DIRECT_NEVER;
	return TXN_GO(ROUTE);
}

static bool has_room(struct txn *t, const struct peer *p)
{
	const struct span before = t->facts.peer;
	const enum fact_state state = t->facts.state[FACT_PEER];
	struct fetch_way w;

	if (peer_has_room(p))
		return true;
	if (t->is_connect)
		return false;
	make_way(t, p, LOG_HIER_NONE, &w);
	/* No peer is chosen yet, and the rules of the next one must not see this one. */
	t->facts.peer = before;
	t->facts.state[FACT_PEER] = (uint8_t)state;
	return upstream_pool_has(t->worker->upstreams, w.key);
}

static bool may_use(struct txn *t, const struct peer *p)
{
	if (!peer_is_up(p)) {
		peer_probes_want(t->worker->probes, p, peer_timeout_ms(t, p));
		return false;
	}
	/* A web server opens no tunnels; but it may be the tunnel's other end. */
	if (p->is_originserver && t->is_connect && t->uri.port != p->port)
		return false;
	return allows(t, p->access, VERDICT_ALLOW) && has_room(t, p);
}

static bool is_hierarchical(const struct txn *t)
{
	return route_is_hierarchical(t->request.method == HTTP_GET, t->request.method == HTTP_TRACE,
	                             http_head_get(&t->request, HTTP_F_AUTHORIZATION) != NULL);
}

/* Fill t->ways. */
static void choose_ways(struct txn *t)
{
	const struct peer_conf *c = &t->snapshot->peer;
	struct route_question q = {
		.direct = t->direct,
		.is_hierarchical = is_hierarchical(t),
		.prefer_direct = c->prefer_direct,
		.nonhierarchical_direct = c->nonhierarchical_direct,
	};
	unsigned n = 0;

	for (const struct peer *p = c->peers; p != NULL; p = p->next)
		n++;
	struct route_peer *views = arena_alloc(&t->arena, (n + 1) * sizeof(*views));
	const struct peer **peers = arena_alloc(&t->arena, (n + 1) * sizeof(*peers));
	struct route_choice *choices = arena_alloc(&t->arena, (n + 1) * sizeof(*choices));

	for (const struct peer *p = c->peers; p != NULL; p = p->next) {
		peers[q.n_peers] = p;
		views[q.n_peers++] = (struct route_peer){
			.may_be_used = t->direct != ROUTE_DIRECT_ONLY && may_use(t, p),
			.is_default = p->is_default,
			.is_round_robin = p->is_round_robin,
			.picks = atomic_load_explicit(&p->state->picks, memory_order_relaxed),
			.weight = p->weight,
		};
	}
	q.peers = views;
	t->way_at = 0; /* it may have been here before: txn_step_load() */
	t->n_ways = route_choose(&q, choices);
	t->ways = choices;
	t->way_peers = peers;
	if (t->n_ways != 0 && choices[0].hier == LOG_ROUNDROBIN_PARENT)
		atomic_fetch_add_explicit(&peers[choices[0].peer]->state->picks, 1,
		                          memory_order_relaxed);
}

static void mark_client(struct txn *t)
{
	struct sock_marks marks;

	const struct outgoing_conf *c = &t->snapshot->peer.outgoing;

	if (outgoing_choose_client(c, acls_match, t, &marks))
		(void)sock_set_marks(t->session->client->event.fd, &marks);
	const struct outgoing_line *o = outgoing_choose_connmark(c, acls_match, t);

	if (o != NULL && conntrack_set_mark(&t->session->peer, &t->session->local, o->value,
	                                    o->mask) != ERR_NONE)
		count(COUNT_MARK_FAILS);
}

struct machine_next txn_step_route(struct txn *t)
{
	const struct net_conf *c = &t->snapshot->net;

	if (!t->is_refresh)
		mark_client(t);
	t->forward_end_ms = c->forward_timeout_ms > 0
	                            ? loop_now_ms(t->worker->loop) + c->forward_timeout_ms
	                            : 0;
	t->tries_left = (unsigned)MIN(MAX(c->forward_max_tries, (int64_t)1), (int64_t)UINT16_MAX);
	choose_ways(t);
	if (t->undecided != NULL)
		return txn_refuse_undecided(t, t->undecided);
	if (t->n_ways != 0)
		return TXN_GO(WAY);
	if (t->is_connect)
		t->result = LOG_NONE_NONE;
	return TXN_FAIL(t, CANNOT_FORWARD, SPAN_NULL);
}

/* --- one after the other ---------------------------------------------------------------------- */

struct machine_next txn_step_way(struct txn *t)
{
	const struct route_choice *c = &t->ways[t->way_at++];
	const struct peer *p = c->peer == ROUTE_DIRECT ? NULL : t->way_peers[c->peer];

	make_way(t, p, c->hier, &t->way);
	if (t->undecided != NULL)
		return txn_refuse_undecided(t, t->undecided);
	/* A peer may know the name. */
	if (p == NULL && t->facts.state[FACT_DST_ADDRS] == FACT_FAILED && t->way_at < t->n_ways)
		return TXN_GO(WAY);
	if (p == NULL && txn_facts_lack_addresses(t))
		return TXN_GO(SEND_ERROR);
	/* Rules may look at the peer, so what was decided for another one is decided anew. */
	t->upgrade = t->upgrade_rest = SPAN_NULL;
	t->upgrade_at = NULL;
	t->may_reuse = false;
	t->outgoing = NULL;
	t->request_pass = (struct header_pass){ 0 };
	if (!t->is_connect)
		return TXN_GO(OFFER_UPGRADE);
	return p != NULL && !p->is_originserver ? TXN_GO(REQUEST_FIELDS) : TXN_GO(TUNNEL_DIAL);
}

bool txn_has_another_way(struct txn *t, unsigned tries)
{
	t->tries_left -= MIN(tries, t->tries_left);
	return t->way_at < t->n_ways && t->tries_left != 0 && t->interim_bytes == 0 &&
	       (t->forward_end_ms == 0 || loop_now_ms(t->worker->loop) < t->forward_end_ms);
}
