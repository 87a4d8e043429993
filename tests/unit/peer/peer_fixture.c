/*
 * Reading settings for tests.
 */
#include "tests/unit/peer/peer_fixture.h"

#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
static const struct conf_directive rows[] = {
#include "acl/directives.tbl.h"
#include "peer/directives.tbl.h"
};
#undef DIRECTIVE

void peer_fixture_init(struct peer_fixture *f, const char *text)
{
	void *sections[CONF_SECTION_N] = { NULL };

	acl_conf_init(&f->acl);
	peer_conf_init(&f->conf);
	sections[CONF_SECTION_acl] = &f->acl;
	sections[CONF_SECTION_peer] = &f->conf;
	f->reader = conf_reader_new(rows, ARRAY_LEN(rows), sections);
	conf_forbid_files(f->reader);
	conf_read_text(f->reader, "squid.conf", span_str(text));
	conf_finish(f->reader);
	acl_conf_finish(&f->acl, f->reader);
	peer_conf_finish(&f->conf, f->reader);
}

void peer_fixture_fini(struct peer_fixture *f)
{
	peer_conf_fini(&f->conf);
	acl_conf_fini(&f->acl);
	conf_reader_free(&f->reader);
}

const char *peer_fixture_findings(const struct peer_fixture *f)
{
	static char text[8192];
	size_t n = 0;

	text[0] = '\0';
	for (const struct conf_finding *i = conf_findings(f->reader); i != NULL; i = i->next)
		if (i->severity >= CONF_WARNING && n < sizeof(text))
			n += (size_t)snprintf(
				text + n, sizeof(text) - n, "%u: %s: %s\n", i->place.line,
				i->severity == CONF_ERROR ? "error" : "warning", i->text);
	return text;
}
