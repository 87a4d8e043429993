/*
 * Regular expressions: the first byte says whether case counts, the first line is the expression,
 * the rest is the text. Whatever translates compiles or is refused in words, stays within its
 * limits, and matches only texts that hold the literal it is said to require.
 */
#include "acl/regex_list.h"
#include "tests/fuzz/fuzz.h"

static bool holds(struct span text, struct span literal)
{
	for (size_t i = 0; i + literal.n <= text.n; i++)
		if (span_eq_nocase(span_of(text.p + i, literal.n), literal))
			return true;
	return literal.n == 0;
}

static void check_list(struct acl_regex **r, struct span text, enum acl_regex_result want)
{
	struct acl_regexes *l = acl_regexes_new();
	struct acl_regex_scratch s;

	acl_regexes_add(l, r);
	acl_regexes_finish(l);
	acl_regex_scratch_init(&s);
	for (unsigned i = 0; i < 6; i++)
		CHECK(acl_regexes_match(l, text, &s, NULL) == want);
	acl_regex_scratch_fini(&s);
	acl_regexes_free(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span text = span_of((const char *)bytes, n);
	struct acl_regex_scratch s;
	char why[160] = "";

	if (n == 0 || n > 4096)
		return 0;
	text = span_skip(text, 1);
	const struct span expr = span_cut(&text, '\n');
	struct acl_regex *r = acl_regex_new(expr, (bytes[0] & 1) != 0, why, sizeof(why));

	if (text.p == NULL)
		text = SPAN("");
	if (r == NULL) {
		CHECK(why[0] != '\0');
		return 0;
	}
	acl_regex_scratch_init(&s);
	const enum acl_regex_result got = acl_regex_match(r, text, &s);

	acl_regex_scratch_fini(&s);
	CHECK(got != REGEX_YES || holds(text, acl_regex_literal(r)));
	/* How much work is too much depends on where a search starts, so limits are not compared.
	 */
	if (got != REGEX_LIMIT)
		check_list(&r, text, got);
	acl_regex_free(&r);
	return 0;
}
