/*
 * Error pages: macros, escaping, folders, and that every ending has its page.
 */
#include "error/errorpage.h"
#include "tests/unit/unit.h"

#include "base/why.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void write_file(const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/cuttle-pages-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void teardown(void)
{
	static const char *const names[] = { "ERR_TEST", "own.css", "ERR_ACCESS_DENIED", "README" };
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

static struct errorpages *load(const char *dir, const char *css, const char *html,
                               struct conf_reader *r)
{
	const struct error_conf c = { .installed = "/no/such/folder",
		                      .error_directory = (char *)(uintptr_t)dir,
		                      .err_page_stylesheet = (char *)(uintptr_t)css,
		                      .err_html_text = (char *)(uintptr_t)html };

	return errorpages_load(&c, r);
}

static struct span render(const struct errorpages *e, const char *name,
                          const struct errorpage_facts *f, struct arena *a)
{
	return errorpage_render(e, errorpages_choose(e, SPAN_NULL), name, f, a);
}

static const struct errorpage_facts facts = {
	.url = SPAN("http://h.example:8080/a?b=<c>&d"),
	.method = SPAN("GET"),
	.scheme = SPAN("http"),
	.host = SPAN("h.example"),
	.port = SPAN("8080"),
	.path = SPAN("/a"),
	.client_ip = SPAN("192.0.2.1"),
	.server_ip = SPAN("2001:db8::1"),
	.local_ip = SPAN("127.0.0.1"),
	.local_port = SPAN("3128"),
	.proxy_host = SPAN("proxy.example"),
	.product = SPAN("cuttle/1"),
	.cache_mgr = SPAN("admin@example"),
	.user = SPAN("joe"),
	.sentence = SPAN("access is denied by http_access"),
	.acls = SPAN("CONNECT !SSL_ports"),
	.request_head = SPAN("GET / HTTP/1.1\r\nHost: h\r\nproxy-AUTHORIZATION: Basic c2VjcmV0\r\n"
	                     "Cookie: secret\r\nX: <y>\r\n"),
	.dns_error = SPAN("no such name"),
	.sys_error = ECONNREFUSED,
	.now = 784111777, /* RFC 9110 5.6.7 */
};

static const struct {
	const char *template, *want;
} macros[] = {
	{ "plain", "plain" },
	{ "%u", "http://h.example:8080/a?b=&lt;c&gt;&amp;d" },
	{ "%U", "http://h.example:8080/a?b=&lt;c&gt;&amp;d" },
	{ "%M %P %H %p", "GET http h.example 8080" },
	{ "%i %I %A %b", "192.0.2.1 2001:db8::1 127.0.0.1 3128" },
	{ "%h %s %w %a", "proxy.example cuttle/1 admin@example joe" },
	{ "%c", "ERR_TEST" },
	{ "%e %E", "111 (111) Connection refused" },
	{ "%z", "no such name" },
	{ "%T", "Sun, 06 Nov 1994 08:49:37 GMT" },
	{ "%D", "Access is denied by http_access (CONNECT !SSL_ports): no such name." },
	{ "%R", "GET / HTTP/1.1\nHost: h\nproxy-AUTHORIZATION: (not shown)\nCookie: (not shown)\n"
	        "X: &lt;y&gt;\n" },
	{ "%l|%L", "own { color: red }|<b>call 123</b>" },
	{ "%S",
	  "<footer>Generated Sun, 06 Nov 1994 08:49:37 GMT by proxy.example (cuttle/1)</footer>" },
	{ "100%%", "100%" },
	{ "%%u", "%u" },
	{ "%q %1 %", "%q %1 %" },
	{ "%W%f%F%g", "" },
};

START_TEST(macro_is_filled_in)
{
	struct errorpages *e;
	struct arena a;
	char css[128];

	setup();
	write_file("ERR_TEST", macros[_i].template);
	write_file("own.css", "own { color: red }");
	snprintf(css, sizeof(css), "%s/own.css", folder);
	arena_init(&a);
	e = load(folder, css, "<b>call 123</b>", NULL);
	ck_assert_span(render(e, "ERR_TEST", &facts, &a), span_str(macros[_i].want));
	errorpages_free(&e);
	arena_fini(&a);
	teardown();
}
END_TEST

static const struct {
	const char *template, *want;
} absent[] = {
	{ "%u %U %M %H", "[no URL] [no URL] [unknown method] [unknown host]" },
	{ "%p %P %I", "[unknown port] [unknown protocol] [unknown]" },
	{ "%E %z", "[No Error] [unknown]" },
	{ "%R", "[no request]" },
	{ "%D", "." },
	{ "%L", "[not available]" },
};

START_TEST(a_rule_that_denied_is_told_once)
{
	struct errorpages *e;
	struct errorpage_facts f = { .sentence = SPAN("a rule denies access"),
		                     .acls = SPAN("http_access deny all [/etc/squid.conf:9]"),
		                     .detail = SPAN("http_access deny all") };
	struct arena a;

	setup();
	write_file("ERR_TEST", "%D");
	arena_init(&a);
	e = load(folder, NULL, NULL, NULL);
	ck_assert_span(render(e, "ERR_TEST", &f, &a),
	               SPAN("A rule denies access (http_access deny all [/etc/squid.conf:9])."));
	f.detail = SPAN("no such name");
	f.acls = SPAN("http_access deny all");
	ck_assert_span(render(e, "ERR_TEST", &f, &a),
	               SPAN("A rule denies access (http_access deny all): no such name."));
	errorpages_free(&e);
	arena_fini(&a);
	teardown();
}
END_TEST

START_TEST(absent_fact_is_said_in_squids_words)
{
	const struct errorpage_facts none = { 0 };
	struct errorpages *e;
	struct arena a;

	setup();
	write_file("ERR_TEST", absent[_i].template);
	arena_init(&a);
	e = load(folder, NULL, NULL, NULL);
	ck_assert_span(render(e, "ERR_TEST", &none, &a), span_str(absent[_i].want));
	errorpages_free(&e);
	arena_fini(&a);
	teardown();
}
END_TEST

START_TEST(connect_is_shown_as_https)
{
	struct errorpage_facts f = facts;
	struct errorpages *e;
	struct arena a;

	setup();
	write_file("ERR_TEST", "%U");
	arena_init(&a);
	e = load(folder, NULL, NULL, NULL);
	f.method = SPAN("CONNECT");
	f.url = SPAN("h.example:443");
	ck_assert_span(render(e, "ERR_TEST", &f, &a), SPAN("https://h.example/*"));
	f.url = SPAN("h.example:22");
	ck_assert_span(render(e, "ERR_TEST", &f, &a), SPAN("h.example:22"));
	errorpages_free(&e);
	arena_fini(&a);
	teardown();
}
END_TEST

START_TEST(missing_template_is_named)
{
	struct errorpages *e = load(NULL, NULL, NULL, NULL);
	struct arena a;

	arena_init(&a);
	ck_assert_span(render(e, "ERR_NO_SUCH_PAGE", &facts, &a),
	               SPAN("Internal Error: Missing Template ERR_NO_SUCH_PAGE\n"));
	errorpages_free(&e);
	arena_fini(&a);
}
END_TEST

static bool contains(struct span s, const char *text)
{
	return memmem(s.p, s.n, text, strlen(text)) != NULL;
}

START_TEST(own_folder_wins_and_what_it_lacks_is_built_in)
{
	struct errorpages *e;
	struct arena a;

	setup();
	write_file("ERR_ACCESS_DENIED", "mine");
	write_file("README", "no template");
	arena_init(&a);
	e = load(folder, NULL, NULL, NULL);
	ck_assert_span(render(e, "ERR_ACCESS_DENIED", &facts, &a), SPAN("mine"));
	ck_assert(contains(render(e, "ERR_DNS_FAIL", &facts, &a), "<!DOCTYPE html>"));
	ck_assert(contains(render(e, "README", &facts, &a), "Missing Template"));
	errorpages_free(&e);
	arena_fini(&a);
	teardown();
}
END_TEST

START_TEST(missing_folder_and_stylesheet_are_reported)
{
	void *sections[CONF_SECTION_N] = { NULL };
	struct conf_reader *r = conf_reader_new(NULL, 0, sections);
	struct errorpages *e = load("/no/such/folder", "/no/such.css", NULL, r);
	struct arena a;

	arena_init(&a);
	ck_assert_uint_eq(conf_count(r, CONF_WARNING), 2);
	ck_assert_uint_eq(conf_count(r, CONF_ERROR), 0);
	ck_assert(contains(render(e, "ERR_DNS_FAIL", &facts, &a), "<h1>"));
	errorpages_free(&e);
	conf_reader_free(&r);
	arena_fini(&a);
}
END_TEST

START_TEST(every_ending_has_its_page)
{
	struct errorpages *e = load("/no/such/folder", NULL, NULL, NULL);
	struct arena a;

	arena_init(&a);
	for (unsigned w = 0; w < WHY_N; w++) {
		const struct why_row *row = why_row((enum why)w);

		if (row->page == NULL)
			continue;
		const struct span page = render(e, row->page, &facts, &a);

		ck_assert_msg(contains(page, "<h1>"), "%s", row->page);
		ck_assert_msg(contains(page, row->page), "%s names itself", row->page);
		ck_assert_msg(contains(page, "--card"), "%s has its style", row->page);
		ck_assert_msg(contains(page, "Access is denied by http_access"), "%s", row->page);
		ck_assert_msg(!contains(page, "<c>"), "%s is escaped", row->page);
	}
	errorpages_free(&e);
	arena_fini(&a);
}
END_TEST

/* No byte of any fact can leave its place in the page. */
START_TEST(every_byte_is_escaped)
{
	static const char all[] = "%u%M%P%H%p%i%I%A%b%h%s%w%a%z%D%R%S%m%U%Z";
	char text[256];
	struct errorpage_facts f = facts;
	struct errorpages *e;
	struct arena a;

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (char)i;
	const struct span s = span_of(text, sizeof(text));

	f.url = f.method = f.scheme = f.host = f.port = f.client_ip = f.server_ip = s;
	f.local_ip = f.local_port = f.proxy_host = f.product = f.cache_mgr = f.user = s;
	f.sentence = f.detail = f.acls = f.request_head = f.dns_error = s;
	setup();
	write_file("ERR_TEST", all);
	arena_init(&a);
	e = load(folder, NULL, NULL, NULL);
	const struct span page = render(e, "ERR_TEST", &f, &a);

	for (size_t i = 0; i < page.n; i++) {
		const unsigned char c = (unsigned char)page.p[i];

		ck_assert(c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f));
		ck_assert(c != '"' && c != '\'');
		if (c == '<')
			ck_assert(span_starts(span_skip(page, i), SPAN("<footer>")) ||
			          span_starts(span_skip(page, i), SPAN("</footer>")));
		if (c == '&')
			ck_assert(memchr(page.p + i, ';', MIN(page.n - i, (size_t)7)) != NULL);
	}
	errorpages_free(&e);
	arena_fini(&a);
	teardown();
}
END_TEST

