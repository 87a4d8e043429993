/*
 * Parents in simulated time: how long each is waited for, when one is given up and found again, and
 * an end at every step of a request that goes through them.
 */
#include "peer/peer.h"
#include "tests/sim/play.h"
#include "tests/unit/unit.h"

#define FIRST          "192.0.2.11"
#define SECOND         "192.0.2.12"
#define PEERS          "cache_peer " FIRST " parent 80 0 name=a\ncache_peer " SECOND " parent 80 0 name=b\n"
#define NEVER          "never_direct allow all\n" PLAY_ALLOW
#define CONNECT        "CONNECT www.example:443 HTTP/1.1\r\nHost: www.example:443\r\n\r\n"
#define CONNECT_ORIGIN "CONNECT " PLAY_ORIGIN ":443 HTTP/1.1\r\nHost: " PLAY_ORIGIN ":443\r\n\r\n"
#define OPENED         "HTTP/1.1 200 OK\r\n\r\n"

static struct sim_proxy sp;
static struct play_origin origin;

static void setup(void)
{
	origin = (struct play_origin){ 0 };
}

static void teardown(void)
{
	sim_proxy_stop(&sp);
	play_origin_fini(&origin);
}

static void fate(const char *ip, enum sim_fate f, int64_t after_ms)
{
	struct endpoint at = { .port = 80 };

	ck_assert(ip_parse(span_str(ip), &at.ip));
	sim_serve(&at, f, after_ms, NULL, NULL);
}

static const struct peer *peer(unsigned i)
{
	const struct peer *p = sp.worker->snapshot->peer.peers;

	while (i-- > 0)
		p = p->next;
	return p;
}

/* --- waiting ---------------------------------------------------------------------------------- */

static struct play_client client;
static int64_t answered_ms;

static void on_client(struct sim_peer *p UNUSED, enum sim_event ev, void *arg UNUSED)
{
	if (ev == SIM_BYTES && answered_ms == 0)
		answered_ms = sim_now_ms();
}

static const struct {
	const char *name, *conf;
	int64_t want_ms;
	const char *status;
} waits[] = {
	{ "peer_connect_timeout", PEERS NEVER "peer_connect_timeout 7 seconds\n", SECONDS(7),
	  "HTTP/1.1 200 " },
	{ "its default", PEERS NEVER, SECONDS(30), "HTTP/1.1 200 " },
	{ "connect-timeout=",
	  "cache_peer " FIRST " parent 80 0 connect-timeout=3\ncache_peer " SECOND
	  " parent 80 0\n" NEVER,
	  SECONDS(3), "HTTP/1.1 200 " },
	{ "not connect_timeout", PEERS NEVER "connect_timeout 1 second\n", SECONDS(30),
	  "HTTP/1.1 200 " },
	{ "forward_timeout is over all of them", PEERS NEVER "forward_timeout 9 seconds\n",
	  SECONDS(9), "HTTP/1.1 504 " },
	{ "forward_max_tries is over all of them", PEERS NEVER "forward_max_tries 1\n", SECONDS(30),
	  "HTTP/1.1 504 " },
};

START_TEST(how_long_a_silent_parent_is_waited_for)
{
	answered_ms = 0;
	sim_proxy_start(&sp, waits[_i].conf);
	fate(FIRST, SIM_HANG, 0);
	origin.reply[0] = PLAY_HELLO;
	play_serve(&origin, SECOND);
	const struct sim_peer *c = sim_proxy_client(PLAY_GET, on_client, NULL);

	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c, waits[_i].status), "%s: %.*s", waits[_i].name,
	              SPAN_ARG(sim_received(c)));
	ck_assert_msg(answered_ms >= waits[_i].want_ms && answered_ms < waits[_i].want_ms + 1000,
	              "%s: %lld ms", waits[_i].name, (long long)answered_ms);
}
END_TEST

/* --- which way -------------------------------------------------------------------------------- */

static const struct {
	const char *name, *conf, *request, *status;
	unsigned at_peer; /* requests that reach it */
} ways[] = {
	{ "always_direct", "always_direct allow all\n", PLAY_GET, "HTTP/1.1 503 ", 0 },
	{ "never_direct, and nobody may", "cache_peer_access b deny all\nnever_direct allow all\n",
	  PLAY_GET, "HTTP/1.1 503 ", 0 },
	{ "direct first, then a peer", "prefer_direct on\n", PLAY_GET, "HTTP/1.1 200 ", 1 },
	{ "a tunnel goes direct", "", CONNECT_ORIGIN, "HTTP/1.1 503 ", 0 },
	{ "a tunnel, direct first, then by a peer",
	  "prefer_direct on\nnonhierarchical_direct off\n", CONNECT_ORIGIN, "HTTP/1.1 200 ", 1 },
	{ "a tunnel, by a peer first", "nonhierarchical_direct off\n", CONNECT_ORIGIN,
	  "HTTP/1.1 200 ", 1 },
};

