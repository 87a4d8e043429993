/*
 * Logical lines: physical ones of any length, continuation joined, macros replaced, places kept.
 *
 * As Squid reads them, but nothing is lost silently: not what stands behind a carriage return or a
 * NUL, nor behind the limit of a line, of which there is none.
 */
#include "conf/conf_int.h"

struct joined {
	char *text; /* on the heap */
	size_t n, room;
	struct conf_piece *pieces; /* on the heap */
	size_t n_pieces;
};

static bool is_white(char c)
{
	return conf_is_blank(c) || c == '\v' || c == '\f' || c == '\r';
}

static struct span skip_white(struct span s)
{
	while (s.n != 0 && is_white(s.p[0]))
		s = span_skip(s, 1);
	return s;
}

static void blame(struct conf_source *s, enum conf_severity severity, const char *text,
                  const char *as_squid)
{
	conf_report(s->reader, severity, s->place, "%s", text);
	conf_as_squid(s->reader, "%s", as_squid);
}

#define LEAVES_OUT "leaves out what follows it, without a word"
/* Bytes of a physical line that Squid reads at a time, its end included. */
#define SQUID_LINE_MAX 8191u

/* A line ends at its LF, or before it at a CR or NUL: then there must not be more. */
static struct span cut_line(struct conf_source *s, struct span line)
{
	const size_t nul = span_find(line, '\0');

	if (nul != line.n) {
		blame(s, CONF_ERROR, "there is a NUL byte in the line", LEAVES_OUT);
		line.n = nul;
	}
	const size_t cr = span_find(line, '\r');

	if (skip_white(span_skip(line, cr)).n != 0)
		blame(s, CONF_ERROR,
		      "there is a carriage return inside the line; what follows it would be lost",
		      LEAVES_OUT);
	line.n = cr;
	return line;
}

/* The next physical line without its end; false if there is none. */
static bool next_physical(struct conf_source *s, struct span *line)
{
	if (s->at == s->end)
		return false;
	const char *lf = memchr(s->at, '\n', (size_t)(s->end - s->at));
	const char *stop = lf != NULL ? lf : s->end;

	s->place.line++;
	conf_position_pass(s->reader, s->place);
	*line = cut_line(s, span_of(s->at, (size_t)(stop - s->at)));
	if (line->n >= SQUID_LINE_MAX) {
		conf_difference(s->reader, s->place, "the line has %zu bytes and is read whole",
		                line->n);
		conf_as_squid(s->reader, "takes what follows each %u bytes for a line of its own",
		              SQUID_LINE_MAX);
	}
	s->at = lf != NULL ? lf + 1 : s->end;
	return true;
}

/* #line N "file": from the next line on, places are counted anew. Anything else is a comment. */
static void line_directive(struct conf_source *s, struct span text)
{
	struct span rest = skip_white(span_skip(text, strlen("#line ")));
	size_t digits = 0;
	uint64_t number;

	while (digits < rest.n && rest.p[digits] >= '0' && rest.p[digits] <= '9')
		digits++;
	if (!span_to_u64(span_of(rest.p, digits), &number) || number > INT32_MAX)
		return;
	rest = skip_white(span_skip(rest, digits));
	if (rest.n != 0) {
		if (rest.p[0] != '"')
			return;
		rest = span_skip(rest, 1);
		rest.n = span_find(rest, '"');
		s->place.file = conf_intern(s->reader, rest);
	}
	s->place.line = (unsigned)number - 1; /* 0 wraps, and the next line is 0 */
}

/* The next physical line that is neither empty nor a comment, without leading blanks. */
static bool next_line_with_text(struct conf_source *s, struct span *line, bool *is_indented)
{
	while (next_physical(s, line)) {
		const struct span text = skip_white(*line);

		*is_indented = text.n != line->n;
		*line = text;
		if (span_starts(text, SPAN("#line ")))
			line_directive(s, text);
		if (text.n != 0 && text.p[0] != '#')
			return true;
	}
	return false;
}

static bool is_continued(struct span line)
{
	return line.n != 0 && line.p[line.n - 1] == '\\';
}

static void join(struct joined *j, struct span text, unsigned line)
{
	if (j->n + text.n > j->room) {
		j->room = (j->n + text.n) * 2 + 256;
		j->text = check_realloc(j->text, j->room);
	}
	/* The pieces' room follows from their number: it doubles at each power of two. */
	if ((j->n_pieces & (j->n_pieces - 1)) == 0)
		j->pieces =
			check_realloc(j->pieces, MAX(j->n_pieces * 2, 1u) * sizeof(j->pieces[0]));
	j->pieces[j->n_pieces++] = (struct conf_piece){ j->n, line };
	if (text.n != 0)
		memcpy(j->text + j->n, text.p, text.n);
	j->n += text.n;
}