static const struct {
	const char *accept, *want; /* NULL: no such field */
	const char *by_default;
} languages[] = {
	{ NULL, "en", NULL },
	{ "", "en", NULL },
	{ "de", "de", NULL },
	{ "DE", "de", NULL },
	{ "fr", "en", NULL },
	{ "fr, de", "de", NULL },
	{ "en, de", "en", NULL },
	{ "de;q=0.5, en;q=0.4", "de", NULL },
	{ "de;q=0.5, en", "en", NULL },
	{ "de;q=0.123, en;q=0.124", "en", NULL },
	{ "de;q=0", "en", NULL },
	{ "de;q=nonsense", "en", NULL },
	{ "de;q=0.0001", "en", NULL },
	/* RFC 4647 3.4: lookup */
	{ "de-AT", "de", NULL },
	{ "de-AT-1996, fr", "de", NULL },
	{ "pt-BR", "pt-br", NULL },
	{ "pt", "en", NULL },
	{ "*", "en", NULL },
	{ "fr, *;q=0.1", "en", NULL },
	{ "../de", "en", NULL },
	/* error_default_language */
	{ NULL, "de", "de" },
	{ "fr", "de", "de" },
	{ "en", "en", "de" },
	{ "*", "de", "de" },
	{ NULL, "en", "xx" },
};

