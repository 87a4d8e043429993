/*
 * Streams over a TCP socket, and what is common to all kinds of streams: kept bytes, the owner.
 *
 * The socket is watched edge-triggered in both directions from birth to close, so a stream costs
 * one epoll_ctl() in its life, and readiness is remembered here: EV_WRITE until a write was cut
 * short, EV_READ until a read was. A read that did not fill its buffer has emptied the socket,
 * except for a FIN, which the kernel announced as EV_RDHUP. Worker-local.
 */
#include "net/stream.h"

static const struct stream_ops tcp_ops;

static void on_event(struct event *e, unsigned ready)
{
	struct stream *s = CONTAINER_OF(e, struct stream, event);
	const unsigned news = ready & ~(unsigned)s->ready;

	s->ready = (uint8_t)(s->ready | ready);
	if (news != 0 && s->owner != NULL)
		task_schedule(s->loop, s->owner);
}

static enum err adopt(struct stream **out, struct loop *l, int fd, const struct endpoint *peer,
                      uint8_t ready)
{
	struct stream *s;

	OBJ_NEW(s, STREAM_MAGIC);
	s->loop = l;
	s->ops = &tcp_ops;
	s->peer = *peer;
	s->ready = ready;
	event_init(&s->event, on_event);
	const enum err e = loop_watch(l, &s->event, fd, EV_READ | EV_WRITE | EV_EDGE);

	if (e != ERR_NONE) {
		sock_close(fd);
		OBJ_FREE(s, STREAM_MAGIC);
		return e;
	}
	*out = s;
	return ERR_NONE;
}

enum err stream_new(struct stream **out, struct loop *l, int fd, const struct endpoint *peer)
{
	/* A new connection's send buffer is empty; the event that says so is no news then. */
	return adopt(out, l, fd, peer, EV_WRITE);
}

enum err stream_new_connecting(struct stream **out, struct loop *l, int fd,
                               const struct endpoint *peer)
{
	return adopt(out, l, fd, peer, 0);
}

void stream_close(struct stream **sp, bool abort)
{
	struct stream *s = *sp;

	if (s == NULL)
		return;
	CHECK_OBJ(s, STREAM_MAGIC);
	*sp = NULL;
	s->ops->close(s, abort);
	if (s->tally != NULL)
		s->tally->leave(s->tally);
	free(s->kept);
	OBJ_FREE(s, STREAM_MAGIC);
}

void stream_set_owner(struct stream *s, struct task *owner)
{
	CHECK_OBJ(s, STREAM_MAGIC);
	s->owner = owner;
	/* That it may be written is no news: who wants to write tries. */
	if (owner != NULL && ((s->ready & ~EV_WRITE) != 0 || s->kept_n != 0))
		task_schedule(s->loop, owner);
}

static enum io read_kept(struct stream *s, void *buf, size_t cap, size_t *n)
{
	*n = MIN(cap, (size_t)s->kept_n);
	memcpy(buf, s->kept + s->kept_from, *n);
	s->kept_from += (uint32_t)*n;
	s->kept_n -= (uint32_t)*n;
	if (s->kept_n == 0) {
		free(s->kept);
		s->kept = NULL;
	}
	return IO_OK;
}

enum io stream_read(struct stream *s, void *buf, size_t cap, size_t *n)
{
	CHECK_OBJ(s, STREAM_MAGIC);
	CHECK(cap > 0);
	if (unlikely(s->kept_n != 0))
		return read_kept(s, buf, cap, n);
	return s->ops->read(s, buf, cap, n);
}

enum io stream_write(struct stream *s, const struct iovec *iov, int n_iov, size_t *n)
{
	CHECK_OBJ(s, STREAM_MAGIC);
	return s->ops->write(s, iov, n_iov, n);
}

void stream_unread(struct stream *s, struct span bytes)
{
	CHECK_OBJ(s, STREAM_MAGIC);
	if (bytes.n == 0)
		return;
	CHECK(bytes.n <= UINT32_MAX - s->kept_n);
	char *both = check_malloc(bytes.n + s->kept_n);

	memcpy(both, bytes.p, bytes.n);
	if (s->kept_n != 0)
		memcpy(both + bytes.n, s->kept + s->kept_from, s->kept_n);
	free(s->kept);
	s->kept = both;
	s->kept_from = 0;
	s->kept_n += (uint32_t)bytes.n;
}

void stream_shutdown_write(struct stream *s)
{
	CHECK_OBJ(s, STREAM_MAGIC);
	if (s->is_write_shut)
		return;
	s->is_write_shut = 1;
	s->ops->shutdown_write(s);
}

/* --- TCP -------------------------------------------------------------------------------------- */

static enum io failed(struct stream *s, enum err e)
{
	if (s->error == ERR_NONE)
		s->error = (uint8_t)e;
	/*
	 * A write that failed: what came before the reset can still be read, and no event may have
	 * said so.
	 */
	s->ready |= EV_READ | EV_ERROR;
	return IO_ERROR;
}

