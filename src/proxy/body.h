/*
 * Message bodies under way: where a body's bytes come from, where they go, and the pump between.
 *
 * A source decodes the framing it was received with, or reads a cached object; a sink prints the
 * framing of its side. The same three serve an upload (client to origin) and a reply (origin or
 * cache to client). Where neither side has chunks, bulk is spliced; what a cached object has in a
 * file goes by sendfile. Worker-local.
 */
#pragma once

#include "cache/cobj.h"
#include "http/body.h"
#include "http/range.h"
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

/* The state of a source that reads a cached object: whole, a range of it, or several. */
struct body_object {
	struct cobj_reader reader;
	const struct http_piece *pieces; /* their owner's memory */
	unsigned n_pieces, at;
	bool has_text;   /* of the piece `at`: its text was taken */
	uint64_t taken;  /* of that piece's bytes of the body */
	uint64_t file_n; /* bytes that are next and lie in a file; then `data` is empty */
	uint64_t file_at;
	int fd; /* the reader's */
};

struct body_source {
	struct stream *stream;      /* NULL: all of it is in `data`, or it is an object's */
	struct body_object *object; /* its owner's memory; NULL mostly */
	struct buffer **buffer;     /* its owner's unread wire bytes; *buffer may be NULL */
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
/*
 * A cached object's: o and the pieces are the caller's and live as long as the source. A part's n
 * COBJ_LENGTH_UNKNOWN: to the end of the body. task: scheduled when more of it can be had.
 */
void body_source_init_object(struct body_source *s, struct body_object *o, struct cobj *c,
                             struct loop *l, struct task *task, const struct http_piece *pieces,
                             unsigned n_pieces);
void body_source_fini(struct body_source *s);

enum body_state {
	BODY_MORE,  /* bytes are in `data`, or (an object's) in a file */
	BODY_WAIT,  /* none now; the stream's owner, or the object's reader, will be scheduled */
	BODY_END,   /* complete; trailers (if any) are there */
	BODY_FAILED /* why tells */
};
/* See to it that the next bytes are at hand. What is in `data` is taken off its front. */
enum body_state body_source_look(struct body_source *s, struct buffer_pool *bp);
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
