/*
 * Reading a configuration into a snapshot.
 */
#include "proxy/snapshot.h"

#include "cache/refresh.h"
#include "loop/jobs.h"
#include "loop/poller.h"
#include "net/dns_wait.h"
#include "peer/peer_page.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SNAPSHOT_MAGIC 0x54a45407u

static _Atomic unsigned n_alive;

/* Every directive that works: the concatenation of the folders' tables. */
#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
static const struct conf_directive directives[] = {
#include "acl/directives.tbl.h"
#include "cache/directives.tbl.h"
#include "error/directives.tbl.h"
#include "header/directives.tbl.h"
#include "log/directives.tbl.h"
#include "loop/directives.tbl.h"
#include "net/directives.tbl.h"
#include "peer/directives.tbl.h"
#include "proxy/directives.tbl.h"
};
#undef DIRECTIVE

const struct conf_directive *proxy_directives(size_t *n)
{
	*n = ARRAY_LEN(directives);
	return directives;
}

unsigned snapshot_count(void)
{
	return atomic_load_explicit(&n_alive, memory_order_relaxed);
}

struct snapshot *snapshot_ref(struct snapshot *s)
{
	CHECK_OBJ(s, SNAPSHOT_MAGIC);
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

static void snapshot_free(struct snapshot *s)
{
	port_set_fini(&s->ports);
	acl_conf_fini(&s->acl);
	net_conf_fini(&s->net);
	header_conf_fini(&s->header);
	error_conf_fini(&s->error);
	log_conf_fini(&s->log);
	peer_conf_fini(&s->peer);
	cache_conf_fini(&s->cache);
	proxy_conf_fini(&s->proxy);
	process_conf_fini(&s->process);
	snapshot_unref(&s->shadow);
	if (s->errorpages != NULL)
		errorpages_free(&s->errorpages);
	if (s->reader != NULL)
		conf_reader_free(&s->reader);
	arena_fini(&s->arena);
	if (!s->is_shadow)
		atomic_fetch_sub_explicit(&n_alive, 1, memory_order_relaxed);
	OBJ_FREE(s, SNAPSHOT_MAGIC);
}

void snapshot_unref(struct snapshot **sp)
{
	struct snapshot *s = *sp;

	if (s == NULL)
		return;
	CHECK_OBJ(s, SNAPSHOT_MAGIC);
	*sp = NULL;
	/* Acquire pairs with the release of the other holders: the last one sees all they did. */
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
		snapshot_free(s);
}

/* The last reference to a snapshot, on the way to a thread that has time. */
struct burial {
	struct job job;
	struct snapshot *snapshot;
};

static void bury(struct job *j)
{
	struct burial *b = CONTAINER_OF(j, struct burial, job);

	snapshot_free(b->snapshot);
	b->snapshot = NULL;
}

static void bury_at_last(struct job *j)
{
	struct burial *b = CONTAINER_OF(j, struct burial, job);

	if (b->snapshot != NULL) /* the pool has ended before it came to that */
		snapshot_free(b->snapshot);
	free(b);
}

void snapshot_give_back(struct snapshot **sp, struct jobs *js, struct loop *home)
{
	struct snapshot *s = *sp;

	*sp = NULL;
	/* As in snapshot_unref(). */
	if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	CHECK_OBJ(s, SNAPSHOT_MAGIC);
	struct burial *b = check_calloc(1, sizeof(*b));

	b->job = (struct job){ .work = bury, .release = bury_at_last };
	b->snapshot = s;
	if (js == NULL || job_submit(js, home, JOB_BUILD, &b->job) != ERR_NONE)
		bury_at_last(&b->job);
}

const struct process_conf *snapshot_process_conf(const struct snapshot *s)
{
	return &s->process;
}

const struct acl_rules *snapshot_rules(const struct snapshot *s, const char *directive)
{
	for (size_t i = 0; i < ARRAY_LEN(directives); i++) {
		const struct conf_directive *row = &directives[i];

		if (row->set != acl_conf_rules || strcmp(row->name, directive) != 0)
			continue;
		const char *section = conf_section(s->reader, row->section);

		return *(struct acl_rules *const *)(const void *)(section + row->offset);
	}
	return NULL;
}

char *snapshot_dump(const struct snapshot *s)
{
	return conf_dump(s->reader);
}

char *snapshot_text(const struct snapshot *s)
{
	return conf_dump_whole(s->reader);
}

static bool lies_in(const char *path, const char *folder)
{
	const size_t n = strlen(folder);

	return path != NULL && strncmp(path, folder, n) == 0 && path[n] == '/' &&
	       strchr(path + n + 1, '/') == NULL;
}

const struct cache_conf *snapshot_cache_conf(const struct snapshot *s)
{
	return &s->cache;
}

bool snapshot_logs_into(const struct snapshot *s, const char *folder)
{
	for (const struct log_target *t = s->log.targets; t != NULL; t = t->next)
		if (lies_in(t->path, folder))
			return true;
	return lies_in(s->log.cache_log, folder);
}

struct span snapshot_peers(const struct snapshot *s, struct arena *a)
{
	return peer_page(s->peer.peers, a, clock_wall_us());
}

bool snapshot_sets_marks(const struct snapshot *s)
{
	return outgoing_conf_marks(&s->peer.outgoing) ||
	       (acl_conf_reads(&s->acl) >> FACT_MARK & 1) != 0;
}

bool snapshot_has_floor(const struct snapshot *s)
{
	return s->net.floor.is_on;
}

const struct acl_conf *snapshot_acl(const struct snapshot *s)
{
	return &s->acl;
}

const char *snapshot_shadow(const struct snapshot *s)
{
	return s->shadow != NULL ? s->proxy.shadow.path : NULL;
}

const char *snapshot_visible_hostname(const struct snapshot *s)
{
	return s->proxy.visible_hostname;
}

static struct snapshot *snapshot_new(bool is_shadow)
{
	struct snapshot *s;

