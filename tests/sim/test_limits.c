/*
 * Clients that do not take their reply, lives that are over, requests that trickle in, bodies that
 * are too long: each ends as its limit says, and nothing that was cut looks whole.
 */
#include "tests/sim/play.h"
#include "tests/unit/unit.h"

#define REPLY_BYTES ((size_t)300000)
#define CONNECT     "CONNECT " PLAY_ORIGIN ":80 HTTP/1.1\r\nHost: " PLAY_ORIGIN ":80\r\n\r\n"
#define GET_1_0     "GET " PLAY_URL " HTTP/1.0\r\n\r\n"
#define OK          "HTTP/1.1 200 OK\r\n"

static struct sim_proxy sp;
static struct play_origin origin;
static char *bulk; /* REPLY_BYTES, NUL-terminated */

static void setup(void)
{
	origin = (struct play_origin){ 0 };
	bulk = check_malloc(REPLY_BYTES + 1);
	memset(bulk, 'x', REPLY_BYTES);
	bulk[REPLY_BYTES] = '\0';
}

static void begin(const char *conf)
{
	char text[400];

	snprintf(text, sizeof(text), PLAY_ALLOW "%s", conf);
	sim_proxy_start(&sp, text);
	play_serve(&origin, PLAY_ORIGIN);
}

static void teardown(void)
{
	sim_proxy_stop(&sp);
	play_origin_fini(&origin);
	free(bulk);
}

/* --- write_timeout ---------------------------------------------------------------------------- */

static const struct {
	const char *name, *request, *head;
	const char *log;
} stalls[] = {
	{ "a length", PLAY_GET, OK "Content-Length: 300000\r\n\r\n", "TCP_MISS_TIMEDOUT/200 " },
	{ "chunks", PLAY_GET, OK "Transfer-Encoding: chunked\r\n\r\n493e0\r\n",
	  "TCP_MISS_TIMEDOUT/200 " },
	{ "until the close", PLAY_GET, OK "\r\n", "TCP_MISS_TIMEDOUT/200 " },
	{ "until the close, for HTTP/1.0", GET_1_0, OK "\r\n", "TCP_MISS_TIMEDOUT/200 " },
	{ "a tunnel", CONNECT, "", "TCP_TUNNEL_TIMEDOUT/200 " },
};

static const struct sim_line stall_lines[] = {
	{ 0 },
	{ .chunk_in = 1000, .chunk_out = 1000, .window_out = 5000 },
	{ .chunk_in = 20000, .gap_ms = 5 },
};

/* The origin of a tunnel, and of what is larger than a script: everything at once. */
static void on_bulk_origin(struct sim_peer *p, enum sim_event ev, void *head)
{
	if (ev == SIM_BYTES && sim_received(p).n > 0 && head != NULL && !origin.answered) {
		origin.answered = p;
		sim_send(p, span_str(head));
		sim_send(p, span_of(bulk, REPLY_BYTES));
		if (strstr(head, "chunked") != NULL)
			sim_send(p, SPAN("\r\n0\r\n\r\n"));
		if (strcmp(head, OK "\r\n") == 0)
			sim_fin(p);
	}
	if (ev == SIM_FIN && sim_can_send(p))
		sim_fin(p);
	if (ev == SIM_FIN || ev == SIM_RESET)
		origin.n_ended++;
}

static void serve_bulk(const char *head)
{
	struct endpoint at = { .port = 80 };

	ck_assert(ip_parse(SPAN(PLAY_ORIGIN), &at.ip));
	sim_serve(&at, SIM_ACCEPT, 0, on_bulk_origin, (void *)(uintptr_t)head);
}

START_TEST(a_client_that_stops_taking_is_cut)
{
	const size_t i = (size_t)_i / ARRAY_LEN(stall_lines);
	struct play_client c = { 0 };

	begin("write_timeout 30 seconds\n");
	sim_set_line(&stall_lines[(size_t)_i % ARRAY_LEN(stall_lines)]);
	serve_bulk(stalls[i].head);
	play_client(&c, stalls[i].request);
	if (strcmp(stalls[i].request, CONNECT) == 0)
		sim_send(c.peer, SPAN("go"));
	sim_stall(c.peer, true);
	sim_proxy_run(&sp);
	ck_assert_msg(c.ended_ms >= 30000 && c.ended_ms < 32000, "%s: ended after %lld ms",
	              stalls[i].name, (long long)c.ended_ms);
	ck_assert_msg(sim_saw_reset(c.peer), "%s: it looks whole", stalls[i].name);
	ck_assert_msg(strncmp(sim_log(), stalls[i].log, strlen(stalls[i].log)) == 0, "%s: %s",
	              stalls[i].name, sim_log());
	ck_assert_uint_eq(origin.n_ended, 1);
	ck_assert_uint_eq(sim_open_fds(), 1);
}
END_TEST

