/*
 * logformat: what the codes print, how values are written, what is refused.
 *
 * Wants are what Debian's squid 5.7 was seen to write for the same request, or what its
 * documentation says; where Cuttle differs on purpose, the name of the row says so.
 * tests/integration compares the two in one run.
 */
#include "log/access_log.h"
#include "log/format_int.h"
#include "tests/unit/unit.h"

static struct arena arena;
static char told[2048];

static void setup(void)
{
	arena_init(&arena);
	told[0] = '\0';
	setenv("TZ", "Etc/GMT-2", 1);
	tzset();
}

static void teardown(void)
{
	arena_fini(&arena);
}

static void tell(void *arg, bool is_error, const char *text)
{
	const size_t n = strlen(told);

	(void)arg;
	snprintf(told + n, sizeof(told) - n, "%s: %s\n", is_error ? "error" : "warning", text);
}

static void dash(void *arg, const char *code, const char *why)
{
	(void)why;
	tell(arg, false, code);
}

static const struct log_findings findings = { tell, NULL, dash };

/* The values that the formats below ask for, as a worker packs them. */
static struct span value_of(const struct log_field *f)
{
	static const struct {
		enum log_field_kind kind;
		const char *name;
		struct span value;
	} values[] = {
		{ LOG_FIELD_REQUEST, "User-Agent", SPAN("ag \"x\" [y] \\ b%c\t~ \xc3\xa4") },
		{ LOG_FIELD_REQUEST, "X-L", SPAN("a=1, b=2;c, d=\"x,y\", e") },
		{ LOG_FIELD_REQUEST, "X-Empty", SPAN("") },
		{ LOG_FIELD_REQUEST, "Referer", SPAN("http://r/") },
		{ LOG_FIELD_REQUEST, "Cookie", SPAN("s=1; t=2") },
		{ LOG_FIELD_REPLY, "X-R", SPAN("r") },
		{ LOG_FIELD_ALL_REQUEST, NULL, SPAN("A: [1]\r\nB: 2\r\n") },
		{ LOG_FIELD_ALL_REPLY, NULL, SPAN("HTTP/1.1 200 OK\r\n\r\n") },
		{ LOG_FIELD_NOTE, "k", SPAN("v,w") },
		{ LOG_FIELD_ALL_NOTES, NULL, SPAN("k: v\r\nk: w\r\n") },
		{ LOG_FIELD_CLIENT_MARK, NULL, SPAN("0x1f") },
	};

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (values[i].kind == f->kind &&
		    (f->name == NULL || strcmp(f->name, values[i].name) == 0))
			return values[i].value;
	return SPAN_NULL;
}

static struct span pack(const struct log_fields *set)
{
	struct log_pack k;

	ck_assert(log_pack_begin(&k, &arena, 4096, set->n));
	for (size_t i = 0; i < set->n; i++)
		log_pack_put(&k, value_of(&set->v[i]));
	return log_pack_end(&k);
}

static struct log_rec sample(void)
{
	struct log_rec rec = {
		.start_us = 1795168909648000,
		.end_us = 1795168909771999,
		.duration_us = 123456,
		.id = 77,
		.status = 200,
		.server_status = 206,
		.result = LOG_TCP_MISS,
		.hier = LOG_HIER_DIRECT,
		.why = WHY_DONE,
		.cause = WHY_DONE,
		.version = 11,
		.attempts = 2,
		.verdict = LOG_VERDICT_ALLOW,
		.client_in_bytes = 183,
		.client_head_bytes = 180,
		.client_out_bytes = 4321,
		.reply_head_bytes = 258,
		.server_in_bytes = 4063,
		.dns_us = -1,
		.peer_us = 1500,
		.server_us = 2999,
		.method = SPAN("GET"),
		.url = SPAN("http://example.com/a%20b?q=1"),
		.content_type = SPAN("text/html; charset=utf-8"),
		.server_name = SPAN("example.com"),
		.rule = SPAN("http_access allow all"),
		.rule_place = SPAN("squid.conf:12"),
		.client = { .port = 50000 },
		.local = { .port = 3128 },
		.server = { .port = 80 },
		.source = { .port = 40000 },
	};

