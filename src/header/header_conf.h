/*
 * Settings of what happens to heads on their way through. Immutable after loading. Directives:
 * header/directives.tbl.h.
 */
#pragma once

#include "acl/decide.h"
#include "conf/conf.h"

enum forwarded_for {
	FORWARDED_FOR_ON,          /* append the client's address */
	FORWARDED_FOR_OFF,         /* append "unknown" */
	FORWARDED_FOR_TRANSPARENT, /* leave X-Forwarded-For alone */
	FORWARDED_FOR_DELETE,      /* remove it */
	FORWARDED_FOR_TRUNCATE     /* replace it by the client's address */
};

/* One http_upgrade_request_protocols line group: rules for a protocol name, or OTHER. */
struct upgrade_rules {
	struct upgrade_rules *next;
	char *protocol; /* "WebSocket", "foo/1.0"; NULL: OTHER */
	struct acl_rules *rules;
};

struct header_conf {
	bool via, httpd_suppress_version_string;
	enum forwarded_for forwarded_for;
	struct upgrade_rules *upgrades;

	struct acl_rules *follow_x_forwarded_for; /* NULL: nobody is believed */
	bool acl_uses_indirect_client, log_uses_indirect_client;
};

void header_conf_init(struct header_conf *c);
void header_conf_fini(struct header_conf *c);

conf_setter_fn header_conf_forwarded_for; /* enum forwarded_for */
conf_setter_fn header_conf_upgrades;      /* struct upgrade_rules * */
