/*
 * Message bodies under way: where a body's bytes come from, where they go, and the pump between.
 *
 * A source decodes the framing it was received with; a sink prints the framing of its side. The
 * same three serve an upload (client to origin) and a reply (origin to client). Where neither
 * side has chunks, bulk is spliced. Worker-local.
 */
#pragma once

#include "http/body.h"
#include "net/buffer.h"
#include "net/pipe.h"
#include "net/stream.h"

/* Which endings a source reports, by the side it reads from. */
struct body_whys {
	enum why cut;   /* the connection ended before the body */
	enum why bad;   /* the framing is broken */
	enum why read;  /* reading failed */
	enum why large; /* longer than max_bytes */
};
extern const struct body_whys body_whys_client, body_whys_origin;

struct body_source {
	struct stream *stream;  /* NULL: all of it is in `data` */
	struct buffer **buffer; /* its owner's unread wire bytes; *buffer may be NULL */
	const struct body_whys *whys;
	struct http_framing framing;
	struct http_chunked chunked;
	uint64_t left;       /* HTTP_BODY_LENGTH: wire bytes still to come */
	uint64_t max_bytes;  /* 0: any */
	uint64_t body_bytes; /* decoded so far */
	uint64_t wire_bytes; /* read from the stream by this source */
	struct span data;    /* decoded, not yet taken; points into *buffer */
	uint8_t streak;      /* consecutive reads that filled the buffer */
	bool is_over;
	enum why why;
};

struct body_sink {
	struct stream *stream;
	struct http_framing framing;
	struct span head;                   /* not yet written; its owner's memory */
	char pend[HTTP_CHUNK_HEAD_MAX + 4]; /* framing bytes not yet written */
	uint8_t pend_from, pend_n;
	uint64_t chunk_left; /* data bytes that the open chunk still owes */
	struct span tail;    /* last chunk and trailers, once the source has ended */
	struct pipe *pipe;   /* bytes in flight by splice; NULL mostly */
	uint64_t wire_bytes; /* accepted by the receiver */
	uint64_t body_bytes; /* of which body */
	bool is_ending;
	bool drops_trailers; /* set after init: trailers are not passed on */
};

enum body_result {
	BODY_PUMP_WAIT,   /* one of the streams will schedule its owner */
	BODY_PUMP_YIELD,  /* did its share of this turn: schedule yourself */
	BODY_PUMP_DONE,   /* all was written, framing included */
	BODY_PUMP_SOURCE, /* the source failed: source->why */
	BODY_PUMP_SINK    /* writing failed */
};

/* max_trailer_bytes: for chunked sources. */
void body_source_init(struct body_source *s, struct stream *stream, struct buffer **buffer,
                      const struct http_framing *f, const struct body_whys *whys,
                      uint32_t max_trailer_bytes);
/* A body that is in memory already. */
void body_source_init_memory(struct body_source *s, struct span data);
void body_source_fini(struct body_source *s);
/* True once everything, the last chunk included, has been read. */
bool body_source_is_over(const struct body_source *s);

void body_sink_init(struct body_sink *k, struct stream *stream, struct span head,
                    const struct http_framing *f);
void body_sink_fini(struct body_sink *k, struct pipe_pool *pp);
/* True if something of it has been written. */
static inline bool body_sink_has_begun(const struct body_sink *k)
{
	return k->wire_bytes != 0;
}

/* True if the message has been written whole, its end included. */
bool body_sink_is_whole(const struct body_sink *k);

/*
 * Move what can be moved now. arena: where the trailers are printed.
 */
enum body_result body_pump(struct body_source *s, struct body_sink *k, struct buffer_pool *bp,
                           struct pipe_pool *pp, struct arena *arena);
