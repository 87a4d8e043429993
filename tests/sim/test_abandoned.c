/*
 * What goes on in the cache when nobody waits for it: that it ends, by which limit, and that it
 * takes nothing away from those who are there. And those who read so slowly that they might as well
 * not.
 */
#include <stdio.h>

#include "base/counters.h"
#include "tests/sim/play.h"
#include "tests/unit/unit.h"

#define CONF "via off\ncollapsed_forwarding on\n" PLAY_ALLOW
#define CHUNKED                                                                                    \
	"HTTP/1.1 200 OK\r\nETag: \"a\"\r\nCache-Control: max-age=3600\r\nTransfer-Encoding: "     \
	"chunked\r\n\r\n5\r\nhello\r\n"
#define LENGTH(n)                                                                                  \
	"HTTP/1.1 200 OK\r\nCache-Control: max-age=1000000\r\nContent-Length: " #n "\r\n\r\nhello"
#define GET(path) "GET http://" PLAY_ORIGIN path " HTTP/1.1\r\nHost: " PLAY_ORIGIN "\r\n\r\n"

static struct sim_proxy sp;
static struct play_origin origin;
static const char *drip; /* what the origin sends now and then, for ever */
static int64_t pause_ms;

static void start(const char *conf)
{
	char text[512];

	snprintf(text, sizeof(text), "%s%s", CONF, conf);
	sim_proxy_start(&sp, text);
}

static void stop(void)
{
	drip = NULL;
	sim_proxy_stop(&sp);
	play_origin_fini(&origin);
}

static void serve(const char *first, const char *later)
{
	char *got = origin.got;

	origin = (struct play_origin){ .reply = { first, later }, .got = got };
	play_serve(&origin, PLAY_ORIGIN);
}

static void drips(void *arg)
{
	(void)arg;
	if (drip == NULL || !sim_can_send(origin.peer))
		return;
	sim_send(origin.peer, span_str(drip));
	sim_at(pause_ms, drips, NULL);
}

static void drip_from_now_on(const char *what, int64_t ms)
{
	drip = what;
	pause_ms = ms;
	sim_at(ms, drips, NULL);
}

/* One that asks, sees the reply begin, and leaves. */
static void come_and_go(const char *request)
{
	struct play_client c = { 0 };

	play_client(&c, request);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_starts(c.peer, "HTTP/1.1 200 "));
	sim_reset(c.peer);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_uint_eq(sp.worker->n_sessions, 0);
}

/* --- it ends ---------------------------------------------------------------------------------- */

static const struct {
	const char *name, *conf, *reply, *drip;
} slow[] = {
	{ "a byte in ten minutes of the last ones", "", LENGTH(10000), "x" },
	{ "a chunk in ten minutes, where all is brought", "quick_abort_min -1\n", CHUNKED,
	  "1\r\nx\r\n" },
};

/*
 * read_timeout is never reached: as a client may stay for client_lifetime, so may what he has left.
 */
START_TEST(a_fetch_that_nobody_reads_ends_by_client_lifetime)
{
	start(slow[_i].conf);
	serve(slow[_i].reply, NULL);
	come_and_go(PLAY_GET);
	drip_from_now_on(slow[_i].drip, MINUTES(10));
	sim_proxy_run_for(&sp, HOURS(23));
	ck_assert_msg(sp.worker->n_fills == 1, "%s", slow[_i].name);
	sim_proxy_run_for(&sp, HOURS(2));
	ck_assert_msg(sp.worker->n_fills == 0, "%s", slow[_i].name);
	stop();
}
END_TEST

/* The time runs from when the last reader has left, and as long as nobody reads. */
START_TEST(who_comes_in_time_gets_it_however_long_it_takes)
{
	struct play_client c = { 0 };

	start("");
	serve(LENGTH(10000), NULL);
	come_and_go(PLAY_GET);
	drip_from_now_on("x", MINUTES(10));
	sim_proxy_run_for(&sp, HOURS(20));
	play_client(&c, PLAY_GET);
	sim_proxy_run_for(&sp, HOURS(10));
	ck_assert_uint_eq(sp.worker->n_fills, 1);
	ck_assert_uint_eq(origin.n_requests, 1);
	sim_reset(c.peer);
	sim_proxy_run_for(&sp, HOURS(20));
	ck_assert_uint_eq(sp.worker->n_fills, 1);
	sim_proxy_run_for(&sp, HOURS(5));
	ck_assert_uint_eq(sp.worker->n_fills, 0);
	stop();
}
END_TEST

