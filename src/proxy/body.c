/*
 * Sources, sinks, and the pump between them.
 */
#include "proxy/body.h"

#include "base/counters.h"
#include "http/serialise.h"

/*
 * A pump that moved this much lets others run. A write counts as at least WRITE_BYTES, whatever it
 * moved: a sender of tiny chunks, or of long chunk extensions, must not have a turn of a million
 * calls.
 */
#define TURN_BYTES  262144u
#define WRITE_BYTES 4096u
/* Splicing pays from about here on; two full reads show that the sender is ahead. */
#define SPLICE_FROM_BYTES  65536u
#define SPLICE_FROM_STREAK 2

const struct body_whys body_whys_client = { WHY_CLIENT_GONE, WHY_BAD_BODY, WHY_CLIENT_GONE,
	                                    WHY_BODY_TOO_LARGE };
const struct body_whys body_whys_origin = { WHY_ORIGIN_CUT, WHY_ORIGIN_BAD_BODY, WHY_ORIGIN_READ,
	                                    WHY_REPLY_TOO_LARGE };

void body_source_init(struct body_source *s, struct stream *stream, struct buffer **buffer,
                      const struct http_framing *f, const struct body_whys *whys,
                      uint32_t max_trailer_bytes)
{
	*s = (struct body_source){ .stream = stream,
		                   .buffer = buffer,
		                   .framing = *f,
		                   .whys = whys,
		                   .left = f->kind == HTTP_BODY_LENGTH ? f->length : 0 };
	s->is_over = f->kind == HTTP_BODY_NONE || (f->kind == HTTP_BODY_LENGTH && f->length == 0);
	if (f->kind == HTTP_BODY_CHUNKED)
		http_chunked_init(&s->chunked, max_trailer_bytes);
}

void body_source_init_memory(struct body_source *s, struct span data)
{
	*s = (struct body_source){ .framing = { HTTP_BODY_LENGTH, data.n },
		                   .body_bytes = data.n,
		                   .data = data,
		                   .is_over = true };
}

void body_source_init_object(struct body_source *s, struct body_object *o, struct cobj *c,
                             struct loop *l, struct task *task, const struct http_piece *pieces,
                             unsigned n_pieces)
{
	struct http_framing f = { HTTP_BODY_LENGTH, 0 };

	for (unsigned i = 0; i < n_pieces; i++) {
		if (pieces[i].part.n == COBJ_LENGTH_UNKNOWN)
			f.kind = HTTP_BODY_CLOSE;
		f.length += pieces[i].text.n + pieces[i].part.n;
	}
	if (f.kind == HTTP_BODY_CLOSE)
		f.length = 0;
	*o = (struct body_object){ .pieces = pieces, .n_pieces = n_pieces };
	cobj_reader_init(&o->reader, c, l, task);
	*s = (struct body_source){ .object = o,
		                   .framing = f,
		                   .is_over = f.kind == HTTP_BODY_LENGTH && f.length == 0 };
}

void body_source_fini(struct body_source *s)
{
	if (s->framing.kind == HTTP_BODY_CHUNKED)
		http_chunked_fini(&s->chunked);
	if (s->object != NULL)
		cobj_reader_fini(&s->object->reader);
	s->object = NULL;
	s->data = SPAN_NULL;
}

bool body_source_is_over(const struct body_source *s)
{
	return s->is_over && s->data.n == 0 && (s->object == NULL || s->object->file_n == 0);
}

static enum body_state fail(struct body_source *s, enum why why)
{
	s->why = why;
	return BODY_FAILED;
}

/* Read once more into the buffer. BODY_MORE: something came. */
static enum body_state read_more(struct body_source *s, struct buffer_pool *bp)
{
	char *at;
	size_t n;

	if (!stream_is_readable(s->stream)) {
		if (*s->buffer != NULL && (*s->buffer)->n == 0)
			buffer_give(bp, s->buffer);
		return BODY_WAIT;
	}
	if (*s->buffer == NULL && (*s->buffer = buffer_take(bp)) == NULL)
		return fail(s, WHY_MEMORY);
	const size_t room = buffer_room(*s->buffer, &at);

