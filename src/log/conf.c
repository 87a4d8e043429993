/*
 * The directives about logs: from words to struct log_conf. What cannot be done as written is an
 * error, since a log that is missing is only noticed when it is needed.
 */
#include "log/access_log.h"

#define BUFFER_SIZE_MAX (1 << 30)

static const char not_built[] = "is not built yet";

struct log_format_line {
	struct log_format_line *next; /* in the order of the file */
	struct log_format *format;    /* NULL: it has errors, which were told */
	char *name;
	struct conf_place place; /* file: on the heap */
	/* Codes that are always "-", with commas between them; NULL: none. */
	char *dashes;
	const char *why; /* of the first */
};

void log_conf_init(struct log_conf *c)
{
	*c = (struct log_conf){ .strip_query_terms = true, .logfile_rotate = 10 };
	memset(c->client_netmask.b, 0xff, sizeof(c->client_netmask.b));
}

static void target_free(struct log_target *t)
{
	if (t->acls != NULL)
		acl_rules_free(&t->acls);
	log_format_unref(&t->format);
	free(t->doubt);
	free(t->path);
	free((void *)(uintptr_t)t->place.file);
	free(t);
}

static void format_line_free(struct log_format_line *f)
{
	log_format_unref(&f->format);
	free(f->name);
	free(f->dashes);
	free((void *)(uintptr_t)f->place.file);
	free(f);
}

static void give_sinks_back(struct log_conf *c)
{
	if (c->configured == NULL)
		return;
	for (const struct log_target *t = c->targets; t != NULL; t = t->next)
		if (t->sink >= 0)
			access_log_release(c->configured, 1ULL << t->sink);
}

void log_conf_fini(struct log_conf *c)
{
	give_sinks_back(c);
	while (c->formats != NULL) {
		struct log_format_line *f = c->formats;

		c->formats = f->next;
		format_line_free(f);
	}
	log_fields_fini(&c->fields);
	log_names_fini(&c->facts_fields.request);
	log_names_fini(&c->facts_fields.reply);
	while (c->targets != NULL) {
		struct log_target *t = c->targets;

		c->targets = t->next;
		target_free(t);
	}
	free(c->cache_log);
	*c = (struct log_conf){ 0 };
}

/* --- access_log ------------------------------------------------------------------------------- */

static bool cut_prefix(struct span *s, struct span prefix)
{
	if (!span_starts(*s, prefix))
		return false;
	*s = span_skip(*s, prefix.n);
	return true;
}

static bool is_stream(struct span place, char digit, struct span name)
{
	const char fds[] = { '/', 'd', 'e', 'v', '/', 'f', 'd', '/', digit };
	const char proc[] = { '/', 'p', 'r', 'o', 'c', '/', 's',  'e',
		              'l', 'f', '/', 'f', 'd', '/', digit };

	return span_eq(place, name) || span_eq(place, span_of(fds, sizeof(fds))) ||
	       span_eq(place, span_of(proc, sizeof(proc)));
}

/* module:place, or what stands for it. False: reported. */
static bool parse_place(struct conf_line *l, struct log_target *t)
{
	static const struct span unbuilt[] = { SPAN("syslog"), SPAN("udp:"), SPAN("tcp:") };
	struct span word, place;

	if (!conf_word(l, &word)) {
		conf_error_both(l, "expected a file (stdio:/path) or none");
		return false;
	}
	if (span_eq(word, SPAN("none"))) {
		t->kind = LOG_TARGET_NONE;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(unbuilt); i++) {
		if (!span_starts(word, unbuilt[i]))
			continue;
		conf_error(l, "\"%.*s\": this log module %s; use stdio:/path or none",
		           SPAN_ARG(word), not_built);
		conf_as_squid(l->reader, "applies it");
		return false;
	}
	place = word;
	if (!cut_prefix(&place, SPAN("stdio:")))
		cut_prefix(&place, SPAN("daemon:"));
	if (place.n == 0 || place.p[0] != '/') {
		conf_error(
			l,
			"\"%.*s\": expected a full path, as in stdio:/var/log/access.log, or none",
			SPAN_ARG(word));
		conf_as_squid(l->reader, "takes it for a file in the folder where it runs");
		return false;
	}
	if (is_stream(place, '1', SPAN("/dev/stdout")))
		t->kind = LOG_TARGET_STDOUT;
	else if (is_stream(place, '2', SPAN("/dev/stderr")))
		t->kind = LOG_TARGET_STDERR;
	else
		t->kind = LOG_TARGET_FILE;
	t->path = span_strdup(place);
	return true;
}

