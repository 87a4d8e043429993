/*
 * Steps that few requests take: answers made here, and clients that break off just when something is
 * written to them.
 */
#include "tests/sim/play.h"
#include "tests/unit/unit.h"

#define CONNECT	 "CONNECT " PLAY_ORIGIN ":80 HTTP/1.1\r\nHost: " PLAY_ORIGIN ":80\r\n\r\n"
#define HINTS	 "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
#define UPGRADE	 "GET" PLAY_HEAD "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
#define SWITCHED "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
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

/* --- answers made here ----------------------------------------------------------------------- */

#define OTHER_HOST " " PLAY_URL " HTTP/1.1\r\nHost: www.example\r\n"
#define MANAGER                                                                                    \
	"GET http://sim.test:3128/squid-internal-mgr/nonsense HTTP/1.1\r\nHost: sim.test:3128\r\n"

static const struct {
	const char *name, *conf, *request;
	const char *status, *has; /* NULL: anything */
	unsigned at_origin;	  /* requests that reach it */
} answers[] = {
	{ "Host differs from the target: replaced", "", "GET" OTHER_HOST "\r\n", "HTTP/1.1 200 ",
	  NULL, 1 },
	{ "... refused by host_verify_strict", "host_verify_strict on\n", "GET" OTHER_HOST "\r\n",
	  "HTTP/1.1 409 ", NULL, 0 },
	{ "host_verify_strict, the same", "host_verify_strict on\n", PLAY_GET, "HTTP/1.1 200 ", NULL,
	  1 },
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

/* --- broken off ------------------------------------------------------------------------------ */

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
	ck_assert_msg(play_count(play_log(), "_TIMEDOUT/") == 1, "%s: %s", stalls[_i].name, sim_log());
	ck_assert_uint_eq(sim_open_fds(), 1);
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
	suite_add_tcase(s, t);
	return s;
}
