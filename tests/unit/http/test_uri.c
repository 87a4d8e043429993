/*
 * URIs: each form of target, Host, and the many spellings of a host that are refused.
 */
#include "http/uri.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>

static struct arena arena;

static void setup(void)
{
	arena_init(&arena);
}

static void teardown(void)
{
	arena_fini(&arena);
}

#define LABEL "a123456789b123456789c123456789d123456789e123456789f123456789g12"

static const struct {
	const char *name, *text;
	const char *canonical; /* NULL: refused */
	enum uri_scheme scheme;
	const char *host;
	uint16_t port;
	const char *path;
} absolutes[] = {
	{ "9110 4.2.1: http", "http://example.com/a?b", "http://example.com/a?b", URI_HTTP,
	  "example.com", 80, "/a?b" },
	{ "9110 4.2.2: https", "https://example.com/", "https://example.com/", URI_HTTPS,
	  "example.com", 443, "/" },
	{ "3986 3.1: schemes in any case", "HtTp://h/", "http://h/", URI_HTTP, "h", 80, "/" },
	{ "3986 6.2.2.1: hosts in any case", "http://EXAMPLE.Com/A", "http://example.com/A",
	  URI_HTTP, "example.com", 80, "/A" },
	{ "9110 4.2.3: an empty path", "http://h", "http://h/", URI_HTTP, "h", 80, "/" },
	{ "9110 4.2.3: an empty path before a query", "http://h?a=/b", "http://h/?a=/b", URI_HTTP,
	  "h", 80, "/?a=/b" },
	{ "9110 4.2.3: the default port", "http://h:80/", "http://h/", URI_HTTP, "h", 80, "/" },
	{ "another port", "http://h:8080/", "http://h:8080/", URI_HTTP, "h", 8080, "/" },
	{ "a default port of another scheme", "http://h:443/", "http://h:443/", URI_HTTP, "h", 443,
	  "/" },
	{ "leading zeros of a port", "http://h:00081/", "http://h:81/", URI_HTTP, "h", 81, "/" },
	{ "the largest port", "http://h:65535/", "http://h:65535/", URI_HTTP, "h", 65535, "/" },
	{ "ftp", "ftp://h/x", "ftp://h/x", URI_FTP, "h", 21, "/x" },
	{ "another scheme", "Web+x.y-1://h/x", "web+x.y-1://h/x", URI_WS_OTHER, "h", 0, "/x" },
	{ "another scheme with a port", "ws://h:80/x", "ws://h:80/x", URI_WS_OTHER, "h", 80, "/x" },
	{ "1034 3.1: one final dot", "http://example.com./", "http://example.com/", URI_HTTP,
	  "example.com", 80, "/" },
	{ "6943 3.1.1: two parts", "http://127.1/", "http://127.0.0.1/", URI_HTTP, "127.0.0.1", 80,
	  "/" },
	{ "6943 3.1.1: one number", "http://2130706433/", "http://127.0.0.1/", URI_HTTP,
	  "127.0.0.1", 80, "/" },
	{ "6943 3.1.1: hexadecimal parts", "http://0x7f.0.0.1/", "http://127.0.0.1/", URI_HTTP,
	  "127.0.0.1", 80, "/" },
	{ "6943 3.1.1: hexadecimal last part", "http://127.0.0.0x1/", "http://127.0.0.1/", URI_HTTP,
	  "127.0.0.1", 80, "/" },
	{ "6943 3.1.1: one hexadecimal number", "http://0x7f000001/", "http://127.0.0.1/", URI_HTTP,
	  "127.0.0.1", 80, "/" },
	{ "6943 3.1.1: octal parts", "http://0177.0.0.1/", "http://127.0.0.1/", URI_HTTP,
	  "127.0.0.1", 80, "/" },
	{ "6943 3.1.1: IPv4 with a final dot", "http://127.0.0.1./", "http://127.0.0.1/", URI_HTTP,
	  "127.0.0.1", 80, "/" },
	{ "6943 3.1.1: three parts", "http://0xA9.254.43518/", "http://169.254.169.254/", URI_HTTP,
	  "169.254.169.254", 80, "/" },
	{ "6943 3.1.1: zero", "http://0/", "http://0.0.0.0/", URI_HTTP, "0.0.0.0", 80, "/" },
	{ "an underscore", "http://_a.b_c/", "http://_a.b_c/", URI_HTTP, "_a.b_c", 80, "/" },
	{ "digits, but not at the end", "http://1.2.3.com/", "http://1.2.3.com/", URI_HTTP,
	  "1.2.3.com", 80, "/" },
	{ "a label of digits and letters at the end", "http://a.1b/", "http://a.1b/", URI_HTTP,
	  "a.1b", 80, "/" },
	{ "a label of 63 bytes", "http://" LABEL "/", "http://" LABEL "/", URI_HTTP, LABEL, 80,
	  "/" },
	{ "IPv4", "http://192.0.2.1:81/", "http://192.0.2.1:81/", URI_HTTP, "192.0.2.1", 81, "/" },
	{ "5952: IPv6 in canonical form", "http://[2001:DB8:0:0::1]/", "http://[2001:db8::1]/",
	  URI_HTTP, "2001:db8::1", 80, "/" },
	{ "IPv6 with a port", "https://[::1]:8443/", "https://[::1]:8443/", URI_HTTPS, "::1", 8443,
	  "/" },
	{ "4291 2.5.5.2: a mapped address is IPv4", "http://[::ffff:192.0.2.1]/",
	  "http://192.0.2.1/", URI_HTTP, "192.0.2.1", 80, "/" },
	{ "the same in hexadecimal", "http://[::FFFF:c000:0201]/", "http://192.0.2.1/", URI_HTTP,
	  "192.0.2.1", 80, "/" },
	{ "bytes that browsers send raw", "http://h/a|b^`{}\"<>?[]\\|",
	  "http://h/a|b^`{}\"<>?[]\\|", URI_HTTP, "h", 80, "/a|b^`{}\"<>?[]\\|" },
	{ "percent signs that encode nothing", "http://h/100%?%zz", "http://h/100%?%zz", URI_HTTP,
	  "h", 80, "/100%?%zz" },
	{ "two slashes in the path", "http://h//x", "http://h//x", URI_HTTP, "h", 80, "//x" },
	{ "an at sign in the path", "http://h/a@b:c", "http://h/a@b:c", URI_HTTP, "h", 80,
	  "/a@b:c" },
	{ "an at sign in the query", "http://h?a@b", "http://h/?a@b", URI_HTTP, "h", 80, "/?a@b" },

	{ "9110 4.2.4: user information", "http://user@h/", NULL },
	{ "9110 4.2.4: user and password", "http://user:pass@h/", NULL },
	{ "9110 4.2.4: an empty user", "http://@h/", NULL },
	{ "9110 4.2.4: what looks like a host and a port", "http://good.example:80@evil.example/",
	  NULL },
	{ "9110 4.2.1: an empty host", "http:///x", NULL },
	{ "9110 4.2.1: nothing after the slashes", "http://", NULL },
	{ "9110 4.2.1: an empty host with a port", "http://:80/", NULL },
	{ "3986 3.2.3: an empty port", "http://h:/", NULL },
	{ "3986 3.2.3: port 0", "http://h:0/", NULL },
	{ "3986 3.2.3: port 65536", "http://h:65536/", NULL },
	{ "3986 3.2.3: a port that wraps around", "http://h:4294967376/", NULL },
	{ "3986 3.2.3: six digits", "http://h:000080/", NULL },
	{ "3986 3.2.3: a signed port", "http://h:+80/", NULL },
	{ "3986 3.2.3: a hexadecimal port", "http://h:0x50/", NULL },
	{ "3986 3.2.3: a blank after the port", "http://h:80 /", NULL },
	{ "3986 3.2.3: two ports", "http://h:80:80/", NULL },
	{ "3986 3.1: no scheme", "//h/", NULL },
	{ "3986 3.1: an empty scheme", "://h/", NULL },
	{ "3986 3.1: a scheme that begins with a digit", "1http://h/", NULL },
	{ "3986 3.1: a scheme with an underscore", "ht_tp://h/", NULL },
	{ "3986 3.1: no slashes", "http:h/", NULL },
	{ "3986 3.1: one slash", "http:/h/", NULL },
	{ "3986 3.1: backslashes", "http:\\\\h/", NULL },
	{ "2141: urn", "urn:isbn:1", NULL },
	{ "3986 3.5: a fragment", "http://h/#x", NULL },
	{ "3986 3.5: a fragment after the host", "http://h#x", NULL },
	{ "3986 3.5: a fragment in the query", "http://h/?a#x", NULL },
	{ "3986 2: a blank in the path", "http://h/a b", NULL },
	{ "3986 2: a control in the path", "http://h/a\tb", NULL },
	{ "3986 2: an 8-bit byte in the path", "http://h/\xc3\xa4", NULL },
	{ "3986 2: an 8-bit byte in the query", "http://h/?\xc3\xa4", NULL },
	{ "a backslash in the path", "http://h/..\\x", NULL },
	{ "a backslash after the host", "http://h\\@evil/", NULL },
	{ "3986 3.2.2: percent-encoding in the host", "http://ex%61mple.com/", NULL },
	{ "3986 3.2.2: an 8-bit byte in the host",
	  "http://b\xc3\xbc"
	  "cher.example/",
	  NULL },
	{ "3986 3.2.2: a blank in the host", "http://a b/", NULL },
	{ "3986 3.2.2: a comma in the host", "http://a,b/", NULL },
	{ "3986 3.2.2: a semicolon in the host", "http://a;b/", NULL },
	{ "3986 3.2.2: a tilde in the host", "http://a~b/", NULL },
	{ "1034 3.1: an empty label", "http://a..b/", NULL },
	{ "1034 3.1: a dot at the start", "http://.a/", NULL },
	{ "1034 3.1: two final dots", "http://a../", NULL },
	{ "1034 3.1: a dot alone", "http://./", NULL },
	{ "1034 3.1: a label of 64 bytes", "http://" LABEL "x/", NULL },
	{ "1034 3.1: a name of 255 bytes", "http://" LABEL "." LABEL "." LABEL "." LABEL "/",
	  NULL },
	{ "6943 3.1.1: a last part that does not fit", "http://127.0.65536/", NULL },
	{ "6943 3.1.1: a number that does not fit", "http://4294967296/", NULL },
	{ "6943 3.1.1: a digit that is not octal", "http://127.0.0.08/", NULL },
	{ "6943 3.1.1: 0x without digits", "http://0x/", NULL },
	{ "6943 3.1.1: 0x alone", "http://a.0x/", NULL },
	{ "6943 3.1.1: five parts", "http://1.2.3.4.5/", NULL },
	{ "6943 3.1.1: a part beyond 255", "http://1.2.3.256/", NULL },
	{ "6943 3.1.1: a name that ends in a number", "http://example.7/", NULL },
	{ "3986 3.2.2: IPv6 without brackets", "http://::1/", NULL },
	{ "3986 3.2.2: an open bracket", "http://[::1/", NULL },
	{ "3986 3.2.2: a closing bracket alone", "http://::1]/", NULL },
	{ "3986 3.2.2: empty brackets", "http://[]/", NULL },
	{ "3986 3.2.2: IPv4 in brackets", "http://[127.0.0.1]/", NULL },
	{ "3986 3.2.2: a name in brackets", "http://[a]/", NULL },
	{ "3986 3.2.2: IPvFuture", "http://[v1.a:b]/", NULL },
	{ "3986 3.2.2: bytes after the bracket", "http://[::1]a/", NULL },
	{ "3986 3.2.2: two brackets", "http://[[::1]]/", NULL },
	{ "6874: a zone", "http://[fe80::1%25eth0]/", NULL },
	{ "4007: a zone as others write it", "http://[fe80::1%eth0]/", NULL },
};

