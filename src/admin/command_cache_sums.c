/*
 * `cuttle cache verify` and `cuttle cache stats`: all objects together.
 */
#include <inttypes.h>

#include "admin/command_cache.h"
#include "admin/json.h"
#include "base/hash.h"
#include "base/table.h"

/* --- verify ----------------------------------------------------------------------------------- */

struct verified {
	uint64_t objects, bytes, lacking, broken;
};

static bool count_verified(void *arg, const struct disk_looked *o)
{
	struct verified *const v = arg;

	v->objects++;
	v->bytes += o->bytes;
	for (uint32_t i = 0; i < o->found.n_places; i++)
		v->bytes += o->found.places[i].bytes;
	v->lacking += o->state == DISK_LOOK_LACKING ? 1 : 0;
	v->broken += o->state == DISK_LOOK_BROKEN ? 1 : 0;
	return true;
}

static void print_fault(const struct cache_fault *f)
{
	printf("%s/%s at %" PRIu64 ": %s", f->folder, f->file, f->offset, f->what);
	if (f->url[0] != 0) {
		fputs(": ", stdout);
		command_cache_put_text(span_str(f->url));
	}
	putchar('\n');
}

static void print_fault_json(const struct cache_fault *f, bool is_first)
{
	fputs(is_first ? "{\"folder\":" : ",{\"folder\":", stdout);
	json_string(stdout, span_str(f->folder));
	json_member(stdout, "file", span_str(f->file));
	printf(",\"offset\":%" PRIu64, f->offset);
	json_member(stdout, "url", f->url[0] != 0 ? span_str(f->url) : SPAN_NULL);
	json_member(stdout, "what", span_str(f->what));
	putchar('}');
}

static void print_verified(const struct cache_command *c, const struct verified *v)
{
	if (c->n_kept < c->n_faults)
		printf("and %" PRIu64 " more\n", c->n_faults - c->n_kept);
	printf("%" PRIu64 " objects, %" PRIu64 " bytes read: ", v->objects, v->bytes);
	if (c->n_faults == 0)
		printf("all checksums are right\n");
	else
		printf("%" PRIu64 " things are damaged\n", c->n_faults);
	if (v->lacking > 0)
		printf("%" PRIu64 " objects are not whole: being written, or cut off by a crash; "
		       "they are fetched anew when somebody asks for them\n",
		       v->lacking);
}

int command_cache_verify(struct cache_command *c)
{
	struct verified v = { 0 };
	const bool is_good = command_cache_each(c, DISK_LOOK_ALL, count_verified, &v);

	if (c->is_json)
		fputs("{\"faults\":[", stdout);
	for (uint64_t i = 0; i < c->n_kept; i++)
		if (c->is_json)
			print_fault_json(&c->faults[i], i == 0);
		else
			print_fault(&c->faults[i]);
	if (c->is_json)
		printf("],\"n_faults\":%" PRIu64 ",\"objects\":%" PRIu64 ",\"bytes\":%" PRIu64
		       ",\"broken\":%" PRIu64 ",\"not_whole\":%" PRIu64 "}\n",
		       c->n_faults, v.objects, v.bytes, v.broken, v.lacking);
	else
		print_verified(c, &v);
	if (!is_good)
		return CACHE_FAILED;
	return c->n_faults == 0 ? CACHE_DONE : CACHE_NOT_SO;
}

/* --- stats: counting -------------------------------------------------------------------------- */

struct class
{
	const char *name;
	uint64_t below;
};

static const struct class sizes[] = {
	{ "below 1 KB", 1 << 10 },         { "1 KB to 4 KB", 4 << 10 },
	{ "4 KB to 16 KB", 16 << 10 },     { "16 KB to 64 KB", 64 << 10 },
	{ "64 KB to 256 KB", 256 << 10 },  { "256 KB to 1 MB", 1 << 20 },
	{ "1 MB to 16 MB", 16 << 20 },     { "16 MB to 256 MB", 256 << 20 },
	{ "256 MB and more", UINT64_MAX },
};
static const struct class ages[] = {
	{ "below a minute", 60 },         { "a minute to an hour", 3600 },
	{ "an hour to a day", 86400 },    { "a day to a week", 604800 },
	{ "a week to a month", 2592000 }, { "a month and more", UINT64_MAX },
};

#define HOSTS_SHOWN 10u

struct host {
	struct table_node node;
	uint64_t n, bytes;
	struct span name; /* in the command's arena */
};

struct counted {
	struct cache_command *command;
	uint64_t objects, bytes, markers, unreachable, variants, lacking;
	uint64_t by_size[ARRAY_LEN(sizes)], bytes_by_size[ARRAY_LEN(sizes)];
	uint64_t by_age[ARRAY_LEN(ages)];
	struct table hosts;
};

