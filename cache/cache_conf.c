/*
 * The directives of the cache: from words to struct cache_conf.
 */
#include "cache/cache_conf.h"

#include "cache/refresh.h"

void cache_conf_init(struct cache_conf *c)
{
	*c = (struct cache_conf){
		.cache_mem_bytes = 256 << 20,
		.max_object_bytes = 4 << 20,
		.max_object_in_memory_bytes = 512 << 10,
		.swap_low_pct = 90,
		.swap_high_pct = 95,
		.store_sync_ms = 10000,
		.max_stale_s = INT64_C(7) * 24 * 3600,
		.minimum_expiry_s = 60,
		.cache_miss_revalidate = true,
		.quick_abort_min_bytes = 16 << 10,
		.quick_abort_max_bytes = 16 << 10,
		.quick_abort_pct = 95,
		.read_ahead_bytes = 16 << 10,
	};
}

static void dir_free(struct cache_dir *d)
{
	free((void *)(uintptr_t)d->path.p);
	free((void *)(uintptr_t)d->place.file);
	free(d);
}

void cache_conf_fini(struct cache_conf *c)
{
	while (c->dirs != NULL) {
		struct cache_dir *d = c->dirs;

		c->dirs = d->next;
		dir_free(d);
	}
	while (c->range_limits != NULL) {
		struct range_limit *l = c->range_limits;

		c->range_limits = l->next;
		acl_rules_free(&l->terms);
		free(l);
	}
	refresh_rules_free(&c->refresh);
	acl_rules_free(&c->cache);
	acl_rules_free(&c->send_hit);
	acl_rules_free(&c->store_miss);
	acl_rules_free(&c->collapsed_forwarding_access);
	*c = (struct cache_conf){ 0 };
}

/* --- cache_dir -------------------------------------------------------------------------------- */

#define FROM_DIRECTIVE (UINT64_MAX - 1) /* an object's limit that the line does not give */

/* Types of Squid's stores. All of them name a directory of ours. */
struct dir_type {
	struct span name;
	bool has_levels; /* two numbers follow: how many folders it is divided into */
};

static const struct dir_type *dir_type_of(struct span name)
{
	static const struct dir_type types[] = { { SPAN("ufs"), true },
		                                 { SPAN("aufs"), true },
		                                 { SPAN("diskd"), true },
		                                 { SPAN("rock"), false } };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (span_eq(name, types[i].name))
			return &types[i];
	return NULL;
}

static bool need_positive(struct conf_line *l, const char *what, int64_t *v)
{
	struct span word;

	if (!conf_need_word(l, &word))
		return false;
	if (conf_parse_int(word, v) && *v > 0)
		return true;
	conf_error_both(l, "\"%.*s\": expected %s, a positive number", SPAN_ARG(word), what);
	return false;
}

static bool take_limit(struct conf_line *l, struct span word, struct span value, uint64_t *bytes)
{
	int64_t v;

	if (conf_parse_int(value, &v) && v >= -1) {
		*bytes = v == -1 ? UINT64_MAX : (uint64_t)v;
		return true;
	}
	conf_error_both(l, "\"%.*s\": expected a number of bytes", SPAN_ARG(word));
	return false;
}

static bool take_dir_option(struct conf_line *l, struct cache_dir *d, struct span word)
{
	/* How Squid's stores do their work; ours does it its own way. */
	static const struct span foreign[] = {
		SPAN("IOEngine"),      SPAN("Q1"),       SPAN("Q2"), SPAN("swap-timeout"),
		SPAN("max-swap-rate"), SPAN("slot-size")
	};
	struct span value = word;
	const struct span name = span_cut(&value, '=');

	if (span_eq(word, SPAN("no-store")) || span_eq(word, SPAN("read-only"))) {
		d->is_read_only = true;
		return true;
	}
	if (span_eq(name, SPAN("min-size")))
		return take_limit(l, word, value, &d->min_object_bytes);
	if (span_eq(name, SPAN("max-size")))
		return take_limit(l, word, value, &d->max_object_bytes);
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (span_eq(name, foreign[i])) {
			conf_warning(l, "%.*s= has no effect: Cuttle's store does without it",
			             SPAN_ARG(name));
			conf_as_squid(l->reader, "applies it");
			return true;
		}
	conf_error_both(l, "unknown option \"%.*s\" (use min-size=, max-size= or no-store)",
	                SPAN_ARG(word));
	return false;
}

