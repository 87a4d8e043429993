/*
 * Facts for decisions: what a transaction knows, and the operations that find what it does not.
 */
#include "proxy/txn.h"

#include "base/counters.h"
#include "base/hash.h"
#include "net/conntrack.h"
#include "proxy/client_db.h"
#include "proxy/fetch.h"
#include "proxy/process.h"

/* Only for policies that ask: localtime_r() takes a lock of the whole process. */
static void fill_clock(struct txn *t)
{
	const time_t now = (time_t)(loop_wall_us(t->worker->loop) / 1000000);
	struct tm tm;

	if (localtime_r(&now, &tm) == NULL) {
		t->facts.state[FACT_CLOCK] = FACT_FAILED;
		return;
	}
	t->facts.weekday = (unsigned)tm.tm_wday;
	t->facts.minute = (unsigned)(tm.tm_hour * 60 + tm.tm_min);
	t->facts.state[FACT_CLOCK] = FACT_VALUE;
}

static void fill_request(struct txn *t)
{
	struct facts *f = &t->facts;

	if (t->request.version == 0) {
		f->state[FACT_REQUEST] = FACT_ABSENT;
		f->state[FACT_DST_ADDRS] = FACT_ABSENT;
		f->state[FACT_DST_NAME] = FACT_ABSENT;
		return;
	}
	f->state[FACT_REQUEST] = FACT_VALUE;
	f->method = t->request.method;
	f->method_name = t->request.method_name;
	f->request = &t->request;
	if (!t->has_uri) {
		f->state[FACT_DST_ADDRS] = FACT_ABSENT;
		f->state[FACT_DST_NAME] = FACT_ABSENT;
		return;
	}
	f->uri = &t->uri;
	f->url = t->url;
	f->url_decoded = uri_decode(t->url, &t->arena);
	if (t->uri.host_is_ip) {
		f->dst = &t->uri.ip;
		f->n_dst = 1;
		f->state[FACT_DST_ADDRS] = FACT_VALUE;
	} else {
		f->state[FACT_DST_NAME] = FACT_ABSENT;
	}
}

static void fill_notes(struct txn *t)
{
	const struct notes *of_client = session_notes(t->session);
	const struct note *n = of_client != NULL ? of_client->first : NULL;

	for (; n != NULL; n = n->next)
		notes_add(&t->notes, &t->arena, n->name, n->value);
	t->facts.notes = &t->notes;
	t->facts.state[FACT_NOTES] = FACT_VALUE;
}

/* What changes in a transaction's life, and is the same for the whole of a decision. */
static void fill_progress(struct txn *t)
{
	struct facts *f = &t->facts;
	const char *page = why_row(t->why)->page;

	if (t->has_reply) {
		f->reply = &t->reply;
		f->state[FACT_REPLY] = FACT_VALUE;
	}
	f->count_s = loop_wall_us(t->worker->loop) / 1000000;
	f->count_shard = t->worker->id;
	f->hier_code = span_str(log_hier_text(txn_hier(t)));
	f->state[FACT_HIER] = FACT_VALUE;
	if (page != NULL) {
		f->error = span_str(page);
		f->state[FACT_ERROR] = FACT_VALUE;
	}
}

void txn_facts_fill(struct txn *t)
{
	struct facts *f = &t->facts;

	if (f->state[FACT_SRC] != FACT_UNKNOWN) {
		fill_progress(t);
		return;
	}
	f->state[FACT_SRC] = f->state[FACT_LOCAL] = f->state[FACT_PORT_NAME] = FACT_VALUE;
	f->src = t->session->peer;
	f->local = t->session->local;
	f->port_name = span_str(t->session->port->name);
	f->state[FACT_REPLY] = FACT_ABSENT;
	f->state[FACT_USER] = FACT_ABSENT;
	f->state[FACT_PEER] = f->state[FACT_ERROR] = FACT_ABSENT;
	f->initiator = SPAN("client");
	f->state[FACT_INITIATOR] = FACT_VALUE;
	f->arena = &t->arena;
	fill_request(t);
	fill_notes(t);
	fill_progress(t);
	txn_log_begin(t);
}