	ck_assert(ip_parse(SPAN("192.0.2.7"), &rec.client.ip));
	ck_assert(ip_parse(SPAN("192.0.2.1"), &rec.local.ip));
	ck_assert(ip_parse(SPAN("2001:db8::1"), &rec.server.ip));
	ck_assert(ip_parse(SPAN("2001:db8::2"), &rec.source.ip));
	return rec;
}

static const struct log_format_conf plain = { .strip_query_terms = true };

static struct span run(struct log_format *f, struct log_rec *rec, size_t cap)
{
	static const struct log_fields empty;
	struct log_fields set = empty;
	char *buf = arena_alloc(&arena, cap);
	struct log_line l = { buf, buf + cap, false };
	struct log_state *s;

	log_format_bind(f, &plain, &set);
	rec->fields = pack(&set);
	s = log_state_new(f);
	log_format_line(f, s, rec, &l);
	log_state_free(&s);
	log_fields_fini(&set);
	return span_of(buf, (size_t)(l.p - buf));
}

static struct span format_line(const char *text, struct log_rec *rec)
{
	struct log_format *f = log_format_builtin(span_str(text));
	struct span line;

	if (f == NULL)
		f = log_format_new(SPAN("test"), span_str(text), &findings);
	ck_assert_msg(f != NULL, "%s: %s", text, told);
	line = run(f, rec, 8192);
	log_format_unref(&f);
	ck_assert(line.n != 0 && line.p[line.n - 1] == '\n');
	return span_of(line.p, line.n - 1);
}

/* --- codes ------------------------------------------------------------------------------------ */

