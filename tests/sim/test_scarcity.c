/*
 * Too little memory, too few descriptors: what is refused, in which order, that nothing breaks, and
 * that everything works again afterwards.
 */
#include "base/budget.h"
#include "base/counters.h"
#include "tests/sim/play.h"
#include "tests/sim/sim_fault.h"
#include "tests/unit/unit.h"

#define CONNECT "CONNECT " PLAY_ORIGIN ":80 HTTP/1.1\r\nHost: " PLAY_ORIGIN ":80\r\n\r\n"
#define NAMED   "GET http://www.example/a HTTP/1.1\r\nHost: www.example\r\n\r\n"
#define TO_NAME "CONNECT www.example:80 HTTP/1.1\r\nHost: www.example:80\r\n\r\n"
#define IDLES   PLAY_ALLOW "client_idle_pconn_timeout 1 hour\nserver_idle_pconn_timeout 1 hour\n"
#define LIMIT   ((uint64_t)64 << 20)

static struct sim_proxy sp;
static struct play_origin origin;
static uint64_t ballast; /* taken by the test */

static void begin(void)
{
	static const struct sim_answer here = { .ips = PLAY_ORIGIN, .ttl_s = 3600 };

	origin = (struct play_origin){ .reply = { PLAY_HELLO } };
	sim_proxy_start(&sp, IDLES);
	play_serve(&origin, PLAY_ORIGIN);
	sim_name("www.example", &here, NULL);
}

static void end(void)
{
	sim_proxy_stop(&sp);
	play_origin_fini(&origin);
}

/* Of the memory, this share is in use elsewhere, in thousandths of memory_limit. */
static void press(unsigned share)
{
	if (ballast != 0)
		budget_give(BUDGET_FIXED, (size_t)ballast);
	ballast = LIMIT / 1000 * share;
	if (ballast != 0)
		ck_assert(budget_take(BUDGET_FIXED, (size_t)ballast));
}

static void setup(void)
{
	budget_init(LIMIT);
	begin();
}

static void teardown(void)
{
	press(0);
	end();
	budget_init(0);
}

static void run(void)
{
	sim_proxy_run_for(&sp, 1000);
}

/* One more request of this client; the status of its answer, 0: none. */
static unsigned ask(struct play_client *c, const char *request)
{
	uint64_t status = 0;

	sim_take(c->peer, sim_received(c->peer).n);
	if (!sim_can_send(c->peer))
		return 0;
	sim_send(c->peer, span_str(request));
	run();
	if (!play_starts(c->peer, "HTTP/1.1 "))
		return 0;
	ck_assert(span_to_u64(span_of(sim_received(c->peer).p + 9, 3), &status));
	return (unsigned)status;
}

static unsigned ask_anew(const char *request)
{
	struct play_client c = { 0 };

	play_client(&c, "");
	run();
	return ask(&c, request);
}

/* --- memory_limit, in the order of base/budget.tbl.h ------------------------------------------ */

static const struct {
	unsigned share;
	bool keeps_names, keeps_idle, accepts, serves;
} pressures[] = {
	{ 500, true, true, true, true },      { 725, true, true, true, true },
	{ 775, false, true, true, true },     { 840, false, false, true, true },
	{ 910, false, false, true, true },    { 970, false, false, false, true },
	{ 1010, false, false, false, false },
};

static bool is_refused(uint64_t before)
{
	return counters_sum(COUNT_MEMORY_REFUSED) > before;
}

START_TEST(memory_is_refused_in_the_written_order)
{
	struct play_client old = { 0 };
	const uint64_t refused = counters_sum(COUNT_MEMORY_REFUSED);
	const uint64_t not_accepted = counters_sum(COUNT_ACCEPT_REFUSED);

	play_client(&old, "");
	run();
	press(910); /* a buffer that was lent before would be lent again */
	ck_assert_uint_eq(ask(&old, "GET" PLAY_HEAD "X: y\r\n\r\n"), 200);
	press(pressures[_i].share);
	const unsigned opened = origin.n_opened;

	ck_assert_uint_eq(ask(&old, NAMED), pressures[_i].serves ? 200 : 503);
	ck_assert_uint_eq(ask(&old, NAMED), pressures[_i].serves ? 200 : 0);
	ck_assert_uint_eq(ask(&old, TO_NAME), pressures[_i].serves ? 200 : 0);
	if (pressures[_i].serves) {
		const unsigned dials = pressures[_i].keeps_idle ? 2 : 3;

		ck_assert_uint_eq(sim_queries(), pressures[_i].keeps_names ? 2 : 2 * dials);
		ck_assert_uint_eq(origin.n_opened - opened, dials);
	}
	ck_assert_uint_eq(ask_anew(PLAY_GET), pressures[_i].accepts ? 200 : 0);
	ck_assert_uint_eq(counters_sum(COUNT_ACCEPT_REFUSED) - not_accepted,
	                  !pressures[_i].accepts);
	if (!pressures[_i].keeps_names)
		ck_assert(is_refused(refused));
	press(0);
	ck_assert_uint_eq(ask_anew(NAMED), 200);
	ck_assert_uint_eq(ask_anew(CONNECT), 200);
}
END_TEST

