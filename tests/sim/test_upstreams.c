/*
 * Connections to origins: what becomes of idle ones, when a request is repeated on another, and
 * origins that answer before they have the whole request.
 */
#include "base/counters.h"
#include "tests/sim/play.h"
#include "tests/unit/unit.h"

#define NO_IDLING PLAY_ALLOW "client_persistent_connections off\n"
#define KEEP_LONG PLAY_ALLOW "server_idle_pconn_timeout 1 hour\nclient_idle_pconn_timeout 1 day\n"

static struct sim_proxy sp;
static struct play_origin origin;

static void begin(const char *conf)
{
	sim_proxy_start(&sp, conf);
	play_serve(&origin, PLAY_ORIGIN);
}

static void setup(void)
{
	origin = (struct play_origin){ 0 };
}

static void teardown(void)
{
	sim_proxy_stop(&sp);
	play_origin_fini(&origin);
}

/* --- repeating (RFC 9110 9.2.2) --------------------------------------------------------------- */

#define SENT_HEAD(method) method PLAY_HEAD "Content-Length: 4\r\n\r\n"
#define POST              SENT_HEAD("POST") "body"
#define PUT               SENT_HEAD("PUT") "body"
#define BAD_HEAD          "HTTP/1.1 200 OK\r\nContent-Le"
#define REUSE_ALL         KEEP_LONG "server_pconn_for_nonretriable allow all\n"

static const struct {
	const char *name, *conf, *request;
	const char *second; /* what the origin does with it on the connection that had idled */
	unsigned opened, requests; /* by the origin, the first request included */
	const char *status;
	bool cuts_behind; /* what it says is followed by its end */
} repeats[] = {
	{ "GET, closed by a FIN", KEEP_LONG, PLAY_GET, PLAY_DO_FIN, 2, 3, "HTTP/1.1 200 ", false },
	{ "GET, reset", KEEP_LONG, PLAY_GET, PLAY_DO_RESET, 2, 3, "HTTP/1.1 200 ", false },
	{ "HEAD", KEEP_LONG, "HEAD" PLAY_HEAD "\r\n", PLAY_DO_FIN, 2, 3, "HTTP/1.1 200 ", false },
	{ "DELETE", KEEP_LONG, "DELETE" PLAY_HEAD "\r\n", PLAY_DO_FIN, 2, 3, "HTTP/1.1 200 ",
	  false },
	{ "not after a byte of a reply", KEEP_LONG, PLAY_GET, BAD_HEAD, 1, 2, "HTTP/1.1 502 ",
	  true },
	{ "not after an interim reply", KEEP_LONG, PLAY_GET, "HTTP/1.1 103 Early Hints\r\n\r\n", 1,
	  2, "HTTP/1.1 103 ", true },
	{ "POST: never on one that has idled", KEEP_LONG, POST, PLAY_HELLO, 2, 2, "HTTP/1.1 200 ",
	  false },
	{ "POST without a body neither", KEEP_LONG, "POST" PLAY_HEAD "Content-Length: 0\r\n\r\n",
	  PLAY_HELLO, 2, 2, "HTTP/1.1 200 ", false },
	{ "PUT with a body neither", KEEP_LONG, PUT, PLAY_HELLO, 2, 2, "HTTP/1.1 200 ", false },
	{ "POST where allowed", REUSE_ALL, POST, PLAY_HELLO, 1, 2, "HTTP/1.1 200 ", false },
	{ "... is not repeated", REUSE_ALL, POST, PLAY_DO_FIN, 1, 2, "HTTP/1.1 502 ", false },
	{ "PUT with a body, the body is gone", REUSE_ALL, PUT, PLAY_DO_RESET, 1, 2, "HTTP/1.1 502 ",
	  false },
};

static void say(void *text)
{
	struct play_client *c = text;

	sim_send(c->peer, span_str(c->say));
}