void txn_facts_set_src(struct txn *t, const struct endpoint *src)
{
	struct facts *f = &t->facts;

	if (!ip_eq(&f->src.ip, &src->ip)) {
		op_cancel(&t->src_name.op);
		dns_answer_unref(&t->src_name.answer);
		t->src_name = (struct dns_query){ 0 };
		f->state[FACT_SRC_NAME] = FACT_UNKNOWN;
	}
	f->src = *src;
}

void txn_facts_set_reply(struct txn *t, const struct http_head *reply)
{
	t->facts.reply = reply;
	t->facts.state[FACT_REPLY] = reply != NULL ? FACT_VALUE : FACT_ABSENT;
}

bool txn_facts_lack_addresses(struct txn *t)
{
	if (t->facts.state[FACT_DST_ADDRS] != FACT_FAILED)
		return false;
	txn_fail(t, WHY_DNS_FAIL, span_str(err_text(t->dst.err)));
	return true;
}

static enum op_status find_addresses(struct txn *t)
{
	struct facts *f = &t->facts;

	if (!t->has_dst) {
		t->has_dst = true;
		t->dns_us = loop_precise_us(t->worker->loop);
		if (dns_addresses_start(t->worker->dns, client_db_lookups(t->session->holder),
		                        t->uri.host, &t->dst, &t->task) == OP_PENDING) {
			t->op = &t->dst.op;
			return OP_PENDING;
		}
	}
	t->dns_us = loop_precise_us(t->worker->loop) - t->dns_us;
	f->dst = t->dst.ips;
	f->n_dst = t->dst.n;
	f->state[FACT_DST_ADDRS] = t->dst.err == ERR_NONE ? FACT_VALUE : FACT_FAILED;
	return OP_READY;
}

static enum op_status find_name(struct txn *t, struct dns_query *q, const struct ip *ip,
                                enum fact fact, struct span *name)
{
	if (q->answer == NULL && q->op.status != OP_READY &&
	    dns_lookup_ptr(t->worker->dns, client_db_lookups(t->session->holder), ip, q,
	                   &t->task) == OP_PENDING) {
		t->op = &q->op;
		return OP_PENDING;
	}
	const bool found = q->answer != NULL && q->answer->err == ERR_NONE;

	if (found)
		*name = q->answer->name;
	t->facts.state[fact] = found ? FACT_VALUE : FACT_ABSENT;
	return OP_READY;
}

/*
 * Drawn when the first acl asks, and kept: the process's key makes it one that nobody can foretell.
 */
static void draw(struct txn *t)
{
	const int64_t about[] = { (int64_t)t->session->id, t->session->n_txns, t->started_us };

	t->facts.draw = hash_bytes(span_of((const char *)about, sizeof(about)));
	t->facts.state[FACT_DRAW] = FACT_VALUE;
}

static void find_mark(struct txn *t)
{
	struct facts *f = &t->facts;
	const enum err e = conntrack_mark(&t->session->peer, &t->session->local, &f->mark);

	if (e == ERR_NONE) {
		f->state[FACT_MARK] = FACT_VALUE;
	} else if (e == ERR_NOT_FOUND) {
		f->state[FACT_MARK] = FACT_ABSENT;
	} else {
		count(COUNT_ACL_MARK_FAILED);
		f->state[FACT_MARK] = FACT_FAILED;
	}
}

