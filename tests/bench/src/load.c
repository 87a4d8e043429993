/*
 * The load generator: one thread, one epoll loop, HTTP/1.1 clients or tunnels that echo.
 *
 *   load run  [options]          load; one line of key=value at the end
 *   load hold [options]          opens -c tunnels, prints READY, holds them until SIGTERM
 *   load echo -l PORT            echo server, the far end of tunnels
 *   load wait -p A:P [-q MS]     waits until a port accepts, prints the ms it took
 *   load first [options]         asks until there is a 200, prints the ms it took
 *
 *   -p A:P    address to connect to (the proxy)
 *   -t H:P    target: Host, authority of absolute URIs, argument of CONNECT
 *   -u PATH   path; %n is a sequence number, %r a random one below -r; several take turns
 *   -r N      bound of %r                    -s N  seed of %r and start of %n
 *   -n N      end after N requests
 *   -a        absolute-form requests         -T  CONNECT to the target first
 *   -K        new connection each time       -E N  echo N bytes to and fro instead of HTTP
 *   -c N      connections                    -R N  open loop: N requests a second, at fixed times
 *   -d SEC    measured time                  -w SEC  time before that, not measured
 *   -A FILE   the proxy's CPU account        -q MS  longest wait for one reply
 *
 * Closed loop: each connection asks again as soon as it has its reply. Open loop: requests are due
 * at fixed times whatever the proxy does, and latency counts from when a request was due, so that a
 * stall is seen whole.
 */
#define _GNU_SOURCE
#include "measure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BULK_BYTES = 256 * 1024, EVENTS = 256, BACK_OFF_NS = 2000000, PATHS = 4 };

enum state {
	ST_CLOSED,
	ST_CONNECTING,
	ST_CONNECT_REPLY,
	ST_READY,
	ST_HEAD,
	ST_BODY,
	ST_ECHO,
	ST_HELD
};

/* How the bytes of a body are counted off. */
enum body { BODY_LENGTH, BODY_CHUNKED, BODY_UNTIL_CLOSE };

struct conn {
	int fd; /* -1 when closed */
	enum state state;
	uint32_t events;  /* watched */
	int64_t t0;       /* when this request was sent, or was due */
	int64_t retry_at; /* when a failed connection is opened again */
	char out[1024];
	size_t out_len, out_done;
	char in[8192]; /* a reply's head */
	size_t in_len;
	enum body body;
	int64_t left;      /* BODY_LENGTH: bytes; BODY_CHUNKED: of this chunk */
	int chunk_step;    /* 0 size, 1 data, 2 CRLF, 3 start of trailer line, 4 inside it */
	bool closing;      /* the reply says close */
	unsigned requests; /* sent on this connection */
};

static struct {
	struct sockaddr_in address;
	const char *target, *paths[PATHS], *cpu_file;
	bool absolute, tunnel, fresh;
	size_t echo;
	unsigned conns, n_paths;
	uint64_t requests, random_below; /* 0: no limit; no %r */
	double rate, seconds, warm;
	int64_t timeout_ns;
} opt = { .target = "127.0.0.1:80", .conns = 1, .seconds = 3, .timeout_ns = 10000000000 };

static struct {
	bool on;
	uint64_t ok, bytes, conns;
	uint64_t refused, reset, cut, late, status; /* failures, by kind */
	int bad_status;
	int64_t last_done, longest_gap;
	struct histogram latency;
} stat;

static int epoll_fd;
static struct conn *conns;
static char *bulk;
static int64_t sequence;
static uint64_t random_state = 1, asked; /* requests that were sent */
static volatile sig_atomic_t stop;

static void watch(struct conn *c, uint32_t events)
{
	if (c->events == events)
		return;
	struct epoll_event e = { .events = events, .data.ptr = c };
	epoll_ctl(epoll_fd, c->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &e);
	c->events = events;
}

static void conn_close(struct conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->events = 0;
	c->state = ST_CLOSED;
}

static void conn_fail(struct conn *c, uint64_t *counter)
{
	if (stat.on || c->state == ST_HELD)
		++*counter;
	conn_close(c);
	c->retry_at = measure_now_ns() + BACK_OFF_NS;
}

