/*
 * The floor of a tunnel: a bare TCP relay without HTTP, log or policy. One thread, level-triggered
 * epoll.
 *
 *   relay copy|splice|splice1m LISTENPORT DESTPORT
 *
 * copy moves bytes by recv and send with 64 KiB buffers, splice through a pipe of 64 KiB, splice1m
 * of 1 MiB.
 */
#define _GNU_SOURCE
#include "measure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* One of a pair's two sockets, with what was read from it and not yet written to the other. */
struct side {
	int fd, pipe[2];
	uint32_t events;
	bool watched;
	size_t pending, offset;
	char *buf;
	struct side *other;
};

static int epoll_fd;
static bool splicing;
static size_t unit = 65536;
static struct side
	*dead[1024]; /* freed after the turn, since its events may still be in the list */
static unsigned dead_n;

static void watch(struct side *s, uint32_t events)
{
	if (s->watched && s->events == events)
		return;
	struct epoll_event e = { .events = events, .data.ptr = s };
	epoll_ctl(epoll_fd, s->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, s->fd, &e);
	s->watched = true;
	s->events = events;
}

static void pair_close(struct side *s)
{
	if (s->fd < 0)
		return;
	for (int i = 0; i < 2; i++, s = s->other) {
		close(s->fd);
		s->fd = -1;
		if (splicing) {
			close(s->pipe[0]);
			close(s->pipe[1]);
		}
	}
	if (dead_n < sizeof dead / sizeof *dead)
		dead[dead_n++] = s;
}

static ssize_t take(struct side *s)
{
	if (splicing)
		return splice(s->fd, NULL, s->pipe[1], NULL, unit,
		              SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	return recv(s->fd, s->buf, unit, 0);
}

static ssize_t give(struct side *s)
{
	if (splicing)
		return splice(s->pipe[0], NULL, s->other->fd, NULL, s->pending,
		              SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	return send(s->other->fd, s->buf + s->offset, s->pending, MSG_NOSIGNAL);
}

/* Moves what arrived on s to the other side, a few times at most. */
static void pump(struct side *s)
{
	struct side *d = s->other;
	for (int i = 0; i < 4; i++) {
		ssize_t n;
		if (!s->pending) {
			n = take(s);
			if (n < 0 && errno == EAGAIN)
				break;
			if (n <= 0) {
				pair_close(s);
				return;
			}
			s->pending = (size_t)n;
			s->offset = 0;
		}
		bool full = s->pending == unit;
		while (s->pending) {
			n = give(s);
			if (n < 0 && errno == EAGAIN) { /* stop reading s until d takes more */
				watch(s, d->pending ? EPOLLOUT : 0);
				watch(d, (d->pending ? 0 : EPOLLIN) | EPOLLOUT);
				return;
			}
			if (n <= 0) {
				pair_close(s);
				return;
			}
			s->pending -= (size_t)n;
			s->offset += (size_t)n;
		}
		if (!full)
			break;
	}
	watch(s, EPOLLIN | (d->pending ? EPOLLOUT : 0));
	watch(d, d->pending ? 0 : EPOLLIN);
}

static void pair_open(int client, const struct sockaddr_in *dest)
{
	int one = 1, server = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(server, (const struct sockaddr *)dest, sizeof *dest)) {
		close(client);
		close(server);
		return;
	}
	fcntl(server, F_SETFL, O_NONBLOCK);
	struct side *p = calloc(2, sizeof *p);
	if (!p)
		measure_die("calloc");
	p[0].fd = client;
	p[1].fd = server;
	for (int i = 0; i < 2; i++) {
		p[i].other = &p[1 - i];
		if (!splicing)
			p[i].buf = malloc(unit);
		else if (pipe2(p[i].pipe, O_NONBLOCK))
			measure_die("pipe");
		else
			fcntl(p[i].pipe[1], F_SETPIPE_SZ, unit);
		watch(&p[i], EPOLLIN);
	}
}

static void on_event(struct side *s, uint32_t events)
{
	if (s->fd >= 0 && (events & EPOLLOUT) && s->other->pending)
		pump(s->other);
	if (s->fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		pump(s);
}

static void free_dead(void)
{
	while (dead_n) {
		struct side *s = dead[--dead_n], *first = s < s->other ? s : s->other;
		free(first[0].buf);
		free(first[1].buf);
		free(first);
	}
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	splicing = !strncmp(argv[1], "splice", 6);
	if (!strcmp(argv[1], "splice1m"))
		unit = 1 << 20;
	signal(SIGPIPE, SIG_IGN);
	struct sockaddr_in here = { .sin_family = AF_INET,
		                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
			   dest = here;
	here.sin_port = htons((uint16_t)strtol(argv[2], NULL, 10));
	dest.sin_port = htons((uint16_t)strtol(argv[3], NULL, 10));
	int one = 1, l = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(l, (struct sockaddr *)&here, sizeof here) || listen(l, 8192))
		measure_die("listen");
	epoll_fd = epoll_create1(0);
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL }, events[256];
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, l, &e);
	for (;;) {
		int n = epoll_wait(epoll_fd, events, 256, -1);
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				on_event(events[i].data.ptr, events[i].events);
			else
				for (int c; (c = accept4(l, NULL, NULL, SOCK_NONBLOCK)) >= 0;)
					pair_open(c, &dest);
		}
		free_dead();
	}
}