static char piece[65536 + 16];

/* A body without an end: when it is longer than what may be kept it is of no use to anybody. */
START_TEST(what_will_not_be_kept_is_not_brought_for_nobody)
{
	const size_t head = (size_t)snprintf(piece, sizeof(piece), "10000\r\n");

	memset(piece + head, 'x', 65536);
	memcpy(piece + head + 65536, "\r\n", 3);
	start("quick_abort_min -1\nmaximum_object_size_in_memory 512 KB\n");
	serve(CHUNKED, NULL);
	come_and_go(PLAY_GET);
	drip_from_now_on(piece, SECONDS(1));
	sim_proxy_run_for(&sp, SECONDS(4));
	ck_assert_uint_eq(sp.worker->n_fills, 1);
	sim_proxy_run_for(&sp, SECONDS(10));
	ck_assert_uint_eq(sp.worker->n_fills, 0);
	stop();
}
END_TEST

#define REFRESHED                                                                                  \
	"HTTP/1.1 200 OK\r\nETag: \"a\"\r\nCache-Control: max-age=0, "                             \
	"stale-while-revalidate=100000\r\nContent-Length: 5\r\n\r\nhello"

/* RFC 5861 3: it is nobody's fetch from the start. */
START_TEST(nor_is_a_refresh)
{
	const size_t head = (size_t)snprintf(piece, sizeof(piece), "10000\r\n");
	struct play_client c = { 0 };

	memset(piece + head, 'x', 65536);
	memcpy(piece + head + 65536, "\r\n", 3);
	start("maximum_object_size_in_memory 512 KB\n");
	serve(REFRESHED, CHUNKED);
	come_and_go(PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(10));
	play_client(&c, PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_ends(c.peer, "\r\n\r\nhello"));
	ck_assert_uint_eq(origin.n_requests, 2);
	ck_assert_uint_eq(sp.worker->n_fills, 1);
	drip_from_now_on(piece, SECONDS(1));
	sim_proxy_run_for(&sp, SECONDS(20));
	ck_assert_uint_eq(sp.worker->n_fills, 0);
	stop();
}
END_TEST

/* --- quick_abort ------------------------------------------------------------------------------ */

static const struct {
	const char *name, *conf;
	unsigned length, sent;
	bool goes_on;
} corners[] = {
	{ "nothing has come, and little is to come", "", 16000, 0, true },
	{ "nothing has come, and much is to come", "", 17000, 0, false },
	{ "exactly quick_abort_min is missing", "", 16384 + 100, 100, false },
	{ "a byte less", "", 16383 + 100, 100, true },
	{ "94 %, more than quick_abort_max is missing", "", 1000000, 940000, false },
	{ "94 %, within quick_abort_max", "quick_abort_max 1 MB\n", 1000000, 940000, false },
	{ "95 %", "quick_abort_max 1 MB\n", 1000000, 950000, false },
	{ "96 %, within quick_abort_max", "quick_abort_max 1 MB\n", 1000000, 960000, true },
	{ "96 %, more than quick_abort_max is missing", "", 1000000, 960000, false },
	{ "0 %, and -1", "quick_abort_min -1\n", 1000000, 0, true },
	{ "quick_abort_pct 0, and one percent", "quick_abort_max 1 MB\nquick_abort_pct 0\n",
	  1000000, 10000, true },
};

static char *reply_of(unsigned length, unsigned sent)
{
	static char text[1000000 + 200];
	const size_t n = (size_t)snprintf(
		text, sizeof(text),
		"HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nContent-Length: %u\r\n\r\n",
		length);

	memset(text + n, 'x', sent);
	text[n + sent] = '\0';
	return text;
}

