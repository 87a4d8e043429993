/*
 * `cuttle cache ls` and `cuttle cache show`: objects one by one.
 */
#include <inttypes.h>

#include "admin/command_cache.h"
#include "admin/json.h"
#include "cache/freshness.h"
#include "http/parse.h"

/* --- one object ------------------------------------------------------------------------------- */

static const char *state_text(const struct disk_looked *o)
{
	switch (o->state) {
	case DISK_LOOK_WHOLE:
		return "";
	case DISK_LOOK_LACKING:
		return " (a part of it is not there)";
	case DISK_LOOK_BROKEN:
		return " (damaged)";
	}
	UNREACHABLE("disk_look_state");
}

/* The members that ls and show have in common, without the braces. */
static void put_json(struct cache_command *c, const struct disk_looked *o)
{
	const struct cobj_parts *const p = &o->found.parts;
	char name[20];

	fputs("\"url\":", stdout);
	json_string(stdout, p->url);
	json_member(stdout, "variant", p->variant.n > 0 ? p->variant : SPAN_NULL);
	printf(",\"status\":%u,\"body_bytes\":%" PRIu64 ",\"requested\":%" PRId64
	       ",\"stored\":%" PRId64 ",\"negative\":%s,\"must_validate\":%s",
	       p->meta.status, p->meta.body_bytes, p->meta.request_s, p->meta.response_s,
	       p->meta.flags & COBJ_NEGATIVE ? "true" : "false",
	       p->meta.flags & COBJ_IS_STALE ? "true" : "false");
	json_member(stdout, "folder", span_str(c->folder));
	json_member(stdout, "file", span_str(disk_look_file(o->segment, name)));
	printf(",\"offset\":%" PRIu64 ",\"record_bytes\":%u,\"fragments\":%u,\"complete\":%s",
	       o->offset, o->bytes, o->found.n_places,
	       o->state == DISK_LOOK_WHOLE ? "true" : "false");
}

/* A line for each field that it depends on, NAME:VALUE, or NAME where the request had none. */
static void put_variant(struct span variant)
{
	const char *before = " [";

	while (variant.n > 0) {
		const char *const end = memchr(variant.p, '\n', variant.n);
		const size_t n = end != NULL ? (size_t)(end - variant.p) : variant.n;

		fputs(before, stdout);
		command_cache_put_text(span_of(variant.p, n));
		before = "; ";
		variant = span_skip(variant, end != NULL ? n + 1 : n);
	}
	putchar(']');
}

static void put_line(const struct disk_looked *o)
{
	const struct cobj_parts *const p = &o->found.parts;
	char text[32];

	printf("%3u %12" PRIu64 " %s ", p->meta.status, p->meta.body_bytes,
	       command_cache_time(p->meta.response_s, text));
	command_cache_put_text(p->url);
	if (p->variant.n > 0)
		put_variant(p->variant);
	printf("%s\n", state_text(o));
}

/* --- ls --------------------------------------------------------------------------------------- */

static bool list(void *arg, const struct disk_looked *o)
{
	struct cache_command *const c = arg;
	const struct cobj_parts *const p = &o->found.parts;

	if ((p->meta.flags & COBJ_MARKER) != 0 || !span_starts(p->url, c->pattern) ||
	    !command_cache_is_reachable(c, o))
		return true;
	progress_tell(&c->progress, NULL, 0);
	c->n++;
	if (c->is_json) {
		putchar('{');
		put_json(c, o);
		fputs("}\n", stdout);
	} else {
		put_line(o);
	}
	/* Nobody reads any more. */
	return ferror(stdout) == 0;
}

int command_cache_ls(struct cache_command *c)
{
	const bool is_good = command_cache_each(c, DISK_LOOK_HEADS, list, c);

	command_cache_note_faults(c);
	if (!is_good)
		return CACHE_FAILED;
	if (c->n > 0 || c->pattern.n == 0)
		return CACHE_DONE;
	command_cache_note_nothing(c);
	return CACHE_NOT_SO;
}

/* --- show ------------------------------------------------------------------------------------- */

/* As a plain GET now would find it. False: the head is none. */
static bool judge(struct cache_command *c, const struct cobj_parts *p, struct freshness *f)
{
	struct http_head request, stored;
	struct http_parse_error error;
	struct http_scan scan = { 0 };
	size_t used = 0;

	http_head_init(&request, &c->arena);
	request.method = HTTP_GET;
	request.method_name = SPAN("GET");
	request.version = 11;
	http_head_init(&stored, &c->arena);
	if (http_parse_reply(p->head_text, SIZE_MAX, &scan, &stored, &used, &error) !=
	    HTTP_PARSE_OK)
		return false;
	const struct freshness_question q = { .conf = c->conf,
		                              .url = p->url,
		                              .request = &request,
		                              .stored = &stored,
		                              .meta = &p->meta,
		                              .now_s = c->now_s };

	freshness_check(&q, f);
	return true;
}

static const char *verdict_word(enum freshness_verdict v)
{
	switch (v) {
	case FRESHNESS_FRESH:
		return "fresh";
	case FRESHNESS_STALE_ALLOWED:
		return "stale, but served";
	case FRESHNESS_SERVE_AND_REVALIDATE:
		return "stale, but served while it is validated";
	case FRESHNESS_REVALIDATE:
		return "stale: to be validated";
	case FRESHNESS_RELOAD:
		return "to be fetched anew";
	case FRESHNESS_GATEWAY_TIMEOUT:
		return "not to be had";
	}
	UNREACHABLE("freshness_verdict");
}

