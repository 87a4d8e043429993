/*
 * An end at every step: whoever leaves, or whatever happens to the proxy, at any step of a
 * request's life, nothing is left behind and nobody is told that something was whole which was not.
 */
#include "base/budget.h"
#include "proxy/session.h"
#include "proxy/txn.h"
#include "tests/sim/play.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#define CONF                                                                                       \
	"via off\nacl bad dst 192.0.2.66\nhttp_access deny bad\n" PLAY_ALLOW                       \
	"http_upgrade_request_protocols WebSocket allow all\n"                                     \
	"collapsed_forwarding on\nacl purge method PURGE\n"
#define LIMIT ((size_t)64 << 20)

static struct sim_proxy sp;
static struct play_origin origin;

enum who {
	CLIENT_RESETS,
	CLIENT_CLOSES,
	ORIGIN_RESETS,
	ORIGIN_CLOSES,
	PROXY_STOPS,    /* a shutdown without patience */
	LIFE_IS_OVER,   /* client_lifetime */
	CONF_IS_LOADED, /* one that denies everything, which is about later requests */
	MEMORY_IS_OUT,
	WHO_N
};

static struct {
	enum who who;
	struct play_client *client;
	size_t taken;
} cut_of;

static void setup(void)
{
	static const struct sim_answer here = { .ips = PLAY_ORIGIN, .ttl_s = 60, .delay_ms = 10 };

	budget_init(LIMIT);
	sim_proxy_start(&sp, CONF);
	sim_name("www.example", &here, NULL);
}

static void teardown(void)
{
	if (cut_of.taken != 0)
		budget_give(BUDGET_FIXED, cut_of.taken);
	cut_of.taken = 0;
	sim_proxy_stop(&sp);
	budget_init(0);
}

static void teardown_all(void)
{
	teardown();
	play_origin_fini(&origin);
}

static void expire(void)
{
	list_for_each_safe(it, &sp.worker->sessions) {
		struct session *s = CONTAINER_OF(it, struct session, link);

		if (s->txn != NULL)
			txn_expire(s->txn);
	}
}

static void cut(void *arg UNUSED)
{
	struct sim_peer *o = origin.peer;

	switch (cut_of.who) {
	case CLIENT_RESETS:
		sim_reset(cut_of.client->peer);
		return;
	case CLIENT_CLOSES:
		sim_close(cut_of.client->peer);
		return;
	case ORIGIN_RESETS:
		if (o != NULL)
			sim_reset(o);
		return;
	case ORIGIN_CLOSES:
		if (o != NULL)
			sim_close(o);
		return;
	case PROXY_STOPS:
		proxy_shutdown(sp.proxy, 0, NULL, NULL);
		return;
	case LIFE_IS_OVER:
		expire();
		return;
	case CONF_IS_LOADED:
		sim_proxy_reload(&sp,
		                 "http_access allow CONNECT\n" CONF "write_timeout 1 minute\n");
		return;
	case MEMORY_IS_OUT:
		cut_of.taken = LIMIT;
		ck_assert(budget_take(BUDGET_FIXED, LIMIT));
		return;
	case WHO_N:
		return;
	}
}

#define CONNECT  "CONNECT " PLAY_ORIGIN ":80 HTTP/1.1\r\nHost: " PLAY_ORIGIN ":80\r\n\r\n"
#define NAMED    "GET http://www.example/a HTTP/1.1\r\nHost: www.example\r\n\r\n"
#define UPLOAD   "POST" PLAY_HEAD "Content-Length: 10\r\n\r\n0123456789"
#define EXPECT   "PUT" PLAY_HEAD "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n"
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define UPGRADE  "GET" PLAY_HEAD "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
#define SWITCHED                                                                                   \
	"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
#define GET_1_0 "GET " PLAY_URL " HTTP/1.0\r\n\r\n"
#define CLOSES  "HTTP/1.1 200 OK\r\n\r\nhello"
#define CHUNKS                                                                                     \
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"

#define KEPT "HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nContent-Length: 5\r\n\r\nhello"
#define KEPT_CHUNKS                                                                                \
	"HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nTransfer-Encoding: "                    \
	"chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
#define STALE(more)                                                                                \
	"HTTP/1.1 200 OK\r\nETag: \"a\"\r\nCache-Control: max-age=0" more                          \
	"\r\nContent-Length: 5\r\n\r\nhello"
#define SAME     "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"
#define OTHER    "HTTP/1.1 304 Not Modified\r\nETag: \"b\"\r\n\r\n"
#define BROKEN   "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno"
#define GET_PART "GET" PLAY_HEAD "Range: bytes=1-2\r\n\r\n"
#define GET_ELSE "GET" PLAY_HEAD "If-None-Match: \"a\"\r\n\r\n"
#define PURGE    "PURGE" PLAY_HEAD "\r\n"
#define POST     "POST" PLAY_HEAD "Content-Length: 0\r\n\r\n"