START_TEST(a_tunnel_without_memory_ends_and_the_next_one_works)
{
	struct play_client c = { 0 }, d = { 0 };

	play_client(&c, CONNECT);
	play_client(&d, CONNECT);
	run();
	press(910); /* buffers are not kept for others, so none is left after some exchanges */
	for (int i = 0; i < 8; i++) {
		sim_send(i % 2 == 0 ? c.peer : d.peer, SPAN("some bytes"));
		run();
	}
	ck_assert(play_ends(origin.peer, "some bytes"));
	press(1010);
	sim_send(c.peer, SPAN("more bytes"));
	run();
	ck_assert(sim_saw_reset(c.peer));
	ck_assert(!sim_saw_reset(d.peer)); /* who needs nothing keeps what it has */
	press(0);
	sim_send(d.peer, SPAN("bytes"));
	run();
	ck_assert(play_ends(origin.peer, "bytes"));
	ck_assert_uint_eq(ask_anew(CONNECT), 200);
}
END_TEST

/* --- lookups ---------------------------------------------------------------------------------- */

#define CROWD 140 /* as many names, in both families, as may be looked up at a time, and more */
#define SHARE 32  /* a quarter of it */

/* Connects from that address and asks. */
static struct sim_peer *ask_from(const char *address, bool tunnel, const char *name)
{
	struct endpoint to = { .ip = ip_from_v4(INADDR_LOOPBACK), .port = 3128 };
	struct endpoint from = { .port = 50000 };
	char text[256];

	CHECK(ip_parse(span_str(address), &from.ip));
	snprintf(text, sizeof(text), "%s%s%s HTTP/1.1\r\nHost: %s%s\r\n\r\n",
	         tunnel ? "CONNECT " : "GET http://", name, tunnel ? ":80" : "/a", name,
	         tunnel ? ":80" : "");
	struct sim_peer *c = sim_connect(&to, &from, NULL, NULL);

	sim_send(c, span_str(text));
	return c;
}

static const struct {
	const char *conf;
	bool tunnel;
} asking[] = {
	{ "", false },
	{ "", true },
	{ "acl a dst 192.0.2.99\nhttp_access deny a\n", false },
};

START_TEST(a_client_with_names_that_nobody_answers_leaves_room_for_others)
{
	static const struct sim_answer silence = { .err = ERR_DNS_TIMEOUT };
	static char names[CROWD][32];
	struct sim_peer *crowd[CROWD];
	const uint64_t refused = counters_sum(COUNT_DNS_CLIENT_REFUSED);
	char conf[256];

	snprintf(conf, sizeof(conf), "ipcache_size 1\n%s" IDLES, asking[_i].conf);
	sim_proxy_reload(&sp, conf);
	for (unsigned i = 0; i < CROWD; i++) {
		snprintf(names[i], sizeof(names[i]), "n%u.example", i);
		sim_name(names[i], &silence, &silence);
		crowd[i] = ask_from("198.51.100.7", asking[_i].tunnel, names[i]);
	}
	sim_proxy_run_for(&sp, 100);
	for (unsigned i = 0; i < CROWD; i++)
		ck_assert_msg(i < SHARE ? sim_received(crowd[i]).n == 0
		                        : play_starts(crowd[i], "HTTP/1.1 503 "),
		              "client %u: %.*s", i, SPAN_ARG(sim_received(crowd[i])));
	ck_assert_uint_eq(counters_sum(COUNT_DNS_CLIENT_REFUSED) - refused, 2 * (CROWD - SHARE));
	struct sim_peer *other = ask_from("198.51.100.8", asking[_i].tunnel, "www.example");

	sim_proxy_run_for(&sp, 100);
	ck_assert(play_starts(other, "HTTP/1.1 200 "));
	/* Afterwards the first one has its share again. */
	sim_proxy_run_for(&sp, MINUTES(1));
	ck_assert(play_starts(crowd[0], "HTTP/1.1 50"));
	ck_assert_uint_eq(ask_anew(NAMED), 200);
}
END_TEST

