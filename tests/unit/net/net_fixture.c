/*
 * Loops and socket pairs for tests; see net_fixture.h.
 */
#include "tests/unit/net/net_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static void count_run(struct task *t)
{
	CONTAINER_OF(t, struct fixture_counter, task)->runs++;
}

void fixture_counter_init(struct fixture_counter *c)
{
	c->runs = 0;
	task_init(&c->task, count_run);
}

struct loop *fixture_loop(void)
{
	struct loop *l;

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(loop_new(&l), ERR_NONE);
	return l;
}

struct ip fixture_ip(const char *text)
{
	struct ip ip;

	ck_assert(ip_parse(span_str(text), &ip));
	return ip;
}

struct endpoint fixture_at4(uint16_t port)
{
	return (struct endpoint){ fixture_ip("127.0.0.1"), port };
}

struct endpoint fixture_at6(uint16_t port)
{
	return (struct endpoint){ fixture_ip("::1"), port };
}

int fixture_listen(struct endpoint *at)
{
	int fd;

	ck_assert_int_eq(sock_listen(at, 0, &fd), ERR_NONE);
	ck_assert_int_eq(sock_local(fd, at), ERR_NONE);
	return fd;
}

static void wait_for(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };

	ck_assert_int_eq(poll(&p, 1, FIXTURE_WAIT_MS), 1);
}

struct stream *fixture_pair(struct loop *l, int *other)
{
	struct endpoint at = fixture_at4(0), peer;
	struct stream *s;
	int fd;
	const int listen_fd = fixture_listen(&at);

	ck_assert_int_eq(sock_connect(&at, NULL, NULL, other), ERR_NONE);
	wait_for(*other, POLLOUT);
	wait_for(listen_fd, POLLIN);
	ck_assert_int_eq(sock_accept(listen_fd, &fd, &peer), ERR_NONE);
	close(listen_fd);
	ck_assert_int_eq(fcntl(*other, F_SETFL, 0), 0);
	ck_assert_int_eq(stream_new(&s, l, fd, &peer), ERR_NONE);
	return s;
}

void fixture_send(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n != 0) {
		const ssize_t r = send(fd, at, n, MSG_NOSIGNAL);

		ck_assert_int_gt(r, 0);
		at += r;
		n -= (size_t)r;
	}
}

void fixture_recv(int fd, void *p, size_t n)
{
	ck_assert_int_eq(recv(fd, p, n, MSG_WAITALL), (ssize_t)n);
}

int fixture_read_end(int fd)
{
	char byte;
	const ssize_t r = recv(fd, &byte, 1, 0);

	ck_assert_int_le(r, 0);
	return r == 0 ? 0 : errno;
}