START_TEST(absolute_form)
{
	const char *detail = NULL;
	struct uri u = { .port = 7 };
	const bool ok = uri_parse_absolute(span_str(absolutes[_i].text), &arena, &u, &detail);

	ck_assert_msg(ok == (absolutes[_i].canonical != NULL), "%s: %s", absolutes[_i].name,
	              detail);
	if (!ok) {
		ck_assert_msg(detail != NULL && u.port == 7, "%s", absolutes[_i].name);
		return;
	}
	ck_assert_msg(u.scheme == absolutes[_i].scheme && u.port == absolutes[_i].port, "%s",
	              absolutes[_i].name);
	ck_assert_span(u.host, span_str(absolutes[_i].host));
	ck_assert_span(u.path, span_str(absolutes[_i].path));
	ck_assert_span(uri_text(&u, &arena), span_str(absolutes[_i].canonical));
}
END_TEST

/* What libc takes for an address is that address here, and nothing else made of digits is one. */
START_TEST(addresses_as_libc_reads_them)
{
	static const char bytes[] = "0123456789abcdefxX....";
	uint64_t seed = 88172645463325252ULL;
	unsigned n_good = 0;

	for (unsigned round = 0; round < 200000; round++) {
		char text[16] = "", host[20], target[40];
		const char *detail = NULL;
		struct in_addr in;
		struct uri u;

		for (unsigned i = 0; i < 2 + round % 12; i++) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			/* Mostly few digits in a part, and every other time no letters. */
			text[i] = bytes[seed % (round % 2 ? 10 : sizeof(bytes) - 1)];
			if (round % 2 != 0 && seed % 7 < 3)
				text[i] = '.';
		}
		snprintf(target, sizeof(target), "http://%s/", text);
		const bool ok = uri_parse_absolute(span_str(target), &arena, &u, &detail);
		const bool is_address = inet_aton(text, &in) != 0;

		n_good += is_address;
		ck_assert_msg(!is_address || (ok && u.host_is_ip), "%s: %s", text, detail);
		ck_assert_msg(is_address || !ok || !u.host_is_ip || text[strlen(text) - 1] == '.',
		              "%s is no address", text);
		if (!is_address)
			continue;
		inet_ntop(AF_INET, &in, host, sizeof(host));
		ck_assert_span(u.host, span_str(host));
	}
	ck_assert(n_good > 1000);
}
END_TEST