static const struct {
	const char *format, *want;
} lines[] = {
	/* the client */
	{ "%>a %>p", "192.0.2.7 50000" },
	{ "%>A", "192.0.2.7" },
	{ "%la %>la %lp %>lp", "192.0.2.1 192.0.2.1 3128 3128" },
	{ "%transport::>connection_id %master_xaction", "77 77" },
	{ "%>nfmark", "0x1f" },
	/* the server */
	{ "%<a %<p %<A %<la %oa %<lp", "2001:db8::1 80 example.com 2001:db8::2 2001:db8::2 40000" },
	{ "%request_attempts", "2" },
	/* time */
	{ "%ts %tu %.2tu %.6tu %06tu %03tu %9tu %.0tu",
	  "1795168909 771 77 771999 000771 771       771 771" },
	{ "%tl|%tg", "20/Nov/2026:12:01:49 +0200|20/Nov/2026:10:01:49" },
	{ "%{%Y-%m-%dT%H:%M:%S}tl|%tl{%s}|%{%%}tg|%{}tl|%{x y}tg",
	  "2026-11-20T12:01:49|1795168909|%|-|x y" },
	{ "%tS|%.6tS|%.0tS", "1795168909.648|1795168909.648000|1795168909.648" },
	{ "%tr %06tr %6tr %-6trx %.3tr %10.3tr %<pt %<tt %dt",
	  "123 000123    123 123   x 123.456    123.456 1 2 -" },
	/* the request */
	{ "%rm %>rm %<rm %METHOD", "GET GET GET GET" },
	{ "%ru|%>ru|%<ru|%URI",
	  "http://example.com/a%20b?|http://example.com/a%20b?q=1|http://example.com/a%20b?q=1|"
	  "http://example.com/a%20b?q=1" },
	{ "%>rs|%>rd|%>rP|%>rp|%rp|%<rs|%<rd|%<rP|%<rp",
	  "http|example.com|80|/a%20b?q=1|/a%20b?q=1|http|example.com|80|/a%20b?q=1" },
	{ "%rv %>v %>rv %<rv", "1.1 1.1 1.1 1.1" },
	{ "%un|%ul|%[un|\"%un\"|%5un|", "-|-|-|\"-\"|-|" },
	{ "%note|%{k}note|%{k:;}note|%{other}note", "k:%20v%0D%0Ak:%20w%0D%0A|v,w|v,w|-" },
	/* the reply */
	{ "%>Hs %Hs %<Hs %06>Hs %3>Hs|%-5>Hs|", "200 200 206 000200 200|200  |" },
	{ "%mt %Ss %Sh", "text/html TCP_MISS HIER_DIRECT" },
	{ "%err_code|%err_detail", "-|-" },
	{ "%{X-R}<h|%{None}<h", "r|-" },
	/* bytes */
	{ "%>st %>sh %<st %<sh %st %<bs %<sS %<sH", "183 180 4321 258 4504 4063 4063 4063" },
	/* others */
	{ "%sn %byte{65}%byte{66}", "0 AB" },
	{ "%SRC %SRCPORT %DST %PROTO %PORT %PATH %LOGIN",
	  "192.0.2.7 50000 example.com http 80 /a%20b?q=1 -" },
	{ "%ue %et %ea %>eui %ssl::>sni %tls::bump_mode %icap::tr %adapt::all_trs %DATA",
	  "- - - - - - - - -" },
	{ "%cuttle::verdict|%cuttle::rule|%cuttle::place|%cuttle::why|%cuttle::detail",
	  "allow|http_access%20allow%20all|squid.conf:12|DONE|-" },
	{ "\"%cuttle::rule\" %cuttle::shadow %cuttle::reported", "\"http_access allow all\" - -" },
	{ "%http::>a", "192.0.2.7" },
	/* text */
	{ "%%x 100%% a\\tb  c", "%x 100% a\\tb  c" },
	{ "%rm  %rv", "GET  1.1" },
	{ "it's 'quoted' %rm", "it's 'quoted' GET" },
	{ "a\"%rm\"b[%rm]c", "a\"GET\"b[GET]c" },
	/* columns */
	{ "%20rm|%-20rm|%.2rm|%020rm|%020>st",
	  "                 GET|GET                 |GE|                 GET|"
	  "00000000000000000183" },
	{ "%5.3rm|%-5.3rm|%.0rm|", "  GET|GET  |-|" },
	/* fields */
	{ "%{User-Agent}>h", "ag%20%22x%22%20%5By%5D%20%5C%20b%c%09%7E%20%C3%A4" },
	{ "%>h{User-Agent}", "ag%20%22x%22%20%5By%5D%20%5C%20b%c%09%7E%20%C3%A4" },
	{ "%{User-Agent}>ha", "ag%20%22x%22%20%5By%5D%20%5C%20b%c%09%7E%20%C3%A4" },
	{ "\"%{User-Agent}>h\"", "\"ag \\\"x\\\" [y] \\\\ b%c\\t~ \xc3\xa4\"" },
	{ "%\"{User-Agent}>h", "ag \\\"x\\\" [y] \\\\ b%c\\t~ \xc3\xa4" },
	{ "[%{User-Agent}>h]", "[ag \"x\" %5by%5d \\\\ b%25c%09~ %c3%a4]" },
	{ "%[{User-Agent}>h", "ag \"x\" %5by%5d \\\\ b%25c%09~ %c3%a4" },
	{ "%#{User-Agent}>h", "ag%20%22x%22%20%5By%5D%20%5C%20b%25c%09%7E%20%C3%A4" },
	/* controls never as they are: Squid lets the tab through in these two */
	{ "%'{User-Agent}>h", "ag \"x\" [y] \\ b%c%09~ \xc3\xa4" },
	{ "%/{User-Agent}>h", "\"ag \\\"x\\\" [y] \\\\ b%c\\t~ \xc3\xa4\"" },
	{ "%/{Referer}>h", "http://r/" },
	{ "%{X-L:b}>h|%{X-L:;c}>h|%{X-L:a}>h|%{X-L:d}>h|%{X-L:e}>h|%{X-L:A}>h|%{Cookie:;t}>h",
	  "2;c|-|1|%22x,y%22|-|-|2" },
	{ "%{X-Empty}>h|%{Missing}>h|%{a}>h{b}", "-|-|-{b}" },
	{ "%>h|%[>h", "A:%20%5B1%5D%0D%0AB:%202%0D%0A|A: %5b1%5d\\r\\nB: 2\\r\\n" },
	/* built in */
	{ "squid",
	  "1795168909.771    123 192.0.2.7 TCP_MISS/200 4321 GET http://example.com/a%20b? "
	  "- HIER_DIRECT/2001:db8::1 text/html" },
	{ "common", "192.0.2.7 - - [20/Nov/2026:12:01:49 +0200] \"GET http://example.com/a%20b? "
	            "HTTP/1.1\" 200 4321 TCP_MISS:HIER_DIRECT" },
	{ "combined",
	  "192.0.2.7 - - [20/Nov/2026:12:01:49 +0200] \"GET http://example.com/a%20b? HTTP/1.1\" "
	  "200 "
	  "4321 \"http://r/\" \"ag \\\"x\\\" [y] \\\\ b%c\\t~ \xc3\xa4\" TCP_MISS:HIER_DIRECT" },
	{ "referrer", "1795168909.771 192.0.2.7 http://r/ http://example.com/a%20b?" },
	{ "useragent", "192.0.2.7 [20/Nov/2026:12:01:49 +0200] \"ag \\\"x\\\" [y] \\\\ b%c\\t~ "
	               "\xc3\xa4\"" },
};

