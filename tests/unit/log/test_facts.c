/*
 * The format facts: what is packed is what is read, and no text can break a line.
 */
#include "log/facts.h"
#include "log/line_int.h"
#include "tests/unit/unit.h"

static struct arena arena;

static void setup(void)
{
	arena_init(&arena);
}

static void teardown(void)
{
	arena_fini(&arena);
}

static struct http_head *request_of(const char *method)
{
	struct http_head *h = ARENA_NEW(&arena, struct http_head);

	http_head_init(h, &arena);
	h->method_name = span_str(method);
	h->method = http_method_of(h->method_name);
	h->version = 11;
	return h;
}

/* A request with everything; the caller takes away or changes. */
static struct facts full(void)
{
	struct facts f = { .port_name = SPAN("inside"),
		           .weekday = 4,
		           .minute = 754,
		           .method = HTTP_GET,
		           .method_name = SPAN("GET"),
		           .url = SPAN("http://www.example.com/a%20b?c=d"),
		           .src_name = SPAN("client.example"),
		           .dst_name = SPAN("srv.example"),
		           .user = SPAN("alice"),
		           .draw = UINT64_MAX,
		           .connections = 3,
		           .peer = SPAN("up"),
		           .hier_code = SPAN("HIER_DIRECT"),
		           .initiator = SPAN("client"),
		           .mark = UINT32_MAX,
		           .error = SPAN("ERR_DNS_FAIL"),
		           .is_client_encrypted = true };
	struct notes *notes = ARENA_NEW(&arena, struct notes);
	struct http_head *h = request_of("GET"), *rep = ARENA_NEW(&arena, struct http_head);
	struct ip *dst = arena_alloc(&arena, 2 * sizeof(*dst));
	struct uri *u = ARENA_NEW(&arena, struct uri);
	const char *detail;

	memset(f.state, FACT_VALUE, sizeof(f.state));
	ck_assert(ip_parse(SPAN("192.0.2.7"), &f.src.ip) &&
	          ip_parse(SPAN("2001:db8::9"), &f.local.ip));
	f.src.port = 50000;
	f.local.port = 3128;
	ck_assert(ip_parse(SPAN("198.51.100.1"), &dst[0]) &&
	          ip_parse(SPAN("2001:db8::1"), &dst[1]));
	f.dst = dst;
	f.n_dst = 2;
	http_head_add(h, HTTP_F_USER_AGENT, SPAN("a b\xc3\xa4%\t\"="));
	http_head_add_named(h, SPAN("X-Two"), SPAN("1"));
	http_head_add_named(h, SPAN("x-two"), SPAN("-"));
	http_head_add_named(h, SPAN("X-Empty"), SPAN(""));
	http_head_add(h, HTTP_F_AUTHORIZATION, SPAN("Basic secret"));
	http_head_add_named(h, SPAN("X-Unasked"), SPAN("private"));
	f.request = h;
	http_head_init(rep, &arena);
	rep->status = 206;
	http_head_add(rep, HTTP_F_CONTENT_TYPE, SPAN("text/html; a=b"));
	f.reply = rep;
	ck_assert(uri_parse_absolute(f.url, &arena, u, &detail));
	f.uri = u;
	notes_add(notes, &arena, SPAN("a=b c"), SPAN("1 2"));
	f.notes = notes;
	return f;
}

static struct log_facts_fields fields(void)
{
	struct log_facts_fields n = { 0 };

	ck_assert(log_names_add(&n.request, SPAN("User-Agent")));
	ck_assert(!log_names_add(&n.request, SPAN("user-agent")));
	ck_assert(log_names_add(&n.request, SPAN("X-Two")));
	ck_assert(log_names_add(&n.request, SPAN("X-Empty")));
	ck_assert(log_names_add(&n.request, SPAN("X-None")));
	ck_assert(log_names_add(&n.request, SPAN("Authorization")));
	ck_assert(log_names_add(&n.reply, SPAN("Content-Type")));
	return n;
}