START_TEST(facts_beside_the_parts)
{
	const char *detail;
	struct uri u;

	ck_assert(uri_parse_absolute(SPAN("http://Example.com.:80"), &arena, &u, &detail));
	ck_assert(u.has_port && u.has_final_dot && u.path_was_empty && !u.host_is_ip);
	ck_assert_span(u.scheme_text, SPAN("http"));
	ck_assert(uri_parse_absolute(SPAN("http://10.0.0.1/"), &arena, &u, &detail));
	ck_assert(!u.has_port && !u.has_final_dot && !u.path_was_empty && u.host_is_ip);
	const struct ip want = ip_from_v4(0x0a000001);

	ck_assert(ip_eq(&u.ip, &want));
}
END_TEST

static const struct {
	const char *name, *text;
	const char *canonical;
} authorities[] = {
	{ "9112 3.2.3: host and port", "Example.com:443", "example.com:443" },
	{ "9112 3.2.3: IPv4", "192.0.2.1:80", "192.0.2.1:80" },
	{ "9112 3.2.3: IPv6", "[2001:db8::0]:443", "[2001:db8::]:443" },
	{ "9112 3.2.3: a final dot", "h.:1", "h:1" },
	{ "9112 3.2.3: no port", "example.com", NULL },
	{ "9112 3.2.3: no port after brackets", "[::1]", NULL },
	{ "9112 3.2.3: an empty port", "example.com:", NULL },
	{ "9112 3.2.3: port 0", "example.com:0", NULL },
	{ "9112 3.2.3: port 65536", "example.com:65536", NULL },
	{ "9112 3.2.3: a service name", "example.com:https", NULL },
	{ "9112 3.2.3: an empty host", ":443", NULL },
	{ "9112 3.2.3: nothing", "", NULL },
	{ "9112 3.2.3: user information", "user@example.com:443", NULL },
	{ "9112 3.2.3: a scheme", "https://example.com:443", NULL },
	{ "9112 3.2.3: a path", "example.com:443/", NULL },
	{ "9112 3.2.3: a query", "example.com:443?a", NULL },
	{ "9112 3.2.3: a blank", " example.com:443", NULL },
	{ "9112 3.2.3: IPv6 without brackets", "::1:443", NULL },
	{ "6943 3.1.1: a number", "2130706433:443", "127.0.0.1:443" },
	{ "6943 3.1.1: a number and a dot", "0x7F000001.:443", "127.0.0.1:443" },
	{ "6943 3.1.1: a number that is no address", "1.2.3.4.5:443", NULL },
};

