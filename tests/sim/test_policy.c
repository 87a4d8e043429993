/*
 * Decisions that wait: what else happens to the connection meanwhile changes nothing about them.
 */
#include "tests/sim/play.h"
#include "tests/unit/unit.h"

#define NAMED                                                                                      \
	"GET http://www.example/a HTTP/1.1\r\nHost: www.example\r\nX-Foo: 1\r\n"                   \
	"X-Forwarded-For: 192.0.2.77, 192.0.2.78\r\nConnection: upgrade\r\nUpgrade: "              \
	"websocket\r\n\r\n"

static struct sim_proxy sp;
static struct play_origin origin;

static void begin(const char *conf)
{
	sim_proxy_start(&sp, conf);
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

static void say_more(void *arg)
{
	sim_send(arg, SPAN(NAMED));
}

/*
 * Bytes behind a request whose addresses are still being looked up wake the transaction, but the
 * lookup is not over for that: a rule about addresses must see them.
 */
START_TEST(a_lookup_is_not_over_because_more_bytes_come)
{
	static const struct sim_answer here = { .ips = PLAY_ORIGIN, .ttl_s = 60, .delay_ms = 500 };
	struct play_client c = { 0 };

	begin("acl forbidden dst " PLAY_ORIGIN "\nhttp_access deny forbidden\n" PLAY_ALLOW);
	origin.reply[0] = PLAY_HELLO;
	sim_name("www.example", &here, NULL);
	play_client(&c, NAMED);
	sim_at(100, say_more, c.peer);
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, "HTTP/1.1 403 "), "%.*s", SPAN_ARG(sim_received(c.peer)));
	ck_assert_uint_eq(origin.n_opened, 0);
	ck_assert_uint_eq(play_count(play_log(), "TCP_DENIED/403 "), 2);
}
END_TEST

/* --- the lists beside http_access ------------------------------------------------------------- */

#define DST     "acl there dst " PLAY_ORIGIN "\n"
#define PLAIN   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
#define CHUNKS  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
#define CONNECT "CONNECT " PLAY_ORIGIN ":80 HTTP/1.1\r\nHost: " PLAY_ORIGIN ":80\r\n\r\n"
#define NOBODY  "GET http://192.0.2.9/ HTTP/1.1\r\nHost: 192.0.2.9\r\n\r\n"
#define BAD     "GET http://192.0.2.9/ HTTP/1.1\r\nHost: a b\r\n\r\n"

