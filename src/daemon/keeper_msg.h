/*
 * What the proxy and its keeper say to each other: one message a packet of a SOCK_SEQPACKET socket.
 *
 * A request is answered by one reply before the next is sent; a reply that grants a descriptor
 * carries it (SCM_RIGHTS). The proxy is not trusted: what it sends is only what these functions
 * let through, and the keeper then judges it (keeper.c).
 */
#pragma once

#include <limits.h>

#include "base/base.h"
#include "base/ip.h"

enum keeper_kind {
	KEEPER_OPEN_READ = 1, /* path */
	KEEPER_OPEN_APPEND,   /* path */
	KEEPER_LISTEN,        /* at */
	KEEPER_UNLISTEN,      /* at */
	KEEPER_RENAME,        /* path, to */
	KEEPER_READY,         /* the proxy listens */
	KEEPER_KEEP,          /* a descriptor comes along: keeper_conf.kept_fd */
	KEEPER_REPLY,         /* err */
	KEEPER_KIND_N
};

struct keeper_msg {
	enum keeper_kind kind;
	enum err err;
	struct endpoint at;
	char path[PATH_MAX], to[PATH_MAX]; /* NUL-terminated; "" where the kind has none */
};

/* The fixed part, then the bytes of path and of to, without NULs. */
struct keeper_head {
	uint32_t magic;
	uint32_t kind;
	uint32_t err;
	uint16_t port;
	uint16_t path_n, to_n;
	uint16_t zero;
	uint8_t ip[16];
};

_Static_assert(sizeof(struct keeper_head) == 36, "no hidden bytes");

#define KEEPER_HEAD_MAGIC 0x6b657031
#define KEEPER_PACKET_MAX (sizeof(struct keeper_head) + 2 * (size_t)PATH_MAX)

/* Into buf of KEEPER_PACKET_MAX bytes; the length. Paths longer than PATH_MAX cannot be in m. */
size_t keeper_msg_write(const struct keeper_msg *m, char *buf);

/* Pure. ERR_SYNTAX if the packet is not exactly one message of its kind; *m is then undefined. */
enum err keeper_msg_parse(const void *packet, size_t n, struct keeper_msg *m) MUST_USE;

/* fd -1: none; else a copy of it goes along. ERR_RESET: the other side is gone. */
enum err keeper_msg_send(int sock, const struct keeper_msg *m, int fd) MUST_USE;
/*
 * Wait for one message. *fd is what came along with it, or -1. ERR_RESET: the other side is gone;
 * ERR_SYNTAX: what came is no message.
 */
enum err keeper_msg_receive(int sock, struct keeper_msg *m, int *fd) MUST_USE;
