/*
 * HTTP dates (RFC 9110 5.6.7): IMF-fixdate out, all three forms in. Pure.
 */
#pragma once

#include "base/base.h"

#define HTTP_DATE_LEN 29

/* "Sun, 06 Nov 1994 08:49:37 GMT", NUL-terminated. */
void http_date_print(int64_t unix_seconds, char buf[HTTP_DATE_LEN + 1]);

/* now: for the century of RFC 850 years. False if the text is none of the three forms. */
bool http_date_parse(struct span s, int64_t now, int64_t *unix_seconds) MUST_USE;