static void conn_open(struct conn *c)
{
	int one = 1;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		measure_die("socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	c->in_len = c->out_len = c->out_done = 0;
	c->closing = false;
	c->requests = 0;
	c->t0 = measure_now_ns();
	c->state = ST_CONNECTING;
	stat.conns++;
	if (connect(c->fd, (struct sockaddr *)&opt.address, sizeof opt.address) < 0 &&
	    errno != EINPROGRESS) {
		conn_fail(c, &stat.refused);
		return;
	}
	watch(c, EPOLLOUT);
}

/* Writes what is left of out. */
static void conn_flush(struct conn *c)
{
	while (c->out_done < c->out_len) {
		ssize_t n =
			send(c->fd, c->out + c->out_done, c->out_len - c->out_done, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			watch(c, EPOLLIN | EPOLLOUT);
			return;
		}
		if (n < 0) {
			conn_fail(c, &stat.reset);
			return;
		}
		c->out_done += (size_t)n;
	}
	watch(c, EPOLLIN);
}

static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % opt.random_below;
}

static void write_path(char *to, size_t room)
{
	static unsigned turn;
	const char *path = opt.n_paths ? opt.paths[turn++ % opt.n_paths] : "/";
	const char *mark = strchr(path, '%');
	if (!mark || (mark[1] != 'n' && !(mark[1] == 'r' && opt.random_below)))
		snprintf(to, room, "%s", path);
	else
		snprintf(to, room, "%.*s%lld%s", (int)(mark - path), path,
		         mark[1] == 'n' ? (long long)sequence++ : (long long)random_number(),
		         mark + 2);
}

static size_t write_request(char *to, size_t room)
{
	char path[512];
	write_path(path, sizeof path);
	return (size_t)snprintf(to, room,
	                        "GET %s%s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: "
	                        "load/1\r\nAccept: */*\r\n%s\r\n",
	                        opt.absolute ? "http://" : "", opt.absolute ? opt.target : "", path,
	                        opt.target, opt.fresh ? "Connection: close\r\n" : "");
}

static void send_request(struct conn *c, int64_t due)
{
	c->t0 = due;
	c->requests++;
	asked++;
	c->in_len = c->out_done = 0;
	if (opt.echo) {
		memset(c->out, 'e', opt.echo);
		c->out_len = opt.echo;
		c->left = (int64_t)opt.echo;
		c->state = ST_ECHO;
	} else {
		c->out_len = write_request(c->out, sizeof c->out);
		c->state = ST_HEAD;
	}
	conn_flush(c);
}

static bool all_asked(void)
{
	return opt.requests && asked >= opt.requests;
}

/* The connection may ask (again). In the open loop it waits for a request to be due. */
static void conn_ready(struct conn *c)
{
	if (opt.rate > 0 || all_asked()) {
		c->state = ST_READY;
		watch(c, EPOLLIN);
	} else {
		send_request(c, opt.fresh ? c->t0 : measure_now_ns());
	}
}

static void request_done(struct conn *c)
{
	int64_t now = measure_now_ns();
	if (stat.on) {
		histogram_add(&stat.latency, (uint64_t)((now - c->t0) / 1000));
		stat.ok++;
		if (now - stat.last_done > stat.longest_gap)
			stat.longest_gap = now - stat.last_done;
		stat.last_done = now;
	}
	if (opt.fresh || c->closing) {
		conn_close(c);
		conn_open(c);
	} else {
		conn_ready(c);
	}
}

static const char *field_value(const char *head, const char *name)
{
	size_t n = strlen(name);
	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (!strncasecmp(line, name, n) && line[n] == ':')
			return line + n + 1 + strspn(line + n + 1, " ");
	}
	return NULL;
}

