/*
 * The way down: shutdown_lifetime. What idles closes at once, what is under way may end, the rest
 * is cut when time is over.
 */
#include "proxy/process.h"
#include "tests/sim/play.h"
#include "tests/unit/unit.h"

#define OK       "HTTP/1.1 200 OK\r\n"
#define CONNECT  "CONNECT " PLAY_ORIGIN ":80 HTTP/1.1\r\nHost: " PLAY_ORIGIN ":80\r\n\r\n"
#define LIFETIME SECONDS(30)
#define WHEN     SECONDS(10) /* after the start */

static struct sim_proxy sp;
static struct play_origin origin;

static void setup(void)
{
	origin = (struct play_origin){ 0 };
	sim_proxy_start(&sp, PLAY_ALLOW);
	play_serve(&origin, PLAY_ORIGIN);
}

static void teardown(void)
{
	sim_proxy_stop(&sp);
	play_origin_fini(&origin);
}

static void shut_down(void *lifetime_ms)
{
	proxy_shutdown(sp.proxy, *(const int64_t *)lifetime_ms, NULL, NULL);
}

static const int64_t patient = LIFETIME, at_once;

/* What an origin says later; NULL: nothing. */
static void go_on(void *text)
{
	if (sim_can_send(origin.peer))
		sim_send(origin.peer, span_str(text));
}

static const struct {
	const char *name, *request, *reply;
	const char *later; /* five seconds after the beginning of the end */
	int64_t ended_ms;  /* after that */
	const char *ends;  /* of what the client has; NULL: nothing came */
	bool is_reset;
	const char *log; /* NULL: no line */
} ends[] = {
	{ "nothing sent yet", "", "", NULL, 0, NULL, false, NULL },
	{ "idle after a reply", PLAY_GET, PLAY_HELLO, NULL, 0, "hello", false, "TCP_MISS/200 " },
	{ "a reply that comes", PLAY_GET, "", PLAY_HELLO, 5000,
	  "\r\nConnection: close\r\nCache-Status: sim.test;fwd=uri-miss\r\n\r\nhello", false,
	  "TCP_MISS/200 " },
	{ "a reply that ends", PLAY_GET, OK "Content-Length: 9\r\n\r\nhell", " yeah", 5000,
	  "\r\n\r\nhell yeah", false, "TCP_MISS/200 " },
	{ "chunks that end", PLAY_GET, OK "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
	  "0\r\n\r\n", 5000, "x\r\n0\r\n\r\n", false, "TCP_MISS/200 " },
	{ "a reply that does not come", PLAY_GET, "", NULL, LIFETIME, NULL, true,
	  "TCP_MISS_ABORTED/000 " },
	{ "a reply that does not end", PLAY_GET, OK "Content-Length: 9\r\n\r\nhell", NULL, LIFETIME,
	  "hell", true, "TCP_MISS_ABORTED/200 " },
	{ "a request that does not come", "GET htt", "", NULL, LIFETIME, NULL, true,
	  "NONE_NONE_ABORTED/000 " },
	{ "a tunnel", CONNECT, "", NULL, LIFETIME, "\r\n\r\n", true, "TCP_TUNNEL_ABORTED/200 " },
};

static void check_end(int i, const struct play_client *c, int64_t ended_ms)
{
	ck_assert_msg(c->ended_ms >= ended_ms && c->ended_ms <= ended_ms + 1,
	              "%s: ended after %lld ms", ends[i].name, (long long)c->ended_ms);
	ck_assert_msg(ends[i].ends != NULL ? play_ends(c->peer, ends[i].ends)
	                                   : sim_received(c->peer).n == 0,
	              "%s: %.*s", ends[i].name, SPAN_ARG(sim_received(c->peer)));
	ck_assert_msg(ends[i].log != NULL ? play_count(play_log(), ends[i].log) == 1
	                                  : play_log().n == 0,
	              "%s: %s", ends[i].name, sim_log());
	ck_assert_uint_eq(sp.worker->n_sessions + sp.worker->n_tunnels, 0);
}

