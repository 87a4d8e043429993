/*
 * Addresses in the order of RFC 8305: families alternate, within a family as given. Pure.
 */
#include "net/dial_queue.h"

void dial_queue_add(struct dial_queue *q, const struct ip *ips, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const unsigned family = ip_is_v4(&ips[i]) ? 1 : 0;

		if (q->n[family] < DNS_IPS_MAX)
			q->ips[family][q->n[family]++] = ips[i];
	}
}

static bool has(const struct dial_queue *q, unsigned family)
{
	return q->taken[family] < q->n[family];
}

bool dial_queue_is_empty(const struct dial_queue *q)
{
	return !has(q, 0) && !has(q, 1);
}

bool dial_queue_take(struct dial_queue *q, struct ip *ip)
{
	unsigned family = q->v4_is_next ? 1 : 0;

	if (!has(q, family))
		family = 1 - family;
	if (!has(q, family))
		return false;
	*ip = q->ips[family][q->taken[family]++];
	q->v4_is_next = family == 0;
	return true;
}

enum err dial_more_telling(enum err a, enum err b)
{
	/*
	 * What was not allowed comes first, so that it shows; then our own lack of something, since
	 * nothing is known of the other side then.
	 */
	static const enum err order[] = {
		ERR_FORBIDDEN,  ERR_NO_FDS,      ERR_NO_PORTS, ERR_NOMEM,
		ERR_LIMIT,      ERR_REFUSED,     ERR_RESET,    ERR_TIMEOUT,
		ERR_PERMISSION, ERR_UNREACHABLE, ERR_SYSTEM,
	};

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a != ERR_NONE ? a : b;
}
