/*
 * Moving bytes from stream to stream.
 *
 * A pump starts by copying through a lent buffer, which suits small exchanges: one read, one write,
 * and no more, since a read that did not fill the buffer has emptied the socket. When reads fill
 * the buffer several times in a row there is more to come than a buffer holds, and the pump goes on
 * by splicing through a lent pipe, until what it finds is small again. Buffer and pipe are given
 * back as soon as they are empty. Worker-local.
 */
#include "net/pump.h"

/* Full reads in a row after which splicing begins. */
#define SPLICE_AFTER 2
/* A splice of less than this counts as small; so many in a row and copying begins again. */
#define SMALL_SPLICE 8192U
#define COPY_AFTER   4
/* Bytes moved by one run before others get their turn; more did not cost less. */
#define SHARE_BYTES 262144U

/* streak: 0..SPLICE_AFTER-1 copying; from SPLICE_AFTER on splicing, plus the small splices in a
 * row. */
static bool is_splicing(const struct pump *p)
{
	return p->streak >= SPLICE_AFTER;
}

void pump_init(struct pump *p, uint64_t limit)
{
	*p = (struct pump){ .left = limit };
}

void pump_fini(struct pump *p, struct buffer_pool *bp, struct pipe_pool *pp)
{
	buffer_give(bp, &p->buffer);
	pipe_give(pp, &p->pipe);
}

static void account_read(struct pump *p, size_t n)
{
	p->read_bytes += n;
	if (p->left != UINT64_MAX)
		p->left -= n;
}

enum err pump_preload(struct pump *p, struct buffer_pool *bp, struct span bytes)
{
	CHECK(p->buffer == NULL && p->pipe == NULL);
	CHECK(bytes.n <= BUFFER_BYTES && bytes.n <= p->left);
	if (bytes.n == 0)
		return ERR_NONE;
	p->buffer = buffer_take(bp);
	if (p->buffer == NULL)
		return ERR_NOMEM;
	memcpy(p->buffer->data, bytes.p, bytes.n);
	p->buffer->n = (uint32_t)bytes.n;
	account_read(p, bytes.n);
	return ERR_NONE;
}

/* Write what is in flight; IO_OK when nothing is left of it. */
static enum io drain(struct pump *p, struct stream *to, struct buffer_pool *bp,
                     struct pipe_pool *pp)
{
	enum io r = IO_OK;
	size_t n;

	while (p->buffer != NULL && p->buffer->n != 0) {
		const struct iovec iov = { p->buffer->data + p->buffer->from, p->buffer->n };

		r = stream_write(to, &iov, 1, &n);
		if (r != IO_OK)
			return r;
		buffer_consume(p->buffer, n);
		p->written_bytes += n;
	}
	while (p->pipe != NULL && p->pipe->bytes != 0) {
		/*
		 * Never "more to come": if then nothing comes, the last segment waits for the
		 * kernel's timer (43 ms measured).
		 */
		r = stream_splice_out(to, p->pipe, p->pipe->bytes, false, &n);
		if (r != IO_OK)
			return r;
		p->written_bytes += n;
	}
	if (!is_splicing(p))
		pipe_give(pp, &p->pipe);
	else
		buffer_give(bp, &p->buffer);
	return r;
}

static enum io fill_by_copy(struct pump *p, struct stream *from, struct buffer_pool *bp)
{
	if (p->buffer == NULL) {
		/* Not before there is something to put into it. */
		if (!stream_is_readable(from))
			return IO_AGAIN;
		p->buffer = buffer_take(bp);
		if (p->buffer == NULL) {
			from->error = ERR_NOMEM;
			return IO_ERROR;
		}
	}
	const size_t cap = p->left < BUFFER_BYTES ? (size_t)p->left : BUFFER_BYTES;
	size_t n;
	const enum io r = stream_read(from, p->buffer->data, cap, &n);

	if (r != IO_OK)
		return r;
	p->buffer->from = 0;
	p->buffer->n = (uint32_t)n;
	account_read(p, n);
	p->streak = n == BUFFER_BYTES ? (uint8_t)(p->streak + 1) : 0;
	return r;
}

static enum io fill_by_splice(struct pump *p, struct stream *from)
{
	const size_t cap = p->left < p->pipe->capacity ? (size_t)p->left : p->pipe->capacity;
	size_t n;
	const enum io r = stream_splice_in(from, p->pipe, cap, &n);

	if (r != IO_OK)
		return r;
	account_read(p, n);
	if (n >= SMALL_SPLICE)
		p->streak = SPLICE_AFTER;
	else if (++p->streak >= SPLICE_AFTER + COPY_AFTER)
		p->streak = 0;
	return r;
}

static enum io fill(struct pump *p, struct stream *from, const struct stream *to,
                    struct buffer_pool *bp, struct pipe_pool *pp)
{
	if (is_splicing(p) && from->ops->can_splice && to->ops->can_splice && from->kept_n == 0) {
		if (!stream_is_readable(from))
			return IO_AGAIN;
		if (p->pipe == NULL)
			p->pipe = pipe_take(pp);
		if (p->pipe != NULL)
			return fill_by_splice(p, from);
	}
	/* Also without a pipe; the next full reads lead to another try. */
	if (is_splicing(p))
		p->streak = 0;
	return fill_by_copy(p, from, bp);
}

static enum pump_result idle(struct pump *p, struct buffer_pool *bp, struct pipe_pool *pp,
                             enum pump_result r)
{
	pump_fini(p, bp, pp);
	return r;
}

enum pump_result pump_run(struct pump *p, struct stream *from, struct stream *to,
                          struct buffer_pool *bp, struct pipe_pool *pp)
{
	const uint64_t until = p->written_bytes + SHARE_BYTES;

	for (;;) {
		const enum io w = drain(p, to, bp, pp);

		if (w == IO_AGAIN)
			return PUMP_WAIT;
		if (w != IO_OK)
			return idle(p, bp, pp, PUMP_WRITE_ERROR);
		if (p->left == 0)
			return idle(p, bp, pp, PUMP_DONE);
		if (p->saw_eof)
			return idle(p, bp, pp, PUMP_EOF);
		if (p->written_bytes >= until && stream_is_readable(from))
			return idle(p, bp, pp, PUMP_YIELD);
		switch (fill(p, from, to, bp, pp)) {
		case IO_OK:
			break;
		case IO_AGAIN:
			return idle(p, bp, pp, PUMP_WAIT);
		case IO_EOF:
			p->saw_eof = true;
			break;
		case IO_ERROR:
			return idle(p, bp, pp, PUMP_READ_ERROR);
		}
	}
}