START_TEST(each_connection_ends_in_its_time)
{
	struct play_client c = { 0 };

	origin.reply[0] = ends[_i].reply;
	play_client(&c, ends[_i].request);
	sim_at(WHEN, shut_down, (void *)(uintptr_t)&patient);
	if (ends[_i].later != NULL)
		sim_at(WHEN + 5000, go_on, (void *)(uintptr_t)ends[_i].later);
	loop_run(sp.worker->loop); /* until the worker says that it is through */
	ck_assert_msg(sim_now_ms() >= WHEN + ends[_i].ended_ms &&
	                      sim_now_ms() <= WHEN + ends[_i].ended_ms + 10,
	              "%s: drained after %lld ms", ends[_i].name, (long long)sim_now_ms());
	sim_proxy_run_for(&sp, 100);
	check_end(_i, &c, WHEN + ends[_i].ended_ms);
	ck_assert_msg(sim_saw_reset(c.peer) == ends[_i].is_reset, "%s: reset or not",
	              ends[_i].name);
}
END_TEST

/* A second signal: no more patience. */
START_TEST(a_second_shutdown_ends_the_patience)
{
	struct play_client c = { 0 };

	origin.reply[0] = ends[_i].reply;
	play_client(&c, ends[_i].request);
	sim_at(WHEN, shut_down, (void *)(uintptr_t)&patient);
	sim_at(WHEN + 2000, shut_down, (void *)(uintptr_t)&at_once);
	loop_run(sp.worker->loop);
	sim_proxy_run_for(&sp, 100);
	const int64_t want_ms = ends[_i].ended_ms == 0 ? WHEN : WHEN + 2000;

	ck_assert(c.ended_ms >= want_ms && c.ended_ms <= want_ms + 1);
	ck_assert_uint_eq(sp.worker->n_sessions + sp.worker->n_tunnels, 0);
}
END_TEST

START_TEST(without_a_lifetime_all_is_cut_at_once)
{
	struct play_client c = { 0 };

	origin.reply[0] = ends[_i].reply;
	play_client(&c, ends[_i].request);
	sim_at(WHEN, shut_down, (void *)(uintptr_t)&at_once);
	loop_run(sp.worker->loop);
	sim_proxy_run_for(&sp, 100);
	ck_assert_int_eq(c.ended_ms, WHEN);
}
END_TEST

START_TEST(nobody_is_accepted_any_more)
{
	struct play_client c = { 0 };
	struct endpoint to = { .ip = ip_from_v4(INADDR_LOOPBACK), .port = 3128 };

	origin.reply[0] = "";
	play_client(&c, PLAY_GET);
	sim_at(WHEN, shut_down, (void *)(uintptr_t)&patient);
	sim_proxy_run_for(&sp, WHEN + 1000);
	struct sim_peer *late = sim_connect(&to, &to, NULL, NULL);

	if (late != NULL)
		sim_send(late, SPAN(PLAY_GET));
	sim_proxy_run_for(&sp, 1000);
	ck_assert_uint_eq(sp.worker->n_sessions, 1);
	ck_assert_uint_eq(play_count(span_of(origin.got, origin.got_n), "GET /a"), 1);
	ck_assert(late == NULL || sim_received(late).n == 0);
}
END_TEST

/* What is pipelined behind the request under way is not begun, and its reply is not lost by it. */
START_TEST(pipelined_requests_are_left)
{
	struct play_client c = { 0 };

	origin.reply[0] = OK "Content-Length: 5\r\n\r\nhel";
	play_client(&c, PLAY_GET);
	for (int i = 0; i < 1000; i++)
		sim_send(c.peer, SPAN(PLAY_GET));
	sim_at(WHEN, shut_down, (void *)(uintptr_t)&patient);
	sim_at(WHEN + 5000, go_on, (void *)(uintptr_t) "lo");
	loop_run(sp.worker->loop);
	sim_proxy_run_for(&sp, 100);
	ck_assert(play_ends(c.peer, "\r\n\r\nhello"));
	ck_assert(sim_saw_fin(c.peer) && !sim_saw_reset(c.peer));
	ck_assert_uint_eq(origin.n_requests, 1);
}
END_TEST

/* A refusal is on its way, and the client has not stopped sending. */
START_TEST(a_reply_that_lingers_is_not_lost)
{
	struct sim_peer *c;

	origin.reply[0] = PLAY_HELLO;
	origin.at_head = true;
	c = sim_proxy_client("PUT" PLAY_HEAD "Content-Length: 100000\r\n\r\n", NULL, NULL);
	sim_proxy_run_for(&sp, 10);
	ck_assert(play_ends(c, "hello"));
	sim_at(0, shut_down, (void *)(uintptr_t)&patient);
	sim_send(c, SPAN("some more of the body"));
	loop_run(sp.worker->loop);
	ck_assert(!sim_saw_reset(c));
}
END_TEST