	OBJ_NEW(s, SNAPSHOT_MAGIC);
	atomic_init(&s->refs, 1);
	s->is_shadow = is_shadow;
	if (!is_shadow)
		atomic_fetch_add_explicit(&n_alive, 1, memory_order_relaxed);
	arena_init(&s->arena);
	acl_conf_init(&s->acl);
	net_conf_init(&s->net);
	header_conf_init(&s->header);
	error_conf_init(&s->error);
	log_conf_init(&s->log);
	peer_conf_init(&s->peer);
	cache_conf_init(&s->cache);
	proxy_conf_init(&s->proxy);
	s->proxy.shadow.is_shadow = is_shadow;
	process_conf_init(&s->process);
	return s;
}

/* Files of the configuration may be readable by the keeper only. */
static int open_conf_file(void *arg, const char *path, int *errnum)
{
	struct opener *o = arg;
	enum err e = ERR_NONE;
	const int fd = o->ops->open_file(o, path, O_RDONLY, 0, &e);

	if (fd < 0)
		*errnum = e == ERR_NOT_FOUND ? ENOENT : e == ERR_PERMISSION ? EACCES : EIO;
	return fd;
}

static void add_extra_port(struct snapshot *s, unsigned port)
{
	char text[64];

	snprintf(text, sizeof(text), "http_port %u\n", port);
	conf_read_text(s->reader, "(option -a)", span_str(text));
}

static void set_floor(struct snapshot *s, bool no_floor)
{
	for (const struct http_port *p = s->proxy.ports; p != NULL; p = p->next)
		floor_add_port(&s->net.floor, p->at.port);
	if (no_floor)
		s->net.floor.is_on = false;
}

static void set_identity(struct snapshot *s)
{
	const struct proxy_conf *c = &s->proxy;

	s->identity.name = span_str(c->unique_hostname);
	const char *product = s->header.httpd_suppress_version_string ? FORWARD_PRODUCT
	                                                              : FORWARD_PRODUCT
	                              "/" PACKAGE_VERSION;

	s->identity.via = arena_printf(&s->arena, "1.1 %s (%s)", c->unique_hostname, product);
	s->identity.via_1_0 = arena_printf(&s->arena, "1.0 %s (%s)", c->unique_hostname, product);
}

static void check_rules(const struct snapshot *s, const char *path)
{
	if (conf_is_seen(s->reader, "http_access"))
		return;
	conf_report(s->reader, CONF_WARNING,
	            (struct conf_place){ path != NULL ? path : "(built in)", 0 },
	            "there is no http_access line, so every request is denied; "
	            "add one, as: http_access allow localhost");
	conf_as_squid(s->reader, CONF_SQUID_SAME);
}

/* A port that was refused is an error already, and https_port is one meant for another purpose. */
static void check_ports(const struct snapshot *s, const char *path)
{
	if (s->proxy.ports != NULL || conf_is_seen(s->reader, "http_port") ||
	    conf_is_seen(s->reader, "https_port"))
		return;
	conf_report(s->reader, CONF_ERROR,
	            (struct conf_place){ path != NULL ? path : "(built in)", 0 },
	            "there is no http_port line, so nobody could connect; add: http_port 3128");
	conf_as_squid(s->reader, CONF_SQUID_STOPS);
}

struct lookup {
	const struct proxy_options *o;
	const struct dns_conf *dns;
};

static void tell_lookup(void *arg)
{
	const struct lookup *l = arg;

	if (l->o->progress != NULL)
		l->o->progress(l->o->progress_arg, "looking up host names of acls", 0);
}

/* The host names among the values of acls, as requests look names up. */
static void resolve_hosts(void *arg, struct acl_host *hosts, size_t n)
{
	const struct lookup *l = arg;
	struct dns_wanted *wanted = check_calloc(n, sizeof(wanted[0]));

	for (size_t i = 0; i < n; i++)
		wanted[i].name = span_str(hosts[i].name);
	dns_wait(l->dns, wanted, n, tell_lookup, arg);
	for (size_t i = 0; i < n; i++) {
		hosts[i].why = wanted[i].err != ERR_NONE ? err_text(wanted[i].err) : NULL;
		hosts[i].ips = wanted[i].ips;
		hosts[i].n = wanted[i].n;
	}
	free(wanted);
}

/* Read and compile what o names. *is_read: the file itself could be read. */
static struct snapshot *read_all(const struct proxy_options *o, bool is_shadow, bool *is_read)
{
	struct snapshot *s = snapshot_new(is_shadow);
	void *const sections[CONF_SECTION_N] = {
		[CONF_SECTION_acl] = &s->acl,         [CONF_SECTION_net] = &s->net,
		[CONF_SECTION_log] = &s->log,         [CONF_SECTION_proxy] = &s->proxy,
		[CONF_SECTION_process] = &s->process, [CONF_SECTION_header] = &s->header,
		[CONF_SECTION_error] = &s->error,     [CONF_SECTION_peer] = &s->peer,
		[CONF_SECTION_cache] = &s->cache,
	};

