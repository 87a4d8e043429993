/*
 * Heads of any size in any pieces, both ways; replies whose framing depends on the request; and
 * policy that judges addresses.
 */
#include "base/counters.h"
#include "tests/sim/play.h"
#include "tests/unit/unit.h"

static struct sim_proxy sp;
static struct play_origin origin;

static void begin(const char *conf)
{
	char text[500];

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

/* --- sizes ------------------------------------------------------------------------------------ */

#define KB ((size_t)1024)

static const struct sim_line lines[] = {
	{ 0 },
	{ .chunk_in = 1 },
	{ .chunk_in = 16384 },
	{ .seed = 9, .chunk_in = 5000, .chunk_out = 3000, .window_out = 7000 },
};

/*
 * start, then fields until `bytes`, then the empty line. malloc'ed. Each field is 64 bytes long but
 * for the last, which fills up.
 */
static char *head_of(const char *start, size_t bytes)
{
	char *text = check_malloc(bytes + 1);
	size_t n = strlen(start);

	ck_assert(n + 2 <= bytes);
	memcpy(text, start, n);
	while (bytes - n > 2) {
		const size_t left = bytes - n - 2, field = left < 128 ? left : 64;

		if (field < 8) /* too short for a field: blanks are allowed behind a value */
			break;
		memset(text + n, 'v', field);
		memcpy(text + n, "X-A: ", 5);
		memcpy(text + n + field - 2, "\r\n", 2);
		n += field;
	}
	memcpy(text + n, "\r\n", 3);
	ck_assert_uint_eq(n + 2, bytes);
	return text;
}

static const struct {
	const char *name, *conf;
	size_t bytes;
	const char *status;
} requests[] = {
	{ "within a buffer", "", 15 * KB, "HTTP/1.1 200 " },
	{ "one less than a buffer", "", 16 * KB - 1, "HTTP/1.1 200 " },
	{ "a buffer", "", 16 * KB, "HTTP/1.1 200 " },
	{ "one more", "", 16 * KB + 1, "HTTP/1.1 200 " },
	{ "two buffers", "", 32 * KB, "HTTP/1.1 200 " },
	{ "at the limit", "", 64 * KB, "HTTP/1.1 200 " },
	{ "beyond it", "", 64 * KB + 1, "HTTP/1.1 431 " },
	{ "far beyond it", "", 200 * KB, "HTTP/1.1 431 " },
	{ "at a limit as configured", "request_header_max_size 20 KB\n", 20 * KB, "HTTP/1.1 200 " },
	{ "beyond a limit as configured", "request_header_max_size 20 KB\n", 20 * KB + 1,
	  "HTTP/1.1 431 " },
	{ "a small limit", "request_header_max_size 1 KB\n", 1 * KB + 1, "HTTP/1.1 431 " },
};

/* The head is followed by a body and another request: not a byte may be lost between them. */
START_TEST(request_heads_of_any_size_in_any_pieces)
{
	const size_t i = (size_t)_i / ARRAY_LEN(lines);
	char *head = head_of("PUT" PLAY_HEAD "Content-Length: 10\r\n", requests[i].bytes);
	const bool is_good = strcmp(requests[i].status, "HTTP/1.1 200 ") == 0;
	struct play_client c = { 0 };

	begin(requests[i].conf);
	sim_set_line(&lines[(size_t)_i % ARRAY_LEN(lines)]);
	origin.reply[0] = PLAY_HELLO;
	play_client(&c, head);
	sim_send(c.peer, SPAN("0123456789" PLAY_GET));
	free(head);
	sim_proxy_run(&sp);
	const struct span got = sim_received(c.peer);

	ck_assert_msg(play_starts(c.peer, requests[i].status), "%s: %.*s", requests[i].name,
	              SPAN_ARG(got));
	ck_assert_uint_eq(play_count(got, "HTTP/1.1 200 "), is_good ? 2 : 0);
	ck_assert_uint_eq(play_count(play_log(), "\n"), is_good ? 2 : 1);
	ck_assert_msg(!sim_saw_reset(c.peer), "%s: the reply may be lost", requests[i].name);
	if (!is_good)
		return;
	ck_assert_uint_eq(play_count(span_of(origin.got, origin.got_n), "\r\n\r\n0123456789GET /a"),
	                  1);
	ck_assert_uint_ge(origin.got_n, requests[i].bytes);
}
END_TEST

START_TEST(a_uri_beyond_the_limit_is_named_as_such)
{
	struct play_client c = { 0 };

	begin("request_header_max_size 4 KB\n");
	play_client(&c, "GET " PLAY_URL "/");
	for (int n = 0; n < 100; n++)
		sim_send(c.peer,
		         SPAN("0123456789012345678901234567890123456789012345678901234567890"));
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, "HTTP/1.1 414 "), "%.*s", SPAN_ARG(sim_received(c.peer)));
	ck_assert_uint_eq(play_count(play_log(), "/414 "), 1);
	ck_assert_uint_eq(play_count(play_log(), "error:request-too-large"), 1);
}
END_TEST