START_TEST(authority_form)
{
	const char *detail = NULL;
	struct uri u;
	const bool ok = uri_parse_authority(span_str(authorities[_i].text), &arena, &u, &detail);

	ck_assert_msg(ok == (authorities[_i].canonical != NULL), "%s: %s", authorities[_i].name,
	              detail);
	if (!ok) {
		ck_assert_msg(detail != NULL, "%s", authorities[_i].name);
		return;
	}
	ck_assert_int_eq(u.scheme, URI_NONE);
	ck_assert_uint_eq(u.path.n, 0);
	ck_assert_span(uri_text(&u, &arena), span_str(authorities[_i].canonical));
	ck_assert_span(uri_host_text(&u, &arena), span_str(authorities[_i].canonical));
}
END_TEST

static const struct {
	const char *name, *value;
	enum uri_scheme scheme;
	const char *text; /* as a Host field says it again; NULL: refused */
	uint16_t port;
} hosts[] = {
	{ "9110 7.2: a name", "Example.com", URI_HTTP, "example.com", 80 },
	{ "9110 7.2: a name with https", "h", URI_HTTPS, "h", 443 },
	{ "9110 7.2: a port", "h:8080", URI_HTTP, "h:8080", 8080 },
	{ "9110 7.2: the default port", "h:80", URI_HTTP, "h", 80 },
	{ "9110 7.2: the default port of another scheme", "h:80", URI_HTTPS, "h:80", 80 },
	{ "9110 7.2: IPv6", "[::1]:81", URI_HTTP, "[::1]:81", 81 },
	{ "9110 7.2: an authority alone", "h:443", URI_NONE, "h:443", 443 },
	{ "9110 7.2: nothing", "", URI_HTTP, NULL, 0 },
	{ "9110 7.2: two hosts", "a, b", URI_HTTP, NULL, 0 },
	{ "9110 7.2: two hosts without a blank", "a,b", URI_HTTP, NULL, 0 },
	{ "9110 7.2: a blank inside", "a b", URI_HTTP, NULL, 0 },
	{ "9110 7.2: a tab inside", "a\tb", URI_HTTP, NULL, 0 },
	{ "9110 7.2: a blank before the port", "a :80", URI_HTTP, NULL, 0 },
	{ "9110 7.2: user information", "u@h", URI_HTTP, NULL, 0 },
	{ "9110 7.2: a path", "h/x", URI_HTTP, NULL, 0 },
	{ "9110 7.2: a URI", "http://h", URI_HTTP, NULL, 0 },
	{ "9110 7.2: an empty port", "h:", URI_HTTP, NULL, 0 },
	{ "9110 7.2: port 0", "h:0", URI_HTTP, NULL, 0 },
	{ "9110 7.2: port 65536", "h:65536", URI_HTTP, NULL, 0 },
	{ "9110 7.2: an 8-bit byte", "h\xff", URI_HTTP, NULL, 0 },
	{ "9110 7.2: quotes", "\"h\"", URI_HTTP, NULL, 0 },
	{ "9110 7.2: markup", "<script>", URI_HTTP, NULL, 0 },
};