static void unstall(void *peer)
{
	sim_stall(peer, false);
}

static void stall(void *peer)
{
	sim_stall(peer, true);
}

/* Slow is not stalled. */
START_TEST(a_client_that_takes_now_and_then_is_served)
{
	const size_t i = (size_t)_i;
	struct play_client c = { 0 };
	const struct sim_line line = { .window_out = 20000 };

	begin("write_timeout 30 seconds\n");
	serve_bulk(stalls[i].head);
	sim_set_line(&line);
	play_client(&c, stalls[i].request);
	if (strcmp(stalls[i].request, CONNECT) == 0)
		sim_send(c.peer, SPAN("go"));
	sim_stall(c.peer, true);
	for (int n = 1; n < 20; n++) {
		sim_at(n * 20000, unstall, c.peer);
		sim_at(n * 20000 + 1, stall, c.peer);
	}
	sim_at(400000, unstall, c.peer);
	sim_proxy_run(&sp);
	ck_assert_msg(sim_received(c.peer).n > REPLY_BYTES, "%s: %zu bytes", stalls[i].name,
	              sim_received(c.peer).n);
	if (strcmp(stalls[i].request, CONNECT) != 0)
		ck_assert_msg(strncmp(sim_log(), "TCP_MISS/200 ", 13) == 0, "%s", sim_log());
}
END_TEST

/* That the client goes on sending through a tunnel does not help it. */
static void send_more(void *peer)
{
	if (!sim_can_send(peer))
		return;
	sim_send(peer, SPAN("more"));
	sim_at(5000, send_more, peer);
}

START_TEST(a_tunnels_client_that_only_sends_is_cut)
{
	struct play_client c = { 0 };

	begin("write_timeout 30 seconds\n");
	serve_bulk("");
	play_client(&c, CONNECT "go");
	sim_stall(c.peer, true);
	sim_at(5000, send_more, c.peer);
	sim_proxy_run_for(&sp, HOURS(1));
	ck_assert_msg(c.ended_ms >= 30000 && c.ended_ms < 32000, "ended after %lld ms",
	              (long long)c.ended_ms);
}
END_TEST

START_TEST(an_origin_that_stops_taking_is_a_timeout)
{
	struct play_client c = { 0 };

	begin("read_timeout 50 seconds\n");
	origin.reply[0] = "";
	play_client(&c, "PUT" PLAY_HEAD "Content-Length: 300000\r\n\r\n");
	sim_proxy_run_for(&sp, 1000);
	sim_stall(origin.peer, true);
	sim_send(c.peer, span_of(bulk, REPLY_BYTES));
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, "HTTP/1.1 504 "), "%.*s", SPAN_ARG(sim_received(c.peer)));
	ck_assert_msg(!sim_saw_reset(c.peer), "the reply may be lost");
}
END_TEST

/* --- client_lifetime -------------------------------------------------------------------------- */

#define LIVES "client_lifetime 100 seconds\nclient_idle_pconn_timeout 1 day\n"

static const struct {
	const char *name, *request, *reply;
	const char *starts; /* of what the client gets; NULL: nothing */
	const char *log;    /* of the last line; NULL: none */
	bool is_cut;        /* must not look whole */
} lives[] = {
	{ "idle from the start", "", "", NULL, NULL, false },
	{ "idle after a reply", PLAY_GET, PLAY_HELLO, "HTTP/1.1 200 ", "TCP_MISS/200 ", false },
	{ "before the reply", PLAY_GET, "", "HTTP/1.1 504 ", "TCP_MISS/504 ", false },
	{ "within a head", "GET http", "", "HTTP/1.1 504 ", "NONE_NONE/504 ", false },
	{ "within an upload", "PUT" PLAY_HEAD "Content-Length: 10\r\n\r\n01234", "",
	  "HTTP/1.1 504 ", "TCP_MISS/504 ", false },
	{ "within a reply with a length", PLAY_GET, OK "Content-Length: 9\r\n\r\nhell",
	  "HTTP/1.1 200 ", "TCP_MISS_TIMEDOUT/200 ", false },
	{ "within chunks", PLAY_GET, OK "Transfer-Encoding: chunked\r\n\r\n9\r\nhell",
	  "HTTP/1.1 200 ", "TCP_MISS_TIMEDOUT/200 ", false },
	{ "within a reply that only the close ends", GET_1_0, OK "\r\nhell", "HTTP/1.1 200 ",
	  "TCP_MISS_TIMEDOUT/200 ", true },
	{ "a tunnel", CONNECT, "", "HTTP/1.1 200 ", "TCP_TUNNEL_TIMEDOUT/200 ", true },
};