enum op_status txn_facts_find(struct txn *t, enum fact need)
{
	switch (need) {
	case FACT_DST_ADDRS:
		return find_addresses(t);
	case FACT_SRC_NAME:
		return find_name(t, &t->src_name, &t->facts.src.ip, need, &t->facts.src_name);
	case FACT_DST_NAME:
		return find_name(t, &t->dst_name, &t->uri.ip, need, &t->facts.dst_name);
	case FACT_CLOCK:
		fill_clock(t);
		return OP_READY;
	case FACT_DRAW:
		draw(t);
		return OP_READY;
	case FACT_CONNECTIONS:
		t->facts.connections =
			client_db_connections(t->worker->proxy->clients, t->session->holder);
		t->facts.state[FACT_CONNECTIONS] = FACT_VALUE;
		return OP_READY;
	case FACT_MARK:
		find_mark(t);
		return OP_READY;
	case FACT_SRC:
	case FACT_LOCAL:
	case FACT_PORT_NAME:
	case FACT_REQUEST:
	case FACT_REPLY:
	case FACT_USER:
	case FACT_NOTES:
	case FACT_PEER:
	case FACT_HIER:
	case FACT_INITIATOR:
	case FACT_ERROR:
	case FACT_N:
		break;
	}
	UNREACHABLE("a fact that is known from the start");
}

/* What a decision leaves behind. */
static void settle(struct txn *t, const struct trail *trail)
{
	bool is_for_client = false;

	for (const struct acl_effect *e = trail->effects; e != NULL; e = e->next)
		is_for_client = is_for_client || e->on_client;
	acl_effects_apply(trail->effects, &t->notes, &t->arena, false);
	if (is_for_client)
		session_annotate(t->session, trail->effects);
	if (trail->reported != NULL) {
		const struct conf_place at = acl_rule_place(trail->reported);

		count(COUNT_ACL_REPORTED);
		if (t->reported.p == NULL)
			t->reported = arena_printf(&t->arena, "%s %.*s (%s:%u)", trail->directive,
			                           SPAN_ARG(acl_rule_text(trail->reported)),
			                           at.file, at.line);
	}
}

/*
 * What http_access was decided from, for a log of facts: a decision leaves notes behind, and later
 * lists may be asked about another src.
 */
static void keep_judged(struct txn *t)
{
	struct facts *f;

	if (t->step != TXN_ACCESS || !log_fields_want(&t->snapshot->log.fields, LOG_FIELD_FACTS))
		return;
	f = ARENA_NEW(&t->arena, struct facts);
	*f = t->facts;
	if (f->notes != NULL)
		f->notes = notes_copy(f->notes, &t->arena);
	t->judged = f;
}

enum op_status txn_decide(struct txn *t, const struct acl_rules *rules, enum verdict when_empty,
                          enum verdict *v, struct trail *trail)
{
	/*
	 * Woken by something else (bytes behind the request): what is looked for is not there yet.
	 */
	if (t->op != NULL && t->op->status == OP_PENDING)
		return OP_PENDING;
	t->op = NULL;
	txn_facts_fill(t);
	for (;;) {
		const enum verdict now = acl_decide(rules, &t->facts, when_empty, trail);

		if (now != VERDICT_NEED) {
			keep_judged(t);
			settle(t, trail);
			*v = now;
			return OP_READY;
		}
		if (txn_facts_find(t, trail->need) == OP_PENDING)
			return OP_PENDING;
	}
}

enum verdict txn_decide_now(struct txn *t, const struct acl_rules *rules, enum verdict when_empty,
                            struct trail *trail)
{
	txn_facts_fill(t);
	const uint8_t name_was = t->facts.state[FACT_DST_NAME];
	enum verdict v;

	while ((v = acl_decide(rules, &t->facts, when_empty, trail)) == VERDICT_NEED) {
		if (trail->need == FACT_DST_NAME) {
			/* The administrator was told when the file was read. */
			t->facts.state[FACT_DST_NAME] = FACT_ABSENT;
		} else if (fact_may_wait(trail->need)) {
			trail->detail = "a lookup that this list cannot wait for";
			v = VERDICT_UNDECIDED;
			break;
		} else {
			(void)txn_facts_find(t, trail->need);
		}
	}
	t->facts.state[FACT_DST_NAME] = name_was;
	settle(t, trail);
	return v;
}
