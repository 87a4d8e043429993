/*
 * Reads one head from a stream: into the lent buffer, and beyond its size into the arena, up to a
 * limit. What follows the head stays in the buffer.
 */
#pragma once

#include "http/parse.h"
#include "net/buffer.h"
#include "net/stream.h"

typedef enum http_parse head_parse_fn(struct span text, size_t max_bytes, struct http_scan *scan,
                                      struct http_head *h, size_t *used,
                                      struct http_parse_error *e);

struct head_reader {
	struct http_scan scan;
	char *big; /* in the arena; NULL while the buffer is large enough */
	size_t big_n, big_cap;
	uint64_t bytes; /* received of this head so far */
	bool has_head;  /* the head was initialised: once, however many pieces it comes in */
};

enum head_read {
	HEAD_OK,    /* head and *used are set; its text is in the arena */
	HEAD_WAIT,  /* the stream's owner will be scheduled */
	HEAD_BAD,   /* *e says why */
	HEAD_EOF,   /* the stream ended first */
	HEAD_ERROR, /* reading failed */
	HEAD_MEMORY /* memory_limit refused */
};

void head_reader_init(struct head_reader *hr);
/*
 * h is initialised by the first call for a head; later ones must pass the same. *used: bytes of the
 * head. Bytes before and after stay in or are taken from *b, which is lent and given back as
 * needed.
 */
enum head_read head_reader_run(struct head_reader *hr, struct stream *s, struct buffer **b,
                               struct buffer_pool *bp, head_parse_fn *parse, size_t max_bytes,
                               struct arena *a, struct http_head *h, size_t *used,
                               struct http_parse_error *e);
