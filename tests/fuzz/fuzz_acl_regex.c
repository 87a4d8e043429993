/*
 * Regular expressions: the first byte says whether case counts, the first line is the expression,
 * the rest is the text. Whatever translates compiles or is refused in words, stays within its
 * limits, matches only texts that hold what it is said to require, alone and in a list, and
 * means what it means to glibc.
 */
#include <regex.h>

#include "acl/regex_list.h"
#include "tests/fuzz/fuzz.h"

static bool holds_one_of_each(const struct acl_lit_sets *needs, struct span text)
{
	char *folded = check_malloc(text.n + 2);
	bool all = true;

	folded[0] = ACL_LIT_START;
	for (size_t i = 0; i < text.n; i++)
		folded[i + 1] = ascii_lower(text.p[i]);
	folded[text.n + 1] = ACL_LIT_END;
	for (unsigned k = 0; k < needs->n; k++) {
		const struct acl_lit *l = &needs->v[needs->sets[k].first],
				     *end = l + needs->sets[k].n;

		while (l < end && memmem(folded, text.n + 2, l->s, l->n) == NULL)
			l++;
		all = all && l < end;
	}
	free(folded);
	return all;
}

/* Alone, which is a short list, and among others that require much, and match nothing. */
static void check_list(struct span expr, bool icase, struct span text, unsigned others,
                       enum acl_regex_result want)
{
	struct acl_regexes *l = acl_regexes_new();
	struct acl_regex_scratch s;
	char why[160];

	for (unsigned i = 0; i <= others; i++) {
		struct acl_regex *r = acl_regex_new(i == others / 2 ? expr : SPAN("$[QX][0-9]Z"),
		                                    icase, why, sizeof(why));

		acl_regexes_add(l, &r);
	}
	acl_regexes_finish(l);
	acl_regex_scratch_init(&s);
	for (unsigned i = 0; i < 3; i++)
		CHECK(acl_regexes_match(l, text, &s, NULL) == want);
	acl_regex_scratch_fini(&s);
	acl_regexes_free(&l);
}

static bool has_any(struct span s, const char *bytes)
{
	for (; *bytes != '\0'; bytes++)
		if (span_find(s, *bytes) != s.n)
			return true;
	return false;
}

static bool has_nul(struct span s)
{
	return s.n != 0 && memchr(s.p, '\0', s.n) != NULL;
}

/*
 * glibc takes ages for large bounds and for anchors in loops, and is not reliable about
 * back-references.
 */
static bool is_for_glibc(struct span expr, struct span text)
{
	unsigned digits = 0, braces = 0, copies = 0;
	bool refs = false;

	for (size_t i = 0; i < expr.n; i++) {
		digits += expr.p[i] >= '0' && expr.p[i] <= '9';
		braces += expr.p[i] == '{';
		copies += expr.p[i] == '{' || expr.p[i] == '+';
		refs = refs ||
		       (i > 0 && expr.p[i - 1] == '\\' && expr.p[i] >= '1' && expr.p[i] <= '9');
	}
	if (has_any(expr, "(") && has_any(expr, "*+{") && has_any(expr, "^$<>bB`'"))
		return false;
	return expr.n <= 64 && text.n <= 256 && !refs && copies <= 5 && braces <= 2 &&
	       (braces == 0 || digits <= 3) && !has_nul(text) && !has_nul(expr);
}

/* -1: not valid; else whether it matches. */
static int glibc(struct span expr, bool icase, struct span text)
{
	char *e = span_strdup(expr), *t = span_strdup(text);
	regex_t r;
	int got = -1;

	if (regcomp(&r, e, REG_EXTENDED | REG_NOSUB | (icase ? REG_ICASE : 0)) == 0) {
		got = regexec(&r, t, 0, NULL, 0) == 0;
		regfree(&r);
	}
	free(e);
	free(t);
	return got;
}

static void check_regex(const struct acl_regex *r, struct span expr, bool icase, struct span text)
{
	struct acl_regex_scratch s;

	acl_regex_scratch_init(&s);
	const enum acl_regex_result got = acl_regex_match(r, text, &s);

	acl_regex_scratch_fini(&s);
	CHECK(got != REGEX_YES || holds_one_of_each(acl_regex_needs(r), text));
	if (got == REGEX_LIMIT) /* which the filter may spare */
		return;
	check_list(expr, icase, text, 0, got);
	check_list(expr, icase, text, 4, got);
	if (is_for_glibc(expr, text))
		CHECK(glibc(expr, icase, text) == (got == REGEX_YES));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span text = span_of((const char *)bytes, n);
	char why[160] = "";

	if (n == 0 || n > 4096)
		return 0;
	const bool icase = (bytes[0] & 1) != 0;

	text = span_skip(text, 1);
	const struct span expr = span_cut(&text, '\n');
	struct acl_regex *r = acl_regex_new(expr, icase, why, sizeof(why));

	if (text.p == NULL)
		text = SPAN("");
	if (r != NULL) {
		check_regex(r, expr, icase, text);
		acl_regex_free(&r);
		return 0;
	}
	CHECK(why[0] != '\0');
	if (is_for_glibc(expr, text) && strstr(why, "anchor") == NULL)
		CHECK(glibc(expr, icase, text) == -1);
	return 0;
}
