/*
 * One head from a stream.
 */
#include "proxy/head_reader.h"

void head_reader_init(struct head_reader *hr)
{
	*hr = (struct head_reader){ 0 };
}

static void rebase(struct span *s, const char *from, size_t n, char *to)
{
	if (s->p >= from && s->p <= from + n)
		s->p = to + (s->p - from);
}

/* Copy the head's text into its arena, so that the buffer can be used again. False: no memory. */
static bool move_text(struct http_head *h, struct span text)
{
	char *to = arena_try_alloc(h->arena, text.n);

	if (to == NULL)
		return false;
	memcpy(to, text.p, text.n);
	rebase(&h->method_name, text.p, text.n, to);
	rebase(&h->target, text.p, text.n, to);
	rebase(&h->reason, text.p, text.n, to);
	for (uint32_t i = 0; i < h->n_fields; i++) {
		rebase(&h->fields[i].name, text.p, text.n, to);
		rebase(&h->fields[i].value, text.p, text.n, to);
	}
	return true;
}

/*
 * Append the buffer to the big text. False: the head is too long for the limit, or memory is out.
 */
static bool gather(struct head_reader *hr, struct buffer *b, size_t max_bytes, struct arena *a)
{
	if (hr->big == NULL) {
		hr->big_cap = max_bytes + BUFFER_BYTES;
		hr->big = arena_try_alloc(a, hr->big_cap);
		if (hr->big == NULL)
			return false;
	}
	if (b->n > hr->big_cap - hr->big_n)
		return false;
	memcpy(hr->big + hr->big_n, b->data + b->from, b->n);
	hr->big_n += b->n;
	return true;
}

/*
 * The head ended within the big text: what follows it is the end of the buffer that was appended
 * last, since before that the head was not complete.
 */
static void keep_rest(struct head_reader *hr, struct buffer *b, size_t used)
{
	const size_t rest = hr->big_n - used;

	CHECK(rest <= b->n);
	buffer_consume(b, b->n - rest);
}

static enum head_read try_parse(struct head_reader *hr, struct buffer *b, head_parse_fn *parse,
                                size_t max_bytes, struct http_head *h, size_t *used,
                                struct http_parse_error *e)
{
	const bool is_big = hr->big != NULL;
	const struct span text = is_big ? span_of(hr->big, hr->big_n) : buffer_span(b);

	switch (parse(text, max_bytes, &hr->scan, h, used, e)) {
	case HTTP_PARSE_BAD:
		return HEAD_BAD;
	case HTTP_PARSE_MORE:
		return HEAD_WAIT;
	case HTTP_PARSE_OK:
		break;
	}
	if (is_big) {
		keep_rest(hr, b, *used);
		return HEAD_OK;
	}
	if (!move_text(h, span_of(text.p, *used)))
		return HEAD_MEMORY;
	buffer_consume(b, *used);
	return HEAD_OK;
}

/* Parse what is there. HEAD_WAIT: more must be read, and there is room for it. */
static enum head_read use_buffer(struct head_reader *hr, struct buffer *b, head_parse_fn *parse,
                                 size_t max_bytes, struct arena *a, struct http_head *h,
                                 size_t *used, struct http_parse_error *e)
{
	if (hr->big != NULL && !gather(hr, b, max_bytes, a))
		return HEAD_MEMORY;
	enum head_read r = try_parse(hr, b, parse, max_bytes, h, used, e);

	if (r != HEAD_WAIT)
		return r;
	if (hr->big == NULL && b->n == BUFFER_BYTES && !gather(hr, b, max_bytes, a))
		return HEAD_MEMORY;
	if (hr->big != NULL)
		buffer_consume(b, b->n);
	return HEAD_WAIT;
}

enum head_read head_reader_run(struct head_reader *hr, struct stream *s, struct buffer **b,
                               struct buffer_pool *bp, head_parse_fn *parse, size_t max_bytes,
                               struct arena *a, struct http_head *h, size_t *used,
                               struct http_parse_error *e)
{
	char *at;
	size_t n;

	/* Not for each piece: what an arena has handed out it does not get back. */
	if (!hr->has_head)
		http_head_init(h, a);
	hr->has_head = true;
	for (;;) {
		if (*b != NULL && (*b)->n != 0) {
			const enum head_read r =
				use_buffer(hr, *b, parse, max_bytes, a, h, used, e);

			if (r != HEAD_WAIT)
				return r;
		}
		if (!stream_is_readable(s)) {
			if (*b != NULL && (*b)->n == 0)
				buffer_give(bp, b);
			return HEAD_WAIT;
		}
		if (*b == NULL && (*b = buffer_take(bp)) == NULL)
			return HEAD_MEMORY;
		const size_t room = buffer_room(*b, &at);

		CHECK(room != 0);
		switch (stream_read(s, at, room, &n)) {
		case IO_OK:
			(*b)->n += (uint32_t)n;
			hr->bytes += n;
			break;
		case IO_AGAIN:
			if ((*b)->n == 0)
				buffer_give(bp, b);
			return HEAD_WAIT;
		case IO_EOF:
			return HEAD_EOF;
		case IO_ERROR:
			return HEAD_ERROR;
		}
	}
}
