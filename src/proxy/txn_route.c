/*
 * Where a transaction may go: the floor under policy (net/floor.h), seen from the request.
 */
#include "base/counters.h"
#include "proxy/txn.h"

static bool names_address(const void *rule, const struct ip *ip)
{
	return acl_rule_names_address(rule, ip);
}

struct floor_guard txn_floor_guard(const struct txn *t)
{
	return (struct floor_guard){ &t->worker->floor,
		                     t->allowed_by != NULL ? names_address : NULL, t->allowed_by };
}

void txn_forbidden(struct txn *t, struct span detail)
{
	count(COUNT_SSRF_DENIED);
	t->rule_denied = true;
	t->rule = SPAN("ssrf_protection");
	t->result = LOG_TCP_DENIED;
	txn_fail(t, WHY_FORBIDDEN_ADDRESS, detail);
}