	acl_conf_share(&s->acl, o->list_files);
	s->reader = conf_reader_new(directives, ARRAY_LEN(directives), sections);
	if (o->is_as_squid)
		conf_want_squid(s->reader);
	conf_set_progress(s->reader, o->progress, o->progress_arg);
	if (o->opener != NULL)
		conf_set_open(s->reader, open_conf_file, o->opener);
	if (o->service_name != NULL)
		conf_set_macro(s->reader, "service_name", o->service_name);
	*is_read = true;
	if (o->conf_path != NULL)
		*is_read = conf_read_file(s->reader, o->conf_path);
	else
		conf_read_text(s->reader, "(built in)", span_str(o->conf_text));
	if (o->extra_port != 0)
		add_extra_port(s, o->extra_port);
	conf_finish(s->reader);
	acl_conf_resolve(&s->acl, s->reader, resolve_hosts,
	                 &(struct lookup){ .o = o, .dns = &s->net.dns });
	acl_conf_finish(&s->acl, s->reader);
	header_conf_finish(&s->header, &s->log, s->reader);
	note_conf_bind(&s->proxy.notes, &s->log);
	log_conf_finish(&s->log, s->reader);
	peer_conf_finish(&s->peer, s->reader);
	cache_conf_finish(&s->cache, s->reader);
	proxy_conf_complete(&s->proxy, s->reader);
	return s;
}

/* Beside errors, only what concerns a shadow's decisions is worth a word. */
static bool is_told(const struct conf_reader *shadow, const struct conf_finding *f)
{
	static const char *const asked[] = { "acl", "http_access", "http_reply_access",
		                             "report_only", "shadow_config" };
	const struct conf_directive *d = conf_finding_directive(shadow, f);

	for (size_t i = 0; i < ARRAY_LEN(asked) && d != NULL; i++)
		if (strcmp(d->name, asked[i]) == 0)
			return true;
	return f->severity == CONF_ERROR;
}

/* The shadow's findings, each at its own place; what is an error there is none here. */
static void tell_about_shadow(struct snapshot *s, struct conf_reader *shadow)
{
	for (const struct conf_finding *f = conf_findings(shadow); f != NULL; f = f->next) {
		if (!is_told(shadow, f))
			continue;
		conf_report(s->reader, f->severity == CONF_ERROR ? CONF_WARNING : f->severity,
		            (struct conf_place){ arena_dup(&s->arena, span_str(f->place.file)).p,
		                                 f->place.line },
		            "%s the shadow: %s", f->severity == CONF_ERROR ? "an error in" : "in",
		            f->text);
	}
	if (conf_count(shadow, CONF_ERROR) != 0)
		conf_report(s->reader, CONF_WARNING, s->proxy.shadow.place,
		            "%s has errors, so there is no shadow policy", s->proxy.shadow.path);
}

static void load_shadow(struct snapshot *s, const struct proxy_options *live)
{
	struct proxy_options o = *live;
	bool is_read;

	o.conf_path = s->proxy.shadow.path;
	o.extra_port = 0;
	o.is_as_squid = false;
	s->shadow = read_all(&o, true, &is_read);
	if (!conf_is_seen(s->shadow->reader, "http_access"))
		conf_report(s->reader, CONF_WARNING, (struct conf_place){ o.conf_path, 0 },
		            "in the shadow: there is no http_access line, so every request is "
		            "denied");
	tell_about_shadow(s, s->shadow->reader);
	conf_drop_lists(s->shadow->reader);
	if (conf_count(s->shadow->reader, CONF_ERROR) != 0)
		snapshot_unref(&s->shadow);
}

struct snapshot *proxy_load(const struct proxy_options *o, proxy_report_fn *report, void *arg)
{
	bool is_read;
	struct snapshot *s = read_all(o, false, &is_read);

	if (is_read) {
		check_ports(s, o->conf_path);
		check_rules(s, o->conf_path);
	} else if (access(o->conf_path, F_OK) != 0) {
		conf_report(s->reader, CONF_NOTE, (struct conf_place){ o->conf_path, 0 },
		            "cuttle -f FILE reads another file; a first one to copy is " SYSCONFDIR
		            "/cuttle/cuttle.conf.default (etc/ in the sources)");
	}
	s->errorpages = errorpages_load(&s->error, s->reader);
	deny_info_check(s->error.deny_infos, s->errorpages, &s->acl, s->reader);
	if (s->proxy.shadow.path != NULL)
		load_shadow(s, o);
	if (o->progress != NULL)
		o->progress(o->progress_arg, NULL, 0);
	if (report != NULL)
		for (const struct conf_finding *f = conf_findings(s->reader); f != NULL;
		     f = f->next)
			report(arg, f);
	if (conf_count(s->reader, CONF_ERROR) != 0) {
		snapshot_unref(&s);
		return NULL;
	}
	set_identity(s);
	set_floor(s, o->no_floor);
	conf_drop_lists(s->reader); /* compiled by now; a million names would stay as text too */
	return s;
}