/* A counted reference, or NULL: no such format. *is_bad: there is one, but with errors. */
static struct log_format *find_format(const struct log_conf *c, struct span name, bool *is_bad)
{
	*is_bad = false;
	if (log_format_is_builtin(name))
		return log_format_builtin(name);
	for (const struct log_format_line *f = c->formats; f != NULL; f = f->next)
		if (span_eq(span_str(f->name), name)) {
			*is_bad = f->format == NULL;
			return *is_bad ? NULL : log_format_ref(f->format);
		}
	return NULL;
}

static const struct log_conf *log_conf_of(const struct conf_line *l)
{
	return conf_section(l->reader, CONF_SECTION_log);
}

/* The nearest name of a format; NULL if none is near. */
static const char *nearest_format(const struct log_conf *c, struct span name)
{
	const char *names[64] = { "squid", "common", "combined", "referrer", "useragent", "facts" };
	size_t n = 6;

	for (const struct log_format_line *f = c->formats; f != NULL && n < ARRAY_LEN(names);
	     f = f->next)
		names[n++] = f->name;
	return conf_nearest(name, names, n);
}

static bool set_format(struct conf_line *l, struct log_target *t, struct span name)
{
	const struct log_conf *c = log_conf_of(l);
	bool is_bad;

	log_format_unref(&t->format);
	t->format = find_format(c, name, &is_bad);
	if (t->format != NULL || is_bad)
		return t->format != NULL;
	const char *near = nearest_format(c, name);

	if (span_eq(name, SPAN("icap_squid")))
		conf_error(l, "format \"%.*s\" %s", SPAN_ARG(name), not_built);
	else
		conf_error(l,
		           "there is no format \"%.*s\"%s%s%s; a logformat must come before the "
		           "lines that use it",
		           SPAN_ARG(name), near != NULL ? "; did you mean " : "",
		           near != NULL ? near : "", near != NULL ? "?" : "");
	return false;
}

/* One name=value. False: reported. */
static bool parse_option(struct conf_line *l, struct log_target *t, struct span word)
{
	struct span value = word;
	const struct span name = span_cut(&value, '=');

	if (span_eq(name, SPAN("logformat"))) {
		return set_format(l, t, value);
	}
	if (span_eq(name, SPAN("on-error"))) {
		t->is_on_error_die = span_eq(value, SPAN("die"));
		if (t->is_on_error_die || span_eq(value, SPAN("drop")))
			return true;
		conf_error_both(l, "\"%.*s\": expected on-error=drop or on-error=die",
		                SPAN_ARG(word));
		return false;
	}
	if (span_eq(name, SPAN("rotate"))) {
		if (conf_parse_int(value, &t->rotate) && t->rotate >= 0 &&
		    t->rotate <= LOG_GENERATIONS_MAX)
			return true;
		conf_error_both(l, "\"%.*s\": expected a number from 0 to %d", SPAN_ARG(word),
		                LOG_GENERATIONS_MAX);
		return false;
	}
	if (span_eq(name, SPAN("buffer-size"))) {
		if (conf_parse_glued_bytes(value, &t->buffer_bytes) && t->buffer_bytes >= 0 &&
		    t->buffer_bytes <= BUFFER_SIZE_MAX)
			return true;
		conf_error_both(l, "\"%.*s\": expected a size up to 1GB, as in buffer-size=64KB",
		                SPAN_ARG(word));
		return false;
	}
	conf_error(l,
	           "\"%.*s\": unknown option; logformat=, buffer-size=, on-error= and rotate= are "
	           "accepted",
	           SPAN_ARG(word));
	return false;
}

static bool is_format_name(const struct conf_line *l, struct span word)
{
	if (log_format_is_builtin(word) || span_eq(word, SPAN("icap_squid")))
		return true;
	for (const struct log_format_line *f = log_conf_of(l)->formats; f != NULL; f = f->next)
		if (span_eq(span_str(f->name), word))
			return true;
	return false;
}

