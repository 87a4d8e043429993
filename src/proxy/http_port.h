/*
 * The settings of one http_port line. Immutable after loading.
 */
#pragma once

#include "base/base.h"
#include "base/ip.h"
#include "conf/conf.h"
#include "net/sock.h"

struct http_port {
	struct http_port *next;
	struct conf_place place;
	struct endpoint at;
	char *name; /* name=, else the text of the address as written */
	struct sock_keepalive keepalive;
	bool has_pmtu_discovery; /* false: packets to clients may be cut on the way */
	/* false: challenges of NTLM, Negotiate and Kerberos are not passed on */
	bool has_connection_auth;
};

void http_ports_free(struct http_port **list);

conf_setter_fn proxy_conf_http_port;     /* struct http_port *, a list in the order of the lines */
conf_setter_fn proxy_conf_accept_filter; /* int64_t seconds; 0: none */