/* The server itself refuses connections; the peer answers. */
START_TEST(which_way)
{
	char conf[300];

	snprintf(conf, sizeof(conf), "cache_peer " SECOND " parent 80 0 name=b\n%s" PLAY_ALLOW,
	         ways[_i].conf);
	sim_proxy_start(&sp, conf);
	origin.reply[0] = PLAY_HELLO;
	play_serve(&origin, SECOND);
	play_client(&client, ways[_i].request);
	sim_proxy_run_for(&sp, SECONDS(10));
	ck_assert_msg(play_starts(client.peer, ways[_i].status), "%s: %.*s", ways[_i].name,
	              SPAN_ARG(sim_received(client.peer)));
	ck_assert_uint_eq(origin.n_requests, ways[_i].at_peer);
	sim_close(client.peer);
	sim_proxy_run(&sp);
}
END_TEST

/* --- down and up ------------------------------------------------------------------------------ */

static void ask(void *arg UNUSED)
{
	(void)sim_proxy_client(PLAY_GET, NULL, NULL);
}

static void serve_second(void *arg UNUSED)
{
	play_serve(&origin, SECOND);
}

START_TEST(found_again_in_the_background)
{
	sim_proxy_start(&sp, "cache_peer " SECOND " parent 80 0 connect-fail-limit=2\n" NEVER);
	origin.reply[0] = PLAY_HELLO;
	ask(NULL);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(peer_is_up(peer(0)));
	ask(NULL);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(!peer_is_up(peer(0)));
	/* Nobody asks, and it comes up a minute later. */
	sim_at(MINUTES(1), serve_second, NULL);
	sim_proxy_run_for(&sp, MINUTES(1));
	ck_assert(!peer_is_up(peer(0)));
	/* After 1, 2, 4, 8 seconds and then each 10: about nine by now. */
	ck_assert(peer(0)->state->probes >= 6 && peer(0)->state->probes <= 10);
	sim_proxy_run_for(&sp, SECONDS(11));
	ck_assert(peer_is_up(peer(0)));
	ck_assert_uint_eq(peer(0)->state->open, 0);
	play_client(&client, PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_ends(client.peer, "hello"));
}
END_TEST

START_TEST(nobody_asks_for_ever)
{
	sim_proxy_start(&sp, "cache_peer " SECOND " parent 80 0 connect-fail-limit=1\n" PLAY_ALLOW);
	ask(NULL);
	/* Ends by itself: else this test would not. */
	sim_proxy_run(&sp);
	const uint64_t probes = peer(0)->state->probes;

	ck_assert(probes > 50 && probes < 70);
	ck_assert(!peer(0)->state->is_probed);
	/* Somebody wants it: it is looked for again. */
	serve_second(NULL);
	ask(NULL);
	sim_proxy_run(&sp);
	ck_assert(peer_is_up(peer(0)));
	ck_assert_uint_eq(peer(0)->state->probes, probes + 1);
}
END_TEST

START_TEST(a_probe_outlives_the_configuration_and_the_worker_ends_it)
{
	sim_proxy_start(&sp, "cache_peer " SECOND " parent 80 0 connect-fail-limit=1\n" PLAY_ALLOW);
	fate(SECOND, SIM_REFUSE, 0);
	ask(NULL);
	sim_proxy_run_for(&sp, SECONDS(1));
	fate(SECOND, SIM_HANG, 0);
	sim_proxy_run_for(&sp, SECONDS(1)); /* a probe is under way */
	sim_proxy_reload(&sp, PLAY_ALLOW);
	sim_proxy_run_for(&sp, SECONDS(1));
}
END_TEST

/* --- an end at every step --------------------------------------------------------------------- */

enum who { CLIENT_RESETS, CLIENT_CLOSES, PEER_RESETS, PROXY_STOPS, CONF_IS_LOADED, WHO_N };

static enum who cut_by;

static const struct {
	const char *name, *request, *reply, *end;
	enum sim_fate first;
	int64_t first_ms, second_ms;
	const char *first_reply; /* NULL: the first one is not connected to */
} cuts[] = {
	{ "through the first", PLAY_GET, PLAY_HELLO, "hello", SIM_ACCEPT, 5, 0, PLAY_HELLO },
	{ "refused, then the second", PLAY_GET, PLAY_HELLO, "hello", SIM_REFUSE, 5, 5, NULL },
	{ "silence, then the second", PLAY_GET, PLAY_HELLO, "hello", SIM_HANG, 0, 5, NULL },
	{ "a bad gateway, then the second", PLAY_GET, PLAY_HELLO, "hello", SIM_ACCEPT, 5, 5,
	  "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad" },
	{ "a tunnel", CONNECT, OPENED, " established\r\n\r\n", SIM_REFUSE, 5, 5, NULL },
	{ "a refused tunnel", CONNECT, "HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nwhy", "why",
	  SIM_REFUSE, 5, 5, NULL },
	{ "a tunnel that the second opens", CONNECT, OPENED, " established\r\n\r\n", SIM_ACCEPT, 5,
	  5, "HTTP/1.1 504 No\r\nContent-Length: 3\r\n\r\nbad" },
};

static struct play_origin first;