static const struct {
	const char *name, *conf, *request, *reply;
	const char *status, *log;
	unsigned at_origin;
} lists[] = {
	{ "adapted_http_access denies", PLAY_ALLOW DST "adapted_http_access deny there\n", NAMED,
	  PLAIN, "HTTP/1.1 403 ", "TCP_DENIED/403 ", 0 },
	{ "adapted_http_access allows", PLAY_ALLOW DST "adapted_http_access allow there\n", NAMED,
	  PLAIN, "HTTP/1.1 200 ", "TCP_MISS/200 ", 1 },
	{ "miss_access denies", PLAY_ALLOW DST "miss_access deny there\n", NAMED, PLAIN,
	  "HTTP/1.1 403 ", "TCP_MISS/403 ", 0 },
	{ "miss_access, the opposite of its last line",
	  PLAY_ALLOW "acl post method POST\nmiss_access deny post\n", NAMED, PLAIN, "HTTP/1.1 200 ",
	  "TCP_MISS/200 ", 1 },
	{ "miss_access denies a CONNECT", PLAY_ALLOW "miss_access deny all\n", CONNECT, PLAIN,
	  "HTTP/1.1 403 ", "NONE_NONE/403 ", 0 },
	{ "http_reply_access denies", PLAY_ALLOW DST "http_reply_access deny there\n", NAMED, PLAIN,
	  "HTTP/1.1 403 ", "TCP_DENIED_REPLY/403 ", 1 },
	{ "http_reply_access allows", PLAY_ALLOW DST "http_reply_access allow there\n", NAMED,
	  PLAIN, "HTTP/1.1 200 ", "TCP_MISS/200 ", 1 },
	{ "http_reply_access denies 204", PLAY_ALLOW "http_reply_access deny all\n", NAMED,
	  "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 ", "TCP_MISS/204 ", 1 },
	{ "http_reply_access denies 304", PLAY_ALLOW "http_reply_access deny all\n", NAMED,
	  "HTTP/1.1 304 Not Modified\r\n\r\n", "HTTP/1.1 304 ", "TCP_MISS/304 ", 1 },
	{ "http_reply_access denies the page about a dead origin",
	  PLAY_ALLOW "http_reply_access deny all\n", NOBODY, PLAIN, "HTTP/1.1 403 ",
	  "TCP_DENIED_REPLY/403 ", 0 },
	{ "http_reply_access denies the page about a malformed request",
	  PLAY_ALLOW "http_reply_access deny all\n", BAD, PLAIN, "HTTP/1.1 403 ",
	  "TCP_DENIED_REPLY/403 ", 0 },
	{ "http_reply_access leaves denials alone",
	  "http_access deny all\nhttp_reply_access deny all\n", NAMED, PLAIN, "HTTP/1.1 403 ",
	  "TCP_DENIED/403 ", 0 },
	{ "http_reply_access leaves CONNECT alone", PLAY_ALLOW "http_reply_access deny all\n",
	  CONNECT, "", "HTTP/1.1 200 ", "TCP_TUNNEL_TIMEDOUT/200 ", 0 },
	{ "reply_body_max_size, by its length", PLAY_ALLOW "reply_body_max_size 4 bytes\n", NAMED,
	  PLAIN, "HTTP/1.1 403 ", "TCP_DENIED_REPLY/403 ", 1 },
	{ "reply_body_max_size, just as long", PLAY_ALLOW "reply_body_max_size 5 bytes\n", NAMED,
	  PLAIN, "HTTP/1.1 200 ", "TCP_MISS/200 ", 1 },
	{ "reply_body_max_size 0", PLAY_ALLOW "reply_body_max_size 0\n", NAMED, CHUNKS,
	  "HTTP/1.1 403 ", "TCP_DENIED_REPLY/403 ", 1 },
	{ "reply_body_max_size, the first that matches",
	  PLAY_ALLOW DST "reply_body_max_size none there\nreply_body_max_size 4 bytes\n", NAMED,
	  PLAIN, "HTTP/1.1 200 ", "TCP_MISS/200 ", 1 },
	{ "reply_body_max_size, known before a byte was sent",
	  PLAY_ALLOW "reply_body_max_size 4 bytes\n", NAMED, CHUNKS, "HTTP/1.1 403 ",
	  "TCP_DENIED_REPLY/403 ", 1 },
	{ "reply_body_max_size, chunks that fit", PLAY_ALLOW "reply_body_max_size 5 bytes\n", NAMED,
	  CHUNKS, "HTTP/1.1 200 ", "TCP_MISS/200 ", 1 },
	{ "reply_body_max_size leaves its own page alone",
	  PLAY_ALLOW "reply_body_max_size 1 bytes\n", NOBODY, PLAIN, "HTTP/1.1 403 ",
	  "TCP_DENIED_REPLY/403 ", 0 },
};

static const struct sim_answer slow_here = { .ips = PLAY_ORIGIN, .ttl_s = 60, .delay_ms = 500 };

START_TEST(each_list_has_its_say)
{
	struct play_client c = { .closes = true };

	begin(lists[_i].conf);
	origin.reply[0] = lists[_i].reply;
	sim_name("www.example", &slow_here, NULL);
	play_client(&c, lists[_i].request);
	sim_proxy_run(&sp);
	ck_assert_msg(play_starts(c.peer, lists[_i].status), "%s: %.*s", lists[_i].name,
	              SPAN_ARG(sim_received(c.peer)));
	ck_assert_msg(strncmp(sim_log(), lists[_i].log, strlen(lists[_i].log)) == 0, "%s: %s",
	              lists[_i].name, sim_log());
	ck_assert_uint_eq(play_count(play_log(), "\n"), 1);
	ck_assert_uint_eq(origin.n_requests, lists[_i].at_origin);
}
END_TEST

/* A reply that turns out to be too long must not look whole, however it is framed. */
static const struct {
	const char *name, *head;
	bool closes;
} cuts[] = {
	{ "in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n", false },
	{ "until close", "HTTP/1.1 200 OK\r\n\r\n", true },
};

