/*
 * Many regular expressions over one text: an expression is run only if the text holds four bytes
 * that every match of it must hold. Immutable after acl_regexes_finish(), shared.
 */
#pragma once

#include "acl/regex.h"

struct acl_regexes;

struct acl_regexes *acl_regexes_new(void);
void acl_regexes_free(struct acl_regexes **l);
/* Takes the expression over. */
void acl_regexes_add(struct acl_regexes *l, struct acl_regex **r);
void acl_regexes_finish(struct acl_regexes *l);
size_t acl_regexes_count(const struct acl_regexes *l);
/*
 * REGEX_YES as soon as one matches, whatever became of the others; *which is that one (may be
 * NULL). REGEX_LIMIT if none is known to match and one could not be told.
 */
enum acl_regex_result acl_regexes_match(const struct acl_regexes *l, struct span text,
                                        struct acl_regex_scratch *s,
                                        const struct acl_regex **which);
/*
 * Like it, but of those that match the one that was added first: *which is its number, from 0.
 * False: none is known to match.
 */
bool acl_regexes_first(const struct acl_regexes *l, struct span text, struct acl_regex_scratch *s,
                       size_t *which) MUST_USE;
