/*
 * The fixture of the tests of acl/.
 */
#include "tests/unit/acl/fixture.h"

#include "acl/explain.h"

/* The lists of other folders, as far as tests need one of each phase (acl/lists.tbl.h). */
struct log_conf {
	struct acl_rules *reply, *outgoing, *follow;
	struct acl_rules *at_end;
};

static void set_at_end(struct conf_line *l, void *field)
{
	struct acl_rules **at = field;

	acl_rules_free(at);
	*at = acl_conf_terms(l);
}

#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
static const struct conf_directive directives[] = {
#include "acl/directives.tbl.h"
	DIRECTIVE(http_reply_access, "", access, log, acl_conf_rules, reply, "", "allow|deny", "-")
		DIRECTIVE(tcp_outgoing_tos, "", access, log, acl_conf_rules, outgoing, "",
	                  "allow|deny", "-") DIRECTIVE(follow_x_forwarded_for, "", access, log,
	                                               acl_conf_rules, follow, "", "allow|deny",
	                                               "-")
			DIRECTIVE(access_log, "", log, log, set_at_end, at_end, "", "[ACL...]", "-")
};
#undef DIRECTIVE

void fixture_init(struct fixture *f, const char *text)
{
	fixture_init_with(f, text, NULL, NULL);
}

void fixture_init_with(struct fixture *f, const char *text, struct acl_files *in_use,
                       acl_resolve_fn *resolve)
{
	void *sections[CONF_SECTION_N] = { NULL };

	*f = (struct fixture){ 0 };
	arena_init(&f->arena);
	acl_conf_init(&f->acl);
	acl_conf_share(&f->acl, in_use);
	sections[CONF_SECTION_acl] = &f->acl;
	f->lists = check_calloc(1, sizeof(struct log_conf));
	sections[CONF_SECTION_log] = f->lists;
	f->reader = conf_reader_new(directives, ARRAY_LEN(directives), sections);
	conf_read_text(f->reader, "squid.conf", span_str(text));
	conf_finish(f->reader);
	acl_conf_resolve(&f->acl, f->reader, resolve, NULL);
	acl_conf_finish(&f->acl, f->reader);
}

void fixture_fini(struct fixture *f)
{
	conf_reader_free(&f->reader);
	acl_rules_free(&f->lists->reply);
	acl_rules_free(&f->lists->outgoing);
	acl_rules_free(&f->lists->follow);
	acl_rules_free(&f->lists->at_end);
	free(f->lists);
	acl_conf_fini(&f->acl);
	arena_fini(&f->arena);
}

static struct ip address(const char *text)
{
	struct ip ip;

	ck_assert(ip_parse(span_str(text), &ip));
	return ip;
}

void fixture_request(struct fixture *f, const char *method, const char *url)
{
	const char *detail = "";
	bool ok;

	f->facts = (struct facts){
		.src = { address("192.0.2.7"), 40000 },
		.local = { address("192.0.2.1"), 3128 },
		.port_name = SPAN("3128"),
		.weekday = 1,
		.minute = 12 * 60,
		.method = http_method_of(span_str(method)),
		.method_name = span_str(method),
		.uri = &f->uri,
		.request = &f->request,
	};
	if (f->facts.method == HTTP_CONNECT)
		ok = uri_parse_authority(span_str(url), &f->arena, &f->uri, &detail);
	else
		ok = uri_parse_absolute(span_str(url), &f->arena, &f->uri, &detail);
	ck_assert_msg(ok, "%s: %s", url, detail);
	f->facts.url = uri_text(&f->uri, &f->arena);
	http_head_init(&f->request, &f->arena);
	for (enum fact i = 0; i < FACT_N; i++)
		f->facts.state[i] = fact_may_wait(i) ? FACT_UNKNOWN : FACT_VALUE;
	f->facts.state[FACT_REPLY] = FACT_ABSENT;
}

void fixture_dst(struct fixture *f, const char *addresses)
{
	struct span rest = span_str(addresses);

	f->facts.n_dst = 0;
	while (rest.p != NULL) {
		const struct span one = span_cut(&rest, ' ');

		ck_assert(ip_parse(one, &f->dst[f->facts.n_dst++]));
	}
	f->facts.dst = f->dst;
	f->facts.state[FACT_DST_ADDRS] = FACT_VALUE;
}

static const char *verdict_word(enum verdict v, const struct trail *t)
{
	static char text[32];

	if (v != VERDICT_NEED)
		return verdict_text(v);
	snprintf(text, sizeof(text), "need %s", fact_name(t->need));
	return text;
}

enum verdict fixture_decide(struct fixture *f)
{
	return acl_decide(f->acl.http_access, &f->facts, VERDICT_DENY, &f->trail);
}

const char *fixture_verdict(struct fixture *f)
{
	return verdict_word(fixture_decide(f), &f->trail);
}

const char *fixture_reply_verdict(struct fixture *f)
{
	return verdict_word(acl_decide(f->lists->reply, &f->facts, VERDICT_DENY, &f->trail),
	                    &f->trail);
}

const char *fixture_findings(const struct fixture *f)
{
	static char text[8192];
	static const char *const words[] = { "difference", "note", "warning", "error" };
	size_t n = 0;

	text[0] = '\0';
	for (const struct conf_finding *c = conf_findings(f->reader); c != NULL; c = c->next)
		if (n < sizeof(text))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s:%u: %s: %s\n",
			                      c->place.file, c->place.line, words[c->severity],
			                      c->text);
	return text;
}

bool fixture_has(const struct fixture *f, unsigned line, enum conf_severity s, const char *part)
{
	for (const struct conf_finding *c = conf_findings(f->reader); c != NULL; c = c->next)
		if (c->place.line == line && c->severity == s && strstr(c->text, part) != NULL)
			return true;
	return false;
}
