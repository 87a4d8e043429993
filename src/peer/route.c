/*
 * The choice of ways, in the order in which Squid selects.
 */
#include "peer/route.h"

struct list_of_ways {
	const struct route_question *q;
	struct route_choice *choices;
	unsigned n;
};

/* The first mention of a way is the one that counts. */
static void add(struct list_of_ways *l, int peer, enum log_hier hier)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->choices[i].peer == peer)
			return;
	l->choices[l->n++] = (struct route_choice){ peer, hier };
}

/*
 * The one with the fewest picks for its weight; the later one of equals, as in Squid.
 * -1: there is none.
 */
static int round_robin(const struct route_question *q)
{
	int best = -1;

	for (unsigned i = 0; i < q->n_peers; i++) {
		const struct route_peer *p = &q->peers[i];

		if (!p->is_round_robin || !p->may_be_used || p->weight == 0)
			continue;
		/* picks / weight, compared without dividing */
		if (best < 0 || (unsigned __int128)p->picks * q->peers[best].weight <=
		                        (unsigned __int128)q->peers[best].picks * p->weight)
			best = (int)i;
	}
	return best;
}

static int first_usable(const struct route_question *q, bool default_only)
{
	for (unsigned i = 0; i < q->n_peers; i++)
		if (q->peers[i].may_be_used && (!default_only || q->peers[i].is_default))
			return (int)i;
	return -1;
}

/* One by preference, then all the others, for want of a better one. */
static void add_parents(struct list_of_ways *l)
{
	int p = round_robin(l->q);

	if (p >= 0)
		add(l, p, LOG_ROUNDROBIN_PARENT);
	else if ((p = first_usable(l->q, false)) >= 0)
		add(l, p, LOG_FIRSTUP_PARENT);
	for (unsigned i = 0; i < l->q->n_peers; i++)
		if (l->q->peers[i].may_be_used)
			add(l, (int)i, LOG_ANY_OLD_PARENT);
	if ((p = first_usable(l->q, true)) >= 0)
		add(l, p, LOG_DEFAULT_PARENT);
}

unsigned route_choose(const struct route_question *q, struct route_choice *choices)
{
	struct list_of_ways l = { q, choices, 0 };

	switch (q->direct) {
	case ROUTE_DIRECT_ONLY:
		add(&l, ROUTE_DIRECT, LOG_HIER_DIRECT);
		break;
	case ROUTE_DIRECT_NEVER:
		add_parents(&l);
		break;
	case ROUTE_DIRECT_MAYBE:
		if (q->prefer_direct)
			add(&l, ROUTE_DIRECT, LOG_HIER_DIRECT);
		if (q->is_hierarchical || !q->nonhierarchical_direct)
			add_parents(&l);
		add(&l, ROUTE_DIRECT, LOG_HIER_DIRECT);
		break;
	}
	return l.n;
}

bool route_is_hierarchical(bool is_get, bool is_trace, bool has_authorization)
{
	return (is_get || is_trace) && !has_authorization;
}

bool route_may_try_another(unsigned status, bool retry_on_error)
{
	switch (status) {
	case 502:
	case 504:
		return true;
	case 403:
	case 500:
	case 501:
	case 503:
		return retry_on_error;
	default:
		return false;
	}
}
