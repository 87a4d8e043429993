/*
 * From POSIX extended regular expressions, as glibc's regcomp(REG_EXTENDED) reads them in the C
 * locale, to PCRE2's syntax. One pass of recursive descent, writing as it reads; pure.
 *
 * The differences that matter: \< \> \b \B \w \W \s \S \` \' are glibc's; any other escaped byte is
 * itself ("\d" is a d); in brackets a backslash is an ordinary byte; {,3} is {0,3}; a+? is (a+)?,
 * not a lazy a+; $ is the end of the text only; with REG_ICASE glibc folds expression and text to
 * upper case before anything else, so that the range [A-z] ends at Z. Every byte class is therefore
 * computed here and written as a set of bytes. What glibc refuses is refused, too.
 */
#include "acl/regex.h"

#define NEST_MAX   100u   /* of groups; PCRE2's own limit is 250 */
#define REPEAT_MAX 20u    /* of {} after {} on one atom */
#define DUP_MAX    0x7fff /* RE_DUP_MAX of <limits.h> */
#define TEXT_MAX   65536u /* of the expression */

enum tok {
	TOK_END,
	TOK_CHAR,
	TOK_NOTHING, /* what no text contains */
	TOK_ALT,
	TOK_STAR,
	TOK_PLUS,
	TOK_QUESTION,
	TOK_OPEN_DUP,
	TOK_CLOSE_DUP,
	TOK_OPEN,
	TOK_CLOSE,
	TOK_BRACKET,
	TOK_DOT,
	TOK_SET,    /* \w \W \s \S: c says which */
	TOK_ANCHOR, /* c says which: ^ $ < > b B ` ' */
	TOK_BACKREF,
	TOK_BACKSLASH /* a lone one at the end */
};

/* A set of byte values. */
struct set {
	uint64_t w[4];
};

struct parser {
	struct span in;
	size_t at;
	enum tok tok;
	unsigned char c; /* of the token */
	bool icase;
	const char *why;
	unsigned nest, n_groups;
	unsigned complete; /* groups that ended, as bits: what \1 to \9 may refer to */
	struct acl_regex_text *out;
	size_t cap;
	/* The run of required literal bytes at hand, and whether there may be one at all. */
	char run[sizeof(((struct acl_regex_text *)0)->literal)];
	unsigned run_n;
	bool has_top_alt;
};

static bool parse_alternatives(struct parser *p);

static bool refuse(struct parser *p, const char *why)
{
	if (p->why == NULL)
		p->why = why;
	return false;
}

/* --- output --------------------------------------------------------------------------------- */

static void put(struct parser *p, const char *text, size_t n)
{
	struct acl_regex_text *o = p->out;

	if (o->n + n + 1 > p->cap) {
		p->cap = MAX(p->cap * 2, o->n + n + 64);
		o->p = check_realloc(o->p, p->cap);
	}
	memcpy(o->p + o->n, text, n);
	o->n += n;
}

static void put_str(struct parser *p, const char *text)
{
	put(p, text, strlen(text));
}

