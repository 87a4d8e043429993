/*
 * The directives about logs: from words to struct log_conf. What cannot be done as written is an
 * error, since a log that is missing is only noticed when it is needed.
 */
#include "log/access_log.h"

#define BUFFER_SIZE_MAX (1 << 30)

static const char not_built[] = "is not built yet";

void log_conf_init(struct log_conf *c)
{
	*c = (struct log_conf){ .strip_query_terms = true, .logfile_rotate = 10 };
	memset(c->client_netmask.b, 0xff, sizeof(c->client_netmask.b));
}

static void target_free(struct log_target *t)
{
	if (t->acls != NULL)
		acl_rules_free(&t->acls);
	free(t->path);
	free((void *)(uintptr_t)t->place.file);
	free(t);
}

void log_conf_fini(struct log_conf *c)
{
	while (c->targets != NULL) {
		struct log_target *t = c->targets;

		c->targets = t->next;
		target_free(t);
	}
	free(c->cache_log);
	*c = (struct log_conf){ 0 };
}

/* --- access_log
 * -------------------------------------------------------------------------------------- */

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
		conf_error(l, "expected a file (stdio:/path) or none");
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

static bool is_builtin_format(struct span name)
{
	return span_eq(name, SPAN("common")) || span_eq(name, SPAN("combined")) ||
	       span_eq(name, SPAN("referrer")) || span_eq(name, SPAN("useragent")) ||
	       span_eq(name, SPAN("icap_squid"));
}

/* One name=value. False: reported. */
static bool parse_option(struct conf_line *l, struct log_target *t, struct span word)
{
	struct span value = word;
	const struct span name = span_cut(&value, '=');

	if (span_eq(name, SPAN("logformat"))) {
		if (span_eq(value, SPAN("squid")))
			return true;
		conf_error(l, "\"%.*s\": this format %s; only squid is", SPAN_ARG(word), not_built);
		return false;
	}
	if (span_eq(name, SPAN("on-error"))) {
		t->is_on_error_die = span_eq(value, SPAN("die"));
		if (t->is_on_error_die || span_eq(value, SPAN("drop")))
			return true;
		conf_error(l, "\"%.*s\": expected on-error=drop or on-error=die", SPAN_ARG(word));
		return false;
	}
	if (span_eq(name, SPAN("rotate"))) {
		if (conf_parse_int(value, &t->rotate) && t->rotate >= 0 &&
		    t->rotate <= LOG_GENERATIONS_MAX)
			return true;
		conf_error(l, "\"%.*s\": expected a number from 0 to %d", SPAN_ARG(word),
		           LOG_GENERATIONS_MAX);
		return false;
	}
	if (span_eq(name, SPAN("buffer-size"))) {
		if (conf_parse_glued_bytes(value, &t->buffer_bytes) && t->buffer_bytes >= 0 &&
		    t->buffer_bytes <= BUFFER_SIZE_MAX)
			return true;
		conf_error(l, "\"%.*s\": expected a size up to 1GB, as in buffer-size=64KB",
		           SPAN_ARG(word));
		return false;
	}
	conf_error(l,
	           "\"%.*s\": unknown option; logformat=, buffer-size=, on-error= and rotate= are "
	           "accepted",
	           SPAN_ARG(word));
	return false;
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
		if (!is_first)
			break;
		if (is_builtin_format(word)) {
			conf_error(l, "format \"%.*s\" %s; only squid is", SPAN_ARG(word),
			           not_built);
			return false;
		}
		if (span_eq(word, SPAN("squid")))
			conf_word(l, &word);
		break;
	}
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

/* --- the others
 * -------------------------------------------------------------------------------------- */

void log_conf_generations(struct conf_line *l, void *field)
{
	int64_t *generations = field;
	struct span word;

	if (conf_peek(l, &word) && conf_parse_int(word, generations) && *generations >= 0 &&
	    *generations <= LOG_GENERATIONS_MAX) {
		conf_word(l, &word);
		return;
	}
	conf_error(l, "expected a number from 0 to %d", LOG_GENERATIONS_MAX);
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
	conf_error(l, "expected a mask in the form of an address, as in 255.255.255.0");
	conf_rest(l);
}
