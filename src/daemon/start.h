/*
 * Starting: from the command line to a proxy that listens, in whatever set of processes.
 */
#pragma once

#include "daemon/options.h"

/* Act on the command line. Returns the exit status. */
int start_cuttle(const struct options *o);