START_TEST(language_is_negotiated)
{
	struct error_conf c = { .installed = folder,
		                .error_default_language =
		                        (char *)(uintptr_t)languages[_i].by_default };
	static const char *const below[] = { "de", "pt-BR" };
	char path[128];

	setup();
	for (size_t i = 0; i < ARRAY_LEN(below); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, below[i]);
		ck_assert_int_eq(mkdir(path, 0700), 0);
		snprintf(path, sizeof(path), "%s/ERR_TEST", below[i]);
		write_file(path, below[i]);
	}
	struct errorpages *e = errorpages_load(&c, NULL);
	const struct page_set *set = errorpages_choose(
		e, languages[_i].accept != NULL ? span_str(languages[_i].accept) : SPAN_NULL);
	struct arena a;

	arena_init(&a);
	ck_assert_span(errorpages_language(e, set), span_str(languages[_i].want));
	if (strcmp(languages[_i].want, "de") == 0)
		ck_assert_span(errorpage_render(e, set, "ERR_TEST", &facts, &a), SPAN("de"));
	/* What a language lacks is shown in English. */
	ck_assert(
		contains(errorpage_render(e, set, "ERR_DNS_FAIL", &facts, &a), "<!DOCTYPE html>"));
	arena_fini(&a);
	errorpages_free(&e);
	for (size_t i = 0; i < ARRAY_LEN(below); i++) {
		snprintf(path, sizeof(path), "%s/%s/ERR_TEST", folder, below[i]);
		ck_assert_int_eq(unlink(path), 0);
		snprintf(path, sizeof(path), "%s/%s", folder, below[i]);
		ck_assert_int_eq(rmdir(path), 0);
	}
	teardown();
}
END_TEST

Suite *suite_errorpage(void);
Suite *suite_errorpage(void)
{
	Suite *s = suite_create("error pages");
	TCase *t = tcase_create("error pages");

	tcase_add_loop_test(t, macro_is_filled_in, 0, ARRAY_LEN(macros));
	tcase_add_test(t, a_rule_that_denied_is_told_once);
	tcase_add_loop_test(t, absent_fact_is_said_in_squids_words, 0, ARRAY_LEN(absent));
	tcase_add_test(t, connect_is_shown_as_https);
	tcase_add_test(t, missing_template_is_named);
	tcase_add_test(t, own_folder_wins_and_what_it_lacks_is_built_in);
	tcase_add_test(t, missing_folder_and_stylesheet_are_reported);
	tcase_add_test(t, every_ending_has_its_page);
	tcase_add_loop_test(t, language_is_negotiated, 0, ARRAY_LEN(languages));
	tcase_add_test(t, every_byte_is_escaped);
	suite_add_tcase(s, t);
	return s;
}