static bool take_path(struct conf_line *l, struct cache_dir *d)
{
	struct span path;

	if (!conf_need_word(l, &path))
		return false;
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	if (path.n == 0 || path.p[0] != '/') {
		conf_error(l, "\"%.*s\": expected the full path of a folder", SPAN_ARG(path));
		conf_as_squid(l->reader, "takes it for a folder below the one where it runs");
		return false;
	}
	d->path = span_of(span_strdup(path), path.n);
	return true;
}

/* The line behind the type. False: reported. */
static bool take_dir(struct conf_line *l, const struct dir_type *type, struct cache_dir *d)
{
	struct span word;
	int64_t mb, ignored;

	if (!take_path(l, d) || !need_positive(l, "the size in megabytes", &mb))
		return false;
	if (mb > INT64_MAX >> 21) {
		conf_error(l, "the size is out of range");
		return false;
	}
	d->max_bytes = (uint64_t)mb << 20;
	if (type->has_levels && (!need_positive(l, "how many folders there are", &ignored) ||
	                         !need_positive(l, "how many folders are in each", &ignored)))
		return false;
	while (conf_word(l, &word))
		if (!take_dir_option(l, d, word))
			return false;
	return true;
}

static bool is_known_path(const struct cache_dir *d, struct span path)
{
	for (; d != NULL; d = d->next)
		if (span_eq(d->path, path))
			return true;
	return false;
}

void cache_conf_dir(struct conf_line *l, void *field)
{
	struct cache_dir **at = field, *d;
	struct span word;

	if (!conf_need_word(l, &word))
		return;
	const struct dir_type *type = dir_type_of(word);

	if (span_eq(word, SPAN("null"))) {
		/* Squid 3's way to have no disk; a cache in memory has needed none for long. */
		conf_warning(l,
		             "the line is left out: nothing is kept on disk without a cache_dir");
		conf_as_squid(l->reader, CONF_SQUID_SKIPS);
		(void)conf_rest(l);
		return;
	}
	if (type == NULL) {
		conf_error(l, "unknown type \"%.*s\" (use ufs, aufs, diskd or rock)",
		           SPAN_ARG(word));
		conf_as_squid(l->reader, CONF_SQUID_SKIPS);
		(void)conf_rest(l);
		return;
	}
	d = check_calloc(1, sizeof(*d));
	d->min_object_bytes = d->max_object_bytes = FROM_DIRECTIVE;
	d->place = (struct conf_place){ check_strdup(l->place.file), l->place.line };
	const bool ok = take_dir(l, type, d);

	if (!ok || is_known_path(*at, d->path)) {
		if (ok)
			conf_error_both(l, "%.*s is named twice", SPAN_ARG(d->path));
		(void)conf_rest(l);
		dir_free(d);
		return;
	}
	while (*at != NULL)
		at = &(*at)->next;
	*at = d;
}

/* --- plain values ----------------------------------------------------------------------------- */

void cache_conf_size(struct conf_line *l, void *field)
{
	uint64_t *bytes = field;
	int64_t v = -1;

	conf_set_bytes(l, &v);
	if (v >= 0)
		*bytes = v == INT64_MAX ? UINT64_MAX : (uint64_t)v;
}

/* A number and perhaps its unit. False: it is none. */
static bool take_bytes(struct conf_line *l, struct span number, int64_t default_unit,
                       int64_t *bytes)
{
	struct span unit = SPAN("");

	if (conf_peek(l, &unit) && conf_is_byte_unit(unit))
		(void)conf_word(l, &unit);
	else
		unit = SPAN("");
	if (!conf_parse_bytes(number, unit, default_unit, bytes)) {
		conf_error_both(l, "\"%.*s\" is no size (use bytes, KB, MB or GB)",
		                SPAN_ARG(number));
		return false;
	}
	if (unit.n == 0 && *bytes != 0 && *bytes != INT64_MAX) {
		conf_warning(l, "no unit after %.*s: %s are meant", SPAN_ARG(number),
		             default_unit == 1 ? "bytes" : "KB");
		conf_as_squid(l->reader, CONF_SQUID_WARNS);
	}
	return true;
}

