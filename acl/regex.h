/*
 * Regular expressions that mean what POSIX extended expressions mean to glibc (in the C locale), as
 * squid.conf has them, run by PCRE2.
 *
 * The translation is in regex_parse.c. Compiled expressions are immutable and shared; a scratch is
 * worker-local and lives for one decision.
 */
#pragma once

#include "acl/regex_need.h"
#include "base/base.h"

/* A translated expression. Heap; released by acl_regex_text_fini(). */
struct acl_regex_text {
	char *p; /* for PCRE2, without options */
	size_t n;
	bool has_backrefs;        /* its groups must capture */
	bool is_unsure_of_lines;  /* a ^ or $ in it may mean more where a text has a newline */
	struct acl_lit_sets sets; /* of each of which a match contains one */
};

/* False: not a valid expression, or one that cannot be translated; *why is a static text. */
bool acl_regex_translate(struct span posix, bool icase, struct acl_regex_text *out,
                         const char **why) MUST_USE;
void acl_regex_text_fini(struct acl_regex_text *t);

struct acl_regex;

/* What is known of a text that expressions were run over. */
struct acl_regex_seen {
	struct span folded; /* p is NULL until it is needed */
	char *heap;         /* where folded is, if it is long; else NULL */
	size_t runs;        /* of expressions so far */
	bool has_pieces;
	uint64_t pieces[32]; /* a bit for each hash of three bytes */
};

/*
 * Where matching keeps its state, so that the heap is left alone. Texts that it was used with must
 * stay as they are until it is done with.
 */
struct acl_regex_scratch {
	void *match_data, *match_context; /* PCRE2's; NULL until used */
	size_t used;
	char buf[1024] __attribute__((aligned(16)));
	/* Of regex_list.c: the last few texts. */
	struct span texts[4];
	struct acl_regex_seen seen[4];
	unsigned n_seen;
	size_t text_used;
	char text[2048];
};
void acl_regex_scratch_init(struct acl_regex_scratch *s);
void acl_regex_scratch_fini(struct acl_regex_scratch *s);

/* NULL: refused; why[] says so in words. */
struct acl_regex *acl_regex_new(struct span posix, bool icase, char *why, size_t why_cap);
void acl_regex_free(struct acl_regex **r);

/* LIMIT: cannot tell, for that would be too much work, or glibc's answer is not known. */
enum acl_regex_result { REGEX_NO, REGEX_YES, REGEX_LIMIT };
enum acl_regex_result acl_regex_match(const struct acl_regex *r, struct span subject,
                                      struct acl_regex_scratch *s);

struct span acl_regex_source(const struct acl_regex *r); /* as written */
bool acl_regex_is_icase(const struct acl_regex *r);
/* Of each of which a match contains one. Only acl_lit_sets_size() bytes are there. */
const struct acl_lit_sets *acl_regex_needs(const struct acl_regex *r);
