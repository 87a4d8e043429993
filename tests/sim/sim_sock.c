/*
 * net/sock.h in memory: what Linux's TCP would answer, for each call.
 */
#include "net/sock.h"

#include "tests/sim/sim_fault.h"
#include "tests/sim/sim_net.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#define FIRST_PORT 40000

static uint16_t next_port(void)
{
	static uint16_t last;

	last = (uint16_t)(last < FIRST_PORT || last == UINT16_MAX ? FIRST_PORT : last + 1);
	return last;
}

static struct sim_peer *peer_of(int fd)
{
	struct sim_slot *s = sim_slot(fd);

	CHECK(s->peer != NULL);
	return s->peer;
}

/* --- opening ---------------------------------------------------------------------------------- */

enum err sock_accept(int listen_fd, int *fd, struct endpoint *peer)
{
	struct sim_peer *p = sim_waiting_for(&sim_slot(listen_fd)->at);

	if (p == NULL)
		return ERR_NOT_FOUND;
	if (sim_fault_is_due() || sim_slot_open(p) < 0)
		return ERR_NO_FDS;
	p->state = SIM_UP;
	*peer = p->peer_at;
	*fd = p->fd;
	if (p->fn != NULL)
		p->fn(p, SIM_OPEN, p->arg);
	return ERR_NONE;
}

enum err sock_listen(const struct endpoint *at, int backlog UNUSED, int *fd)
{
	int other;

	if (at->port != 0 && sim_listener_at(at, &other) != NULL)
		return ERR_NO_PORTS; /* EADDRINUSE */
	const int got = sim_slot_open(NULL);

	if (got < 0)
		return ERR_NO_FDS;
	sim_slot(got)->at = *at;
	if (at->port == 0)
		sim_slot(got)->at.port = next_port();
	*fd = got;
	return ERR_NONE;
}

bool sock_set_marks(int fd UNUSED, const struct sock_marks *m UNUSED)
{
	return true;
}

bool sock_can_mark(void)
{
	return true;
}

enum err sock_connect(const struct endpoint *to, const struct endpoint *from,
                      const struct sock_marks *marks UNUSED, int *fd)
{
	if (sim_fault_is_due() || (sim_fd_limit != 0 && sim_open_fds() >= sim_fd_limit))
		return ERR_NO_FDS;
	struct sim_peer *p = sim_dialled(to);

	*fd = sim_slot_open(p);
	p->proxy_at.ip = from != NULL ? from->ip : ip_from_v4(INADDR_LOOPBACK);
	p->proxy_at.port = from != NULL && from->port != 0 ? from->port : next_port();
	return ERR_NONE;
}

/* The pending error is told once (SO_ERROR, and by the calls that move bytes). */
static enum err take_error(struct sim_peer *p)
{
	enum err e = p->error;

	if (e == ERR_NONE && p->reset_arrived && !p->error_told)
		e = ERR_RESET;
	if (e != ERR_NONE)
		p->error_told = true;
	p->error = ERR_NONE;
	return e;
}

enum err sock_connected(int fd)
{
	return take_error(peer_of(fd));
}

enum err sock_local(int fd, struct endpoint *at)
{
	const struct sim_slot *s = sim_slot(fd);

	*at = s->peer != NULL ? s->peer->proxy_at : s->at;
	return ERR_NONE;
}

/* --- moving bytes ----------------------------------------------------------------------------- */

/* IO_OK: there are bytes to read. */
static enum io may_read(struct sim_peer *p, enum err *err)
{
	if (p->state == SIM_CONNECTING)
		return IO_AGAIN;
	if (p->arrived.n > 0) /* also those that came before a reset */
		return IO_OK;
	*err = take_error(p);
	if (*err != ERR_NONE)
		return IO_ERROR;
	return p->fin_arrived || p->error_told ? IO_EOF : IO_AGAIN;
}

enum io sock_read(int fd, void *buf, size_t cap, size_t *n, enum err *err)
{
	struct sim_peer *p = peer_of(fd);
	const enum io r = may_read(p, err);

	CHECK(cap > 0);
	if (r != IO_OK)
		return r;
	*n = MIN(cap, p->arrived.n);
	memcpy(buf, sim_bytes_at(&p->arrived), *n);
	sim_bytes_take(&p->arrived, *n);
	return IO_OK;
}

static void cut_at_write(struct sim_peer *p)
{
	sim_bytes_put(&p->arrived, sim_bytes_at(&p->last_words), p->last_words.n);
	sim_bytes_clear(&p->last_words);
	sim_bytes_clear(&p->sent);
	sim_bytes_clear(&p->out);
	p->cuts_at_write = false;
	p->reset_sent = p->reset_arrived = true;
	sim_slot_news(p->fd);
}

/* IO_OK: *room > 0 bytes may be written. */
static enum io may_write(struct sim_peer *p, size_t *room, enum err *err)
{
	const size_t window = p->line.window_out != 0 ? p->line.window_out : SIM_WINDOW;

	if (p->state == SIM_CONNECTING)
		return IO_AGAIN;
	if (p->cuts_at_write)
		cut_at_write(p);
	*err = take_error(p);
	if (*err == ERR_NONE && (p->error_told || p->proxy_shut))
		*err = ERR_RESET; /* EPIPE */
	if (*err != ERR_NONE)
		return IO_ERROR;
	if (p->out.n >= window) {
		p->out_full = true;
		return IO_AGAIN;
	}
	*room = window - p->out.n;
	return IO_OK;
}

