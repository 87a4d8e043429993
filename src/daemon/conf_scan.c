/*
 * The names in a configuration. Which directives name files, and what for, is listed here: a
 * directive that is not can have nothing opened for it by the keeper.
 */
#include "daemon/conf_scan.h"

static const char *const appending[] = { "access_log", "cache_access_log", "cache_log",
	                                 "cache_store_log", "icap_log" };
static const char *const quoting[] = { "acl" };
static const char *const reading[] = { "cache_peer",          "err_page_stylesheet", "hosts_file",
	                               "http_port",           "https_port",          "mime_table",
	                               "tls_outgoing_options" };
static const char *const listening[] = { "http_port", "https_port" };

static bool is_in(struct span name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq(name, span_str(list[i])))
			return true;
	return false;
}

static void name_add(struct conf_scan *s, struct span path, enum scan_use use)
{
	if (path.n == 0 || memchr(path.p, '\0', path.n) != NULL || s->n_names == SCAN_NAMES_MAX)
		return;
	for (size_t i = 0; i < s->n_names; i++) {
		if (span_eq(path, span_str(s->names[i].path))) {
			s->names[i].uses |= use;
			return;
		}
	}
	s->names[s->n_names++] = (struct scan_name){ arena_dup(&s->arena, path).p, use };
}

/* What stands between the first quotes of a word: list files, parameters("..."), options in quoted
 * mode. */
static bool quoted_part(struct span word, struct span *inside)
{
	/* Within a word, single quotes are text. */
	const size_t open = span_starts(word, SPAN("'")) ? 0 : span_find(word, '"');
	struct span rest = span_skip(word, open + 1);

	if (open == word.n)
		return false;
	*inside = span_of(rest.p, span_find(rest, word.p[open]));
	return true;
}

/* A word that is a path, or an option whose value is one: "/x", "key=/x". */
static bool plain_path(struct span word, struct span *path)
{
	const size_t equals = span_find(word, '=');
	const struct span value = equals < word.n ? span_skip(word, equals + 1) : word;

	*path = value;
	return value.n > 0 && value.p[0] == '/';
}

/* "stdio:/x" and the like: a log's module and its file. */
static struct span log_path(struct span word)
{
	static const char *const modules[] = { "stdio:", "daemon:" };

	for (size_t i = 0; i < ARRAY_LEN(modules); i++)
		if (span_starts(word, span_str(modules[i])))
			return span_skip(word, strlen(modules[i]));
	return word;
}

static void port_add(struct conf_scan *s, struct span word)
{
	uint64_t port;

	/* The part after the last colon: "3128", "10.0.0.1:3128", "[::1]:3128", "name:3128". */
	for (size_t colon; (colon = span_find(word, ':')) < word.n;)
		word = span_skip(word, colon + 1);
	if (span_to_u64(word, &port) && port > 0 && port <= UINT16_MAX &&
	    s->n_ports < SCAN_PORTS_MAX)
		s->ports[s->n_ports++] = (uint16_t)port;
}

/* The next word between blanks, or the next quotes with what they enclose; empty at the end. */
static struct span word_cut(struct span *rest)
{
	const struct span s = span_trim(*rest);
	size_t n = 0;

	if (s.n != 0 && (s.p[0] == '"' || s.p[0] == '\''))
		n = 1 + span_find(span_skip(s, 1), s.p[0]);
	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
		n++;
	*rest = span_skip(s, n);
	return span_of(s.p, n);
}

/* Whether a word names a file to be read. In an acl only quotes do: think of urlpath_regex
 * /etc/shadow */
static bool names_file(struct span name, struct span word, struct span *path)
{
	if (is_in(name, quoting, ARRAY_LEN(quoting)) || span_starts(word, SPAN("parameters(")))
		return quoted_part(word, path);
	return is_in(name, reading, ARRAY_LEN(reading)) &&
	       (quoted_part(word, path) || plain_path(word, path));
}

/* Of a shadow only the policy is read: its lists, not its keys. */
static bool may_name(const struct conf_scan *s, struct span name)
{
	return !s->is_in_shadow || !is_in(name, reading, ARRAY_LEN(reading));
}

