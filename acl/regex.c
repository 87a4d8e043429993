/*
 * Compiled expressions: PCRE2 with JIT where the system allows it, under limits on work, so that no
 * text can stop a worker. What runs into a limit is tried again by PCRE2's other algorithm, which
 * does not backtrack; only if that gives up too, the answer is REGEX_LIMIT.
 */
#include "acl/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* For PCRE2's interpreter; the limit on matching is set for each run. */
#define LIMITS "(*LIMIT_DEPTH=5000)(*LIMIT_HEAP=1024)"

/*
 * Steps of backtracking, each a few nanoseconds. PCRE2 counts them anew for each byte where a match
 * could start, so the longer the text, the fewer are allowed: about 10 ms in all.
 */
#define STEPS_TOTAL 4000000u
#define STEPS_MIN   1000u
#define STEPS_MAX   100000u

struct acl_regex {
	pcre2_code *code;
	struct span source;         /* owned */
	struct acl_lit_sets *needs; /* cut short after the last */
	bool has_jit, has_backrefs, is_unsure_of_lines, is_icase;
};

/* --- scratch: PCRE2 asks for memory once or twice a decision; it gets it from the stack ------- */

static void *scratch_malloc(size_t n, void *arg)
{
	struct acl_regex_scratch *s = arg;

	n = (n + 15) & ~(size_t)15;
	if (n > sizeof(s->buf) - s->used)
		return malloc(n); /* only where there is no JIT */
	s->used += n;
	return s->buf + s->used - n;
}

static void scratch_free(void *p, void *arg)
{
	struct acl_regex_scratch *s = arg;
	const char *at = p;

	if (at < s->buf || at >= s->buf + sizeof(s->buf))
		free(p);
}

void acl_regex_scratch_init(struct acl_regex_scratch *s)
{
	s->match_data = s->match_context = NULL;
	s->used = 0;
	s->n_seen = 0;
	s->text_used = 0;
}

void acl_regex_scratch_fini(struct acl_regex_scratch *s)
{
	for (unsigned i = 0; i < MIN(s->n_seen, ARRAY_LEN(s->seen)); i++)
		free(s->seen[i].heap);
	if (s->match_data != NULL) {
		pcre2_match_data_free(s->match_data);
		pcre2_match_context_free(s->match_context);
	}
	acl_regex_scratch_init(s);
}

static void scratch_prepare(struct acl_regex_scratch *s)
{
	pcre2_general_context *g = pcre2_general_context_create(scratch_malloc, scratch_free, s);

	CHECK(g != NULL);
	s->match_data = pcre2_match_data_create(1, g);
	s->match_context = pcre2_match_context_create(g);
	pcre2_general_context_free(g);
	CHECK(s->match_data != NULL && s->match_context != NULL);
}

/* --- compiling -------------------------------------------------------------------------------- */

/* The translated text between before and after; why[] says what is wrong if it is NULL. */
static pcre2_code *compile(const struct acl_regex_text *t, bool icase, const char *before,
                           const char *after, char *why, size_t why_cap)
{
	/*
	 * Not the search for a start: in PCRE2 10.42's JIT it is wrong now and then. It overlooks
	 * the matches of (--|)a*- in "--" and of (ca\B|.)[ab]+[^a] in "cab".
	 */
	uint32_t options = PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
	                   PCRE2_NO_START_OPTIMIZE;
	const size_t cap = strlen(before) + t->n + strlen(after) + 1;
	char *text = check_malloc(cap);
	int error;
	PCRE2_SIZE at;

	if (icase)
		options |= PCRE2_CASELESS;
	if (!t->has_backrefs)
		options |= PCRE2_NO_AUTO_CAPTURE;
	snprintf(text, cap, "%s%s%s", before, t->p, after);
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, cap - 1, options, &error, &at, NULL);

	free(text);
	if (code == NULL && pcre2_get_error_message(error, (PCRE2_UCHAR *)why, why_cap) < 0)
		snprintf(why, why_cap, "too complex");
	return code;
}

struct acl_regex *acl_regex_new(struct span posix, bool icase, char *why, size_t why_cap)
{
	struct acl_regex_text t;
	const char *detail;