static struct span pack(const struct facts *f)
{
	struct log_facts_fields n = fields();
	const struct span s = log_facts_pack(f, &n, &arena);

	log_names_fini(&n.request);
	log_names_fini(&n.reply);
	return s;
}

static struct span line_of(const struct log_rec *rec)
{
	const size_t cap = 1 << 20;
	char *buf = arena_alloc(&arena, cap);
	struct log_line l = { buf, buf + cap, false };

	log_facts_line(&l, rec, -150);
	ck_assert(!l.is_cut);
	for (const char *p = buf; p != l.p; p++)
		ck_assert_msg(*p >= ' ' && *p < 0x7f, "byte %#x", (unsigned char)*p);
	return span_of(buf, (size_t)(l.p - buf));
}

static struct log_facts_record *read_line(struct span line)
{
	struct log_facts_record *rec = ARENA_NEW(&arena, struct log_facts_record);
	const char *error;

	ck_assert_msg(log_facts_read(line, &arena, rec, &error), "%s: %.*s", error, SPAN_ARG(line));
	return rec;
}

static struct log_facts_record *round_trip(const struct facts *f)
{
	const struct log_rec rec = { .start_us = 1795168909771999, .facts = pack(f) };

	return read_line(line_of(&rec));
}

START_TEST(test_line_as_documented)
{
	struct facts f = full();
	const struct log_rec rec = { .start_us = 1795168909071999,
		                     .id = 77,
		                     .verdict = LOG_VERDICT_DENY,
		                     .rule = SPAN("http_access deny bad"),
		                     .rule_place = SPAN("squid.conf:12"),
		                     .why = WHY_DENIED,
		                     .result = LOG_TCP_DENIED,
		                     .status = 403,
		                     .facts = pack(&f) };

	ck_assert_span(
		line_of(&rec),
		SPAN("facts=1 time=1795168909.071999 zone=-0230 id=77 verdict=deny "
	             "rule=http_access%20deny%20bad place=squid.conf:12 why=DENIED "
	             "result=TCP_DENIED "
	             "status=403 src=192.0.2.7:50000 local=[2001:db8::9]:3128 portname=inside "
	             "clock=4.754 method=GET url=http://www.example.com/a%2520b?c=d version=11 "
	             "req.user-agent=a%20b%C3%A4%25%09\"= req.x-two=1 req.x-two=%2D req.x-empty= "
	             "req.x-none=- encrypted=1 reply=206 rep.content-type=text/html;%20a=b "
	             "dst=198.51.100.1,2001:db8::1 srcname=client.example dstname=srv.example "
	             "user=alice notes=some note.a%3Db%20c=1%202 draw=18446744073709551615 "
	             "connections=3 peer=up hier=HIER_DIRECT initiator=client mark=4294967295 "
	             "error=ERR_DNS_FAIL"));
}
END_TEST