START_TEST(a_reply_that_turns_out_too_long_is_cut)
{
	static char body[100001], reply[100200];
	struct play_client c = { 0 };

	memset(body, 'x', sizeof(body) - 1);
	snprintf(reply, sizeof(reply), "%s%s%s", cuts[_i].head, body,
	         cuts[_i].closes ? "" : "\r\n0\r\n\r\n");
	begin(PLAY_ALLOW "reply_body_max_size 50 KB\n");
	origin.reply[0] = reply;
	origin.then = cuts[_i].closes ? PLAY_FIN : PLAY_KEEP;
	sim_name("www.example", &slow_here, NULL);
	play_client(&c, NAMED);
	sim_proxy_run(&sp);
	ck_assert(play_starts(c.peer, "HTTP/1.1 200 "));
	ck_assert(!play_ends(c.peer, "0\r\n\r\n"));
	ck_assert_uint_le(play_count(sim_received(c.peer), "x"), 51200 + 1);
	ck_assert_msg(sim_saw_fin(c.peer) || sim_saw_reset(c.peer), "%s", cuts[_i].name);
	ck_assert_msg(strncmp(sim_log(), "TCP_MISS_ABORTED/200 ", 21) == 0, "%s", sim_log());
}
END_TEST

/* --- fields ----------------------------------------------------------------------------------- */

#define EARLY "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-Foo: 2\r\n\r\n"
#define SWITCHED                                                                                   \
	"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\nX-Foo: 2\r\n\r\n"
#define WEBSOCKET "http_upgrade_request_protocols websocket allow there\n"
#define TRAILERS                                                                                   \
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Foo: 2\r\n\r\n"

static const struct {
	const char *name, *conf, *reply;
	const char *at_origin, *at_client; /* what must be there; behind a '!': must not */
} fields[] = {
	{ "a field of the request goes", "request_header_access X-Foo deny there\n", PLAIN,
	  "!X-Foo", "hello" },
	{ "what Cuttle adds itself goes too", "request_header_access Via deny there\n", PLAIN,
	  "!Via:", "Via:" },
	{ "a field is added to the request", "request_header_add X-New v there\n", PLAIN,
	  "X-New: v\r\n", "!X-New" },
	{ "Host stays", "request_header_access All deny there\n", PLAIN, "Host: www.example\r\n",
	  "hello" },
	{ "a field of the reply goes", "reply_header_access Content-Type deny there\n", PLAIN,
	  "X-Foo: 1\r\n", "!Content-Type" },
	{ "a field is added to the reply", "reply_header_add X-New v there\n", PLAIN, "!X-New",
	  "X-New: v\r\n" },
	{ "the length stays", "reply_header_access All deny there\n", PLAIN, "GET",
	  "Content-Length: 5\r\n" },
	{ "an interim reply's goes", "reply_header_access X-Foo deny there\n", EARLY PLAIN, "X-Foo",
	  "!X-Foo" },
	{ "an interim reply's others stay", "reply_header_access X-Foo deny there\n", EARLY PLAIN,
	  "X-Foo", "Link: </a>\r\n" },
	{ "an interim reply gets none", "reply_header_add X-New v there\n", EARLY PLAIN, "GET",
	  "X-Foo: 2\r\nVia: 1.1 sim.test (cuttle/" PACKAGE_VERSION ")\r\n\r\n" },
	{ "an interim reply is denied",
	  "acl get method GET\nhttp_reply_access deny get !there\nreply_header_access X-Foo deny "
	  "all\n"
	  "http_reply_access allow there\n",
	  EARLY PLAIN, "GET", "HTTP/1.1 103 " },
	{ "trailers go where fields are removed", "reply_header_access X-Bar deny there\n",
	  TRAILERS, "GET", "!X-Foo" },
	{ "trailers stay elsewhere", "reply_header_add X-New v there\n", TRAILERS, "GET",
	  "X-Foo: 2\r\n\r\n" },
	{ "an upgrade is offered", WEBSOCKET, SWITCHED, "Upgrade: websocket\r\n", "HTTP/1.1 101 " },
	{ "... and its reply's field goes", WEBSOCKET "reply_header_access X-Foo deny there\n",
	  SWITCHED, "Upgrade: websocket\r\n", "!X-Foo" },
	{ "... and its reply is denied, and the page about that",
	  WEBSOCKET "http_reply_access deny there\n", SWITCHED, "Upgrade: websocket\r\n",
	  "HTTP/1.1 403 " },
	{ "an upgrade is not offered", "http_upgrade_request_protocols websocket deny there\n",
	  PLAIN, "!websocket", "hello" },
	{ "an error page gets fields", "reply_header_add X-New v there\n", PLAY_DO_RESET, "GET",
	  "X-New: v\r\n" },
};