START_TEST(test_lines)
{
	struct log_rec rec = sample();
	const struct span got = format_line(lines[_i].format, &rec);

	ck_assert_msg(span_eq(got, span_str(lines[_i].want)), "%s: got %.*s, want %s",
	              lines[_i].format, SPAN_ARG(got), lines[_i].want);
}
END_TEST

/* A connection without a request, as Squid 5.7 wrote it. */
START_TEST(test_nothing)
{
	struct log_rec rec = { .end_us = 1795168909771000,
		               .client = sample().client,
		               .dns_us = -1,
		               .peer_us = -1,
		               .server_us = -1,
		               .cause = WHY_CLIENT_GONE,
		               .url = SPAN("error:transaction-end-before-headers") };
	static const struct {
		const char *format, *want;
	} rows[] = {
		{ "%rm|%ru|%>ru|%rp|%>rd|%>rP|%rv|%>rv",
		  "-|error:transaction-end-before-headers|error:transaction-end-before-headers|-|-"
		  "|-|0.0|-" },
		{ "%mt|%Ss|%Sh|%<a|%<A|%<p|%<la|%<lp", "-|NONE_NONE|HIER_NONE|-|-|-|-|-" },
		{ "%err_code|%>Hs|%<Hs", "ERR_CLIENT_GONE|0|-" },
		{ "%03>Hs|%3>Hs", "000|  0" },
		{ "%<st|%<bs|%tr|%<pt|%<tt|%dt|%<rv|%cuttle::verdict", "0|-|0|-|-|-|-|-" },
		{ "common",
		  "192.0.2.7 - - [20/Nov/2026:12:01:49 +0200] \"- "
		  "error:transaction-end-before-headers NONE/0.0\" 0 0 NONE_NONE:HIER_NONE" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_span(format_line(rows[i].format, &rec), span_str(rows[i].want));
}
END_TEST

START_TEST(test_connect)
{
	struct log_rec rec = sample();

	rec.method = SPAN("CONNECT");
	rec.url = SPAN("[2001:db8::1]:443");
	ck_assert_span(format_line("%ru|%>rs|%>rd|%>rP|%>rp|%<rv", &rec),
	               SPAN("[2001:db8::1]:443|-|[2001:db8::1]|443|-|-"));
}
END_TEST

START_TEST(test_error_page)
{
	struct log_rec rec = sample();

	rec.cause = WHY_DNS_FAIL;
	ck_assert_span(format_line("%err_code|%err_detail", &rec), SPAN("ERR_DNS_FAIL|DNS_FAIL"));
}
END_TEST

START_TEST(test_mask)
{
	struct log_format_conf c = { .mime_headers = true };
	struct log_fields set = { 0 };
	struct log_rec rec = sample();
	char buf[1024];
	struct log_line l = { buf, buf + sizeof(buf), false };
	struct log_format *f = log_format_builtin(SPAN("common"));

	ck_assert(ip_parse(SPAN("255.255.255.0"), &c.client_netmask));
	log_format_bind(f, &c, &set);
	rec.fields = pack(&set);
	struct log_state *s = log_state_new(f);

	log_format_line(f, s, &rec, &l);
	ck_assert_span(span_of(buf, (size_t)(l.p - buf)),
	               SPAN("192.0.2.0 - - [20/Nov/2026:12:01:49 +0200] \"GET "
	                    "http://example.com/a%20b?q=1 HTTP/1.1\" 200 4321 TCP_MISS:HIER_DIRECT "
	                    "[A: %5b1%5d\\r\\nB: 2\\r\\n] [HTTP/1.1 200 OK\\r\\n\\r\\n]\n"));
	log_state_free(&s);
	log_format_unref(&f);
	log_fields_fini(&set);
}
END_TEST

/* --- the native format, compiled -------------------------------------------------------------- */

#define NATIVE "%9ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt"

static struct span random_text(unsigned *seed)
{
	const size_t n = (size_t)rand_r(seed) % 40;
	char *p = arena_alloc(&arena, n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = rand_r(seed) % 4 != 0 ? (char)('!' + rand_r(seed) % 94)
		                             : (char)(rand_r(seed) % 256);
	return span_of(p, n);
}

/* Squid's definition of its native format, run as any other, writes what the native writer does. */
START_TEST(test_native_is_its_definition)
{
	unsigned seed = (unsigned)_i + 1;

	for (unsigned i = 0; i < 500; i++) {
		struct log_rec rec = sample();

		rec.method = random_text(&seed);
		rec.url = random_text(&seed);
		rec.content_type = random_text(&seed);
		rec.end_us = (int64_t)rand_r(&seed) * rand_r(&seed);
		rec.duration_us = (int64_t)rand_r(&seed) * (rand_r(&seed) % 1000 - 10);
		rec.client_out_bytes = (uint64_t)rand_r(&seed) << (rand_r(&seed) % 30);
		rec.status = (uint16_t)(rand_r(&seed) % 1000);
		rec.result = (uint8_t)(rand_r(&seed) % LOG_RESULT_N);
		rec.hier = (uint8_t)(rand_r(&seed) % LOG_HIER_N);
		rec.why = (uint8_t)(rand_r(&seed) % WHY_N);
		if (rand_r(&seed) % 2 == 0)
			rec.server = (struct endpoint){ 0 };
		const struct span native = format_line("squid", &rec);

		ck_assert_span(format_line(NATIVE, &rec), native);
	}
}
END_TEST

/* --- no client forges a line ------------------------------------------------------------------ */

static const char *const forgeable[] = {
	"%rm %ru %>ru %un %mt %{User-Agent}>h %<A %cuttle::detail %cuttle::rule",
	"\"%rm %ru %>ru %un %mt %{User-Agent}>h %<A %cuttle::detail\"",
	"[%rm %ru %>ru %un %mt %{User-Agent}>h %<A %cuttle::detail]",
	"%#rm %#ru %#un %#{User-Agent}>h",
	"%/rm %/ru %/un %/{User-Agent}>h",
	"%'rm %'ru %'un %'{User-Agent}>h",
	"\"%.3rm\" \"%7.5ru\" \"%-9.4{User-Agent}>h\" \"%.1un\"",
	"squid",
	"common",
	"combined",
	"referrer",
	"useragent",
	"facts",
};

/* Inside of quotes a quote stands behind a backslash, and no backslash stands before the last. */
static void check_quotes(struct span line)
{
	bool is_inside = false;

	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '\\' && is_inside)
			ck_assert_uint_lt(++i, line.n);
		else if (line.p[i] == '"')
			is_inside = !is_inside;
	}
	ck_assert(!is_inside);
}

START_TEST(test_any_byte_in_any_text)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		const char text[] = { 'a', (char)byte, (char)byte, 'b' };
		struct log_rec rec = sample();
		struct log_format *f = log_format_builtin(span_str(forgeable[_i]));

		rec.method = rec.url = rec.user = rec.content_type = rec.server_name = rec.detail =
			rec.rule = rec.facts = span_of(text, sizeof(text));
		if (strcmp(forgeable[_i], "facts") == 0)
			rec.facts = SPAN_NULL; /* packed words are encoded already */
		if (f == NULL)
			f = log_format_new(SPAN("x"), span_str(forgeable[_i]), &findings);
		const struct span line = run(f, &rec, 8192);

		for (size_t i = 0; i + 1 < line.n; i++)
			ck_assert_msg((uint8_t)line.p[i] >= ' ' && line.p[i] != 0x7f,
			              "byte %02x as it is in %s", byte, forgeable[_i]);
		ck_assert(line.p[line.n - 1] == '\n');
		if (strchr(forgeable[_i], '"') != NULL || strncmp(forgeable[_i], "com", 3) == 0)
			check_quotes(span_of(line.p, line.n - 1));
		log_format_unref(&f);
	}
}
END_TEST

