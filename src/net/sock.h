/*
 * The only place where socket system calls are made, so that tests/sim can replace them.
 *
 * Everything is non-blocking and close-on-exec. Results are enum io; the count comes through a
 * pointer; errno is translated here and nowhere above.
 */
#pragma once

#include <sys/uio.h>

#include "base/base.h"
#include "base/ip.h"

enum io {
	IO_OK,    /* *n > 0 bytes were moved */
	IO_AGAIN, /* nothing now */
	IO_EOF,   /* reading: the other side has finished */
	IO_ERROR  /* *err says what */
};

/* ERR_NO_FDS: out of descriptors; ERR_NOT_FOUND: nobody is waiting (EAGAIN); others: try again. */
enum err sock_accept(int listen_fd, int *fd, struct endpoint *peer) MUST_USE;
/* Bound and listening; ERR_IN_USE, ERR_NO_ADDRESS. backlog <= 0: the system's largest. */
enum err sock_listen(const struct endpoint *at, int backlog, int *fd) MUST_USE;
/*
 * Begin to connect from `from` (NULL: any; bound with IP_BIND_ADDRESS_NO_PORT), with marks from the
 * first packet on. TCP_NODELAY is set.
 * ERR_NONE: under way or done; wait for writability and ask sock_connected().
 */
struct sock_marks {
	bool has_tos, has_mark;
	uint8_t tos;   /* of packets that are sent: DSCP and two zero bits */
	uint32_t mark; /* netfilter's */
};
enum err sock_connect(const struct endpoint *to, const struct endpoint *from,
                      const struct sock_marks *marks, int *fd) MUST_USE;
/* On a connection that stands. False: the mark could not be set; the rest was. */
bool sock_set_marks(int fd, const struct sock_marks *m);
/* May this process set netfilter marks? */
bool sock_can_mark(void);
enum err sock_connected(int fd) MUST_USE;
enum err sock_local(int fd, struct endpoint *at) MUST_USE;

enum io sock_read(int fd, void *buf, size_t cap, size_t *n, enum err *err);
/* more: what follows at once shares packets with it. */
enum io sock_write(int fd, const struct iovec *iov, int n_iov, bool more, size_t *n, enum err *err);
/* Socket to pipe and pipe to socket. */
enum io sock_splice_in(int fd, int pipe_fd, size_t max, size_t *n, enum err *err);
enum io sock_splice_out(int pipe_fd, int fd, size_t max, bool more, size_t *n, enum err *err);
/* File to socket, from that offset. IO_EOF: the file has ended there. */
enum io sock_send_file(int file_fd, uint64_t at, int fd, size_t max, size_t *n, enum err *err);

/* Is this one of this host's addresses? Asked of the kernel each time: addresses come and go. */
bool sock_is_own_address(const struct ip *ip);

/*
 * Descriptors are numbered from the lowest free one: who gets this number or a higher one by
 * accepting takes from the reserve that connections upstream and files need. By the process's limit
 * now.
 */
int sock_reserve_begins(void);
/* Would the next descriptor be from the reserve? Costs two system calls. */
bool sock_is_in_reserve(int reserve_begins);

/*
 * Settings of a listening socket that hold for those accepted. Keepalive probes: 0 leaves the
 * system's value. defer_s: who sends nothing for so long is not accepted (TCP_DEFER_ACCEPT); 0:
 * everybody is.
 */
struct sock_keepalive {
	bool is_on;
	int idle_s, interval_s, probes;
};
void sock_set_keepalive(int fd, const struct sock_keepalive *k);
void sock_stop_pmtu_discovery(int fd);
void sock_set_defer_accept(int fd, int defer_s);
/* The receive buffer; on a listening socket it holds for those accepted. */
void sock_set_recv_buffer(int fd, int bytes);
void sock_shutdown_write(int fd);
/* Close with a reset instead of a FIN (a reply that was cut must not look whole). */
void sock_abort(int fd);
/* On a listening socket: connections are refused from now on, whoever else holds a copy of it. */
void sock_stop_listening(int fd);
void sock_close(int fd);
