/*
 * Values of acls and the like: words of the line, and the lines of files that it names. Lists of
 * millions of lines pass through here without being copied.
 */
#include "base/hash.h"
#include "conf/conf_int.h"

/* The line's next value from a list file: blanks and comments are cut away. False at the end. */
static bool list_line(struct conf_list *f, struct span *value)
{
	while (f->at != f->end) {
		const char *begin = f->at;
		const char *lf = memchr(begin, '\n', (size_t)(f->end - begin));
		const char *stop = lf != NULL ? lf : f->end;

		f->at = lf != NULL ? lf + 1 : f->end;
		f->line++;
		while (begin != stop && conf_is_blank(*begin))
			begin++;
		if (begin == stop || *begin == '#')
			continue;
		const char *hash = memchr(begin, '#', (size_t)(stop - begin));

		for (; hash != NULL; hash = memchr(hash + 1, '#', (size_t)(stop - hash - 1)))
			if (conf_is_blank(hash[-1])) {
				stop = hash;
				break;
			}
		while (stop != begin && (conf_is_blank(stop[-1]) || stop[-1] == '\r'))
			stop--;
		if (stop == begin)
			continue;
		*value = span_of(begin, (size_t)(stop - begin));
		return true;
	}
	return false;
}

static unsigned list_depth(const struct conf_list *f)
{
	unsigned n = 0;

	for (; f != NULL; f = f->outer)
		n++;
	return n;
}

/* The first byte that no text has: a NUL, or a CR that ends no line. NULL if all is well. */
static const char *find_odd_byte(struct span s, const char **what)
{
	*what = "a NUL byte in";
	const char *odd = s.n != 0 ? memchr(s.p, '\0', s.n) : NULL;

	if (odd != NULL)
		return odd;
	*what = "a carriage return inside";
	for (size_t at = span_find(s, '\r'); at != s.n;
	     at += 1 + span_find(span_skip(s, at + 1), '\r'))
		if (at + 1 != s.n && s.p[at + 1] != '\n')
			return s.p + at;
	return NULL;
}

/* Parts of a file that is no text would be compared in vain, and nobody would notice. */
static bool is_text(struct conf_line *l, const struct conf_file *f)
{
	const char *what;
	const char *odd = find_odd_byte(span_of(f->bytes, f->n), &what);
	unsigned line = 1;

	if (odd == NULL)
		return true;
	for (const char *p = f->bytes; p != odd; p++)
		line += *p == '\n';
	conf_report(l->reader, CONF_ERROR, (struct conf_place){ f->path, line },
	            "there is %s the line; this is not a list of values", what);
	return false;
}

/* The list comes next; its file is open, and read when the first value is asked for. */
static void list_open(struct conf_line *l, struct span path, bool is_quoted_mode)
{
	char name[4096];

	if (path.n == 0 || !span_to_cstr(path, name, sizeof(name))) {
		conf_error(l, "the name of the list file is %s",
		           path.n == 0 ? "empty" : "too long");
		return;
	}
	if (list_depth(l->list) >= CONF_DEPTH_MAX) {
		conf_error(l, "%s: parameters() are nested too deeply", name);
		return;
	}
	struct conf_list *list = ARENA_NEW(&l->reader->arena, struct conf_list);

	list->source = conf_file_open(l->reader, name);
	list->file = list->source->path;
	list->is_unread = true;
	list->is_quoted_mode = is_quoted_mode;
	list->outer = l->list;
	l->list = list;
}

static void list_close(struct conf_line *l)
{
	l->list = l->list->outer;
}

/* False: it cannot be read, which was reported, and it is closed. */
static bool list_read(struct conf_line *l)
{
	struct conf_list *list = l->list;
	struct conf_file *f = list->source;

	list->is_unread = false;
	conf_file_read(f);
	if (!f->is_usable) {
		conf_error(l, "cannot read the list %s: %s", f->path, conf_file_why(f));
		conf_as_squid(l->reader,
		              "logs an error and starts; what the list should hold is missing");
	}
	if (!f->is_usable || !is_text(l, f)) {
		list_close(l);
		return false;
	}
	const struct span text = span_of(f->bytes, f->n);

	list->at = span_starts(text, SPAN(CONF_BYTE_ORDER_MARK)) ? f->bytes + 3 : f->bytes;
	list->end = f->bytes + f->n;
	return true;
}

