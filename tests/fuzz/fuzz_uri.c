/*
 * URIs: the canonical text of whatever parses is a URI that parses to the same, in every form.
 */
#include "http/uri.h"
#include "tests/fuzz/fuzz.h"

static void check_same(const struct uri *a, const struct uri *b)
{
	CHECK(a->scheme == b->scheme && span_eq_nocase(a->scheme_text, b->scheme_text));
	CHECK(span_eq(a->host, b->host) && a->host_is_ip == b->host_is_ip);
	CHECK(!a->host_is_ip || ip_eq(&a->ip, &b->ip));
	CHECK(a->port == b->port && span_eq(a->path, b->path));
}

static void check_host(const struct uri *u)
{
	CHECK(u->host.n != 0);
	for (size_t i = 0; i < u->host.n; i++) {
		const char c = u->host.p[i];

		CHECK(c > ' ' && c < 0x7f && c == ascii_lower(c));
		CHECK(strchr("/?#@[]\\%,;\"'<>", c) == NULL);
		CHECK(c != ':' || u->host_is_ip);
	}
}

static void check_absolute(struct span text, struct arena *a)
{
	const char *detail = NULL;
	struct uri u, again;

	if (!uri_parse_absolute(text, a, &u, &detail)) {
		CHECK(detail != NULL);
		return;
	}
	check_host(&u);
	const struct span canonical = uri_text(&u, a);

	CHECK(uri_parse_absolute(canonical, a, &again, &detail));
	check_same(&u, &again);
	CHECK(span_eq(canonical, uri_text(&again, a)));
	CHECK(uri_parse_host(uri_host_text(&u, a), u.scheme, a, &again, &detail));
	CHECK(span_eq(u.host, again.host) && u.port == again.port);
	(void)uri_decode(u.path, a);
}

static void check_authority(struct span text, struct arena *a)
{
	const char *detail = NULL;
	struct uri u, again;

	if (uri_parse_authority(text, a, &u, &detail)) {
		check_host(&u);
		CHECK(u.port != 0 && u.has_port);
		CHECK(uri_parse_authority(uri_text(&u, a), a, &again, &detail));
		check_same(&u, &again);
	} else {
		CHECK(detail != NULL);
	}
	if (uri_parse_host(text, URI_HTTP, a, &u, &detail)) {
		check_host(&u);
		CHECK(uri_parse_host(uri_host_text(&u, a), URI_HTTP, a, &again, &detail));
		check_same(&u, &again);
		CHECK(uri_parse_absolute(uri_text(&u, a), a, &again, &detail));
		check_same(&u, &again);
	}
}

static void check_path(struct span text, struct arena *a)
{
	const char *detail = NULL;
	struct span path;

	if (uri_parse_path(text, &path, &detail))
		CHECK(span_eq(path, text));
	else
		CHECK(detail != NULL);
	CHECK(uri_decode(text, a).n <= text.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct span text = span_of((const char *)bytes, n);
	struct arena a;

	arena_init(&a);
	check_absolute(text, &a);
	check_authority(text, &a);
	check_path(text, &a);
	arena_fini(&a);
	return 0;
}