/* The pieces until one that is not continued. `first` is the first one. */
static void join_pieces(struct conf_source *s, struct joined *j, struct span first)
{
	struct span piece = first;
	bool is_indented;

	while (is_continued(piece)) {
		piece.n--;
		join(j, piece, s->place.line);
		if (!next_line_with_text(s, &piece, &is_indented)) {
			blame(s, CONF_WARNING, "the last line of the file ends in a backslash",
			      "leaves the line out, without a word");
			return;
		}
		if (is_indented && j->n != 0 && !conf_is_blank(j->text[j->n - 1]))
			blame(s, CONF_WARNING,
			      "this line is glued to the word before the backslash, as in Squid; "
			      "put a blank before the backslash",
			      CONF_SQUID_SAME);
	}
	join(j, piece, s->place.line);
}

/* Move a joined line into the reader's arena. */
static void take_joined(struct conf_line *l, struct joined *j)
{
	struct arena *a = &l->reader->arena;
	struct conf_piece *pieces = arena_alloc(a, j->n_pieces * sizeof(pieces[0]));

	memcpy(pieces, j->pieces, j->n_pieces * sizeof(pieces[0]));
	l->text = arena_dup(a, span_of(j->text, j->n));
	l->pieces = pieces;
	l->n_pieces = j->n_pieces;
	free(j->text);
	free(j->pieces);
}

unsigned conf_line_number(const struct conf_line *l, const char *at)
{
	unsigned line = l->place.line;

	if (l->pieces == NULL || at < l->text.p || at > l->text.p + l->text.n)
		return line;
	const size_t offset = (size_t)(at - l->text.p);
	size_t low = 0, high = l->n_pieces;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (l->pieces[middle].offset <= offset) {
			line = l->pieces[middle].line;
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return line;
}

/* --- macros ----------------------------------------------------------------------------------- */

void conf_set_macro(struct conf_reader *r, const char *name, const char *value)
{
	CHECK_OBJ(r, CONF_READER_MAGIC);
	struct conf_macro *m = ARENA_NEW(&r->arena, struct conf_macro);

	m->name = arena_dup(&r->arena, span_str(name));
	m->value = arena_dup(&r->arena, span_str(value));
	m->next = r->macros; /* the newest is found first */
	r->macros = m;
}

/* The macro whose ${name} begins at s; NULL if there is none. */
static const struct conf_macro *macro_at(const struct conf_reader *r, struct span s)
{
	const size_t close = span_find(s, '}');

	if (close == s.n || !span_starts(s, SPAN("${")))
		return NULL;
	for (const struct conf_macro *m = r->macros; m != NULL; m = m->next)
		if (span_eq(m->name, span_of(s.p + 2, close - 2)))
			return m;
	return NULL;
}

/* Where the next macro is; s.n if nowhere. */
static size_t macro_find(const struct conf_reader *r, struct span s, const struct conf_macro **m)
{
	size_t at = 0;

	for (; at < s.n; at++) {
		at += span_find(span_skip(s, at), '$');
		*m = macro_at(r, span_skip(s, at));
		if (*m != NULL)
			break;
	}
	return MIN(at, s.n);
}

static void replace_macros(struct conf_line *l)
{
	const struct conf_macro *m = NULL;
	struct span rest = l->text;
	struct joined j = { 0 };
	size_t at;

	while ((at = macro_find(l->reader, rest, &m)) != rest.n) {
		const char *begin = rest.p + at;

		join(&j, span_of(rest.p, at), conf_line_number(l, rest.p));
		join(&j, m->value, conf_line_number(l, begin));
		rest = span_skip(rest, at + m->name.n + strlen("${}"));
	}
	if (j.n_pieces == 0)
		return;
	join(&j, rest, conf_line_number(l, rest.p));
	take_joined(l, &j);
}

/* --- the line --------------------------------------------------------------------------------- */

static void check_lone_backslash(struct conf_source *s, struct span text)
{
	if (is_continued(text))
		blame(s, CONF_WARNING,
		      "blanks follow the backslash, so this line is not continued by the next",
		      CONF_SQUID_SAME);
}

bool conf_line_next(struct conf_source *s, struct conf_line *l)
{
	struct span line;
	bool is_indented;

	if (!next_line_with_text(s, &line, &is_indented))
		return false;
	*l = (struct conf_line){ .reader = s->reader, .place = s->place, .text = line };
	if (is_continued(line)) {
		struct joined j = { 0 };

		join_pieces(s, &j, line);
		take_joined(l, &j);
	}
	const size_t before = l->text.n;

	while (l->text.n != 0 && is_white(l->text.p[l->text.n - 1]))
		l->text.n--;
	if (l->text.n != before)
		check_lone_backslash(s, l->text);
	if (span_find(l->text, '$') != l->text.n)
		replace_macros(l);
	return true;
}