static size_t class_of(const struct class *v, uint64_t value)
{
	size_t i = 0;

	while (v[i].below != UINT64_MAX && value >= v[i].below)
		i++;
	return i;
}

static struct host *host_of(struct counted *s, struct span url)
{
	const struct span name = command_cache_host(url);
	const uint64_t hash = hash_bytes(name);
	struct table_node *n = table_first(&s->hosts, hash);

	for (; n != NULL; n = table_next(n, hash))
		if (span_eq(CONTAINER_OF(n, struct host, node)->name, name))
			return CONTAINER_OF(n, struct host, node);
	struct host *const h = ARENA_NEW(&s->command->arena, struct host);

	h->name = arena_printf(&s->command->arena, "%.*s", SPAN_ARG(name));
	table_insert(&s->hosts, &h->node, hash);
	return h;
}

static bool count_object(void *arg, const struct disk_looked *o)
{
	struct counted *const s = arg;
	const struct cobj_parts *const p = &o->found.parts;

	if (p->meta.flags & COBJ_MARKER) {
		s->markers++;
		return true;
	}
	if (!command_cache_is_reachable(s->command, o)) {
		s->unreachable++;
		return true;
	}
	const uint64_t bytes = p->meta.body_bytes;
	const int64_t age_s = MAX(s->command->now_s - p->meta.response_s, (int64_t)0);
	struct host *const h = host_of(s, p->url);

	s->objects++;
	s->bytes += bytes;
	s->variants += o->is_variant ? 1 : 0;
	s->lacking += o->state == DISK_LOOK_LACKING ? 1 : 0;
	s->by_size[class_of(sizes, bytes)]++;
	s->bytes_by_size[class_of(sizes, bytes)] += bytes;
	s->by_age[class_of(ages, (uint64_t)age_s)]++;
	h->n++;
	h->bytes += bytes;
	return true;
}

static int by_bytes(const void *a, const void *b)
{
	const struct host *const x = *(struct host *const *)a, *const y = *(struct host *const *)b;

	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return span_cmp(x->name, y->name);
}

/* Those with the most bytes first; the caller frees it. */
static struct host **sorted_hosts(struct counted *s)
{
	struct host **const v = check_calloc(s->hosts.n + 1, sizeof(struct host *));
	size_t n = 0;

	table_for_each(it, &s->hosts) v[n++] = CONTAINER_OF(it, struct host, node);
	qsort(v, n, sizeof(struct host *), by_bytes);
	return v;
}

/* --- stats: printing -------------------------------------------------------------------------- */

static void print_folder(const struct disk_look *k)
{
	struct disk_look_sums d;
	char oldest[32], newest[32];

	disk_look_sums(k, &d);
	printf("%s: %s\n", disk_look_path(k),
	       d.label.is_clean ? "closed in order"
	       : d.is_boot_over ? "in use when the machine went down"
	                        : "in use, or left by a crash");
	printf("  capacity   %14" PRIu64 " bytes\n", d.label.capacity_bytes);
	printf("  segments   %14" PRIu64 " bytes in %" PRIu64 ", %" PRIu64 " of them open\n",
	       d.segment_bytes, d.segments, d.unsealed);
	printf("  kept again %14" PRIu64 " bytes of that: what proved worth keeping\n",
	       d.by_chain[1]);
	printf("  journal    %14" PRIu64 " bytes in %" PRIu64 ", %" PRIu64 " tombstones\n",
	       d.journal_bytes, d.journals, d.tombstones);
	printf("  written    %14" PRIu64 " bytes for %" PRIu64 " admitted, %.2f for each%s\n",
	       d.label.written_bytes, d.label.admitted_bytes,
	       d.label.admitted_bytes != 0
	               ? (double)d.label.written_bytes / (double)d.label.admitted_bytes
	               : 0.0,
	       d.label.is_clean ? "" : ", until it was closed in order the last time");
	printf("  heads      %14" PRIu64 ", of which %" PRIu64 " count\n", d.heads, d.objects);
	if (d.segments > 0)
		printf("  written from %s to %s\n", command_cache_time(d.oldest_s, oldest),
		       command_cache_time(d.newest_s, newest));
}

