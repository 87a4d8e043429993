/*
 * Requests through the whole proxy: the ordinary road however bytes travel, and every limit of
 * time.
 */
#include "tests/sim/sim_proxy.h"
#include "tests/unit/unit.h"

#define MINUTES(n) ((int64_t)(n)*60000)

#define ALLOW   "http_access allow all\n"
#define GET     "GET http://192.0.2.1/a HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n"
#define POST    "POST http://192.0.2.1/a HTTP/1.1\r\nHost: 192.0.2.1\r\nContent-Length: 10\r\n\r\n"
#define CONNECT "CONNECT 192.0.2.1:80 HTTP/1.1\r\nHost: 192.0.2.1:80\r\n\r\n"

static struct sim_proxy sp;
static struct endpoint origin_at;

static void setup(void)
{
	origin_at.port = 80;
	ck_assert(ip_parse(SPAN("192.0.2.1"), &origin_at.ip));
	sim_proxy_start(&sp, ALLOW);
}

static void teardown(void)
{
	sim_proxy_stop(&sp);
}

/* --- the far ends ----------------------------------------------------------------------------- */

/* What an origin does: answers once it has a whole request. */
struct origin {
	const char *reply; /* NULL: silence */
	size_t body;       /* of the request, awaited before the reply */
	bool closes;
	struct sim_peer *peer; /* the newest connection */
	unsigned n_opened;
};

static bool has_request(struct sim_peer *p, size_t body)
{
	const struct span got = sim_received(p);
	const char *end = got.n == 0 ? NULL : memmem(got.p, got.n, "\r\n\r\n", 4);

	return end != NULL && got.n >= (size_t)(end + 4 - got.p) + body;
}

static void on_origin(struct sim_peer *p, enum sim_event ev, void *arg)
{
	struct origin *o = arg;

	switch (ev) {
	case SIM_OPEN:
		o->peer = p;
		o->n_opened++;
		return;
	case SIM_BYTES:
		if (o->reply == NULL || !has_request(p, o->body))
			return;
		sim_take(p, sim_received(p).n);
		sim_send(p, span_str(o->reply));
		if (o->closes)
			sim_fin(p);
		return;
	case SIM_FIN:
		if (!o->closes)
			sim_fin(p);
		return;
	case SIM_RESET:
		return;
	}
}

static void serve(struct origin *o)
{
	sim_serve(&origin_at, SIM_ACCEPT, 0, on_origin, o);
}

/* Echoes through tunnels. */
static void on_echo(struct sim_peer *p, enum sim_event ev, void *arg UNUSED)
{
	if (ev == SIM_BYTES) {
		sim_send(p, sim_received(p));
		sim_take(p, sim_received(p).n);
	} else if (ev == SIM_FIN) {
		sim_fin(p);
	}
}

static bool starts(const struct sim_peer *c, const char *text)
{
	return span_starts(sim_received(c), span_str(text));
}

static bool ends(const struct sim_peer *c, const char *text)
{
	const struct span got = sim_received(c), end = span_str(text);

	return got.n >= end.n && span_eq(span_skip(got, got.n - end.n), end);
}

/* --- the ordinary road ------------------------------------------------------------------------ */

#define REPLY "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
#define CHUNKED_REPLY                                                                              \
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
#define CLOSE_REPLY "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"

static const struct sim_line lines[] = {
	{ 0 },
	{ .chunk_in = 1 },
	{ .chunk_in = 1, .chunk_out = 1, .window_out = 1 },
	{ .seed = 5 },
	{ .seed = 6, .chunk_in = 7, .chunk_out = 7, .window_out = 20 },
	{ .chunk_in = 1, .gap_ms = 100 },
};

