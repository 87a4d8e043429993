/*
 * Manager pages: one row each in the table at the end.
 */
#include "admin/manager.h"

#include <stdarg.h>
#include <sys/resource.h>
#include <unistd.h>

#include "acl/decide.h"
#include "base/arena.h"
#include "base/budget.h"
#include "base/counters.h"
#include "cache/disk.h"
#include "cache/store.h"
#include "loop/poller.h"

/* Text that grows in an arena. */
struct text {
	struct arena *arena;
	char *p;
	size_t n, cap;
};

static void put(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void put(struct text *t, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	const size_t n = (size_t)vsnprintf(NULL, 0, fmt, ap);

	va_end(ap);
	if (t->n + n + 1 > t->cap) {
		const size_t cap = (t->n + n + 1) * 2;
		char *bigger = arena_alloc(t->arena, cap);

		if (t->n != 0)
			memcpy(bigger, t->p, t->n);
		t->p = bigger;
		t->cap = cap;
	}
	vsnprintf(t->p + t->n, n + 1, fmt, again);
	va_end(again);
	t->n += n;
}

static void put_time(struct text *t, const char *label, int64_t wall_us)
{
	const time_t s = (time_t)(wall_us / 1000000);
	char buf[64];
	struct tm tm;

	if (gmtime_r(&s, &tm) == NULL ||
	    strftime(buf, sizeof(buf), "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
		buf[0] = '\0';
	put(t, "%s%s\n", label, buf);
}

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static unsigned long long sum(enum counter c)
{
	return (unsigned long long)counters_sum(c);
}

/* --- pages ------------------------------------------------------------------------------------ */

/* 0 of 0 is 0. */
static double share(double part, double whole)
{
	return whole > 0 ? part * 100 / whole : 0.0;
}

/* Squid's "Hits as % of bytes sent" is what need not be fetched, so it may be less than nothing. */
static double bytes_saved(const struct counters_period *p)
{
	const double sent = (double)p->v[COUNT_CLIENT_BYTES_OUT];

	return share(sent - (double)p->v[COUNT_SERVER_BYTES_IN], sent);
}

static double hits_in(const struct counters_period *p, enum counter kind, enum counter of)
{
	return share((double)p->v[kind], (double)p->v[of]);
}

static void put_hits(struct text *t)
{
	const int64_t now_ms = clock_monotonic_us() / 1000;
	struct counters_period few, all;

	counters_lately(5, now_ms, &few);
	counters_lately(60, now_ms, &all);
	put(t, "\tHits as %% of all requests:\t5min: %.1f%%, 60min: %.1f%%\n",
	    hits_in(&few, COUNT_CLIENT_HITS, COUNT_CLIENT_REQUESTS),
	    hits_in(&all, COUNT_CLIENT_HITS, COUNT_CLIENT_REQUESTS));
	put(t, "\tHits as %% of bytes sent:\t5min: %.1f%%, 60min: %.1f%%\n", bytes_saved(&few),
	    bytes_saved(&all));
	put(t, "\tMemory hits as %% of hit requests:\t5min: %.1f%%, 60min: %.1f%%\n",
	    hits_in(&few, COUNT_CLIENT_MEM_HITS, COUNT_CLIENT_HITS),
	    hits_in(&all, COUNT_CLIENT_MEM_HITS, COUNT_CLIENT_HITS));
	put(t, "\tDisk hits as %% of hit requests:\t5min: %.1f%%, 60min: %.1f%%\n",
	    hits_in(&few, COUNT_CLIENT_DISK_HITS, COUNT_CLIENT_HITS),
	    hits_in(&all, COUNT_CLIENT_DISK_HITS, COUNT_CLIENT_HITS));
}

static void add_disk(void *arg, struct disk *d)
{
	struct disk_stats *const sum = arg, st;

	disk_stats(d, &st);
	sum->objects += st.objects;
	sum->used_bytes += st.used_bytes;
	sum->capacity_bytes += st.capacity_bytes;
}

static void put_used(struct text *t, const char *what, uint64_t used, uint64_t capacity)
{
	const double part = share((double)used, (double)capacity);

	put(t, "\tStorage %s size:\t%llu KB\n", what, (unsigned long long)used / 1024);
	put(t, "\tStorage %s capacity:\t%.1f%% used, %.1f%% free\n", what, part,
	    capacity != 0 ? MAX(100.0 - part, 0.0) : 0.0);
}

/* Squid's part "Cache information", and its figures of entries. */
static void put_cache(struct text *t, struct store *s)
{
	struct disk_stats disks = { 0 };
	struct store_stats st;

	store_stats(s, &st);
	store_each_disk(s, add_disk, &disks);
	const uint64_t objects = disks.objects != 0 ? disks.objects : st.mem_objects;
	const uint64_t bytes = disks.objects != 0 ? disks.used_bytes : st.mem_bytes;

	put(t, "Cache information for cuttle:\n");
	put_hits(t);
	put_used(t, "Swap", disks.used_bytes, disks.capacity_bytes);
	put_used(t, "Mem", st.mem_bytes, st.mem_max_bytes);
	put(t, "\tMean Object Size:\t%.2f KB\n",
	    objects != 0 ? (double)bytes / 1024 / (double)objects : 0.0);
	put(t, "Internal Data Structures:\n");
	put(t, "\t%6llu StoreEntries\n", (unsigned long long)st.mem_objects + disks.objects);
	put(t, "\t%6llu StoreEntries with MemObjects\n", (unsigned long long)st.mem_objects);
	put(t, "\t%6llu on-disk objects\n", (unsigned long long)disks.objects);
}

static void page_info(struct text *t, struct proxy *p, const struct snapshot *s)
{
	const int64_t now = now_us();
	struct proxy_stats st;
	struct rusage u;
	struct rlimit fds;

	proxy_stats(p, &st);
	getrusage(RUSAGE_SELF, &u);
	getrlimit(RLIMIT_NOFILE, &fds);
	const double up = (double)(now - st.started_wall_us) / 1e6;

	put(t, "Cuttle: Version %s\n", PACKAGE_VERSION);
	put(t, "Visible host name: %s\n", snapshot_visible_hostname(s));
	put_time(t, "Start Time:\t", st.started_wall_us);
	put_time(t, "Current Time:\t", now);
	put(t, "Connection information for cuttle:\n");
	put(t, "\tNumber of HTTP requests received:\t%llu\n", sum(COUNT_CLIENT_REQUESTS));
	put(t, "\tAverage HTTP requests per minute since start:\t%.1f\n",
	    up > 0 ? (double)sum(COUNT_CLIENT_REQUESTS) * 60 / up : 0.0);
	put(t, "\tClient connections accepted:\t%llu\n", sum(COUNT_CLIENT_CONNECTIONS));
	put(t, "\tClient connections open:\t%u\n", st.sessions);
	put(t, "\tTunnels open:\t%u\n", st.tunnels);
	put(t, "\tRequests denied:\t%llu\n", sum(COUNT_CLIENT_DENIED));
	put(t, "\tRequests malformed:\t%llu\n", sum(COUNT_CLIENT_BAD));
	put_cache(t, proxy_store(p));
	put(t, "Configuration:\n");
	put(t, "\tLoaded:\t%u times\n", st.generation);
	if (st.reloaded_wall_us != 0)
		put_time(t, "\tLast reload:\t", st.reloaded_wall_us);
	put(t, "\tSnapshots alive:\t%u\n", st.snapshots);
	if (snapshot_shadow(s) != NULL)
		put(t, "\tShadow policy:\t%s, same %llu, differs %llu, cannot tell %llu\n",
		    snapshot_shadow(s), sum(COUNT_SHADOW_SAME), sum(COUNT_SHADOW_DIFFERS),
		    sum(COUNT_SHADOW_UNKNOWN));
	put(t, "\tList files in use:\t%zu, with %zu values\n", st.list_files, st.list_values);
	put(t, "\tList files read:\t%llu, compiled %llu, unchanged %llu\n", sum(COUNT_LISTS_READ),
	    sum(COUNT_LISTS_COMPILED), sum(COUNT_LISTS_REUSED));
	put(t, "Resource usage for cuttle:\n");
	put(t, "\tWorkers:\t%u\n", st.workers);
	put(t, "\tUP Time:\t%.3f seconds\n", up);
	put(t, "\tCPU Time:\t%.3f seconds\n", cpu_seconds());
	put(t, "\tCPU Usage:\t%.2f%%\n", up > 0 ? cpu_seconds() * 100 / up : 0.0);
	put(t, "\tMaximum Resident Size: %ld KB\n", u.ru_maxrss);
	put(t, "Memory accounted for:\n");
	if (budget_limit() == 0)
		put(t, "\tLimit:\tnone\n");
	else
		put(t, "\tLimit:\t%llu KB\n", (unsigned long long)budget_limit() / 1024);
	put(t, "\tTaken:\t%llu KB\n", (unsigned long long)budget_taken() / 1024);
	put(t, "File descriptor usage for cuttle:\n");
	put(t, "\tMaximum number of file descriptors:\t%llu\n", (unsigned long long)fds.rlim_cur);
	put(t, "Access log:\n");
	put(t, "\tLines:\t%llu\n\tLines lost:\t%llu\n", sum(COUNT_LOG_LINES),
	    sum(COUNT_LOG_DROPPED));
}

/* Squid counts these in units of 1024 bytes; all that came from servers is its server.all. */
static const struct {
	const char *name;
	enum counter bytes;
} kbytes[] = {
	{ "client_http.kbytes_in", COUNT_CLIENT_BYTES_IN },
	{ "client_http.kbytes_out", COUNT_CLIENT_BYTES_OUT },
	{ "client_http.hit_kbytes_out", COUNT_CLIENT_HIT_BYTES_OUT },
	{ "server.all.kbytes_in", COUNT_SERVER_BYTES_IN },
	{ "server.all.kbytes_out", COUNT_SERVER_BYTES_OUT },
};

static void page_counters(struct text *t, struct proxy *p, const struct snapshot *s)
{
	const int64_t now = now_us();

	(void)p;
	(void)s;
	put(t, "sample_time = %lld.%06lld\n", (long long)(now / 1000000),
	    (long long)(now % 1000000));
	for (unsigned c = 0; c < COUNT_N; c++)
		put(t, "%s = %llu\n", counter_name((enum counter)c), sum((enum counter)c));
	for (size_t i = 0; i < ARRAY_LEN(kbytes); i++)
		put(t, "%s = %llu\n", kbytes[i].name, sum(kbytes[i].bytes) / 1024);
	put(t, "cpu_time = %.6f\n", cpu_seconds());
}

/* Per second, as Squid's pages of these names. */
static void put_period(struct text *t, unsigned minutes)
{
	struct counters_period p;

	counters_lately(minutes, clock_monotonic_us() / 1000, &p);
	const int64_t now = now_us();
	const double s = MAX((double)p.ms, 1.0) / 1000;

	put(t, "sample_start_time = %lld.%06lld\n", (long long)((now - p.ms * 1000) / 1000000),
	    (long long)((now - p.ms * 1000) % 1000000));
	put(t, "sample_end_time = %lld.%06lld\n", (long long)(now / 1000000),
	    (long long)(now % 1000000));
	for (unsigned c = 0; c < COUNT_N; c++)
		put(t, "%s = %f/sec\n", counter_name((enum counter)c), (double)p.v[c] / s);
	for (size_t i = 0; i < ARRAY_LEN(kbytes); i++)
		put(t, "%s = %f/sec\n", kbytes[i].name, (double)p.v[kbytes[i].bytes] / 1024 / s);
}

static void page_5min(struct text *t, struct proxy *p, const struct snapshot *s)
{
	(void)p;
	(void)s;
	put_period(t, 5);
}

static void page_60min(struct text *t, struct proxy *p, const struct snapshot *s)
{
	(void)p;
	(void)s;
	put_period(t, 60);
}

static void page_config(struct text *t, struct proxy *p, const struct snapshot *s)
{
	char *dump = snapshot_dump(s);

	(void)p;
	put(t, "%s", dump);
	free(dump);
}

static void page_mem(struct text *t, struct proxy *p, const struct snapshot *s)
{
	(void)p;
	(void)s;
	put(t, "class\tbytes\twhat\n");
	for (unsigned c = 0; c < BUDGET_N; c++)
		put(t, "%s\t%llu\t%s\n", budget_name((enum budget_class)c),
		    (unsigned long long)budget_used((enum budget_class)c),
		    budget_description((enum budget_class)c));
}

/* "2026-01-31T12:00:00Z"; "-": never. */
static void put_stamp(struct text *t, int64_t wall_s)
{
	const time_t s = (time_t)wall_s;
	char buf[32];
	struct tm tm;

	if (wall_s == 0 || gmtime_r(&s, &tm) == NULL ||
	    strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		put(t, "-");
	else
		put(t, "%s", buf);
}

static void put_row(void *arg, const struct acl_tally_row *row)
{
	struct text *t = arg;

	put(t, "%s\t%llu\t",
	    row->type != NULL     ? "acl"
	    : row->is_report_only ? "report"
	                          : "rule",
	    (unsigned long long)row->hits.n);
	put_stamp(t, row->hits.last_s);
	if (row->place.file != NULL && row->place.line != 0)
		put(t, "\t%s:%u\t", row->place.file, row->place.line);
	else
		put(t, "\t-\t");
	if (row->type != NULL)
		put(t, "%s %s\t", row->directive, row->type);
	else if (row->text.n != 0)
		put(t, "%s %.*s\t", row->directive, SPAN_ARG(row->text));
	else
		put(t, "%s (no rule matched)\t", row->directive);
	if (row->shadow != NULL)
		put(t, "shadowed by %s:%u\n", acl_rule_place(row->shadow).file,
		    acl_rule_place(row->shadow).line);
	else
		put(t, "%s\n", row->hits.n == 0 ? "never" : "-");
}

static void page_rules(struct text *t, struct proxy *p, const struct snapshot *s)
{
	(void)p;
	put(t, "what\thits\tlast\tplace\ttext\tremark\n");
	acl_conf_each_hit(snapshot_acl(s), put_row, t);
}

static void page_server_list(struct text *t, struct proxy *p, const struct snapshot *s)
{
	const struct span text = snapshot_peers(s, t->arena);

	(void)p;
	put(t, "%.*s", SPAN_ARG(text));
}

static unsigned long long per_cent(uint64_t part, uint64_t whole)
{
	return whole != 0 ? (unsigned long long)(100 * part / whole) : 0;
}

static void put_memory(struct text *t, const struct store_stats *st)
{
	put(t, "Store in memory:\n");
	put(t, "\tObjects:\t%llu\n", (unsigned long long)st->mem_objects);
	put(t, "\tSize:\t%llu KB of %llu KB, %llu%%\n", (unsigned long long)st->mem_bytes / 1024,
	    (unsigned long long)st->mem_max_bytes / 1024,
	    per_cent(st->mem_bytes, st->mem_max_bytes));
	put(t, "\tEvicted:\t%llu\n", (unsigned long long)st->evicted);
	put(t, "\tOn their way in:\t%llu\n", (unsigned long long)st->in_transit);
	put(t, "Lookups:\t%llu, found in memory %llu, on disk %llu\n",
	    (unsigned long long)st->lookups, (unsigned long long)st->mem_hits,
	    (unsigned long long)st->disk_hits);
}

/* "-": nothing was admitted. */
static const char *ratio(uint64_t written, uint64_t admitted, char text[24])
{
	if (admitted == 0)
		return "-";
	snprintf(text, 24, "%.2f", (double)written / (double)admitted);
	return text;
}

static void put_disk(void *arg, struct disk *d)
{
	struct text *const t = arg;
	struct disk_stats st;
	char now[24], ever[24];

	disk_stats(d, &st);
	put(t, "Store directory: %s\n", st.path);
	put(t, "\tState:\t%s\n",
	    st.is_out_of_use     ? "out of use: see cache_log"
	    : !disk_is_loaded(d) ? "its index is being loaded"
	                         : "in use");
	put(t, "\tObjects:\t%llu in %llu segments\n", (unsigned long long)st.objects,
	    (unsigned long long)st.segments);
	put(t, "\tSize:\t%llu KB of %llu KB, %llu%%\n", (unsigned long long)st.used_bytes / 1024,
	    (unsigned long long)st.capacity_bytes / 1024,
	    per_cent(st.used_bytes, st.capacity_bytes));
	put(t, "\tWritten:\t%llu KB for %llu KB admitted, of which again %llu KB\n",
	    (unsigned long long)st.written_bytes / 1024,
	    (unsigned long long)st.admitted_bytes / 1024,
	    (unsigned long long)st.rewritten_bytes / 1024);
	put(t,
	    "\tWritten for each byte admitted:\t%s since it was opened, %s since it was prepared\n",
	    ratio(st.written_bytes, st.admitted_bytes, now),
	    ratio(st.all_written_bytes, st.all_admitted_bytes, ever));
	put(t, "\tEvicted:\t%llu objects\n", (unsigned long long)st.evicted_objects);
	put(t, "\tNot stored, for want of room or buffers:\t%llu\n",
	    (unsigned long long)st.refused);
	put(t, "\tChecksums that were wrong:\t%llu\n", (unsigned long long)st.bad_checksums);
	put(t, "\tReads and writes that failed:\t%llu\n", (unsigned long long)st.io_errors);
}

static void page_storedir(struct text *t, struct proxy *p, const struct snapshot *s)
{
	struct store *const store = proxy_store(p);
	struct store_stats st;

	(void)s;
	store_stats(store, &st);
	put_memory(t, &st);
	store_each_disk(store, put_disk, t);
}

static void page_menu(struct text *t, struct proxy *p, const struct snapshot *s);

static const struct page {
	const char *name, *text;
	void (*print)(struct text *, struct proxy *, const struct snapshot *);
} pages[] = {
	{ "index", "The list of pages", page_menu },
	{ "menu", "The list of pages", page_menu },
	{ "info", "General Runtime Information", page_info },
	{ "counters", "Traffic and Resource Counters", page_counters },
	{ "5min", "5 Minute Average of Counters", page_5min },
	{ "60min", "60 Minute Average of Counters", page_60min },
	{ "config", "Current Configuration, secrets masked", page_config },
	{ "mem", "Memory by what it is used for", page_mem },
	{ "storedir", "The store in memory and on disks", page_storedir },
	{ "server_list", "Peer Cache Statistics", page_server_list },
	{ "rules", "Rules and acls, and how often each has decided or matched", page_rules },
};

static void page_menu(struct text *t, struct proxy *p, const struct snapshot *s)
{
	(void)p;
	(void)s;
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		put(t, " %-22s\t%s\tpublic\n", pages[i].name, pages[i].text);
}

bool manager_page(struct proxy *p, const struct snapshot *s, struct span action, struct arena *a,
                  struct span *type, struct span *body)
{
	struct text t = { .arena = a };

	if (action.n == 0)
		action = SPAN("index");
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		if (!span_eq(action, span_str(pages[i].name)))
			continue;
		pages[i].print(&t, p, s);
		*type = SPAN("text/plain; charset=utf-8");
		*body = span_of(t.p, t.n);
		return true;
	}
	return false;
}
