/*
 * The running proxy: workers, the snapshot in use, what they share. One a process.
 */
#pragma once

#include "base/base.h"
#include "base/oplog.h"
#include "conf/conf.h"
#include "net/opener.h"

struct acl_files;
struct proxy;
struct snapshot;
struct store;

struct arena;

/*
 * A manager page: `action` is what follows /squid-internal-mgr/. Fill type and body (in the arena).
 * False: there is no such page. Called on a worker; must not block.
 */
typedef bool proxy_page_fn(struct proxy *p, const struct snapshot *s, struct span action,
                           struct arena *a, struct span *type, struct span *body);

struct proxy_options {
	const char *conf_path; /* NULL: conf_text is read instead */
	const char *conf_text; /* the built-in default configuration */
	unsigned extra_port;   /* -a port: one more http_port; 0: none */
	bool is_as_squid;      /* findings tell what Squid would have done */
	bool no_floor;         /* --no-floor: as ssrf_protection off */
	struct opener *opener;
	/* from where a reload sees relative names, as the start did; 0: from wherever it is */
	int folder_fd;
	const char *service_name; /* -n: the macro ${service_name}; NULL: as the reader has it */
	/* -X: messages up to this are written whatever debug_options says */
	enum oplog_level level;
	enum oplog_level stderr_level; /* -d: messages up to this go to stderr too */
	/*
	 * A snapshot was taken into use, at the start or by a reload; on any thread. NULL: nobody
	 * cares.
	 */
	void (*taken)(const struct snapshot *s);
	proxy_page_fn *page;          /* admin/manager.h; NULL: no pages */
	struct acl_files *list_files; /* in use, to be found by the next load; NULL: none is */
	conf_progress_fn *progress;   /* told while a configuration is read; NULL: nobody waits */
	void *progress_arg;
};

/*
 * Read a configuration. Findings are handed to `report` one by one in order (may be NULL). NULL if
 * there were errors. Reads files and may take long: not on a worker.
 */
typedef void proxy_report_fn(void *arg, const struct conf_finding *f);
struct snapshot *proxy_load(const struct proxy_options *o, proxy_report_fn *report, void *arg);
const struct process_conf *snapshot_process_conf(const struct snapshot *s);
const struct cache_conf *snapshot_cache_conf(const struct snapshot *s);
struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot **s);
/*
 * All directive rows that Cuttle implements and knows, for --directives and the manual; n is set.
 */
const struct conf_directive *proxy_directives(size_t *n);

/*
 * Open logs and listening ports for this snapshot (taken over); start nothing yet. What fails is
 * in the operator log.
 */
enum err proxy_new(struct proxy **out, const struct proxy_options *o, struct snapshot **s) MUST_USE;

/* Report again what was found in the configuration in use; only before proxy_start(). */
void proxy_findings(const struct proxy *p, proxy_report_fn *report, void *arg);

/* Start workers and the log thread, and return. */
enum err proxy_start(struct proxy *p) MUST_USE;

/* Begin to load the configuration anew in the background; the outcome goes to the operator log. */
void proxy_reload(struct proxy *p);
/* Write debug messages, or return to what the configuration and the command line say. */
void proxy_debug(struct proxy *p, bool is_on);
/* Rotate or reopen the logs. */
void proxy_rotate(struct proxy *p);
/*
 * Stop accepting and drain: idle connections close at once, the rest as they end, or when
 * lifetime_ms is over (0: now). `drained` is called from some thread when the last worker has
 * ended; then proxy_free().
 */
void proxy_shutdown(struct proxy *p, int64_t lifetime_ms, void (*drained)(void *), void *arg);
/*
 * Refuse connections from now on. After proxy_shutdown(), unless another proxy is going to take the
 * ports over from the keeper.
 */
void proxy_close_ports(struct proxy *p);
/* shutdown_lifetime of the configuration that is in use now. */
int64_t proxy_shutdown_lifetime_ms(struct proxy *p);
void proxy_free(struct proxy **p);

/* What is going on, for the manager. */
struct proxy_stats {
	int64_t started_wall_us, reloaded_wall_us; /* 0: never reloaded */
	unsigned workers, generation, snapshots;
	unsigned sessions, tunnels;     /* open now */
	size_t list_files, list_values; /* of acls, in use */
};
void proxy_stats(const struct proxy *p, struct proxy_stats *out);
/* For the manager's pages about the cache. */
struct store *proxy_store(const struct proxy *p);
/* The configuration as it was read, secrets masked. malloc'ed. */
char *snapshot_dump(const struct snapshot *s);
/* With its secrets, for conf_text of another process. */
char *snapshot_text(const struct snapshot *s);
/* Does a log of this configuration lie directly in this folder? */
bool snapshot_logs_into(const struct snapshot *s, const char *folder);
bool snapshot_sets_marks(const struct snapshot *s); /* or reads them: that takes CAP_NET_ADMIN */
bool snapshot_has_floor(const struct snapshot *s);  /* is ssrf_protection on? */
const char *snapshot_visible_hostname(const struct snapshot *s);
/* The candidate policy that is decided beside it; NULL: none. */
const char *snapshot_shadow(const struct snapshot *s);
struct acl_conf;
/* The manager's page about the peers. In the arena. */
struct span snapshot_peers(const struct snapshot *s, struct arena *a);
const struct acl_conf *snapshot_acl(const struct snapshot *s);

/* One line an address that is listened on: "127.0.0.1:3128". NULL after the last. */
const char *proxy_listening(const struct proxy *p, unsigned i);
