/*
 * Regular expressions made up at random, and texts for them, for the property tests.
 */
#pragma once

#include "tests/unit/random.h"

struct gen_text {
	char s[256];
	size_t n;
};

/*
 * Everything but back-references, valid or not. What glibc's regcomp() takes ages for is left out:
 * anchors in loops within loops.
 */
void gen_regex(struct random *r, struct gen_text *expr);
/*
 * Groups, and the same text again: as far as glibc can be relied upon (doc/policy.md), so without
 * anchors within and without groups that may be empty.
 */
void gen_backrefs(struct random *r, struct gen_text *expr);
/* A text that has something in common with them. */
void gen_subject(struct random *r, struct gen_text *text);
