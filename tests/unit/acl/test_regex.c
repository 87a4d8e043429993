/*
 * Regular expressions: what glibc's regcomp(REG_EXTENDED) takes, and what its regexec() matches, is
 * what counts; both are asked here, over a table. test_regex_same.c does so over generated ones.
 */
#include "acl/regex.h"

#include <regex.h>

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

/* --- limits, literals ------------------------------------------------------------------------- */

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
	ck_assert_int_eq(ours("^(.)((a|aa)+)+\\1\\1[cd]$", false, text), 2);
}
END_TEST

static const struct {
	const char *expr, *sets; /* sorted; ^ and $ for the marks of start and end */
} needs[] = {
	{ "ads\\.example", "ads.example" },
	{ "ads[.]Example", "ads.example" },
	{ "^ads\\.", "^ads." },
	{ "\\.(exe|scr|pif)$", ".exe$ .pif$ .scr$" },
	{ "abc|def", "abc def" },
	{ "(^|\\.)example\\.de$", ".example.de$ ^example.de$" },
	{ "^^ads", "^ads" },
	{ "$^", "" }, /* would tell nothing of other texts */
	{ "(x|^)(^|y)ads", "^ads ^yads xyads" },
	{ "abcd?", "abc" },
	{ "abcd*efg", "abcefg defg & abc" },
	{ "x{0}abc", "abc" },
	{ "(abc){2}", "abcabc" },
	{ "(abc)*", "" },
	{ "(abc)?", "" },
	{ "(abc)?qrs", "qrs" },
	{ "[abc]x", "ax bx cx" },
	{ "[^abc]x", "x" },
	{ "ad.x.\\.[0-9]y", ".0y .1y .2y .3y .4y .5y .6y .7y .8y .9y & ad" },
	{ "^https?://([^/]+\\.)?ads[0-9]*\\.", ".ads ^http://ads ^https://ads" },
	{ "(q+|rr)zz", "qzz rrzz" },
	{ "(ab)\\1", "ab" },
	{ ".*", "" },
	{ "[a-z]+", "" },
	{ "\\<ads\\>", "ads" },
	{ "abc|", "" },
	{ "abc||def", "" },
	{ "\x02", "" },
	{ "example.*-77\\.html", "example & -77.html" },
	{ "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmno & mnopqrstuvwxyz" },
	{ "(abc.*def|ghi.*jkl)", "abc ghi & def jkl" },
	{ "abc.*abc.*bc", "abc" },
	{ "abc.*def.*ghi.*jkl", "abc & def & ghi" },
};

static int lit_cmp(const void *a, const void *b)
{
	const struct acl_lit *x = a, *y = b;
	const int c = memcmp(x->s, y->s, MIN(x->n, y->n));

	return c != 0 ? c : (int)x->n - (int)y->n;
}

static size_t print_set(char *to, size_t cap, struct acl_lit *v, unsigned n)
{
	size_t at = 0;

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < v[i].n; k++)
			if (acl_lit_is_anchor(v[i].s[k]))
				v[i].s[k] = (char)(v[i].s[k] == ACL_LIT_START ? '^' : '$');
	qsort(v, n, sizeof(v[0]), lit_cmp);
	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(to + at, cap - at, "%s%.*s", i != 0 ? " " : "", v[i].n,
		                       v[i].s);
	return at;
}

START_TEST(each_match_contains_one_of_each_of_these)
{
	struct acl_regex_text t;
	char got[1000] = "";
	size_t n = 0;
	const char *why;

	ck_assert(acl_regex_translate(span_str(needs[_i].expr), false, &t, &why));
	for (unsigned k = 0; k < t.sets.n; k++) {
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s", k != 0 ? " & " : "");
		n += print_set(got + n, sizeof(got) - n, &t.sets.v[t.sets.sets[k].first],
		               t.sets.sets[k].n);
	}
	ck_assert_str_eq(got, needs[_i].sets);
	acl_regex_text_fini(&t);
}
END_TEST