	switch (stream_read(s->stream, at, room, &n)) {
	case IO_OK:
		(*s->buffer)->n += (uint32_t)n;
		s->wire_bytes += n;
		s->streak = n == room && s->streak < UINT8_MAX ? s->streak + 1
		            : n == room                        ? UINT8_MAX
		                                               : 0;
		return BODY_MORE;
	case IO_AGAIN:
		s->streak = 0;
		if ((*s->buffer)->n == 0)
			buffer_give(bp, s->buffer);
		return BODY_WAIT;
	case IO_EOF:
		if (s->framing.kind == HTTP_BODY_CLOSE) {
			s->is_over = true;
			return BODY_END;
		}
		return fail(s, s->whys->cut);
	case IO_ERROR:
		return fail(s, s->whys->read);
	}
	UNREACHABLE("io");
}

/* Turn wire bytes in the buffer into `data`. BODY_WAIT: more wire bytes are needed. */
static enum body_state decode(struct body_source *s)
{
	struct buffer *b = *s->buffer;

	if (b == NULL || b->n == 0)
		return BODY_WAIT;
	struct span in = buffer_span(b);

	switch (s->framing.kind) {
	case HTTP_BODY_LENGTH:
		s->data = span_of(in.p, MIN((uint64_t)in.n, s->left));
		s->left -= s->data.n;
		s->is_over = s->left == 0;
		buffer_consume(b, s->data.n);
		break;
	case HTTP_BODY_CLOSE:
		s->data = in;
		buffer_consume(b, in.n);
		break;
	case HTTP_BODY_CHUNKED: {
		const enum http_chunk c = http_chunked_decode(&s->chunked, &in, &s->data);

		buffer_consume(b, b->n - in.n);
		if (c == HTTP_CHUNK_BAD)
			return fail(s, s->whys->bad);
		if (c == HTTP_CHUNK_END) {
			s->is_over = true;
			return BODY_END;
		}
		if (c == HTTP_CHUNK_MORE)
			return BODY_WAIT;
		break;
	}
	case HTTP_BODY_NONE:
		UNREACHABLE("there is no body");
	}
	s->body_bytes += s->data.n;
	if (s->max_bytes != 0 && s->body_bytes > s->max_bytes)
		return fail(s, s->whys->large);
	return BODY_MORE;
}

/* --- out of a cached object ------------------------------------------------------------------- */

/* Has all of the last piece been taken, so that the reply's end may ride along? */
static bool is_last(const struct body_object *o)
{
	return o->at + 1 == o->n_pieces && o->has_text && o->taken == o->pieces[o->at].part.n;
}

static enum body_state took(struct body_source *s, uint64_t n)
{
	s->body_bytes += n;
	s->is_over = is_last(s->object);
	return s->max_bytes != 0 && s->body_bytes > s->max_bytes ? fail(s, WHY_REPLY_TOO_LARGE)
	                                                         : BODY_MORE;
}

static enum body_state read_object(struct body_source *s, uint64_t at, uint64_t max)
{
	struct body_object *o = s->object;
	struct cobj_piece piece;

	cobj_read(&o->reader, at, max, &piece);
	switch (piece.kind) {
	case COBJ_PIECE_MEMORY:
		s->data = piece.bytes;
		o->taken += piece.bytes.n;
		return took(s, piece.bytes.n);
	case COBJ_PIECE_FILE:
		o->fd = piece.fd;
		o->file_at = piece.at;
		o->file_n = piece.n;
		o->taken += piece.n;
		return took(s, piece.n);
	case COBJ_PIECE_WAIT:
		return BODY_WAIT;
	case COBJ_PIECE_END:
		/* Only where nobody knew the length is the end a surprise. */
		if (o->pieces[o->at].part.n != COBJ_LENGTH_UNKNOWN)
			return fail(s, WHY_ORIGIN_CUT);
		s->is_over = true;
		return BODY_END;
	case COBJ_PIECE_FAILED:
		return fail(s, piece.why);
	}
	UNREACHABLE("cobj_piece_kind");
}

static enum body_state look_at_object(struct body_source *s)
{
	struct body_object *o = s->object;