START_TEST(a_life_ends_when_it_is_over)
{
	struct play_client c = { 0 };

	begin(LIVES);
	origin.reply[0] = lives[_i].reply;
	play_client(&c, lives[_i].request);
	sim_proxy_run(&sp);
	ck_assert_msg(c.ended_ms == 100000, "%s: ended after %lld ms", lives[_i].name,
	              (long long)c.ended_ms);
	ck_assert_msg(lives[_i].starts != NULL ? play_starts(c.peer, lives[_i].starts)
	                                       : sim_received(c.peer).n == 0,
	              "%s: %.*s", lives[_i].name, SPAN_ARG(sim_received(c.peer)));
	ck_assert_msg(lives[_i].log != NULL ? play_count(play_log(), lives[_i].log) == 1
	                                    : play_log().n == 0,
	              "%s: %s", lives[_i].name, sim_log());
	ck_assert_msg(!lives[_i].is_cut || sim_saw_reset(c.peer), "%s: it looks whole",
	              lives[_i].name);
	ck_assert_uint_eq(play_count(sim_received(c.peer), "\r\n0\r\n\r\n"), 0);
}
END_TEST

/* read_timeout in a reply whose end only the close tells. */
START_TEST(a_reply_cut_by_time_does_not_look_whole)
{
	struct play_client c = { 0 };

	begin("read_timeout 50 seconds\n");
	origin.reply[0] = OK "\r\nhell";
	play_client(&c, GET_1_0);
	sim_proxy_run(&sp);
	ck_assert_int_eq(c.ended_ms, 50000);
	ck_assert(sim_saw_reset(c.peer));
}
END_TEST

/*
 * The life is over before the reply; the page about it waits for the client, and then the reply
 * does come. Its connection must not be kept for others with the body unread.
 */
static void late_head(void *arg UNUSED)
{
	if (sim_can_send(origin.peer))
		sim_send(origin.peer, SPAN(OK "Content-Length: 400\r\n\r\n"));
}

START_TEST(a_reply_that_comes_too_late_is_nobodys)
{
	struct play_client c = { 0 };
	const struct sim_line line = { .window_out = 100 };

	begin(LIVES);
	origin.reply[0] = "";
	sim_set_line(&line);
	play_client(&c, PLAY_GET);
	sim_stall(c.peer, true);
	sim_at(100500, late_head, NULL);
	sim_at(101000, unstall, c.peer);
	sim_proxy_run_for(&sp, 102000);
	ck_assert_uint_eq(upstream_pool_count(sp.worker->upstreams), 0);
	ck_assert_uint_eq(sim_open_fds(), 1);
	ck_assert(play_starts(c.peer, "HTTP/1.1 504 "));
}
END_TEST

/* --- request_timeout -------------------------------------------------------------------------- */

static const struct {
	const char *name, *conf;
	int64_t gap_ms, first_ms; /* pause between bytes, and before the first one */
	int64_t ended_ms;         /* -1: only after its reply */
	bool is_second;           /* a quick request came before it */
} trickles[] = {
	{ "from the first byte", "request_timeout 20 seconds\n", 1000, 0, 20000, false },
	{ "... whenever that comes", "request_timeout 20 seconds\n", 1000, 11000, 31000, false },
	{ "the default: 5 minutes", "", 10000, 0, 300000, false },
	{ "in time", "request_timeout 90 seconds\n", 1000, 0, -1, false },
	{ "of the second request", "request_timeout 20 seconds\n", 1000, 50000, 70000, true },
};

static void trickle(void *client)
{
	struct play_client *c = client;

	sim_send(c->peer, SPAN(PLAY_GET));
}

START_TEST(trickling_does_not_extend_request_timeout)
{
	const struct sim_line line = { .chunk_in = 1, .gap_ms = trickles[_i].gap_ms };
	struct play_client c = { 0 };

	begin(trickles[_i].conf);
	origin.reply[0] = PLAY_HELLO;
	play_client(&c, trickles[_i].is_second ? PLAY_GET : "");
	sim_proxy_run_for(&sp, 0);
	sim_set_peer_line(c.peer, &line);
	sim_at(trickles[_i].first_ms, trickle, &c);
	sim_proxy_run(&sp);
	if (trickles[_i].ended_ms < 0) {
		ck_assert(play_ends(c.peer, "hello"));
		return;
	}
	ck_assert_msg(c.ended_ms >= trickles[_i].ended_ms &&
	                      c.ended_ms <= trickles[_i].ended_ms + 10,
	              "%s: ended after %lld ms", trickles[_i].name, (long long)c.ended_ms);
	ck_assert_uint_eq(play_count(sim_received(c.peer), "HTTP/1.1 408 "), 1);
	ck_assert_uint_eq(play_count(play_log(), "/408 "), 1);
	ck_assert_uint_eq(play_count(sim_received(c.peer), "HTTP/1.1 200 "),
	                  trickles[_i].is_second);
}
END_TEST

