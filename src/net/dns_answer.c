/*
 * Answers: counted and immutable, so that any worker may hold one. Shared; the count is atomic.
 */
#include "net/dns_answer.h"

#include <stdatomic.h>

struct dns_answer *dns_answer_new(enum err err, const struct ip *ips, unsigned n, struct span name,
                                  int64_t expires_ms)
{
	struct dns_answer *a = check_calloc(1, sizeof(*a) + n * sizeof(*ips) + name.n);

	atomic_init(&a->refs, 1);
	a->err = err;
	a->expires_ms = expires_ms;
	a->n = n;
	if (n != 0)
		memcpy(a->ips, ips, n * sizeof(*ips));
	if (name.n != 0) {
		char *text = (char *)(a->ips + n);

		memcpy(text, name.p, name.n);
		a->name = span_of(text, name.n);
	}
	return a;
}

struct dns_answer *dns_answer_ref(struct dns_answer *a)
{
	/* Relaxed: who has a reference may make another one. */
	atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
	return a;
}

void dns_answer_unref(struct dns_answer **ap)
{
	struct dns_answer *a = *ap;

	if (a == NULL)
		return;
	*ap = NULL;
	/* Release what was read from it, and acquire the others' before it is freed. */
	if (atomic_fetch_sub_explicit(&a->refs, 1, memory_order_acq_rel) == 1)
		free(a);
}
