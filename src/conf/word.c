/*
 * Words of a line, in Squid's two grammars: plain, where only blanks separate and quotes mean
 * nothing, and quoted mode (configuration_includes_quoted_values on), where "..." is one word.
 */
#include "conf/conf_int.h"

static bool is_separator(char c)
{
	return conf_is_blank(c) || c == '\r' || c == '\n';
}

static struct span skip_separators(struct span s)
{
	while (s.n != 0 && is_separator(s.p[0]))
		s = span_skip(s, 1);
	return s;
}

/* Letters, digits and the few others that a word outside quotes may have. */
static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
	       (c != '\0' && strchr(".,()-=_/:+", c) != NULL);
}

static bool is_number(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n != 0;
}

/* The byte that an escape stands for; '\0' if there is no such escape. */
static char unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case '\\':
	case '"':
	case '\'':
		return c;
	}
	return '\0';
}

/* Whether a quoted word is well-formed, and how long it is with its quotes. */
static const char *quoted_length(struct span s, size_t *length, bool *has_escapes)
{
	size_t i = 1;

	*has_escapes = false;
	for (; i < s.n && s.p[i] != s.p[0]; i++) {
		if (s.p[i] != '\\')
			continue;
		*has_escapes = true;
		i++;
		if (i < s.n && unescape(s.p[i]) == '\0')
			return "only \\\\ \\\" \\' \\n \\r and \\t are known in quotes";
	}
	if (i >= s.n)
		return "the closing quote is missing";
	*length = i + 1;
	if (*length < s.n && !is_separator(s.p[*length]))
		return "a blank must follow the closing quote";
	return NULL;
}

/* The quoted word at the front of *rest. */
static const char *cut_quoted(struct arena *a, struct span *rest, struct span *word)
{
	bool has_escapes;
	size_t length, n = 0;
	const char *why = quoted_length(*rest, &length, &has_escapes);

	if (why != NULL)
		return why;
	const struct span inner = span_of(rest->p + 1, length - 2);

	*rest = span_skip(*rest, length);
	if (!has_escapes) {
		*word = inner;
		return NULL;
	}
	char *text = arena_alloc(a, inner.n);

	for (size_t i = 0; i < inner.n; i++)
		text[n++] = (char)(inner.p[i] == '\\' ? unescape(inner.p[++i]) : inner.p[i]);
	*word = span_of(text, n);
	return NULL;
}

static struct span cut_plain(struct span *rest)
{
	size_t n = 0;

	while (n < rest->n && !is_separator(rest->p[n]))
		n++;
	const struct span word = span_of(rest->p, n);

	*rest = span_skip(*rest, n);
	return word;
}

static const char *check_plain(struct span word)
{
	/* Squid's list has no '!', without which no rule could be written. */
	const struct span s = span_skip(word, word.p[0] == '!');
	size_t i = 0;

	while (i < s.n && is_plain(s.p[i]))
		i++;
	if (i == s.n || (i == s.n - 1 && s.p[i] == '%' && is_number(span_of(s.p, i))))
		return NULL;
	return "with configuration_includes_quoted_values on, a word with other characters than "
	       "letters, "
	       "digits and .,()-=_/:+ must stand in quotes";
}

static bool is_end(struct span s)
{
	return s.n == 0 || s.p[0] == '#';
}

enum conf_word_result conf_word_in_quoted_mode(struct arena *a, struct span *rest,
                                               struct span *word, const char **why)
{
	*rest = skip_separators(*rest);
	if (is_end(*rest))
		return CONF_WORD_END;
	if (rest->p[0] == '"' || rest->p[0] == '\'') {
		*why = cut_quoted(a, rest, word);
	} else if (span_starts(*rest, SPAN("parameters("))) {
		*why = "parameters() gives values of an acl and the like; it cannot stand here";
	} else {
		const struct span plain = cut_plain(rest);

		*why = check_plain(plain);
		*word = plain;
	}
	if (*why == NULL)
		return CONF_WORD_OK;
	*rest = SPAN_NULL;
	return CONF_WORD_BAD;
}

enum conf_word_result conf_word_parameters(struct arena *a, struct span *rest, struct span *path,
                                           const char **why)
{
	const struct span name = SPAN("parameters("), s = skip_separators(*rest);
	struct span in = span_skip(s, name.n);
	const size_t close = span_find(in, ')');

	if (!span_starts(s, name))
		return CONF_WORD_END;
	*rest = span_skip(in, close + 1);
	in.n = close;
	in = span_trim(in);
	*why = "write parameters(\"/path/of/the/file\")";
	if (close == span_skip(s, name.n).n || in.n == 0 || (in.p[0] != '"' && in.p[0] != '\''))
		return CONF_WORD_BAD;
	*why = cut_quoted(a, &in, path);
	if (*why == NULL && in.n != 0)
		*why = "parameters() takes one file";
	return *why == NULL ? CONF_WORD_OK : CONF_WORD_BAD;
}

/* --- words of a line -------------------------------------------------------------------------- */

/* A comment ends the joined line; what was continued behind it is easily lost. */
static void check_comment(struct conf_line *l)
{
	if (l->n_pieces > 1 && l->rest.n != 0 &&
	    conf_line_number(l, l->rest.p) < l->pieces[l->n_pieces - 1].line) {
		conf_warning(l,
		             "the comment reaches over the continued lines down to line %u, which "
		             "are therefore not read",
		             l->pieces[l->n_pieces - 1].line);
		conf_as_squid(l->reader, CONF_SQUID_SAME);
	}
	l->rest = SPAN_NULL;
}

static enum conf_word_result look(struct conf_line *l, struct span *rest, struct span *word,
                                  const char **why)
{
	if (l->reader->is_quoted_mode)
		return conf_word_in_quoted_mode(&l->reader->arena, rest, word, why);
	*rest = skip_separators(*rest);
	if (is_end(*rest))
		return CONF_WORD_END;
	*word = cut_plain(rest);
	return CONF_WORD_OK;
}

bool conf_word(struct conf_line *l, struct span *word)
{
	const char *why = NULL;

	switch (look(l, &l->rest, word, &why)) {
	case CONF_WORD_OK:
		return true;
	case CONF_WORD_END:
		check_comment(l);
		return false;
	case CONF_WORD_BAD:
		conf_error_both(l, "%s", why);
		return false;
	}
	UNREACHABLE("result of a word");
}

bool conf_peek(struct conf_line *l, struct span *word)
{
	struct span rest = l->rest;
	const char *why = NULL;

	return look(l, &rest, word, &why) == CONF_WORD_OK;
}

bool conf_word_or_quoted(struct conf_line *l, struct span *word, bool *is_quoted)
{
	*is_quoted = false;
	l->rest = skip_separators(l->rest);
	if (l->rest.n == 0 || (l->rest.p[0] != '"' && l->rest.p[0] != '\''))
		return conf_word(l, word);
	const char *why = cut_quoted(&l->reader->arena, &l->rest, word);

	*is_quoted = true;
	if (why == NULL)
		return true;
	conf_error_both(l, "%s", why);
	l->rest = SPAN_NULL;
	return false;
}

bool conf_need_word(struct conf_line *l, struct span *word)
{
	const unsigned before = conf_count(l->reader, CONF_ERROR);

	if (conf_word(l, word))
		return true;
	if (before == conf_count(l->reader, CONF_ERROR))
		conf_error_both(l, "a value is missing; write %s %s", l->directive->name,
		                l->directive->syntax);
	return false;
}

struct span conf_rest(struct conf_line *l)
{
	const struct span rest = span_trim(l->rest);

	l->rest = SPAN_NULL;
	return rest;
}