START_TEST(requests_are_repeated_only_where_that_is_safe)
{
	struct play_client first = { 0 }, second = { 0 };

	begin(repeats[_i].conf);
	origin.reply[0] = PLAY_HELLO;
	origin.reply[1] = repeats[_i].second;
	origin.reply[2] = PLAY_HELLO;
	play_client(&first, PLAY_GET);
	sim_proxy_run_for(&sp, 1000);
	ck_assert(play_ends(first.peer, "hello"));
	if (repeats[_i].cuts_behind)
		origin.then = PLAY_FIN;
	play_client(&second, repeats[_i].request);
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(second.peer, repeats[_i].status), "%s: %.*s", repeats[_i].name,
	              SPAN_ARG(sim_received(second.peer)));
	ck_assert_msg(origin.n_opened == repeats[_i].opened &&
	                      origin.n_requests == repeats[_i].requests,
	              "%s: %u connections, %u requests", repeats[_i].name, origin.n_opened,
	              origin.n_requests);
	ck_assert_uint_eq(counters_sum(COUNT_SERVER_RETRIES),
	                  repeats[_i].requests == 3 && repeats[_i].opened == 2);
}
END_TEST

/* A new connection is no reason to try again: the origin may have done what it was asked. */
START_TEST(nothing_is_repeated_on_a_new_connection)
{
	struct play_client c = { 0 };

	begin(PLAY_ALLOW);
	origin.reply[0] = _i == 0 ? PLAY_DO_FIN : PLAY_DO_RESET;
	play_client(&c, PLAY_GET);
	sim_proxy_run(&sp);
	ck_assert(play_starts(c.peer, "HTTP/1.1 502 "));
	ck_assert_uint_eq(origin.n_requests, 1);
}
END_TEST

/* --- the pool --------------------------------------------------------------------------------- */

static void origin_ends(void *arg UNUSED)
{
	sim_fin(origin.peer);
}

static void origin_resets(void *arg UNUSED)
{
	sim_reset(origin.peer);
}

