/*
 * Regular expressions: what glibc's regcomp(REG_EXTENDED) takes, and what its regexec() matches, is
 * what counts; both are asked here, over tables and over generated expressions.
 */
#include "acl/regex.h"

#include <regex.h>

#include "tests/unit/acl/random.h"
#include "tests/unit/unit.h"

/* What our side says: -1 refused, 0 no match, 1 match, 2 cannot tell. */
static int ours(const char *expr, bool icase, const char *text)
{
	struct acl_regex_scratch s;
	char why[160];
	struct acl_regex *r = acl_regex_new(span_str(expr), icase, why, sizeof(why));

	if (r == NULL)
		return -1;
	acl_regex_scratch_init(&s);
	const enum acl_regex_result got = acl_regex_match(r, span_str(text), &s);

	acl_regex_scratch_fini(&s);
	acl_regex_free(&r);
	return (int)got;
}

static int theirs(const char *expr, bool icase, const char *text)
{
	regex_t r;

	if (regcomp(&r, expr, REG_EXTENDED | REG_NOSUB | (icase ? REG_ICASE : 0)) != 0)
		return -1;
	const int got = regexec(&r, text, 0, NULL, 0) == 0;

	regfree(&r);
	return got;
}

static const struct {
	const char *name, *expr, *text;
	int want;
	bool icase;
} cases[] = {
	{ "a word start and end", "\\<ads\\>", "http://x/ads/", 1, false },
	{ "not within a word", "\\<ads\\>", "http://x/roads/", 0, false },
	{ "a backslash in brackets is a byte", "[^\\.]x", "\\x", 0, false },
	{ "a backslash in brackets does not protect", "[\\d]", "d", 1, false },
	{ "nor does it make a class", "[\\d]", "5", 0, false },
	{ "no lower bound is 0", "^a{,3}b", "b", 1, false },
	{ "no lower bound still has the upper", "^a{,3}b", "aaaab", 0, false },
	{ "\\d is a d", "^\\d$", "d", 1, false },
	{ "\\d is no digit", "^\\d$", "7", 0, false },
	{ "\\w", "^\\w+$", "ab_9", 1, false },
	{ "\\W", "\\W", "ab_9", 0, false },
	{ "\\s takes a vertical tab", "^\\s$", "\v", 1, false },
	{ "\\S", "^\\S$", " ", 0, false },
	{ "\\b", "a\\b-", "a-", 1, false },
	{ "\\B", "a\\Bb", "ab", 1, false },
	{ "\\` is the start", "\\`b", "ab", 0, false },
	{ "\\' is the end", "a\\'", "ab", 0, false },
	{ "$ is not before a final newline", "a$", "a\n", 0, false },
	{ "a dot takes a newline", "a.b", "a\nb", 1, false },
	{ "a negated set takes a newline", "a[^x]b", "a\nb", 1, false },
	{ "+? is not lazy but optional", "^(a+?)$", "", 1, false },
	{ "++ is not possessive", "^a++ab$", "aab", 1, false },
	{ "(? is refused", "(?:a)", "a", -1, false },
	{ "a star without anything is refused", "*a", "a", -1, false },
	{ "a star after an anchor is refused", "^*", "*", -1, false },
	{ "nothing between bars", "a||b", "", 1, false },
	{ "an empty group", "^()$", "", 1, false },
	{ "a lone closing parenthesis is a byte", "^a)$", "a)", 1, false },
	{ "a lone opening one is refused", "(a", "a", -1, false },
	{ "a lone closing brace is a byte", "^a}$", "a}", 1, false },
	{ "a lone opening brace is refused", "a{", "a{", -1, false },
	{ "a first ] is a byte", "^[]a]+$", "]a", 1, false },
	{ "a last - is a byte", "^[a-]+$", "-a", 1, false },
	{ "a range from a range is refused", "[a-c-e]", "-", -1, false },
	{ "a class", "^[[:digit:]]+$", "019", 1, false },
	{ "an unknown class is refused", "[[:foo:]]", "f", -1, false },
	{ "an equivalence class", "[[=a=]]", "a", 1, false },
	{ "a collating element", "[[.-.]]", "-", 1, false },
	{ "a named collating element is refused", "[[.space.]]", " ", -1, false },
	{ "a back-reference", "^(a|b)\\1$", "bb", 1, false },
	{ "a back-reference that differs", "^(a|b)\\1$", "ab", 0, false },
	{ "a back-reference without its group is refused", "\\1(a)", "a", -1, false },
	{ "\\d with -i is nothing at all", "\\d", "dD5", 0, true },
	{ "\\D with -i is a d", "^\\D$", "d", 1, true },
	{ "\\x41 is x41", "\\x41", "x41", 1, false },
	{ "\\Q is a Q", "\\Qa", "Qa", 1, false },
	{ "-i folds letters", "Example", "eXaMpLe", 1, true },
	{ "-i folds a range before it is one", "^[A-z]$", "_", 0, true },
	{ "without -i it is the whole range", "^[A-z]$", "_", 1, false },
	{ "-i makes upper and lower the same", "^[[:lower:]]$", "A", 1, true },
	{ "-i and a range that thereby ends before it starts", "[_-a]", "_", -1, true },
	{ "a byte above 127", "^\xc3\xa4$", "\xc3\xa4", 1, false },
	{ "a trailing backslash is refused", "a\\", "a", -1, false },
	{ "bounds the wrong way round are refused", "a{3,2}", "a", -1, false },
	{ "an empty alternative before a loop", "(--|)a*-", "--", 1, false },
	{ "alternatives of different lengths before a loop", "(ca\\B|.)[ab]+[^a]", "cab", 1,
	  false },
	{ "too many repetitions are refused", "a{32768}", "a", -1, false },
};