static void print_counted(struct counted *s)
{
	struct host **const hosts = sorted_hosts(s);

	printf("objects %" PRIu64 ", %" PRIu64 " bytes; %" PRIu64 " of them variants of %" PRIu64
	       " URLs\n",
	       s->objects, s->bytes, s->variants, s->markers);
	if (s->unreachable + s->lacking > 0)
		printf("  beside them %" PRIu64 " variants that nobody finds any more, and %" PRIu64
		       " that are not whole\n",
		       s->unreachable, s->lacking);
	printf("by size\n");
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		if (s->by_size[i] > 0)
			printf("  %-20s %12" PRIu64 " %16" PRIu64 " bytes\n", sizes[i].name,
			       s->by_size[i], s->bytes_by_size[i]);
	printf("by age\n");
	for (size_t i = 0; i < ARRAY_LEN(ages); i++)
		if (s->by_age[i] > 0)
			printf("  %-20s %12" PRIu64 "\n", ages[i].name, s->by_age[i]);
	printf("by host, %u of %zu\n", (unsigned)MIN(s->hosts.n, (size_t)HOSTS_SHOWN), s->hosts.n);
	for (size_t i = 0; i < MIN(s->hosts.n, (size_t)HOSTS_SHOWN); i++) {
		printf("  %12" PRIu64 " %16" PRIu64 " bytes  ", hosts[i]->n, hosts[i]->bytes);
		command_cache_put_text(hosts[i]->name);
		putchar('\n');
	}
	free(hosts);
}

static void print_folder_json(const struct disk_look *k)
{
	struct disk_look_sums d;

	disk_look_sums(k, &d);
	fputs("{\"folder\":", stdout);
	json_string(stdout, span_str(disk_look_path(k)));
	printf(",\"clean\":%s,\"made\":%" PRId64 ",\"capacity\":%" PRIu64 ",\"segments\":%" PRIu64
	       ",\"open_segments\":%" PRIu64 ",\"segment_bytes\":%" PRIu64
	       ",\"kept_again_bytes\":%" PRIu64 ",\"journals\":%" PRIu64
	       ",\"journal_bytes\":%" PRIu64 ",\"tombstones\":%" PRIu64 ",\"heads\":%" PRIu64
	       ",\"live_heads\":%" PRIu64 ",\"written_bytes\":%" PRIu64
	       ",\"admitted_bytes\":%" PRIu64 ",\"oldest\":%" PRId64 ",\"newest\":%" PRId64 "}",
	       d.label.is_clean ? "true" : "false", d.label.made_s, d.label.capacity_bytes,
	       d.segments, d.unsealed, d.segment_bytes, d.by_chain[1], d.journals, d.journal_bytes,
	       d.tombstones, d.heads, d.objects, d.label.written_bytes, d.label.admitted_bytes,
	       d.oldest_s, d.newest_s);
}

static void print_classes_json(const char *name, const struct class *v, const uint64_t *n)
{
	printf(",\"%s\":[", name);
	for (size_t i = 0;; i++) {
		const bool is_last = v[i].below == UINT64_MAX;

		printf("%s{\"below\":", i > 0 ? "," : "");
		if (is_last)
			fputs("null", stdout);
		else
			printf("%" PRIu64, v[i].below);
		printf(",\"objects\":%" PRIu64 "}", n[i]);
		if (is_last)
			break;
	}
	putchar(']');
}

static void print_json(struct cache_command *c, struct counted *s)
{
	struct host **const hosts = sorted_hosts(s);

	fputs("{\"folders\":[", stdout);
	for (size_t i = 0; i < c->n_looks; i++) {
		if (i > 0)
			putchar(',');
		print_folder_json(c->looks[i]);
	}
	printf("],\"objects\":%" PRIu64 ",\"body_bytes\":%" PRIu64 ",\"variants\":%" PRIu64
	       ",\"markers\":%" PRIu64 ",\"unreachable\":%" PRIu64 ",\"not_whole\":%" PRIu64
	       ",\"n_faults\":%" PRIu64,
	       s->objects, s->bytes, s->variants, s->markers, s->unreachable, s->lacking,
	       c->n_faults);
	print_classes_json("by_size", sizes, s->by_size);
	print_classes_json("by_age", ages, s->by_age);
	printf(",\"n_hosts\":%zu,\"hosts\":[", s->hosts.n);
	for (size_t i = 0; i < MIN(s->hosts.n, (size_t)HOSTS_SHOWN); i++) {
		fputs(i > 0 ? ",{\"host\":" : "{\"host\":", stdout);
		json_string(stdout, hosts[i]->name);
		printf(",\"objects\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", hosts[i]->n,
		       hosts[i]->bytes);
	}
	fputs("]}\n", stdout);
	free(hosts);
}

int command_cache_stats(struct cache_command *c)
{
	struct counted s = { .command = c };

	table_init(&s.hosts);
	const bool is_good = command_cache_each(c, DISK_LOOK_HEADS, count_object, &s);

	if (c->is_json) {
		print_json(c, &s);
	} else {
		for (size_t i = 0; i < c->n_looks; i++)
			print_folder(c->looks[i]);
		print_counted(&s);
	}
	table_fini(&s.hosts);
	command_cache_note_faults(c);
	return is_good ? CACHE_DONE : CACHE_FAILED;
}