	while (!body_source_is_over(s)) {
		if (s->data.n != 0 || o->file_n != 0)
			return BODY_MORE;
		const struct http_piece *p = &o->pieces[o->at];

		if (!o->has_text) {
			o->has_text = true;
			s->data = p->text;
			if (took(s, p->text.n) == BODY_FAILED)
				return BODY_FAILED;
		} else if (o->taken != p->part.n) {
			return read_object(s, p->part.at + o->taken, p->part.n - o->taken);
		} else {
			o->at++;
			o->has_text = false;
			o->taken = 0;
		}
	}
	return BODY_END;
}

/* --- whatever the source ---------------------------------------------------------------------- */

enum body_state body_source_look(struct body_source *s, struct buffer_pool *bp)
{
	if (s->object != NULL)
		return look_at_object(s);
	for (;;) {
		if (s->data.n != 0)
			return BODY_MORE;
		if (s->is_over)
			return BODY_END;
		enum body_state st = decode(s);

		if (st != BODY_WAIT)
			return st;
		st = read_more(s, bp);
		if (st != BODY_MORE)
			return st;
	}
}

void body_sink_init(struct body_sink *k, struct stream *stream, struct span head,
                    const struct http_framing *f)
{
	*k = (struct body_sink){ .stream = stream, .framing = *f, .head = head };
}

void body_sink_fini(struct body_sink *k, struct pipe_pool *pp)
{
	if (k->pipe != NULL)
		pipe_give(pp, &k->pipe);
}

static void take(struct span *s, size_t *n)
{
	const size_t taken = MIN(s->n, *n);

	*s = span_skip(*s, taken);
	*n -= taken;
}

/* Open a chunk for what is there, if the sink's framing wants one. */
static void open_chunk(struct body_sink *k, size_t n)
{
	if (k->framing.kind != HTTP_BODY_CHUNKED || k->chunk_left != 0 || n == 0)
		return;
	/* Behind the CRLF of the chunk before, if that is still to be written. */
	memmove(k->pend, k->pend + k->pend_from, k->pend_n);
	k->pend_from = 0;
	k->pend_n += (uint8_t)http_chunk_head(k->pend + k->pend_n, n);
	k->chunk_left = n;
}

/*
 * Write head, framing bytes and data in one call. IO_OK: something or all was written, or there was
 * nothing to write. is_ahead: a file's bytes follow at once.
 */
static enum io write_some(struct body_sink *k, struct span *data, bool is_ahead)
{
	static const char crlf[] = "\r\n";
	const bool chunked = k->framing.kind == HTTP_BODY_CHUNKED;

	open_chunk(k, data->n);
	struct span pend = span_of(k->pend + k->pend_from, k->pend_n);
	struct span body =
		span_of(data->p, chunked ? MIN((uint64_t)data->n, k->chunk_left) : data->n);
	const bool closes = chunked && body.n != 0 && body.n == k->chunk_left;
	struct span end = closes ? span_of(crlf, 2) : SPAN_NULL;
	const struct span parts[] = { k->head, pend, body, end,
		                      k->is_ending ? k->tail : SPAN_NULL };
	struct iovec iov[ARRAY_LEN(parts)];
	int n_iov = 0;
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i].n != 0)
			iov[n_iov++] = (struct iovec){ (void *)(uintptr_t)parts[i].p, parts[i].n };
	if (n_iov == 0)
		return IO_OK;
	const enum io io = is_ahead ? stream_write_ahead(k->stream, iov, n_iov, &n)
	                            : stream_write(k->stream, iov, n_iov, &n);

	if (io != IO_OK)
		return io;
	k->wire_bytes += n;
	take(&k->head, &n);
	take(&pend, &n);
	const size_t before = body.n;

	take(&body, &n);
	*data = span_skip(*data, before - body.n);
	k->body_bytes += before - body.n;
	if (chunked)
		k->chunk_left -= before - body.n;
	k->pend_from = (uint8_t)(pend.n != 0 ? pend.p - k->pend : 0);
	k->pend_n = (uint8_t)pend.n;
	if (closes && body.n == 0) {
		take(&end, &n);
		/* What is left of the CRLF waits; nothing else can be pending here. */
		memcpy(k->pend, end.p, end.n);
		k->pend_from = 0;
		k->pend_n = (uint8_t)end.n;
	}
	if (k->is_ending)
		take(&k->tail, &n);
	return IO_OK;
}

static bool is_flushed(const struct body_sink *k)
{
	return k->head.n == 0 && k->pend_n == 0 && k->tail.n == 0 &&
	       (k->pipe == NULL || k->pipe->bytes == 0);
}