/* Too little room: the line is cut, says so, ends, and comes out whole with more. */
START_TEST(test_any_room)
{
	struct log_rec rec = sample();
	const struct span whole = format_line(lines[_i].format, &rec);
	struct log_format *f = log_format_builtin(span_str(lines[_i].format));
	struct log_fields set = { 0 };

	if (f == NULL)
		f = log_format_new(SPAN("x"), span_str(lines[_i].format), NULL);
	log_format_bind(f, &plain, &set);
	rec.fields = pack(&set);
	struct log_state *s = log_state_new(f);

	for (size_t cap = 1; cap <= whole.n + 1; cap++) {
		char *buf = malloc(cap);
		struct log_line l = { buf, buf + cap, false };

		log_format_line(f, s, &rec, &l);
		ck_assert(l.is_cut == (cap <= whole.n));
		ck_assert(l.p > buf && l.p <= buf + cap && l.p[-1] == '\n');
		free(buf);
	}
	log_state_free(&s);
	log_format_unref(&f);
	log_fields_fini(&set);
}
END_TEST

/* --- what is refused, what is said ------------------------------------------------------------ */

static const struct {
	const char *format, *said;
} refused[] = {
	{ "", "error: the format is empty" },
	{ "%zz", "error: unknown code \"%zz\"" },
	{ "%>q", "error: unknown code \"%>q\"" },
	{ "x %", "error: a per cent sign without a code" },
	{ "%-5", "error: a per cent sign without a code" },
	{ "%{a>h", "error: \"%{a>h\": the brace is not closed" },
	{ "%{}>h", "error: \"{}\": expected the name of a header field" },
	{ "%{a b}>h", "error: \"{a b}\": expected the name of a header field" },
	{ "%{a:}>h", "error: \"{a:}\": expected the name of a list's element" },
	{ "%{:x}note", "error: \"{:x}\": expected the name of a note" },
	{ "%byte", "error: %byte: expected a number" },
	{ "%byte{0}", "error: %byte: expected a number" },
	{ "%99999rm", "error: \"%99999\": a column is at most 4096 wide" },
	{ "%5.99999999999999999999rm", "error: " },
	{ "%cuttle::rul", "did you mean %cuttle::rule?" },
	{ "%cuttle::", "error: unknown code" },
	{ "%requestattempts", "did you mean %request_attempts?" },
	{ "%ssl::sni", "did you mean %ssl::>sni?" },
};

