/*
 * Moves bytes from one stream to another: small exchanges are copied, bulk is spliced, and while
 * nothing moves nothing is held. One direction; a tunnel has two.
 */
#pragma once

#include "net/buffer.h"
#include "net/stream.h"

enum pump_result {
	PUMP_WAIT,  /* nothing can move now; the streams' owner will be scheduled */
	PUMP_YIELD, /* moved its share of this turn: schedule yourself and call again */
	PUMP_DONE,  /* the limit was reached and all of it was written */
	PUMP_EOF,   /* the source ended and all was written */
	PUMP_READ_ERROR,
	PUMP_WRITE_ERROR
};

struct pump {
	uint64_t left; /* bytes still to be read; UINT64_MAX: until the end */
	uint64_t read_bytes, written_bytes;
	struct buffer *buffer; /* NULL while nothing is in flight by copy */
	struct pipe *pipe;     /* NULL while nothing is spliced */
	uint8_t streak;        /* consecutive full reads: when to splice */
	bool saw_eof;
};

void pump_init(struct pump *p, uint64_t limit);
/* Give back what is lent; bytes in flight are lost. */
void pump_fini(struct pump *p, struct buffer_pool *bp, struct pipe_pool *pp);
/* Put bytes at the front that were already read from the source (counted as read). Copies; n <=
 * BUFFER_BYTES. */
enum err pump_preload(struct pump *p, struct buffer_pool *bp, struct span bytes) MUST_USE;
enum pump_result pump_run(struct pump *p, struct stream *from, struct stream *to,
                          struct buffer_pool *bp, struct pipe_pool *pp);