/* --- connections that one worker hands to another --------------------------------------------- */

#define CROWD 6 /* of so many the last one is handed over */

/* A second worker, without the port, which in this world wakes one worker only. */
static struct worker *second_worker(void)
{
	struct proxy *p = sp.proxy;
	const unsigned n = p->snapshot->ports.n;
	struct worker *w;

	p->snapshot->ports.n = 0;
	CHECK(worker_new(&w, p, 1, 2, p->snapshot) == ERR_NONE);
	p->snapshot->ports.n = n;
	p->workers = check_realloc(p->workers, 2 * sizeof(struct worker *));
	p->workers[1] = w;
	p->n_workers = 2;
	return w;
}

/*
 * All connect; the first worker accepts them, until it has that many and has handed over so many.
 */
static void come(struct play_client *c, const struct worker *w, unsigned n_handed)
{
	for (unsigned i = 0; i < CROWD; i++)
		play_client(&c[i], PLAY_GET);
	for (unsigned turns = 0; sp.worker->n_sessions + w->n_handed < CROWD; turns++) {
		ck_assert_uint_lt(turns, 100);
		loop_turn(sp.worker->loop, 0);
	}
	ck_assert_uint_eq(w->n_handed, n_handed);
}

static struct worker *draining;

static void drain(struct post *p UNUSED)
{
	worker_drain(draining, LIFETIME);
}

enum order { HANDED_FIRST, DRAIN_FIRST, DRAINED_BEFORE, NO_TIME_LEFT, ORDERS };

/* What the second worker finds when it looks. */
static void meet(enum order order, struct play_client *c, struct worker *w)
{
	static struct post post = { .fn = drain };

	draining = w;
	switch (order) {
	case HANDED_FIRST: /* a connection, and then the word to drain */
		come(c, w, 1);
		loop_post(w->loop, &post);
		return;
	case DRAIN_FIRST: /* the other way round */
		loop_post(w->loop, &post);
		come(c, w, 1);
		return;
	case DRAINED_BEFORE: /* it is not asked */
		worker_drain(w, LIFETIME);
		come(c, w, 0);
		return;
	case NO_TIME_LEFT: /* a connection, when it has cut all others */
		come(c, w, 1);
		worker_drain(w, LIFETIME);
		worker_drain(w, 0);
		return;
	case ORDERS:
		return;
	}
}

/* Who had connected and asked is answered, by whichever worker. */
START_TEST(a_connection_handed_over_when_a_drain_begins_is_served)
{
	struct play_client c[CROWD] = { 0 };
	struct worker *w = second_worker();
	unsigned answered = 0;

	origin.reply[0] = PLAY_HELLO;
	meet((enum order)_i, c, w);
	loop_run(w->loop);
	worker_drain(sp.worker, LIFETIME);
	loop_run(sp.worker->loop);
	for (unsigned i = 0; i < CROWD; i++)
		answered += play_ends(c[i].peer, "\r\n\r\nhello");
	ck_assert_uint_eq(answered, _i == NO_TIME_LEFT ? CROWD - 1 : CROWD);
	ck_assert_uint_eq(w->n_handed + w->n_sessions + sp.worker->n_sessions, 0);
	ck_assert_int_lt(sim_now_ms(), 1000);
}
END_TEST

Suite *suite_shutdown(void);
Suite *suite_shutdown(void)
{
	Suite *s = suite_create("shutdown");
	TCase *t = tcase_create("shutdown");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, each_connection_ends_in_its_time, 0, ARRAY_LEN(ends));
	tcase_add_loop_test(t, a_second_shutdown_ends_the_patience, 0, ARRAY_LEN(ends));
	tcase_add_loop_test(t, without_a_lifetime_all_is_cut_at_once, 0, ARRAY_LEN(ends));
	tcase_add_test(t, nobody_is_accepted_any_more);
	tcase_add_test(t, pipelined_requests_are_left);
	tcase_add_test(t, a_reply_that_lingers_is_not_lost);
	tcase_add_loop_test(t, a_connection_handed_over_when_a_drain_begins_is_served, 0, ORDERS);
	suite_add_tcase(s, t);
	return s;
}
