/*
 * What every match of a regular expression contains, found out while the expression is parsed: up
 * to three sets of short texts (lits.h), of each of which a match has at least one. Lists are
 * filtered by them (regex_list.h).
 */
#pragma once

#include "acl/byte_set.h"
#include "acl/lits.h"

/* Of a part of an expression. */
struct acl_need {
	bool is_exact;     /* what it matches is one of pre, suf is not used */
	bool is_empty_too; /* it may match nothing; then pre and suf are of when it does not */
	struct acl_lits pre, suf; /* one of which a match begins (ends) with; perhaps "" */
	struct acl_lit_sets sets; /* of each of which each match contains one */
};

void acl_need_empty(struct acl_need *x);
void acl_need_byte(struct acl_need *x, unsigned char c);
void acl_need_set(struct acl_need *x, const struct acl_byte_set *s);
void acl_need_any(struct acl_need *x, bool is_empty_too);
/* ACL_LIT_START or ACL_LIT_END. */
void acl_need_anchor(struct acl_need *x, char which);

/* x becomes x and then y. */
void acl_need_concat(struct acl_need *x, const struct acl_need *y);
/* x becomes x or y. */
void acl_need_alternate(struct acl_need *x, const struct acl_need *y);
/* max < 0: no bound. */
void acl_need_repeat(struct acl_need *x, int min, int max);

/* What all matches contain: one text of each set. No sets: nothing is known. */
void acl_need_finish(struct acl_need *x, struct acl_lit_sets *sets);
