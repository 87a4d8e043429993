/*
 * Ports.
 */
#include "proxy/port.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/oplog.h"
#include "net/sock.h"

struct port *port_ref(struct port *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void port_unref(struct port **pp)
{
	struct port *p = *pp;

	if (p == NULL)
		return;
	*pp = NULL;
	/* Acquire and release pair among the holders: the last one sees what all did. */
	if (atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
		return;
	close(p->fd);
	free(p->name);
	free(p);
}

static bool same_address(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && ip_eq(&a->ip, &b->ip);
}

static struct port *find(const struct port_set *s, const struct endpoint *at)
{
	for (unsigned i = 0; s != NULL && i < s->n; i++)
		if (same_address(&s->v[i]->at, at))
			return s->v[i];
	return NULL;
}

/* What the kernel's word leaves out. */
static const char *listen_hint(const struct endpoint *at, enum err e)
{
	if (e == ERR_IN_USE)
		return "; \"ss -ltnp\" tells which";
	if (e == ERR_PERMISSION && at->port < 1024)
		return "; ports below 1024 need a start as root, or CAP_NET_BIND_SERVICE";
	return "";
}

static enum err open_port(struct port **out, const struct http_port *h, struct port *had,
                          struct opener *o)
{
	enum err e = ERR_NONE;

	if (had != NULL && strcmp(had->name, h->name) == 0 &&
	    had->has_connection_auth == h->has_connection_auth) {
		*out = port_ref(had);
		return ERR_NONE;
	}
	struct port *p = check_calloc(1, sizeof(*p));

	atomic_init(&p->refs, 1);
	p->at = h->at;
	p->name = check_strdup(h->name);
	p->has_connection_auth = h->has_connection_auth;
	endpoint_text(&p->at, p->text);
	/* With a new name or option it is a new port to sessions, on the same socket. */
	if (had != NULL)
		p->fd = fcntl(had->fd, F_DUPFD_CLOEXEC, 0);
	else
		p->fd = o->ops->listen(o, &p->at, &e);
	if (p->fd < 0) {
		e = e != ERR_NONE ? e : ERR_NO_FDS;
		oplog(OPLOG_ERROR, "%s:%u: cannot listen on %s: %s%s", h->place.file, h->place.line,
		      p->text, err_text(e), listen_hint(&p->at, e));
		free(p->name);
		free(p);
		return e;
	}
	*out = p;
	return ERR_NONE;
}

enum err port_set_open(struct port_set *out, const struct http_port *conf,
                       const struct port_set *old, struct opener *o)
{
	struct port_set s = { NULL, 0 };
	unsigned n = 0;

	for (const struct http_port *h = conf; h != NULL; h = h->next)
		n++;
	s.v = check_calloc(n, sizeof(struct port *));
	for (const struct http_port *h = conf; h != NULL; h = h->next) {
		const enum err e = open_port(&s.v[s.n], h, find(old, &h->at), o);

		if (e != ERR_NONE) {
			port_set_retire(&s, old, o);
			port_set_fini(&s);
			return e;
		}
		s.n++;
	}
	*out = s;
	return ERR_NONE;
}

void port_set_retire(const struct port_set *old, const struct port_set *now, struct opener *o)
{
	for (unsigned i = 0; i < old->n; i++) {
		if (find(now, &old->v[i]->at) != NULL)
			continue;
		/* Sessions hold the port, and so its socket: closing is not what ends it. */
		sock_stop_listening(old->v[i]->fd);
		o->ops->unlisten(o, &old->v[i]->at);
	}
}

void port_set_fini(struct port_set *s)
{
	for (unsigned i = 0; i < s->n; i++)
		port_unref(&s->v[i]);
	free(s->v);
	*s = (struct port_set){ NULL, 0 };
}
