/*
 * The steps that make heads: what is offered and sent to the origin, and the last changes to what
 * goes to the client.
 */
#include "proxy/txn.h"

#include "header/forward.h"
#include "proxy/fetch.h"

/* A list of rules for a field has its say. */
static bool ask_about_field(void *arg, const struct acl_rules *rules, enum verdict *v,
                            struct trail *trail)
{
	return txn_decide(arg, rules, VERDICT_ALLOW, v, trail) == OP_READY;
}

/* What the log would say by now. The reply counts as sent, since it will be in a moment. */
static struct log_rec record_so_far(void *arg, const struct log_fields *fields)
{
	struct txn *t = arg;
	const bool has_reply = t->has_reply;

	t->has_reply = t->reply.status != 0;
	const struct log_rec rec = txn_log_record_for(t, fields);

	t->has_reply = has_reply;
	return rec;
}

/* --- the request ------------------------------------------------------------------------------ */

/* Is the protocol allowed? The rules for its name are asked in order until one of them matches. */
static enum op_status ask_about_upgrade(struct txn *t, struct span protocol, bool *allows)
{
	const struct header_conf *c = &t->snapshot->header;

	*allows = false;
	for (;;) {
		struct trail trail = { 0 };
		enum verdict v;

		if (t->upgrade_at == NULL)
			t->upgrade_at = forward_upgrade_next(c, protocol, NULL);
		if (t->upgrade_at == NULL)
			return OP_READY;
		if (txn_decide(t, t->upgrade_at->rules, VERDICT_DENY, &v, &trail) == OP_PENDING)
			return OP_PENDING;
		if (trail.rule != NULL || v == VERDICT_UNDECIDED) {
			*allows = v == VERDICT_ALLOW;
			t->upgrade_at = NULL;
			return OP_READY;
		}
		t->upgrade_at = forward_upgrade_next(c, protocol, t->upgrade_at);
		if (t->upgrade_at == NULL)
			return OP_READY;
	}
}

/* Which of the protocols of the client's Upgrade are offered on. */
struct machine_next txn_step_offer_upgrade(struct txn *t)
{
	struct span element;
	bool allows;

	if (t->snapshot->header.upgrades == NULL || t->request.version < 11 ||
	    t->request_framing.kind != HTTP_BODY_NONE ||
	    http_head_get(&t->request, HTTP_F_UPGRADE) == NULL ||
	    !http_head_has_token(&t->request, HTTP_F_CONNECTION, SPAN("upgrade")))
		return TXN_GO(CHOOSE_REUSE);
	if (t->upgrade_rest.p == NULL)
		t->upgrade_rest = http_head_joined(&t->request, HTTP_F_UPGRADE);
	for (struct span rest = t->upgrade_rest; http_list_next(&rest, &element);
	     t->upgrade_rest = rest) {
		if (ask_about_upgrade(t, element, &allows) == OP_PENDING)
			return TXN_WAIT(OFFER_UPGRADE);
		if (allows)
			t->upgrade = t->upgrade.n == 0 ? element
			                               : arena_printf(&t->arena, "%.*s, %.*s",
			                                              SPAN_ARG(t->upgrade),
			                                              SPAN_ARG(element));
	}
	return TXN_GO(CHOOSE_REUSE);
}

/* May this request go out on a connection that has been idle? */
struct machine_next txn_step_choose_reuse(struct txn *t)
{
	const bool is_repeatable = http_method_is_idempotent(t->request.method) &&
	                           t->request_framing.kind == HTTP_BODY_NONE;
	struct trail trail = { 0 };
	enum verdict v = VERDICT_ALLOW;

	if (!t->snapshot->net.server_persistent_connections || t->upgrade.n != 0)
		return TXN_GO(REQUEST_FIELDS);
	if (!is_repeatable && txn_decide(t, t->snapshot->proxy.server_pconn_for_nonretriable,
	                                 VERDICT_DENY, &v, &trail) == OP_PENDING)
		return TXN_WAIT(CHOOSE_REUSE);
	t->may_reuse = v == VERDICT_ALLOW;
	return TXN_GO(REQUEST_FIELDS);
}