/* Counts off chunked bytes; true when the last chunk and its trailer are over. */
static bool chunks_eat(struct conn *c, const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		if (c->chunk_step == 1) {
			int64_t k = (int64_t)(n - i) < c->left ? (int64_t)(n - i) : c->left;
			c->left -= k;
			i += (size_t)k;
			if (!c->left)
				c->chunk_step = 2;
			continue;
		}
		char ch = p[i++];
		if (c->chunk_step == 0) {
			const char *hex = ch == '\0' ? NULL : strchr("0123456789abcdef", ch | 0x20);
			if (ch >= '0' && ch <= '9')
				c->left = c->left * 16 + ch - '0';
			else if (hex)
				c->left = c->left * 16 + (ch | 0x20) - 'a' + 10;
			else if (ch == '\n')
				c->chunk_step = c->left ? 1 : 3;
		} else if (ch == '\n') {
			if (c->chunk_step == 3)
				return true;
			c->chunk_step = c->chunk_step == 2 ? 0 : 3;
		} else if (c->chunk_step == 3 && ch != '\r') {
			c->chunk_step = 4;
		}
	}
	return false;
}

/* Whether the body is complete after n more bytes of it. */
static bool body_eat(struct conn *c, const char *p, size_t n)
{
	if (stat.on)
		stat.bytes += n;
	if (c->body == BODY_CHUNKED)
		return chunks_eat(c, p, n);
	c->left -= (int64_t)n;
	return c->body == BODY_LENGTH && c->left <= 0;
}

static void on_head(struct conn *c, size_t head_len)
{
	int status = c->in_len > 12 ? (int)strtol(c->in + 9, NULL, 10) : 0;
	if (status != 200) {
		stat.bad_status = status;
		conn_fail(c, &stat.status);
		return;
	}
	if (c->state == ST_CONNECT_REPLY) {
		conn_ready(c);
		return;
	}
	char kept = c->in[head_len - 2];
	c->in[head_len - 2] = '\0';
	const char *length = field_value(c->in, "content-length");
	const char *coding = field_value(c->in, "transfer-encoding");
	const char *connection = field_value(c->in, "connection");
	c->body = coding ? BODY_CHUNKED : length ? BODY_LENGTH : BODY_UNTIL_CLOSE;
	c->left = c->body == BODY_LENGTH ? strtoll(length, NULL, 10) : 0;
	c->chunk_step = 0;
	c->closing = c->body == BODY_UNTIL_CLOSE ||
	             (connection && !strncasecmp(connection, "close", 5)) ||
	             (!strncmp(c->in, "HTTP/1.0", 8) &&
	              !(connection && !strncasecmp(connection, "keep", 4)));
	c->in[head_len - 2] = kept;
	c->state = ST_BODY;
	if (body_eat(c, c->in + head_len, c->in_len - head_len))
		request_done(c);
}

/* End of stream, where the state decides what it means. */
static void on_eof(struct conn *c)
{
	if (c->state == ST_BODY && c->body == BODY_UNTIL_CLOSE) {
		request_done(c);
	} else if (c->state == ST_READY || (c->state == ST_HEAD && !c->in_len && c->requests > 1)) {
		/* An idle connection that the proxy closes is no failure: go on with a new one. */
		asked -= c->state == ST_HEAD;
		conn_close(c);
		conn_open(c);
	} else {
		conn_fail(c, &stat.cut);
	}
}

/* Reads into to; 0 when there is nothing now or the connection is gone. */
static size_t conn_recv(struct conn *c, char *to, size_t room, int flags)
{
	ssize_t n = recv(c->fd, to, room, flags);
	if (n > 0)
		return (size_t)n;
	if (n == 0)
		on_eof(c);
	else if (errno != EAGAIN)
		conn_fail(c, &stat.reset);
	return 0;
}

static void read_head(struct conn *c)
{
	size_t n = conn_recv(c, c->in + c->in_len, sizeof c->in - 1 - c->in_len, 0);
	if (!n)
		return;
	c->in_len += n;
	c->in[c->in_len] = '\0';
	char *end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
	if (end)
		on_head(c, (size_t)(end - c->in) + 4);
	else if (c->in_len == sizeof c->in - 1)
		conn_fail(c, &stat.status);
}

