/*
 * Short texts, and sets of them: what regular expressions require of the texts that they match
 * (regex_need.h). Plain values; nothing is allocated.
 *
 * Texts are in lower case. Where a match must begin or end where the text does, they hold
 * ACL_LIT_START or ACL_LIT_END there: what is searched has these bytes before and after it.
 */
#pragma once

#include "base/base.h"

#define ACL_LITS_MAX 24u /* texts of a set */
#define ACL_LIT_MAX  15u /* bytes of a text */

#define ACL_LIT_START '\x02'
#define ACL_LIT_END   '\x03'

struct acl_lit {
	uint8_t n;
	char s[ACL_LIT_MAX];
};

struct acl_lits {
	unsigned n;
	struct acl_lit v[ACL_LITS_MAX];
};

static inline bool acl_lit_is_anchor(char c)
{
	return c == ACL_LIT_START || c == ACL_LIT_END;
}

/* The first (last) bytes of a text, at most so many. */
struct acl_lit acl_lit_head(const char *s, unsigned n, unsigned most);
struct acl_lit acl_lit_tail(const char *s, unsigned n, unsigned most);
/* The bytes of a text that are part of what most URLs hold, such as "www."; a bit for each. */
unsigned acl_lit_common(const char *s, unsigned n);

void acl_lits_copy(struct acl_lits *to, const struct acl_lits *from);
/* False: there are too many. */
bool acl_lits_add(struct acl_lits *l, struct acl_lit one);
void acl_lits_single(struct acl_lits *l, const char *s, unsigned n);
bool acl_lits_have_empty(const struct acl_lits *l);
/* to becomes to or from, each cut to its head or tail, as short as it takes for all to fit. */
void acl_lits_unite(struct acl_lits *to, const struct acl_lits *from, bool heads);

enum acl_cut { CUT_NONE, CUT_TO_HEADS, CUT_TO_TAILS };
/* Each of a with each of b. False: too many, or, if they must not be cut, too long. */
bool acl_lits_cross(struct acl_lits *out, const struct acl_lits *a, const struct acl_lits *b,
                    enum acl_cut cut);

/* --- several sets, each of which is required -------------------------------------------------- */

#define ACL_SETS_MAX      3u
#define ACL_SETS_LITS_MAX 40u

struct acl_lit_sets {
	unsigned n;
	struct acl_lit_set {
		uint8_t first, n; /* in v[] */
		int16_t score;    /* the higher, the fewer texts contain one of them; falling */
	} sets[ACL_SETS_MAX];
	struct acl_lit v[ACL_SETS_LITS_MAX];
};

/* Bytes that are used, from the beginning on. */
size_t acl_lit_sets_size(const struct acl_lit_sets *s);
void acl_lit_sets_copy(struct acl_lit_sets *to, const struct acl_lit_sets *from);
/* Take a set into account, if it tells more than another or what others do not. */
void acl_lit_sets_consider(struct acl_lit_sets *s, const struct acl_lits *l);
/* to becomes what both require. */
void acl_lit_sets_join(struct acl_lit_sets *to, const struct acl_lit_sets *from);
/* to becomes what the one or the other requires. */
void acl_lit_sets_either(struct acl_lit_sets *to, const struct acl_lit_sets *from);
