/*
 * `cuttle cache purge`: asks the running proxy, at the first http_port of its configuration.
 */
#include <poll.h>

#include "admin/command_cache.h"
#include "http/parse.h"
#include "net/sock.h"
#include "proxy/snapshot.h"

#define ANSWER_BYTES_MAX 65536u
#define LOOK_EVERY_MS    250

/* Where a client on this machine reaches the port. */
static bool port_of(const struct snapshot *s, struct endpoint *to)
{
	if (s->proxy.ports == NULL)
		return false;
	*to = s->proxy.ports->at;
	/* Those of [::] take IPv4, too. */
	if (ip_is_any(&to->ip))
		CHECK(ip_parse(SPAN("127.0.0.1"), &to->ip));
	return true;
}

/* As it stands: the proxy takes what follows the name for the URL. What no URL holds is escaped. */
static void put_escaped(FILE *to, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		const uint8_t c = (uint8_t)s.p[i];

		if (c > ' ' && c < 0x7f)
			fputc(c, to);
		else
			fprintf(to, "%%%02X", c);
	}
}

/* The request; the caller frees it. */
static char *request_of(struct cache_command *c, const struct endpoint *at, size_t *n)
{
	const struct span pattern = c->pattern;
	char authority[ENDPOINT_TEXT_MAX], *text = NULL;
	FILE *const to = open_memstream(&text, n);

	CHECK(to != NULL);
	endpoint_text(at, authority);
	fprintf(to, "PURGE http://%s/squid-internal-mgr/cache?", authority);
	if (span_starts(pattern, SPAN("host:"))) {
		fputs("host=", to);
		put_escaped(to, span_skip(pattern, 5));
	} else if (pattern.p[pattern.n - 1] == '*') {
		fputs("prefix=", to);
		put_escaped(to, span_of(pattern.p, pattern.n - 1));
	} else {
		fputs("url=", to);
		put_escaped(to, pattern);
	}
	fprintf(to, " HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", authority);
	CHECK(fclose(to) == 0);
	return text;
}

/* However long it takes: a prefix may mean reading all heads. */
static void wait_for(struct cache_command *c, int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	while (poll(&p, 1, LOOK_EVERY_MS) == 0)
		progress_share(&c->progress, "the proxy is at it", 0, 0);
}

static enum err send_all(struct cache_command *c, int fd, const char *text, size_t n)
{
	enum err e = ERR_NONE;

	while (n > 0 && e == ERR_NONE) {
		const struct iovec v = { (void *)(uintptr_t)text, n };
		size_t sent = 0;

		switch (sock_write(fd, &v, 1, false, &sent, &e)) {
		case IO_OK:
			text += sent;
			n -= sent;
			break;
		case IO_AGAIN:
			wait_for(c, fd, POLLOUT);
			break;
		case IO_EOF:
		case IO_ERROR:
			return e != ERR_NONE ? e : ERR_RESET;
		}
	}
	return e;
}

static enum err receive_all(struct cache_command *c, int fd, char *to, size_t *n)
{
	enum err e = ERR_NONE;

	for (*n = 0; *n < ANSWER_BYTES_MAX;) {
		size_t got = 0;

		switch (sock_read(fd, to + *n, ANSWER_BYTES_MAX - *n, &got, &e)) {
		case IO_OK:
			*n += got;
			break;
		case IO_AGAIN:
			wait_for(c, fd, POLLIN);
			break;
		case IO_EOF:
			return ERR_NONE;
		case IO_ERROR:
			return e;
		}
	}
	return ERR_NONE;
}

static enum err ask(struct cache_command *c, const struct endpoint *at, char *answer, size_t *n)
{
	size_t request_bytes = 0;
	int fd = -1;
	enum err e = sock_connect(at, NULL, NULL, &fd);

	if (e != ERR_NONE)
		return e;
	wait_for(c, fd, POLLOUT);
	e = sock_connected(fd);
	char *const request = request_of(c, at, &request_bytes);

	if (e == ERR_NONE)
		e = send_all(c, fd, request, request_bytes);
	if (e == ERR_NONE)
		e = receive_all(c, fd, answer, n);
	progress_tell(&c->progress, NULL, 0);
	sock_close(fd);
	free(request);
	return e;
}

static int report(struct cache_command *c, struct span answer)
{
	struct http_head head;
	struct http_parse_error error;
	struct http_scan scan = { 0 };
	size_t used = 0;

	http_head_init(&head, &c->arena);
	if (http_parse_reply(answer, SIZE_MAX, &scan, &head, &used, &error) != HTTP_PARSE_OK) {
		fprintf(stderr, "cuttle cache: what came back is no reply of a proxy\n");
		return CACHE_FAILED;
	}
	const bool is_text = head.status == 200 || head.status == 404;
	FILE *const to = is_text ? stdout : stderr;
	struct span body = span_skip(answer, used);

	while (body.n > 0 && body.p[body.n - 1] == '\n')
		body.n--;

	if (!is_text)
		fprintf(to, "cuttle cache: the proxy refused it (%u)%s", head.status,
		        body.n > 0 && body.p[0] != '<' ? ": " : "");
	/* An error page is for browsers. */
	if (body.n > 0 && body.p[0] != '<')
		fprintf(to, "%.*s", SPAN_ARG(body));
	fputs(head.status == 403
	              ? ": the configuration needs an acl that names the method PURGE, and "
	                "http_access must allow it from here\n"
	      : head.status == 400 ? "; see cuttle cache --help for what can be purged\n"
	                           : "\n",
	      to);
	return head.status == 200 ? CACHE_DONE : head.status == 404 ? CACHE_NOT_SO : CACHE_FAILED;
}

int command_cache_purge(struct cache_command *c)
{
	char *const answer = check_malloc(ANSWER_BYTES_MAX), text[ENDPOINT_TEXT_MAX];
	struct endpoint at;
	size_t n = 0;
	int status = CACHE_FAILED;

	if (!port_of(c->snapshot, &at)) {
		fprintf(stderr,
		        "cuttle cache: the configuration has no http_port, at which the proxy "
		        "could be asked\n");
	} else {
		const enum err e = ask(c, &at, answer, &n);

		if (e != ERR_NONE)
			fprintf(stderr,
			        "cuttle cache: the proxy at %s does not answer: %s; does it run "
			        "(cuttle -k check), with this configuration?\n",
			        endpoint_text(&at, text), err_text(e));
		else
			status = report(c, span_of(answer, n));
	}
	free(answer);
	return status;
}