/* --- quoted mode ------------------------------------------------------------------------------ */

/* A word, or the opening of parameters(); the latter is CONF_WORD_END with l->list changed. */
static enum conf_word_result quoted_word(struct conf_line *l, struct span *rest, struct span *word,
                                         struct conf_place place)
{
	struct arena *a = &l->reader->arena;
	const char *why = NULL;
	enum conf_word_result result = conf_word_parameters(a, rest, word, &why);

	if (result == CONF_WORD_OK) {
		list_open(l, *word, true);
		return CONF_WORD_END;
	}
	if (result == CONF_WORD_END)
		result = conf_word_in_quoted_mode(a, rest, word, &why);
	if (result == CONF_WORD_BAD)
		conf_report(l->reader, CONF_ERROR, place, "%s", why);
	return result;
}

/* The next value of a file given by parameters(): all words of all its lines. */
static bool list_word(struct conf_line *l, struct conf_value *v)
{
	struct conf_list *f = l->list;

	for (;;) {
		const struct conf_place place = { f->file, f->line };
		const enum conf_word_result result = quoted_word(l, &f->rest, &v->text, place);

		v->place = place;
		if (result == CONF_WORD_OK)
			return true;
		if (l->list != f)
			return false; /* one file in another was opened */
		if (result == CONF_WORD_END && f->rest.n != 0 && f->rest.p[0] != '#')
			continue; /* one that has no name */
		if (!list_line(f, &f->rest)) {
			list_close(l);
			return false;
		}
	}
}

/* --- plain mode ------------------------------------------------------------------------------- */

/* "path": up to the closing quote, which must end the word. */
static void open_quoted_path(struct conf_line *l)
{
	const char quote = l->rest.p[0];
	const struct span in = span_skip(l->rest, 1);
	const size_t n = span_find(in, quote);
	const struct span after = span_skip(in, n + 1);

	if (n == in.n) {
		conf_error(l,
		           "a quote opens the name of a list file, and the closing one is missing");
		l->rest = SPAN_NULL;
		return;
	}
	l->rest = after;
	if (after.n != 0 && !conf_is_blank(after.p[0])) {
		conf_error(l, "a blank must follow the name of the list file");
		l->rest = SPAN_NULL;
		return;
	}
	list_open(l, span_of(in.p, n), false);
}

/* As a word, but a backslash protects the byte behind it, and both stay in the value. */
static bool regex_word(struct conf_line *l, struct span *word)
{
	size_t n = 0;

	for (; n < l->rest.n && !conf_is_blank(l->rest.p[n]); n++) {
		if (l->rest.p[n] != '\\')
			continue;
		if (++n == l->rest.n) {
			conf_error(l, "the expression ends in a lone backslash");
			l->rest = SPAN_NULL;
			return false;
		}
	}
	*word = span_of(l->rest.p, n);
	l->rest = span_skip(l->rest, n);
	return true;
}

/* The next value on the line itself; false at its end or where a list was opened instead. */
static bool line_value(struct conf_line *l, bool regex, struct conf_value *v)
{
	while (l->rest.n != 0 && conf_is_blank(l->rest.p[0]))
		l->rest = span_skip(l->rest, 1);
	v->place = (struct conf_place){ l->place.file, conf_line_number(l, l->rest.p) };
	if (l->reader->is_quoted_mode) {
		if (!regex || l->rest.n == 0 || l->rest.p[0] == '#')
			return quoted_word(l, &l->rest, &v->text, v->place) == CONF_WORD_OK;
		conf_error(l, "a regular expression cannot be written while "
		              "configuration_includes_quoted_values is on");
		l->rest = SPAN_NULL;
		return false;
	}
	if (l->rest.n != 0 && (l->rest.p[0] == '"' || l->rest.p[0] == '\'')) {
		open_quoted_path(l);
		return false;
	}
	if (regex && l->rest.n != 0 && l->rest.p[0] != '#')
		return regex_word(l, &v->text);
	return conf_word(l, &v->text);
}

