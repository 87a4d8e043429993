/*
 * The steps that ask policy: who may ask, who may be asked, and what may come back.
 */
#include "proxy/txn.h"

#include "base/counters.h"
#include "header/forward.h"

/* In words what decided, since the rules may go before the log line is written. */
static void name_rule(struct txn *t, const struct trail *trail)
{
	t->rule_place = SPAN_NULL;
	if (trail->rule == NULL) {
		t->rule = arena_printf(&t->arena, "%s (no rule matched)", trail->directive);
	} else {
		t->rule = arena_printf(&t->arena, "%s %.*s", trail->directive,
		                       SPAN_ARG(acl_rule_text(trail->rule)));
	}
	if (trail->place.file != NULL)
		t->rule_place =
			arena_printf(&t->arena, "%s:%u", trail->place.file, trail->place.line);
}

static void keep_rule(struct txn *t, const struct trail *trail)
{
	t->rule_denied = true;
	t->last_acl = trail->last_acl;
	name_rule(t, trail);
}

static struct span detail_of(const struct trail *trail)
{
	return span_str(trail->detail != NULL ? trail->detail : "");
}

struct machine_next txn_refuse_undecided(struct txn *t, const struct trail *trail)
{
	keep_rule(t, trail);
	t->result = LOG_TCP_DENIED;
	return TXN_FAIL(t, UNDECIDED, detail_of(trail));
}

static void note_verdict(struct txn *t, enum verdict v, const struct trail *trail)
{
	if (t->step != TXN_ACCESS)
		return;
	t->verdict = v == VERDICT_ALLOW ? LOG_VERDICT_ALLOW : LOG_VERDICT_DENY;
	if (v == VERDICT_ALLOW && log_conf_wants_rules(&t->snapshot->log))
		name_rule(t, trail);
}

/* --- the client ------------------------------------------------------------------------------- */

/*
 * From the address that connected to the one behind it, and on as long as the rules trust the one
 * that was reached. Each is judged with src being it.
 */
struct machine_next txn_step_follow_client(struct txn *t)
{
	const struct header_conf *c = &t->snapshot->header;
	struct trail trail = { 0 };
	struct endpoint at = { .port = 0 };
	enum verdict v;

	if (c->follow_x_forwarded_for == NULL ||
	    http_head_get(&t->request, HTTP_F_X_FORWARDED_FOR) == NULL)
		return TXN_GO(VERIFY_HOST);
	if (t->xff.head == NULL)
		xff_walk_begin(&t->xff, &t->request);
	for (;;) {
		if (txn_decide(t, c->follow_x_forwarded_for, VERDICT_DENY, &v, &trail) ==
		    OP_PENDING)
			return TXN_WAIT(FOLLOW_CLIENT);
		if (v == VERDICT_UNDECIDED)
			return txn_refuse_undecided(t, &trail);
		if (v != VERDICT_ALLOW || !xff_walk_next(&t->xff, &at.ip))
			break;
		txn_facts_set_src(t, &at);
	}
	if (t->xff.met_nonsense)
		count(COUNT_CLIENT_XFF_NONSENSE);
	if (c->log_uses_indirect_client)
		t->client.ip = t->facts.src.ip;
	if (!c->acl_uses_indirect_client)
		txn_facts_set_src(t, &t->session->peer);
	return TXN_GO(VERIFY_HOST);
}

/* --- the request ------------------------------------------------------------------------------ */

/* Ask a list whether the request may go on to `next`; a refusal by it ends as `denied`. */
static struct machine_next ask(struct txn *t, const struct acl_rules *rules,
                               enum verdict when_empty, enum txn_step next, enum why denied,
                               enum log_result result)
{
	struct trail trail = { 0 };
	enum verdict v;

