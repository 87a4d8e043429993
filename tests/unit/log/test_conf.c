/*
 * The directives about logs: what is understood, and what is refused with which place.
 */
#include "log/access_log.h"
#include "log/line_int.h"
#include "tests/unit/unit.h"

#define DIRECTIVE(...) CONF_ROW(__VA_ARGS__),
static const struct conf_directive rows[] = {
#include "acl/directives.tbl.h"
#include "log/directives.tbl.h"
};
#undef DIRECTIVE

struct outcome {
	struct log_conf log;
	struct acl_conf acl;
	struct conf_reader *reader;
};

static void read_conf(struct outcome *o, const char *text)
{
	void *sections[CONF_SECTION_N] = {
		[CONF_SECTION_log] = &o->log, [CONF_SECTION_acl] = &o->acl
	};

	log_conf_init(&o->log);
	acl_conf_init(&o->acl);
	o->reader = conf_reader_new(rows, ARRAY_LEN(rows), sections);
	conf_read_text(o->reader, "t.conf", span_str(text));
	conf_finish(o->reader);
	acl_conf_finish(&o->acl, o->reader);
	log_conf_finish(&o->log, o->reader);
}

static void outcome_fini(struct outcome *o)
{
	conf_reader_free(&o->reader);
	log_conf_fini(&o->log);
	acl_conf_fini(&o->acl);
}

START_TEST(defaults_are_squids)
{
	struct outcome o;

	read_conf(&o, "");
	ck_assert_uint_eq(conf_count(o.reader, CONF_ERROR), 0);
	ck_assert_ptr_nonnull(o.log.targets);
	ck_assert_ptr_null(o.log.targets->next);
	ck_assert_int_eq(o.log.targets->kind, LOG_TARGET_FILE);
	ck_assert_str_eq(o.log.targets->path, LOCALSTATEDIR "/log/cuttle/access.log");
	ck_assert_str_eq(o.log.cache_log, LOCALSTATEDIR "/log/cuttle/cache.log");
	ck_assert(o.log.strip_query_terms);
	ck_assert(!o.log.buffered_logs);
	ck_assert_int_eq(o.log.logfile_rotate, 10);
	outcome_fini(&o);
}
END_TEST

static const struct {
	const char *line;
	int kind;
	const char *path;
	bool has_acls, is_die;
	int64_t buffer_bytes, rotate;
} good[] = {
	{ "access_log none", LOG_TARGET_NONE, NULL, false, false, 65536, -1 },
	{ "access_log none localhost", LOG_TARGET_NONE, NULL, true, false, 65536, -1 },
	{ "access_log /a/b", LOG_TARGET_FILE, "/a/b", false, false, 65536, -1 },
	{ "access_log /a/b squid", LOG_TARGET_FILE, "/a/b", false, false, 65536, -1 },
	{ "access_log /a/b squid localhost !CONNECT", LOG_TARGET_FILE, "/a/b", true, false, 65536,
	  -1 },
	{ "access_log /a/b localhost", LOG_TARGET_FILE, "/a/b", true, false, 65536, -1 },
	{ "cache_access_log daemon:/a/b squid", LOG_TARGET_FILE, "/a/b", false, false, 65536, -1 },
	{ "access_log stdio:/a/b logformat=squid on-error=die rotate=3 buffer-size=1MB CONNECT",
	  LOG_TARGET_FILE, "/a/b", true, true, 1 << 20, 3 },
	{ "access_log stdio:/dev/stdout", LOG_TARGET_STDOUT, "/dev/stdout", false, false, 65536,
	  -1 },
	{ "access_log daemon:/dev/stderr squid", LOG_TARGET_STDERR, "/dev/stderr", false, false,
	  65536, -1 },
	{ "access_log stdio:/proc/self/fd/1", LOG_TARGET_STDOUT, "/proc/self/fd/1", false, false,
	  65536, -1 },
};

START_TEST(line_is_understood)
{
	struct outcome o;

	read_conf(&o, good[_i].line);
	const struct log_target *t = o.log.targets;

	ck_assert_msg(conf_count(o.reader, CONF_ERROR) == 0, "%s: %s", good[_i].line,
	              conf_findings(o.reader) != NULL ? conf_findings(o.reader)->text : "");
	ck_assert(t != NULL && t->next == NULL);
	ck_assert_int_eq((int)t->kind, good[_i].kind);
	ck_assert((t->path == NULL) == (good[_i].path == NULL));
	if (t->path != NULL)
		ck_assert_str_eq(t->path, good[_i].path);
	ck_assert_int_eq(t->acls != NULL, good[_i].has_acls);
	ck_assert_int_eq(t->is_on_error_die, good[_i].is_die);
	ck_assert_int_eq(t->buffer_bytes, good[_i].buffer_bytes);
	ck_assert_int_eq(t->rotate, good[_i].rotate);
	ck_assert_str_eq(t->place.file, "t.conf");
	ck_assert_uint_eq(t->place.line, 1);
	outcome_fini(&o);
}
END_TEST