START_TEST(test_what_is_packed_is_read)
{
	const struct facts f = full();
	const struct log_facts_record *rec = round_trip(&f);
	const struct facts *g = &rec->facts;

	for (unsigned i = 0; i < FACT_N; i++)
		ck_assert_msg(g->state[i] == FACT_VALUE, "%s", fact_name((enum fact)i));
	ck_assert(ip_eq(&g->src.ip, &f.src.ip) && g->src.port == 50000);
	ck_assert(ip_eq(&g->local.ip, &f.local.ip) && g->local.port == 3128);
	ck_assert_span(g->port_name, f.port_name);
	ck_assert(g->weekday == 4 && g->minute == 754);
	ck_assert(g->method == HTTP_GET);
	ck_assert_span(g->method_name, f.method_name);
	ck_assert_span(g->url, f.url);
	ck_assert_span(g->uri->host, f.uri->host);
	ck_assert_span(g->uri->path, f.uri->path);
	ck_assert(g->n_dst == 2 && ip_eq(&g->dst[0], &f.dst[0]) && ip_eq(&g->dst[1], &f.dst[1]));
	ck_assert_span(g->src_name, f.src_name);
	ck_assert_span(g->dst_name, f.dst_name);
	ck_assert_span(g->user, f.user);
	ck_assert(g->request->version == 11 && g->reply->status == 206);
	ck_assert_span(http_head_get(g->request, HTTP_F_USER_AGENT)->value,
	               SPAN("a b\xc3\xa4%\t\"="));
	ck_assert_uint_eq(g->request->n_fields, 4);
	ck_assert_span(g->request->fields[1].value, SPAN("1"));
	ck_assert_span(g->request->fields[2].value, SPAN("-"));
	ck_assert_span(g->request->fields[3].value, SPAN(""));
	ck_assert_span(http_head_get(g->reply, HTTP_F_CONTENT_TYPE)->value, SPAN("text/html; a=b"));
	ck_assert_span(notes_find(g->notes, SPAN("a=b c")), SPAN("1 2"));
	ck_assert(g->draw == UINT64_MAX && g->connections == 3 && g->mark == UINT32_MAX);
	ck_assert_span(g->peer, f.peer);
	ck_assert_span(g->hier_code, f.hier_code);
	ck_assert_span(g->initiator, f.initiator);
	ck_assert_span(g->error, f.error);
	ck_assert(g->is_client_encrypted);
	ck_assert(rec->time_us == 1795168909771999 && rec->zone_minutes == -150);
}
END_TEST

START_TEST(test_what_is_told_of_fields)
{
	const struct facts f = full();
	const struct log_facts_record *rec = round_trip(&f);

	ck_assert(log_facts_tells(rec, false, SPAN("User-Agent")));
	ck_assert(log_facts_tells(rec, false, SPAN("X-None")));
	ck_assert(!log_facts_tells(rec, false, SPAN("X-Unasked")));
	ck_assert(!log_facts_tells(rec, false, SPAN("Content-Type")));
	ck_assert(log_facts_tells(rec, true, SPAN("content-type")));
	/* asked for, and yet kept back */
	ck_assert(!log_facts_tells(rec, false, SPAN("Authorization")));
}
END_TEST

static const enum fact_state states[] = { FACT_UNKNOWN, FACT_ABSENT, FACT_FAILED };

START_TEST(test_states)
{
	struct facts f = full();

	memset(f.state, (int)states[_i], sizeof(f.state));
	const struct log_facts_record *rec = round_trip(&f);

	for (unsigned i = 0; i < FACT_N; i++)
		if (i != FACT_CLOCK)
			ck_assert_msg(rec->facts.state[i] == states[_i], "%s",
			              fact_name((enum fact)i));
	ck_assert(rec->facts.request == NULL && rec->facts.reply == NULL && rec->facts.uri == NULL);
}
END_TEST

/* Any byte in any text comes back, and the line stays one line of the same words. */
START_TEST(test_any_byte)
{
	struct facts f = full();
	char bytes[3] = { 'x', (char)_i, 'y' };

	f.user = span_of(bytes, 3);
	f.src_name = span_of(bytes + 1, 1);
	const struct log_facts_record *rec = round_trip(&f);

	ck_assert_span(rec->facts.user, f.user);
	ck_assert_span(rec->facts.src_name, f.src_name);
}
END_TEST

/* date -u -d @N +'%w %H %M' */
static const struct {
	int64_t s;
	const char *zone;
	unsigned weekday, minute;
} clocks[] = {
	{ 0, "+0000", 4, 0 },
	{ 0, "-0100", 3, 23 * 60 },
	{ 1795168909, "+0000", 5, 10 * 60 + 1 },
	{ 1795168909, "+1400", 6, 1 },
	{ 1795168909, "-1130", 4, 22 * 60 + 31 },
};