	if (txn_decide(t, rules, when_empty, &v, &trail) == OP_PENDING)
		return MACHINE_NEXT(MACHINE_WAIT, t->step);
	note_verdict(t, v, &trail);
	if (t->step == TXN_ACCESS)
		txn_shadow_access(t, v);
	if (v == VERDICT_ALLOW) {
		if (t->step == TXN_ACCESS)
			t->allowed_by = trail.rule;
		return MACHINE_NEXT(MACHINE_GO, next);
	}
	keep_rule(t, &trail);
	t->result = (uint8_t)result;
	if (v == VERDICT_UNDECIDED)
		return TXN_FAIL(t, UNDECIDED, detail_of(&trail));
	count(COUNT_CLIENT_DENIED);
	txn_fail(t, denied, SPAN_NULL);
	return TXN_GO(SEND_ERROR);
}

struct machine_next txn_step_access(struct txn *t)
{
	return ask(t, t->snapshot->acl.http_access, VERDICT_DENY, TXN_ACCESS_ADAPTED, WHY_DENIED,
	           LOG_TCP_DENIED);
}

/*
 * For what redirectors and content adaptation make of a request; without them it sees the same one.
 */
struct machine_next txn_step_access_adapted(struct txn *t)
{
	const struct acl_rules *rules = t->snapshot->proxy.access.adapted_http_access;

	if (rules == NULL)
		return TXN_GO(ALLOWED);
	return ask(t, rules, VERDICT_ALLOW, TXN_ALLOWED, WHY_DENIED, LOG_TCP_DENIED);
}

struct machine_next txn_step_allowed(struct txn *t)
{
	const struct http_head *h = &t->request;

	t->result = t->is_connect ? LOG_TCP_TUNNEL : LOG_TCP_MISS;
	if (t->is_manager && h->method != HTTP_PURGE)
		return TXN_GO(ANSWER_HERE);
	if (forward_is_loop(h, &t->snapshot->identity))
		return TXN_FAIL(t, LOOP, SPAN_NULL);
	/* RFC 9110 7.6.2: the last recipient answers itself. */
	if (t->max_forwards == 0)
		return TXN_GO(ANSWER_HERE);
	/* As in Squid: for whoever was allowed, but only if some acl has the method in mind. */
	if (h->method == HTTP_PURGE) {
		if (acl_conf_names_purge(&t->snapshot->acl))
			return TXN_GO(PURGE);
		t->result = LOG_TCP_DENIED;
		count(COUNT_CLIENT_DENIED);
		return TXN_FAIL(t, DENIED, SPAN("no acl names the method PURGE"));
	}
	if (!t->is_connect && t->uri.scheme != URI_HTTP)
		return TXN_FAIL(t, SCHEME, t->uri.scheme_text);
	if (txn_cache_is_for(t))
		return TXN_GO(CACHE_POLICY);
	/* RFC 9111 5.2.1.7: it is not in the store, whatever it is. */
	if (!t->is_connect && http_head_has_token(h, HTTP_F_CACHE_CONTROL, SPAN("only-if-cached")))
		return TXN_FAIL(t, ONLY_IF_CACHED, SPAN_NULL);
	return TXN_GO(MISS_ACCESS);
}

/*
 * Who may only read the cache is told by the address that connected: a neighbour cannot speak for
 * its clients here. Squid logs a refused CONNECT without a code.
 */
struct machine_next txn_step_miss_access(struct txn *t)
{
	const struct acl_rules *rules = t->snapshot->proxy.access.miss_access;

	if (rules == NULL)
		return TXN_GO(ALWAYS_DIRECT);
	/* It may wait, and comes here again with the other address in the facts. */
	if (!t->has_asker)
		t->asker = t->facts.src;
	t->has_asker = true;
	txn_facts_set_src(t, &t->session->peer);
	const struct machine_next n =
		ask(t, rules, VERDICT_ALLOW, TXN_ALWAYS_DIRECT, WHY_FORWARDING_DENIED,
	            t->is_connect ? LOG_NONE_NONE : LOG_TCP_MISS);

	if (n.kind == MACHINE_GO)
		txn_facts_set_src(t, &t->asker);
	return n;
}

/* --- the reply -------------------------------------------------------------------------------- */

bool txn_answers_connect(const struct txn *t)
{
	return t->is_connect && (t->result == LOG_TCP_TUNNEL || t->why == WHY_FORWARDING_DENIED);
}

bool txn_tells_of_denial(const struct txn *t)
{
	return t->result == LOG_TCP_DENIED || t->is_reply_refused;
}

