/*
 * Steps that few requests take: answers made here, and clients that break off just when something
 * is written to them.
 */
#include "tests/sim/play.h"
#include "tests/unit/unit.h"

#define CONNECT "CONNECT " PLAY_ORIGIN ":80 HTTP/1.1\r\nHost: " PLAY_ORIGIN ":80\r\n\r\n"
#define HINTS   "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
#define UPGRADE "GET" PLAY_HEAD "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
#define SWITCHED                                                                                   \
	"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
#define WEBSOCKET "http_upgrade_request_protocols WebSocket allow all\n"

static struct sim_proxy sp;
static struct play_origin origin;

static void begin(const char *conf)
{
	char text[300];

	snprintf(text, sizeof(text), "%s" PLAY_ALLOW, conf);
	sim_proxy_start(&sp, text);
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

/* --- answers made here ------------------------------------------------------------------------ */

#define OTHER_HOST " " PLAY_URL " HTTP/1.1\r\nHost: www.example\r\n"
#define MANAGER                                                                                    \
	"GET http://sim.test:3128/squid-internal-mgr/nonsense HTTP/1.1\r\nHost: sim.test:3128\r\n"

static const struct {
	const char *name, *conf, *request;
	const char *status, *has; /* NULL: anything */
	unsigned at_origin;       /* requests that reach it */
} answers[] = {
	{ "Host differs from the target: replaced", "", "GET" OTHER_HOST "\r\n", "HTTP/1.1 200 ",
	  NULL, 1 },
	{ "... refused by host_verify_strict", "host_verify_strict on\n", "GET" OTHER_HOST "\r\n",
	  "HTTP/1.1 409 ", NULL, 0 },
	{ "host_verify_strict, the same", "host_verify_strict on\n", PLAY_GET, "HTTP/1.1 200 ",
	  NULL, 1 },
	{ "OPTIONS, Max-Forwards: 0", "", "OPTIONS" PLAY_HEAD "Max-Forwards: 0\r\n\r\n",
	  "HTTP/1.1 200 ", "Content-Length: 0\r\n", 0 },
	{ "OPTIONS, Max-Forwards: 1", "", "OPTIONS" PLAY_HEAD "Max-Forwards: 1\r\n\r\n",
	  "HTTP/1.1 200 ", "hello", 1 },
	{ "TRACE, Max-Forwards: 0", "",
	  "TRACE" PLAY_HEAD "Max-Forwards: 0\r\nCookie: secret\r\nX-Shown: 1\r\n\r\n",
	  "HTTP/1.1 200 ", "X-Shown: 1\r\n", 0 },
	{ "GET has no Max-Forwards", "", "GET" PLAY_HEAD "Max-Forwards: 0\r\n\r\n", "HTTP/1.1 200 ",
	  "hello", 1 },
	{ "Max-Forwards is no number", "", "OPTIONS" PLAY_HEAD "Max-Forwards: x\r\n\r\n",
	  "HTTP/1.1 400 ", NULL, 0 },
	{ "a page that the manager does not have", "", MANAGER "\r\n", "HTTP/1.1 404 ", NULL, 0 },
	{ "only-if-cached", "", "GET" PLAY_HEAD "Cache-Control: only-if-cached\r\n\r\n",
	  "HTTP/1.1 504 ", NULL, 0 },
	{ "a loop", "", "GET" PLAY_HEAD "Via: 1.1 sim.test (cuttle/0)\r\n\r\n", "HTTP/1.1 403 ",
	  NULL, 0 },
};

START_TEST(some_answers_are_made_here)
{
	struct play_client c = { 0 };

	begin(answers[_i].conf);
	origin.reply[0] = PLAY_HELLO;
	play_client(&c, answers[_i].request);
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, answers[_i].status), "%s: %.*s", answers[_i].name,
	              SPAN_ARG(sim_received(c.peer)));
	ck_assert_msg(answers[_i].has == NULL || play_has(c.peer, answers[_i].has), "%s: %.*s",
	              answers[_i].name, SPAN_ARG(sim_received(c.peer)));
	ck_assert(!play_has(c.peer, "secret"));
	ck_assert_uint_eq(origin.n_requests, answers[_i].at_origin);
	ck_assert_uint_eq(play_count(span_of(origin.got, origin.got_n), "www.example"), 0);
	ck_assert_uint_eq(play_count(play_log(), "\n"), 1);
}
END_TEST

/* --- broken off ------------------------------------------------------------------------------- */

