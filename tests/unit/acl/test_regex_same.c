/*
 * Regular expressions mean the same as for glibc's regcomp(REG_EXTENDED) and regexec(): over
 * generated expressions and texts. And each text that one matches holds what it is said to require.
 */
#include <regex.h>

#include "acl/regex.h"
#include "acl/regex_list.h"
#include "tests/unit/acl/regex_gen.h"
#include "tests/unit/unit.h"

#define TEXTS 5u /* for each expression */

struct tally {
	unsigned taken, refused, matched, undecided;
};

/* One expression, as both see it. */
struct both {
	const char *expr;
	bool icase;
	regex_t theirs;
	struct acl_regex *ours;
};

/* What glibc itself cannot be relied upon for. */
static bool is_known_refusal(const char *why)
{
	return strstr(why, "anchor") != NULL || strstr(why, "back-reference") != NULL;
}

static bool holds_one_of_each(const struct acl_lit_sets *needs, const char *text)
{
	char folded[300];
	size_t n = 0;
	bool all = true;

	folded[n++] = ACL_LIT_START;
	for (; *text != '\0'; text++)
		folded[n++] = ascii_lower(*text);
	folded[n++] = ACL_LIT_END;
	for (unsigned k = 0; k < needs->n; k++) {
		const struct acl_lit *l = &needs->v[needs->sets[k].first],
				     *end = l + needs->sets[k].n;

		while (l < end && memmem(folded, n, l->s, l->n) == NULL)
			l++;
		all = all && l < end;
	}
	return all;
}

static void compare_text(struct both *b, const char *text, struct tally *n)
{
	const int want = regexec(&b->theirs, text, 0, NULL, 0) == 0;
	struct acl_regex_scratch s;

	acl_regex_scratch_init(&s);
	const enum acl_regex_result got = acl_regex_match(b->ours, span_str(text), &s);

	acl_regex_scratch_fini(&s);
	n->matched += want == 1;
	n->undecided += got == REGEX_LIMIT && strchr(text, '\n') == NULL;
	ck_assert_msg(got == REGEX_LIMIT || (got == REGEX_YES) == want,
	              "%s/%s/ on \"%s\": glibc %d, we %d", b->icase ? "-i " : "", b->expr, text,
	              want, (int)got);
	ck_assert_msg(got != REGEX_YES || holds_one_of_each(acl_regex_needs(b->ours), text),
	              "%s/%s/ on \"%s\": does not hold what it requires", b->icase ? "-i " : "",
	              b->expr, text);
}

static void compare(const char *expr, bool icase, struct random *r, struct tally *n)
{
	struct both b = { .expr = expr, .icase = icase };
	char why[160] = "";

	b.ours = acl_regex_new(span_str(expr), icase, why, sizeof(why));
	if (b.ours == NULL && is_known_refusal(why)) {
		n->refused++; /* and glibc is not asked: it might not come back */
		return;
	}
	const bool is_theirs =
		regcomp(&b.theirs, expr, REG_EXTENDED | REG_NOSUB | (icase ? REG_ICASE : 0)) == 0;

	ck_assert_msg(is_theirs == (b.ours != NULL), "%s/%s/: glibc %d, we %s", icase ? "-i " : "",
	              expr, is_theirs, why);
	for (unsigned k = 0; k < TEXTS && is_theirs; k++) {
		struct gen_text text;

		gen_subject(r, &text);
		compare_text(&b, text.s, n);
	}
	n->taken += is_theirs;
	if (is_theirs)
		regfree(&b.theirs);
	acl_regex_free(&b.ours);
}

/* In ten runs, so that they share the processors. */
START_TEST(generated_expressions_mean_the_same)
{
	const unsigned count = random_test_count(20000) / 10;
	struct random r = random_seeded((unsigned)_i + 1);
	struct tally n = { 0 };

	for (unsigned i = 0; i < count; i++) {
		struct gen_text expr;

		if (i % 16 == 0)
			gen_backrefs(&r, &expr);
		else
			gen_regex(&r, &expr);
		compare(expr.s, random_below(&r, 3) == 0, &r, &n);
	}
	/* The generator is of use only if most expressions are valid and some match. */
	ck_assert_uint_gt(n.taken, count / 2);
	ck_assert_uint_lt(n.refused, count / 10);
	ck_assert_uint_gt(n.matched, count / 2);
	ck_assert_uint_le(n.undecided, count / 1000);
}
END_TEST

/* --- lists ------------------------------------------------------------------------------------ */

#define LIST_MAX 300u

struct list_and_ones {
	struct acl_regexes *list;
	struct acl_regex *ones[LIST_MAX];
	unsigned n;
};

/* Expressions that match nearly anything would hide the others. */
static void fill(struct list_and_ones *l, struct random *r, unsigned n)
{
	l->list = acl_regexes_new();
	for (l->n = 0; l->n < n;) {
		struct gen_text expr;
		char why[160];
		const bool icase = random_below(r, 3) == 0;

		gen_regex(r, &expr);
		struct acl_regex *one = acl_regex_new(span_str(expr.s), icase, why, sizeof(why));

		if (one == NULL || (acl_regex_needs(one)->n == 0 && random_below(r, 50) != 0)) {
			acl_regex_free(&one);
			continue;
		}
		l->ones[l->n++] = one;
		one = acl_regex_new(span_str(expr.s), icase, why, sizeof(why));
		acl_regexes_add(l->list, &one);
	}
	acl_regexes_finish(l->list);
}

/* Several times, since what is known of a text is kept. */
static void compare_list(const struct list_and_ones *l, struct span text)
{
	struct acl_regex_scratch s;
	const struct acl_regex *which;
	bool want = false, may_be = false;

	acl_regex_scratch_init(&s);
	for (unsigned i = 0; i < l->n && !want; i++) {
		const enum acl_regex_result got = acl_regex_match(l->ones[i], text, &s);

		want = got == REGEX_YES;
		may_be = may_be || got == REGEX_LIMIT;
	}
	for (unsigned i = 0; i < 3; i++) {
		const enum acl_regex_result got = acl_regexes_match(l->list, text, &s, &which);

		ck_assert(got == (want ? REGEX_YES : REGEX_NO) || (may_be && !want));
		ck_assert(got != REGEX_YES || acl_regex_match(which, text, &s) == REGEX_YES);
	}
	acl_regex_scratch_fini(&s);
}

/* Short and long lists, which are filtered differently. */
START_TEST(a_list_matches_as_one_by_one)
{
	static const unsigned sizes[] = { 1, 2, 12, 60, LIST_MAX };
	struct random r = random_seeded((unsigned)_i + 100);
	struct list_and_ones l;

	for (unsigned i = random_test_count(20000) / (100 * sizes[_i]) + 2; i > 0; i--) {
		fill(&l, &r, sizes[_i]);
		for (unsigned k = 0; k < 50; k++) {
			struct gen_text text;

			gen_subject(&r, &text);
			compare_list(&l, span_of(text.s, text.n));
		}
		for (unsigned k = 0; k < l.n; k++)
			acl_regex_free(&l.ones[k]);
		acl_regexes_free(&l.list);
	}
}
END_TEST

Suite *suite_regex_same(void);
Suite *suite_regex_same(void)
{
	Suite *s = suite_create("acl/regex_same");
	TCase *t = tcase_create("regex_same");

	tcase_set_timeout(t, 900);
	tcase_add_loop_test(t, generated_expressions_mean_the_same, 0, 10);
	tcase_add_loop_test(t, a_list_matches_as_one_by_one, 0, 5);
	suite_add_tcase(s, t);
	return s;
}