static bool is_alpha(unsigned c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(unsigned c)
{
	return c >= '0' && c <= '9';
}

static void put_hex(struct parser *p, unsigned c)
{
	char text[8];

	put(p, text, (size_t)snprintf(text, sizeof(text), "\\x%02x", c));
}

static void put_char(struct parser *p, unsigned char c)
{
	const char text[2] = { '\\', (char)c };

	if (is_alpha(c) || is_digit(c))
		put(p, text + 1, 1);
	else if (c > ' ' && c < 0x7f)
		put(p, text, 2);
	else
		put_hex(p, c);
}

static void put_set(struct parser *p, const struct set *s)
{
	bool is_empty = true;

	put_str(p, "[");
	for (unsigned c = 0; c < 256; c++) {
		if ((s->w[c / 64] >> (c % 64) & 1) == 0)
			continue;
		const unsigned first = c;

		while (c < 255 && (s->w[(c + 1) / 64] >> ((c + 1) % 64) & 1) != 0)
			c++;
		put_hex(p, first);
		if (c != first) {
			put_str(p, "-");
			put_hex(p, c);
		}
		is_empty = false;
	}
	put_str(p, is_empty ? "^\\x00-\\xff]" : "]");
}

/* Insert text before what was written from `from` on. */
static void put_before(struct parser *p, size_t from, const char *text)
{
	const size_t n = strlen(text);

	put(p, text, n);
	memmove(p->out->p + from + n, p->out->p + from, p->out->n - from - n);
	memcpy(p->out->p + from, text, n);
}

/* --- required literals ---------------------------------------------------------------------- */

static void run_end(struct parser *p)
{
	if (p->run_n > p->out->literal_n) {
		memcpy(p->out->literal, p->run, p->run_n);
		p->out->literal_n = p->run_n;
	}
	p->run_n = 0;
}

static void run_add(struct parser *p, unsigned char c)
{
	if (p->nest != 0)
		return;
	if (p->run_n == sizeof(p->run))
		run_end(p);
	p->run[p->run_n++] = ascii_lower((char)c);
}

/* --- sets ----------------------------------------------------------------------------------- */

static void set_add(struct set *s, unsigned c)
{
	s->w[c / 64] |= (uint64_t)1 << (c % 64);
}

static bool set_has(const struct set *s, unsigned c)
{
	return (s->w[c / 64] >> (c % 64) & 1) != 0;
}

static void set_invert(struct set *s)
{
	for (unsigned i = 0; i < 4; i++)
		s->w[i] = ~s->w[i];
}

static unsigned upper(unsigned c)
{
	return c >= 'a' && c <= 'z' ? c - 0x20 : c;
}

/* The set was computed over text in upper case: what does it mean for text as it is? */
static void set_unfold(struct set *s)
{
	for (unsigned c = 'a'; c <= 'z'; c++) {
		const uint64_t bit = (uint64_t)1 << (c % 64);

		s->w[c / 64] = (s->w[c / 64] & ~bit) | (set_has(s, upper(c)) ? bit : 0);
	}
}

static bool in_class(const char *name, unsigned c)
{
	static const char *const names[] = {
		"alpha", "digit", "alnum", "upper", "lower", "space",
		"blank", "punct", "print", "graph", "cntrl", "xdigit"
	};
	size_t i = 0;

	while (i < ARRAY_LEN(names) && strcmp(names[i], name) != 0)
		i++;
	const bool graph = c > ' ' && c < 0x7f, up = c >= 'A' && c <= 'Z';
	const unsigned lower = c | 0x20;

	switch (i) {
	case 0:
		return is_alpha(c);
	case 1:
		return is_digit(c);
	case 2:
		return is_alpha(c) || is_digit(c);
	case 3:
		return up;
	case 4:
		return is_alpha(c) && !up;
	case 5:
		return c == ' ' || (c >= '\t' && c <= '\r');
	case 6:
		return c == ' ' || c == '\t';
	case 7:
		return graph && !is_alpha(c) && !is_digit(c);
	case 8:
		return graph || c == ' ';
	case 9:
		return graph;
	case 10:
		return c < ' ' || c == 0x7f;
	case 11:
		return is_digit(c) || (lower >= 'a' && lower <= 'f');
	}
	return false;
}

static bool set_add_class(struct parser *p, struct set *s, const char *name)
{
	bool is_known = false;

	if (p->icase && (strcmp(name, "upper") == 0 || strcmp(name, "lower") == 0))
		name = "alpha";
	for (unsigned c = 0; c < 128; c++) {
		if (in_class(name, c)) {
			set_add(s, c);
			is_known = true;
		}
	}
	return is_known || refuse(p, "unknown character class");
}

/* --- tokens --------------------------------------------------------------------------------- */

static void token_escaped(struct parser *p)
{
	const unsigned char c = (unsigned char)p->in.p[p->at++];

	p->c = c;
	if (c >= '1' && c <= '9')
		p->tok = TOK_BACKREF;
	else if (strchr("<>bB`'", c) != NULL)
		p->tok = TOK_ANCHOR;
	else if (strchr("wWsS", c) != NULL)
		p->tok = TOK_SET;
	else if (p->icase && c >= 'a' && c <= 'z')
		p->tok = TOK_NOTHING; /* not folded, unlike the text: glibc's \d with REG_ICASE */
	else
		p->tok = TOK_CHAR;
}

static void token_next(struct parser *p)
{
	static const struct {
		char c;
		enum tok tok;
	} specials[] = { { '|', TOK_ALT },      { '*', TOK_STAR },     { '+', TOK_PLUS },
		         { '?', TOK_QUESTION }, { '{', TOK_OPEN_DUP }, { '}', TOK_CLOSE_DUP },
		         { '(', TOK_OPEN },     { ')', TOK_CLOSE },    { '[', TOK_BRACKET },
		         { '.', TOK_DOT },      { '^', TOK_ANCHOR },   { '$', TOK_ANCHOR } };

	p->c = 0;
	if (p->at == p->in.n) {
		p->tok = TOK_END;
		return;
	}
	p->c = (unsigned char)p->in.p[p->at++];
	if (p->c == '\\') {
		if (p->at == p->in.n)
			p->tok = TOK_BACKSLASH;
		else
			token_escaped(p);
		return;
	}
	p->tok = TOK_CHAR;
	for (size_t i = 0; i < ARRAY_LEN(specials); i++)
		if (p->c == (unsigned char)specials[i].c)
			p->tok = specials[i].tok;
}

/* --- bracket expressions -------------------------------------------------------------------- */

enum elem_tok { ELEM_END, ELEM_CHAR, ELEM_RANGE, ELEM_CLOSE, ELEM_NOT, ELEM_SYMBOL /* [. [= [: */ };

struct elem {
	enum elem_tok tok;
	unsigned char c;
	size_t len; /* bytes of the token */
};

static struct elem elem_peek(const struct parser *p, size_t at)
{
	const struct span rest = span_skip(p->in, at);

	if (rest.n == 0)
		return (struct elem){ ELEM_END, 0, 0 };
	const unsigned char c = (unsigned char)rest.p[0];

	if (c == '[' && rest.n > 1 && strchr(".=:", rest.p[1]) != NULL && rest.p[1] != '\0')
		return (struct elem){ ELEM_SYMBOL, (unsigned char)rest.p[1], 2 };
	if (c == '-')
		return (struct elem){ ELEM_RANGE, c, 1 };
	if (c == ']')
		return (struct elem){ ELEM_CLOSE, c, 1 };
	if (c == '^')
		return (struct elem){ ELEM_NOT, c, 1 };
	return (struct elem){ ELEM_CHAR, c, 1 };
}

/* One member of the list: a byte (in *c), or a class that is added to s at once (*is_class). */
static bool parse_element(struct parser *p, struct elem e, bool accept_hyphen, struct set *s,
                          unsigned *c, bool *is_class)
{
	char name[32];
	size_t n = 0;

	p->at += e.len;
	*is_class = false;
	*c = e.c;
	if (e.tok == ELEM_RANGE && !accept_hyphen && elem_peek(p, p->at).tok != ELEM_CLOSE)
		return refuse(p, "misplaced '-' in brackets");
	if (e.tok != ELEM_SYMBOL)
		return true;
	while (p->at + 1 < p->in.n && n < sizeof(name) &&
	       !((unsigned char)p->in.p[p->at] == e.c && p->in.p[p->at + 1] == ']'))
		name[n++] = p->in.p[p->at++];
	if (p->at + 1 >= p->in.n || n == sizeof(name))
		return refuse(p, "'[' without ']'");
	p->at += 2;
	name[n] = '\0';
	*is_class = e.c != '.';
	if (e.c == ':')
		return set_add_class(p, s, name);
	/* In the C locale only single bytes are collating elements. */
	if (n != 1)
		return refuse(p, "unknown collating element");
	*c = (unsigned char)name[0];
	if (e.c == '=')
		set_add(s, p->icase ? upper(*c) : *c);
	return true;
}

static bool parse_range(struct parser *p, struct set *s, unsigned first, unsigned last)
{
	if (p->icase) {
		first = upper(first);
		last = upper(last);
	}
	if (first > last)
		return refuse(p, "range in brackets that ends before it starts");
	for (unsigned c = first; c <= last; c++)
		set_add(s, c);
	return true;
}

/* After a first member: "-x" makes it a range. */
static bool parse_list_item(struct parser *p, struct set *s, struct elem e, bool is_first)
{
	unsigned from, to;
	bool is_class;

	if (!parse_element(p, e, is_first, s, &from, &is_class))
		return false;
	to = from;
	const struct elem dash = elem_peek(p, p->at);

	if (dash.tok == ELEM_RANGE && !is_class) {
		const struct elem end = elem_peek(p, p->at + 1);

		if (end.tok == ELEM_END)
			return refuse(p, "'[' without ']'");
		if (end.tok != ELEM_CLOSE) {
			p->at += 1;
			if (!parse_element(p, end, true, s, &to, &is_class))
				return false;
			if (is_class)
				return refuse(p, "class as the end of a range");
		}
	} else if (is_class) {
		if (dash.tok == ELEM_RANGE && elem_peek(p, p->at + 1).tok != ELEM_CLOSE)
			return refuse(p, "class as the start of a range");
		return true;
	}
	return parse_range(p, s, from, to);
}

/* The set's only member, or the only letter in both cases; -1 if it is anything else. */
static int set_single(const struct set *s, bool icase)
{
	int only = -1;

	for (unsigned c = 0; c < 256; c++) {
		if (!set_has(s, c) || (icase && c >= 'a' && c <= 'z'))
			continue;
		if (only >= 0)
			return -1;
		only = (int)c;
	}
	return only;
}

/* After "[". */
static bool parse_bracket(struct parser *p, int *single)
{
	struct set s = { { 0 } };
	struct elem e = elem_peek(p, p->at);
	const bool is_not = e.tok == ELEM_NOT;

	if (is_not) {
		p->at += e.len;
		e = elem_peek(p, p->at);
	}
	/* A first ']' is an ordinary byte. */
	if (e.tok == ELEM_CLOSE)
		e.tok = ELEM_CHAR;
	for (bool is_first = true; e.tok != ELEM_CLOSE; is_first = false) {
		if (e.tok == ELEM_END)
			return refuse(p, "'[' without ']'");
		if (!parse_list_item(p, &s, e, is_first))
			return false;
		e = elem_peek(p, p->at);
	}
	p->at += e.len;
	if (is_not)
		set_invert(&s);
	if (p->icase)
		set_unfold(&s);
	*single = set_single(&s, p->icase);
	if (*single >= 0)
		put_char(p, (unsigned char)*single);
	else
		put_set(p, &s);
	return true;
}

/* --- repetition ----------------------------------------------------------------------------- */

#define NUMBER_NONE (-1)
#define NUMBER_BAD  (-2)

/* A number up to "," or "}" (which is the current token afterwards). */
static int parse_number(struct parser *p)
{
	int n = NUMBER_NONE;

	for (;;) {
		token_next(p);
		if (p->tok == TOK_END)
			return NUMBER_BAD;
		if (p->tok == TOK_CLOSE_DUP || p->c == ',')
			return n;
		if (p->tok != TOK_CHAR || !is_digit(p->c) || n == NUMBER_BAD)
			n = NUMBER_BAD;
		else
			n = MIN(DUP_MAX + 1, (n == NUMBER_NONE ? 0 : n * 10) + p->c - '0');
	}
}

/* After "{": bounds; *max is NUMBER_NONE for no bound. */
static bool parse_bounds(struct parser *p, int *min, int *max)
{
	*min = parse_number(p);
	if (*min == NUMBER_NONE) {
		if (p->tok != TOK_CHAR || p->c != ',')
			return refuse(p, "'{}' without a number");
		*min = 0; /* {,3} */
	}
	if (*min == NUMBER_BAD)
		*max = NUMBER_BAD;
	else if (p->tok == TOK_CLOSE_DUP)
		*max = *min;
	else
		*max = p->tok == TOK_CHAR && p->c == ',' ? parse_number(p) : NUMBER_BAD;
	if (*max == NUMBER_BAD)
		return refuse(p, p->tok == TOK_END ? "'{' without '}'" : "no number in '{}'");
	if (p->tok != TOK_CLOSE_DUP || (*max >= 0 && *min > *max))
		return refuse(p, "bad bounds in '{}'");
	if (MAX(*min, *max) > DUP_MAX)
		return refuse(p, "more than 32767 repetitions");
	return true;
}

static bool is_repeat(enum tok t)
{
	return t == TOK_STAR || t == TOK_PLUS || t == TOK_QUESTION || t == TOK_OPEN_DUP;
}

/*
 * X{0}: take what was written from `from` on back. (PCRE2 10.42 lets what stands in it mislead its
 * search for where a match can start.) Groups in it keep their numbers and never take part.
 */
static void drop_atom(struct parser *p, size_t from, unsigned n_groups)
{
	p->out->n = from;
	for (; n_groups > 0; n_groups--)
		put_str(p, "(?:([^\\x00-\\xff]))?");
}

/*
 * The repetitions after an atom that was written from `from` on, with groups from n_groups on. *min
 * is how often it occurs at least. A row of * + ? is one of them; that also spares PCRE2 loops in
 * loops.
 */
static bool parse_repeats(struct parser *p, size_t from, unsigned n_groups, int *min)
{
	char simple = '\0'; /* the last thing written is this operator */
	unsigned n = 0;

	*min = 1;
	while (is_repeat(p->tok)) {
		char text[32];

		if (p->tok != TOK_OPEN_DUP && simple != '\0') {
			simple = (char)(simple == (char)p->c ? simple : '*');
			p->out->p[p->out->n - 1] = simple;
			*min = simple == '+' ? *min : 0;
			token_next(p);
			continue;
		}
		if (++n > REPEAT_MAX)
			return refuse(p, "too many repetitions of repetitions");
		if (n > 1) {
			put_before(p, from, "(?:");
			put_str(p, ")");
		}
		if (p->tok != TOK_OPEN_DUP) {
			simple = (char)p->c;
			put(p, &simple, 1);
			*min = simple == '+' ? *min : 0;
		} else {
			int lo, hi;

			if (!parse_bounds(p, &lo, &hi))
				return false;
			simple = '\0';
			*min = lo == 0 ? 0 : *min;
			if (hi < 0)
				snprintf(text, sizeof(text), "{%d,}", lo);
			else
				snprintf(text, sizeof(text), "{%d,%d}", lo, hi);
			if (hi == 0)
				drop_atom(p, from, p->n_groups - n_groups);
			else
				put_str(p, text);
		}
		token_next(p);
	}
	if (n != 0)
		*min = MIN(*min, 1);
	return true;
}

/* --- expressions ---------------------------------------------------------------------------- */

static void put_anchor(struct parser *p)
{
	switch (p->c) {
	case '^':
	case '`':
		put_str(p, "\\A");
		break;
	case '$':
	case '\'':
		put_str(p, "\\z");
		break;
	case '<':
		put_str(p, "\\b(?=\\w)");
		break;
	case '>':
		put_str(p, "\\b(?<=\\w)");
		break;
	case 'b':
		put_str(p, "\\b");
		break;
	case 'B':
		put_str(p, "\\B");
		break;
	}
}

static bool parse_group(struct parser *p)
{
	const unsigned group = p->n_groups++;

	if (++p->nest > NEST_MAX)
		return refuse(p, "groups nested too deep");
	put_str(p, "(");
	token_next(p);
	if (p->tok != TOK_CLOSE && !parse_alternatives(p))
		return false;
	if (p->tok != TOK_CLOSE)
		return refuse(p, "'(' without ')'");
	put_str(p, ")");
	p->nest--;
	if (group < 9)
		p->complete |= 1u << group;
	return true;
}

/* An atom other than a plain byte. *single: the one byte that it stands for, else -1. */
static bool parse_special(struct parser *p, int *single)
{
	const char ref[] = { '\\', 'g', '{', (char)p->c, '}' }, set[] = { '\\', (char)p->c };

	switch (p->tok) {
	case TOK_OPEN:
		return parse_group(p);
	case TOK_BRACKET:
		return parse_bracket(p, single);
	case TOK_NOTHING:
		put_set(p, &(struct set){ { 0 } });
		return true;
	case TOK_DOT:
		put_str(p, ".");
		return true;
	case TOK_SET:
		put(p, set, sizeof(set));
		return true;
	case TOK_BACKREF:
		if ((p->complete & 1u << (p->c - '1')) == 0)
			return refuse(p, "back-reference to a group that does not exist before it");
		p->out->has_backrefs = true;
		put(p, ref, sizeof(ref));
		return true;
	case TOK_CHAR:
	case TOK_CLOSE:
	case TOK_CLOSE_DUP:
		*single = p->c;
		put_char(p, p->c);
		return true;
	case TOK_BACKSLASH:
		return refuse(p, "'\\' at the end");
	case TOK_STAR:
	case TOK_PLUS:
	case TOK_QUESTION:
	case TOK_OPEN_DUP:
		return refuse(p, "nothing to repeat before '*', '+', '?' or '{'");
	case TOK_END:
	case TOK_ALT:
	case TOK_ANCHOR:
		break;
	}
	UNREACHABLE("token that is no atom");
}

static bool parse_atom(struct parser *p)
{
	const size_t from = p->out->n;
	const unsigned n_groups = p->n_groups;
	int single = -1, min;

	/* An anchor cannot be repeated: what follows it is a new atom. */
	if (p->tok == TOK_ANCHOR) {
		put_anchor(p);
		token_next(p);
		return true;
	}
	if (!parse_special(p, &single))
		return false;
	token_next(p);
	const bool is_repeated = is_repeat(p->tok);

	if (!parse_repeats(p, from, n_groups, &min))
		return false;
	if (p->nest != 0)
		return true;
	if (single >= 0 && min > 0)
		run_add(p, (unsigned char)single);
	if (single < 0 || is_repeated)
		run_end(p);
	return true;
}

static bool parse_branch(struct parser *p)
{
	while (p->tok != TOK_ALT && p->tok != TOK_END && (p->nest == 0 || p->tok != TOK_CLOSE))
		if (!parse_atom(p))
			return false;
	return true;
}

static bool parse_alternatives(struct parser *p)
{
	const unsigned before = p->complete;
	unsigned seen;

	if (!parse_branch(p))
		return false;
	while (p->tok == TOK_ALT) {
		if (p->nest == 0)
			p->has_top_alt = true;
		put_str(p, "|");
		token_next(p);
		/* Groups of one alternative cannot be referred to from another. */
		seen = p->complete;
		p->complete = before;
		if (!parse_branch(p))
			return false;
		p->complete |= seen;
	}
	return true;
}

bool acl_regex_translate(struct span posix, bool icase, struct acl_regex_text *out,
                         const char **why)
{
	struct parser p = { .in = posix, .icase = icase, .out = out };
	bool ok;

	*out = (struct acl_regex_text){ 0 };
	put(&p, "", 0);
	if (posix.n > TEXT_MAX)
		ok = refuse(&p, "longer than 65536 bytes");
	else if (posix.n != 0 && memchr(posix.p, '\0', posix.n) != NULL)
		ok = refuse(&p, "it contains a zero byte");
	else {
		token_next(&p);
		ok = parse_alternatives(&p);
	}
	if (!ok) {
		acl_regex_text_fini(out);
		*why = p.why;
		return false;
	}
	run_end(&p);
	if (p.has_top_alt)
		out->literal_n = 0;
	out->p[out->n] = '\0';
	return true;
}

void acl_regex_text_fini(struct acl_regex_text *t)
{
	free(t->p);
	*t = (struct acl_regex_text){ 0 };
}
