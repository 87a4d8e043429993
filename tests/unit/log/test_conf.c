/*
 * The directives about logs: what is understood, and what is refused with which place.
 */
#include "log/access_log.h"
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
	suite_add_tcase(s, t);
	return s;
}