static const struct {
	const char *name, *conf;
	size_t bytes;
	const char *status;
} replies[] = {
	{ "one less than a buffer", "", 16 * KB - 1, "HTTP/1.1 200 " },
	{ "a buffer", "", 16 * KB, "HTTP/1.1 200 " },
	{ "one more", "", 16 * KB + 1, "HTTP/1.1 200 " },
	{ "at the limit", "", 64 * KB, "HTTP/1.1 200 " },
	{ "beyond it", "", 64 * KB + 1, "HTTP/1.1 502 " },
	{ "at a limit as configured", "reply_header_max_size 20 KB\n", 20 * KB, "HTTP/1.1 200 " },
	{ "beyond a limit as configured", "reply_header_max_size 20 KB\n", 20 * KB + 1,
	  "HTTP/1.1 502 " },
};

START_TEST(reply_heads_of_any_size_in_any_pieces)
{
	const size_t i = (size_t)_i / ARRAY_LEN(lines);
	char *head = head_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", replies[i].bytes);
	char *reply = check_malloc(replies[i].bytes + 6);
	const bool is_good = strcmp(replies[i].status, "HTTP/1.1 200 ") == 0;
	struct play_client c = { .await = is_good ? "hello" : NULL, .say = PLAY_GET };

	memcpy(reply, head, replies[i].bytes);
	memcpy(reply + replies[i].bytes, "hello", 6);
	begin(replies[i].conf);
	sim_set_line(&lines[(size_t)_i % ARRAY_LEN(lines)]);
	origin.reply[0] = reply;
	play_client(&c, PLAY_GET);
	sim_proxy_run(&sp);
	const struct span got = sim_received(c.peer);

	ck_assert_msg(play_starts(c.peer, replies[i].status), "%s: %.*s", replies[i].name,
	              SPAN_ARG(got));
	ck_assert_uint_eq(play_count(got, "\r\n\r\nhello"), is_good ? 2 : 0);
	ck_assert_uint_eq(origin.n_opened, 1);
	ck_assert(!is_good || got.n > 2 * replies[i].bytes);
	free(head);
	free(reply);
}
END_TEST

/* --- framing (RFC 9112 6.3) ------------------------------------------------------------------- */

#define REQUEST(method)  method PLAY_HEAD "\r\n"
#define STATUS(s, field) "HTTP/1.1 " s "\r\n" field "\r\n"
#define LENGTH_5         "Content-Length: 5\r\n"
#define CHUNKED          "Transfer-Encoding: chunked\r\n"

static const struct {
	const char *name, *request, *reply;
	const char *status, *has, *lacks; /* NULL: nothing to look for */
} framings[] = {
	{ "HEAD with a length", REQUEST("HEAD"), STATUS("200 OK", LENGTH_5), "HTTP/1.1 200 ",
	  LENGTH_5, NULL },
	{ "HEAD with chunks", REQUEST("HEAD"), STATUS("200 OK", CHUNKED), "HTTP/1.1 200 ", NULL,
	  "Content-Length" },
	{ "HEAD with neither", REQUEST("HEAD"), STATUS("200 OK", ""), "HTTP/1.1 200 ", NULL,
	  "Content-Length" },
	{ "204", REQUEST("GET"), STATUS("204 No Content", ""), "HTTP/1.1 204 ", NULL,
	  "Content-Length" },
	{ "204 with a length", REQUEST("GET"), STATUS("204 No Content", LENGTH_5), "HTTP/1.1 204 ",
	  NULL, "Content-Length" },
	{ "304", REQUEST("GET"), STATUS("304 Not Modified", ""), "HTTP/1.1 304 ", NULL, NULL },
	{ "304 with a length", REQUEST("GET"), STATUS("304 Not Modified", LENGTH_5),
	  "HTTP/1.1 304 ", LENGTH_5, NULL },
	{ "an empty body", REQUEST("GET"), STATUS("200 OK", "Content-Length: 0\r\n"),
	  "HTTP/1.1 200 ", "Content-Length: 0\r\n", NULL },
	{ "an empty body in chunks", REQUEST("GET"), STATUS("200 OK", CHUNKED) "0\r\n\r\n",
	  "HTTP/1.1 200 ", CHUNKED, "Content-Length" },
};