static bool is_ended(const struct stream *s)
{
	return (s->ready & (EV_RDHUP | EV_ERROR)) != 0;
}

static void not_readable(struct stream *s)
{
	s->ready = (uint8_t)(s->ready & ~(unsigned)EV_READ);
}

static void not_writable(struct stream *s)
{
	s->ready = (uint8_t)(s->ready & ~(unsigned)EV_WRITE);
}

static enum io tcp_read(struct stream *s, void *buf, size_t cap, size_t *n)
{
	enum err err = ERR_NONE;

	if (!(s->ready & EV_READ))
		return IO_AGAIN;
	const enum io r = sock_read(s->event.fd, buf, cap, n, &err);

	switch (r) {
	case IO_OK:
		/* Bytes that come from now on make a new event; a FIN that is known already does
		 * not. */
		if (*n < cap && !is_ended(s))
			not_readable(s);
		return r;
	case IO_AGAIN:
		not_readable(s);
		return r;
	case IO_EOF:
		s->ready |= EV_RDHUP;
		return r;
	case IO_ERROR:
		return failed(s, err);
	}
	UNREACHABLE("sock_read result");
}

static size_t total(const struct iovec *iov, int n_iov)
{
	size_t n = 0;

	for (int i = 0; i < n_iov; i++)
		n += iov[i].iov_len;
	return n;
}

static enum io write_socket(struct stream *s, const struct iovec *iov, int n_iov, bool more,
                            size_t *n)
{
	enum err err = ERR_NONE;

	if (!(s->ready & EV_WRITE))
		return IO_AGAIN;
	const enum io r = sock_write(s->event.fd, iov, n_iov, more, n, &err);

	if (r == IO_ERROR)
		return failed(s, err);
	/* A short write has met a full socket; room makes a new event. */
	if (r == IO_AGAIN || *n < total(iov, n_iov))
		not_writable(s);
	return r;
}

static enum io tcp_write(struct stream *s, const struct iovec *iov, int n_iov, size_t *n)
{
	return write_socket(s, iov, n_iov, false, n);
}

static void tcp_shutdown_write(struct stream *s)
{
	sock_shutdown_write(s->event.fd);
}

static void tcp_close(struct stream *s, bool abort)
{
	const int fd = s->event.fd;

	loop_forget(s->loop, &s->event);
	if (abort)
		sock_abort(fd);
	else
		sock_close(fd);
}

static const struct stream_ops tcp_ops = {
	.read = tcp_read,
	.write = tcp_write,
	.shutdown_write = tcp_shutdown_write,
	.close = tcp_close,
	.can_splice = true,
};

enum io stream_splice_in(struct stream *s, struct pipe *p, size_t max, size_t *n)
{
	enum err err = ERR_NONE;

	CHECK_OBJ(s, STREAM_MAGIC);
	CHECK(s->ops->can_splice && s->kept_n == 0);
	if (!(s->ready & EV_READ))
		return IO_AGAIN;
	const enum io r = sock_splice_in(s->event.fd, p->in, max, n, &err);

	switch (r) {
	case IO_OK:
		/* A pipe may be full by its slots before its bytes, so a short splice says nothing.
		 */
		p->bytes += (uint32_t)*n;
		return r;
	case IO_AGAIN:
		/* The pipe may have been what was full. */
		if (p->bytes == 0)
			not_readable(s);
		return r;
	case IO_EOF:
		s->ready |= EV_RDHUP;
		return r;
	case IO_ERROR:
		return failed(s, err);
	}
	UNREACHABLE("sock_splice_in result");
}

enum io stream_splice_out(struct stream *s, struct pipe *p, size_t max, bool more, size_t *n)
{
	enum err err = ERR_NONE;

	CHECK_OBJ(s, STREAM_MAGIC);
	CHECK(s->ops->can_splice);
	if (!(s->ready & EV_WRITE))
		return IO_AGAIN;
	const enum io r = sock_splice_out(p->out, s->event.fd, max, more, n, &err);

	if (r == IO_ERROR)
		return failed(s, err);
	if (r == IO_AGAIN)
		not_writable(s);
	else
		p->bytes -= (uint32_t)*n;
	return r;
}

enum io stream_write_ahead(struct stream *s, const struct iovec *iov, int n_iov, size_t *n)
{
	CHECK_OBJ(s, STREAM_MAGIC);
	CHECK(s->ops->can_splice);
	return write_socket(s, iov, n_iov, true, n);
}

enum io stream_send_file(struct stream *s, int fd, uint64_t at, size_t max, size_t *n)
{
	enum err err = ERR_NONE;

	CHECK_OBJ(s, STREAM_MAGIC);
	CHECK(s->ops->can_splice);
	if (!(s->ready & EV_WRITE))
		return IO_AGAIN;
	const enum io r = sock_send_file(fd, at, s->event.fd, max, n, &err);

	if (r == IO_ERROR)
		return failed(s, err);
	if (r == IO_AGAIN)
		not_writable(s);
	return r;
}
