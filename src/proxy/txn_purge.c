/*
 * The steps that make the cache forget: because somebody asks for it (PURGE), or because a request has
 * changed something at the origin (RFC 9111 4.4).
 */
#include "base/counters.h"
#include "cache/invalidate.h"
#include "proxy/fetch.h"
#include "proxy/internal.h"
#include "proxy/process.h"
#include "proxy/txn.h"

struct txn_purge {
	struct store_purge op;
	struct span urls[INVALIDATE_MAX];
	unsigned n, at; /* the one under way */
	uint64_t found;
};

/* One after the other; OP_PENDING: t->op is set. READY: nothing of them comes back, whatever happens. */
static enum op_status forget(struct txn *t, struct txn_purge *p)
{
	for (; p->at < p->n; p->at++) {
		if (p->op.op.status == OP_IDLE) {
			p->op.store = t->worker->proxy->store;
			p->op.n = 0;
			if (store_purge(&p->op, p->urls[p->at], t->worker->loop, &t->task) ==
			    OP_PENDING)
				t->op = &p->op.op;
		}
		if (p->op.op.status == OP_PENDING)
			return OP_PENDING;
		t->op = NULL;
		p->found += p->op.n;
		p->op.op.status = OP_IDLE;
	}
	return OP_READY;
}

struct machine_next txn_step_purge(struct txn *t)
{
	if (t->purge == NULL) {
		t->purge = ARENA_NEW(&t->arena, struct txn_purge);
		t->purge->urls[t->purge->n++] = t->url;
	}
	if (forget(t, t->purge) == OP_PENDING)
		return TXN_WAIT(PURGE);
	if (t->purge->found != 0)
		count(COUNT_CACHE_PURGES);
	internal_purge(t, t->purge->found != 0);
	return TXN_GO(REPLY_ACCESS);
}

/* Before the client is told that its request has had an effect. */
struct machine_next txn_step_invalidate(struct txn *t)
{
	if (t->purge == NULL) {
		t->purge = ARENA_NEW(&t->arena, struct txn_purge);
		t->purge->n = invalidate_list(&t->uri, &t->request, &fetch_reply_of(t->fetch)->head,
		                              &t->arena, t->purge->urls);
	}
	if (forget(t, t->purge) == OP_PENDING)
		return TXN_WAIT(INVALIDATE);
	if (t->purge->found != 0)
		count_add(COUNT_CACHE_INVALIDATIONS, t->purge->found);
	return TXN_GO(DELIVER);
}