START_TEST(table_agrees_with_glibc_and_us)
{
	ck_assert_msg(theirs(cases[_i].expr, cases[_i].icase, cases[_i].text) == cases[_i].want,
	              "glibc: %s", cases[_i].name);
	ck_assert_msg(ours(cases[_i].expr, cases[_i].icase, cases[_i].text) == cases[_i].want, "%s",
	              cases[_i].name);
}
END_TEST

/* --- generated ------------------------------------------------------------------------------ */

struct text {
	char s[256];
	size_t n;
};

static void add(struct text *t, const char *s)
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
static void add_to_bracket(struct text *t, const char *s)
{
	if (s[0] != '-' || t->n == 0 || t->s[t->n - 1] != '-')
		add(t, s);
}

static void gen_bracket(struct random *r, struct text *t)
{
	add(t, PICK(r, "[", "[", "[^"));
	if (random_below(r, 8) == 0)
		add(t, PICK(r, "]", "-", "^"));
	for (unsigned n = random_below(r, 4) + (random_below(r, 30) != 0); n > 0; n--)
		add_to_bracket(t, PICK(r, "a", "b", "A", "Z", "_", "a-c", "A-z", "X-b", "0-9", ".",
		                       "\\", "[:alpha:]", "[:upper:]", "[:space:]", "[:punct:]",
		                       "[:xdigit:]", "[=b=]", "[.-.]", "[.a.]-c", "-", "[", "^",
		                       "\\w", " ", "*", "$", ",-/", "z-a"));
	add_to_bracket(t, PICK(r, "-", "", "", "", "", "", "", ""));
	add(t, "]");
}

/* What an expression may contain. */
struct gen {
	struct random *r;
	bool anchors, refs;
};

static void gen_expr(struct gen g, struct text *t, unsigned depth);

static void gen_repeat(struct random *r, struct text *t)
{
	add(t, PICK(r, "*", "+", "?", "{2}", "{,2}", "{1,}", "{0}", "{1,3}", "+?", "**", "{2}*",
	            "{,}", "{3,1}"));
}

/*
 * No anchors in a group that is repeated: glibc forgets their meaning in the copies that it makes
 * of such a group, so that (a$){2} matches "aa".
 */
static void gen_group(struct gen g, struct text *t, unsigned depth)
{
	const bool is_repeated = random_below(g.r, 3) == 0;

	g.anchors = g.anchors && !is_repeated;
	add(t, "(");
	gen_expr(g, t, depth + 1);
	add(t, ")");
	if (is_repeated)
		gen_repeat(g.r, t);
}

static void gen_byte(struct random *r, struct text *t)
{
	if (random_below(r, 5) != 0)
		add(t, PICK(r, "a", "b", "c", "A", "B", "_", "-", "1", " ", "/", ".com", "ab"));
	else
		add(t, PICK(r, "\\.", "\\-", "\\d", "\\/", "\\$", "\\{", "\\(", "\\e", "\\n", "}",
		            ",", "#", "\\|"));
}

static void gen_atom(struct gen g, struct text *t, unsigned depth)
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
		add(t, g.refs ? PICK(r, "\\1", "\\2", "\\1") : PICK(r, "a", ")", "*", "{", "\\"));
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

static void gen_expr(struct gen g, struct text *t, unsigned depth)
{
	for (unsigned n = random_below(g.r, 4) + (depth == 0); n > 0; n--)
		gen_atom(g, t, depth);
	if (random_below(g.r, 4) == 0) {
		add(t, "|");
		gen_expr(g, t, depth + 1);
	}
}

static void gen_text(struct random *r, struct text *t)
{
	for (unsigned n = random_below(r, 12); n > 0; n--)
		add(t, PICK(r, "a", "b", "c", "A", "B", "Z", "_", "-", "1", " ", ".", "\t", "d",
		            "/", ".com", "ab", "aa", "\\", "]", "\xe4", "^", "$"));
}

/* A group, something, and the same text again: as far as glibc's back-references can be relied on.
 */
static void gen_backref(struct random *r, struct text *t)
{
	const struct gen g = { r, false, false };

	add(t, random_below(r, 2) == 0 ? "^(" : "(");
	for (unsigned n = 1 + random_below(r, 2); n > 0; n--)
		gen_atom(g, t, 100);
	add(t, ")");
	gen_byte(r, t);
	add(t, random_below(r, 2) == 0 ? "*\\1" : "?\\1$");
}