static const struct {
	const char *text;
	const char *format; /* of the first access_log */
	bool has_acls;
} formats[] = {
	{ "access_log /a", "squid", false },
	{ "access_log /a common", "common", false },
	{ "access_log /a combined localhost", "combined", true },
	{ "access_log /a referrer", "referrer", false },
	{ "access_log /a logformat=useragent localhost", "useragent", true },
	{ "access_log /a facts", "facts", false },
	{ "logformat mine %rm\naccess_log /a mine", "mine", false },
	{ "logformat mine %rm\naccess_log /a mine localhost", "mine", true },
	{ "logformat mine %rm\naccess_log /a logformat=mine rotate=1 localhost", "mine", true },
	/* options may stand in any order, and the last of a kind counts */
	{ "access_log /a rotate=1 logformat=common", "common", false },
	{ "access_log /a logformat=common logformat=squid", "squid", false },
	/* Squid takes its own format of a built-in name */
	{ "logformat common %rm\naccess_log /a common", "common", false },
	/* an acl, since no format of that name is known yet */
	{ "acl mine src all\naccess_log /a mine\nlogformat mine %rm", "squid", true },
	/* after an option, no format's name is looked for */
	{ "acl mine src all\nlogformat mine %rm\naccess_log /a rotate=1 mine", "squid", true },
};

START_TEST(format_is_found)
{
	struct outcome o;

	read_conf(&o, formats[_i].text);
	ck_assert_msg(conf_count(o.reader, CONF_ERROR) == 0, "%s", formats[_i].text);
	ck_assert_str_eq(log_format_name(o.log.targets->format), formats[_i].format);
	ck_assert_int_eq(o.log.targets->acls != NULL, formats[_i].has_acls);
	outcome_fini(&o);
}
END_TEST

static unsigned count_findings(const struct outcome *o, enum conf_severity severity,
                               const char *part)
{
	unsigned n = 0;

	for (const struct conf_finding *f = conf_findings(o->reader); f != NULL; f = f->next)
		n += f->severity == severity && strstr(f->text, part) != NULL;
	return n;
}

static const struct {
	const char *text, *said;
} doubtful[] = {
	{ "logformat squid %rm", "logformat squid has no effect" },
	{ "logformat x %rm\nlogformat x %ru", "logformat x is defined at line 1 already" },
	{ "acl x src all\naccess_log /a x\nlogformat x %rm", "\"x\" is taken for an acl here" },
	{ "logformat x %rmy", "\"%rmy\" is read as %rm and the text \"y\"" },
	{ "logformat x %ue\nlogformat y %ssl::>sni %rm\nlogformat z %rm",
	  "these codes are always \"-\" here: %ue, %ssl::>sni" },
};

START_TEST(doubt_is_said_once)
{
	struct outcome o;

	read_conf(&o, doubtful[_i].text);
	ck_assert_uint_eq(conf_count(o.reader, CONF_ERROR), 0);
	ck_assert_uint_eq(conf_count(o.reader, CONF_WARNING), 1);
	ck_assert_uint_eq(count_findings(&o, CONF_WARNING, doubtful[_i].said), 1);
	outcome_fini(&o);
}
END_TEST

/* The rest of the line as it is: blanks, quotes and comments belong to the format. */
START_TEST(format_is_the_rest_of_the_line)
{
	struct outcome o;
	struct log_state *s;
	char buf[128];
	struct log_line l = { buf, buf + sizeof(buf), false };
	const struct log_rec rec = { .method = SPAN("GET") };

	read_conf(&o, "logformat x   \"%rm\"  # %%   \naccess_log /a x\n");
	s = log_state_new(o.log.targets->format);
	log_format_line(o.log.targets->format, s, &rec, &l);
	ck_assert_span(span_of(buf, (size_t)(l.p - buf)), SPAN("\"GET\"  # %\n"));
	log_state_free(&s);
	outcome_fini(&o);
}
END_TEST

/* Only what the formats of logs in use print is collected. */
START_TEST(fields_are_those_in_use)
{
	struct outcome o;

	read_conf(&o, "logformat unused %{A}>h %<la\nlogformat used %{B}>h %{C}<h %cuttle::rule\n"
	              "access_log /a used\naccess_log /b squid\n");
	ck_assert_uint_eq(o.log.fields.n, 2);
	ck_assert_str_eq(o.log.fields.v[0].name, "B");
	ck_assert_str_eq(o.log.fields.v[1].name, "C");
	ck_assert(log_conf_wants_rules(&o.log));
	ck_assert(!log_fields_want(&o.log.fields, LOG_FIELD_SOURCE));
	ck_assert(!log_fields_want(&o.log.fields, LOG_FIELD_FACTS));
	outcome_fini(&o);
}
END_TEST

