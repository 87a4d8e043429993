/*
 * Lines of acl and http_access: whatever is read without errors decides about some requests, and
 * explains itself with the same verdict.
 */
#include "acl/explain.h"
#include "http/uri.h"
#include "tests/fuzz/fuzz.h"

#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
static const struct conf_directive directives[] = {
#include "acl/directives.tbl.h"
};
#undef DIRECTIVE

static const char *const urls[] = { "http://www.example.com/a%20b.exe?c", "http://192.0.2.9:8080/",
	                            "http://h/squid-internal-mgr/info" };

static void check_one(const struct acl_rules *rules, const struct facts *f, struct arena *a)
{
	struct trail t;
	struct acl_explanation x;
	const enum verdict v = acl_decide(rules, f, VERDICT_DENY, &t);

	acl_explain(rules, f, VERDICT_DENY, a, &x);
	CHECK(v == x.verdict && t.rule == x.trail.rule && t.need == x.trail.need &&
	      t.last_acl == x.trail.last_acl && t.place.line == x.trail.place.line);
	CHECK(v != VERDICT_NEED || (acl_rules_reads(rules) >> t.need & 1) != 0);
	(void)acl_explanation_text(&x, a);
}

static void check_url(const struct acl_rules *rules, const char *url, struct arena *a)
{
	struct http_head head;
	struct uri uri;
	const char *detail;
	struct ip dst;

	CHECK(uri_parse_absolute(span_str(url), a, &uri, &detail));
	CHECK(ip_parse(SPAN("192.0.2.1"), &dst));
	http_head_init(&head, a);
	http_head_add(&head, HTTP_F_USER_AGENT, SPAN("fuzz/1"));
	struct facts f = {
		.src = { dst, 1025 },
		.local = { dst, 3128 },
		.port_name = SPAN("3128"),
		.weekday = 3,
		.minute = 700,
		.method = HTTP_GET,
		.method_name = SPAN("GET"),
		.uri = &uri,
		.url = uri_text(&uri, a),
		.request = &head,
		.dst = &dst,
		.n_dst = 1,
		.src_name = SPAN("pc.example.com"),
		.dst_name = SPAN("server.example.com"),
	};

	for (enum fact_state state = FACT_UNKNOWN; state <= FACT_VALUE; state++) {
		for (enum fact i = 0; i < FACT_N; i++)
			f.state[i] = (uint8_t)(fact_may_wait(i) ? state : FACT_VALUE);
		check_one(rules, &f, a);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	void *sections[CONF_SECTION_N] = { NULL };
	struct acl_conf c;
	struct arena a;

	acl_conf_init(&c);
	sections[CONF_SECTION_acl] = &c;
	struct conf_reader *r = conf_reader_new(directives, ARRAY_LEN(directives), sections);

	conf_forbid_files(r);
	conf_read_text(r, "squid.conf", span_of((const char *)bytes, n));
	conf_finish(r);
	acl_conf_finish(&c, r);
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		check_url(c.http_access, urls[i], &a);
	arena_fini(&a);
	conf_reader_free(&r);
	acl_conf_fini(&c);
	return 0;
}