static void origin_speaks(void *arg UNUSED)
{
	sim_send(origin.peer, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"));
}

static const struct {
	const char *name, *conf;
	const char *reply;
	sim_fn *meanwhile; /* half a second after the first reply */
	int64_t pause_ms;  /* between the first reply and the second request */
	unsigned opened;
} pools[] = {
	{ "used again", "", PLAY_HELLO, NULL, 1000, 1 },
	{ "within the default limit", "", PLAY_HELLO, NULL, 59000, 1 },
	{ "the default limit: 1 minute", "", PLAY_HELLO, NULL, 61000, 2 },
	{ "server_idle_pconn_timeout", "server_idle_pconn_timeout 5 seconds\n", PLAY_HELLO, NULL,
	  6000, 2 },
	{ "pconn_timeout, its old name", "pconn_timeout 5 seconds\n", PLAY_HELLO, NULL, 4000, 1 },
	{ "pconn_lifetime", "pconn_lifetime 3 seconds\n", PLAY_HELLO, NULL, 4000, 2 },
	{ "within pconn_lifetime", "pconn_lifetime 3 seconds\n", PLAY_HELLO, NULL, 2000, 1 },
	{ "server_persistent_connections off", "server_persistent_connections off\n", PLAY_HELLO,
	  NULL, 1000, 2 },
	{ "a FIN", "", PLAY_HELLO, origin_ends, 1000, 2 },
	{ "a reset", "", PLAY_HELLO, origin_resets, 1000, 2 },
	{ "bytes that nobody asked for", "", PLAY_HELLO, origin_speaks, 1000, 2 },
	{ "bytes behind the reply", "",
	  PLAY_HELLO "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", NULL, 1000, 2 },
	{ "Connection: close", "",
	  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", NULL, 1000, 2 },
	{ "HTTP/1.0", "", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", NULL, 1000, 2 },
	{ "HTTP/1.0 that keeps alive", "",
	  "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", NULL, 1000,
	  1 },
	{ "chunks", "",
	  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", NULL,
	  1000, 1 },
	{ "no body at all", "", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", NULL,
	  1000, 1 },
};

START_TEST(idle_connections_are_used_again_while_they_are_good)
{
	struct play_client first = { .say = PLAY_GET };
	char conf[300];

	snprintf(conf, sizeof(conf), PLAY_ALLOW "client_idle_pconn_timeout 1 day\n%s",
	         pools[_i].conf);
	begin(conf);
	origin.reply[0] = pools[_i].reply;
	origin.reply[1] = PLAY_HELLO;
	play_client(&first, PLAY_GET);
	if (pools[_i].meanwhile != NULL)
		sim_at(500, pools[_i].meanwhile, NULL);
	sim_at(pools[_i].pause_ms, say, &first);
	sim_proxy_run(&sp);
	ck_assert_msg(origin.n_opened == pools[_i].opened, "%s: %u connections", pools[_i].name,
	              origin.n_opened);
	ck_assert_uint_eq(play_count(sim_received(first.peer), "HTTP/1.1 "), 2);
	ck_assert_msg(play_ends(first.peer, "hello"), "%s: %.*s", pools[_i].name,
	              SPAN_ARG(sim_received(first.peer)));
	ck_assert_uint_eq(play_count(sim_received(first.peer), "evil"), 0);
	/* The first connection is closed at the limit, whether anybody wants it or not. */
	ck_assert_uint_eq(upstream_pool_count(sp.worker->upstreams), 0);
}
END_TEST

START_TEST(idle_connections_are_closed_when_their_time_is_over)
{
	struct play_client c = { 0 };

	begin(PLAY_ALLOW "server_idle_pconn_timeout 5 seconds\nclient_idle_pconn_timeout 1 day\n");
	origin.reply[0] = PLAY_HELLO;
	play_client(&c, PLAY_GET);
	sim_proxy_run_for(&sp, 4900);
	ck_assert_uint_eq(upstream_pool_count(sp.worker->upstreams), 1);
	ck_assert_uint_eq(origin.n_ended, 0);
	sim_proxy_run_for(&sp, 200);
	ck_assert_uint_eq(upstream_pool_count(sp.worker->upstreams), 0);
	ck_assert_uint_eq(origin.n_ended, 1);
}
END_TEST

/* --- answers before the end of the request ---------------------------------------------------- */

#define BIG     200000
#define UPLOAD  "POST" PLAY_HEAD "Content-Length: 200000\r\n\r\n"
#define CHUNKED "POST" PLAY_HEAD "Transfer-Encoding: chunked\r\n\r\n30d40\r\n"
#define TOO_BIG "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig"

static const struct sim_line lines[] = {
	{ 0 },
	{ .chunk_in = 1000, .chunk_out = 1000, .window_out = 3000 },
	{ .chunk_in = 4000, .gap_ms = 10 },
	{ .seed = 3 },
};

static const struct {
	const char *name, *head;
	enum play_then then;
} earlies[] = {
	{ "keeps the connection open", UPLOAD, PLAY_KEEP },
	{ "ends it", UPLOAD, PLAY_FIN },
	{ "is gone", UPLOAD, PLAY_CLOSE },
	{ "keeps the connection open, chunks", CHUNKED, PLAY_KEEP },
	{ "is gone, chunks", CHUNKED, PLAY_CLOSE },
};

START_TEST(an_early_answer_reaches_the_client)
{
	const size_t i = (size_t)_i / ARRAY_LEN(lines);
	struct play_client c = { 0 };
	char *body = check_malloc(BIG);

	memset(body, 'x', BIG);
	begin(PLAY_ALLOW);
	sim_set_line(&lines[(size_t)_i % ARRAY_LEN(lines)]);
	origin.reply[0] = TOO_BIG;
	origin.at_head = true;
	origin.then = earlies[i].then;
	play_client(&c, earlies[i].head);
	sim_send(c.peer, span_of(body, BIG));
	free(body);
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, "HTTP/1.1 413 Content Too Large\r\n"), "%s: %.*s",
	              earlies[i].name, SPAN_ARG(sim_received(c.peer)));
	ck_assert_msg(play_ends(c.peer, "\r\n\r\nbig"), "%s: %.*s", earlies[i].name,
	              SPAN_ARG(sim_received(c.peer)));
	/* The first line brings the whole body before the reply: the connection can stay. */
	ck_assert(play_has(c.peer, "\r\nConnection: close\r\n") || c.ended_ms >= MINUTES(2));
	ck_assert_msg(!sim_saw_reset(c.peer) && sim_saw_fin(c.peer), "%s: the reply may be lost",
	              earlies[i].name);
	ck_assert_uint_eq(origin.n_opened, 1);
	/* Such a connection is of no more use. */
	ck_assert_uint_ge(origin.n_ended + (earlies[i].then == PLAY_CLOSE), 1);
}
END_TEST

/* The whole request was sent by then, so both connections can stay. */
START_TEST(an_answer_right_after_the_upload_keeps_the_connections)
{
	struct play_client c = { .await = "hello", .say = PLAY_GET };

	begin(PLAY_ALLOW);
	origin.reply[0] = PLAY_HELLO;
	play_client(&c, POST);
	sim_proxy_run(&sp);
	ck_assert_uint_eq(play_count(sim_received(c.peer), "HTTP/1.1 200 "), 2);
	ck_assert_uint_eq(origin.n_opened, 1);
}
END_TEST

/* The origin's reply and its reset are there when the proxy writes on: the reply is what counts. */
START_TEST(a_reply_is_read_though_the_upload_cannot_be_written)
{
	struct play_client c = { 0 };
	char *body = check_malloc(BIG);

	memset(body, 'x', BIG);
	begin(PLAY_ALLOW);
	play_client(&c, UPLOAD);
	sim_proxy_run_for(&sp, 10);
	sim_at_write(origin.peer, SPAN(TOO_BIG));
	sim_send(c.peer, span_of(body, BIG));
	free(body);
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, "HTTP/1.1 413 "), "%.*s", SPAN_ARG(sim_received(c.peer)));
}
END_TEST

