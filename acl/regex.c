/*
 * Compiled expressions: PCRE2 with JIT where the system allows it, under limits on work, so that no
 * text can stop a worker. What runs into a limit is tried again by PCRE2's other algorithm, which
 * does not backtrack; only if that gives up too, the answer is REGEX_LIMIT.
 */
#include "acl/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* About a millisecond of backtracking; depth and heap hold for PCRE2's interpreter. */
#define LIMITS "(*LIMIT_MATCH=100000)(*LIMIT_DEPTH=5000)(*LIMIT_HEAP=1024)"

struct acl_regex {
	pcre2_code *code;
	struct span source, literal; /* owned */
	bool has_jit, has_backrefs, is_icase;
};

/* --- scratch: PCRE2 asks for memory once or twice a decision; it gets it from the stack */

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
	s->match_data = NULL;
	s->used = 0;
	s->n_seen = 0;
}

void acl_regex_scratch_fini(struct acl_regex_scratch *s)
{
	if (s->match_data != NULL)
		pcre2_match_data_free(s->match_data);
	acl_regex_scratch_init(s);
}

static pcre2_match_data *scratch_match_data(struct acl_regex_scratch *s)
{
	if (s->match_data == NULL) {
		pcre2_general_context *g =
			pcre2_general_context_create(scratch_malloc, scratch_free, s);

		CHECK(g != NULL);
		s->match_data = pcre2_match_data_create(1, g);
		pcre2_general_context_free(g);
		CHECK(s->match_data != NULL);
	}
	return s->match_data;
}

/* --- compiling ------------------------------------------------------------------------------ */

static pcre2_code *compile(const struct acl_regex_text *t, bool icase, char *why, size_t why_cap)
{
	uint32_t options = PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;
	struct span limits = SPAN(LIMITS);
	char *text = check_malloc(limits.n + t->n + 1);
	int error;
	PCRE2_SIZE at;

	if (icase)
		options |= PCRE2_CASELESS;
	if (!t->has_backrefs)
		options |= PCRE2_NO_AUTO_CAPTURE;
	/* PCRE2 10.42's JIT searches (--|)a*- wrongly: it overlooks the match in "--". */
	if (t->has_empty_branch)
		options |= PCRE2_NO_START_OPTIMIZE;
	memcpy(text, limits.p, limits.n);
	memcpy(text + limits.n, t->p, t->n);
	pcre2_code *code =
		pcre2_compile((PCRE2_SPTR)text, limits.n + t->n, options, &error, &at, NULL);

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
	pcre2_code *code = compile(&t, icase, why, why_cap);

	if (code == NULL) {
		acl_regex_text_fini(&t);
		return NULL;
	}
	struct acl_regex *r = check_calloc(1, sizeof(*r));

	r->code = code;
	r->has_jit = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
	r->has_backrefs = t.has_backrefs;
	r->is_icase = icase;
	r->source = span_of(span_strdup(posix), posix.n);
	r->literal = span_of(span_strdup(span_of(t.literal, t.literal_n)), t.literal_n);
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
	free((void *)(uintptr_t)r->literal.p);
	free(r);
}

/* --- matching ------------------------------------------------------------------------------- */

static bool is_limit(int rc)
{
	return rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT ||
	       rc == PCRE2_ERROR_HEAPLIMIT || rc == PCRE2_ERROR_JIT_STACKLIMIT ||
	       rc == PCRE2_ERROR_NOMEMORY;
}

/* All paths at once: no backtracking, but no back-references either. */
static COLD int match_breadth(const struct acl_regex *r, struct span subject, pcre2_match_data *md)
{
	int workspace[1000];

	if (r->has_backrefs)
		return PCRE2_ERROR_MATCHLIMIT;
	/* Shortest: the first match ends the search. */
	return pcre2_dfa_match(r->code, (PCRE2_SPTR)subject.p, subject.n, 0, PCRE2_DFA_SHORTEST, md,
	                       NULL, workspace, ARRAY_LEN(workspace));
}

enum acl_regex_result acl_regex_match(const struct acl_regex *r, struct span subject,
                                      struct acl_regex_scratch *s)
{
	pcre2_match_data *md = scratch_match_data(s);
	PCRE2_SPTR text = (PCRE2_SPTR)(subject.p != NULL ? subject.p : "");
	int rc;

	if (r->has_jit)
		rc = pcre2_jit_match(r->code, text, subject.n, 0, 0, md, NULL);
	else
		rc = pcre2_match(r->code, text, subject.n, 0, 0, md, NULL);
	if (likely(rc == PCRE2_ERROR_NOMATCH))
		return REGEX_NO;
	if (rc >= 0)
		return REGEX_YES;
	if (is_limit(rc))
		rc = match_breadth(r, span_of((const char *)text, subject.n), md);
	if (rc >= 0)
		return REGEX_YES;
	return rc == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_LIMIT;
}

struct span acl_regex_source(const struct acl_regex *r)
{
	return r->source;
}

bool acl_regex_is_icase(const struct acl_regex *r)
{
	return r->is_icase;
}

struct span acl_regex_literal(const struct acl_regex *r)
{
	return r->literal;
}