#define VALUES_BETWEEN_WORDS 512u /* expressions take some 50 us each */

static void tell_progress(struct conf_reader *r, const struct conf_list *list)
{
	if (r->n_values++ % VALUES_BETWEEN_WORDS == 0 && r->progress != NULL)
		r->progress(r->progress_arg, list->file, list->line);
}

/* The next value of the lists that are open; false when there is none open any more. */
static bool open_list_value(struct conf_line *l, struct conf_value *v)
{
	while (l->list != NULL) {
		if (l->list->is_unread) {
			if (list_read(l))
				l->list->source->is_kept = true;
		} else if (l->list->is_quoted_mode) {
			if (list_word(l, v))
				return true;
		} else if (list_line(l->list, &v->text)) {
			v->place = (struct conf_place){ l->list->file, l->list->line };
			tell_progress(l->reader, l->list);
			return true;
		} else {
			list_close(l);
		}
	}
	return false;
}

bool conf_value_next(struct conf_line *l, bool regex, struct conf_value *v)
{
	for (;;) {
		if (open_list_value(l, v) || line_value(l, regex, v))
			return true;
		if (l->list == NULL && (l->rest.n == 0 || l->rest.p[0] == '#')) {
			struct span none;

			return conf_word(l, &none); /* false; a comment is looked at */
		}
	}
}

/* --- lists as wholes -------------------------------------------------------------------------- */

/* Open what comes next if it is a list. False: it is none; true: so it was, right or wrong. */
static bool open_next(struct conf_line *l, bool regex)
{
	const char *why;

	while (l->rest.n != 0 && conf_is_blank(l->rest.p[0]))
		l->rest = span_skip(l->rest, 1);
	if (l->reader->is_quoted_mode && regex)
		return false; /* an error, as all such values */
	if (l->reader->is_quoted_mode) {
		struct span path;
		const enum conf_word_result result =
			conf_word_parameters(&l->reader->arena, &l->rest, &path, &why);

		if (result == CONF_WORD_OK)
			list_open(l, path, true);
		else if (result == CONF_WORD_BAD)
			conf_report(l->reader, CONF_ERROR, l->place, "%s", why);
		return result != CONF_WORD_END;
	}
	if (l->rest.n == 0 || (l->rest.p[0] != '"' && l->rest.p[0] != '\''))
		return false;
	open_quoted_path(l);
	return true;
}

bool conf_list_open(struct conf_line *l, bool regex, struct conf_list_file *f)
{
	while (l->list == NULL)
		if (!open_next(l, regex))
			return false;
	if (!l->list->is_unread)
		return false;
	*f = (struct conf_list_file){ .path = l->list->file,
		                      .stamp = l->list->source->stamp,
		                      .is_quoted_mode = l->list->is_quoted_mode };
	return true;
}

bool conf_list_read(struct conf_line *l, struct conf_list_file *f)
{
	struct conf_file *source = l->list->source;

	if (!list_read(l)) {
		conf_file_drop(source);
		return false;
	}
	f->stamp = source->stamp;
	f->hash = hash_bytes(span_of(source->bytes, source->n));
	return true;
}

bool conf_list_value(struct conf_line *l, struct conf_list_file *f, struct conf_value *v)
{
	struct conf_file *source = NULL;

	for (const struct conf_list *list = l->list; list != NULL; list = list->outer)
		source = list->source;
	if (open_list_value(l, v)) {
		f->is_nested = f->is_nested || l->list->outer != NULL;
		return true;
	}
	if (source != NULL)
		conf_file_drop(source);
	return false;
}

void conf_list_skip(struct conf_line *l)
{
	struct conf_file *source = l->list->source;

	list_close(l);
	conf_file_drop(source);
}