static const struct {
	const char *name, *conf, *request, *reply;
	const char *log;
} breaks[] = {
	{ "at an interim reply", "", PLAY_GET, HINTS, "TCP_MISS_ABORTED/000 " },
	{ "at the reply", "", PLAY_GET, PLAY_HELLO, "TCP_MISS_ABORTED/200 " },
	{ "at an error page", "acl to dst " PLAY_ORIGIN "\nhttp_access deny to\n", PLAY_GET, "",
	  "TCP_DENIED_ABORTED/403 " },
	{ "at the reply to CONNECT", "", CONNECT, "", "TCP_TUNNEL_ABORTED/200 " },
	{ "at a 101", WEBSOCKET, UPGRADE, SWITCHED, "TCP_TUNNEL_ABORTED/101 " },
};

START_TEST(a_client_may_break_off_when_it_is_written_to)
{
	struct play_client c = { 0 };

	begin(breaks[_i].conf);
	origin.reply[0] = breaks[_i].reply;
	play_client(&c, breaks[_i].request);
	sim_at_write(c.peer, SPAN_NULL);
	sim_proxy_run(&sp);
	ck_assert_msg(strncmp(sim_log(), breaks[_i].log, strlen(breaks[_i].log)) == 0, "%s: %s",
	              breaks[_i].name, sim_log());
	ck_assert_uint_eq(play_count(play_log(), "\n"), 1);
	ck_assert_uint_eq(sp.worker->n_sessions + sp.worker->n_tunnels, 0);
	ck_assert_uint_eq(sim_open_fds(), 1);
}
END_TEST

static const struct {
	const char *name, *conf, *request, *reply;
} stalls[] = {
	{ "an interim reply", "", PLAY_GET, HINTS },
	{ "an error page", "acl to dst " PLAY_ORIGIN "\nhttp_access deny to\n", PLAY_GET, "" },
	{ "the reply to CONNECT", "", CONNECT, "" },
	{ "a 101", WEBSOCKET, UPGRADE, SWITCHED },
};

START_TEST(a_client_that_takes_no_head_is_cut)
{
	const struct sim_line line = { .window_out = 10 };
	struct play_client c = { 0 };
	char conf[200];

	snprintf(conf, sizeof(conf), "write_timeout 30 seconds\n%s", stalls[_i].conf);
	begin(conf);
	origin.reply[0] = stalls[_i].reply;
	play_client(&c, stalls[_i].request);
	sim_set_peer_line(c.peer, &line);
	sim_stall(c.peer, true);
	sim_proxy_run(&sp);
	ck_assert_msg(c.ended_ms == 30000 && sim_saw_reset(c.peer), "%s: ended after %lld ms",
	              stalls[_i].name, (long long)c.ended_ms);
	ck_assert_msg(play_count(play_log(), "_TIMEDOUT/") == 1, "%s: %s", stalls[_i].name,
	              sim_log());
	ck_assert_uint_eq(sim_open_fds(), 1);
}
END_TEST

/* --- half-closed ------------------------------------------------------------------------------ */

#define POST "POST" PLAY_HEAD "Content-Length: 4\r\n\r\n"

static const struct {
	const char *name, *conf, *request;
	const char *starts; /* NULL: nothing */
	const char *log;
	bool reaches; /* the origin may get the whole request */
} halves[] = {
	{ "half_closed_clients off: it has left", "", PLAY_GET, NULL, "TCP_MISS_ABORTED/000 ",
	  true },
	{ "... after its body, too", "", POST "body", NULL, "TCP_MISS_ABORTED/000 ", true },
	{ "half_closed_clients on: it is answered", "half_closed_clients on\n", PLAY_GET,
	  "HTTP/1.1 200 ", "TCP_MISS/200 ", true },
	{ "... after its body, too", "half_closed_clients on\n", POST "body", "HTTP/1.1 200 ",
	  "TCP_MISS/200 ", true },
	{ "an unfinished body", "", POST "bo", NULL, "TCP_MISS_ABORTED/000 ", false },
	{ "an unfinished head", "", "GET ", NULL, "NONE_NONE_ABORTED/000 ", false },
};

static const struct sim_line half_lines[] = {
	{ 0 },
	{ .chunk_in = 1 },
	{ .chunk_in = 1, .gap_ms = 10 },
};

