/*
 * Where a transaction goes: the ways that come into question, one after the other, and the floor
 * under policy (net/floor.h) as this request meets it.
 */
#include "base/counters.h"
#include "proxy/client_db.h"
#include "proxy/txn.h"

/* --- the floor ------------------------------------------------------------------------------- */

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

/* --- choosing -------------------------------------------------------------------------------- */

static bool acls_match(void *arg, const struct acl_rules *acls)
{
	struct trail trail = { 0 };

	return txn_decide_now(arg, acls, VERDICT_DENY, &trail) == VERDICT_ALLOW;
}

static void mark_client(struct txn *t)
{
	struct sock_marks marks;

	if (outgoing_choose_client(&t->snapshot->peer.outgoing, acls_match, t, &marks))
		(void)sock_set_marks(t->session->client->event.fd, &marks);
}

struct machine_next txn_step_route(struct txn *t)
{
	const struct net_conf *c = &t->snapshot->net;

	mark_client(t);
	t->forward_end_ms = c->forward_timeout_ms > 0
	                            ? loop_now_ms(t->worker->loop) + c->forward_timeout_ms
	                            : 0;
	t->tries_left = (unsigned)MIN(MAX(c->forward_max_tries, (int64_t)1), (int64_t)UINT16_MAX);
	return TXN_GO(WAY);
}

/* --- one way --------------------------------------------------------------------------------- */

/* What an idle connection must have in common with the one that would be opened. */
static struct span pool_key(struct txn *t, const struct fetch_way *w)
{
	char *key = arena_alloc(&t->arena, w->host.n + 1 + U64_DIGITS_MAX + 1 + OUTGOING_KEY_MAX);
	char *at = key + w->host.n;

	memcpy(key, w->host.p, w->host.n);
	*at++ = ':';
	at = span_print_u64(at, w->port);
	*at++ = '/';
	return span_of(key, (size_t)(outgoing_print_key(at, &w->outgoing) - key));
}

static void go_direct(struct txn *t, struct fetch_way *w)
{
	const bool is_judged = t->facts.state[FACT_DST_ADDRS] == FACT_VALUE;

	w->host = t->uri.host;
	w->port = t->uri.port;
	w->ips = is_judged ? t->facts.dst : NULL;
	w->n_ips = is_judged ? t->facts.n_dst : 0;
	w->guard = floor_guard(t);
	w->connect_timeout_ms = t->snapshot->net.connect_timeout_ms;
}

struct machine_next txn_step_way(struct txn *t)
{
	struct fetch_way *w = &t->way;

	*w = (struct fetch_way){ .max_tries = t->tries_left,
		                 .share = client_db_lookups(t->session->holder) };
	go_direct(t, w);
	if (txn_facts_lack_addresses(t))
		return TXN_GO(SEND_ERROR);
	outgoing_choose(&t->snapshot->peer.outgoing, acls_match, t, &w->outgoing);
	w->key = pool_key(t, w);
	w->forward_timeout_ms =
		t->forward_end_ms == 0
			? 0
			: MAX(t->forward_end_ms - loop_now_ms(t->worker->loop), (int64_t)1);
	return t->is_connect ? TXN_GO(TUNNEL_DIAL) : TXN_GO(OFFER_UPGRADE);
}
