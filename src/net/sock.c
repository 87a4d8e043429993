/*
 * Socket system calls, and nothing else: each function is one call (or the few that belong
 * together) and the translation of its errno. Holds no state; callable from any thread.
 *
 * Splicing to a socket whose peer has gone raises SIGPIPE (splice has no MSG_NOSIGNAL), so the
 * process must ignore that signal.
 */
#include "net/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/counters.h"

/* Of the descriptors, an eighth is kept in reserve, but not more than this. */
#define FD_RESERVE_MAX 256

/* In <linux/in.h>, which does not go together with <netinet/in.h> in all C libraries. */
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* Best effort: an option that cannot be set makes a socket slower, not wrong. */
static void set_int(int fd, int level, int option, int value)
{
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

static enum err fail_closed(int fd)
{
	const enum err e = err_from_errno(errno);

	close(fd);
	return e == ERR_NONE ? ERR_SYSTEM : e;
}

enum err sock_accept(int listen_fd, int *fd, struct endpoint *peer)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	const int got =
		accept4(listen_fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (got < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return ERR_NOT_FOUND;
		/* No memory for another socket is remedied as a lack of descriptors is: wait. */
		if (errno == ENOBUFS || errno == ENOMEM)
			return ERR_NO_FDS;
		return err_from_errno(errno);
	}
	if (!endpoint_from_sockaddr((const struct sockaddr *)&ss, peer)) {
		close(got);
		return ERR_UNSUPPORTED;
	}
	*fd = got;
	return ERR_NONE;
}

enum err sock_listen(const struct endpoint *at, int backlog, int *fd)
{
	struct sockaddr_storage ss;
	socklen_t len;

	endpoint_to_sockaddr(at, &ss, &len);
	const int s = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (s < 0)
		return err_from_errno(errno);
	set_int(s, SOL_SOCKET, SO_REUSEADDR, 1);
	/* Accepted sockets inherit it, which saves a call for each of them. */
	set_int(s, IPPROTO_TCP, TCP_NODELAY, 1);
	/* :: means both families, whatever net.ipv6.bindv6only says. */
	if (ss.ss_family == AF_INET6)
		set_int(s, IPPROTO_IPV6, IPV6_V6ONLY, !ip_is_any(&at->ip));
	/* The kernel cuts the backlog to net.core.somaxconn. */
	if (bind(s, (struct sockaddr *)&ss, len) != 0 ||
	    listen(s, backlog > 0 ? backlog : INT_MAX) != 0) {
		const int e = errno;

		close(s);
		/* To a listener these mean something else than to a dialler. */
		return e == EADDRINUSE      ? ERR_IN_USE
		       : e == EADDRNOTAVAIL ? ERR_NO_ADDRESS
		                            : err_from_errno(e);
	}
	*fd = s;
	return ERR_NONE;
}

/* Without a port, so that the kernel picks one by the whole 4-tuple when it connects. */
static int bind_source(int fd, const struct endpoint *from)
{
	struct sockaddr_storage ss;
	socklen_t len;

	endpoint_to_sockaddr(from, &ss, &len);
	if (from->port == 0)
		set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return bind(fd, (struct sockaddr *)&ss, len);
}

/* A type of service that cannot be set is odd, a mark takes a capability: it is counted. */
bool sock_set_marks(int fd, const struct sock_marks *m)
{
	if (m->has_tos) {
		/* One of them is of the other family; an IPv6 socket may carry IPv4. */
		set_int(fd, IPPROTO_IP, IP_TOS, m->tos);
		set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, m->tos);
	}
	if (!m->has_mark || setsockopt(fd, SOL_SOCKET, SO_MARK, &m->mark, sizeof(m->mark)) == 0)
		return true;
	count(COUNT_MARK_FAILS);
	return false;
}

bool sock_can_mark(void)
{
	const uint32_t none = 0;
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const bool can = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_MARK, &none, sizeof(none)) == 0;

	if (fd >= 0)
		close(fd);
	return can;
}

