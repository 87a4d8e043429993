/*
 * Values of JSON (RFC 8259).
 */
#pragma once

#include "base/base.h"

/*
 * With its quotes. Bytes above ASCII are written as U+00xx: they may be no UTF-8, and the text
 * would not be valid.
 */
void json_string(FILE *to, struct span s);
/* ,"name":"text", or null where p is NULL. */
void json_member(FILE *to, const char *name, struct span s);
