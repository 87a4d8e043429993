/*
 * Settings of the road of a request. Immutable after loading. Directives: proxy/directives.tbl.h.
 */
#pragma once

#include "acl/decide.h"
#include "base/base.h"
#include "base/ip.h"
#include "conf/conf.h"
#include "proxy/access_conf.h"
#include "proxy/http_port.h"
#include "proxy/note_conf.h"

struct name_list {
	struct name_list *next;
	char *name;
};

/* shadow_config. */
struct shadow_conf {
	char *path; /* NULL: none */
	struct conf_place place;
	bool is_shadow; /* this is a shadow's own configuration, which has none */
};

struct proxy_conf {
	struct http_port *ports;
	int64_t defer_accept_s; /* of accept_filter; 0: none */

	char *visible_hostname, *unique_hostname; /* never NULL once loaded */
	struct name_list *hostname_aliases;
	bool host_verify_strict, deny_detail;
	bool half_closed_clients;
	bool client_persistent_connections, persistent_connection_after_error;
	int64_t client_ip_max_connections; /* -1: no limit */

	int64_t request_header_max_bytes, reply_header_max_bytes;
	int64_t request_body_max_bytes; /* 0: no limit */
	int64_t client_request_buffer_max_bytes;

	int64_t request_timeout_ms, request_start_timeout_ms, client_idle_pconn_timeout_ms;
	int64_t client_lifetime_ms, read_timeout_ms, write_timeout_ms;

	struct shadow_conf shadow;
	struct access_conf access;
	struct note_conf notes;
	struct acl_rules *server_pconn_for_nonretriable;

	/* error pages */
	char *cache_mgr;
};

void proxy_conf_init(struct proxy_conf *c);
void proxy_conf_fini(struct proxy_conf *c);
/* After reading: what needs all lines (host names). */
void proxy_conf_complete(struct proxy_conf *c, struct conf_reader *r);

conf_setter_fn proxy_conf_shadow; /* struct shadow_conf */
conf_setter_fn proxy_conf_names;  /* struct name_list * */