/* --- descriptors ------------------------------------------------------------------------------ */

#define CLIENTS 12

START_TEST(clients_wait_for_descriptors_and_are_served)
{
	struct play_client c[CLIENTS] = { { 0 } };
	const uint64_t pauses = counters_sum(COUNT_ACCEPT_PAUSES);

	sim_set_fd_limit(1 + CLIENTS / 2 + 1);
	for (size_t i = 0; i < CLIENTS; i++)
		play_client(&c[i], "GET" PLAY_HEAD "Connection: close\r\n\r\n");
	sim_proxy_run_for(&sp, MINUTES(5));
	for (size_t i = 0; i < CLIENTS; i++)
		ck_assert_msg(play_starts(c[i].peer, "HTTP/1.1 200 ") ||
		                      play_starts(c[i].peer, "HTTP/1.1 503 "),
		              "client %zu: %.*s", i, SPAN_ARG(sim_received(c[i].peer)));
	ck_assert_uint_gt(counters_sum(COUNT_ACCEPT_PAUSES), pauses);
	sim_set_fd_limit(0);
	ck_assert_uint_eq(ask_anew(PLAY_GET), 200);
}
END_TEST

START_TEST(without_a_descriptor_for_the_origin_there_is_an_error_page)
{
	struct play_client c = { 0 };

	play_client(&c, "");
	run();
	sim_set_fd_limit(2); /* the listener and this client */
	ck_assert_uint_eq(ask(&c, _i == 0 ? PLAY_GET : CONNECT), 503);
	ck_assert(play_has(c.peer, "ERR_SOCKET_FAILURE"));
	sim_set_fd_limit(0);
	ck_assert_uint_eq(ask_anew(PLAY_GET), 200);
}
END_TEST

/* A connection that idles in the pool is closed for one that is wanted. */
START_TEST(idle_connections_give_way)
{
	static const char *const wanted[] = {
		"GET http://192.0.2.2/ HTTP/1.1\r\nHost: 192.0.2.2\r\n\r\n",
		"CONNECT 192.0.2.2:80 HTTP/1.1\r\nHost: 192.0.2.2:80\r\n\r\n",
	};
	struct play_origin other = { .reply = { PLAY_HELLO } };
	struct play_client c = { 0 };

	play_serve(&other, "192.0.2.2");
	play_client(&c, "");
	run();
	ck_assert_uint_eq(ask(&c, PLAY_GET), 200);
	ck_assert_uint_eq(sim_open_fds(), 3);
	sim_set_fd_limit(3);
	ck_assert_uint_eq(ask(&c, wanted[_i]), 200);
	play_origin_fini(&other);
}
END_TEST

/* --- each in turn ----------------------------------------------------------------------------- */

#define UPLOAD                                                                                     \
	"PUT http://www.example/a HTTP/1.1\r\nHost: www.example\r\nTransfer-Encoding: chunked\r\n" \
	"\r\n5\r\n01234\r\n0\r\nX-Sum: 1\r\n\r\n"
#define CHUNKS                                                                                     \
	"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"                                           \
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"

static const struct {
	const char *name, *request, *reply;
	size_t bulk;    /* bytes that follow both ways */
	size_t padding; /* bytes of a field that is added to both heads */
} scenarios[] = {
	{ "two requests, names, chunks, trailers", UPLOAD NAMED, CHUNKS, 0, 0 },
	{ "a tunnel", CONNECT, "", 200000, 0 },
	{ "a large body both ways", "PUT" PLAY_HEAD "Content-Length: 400000\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n", 400000, 0 },
	{ "large heads both ways", PLAY_GET, PLAY_HELLO, 0, 40000 },
};

static char *filler;

/* The head with one more field of that many bytes. malloc'ed. */
static char *padded(const char *text, size_t padding)
{
	const char *end = strstr(text, "\r\n\r\n");
	char *out = check_calloc(1, strlen(text) + padding + 8);

	if (padding == 0 || end == NULL) {
		memcpy(out, text, strlen(text));
		return out;
	}
	const size_t head = (size_t)(end + 2 - text);

	memcpy(out, text, head);
	memcpy(out + head, "X: ", 3);
	memset(out + head + 3, 'v', padding);
	memcpy(out + head + 3 + padding, "\r\n", 2);
	memcpy(out + head + 5 + padding, end + 2, strlen(end + 2));
	return out;
}

