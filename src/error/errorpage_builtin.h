/*
 * The error page templates and their style sheet, compiled in by errorpage_builtin.awk.
 */
#pragma once

#include "base/base.h"

struct errorpage_builtin {
	const char *name; /* NULL ends the table */
	const char *text;
};

extern const struct errorpage_builtin errorpage_builtins[];
