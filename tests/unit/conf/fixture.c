/*
 * The fixture of the tests of src/conf.
 */
#include "tests/unit/conf/fixture.h"

#include <dirent.h>
#include <stdarg.h>
#include <unistd.h>

static void see(struct conf_line *l, struct span s, unsigned line)
{
	struct fixture_values *v = conf_section(l->reader, CONF_SECTION_proxy);
	const size_t n = strlen(v->seen);

	if (line == 0)
		snprintf(v->seen + n, sizeof(v->seen) - n, "[%.*s]", SPAN_ARG(s));
	else
		snprintf(v->seen + n, sizeof(v->seen) - n, "[%.*s@%u]", SPAN_ARG(s), line);
}

static void set_words(struct conf_line *l, UNUSED void *field)
{
	struct span word;

	while (conf_word(l, &word))
		see(l, word, 0);
}

static void set_values(struct conf_line *l, UNUSED void *field)
{
	struct conf_value v;

	while (conf_value_next(l, false, &v))
		see(l, v.text, v.place.line);
}

/* As set_values, with lists as wholes. */
static void set_lists(struct conf_line *l, UNUSED void *field)
{
	struct conf_list_file file;
	struct conf_value v;

	for (;;) {
		while (conf_list_open(l, false, &file))
			if (conf_list_read(l, &file))
				while (conf_list_value(l, &file, &v))
					see(l, v.text, v.place.line);
		if (!conf_value_next(l, false, &v))
			return;
		see(l, v.text, v.place.line);
	}
}

static void set_regexes(struct conf_line *l, UNUSED void *field)
{
	struct conf_value v;

	while (conf_value_next(l, true, &v))
		see(l, v.text, v.place.line);
}

static void set_rest(struct conf_line *l, UNUSED void *field)
{
	see(l, conf_rest(l), 0);
}

static void set_pair(struct conf_line *l, UNUSED void *field)
{
	struct span name, value;
	bool is_quoted;

	if (!conf_need_word(l, &name) || !conf_word_or_quoted(l, &value, &is_quoted))
		return;
	see(l, name, 0);
	see(l, value, is_quoted);
}

static void set_first(struct conf_line *l, UNUSED void *field)
{
	struct conf_value v;

	if (conf_value_next(l, false, &v))
		see(l, v.text, v.place.line);
}

#define ROW(name_, setter_, field_, def_)                                                          \
	{                                                                                          \
		name_, "", "test", CONF_WORKS, CONF_SECTION_proxy, setter_,                        \
			offsetof(struct fixture_values, field_), def_, "SYNTAX", "A sentence."     \
	}

static const struct conf_directive rows[] = {
	ROW("onoff", conf_set_onoff, onoff, ""),
	ROW("integer", conf_set_int, integer, ""),
	ROW("percent", conf_set_percent, percent, ""),
	ROW("bytes", conf_set_bytes, bytes, "64 KB"),
	ROW("ms", conf_set_ms, ms, "1 minute"),
	ROW("string", conf_set_string, string, ""),
	ROW("line", conf_set_line, line, ""),
	ROW("words", set_words, seen, ""),
	ROW("values", set_values, seen, ""),
	ROW("lists", set_lists, seen, ""),
	ROW("regexes", set_regexes, seen, ""),
	ROW("rest", set_rest, seen, ""),
	ROW("pair", set_pair, seen, ""),
	ROW("first", set_first, seen, ""),
	ROW("many_defaults", set_words, seen, ""),
	{ "named", "alias_one alias_two", "test", CONF_WORKS, CONF_SECTION_proxy, set_words, 0, "",
	  "WORD...", "A sentence." },
	CONF_ROW_WITHOUT("accepted", "accepted_too", "test", ACCEPTED, "", "X", "It is tuning."),
	CONF_ROW_WITHOUT("obsolete", "", "test", OBSOLETE, "", "X", "Write words."),
	CONF_ROW_WITHOUT("unbuilt", "", "test", UNBUILT, "deny all", "X", "It does much."),
	CONF_ROW_WITHOUT("harmless", "", "test", UNBUILT_HARMLESS, "1", "X", "It stores."),
	CONF_ROW_WITHOUT("refused", "", "test", REFUSED, "", "X", "It used to restrict."),
};

void fixture_init(struct fixture *f)
{
	void *sections[CONF_SECTION_N] = { 0 };

	*f = (struct fixture){ 0 };
	sections[CONF_SECTION_proxy] = &f->values;
	f->r = conf_reader_new(rows, ARRAY_LEN(rows), sections);
}

static void remove_folder(const char *folder)
{
	DIR *d = opendir(folder);

	ck_assert_ptr_nonnull(d);
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		if (e->d_name[0] != '.')
			ck_assert_int_eq(unlinkat(dirfd(d), e->d_name, 0), 0);
	closedir(d);
	ck_assert_int_eq(rmdir(folder), 0);
}

void fixture_fini(struct fixture *f)
{
	conf_reader_free(&f->r);
	free(f->values.string);
	free(f->values.line);
	if (f->folder[0] != '\0')
		remove_folder(f->folder);
}

void fixture_read(struct fixture *f, const char *text)
{
	conf_read_text(f->r, "squid.conf", span_str(text));
	conf_finish(f->r);
}

const char *fixture_findings(const struct fixture *f)
{
	static const char *const severities[] = { "difference", "note", "warning", "error" };
	static char text[8192];
	size_t n = 0;

	text[0] = '\0';
	for (const struct conf_finding *x = conf_findings(f->r); x != NULL && n < sizeof(text);
	     x = x->next)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s:%u: %s: %s\n", x->place.file,
		                      x->place.line, severities[x->severity], x->text);
	return text;
}

bool fixture_has(const struct fixture *f, const char *file, unsigned line, enum conf_severity s,
                 const char *part)
{
	for (const struct conf_finding *x = conf_findings(f->r); x != NULL; x = x->next)
		if (x->severity == s && x->place.line == line && strcmp(x->place.file, file) == 0 &&
		    strstr(x->text, part) != NULL)
			return true;
	return false;
}

const char *fixture_file(struct fixture *f, const char *name, struct span content)
{
	static char paths[4][128];
	static unsigned turn;
	char *path = paths[turn++ % ARRAY_LEN(paths)];

	if (f->folder[0] == '\0') {
		snprintf(f->folder, sizeof(f->folder), "/tmp/unit_conf.XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(f->folder));
	}
	snprintf(path, sizeof(paths[0]), "%s/%s", f->folder, name);
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(content.p, 1, content.n, out), content.n);
	ck_assert_int_eq(fclose(out), 0);
	return path;
}

const char *fixture_text(const char *fmt, ...)
{
	static char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return text;
}