struct tally {
	unsigned taken, matched, undecided;
};

static void compare(const char *expr, bool icase, struct random *r, struct tally *n)
{
	for (unsigned k = 0; k < 4; k++) {
		struct text text = { .n = 0 };

		gen_text(r, &text);
		const int want = theirs(expr, icase, text.s), got = ours(expr, icase, text.s);

		n->taken += want >= 0;
		n->matched += want == 1;
		n->undecided += got == 2;
		ck_assert_msg(want == got || (got == 2 && want >= 0),
		              "%s/%s/ on \"%s\": glibc %d, we %d", icase ? "-i " : "", expr, text.s,
		              want, got);
		if (want < 0)
			return;
	}
}

START_TEST(generated_expressions_mean_the_same)
{
	const unsigned count = random_test_count(20000) / 2;
	struct random r = random_seeded((unsigned)_i + 1);
	struct tally n = { 0 };

	for (unsigned i = 0; i < count; i++) {
		struct text expr = { .n = 0 };

		if (i % 16 == 0)
			gen_backref(&r, &expr);
		else
			gen_expr((struct gen){ &r, true, false }, &expr, 0);
		compare(expr.s, random_below(&r, 3) == 0, &r, &n);
	}
	/* The generator is of use only if most expressions are valid and some match. */
	ck_assert_uint_gt(n.taken, count);
	ck_assert_uint_gt(n.matched, count / 4);
	ck_assert_uint_le(n.undecided, count / 1000);
}
END_TEST

/* --- limits, literals ----------------------------------------------------------------------- */

/* What takes backtracking too long is decided all the same, also over the longest URLs. */
START_TEST(a_loop_in_a_loop_is_decided_all_the_same)
{
	static const char *const exprs[] = { "^(a|aa)+[bc]$", "^((a|aa)+)+[bc]$", "(a*)*[bc]$",
		                             "a.*a.*a.*[bc]$", "(a|ab|b)*[bc]\\>" };
	char *text = malloc(8001);

	ck_assert_ptr_nonnull(text);
	for (size_t n = 100; n <= 8000; n *= 80) {
		for (size_t i = 0; i < ARRAY_LEN(exprs); i++) {
			memset(text, 'a', n);
			text[n] = '\0';
			ck_assert_msg(ours(exprs[i], false, text) == 0, "%s", exprs[i]);
			text[n - 1] = 'b';
			ck_assert_msg(ours(exprs[i], false, text) == 1, "%s", exprs[i]);
		}
	}
	free(text);
}
END_TEST

START_TEST(too_much_work_is_no_mismatch)
{
	char text[64];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(ours("^((a|aa)+)+\\2\\2[cd]$", false, text), 2);
}
END_TEST

static const struct {
	const char *expr, *literal;
} literals[] = {
	{ "ads\\.example\\.com", "ads.example.com" },
	{ "^https?://[^/]+/banner/", "/banner/" },
	{ "ads[.]Example[.]com", "ads.example.com" },
	{ "abc|def", "" },
	{ "(abc|def)ghi", "ghi" },
	{ "(^|\\.)example\\.com$", "example.com" },
	{ "abcd?", "abc" },
	{ "abcd*efg", "abc" },
	{ "abcd+ef", "abcd" },
	{ "abcd{2}efghi", "efghi" },
	{ "x{0}abc", "abc" },
	{ "a.b", "a" },
};

START_TEST(every_match_contains_the_literal)
{
	struct acl_regex_text t;
	const char *why;

	ck_assert(acl_regex_translate(span_str(literals[_i].expr), false, &t, &why));
	ck_assert_span(span_of(t.literal, t.literal_n), span_str(literals[_i].literal));
	acl_regex_text_fini(&t);
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
	char expr[1001];

	memset(expr, '(', 500);
	memset(expr + 500, ')', 500);
	expr[1000] = '\0';
	ck_assert_int_eq(ours(expr, false, ""), -1);
	memset(expr, '*', 1000);
	expr[0] = 'a';
	ck_assert_int_eq(ours(expr, false, "aaa"), 1);
}
END_TEST

Suite *suite_regex(void);
Suite *suite_regex(void)
{
	Suite *s = suite_create("acl/regex");
	TCase *t = tcase_create("regex");

	tcase_set_timeout(t, 900);
	tcase_add_loop_test(t, table_agrees_with_glibc_and_us, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, generated_expressions_mean_the_same, 0, 2);
	tcase_add_test(t, a_loop_in_a_loop_is_decided_all_the_same);
	tcase_add_test(t, too_much_work_is_no_mismatch);
	tcase_add_loop_test(t, every_match_contains_the_literal, 0, ARRAY_LEN(literals));
	tcase_add_test(t, deep_nesting_is_refused);
	suite_add_tcase(s, t);
	return s;
}