START_TEST(host_values)
{
	const char *detail = NULL;
	struct uri u;
	const bool ok =
		uri_parse_host(span_str(hosts[_i].value), hosts[_i].scheme, &arena, &u, &detail);

	ck_assert_msg(ok == (hosts[_i].text != NULL), "%s: %s", hosts[_i].name, detail);
	if (!ok) {
		ck_assert_msg(detail != NULL, "%s", hosts[_i].name);
		return;
	}
	ck_assert_msg(u.scheme == hosts[_i].scheme && u.port == hosts[_i].port, "%s",
	              hosts[_i].name);
	ck_assert_span(uri_host_text(&u, &arena), span_str(hosts[_i].text));
}
END_TEST

static const struct {
	const char *text;
	bool ok;
} paths[] = {
	{ "/", true },      { "*", true },        { "/a/b?c=d&e", true }, { "//a", true },
	{ "/?", true },     { "/%2e%2e/", true }, { "", false },          { "a", false },
	{ "?a", false },    { "**", false },      { "/#", false },        { "/a b", false },
	{ "/\x80", false }, { "/a\\b", false },   { "/\x7f", false },     { "http://h/", false },
};

START_TEST(origin_form)
{
	const char *detail = NULL;
	struct span path;
	const bool ok = uri_parse_path(span_str(paths[_i].text), &path, &detail);

	ck_assert_msg(ok == paths[_i].ok, "%s: %s", paths[_i].text, detail);
	if (ok)
		ck_assert_span(path, span_str(paths[_i].text));
}
END_TEST

