/*
 * The native format: lines as Squid writes them, and what remote text can do to them.
 */
#include "log/access_log.h"
#include "tests/unit/unit.h"

static struct log_rec sample(void)
{
	struct log_rec rec = {
		.end_us = 1795168909771999,
		.duration_us = 123456,
		.status = 200,
		.result = LOG_TCP_MISS,
		.hier = LOG_HIER_DIRECT,
		.why = WHY_DONE,
		.client_out_bytes = 4321,
		.method = SPAN("GET"),
		.url = SPAN("http://example.com/a?secret=1"),
		.content_type = SPAN("text/html; charset=utf-8"),
	};

	ck_assert(ip_parse(SPAN("192.0.2.7"), &rec.client.ip));
	ck_assert(ip_parse(SPAN("2001:db8::1"), &rec.server.ip));
	return rec;
}

static struct span format(const struct log_rec *rec, const struct log_conf *c, char *buf,
                          size_t cap)
{
	return span_of(buf, log_format_native(rec, c, buf, cap));
}

static void alter_nothing(struct log_rec *rec, struct log_conf *c)
{
	(void)rec;
	(void)c;
}

static void alter_keep_query(struct log_rec *rec, struct log_conf *c)
{
	(void)rec;
	c->strip_query_terms = false;
}

/* Squid 5.7 was seen to write this line when a client connects and leaves. */
static void alter_nothing_sent(struct log_rec *rec, struct log_conf *c)
{
	(void)c;
	*rec = (struct log_rec){ .end_us = 1795168909771000,
		                 .client = rec->client,
		                 .url = SPAN("error:transaction-end-before-headers") };
}

static void alter_aborted(struct log_rec *rec, struct log_conf *c)
{
	(void)c;
	rec->why = WHY_CLIENT_GONE;
	rec->status = 0;
	rec->hier = LOG_HIER_NONE;
	rec->server = (struct endpoint){ 0 };
}

static void alter_timed_out(struct log_rec *rec, struct log_conf *c)
{
	(void)c;
	rec->why = WHY_ORIGIN_TIMEOUT;
	rec->status = 504;
}

static void alter_connect(struct log_rec *rec, struct log_conf *c)
{
	(void)c;
	rec->method = SPAN("CONNECT");
	rec->url = SPAN("example.com:443");
	rec->result = LOG_TCP_TUNNEL;
	rec->content_type = SPAN_NULL;
	rec->duration_us = 12345678901;
}

static void alter_mask(struct log_rec *rec, struct log_conf *c)
{
	(void)rec;
	ck_assert(ip_parse(SPAN("255.255.255.0"), &c->client_netmask));
}

static void alter_mask_other_family(struct log_rec *rec, struct log_conf *c)
{
	ck_assert(ip_parse(SPAN("255.255.255.0"), &c->client_netmask));
	ck_assert(ip_parse(SPAN("2001:db8::9"), &rec->client.ip));
}

static void alter_mask_v6(struct log_rec *rec, struct log_conf *c)
{
	ck_assert(ip_parse(SPAN("ffff:ffff::"), &c->client_netmask));
	ck_assert(ip_parse(SPAN("2001:db8::9"), &rec->client.ip));
}

/* As Squid 5.7 wrote the name of a user, but for the blank, which would make two columns of it. */
static void alter_user(struct log_rec *rec, struct log_conf *c)
{
	(void)c;
	rec->user = SPAN("a b%\n\"\xc3\xa4~@corp");
}

static void alter_control_in_url(struct log_rec *rec, struct log_conf *c)
{
	(void)c;
	rec->url = SPAN("http://h/%20\r\n1 <|>~");
}

static void alter_odd_url(struct log_rec *rec, struct log_conf *c)
{
	(void)c;
	rec->url = SPAN("http://127.0.0.1:1/a|b^c~[]{}\"'<>`\\");
}

static void alter_utf8_url(struct log_rec *rec, struct log_conf *c)
{
	(void)c;
	rec->url = SPAN("http://127.0.0.1:1/\xc3\xa4\xe2\x80\xa8x");
}

