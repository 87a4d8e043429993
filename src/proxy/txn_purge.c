/*
 * The steps that make the cache forget: because somebody asks for it (PURGE), or because a request
 * has changed something at the origin (RFC 9111 4.4).
 */
#include "base/counters.h"
#include "base/oplog.h"
#include "cache/invalidate.h"
#include "proxy/fetch.h"
#include "proxy/internal.h"
#include "proxy/process.h"
#include "proxy/txn.h"

typedef enum op_status forget_fn(struct store_purge *, struct span, struct loop *, struct task *);

struct txn_purge {
	struct store_purge op;
	forget_fn *forget;
	struct span what[INVALIDATE_MAX]; /* URIs, or what else `forget` takes */
	unsigned n, at;                   /* the one under way */
	uint64_t found;
	enum store_purge_lack lack;
};

/*
 * One after the other; OP_PENDING: t->op is set. READY: nothing of them comes back, but for what it
 * lacks.
 */
static enum op_status forget(struct txn *t, struct txn_purge *p)
{
	for (; p->at < p->n; p->at++) {
		if (p->op.op.status == OP_IDLE) {
			p->op.store = t->worker->proxy->store;
			p->op.n = 0;
			if (p->forget(&p->op, p->what[p->at], t->worker->loop, &t->task) ==
			    OP_PENDING)
				t->op = &p->op.op;
		}
		if (p->op.op.status == OP_PENDING)
			return OP_PENDING;
		t->op = NULL;
		if (p->op.op.status == OP_FAILED)
			p->lack = MAX(p->lack, p->op.lack);
		p->found += p->op.n;
		p->op.op.status = OP_IDLE;
	}
	return OP_READY;
}

/* --- PURGE ------------------------------------------------------------------------------------ */

/*
 * What the manager's page "cache" can be asked to forget; the value is taken as it stands, to the
 * end.
 */
static const struct order {
	struct span key;
	forget_fn *forget;
	bool is_host;
} orders[] = {
	{ SPAN("url="), store_purge, false },
	{ SPAN("prefix="), store_purge_prefix, false },
	{ SPAN("host="), store_purge_host, true },
};

/* In the form in which it is kept. NULL: fine; else what is wrong. */
static const char *canonical(struct span value, bool is_host, struct arena *a, struct span *out)
{
	const char *detail = NULL;
	struct uri u;

	if (is_host ? !uri_parse_host(value, URI_HTTP, a, &u, &detail)
	            : !uri_parse_absolute(value, a, &u, &detail))
		return detail;
	if (is_host && u.has_port)
		return "a host is purged with all its ports";
	*out = is_host ? u.host : uri_text(&u, a);
	return NULL;
}

/* NULL: fine; else what is wrong with the manager's order. */
static const char *read_order(struct txn *t, struct txn_purge *p)
{
	struct span query = t->uri.path;
	const struct span page = span_cut(&query, '?');

	if (!span_ends_nocase(page, SPAN("/cache")) || query.p == NULL)
		return "PURGE is for cache?url=URL, cache?prefix=URL and cache?host=NAME";
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		const struct order *o = &orders[i];

		if (!span_starts(query, o->key))
			continue;
		p->forget = o->forget;
		p->n = 1;
		return canonical(span_skip(query, o->key.n), o->is_host, &t->arena, &p->what[0]);
	}
	return "expected url=, prefix= or host=";
}

static struct machine_next bad_order(struct txn *t, const char *why)
{
	const struct span text = arena_printf(&t->arena, "%s\n", why);

	txn_answer_prepare(t, 400, SPAN("text/plain; charset=utf-8"), text);
	return TXN_GO(REPLY_ACCESS);
}

struct machine_next txn_step_purge(struct txn *t)
{
	struct txn_purge *p = t->purge;

	if (p == NULL) {
		p = t->purge = ARENA_NEW(&t->arena, struct txn_purge);
		*p = (struct txn_purge){ .forget = store_purge, .what = { t->url }, .n = 1 };
		const char *wrong = t->is_manager ? read_order(t, p) : NULL;

		if (wrong != NULL)
			return bad_order(t, wrong);
	}
	if (forget(t, p) == OP_PENDING)
		return TXN_WAIT(PURGE);
	if (p->found != 0)
		count_add(COUNT_CACHE_PURGES, p->found);
	internal_purge(t, p->found, p->lack);
	return TXN_GO(REPLY_ACCESS);
}

/* --- invalidation ----------------------------------------------------------------------------- */

/* What is under way: nobody hits it any more, but if it was stored, a crash could bring it back. */
static void give_up(struct txn *t)
{
	char escaped[256];

	op_cancel(&t->purge->op.op);
	t->op = NULL;
	if (t->purge->op.n == 0)
		return;
	count(COUNT_CACHE_PURGES_LACKING);
	oplog(OPLOG_WARNING,
	      "%s was changed, and a disk did not answer within read_timeout: what was stored of "
	      "it "
	      "may come back after a crash; purge it when the disk is well",
	      oplog_escape(t->purge->what[t->purge->at], escaped, sizeof(escaped)));
}

/*
 * Before the client is told that its request has had an effect. But a disk that does not answer at
 * all, be it at what others make it forget, does not keep all that is changed from being told:
 * memory has forgotten by then.
 */
struct machine_next txn_step_invalidate(struct txn *t)
{
	const bool is_over = t->timed_out;

	t->timed_out = false;
	if (t->purge == NULL) {
		t->purge = ARENA_NEW(&t->arena, struct txn_purge);
		t->purge->forget = store_purge;
		t->purge->n = invalidate_list(&t->uri, &t->request, &fetch_reply_of(t->fetch)->head,
		                              &t->arena, t->purge->what);
	}
	for (; forget(t, t->purge) == OP_PENDING; t->purge->at++) {
		if (!is_over)
			return TXN_WAIT(INVALIDATE);
		give_up(t);
	}
	if (t->purge->found != 0)
		count_add(COUNT_CACHE_INVALIDATIONS, t->purge->found);
	return TXN_GO(DELIVER);
}
