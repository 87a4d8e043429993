/*
 * How remote text is written into a line. Whatever the style, no byte from outside can end a line:
 * control characters never appear as they are.
 *
 * A text is written in units, a byte or what stands for it, and a unit goes in whole or not at all,
 * so that cutting a text never cuts an escape (and frees the quote behind it).
 */
#pragma once

#include "log/line_int.h"

enum log_style {
	/* as it is; if a byte could break the line, blanks included, as LOG_STYLE_PASS */
	LOG_STYLE_SAFE,
	LOG_STYLE_PASS,   /* RFC 1738's unsafe bytes as %XX, per cent signs as they are */
	LOG_STYLE_URL,    /* the same with per cent signs as %25 */
	LOG_STYLE_QUOTES, /* \" \\ \r \n \t, other controls as \xHH */
	LOG_STYLE_MIME,   /* \r \n \\, other controls, [ ] % and bytes from 0x7f up as %xx */
	LOG_STYLE_USER,   /* the same with blanks as %20: for columns between blanks */
	LOG_STYLE_SHELL,  /* as QUOTES, in quotes if there is a blank in it */
	LOG_STYLE_RAW     /* as it is, but controls as %XX */
};

void log_put_style(struct log_line *l, struct span s, enum log_style style);
