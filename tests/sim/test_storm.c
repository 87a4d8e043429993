/*
 * Many clients at once, with origins and lines of all kinds, by chance: each reply that arrives
 * whole is the one to its request, each body that arrives is the one that was sent, and nothing is
 * left. The chance is a seed, so that what fails fails again. One half of them asks for few things,
 * which may be kept.
 */
#include <stdio.h>

#include "base/hash.h"
#include "tests/sim/play.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define SEEDS        40
#define CLIENTS      8
#define REQUESTS_MAX 5
#define ORIGINS      3
#define CACHED       PLAY_ALLOW "collapsed_forwarding on\n"

static struct sim_proxy sp;
static uint64_t chance;
static bool is_cached; /* replies may be kept, and many clients ask for the same */

static unsigned pick(unsigned n)
{
	chance = hash_mix(chance, n + 1);
	return (unsigned)((chance >> 20) % n);
}

/* --- origins ---------------------------------------------------------------------------------- */

/* A reply that is sent some time after its request. */
struct later {
	struct sim_peer *peer;
	char text[600];
	bool ends;
};

static void send_later(void *arg)
{
	struct later *l = arg;

	if (sim_can_send(l->peer)) {
		sim_send(l->peer, span_str(l->text));
		if (l->ends)
			sim_fin(l->peer);
	}
	free(l);
}

static const char *what_is_kept(void)
{
	static const char *const fields[] = {
		"",
		"Cache-Control: max-age=3600\r\n",
		"Cache-Control: private\r\n",
		"ETag: \"a\"\r\nCache-Control: max-age=0\r\n",
		"ETag: \"a\"\r\nCache-Control: max-age=0, stale-while-revalidate=2\r\n",
	};

	return is_cached ? fields[pick(ARRAY_LEN(fields))] : "";
}

static void say_unmodified(struct sim_peer *p)
{
	struct later *l = check_calloc(1, sizeof(*l));

	l->peer = p;
	snprintf(l->text, sizeof(l->text), "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n");
	sim_at(pick(3) == 0 ? pick(2000) : 0, send_later, l);
}

/* The path is the reply's body, whatever its framing. */
static void reply_to(struct sim_peer *p, struct span path, bool is_head)
{
	struct later *l = check_calloc(1, sizeof(*l));
	const char *kept = what_is_kept();
	const unsigned kind = pick(10);
	const char *interim = pick(4) == 0 ? "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" : "";
	const char *close = pick(5) == 0 ? "Connection: close\r\n" : "";

	l->peer = p;
	l->ends = close[0] != '\0' || kind == 5;
	if (kind == 0) { /* no reply at all */
		sim_fin(p);
		free(l);
		return;
	}
	if (kind == 1) {
		sim_reset(p);
		free(l);
		return;
	}
	if (is_head || kind < 4)
		snprintf(l->text, sizeof(l->text),
		         "%sHTTP/1.1 200 OK\r\n%s%sContent-Length: %zu\r\n\r\n%.*s", interim, kept,
		         close, path.n, is_head ? 0 : (int)path.n, path.p);
	else if (kind == 4) /* breaks off */
		snprintf(l->text, sizeof(l->text),
		         "%sHTTP/1.1 200 OK\r\n%sContent-Length: 300\r\n\r\n%.*s", interim, kept,
		         SPAN_ARG(path));
	else if (kind == 5)
		snprintf(l->text, sizeof(l->text), "%sHTTP/1.1 200 OK\r\n%s\r\n%.*s", interim, kept,
		         SPAN_ARG(path));
	else
		snprintf(l->text, sizeof(l->text),
		         "%sHTTP/1.1 200 OK\r\n%s%sTransfer-Encoding: "
		         "chunked\r\n\r\n1\r\n/\r\n%zx\r\n%.*s\r\n"
		         "0\r\n\r\n",
		         interim, kept, close, path.n - 1, SPAN_ARG(span_skip(path, 1)));
	sim_at(pick(3) == 0 ? pick(2000) : 0, send_later, l);
}

/* A body is its path, and then as many 'b' as it takes. */
static void check_body(struct span path, struct span body)
{
	ck_assert_msg(span_starts(body, path), "%.*s: %.*s", SPAN_ARG(path), SPAN_ARG(body));
	for (size_t i = path.n; i < body.n; i++)
		ck_assert(body.p[i] == 'b');
}

