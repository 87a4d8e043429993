/*
 * Bytes both ways: a TCP connection now, TLS over it later. Worker-local.
 *
 * A stream is watched once, edge-triggered, for its whole life. It remembers what is known of its
 * readiness; whenever that changes, its owner's task is scheduled. The owner changes hands
 * (session, txn, idle pool, tunnel) by stream_set_owner().
 */
#pragma once

#include "loop/loop.h"
#include "net/pipe.h"
#include "net/sock.h"

#define STREAM_MAGIC 0x7374726dU

struct stream;

/* What a kind of stream does. Every function may be called at any time before close. */
struct stream_ops {
	enum io (*read)(struct stream *, void *buf, size_t cap, size_t *n);
	enum io (*write)(struct stream *, const struct iovec *, int n_iov, size_t *n);
	void (*shutdown_write)(struct stream *);
	void (*close)(struct stream *, bool abort);
	bool can_splice; /* raw bytes of the socket are the stream's bytes */
};

/* Somebody who counts streams is told when one of them ends. Whoever sets it has counted it. */
struct stream_tally {
	void (*leave)(struct stream_tally *);
};

struct stream {
	uint32_t magic;
	uint8_t ready; /* EV_* as far as known; EV_READ stays set until a read says IO_AGAIN */
	uint8_t is_write_shut;
	uint8_t error; /* enum err of the first failed call; ERR_NONE */
	struct event event;
	struct loop *loop;
	struct task *owner; /* NULL: nobody is told */
	const struct stream_ops *ops;
	struct endpoint peer;
	struct stream_tally *tally; /* NULL: nobody counts */
	/* Bytes that were read too far by a former owner; served first. malloc'ed, NULL if none. */
	char *kept;
	uint32_t kept_from, kept_n;
};

/* Take over a connected descriptor. On failure it is closed. */
enum err stream_new(struct stream **out, struct loop *l, int fd,
                    const struct endpoint *peer) MUST_USE;
/*
 * The same for one on which sock_connect() was called: nothing is ready yet; the owner is scheduled
 * when the connection stands (EV_WRITE) or failed (EV_ERROR, then sock_connected(s->event.fd)
 * tells).
 */
enum err stream_new_connecting(struct stream **out, struct loop *l, int fd,
                               const struct endpoint *peer) MUST_USE;
/* Close and free; abort: with a reset. Clears the pointer; NULL is harmless. */
void stream_close(struct stream **s, bool abort);

/* Whom to schedule from now on. If something is ready already, the new owner is scheduled at once.
 */
void stream_set_owner(struct stream *s, struct task *owner);

/*
 * IO_OK with *n > 0; IO_AGAIN (the owner will be scheduled); IO_EOF; IO_ERROR (s->error).
 * A read that filled less than cap has emptied the socket, so the next one is not tried before an
 * event.
 */
enum io stream_read(struct stream *s, void *buf, size_t cap, size_t *n);
enum io stream_write(struct stream *s, const struct iovec *iov, int n_iov, size_t *n);
/* Put bytes back in front (bytes after a CONNECT head, after a 101). Copies. */
void stream_unread(struct stream *s, struct span bytes);

/* Only where s->ops->can_splice and nothing is kept. */
enum io stream_splice_in(struct stream *s, struct pipe *p, size_t max, size_t *n);
enum io stream_splice_out(struct stream *s, struct pipe *p, size_t max, bool more, size_t *n);
/* What goes ahead of a file's bytes, which follow at once: they share packets. */
enum io stream_write_ahead(struct stream *s, const struct iovec *iov, int n_iov, size_t *n);
/* Bytes of a file, from that offset. IO_EOF: the file is shorter than that. */
enum io stream_send_file(struct stream *s, int fd, uint64_t at, size_t max, size_t *n);

void stream_shutdown_write(struct stream *s);

static inline bool stream_is_readable(const struct stream *s)
{
	return s->kept_n != 0 || (s->ready & EV_READ) != 0;
}

static inline bool stream_is_writable(const struct stream *s)
{
	return (s->ready & EV_WRITE) != 0;
}

/*
 * True if the other side has closed or reset as far as the kernel told us: a FIN may have data
 * before it (EV_READ still set).
 */
static inline bool stream_is_hung_up(const struct stream *s)
{
	return (s->ready & (EV_RDHUP | EV_ERROR)) != 0;
}