static void on_readable(struct conn *c)
{
	size_t n;
	switch (c->state) {
	case ST_CONNECT_REPLY:
	case ST_HEAD:
		read_head(c);
		break;
	case ST_BODY: /* the bytes themselves are of no interest, unless they are chunk sizes */
		n = conn_recv(c, bulk, BULK_BYTES, c->body == BODY_CHUNKED ? 0 : MSG_TRUNC);
		if (n && body_eat(c, bulk, n))
			request_done(c);
		break;
	case ST_ECHO:
		n = conn_recv(c, bulk, BULK_BYTES, 0);
		if (n && stat.on)
			stat.bytes += n;
		c->left -= (int64_t)n;
		if (n && c->left <= 0)
			request_done(c);
		break;
	case ST_READY:
	case ST_HELD:
		conn_recv(c, bulk, BULK_BYTES, 0);
		break;
	case ST_CLOSED:
	case ST_CONNECTING:
		break;
	}
}

static void on_connected(struct conn *c)
{
	int err = 0;
	socklen_t n = sizeof err;
	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &n);
	if (err) {
		conn_fail(c, &stat.refused);
	} else if (opt.tunnel) {
		c->state = ST_CONNECT_REPLY;
		c->out_len = (size_t)snprintf(c->out, sizeof c->out,
		                              "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", opt.target,
		                              opt.target);
		conn_flush(c);
	} else {
		conn_ready(c);
	}
}

static void on_event(struct conn *c, uint32_t events)
{
	if (c->fd < 0)
		return;
	if (c->state == ST_CONNECTING) {
		on_connected(c);
		return;
	}
	if ((events & EPOLLOUT) && c->out_done < c->out_len)
		conn_flush(c);
	if (c->fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		on_readable(c);
}

static void wait_events(int64_t ns)
{
	struct epoll_event events[EVENTS];
	struct timespec ts = { .tv_nsec = ns < 0 ? 0 : ns };
	int n = epoll_pwait2(epoll_fd, events, EVENTS, &ts, NULL);
	for (int i = 0; i < n; i++)
		on_event(events[i].data.ptr, events[i].events);
}

/* Opens closed connections again and gives up on those that wait too long. */
static void tend_connections(int64_t now)
{
	for (unsigned i = 0; i < opt.conns; i++) {
		struct conn *c = &conns[i];
		if (c->fd < 0 && c->retry_at <= now)
			conn_open(c);
		else if (c->fd >= 0 && c->state != ST_READY && now - c->t0 > opt.timeout_ns)
			conn_fail(c, &stat.late);
	}
}

/* Gives the requests that are due to connections that are free; ns until the next one is due. */
static int64_t send_due(int64_t start, int64_t *sent, int64_t now)
{
	static unsigned next;
	double interval = 1e9 / opt.rate;
	int64_t due = start + (int64_t)((double)*sent * interval);
	for (unsigned tried = 0; due <= now && tried < opt.conns && !all_asked(); tried++) {
		struct conn *c = &conns[next++ % opt.conns];
		if (c->state != ST_READY)
			continue;
		send_request(c, due);
		due = start + (int64_t)((double)++*sent * interval);
		tried = 0;
	}
	return due - now;
}

static int64_t oldest_wait(int64_t now)
{
	int64_t oldest = 0;
	for (unsigned i = 0; i < opt.conns; i++)
		if (conns[i].fd >= 0 && conns[i].state != ST_READY && now - conns[i].t0 > oldest)
			oldest = now - conns[i].t0;
	return oldest;
}

static uint64_t failures(void)
{
	return stat.refused + stat.reset + stat.cut + stat.late + stat.status;
}

static void report(int64_t ns, int64_t cpu_ns, int64_t pending)
{
	double secs = (double)ns / 1e9, n = (double)stat.ok, b = (double)stat.bytes;
	unsigned long long errors = failures();
	printf("ok=%llu err=%llu secs=%.3f rps=%.0f mbps=%.2f p50=%llu p99=%llu max=%llu "
	       "gap_ms=%.2f pend_ms=%.2f ",
	       (unsigned long long)stat.ok, errors, secs, n / secs, b / secs / 1e6,
	       (unsigned long long)histogram_percentile(&stat.latency, .5),
	       (unsigned long long)histogram_percentile(&stat.latency, .99),
	       (unsigned long long)stat.latency.max, (double)stat.longest_gap / 1e6,
	       (double)pending / 1e6);
	printf("cpu_us_req=%.2f cpu_s_gb=%.4f cpu_pct=%.1f conns=%llu refused=%llu reset=%llu "
	       "cut=%llu late=%llu "
	       "status=%llu bad=%d\n",
	       n > 0 ? (double)cpu_ns / 1e3 / n : 0, b > 0 ? (double)cpu_ns / b : 0,
	       (double)cpu_ns / 1e7 / secs, (unsigned long long)stat.conns,
	       (unsigned long long)stat.refused, (unsigned long long)stat.reset,
	       (unsigned long long)stat.cut, (unsigned long long)stat.late,
	       (unsigned long long)stat.status, stat.bad_status);
}

static int run(void)
{
	int64_t start = measure_now_ns(), begin = start + (int64_t)(opt.warm * 1e9);
	int64_t end = begin + (int64_t)(opt.seconds * 1e9), cpu = 0, sent = 0, next_tend = start,
		now;
	for (unsigned i = 0; i < opt.conns; i++)
		conn_open(&conns[i]);
	while ((now = measure_now_ns()) < end && !stop &&
	       (!opt.requests || stat.ok + failures() < opt.requests)) {
		int64_t wait = 1000000;
		if (!stat.on && now >= begin) {
			stat.on = true;
			stat.conns = 0;
			begin = stat.last_done = now;
			cpu = measure_cpu_ns(opt.cpu_file);
		}
		if (now >= next_tend) {
			next_tend = now + 1000000;
			tend_connections(now);
		}
		if (opt.rate > 0) {
			int64_t due = send_due(start, &sent, now);
			wait = due > 0 && due < wait ? due : wait;
		}
		wait_events(wait);
	}
	cpu = measure_cpu_ns(opt.cpu_file) - cpu;
	if (now - stat.last_done > stat.longest_gap)
		stat.longest_gap = now - stat.last_done;
	report(now - begin, cpu,
	       oldest_wait(now)); /* what is still unanswered counts as a stall too */
	return stat.ok == 0;
}

/* Opens the tunnels, at most 128 at once; each is held after one echo to and fro. */
static int hold(void)
{
	unsigned next = 0, busy = 0, held = 0, failed = 0;
	bool told = false;
	int64_t start = measure_now_ns();
	struct epoll_event events[EVENTS];
	stat.on = true;
	while (!stop) {
		for (; next < opt.conns && busy < 128; busy++)
			conn_open(&conns[next++]);
		int n = epoll_wait(epoll_fd, events, EVENTS, 20);
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;
			enum state before = c->state;
			uint64_t ok = stat.ok;
			on_event(c, events[i].events);
			if (before != ST_HELD && stat.ok > ok) {
				c->state = ST_HELD;
				held++;
				busy--;
			} else if (c->fd < 0) {
				failed++;
				*(before == ST_HELD ? &held : &busy) -= 1;
			}
		}
		if (!told && held + failed >= opt.conns) {
			told = true;
			printf("READY held=%u failed=%u secs=%.3f\n", held, failed,
			       (double)(measure_now_ns() - start) / 1e9);
			fflush(stdout);
		}
	}
	printf("END held=%u failed=%u\n", held, failed);
	return 0;
}

