/*
 * Validation: one for all who want the same stale object, whatever comes of it; and that those for
 * which no client waits never end for good.
 */
#include "tests/sim/play.h"
#include "tests/sim/sim_fault.h"
#include "tests/unit/unit.h"

#define CONF PLAY_ALLOW "via off\n"
#define ON   CONF "collapsed_forwarding on\n"

#define REPLY(status, fields, body)                                                                \
	"HTTP/1.1 " status "\r\n" fields "Connection: close\r\nContent-Length: 5\r\n\r\n" body
#define STORED(control)  REPLY("200 OK", "ETag: \"a\"\r\nCache-Control: " control "\r\n", "hello")
#define STALE            STORED("max-age=0")
#define MUST             STORED("max-age=0, must-revalidate")
#define CHANGED(control) REPLY("200 OK", "ETag: \"b\"\r\nCache-Control: " control "\r\n", "world")
#define NOT_MODIFIED(control)                                                                      \
	"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nCache-Control: " control "\r\n\r\n"
#define BUSY REPLY("503 Busy", "", "sorry")

static struct sim_proxy sp;
static struct play_origin origin;

static void setup(void)
{
	sim_proxy_start(&sp, ON);
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

static void restart(const char *conf)
{
	teardown();
	sim_proxy_start(&sp, conf);
}

/* The first request is answered by what is to be stored; and some time passes. */
static void store(const char *stored, const char *second, const char *later)
{
	static struct play_client c; /* whose connection ends when this is over */
	char *got = origin.got;

	c = (struct play_client){ 0 };
	origin = (struct play_origin){ .reply = { stored, second, later }, .got = got };
	play_serve(&origin, PLAY_ORIGIN);
	play_client(&c, PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(5));
	ck_assert(play_ends(c.peer, "hello"));
	ck_assert_uint_eq(origin.n_requests, 1);
	sim_log_clear();
}

static void reset(void *peer)
{
	sim_reset(peer);
}

/* --- what comes of it ------------------------------------------------------------------------- */

static const struct {
	const char *name, *stored;
	const char *answer; /* to the validation; NULL: the connection is closed */
	const char *later;  /* to those that come after it */
	unsigned n_requests;
	const char *body; /* that they get */
	const char *log, *log_of_others;
} cases[] = {
	{ "RFC 9111 4.3.4: a 304", STALE, NOT_MODIFIED("max-age=60"), "", 2, "hello",
	  "TCP_REFRESH_UNMODIFIED/200", "TCP_CF_REFRESH_UNMODIFIED/200" },
	{ "a 304 to what is stale at once", STALE, NOT_MODIFIED("max-age=0"), "", 2, "hello",
	  "TCP_REFRESH_UNMODIFIED/200", "TCP_CF_REFRESH_UNMODIFIED/200" },
	{ "RFC 9111 5.2.2.2: ... and must be validated then", MUST,
	  NOT_MODIFIED("max-age=0, must-revalidate"), "", 2, "hello", "TCP_REFRESH_UNMODIFIED/200",
	  "TCP_CF_REFRESH_UNMODIFIED/200" },
	{ "a 304 that says no-store", STALE, NOT_MODIFIED("no-store"), CHANGED("max-age=60"), 4,
	  NULL, "TCP_REFRESH_UNMODIFIED/200", "TCP_CF_REFRESH_MODIFIED/200" },
	{ "a new reply", STALE, CHANGED("max-age=60"), "", 2, "world", "TCP_REFRESH_MODIFIED/200",
	  "TCP_CF_REFRESH_MODIFIED/200" },
	{ "a new reply that is stale at once", STALE, CHANGED("max-age=0"), "", 2, "world",
	  "TCP_REFRESH_MODIFIED/200", "TCP_CF_REFRESH_MODIFIED/200" },
	{ "a new reply that is not for sharing", STALE, CHANGED("private"), CHANGED("private"), 4,
	  "world", "TCP_REFRESH_MODIFIED/200", "TCP_CF_REFRESH_MODIFIED/200" },
	{ "RFC 9111 5.2.2.4: a new reply that must be validated by each", STALE,
	  CHANGED("no-cache"), CHANGED("no-cache"), 4, "world", "TCP_REFRESH_MODIFIED/200",
	  "TCP_CF_REFRESH_MODIFIED/200" },
	{ "RFC 9111 4.2.4: a 503, and what is stored may answer", STALE, BUSY, "", 2, "hello",
	  "TCP_REFRESH_FAIL_OLD/200", "TCP_CF_REFRESH_FAIL_OLD/200" },
	{ "a 503, and it may not: each is told", MUST, BUSY, BUSY, 4, "sorry",
	  "TCP_REFRESH_FAIL_ERR/503", "TCP_CF_REFRESH_FAIL_ERR/503" },
	{ "no answer, and what is stored may answer", STALE, NULL, "", 2, "hello",
	  "TCP_REFRESH_FAIL_OLD/200", "TCP_CF_REFRESH_FAIL_OLD/200" },
	{ "no answer, and it may not: it may be due to what that one said", MUST, NULL,
	  CHANGED("max-age=60"), 4, NULL, "TCP_REFRESH_FAIL_ERR/502",
	  "TCP_CF_REFRESH_MODIFIED/200" },
	{ "without a validator it is a fetch like others",
	  REPLY("200 OK", "Cache-Control: max-age=1\r\n", "hello"), CHANGED("max-age=60"), "", 2,
	  "world", "TCP_MISS/200", "TCP_CF_HIT/200" },
};

START_TEST(one_asks_for_all)
{
	struct play_client c[3] = { { 0 } };

	store(cases[_i].stored, "", cases[_i].later);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		play_client(&c[i], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_msg(origin.n_requests == 2, "%s: %u", cases[_i].name, origin.n_requests);
	if (cases[_i].answer != NULL)
		sim_send(origin.peer, span_str(cases[_i].answer));
	else
		sim_fin(origin.peer);
	sim_proxy_run_for(&sp, SECONDS(1));
	for (size_t i = 0; i < ARRAY_LEN(c) && cases[_i].body != NULL; i++)
		ck_assert_msg(play_ends(c[i].peer, cases[_i].body), "%s: %.*s", cases[_i].name,
		              SPAN_ARG(sim_received(c[i].peer)));
	ck_assert_msg(origin.n_requests == cases[_i].n_requests, "%s: %u", cases[_i].name,
	              origin.n_requests);
	ck_assert_msg(play_count(play_log(), cases[_i].log) == 1 &&
	                      play_count(play_log(), cases[_i].log_of_others) == 2,
	              "%s: %s", cases[_i].name, sim_log());
}
END_TEST

/* --- who asks alone --------------------------------------------------------------------------- */

#define WITH(field) "GET" PLAY_HEAD field "\r\n\r\n"

static const struct {
	const char *name, *conf, *stored, *request;
	bool waits;
	const char *status;
} others[] = {
	{ "anybody", ON, STALE, PLAY_GET, true, "HTTP/1.1 200 " },
	{ "not without collapsed_forwarding", CONF, STALE, PLAY_GET, false, "HTTP/1.1 200 " },
	{ "not if collapsed_forwarding_access denies",
	  ON "acl special req_header X-Special .\ncollapsed_forwarding_access deny special\n",
	  STALE, WITH("X-Special: 1"), false, "HTTP/1.1 200 " },
	{ "RFC 9111 5.2.1.4: no-cache", ON, STALE, WITH("Cache-Control: no-cache"), false,
	  "HTTP/1.1 200 " },
	{ "... of what must be validated anyway", ON, MUST, WITH("Cache-Control: no-cache"), false,
	  "HTTP/1.1 200 " },
	{ "RFC 9111 5.2.1.1: max-age=0", ON, MUST, WITH("Cache-Control: max-age=0"), false,
	  "HTTP/1.1 200 " },
	{ "RFC 9111 3.5: credentials", ON, STORED("max-age=0, public"),
	  WITH("Authorization: Basic YTpi"), false, "HTTP/1.1 200 " },
	{ "RFC 9111 5.2.2.4: what each must validate", ON, STORED("no-cache"), PLAY_GET, false,
	  "HTTP/1.1 200 " },
	{ "RFC 9110 13.1.2: a condition, answered from what results", ON, STALE,
	  WITH("If-None-Match: \"a\""), true, "HTTP/1.1 304 " },
	{ "RFC 9110 14.2: a range likewise", ON, STALE, WITH("Range: bytes=1-2"), true,
	  "HTTP/1.1 206 " },
};

START_TEST(some_ask_for_themselves)
{
	struct play_client c[2] = { { 0 } };

	restart(others[_i].conf);
	store(others[_i].stored, "", CHANGED("max-age=60"));
	play_client(&c[0], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_uint_eq(origin.n_requests, 2);
	struct sim_peer *const first = origin.peer;

	play_client(&c[1], others[_i].request);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_msg(origin.n_requests == (others[_i].waits ? 2 : 3), "%s: %u", others[_i].name,
	              origin.n_requests);
	sim_send(first, SPAN(NOT_MODIFIED("max-age=60")));
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_ends(c[0].peer, "hello"));
	ck_assert_msg(play_starts(c[1].peer, others[_i].status), "%s: %.*s", others[_i].name,
	              SPAN_ARG(sim_received(c[1].peer)));
	ck_assert_uint_eq(origin.n_requests, others[_i].waits ? 2 : 3);
}
END_TEST

/* ... and the others' requests are answered by what its validation brings. */
START_TEST(who_wants_a_part_may_ask_for_all)
{
	struct play_client c[2] = { { 0 } };

	store(STALE, "", "");
	play_client(&c[0], WITH("Range: bytes=1-2"));
	play_client(&c[1], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert_uint_eq(origin.n_requests, 2);
	sim_send(origin.peer, SPAN(CHANGED("max-age=60")));
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_ends(c[0].peer, "\r\n\r\nor"));
	ck_assert(play_ends(c[1].peer, "\r\n\r\nworld"));
	ck_assert_uint_eq(origin.n_requests, 2);
}
END_TEST

/* A wait in vain makes nothing fresh: who had to wait for a client that was cut asks himself. */
START_TEST(what_was_not_validated_is_not_served)
{
	struct play_client c[2] = { { 0 } };

	restart(ON "client_lifetime 100 seconds\n");
	store(MUST, "", NOT_MODIFIED("max-age=60"));
	play_client(&c[0], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(50));
	play_client(&c[1], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(40));
	ck_assert_uint_eq(origin.n_requests, 2);
	ck_assert_uint_eq(sim_received(c[1].peer).n, 0);
	sim_proxy_run_for(&sp, SECONDS(20));
	ck_assert(play_starts(c[0].peer, "HTTP/1.1 504 "));
	ck_assert(play_ends(c[1].peer, "\r\n\r\nhello"));
	ck_assert_uint_eq(origin.n_requests, 3);
}
END_TEST

/* --- leaving ---------------------------------------------------------------------------------- */

static unsigned steps_before;

/* Of three who validate, the first is reset at that step. */
static unsigned leave_at(unsigned step, const char *answer)
{
	struct play_client c[3] = { { 0 } };
	const struct sim_line slow = { .chunk_in = 5, .chunk_out = 5, .window_out = 40 };

	store(STALE, answer, answer);
	steps_before = sim_steps();
	sim_set_line(&slow);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		play_client(&c[i], PLAY_GET);
	sim_at_step(step, reset, c[0].peer);
	sim_proxy_run_for(&sp, HOURS(48));
	for (size_t i = step == 0 ? 0 : 1; i < ARRAY_LEN(c); i++)
		ck_assert_msg(play_ends(c[i].peer, "hello") || play_ends(c[i].peer, "world"),
		              "left at %u: %.*s", step, SPAN_ARG(sim_received(c[i].peer)));
	ck_assert_uint_eq(sp.worker->n_sessions + sp.worker->n_fills, 0);
	ck_assert_uint_eq(sim_open_fds(), 1);
	return sim_steps();
}

static const char *const answers[] = { NOT_MODIFIED("max-age=60"), CHANGED("max-age=60"),
	                               CHANGED("private"), BUSY };

START_TEST(nobody_notices_that_the_one_who_asks_has_left)
{
	const unsigned steps = leave_at(0, answers[_i]);

	for (unsigned n = steps_before + 1; n <= steps; n++) {
		restart(ON);
		(void)leave_at(n, answers[_i]);
	}
}
END_TEST

/* The fetch goes on while it is awaited. */
START_TEST(who_asks_may_leave_while_others_wait)
{
	struct play_client c[2] = { { 0 } };

	store(STALE, "", "");
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		play_client(&c[i], PLAY_GET);
	sim_proxy_run_for(&sp, SECONDS(1));
	sim_reset(c[0].peer);
	sim_proxy_run_for(&sp, SECONDS(1));
	sim_send(origin.peer, SPAN(NOT_MODIFIED("max-age=60")));
	sim_proxy_run_for(&sp, SECONDS(1));
	ck_assert(play_ends(c[1].peer, "\r\n\r\nhello"));
	ck_assert_uint_eq(origin.n_requests, 2);
	ck_assert_uint_eq(play_count(play_log(), "TCP_CF_REFRESH_UNMODIFIED/200"), 1);
	ck_assert_uint_eq(play_count(play_log(), "_ABORTED/000"), 1);
}
END_TEST

/* --- without a client ------------------------------------------------------------------------- */

#define MEANWHILE "max-age=0, stale-while-revalidate=100000"

static const struct {
	const char *name, *answer;
} failures[] = {
	{ "a 304", NOT_MODIFIED(MEANWHILE) },
	{ "a new reply", STORED(MEANWHILE) },
	{ "RFC 5861 3: a 503", BUSY },
	{ "no answer", PLAY_DO_FIN },
};

/* However the one before has ended, and whatever has failed in it: the next one is begun. */
static bool next_is_begun(unsigned fault, const char *answer)
{
	struct play_client c[2] = { { 0 } };

	store(STORED(MEANWHILE), answer, answer);
	sim_fault_at(fault);
	play_client(&c[0], PLAY_GET);
	sim_proxy_run_for(&sp, MINUTES(20));
	const bool had_fault = sim_fault_count() >= fault;

	sim_fault_at(0);
	const unsigned before = origin.n_requests;

	play_client(&c[1], PLAY_GET);
	sim_proxy_run_for(&sp, MINUTES(20));
	ck_assert_msg(play_ends(c[1].peer, "\r\n\r\nhello"), "fault %u: %.*s", fault,
	              SPAN_ARG(sim_received(c[1].peer)));
	ck_assert_msg(origin.n_requests == before + 1, "fault %u: %u after %u", fault,
	              origin.n_requests, before);
	return had_fault;
}

START_TEST(rfc5861_3_a_validation_in_vain_is_not_the_last)
{
	for (unsigned n = 1; next_is_begun(n, failures[_i].answer); n++)
		restart(CONF);
}
END_TEST

Suite *suite_validation(void);
Suite *suite_validation(void)
{
	Suite *s = suite_create("validation");
	TCase *t = tcase_create("validation");

	tcase_set_timeout(t, 240);
	tcase_add_checked_fixture(t, setup, teardown_all);
	tcase_add_loop_test(t, one_asks_for_all, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(t, some_ask_for_themselves, 0, ARRAY_LEN(others));
	tcase_add_test(t, who_wants_a_part_may_ask_for_all);
	tcase_add_test(t, what_was_not_validated_is_not_served);
	tcase_add_loop_test(t, nobody_notices_that_the_one_who_asks_has_left, 0,
	                    ARRAY_LEN(answers));
	tcase_add_test(t, who_asks_may_leave_while_others_wait);
	tcase_add_loop_test(t, rfc5861_3_a_validation_in_vain_is_not_the_last, 0,
	                    ARRAY_LEN(failures));
	suite_add_tcase(s, t);
	return s;
}
