/*
 * The world as it is: epoll, an eventfd and the kernel's clocks.
 *
 * Owns the epoll descriptor and the eventfd by which other threads wake the loop. The eventfd is
 * watched edge-triggered: each write to it is an event of its own, so it is never read, which saves
 * a system call for each wake (its counter holds 2^64 - 2 of them). One poller belongs to one loop
 * and thus to one thread; only poller_wake() may be called from others.
 */
#include "loop/poller.h"

#include "base/oplog.h"
#include "loop/loop.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define POLLER_MAGIC 0x706f6c6cU
#define POLLER_BATCH 256U

struct poller {
	uint32_t magic;
	int epoll_fd, wake_fd;
	struct epoll_event batch[POLLER_BATCH];
};

static enum err watch_wake(struct poller *p)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.ptr = NULL };

	if (epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->wake_fd, &ev) != 0)
		return err_from_errno(errno);
	return ERR_NONE;
}

enum err poller_new(struct poller **out)
{
	struct poller *p;
	enum err e = ERR_NONE;

	OBJ_NEW(p, POLLER_MAGIC);
	p->wake_fd = -1;
	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->epoll_fd >= 0)
		p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->epoll_fd < 0 || p->wake_fd < 0)
		e = err_from_errno(errno);
	else
		e = watch_wake(p);
	if (e != ERR_NONE) {
		poller_free(&p);
		return e;
	}
	*out = p;
	return ERR_NONE;
}

void poller_free(struct poller **pp)
{
	struct poller *p = *pp;

	CHECK_OBJ(p, POLLER_MAGIC);
	if (p->wake_fd >= 0)
		close(p->wake_fd);
	if (p->epoll_fd >= 0)
		close(p->epoll_fd);
	OBJ_FREE(p, POLLER_MAGIC);
	*pp = NULL;
}

static uint32_t to_epoll(unsigned interest)
{
	uint32_t ev = 0;

	if (interest & EV_READ)
		ev |= EPOLLIN;
	if (interest & EV_WRITE)
		ev |= EPOLLOUT;
	if (interest & EV_EDGE)
		ev |= EPOLLET;
	/* The kernel takes EPOLLRDHUP with EPOLLEXCLUSIVE for EINVAL; listeners have no peer. */
	if (interest & EV_SHARED)
		ev |= EPOLLEXCLUSIVE;
	else if (interest & EV_READ)
		ev |= EPOLLRDHUP;
	return ev;
}

static unsigned from_epoll(uint32_t ev)
{
	unsigned ready = 0;

	if (ev & EPOLLIN)
		ready |= EV_READ;
	if (ev & EPOLLOUT)
		ready |= EV_WRITE;
	if (ev & EPOLLRDHUP)
		ready |= EV_READ | EV_RDHUP;
	if (ev & (EPOLLERR | EPOLLHUP))
		ready |= EV_READ | EV_WRITE | EV_ERROR;
	return ready;
}

enum err poller_add(struct poller *p, int fd, unsigned interest, void *cookie)
{
	struct epoll_event ev = { .events = to_epoll(interest), .data.ptr = cookie };

	CHECK_OBJ(p, POLLER_MAGIC);
	CHECK(cookie != NULL);
	if (epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0)
		return ERR_NONE;
	switch (errno) {
	case ENOSPC: /* fs.epoll.max_user_watches */
		return ERR_LIMIT;
	case EPERM: /* a regular file or directory: always ready, so not pollable */
		return ERR_UNSUPPORTED;
	default:
		return err_from_errno(errno);
	}
}

/* An EPOLLEXCLUSIVE entry cannot be changed (EINVAL): it is taken out and put back. */
static void mod_shared(struct poller *p, int fd, unsigned interest, void *cookie)
{
	(void)epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, fd, NULL); /* ENOENT while paused */
	if (!(interest & (EV_READ | EV_WRITE)))
		return;
	const enum err e = poller_add(p, fd, interest, cookie);

	if (e != ERR_NONE)
		oplog(OPLOG_ERROR, "cannot go on accepting on a port: epoll_ctl: %s", err_text(e));
}

void poller_mod(struct poller *p, int fd, unsigned interest, void *cookie)
{
	struct epoll_event ev = { .events = to_epoll(interest), .data.ptr = cookie };

	CHECK_OBJ(p, POLLER_MAGIC);
	if (interest & EV_SHARED) {
		mod_shared(p, fd, interest, cookie);
		return;
	}
	/* Nothing but a wrong descriptor can make this fail. */
	CHECK(epoll_ctl(p->epoll_fd, EPOLL_CTL_MOD, fd, &ev) == 0);
}

void poller_del(struct poller *p, int fd)
{
	CHECK_OBJ(p, POLLER_MAGIC);
	/* ENOENT: a shared descriptor that is paused. */
	CHECK(epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, fd, NULL) == 0 || errno == ENOENT);
}

unsigned poller_wait(struct poller *p, struct poll_result *out, unsigned cap, int64_t wait_ms)
{
	unsigned n_out = 0;

	CHECK_OBJ(p, POLLER_MAGIC);
	CHECK(cap > 0);
	const int n = epoll_wait(p->epoll_fd, p->batch, (int)MIN(cap, POLLER_BATCH),
	                         (int)MIN(wait_ms, (int64_t)INT_MAX));

	CHECK(n >= 0 || errno == EINTR);
	for (int i = 0; i < n; i++) {
		if (p->batch[i].data.ptr == NULL) /* poller_wake() */
			continue;
		out[n_out].cookie = p->batch[i].data.ptr;
		out[n_out].ready = from_epoll(p->batch[i].events);
		n_out++;
	}
	return n_out;
}

void poller_wake(struct poller *p)
{
	const uint64_t one = 1;

	CHECK_OBJ(p, POLLER_MAGIC);
	const ssize_t n = write(p->wake_fd, &one, sizeof(one));

	CHECK(n == sizeof(one));
}

static int64_t read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}
