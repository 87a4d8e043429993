/*
 * The fixture of the tests of src/header.
 */
#include "tests/unit/header/fixture.h"

#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
static const struct conf_directive directives[] = {
#include "acl/directives.tbl.h"
#include "header/directives.tbl.h"
};
#undef DIRECTIVE

void fixture_init(struct fixture *f, const char *text)
{
	void *sections[CONF_SECTION_N] = { NULL };

	*f = (struct fixture){ 0 };
	arena_init(&f->arena);
	acl_conf_init(&f->acl);
	header_conf_init(&f->header);
	log_conf_init(&f->log);
	sections[CONF_SECTION_acl] = &f->acl;
	sections[CONF_SECTION_header] = &f->header;
	f->reader = conf_reader_new(directives, ARRAY_LEN(directives), sections);
	conf_read_text(f->reader, "built", SPAN("acl no method PUT\nacl get method GET\n"));
	conf_read_text(f->reader, "squid.conf", span_str(text));
	conf_finish(f->reader);
	acl_conf_finish(&f->acl, f->reader);
	header_conf_finish(&f->header, &f->log, f->reader);
	http_head_init(&f->head, &f->arena);
	f->facts.method = HTTP_GET;
	f->facts.method_name = SPAN("GET");
	f->facts.request = &f->head;
	f->facts.state[FACT_REQUEST] = FACT_VALUE;
	f->facts.state[FACT_SRC] = FACT_VALUE;
	ck_assert(ip_parse(SPAN("192.0.2.7"), &f->facts.src.ip));
}

void fixture_fini(struct fixture *f)
{
	header_conf_fini(&f->header);
	log_conf_fini(&f->log);
	conf_reader_free(&f->reader);
	acl_conf_fini(&f->acl);
	arena_fini(&f->arena);
}

void fixture_fields(struct fixture *f, const char *lines)
{
	struct span rest = span_str(lines);

	while (rest.p != NULL) {
		struct span value = span_cut(&rest, '\n');
		const struct span name = span_cut(&value, ':');

		if (name.n != 0)
			http_head_add_named(&f->head, name, span_trim(value));
	}
}

const char *fixture_text(const struct fixture *f)
{
	static char text[4096];
	size_t n = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < f->head.n_fields; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s: %.*s\n",
		                      SPAN_ARG(f->head.fields[i].name),
		                      SPAN_ARG(f->head.fields[i].value));
	return text;
}

const char *fixture_findings(const struct fixture *f)
{
	static const char *const words[] = {
		[CONF_NOTE] = "note", [CONF_WARNING] = "warning", [CONF_ERROR] = "error"
	};
	static char text[4096];
	size_t n = 0;

	text[0] = '\0';
	for (const struct conf_finding *c = conf_findings(f->reader); c != NULL; c = c->next)
		if (c->severity < ARRAY_LEN(words) && n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%u: %s: %s\n",
			                      c->place.line, words[c->severity], c->text);
	return text;
}

bool fixture_ask(void *arg, const struct acl_rules *rules, enum verdict *v, struct trail *trail)
{
	struct fixture *f = arg;

	if (f->waits > 0) {
		f->waits--;
		return false;
	}
	f->asked++;
	*v = acl_decide(rules, &f->facts, VERDICT_ALLOW, trail);
	return true;
}

static struct span note(const struct log_field *field)
{
	if (field->kind != LOG_FIELD_NOTE)
		return SPAN_NULL;
	return strcmp(field->name, "raw") == 0 ? SPAN("v\r\nX: y") : SPAN("v");
}

struct log_rec fixture_record(void *arg, const struct log_fields *fields)
{
	struct fixture *f = arg;
	struct log_rec rec = { .client = f->facts.src,
		               .status = 200,
		               .version = 11,
		               .method = f->facts.method_name,
		               .url = SPAN("http://o/p?q"),
		               .user = SPAN("u\r\nX: y"),
		               .dns_us = -1 };
	struct log_pack k;

	f->records++;
	if (fields->n == 0)
		return rec;
	ck_assert(log_pack_begin(&k, &f->arena, 64, fields->n));
	for (size_t i = 0; i < fields->n; i++)
		log_pack_put(&k, note(&fields->v[i]));
	rec.fields = log_pack_end(&k);
	return rec;
}
