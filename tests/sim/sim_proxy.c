/*
 * Putting the proxy together as proxy_start() does, without its threads.
 */
#include "tests/sim/sim_proxy.h"

#include "base/oplog.h"
#include "net/opener.h"
#include "proxy/process.h"
#include "proxy/proxy.h"
#include "tests/sim/sim_edges.h"

static const char conf_head[] = "http_port 127.0.0.1:3128\n"
				"visible_hostname sim.test\n"
				"hosts_file none\n"
				"dns_nameservers 192.0.2.53\n"
				"cache_log none\n"
				"access_log stdio:/sim/access.log squid\n";

static char *conf_text;
static int listening[8];
static size_t n_listening;

static int open_no_file(struct opener *o UNUSED, const char *path UNUSED, int flags UNUSED,
                        unsigned mode UNUSED, enum err *err)
{
	*err = ERR_NOT_FOUND;
	return -1;
}

static int open_port(struct opener *o UNUSED, const struct endpoint *at, enum err *err)
{
	int fd;

	CHECK(n_listening < ARRAY_LEN(listening));
	*err = sock_listen(at, 0, &fd);
	if (*err != ERR_NONE)
		return -1;
	listening[n_listening++] = fd;
	return fd;
}

static void keep_port(struct opener *o UNUSED, const struct endpoint *at UNUSED)
{
}

static enum err rename_nothing(struct opener *o UNUSED, const char *from UNUSED,
                               const char *to UNUSED)
{
	return ERR_NOT_FOUND;
}

static const struct opener_ops ops = { open_no_file, open_port, keep_port, rename_nothing };
static struct opener opener = { &ops };

static void report(void *arg UNUSED, const struct conf_finding *f)
{
	if (f->severity == CONF_ERROR)
		dprintf(2, "%s:%u: %s\n", f->place.file, f->place.line, f->text);
}

static void stop_loop(void *loop)
{
	loop_stop(loop);
}

static struct snapshot *load(struct proxy_options *o, const char *conf)
{
	const size_t cap = sizeof(conf_head) + strlen(conf);

	free(conf_text);
	conf_text = check_malloc(cap);
	snprintf(conf_text, cap, "%s%s", conf_head, conf);
	o->conf_text = conf_text;
	struct snapshot *s = proxy_load(o, report, NULL);

	CHECK(s != NULL); /* what is wrong was printed */
	return s;
}

void sim_proxy_reload(struct sim_proxy *sp, const char *conf)
{
	struct proxy *p = sp->proxy;
	struct snapshot *s = load(&p->options, conf), *old = p->snapshot;

	peers_inherit(s->peer.peers, old->peer.peers);
	CHECK(port_set_open(&s->ports, s->proxy.ports, &old->ports, &opener) == ERR_NONE);
	CHECK(access_log_configure(p->access_log, &s->log));
	acl_conf_count(&s->acl, p->tally);
	dns_shared_configure(p->dns, &s->net.dns);
	store_configure(p->store, &s->cache);
	worker_use_snapshot(sp->worker, s);
	p->snapshot = s;
	port_set_retire(&old->ports, &s->ports, &opener);
	snapshot_unref(&old);
}

void sim_proxy_start(struct sim_proxy *sp, const char *conf)
{
	struct proxy_options o = { .opener = &opener };

	sim_init();
	sim_log_clear();
	oplog_set_level(OPLOG_ERROR);
	struct snapshot *s = load(&o, conf);

	CHECK(proxy_new(&sp->proxy, &o, &s) == ERR_NONE);
	proxy_open_store(sp->proxy);
	CHECK(access_log_start(sp->proxy->access_log) == ERR_NONE);
	CHECK(worker_new(&sp->worker, sp->proxy, 0, 1, sp->proxy->snapshot) == ERR_NONE);
	sp->proxy->workers = check_calloc(1, sizeof(sp->proxy->workers[0]));
	sp->proxy->workers[0] = sp->worker;
	sp->proxy->n_workers = 1;
	sim_edges_watch(sp->worker);
}

void sim_proxy_run(struct sim_proxy *sp)
{
	sim_on_idle(stop_loop, sp->worker->loop);
	loop_run(sp->worker->loop);
}

void sim_proxy_run_for(struct sim_proxy *sp, int64_t ms)
{
	sim_on_idle(NULL, NULL);
	sim_at(ms, stop_loop, sp->worker->loop);
	loop_run(sp->worker->loop);
}

void sim_proxy_stop(struct sim_proxy *sp)
{
	sim_edges_watch(NULL);
	proxy_free(&sp->proxy);
	sp->worker = NULL;
	while (n_listening > 0)
		sock_close(listening[--n_listening]);
	free(conf_text);
	conf_text = NULL;
	sim_fini();
}

struct sim_peer *sim_proxy_client(const char *text, sim_peer_fn *fn, void *arg)
{
	struct endpoint to = { .ip = ip_from_v4(INADDR_LOOPBACK), .port = 3128 };
	struct endpoint from = { .port = 50000 };

	CHECK(ip_parse(SPAN("198.51.100.7"), &from.ip));
	struct sim_peer *c = sim_connect(&to, &from, fn, arg);

	CHECK(c != NULL);
	sim_send(c, span_str(text));
	return c;
}