/*
 * An acl where a format might stand, with no format of that name yet: remembered, to be told of a
 * logformat that comes too late.
 */
static void note_doubt(struct conf_line *l, struct log_target *t, struct span word)
{
	if (t->kind != LOG_TARGET_NONE && t->doubt == NULL && word.p[0] != '!' &&
	    log_conf_of(l) != NULL)
		t->doubt = span_strdup(word);
}

/* Options, or the format's name of the old form. The acls are left. */
static bool parse_options(struct conf_line *l, struct log_target *t)
{
	bool is_first = true;
	struct span word;

	for (; t->kind != LOG_TARGET_NONE && conf_peek(l, &word); is_first = false) {
		const bool is_option = span_find(word, '=') < word.n;

		if (is_option) {
			conf_word(l, &word);
			if (!parse_option(l, t, word))
				return false;
			continue;
		}
		/* The old form: a format's name comes first, and no option goes with it. */
		if (is_first && is_format_name(l, word)) {
			conf_word(l, &word);
			return set_format(l, t, word);
		}
		if (is_first)
			note_doubt(l, t, word);
		break;
	}
	if (t->kind != LOG_TARGET_NONE && t->format == NULL)
		t->format = log_format_builtin(SPAN("squid"));
	return true;
}

void log_conf_access_log(struct conf_line *l, void *field)
{
	struct log_target **at = field;
	struct log_target *t = check_calloc(1, sizeof(*t));
	struct span word;

	t->place = (struct conf_place){ check_strdup(l->place.file), l->place.line };
	t->buffer_bytes = 64 << 10;
	t->rotate = -1;
	t->sink = -1;
	if (!parse_place(l, t) || !parse_options(l, t)) {
		/* Said already; what else is on the line is of no interest. */
		conf_rest(l);
		target_free(t);
		return;
	}
	if (conf_peek(l, &word)) {
		t->acls = acl_conf_terms(l);
		if (t->acls == NULL) {
			target_free(t);
			return;
		}
	}
	while (*at != NULL)
		at = &(*at)->next;
	*at = t;
}

/* --- logformat -------------------------------------------------------------------------------- */

struct reading {
	struct conf_line *line;
	struct log_format_line *format;
	struct span name;
};

static void tell_format(void *arg, bool is_error, const char *text)
{
	const struct reading *r = arg;

	if (is_error)
		conf_error_both(r->line, "logformat %.*s: %s", SPAN_ARG(r->name), text);
	else
		conf_warning(r->line, "logformat %.*s: %s", SPAN_ARG(r->name), text);
}

static void note_dash(void *arg, const char *code, const char *why)
{
	struct log_format_line *f = ((const struct reading *)arg)->format;
	char *joined = NULL;

	if (f->dashes == NULL) {
		f->why = why;
		CHECK(asprintf(&joined, "%%%s", code) > 0);
	} else {
		CHECK(asprintf(&joined, "%s, %%%s", f->dashes, code) > 0);
	}
	free(f->dashes);
	f->dashes = joined;
}

/* False: the line is of no use, which was told. */
static bool check_format_name(struct conf_line *l, struct span name)
{
	for (const struct log_format_line *f = log_conf_of(l)->formats; f != NULL; f = f->next) {
		if (!span_eq(span_str(f->name), name))
			continue;
		conf_warning(l, "logformat %.*s is defined at line %u already, and that one counts",
		             SPAN_ARG(name), f->place.line);
		return false;
	}
	if (!log_format_is_builtin(name))
		return true;
	conf_warning(l, "logformat %.*s has no effect: the format of that name is built in",
	             SPAN_ARG(name));
	return false;
}

void log_conf_logformat(struct conf_line *l, void *field)
{
	struct log_format_line **at = field, *f;
	struct span name;

	if (!conf_need_word(l, &name))
		return;
	const struct span text = conf_rest(l);

	if (!check_format_name(l, name))
		return;
	f = check_calloc(1, sizeof(*f));
	f->place = (struct conf_place){ check_strdup(l->place.file), l->place.line };
	f->name = span_strdup(name);
	struct reading r = { l, f, name };
	const struct log_findings findings = { tell_format, &r, note_dash };

	f->format = log_format_new(name, text, &findings);
	while (*at != NULL)
		at = &(*at)->next;
	*at = f;
}

