/*
 * A line on the terminal while a configuration is being loaded, for who waits for it.
 */
#pragma once

#include "base/base.h"

struct progress {
	int64_t begun_ms, shown_ms;
	bool is_terminal, is_shown;
};

/* Nothing is shown during the first second, and nothing ever if stderr is no terminal. */
void progress_begin(struct progress *p);
/*
 * A conf_progress_fn whose arg is a struct progress *: what is being read, and how many lines of it (0: not
 * lines). NULL: it is over, and the line goes away.
 */
void progress_tell(void *arg, const char *what, unsigned lines);
