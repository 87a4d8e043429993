/*
 * Any request and replies through what decides about the cache: what forbids storing forbids it,
 * what must be validated is, and heads that are kept or merged hold what they should.
 *
 * Input: a byte that chooses the settings, two that choose times, then request fields, reply
 * fields and the fields of an answer to a validation, with a byte 1 between them and '\n' at the
 * ends of lines. The first line of the replies is their status.
 */
#include "cache/freshness.h"
#include "cache/invalidate.h"
#include "cache/merge.h"
#include "cache/refresh.h"
#include "cache/storable.h"
#include "cache/vary.h"
#include "http/parse.h"
#include "tests/fuzz/fuzz.h"

#define NOW 784111777

#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
static const struct conf_directive directives[] = {
#include "acl/directives.tbl.h"
#include "cache/directives.tbl.h"
};
#undef DIRECTIVE

enum { HONEST = 1 }; /* nothing that is configured bends the rules */

static const struct settings {
	const char *text;
	unsigned flags;
} settings[] = {
	{ "", HONEST },
	{ "negative_ttl 1 minute\nrefresh_pattern . 10 50% 100\n", HONEST },
	{ "max_stale 1 second\nminimum_expiry_time 0 seconds\nreload_into_ims on\n", HONEST },
	{ "refresh_pattern a 10 20% 100 ignore-reload\nrefresh_pattern . 0 20% 9 refresh-ims\n",
	  HONEST },
	{ "refresh_pattern . 10 20% 100 override-expire override-lastmod store-stale\n", HONEST },
	{ "refresh_pattern . 10 20% 100 ignore-no-store ignore-private\n", 0 },
	{ "offline_mode on\nvary_ignore_expire on\n", 0 },
};

static struct cache_conf confs[ARRAY_LEN(settings)];

static void read_settings(void)
{
	static bool is_done;

	if (is_done)
		return;
	is_done = true;
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		void *sections[CONF_SECTION_N] = { NULL };
		static struct acl_conf acls[ARRAY_LEN(settings)];

		acl_conf_init(&acls[i]);
		cache_conf_init(&confs[i]);
		sections[CONF_SECTION_acl] = &acls[i];
		sections[CONF_SECTION_cache] = &confs[i];
		struct conf_reader *r =
			conf_reader_new(directives, ARRAY_LEN(directives), sections);

		conf_read_text(r, "squid.conf", span_str(settings[i].text));
		conf_finish(r);
		acl_conf_finish(&acls[i], r);
		cache_conf_finish(&confs[i], r);
		CHECK(conf_count(r, CONF_ERROR) == 0);
		conf_reader_free(&r);
	}
}

/* --- input ------------------------------------------------------------------------------------ */

struct input {
	struct arena arena;
	const struct cache_conf *conf;
	bool is_honest;
	int64_t request_s, response_s, now_s;
	struct http_head request, reply, answer;
};

static struct span with_crlf(struct arena *a, const char *first, struct span lines)
{
	char *const text = arena_alloc(a, strlen(first) + 2 * lines.n + 8);
	char *p = text + snprintf(text, strlen(first) + 1, "%s", first);

	for (size_t i = 0; i < lines.n; i++) {
		if (lines.p[i] == '\n')
			*p++ = '\r';
		*p++ = lines.p[i];
	}
	if (lines.n != 0 && lines.p[lines.n - 1] != '\n') {
		memcpy(p, "\r\n", 2);
		p += 2;
	}
	memcpy(p, "\r\n", 2);
	return span_of(text, (size_t)(p + 2 - text));
}

static bool read_reply(struct input *in, struct span text, struct http_head *h)
{
	struct span rest = text;
	const struct span status = span_cut(&rest, '\n');
	struct http_scan scan = { 0 };
	struct http_parse_error e;
	char first[64];
	uint64_t code;
	size_t used;

	if (!span_to_u64(status, &code) || code < 100 || code > 999)
		return false;
	snprintf(first, sizeof(first), "HTTP/1.1 %u x\r\n", (unsigned)code);
	http_head_init(h, &in->arena);
	return http_parse_reply(with_crlf(&in->arena, first, rest), 65536, &scan, h, &used, &e) ==
	       HTTP_PARSE_OK;
}