static const struct {
	const char *name, *request, *reply, *end;
	size_t body;
	bool closes;
} roads[] = {
	{ "a length", GET, REPLY, "\r\n\r\nhello", 0, false },
	{ "chunks", GET, CHUNKED_REPLY, "\r\n0\r\n\r\n", 0, false },
	{ "until the close", GET, CLOSE_REPLY, "\r\n0\r\n\r\n", 0, true },
	{ "an upload", POST "0123456789", REPLY, "\r\n\r\nhello", 10, false },
};

START_TEST(replies_arrive_whole_however_bytes_travel)
{
	const size_t road = (size_t)_i / ARRAY_LEN(lines), line = (size_t)_i % ARRAY_LEN(lines);
	struct origin o = { .reply = roads[road].reply,
		            .body = roads[road].body,
		            .closes = roads[road].closes };

	sim_set_line(&lines[line]);
	serve(&o);
	struct sim_peer *c = sim_proxy_client(roads[road].request, NULL, NULL);

	sim_proxy_run(&sp);
	ck_assert_msg(starts(c, "HTTP/1.1 200 OK\r\n"), "%s: %.*s", roads[road].name,
	              SPAN_ARG(sim_received(c)));
	ck_assert_msg(ends(c, roads[road].end), "%s: %.*s", roads[road].name,
	              SPAN_ARG(sim_received(c)));
	ck_assert_msg(strncmp(sim_log(), "TCP_MISS/200 ", 13) == 0, "%s", sim_log());
	ck_assert_uint_eq(o.n_opened, 1);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
	struct origin o = { .reply = REPLY };

	serve(&o);
	struct sim_peer *c = sim_proxy_client(GET GET GET, NULL, NULL);
	unsigned n = 0;

	sim_proxy_run(&sp);
	for (const char *p = sim_log(); (p = strstr(p, "TCP_MISS/200")) != NULL; p++)
		n++;
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(o.n_opened, 1); /* by one connection */
	ck_assert(ends(c, "hello"));
}
END_TEST

static void on_tunnel_client(struct sim_peer *p, enum sim_event ev, void *arg UNUSED)
{
	if (ev == SIM_BYTES && ends(p, "\r\n\r\nthrough the tunnel"))
		sim_fin(p);
}

START_TEST(a_tunnel_carries_both_ways_and_closes_by_halves)
{
	sim_set_line(&lines[_i]);
	sim_serve(&origin_at, SIM_ACCEPT, 0, on_echo, NULL);
	struct sim_peer *c = sim_proxy_client(CONNECT "through the tunnel", on_tunnel_client, NULL);

	sim_proxy_run(&sp);
	ck_assert(starts(c, "HTTP/1.1 200 "));
	ck_assert(ends(c, "\r\n\r\nthrough the tunnel"));
	ck_assert(sim_saw_fin(c) && !sim_saw_reset(c));
	ck_assert_msg(strncmp(sim_log(), "TCP_TUNNEL/200 ", 15) == 0, "%s", sim_log());
}
END_TEST

/* --- limits of time --------------------------------------------------------------------------- */

/* When the client's connection ended, by FIN or reset. */
static int64_t ended_ms;

static void on_client(struct sim_peer *p, enum sim_event ev, void *arg UNUSED)
{
	if (ev != SIM_FIN && ev != SIM_RESET)
		return;
	if (ended_ms < 0)
		ended_ms = sim_now_ms();
	if (ev == SIM_FIN && !sim_saw_reset(p))
		sim_fin(p);
}

