/*
 * Both families of a name's addresses as one operation, for policy. Worker-local.
 */
#include "net/dns.h"

/* Of two failures, the one that says more about whether a later try could help. */
static enum err worse(enum err a, enum err b)
{
	static const enum err order[] = { ERR_DNS_NAME, ERR_DNS_TIMEOUT, ERR_DNS_SERVER, ERR_LIMIT,
		                          ERR_DNS_NODATA };

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a;
}

enum err dns_err_of(const struct dns_answer *a, const struct dns_answer *aaaa)
{
	if (a->err == ERR_NONE || aaaa->err == ERR_NONE)
		return ERR_NONE;
	return worse(a->err, aaaa->err);
}

static enum op_status both_ended(struct dns_addresses *q)
{
	const struct dns_answer *v6 = q->aaaa.answer, *v4 = q->a.answer;

	q->err = dns_err_of(v4, v6);
	q->n = v4->n + v6->n;
	if (q->n != 0) {
		q->ips = check_calloc(q->n, sizeof(*q->ips));
		memcpy(q->ips, v6->ips, v6->n * sizeof(*q->ips));
		memcpy(q->ips + v6->n, v4->ips, v4->n * sizeof(*q->ips));
	}
	dns_answer_unref(&q->a.answer);
	dns_answer_unref(&q->aaaa.answer);
	return q->err == ERR_NONE ? OP_READY : OP_FAILED;
}

static bool is_over(const struct dns_addresses *q)
{
	return q->a.answer != NULL && q->aaaa.answer != NULL;
}

static void on_answer(struct task *t)
{
	struct dns_addresses *q = CONTAINER_OF(t, struct dns_addresses, task);

	if (q->op.status == OP_PENDING && is_over(q))
		op_complete(&q->op, both_ended(q));
}

static void cancel(struct op *op)
{
	struct dns_addresses *q = CONTAINER_OF(op, struct dns_addresses, op);

	op_cancel(&q->a.op);
	op_cancel(&q->aaaa.op);
	task_cancel(&q->task);
	dns_answer_unref(&q->a.answer);
	dns_answer_unref(&q->aaaa.answer);
}

enum op_status dns_addresses_start(struct dns *d, struct dns_share *share, struct span name,
                                   struct dns_addresses *q, struct task *waiter)
{
	*q = (struct dns_addresses){ 0 };
	task_init(&q->task, on_answer);
	dns_lookup(d, share, name, DNS_AAAA, &q->aaaa, &q->task);
	dns_lookup(d, share, name, DNS_A, &q->a, &q->task);
	op_start(&q->op, q->a.op.loop, waiter, cancel);
	if (!is_over(q))
		return OP_PENDING;
	q->op.status = both_ended(q);
	return q->op.status;
}

void dns_addresses_fini(struct dns_addresses *q)
{
	op_cancel(&q->op);
	free(q->ips);
	q->ips = NULL;
	q->n = 0;
}