static const struct {
	const char *name, *request, *reply[3], *end;
	const char *await, *say;
	bool at_head;
	unsigned n_lines;
	bool fin_is_end; /* nothing but the close tells the reply's end */
	bool is_any;     /* another reply may come, or in other pieces: each says where it ends */
} cuts[] = {
	{ "a length", PLAY_GET, { PLAY_HELLO }, "\r\n\r\nhello", NULL, NULL, false, 1 },
	{ "a name", NAMED, { PLAY_HELLO }, "\r\n\r\nhello", NULL, NULL, false, 1 },
	{ "chunks", PLAY_GET, { CHUNKS }, "\r\n0\r\n\r\n", NULL, NULL, false, 1 },
	{ "an upload", UPLOAD, { PLAY_HELLO }, "\r\n\r\nhello", NULL, NULL, false, 1 },
	{ "an early answer", UPLOAD, { PLAY_HELLO }, "\r\n\r\nhello", NULL, NULL, true, 1 },
	{ "an expectation", EXPECT, { CONTINUE PLAY_HELLO }, "hello", CONTINUE, "body", true, 1 },
	{ "pipelined requests", PLAY_GET NAMED, { PLAY_HELLO }, "hello", NULL, NULL, false, 2 },
	{ "a stale connection",
	  PLAY_GET,
	  { PLAY_HELLO, PLAY_DO_FIN, CHUNKS },
	  "\r\n0\r\n\r\n",
	  "hello",
	  PLAY_GET,
	  false,
	  2 },
	{ "a tunnel", CONNECT "hello\r\n\r\n", { "world" }, "world", NULL, NULL, false, 1 },
	{ "an upgrade", UPGRADE, { SWITCHED "hello" }, "hello", "hello", "goodbye", false, 1 },
	{ "until the close", GET_1_0, { CLOSES, "" }, "\r\n\r\nhello", NULL, NULL, false, 1, true },
	{ "chunks for HTTP/1.0", GET_1_0, { CHUNKS }, "\r\n\r\nhello", NULL, NULL, false, 1, true },
	{ "what is stored", PLAY_GET, { KEPT, "" }, "hello", NULL, NULL, false, 1, false, true },
	{ "stored chunks",
	  PLAY_GET,
	  { KEPT_CHUNKS, "" },
	  "\r\n0\r\n\r\n",
	  NULL,
	  NULL,
	  false,
	  1,
	  false,
	  true },
	{ "a hit", PLAY_GET, { KEPT, "" }, "hello", "hello", PLAY_GET, false, 2, false, true },
	{ "a part",
	  PLAY_GET,
	  { KEPT, "" },
	  "\r\n\r\nel",
	  "hello",
	  GET_PART,
	  false,
	  2,
	  false,
	  true },
	{ "unmodified",
	  PLAY_GET,
	  { STALE(""), SAME, "" },
	  "hello",
	  "hello",
	  PLAY_GET,
	  false,
	  2,
	  false,
	  true },
	{ "modified",
	  PLAY_GET,
	  { STALE(""), KEPT, "" },
	  "hello",
	  "hello",
	  PLAY_GET,
	  false,
	  2,
	  false,
	  true },
	{ "a condition",
	  PLAY_GET,
	  { STALE(""), SAME, "" },
	  "\r\n\r\n",
	  "hello",
	  GET_ELSE,
	  false,
	  2,
	  false,
	  true },
	{ "a failed validation",
	  PLAY_GET,
	  { STALE(""), BROKEN, "" },
	  "hello",
	  "hello",
	  PLAY_GET,
	  false,
	  2,
	  false,
	  true },
	{ "a validation in the background",
	  PLAY_GET,
	  { STALE(", stale-while-revalidate=60"), SAME, "" },
	  "hello",
	  "hello",
	  PLAY_GET,
	  false,
	  2,
	  false,
	  true },
	{ "a 304 about something else",
	  PLAY_GET,
	  { STALE(""), OTHER, KEPT },
	  "hello",
	  "hello",
	  PLAY_GET,
	  false,
	  2,
	  false,
	  true },
	{ "a purge", PLAY_GET, { KEPT, "" }, "\r\n\r\n", "hello", PURGE, false, 2, false, true },
	{ "a change",
	  PLAY_GET,
	  { KEPT, PLAY_HELLO },
	  "hello",
	  "hello",
	  POST,
	  false,
	  2,
	  false,
	  true },
	{ "a denied one",
	  "GET http://192.0.2.66/ HTTP/1.1\r\nHost: a\r\n\r\n",
	  { "" },
	  "</html>\n",
	  NULL,
	  NULL,
	  false,
	  1 },
};

