/*
 * The page server_list.
 */
#include "peer/peer_page.h"

static unsigned long long get(const _Atomic uint64_t *n)
{
	return (unsigned long long)atomic_load_explicit(n, memory_order_relaxed);
}

static struct span flags(const struct peer *p, struct arena *a)
{
	struct span s = arena_printf(a, "%s%s%s%s", p->is_default ? " default" : "",
	                             p->is_round_robin ? " round-robin" : "",
	                             p->is_originserver ? " originserver" : "",
	                             p->is_not_queried ? " no-query" : "");

	if (p->weight != 1)
		s = arena_printf(a, "%.*s weight=%u", SPAN_ARG(s), p->weight);
	if (p->max_conn != 0)
		s = arena_printf(a, "%.*s max-conn=%u", SPAN_ARG(s), p->max_conn);
	return s;
}

static struct span paragraph(const struct peer *p, struct arena *a, int64_t now_us)
{
	const struct peer_state *s = p->state;
	const int64_t since = atomic_load_explicit(&s->changed_us, memory_order_relaxed);
	struct span changed = SPAN("");

	if (since != 0)
		changed = arena_printf(a, " (since %lld seconds)",
		                       (long long)((now_us - since) / 1000000));
	return arena_printf(a,
	                    "\nParent     : %s\n"
	                    "Host       : %s/%u/0\n"
	                    "Flags      :%.*s\n"
	                    "Status     : %s%.*s\n"
	                    "FETCHES    : %llu\n"
	                    "OPEN CONNS : %u\n"
	                    "CONNECTS   : %llu, %llu failed\n"
	                    "DOWN       : %llu times, %llu probes\n",
	                    p->name, p->host, p->port, SPAN_ARG(flags(p, a)),
	                    peer_is_up(p) ? "Up" : "Down", SPAN_ARG(changed), get(&s->requests),
	                    atomic_load_explicit(&s->open, memory_order_relaxed), get(&s->connects),
	                    get(&s->connect_fails), get(&s->deaths), get(&s->probes));
}

struct span peer_page(const struct peer *list, struct arena *a, int64_t now_us)
{
	struct span text = SPAN("");

	if (list == NULL)
		return SPAN("There are no neighbors installed.\n");
	for (const struct peer *p = list; p != NULL; p = p->next)
		text = arena_printf(a, "%.*s%.*s", SPAN_ARG(text),
		                    SPAN_ARG(paragraph(p, a, now_us)));
	return text;
}
