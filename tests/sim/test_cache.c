/*
 * The cache on the road of a request: who waits for whom, and what becomes of those who wait when
 * something goes wrong with what they wait for.
 */
#include <stdio.h>

#include "proxy/proxy.h"
#include "tests/sim/play.h"
#include "tests/unit/unit.h"

#define CONF    "via off\ncollapsed_forwarding on\nacl purge method PURGE\n" PLAY_ALLOW
#define KEPT    "HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nContent-Length: 5\r\n\r\nhello"
#define PRIVATE "HTTP/1.1 200 OK\r\nCache-Control: private\r\nContent-Length: 5\r\n\r\nhello"
#define STALE                                                                                      \
	"HTTP/1.1 200 OK\r\nETag: \"a\"\r\nCache-Control: max-age=0\r\nContent-Length: "           \
	"5\r\n\r\nhello"
#define ONLY_IF_CACHED "GET" PLAY_HEAD "Cache-Control: only-if-cached\r\n\r\n"

static struct sim_proxy sp;
static struct play_origin origin;

static void setup(void)
{
	sim_proxy_start(&sp, CONF);
}

static void teardown(void)
{
	sim_proxy_stop(&sp);
}

static void teardown_all(void)
{
	teardown();
	play_origin_fini(&origin);
}

static void serve(const char *first, const char *later)
{
	char *got = origin.got;

	origin = (struct play_origin){ .reply = { first, later }, .got = got };
	play_serve(&origin, PLAY_ORIGIN);
}

/* The reply to the request that is open, at last. */
static void answer(const char *reply)
{
	sim_send(origin.peer, span_str(reply));
}

static void reset(void *peer)
{
	sim_reset(peer);
}

/* --- waiting ---------------------------------------------------------------------------------- */

