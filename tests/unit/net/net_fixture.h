/*
 * What the tests of the network side share: a loop on real loopback sockets, turned until something
 * is true, and pairs of a stream with the raw descriptor at its other end.
 */
#pragma once

#include "loop/loop.h"
#include "net/stream.h"
#include "tests/unit/unit.h"

/* Turn the loop until cond; a bounded number of turns, each of which may wait long. */
#define TURN_UNTIL(l, cond)                                                                        \
	do {                                                                                       \
		unsigned turns_ = 0;                                                               \
		while (!(cond)) {                                                                  \
			ck_assert_msg(turns_++ < FIXTURE_TURNS, "never came true: %s", #cond);     \
			loop_turn((l), FIXTURE_WAIT_MS);                                           \
		}                                                                                  \
	} while (0)
#define FIXTURE_TURNS   20000U
#define FIXTURE_WAIT_MS 5000

/* A task that counts its runs. */
struct fixture_counter {
	struct task task;
	unsigned runs;
};
void fixture_counter_init(struct fixture_counter *c);

struct loop *fixture_loop(void);

/* 127.0.0.1 or ::1 with a port. */
struct endpoint fixture_at4(uint16_t port);
struct endpoint fixture_at6(uint16_t port);
struct ip fixture_ip(const char *text);

/* A listening socket on a port of the kernel's choice; *at is filled in. */
int fixture_listen(struct endpoint *at);
/* A connected pair: a stream on the loop, and a blocking descriptor. */
struct stream *fixture_pair(struct loop *l, int *other);
/* All of n bytes on the blocking descriptor; fails the test otherwise. */
void fixture_send(int fd, const void *p, size_t n);
void fixture_recv(int fd, void *p, size_t n);
/* What a blocking read says at the end: 0 for a FIN, or the errno. */
int fixture_read_end(int fd);