bool body_sink_is_whole(const struct body_sink *k)
{
	return k->is_ending && is_flushed(k);
}

/* The last chunk with the source's trailers. False: the trailers are malformed. */
static bool print_end(struct body_source *s, struct body_sink *k, struct arena *a)
{
	struct http_head trailers;
	struct http_parse_error e;

	http_head_init(&trailers, a);
	if (s->framing.kind == HTTP_BODY_CHUNKED && s->chunked.trailer_n != 0 &&
	    !http_parse_trailers(span_of(s->chunked.trailer, s->chunked.trailer_n), &trailers,
	                         &e)) {
		s->why = s->whys->bad;
		return false;
	}
	k->is_ending = true;
	if (k->framing.kind != HTTP_BODY_CHUNKED)
		return true;
	if (k->drops_trailers)
		trailers.n_fields = 0;
	const size_t n = http_fields_size(&trailers);
	char *p = arena_try_alloc(a, 3 + n);

	if (p == NULL) {
		k->tail = SPAN("0\r\n\r\n");
		return true;
	}
	memcpy(p, "0\r\n", 3);
	http_print_fields(p + 3, &trailers);
	k->tail = span_of(p, 3 + n);
	return true;
}

static bool may_splice(const struct body_source *s, const struct body_sink *k)
{
	return s->streak >= SPLICE_FROM_STREAK && s->framing.kind == HTTP_BODY_LENGTH &&
	       s->left >= SPLICE_FROM_BYTES && s->data.n == 0 &&
	       (*s->buffer == NULL || (*s->buffer)->n == 0) &&
	       k->framing.kind != HTTP_BODY_CHUNKED && is_flushed(k) && s->max_bytes == 0 &&
	       s->stream->ops->can_splice && k->stream->ops->can_splice && s->stream->kept_n == 0;
}

/* What splice_turn() did. */
enum spliced {
	SPLICED_SOME,
	SPLICED_WAIT,
	SPLICED_SOURCE_ENDED,
	SPLICED_SOURCE_ERROR,
	SPLICED_SINK_ERROR
};

/* Pipe to sink, then source to pipe, once each. */
static enum spliced splice_turn(struct body_source *s, struct body_sink *k, size_t *moved)
{
	size_t n;

	if (k->pipe->bytes == 0 && s->left != 0) {
		switch (stream_splice_in(s->stream, k->pipe,
		                         MIN(s->left, (uint64_t)k->pipe->capacity), &n)) {
		case IO_OK:
			s->left -= n;
			s->is_over = s->left == 0;
			s->wire_bytes += n;
			s->body_bytes += n;
			break;
		case IO_AGAIN:
			return SPLICED_WAIT;
		case IO_EOF:
			return SPLICED_SOURCE_ENDED;
		case IO_ERROR:
			return SPLICED_SOURCE_ERROR;
		}
	}
	while (k->pipe->bytes != 0) {
		switch (stream_splice_out(k->stream, k->pipe, k->pipe->bytes, false, &n)) {
		case IO_OK:
			k->wire_bytes += n;
			k->body_bytes += n;
			*moved += n;
			break;
		case IO_AGAIN:
			return SPLICED_WAIT;
		case IO_EOF:
		case IO_ERROR:
			return SPLICED_SINK_ERROR;
		}
	}
	return SPLICED_SOME;
}

/* Splice until something waits or the source is over. */
static enum body_result splice_run(struct body_source *s, struct body_sink *k, struct pipe_pool *pp,
                                   size_t *moved)
{
	/* What is left of the end is not put off: the receiver may leave once it has all. */
	while (*moved < TURN_BYTES || s->left == 0) {
		if (k->pipe->bytes == 0 && s->left == 0) {
			pipe_give(pp, &k->pipe);
			return BODY_PUMP_DONE;
		}
		switch (splice_turn(s, k, moved)) {
		case SPLICED_SOME:
			continue;
		case SPLICED_WAIT:
			if (k->pipe->bytes == 0)
				pipe_give(pp, &k->pipe); /* the source is slow: nothing is held */
			return BODY_PUMP_WAIT;
		case SPLICED_SOURCE_ENDED:
			s->why = s->whys->cut;
			return BODY_PUMP_SOURCE;
		case SPLICED_SOURCE_ERROR:
			s->why = s->whys->read;
			return BODY_PUMP_SOURCE;
		case SPLICED_SINK_ERROR:
			return BODY_PUMP_SINK;
		}
	}
	return BODY_PUMP_YIELD;
}

