/*
 * Bracket expressions as glibc's regcomp() reads them in the C locale: a backslash is an ordinary
 * byte, a first ']' too, and ranges go by byte values. With REG_ICASE glibc folds the expression to
 * upper case before it looks at ranges, so that [A-z] ends at Z.
 */
#include "acl/regex_bracket.h"

struct bracket {
	struct span in;
	size_t at;
	bool icase;
	const char *why;
};

static bool refuse(struct bracket *b, const char *why)
{
	b->why = why;
	return false;
}

/* --- sets ------------------------------------------------------------------------------------- */

static bool is_alpha(unsigned c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(unsigned c)
{
	return c >= '0' && c <= '9';
}

static unsigned upper(unsigned c)
{
	return c >= 'a' && c <= 'z' ? c - 0x20 : c;
}

/* The set was computed over text in upper case: what does it mean for text as it is? */
static void set_unfold(struct acl_byte_set *s)
{
	for (unsigned c = 'a'; c <= 'z'; c++) {
		const uint64_t bit = (uint64_t)1 << (c % 64);

		s->w[c / 64] = (s->w[c / 64] & ~bit) | (acl_byte_set_has(s, upper(c)) ? bit : 0);
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

static bool set_add_class(struct bracket *b, struct acl_byte_set *s, const char *name)
{
	bool is_known = false;

	if (b->icase && (strcmp(name, "upper") == 0 || strcmp(name, "lower") == 0))
		name = "alpha";
	for (unsigned c = 0; c < 128; c++) {
		if (in_class(name, c)) {
			acl_byte_set_add(s, c);
			is_known = true;
		}
	}
	return is_known || refuse(b, "unknown character class");
}

/* --- bracket expressions ---------------------------------------------------------------------- */

enum elem_tok { ELEM_END, ELEM_CHAR, ELEM_RANGE, ELEM_CLOSE, ELEM_NOT, ELEM_SYMBOL /* [. [= [: */ };

struct elem {
	enum elem_tok tok;
	unsigned char c;
	size_t len; /* bytes of the token */
};

static struct elem elem_peek(const struct bracket *b, size_t at)
{
	const struct span rest = span_skip(b->in, at);

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
static bool parse_element(struct bracket *b, struct elem e, bool accept_hyphen,
                          struct acl_byte_set *s, unsigned *c, bool *is_class)
{
	char name[32];
	size_t n = 0;

	b->at += e.len;
	*is_class = false;
	*c = e.c;
	if (e.tok == ELEM_RANGE && !accept_hyphen && elem_peek(b, b->at).tok != ELEM_CLOSE)
		return refuse(b, "misplaced '-' in brackets");
	if (e.tok != ELEM_SYMBOL)
		return true;
	while (b->at + 1 < b->in.n && n < sizeof(name) &&
	       !((unsigned char)b->in.p[b->at] == e.c && b->in.p[b->at + 1] == ']'))
		name[n++] = b->in.p[b->at++];
	if (b->at + 1 >= b->in.n || n == sizeof(name))
		return refuse(b, "'[' without ']'");
	b->at += 2;
	name[n] = '\0';
	*is_class = e.c != '.';
	if (e.c == ':')
		return set_add_class(b, s, name);
	/* In the C locale only single bytes are collating elements. */
	if (n != 1)
		return refuse(b, "unknown collating element");
	*c = (unsigned char)name[0];
	if (e.c == '=')
		acl_byte_set_add(s, b->icase ? upper(*c) : *c);
	return true;
}

static bool parse_range(struct bracket *b, struct acl_byte_set *s, unsigned first, unsigned last)
{
	if (b->icase) {
		first = upper(first);
		last = upper(last);
	}
	if (first > last)
		return refuse(b, "range in brackets that ends before it starts");
	for (unsigned c = first; c <= last; c++)
		acl_byte_set_add(s, c);
	return true;
}

/* After a first member: "-x" makes it a range. */
static bool parse_list_item(struct bracket *b, struct acl_byte_set *s, struct elem e, bool is_first)
{
	unsigned from, to;
	bool is_class;

	if (!parse_element(b, e, is_first, s, &from, &is_class))
		return false;
	to = from;
	const struct elem dash = elem_peek(b, b->at);

	if (dash.tok == ELEM_RANGE && !is_class) {
		const struct elem end = elem_peek(b, b->at + 1);

		if (end.tok == ELEM_END)
			return refuse(b, "'[' without ']'");
		if (end.tok != ELEM_CLOSE) {
			b->at += 1;
			if (!parse_element(b, end, true, s, &to, &is_class))
				return false;
			if (is_class)
				return refuse(b, "class as the end of a range");
		}
	} else if (is_class) {
		if (dash.tok == ELEM_RANGE && elem_peek(b, b->at + 1).tok != ELEM_CLOSE)
			return refuse(b, "class as the start of a range");
		return true;
	}
	return parse_range(b, s, from, to);
}

/* After "[". */
static bool parse_bracket(struct bracket *b, struct acl_byte_set *s)
{
	struct elem e = elem_peek(b, b->at);
	const bool is_not = e.tok == ELEM_NOT;

	*s = (struct acl_byte_set){ { 0 } };
	if (is_not) {
		b->at += e.len;
		e = elem_peek(b, b->at);
	}
	/* A first ']' is an ordinary byte. */
	if (e.tok == ELEM_CLOSE)
		e.tok = ELEM_CHAR;
	for (bool is_first = true; e.tok != ELEM_CLOSE; is_first = false) {
		if (e.tok == ELEM_END)
			return refuse(b, "'[' without ']'");
		if (!parse_list_item(b, s, e, is_first))
			return false;
		e = elem_peek(b, b->at);
	}
	b->at += e.len;
	if (is_not)
		acl_byte_set_invert(s);
	if (b->icase)
		set_unfold(s);
	return true;
}

bool acl_bracket_parse(struct span in, size_t *at, bool icase, struct acl_byte_set *s,
                       const char **why)
{
	struct bracket b = { .in = in, .at = *at, .icase = icase };
	const bool ok = parse_bracket(&b, s);

	*at = b.at;
	*why = b.why;
	return ok;
}