/* Facts hold the fields that acls look at, and only if some log has that format. */
START_TEST(facts_fields_are_those_of_the_acls)
{
	static const char acls[] =
		"acl a browser x\nacl b req_header X-Tag y\nacl c req_header x-tag z\n"
		"acl d rep_header X-Reply y\nhttp_access deny a\n";
	char text[512];
	struct outcome o;

	snprintf(text, sizeof(text), "%saccess_log /a facts\n", acls);
	read_conf(&o, text);
	ck_assert_uint_eq(conf_count(o.reader, CONF_ERROR), 0);
	ck_assert_uint_eq(o.log.facts_fields.request.n, 2);
	ck_assert(log_names_has(&o.log.facts_fields.request, SPAN("User-Agent")));
	ck_assert(log_names_has(&o.log.facts_fields.request, SPAN("X-Tag")));
	ck_assert(log_names_has(&o.log.facts_fields.reply, SPAN("X-Reply")));
	outcome_fini(&o);
	snprintf(text, sizeof(text), "%saccess_log /a squid\n", acls);
	read_conf(&o, text);
	ck_assert_uint_eq(o.log.facts_fields.request.n, 0);
	outcome_fini(&o);
}
END_TEST

static const char *const bad[] = {
	"access_log",
	"access_log access.log",
	"access_log stdio:",
	"access_log syslog:local0.info squid",
	"access_log udp://127.0.0.1:514",
	"access_log tcp://127.0.0.1:514",
	"access_log /a icap_squid",
	"access_log /a logformat=mine",
	"access_log /a logformat=icap_squid",
	"logformat",
	"logformat x",
	"logformat x %zz",
	"access_log /a on-error=panic",
	"access_log /a rotate=-1",
	"access_log /a rotate=x",
	"access_log /a buffer-size=x",
	"access_log /a buffer-size=64XB",
	"access_log /a color=red",
	"access_log /a squid nosuchacl",
	"access_log none nosuchacl",
	"logfile_rotate -1",
	"logfile_rotate ten",
	"client_netmask /24",
	"cache_log cache.log",
};

START_TEST(line_is_refused_with_its_place)
{
	struct outcome o;
	char text[256];
	const struct conf_finding *f;

	snprintf(text, sizeof(text), "\n%s\n", bad[_i]);
	read_conf(&o, text);
	ck_assert_msg(conf_count(o.reader, CONF_ERROR) == 1, "%s: %u errors", bad[_i],
	              conf_count(o.reader, CONF_ERROR));
	for (f = conf_findings(o.reader); f->severity != CONF_ERROR; f = f->next)
		;
	ck_assert_str_eq(f->place.file, "t.conf");
	ck_assert_uint_eq(f->place.line, 2);
	outcome_fini(&o);
}
END_TEST

/* A name lookup at the end of a transaction would be one too late. */
START_TEST(acls_that_wait_are_refused)
{
	struct outcome o;

	read_conf(&o, "acl there dst 192.0.2.1\naccess_log none CONNECT\naccess_log /a there\n");
	ck_assert_uint_eq(conf_count(o.reader, CONF_ERROR), 1);
	for (const struct conf_finding *f = conf_findings(o.reader); f != NULL; f = f->next)
		if (f->severity == CONF_ERROR)
			ck_assert_uint_eq(f->place.line, 3);
	outcome_fini(&o);
}
END_TEST

START_TEST(lines_are_kept_in_order)
{
	struct outcome o;

	read_conf(&o, "access_log /a\naccess_log none CONNECT\naccess_log /b\n"
	              "strip_query_terms off\nlogfile_rotate 0\nclient_netmask 255.255.255.0\n"
	              "cache_log none\nbuffered_logs on\n");
	ck_assert_uint_eq(conf_count(o.reader, CONF_ERROR), 0);
	ck_assert_str_eq(o.log.targets->path, "/a");
	ck_assert_int_eq(o.log.targets->next->kind, LOG_TARGET_NONE);
	ck_assert_str_eq(o.log.targets->next->next->path, "/b");
	ck_assert(!o.log.strip_query_terms);
	ck_assert(o.log.buffered_logs);
	ck_assert_int_eq(o.log.logfile_rotate, 0);
	ck_assert_ptr_null(o.log.cache_log);
	ck_assert_uint_eq(o.log.client_netmask.b[15], 0);
	ck_assert_uint_eq(o.log.client_netmask.b[14], 255);
	outcome_fini(&o);
}
END_TEST

Suite *suite_log_conf(void);
Suite *suite_log_conf(void)
{
	Suite *s = suite_create("log conf");
	TCase *t = tcase_create("conf");

	tcase_add_test(t, defaults_are_squids);
	tcase_add_loop_test(t, line_is_understood, 0, ARRAY_LEN(good));
	tcase_add_loop_test(t, line_is_refused_with_its_place, 0, ARRAY_LEN(bad));
	tcase_add_test(t, acls_that_wait_are_refused);
	tcase_add_test(t, lines_are_kept_in_order);
	tcase_add_loop_test(t, format_is_found, 0, ARRAY_LEN(formats));
	tcase_add_loop_test(t, doubt_is_said_once, 0, ARRAY_LEN(doubtful));
	tcase_add_test(t, format_is_the_rest_of_the_line);
	tcase_add_test(t, fields_are_those_in_use);
	tcase_add_test(t, facts_fields_are_those_of_the_acls);
	suite_add_tcase(s, t);
	return s;
}