/* Both connections are in step afterwards: the next request is answered on them. */
START_TEST(replies_without_a_body_leave_the_connections_in_step)
{
	const size_t i = (size_t)_i / ARRAY_LEN(lines);
	struct play_client c = { .say = PLAY_GET };

	begin("");
	sim_set_line(&lines[(size_t)_i % ARRAY_LEN(lines)]);
	origin.reply[0] = framings[i].reply;
	origin.reply[1] = PLAY_HELLO;
	play_client(&c, framings[i].request);
	sim_proxy_run_for(&sp, 1000);
	const struct span got = sim_received(c.peer);

	ck_assert_msg(play_starts(c.peer, framings[i].status), "%s: %.*s", framings[i].name,
	              SPAN_ARG(got));
	ck_assert_msg(framings[i].has == NULL || play_has(c.peer, framings[i].has), "%s: %.*s",
	              framings[i].name, SPAN_ARG(got));
	ck_assert_msg(framings[i].lacks == NULL || !play_has(c.peer, framings[i].lacks), "%s: %.*s",
	              framings[i].name, SPAN_ARG(got));
	sim_take(c.peer, got.n);
	sim_send(c.peer, span_str(PLAY_GET));
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, "HTTP/1.1 200 OK\r\n") &&
	                      play_ends(c.peer, "\r\n\r\nhello"),
	              "%s: %.*s", framings[i].name, SPAN_ARG(sim_received(c.peer)));
	ck_assert_uint_eq(origin.n_opened, 1);
}
END_TEST

/* --- addresses -------------------------------------------------------------------------------- */

#define NAMED       "GET http://www.example/a HTTP/1.1\r\nHost: www.example\r\n\r\n"
#define TO_NAME     "CONNECT www.example:80 HTTP/1.1\r\nHost: www.example:80\r\n\r\n"
#define OTHER       "192.0.2.66"
#define FORBID      "acl bad dst " OTHER "\nhttp_access deny bad\nnegative_dns_ttl 1 second\n"
#define NO_SUCH_ACL "acl x urlpath_regex ^/x\nhttp_access deny x\nnegative_dns_ttl 1 second\n"

static const struct {
	const char *name, *conf, *request;
	struct sim_answer a;
	const char *status;
	unsigned queries, opened;
} names[] = {
	{ "allowed", FORBID, NAMED, { .ips = PLAY_ORIGIN }, "HTTP/1.1 200 ", 2, 1 },
	{ "forbidden", FORBID, NAMED, { .ips = OTHER }, "HTTP/1.1 403 ", 2, 0 },
	{ "one of several is forbidden",
	  FORBID,
	  NAMED,
	  { .ips = PLAY_ORIGIN " " OTHER },
	  "HTTP/1.1 403 ",
	  2,
	  0 },
	{ "a tunnel", FORBID, TO_NAME, { .ips = PLAY_ORIGIN }, "HTTP/1.1 200 ", 2, 1 },
	{ "a tunnel, forbidden", FORBID, TO_NAME, { .ips = OTHER }, "HTTP/1.1 403 ", 2, 0 },
	{ "no such name", FORBID, NAMED, { .err = ERR_DNS_NAME }, "HTTP/1.1 503 ", 2, 0 },
	{ "no such name for a tunnel",
	  FORBID,
	  TO_NAME,
	  { .err = ERR_DNS_NAME },
	  "HTTP/1.1 503 ",
	  2,
	  0 },
	{ "the server fails", FORBID, NAMED, { .err = ERR_DNS_SERVER }, "HTTP/1.1 503 ", 2, 0 },
	{ "no answer", FORBID, NAMED, { .err = ERR_DNS_TIMEOUT }, "HTTP/1.1 503 ", 2, 0 },
	{ "not judged", NO_SUCH_ACL, NAMED, { .ips = PLAY_ORIGIN }, "HTTP/1.1 200 ", 2, 1 },
	{ "not judged, no such name",
	  NO_SUCH_ACL,
	  NAMED,
	  { .err = ERR_DNS_NAME },
	  "HTTP/1.1 503 ",
	  2,
	  0 },
};

