/*
 * What the writers of facts share.
 */
#pragma once

#include "log/line_int.h"

/* A value, percent-encoded where it must be. */
void log_facts_put_value(struct log_line *l, struct span s);
