/*
 * Which edges of the step tables the tests have travelled.
 */
#pragma once

#include "base/base.h"

struct worker;

/* Before the first test: its process and all others share what is noted. */
void sim_edges_begin(void);
/* Follow this worker; NULL: none any more. */
void sim_edges_watch(const struct worker *w);
/* Note the steps it has taken since. */
void sim_edges_collect(void);
/* Print the edges of the tables that nobody travelled. */
void sim_edges_report(void);
/* Write the tables as a picture for graphviz' dot. False: the file could not be written. */
bool sim_edges_draw(const char *path);