/* What glibc takes, but cannot be relied upon for. */
static const struct {
	const char *expr;
	bool is_taken;
} unreliable[] = {
	{ "(a$){2}", false },        { "(\\<a|b)+", false },
	{ "x(^a|b){1,}", false },    { "(^|\\.)+x", true },
	{ "(/|$)+", true },          { "(^a|b)*x", true },
	{ "(^a|b)?x", true },        { "((^|a)+b)+", false },
	{ "((^|a)*)+", false },      { "(^|a)+(b)\\2", false },
	{ "(^|a){1}b", true },       { "(^a){0}b", true },
	{ "(ab)*\\1", true },        { "(ab)+\\1", true },
	{ "(a|ab)?\\1", true },      { "(a|ab)+\\1", false },
	{ "(ab?)*\\1", false },      { "(a){2}\\1", false },
	{ "((.)\\2)*x", true },      { "((.)\\2)+x", true },
	{ "((a|b)\\2)+x", false },   { "((a)b)*\\2", true },
	{ "((a|b)c)*\\2", false },   { "((a|b)c)?\\2", false },
	{ "(.)\\1{5,}", true },      { "(a)(b\\1)+", true },
	{ "(a){0}\\1", false },      { "\\<([a-z]+) \\1\\>", false },
	{ "(a*)(b*)\\2\\1", false }, { "()\\1", false },
	{ "(a|)\\1", false },        { "((a*)b)\\1", true },
	{ "((a*)b)\\2", false },     { "\\b(a)\\1", false },
	{ "^(a)\\1$", true },
};

START_TEST(what_glibc_is_not_reliable_for_is_refused)
{
	const char *expr = unreliable[_i].expr;

	ck_assert_msg(theirs(expr, false, "") >= 0, "%s", expr);
	ck_assert_msg((ours(expr, false, "") >= 0) == unreliable[_i].is_taken, "%s", expr);
}
END_TEST

/* Whether glibc may see more than one line in what the expression matches, newlines included. */
static const struct {
	const char *expr;
	bool is_unsure;
} lines[] = {
	{ ".^b", true },       { "[^x]^b", true },      { "\\s(^|x)", true },
	{ ".x*^b", true },     { ".*(^|\\.)b", true },  { "a$.", true },
	{ "(a$|b)\\W", true }, { "a(b$)?c?.", true },   { "(^a|.)*b", true },
	{ "(a$|.)*b", true },  { "[^\n]^b", false },    { "\\S^b", false },
	{ ".x+^b", false },    { "(^|.*\\.)b", false }, { "a$b", false },
	{ "(a$|b.)c", false }, { "(^a|b)*.", false },   { "^.*b$", false },
};

START_TEST(anchors_at_newlines_are_told_for_texts_without)
{
	static const char *const texts[] = { "b", "ab", "x.b", "aab", "axb", "a", "bc", "" };
	const char *expr = lines[_i].expr;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ck_assert_msg(ours(expr, false, texts[i]) == theirs(expr, false, texts[i]),
		              "%s on %s", expr, texts[i]);
	/* What does not match by the text's own ends is not told. */
	ck_assert_msg((ours(expr, false, "-\n-") == 2) == lines[_i].is_unsure, "%s", expr);
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
	tcase_add_test(t, a_loop_in_a_loop_is_decided_all_the_same);
	tcase_add_test(t, too_much_work_is_no_mismatch);
	tcase_add_loop_test(t, each_match_contains_one_of_each_of_these, 0, ARRAY_LEN(needs));
	tcase_add_loop_test(t, what_glibc_is_not_reliable_for_is_refused, 0, ARRAY_LEN(unreliable));
	tcase_add_loop_test(t, anchors_at_newlines_are_told_for_texts_without, 0, ARRAY_LEN(lines));
	tcase_add_test(t, deep_nesting_is_refused);
	suite_add_tcase(s, t);
	return s;
}