/* The setter of every row: the section's struct is the scan. */
static void line_scan(struct conf_line *l, void *field)
{
	struct conf_scan *s = field;
	const struct span name = span_str(l->directive->name);
	struct span rest = conf_rest(l), first = SPAN_NULL, path;

	for (struct span word; (word = word_cut(&rest)).n > 0 && word.p[0] != '#';) {
		if (first.p == NULL) {
			first = word;
			if (is_in(name, appending, ARRAY_LEN(appending)) && !s->is_in_shadow)
				name_add(s, log_path(word), SCAN_APPEND);
		}
		if (names_file(name, word, &path) && may_name(s, name))
			name_add(s, path, SCAN_READ);
	}
	if (first.p == NULL || s->is_in_shadow)
		return;
	if (span_eq(name, SPAN("shadow_config")) && !span_eq(first, SPAN("none")))
		s->shadow_config = arena_dup(&s->arena, first).p;
	if (is_in(name, listening, ARRAY_LEN(listening)))
		port_add(s, first);
	if (span_eq(name, SPAN("cache_log")))
		s->cache_log = span_eq(first, SPAN("none"))
		                       ? NULL
		                       : arena_dup(&s->arena, log_path(first)).p;
	if (span_eq(name, SPAN("pid_filename"))) {
		s->pid_filename =
			span_eq(first, SPAN("none")) ? NULL : arena_dup(&s->arena, first).p;
		s->has_pid_filename = true;
	}
}

/* The rows that work, each with our setter, but not the language's own: they must go on to work. */
static struct conf_directive *rows_copy(const struct conf_directive *rows, size_t n, size_t *n_copy)
{
	struct conf_directive *copy = check_calloc(n, sizeof(*copy));
	size_t n_language;
	const struct conf_directive *language = conf_language_directives(&n_language);

	*n_copy = 0;
	for (size_t i = 0; i < n; i++) {
		bool is_language = false;

		for (size_t k = 0; k < n_language; k++)
			is_language |= strcmp(rows[i].name, language[k].name) == 0;
		if (is_language || rows[i].state != CONF_WORKS)
			continue;
		struct conf_directive *row = &copy[(*n_copy)++];

		*row = rows[i];
		row->section = CONF_SECTION_process;
		row->set = line_scan;
		row->offset = 0;
	}
	return copy;
}

static void read_names(struct conf_scan *s, const struct scan_source *from,
                       const struct conf_directive *rows, size_t n_rows)
{
	void *const sections[CONF_SECTION_N] = { [CONF_SECTION_process] = s };
	struct conf_reader *r = conf_reader_new(rows, n_rows, sections);

	if (from->service_name != NULL)
		conf_set_macro(r, "service_name", from->service_name);
	if (from->conf_path != NULL) {
		name_add(s, span_str(from->conf_path), SCAN_READ);
		conf_read_file(r, from->conf_path);
	} else {
		conf_read_text(r, "(built in)", span_str(from->conf_text));
	}
	conf_finish(r); /* the files of directives that were not written, too */
	for (const char *const *file = conf_files(r); *file != NULL; file++)
		name_add(s, span_str(*file), SCAN_READ);
	conf_reader_free(&r);
}

void conf_scan_init(struct conf_scan *s, const struct scan_source *from)
{
	size_t n_rows;
	struct conf_directive *rows = rows_copy(from->rows, from->n_rows, &n_rows);

	*s = (struct conf_scan){ 0 };
	arena_init(&s->arena);
	s->names = check_calloc(SCAN_NAMES_MAX, sizeof(s->names[0]));
	read_names(s, from, rows, n_rows);
	if (s->shadow_config != NULL) {
		struct scan_source shadow = *from;

		shadow.conf_path = s->shadow_config;
		s->is_in_shadow = true;
		read_names(s, &shadow, rows, n_rows);
	}
	free(rows);
}

void conf_scan_fini(struct conf_scan *s)
{
	free(s->names);
	arena_fini(&s->arena);
	*s = (struct conf_scan){ 0 };
}

bool conf_scan_has(const struct conf_scan *s, const char *path, enum scan_use use)
{
	for (size_t i = 0; i < s->n_names; i++)
		if (strcmp(s->names[i].path, path) == 0)
			return (s->names[i].uses & use) != 0;
	return false;
}

bool conf_scan_has_port(const struct conf_scan *s, uint16_t port)
{
	for (unsigned i = 0; i < s->n_ports; i++)
		if (s->ports[i] == port)
			return true;
	return false;
}
