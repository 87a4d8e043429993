/*
 * Heads and settings for tests.
 */
#include "tests/unit/cache/rules.h"

#include "cache/refresh.h"
#include "http/date.h"
#include "http/parse.h"

#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
static const struct conf_directive rows[] = {
#include "acl/directives.tbl.h"
#include "cache/directives.tbl.h"
};
#undef DIRECTIVE

void rules_init(struct rules *r, const char *conf)
{
	void *sections[CONF_SECTION_N] = { NULL };

	arena_init(&r->arena);
	acl_conf_init(&r->acl);
	cache_conf_init(&r->conf);
	sections[CONF_SECTION_acl] = &r->acl;
	sections[CONF_SECTION_cache] = &r->conf;
	r->reader = conf_reader_new(rows, ARRAY_LEN(rows), sections);
	conf_forbid_files(r->reader);
	conf_read_text(r->reader, "squid.conf", span_str(conf));
	conf_finish(r->reader);
	acl_conf_finish(&r->acl, r->reader);
	cache_conf_finish(&r->conf, r->reader);
}

void rules_fini(struct rules *r)
{
	cache_conf_fini(&r->conf);
	acl_conf_fini(&r->acl);
	conf_reader_free(&r->reader);
	arena_fini(&r->arena);
}

const char *rules_findings(const struct rules *r)
{
	static char text[8192];
	size_t n = 0;

	text[0] = '\0';
	for (const struct conf_finding *f = conf_findings(r->reader); f != NULL; f = f->next)
		if (f->severity >= CONF_WARNING && n < sizeof(text))
			n += (size_t)snprintf(
				text + n, sizeof(text) - n, "%u: %s: %s\n", f->place.line,
				f->severity == CONF_ERROR ? "error" : "warning", f->text);
	return text;
}

/* The text with CRLF and dates. */
static struct span message(struct rules *r, const char *first, const char *fields)
{
	char *const text = arena_alloc(&r->arena, strlen(first) + 32 * strlen(fields) + 8);
	char *p = text + snprintf(text, strlen(first) + 1, "%s", first);

	for (const char *f = fields; *f != '\0'; f++) {
		char *end;

		if (*f == '@' && (f[1] == '-' || (f[1] >= '0' && f[1] <= '9'))) {
			http_date_print(RULES_NOW + strtol(f + 1, &end, 10), p);
			ck_assert_int_eq(*end, '@');
			p += HTTP_DATE_LEN;
			f = end;
		} else {
			if (*f == '\n')
				*p++ = '\r';
			*p++ = *f;
		}
	}
	memcpy(p, "\r\n", 2);
	return span_of(text, (size_t)(p + 2 - text));
}

struct http_head *rules_request(struct rules *r, const char *method, const char *fields)
{
	struct http_head *h = arena_alloc(&r->arena, sizeof(*h));
	struct http_scan scan = { 0 };
	struct http_parse_error e;
	size_t used;
	char first[128];

	snprintf(first, sizeof(first), "%s http://h.example/ HTTP/1.1\r\nHost: h.example\r\n",
	         method);
	http_head_init(h, &r->arena);
	ck_assert_msg(http_parse_request(message(r, first, fields), 65536, &scan, h, &used, &e) ==
	                      HTTP_PARSE_OK,
	              "%s", fields);
	return h;
}

struct http_head *rules_reply(struct rules *r, unsigned status, const char *fields)
{
	struct http_head *h = arena_alloc(&r->arena, sizeof(*h));
	struct http_scan scan = { 0 };
	struct http_parse_error e;
	size_t used;
	char first[64];

	snprintf(first, sizeof(first), "HTTP/1.1 %u Status\r\n", status);
	http_head_init(h, &r->arena);
	ck_assert_msg(http_parse_reply(message(r, first, fields), 65536, &scan, h, &used, &e) ==
	                      HTTP_PARSE_OK,
	              "%s", fields);
	return h;
}

const char *rules_fields(struct rules *r, const struct http_head *h)
{
	struct span text = SPAN("");

	for (uint32_t i = 0; i < h->n_fields; i++)
		text = arena_printf(&r->arena, "%.*s%.*s: %.*s\n", SPAN_ARG(text),
		                    SPAN_ARG(h->fields[i].name), SPAN_ARG(h->fields[i].value));
	return arena_dup(&r->arena, text).p;
}