static void on_origin(struct sim_peer *p, enum sim_event ev, void *arg UNUSED)
{
	static const char length[] = "\r\nContent-Length: ";

	if (ev == SIM_FIN && sim_can_send(p))
		sim_fin(p);
	if (ev != SIM_BYTES || !sim_can_send(p))
		return;
	const struct span got = sim_received(p);
	const char *end = got.n == 0 ? NULL : memmem(got.p, got.n, "\r\n\r\n", 4);
	uint64_t body = 0;

	if (end == NULL)
		return;
	const struct span head = span_of(got.p, (size_t)(end + 4 - got.p));
	const char *at = memmem(head.p, head.n, length, sizeof(length) - 1);

	if (at != NULL) {
		struct span rest = span_skip(head, (size_t)(at + sizeof(length) - 1 - head.p));

		ck_assert(span_to_u64(span_cut(&rest, '\r'), &body));
	}
	if (got.n < head.n + body)
		return;
	struct span rest = head;
	const struct span method = span_cut(&rest, ' '), path = span_cut(&rest, ' ');

	ck_assert_msg(span_starts(path, SPAN("/c")), "%.*s", SPAN_ARG(head));
	if (body != 0)
		check_body(path, span_of(got.p + head.n, (size_t)body));
	if (memmem(head.p, head.n, "If-None-Match: \"a\"", 18) != NULL && pick(2) == 0)
		say_unmodified(p);
	else
		reply_to(p, path, span_eq(method, SPAN("HEAD")));
	sim_take(p, head.n + (size_t)body);
}

/* --- clients ---------------------------------------------------------------------------------- */

struct client {
	struct sim_peer *peer;
	unsigned index, n_requests, n_sent;
	bool is_head[REQUESTS_MAX];
	char path[REQUESTS_MAX][32];
	struct sim_line line;
};

static void send_request(struct client *c, unsigned i)
{
	const unsigned kind = pick(6), origin = 1 + (is_cached ? 0 : pick(ORIGINS));
	char text[400];

	if (is_cached)
		snprintf(c->path[i], sizeof(c->path[i]), "/common%u", pick(4));
	else
		snprintf(c->path[i], sizeof(c->path[i]), "/c%ur%u", c->index, i);
	c->is_head[i] = kind == 0;
	if (kind != 1) {
		snprintf(text, sizeof(text), "%s http://192.0.2.%u%s HTTP/1.1\r\nHost: x\r\n%s\r\n",
		         kind == 0 ? "HEAD" : "GET", origin, c->path[i],
		         is_cached && kind == 2 ? "Range: bytes=1-2\r\n" : "");
		sim_send(c->peer, span_str(text));
		return;
	}
	const size_t n = pick(20000);
	char *body = check_malloc(n + 1);

	memset(body, 'b', n);
	snprintf(text, sizeof(text),
	         "%s http://192.0.2.%u%s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
	         pick(2) == 0 ? "PUT" : "POST", origin, c->path[i], strlen(c->path[i]) + n,
	         c->path[i]);
	sim_send(c->peer, span_str(text));
	sim_send(c->peer, span_of(body, n));
	free(body);
}

static void on_client(struct sim_peer *p, enum sim_event ev, void *arg)
{
	struct client *c = arg;

	if (ev == SIM_FIN && sim_can_send(p))
		sim_fin(p);
	/* The next one when something came; it may well be pipelined behind the one before. */
	if (ev == SIM_BYTES && c->n_sent < c->n_requests && sim_can_send(p) && pick(3) == 0)
		send_request(c, c->n_sent++);
}

static void leave(void *arg)
{
	struct client *c = arg;

	if (pick(2) == 0)
		sim_reset(c->peer);
	else
		sim_close(c->peer);
}

static void arrive(void *arg)
{
	struct client *c = arg;
	struct endpoint to = { .ip = ip_from_v4(INADDR_LOOPBACK), .port = 3128 }, from = to;

	from.port = (uint16_t)(50000 + c->index);
	sim_set_line(&c->line);
	c->peer = sim_connect(&to, &from, on_client, c);
	ck_assert_ptr_nonnull(c->peer);
	c->n_requests = 1 + pick(REQUESTS_MAX);
	const unsigned at_once = 1 + pick(c->n_requests);

	while (c->n_sent < at_once)
		send_request(c, c->n_sent++);
	if (pick(4) == 0)
		sim_at(pick(3000), leave, c);
}

/* --- what came -------------------------------------------------------------------------------- */

/* Takes a chunked body off the front. False: it is not whole. */
static bool take_chunks(struct span *in, char *body, size_t cap)
{
	size_t n = 0;

	for (;;) {
		const char *end = in->n == 0 ? NULL : memmem(in->p, in->n, "\r\n", 2);
		unsigned size = 0;

		if (end == NULL)
			return false;
		for (const char *d = in->p; d < end; d++)
			size = size * 16 + (unsigned)(*d <= '9' ? *d - '0' : *d - 'a' + 10);
		*in = span_skip(*in, (size_t)(end + 2 - in->p));
		if (in->n < size + 2)
			return false;
		ck_assert(n + size < cap);
		memcpy(body + n, in->p, size);
		n += size;
		*in = span_skip(*in, size + 2);
		if (size == 0) {
			body[n] = '\0';
			return true;
		}
	}
}