START_TEST(test_refused)
{
	struct log_format *f = log_format_new(SPAN("x"), span_str(refused[_i].format), &findings);

	ck_assert_msg(f == NULL, "%s", refused[_i].format);
	ck_assert_msg(strstr(told, refused[_i].said) != NULL, "%s: said %s", refused[_i].format,
	              told);
}
END_TEST

static const struct {
	const char *format, *said;
} warned[] = {
	{ "%rmXX", "warning: \"%rmXX\" is read as %rm and the text \"XX\"\n" },
	{ "%rule",
	  "warning: \"%rule\" is read as %ru and the text \"le\"; did you mean %cuttle::rule?\n" },
	{ "%err_codes", "warning: \"%err_codes\" is read as %err_code and the text \"s\"\n" },
	{ "%>has", "warning: \"%>has\" is read as %>ha and the text \"s\"\n" },
	{ "%ts.%03tu_%rm %ru: %rm>", "warning: \"%tu_\" is read as %tu and the text \"_\"\n" },
	{ "%ssl::>sni %tls::bump_mode %ue",
	  "warning: ssl::>sni\nwarning: ssl::bump_mode\nwarning: ue\n" },
	{ "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt", "" },
	{ "%rm/%ru;%rv,%mt|%Hs", "" },
};

START_TEST(test_warned)
{
	struct log_format *f = log_format_new(SPAN("x"), span_str(warned[_i].format), &findings);

	ck_assert(f != NULL);
	ck_assert_str_eq(told, warned[_i].said);
	log_format_unref(&f);
}
END_TEST