static void echo_once(int fd)
{
	ssize_t n = recv(fd, bulk, BULK_BYTES, 0);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		close(fd);
	else if (n > 0 && send(fd, bulk, (size_t)n, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		close(fd);
}

static int echo_server(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int one = 1, l = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(l, (struct sockaddr *)&a, sizeof a) || listen(l, 4096))
		measure_die("echo");
	struct epoll_event e = { .events = EPOLLIN, .data.fd = l }, events[EVENTS];
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, l, &e);
	while (!stop) {
		int n = epoll_wait(epoll_fd, events, EVENTS, 1000);
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd != l) {
				echo_once(events[i].data.fd);
				continue;
			}
			for (int c; (c = accept4(l, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
				setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
				struct epoll_event x = { .events = EPOLLIN, .data.fd = c };
				epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c, &x);
			}
		}
	}
	return 0;
}

static int wait_port(void)
{
	int64_t start = measure_now_ns();
	while (measure_now_ns() - start < opt.timeout_ns) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		int failed = connect(fd, (struct sockaddr *)&opt.address, sizeof opt.address);
		close(fd);
		if (!failed) {
			printf("%.1f\n", (double)(measure_now_ns() - start) / 1e6);
			return 0;
		}
		usleep(2000);
	}
	return 1;
}