static void cut(void *arg UNUSED)
{
	switch (cut_by) {
	case CLIENT_RESETS:
		sim_reset(client.peer);
		return;
	case CLIENT_CLOSES:
		sim_close(client.peer);
		return;
	case PEER_RESETS:
		if (origin.peer != NULL)
			sim_reset(origin.peer);
		if (first.peer != NULL)
			sim_reset(first.peer);
		return;
	case PROXY_STOPS:
		proxy_shutdown(sp.proxy, 0, NULL, NULL);
		return;
	case CONF_IS_LOADED:
		sim_proxy_reload(&sp, PLAY_ALLOW);
		return;
	case WHO_N:
		return;
	}
}

static struct peer_state *states[2];

static void begin(size_t i)
{
	const struct sim_line slow = { .chunk_in = 3, .chunk_out = 3, .window_out = 40 };
	char *got = origin.got, *got_first = first.got;

	origin = (struct play_origin){ .reply = { cuts[i].reply }, .got = got };
	first = (struct play_origin){ .reply = { cuts[i].first_reply }, .got = got_first };
	client = (struct play_client){ 0 };
	sim_proxy_start(&sp, PEERS NEVER);
	for (unsigned k = 0; k < 2; k++)
		states[k] = peer_state_ref(peer(k)->state);
	sim_set_line(&slow);
	if (cuts[i].first_reply != NULL)
		play_serve(&first, FIRST);
	else
		fate(FIRST, cuts[i].first, cuts[i].first_ms);
	play_serve(&origin, SECOND);
}

/* What the client receives when nothing is cut. */
static char whole[4096];
static size_t whole_n;

/*
 * What came is the beginning of that (all lengths are told), or an error; or the client has left.
 */
static bool is_honest(void)
{
	const struct sim_peer *c = client.peer;

	return cut_by == CLIENT_RESETS || cut_by == CLIENT_CLOSES ||
	       span_starts(span_of(whole, whole_n), sim_received(c)) || sim_saw_reset(c) ||
	       play_has(c, "HTTP/1.1 502 ") || play_has(c, "HTTP/1.1 503 ") ||
	       play_has(c, "HTTP/1.1 504 ");
}

/* A whole life in which that happens at that step; 0: never. Returns the steps it took. */
static unsigned live(size_t i, unsigned at)
{
	begin(i);
	play_client(&client, cuts[i].request);
	if (at != 0)
		sim_at_step(at, cut, NULL);
	sim_proxy_run_for(&sp, SECONDS(40));
	ck_assert_msg(at != 0 || play_ends(client.peer, cuts[i].end), "%s: %.*s", cuts[i].name,
	              SPAN_ARG(sim_received(client.peer)));
	if (at == 0) {
		whole_n = MIN(sim_received(client.peer).n, sizeof(whole));
		memcpy(whole, sim_received(client.peer).p, whole_n);
	}
	ck_assert_msg(is_honest(), "%s, cut at step %u by %d: %.*s", cuts[i].name, at, (int)cut_by,
	              SPAN_ARG(sim_received(client.peer)));
	const unsigned steps = sim_steps();

	/* A tunnel that nobody closes lives for as long as it may be silent. */
	sim_proxy_run_for(&sp, HOURS(48));
	const unsigned idle = upstream_pool_count(sp.worker->upstreams);

	ck_assert(sp.worker->n_sessions == 0 && sp.worker->n_tunnels == 0);
	ck_assert_uint_eq(sim_open_fds(), 1 + idle);
	ck_assert_msg(states[0]->open + states[1]->open == idle,
	              "%s, cut at step %u by %d: %u + %u connections are counted", cuts[i].name, at,
	              (int)cut_by, states[0]->open, states[1]->open);
	sim_proxy_stop(&sp);
	for (unsigned k = 0; k < 2; k++) {
		ck_assert_uint_eq(states[k]->open, 0);
		ck_assert_uint_eq(states[k]->refs, 1);
		peer_state_unref(&states[k]);
	}
	return steps;
}

START_TEST(an_end_at_any_step)
{
	const size_t i = (size_t)_i / WHO_N;

	cut_by = (enum who)(_i % WHO_N);
	const unsigned steps = live(i, 0);

	ck_assert_uint_gt(steps, 20);
	for (unsigned n = 1; n <= steps; n++)
		(void)live(i, n);
	play_origin_fini(&first);
	play_origin_fini(&origin);
}
END_TEST

Suite *suite_peers(void);
Suite *suite_peers(void)
{
	Suite *s = suite_create("peers");
	TCase *t = tcase_create("parents"), *c = tcase_create("cuts");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, how_long_a_silent_parent_is_waited_for, 0, ARRAY_LEN(waits));
	tcase_add_loop_test(t, which_way, 0, ARRAY_LEN(ways));
	tcase_add_test(t, found_again_in_the_background);
	tcase_add_test(t, nobody_asks_for_ever);
	tcase_add_test(t, a_probe_outlives_the_configuration_and_the_worker_ends_it);
	suite_add_tcase(s, t);
	tcase_set_timeout(c, 240);
	tcase_add_loop_test(c, an_end_at_any_step, 0, ARRAY_LEN(cuts) * WHO_N);
	suite_add_tcase(s, c);
	return s;
}
