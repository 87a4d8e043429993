/*
 * What every match of a regular expression contains, found out while the expression is parsed: a
 * few short texts, of which each match has at least one. Lists are filtered by them
 * (regex_list.h).
 *
 * Texts are in lower case. Where a match must begin or end where the text does, they hold
 * ACL_LIT_START or ACL_LIT_END there: what is searched has these bytes before and after it.
 */
#pragma once

#include "acl/byte_set.h"

#define ACL_LITS_MAX 24u /* alternatives */
#define ACL_LIT_MAX  15u /* bytes */

#define ACL_LIT_START '\x02'
#define ACL_LIT_END   '\x03'

struct acl_lit {
	uint8_t n;
	char s[ACL_LIT_MAX];
};

struct acl_lits {
	unsigned n; /* 0: nothing is known */
	struct acl_lit v[ACL_LITS_MAX];
};

/* Of a part of an expression. */
struct acl_need {
	bool is_exact;     /* what it matches is one of pre, suf is not used */
	bool is_empty_too; /* it may match nothing; then pre and suf are of when it does not */
	struct acl_lits pre, suf; /* one of which a match begins (ends) with; perhaps "" */
	struct acl_lits best;     /* of which each match contains one */
	int score;                /* of best: the higher, the fewer texts contain one */
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

/* The best of all that is known. lits->n is 0 if that is nothing. */
void acl_need_finish(struct acl_need *x, struct acl_lits *lits);

/* The bytes of a text that are part of what most URLs hold, such as "www."; a bit for each. */
unsigned acl_lit_common(const char *s, unsigned n);