/* --- fields ----------------------------------------------------------------------------------- */

START_TEST(test_only_what_is_printed_is_wanted)
{
	struct log_format *a = log_format_new(SPAN("a"), SPAN("%{A}>h %{B}<h %{A}>h %>a"), NULL),
			  *b = log_format_new(SPAN("b"), SPAN("%{B}<h %{B}>h"), NULL),
			  *squid = log_format_builtin(SPAN("squid"));
	struct log_fields set = { 0 };

	log_format_bind(squid, &plain, &set);
	ck_assert_uint_eq(set.n, 0);
	ck_assert_uint_eq(set.kinds, 0);
	log_format_bind(a, &plain, &set);
	ck_assert_uint_eq(set.n, 2);
	log_format_bind(b, &plain, &set);
	ck_assert_uint_eq(set.n, 3);
	ck_assert_str_eq(set.v[2].name, "B");
	ck_assert(set.v[2].kind == LOG_FIELD_REQUEST);
	ck_assert(!log_fields_want(&set, LOG_FIELD_FACTS));
	log_format_unref(&a);
	log_format_unref(&b);
	log_format_unref(&squid);
	log_fields_fini(&set);
}
END_TEST

START_TEST(test_packing)
{
	char *big = arena_alloc(&arena, 200000);
	struct log_pack k;

	memset(big, 'x', 200000);
	ck_assert(log_pack_begin(&k, &arena, 200000 + 1, 4));
	log_pack_put(&k, SPAN("a"));
	log_pack_put(&k, SPAN_NULL);
	log_pack_put(&k, SPAN(""));
	log_pack_put(&k, span_of(big, 200000));
	log_pack_put(&k, SPAN("lost"));
	const struct span p = log_pack_end(&k);

	ck_assert_uint_le(p.n, 64 << 10);
	ck_assert_span(log_pack_get(p, 0), SPAN("a"));
	ck_assert(log_pack_get(p, 1).p == NULL);
	ck_assert(log_pack_get(p, 2).p != NULL && log_pack_get(p, 2).n == 0);
	ck_assert_uint_gt(log_pack_get(p, 3).n, 60000);
	for (size_t i = 4; i < 10; i++)
		ck_assert(log_pack_get(p, i).p == NULL);
	/* a record of another set, or none at all */
	ck_assert(log_pack_get(SPAN_NULL, 0).p == NULL);
	ck_assert(log_pack_get(SPAN("\xff\0\0\0abc"), 0).p == NULL);
	ck_assert(log_pack_get(SPAN("ab"), 5).p == NULL);
}
END_TEST

