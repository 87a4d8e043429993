/*
 * A port: one listening socket as one http_port line names it. Immutable and counted: snapshots,
 * the workers' listeners and sessions hold it; the socket is closed with the last of them, but
 * refuses connections as soon as the port is retired.
 */
#pragma once

#include "base/base.h"
#include "base/ip.h"
#include "net/opener.h"
#include "proxy/proxy_conf.h"

struct port {
	_Atomic unsigned refs;
	struct endpoint at;
	char *name; /* for myportname */
	bool has_connection_auth;
	char text[ENDPOINT_TEXT_MAX];
	int fd;
};

/* What one snapshot listens on. Immutable once made. */
struct port_set {
	struct port **v;
	unsigned n;
};

struct port *port_ref(struct port *p);
void port_unref(struct port **p);

/*
 * Open what `conf` names; a socket of `old` (may be NULL) for the same address is shared. On
 * failure nothing has changed and the operator log says what could not be opened.
 */
enum err port_set_open(struct port_set *out, const struct http_port *conf,
                       const struct port_set *old, struct opener *o) MUST_USE;
/* Refuse connections from now on to those addresses of `old` that `now` does not have. */
void port_set_retire(const struct port_set *old, const struct port_set *now, struct opener *o);
void port_set_fini(struct port_set *s);