START_TEST(a_client_that_closes_its_side)
{
	const size_t i = (size_t)_i / ARRAY_LEN(half_lines);
	struct play_client c = { 0 };

	begin(halves[i].conf);
	sim_set_line(&half_lines[(size_t)_i % ARRAY_LEN(half_lines)]);
	origin.reply[0] = "";
	play_client(&c, halves[i].request);
	sim_fin(c.peer);
	sim_proxy_run_for(&sp, SECONDS(5));
	if (halves[i].starts != NULL)
		sim_send(origin.peer, SPAN(PLAY_HELLO));
	sim_proxy_run_for(&sp, SECONDS(5));
	ck_assert_msg(halves[i].starts != NULL
	                      ? play_starts(c.peer, halves[i].starts) && play_ends(c.peer, "hello")
	                      : sim_received(c.peer).n == 0,
	              "%s: %.*s", halves[i].name, SPAN_ARG(sim_received(c.peer)));
	ck_assert_msg(strncmp(sim_log(), halves[i].log, strlen(halves[i].log)) == 0, "%s: %s",
	              halves[i].name, sim_log());
	ck_assert_uint_le(origin.n_requests, halves[i].reaches);
	ck_assert_msg(c.ended_ms >= 0, "%s: still open", halves[i].name);
}
END_TEST

/* --- bytes behind a head that opens a tunnel -------------------------------------------------- */

static const struct {
	const char *name, *request, *reply;
} opens[] = {
	{ "CONNECT", CONNECT, "" },
	{ "an upgrade", UPGRADE, SWITCHED },
};

static const size_t behind[] = { 1, 16000, 16384, 40000, 300000 };

/* The origin's part of it: its head as the bytes come, and as many bytes behind it. */
static size_t n_behind;
static char *behind_bytes;

static void on_opened(struct sim_peer *p, enum sim_event ev, void *head)
{
	if (ev == SIM_OPEN)
		origin.peer = p;
	if (ev == SIM_FIN && sim_can_send(p))
		sim_fin(p);
	if (ev != SIM_BYTES || origin.answered == p)
		return;
	origin.answered = p;
	sim_send(p, span_str(head));
	sim_send(p, span_of(behind_bytes, n_behind));
}

static bool ends_with_bytes(const struct sim_peer *p)
{
	const struct span got = sim_received(p);

	return got.n >= n_behind && memcmp(got.p + got.n - n_behind, behind_bytes, n_behind) == 0;
}

START_TEST(bytes_behind_the_opening_head_are_not_lost)
{
	const size_t i = (size_t)_i / (ARRAY_LEN(behind) * ARRAY_LEN(half_lines));
	const size_t line = (size_t)_i % ARRAY_LEN(half_lines);
	struct endpoint at = { .port = 80 };
	struct play_client c = { 0 };

	n_behind = behind[(size_t)_i / ARRAY_LEN(half_lines) % ARRAY_LEN(behind)];
	if (line != 0 && n_behind > 40000)
		n_behind = 20000; /* byte by byte */
	behind_bytes = check_malloc(n_behind);
	for (size_t n = 0; n < n_behind; n++)
		behind_bytes[n] = (char)(n * 7 + n / 253);
	begin(WEBSOCKET);
	sim_set_line(&half_lines[line]);
	ck_assert(ip_parse(SPAN(PLAY_ORIGIN), &at.ip));
	sim_serve(&at, SIM_ACCEPT, 0, on_opened, (void *)(uintptr_t)opens[i].reply);
	play_client(&c, opens[i].request);
	sim_send(c.peer, span_of(behind_bytes, n_behind));
	sim_proxy_run(&sp);
	ck_assert_msg(ends_with_bytes(origin.peer), "%s, %zu bytes: the origin has %zu",
	              opens[i].name, n_behind, sim_received(origin.peer).n);
	ck_assert_msg(ends_with_bytes(c.peer), "%s, %zu bytes: the client has %zu", opens[i].name,
	              n_behind, sim_received(c.peer).n);
	free(behind_bytes);
}
END_TEST

Suite *suite_steps(void);
Suite *suite_steps(void)
{
	Suite *s = suite_create("steps");
	TCase *t = tcase_create("steps");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, some_answers_are_made_here, 0, ARRAY_LEN(answers));
	tcase_add_loop_test(t, a_client_may_break_off_when_it_is_written_to, 0, ARRAY_LEN(breaks));
	tcase_add_loop_test(t, a_client_that_takes_no_head_is_cut, 0, ARRAY_LEN(stalls));
	tcase_add_loop_test(t, a_client_that_closes_its_side, 0,
	                    ARRAY_LEN(halves) * ARRAY_LEN(half_lines));
	tcase_add_loop_test(t, bytes_behind_the_opening_head_are_not_lost, 0,
	                    ARRAY_LEN(opens) * ARRAY_LEN(behind) * ARRAY_LEN(half_lines));
	suite_add_tcase(s, t);
	return s;
}