static bool is_as_wanted(struct span got, const char *want)
{
	return want[0] == '!' ? play_count(got, want + 1) == 0 : play_count(got, want) != 0;
}

START_TEST(rules_for_fields_are_done)
{
	struct play_client c = { .closes = true };
	char conf[400];

	snprintf(conf, sizeof(conf), PLAY_ALLOW DST "%s", fields[_i].conf);
	begin(conf);
	origin.reply[0] = fields[_i].reply;
	sim_name("www.example", &slow_here, NULL);
	play_client(&c, NAMED);
	sim_proxy_run(&sp);
	ck_assert_msg(is_as_wanted(span_of(origin.got, origin.got_n), fields[_i].at_origin),
	              "%s, at the origin: %.*s", fields[_i].name, (int)origin.got_n, origin.got);
	ck_assert_msg(is_as_wanted(sim_received(c.peer), fields[_i].at_client),
	              "%s, at the client: %.*s", fields[_i].name, SPAN_ARG(sim_received(c.peer)));
	ck_assert_uint_eq(play_count(play_log(), "\n"), 1);
}
END_TEST

/* --- undecided -------------------------------------------------------------------------------- */

/* The acl hurts takes more work on this URL than is allowed, so nothing can be told by it. */
#define A16 "aaaaaaaaaaaaaaaa"
#define HURTS                                                                                      \
	"GET http://" PLAY_ORIGIN "/" A16 A16 A16 A16 " HTTP/1.1\r\nHost: " PLAY_ORIGIN "\r\n"     \
	"X-Foo: 1\r\nX-Forwarded-For: 192.0.2.77\r\nConnection: upgrade\r\n"                       \
	"Upgrade: websocket\r\n\r\n"
#define HURTING "acl hurts url_regex (.)((a|aa)+)+\\1\\1[^a]$\n"
#define PARENT  "cache_peer " PLAY_ORIGIN " parent 80 0 name=up\n"