/* --- pipelining ------------------------------------------------------------------------------- */

#define GET_OF(path) "GET http://" PLAY_ORIGIN path " HTTP/1.1\r\nHost: " PLAY_ORIGIN "\r\n\r\n"
#define OK_OF(body)  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" body
#define DENY_X       "acl x urlpath_regex ^/x\nhttp_access deny x\n" PLAY_ALLOW

static const struct {
	const char *name, *conf, *requests;
	const char *order; /* of the status codes and bodies, as a client reads them */
	bool ends_early;   /* closed before it idles too long */
} pipelines[] = {
	{ "three", DENY_X, GET_OF("/1") GET_OF("/2") GET_OF("/3"), "200a200b200c", false },
	{ "a denied one between", DENY_X, GET_OF("/1") GET_OF("/x") GET_OF("/2"), "200a403200b",
	  false },
	{ "denied first", DENY_X, GET_OF("/x") GET_OF("/1"), "403200a", false },
	{ "a malformed one ends it", DENY_X, GET_OF("/1") "GET nonsense\r\n\r\n" GET_OF("/2"),
	  "200a400", true },
	{ "Connection: close ends it", DENY_X,
	  GET_OF("/1") "GET" PLAY_HEAD "Connection: close\r\n\r\n" GET_OF("/2"), "200a200b", true },
	{ "a body between", DENY_X, GET_OF("/1") POST GET_OF("/2"), "200a200b200c", false },
	{ "a denied body ends it where it has not come", DENY_X,
	  GET_OF("/1") "PUT http://" PLAY_ORIGIN "/x HTTP/1.1\r\nHost: " PLAY_ORIGIN
	               "\r\nContent-Length: 4\r\n\r\n",
	  "200a403", true },
	{ "without persistent connections only one", DENY_X "client_persistent_connections off\n",
	  GET_OF("/1") GET_OF("/2"), "200a", true },
	{ "an empty line between", DENY_X, GET_OF("/1") "\r\n" GET_OF("/2"), "200a200b", false },
	{ "HEAD between", DENY_X, GET_OF("/1") "HEAD" PLAY_HEAD "\r\n" GET_OF("/2"), "200a200200c",
	  false },
};