enum err sock_connect(const struct endpoint *to, const struct endpoint *from,
                      const struct sock_marks *marks, int *fd)
{
	struct sockaddr_storage ss;
	socklen_t len;

	endpoint_to_sockaddr(to, &ss, &len);
	const int s = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (s < 0)
		return errno == EAFNOSUPPORT ? ERR_UNREACHABLE : err_from_errno(errno);
	set_int(s, IPPROTO_TCP, TCP_NODELAY, 1);
	if (marks != NULL)
		(void)sock_set_marks(s, marks);
	if (from != NULL && bind_source(s, from) != 0)
		return fail_closed(s);
	if (connect(s, (struct sockaddr *)&ss, len) != 0 && errno != EINPROGRESS &&
	    errno != EINTR) {
		/* EAGAIN is the kernel's word for "no free local port" here. */
		if (errno == EAGAIN)
			errno = EADDRNOTAVAIL;
		return fail_closed(s);
	}
	*fd = s;
	return ERR_NONE;
}

enum err sock_connected(int fd)
{
	int e = 0;
	socklen_t len = sizeof(e);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) != 0)
		return err_from_errno(errno);
	return err_from_errno(e);
}

enum err sock_local(int fd, struct endpoint *at)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return err_from_errno(errno);
	return endpoint_from_sockaddr((const struct sockaddr *)&ss, at) ? ERR_NONE
	                                                                : ERR_UNSUPPORTED;
}

/* Ask for the route to ip; false if the kernel does not tell. */
static bool route_type(int fd, const struct ip *ip, unsigned char *type)
{
	const bool v4 = ip_is_v4(ip);
	const unsigned short n = v4 ? 4 : 16;
	struct {
		struct nlmsghdr head;
		struct rtmsg route;
		struct rtattr attribute;
		uint8_t address[16];
	} ask = {
		.head.nlmsg_len = NLMSG_LENGTH(sizeof(ask.route)) + RTA_LENGTH(n),
		.head.nlmsg_type = RTM_GETROUTE,
		.head.nlmsg_flags = NLM_F_REQUEST,
		.route.rtm_family = v4 ? AF_INET : AF_INET6,
		.route.rtm_dst_len = (unsigned char)(n * 8),
		.attribute.rta_len = RTA_LENGTH(n),
		.attribute.rta_type = RTA_DST,
	};
	union {
		struct nlmsghdr head;
		char bytes[1024];
	} said;

	memcpy(ask.address, ip->b + (v4 ? 12 : 0), n);
	if (send(fd, &ask, ask.head.nlmsg_len, 0) < 0)
		return false;
	/* The kernel has answered before send() returned. */
	const ssize_t got = recv(fd, &said, sizeof(said), MSG_DONTWAIT);

	if (got < (ssize_t)NLMSG_LENGTH(sizeof(ask.route)))
		return false;
	*type = said.head.nlmsg_type == RTM_NEWROUTE
	                ? ((const struct rtmsg *)NLMSG_DATA(&said.head))->rtm_type
	                : RTN_UNSPEC; /* an error: there is no way there at all */
	return true;
}

/* Where netlink is not to be had: an address that can be bound to is one of ours. */
static bool can_bind(const struct ip *ip)
{
	const struct endpoint at = { .ip = *ip };
	struct sockaddr_storage ss;
	socklen_t len;

	endpoint_to_sockaddr(&at, &ss, &len);
	const int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const bool can = fd < 0 || bind(fd, (struct sockaddr *)&ss, len) == 0;

	if (fd >= 0)
		close(fd);
	return can;
}

bool sock_is_own_address(const struct ip *ip)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	unsigned char type;
	const bool is_told = fd >= 0 && route_type(fd, ip, &type);

	if (fd >= 0)
		close(fd);
	return is_told ? type == RTN_LOCAL : can_bind(ip);
}