static void show_places(const struct cache_command *c, const struct disk_looked *o)
{
	char name[20];

	printf("  head: %s/%s at %" PRIu64 ", %u bytes%s\n", c->folder,
	       disk_look_file(o->segment, name), o->offset, o->bytes,
	       o->found.n_places == 0 ? ", body included" : "");
	for (uint32_t i = 0; i < o->found.n_places; i++)
		printf("  body: %s at %" PRIu64 ", %u bytes\n",
		       disk_look_file(o->found.places[i].segment, name), o->found.places[i].offset,
		       o->found.places[i].bytes);
}

static void show_head(struct span text)
{
	while (text.n > 0) {
		const size_t end = span_find(text, '\r');

		if (end > 0) {
			fputs("  | ", stdout);
			command_cache_put_text(span_of(text.p, end));
			putchar('\n');
		}
		text = span_skip(text, MIN(end + 2, text.n));
	}
}

static void show_text(struct cache_command *c, const struct disk_looked *o,
                      const struct freshness *f)
{
	const struct cobj_parts *const p = &o->found.parts;
	char text[32];

	put_line(o);
	if (f != NULL && f->stale_s < 0)
		printf("  %s, %s: %" PRId64 " s old, for %" PRId64 " s more\n",
		       verdict_word(f->verdict), freshness_reason_text(f->reason), f->age_s,
		       MAX(f->lifetime_s - f->age_s, (int64_t)0));
	else if (f != NULL)
		printf("  %s, %s: %" PRId64 " s old, stale for %" PRId64 " s\n",
		       verdict_word(f->verdict), freshness_reason_text(f->reason), f->age_s,
		       f->stale_s);
	printf("  asked for at %s", command_cache_time(p->meta.request_s, text));
	printf(", answered at %s%s\n", command_cache_time(p->meta.response_s, text),
	       p->meta.flags & COBJ_IS_STALE ? ", to be validated before it is used" : "");
	show_places(c, o);
	show_head(p->head_text);
}

static void show_json(struct cache_command *c, const struct disk_looked *o,
                      const struct freshness *f)
{
	char name[20];

	putchar('{');
	put_json(c, o);
	if (f != NULL) {
		json_member(stdout, "verdict", span_str(verdict_word(f->verdict)));
		json_member(stdout, "reason", span_str(freshness_reason_text(f->reason)));
		printf(",\"age\":%" PRId64 ",\"lifetime\":%" PRId64 ",\"stale_for\":%" PRId64,
		       f->age_s, f->lifetime_s, MAX(f->stale_s, (int64_t)0));
	}
	fputs(",\"places\":[", stdout);
	for (uint32_t i = 0; i < o->found.n_places; i++)
		printf("%s{\"file\":\"%s\",\"offset\":%" PRIu64 ",\"bytes\":%u}", i > 0 ? "," : "",
		       disk_look_file(o->found.places[i].segment, name), o->found.places[i].offset,
		       o->found.places[i].bytes);
	putchar(']');
	json_member(stdout, "head", o->found.parts.head_text);
	fputs("}\n", stdout);
}

static void show(struct cache_command *c, const struct disk_looked *o)
{
	struct freshness f;
	const struct freshness *const known = judge(c, &o->found.parts, &f) ? &f : NULL;

	progress_tell(&c->progress, NULL, 0);
	c->n++;
	if (c->is_json)
		show_json(c, o, known);
	else
		show_text(c, o, known);
}

static bool show_variant(void *arg, const struct disk_looked *o)
{
	struct cache_command *const c = arg;

	if (o->is_variant && span_eq(o->found.parts.url, c->pattern) &&
	    command_cache_is_reachable(c, o))
		show(c, o);
	return true;
}

struct shown {
	struct cache_command *command;
	bool has_variants;
};

static bool show_url(void *arg, const struct disk_looked *o)
{
	struct shown *const s = arg;

	if ((o->found.parts.meta.flags & COBJ_MARKER) == 0) {
		show(s->command, o);
		return true;
	}
	s->has_variants = true;
	if (!s->command->is_json) {
		command_cache_put_text(o->found.parts.url);
		fputs(" has variants, by ", stdout);
		command_cache_put_text(o->found.parts.vary);
		putchar('\n');
	}
	return true;
}

int command_cache_show(struct cache_command *c)
{
	struct shown s = { c, false };

	c->pattern = command_cache_url(c, c->pattern);
	for (size_t i = 0; i < c->n_looks; i++) {
		c->folder = disk_look_path(c->looks[i]);
		(void)disk_look_url(c->looks[i], c->pattern, show_url, &s);
	}
	/* Which there are nobody knows: all heads are read. */
	if (s.has_variants && !command_cache_each(c, DISK_LOOK_HEADS, show_variant, c))
		return CACHE_FAILED;
	if (c->n == 0)
		command_cache_note_nothing(c);
	command_cache_note_faults(c);
	return c->n > 0 ? CACHE_DONE : CACHE_NOT_SO;
}