static const struct {
	const char *name, *conf, *request, *reply;
	enum sim_fate fate;
	bool stalls; /* the client takes nothing */
	int64_t ended_ms;
	const char *status, *log; /* NULL: nothing */
} limits[] = {
	{ "request_start_timeout", "", "", NULL, SIM_ACCEPT, false, MINUTES(5), NULL, NULL },
	{ "request_start_timeout as configured", "request_start_timeout 7 seconds\n", "", NULL,
	  SIM_ACCEPT, false, 7000, NULL, NULL },
	{ "request_timeout", "request_timeout 20 seconds\n", "GET http://192.0.2.1/", NULL,
	  SIM_ACCEPT, false, 20000, "HTTP/1.1 408 ", "/408 " },
	{ "client_idle_pconn_timeout", "client_idle_pconn_timeout 30 seconds\n", GET, REPLY,
	  SIM_ACCEPT, false, 30000, "HTTP/1.1 200 ", "TCP_MISS/200 " },
	{ "connect_timeout", "connect_timeout 10 seconds\nclient_persistent_connections off\n", GET,
	  NULL, SIM_HANG, false, 10000, "HTTP/1.1 504 ", "/504 " },
	{ "forward_timeout", "forward_timeout 3 seconds\nclient_persistent_connections off\n", GET,
	  NULL, SIM_HANG, false, 3000, "HTTP/1.1 504 ", "/504 " },
	{ "connect_timeout of a tunnel",
	  "connect_timeout 10 seconds\nclient_persistent_connections off\n", CONNECT, NULL,
	  SIM_HANG, false, 10000, "HTTP/1.1 504 ", "/504 " },
	{ "read_timeout before the reply",
	  "read_timeout 40 seconds\nclient_persistent_connections off\n", GET, NULL, SIM_ACCEPT,
	  false, 40000, "HTTP/1.1 504 ", "TCP_MISS/504 " },
	{ "read_timeout within the reply", "read_timeout 40 seconds\n", GET,
	  "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell", SIM_ACCEPT, false, 40000,
	  "HTTP/1.1 200 ", "TCP_MISS_TIMEDOUT/200 " },
	{ "read_timeout of a tunnel", "read_timeout 40 seconds\n", CONNECT, NULL, SIM_ACCEPT, false,
	  40000, "HTTP/1.1 200 ", "TCP_TUNNEL_TIMEDOUT/200 " },
	{ "an upload that stops", "read_timeout 40 seconds\n", POST "01234", REPLY, SIM_ACCEPT,
	  false, 40000, "HTTP/1.1 408 ", "/408 " },
};

START_TEST(each_limit_of_time_ends_what_it_is_for)
{
	char conf[300];
	struct origin o = { .reply = limits[_i].reply };

	teardown();
	snprintf(conf, sizeof(conf), ALLOW "%s", limits[_i].conf);
	sim_proxy_start(&sp, conf);
	ended_ms = -1;
	o.body = strncmp(limits[_i].request, "POST", 4) == 0 ? 10 : 0;
	sim_serve(&origin_at, limits[_i].fate, 0, on_origin, &o);
	struct sim_peer *c = sim_proxy_client(limits[_i].request, on_client, NULL);

	sim_proxy_run(&sp);
	ck_assert_msg(ended_ms == limits[_i].ended_ms, "%s: ended after %lld ms", limits[_i].name,
	              (long long)ended_ms);
	ck_assert_msg(limits[_i].status != NULL ? starts(c, limits[_i].status)
	                                        : sim_received(c).n == 0,
	              "%s: %.*s", limits[_i].name, SPAN_ARG(sim_received(c)));
	ck_assert_msg(limits[_i].log != NULL ? strstr(sim_log(), limits[_i].log) != NULL
	                                     : sim_log()[0] == '\0',
	              "%s: %s", limits[_i].name, sim_log());
}
END_TEST

Suite *suite_requests(void);
Suite *suite_requests(void)
{
	Suite *s = suite_create("requests");
	TCase *t = tcase_create("requests");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, replies_arrive_whole_however_bytes_travel, 0,
	                    ARRAY_LEN(roads) * ARRAY_LEN(lines));
	tcase_add_test(t, pipelined_requests_are_answered_in_order);
	tcase_add_loop_test(t, a_tunnel_carries_both_ways_and_closes_by_halves, 0,
	                    ARRAY_LEN(lines));
	tcase_add_loop_test(t, each_limit_of_time_ends_what_it_is_for, 0, ARRAY_LEN(limits));
	suite_add_tcase(s, t);
	return s;
}