static const struct {
	const char *name;
	void (*alter)(struct log_rec *rec, struct log_conf *c);
	const char *want;
} lines[] = {
	{ "an ordinary line; the query is cut, the type's parameters too", alter_nothing,
	  "1795168909.771    123 192.0.2.7 TCP_MISS/200 4321 GET http://example.com/a? - "
	  "HIER_DIRECT/2001:db8::1 text/html\n" },
	{ "strip_query_terms off", alter_keep_query,
	  "1795168909.771    123 192.0.2.7 TCP_MISS/200 4321 GET http://example.com/a?secret=1 - "
	  "HIER_DIRECT/2001:db8::1 text/html\n" },
	{ "a connection without a request", alter_nothing_sent,
	  "1795168909.771      0 192.0.2.7 NONE_NONE/000 0 - error:transaction-end-before-headers "
	  "- "
	  "HIER_NONE/- -\n" },
	{ "an aborted request", alter_aborted,
	  "1795168909.771    123 192.0.2.7 TCP_MISS_ABORTED/000 4321 GET http://example.com/a? - "
	  "HIER_NONE/- text/html\n" },
	{ "a timeout", alter_timed_out,
	  "1795168909.771    123 192.0.2.7 TCP_MISS_TIMEDOUT/504 4321 GET http://example.com/a? - "
	  "HIER_DIRECT/2001:db8::1 text/html\n" },
	{ "a tunnel longer than the column", alter_connect,
	  "1795168909.771 12345678 192.0.2.7 TCP_TUNNEL/200 4321 CONNECT example.com:443 - "
	  "HIER_DIRECT/2001:db8::1 -\n" },
	{ "client_netmask", alter_mask,
	  "1795168909.771    123 192.0.2.0 TCP_MISS/200 4321 GET http://example.com/a? - "
	  "HIER_DIRECT/2001:db8::1 text/html\n" },
	{ "an IPv4 mask leaves IPv6 clients alone", alter_mask_other_family,
	  "1795168909.771    123 2001:db8::9 TCP_MISS/200 4321 GET http://example.com/a? - "
	  "HIER_DIRECT/2001:db8::1 text/html\n" },
	{ "an IPv6 mask", alter_mask_v6,
	  "1795168909.771    123 2001:db8:: TCP_MISS/200 4321 GET http://example.com/a? - "
	  "HIER_DIRECT/2001:db8::1 text/html\n" },
	{ "a user's name is encoded with its per cent signs", alter_user,
	  "1795168909.771    123 192.0.2.7 TCP_MISS/200 4321 GET http://example.com/a? "
	  "a%20b%25\\n\"%c3%a4~@corp HIER_DIRECT/2001:db8::1 text/html\n" },
	{ "a control character has the whole URL encoded", alter_control_in_url,
	  "1795168909.771    123 192.0.2.7 TCP_MISS/200 4321 GET "
	  "http://h/%20%0D%0A1%20%3C%7C%3E%7E "
	  "- HIER_DIRECT/2001:db8::1 text/html\n" },
	{ "odd but harmless characters stay", alter_odd_url,
	  "1795168909.771    123 192.0.2.7 TCP_MISS/200 4321 GET "
	  "http://127.0.0.1:1/a|b^c~[]{}\"'<>`\\ - HIER_DIRECT/2001:db8::1 text/html\n" },
	{ "UTF-8 is encoded", alter_utf8_url,
	  "1795168909.771    123 192.0.2.7 TCP_MISS/200 4321 GET "
	  "http://127.0.0.1:1/%C3%A4%E2%80%A8x - HIER_DIRECT/2001:db8::1 text/html\n" },
};

START_TEST(line_is_squids)
{
	struct log_rec rec = sample();
	struct log_conf c;
	char buf[1024];

	log_conf_init(&c);
	lines[_i].alter(&rec, &c);
	const struct span got = format(&rec, &c, buf, sizeof(buf)), want = span_str(lines[_i].want);

	ck_assert_msg(span_eq(got, want), "%s: got %.*s, want %.*s", lines[_i].name, SPAN_ARG(got),
	              SPAN_ARG(want));
	ck_assert_uint_le(got.n, log_native_max(&rec));
}
END_TEST

static unsigned count_bytes(struct span s, char c)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