/* Statuses and one-letter bodies in the order of the wire. */
static void read_order(struct span got, char *out, size_t cap)
{
	size_t n = 0;

	while (got.n != 0) {
		const char *end = memmem(got.p, got.n, "\r\n\r\n", 4);

		ck_assert_msg(end != NULL && span_starts(got, SPAN("HTTP/1.1 ")), "%.*s",
		              SPAN_ARG(got));
		ck_assert(n + 5 < cap);
		memcpy(out + n, got.p + 9, 3);
		n += 3;
		got = span_skip(got, (size_t)(end + 4 - got.p));
		if (got.n != 0 && got.p[0] >= 'a' && got.p[0] <= 'z') {
			out[n++] = got.p[0];
			got = span_skip(got, 1);
		}
		const char *next = got.n == 0 ? NULL : memmem(got.p, got.n, "HTTP/1.1 ", 9);

		got = span_skip(got, next != NULL ? (size_t)(next - got.p) : got.n);
	}
	out[n] = '\0';
}

START_TEST(pipelined_requests_get_their_answers_in_order)
{
	const size_t i = (size_t)_i / ARRAY_LEN(lines);
	struct play_client c = { 0 };
	char order[64];

	begin(pipelines[i].conf);
	sim_set_line(&lines[(size_t)_i % ARRAY_LEN(lines)]);
	origin.reply[0] = OK_OF("a");
	origin.reply[1] = strstr(pipelines[i].requests, "HEAD") != NULL
	                          ? "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
	                          : OK_OF("b");
	origin.reply[2] = OK_OF("c");
	play_client(&c, pipelines[i].requests);
	sim_proxy_run(&sp);
	read_order(sim_received(c.peer), order, sizeof(order));
	ck_assert_msg(strcmp(order, pipelines[i].order) == 0, "%s: %s", pipelines[i].name, order);
	ck_assert_msg((c.ended_ms < MINUTES(2)) == pipelines[i].ends_early, "%s: %lld ms",
	              pipelines[i].name, (long long)c.ended_ms);
	ck_assert_msg(!sim_saw_reset(c.peer), "%s: replies may be lost", pipelines[i].name);
}
END_TEST

/* What follows a request that closes may fill the socket: the reply must not be lost by it. */
START_TEST(a_last_reply_survives_what_was_pipelined_behind_it)
{
	struct play_client c = { 0 };

	begin(PLAY_ALLOW);
	origin.reply[0] = OK_OF("a");
	play_client(&c, "GET" PLAY_HEAD "Connection: close\r\n\r\n");
	for (int i = 0; i < 2000; i++)
		sim_send(c.peer, SPAN(PLAY_GET));
	sim_proxy_run(&sp);
	ck_assert(play_ends(c.peer, "\r\n\r\na"));
	ck_assert(sim_saw_fin(c.peer) && !sim_saw_reset(c.peer));
	ck_assert_uint_eq(origin.n_requests, 1);
}
END_TEST

Suite *suite_upstreams(void);
Suite *suite_upstreams(void)
{
	Suite *s = suite_create("upstreams");
	TCase *t = tcase_create("upstreams");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, requests_are_repeated_only_where_that_is_safe, 0,
	                    ARRAY_LEN(repeats));
	tcase_add_loop_test(t, nothing_is_repeated_on_a_new_connection, 0, 2);
	tcase_add_loop_test(t, idle_connections_are_used_again_while_they_are_good, 0,
	                    ARRAY_LEN(pools));
	tcase_add_test(t, idle_connections_are_closed_when_their_time_is_over);
	tcase_add_loop_test(t, an_early_answer_reaches_the_client, 0,
	                    ARRAY_LEN(earlies) * ARRAY_LEN(lines));
	tcase_add_test(t, an_answer_right_after_the_upload_keeps_the_connections);
	tcase_add_test(t, a_reply_is_read_though_the_upload_cannot_be_written);
	tcase_add_loop_test(t, pipelined_requests_get_their_answers_in_order, 0,
	                    ARRAY_LEN(pipelines) * ARRAY_LEN(lines));
	tcase_add_test(t, a_last_reply_survives_what_was_pipelined_behind_it);
	suite_add_tcase(s, t);
	return s;
}
