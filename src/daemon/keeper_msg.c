/*
 * Messages between proxy and keeper: bytes to and from, and the socket.
 */
#include "daemon/keeper_msg.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

size_t keeper_msg_write(const struct keeper_msg *m, char *buf)
{
	struct keeper_head h = {
		.magic = KEEPER_HEAD_MAGIC,
		.kind = m->kind,
		.err = m->err,
		.port = m->at.port,
		.path_n = (uint16_t)strnlen(m->path, PATH_MAX - 1),
		.to_n = (uint16_t)strnlen(m->to, PATH_MAX - 1),
	};

	memcpy(h.ip, m->at.ip.b, sizeof(h.ip));
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), m->path, h.path_n);
	memcpy(buf + sizeof(h) + h.path_n, m->to, h.to_n);
	return sizeof(h) + h.path_n + h.to_n;
}

static bool text_take(const char *from, size_t n, char to[PATH_MAX])
{
	if (n >= PATH_MAX || memchr(from, '\0', n) != NULL)
		return false;
	memcpy(to, from, n);
	to[n] = '\0';
	return true;
}

enum err keeper_msg_parse(const void *packet, size_t n, struct keeper_msg *m)
{
	const char *texts = (const char *)packet + sizeof(struct keeper_head);
	struct keeper_head h;

	if (n < sizeof(h) || n > KEEPER_PACKET_MAX)
		return ERR_SYNTAX;
	memcpy(&h, packet, sizeof(h));
	if (h.magic != KEEPER_HEAD_MAGIC || h.kind < KEEPER_OPEN_READ || h.kind >= KEEPER_KIND_N ||
	    h.err >= ERR_N || h.zero != 0 || n != sizeof(h) + h.path_n + h.to_n)
		return ERR_SYNTAX;
	const bool wants_path = h.kind == KEEPER_OPEN_READ || h.kind == KEEPER_OPEN_APPEND ||
	                        h.kind == KEEPER_RENAME;

	if (wants_path != (h.path_n > 0) || (h.kind == KEEPER_RENAME) != (h.to_n > 0))
		return ERR_SYNTAX;
	*m = (struct keeper_msg){ .kind = (enum keeper_kind)h.kind, .err = (enum err)h.err };
	m->at.port = h.port;
	memcpy(m->at.ip.b, h.ip, sizeof(h.ip));
	if (!text_take(texts, h.path_n, m->path) || !text_take(texts + h.path_n, h.to_n, m->to))
		return ERR_SYNTAX;
	return ERR_NONE;
}

/* Room for one descriptor beside a packet. */
union control {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

enum err keeper_msg_send(int sock, const struct keeper_msg *m, int fd)
{
	char packet[KEEPER_PACKET_MAX];
	struct iovec iov = { packet, keeper_msg_write(m, packet) };
	union control control = { { 0 } };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n >= 0 ? ERR_NONE : err_from_errno(errno);
}

/* The descriptor in a received message, or -1. There is room for one, so the kernel drops others.
 */
static int descriptor_in(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

enum err keeper_msg_receive(int sock, struct keeper_msg *m, int *fd)
{
	char packet[KEEPER_PACKET_MAX + 1]; /* one more, so that a longer packet is seen as such */
	struct iovec iov = { packet, sizeof(packet) };
	union control control;
	struct msghdr msg = { .msg_iov = &iov,
		              .msg_iovlen = 1,
		              .msg_control = control.buf,
		              .msg_controllen = sizeof(control.buf) };
	ssize_t n;

	*fd = -1;
	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_from_errno(errno);
	if (n == 0)
		return ERR_RESET;
	*fd = descriptor_in(&msg);
	return keeper_msg_parse(packet, (size_t)n, m);
}
