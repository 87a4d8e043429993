/*
 * The lists of rules that are asked beside http_access on the road of a request, in the order in
 * which they are asked. Immutable after loading; part of struct proxy_conf. Directives:
 * proxy/directives.tbl.h.
 */
#pragma once

#include "acl/decide.h"
#include "conf/conf.h"

/* One line of reply_body_max_size. */
struct reply_limit {
	struct reply_limit *next;
	int64_t max_bytes;       /* INT64_MAX: none */
	struct acl_rules *terms; /* all must match; without any, they do */
};

/* One line of on_unsupported_protocol. */
struct unsupported_rule {
	struct unsupported_rule *next;
	bool tunnels;            /* instead of an error */
	struct acl_rules *terms; /* all must match; without any, they do */
};

struct access_conf {
	/* NULL: no such line. */
	struct acl_rules *adapted_http_access, *miss_access, *http_reply_access;
	struct reply_limit *reply_limits;
	/* Read, and kept for intercepted connections; nothing asks it yet. */
	struct unsupported_rule *unsupported;
};

void access_conf_fini(struct access_conf *c);

conf_setter_fn access_conf_reply_limit; /* struct reply_limit * */
conf_setter_fn access_conf_unsupported; /* struct unsupported_rule * */
