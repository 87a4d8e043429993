/*
 * Regular expressions that mean what POSIX extended expressions mean to glibc (in the C locale), as
 * squid.conf has them, run by PCRE2.
 *
 * The translation is in regex_parse.c. Compiled expressions are immutable and shared; a scratch is
 * worker-local and lives for one decision.
 */
#pragma once

#include "base/base.h"

/* A translated expression. Heap; released by acl_regex_text_fini(). */
struct acl_regex_text {
	char *p; /* for PCRE2, without options */
	size_t n;
	bool has_backrefs; /* its groups must capture */
	/* Bytes that every match contains, letters in lower case; "" if none are known. */
	char literal[32];
	unsigned literal_n;
};

/* False: not a valid expression, or one that cannot be translated; *why is a static text. */
bool acl_regex_translate(struct span posix, bool icase, struct acl_regex_text *out,
                         const char **why) MUST_USE;
void acl_regex_text_fini(struct acl_regex_text *t);

struct acl_regex;

/* What is known of a text that expressions were run over: which pieces of four bytes it holds. */
struct acl_regex_seen {
	struct span text;
	size_t runs; /* of expressions so far */
	bool has_grams;
	uint64_t grams[16]; /* a bit for each hash of a piece */
};

/* Where matching keeps its state, so that the heap is left alone. */
struct acl_regex_scratch {
	void *match_data, *match_context; /* PCRE2's; NULL until used */
	size_t used;
	char buf[1024] __attribute__((aligned(16)));
	struct acl_regex_seen seen[4]; /* of regex_list.c: the last few texts */
	unsigned n_seen;
};
void acl_regex_scratch_init(struct acl_regex_scratch *s);
void acl_regex_scratch_fini(struct acl_regex_scratch *s);

/* NULL: refused; why[] says so in words. */
struct acl_regex *acl_regex_new(struct span posix, bool icase, char *why, size_t why_cap);
void acl_regex_free(struct acl_regex **r);

enum acl_regex_result { REGEX_NO, REGEX_YES, REGEX_LIMIT /* cannot tell: too much work */ };
enum acl_regex_result acl_regex_match(const struct acl_regex *r, struct span subject,
                                      struct acl_regex_scratch *s);

struct span acl_regex_source(const struct acl_regex *r); /* as written */
bool acl_regex_is_icase(const struct acl_regex *r);
/* What every match contains, letters in lower case; empty if not known. */
struct span acl_regex_literal(const struct acl_regex *r);