void cache_conf_abort_size(struct conf_line *l, void *field)
{
	int64_t *bytes = field, v;
	struct span number;

	if (conf_need_word(l, &number) && take_bytes(l, number, 1024, &v))
		*bytes = v == INT64_MAX ? -1 : v;
	else
		(void)conf_rest(l);
}

void cache_conf_seconds(struct conf_line *l, void *field)
{
	int64_t *seconds = field, ms = -1;

	conf_set_ms(l, &ms);
	if (ms >= 0)
		*seconds = (ms + 999) / 1000;
}

void cache_conf_memory_mode(struct conf_line *l, void *field)
{
	static const char *const names[] = { [MEMORY_CACHE_ALWAYS] = "always",
		                             [MEMORY_CACHE_DISK] = "disk",
		                             [MEMORY_CACHE_NETWORK] = "network",
		                             [MEMORY_CACHE_NEVER] = "never" };
	enum memory_cache_mode *mode = field;
	struct span word;

	if (!conf_need_word(l, &word))
		return;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (span_eq(word, span_str(names[i]))) {
			*mode = (enum memory_cache_mode)i;
			return;
		}
	conf_error_both(l, "unknown mode \"%.*s\" (use %s)", SPAN_ARG(word), l->directive->syntax);
}

void cache_conf_not(struct conf_line *l, void *field)
{
	bool *value = field, v = !*value;

	conf_warning(l,
	             "cache_miss_revalidate with the opposite value is what this is called today");
	conf_as_squid(l->reader, CONF_SQUID_WARNS);
	conf_set_onoff(l, &v);
	*value = !v;
}

/* --- ranges and abandoned downloads ----------------------------------------------------------- */

void cache_conf_range_offset_limit(struct conf_line *l, void *field)
{
	struct range_limit **at = field;
	struct acl_rules *terms;
	struct span number;
	int64_t bytes;

	if (!conf_need_word(l, &number))
		return;
	if (!take_bytes(l, number, 1, &bytes)) {
		(void)conf_rest(l);
		return;
	}
	terms = acl_conf_terms(l);
	if (terms == NULL)
		return;
	while (*at != NULL)
		at = &(*at)->next;
	*at = check_calloc(1, sizeof(**at));
	**at = (struct range_limit){ NULL, bytes, terms };
}

int64_t cache_conf_range_limit(const struct cache_conf *c, cache_acls_match_fn *match, void *arg)
{
	for (const struct range_limit *l = c->range_limits; l != NULL; l = l->next)
		if (match(arg, l->terms))
			return l->max_bytes;
	return 0;
}

bool cache_conf_finishes_abandoned(const struct cache_conf *c, uint64_t expected, uint64_t received)
{
	if (c->quick_abort_min_bytes < 0)
		return true;
	/* Nobody knows how much more there would be. */
	if (expected == UINT64_MAX || expected < received)
		return false;
	const uint64_t left = expected - received;

	if (left < (uint64_t)c->quick_abort_min_bytes)
		return true;
	if (c->quick_abort_max_bytes >= 0 && left > (uint64_t)c->quick_abort_max_bytes)
		return false;
	/* Squid takes no percentage of less than a hundred bytes, and goes on. */
	return expected < 100 || received / (expected / 100) > c->quick_abort_pct;
}

/* --- after all lines -------------------------------------------------------------------------- */

void cache_conf_finish(struct cache_conf *c, struct conf_reader *r)
{
	for (struct cache_dir *d = c->dirs; d != NULL; d = d->next) {
		if (d->min_object_bytes == FROM_DIRECTIVE)
			d->min_object_bytes = c->min_object_bytes;
		if (d->max_object_bytes == FROM_DIRECTIVE)
			d->max_object_bytes = c->max_object_bytes;
		if (d->max_object_bytes < d->min_object_bytes)
			conf_report(r, CONF_WARNING, d->place,
			            "nothing can be stored in %.*s: what is too small for it is "
			            "also too large",
			            SPAN_ARG(d->path));
	}
	if (c->swap_low_pct > c->swap_high_pct) {
		conf_report(r, CONF_WARNING, conf_place_of(r, "cache_swap_low"),
		            "cache_swap_low is above cache_swap_high and counts as %u",
		            c->swap_high_pct);
		conf_as_squid(r, CONF_SQUID_TAKES);
		c->swap_low_pct = c->swap_high_pct;
	}
	if (c->refresh != NULL)
		refresh_rules_finish(c->refresh);
}