START_TEST(names_are_looked_up_once)
{
	struct play_client c = { 0 };
	struct sim_answer aaaa = { .err = names[_i].a.err };

	begin(names[_i].conf);
	origin.reply[0] = PLAY_HELLO;
	sim_name("www.example", &names[_i].a, &aaaa);
	play_client(&c, names[_i].request);
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, names[_i].status), "%s: %.*s", names[_i].name,
	              SPAN_ARG(sim_received(c.peer)));
	ck_assert_msg(sim_queries() == names[_i].queries, "%s: %u queries", names[_i].name,
	              sim_queries());
	ck_assert_uint_eq(origin.n_opened, names[_i].opened);
}
END_TEST

static void move_name(void *arg UNUSED)
{
	static const struct sim_answer there = { .ips = OTHER, .ttl_s = 1 };

	sim_name("www.example", &there, NULL);
}

/*
 * A name that moves right after it was judged (rebinding): what is dialled is what was judged, and
 * an idle connection to the old address is not used for a request that was judged by the new one.
 */
START_TEST(what_was_judged_is_what_is_dialled)
{
	static const struct sim_answer here = { .ips = PLAY_ORIGIN, .ttl_s = 1, .delay_ms = 50 };
	static const struct sim_answer late = { .ips = "", .delay_ms = 60 };
	struct play_origin other = { .reply = { PLAY_HELLO } };
	struct play_client c = { .say = NAMED, .await = "hello" };

	begin("acl ok dst " PLAY_ORIGIN "\nacl moved dst " OTHER
	      "\nhttp_access allow ok\nhttp_access allow moved\npositive_dns_ttl 1 second\n"
	      "negative_dns_ttl 1 second\nclient_idle_pconn_timeout 1 day\n");
	play_serve(&other, OTHER);
	origin.reply[0] = PLAY_HELLO;
	sim_name("www.example", &here, &late);
	c.await = NULL;
	play_client(&c, NAMED);
	sim_at(55, move_name, NULL);
	sim_proxy_run_for(&sp, 5000);
	ck_assert_uint_eq(origin.n_opened, 1);
	ck_assert_uint_eq(other.n_opened, 0);
	ck_assert_uint_eq(upstream_pool_count(sp.worker->upstreams), 1);
	sim_send(c.peer, SPAN(NAMED));
	sim_proxy_run_for(&sp, 5000);
	ck_assert_uint_eq(other.n_requests, 1);
	ck_assert_uint_eq(origin.n_requests, 1);
	ck_assert_uint_eq(sim_queries(), 4);
	play_origin_fini(&other);
}
END_TEST

Suite *suite_heads(void);
Suite *suite_heads(void)
{
	Suite *s = suite_create("heads");
	TCase *t = tcase_create("heads");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, request_heads_of_any_size_in_any_pieces, 0,
	                    ARRAY_LEN(requests) * ARRAY_LEN(lines));
	tcase_add_test(t, a_uri_beyond_the_limit_is_named_as_such);
	tcase_add_loop_test(t, reply_heads_of_any_size_in_any_pieces, 0,
	                    ARRAY_LEN(replies) * ARRAY_LEN(lines));
	tcase_add_loop_test(t, replies_without_a_body_leave_the_connections_in_step, 0,
	                    ARRAY_LEN(framings) * ARRAY_LEN(lines));
	tcase_add_loop_test(t, names_are_looked_up_once, 0, ARRAY_LEN(names));
	tcase_add_test(t, what_was_judged_is_what_is_dialled);
	suite_add_tcase(s, t);
	return s;
}