START_TEST(test_same)
{
	static const char *const texts[] = { "%rm",      "%ru",      "%{A}>h", "%{B}>h", "%{A}<h",
		                             "%{A:x}>h", "%5rm",     "%-5rm",  "%05>st", "%5>st",
		                             "x",        "y",        "%{x}tl", "%{y}tl", "%.3rm",
		                             "%\"rm",    "%{A:;x}>h" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		for (size_t j = 0; j < ARRAY_LEN(texts); j++) {
			struct log_format *a = log_format_new(SPAN("n"), span_str(texts[i]), NULL),
					  *b = log_format_new(SPAN("n"), span_str(texts[j]), NULL);

			ck_assert(log_format_is_same(a, b) == (i == j));
			log_format_unref(&a);
			log_format_unref(&b);
		}
	}
}
END_TEST

/* Squid's codes, by its own table: none is unknown. */
START_TEST(test_every_code_has_a_row_in_the_manual)
{
	static const char *const codes[] = {
#define LOG_CODE(sym, text, style, arg, doc) text,
#define LOG_ALIAS(text, sym)                 text,
#define LOG_DASH(text, why)
#include "log/codes.tbl.h"
#undef LOG_CODE
#undef LOG_ALIAS
#undef LOG_DASH
	};
	const char *manual = NULL;
#define DIRECTIVE(name, aliases, group, section, setter, field, def, syntax, doc)                  \
	if (strcmp(#name, "logformat") == 0)                                                       \
		manual = doc;
#include "log/directives.tbl.h"
#undef DIRECTIVE
	ck_assert(manual != NULL);
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		const size_t n = strlen(codes[i]);
		bool is_there = false;

		for (const char *p = manual; (p = strstr(p, codes[i])) != NULL && !is_there; p++)
			is_there =
				(p[-1] == '%' || p[-1] == '}') && strchr(" ,;.)={\n", p[n]) != NULL;
		ck_assert_msg(is_there, "cuttle.conf(5) does not explain %%%s", codes[i]);
	}
}
END_TEST

Suite *suite_format(void);
Suite *suite_format(void)
{
	Suite *s = suite_create("format");
	TCase *c = tcase_create("format");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, test_lines, 0, ARRAY_LEN(lines));
	tcase_add_test(c, test_nothing);
	tcase_add_test(c, test_connect);
	tcase_add_test(c, test_error_page);
	tcase_add_test(c, test_mask);
	tcase_add_loop_test(c, test_native_is_its_definition, 0, 4);
	tcase_add_loop_test(c, test_any_byte_in_any_text, 0, ARRAY_LEN(forgeable));
	tcase_add_loop_test(c, test_any_room, 0, ARRAY_LEN(lines));
	tcase_add_loop_test(c, test_refused, 0, ARRAY_LEN(refused));
	tcase_add_loop_test(c, test_warned, 0, ARRAY_LEN(warned));
	tcase_add_test(c, test_only_what_is_printed_is_wanted);
	tcase_add_test(c, test_packing);
	tcase_add_test(c, test_same);
	tcase_add_test(c, test_every_code_has_a_row_in_the_manual);
	suite_add_tcase(s, c);
	return s;
}
