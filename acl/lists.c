/*
 * Which facts a list of rules may ask for, by its directive.
 */
#include "acl/type.h"

#define BIT(f) (1u << FACT_##f)

#define LACKS_AT_UNPARSED (BIT(REPLY) | BIT(PEER) | BIT(HIER))
#define LACKS_AT_REQUEST  (LACKS_AT_UNPARSED | BIT(ERROR))
#define LACKS_AT_CONNECTION                                                                        \
	(LACKS_AT_REQUEST | BIT(REQUEST) | BIT(DST_ADDRS) | BIT(DST_NAME) | BIT(USER))
#define LACKS_AT_ROUTE (BIT(REPLY) | BIT(HIER) | BIT(ERROR))
#define LACKS_AT_REPLY 0u
#define LACKS_AT_END   0u

#define WAITS    true
#define ASKS_NOW false

static const struct acl_list lists[] = {
#define ACL_LIST(name, phase, wait) { #name, LACKS_AT_##phase, wait },
#include "acl/lists.tbl.h"
#undef ACL_LIST
};

const struct acl_list *acl_list_of(struct span directive)
{
	static const struct acl_list other = { "", LACKS_AT_REQUEST, ASKS_NOW };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (span_eq(directive, span_str(lists[i].directive)))
			return &lists[i];
	return &other;
}