START_TEST(quick_abort_says_what_is_worth_the_rest)
{
	char conf[256];

	snprintf(conf, sizeof(conf), "maximum_object_size_in_memory 8 MB\n%s", corners[_i].conf);
	start(conf);
	serve(reply_of(corners[_i].length, corners[_i].sent), NULL);
	come_and_go(PLAY_GET);
	ck_assert_msg((sp.worker->n_fills == 1) == corners[_i].goes_on, "%s", corners[_i].name);
	sim_proxy_run_for(&sp, MINUTES(16));
	ck_assert_uint_eq(sp.worker->n_fills, 0);
	stop();
}
END_TEST

/* A second reader, of a part, keeps it going; with him goes the last reason. */
START_TEST(another_reader_is_reason_enough)
{
	struct play_client c[2] = { { 0 } };

	start("maximum_object_size_in_memory 8 MB\n");
	serve(reply_of(1000000, 1000), NULL);
	play_client(&c[0], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	play_client(&c[1], "GET" PLAY_HEAD "Range: bytes=999990-\r\n\r\n");
	sim_proxy_run_for(&sp, SECONDS(1));
	sim_reset(c[0].peer);
	sim_proxy_run_for(&sp, MINUTES(1));
	ck_assert_uint_eq(sp.worker->n_fills, 1);
	sim_reset(c[1].peer);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_uint_eq(sp.worker->n_fills, 0);
	ck_assert_uint_eq(origin.n_requests, 1);
	stop();
}
END_TEST

/* --- descriptors ------------------------------------------------------------------------------ */

#define LEFT 4

static void leave_some_behind(void)
{
	char request[128];

	for (unsigned i = 0; i < LEFT; i++) {
		snprintf(request, sizeof(request), GET("/%u"), i);
		come_and_go(request);
	}
	ck_assert_uint_eq(sp.worker->n_fills, LEFT);
}

/* Those who are there come first. */
START_TEST(what_nobody_reads_keeps_nobody_from_being_accepted)
{
	struct play_client c = { 0 };
	const uint64_t before = counters_sum(COUNT_CACHE_FILLS_GIVEN_UP);

	start("");
	serve(LENGTH(10000), NULL);
	leave_some_behind();
	sim_set_fd_limit(1 + LEFT); /* the listener and those */
	play_client(&c, GET("/b"));
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_starts(c.peer, "HTTP/1.1 200 "));
	ck_assert_uint_eq(sp.worker->n_fills, 1);
	ck_assert_uint_eq(counters_sum(COUNT_CACHE_FILLS_GIVEN_UP), before + LEFT);
	sim_set_fd_limit(0);
	stop();
}
END_TEST

#define SOON_STALE                                                                                 \
	"HTTP/1.1 200 OK\r\nETag: \"a\"\r\nCache-Control: max-age=10, "                            \
	"stale-while-revalidate=100000\r\nContent-Length: 5\r\n\r\nhello"

/*
 * RFC 5861 3: one connection makes any number of them, of which each waits for an origin that says
 * nothing.
 */
START_TEST(nor_do_refreshes)
{
	struct play_client c = { 0 }, late = { 0 };
	char request[128];

	start("");
	serve(SOON_STALE, NULL);
	for (unsigned i = 0; i < LEFT; i++) {
		snprintf(request, sizeof(request), GET("/%u"), i);
		come_and_go(request);
	}
	serve("", NULL);
	sim_proxy_run_for(&sp, MINUTES(10));
	play_client(&c, "");
	sim_proxy_run_for(&sp, SECONDS(1));
	for (unsigned i = 0; i < LEFT; i++) {
		snprintf(request, sizeof(request), GET("/%u"), i);
		sim_send(c.peer, span_str(request));
		sim_proxy_run_for(&sp, SECONDS(1));
	}
	ck_assert_uint_eq(play_count(sim_received(c.peer), "\r\n\r\nhello"), LEFT);
	ck_assert_uint_eq(sp.worker->n_sessions, 1 + LEFT);
	sim_set_fd_limit(2 + LEFT);
	play_client(&late, GET("/0"));
	sim_proxy_run_for(&sp, SECONDS(2));
	ck_assert(play_ends(late.peer, "\r\n\r\nhello"));
	sim_set_fd_limit(0);
	stop();
}
END_TEST