static bool read_input(struct input *in, const uint8_t *bytes, size_t n)
{
	struct http_scan scan = { 0 };
	struct http_parse_error e;
	size_t used;

	if (n < 3 || n > 8192)
		return false;
	in->conf = &confs[bytes[0] % ARRAY_LEN(confs)];
	in->is_honest = settings[bytes[0] % ARRAY_LEN(confs)].flags == HONEST;
	in->request_s = NOW;
	in->response_s = NOW + bytes[1] % 8 - 1;
	in->now_s = in->response_s + INT64_C(1) * bytes[2] * bytes[2] * bytes[2];
	struct span rest = span_of((const char *)bytes + 3, n - 3);
	const struct span request = span_cut(&rest, 1), reply = span_cut(&rest, 1);

	http_head_init(&in->request, &in->arena);
	return http_parse_request(
		       with_crlf(&in->arena, "GET http://h/a/b HTTP/1.1\r\nHost: h\r\n", request),
		       65536, &scan, &in->request, &used, &e) == HTTP_PARSE_OK &&
	       read_reply(in, reply, &in->reply) &&
	       read_reply(in, rest.p != NULL ? rest : SPAN("304"), &in->answer);
}

/* --- checks ----------------------------------------------------------------------------------- */

/* Found by other means than control.c's. */
static bool says(const struct http_head *h, struct span directive)
{
	return http_head_has_token(h, HTTP_F_CACHE_CONTROL, directive);
}

static void check_storable(struct input *in)
{
	const struct storable_question q = { .conf = in->conf,
		                             .url = SPAN("http://h/a/b"),
		                             .request = &in->request,
		                             .reply = &in->reply,
		                             .request_s = in->request_s,
		                             .response_s = in->response_s };
	const struct http_head *reply = &in->reply;
	struct storable s;

	storable_check(&q, &s);
	CHECK(storable_reason_text(s.reason)[0] != '\0');
	CHECK((s.ttl_s > 0) == (s.verdict == STORABLE_NEGATIVELY));
	if (s.verdict == STORABLE_NO)
		return;
	CHECK(storable_request(&in->request));
	CHECK(!says(&in->request, SPAN("no-store")));
	CHECK(reply->status >= 200 && reply->status != 206 && reply->status != 304);
	CHECK(!http_head_has_token(reply, HTTP_F_VARY, SPAN("*")));
	if (!in->is_honest)
		return;
	CHECK(!says(reply, SPAN("no-store")) || says(reply, SPAN("must-understand")));
	CHECK(!says(reply, SPAN("private")));
	if (http_head_get(&in->request, HTTP_F_AUTHORIZATION) != NULL)
		CHECK(http_head_get(reply, HTTP_F_CACHE_CONTROL) != NULL);
}

static bool is_served(const struct freshness *f)
{
	return f->verdict == FRESHNESS_FRESH || f->verdict == FRESHNESS_STALE_ALLOWED ||
	       f->verdict == FRESHNESS_SERVE_AND_REVALIDATE;
}

static void check_freshness(struct input *in, uint16_t flags)
{
	const struct cobj_meta meta = { .request_s = in->request_s,
		                        .response_s = in->response_s,
		                        .ttl_s = 60,
		                        .flags = flags };
	struct freshness_question q = { .conf = in->conf,
		                        .url = SPAN("http://h/a/b"),
		                        .request = &in->request,
		                        .stored = &in->reply,
		                        .meta = &meta,
		                        .now_s = in->now_s };
	struct freshness f, later;

	freshness_check(&q, &f);
	CHECK(freshness_reason_text(f.reason)[0] != '\0');
	CHECK(f.age_s >= 0 && f.age_s <= CONTROL_SECONDS_MAX);
	CHECK(f.lifetime_s >= 0 && f.stale_s >= -1);
	if (says(&in->request, SPAN("only-if-cached")))
		CHECK(f.verdict != FRESHNESS_REVALIDATE && f.verdict != FRESHNESS_RELOAD);
	q.now_s += 1000;
	freshness_check(&q, &later);
	CHECK(later.age_s >= f.age_s && later.stale_s >= f.stale_s);
	CHECK(f.may_serve_on_error || !later.may_serve_on_error);
	if (!in->is_honest || !is_served(&f))
		return;
	CHECK((flags & COBJ_IS_STALE) == 0);
	if ((flags & COBJ_NEGATIVE) == 0)
		CHECK(!says(&in->reply, SPAN("no-cache")) && !says(&in->reply, SPAN("private")));
	CHECK(f.stale_s < 0 || !says(&in->reply, SPAN("must-revalidate")));
	if (f.verdict == FRESHNESS_SERVE_AND_REVALIDATE)
		CHECK(f.stale_s >= 0 && http_head_get(&in->reply, HTTP_F_CACHE_CONTROL) != NULL);
}