START_TEST(test_clock_from_time_and_zone)
{
	const struct span line = arena_printf(&arena, "facts=1 time=%lld.000000 zone=%s",
	                                      (long long)clocks[_i].s, clocks[_i].zone);
	const struct log_facts_record *rec = read_line(line);

	ck_assert_uint_eq(rec->facts.weekday, clocks[_i].weekday);
	ck_assert_uint_eq(rec->facts.minute, clocks[_i].minute);
}
END_TEST

START_TEST(test_connect)
{
	const struct log_facts_record *rec =
		read_line(SPAN("facts=1 method=CONNECT url=[2001:db8::1]:443 new-key=ignored"));

	ck_assert(rec->facts.method == HTTP_CONNECT && rec->facts.uri->port == 443);
	ck_assert(rec->facts.uri->host_is_ip && rec->facts.uri->scheme == URI_NONE);
}
END_TEST

START_TEST(test_too_long)
{
	struct facts f = full();
	const size_t n = 70000;
	char *agent = arena_alloc(&arena, n);
	struct http_head *h = request_of("GET");

	memset(agent, 'x', n);
	http_head_add(h, HTTP_F_USER_AGENT, span_of(agent, n));
	f.request = h;
	const struct log_facts_record *rec = round_trip(&f);

	ck_assert(rec->is_cut);
	ck_assert(!log_facts_tells(rec, false, SPAN("User-Agent")));
	ck_assert(log_facts_tells(rec, false, SPAN("X-None")));
	ck_assert_span(rec->facts.user, f.user);
}
END_TEST

static const char *const refused[] = {
	"",
	"1795168909.771    123 192.0.2.7 TCP_MISS/200 4321 GET http://h/ - HIER_NONE/- -",
	"time=1.000000 facts=1",
	"facts=2",
	"facts=x",
	"facts=1 word",
	"facts=1 =x",
	"facts=1 time=1",
	"facts=1 time=1.5",
	"facts=1 time=99999999999999999999.000000",
	"facts=1 time=9223372036854775.000000",
	"facts=1 zone=0100",
	"facts=1 zone=+2400",
	"facts=1 src=192.0.2.1",
	"facts=1 src=192.0.2.1:70000",
	"facts=1 dst=192.0.2.1,",
	"facts=1 dst=192.0.2.1,,192.0.2.2",
	"facts=1 dst=x",
	"facts=1 clock=7.0",
	"facts=1 clock=1.1440",
	"facts=1 clock=1",
	"facts=1 user=%",
	"facts=1 user=%4",
	"facts=1 user=%xx",
	"facts=1 req.=x",
	"facts=1 req.a%20b=x",
	"facts=1 req.a=%0",
	"facts=1 status=1000",
	"facts=1 reply=x",
	"facts=1 version=100",
	"facts=1 method=GET url=no-url",
	"facts=1 method=CONNECT url=http://h/",
};

START_TEST(test_refused)
{
	struct log_facts_record rec;
	const char *error = NULL;

	ck_assert_msg(!log_facts_read(span_str(refused[_i]), &arena, &rec, &error), "%s",
	              refused[_i]);
	ck_assert(error != NULL);
}
END_TEST

Suite *suite_facts(void);
Suite *suite_facts(void)
{
	Suite *s = suite_create("facts");
	TCase *c = tcase_create("facts");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, test_line_as_documented);
	tcase_add_test(c, test_what_is_packed_is_read);
	tcase_add_test(c, test_what_is_told_of_fields);
	tcase_add_loop_test(c, test_states, 0, ARRAY_LEN(states));
	tcase_add_loop_test(c, test_any_byte, 0, 256);
	tcase_add_loop_test(c, test_clock_from_time_and_zone, 0, ARRAY_LEN(clocks));
	tcase_add_test(c, test_connect);
	tcase_add_test(c, test_too_long);
	tcase_add_loop_test(c, test_refused, 0, ARRAY_LEN(refused));
	suite_add_tcase(s, c);
	return s;
}