/* One final reply off the front. False: it is not whole, or there is none. */
static bool take_reply(struct span *in, bool is_head, unsigned *status, char *body, size_t cap)
{
	static const char length[] = "\r\nContent-Length: ";
	uint64_t n = 0;

	do {
		const char *end = in->n == 0 ? NULL : memmem(in->p, in->n, "\r\n\r\n", 4);

		if (end == NULL)
			return false;
		ck_assert_msg(span_starts(*in, SPAN("HTTP/1.1 ")), "%.*s", SPAN_ARG(*in));
		ck_assert(span_to_u64(span_of(in->p + 9, 3), &n));
		const struct span head = span_of(in->p, (size_t)(end + 4 - in->p));
		const char *at = memmem(head.p, head.n, length, sizeof(length) - 1);

		*status = (unsigned)n;
		*in = span_skip(*in, head.n);
		if (*status < 200)
			continue;
		body[0] = '\0';
		if (is_head)
			return true;
		if (at == NULL)
			return take_chunks(in, body, cap);
		struct span rest = span_skip(head, (size_t)(at + sizeof(length) - 1 - head.p));

		ck_assert(span_to_u64(span_cut(&rest, '\r'), &n));
	} while (*status < 200);
	if (in->n < n)
		return false;
	ck_assert(n < cap);
	memcpy(body, in->p, (size_t)n);
	body[n] = '\0';
	*in = span_skip(*in, (size_t)n);
	return true;
}

/* How many of its requests were answered by their origin. */
static unsigned check_client(const struct client *c)
{
	struct span in = sim_received(c->peer);
	static char body[8192];
	unsigned n = 0;

	for (unsigned i = 0; i < c->n_sent; i++) {
		unsigned status;

		if (!take_reply(&in, c->is_head[i], &status, body, sizeof(body)))
			return n;
		if (status == 200 && !c->is_head[i])
			ck_assert_msg(strcmp(body, c->path[i]) == 0,
			              "client %u: %s is answered by %s", c->index, c->path[i],
			              body);
		if (status == 206)
			ck_assert_msg(strncmp(body, c->path[i] + 1, 2) == 0 && strlen(body) == 2,
			              "client %u: a part of %s is %s", c->index, c->path[i], body);
		ck_assert_msg(status == 200 || (status == 206 && is_cached) || status >= 500,
		              "client %u: %u", c->index, status);
		n += status < 300;
	}
	ck_assert_msg(in.n == 0, "client %u: more than it asked for: %.*s", c->index, SPAN_ARG(in));
	return n;
}

static void reload(void *arg UNUSED)
{
	sim_proxy_reload(&sp, is_cached ? CACHED "read_timeout 20 seconds\n"
	                                : PLAY_ALLOW "read_timeout 20 seconds\n");
}

static struct sim_line any_line(void)
{
	struct sim_line l = { .seed = pick(3) == 0 ? chance | 1 : 0 };

	if (pick(3) == 0)
		l.chunk_in = 1 + pick(3000);
	if (pick(3) == 0)
		l.chunk_out = 1 + pick(3000);
	if (pick(3) == 0)
		l.window_out = 1 + pick(30000);
	if (pick(4) == 0)
		l.gap_ms = pick(20);
	return l;
}

START_TEST(no_reply_goes_astray)
{
	struct client clients[CLIENTS] = { { NULL } };
	unsigned answered = 0;

	chance = hash_mix(77, (uint64_t)_i + 1);
	is_cached = _i % 2 == 1;
	sim_proxy_start(&sp, is_cached ? CACHED "read_timeout 30 seconds\n"
	                               : PLAY_ALLOW "read_timeout 30 seconds\n");
	for (unsigned o = 1; o <= ORIGINS; o++) {
		struct endpoint at = { .ip = ip_from_v4(0xc0000200U + o), .port = 80 };

		sim_serve(&at, SIM_ACCEPT, pick(20), on_origin, NULL);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		clients[i].index = i;
		clients[i].line = any_line();
		sim_at(pick(4000), arrive, &clients[i]);
	}
	if (pick(2) == 0)
		sim_at(pick(4000), reload, NULL);
	if (pick(5) == 0)
		sim_set_fd_limit(1 + CLIENTS + 3);
	sim_proxy_run_for(&sp, HOURS(30));
	for (unsigned i = 0; i < CLIENTS; i++)
		answered += check_client(&clients[i]);
	ck_assert_uint_gt(answered, 0);
	ck_assert_uint_eq(sp.worker->n_sessions + sp.worker->n_tunnels + sp.worker->n_fills, 0);
	ck_assert_uint_eq(sim_open_fds(), 1);
	sim_proxy_stop(&sp);
}
END_TEST

Suite *suite_storm(void);
Suite *suite_storm(void)
{
	Suite *s = suite_create("storm");
	TCase *t = tcase_create("storm");
	const unsigned n = random_test_count(2 * SEEDS) / random_test_share();

	tcase_set_timeout(t, 240);
	tcase_add_loop_test(t, no_reply_goes_astray, 0, (int)n);
	suite_add_tcase(s, t);
	return s;
}