/* One request on a connection of its own; true if a 200 begins to come. */
static bool ask_once(const char *request, size_t n)
{
	char status[13] = "";
	struct timeval patience = { .tv_sec = 1 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	bool ok = connect(fd, (struct sockaddr *)&opt.address, sizeof opt.address) == 0 &&
	          send(fd, request, n, MSG_NOSIGNAL) == (ssize_t)n &&
	          recv(fd, status, sizeof status - 1, MSG_WAITALL) == sizeof status - 1 &&
	          !strcmp(status + 8, " 200");
	close(fd);
	return ok;
}

static int first_answer(void)
{
	int64_t start = measure_now_ns();
	char request[1024];
	size_t n = write_request(request, sizeof request);
	while (measure_now_ns() - start < opt.timeout_ns) {
		if (ask_once(request, n)) {
			printf("%.1f\n", (double)(measure_now_ns() - start) / 1e6);
			return 0;
		}
		usleep(500);
	}
	return 1;
}

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static struct sockaddr_in parse_address(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char host[64];
	const char *colon = strrchr(text, ':');
	if (!colon || (size_t)(colon - text) >= sizeof host)
		measure_die("-p wants ADDRESS:PORT");
	snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
	a.sin_port = htons((uint16_t)strtol(colon + 1, NULL, 10));
	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		measure_die("-p wants ADDRESS:PORT");
	return a;
}

static void parse_options(int argc, char **argv, int *port)
{
	int o;
	optind = 2;
	while ((o = getopt(argc, argv, "p:t:u:aTKE:c:R:d:w:A:q:l:r:s:n:")) != -1)
		switch (o) {
		case 'p':
			opt.address = parse_address(optarg);
			break;
		case 't':
			opt.target = optarg;
			break;
		case 'u':
			if (opt.n_paths < PATHS)
				opt.paths[opt.n_paths++] = optarg;
			break;
		case 'r':
			opt.random_below = strtoull(optarg, NULL, 10);
			break;
		case 's':
			sequence = strtoll(optarg, NULL, 10);
			random_state = (uint64_t)sequence * 0x9e3779b97f4a7c15u | 1;
			break;
		case 'n':
			opt.requests = strtoull(optarg, NULL, 10);
			break;
		case 'a':
			opt.absolute = true;
			break;
		case 'T':
			opt.tunnel = true;
			break;
		case 'K':
			opt.fresh = true;
			break;
		case 'E':
			opt.echo = (size_t)strtoul(optarg, NULL, 10);
			break;
		case 'c':
			opt.conns = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'R':
			opt.rate = strtod(optarg, NULL);
			break;
		case 'd':
			opt.seconds = strtod(optarg, NULL);
			break;
		case 'w':
			opt.warm = strtod(optarg, NULL);
			break;
		case 'A':
			opt.cpu_file = optarg;
			break;
		case 'q':
			opt.timeout_ns = strtoll(optarg, NULL, 10) * 1000000;
			break;
		case 'l':
			*port = (int)strtol(optarg, NULL, 10);
			break;
		default:
			exit(2);
		}
	if (opt.echo > sizeof conns->out)
		opt.echo = sizeof conns->out;
}

int main(int argc, char **argv)
{
	int port = 0;
	if (argc < 2) {
		fprintf(stderr, "usage: load run|hold|echo|wait|first [options]\n");
		return 2;
	}
	parse_options(argc, argv, &port);
	bulk = malloc(BULK_BYTES);
	conns = calloc(opt.conns, sizeof *conns);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!bulk || !conns || epoll_fd < 0)
		measure_die("start");
	for (unsigned i = 0; i < opt.conns; i++)
		conns[i].fd = -1;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	if (!strcmp(argv[1], "run"))
		return run();
	if (!strcmp(argv[1], "hold"))
		return hold();
	if (!strcmp(argv[1], "echo"))
		return echo_server(port);
	if (!strcmp(argv[1], "wait"))
		return wait_port();
	if (!strcmp(argv[1], "first"))
		return first_answer();
	return 2;
}