/* doc/policy.md, Undecided: the stricter answer, or none. */
static const struct {
	const char *conf, *log;
	const char *at_origin, *at_client; /* as above; at_origin NULL: it was not asked */
} undecided[] = {
	{ "http_access deny hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ "follow_x_forwarded_for allow hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ "adapted_http_access deny hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ "miss_access deny hurts\n", "TCP_MISS/403 ", NULL, "HTTP/1.1 403 " },
	{ "always_direct allow hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ PARENT "always_direct deny hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ "never_direct allow hurts\n", "TCP_MISS/503 ", NULL, "HTTP/1.1 503 " },
	{ PARENT "never_direct deny hurts\n", "TCP_MISS/200 ", "GET http:", "hello" },
	{ PARENT "cache_peer_access up allow hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ PARENT "cache_peer_access up deny hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ "clientside_tos 0x20 hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ "mark_client_packet 0x20 hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ "mark_client_connection 0x20 hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ "tcp_outgoing_address 192.0.2.200 hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ "tcp_outgoing_tos 0x20 hurts\ntcp_outgoing_tos 0x40\n", "TCP_DENIED/403 ", NULL,
	  "HTTP/1.1 403 " },
	{ "tcp_outgoing_mark 0x20 hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ "http_upgrade_request_protocols websocket allow hurts\n", "TCP_MISS/200 ", "!Upgrade",
	  "hello" },
	{ "request_header_access X-Foo deny hurts\n", "TCP_MISS/200 ", "!X-Foo", "hello" },
	{ "request_header_access X-Foo allow hurts\n", "TCP_MISS/200 ", "!X-Foo", "hello" },
	{ "request_header_add X-New v hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ "request_header_add X-New v !hurts\n", "TCP_DENIED/403 ", NULL, "HTTP/1.1 403 " },
	{ "reply_body_max_size 4 bytes hurts\n", "TCP_DENIED_REPLY/403 ", "GET", "HTTP/1.1 403 " },
	{ "http_reply_access deny hurts\n", "TCP_DENIED_REPLY/403 ", "GET", "HTTP/1.1 403 " },
	{ "reply_header_access Content-Type deny hurts\n", "TCP_MISS/200 ", "GET",
	  "!Content-Type" },
	{ "reply_header_add X-New v hurts\nreply_header_add X-Too w\n", "TCP_DENIED_REPLY/403 ",
	  "GET", "X-Too: w\r\n" },
	{ "reply_header_add X-New v hurts\nmiss_access deny all\n", "TCP_DENIED_REPLY/403 ", NULL,
	  "HTTP/1.1 403 " },
	{ "reply_header_add X-New v hurts\nadapted_http_access deny all\n", "TCP_DENIED/403 ", NULL,
	  "!X-New" },
	{ "cache deny hurts\n", "TCP_MISS/200 ", "GET", "hello" },
};

START_TEST(what_cannot_be_told_is_refused)
{
	struct play_client c = { .closes = true };
	const char *at_origin = undecided[_i].at_origin;
	char conf[400];

	snprintf(conf, sizeof(conf), HURTING "%s" PLAY_ALLOW, undecided[_i].conf);
	begin(conf);
	origin.reply[0] = PLAIN;
	play_client(&c, HURTS);
	sim_proxy_run(&sp);
	ck_assert_msg(strncmp(sim_log(), undecided[_i].log, strlen(undecided[_i].log)) == 0,
	              "%s: %s", undecided[_i].conf, sim_log());
	ck_assert_msg(is_as_wanted(sim_received(c.peer), undecided[_i].at_client), "%s: %.*s",
	              undecided[_i].conf, SPAN_ARG(sim_received(c.peer)));
	ck_assert_uint_eq(origin.n_requests, at_origin != NULL);
	ck_assert_msg(at_origin == NULL ||
	                      is_as_wanted(span_of(origin.got, origin.got_n), at_origin),
	              "%s: %.*s", undecided[_i].conf, (int)origin.got_n, origin.got);
	ck_assert_uint_eq(play_count(play_log(), "\n"), 1);
}
END_TEST

/* --- left alone ------------------------------------------------------------------------------- */

static const char *const waits[] = {
	PLAY_ALLOW "acl mine srcdomain .proxies.example\nfollow_x_forwarded_for allow !mine\n"
		   "http_reply_access deny mine\n",
	PLAY_ALLOW DST "adapted_http_access deny !there\n",
	PLAY_ALLOW DST "miss_access deny !there\n",
	PLAY_ALLOW DST "http_reply_access deny !there\n",
	PLAY_ALLOW DST "reply_body_max_size 1 bytes !there\n",
	PLAY_ALLOW DST
	"request_header_access X-Foo deny !there\nrequest_header_add X-New v there\n",
	PLAY_ALLOW DST "reply_header_access Date deny there\nreply_header_add X-New v there\n",
	PLAY_ALLOW DST "http_upgrade_request_protocols websocket deny there\n",
};

static void leave(void *arg)
{
	sim_reset(arg);
}

/* The client goes away at each step of a request that waits for a name in that list. */
START_TEST(a_client_may_leave_at_any_step)
{
	unsigned total = UINT32_MAX;

	for (unsigned n = 1; n <= total; n++) {
		struct play_client c = { 0 };

		origin = (struct play_origin){ .reply = { PLAIN } };
		begin(waits[_i]);
		sim_name("www.example", &slow_here, NULL);
		play_client(&c, NAMED);
		sim_at_step(n, leave, c.peer);
		sim_proxy_run(&sp);
		total = sim_steps();
		ck_assert_uint_eq(sp.worker->n_sessions, 0);
		ck_assert_uint_eq(sim_open_fds(), 1 + upstream_pool_count(sp.worker->upstreams));
		if (n < total) {
			sim_proxy_stop(&sp);
			play_origin_fini(&origin);
		}
	}
	ck_assert_uint_gt(total, 5);
}
END_TEST

Suite *suite_policy(void);
Suite *suite_policy(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_lookup_is_not_over_because_more_bytes_come);
	tcase_add_loop_test(t, each_list_has_its_say, 0, ARRAY_LEN(lists));
	tcase_add_loop_test(t, a_reply_that_turns_out_too_long_is_cut, 0, ARRAY_LEN(cuts));
	tcase_add_loop_test(t, rules_for_fields_are_done, 0, ARRAY_LEN(fields));
	tcase_add_loop_test(t, what_cannot_be_told_is_refused, 0, ARRAY_LEN(undecided));
	tcase_add_loop_test(t, a_client_may_leave_at_any_step, 0, ARRAY_LEN(waits));
	suite_add_tcase(s, t);
	return s;
}