static void check_same(const struct http_head *x, const struct http_head *y)
{
	CHECK(x->status == y->status && x->n_fields == y->n_fields);
	for (uint32_t i = 0; i < x->n_fields; i++)
		CHECK(span_eq(x->fields[i].name, y->fields[i].name) &&
		      span_eq(x->fields[i].value, y->fields[i].value));
}

static void check_same_values(const struct http_head *x, const struct http_head *y,
                              enum http_field_id id)
{
	CHECK(http_head_count(x, id) == http_head_count(y, id));
	if (http_head_get(x, id) != NULL)
		CHECK(span_eq(http_head_get(x, id)->value, http_head_get(y, id)->value));
}

static void check_heads(struct input *in)
{
	struct http_head kept, again, merged;

	storable_head(&in->reply, &in->arena, &kept);
	for (uint32_t i = 0; i < kept.n_fields; i++)
		CHECK((http_field_flags(kept.fields[i].id) & FIELD_HOP) == 0 &&
		      kept.fields[i].id != HTTP_F_SET_COOKIE);
	storable_head(&kept, &in->arena, &again);
	check_same(&kept, &again);
	CHECK(merge_fit(&kept, &kept) != MERGE_OTHER);
	(void)merge_fit(&kept, &in->answer);
	(void)merge_fit_head(&kept, 5, &in->answer);
	merge_heads(&kept, &in->answer, in->now_s, &in->arena, &merged);
	check_same_values(&kept, &merged, HTTP_F_CONTENT_LENGTH);
	check_same_values(&kept, &merged, HTTP_F_CONTENT_ENCODING);
	check_same_values(&kept, &merged, HTTP_F_VARY);
	CHECK(http_head_get(&merged, HTTP_F_DATE) != NULL);
	CHECK(http_head_get(&merged, HTTP_F_AGE) == NULL ||
	      http_head_get(&in->answer, HTTP_F_AGE) != NULL);
	merge_heads(&merged, &in->answer, in->now_s, &in->arena, &again);
	CHECK(again.n_fields == merged.n_fields);
}

static void check_conditions(struct input *in)
{
	struct http_head sent = in->request;
	const bool asks = merge_set_conditions(&sent, &in->reply);

	CHECK(asks == (http_head_get(&sent, HTTP_F_IF_NONE_MATCH) != NULL ||
	               http_head_get(&sent, HTTP_F_IF_MODIFIED_SINCE) != NULL));
	CHECK(http_head_get(&sent, HTTP_F_RANGE) == NULL &&
	      http_head_get(&sent, HTTP_F_IF_RANGE) == NULL);
}

static void check_vary(struct input *in)
{
	char names_buf[VARY_TEXT_MAX], again_buf[VARY_TEXT_MAX], buf[VARY_VARIANT_MAX];
	struct span names, again, variant;
	struct http_head h;

	if (vary_names(&in->reply, names_buf, &names) != VARY_NAMES)
		return;
	http_head_init(&h, &in->arena);
	http_head_add(&h, HTTP_F_VARY, names);
	CHECK(vary_names(&h, again_buf, &again) == VARY_NAMES && span_eq(names, again));
	if (vary_variant(names, &in->request, buf, &variant))
		CHECK(variant.n >= names.n);
}

static void check_invalidation(struct input *in)
{
	struct http_head request = in->request;
	struct span uris[INVALIDATE_MAX];
	struct uri target;
	const char *detail;

	CHECK(uri_parse_absolute(SPAN("http://h/a/b?c"), &in->arena, &target, &detail));
	request.method = HTTP_POST;
	const unsigned n = invalidate_list(&target, &request, &in->reply, &in->arena, uris);

	CHECK((n != 0) == (in->reply.status >= 200 && in->reply.status < 400));
	for (unsigned i = 0; i < n; i++)
		CHECK(span_starts(uris[i], SPAN("http://h/")) &&
		      span_find(uris[i], '#') == uris[i].n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct input in;

	read_settings();
	arena_init(&in.arena);
	if (read_input(&in, bytes, n)) {
		check_storable(&in);
		check_freshness(&in, 0);
		check_freshness(&in, COBJ_NEGATIVE);
		check_freshness(&in, COBJ_IS_STALE);
		check_heads(&in);
		check_vary(&in);
		check_invalidation(&in);
		check_conditions(&in);
	}
	arena_fini(&in.arena);
	return 0;
}