/* What a peer is told instead of, or beside, what a server is told. */
static void adapt_to_peer(const struct txn *t, struct forward_request *f)
{
	const struct peer *p = t->way.peer;
	const struct http_field *sent = http_head_get(&t->request, HTTP_F_PROXY_AUTHORIZATION);

	if (p == NULL)
		return;
	f->host = p->forced_host != NULL ? span_str(p->forced_host) : SPAN_NULL;
	if (!p->is_originserver) {
		f->passes_proxy_authorization = peer_passes_login(p);
		if (p->login == PEER_LOGIN_FIXED)
			f->proxy_authorization = span_str(p->credentials);
		return;
	}
	/* The client's credentials are for the server that it named, not for this one. */
	f->hides_authorization = !peer_passes_login(p);
	if (p->login == PEER_LOGIN_FIXED)
		f->authorization = span_str(p->credentials);
	else if (p->login == PEER_LOGIN_PROXYPASS && sent != NULL &&
	         http_head_get(&t->request, HTTP_F_AUTHORIZATION) == NULL &&
	         span_starts_nocase(sent->value, SPAN("basic ")))
		f->authorization = sent->value;
}

static struct http_head *outgoing_head(struct txn *t)
{
	struct http_head *h = arena_alloc(&t->arena, sizeof(*h));
	char ip[IP_TEXT_MAX];
	struct forward_request f = {
		.conf = &t->snapshot->header,
		.identity = &t->snapshot->identity,
		.uri = &t->uri,
		.client_ip = arena_dup(&t->arena, span_str(ip_text(&t->session->peer.ip, ip))),
		.framing = forward_framing(&t->request_framing, false),
		.upgrade = t->upgrade,
		.max_forwards = t->max_forwards > 0 ? t->max_forwards - 1 : -1,
	};

	adapt_to_peer(t, &f);
	http_head_init(h, &t->arena);
	forward_request(&t->request, h, &f);
	if (t->cache != NULL)
		txn_cache_adapt_request(t, h);
	if (!t->snapshot->net.server_persistent_connections && t->upgrade.n == 0)
		http_head_add(h, HTTP_F_CONNECTION, SPAN("close"));
	return h;
}

struct machine_next txn_step_request_fields(struct txn *t)
{
	const struct header_rules *rules = t->snapshot->header.request_rules;

	if (t->outgoing == NULL)
		t->outgoing = outgoing_head(t);
	if (!header_rules_decide(rules, t->outgoing, &t->request_pass, ask_about_field, t))
		return TXN_WAIT(REQUEST_FIELDS);
	if (t->request_pass.is_undecided)
		return txn_refuse_undecided(t, &t->request_pass.undecided);
	header_rules_apply(rules, t->outgoing, &t->request_pass, record_so_far, t);
	return TXN_GO(MISS);
}

/* --- the reply -------------------------------------------------------------------------------- */

bool txn_fields_of_reply(struct txn *t, struct http_head *h, struct header_pass *pass, bool adds)
{
	const struct header_rules *rules = t->snapshot->header.reply_rules;

	if (!header_rules_decide(rules, h, pass, ask_about_field, t))
		return false;
	header_rules_apply(rules, h, pass, adds ? record_so_far : NULL, t);
	return true;
}

/*
 * The last decisions are made: the head is printed, and whoever reads the body waits for its
 * stream.
 */
struct machine_next txn_step_reply_fields(struct txn *t)
{
	if (!txn_answers_connect(t) && !txn_fields_of_reply(t, &t->reply, &t->reply_pass, true))
		return TXN_WAIT(REPLY_FIELDS);
	if (t->reply_pass.is_undecided && !txn_tells_of_denial(t))
		return txn_refuse_reply_undecided(t, &t->reply_pass.undecided);
	txn_reply_begin(t);
	t->sink.drops_trailers = header_rules_remove(t->snapshot->header.reply_rules);
	if (t->fetch != NULL)
		fetch_hand_over(t->fetch, &t->task);
	txn_release_snapshot(t);
	return TXN_GO(SEND_BODY);
}
