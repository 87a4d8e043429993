/*
 * What comes before the final reply: 1xx, Expect: 100-continue (RFC 9110 10.1.1, 15.2), and the
 * change of protocol that replaces it (RFC 9110 7.8).
 */
#include "tests/sim/play.h"
#include "tests/unit/unit.h"

static struct sim_proxy sp;
static struct play_origin origin;

/* Without Via, an interim reply without fields comes out as it went in. */
static void begin(const char *conf)
{
	char text[300];

	snprintf(text, sizeof(text), "via off\n%s", conf);
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

static const struct sim_line lines[] = {
	{ 0 },
	{ .chunk_in = 1, .chunk_out = 1, .window_out = 1 },
	{ .seed = 7, .chunk_in = 40, .chunk_out = 40, .window_out = 60 },
};

/* --- 1xx -------------------------------------------------------------------------------------- */

#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define HINTS    "HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n"
#define GET_1_0  "GET " PLAY_URL " HTTP/1.0\r\nHost: " PLAY_ORIGIN "\r\n\r\n"

static const struct {
	const char *name, *request, *reply;
	unsigned interims, hints;
	const char *status;
} interims[] = {
	{ "one 103", PLAY_GET, HINTS PLAY_HELLO, 1, 1, "HTTP/1.1 103 " },
	{ "a 100 nobody expects", PLAY_GET, CONTINUE PLAY_HELLO, 1, 0, "HTTP/1.1 100 " },
	{ "several", PLAY_GET, CONTINUE HINTS HINTS "HTTP/1.1 102 Processing\r\n\r\n" PLAY_HELLO, 4,
	  2, "HTTP/1.1 100 " },
	{ "none for HTTP/1.0", GET_1_0, CONTINUE HINTS PLAY_HELLO, 0, 0, "HTTP/1.1 200 " },
	{ "the final reply fails", PLAY_GET, HINTS "nonsense\r\n\r\n", 1, 1, "HTTP/1.1 103 " },
};

START_TEST(interim_replies_are_passed_on)
{
	const size_t i = (size_t)_i / ARRAY_LEN(lines);
	struct play_client c = { 0 };

	begin(PLAY_ALLOW);
	sim_set_line(&lines[(size_t)_i % ARRAY_LEN(lines)]);
	origin.reply[0] = interims[i].reply;
	play_client(&c, interims[i].request);
	sim_proxy_run(&sp);
	const struct span got = sim_received(c.peer);

	ck_assert_msg(play_starts(c.peer, interims[i].status), "%s: %.*s", interims[i].name,
	              SPAN_ARG(got));
	ck_assert_msg(play_count(got, "HTTP/1.1 1") == interims[i].interims, "%s: %.*s",
	              interims[i].name, SPAN_ARG(got));
	ck_assert_uint_eq(play_count(got, "Link: </s.css>\r\n"), interims[i].hints);
	ck_assert_uint_eq(play_count(got, "X-Hop"), 0);
	if (strstr(interims[i].reply, "nonsense") != NULL)
		ck_assert_uint_eq(play_count(got, "HTTP/1.1 502 "), 1);
	else
		ck_assert(play_ends(c.peer, "\r\n\r\nhello"));
	/* RFC 9110 8.6: no length in a 1xx. */
	ck_assert_uint_eq(play_count(got, "Content-Length"), 1);
}
END_TEST

START_TEST(an_origin_that_sends_interim_replies_for_ever_is_cut)
{
	const size_t n = sizeof(CONTINUE) - 1;
	char *many = check_calloc(200, n + 1);
	struct play_client c = { 0 };

	for (size_t i = 0; i < 100; i++)
		memcpy(many + i * n, CONTINUE, n);
	begin(PLAY_ALLOW);
	origin.reply[0] = many;
	play_client(&c, PLAY_GET);
	sim_proxy_run(&sp);
	ck_assert(play_has(c.peer, "HTTP/1.1 502 "));
	ck_assert_uint_eq(play_count(sim_received(c.peer), CONTINUE), 64);
	free(many);
}
END_TEST

/* --- Expect ----------------------------------------------------------------------------------- */

#define PUT_HEAD "PUT" PLAY_HEAD "Content-Length: 10\r\nExpect: 100-continue\r\n\r\n"
#define PUT_1_0                                                                                    \
	"PUT " PLAY_URL " HTTP/1.0\r\nHost: " PLAY_ORIGIN                                          \
	"\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n"
#define BODY    "0123456789"
#define CREATED "HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nmade"
#define REFUSED "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig"

static const struct {
	const char *name, *request, *reply;
	bool at_head;            /* the origin's reply needs only the head */
	const char *await, *say; /* the client's second line */
	const char *starts, *ends;
	bool reaches; /* the body reaches the origin */
	bool stays;   /* the client's connection stays open until it has idled too long */
} expects[] = {
	{ "100, the body, the reply", PUT_HEAD, CONTINUE, true, CONTINUE, BODY,
	  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 ", "made", true, true },
	{ "the body was sent without waiting", PUT_HEAD BODY, CREATED, false, NULL, NULL,
	  "HTTP/1.1 201 ", "made", true, true },
	{ "... and a 100 comes all the same", PUT_HEAD BODY, CONTINUE CREATED, false, NULL, NULL,
	  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 ", "made", true, true },
	{ "a final reply instead of 100", PUT_HEAD, REFUSED, true, NULL, NULL, "HTTP/1.1 413 ",
	  "big", false, false },
	{ "HTTP/1.0 has no expectations", PUT_1_0 BODY, CONTINUE CREATED, false, NULL, NULL,
	  "HTTP/1.1 201 ", "made", true, false },
};

/* The rest of the upload, and the reply to it. */
static void on_created(struct sim_peer *p, enum sim_event ev, void *arg UNUSED)
{
	static struct sim_peer *continued, *created;

	if (ev == SIM_OPEN)
		continued = created = NULL;
	if (ev == SIM_FIN)
		sim_fin(p);
	if (ev != SIM_BYTES)
		return;
	if (continued == NULL && play_ends(p, "\r\n\r\n")) {
		continued = p;
		sim_send(p, SPAN(CONTINUE));
	}
	if (created == NULL && play_ends(p, "\r\n\r\n" BODY)) {
		created = p;
		sim_send(p, SPAN(CREATED));
	}
	origin.peer = p;
}

START_TEST(expectations_are_the_origins_to_answer)
{
	const size_t i = (size_t)_i / ARRAY_LEN(lines);
	struct play_client c = { .await = expects[i].await, .say = expects[i].say };
	struct endpoint at = { .port = 80 };

	begin(PLAY_ALLOW);
	sim_set_line(&lines[(size_t)_i % ARRAY_LEN(lines)]);
	origin.reply[0] = expects[i].reply;
	origin.at_head = expects[i].at_head;
	ck_assert(ip_parse(SPAN(PLAY_ORIGIN), &at.ip));
	if (expects[i].await != NULL)
		sim_serve(&at, SIM_ACCEPT, 0, on_created, NULL);
	play_client(&c, expects[i].request);
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, expects[i].starts), "%s: %.*s", expects[i].name,
	              SPAN_ARG(sim_received(c.peer)));
	ck_assert_msg(play_ends(c.peer, expects[i].ends), "%s: %.*s", expects[i].name,
	              SPAN_ARG(sim_received(c.peer)));
	const struct span at_origin = expects[i].await != NULL ? sim_received(origin.peer)
	                                                       : span_of(origin.got, origin.got_n);

	ck_assert_uint_eq(play_count(at_origin, "\r\nExpect: 100-continue\r\n"), 1);
	ck_assert_msg((play_count(at_origin, BODY) != 0) == expects[i].reaches, "%s",
	              expects[i].name);
	ck_assert_msg((c.ended_ms >= MINUTES(2)) == expects[i].stays, "%s: ended after %lld ms",
	              expects[i].name, (long long)c.ended_ms);
}
END_TEST

START_TEST(other_expectations_are_refused)
{
	struct play_client c = { 0 };

	begin(PLAY_ALLOW);
	origin.reply[0] = PLAY_HELLO;
	play_client(&c, "GET" PLAY_HEAD "Expect: miracles\r\n\r\n");
	sim_proxy_run(&sp);
	ck_assert(play_starts(c.peer, "HTTP/1.1 417 "));
	ck_assert_uint_eq(origin.n_opened, 0);
}
END_TEST

START_TEST(a_denied_expectation_gets_its_answer_without_the_body)
{
	struct play_client c = { 0 };

	begin("http_access deny all\n");
	play_client(&c, PUT_HEAD);
	sim_proxy_run(&sp);
	ck_assert(play_starts(c.peer, "HTTP/1.1 403 "));
	ck_assert(play_has(c.peer, "\r\nConnection: close\r\n"));
	ck_assert_uint_eq(play_count(sim_received(c.peer), "HTTP/1.1 100"), 0);
}
END_TEST

/* --- Upgrade ---------------------------------------------------------------------------------- */

#define UPGRADE "GET" PLAY_HEAD "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
#define SWITCHED                                                                                   \
	"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
#define WEBSOCKET PLAY_ALLOW "http_upgrade_request_protocols WebSocket allow all\n"

static const struct {
	const char *name, *conf, *request, *reply;
	bool asks;                       /* the origin sees Upgrade */
	const char *starts, *ends, *log; /* NULL: any */
	const char *await, *say;
	const char *origin_gets;
} upgrades[] = {
	{ "allowed", WEBSOCKET, UPGRADE, SWITCHED, true, "HTTP/1.1 101 ", "\r\n\r\n",
	  "TCP_TUNNEL_TIMEDOUT/101 ", "\r\n\r\n", "frame", "frame" },
	{ "bytes right behind the 101", WEBSOCKET, UPGRADE, SWITCHED "first frame", true,
	  "HTTP/1.1 101 ", "\r\n\r\nfirst frame", "TCP_TUNNEL_TIMEDOUT/101 ", NULL, NULL, NULL },
	{ "bytes right behind the request", WEBSOCKET, UPGRADE "early bytes",
	  SWITCHED "first frame", true, "HTTP/1.1 101 ", "\r\n\r\nfirst frame",
	  "TCP_TUNNEL_TIMEDOUT/101 ", NULL, NULL, "early bytes" },
	{ "an interim reply before it", WEBSOCKET, UPGRADE, CONTINUE SWITCHED "x", true,
	  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 ", "\r\n\r\nx", "TCP_TUNNEL_TIMEDOUT/101 ",
	  NULL, NULL, NULL },
	{ "the origin does not want to", WEBSOCKET, UPGRADE, PLAY_HELLO, true, "HTTP/1.1 200 ",
	  "hello", "TCP_MISS/200 ", NULL, NULL, NULL },
	{ "not allowed: Upgrade is dropped", PLAY_ALLOW, UPGRADE, PLAY_HELLO, false,
	  "HTTP/1.1 200 ", "hello", "TCP_MISS/200 ", NULL, NULL, NULL },
	{ "another protocol is allowed",
	  PLAY_ALLOW "http_upgrade_request_protocols foo allow all\n", UPGRADE, PLAY_HELLO, false,
	  "HTTP/1.1 200 ", "hello", "TCP_MISS/200 ", NULL, NULL, NULL },
	{ "any other", PLAY_ALLOW "http_upgrade_request_protocols OTHER allow all\n", UPGRADE,
	  SWITCHED "x", true, "HTTP/1.1 101 ", "\r\n\r\nx", "TCP_TUNNEL_TIMEDOUT/101 ", NULL, NULL,
	  NULL },
	{ "a 101 that nobody asked for", WEBSOCKET, PLAY_GET, SWITCHED "x", false, "HTTP/1.1 502 ",
	  NULL, "TCP_MISS/502 ", NULL, NULL, NULL },
	{ "a 101 though Upgrade was dropped", PLAY_ALLOW, UPGRADE, SWITCHED "x", false,
	  "HTTP/1.1 502 ", NULL, "TCP_MISS/502 ", NULL, NULL, NULL },
};

START_TEST(upgrades_become_tunnels_where_allowed)
{
	const size_t i = (size_t)_i / ARRAY_LEN(lines);
	struct play_client c = { .await = upgrades[i].await, .say = upgrades[i].say };

	begin(upgrades[i].conf);
	sim_set_line(&lines[(size_t)_i % ARRAY_LEN(lines)]);
	origin.reply[0] = upgrades[i].reply;
	play_client(&c, upgrades[i].request);
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, upgrades[i].starts), "%s: %.*s", upgrades[i].name,
	              SPAN_ARG(sim_received(c.peer)));
	if (upgrades[i].ends != NULL)
		ck_assert_msg(play_ends(c.peer, upgrades[i].ends), "%s: %.*s", upgrades[i].name,
		              SPAN_ARG(sim_received(c.peer)));
	ck_assert_msg((strstr(origin.got, "\r\nUpgrade: websocket\r\n") != NULL) ==
	                      upgrades[i].asks,
	              "%s: %s", upgrades[i].name, origin.got);
	if (upgrades[i].origin_gets != NULL)
		ck_assert_span(sim_received(origin.peer), span_str(upgrades[i].origin_gets));
	ck_assert_msg(strncmp(sim_log(), upgrades[i].log, strlen(upgrades[i].log)) == 0, "%s: %s",
	              upgrades[i].name, sim_log());
	if (play_starts(c.peer, "HTTP/1.1 101 "))
		ck_assert(play_has(c.peer, "\r\nUpgrade: websocket\r\n"));
}
END_TEST

Suite *suite_interim(void);
Suite *suite_interim(void)
{
	Suite *s = suite_create("interim");
	TCase *t = tcase_create("interim");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, interim_replies_are_passed_on, 0,
	                    ARRAY_LEN(interims) * ARRAY_LEN(lines));
	tcase_add_test(t, an_origin_that_sends_interim_replies_for_ever_is_cut);
	tcase_add_loop_test(t, expectations_are_the_origins_to_answer, 0,
	                    ARRAY_LEN(expects) * ARRAY_LEN(lines));
	tcase_add_test(t, other_expectations_are_refused);
	tcase_add_test(t, a_denied_expectation_gets_its_answer_without_the_body);
	tcase_add_loop_test(t, upgrades_become_tunnels_where_allowed, 0,
	                    ARRAY_LEN(upgrades) * ARRAY_LEN(lines));
	suite_add_tcase(s, t);
	return s;
}
