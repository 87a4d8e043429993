/*
 * One place where the operator log's lines go: a descriptor and what waits to be written to it.
 * Internal to oplog.c, whose locks guard it: the input half by oplog_lock, the output half by
 * write_lock, sink_turn() by both.
 */
#pragma once

#include "base/base.h"

struct sink {
	int fd;
	bool is_stderr; /* may block for long; what it refuses is thrown away */
	char *in, *out; /* heap; NULL while there is nothing */
	size_t in_n, in_cap;
	size_t out_at, out_n, out_cap; /* [out_at, out_n) is to be written */
	uint64_t lost;                 /* lines that found no room */
	int failure;                   /* errno of the last write that failed */
};

/* Queue a line, or count it as lost. */
void sink_put(struct sink *s, struct span line);
/* If all output is written, make the input the output. Returns the lines lost so far, once. */
uint64_t sink_turn(struct sink *s);
bool sink_has_output(const struct sink *s);
/*
 * Write the output, waiting for stderr at most wait_ms (-1: for ever). False if some of it is left
 * or was refused.
 */
bool sink_write(struct sink *s, int wait_ms);
/* Free the queues; the descriptor is the caller's. */
void sink_fini(struct sink *s);