START_TEST(origin_form_and_host_make_a_uri)
{
	const char *detail;
	struct uri u;

	ck_assert(uri_parse_host(SPAN("H:81"), URI_HTTP, &arena, &u, &detail));
	ck_assert_span(uri_text(&u, &arena), SPAN("http://h:81/"));
	ck_assert(uri_parse_path(SPAN("/a?b"), &u.path, &detail));
	ck_assert_span(uri_text(&u, &arena), SPAN("http://h:81/a?b"));
	ck_assert(uri_parse_path(SPAN("*"), &u.path, &detail)); /* RFC 9112 3.3 */
	ck_assert_span(uri_text(&u, &arena), SPAN("http://h:81"));
}
END_TEST

static const struct {
	const char *name, *text, *want;
} encoded[] = {
	{ "nothing to decode", "/a+b", "/a+b" },
	{ "one triplet", "/%41", "/A" },
	{ "digits of either case", "%2f%2F", "//" },
	{ "once only", "%2541", "%41" },
	{ "a triplet that is none stays", "%41%zz%42", "A%zzB" },
	{ "a triplet that is cut stays", "%41%4", "A%4" },
	{ "a percent sign at the end", "%41%", "A%" },
	{ "two percent signs", "%%41%", "%A%" },
	{ "empty", "", "" },
};

START_TEST(decoding_for_matching)
{
	ck_assert_span(uri_decode(span_str(encoded[_i].text), &arena), span_str(encoded[_i].want));
}
END_TEST

Suite *suite_uri(void);
Suite *suite_uri(void)
{
	Suite *s = suite_create("uri");
	TCase *t = tcase_create("uri");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, absolute_form, 0, ARRAY_LEN(absolutes));
	tcase_add_test(t, addresses_as_libc_reads_them);
	tcase_add_test(t, facts_beside_the_parts);
	tcase_add_loop_test(t, authority_form, 0, ARRAY_LEN(authorities));
	tcase_add_loop_test(t, host_values, 0, ARRAY_LEN(hosts));
	tcase_add_loop_test(t, origin_form, 0, ARRAY_LEN(paths));
	tcase_add_test(t, origin_form_and_host_make_a_uri);
	tcase_add_loop_test(t, decoding_for_matching, 0, ARRAY_LEN(encoded));
	suite_add_tcase(s, t);
	return s;
}
