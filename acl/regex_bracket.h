/*
 * Bracket expressions: from "[^a-z[:digit:]]" to the set of bytes that it stands for.
 */
#pragma once

#include "acl/byte_set.h"

/*
 * in[*at] is what follows the "["; *at becomes what follows the "]". With icase the set holds both
 * cases of a letter. False: not valid; *why is a static text.
 */
bool acl_bracket_parse(struct span in, size_t *at, bool icase, struct acl_byte_set *s,
                       const char **why) MUST_USE;