/* Write all that is queued. WAIT, SINK, or DONE if nothing is left. */
static enum body_result flush(struct body_sink *k)
{
	struct span none = SPAN_NULL;

	while (!is_flushed(k)) {
		switch (write_some(k, &none, false)) {
		case IO_OK:
			break;
		case IO_AGAIN:
			return BODY_PUMP_WAIT;
		case IO_EOF:
		case IO_ERROR:
			return BODY_PUMP_SINK;
		}
	}
	return BODY_PUMP_DONE;
}

/*
 * The source has nothing just now: what is queued goes out, so that heads do not wait for bodies.
 */
static enum body_result flush_and_wait(struct body_sink *k)
{
	return flush(k) == BODY_PUMP_SINK ? BODY_PUMP_SINK : BODY_PUMP_WAIT;
}

/* What is before the file's bytes goes first. */
static enum io send_file(struct body_sink *k, struct body_object *o, size_t *moved)
{
	const bool chunked = k->framing.kind == HTTP_BODY_CHUNKED;
	struct span none = SPAN_NULL;
	size_t n;

	open_chunk(k, o->file_n);
	while (k->head.n != 0 || k->pend_n != 0) {
		const enum io io = write_some(k, &none, true);

		if (io != IO_OK)
			return io == IO_EOF ? IO_ERROR : io;
	}
	const uint64_t max = chunked ? MIN(o->file_n, k->chunk_left) : o->file_n;
	const enum io io = stream_send_file(k->stream, o->fd, o->file_at,
	                                    (size_t)MIN(max, (uint64_t)TURN_BYTES), &n);

	if (io != IO_OK)
		return io;
	o->file_at += n;
	o->file_n -= n;
	k->wire_bytes += n;
	k->body_bytes += n;
	*moved += n;
	if (chunked && (k->chunk_left -= n) == 0) {
		memcpy(k->pend, "\r\n", 2);
		k->pend_from = 0;
		k->pend_n = 2;
	}
	return IO_OK;
}

/* What the source has at hand. IO_EOF: its file has not what was promised. */
static enum io send_some(struct body_source *s, struct body_sink *k, size_t *moved)
{
	const size_t before = s->data.n;

	if (s->object != NULL && s->object->file_n != 0)
		return send_file(k, s->object, moved);
	/* Memory bodies and last reads end with their data: let the end ride along. */
	if (s->is_over && !k->is_ending && k->framing.kind != HTTP_BODY_CHUNKED)
		k->is_ending = true;
	const enum io io = write_some(k, &s->data, false);

	*moved += MAX(before - s->data.n, (size_t)WRITE_BYTES);
	return io == IO_EOF ? IO_ERROR : io;
}

enum body_result body_pump(struct body_source *s, struct body_sink *k, struct buffer_pool *bp,
                           struct pipe_pool *pp, struct arena *arena)
{
	size_t moved = 0;

	while (moved < TURN_BYTES || body_source_is_over(s)) {
		if (k->pipe != NULL || (may_splice(s, k) && (k->pipe = pipe_take(pp)) != NULL)) {
			const enum body_result r = splice_run(s, k, pp, &moved);

			if (r != BODY_PUMP_DONE)
				return r;
		}
		switch (body_source_look(s, bp)) {
		case BODY_MORE:
			break;
		case BODY_WAIT:
			return flush_and_wait(k);
		case BODY_FAILED:
			return BODY_PUMP_SOURCE;
		case BODY_END:
			if (!k->is_ending && !print_end(s, k, arena))
				return BODY_PUMP_SOURCE;
			return flush(k);
		}
		switch (send_some(s, k, &moved)) {
		case IO_OK:
			break;
		case IO_AGAIN:
			return BODY_PUMP_WAIT;
		case IO_EOF:
			s->why = WHY_INTERNAL;
			return BODY_PUMP_SOURCE;
		case IO_ERROR:
			return BODY_PUMP_SINK;
		}
	}
	return BODY_PUMP_YIELD;
}
