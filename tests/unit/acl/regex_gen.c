/*
 * Regular expressions made up at random.
 */
#include "tests/unit/acl/regex_gen.h"

static void add(struct gen_text *t, const char *s)
{
	const size_t n = strlen(s);

	if (t->n + n + 1 <= sizeof(t->s)) {
		memcpy(t->s + t->n, s, n + 1);
		t->n += n;
	}
}

#define PICK(r, ...)                                                                               \
	({                                                                                         \
		static const char *const of_[] = { __VA_ARGS__ };                                  \
		of_[random_below(r, ARRAY_LEN(of_))];                                              \
	})

/* Versions of glibc differ in "---". */
static void add_to_bracket(struct gen_text *t, const char *s)
{
	if (s[0] != '-' || t->n == 0 || t->s[t->n - 1] != '-')
		add(t, s);
}

static void gen_bracket(struct random *r, struct gen_text *t)
{
	add(t, PICK(r, "[", "[", "[^"));
	if (random_below(r, 8) == 0)
		add(t, PICK(r, "]", "-", "^"));
	for (unsigned n = random_below(r, 4) + (random_below(r, 30) != 0); n > 0; n--)
		add_to_bracket(t, PICK(r, "a", "b", "A", "Z", "_", "a-c", "A-z", "X-b", "0-9", ".",
		                       "\\", "[:alpha:]", "[:upper:]", "[:space:]", "[:punct:]",
		                       "[:xdigit:]", "[=b=]", "[.-.]", "[.a.]-c", "-", "[", "^",
		                       "\\w", " ", "*", "$", ",-/", "z-a", "\xe4", "\x80-\xff"));
	add_to_bracket(t, PICK(r, "-", "", "", "", "", "", "", ""));
	add(t, "]");
}

/* What an expression may contain. */
struct gen {
	struct random *r;
	bool anchors, loops;
};

static void gen_expr(struct gen g, struct gen_text *t, unsigned depth);

static void gen_repeat(struct random *r, struct gen_text *t)
{
	add(t, PICK(r, "*", "+", "?", "{2}", "{,2}", "{1,}", "{0}", "{1,3}", "+?", "**", "{2}*",
	            "{,}", "{3,1}"));
}

static void gen_group(struct gen g, struct gen_text *t, unsigned depth)
{
	const bool is_repeated = g.loops && random_below(g.r, 3) == 0;

	if (is_repeated) {
		g.anchors = g.anchors && random_below(g.r, 2) == 0;
		g.loops = !g.anchors;
	}
	add(t, "(");
	gen_expr(g, t, depth + 1);
	add(t, ")");
	if (is_repeated)
		gen_repeat(g.r, t);
}

static void gen_byte(struct random *r, struct gen_text *t)
{
	if (random_below(r, 5) != 0)
		add(t, PICK(r, "a", "b", "c", "A", "B", "_", "-", "1", " ", "/", ".com", "ab"));
	else
		add(t, PICK(r, "\\.", "\\-", "\\d", "\\/", "\\$", "\\{", "\\(", "\\e", "\\n", "}",
		            ",", "#", "\\|"));
}

static void gen_atom(struct gen g, struct gen_text *t, unsigned depth)
{
	struct random *r = g.r;

	switch (random_below(r, depth < 4 ? 14 : 10)) {
	case 5:
		add(t, ".");
		break;
	case 6:
		add(t, PICK(r, "\\w", "\\W", "\\s", "\\S"));
		break;
	case 7:
		add(t,
		    g.anchors ? PICK(r, "^", "$", "\\<", "\\>", "\\b", "\\B", "\\`", "\\'") : "a");
		break;
	case 8:
		add(t, PICK(r, "a", ")", "*", "{", "\\", "\xe4"));
		break;
	case 9:
		gen_bracket(r, t);
		break;
	case 10:
	case 11:
	case 12:
	case 13:
		gen_group(g, t, depth);
		return;
	default:
		gen_byte(r, t);
	}
	if (random_below(r, 3) == 0)
		gen_repeat(r, t);
}

static void gen_expr(struct gen g, struct gen_text *t, unsigned depth)
{
	for (unsigned n = random_below(g.r, 4) + (depth == 0); n > 0; n--)
		gen_atom(g, t, depth);
	if (random_below(g.r, 4) == 0) {
		add(t, "|");
		gen_expr(g, t, depth + 1);
	}
}

void gen_regex(struct random *r, struct gen_text *expr)
{
	expr->n = 0;
	gen_expr((struct gen){ r, true, true }, expr, 0);
}

/* --- back-references -------------------------------------------------------------------------- */

static void gen_simple(struct random *r, struct gen_text *t, bool may_vanish)
{
	add(t, PICK(r, "a", "b", "c", ".", "[ab]", "[^a]", "\\w", "A", "aa"));
	if (random_below(r, 3) == 0)
		add(t, may_vanish ? PICK(r, "*", "?", "{,2}") : PICK(r, "+", "{1,2}", "{2}"));
}

static void gen_body(struct random *r, struct gen_text *t, unsigned *groups)
{
	add(t, "(");
	++*groups;
	gen_simple(r, t, random_below(r, 8) == 0);
	for (unsigned n = random_below(r, 2); n > 0; n--)
		gen_simple(r, t, true);
	if (*groups < 3 && random_below(r, 4) == 0)
		gen_body(r, t, groups);
	if (random_below(r, 4) == 0) {
		add(t, "|");
		gen_simple(r, t, false);
	}
	add(t, ")");
}

void gen_backrefs(struct random *r, struct gen_text *expr)
{
	unsigned groups = 0;

	expr->n = 0;
	add(expr, PICK(r, "", "", "", "", "", "", "^", "^", "\\<"));
	for (unsigned n = random_below(r, 2); n > 0; n--)
		gen_simple(r, expr, true);
	for (unsigned n = 2 + random_below(r, 4); n > 0; n--) {
		char ref[] = { '\\', (char)('1' + random_below(r, groups + 1)), '\0' };

		if (groups == 0 || (groups < 3 && random_below(r, 4) == 0))
			gen_body(r, expr, &groups);
		else if (random_below(r, 2) == 0)
			gen_simple(r, expr, true);
		else
			add(expr, ref); /* which may refer to what is not there */
		if (random_below(r, 6) == 0)
			add(expr, PICK(r, "*", "?", "?", "+"));
		else if (random_below(r, 12) == 0)
			add(expr, PICK(r, "^", "$", "\\>", "\\b"));
	}
	add(expr, PICK(r, "", "", "", "$"));
}

void gen_subject(struct random *r, struct gen_text *text)
{
	text->n = 0;
	text->s[0] = '\0';
	for (unsigned n = random_below(r, 12); n > 0; n--)
		add(text, PICK(r, "a", "b", "c", "A", "B", "Z", "_", "-", "1", " ", ".", "\t", "d",
		               "/", ".com", "ab", "aa", "\\", "]", "\xe4", "^", "$", "\n"));
}