START_TEST(those_who_come_before_the_head_share_one_fetch)
{
	struct play_client c[3] = { { 0 } };

	serve("", NULL);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		play_client(&c[i], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_uint_eq(origin.n_requests, 1);
	answer(KEPT);
	sim_proxy_run_for(&sp, SECONDS(1));
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		ck_assert(play_ends(c[i].peer, "\r\n\r\nhello"));
	ck_assert_uint_eq(origin.n_requests, 1);
	ck_assert_uint_eq(play_count(play_log(), "TCP_CF_HIT/200"), 2);
	ck_assert_uint_eq(play_count(play_log(), "TCP_MISS/200"), 1);
}
END_TEST

START_TEST(what_is_not_shared_is_fetched_by_each)
{
	struct play_client c[3] = { { 0 } };

	serve("", PRIVATE);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		play_client(&c[i], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	answer(PRIVATE);
	sim_proxy_run_for(&sp, SECONDS(1));
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		ck_assert(play_ends(c[i].peer, "\r\n\r\nhello"));
	ck_assert_uint_eq(origin.n_requests, 3);
	ck_assert_uint_eq(play_count(play_log(), "TCP_CF_MISS/200"), 2);
}
END_TEST

/* forward_timeout, 4 minutes: a fetch of its own then, on a connection of its own. */
START_TEST(a_wait_has_a_limit)
{
	struct play_client c[2] = { { 0 } };

	serve("", KEPT);
	play_client(&c[0], PLAY_GET);
	play_client(&c[1], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(200));
	ck_assert_uint_eq(origin.n_requests, 1);
	sim_proxy_run_for(&sp, SECONDS(60));
	ck_assert_uint_eq(origin.n_requests, 2);
	ck_assert(play_ends(c[1].peer, "\r\n\r\nhello"));
	ck_assert_uint_eq(sim_received(c[0].peer).n, 0);
}
END_TEST

START_TEST(an_origin_that_cannot_be_reached_fails_all_of_them)
{
	struct play_client c[3] = { { 0 } };
	struct endpoint at = { .port = 80 };

	ck_assert(ip_parse(SPAN(PLAY_ORIGIN), &at.ip));
	sim_serve(&at, SIM_REFUSE, 500, NULL, NULL);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		play_client(&c[i], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(10));
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		ck_assert(play_starts(c[i].peer, "HTTP/1.1 503 "));
	ck_assert_uint_eq(play_count(play_log(), "HIER_DIRECT"), 1);
}
END_TEST

/* It may be the first one's request that it cannot bear. */
START_TEST(an_origin_that_breaks_off_is_asked_by_each)
{
	struct play_client c[3] = { { 0 } };

	serve("", KEPT);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		play_client(&c[i], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_uint_eq(origin.n_requests, 1);
	sim_reset(origin.peer);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_starts(c[0].peer, "HTTP/1.1 502 "));
	for (size_t i = 1; i < ARRAY_LEN(c); i++)
		ck_assert(play_ends(c[i].peer, "\r\n\r\nhello"));
}
END_TEST

START_TEST(who_takes_only_what_is_cached_does_not_wait_for_a_fetch_of_its_own)
{
	struct play_client c[2] = { { 0 } };

	serve("", NULL);
	play_client(&c[0], ONLY_IF_CACHED);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_starts(c[0].peer, "HTTP/1.1 504 "));
	ck_assert_uint_eq(origin.n_requests, 0);
	serve(STALE, NULL);
	play_client(&c[1], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	play_client(&c[0], ONLY_IF_CACHED);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_starts(c[0].peer, "HTTP/1.1 504 "));
	ck_assert_uint_eq(origin.n_requests, 1);
}
END_TEST

/* --- leaving ---------------------------------------------------------------------------------- */

/* The first of three is reset at that step; the others get their reply from one fetch, or two. */
static unsigned leave_at(unsigned step, const char *reply)
{
	struct play_client c[3] = { { 0 } };
	const struct sim_line slow = { .chunk_in = 5, .chunk_out = 5, .window_out = 40 };

	sim_set_line(&slow);
	serve(reply, NULL);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		play_client(&c[i], PLAY_GET);
	sim_at_step(step, reset, c[0].peer);
	sim_proxy_run_for(&sp, HOURS(48));
	for (size_t i = step == 0 ? 0 : 1; i < ARRAY_LEN(c); i++)
		ck_assert_msg(play_ends(c[i].peer, "hello"), "left at %u: %.*s", step,
		              SPAN_ARG(sim_received(c[i].peer)));
	ck_assert_uint_eq(sp.worker->n_sessions + sp.worker->n_fills, 0);
	ck_assert_uint_eq(sim_open_fds(), 1);
	return sim_steps();
}

static const char *const replies[] = { KEPT, PRIVATE };

START_TEST(nobody_notices_that_the_first_has_left)
{
	const unsigned steps = leave_at(0, replies[_i]);

	for (unsigned n = 1; n <= steps; n++) {
		teardown();
		setup();
		(void)leave_at(n, replies[_i]);
	}
}
END_TEST

START_TEST(what_nobody_waits_for_any_more_is_not_fetched)
{
	struct play_client c[2] = { { 0 } };

	serve("", NULL);
	play_client(&c[0], PLAY_GET);
	play_client(&c[1], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	sim_reset(c[0].peer);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_uint_eq(origin.n_ended, 0);
	sim_reset(c[1].peer);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_uint_eq(origin.n_ended, 1);
	ck_assert_uint_eq(play_count(play_log(), "_ABORTED/000"), 2);
}
END_TEST

/* client_lifetime is the leader's own: the others go on. */
START_TEST(the_leaders_own_end_is_not_that_of_the_others)
{
	struct play_client c[2] = { { 0 } };

	teardown();
	sim_proxy_start(&sp, CONF "client_lifetime 100 seconds\n");
	serve("", KEPT);
	play_client(&c[0], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(50));
	play_client(&c[1], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(80));
	ck_assert(play_starts(c[0].peer, "HTTP/1.1 504 "));
	ck_assert(play_ends(c[1].peer, "\r\n\r\nhello"));
	ck_assert_uint_eq(origin.n_requests, 2);
}
END_TEST

/* --- fills ------------------------------------------------------------------------------------ */

#define LONG_HEAD(n)                                                                               \
	"HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nContent-Length: " #n "\r\n\r\nhello"

static const struct {
	const char *name, *conf, *reply;
	bool goes_on;
} aborts[] = {
	{ "less than 16 KB are left: it goes on", "", LONG_HEAD(10000), true },
	{ "more than 16 KB are left: it ends", "", LONG_HEAD(100000), false },
	{ "quick_abort_min -1: it goes on", "quick_abort_min -1\n", LONG_HEAD(100000), true },
};

START_TEST(quick_abort)
{
	struct play_client c = { 0 };

	teardown();
	char conf[512];

	snprintf(conf, sizeof(conf), "%s%s", CONF, aborts[_i].conf);
	sim_proxy_start(&sp, conf);
	serve(aborts[_i].reply, NULL);
	play_client(&c, PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_ends(c.peer, "hello"));
	sim_reset(c.peer);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_msg(sp.worker->n_fills == aborts[_i].goes_on, "%s", aborts[_i].name);
	ck_assert_uint_eq(sp.worker->n_sessions, 0);
	/* read_timeout ends it at the latest. */
	sim_proxy_run_for(&sp, MINUTES(16));
	ck_assert_uint_eq(sp.worker->n_fills, 0);
}
END_TEST

START_TEST(an_origin_that_breaks_off_cuts_all_who_read)
{
	struct play_client c[2] = { { 0 } };

	serve(LONG_HEAD(100000), NULL);
	play_client(&c[0], PLAY_GET);
	play_client(&c[1], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	sim_reset(origin.peer);
	sim_proxy_run_for(&sp, SECONDS(1));
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		ck_assert(play_ends(c[i].peer, "\r\n\r\nhello"));
		ck_assert(c[i].ended_ms >= 0);
	}
	/* And it is not kept. */
	serve(KEPT, NULL);
	play_client(&c[0], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_ends(c[0].peer, "hello"));
	ck_assert_uint_eq(origin.n_requests, 1);
}
END_TEST

START_TEST(a_draining_worker_waits_for_its_readers_only)
{
	struct play_client c = { 0 };

	serve(LONG_HEAD(10000), NULL);
	play_client(&c, PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	sim_reset(c.peer);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_uint_eq(sp.worker->n_fills, 1);
	proxy_shutdown(sp.proxy, SECONDS(30), NULL, NULL);
	sim_proxy_run(&sp);
	ck_assert_uint_eq(sp.worker->n_fills, 0);
}
END_TEST

/* What comes with the head is read before the head goes out. */
START_TEST(a_body_that_is_broken_from_the_first_byte_is_an_error_page)
{
	struct play_client c = { 0 };

	serve("HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nTransfer-Encoding: "
	      "chunked\r\n\r\nnonsense\r\n",
	      NULL);
	play_client(&c, PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_starts(c.peer, "HTTP/1.1 502 "));
	ck_assert_uint_eq(sp.worker->n_fills, 0);
}
END_TEST

START_TEST(who_may_not_ask_the_cache_gets_nothing_from_it)
{
	struct play_client c = { 0 };

	teardown();
	sim_proxy_start(&sp, CONF "cache deny all\n");
	serve(KEPT, NULL);
	play_client(&c, ONLY_IF_CACHED);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_starts(c.peer, "HTTP/1.1 504 "));
}
END_TEST

Suite *suite_cache(void);
Suite *suite_cache(void)
{
	Suite *s = suite_create("cache");
	TCase *t = tcase_create("cache");

	tcase_set_timeout(t, 240);
	tcase_add_checked_fixture(t, setup, teardown_all);
	tcase_add_test(t, those_who_come_before_the_head_share_one_fetch);
	tcase_add_test(t, what_is_not_shared_is_fetched_by_each);
	tcase_add_test(t, a_wait_has_a_limit);
	tcase_add_test(t, an_origin_that_cannot_be_reached_fails_all_of_them);
	tcase_add_test(t, an_origin_that_breaks_off_is_asked_by_each);
	tcase_add_test(t, who_takes_only_what_is_cached_does_not_wait_for_a_fetch_of_its_own);
	tcase_add_loop_test(t, nobody_notices_that_the_first_has_left, 0, ARRAY_LEN(replies));
	tcase_add_test(t, what_nobody_waits_for_any_more_is_not_fetched);
	tcase_add_test(t, the_leaders_own_end_is_not_that_of_the_others);
	tcase_add_loop_test(t, quick_abort, 0, ARRAY_LEN(aborts));
	tcase_add_test(t, an_origin_that_breaks_off_cuts_all_who_read);
	tcase_add_test(t, a_body_that_is_broken_from_the_first_byte_is_an_error_page);
	tcase_add_test(t, who_may_not_ask_the_cache_gets_nothing_from_it);
	tcase_add_test(t, a_draining_worker_waits_for_its_readers_only);
	suite_add_tcase(s, t);
	return s;
}