	if (!acl_regex_translate(posix, icase, &t, &detail)) {
		snprintf(why, why_cap, "%s", detail);
		return NULL;
	}
	pcre2_code *code = compile(&t, icase, LIMITS, "", why, why_cap);

	if (code == NULL) {
		acl_regex_text_fini(&t);
		return NULL;
	}
	struct acl_regex *r = check_calloc(1, sizeof(*r));

	r->code = code;
	r->has_jit = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
	r->has_backrefs = t.has_backrefs;
	r->is_unsure_of_lines = t.is_unsure_of_lines;
	r->is_icase = icase;
	r->source = span_of(span_strdup(posix), posix.n);
	r->needs = check_malloc(acl_lit_sets_size(&t.sets));
	acl_lit_sets_copy(r->needs, &t.sets);
	acl_regex_text_fini(&t);
	return r;
}

void acl_regex_free(struct acl_regex **rp)
{
	struct acl_regex *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	pcre2_code_free(r->code);
	free((void *)(uintptr_t)r->source.p);
	free(r->needs);
	free(r);
}

/* --- matching --------------------------------------------------------------------------------- */

static bool is_limit(int rc)
{
	return rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT ||
	       rc == PCRE2_ERROR_HEAPLIMIT || rc == PCRE2_ERROR_JIT_STACKLIMIT ||
	       rc == PCRE2_ERROR_NOMEMORY;
}

/*
 * All paths at once: no backtracking, but no back-references either. The expression is compiled
 * anew, anchored with room before it, so that one pass over the text does for all starts. This
 * happens only on texts made to hurt.
 */
static COLD int match_breadth(const struct acl_regex *r, struct span subject, pcre2_match_data *md)
{
	int workspace[1000], rc = PCRE2_ERROR_MATCHLIMIT;
	struct acl_regex_text t;
	char why[80];
	const char *detail;

	if (r->has_backrefs || !acl_regex_translate(r->source, r->is_icase, &t, &detail))
		return rc;
	pcre2_code *code = compile(&t, r->is_icase, LIMITS "\\A.*(?:", ")", why, sizeof(why));

	acl_regex_text_fini(&t);
	if (code == NULL)
		return rc;
	/* Shortest: the first match ends the search. */
	rc = pcre2_dfa_match(code, (PCRE2_SPTR)subject.p, subject.n, 0, PCRE2_DFA_SHORTEST, md,
	                     NULL, workspace, ARRAY_LEN(workspace));
	pcre2_code_free(code);
	return rc;
}

enum acl_regex_result acl_regex_match(const struct acl_regex *r, struct span subject,
                                      struct acl_regex_scratch *s)
{
	PCRE2_SPTR text = (PCRE2_SPTR)(subject.p != NULL ? subject.p : "");
	const size_t fair = STEPS_TOTAL / (subject.n + 1), most = MIN(fair, (size_t)STEPS_MAX);
	int rc;

	if (s->match_data == NULL)
		scratch_prepare(s);
	pcre2_match_data *md = s->match_data;
	pcre2_match_context *mc = s->match_context;

	pcre2_set_match_limit(mc, (uint32_t)MAX(most, (size_t)STEPS_MIN));
	if (r->has_jit)
		rc = pcre2_jit_match(r->code, text, subject.n, 0, 0, md, mc);
	else
		rc = pcre2_match(r->code, text, subject.n, 0, 0, md, mc);
	if (is_limit(rc))
		rc = match_breadth(r, span_of((const char *)text, subject.n), md);
	if (rc >= 0)
		return REGEX_YES;
	if (unlikely(r->is_unsure_of_lines && memchr(text, '\n', subject.n) != NULL))
		return REGEX_LIMIT;
	return likely(rc == PCRE2_ERROR_NOMATCH) ? REGEX_NO : REGEX_LIMIT;
}

struct span acl_regex_source(const struct acl_regex *r)
{
	return r->source;
}

bool acl_regex_is_icase(const struct acl_regex *r)
{
	return r->is_icase;
}

const struct acl_lit_sets *acl_regex_needs(const struct acl_regex *r)
{
	return r->needs;
}