/* --- after all lines -------------------------------------------------------------------------- */

/* An acl was meant to be a format, as it seems. */
static void check_doubt(const struct log_conf *c, const struct log_target *t, struct conf_reader *r)
{
	for (const struct log_format_line *f = c->formats; f != NULL && t->doubt != NULL;
	     f = f->next)
		if (strcmp(f->name, t->doubt) == 0)
			conf_report(
				r, CONF_WARNING, t->place,
				"\"%s\" is taken for an acl here, and the lines have the format "
				"squid: the logformat of that name comes later, at line %u",
				t->doubt, f->place.line);
}

/* One warning for the file, at the first format that has such codes. */
static void tell_dashes(const struct log_conf *c, struct conf_reader *r)
{
	const struct log_format_line *first = NULL;
	char *all = NULL;

	for (const struct log_format_line *f = c->formats; f != NULL; f = f->next) {
		char *joined = NULL;

		if (f->dashes == NULL)
			continue;
		CHECK(asprintf(&joined, "%s%s%s", all != NULL ? all : "", all != NULL ? ", " : "",
		               f->dashes) > 0);
		free(all);
		all = joined;
		if (first == NULL)
			first = f;
	}
	if (first != NULL)
		conf_report(r, CONF_WARNING, first->place,
		            "these codes are always \"-\" here: %s (%s)", all, first->why);
	free(all);
}

static void add_facts_field(void *arg, bool is_reply, struct span name)
{
	struct log_conf *c = arg;

	log_names_add(is_reply ? &c->facts_fields.reply : &c->facts_fields.request, name);
}

struct log_format_conf log_conf_formats(const struct log_conf *c)
{
	return (struct log_format_conf){ .strip_query_terms = c->strip_query_terms,
		                         .mime_headers = c->log_mime_hdrs,
		                         .client_netmask = c->client_netmask };
}

void log_conf_finish(struct log_conf *c, struct conf_reader *r)
{
	const struct acl_conf *acl = conf_section(r, CONF_SECTION_acl);
	const struct log_format_conf formats = log_conf_formats(c);

	for (const struct log_target *t = c->targets; t != NULL; t = t->next) {
		check_doubt(c, t, r);
		if (t->format != NULL)
			log_format_bind(t->format, &formats, &c->fields);
	}
	tell_dashes(c, r);
	if (log_fields_want(&c->fields, LOG_FIELD_FACTS) && acl != NULL)
		acl_conf_fields(acl, add_facts_field, c);
}

/* --- the others ------------------------------------------------------------------------------- */

void log_conf_generations(struct conf_line *l, void *field)
{
	int64_t *generations = field;
	struct span word;

	if (conf_peek(l, &word) && conf_parse_int(word, generations) && *generations >= 0 &&
	    *generations <= LOG_GENERATIONS_MAX) {
		conf_word(l, &word);
		return;
	}
	conf_error_both(l, "expected a number from 0 to %d", LOG_GENERATIONS_MAX);
	conf_rest(l);
}

void log_conf_path(struct conf_line *l, void *field)
{
	char **path = field;
	struct span word;

	const bool has_word = conf_word(l, &word);

	/* A module's name in front means nothing; Squid cuts it off too. */
	if (has_word && span_starts(word, SPAN("stdio:")))
		word = span_skip(word, strlen("stdio:"));
	if (!has_word || word.n == 0 || (word.p[0] != '/' && !span_eq(word, SPAN("none")))) {
		conf_error(l, "expected a full path, which may be /dev/stderr, or none");
		conf_as_squid(l->reader, has_word ? CONF_SQUID_TAKES : CONF_SQUID_STOPS);
		conf_rest(l);
		return;
	}
	free(*path);
	*path = span_eq(word, SPAN("none")) ? NULL : span_strdup(word);
}

void log_conf_netmask(struct conf_line *l, void *field)
{
	struct ip *mask = field;
	struct span word;

	if (conf_word(l, &word) && ip_parse(word, mask))
		return;
	conf_error_both(l, "expected a mask in the form of an address, as in 255.255.255.0");
	conf_rest(l);
}