/* Ten fields, one line, printable ASCII, whatever one field holds. */
static void assert_harmless(unsigned field, struct span evil)
{
	static const size_t at[] = {
		offsetof(struct log_rec, method),      offsetof(struct log_rec, url),
		offsetof(struct log_rec, user),        offsetof(struct log_rec, content_type),
		offsetof(struct log_rec, server_name), offsetof(struct log_rec, rule),
		offsetof(struct log_rec, rule_place),  offsetof(struct log_rec, reported),
		offsetof(struct log_rec, shadow),      offsetof(struct log_rec, detail),
	};
	struct log_rec rec = sample();
	struct log_conf c;
	char buf[1024];

	log_conf_init(&c);
	const unsigned blanks = count_bytes(format(&rec, &c, buf, sizeof(buf)), ' ');

	ck_assert_uint_lt(field, ARRAY_LEN(at));
	memcpy((char *)&rec + at[field], &evil, sizeof(evil));
	const struct span got = format(&rec, &c, buf, sizeof(buf));

	ck_assert_uint_eq(count_bytes(got, ' '), blanks);
	for (size_t i = 0; i + 1 < got.n; i++)
		ck_assert_msg(got.p[i] > 0x1f && got.p[i] < 0x7f, "field %u", field);
	ck_assert_int_eq(got.p[got.n - 1], '\n');
}

START_TEST(no_byte_forges_a_line)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		const char text[] = { 'a', (char)byte, 'b' };

		for (unsigned field = 0; field < 9; field++)
			assert_harmless(field, span_of(text, sizeof(text)));
	}
}
END_TEST

START_TEST(line_that_does_not_fit_still_ends)
{
	const struct log_rec rec = sample();
	char whole[1024], buf[1024];
	struct log_conf c;

	log_conf_init(&c);
	const size_t n = log_format_native(&rec, &c, whole, sizeof(whole));

	for (size_t cap = 2; cap <= n + 1; cap++) {
		const size_t got = log_format_native(&rec, &c, buf, cap);

		ck_assert_uint_eq(got, MIN(cap, n));
		ck_assert_int_eq(buf[got - 1], '\n');
		ck_assert_mem_eq(buf, whole, got - 1);
	}
}
END_TEST

START_TEST(line_at_its_longest_fits_the_bound)
{
	struct log_rec rec = sample();
	char text[200], buf[4096];
	struct log_conf c;

	log_conf_init(&c);
	memset(text, '\n', sizeof(text));
	rec.method = rec.url = rec.user = rec.content_type = span_of(text, sizeof(text));
	rec.end_us = rec.duration_us = INT64_MAX;
	rec.client_out_bytes = UINT64_MAX;
	rec.status = UINT16_MAX;
	rec.result = LOG_TCP_REFRESH_UNMODIFIED;
	rec.hier = LOG_CLOSEST_PARENT_MISS;
	rec.why = WHY_ORIGIN_TIMEOUT;
	memset(&rec.client.ip, 0xfe, sizeof(rec.client.ip));
	memset(&rec.server.ip, 0xfe, sizeof(rec.server.ip));
	const size_t n = log_format_native(&rec, &c, buf, sizeof(buf));

	ck_assert_uint_lt(n, sizeof(buf));
	ck_assert_uint_le(n, log_native_max(&rec));
}
END_TEST

START_TEST(codes_have_squids_words)
{
	ck_assert_str_eq(log_result_text(LOG_NONE_NONE), "NONE_NONE");
	ck_assert_str_eq(log_result_text(LOG_TCP_TUNNEL), "TCP_TUNNEL");
	ck_assert_str_eq(log_hier_text(LOG_HIER_NONE), "HIER_NONE");
	ck_assert_str_eq(log_hier_text(LOG_ANY_OLD_PARENT), "ANY_OLD_PARENT");
}
END_TEST

Suite *suite_native(void);
Suite *suite_native(void)
{
	Suite *s = suite_create("native");
	TCase *t = tcase_create("native");

	tcase_add_loop_test(t, line_is_squids, 0, ARRAY_LEN(lines));
	tcase_add_test(t, no_byte_forges_a_line);
	tcase_add_test(t, line_that_does_not_fit_still_ends);
	tcase_add_test(t, line_at_its_longest_fits_the_bound);
	tcase_add_test(t, codes_have_squids_words);
	suite_add_tcase(s, t);
	return s;
}