/* What a call that moves bytes returned: > 0, 0 (the end, for those that read), or -1 and errno. */
static enum io moved(ssize_t r, size_t *n, enum err *err)
{
	if (likely(r > 0)) {
		*n = (size_t)r;
		return IO_OK;
	}
	if (r == 0)
		return IO_EOF;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return IO_AGAIN;
	*err = err_from_errno(errno);
	return IO_ERROR;
}

/* Calls here do not block, so a signal can hardly interrupt them; still it is allowed to. */
#define RETRIED(call)                                                                              \
	({                                                                                         \
		ssize_t r_;                                                                        \
		do                                                                                 \
			r_ = (call);                                                               \
		while (unlikely(r_ < 0 && errno == EINTR));                                        \
		r_;                                                                                \
	})

enum io sock_read(int fd, void *buf, size_t cap, size_t *n, enum err *err)
{
	CHECK(cap > 0);
	return moved(RETRIED(recv(fd, buf, cap, 0)), n, err);
}

enum io sock_write(int fd, const struct iovec *iov, int n_iov, bool more, size_t *n, enum err *err)
{
	const int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);
	const struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)iov,
		                  .msg_iovlen = (size_t)n_iov };
	const ssize_t r = n_iov == 1 ? RETRIED(send(fd, iov->iov_base, iov->iov_len, flags))
	                             : RETRIED(sendmsg(fd, &m, flags));

	/* Nothing was asked for, or the kernel took nothing: neither is an end. */
	return r == 0 ? IO_AGAIN : moved(r, n, err);
}

enum io sock_splice_in(int fd, int pipe_fd, size_t max, size_t *n, enum err *err)
{
	return moved(
		RETRIED(splice(fd, NULL, pipe_fd, NULL, max, SPLICE_F_MOVE | SPLICE_F_NONBLOCK)), n,
		err);
}

enum io sock_splice_out(int pipe_fd, int fd, size_t max, bool more, size_t *n, enum err *err)
{
	const unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | (more ? SPLICE_F_MORE : 0U);
	const ssize_t r = RETRIED(splice(pipe_fd, NULL, fd, NULL, max, flags));

	return r == 0 ? IO_AGAIN : moved(r, n, err);
}

enum io sock_send_file(int file_fd, uint64_t at, int fd, size_t max, size_t *n, enum err *err)
{
	off_t from = (off_t)at;

	return moved(RETRIED(sendfile(fd, file_fd, &from, max)), n, err);
}

int sock_reserve_begins(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur > INT_MAX)
		return INT_MAX;
	return (int)(r.rlim_cur - MIN(r.rlim_cur / 8, (rlim_t)FD_RESERVE_MAX));
}

bool sock_is_in_reserve(int reserve_begins)
{
	const int fd = eventfd(0, EFD_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd < 0 || fd >= reserve_begins;
}

void sock_set_keepalive(int fd, const struct sock_keepalive *k)
{
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, k->is_on);
	if (k->idle_s > 0)
		set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, k->idle_s);
	if (k->interval_s > 0)
		set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, k->interval_s);
	if (k->probes > 0)
		set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, k->probes);
}

void sock_stop_pmtu_discovery(int fd)
{
	set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
}

void sock_set_defer_accept(int fd, int defer_s)
{
	set_int(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, defer_s);
}

void sock_set_recv_buffer(int fd, int bytes)
{
	set_int(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}

void sock_shutdown_write(int fd)
{
	(void)shutdown(fd, SHUT_WR); /* ENOTCONN: there is nobody to tell */
}

void sock_abort(int fd)
{
	const struct linger l = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
}

void sock_stop_listening(int fd)
{
	/* Linux: the socket goes back to being unbound, for all who share it. */
	(void)shutdown(fd, SHUT_RDWR);
}

void sock_close(int fd)
{
	close(fd);
}