enum io sock_write(int fd, const struct iovec *iov, int n_iov, bool more UNUSED, size_t *n,
                   enum err *err)
{
	struct sim_peer *p = peer_of(fd);
	size_t room = 0;
	const enum io r = may_write(p, &room, err);

	if (r != IO_OK)
		return r;
	*n = 0;
	for (int i = 0; i < n_iov; i++) {
		const size_t k = MIN(iov[i].iov_len, room);

		sim_bytes_put(&p->out, iov[i].iov_base, k);
		room -= k;
		*n += k;
		if (k < iov[i].iov_len) {
			p->out_full = true;
			break;
		}
	}
	return *n > 0 ? IO_OK : IO_AGAIN;
}

/* Pipes and files are real ones; they never block. */
static enum io real_result(ssize_t k, size_t *n, enum err *err)
{
	if (k > 0) {
		*n = (size_t)k;
		return IO_OK;
	}
	if (k < 0 && errno != EAGAIN) {
		*err = err_from_errno(errno);
		return IO_ERROR;
	}
	return IO_AGAIN;
}

enum io sock_splice_in(int fd, int pipe_fd, size_t max, size_t *n, enum err *err)
{
	struct sim_peer *p = peer_of(fd);
	enum io r = may_read(p, err);

	if (r != IO_OK)
		return r;
	r = real_result(write(pipe_fd, sim_bytes_at(&p->arrived), MIN(max, p->arrived.n)), n, err);
	if (r == IO_OK)
		sim_bytes_take(&p->arrived, *n);
	return r;
}

static size_t sized(size_t max, size_t room)
{
	const size_t n = MIN(max, room);

	return MIN(n, SIM_WINDOW); /* the callers' buffers */
}

enum io sock_splice_out(int pipe_fd, int fd, size_t max, bool more UNUSED, size_t *n, enum err *err)
{
	struct sim_peer *p = peer_of(fd);
	char buf[SIM_WINDOW];
	size_t room = 0;
	enum io r = may_write(p, &room, err);

	if (r != IO_OK)
		return r;
	r = real_result(read(pipe_fd, buf, sized(max, room)), n, err);
	if (r == IO_OK)
		sim_bytes_put(&p->out, buf, *n);
	return r;
}

/* The file is a real one. */
enum io sock_send_file(int file_fd, uint64_t at, int fd, size_t max, size_t *n, enum err *err)
{
	struct sim_peer *p = peer_of(fd);
	char buf[SIM_WINDOW];
	size_t room = 0;
	enum io r = may_write(p, &room, err);

	if (r != IO_OK)
		return r;
	const ssize_t k = pread(file_fd, buf, sized(max, room), (off_t)at);

	if (k == 0)
		return IO_EOF;
	r = real_result(k, n, err);
	if (r == IO_OK)
		sim_bytes_put(&p->out, buf, *n);
	return r;
}

/* --- closing ---------------------------------------------------------------------------------- */

int sock_reserve_begins(void)
{
	return INT_MAX; /* the world's descriptors are counted, not numbered */
}

bool sock_is_in_reserve(int reserve_begins UNUSED)
{
	return false;
}

void sock_set_keepalive(int fd, const struct sock_keepalive *k UNUSED)
{
	(void)sim_slot(fd);
}

void sock_stop_pmtu_discovery(int fd)
{
	(void)sim_slot(fd);
}

void sock_set_defer_accept(int fd, int defer_s UNUSED)
{
	(void)sim_slot(fd);
}

void sock_set_recv_buffer(int fd, int bytes UNUSED)
{
	(void)sim_slot(fd);
}

void sock_shutdown_write(int fd)
{
	struct sim_peer *p = peer_of(fd);

	if (p->state == SIM_CONNECTING)
		return; /* ENOTCONN */
	p->proxy_shut = true;
	sim_slot_news(fd);
}

/* A listener that closes resets those that nobody has accepted. */
static void close_listener(struct sim_slot *s)
{
	struct sim_peer *p;

	while ((p = sim_waiting_for(&s->at)) != NULL) {
		p->state = SIM_UP;
		p->proxy_closed = p->proxy_aborted = true;
	}
}

static void close_peer(struct sim_peer *p, bool abort)
{
	p->proxy_closed = true;
	p->proxy_shut = true;
	/* Unread bytes make a close a reset, which loses what is still on its way out (tcp(7)). */
	if (abort || p->arrived.n > 0)
		p->proxy_aborted = true;
	sim_bytes_clear(&p->arrived);
	if (p->state == SIM_CONNECTING) {
		p->fate = SIM_HANG; /* nobody will hear of it */
		p->fn = NULL;
	}
}

static void close_fd(int fd, bool abort)
{
	struct sim_slot *s = sim_slot(fd);

	if (s->peer != NULL)
		close_peer(s->peer, abort);
	else
		close_listener(s);
	sim_slot_close(fd);
}

void sock_abort(int fd)
{
	close_fd(fd, true);
}

bool sock_is_own_address(const struct ip *ip)
{
	struct ip own;

	CHECK(ip_parse(SPAN(SIM_HOST), &own));
	return ip_eq(ip, &own);
}

void sock_stop_listening(int fd)
{
	(void)sim_slot(fd);
}

void sock_close(int fd)
{
	close_fd(fd, false);
}