/*
 * What is not judged, as in Squid: the page about a denial; what answers a CONNECT that was
 * allowed; and replies that only say that there is nothing.
 */
static bool is_beyond_judgement(const struct txn *t)
{
	return txn_tells_of_denial(t) || txn_answers_connect(t) || t->reply.status == 204 ||
	       t->reply.status == 304;
}

bool txn_interim_access(struct txn *t, bool *allows)
{
	struct trail trail = { 0 };
	enum verdict v;

	if (txn_decide(t, t->snapshot->proxy.access.http_reply_access, VERDICT_ALLOW, &v, &trail) ==
	    OP_PENDING)
		return false;
	*allows = v == VERDICT_ALLOW;
	if (!*allows)
		count(COUNT_REPLY_DENIED);
	return true;
}

/* Whatever ended the transaction before: this is what the client is told now. */
static struct machine_next refuse_reply(struct txn *t, enum why why, struct span detail)
{
	count(COUNT_REPLY_DENIED);
	t->is_reply_refused = true;
	t->result = LOG_TCP_DENIED_REPLY;
	t->why = why;
	t->detail = detail;
	return TXN_GO(SEND_ERROR);
}

struct machine_next txn_refuse_reply_undecided(struct txn *t, const struct trail *trail)
{
	keep_rule(t, trail);
	return refuse_reply(t, WHY_UNDECIDED, detail_of(trail));
}

/* The limit for this reply's body in bytes, INT64_MAX: none. OP_PENDING: t->op is set. */
static enum op_status find_limit(struct txn *t, int64_t *max)
{
	*max = INT64_MAX;
	for (const struct reply_limit *l = t->snapshot->proxy.access.reply_limits; l != NULL;
	     l = l->next) {
		struct trail trail = { 0 };
		enum verdict v;

		if (txn_decide(t, l->terms, VERDICT_ALLOW, &v, &trail) == OP_PENDING)
			return OP_PENDING;
		/* What could not be told must not lift a limit. */
		if (v != VERDICT_ALLOW && v != VERDICT_UNDECIDED)
			continue;
		*max = l->max_bytes;
		break;
	}
	return OP_READY;
}

/*
 * Does the reply say that it is longer than that? A limit of 0 leaves nothing to be found out
 * later.
 */
static bool is_too_long(const struct txn *t, int64_t max)
{
	switch (t->reply_framing.kind) {
	case HTTP_BODY_NONE:
		return false;
	case HTTP_BODY_LENGTH:
		return t->reply_framing.length > (uint64_t)max;
	case HTTP_BODY_CHUNKED:
	case HTTP_BODY_CLOSE:
		return max == 0;
	}
	UNREACHABLE("framing");
}

struct machine_next txn_step_reply_access(struct txn *t)
{
	const struct access_conf *c = &t->snapshot->proxy.access;
	struct trail trail = { 0 };
	enum verdict v;
	int64_t max;

	const bool asks = c->reply_limits != NULL || c->http_reply_access != NULL ||
	                  t->snapshot->shadow != NULL;

	if (!asks || is_beyond_judgement(t))
		return TXN_GO(REPLY_FIELDS);
	if (find_limit(t, &max) == OP_PENDING)
		return TXN_WAIT(REPLY_ACCESS);
	if (is_too_long(t, max))
		return refuse_reply(t, WHY_REPLY_TOO_LARGE, SPAN_NULL);
	if (txn_decide(t, c->http_reply_access, VERDICT_ALLOW, &v, &trail) == OP_PENDING)
		return TXN_WAIT(REPLY_ACCESS);
	txn_shadow_reply(t, v);
	if (v == VERDICT_UNDECIDED)
		return txn_refuse_reply_undecided(t, &trail);
	if (v != VERDICT_ALLOW) {
		keep_rule(t, &trail);
		return refuse_reply(t, WHY_DENIED, SPAN_NULL);
	}
	if (t->source != &t->own_body && max != INT64_MAX &&
	    t->source->framing.kind != HTTP_BODY_LENGTH)
		t->source->max_bytes = (uint64_t)max;
	return TXN_GO(REPLY_FIELDS);
}