/* Takes everything, answers when the first of it comes, and sends the bulk behind. */
static void on_bulk(struct sim_peer *p, enum sim_event ev, void *arg)
{
	const size_t bulk = *(const size_t *)arg;

	if (ev == SIM_FIN && sim_can_send(p))
		sim_fin(p);
	if (ev != SIM_BYTES)
		return;
	sim_take(p, sim_received(p).n);
	if (origin.answered == p || !sim_can_send(p))
		return;
	origin.answered = p;
	sim_send(p, span_str(origin.reply[0]));
	sim_send(p, span_of(filler, bulk));
}

/* How many times something could have failed. `whole`: what the client gets if nothing does. */
static unsigned play_scenario(size_t i, unsigned fault, struct play_client *c)
{
	struct endpoint at = { .port = 80 };
	char *request = padded(scenarios[i].request, scenarios[i].padding);
	char *reply = padded(scenarios[i].reply, scenarios[i].padding);

	ck_assert(ip_parse(SPAN(PLAY_ORIGIN), &at.ip));
	origin.reply[0] = reply;
	if (scenarios[i].bulk != 0)
		sim_serve(&at, SIM_ACCEPT, 0, on_bulk, (void *)(uintptr_t)&scenarios[i].bulk);
	sim_fault_at(fault);
	play_client(c, request);
	sim_send(c->peer, span_of(filler, scenarios[i].bulk));
	sim_proxy_run_for(&sp, HOURS(26));
	free(request);
	free(reply);
	const unsigned n = sim_fault_count();

	sim_fault_at(0);
	return n;
}

/* A tunnel and a refusal have no end that tells; anything else that looks whole must be. */
static void check_scenario(size_t i, unsigned fault, const struct play_client *c, struct span whole)
{
	const struct span got = sim_received(c->peer);
	const char *name = scenarios[i].name;

	ck_assert_msg(sp.worker->n_sessions + sp.worker->n_tunnels == 0,
	              "%s, %u: something is left", name, fault);
	ck_assert_msg(sim_open_fds() == 1, "%s, %u: descriptors are left", name, fault);
	ck_assert_msg(c->ended_ms >= 0, "%s, %u: a hang", name, fault);
	const bool is_honest = span_starts(whole, got) || sim_saw_reset(c->peer) ||
	                       play_count(got, "HTTP/1.1 503 ") == 1;

	ck_assert_msg(is_honest, "%s, %u: %.*s, whole: %.*s", name, fault,
	              (int)MIN(got.n, (size_t)1000), got.p, (int)MIN(whole.n, (size_t)1000),
	              whole.p);
}

START_TEST(each_failure_is_survived)
{
	struct play_client c = { 0 };
	const size_t i = (size_t)_i;

	filler = check_calloc(1, 400000);
	const unsigned n = play_scenario(i, 0, &c);
	const struct span got = sim_received(c.peer);
	const size_t whole_n = got.n;
	char *whole = check_malloc(whole_n);

	memcpy(whole, got.p, whole_n);
	ck_assert_msg(n > 5, "%s: only %u could fail", scenarios[i].name, n);
	ck_assert_uint_gt(got.n, scenarios[i].bulk);
	for (unsigned fault = 1; fault <= n; fault++) {
		end();
		begin();
		(void)play_scenario(i, fault, &c);
		check_scenario(i, fault, &c, span_of(whole, whole_n));
		/* And then everything works again. */
		play_serve(&origin, PLAY_ORIGIN);
		origin.reply[0] = PLAY_HELLO;
		ck_assert_uint_eq(ask_anew(NAMED), 200);
	}
	free(whole);
	free(filler);
}
END_TEST

Suite *suite_scarcity(void);
Suite *suite_scarcity(void)
{
	Suite *s = suite_create("scarcity");
	TCase *t = tcase_create("scarcity");

	tcase_set_timeout(t, 240);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, memory_is_refused_in_the_written_order, 0, ARRAY_LEN(pressures));
	tcase_add_test(t, a_tunnel_without_memory_ends_and_the_next_one_works);
	tcase_add_loop_test(t, a_client_with_names_that_nobody_answers_leaves_room_for_others, 0,
	                    ARRAY_LEN(asking));
	tcase_add_test(t, clients_wait_for_descriptors_and_are_served);
	tcase_add_loop_test(t, without_a_descriptor_for_the_origin_there_is_an_error_page, 0, 2);
	tcase_add_loop_test(t, idle_connections_give_way, 0, 2);
	tcase_add_loop_test(t, each_failure_is_survived, 0, ARRAY_LEN(scenarios));
	suite_add_tcase(s, t);
	return s;
}
