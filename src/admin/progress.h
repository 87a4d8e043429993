/*
 * A line on the terminal while something takes long, for who waits for it: a configuration that is
 * being loaded, a folder of the cache that is being read.
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
 * A conf_progress_fn whose arg is a struct progress *: what is being read, and how many lines of it
 * (0: not lines). NULL: it is over, and the line goes away.
 */
void progress_tell(void *arg, const char *what, unsigned lines);
/* The same of other things: how many of them are done. of 0: it is not known. */
void progress_share(struct progress *p, const char *what, uint64_t done, uint64_t of);