/* --- request_body_max_size -------------------------------------------------------------------- */

#define POST_OF(n)   "POST" PLAY_HEAD "Content-Length: " #n "\r\n\r\n"
#define POST_CHUNKED "POST" PLAY_HEAD "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
	const char *name, *request;
	bool is_refused;
} bodies[] = {
	{ "a length at the limit", POST_OF(1024) "<1024", false },
	{ "a length beyond it", POST_OF(1025) "<1025", true },
	{ "a length beyond it, nothing sent", POST_OF(1025), true },
	{ "chunks at the limit", POST_CHUNKED "400\r\n<1024\r\n0\r\n\r\n", false },
	{ "one chunk beyond it", POST_CHUNKED "401\r\n<1025\r\n0\r\n\r\n", true },
	{ "the second chunk is beyond it", POST_CHUNKED "400\r\n<1024\r\n1\r\nx\r\n0\r\n\r\n",
	  true },
	{ "a huge chunk is announced", POST_CHUNKED "fffffff\r\n<2000", true },
};

/* <N stands for N bytes. */
static void send_body(struct sim_peer *p, const char *text)
{
	const char *mark = strchr(text, '<');
	uint64_t n = 0;

	if (mark == NULL) {
		sim_send(p, span_str(text));
		return;
	}
	struct span rest = span_str(mark + 1);
	const size_t digits = strspn(mark + 1, "0123456789");

	ck_assert(span_to_u64(span_of(rest.p, digits), &n));
	sim_send(p, span_of(text, (size_t)(mark - text)));
	sim_send(p, span_of(bulk, (size_t)n));
	sim_send(p, span_skip(rest, digits));
}

static const struct sim_line body_lines[] = {
	{ 0 },
	{ .chunk_in = 1 },
	{ .seed = 4, .chunk_in = 300 },
};

START_TEST(bodies_beyond_the_limit_are_refused)
{
	const size_t i = (size_t)_i / ARRAY_LEN(body_lines);
	struct play_client c = { 0 };

	begin("request_body_max_size 1 KB\n");
	sim_set_line(&body_lines[(size_t)_i % ARRAY_LEN(body_lines)]);
	origin.reply[0] = PLAY_HELLO;
	play_client(&c, "");
	send_body(c.peer, bodies[i].request);
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, bodies[i].is_refused ? "HTTP/1.1 413 " : "HTTP/1.1 200 "),
	              "%s: %.*s", bodies[i].name, SPAN_ARG(sim_received(c.peer)));
	ck_assert_uint_eq(play_count(play_log(), "\n"), 1);
	ck_assert_msg(!sim_saw_reset(c.peer), "%s: the reply may be lost", bodies[i].name);
	ck_assert_uint_eq(origin.n_requests, !bodies[i].is_refused);
}
END_TEST

Suite *suite_limits(void);
Suite *suite_limits(void)
{
	Suite *s = suite_create("limits");
	TCase *t = tcase_create("limits");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_client_that_stops_taking_is_cut, 0,
	                    ARRAY_LEN(stalls) * ARRAY_LEN(stall_lines));
	tcase_add_loop_test(t, a_client_that_takes_now_and_then_is_served, 0, ARRAY_LEN(stalls));
	tcase_add_test(t, a_tunnels_client_that_only_sends_is_cut);
	tcase_add_test(t, an_origin_that_stops_taking_is_a_timeout);
	tcase_add_loop_test(t, a_life_ends_when_it_is_over, 0, ARRAY_LEN(lives));
	tcase_add_test(t, a_reply_cut_by_time_does_not_look_whole);
	tcase_add_test(t, a_reply_that_comes_too_late_is_nobodys);
	tcase_add_loop_test(t, trickling_does_not_extend_request_timeout, 0, ARRAY_LEN(trickles));
	tcase_add_loop_test(t, bodies_beyond_the_limit_are_refused, 0,
	                    ARRAY_LEN(bodies) * ARRAY_LEN(body_lines));
	suite_add_tcase(s, t);
	return s;
}
