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
#include "acl/regex_bracket.h"

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

struct parser {
	struct span in;
	size_t at;
	enum tok tok;
	unsigned char c; /* of the token */
	bool icase;
	const char *why;
	unsigned nest, n_groups;
	unsigned complete; /* groups that ended, as bits: what \1 to \9 may refer to */
	unsigned loose;    /* groups that nothing may refer to, as bits; see parse_repeats() */
	unsigned hollow;   /* groups that may match nothing, as bits */
	bool has_copied_anchor, has_word_anchor;
	struct acl_regex_text *out;
	size_t cap;
};

/* How a part of the expression meets its neighbours. */
struct edges {
	bool may_be_empty;
	bool from_newline, to_newline; /* its first, its last byte may be a newline */
	bool starts, ends;             /* a ^ (a $) in it may stand where it begins (ends) */
};

/* A part of the expression. */
struct piece {
	struct acl_need need;
	struct edges edges;
	unsigned refs; /* groups that it refers to, as bits */
	bool is_fixed; /* it matches in one way only, and always as many bytes */
	enum { ANCHOR_NONE, ANCHOR_LAST /* and nothing after it */, ANCHOR_WITHIN } anchors;
	bool has_looped_anchor; /* in what * or + repeats */
};

static bool parse_alternatives(struct parser *p, struct piece *out);

static bool refuse(struct parser *p, const char *why)
{
	if (p->why == NULL)
		p->why = why;
	return false;
}

/* --- output ----------------------------------------------------------------------------------- */

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

