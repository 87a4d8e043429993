/*
 * Settings of what happens to heads on their way through. Immutable after loading. Directives:
 * header/directives.tbl.h.
 */
#pragma once

#include "acl/decide.h"
#include "conf/conf.h"
#include "header/rules.h"

enum forwarded_for {
	FORWARDED_FOR_ON,          /* append the client's address */
	FORWARDED_FOR_OFF,         /* append "unknown" */
	FORWARDED_FOR_TRANSPARENT, /* leave X-Forwarded-For alone */
	FORWARDED_FOR_DELETE,      /* remove it */
	FORWARDED_FOR_TRUNCATE     /* replace it by the client's address */
};

/* Lines of http_upgrade_request_protocols in a row that name the same protocol. */
struct upgrade_rules {
	struct upgrade_rules *next; /* in the order of the file */
	char *protocol;             /* "WebSocket", "foo/1.0"; NULL: OTHER */
	struct acl_rules *rules;
};

struct log_conf;

struct header_conf {
	bool via, httpd_suppress_version_string;
	enum forwarded_for forwarded_for;
	struct upgrade_rules *upgrades;
	struct header_rules *request_rules, *reply_rules; /* NULL: none */

	struct acl_rules *follow_x_forwarded_for; /* NULL: nobody is believed */
	bool acl_uses_indirect_client, log_uses_indirect_client;
};

void header_conf_init(struct header_conf *c);
void header_conf_fini(struct header_conf *c);
/*
 * After reading: reports what has no effect. log: whose settings values with format codes follow.
 */
void header_conf_finish(struct header_conf *c, struct log_conf *log, struct conf_reader *r);

conf_setter_fn header_conf_forwarded_for; /* enum forwarded_for */
conf_setter_fn header_conf_upgrades;      /* struct upgrade_rules * */
