/*
 * A stream for tests: it serves a text in pieces of changing size, or takes one.
 */
#pragma once

#include "net/stream.h"

struct fake_stream {
	struct stream stream;
	struct span input; /* not yet served; then the end of the stream */
	char *output;      /* what was written */
	size_t out_n, out_cap;
	unsigned seed, piece; /* at most so many bytes a call */
	bool stalls;          /* every other call says IO_AGAIN */
	unsigned calls, writes;
};

/* The seed chooses the sizes of the pieces, and whether the stream stalls now and then. */
void fake_stream_init(struct fake_stream *f, struct span input, unsigned seed);
void fake_stream_fini(struct fake_stream *f);