/* What the client receives when nothing is cut. */
static char whole[8192];
static size_t whole_n;

/* What came is the beginning of that, an error page, or was cut by a reset: never a false whole. */
static bool is_honest(size_t i, enum who who, const struct sim_peer *c)
{
	const struct span got = sim_received(c), all = span_of(whole, whole_n);

	if (who == CLIENT_RESETS || who == CLIENT_CLOSES)
		return true;
	if (who == CONF_IS_LOADED)
		return span_eq(all, got);
	if (cuts[i].is_any && (play_has(c, "\r\n\r\nhello") || !play_ends(c, cuts[i].end)))
		return true;
	/* An origin that closes has ended such a reply, as far as anybody can tell. */
	const bool fin_lies = cuts[i].fin_is_end && play_has(c, "\r\n\r\n") &&
	                      !(who == ORIGIN_CLOSES && cuts[i].reply[1] != NULL);

	if (fin_lies && got.n < all.n && span_starts(all, got) && !sim_saw_reset(c))
		return false;
	return span_starts(all, got) || sim_saw_reset(c) || play_has(c, "HTTP/1.1 502 ") ||
	       play_has(c, "HTTP/1.1 503 ") || play_has(c, "HTTP/1.1 504 ");
}

static void keep_whole(size_t i, const struct sim_peer *c)
{
	whole_n = sim_received(c).n;
	ck_assert_uint_le(whole_n, sizeof(whole));
	memcpy(whole, sim_received(c).p, whole_n);
	ck_assert_msg(play_ends(c, cuts[i].end), "%s: %.*s", cuts[i].name, (int)whole_n, whole);
}

static unsigned run_cut(size_t i, enum who who, unsigned at, const struct sim_line *line)
{
	struct play_client c = { .await = cuts[i].await, .say = cuts[i].say };
	char *got = origin.got;

	origin = (struct play_origin){ .at_head = cuts[i].at_head, .got = got };
	memcpy(origin.reply, cuts[i].reply, sizeof(cuts[i].reply));
	origin.then = cuts[i].fin_is_end && cuts[i].reply[1] != NULL ? PLAY_FIN : PLAY_KEEP;
	sim_set_line(line);
	play_serve(&origin, PLAY_ORIGIN);
	play_client(&c, cuts[i].request);
	cut_of.who = who;
	cut_of.client = &c;
	sim_at_step(at, cut, NULL);
	sim_proxy_run_for(&sp, HOURS(48));
	if (at == 0)
		keep_whole(i, c.peer);
	ck_assert_msg(sp.worker->n_sessions == 0 && sp.worker->n_tunnels == 0 &&
	                      sp.worker->n_fills == 0,
	              "%s, cut at step %u by %d: something is left", cuts[i].name, at, (int)who);
	/* The loop of a worker that has drained stands still, so its idle connections stay. */
	ck_assert_uint_eq(sim_open_fds(), 1 + upstream_pool_count(sp.worker->upstreams));
	ck_assert(who == PROXY_STOPS || sim_open_fds() == 1);
	ck_assert_msg(is_honest(i, who, c.peer), "%s, cut at step %u by %d: %.*s", cuts[i].name, at,
	              (int)who, SPAN_ARG(sim_received(c.peer)));
	ck_assert_msg(play_count(play_log(), "\n") <= cuts[i].n_lines,
	              "%s, cut at step %u by %d: %s", cuts[i].name, at, (int)who, sim_log());
	return sim_steps();
}

START_TEST(an_end_at_any_step_leaves_nothing_behind)
{
	const size_t i = (size_t)_i / WHO_N;
	const unsigned share = random_test_share();
	const struct sim_line slow = { .chunk_in = 3, .chunk_out = 3, .window_out = 40 };

	whole_n = 0;
	const unsigned steps = run_cut(i, WHO_N, 0, &slow);

	ck_assert_uint_gt(steps, 20);
	for (unsigned n = 1 + (unsigned)_i % share; n <= steps; n += share) {
		teardown();
		setup();
		(void)run_cut(i, (enum who)(_i % WHO_N), n, &slow);
	}
}
END_TEST

Suite *suite_cuts(void);
Suite *suite_cuts(void)
{
	Suite *s = suite_create("cuts");
	TCase *t = tcase_create("cuts");

	tcase_set_timeout(t, 240);
	tcase_add_checked_fixture(t, setup, teardown_all);
	tcase_add_loop_test(t, an_end_at_any_step_leaves_nothing_behind, 0,
	                    ARRAY_LEN(cuts) * WHO_N);
	suite_add_tcase(s, t);
	return s;
}