START_TEST(nor_from_being_served)
{
	struct play_client c = { 0 };

	start("");
	serve(LENGTH(10000), NULL);
	play_client(&c, "");
	sim_proxy_run_for(&sp, SECONDS(1));
	for (unsigned i = 0; i < LEFT; i++) {
		char request[128];
		struct play_client gone = { 0 };

		snprintf(request, sizeof(request), GET("/%u"), i);
		play_client(&gone, request);
		sim_proxy_run_for(&sp, SECONDS(1));
		sim_reset(gone.peer);
		sim_proxy_run_for(&sp, SECONDS(1));
	}
	ck_assert_uint_eq(sp.worker->n_fills, LEFT);
	sim_set_fd_limit(2 + LEFT);
	sim_send(c.peer, span_str(GET("/b")));
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_starts(c.peer, "HTTP/1.1 200 "));
	ck_assert_uint_eq(sp.worker->n_fills, 1);
	sim_set_fd_limit(0);
	stop();
}
END_TEST

/* --- slow readers ----------------------------------------------------------------------------- */

#define READERS 20

static void takes_a_little(void *arg);

static void takes_no_more(void *arg)
{
	sim_stall(arg, true);
	sim_at(MINUTES(10), takes_a_little, arg);
}

static void takes_a_little(void *arg)
{
	sim_stall(arg, false);
	sim_at(1, takes_no_more, arg);
}

/*
 * Clients that take nothing, or a little every ten minutes, of what is fetched (0) or of a hit (1):
 * write_timeout ends the first ones, client_lifetime the others, and whoever else comes is served
 * at once.
 */
START_TEST(slow_readers_end_and_disturb_nobody)
{
	const struct sim_line narrow = { .chunk_out = 50, .window_out = 2000 };
	struct play_client c[READERS] = { { 0 } }, quick[2] = { { 0 } };
	const bool are_hits = _i == 1;

	start("maximum_object_size_in_memory 8 MB\n");
	serve(reply_of(1000000, are_hits ? 1000000 : 500000), NULL);
	if (are_hits) {
		play_client(&quick[0], PLAY_GET);
		sim_proxy_run_for(&sp, SECONDS(1));
	}
	for (size_t i = 0; i < READERS; i++) {
		play_client(&c[i], PLAY_GET);
		sim_set_peer_line(c[i].peer, &narrow);
		sim_stall(c[i].peer, true);
	}
	sim_proxy_run_for(&sp, SECONDS(1));
	for (size_t i = 0; i < READERS / 2; i++)
		takes_a_little(c[i].peer);
	if (!are_hits) {
		static char rest[500000];

		memset(rest, 'x', sizeof(rest));
		sim_send(origin.peer, span_of(rest, sizeof(rest)));
	}
	play_client(&quick[1], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_uint_gt(sim_received(quick[1].peer).n, 1000000);
	ck_assert_uint_eq(sp.worker->n_fills, 0);
	ck_assert_uint_eq(origin.n_requests, 1);
	sim_proxy_run_for(&sp, MINUTES(16));
	ck_assert_uint_le(sp.worker->n_sessions, READERS / 2);
	ck_assert_uint_gt(sp.worker->n_sessions, 0);
	sim_proxy_run_for(&sp, HOURS(25));
	ck_assert_uint_eq(sp.worker->n_sessions, 0);
	stop();
}
END_TEST

Suite *suite_abandoned(void);
Suite *suite_abandoned(void)
{
	Suite *s = suite_create("abandoned");
	TCase *t = tcase_create("abandoned");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_fetch_that_nobody_reads_ends_by_client_lifetime, 0,
	                    ARRAY_LEN(slow));
	tcase_add_test(t, who_comes_in_time_gets_it_however_long_it_takes);
	tcase_add_test(t, what_will_not_be_kept_is_not_brought_for_nobody);
	tcase_add_test(t, nor_is_a_refresh);
	tcase_add_loop_test(t, quick_abort_says_what_is_worth_the_rest, 0, ARRAY_LEN(corners));
	tcase_add_test(t, another_reader_is_reason_enough);
	tcase_add_test(t, what_nobody_reads_keeps_nobody_from_being_accepted);
	tcase_add_test(t, nor_from_being_served);
	tcase_add_test(t, nor_do_refreshes);
	tcase_add_loop_test(t, slow_readers_end_and_disturb_nobody, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