static void put_set(struct parser *p, const struct acl_byte_set *s)
{
	bool is_empty = true;

	put_str(p, "[");
	for (unsigned c = 0; c < 256; c++) {
		if (!acl_byte_set_has(s, c))
			continue;
		const unsigned first = c;

		while (c < 255 && acl_byte_set_has(s, c + 1))
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

/* --- tokens ----------------------------------------------------------------------------------- */

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

/* --- repetition ------------------------------------------------------------------------------- */

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

static void piece_init(struct piece *x)
{
	acl_need_empty(&x->need);
	x->edges = (struct edges){ .may_be_empty = true };
	x->refs = 0;
	x->is_fixed = true;
	x->anchors = ANCHOR_NONE;
	x->has_looped_anchor = false;
}

/*
 * For glibc a newline that the expression itself matches is the end of a line, though nobody asked
 * for lines: .^b matches "\nb", and a$. matches "a\n".
 */
static void meet(struct parser *p, const struct edges *x, const struct edges *y)
{
	if ((x->to_newline && y->starts) || (x->ends && y->from_newline))
		p->out->is_unsure_of_lines = true;
}

/* x becomes x and then y. */
static void edges_concat(struct parser *p, struct edges *x, const struct edges *y)
{
	meet(p, x, y);
	x->from_newline |= x->may_be_empty && y->from_newline;
	x->starts |= x->may_be_empty && y->starts;
	x->to_newline = y->to_newline || (y->may_be_empty && x->to_newline);
	x->ends = y->ends || (y->may_be_empty && x->ends);
	x->may_be_empty &= y->may_be_empty;
}

static void edges_alternate(struct edges *x, const struct edges *y)
{
	x->may_be_empty |= y->may_be_empty;
	x->from_newline |= y->from_newline;
	x->to_newline |= y->to_newline;
	x->starts |= y->starts;
	x->ends |= y->ends;
}

static struct edges edges_byte(bool is_newline)
{
	return (struct edges){ .from_newline = is_newline, .to_newline = is_newline };
}

/* Those from the given one on, as bits. */
static unsigned groups_from(const struct parser *p, unsigned first)
{
	const unsigned end = MIN(p->n_groups, 9u);

	return first < end ? (1u << end) - (1u << first) : 0;
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
 * glibc's back-references can be relied upon where a group takes part at most once, or in a loop
 * over something of one length. Elsewhere it overlooks matches ((a|ab)+\1), sees some that are
 * none, or never comes back; so such groups are not to be referred to.
 */
static bool repeat_groups(struct parser *p, const struct piece *x, unsigned first, int lo, int hi)
{
	const unsigned all = groups_from(p, first), own = first < 9 ? 1u << first : 0;
	unsigned loose = all;

	if (lo == 1 && hi == 1)
		return true;
	if (lo == 0 && hi == 1)
		loose &= x->is_fixed ? 0 : ~own;
	else if (hi < 0 && lo <= 1)
		loose = x->is_fixed ? 0 : all;
	p->loose |= loose;
	/* Within x itself, a loop that may have no turn is harmless. */
	if ((x->refs & loose) != 0 && !(lo == 0 && hi <= 1))
		return refuse(p, "a back-reference into the repeated group that it stands in has "
		                 "no reliable meaning");
	return true;
}

/*
 * For x+ and x{2,3} glibc copies x, and an anchor in a copy counts for nothing if something of the
 * copy follows it: it takes ^(ads$|x)+y to match in "adsy". And sometimes it is taken for what it
 * should not be; (x(^a|b)+ does not match in "xba"). Nobody can have meant that.
 */
static bool repeat_anchors(struct parser *p, struct piece *x, int lo, int hi)
{
	const bool is_loop = hi<0, is_copied = hi> 1 || lo > 1 || (lo == 1 && is_loop);

	if (x->anchors == ANCHOR_NONE || !(is_loop || is_copied))
		return true;
	if (is_copied && (!is_loop || lo > 1 || x->anchors != ANCHOR_LAST || x->has_looped_anchor))
		return refuse(p,
		              "an anchor (^ $ \\< \\> \\b \\B) in a group repeated by '+' or '{}' "
		              "has no reliable meaning; write the repetition out");
	x->has_looped_anchor = true;
	p->has_copied_anchor = p->has_copied_anchor || is_copied;
	return true;
}

/* x, whose groups are those from `first` on, is repeated. */
static bool repeat(struct parser *p, struct piece *x, unsigned first, int lo, int hi)
{
	if (hi == 0) {
		p->loose |= groups_from(p, first);
		piece_init(x);
		return true;
	}
	if (!repeat_groups(p, x, first, lo, hi) || !repeat_anchors(p, x, lo, hi))
		return false;
	if (hi != 1)
		meet(p, &x->edges, &x->edges);
	x->edges.may_be_empty |= lo == 0;
	acl_need_repeat(&x->need, lo, hi);
	x->is_fixed = x->is_fixed && lo == hi;
	return true;
}

/* After "{": the bounds and all that follows from them. */
static bool parse_braces(struct parser *p, struct piece *x, size_t from, unsigned first)
{
	char text[32];
	int lo, hi;

	if (!parse_bounds(p, &lo, &hi) || !repeat(p, x, first, lo, hi))
		return false;
	if (hi == 0) {
		drop_atom(p, from, p->n_groups - first);
		return true;
	}
	if (hi < 0)
		snprintf(text, sizeof(text), "{%d,}", lo);
	else
		snprintf(text, sizeof(text), "{%d,%d}", lo, hi);
	put_str(p, text);
	return true;
}

/*
 * The repetitions after x, which was written from `from` on, with groups from `first` on. A row of
 * * + ? is one of them; that also spares PCRE2 loops in loops.
 */
static bool parse_repeats(struct parser *p, struct piece *x, size_t from, unsigned first)
{
	char simple = '\0'; /* the last thing written is this operator */

	for (unsigned n = 0; is_repeat(p->tok); token_next(p)) {
		const char c = (char)p->c;
		const bool is_braces = p->tok == TOK_OPEN_DUP, joins = !is_braces && simple != '\0';

		if (!joins && ++n > REPEAT_MAX)
			return refuse(p, "too many repetitions of repetitions");
		if (!joins && n > 1) {
			put_before(p, from, "(?:");
			put_str(p, ")");
		}
		if (is_braces) {
			simple = '\0';
			if (!parse_braces(p, x, from, first))
				return false;
			continue;
		}
		if (!repeat(p, x, first, c == '+', c == '?' ? 1 : -1))
			return false;
		if (joins)
			p->out->n--;
		simple = (char)(joins && simple != c ? '*' : c);
		put(p, &simple, 1);
	}
	return true;
}

/* --- expressions ------------------------------------------------------------------------------ */

static void put_anchor(struct parser *p, struct piece *out)
{
	out->anchors = ANCHOR_LAST;
	out->edges.starts = p->c == '^';
	out->edges.ends = p->c == '$';
	p->has_word_anchor |= strchr("<>bB", p->c) != NULL;
	switch (p->c) {
	case '^':
	case '`':
		acl_need_anchor(&out->need, ACL_LIT_START);
		put_str(p, "\\A");
		break;
	case '$':
	case '\'':
		acl_need_anchor(&out->need, ACL_LIT_END);
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

static bool parse_group(struct parser *p, struct piece *out)
{
	const unsigned group = p->n_groups++;

	if (++p->nest > NEST_MAX)
		return refuse(p, "groups nested too deep");
	put_str(p, "(");
	token_next(p);
	if (p->tok != TOK_CLOSE && !parse_alternatives(p, out))
		return false;
	if (p->tok != TOK_CLOSE)
		return refuse(p, "'(' without ')'");
	put_str(p, ")");
	p->nest--;
	if (group < 9)
		p->complete |= 1u << group;
	if (group < 9 && out->edges.may_be_empty)
		p->hollow |= 1u << group;
	return true;
}

static bool parse_set(struct parser *p, struct piece *out)
{
	struct acl_byte_set s;
	unsigned n = 0, only = 0;

	if (!acl_bracket_parse(p->in, &p->at, p->icase, &s, &p->why))
		return false;
	for (unsigned c = 0; c < 256; c++) {
		n += acl_byte_set_has(&s, c);
		only = acl_byte_set_has(&s, c) ? c : only;
	}
	if (n == 1)
		put_char(p, (unsigned char)only);
	else
		put_set(p, &s);
	acl_need_set(&out->need, &s);
	out->edges = edges_byte(acl_byte_set_has(&s, '\n'));
	return true;
}

static bool parse_backref(struct parser *p, struct piece *out)
{
	const char ref[] = { '\\', 'g', '{', (char)p->c, '}' };

	out->refs = 1u << (p->c - '1');
	if ((p->complete & out->refs) == 0)
		return refuse(p, "back-reference to a group that does not exist before it");
	if ((p->loose & out->refs) != 0)
		return refuse(p, "a back-reference to a repeated group has no reliable meaning; "
		                 "a group around the repetition has");
	if ((p->hollow & out->refs) != 0)
		return refuse(p, "a back-reference to a group that may be empty has no reliable "
		                 "meaning");
	out->edges = (struct edges){ true, true, true, false, false };
	p->out->has_backrefs = true;
	put(p, ref, sizeof(ref));
	acl_need_any(&out->need, true);
	return true;
}

/* What stands for one byte, unless it is a bracket. */
static bool parse_single(struct parser *p, struct piece *out)
{
	const char set[] = { '\\', (char)p->c };

	acl_need_any(&out->need, false);
	out->edges = edges_byte(p->tok == TOK_DOT ||
	                        (p->tok == TOK_SET && (p->c == 'W' || p->c == 's')) ||
	                        (p->tok == TOK_CHAR && p->c == '\n'));
	switch (p->tok) {
	case TOK_NOTHING:
		put_set(p, &(struct acl_byte_set){ { 0 } });
		return true;
	case TOK_DOT:
		put_str(p, ".");
		return true;
	case TOK_SET:
		put(p, set, sizeof(set));
		return true;
	case TOK_CHAR:
	case TOK_CLOSE:
	case TOK_CLOSE_DUP:
		put_char(p, p->c);
		acl_need_byte(&out->need, p->c);
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
	case TOK_OPEN:
	case TOK_BRACKET:
	case TOK_BACKREF:
		break;
	}
	UNREACHABLE("token that is no single byte");
}

static bool parse_atom(struct parser *p, struct piece *out)
{
	const size_t from = p->out->n;
	const unsigned first = p->n_groups;
	bool ok;

	piece_init(out);
	/* An anchor cannot be repeated: what follows it is a new atom. */
	if (p->tok == TOK_ANCHOR) {
		put_anchor(p, out);
		token_next(p);
		return true;
	}
	if (p->tok == TOK_OPEN)
		ok = parse_group(p, out);
	else if (p->tok == TOK_BRACKET)
		ok = parse_set(p, out);
	else if (p->tok == TOK_BACKREF)
		ok = parse_backref(p, out);
	else
		ok = parse_single(p, out);
	if (!ok)
		return false;
	token_next(p);
	return parse_repeats(p, out, from, first);
}

static bool parse_branch(struct parser *p, struct piece *out)
{
	struct piece x;

	piece_init(out);
	while (p->tok != TOK_ALT && p->tok != TOK_END && (p->nest == 0 || p->tok != TOK_CLOSE)) {
		if (!parse_atom(p, &x))
			return false;
		edges_concat(p, &out->edges, &x.edges);
		acl_need_concat(&out->need, &x.need);
		out->is_fixed = out->is_fixed && x.is_fixed;
		out->refs |= x.refs;
		out->anchors = out->anchors != ANCHOR_NONE ? ANCHOR_WITHIN : x.anchors;
		out->has_looped_anchor |= x.has_looped_anchor;
	}
	return true;
}

static bool parse_alternatives(struct parser *p, struct piece *out)
{
	const unsigned before = p->complete;
	struct piece x;
	unsigned seen;

	if (!parse_branch(p, out))
		return false;
	while (p->tok == TOK_ALT) {
		put_str(p, "|");
		token_next(p);
		/* Groups of one alternative cannot be referred to from another. */
		seen = p->complete;
		p->complete = before;
		if (!parse_branch(p, &x))
			return false;
		p->complete |= seen;
		acl_need_alternate(&out->need, &x.need);
		edges_alternate(&out->edges, &x.edges);
		out->is_fixed = false;
		out->refs |= x.refs;
		out->anchors = MAX(out->anchors, x.anchors);
		out->has_looped_anchor |= x.has_looped_anchor;
	}
	return true;
}

static bool parse_all(struct parser *p)
{
	struct piece all;

	token_next(p);
	if (!parse_alternatives(p, &all))
		return false;
	/* With back-references, glibc's copies keep marks of groups, which follow their anchors. */
	if (p->out->has_backrefs && p->has_copied_anchor)
		return refuse(p, "an anchor in a group repeated by '+', beside a back-reference, "
		                 "has no reliable meaning");
	if (p->out->has_backrefs && p->has_word_anchor)
		return refuse(p, "an anchor (\\< \\> \\b \\B) beside a back-reference has no "
		                 "reliable meaning");
	if (p->out->is_unsure_of_lines) /* then ^ and $ are no ends of the text to look for */
		acl_need_any(&all.need, true);
	acl_need_finish(&all.need, &p->out->sets);
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
	else
		ok = parse_all(&p);
	if (!ok) {
		acl_regex_text_fini(out);
		*why = p.why;
		return false;
	}
	out->p[out->n] = '\0';
	return true;
}

void acl_regex_text_fini(struct acl_regex_text *t)
{
	free(t->p);
	*t = (struct acl_regex_text){ 0 };
}
