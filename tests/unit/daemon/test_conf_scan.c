/*
 * Names of files and ports in a configuration.
 */
#include "daemon/conf_scan.h"

#include "tests/unit/daemon/folder.h"
#include "tests/unit/unit.h"

Suite *suite_conf_scan(void);

#define ROW(name)                                                                                  \
	{                                                                                          \
#name, "", "test", CONF_WORKS, CONF_SECTION_process, NULL, 0, "", "", "test"       \
	}
static const struct conf_directive rows[] = {
	{ "cache_store_log", "", "test", CONF_WORKS, CONF_SECTION_process, NULL, 0,
	  "/by/default.log", "", "test" },
	ROW(acl),
	ROW(http_access),
	ROW(http_port),
	ROW(https_port),
	ROW(access_log),
	ROW(cache_log),
	ROW(hosts_file),
	ROW(pid_filename),
	ROW(cache_peer),
	ROW(shadow_config),
};

static void scan(struct conf_scan *s, const char *text, const char *service)
{
	const struct scan_source from = {
		.conf_text = text, .service_name = service, .rows = rows, .n_rows = ARRAY_LEN(rows)
	};

	conf_scan_init(s, &from);
}

static const struct {
	const char *text, *path;
	unsigned uses; /* all that are granted */
} names[] = {
	{ "access_log /l/a.log squid", "/l/a.log", SCAN_APPEND },
	{ "access_log stdio:/l/a.log squid !local", "/l/a.log", SCAN_APPEND },
	{ "access_log daemon:/l/a.log", "/l/a.log", SCAN_APPEND },
	{ "access_log logs/a.log", "logs/a.log", SCAN_APPEND },
	{ "cache_log\t/l/c.log", "/l/c.log", SCAN_APPEND },
	{ "cache_log /l/${service_name}.log", "/l/north.log", SCAN_APPEND },
	{ "hosts_file /etc/hosts", "/etc/hosts", SCAN_READ },
	{ "acl x dstdomain \"/etc/list\"", "/etc/list", SCAN_READ },
	{ "acl x dstdomain -i \"list.txt\" .org", "list.txt", SCAN_READ },
	{ "acl x dstdomain '/etc/list'", "/etc/list", SCAN_READ },
	{ "acl x dstdomain \"/etc/a list\" .org", "/etc/a list", SCAN_READ },
	{ "acl x dstdomain .org '/etc/a list' \"/etc/b\"", "/etc/b", SCAN_READ },
	/* A value is not a file. */
	{ "acl x urlpath_regex /etc/shadow", "/etc/shadow", 0 },
	{ "http_port 3128 cert=/etc/c.pem key=/etc/k.pem", "/etc/k.pem", SCAN_READ },
	{ "cache_peer h parent 1 0 sslcert=/etc/p.pem", "/etc/p.pem", SCAN_READ },
	{ "# hosts_file /etc/shadow", "/etc/shadow", 0 },
	{ "hosts_file /etc/hosts # not /etc/shadow", "/etc/shadow", 0 },
	{ "if false\nhosts_file /etc/shadow\nendif", "/etc/shadow", 0 },
	{ "nonsense /etc/shadow", "/etc/shadow", 0 },
	{ "hosts_file /a \\\n/b", "/b", SCAN_READ },
	{ "access_log /l/a.log /etc/shadow", "/etc/shadow", 0 },
	{ "http_access deny /etc/shadow \"/etc/shadow\"", "/etc/shadow", 0 },
	{ "http_access deny parameters(\"/etc/list\")", "/etc/list", SCAN_READ },
	{ "", "/by/default.log", SCAN_APPEND },
	{ "cache_store_log /other.log", "/by/default.log", 0 },
	{ "hosts_file /etc/hosts", "/etc/host", 0 },
	{ "hosts_file /etc/hosts", "", 0 },
};

START_TEST(a_named_file_is_granted_for_its_use_only)
{
	struct conf_scan s;

	scan(&s, names[_i].text, "north");
	ck_assert_msg(conf_scan_has(&s, names[_i].path, SCAN_READ) ==
	                      ((names[_i].uses & SCAN_READ) != 0),
	              "reading: %s", names[_i].text);
	ck_assert_msg(conf_scan_has(&s, names[_i].path, SCAN_APPEND) ==
	                      ((names[_i].uses & SCAN_APPEND) != 0),
	              "appending: %s", names[_i].text);
	conf_scan_fini(&s);
}
END_TEST

static const struct {
	const char *text;
	uint16_t port;
	bool want;
} ports[] = {
	{ "http_port 3128", 3128, true },
	{ "http_port 127.0.0.1:80 name=x", 80, true },
	{ "http_port [2001:db8::1]:8080", 8080, true },
	{ "http_port proxy.example:81", 81, true },
	{ "https_port 443 cert=/c", 443, true },
	{ "http_port 3128", 22, false },
	{ "http_port 3128 22", 22, false },
	{ "http_port 0", 0, false },
	{ "http_port 65558", 22, false },
	{ "acl x port 22", 22, false },
};

START_TEST(a_named_port_is_granted)
{
	struct conf_scan s;

	scan(&s, ports[_i].text, NULL);
	ck_assert_msg(conf_scan_has_port(&s, ports[_i].port) == ports[_i].want, "%s",
	              ports[_i].text);
	conf_scan_fini(&s);
}
END_TEST

START_TEST(files_that_are_included_count)
{
	const char *inner = folder_write("inner.conf", "hosts_file /inner\nbroken line\n");
	char text[600];
	struct conf_scan s;

	snprintf(text, sizeof(text), "include %s\npid_filename /p\ncache_log /c\n", inner);
	const char *outer = folder_write("outer.conf", text);
	const struct scan_source from = { .conf_path = outer,
		                          .rows = rows,
		                          .n_rows = ARRAY_LEN(rows) };

	conf_scan_init(&s, &from);
	ck_assert(conf_scan_has(&s, outer, SCAN_READ));
	ck_assert(conf_scan_has(&s, inner, SCAN_READ));
	ck_assert(!conf_scan_has(&s, inner, SCAN_APPEND));
	ck_assert(conf_scan_has(&s, "/inner", SCAN_READ));
	ck_assert_pstr_eq(s.pid_filename, "/p");
	ck_assert_pstr_eq(s.cache_log, "/c");
	ck_assert(s.has_pid_filename);
	conf_scan_fini(&s);
}
END_TEST

START_TEST(of_a_shadow_its_policy_is_read)
{
	const char *inner = folder_write("inner.conf", "acl y src \"/list2\"\n");
	char text[900];
	struct conf_scan s;

	snprintf(text, sizeof(text),
	         "acl x src \"/list1\"\ninclude %s\nhttp_access deny parameters(\"/list3\")\n"
	         "access_log /log\ncache_log /c2\npid_filename /p2\nhttp_port 22 key=/key\n"
	         "hosts_file /hosts\nshadow_config /deeper\n",
	         inner);
	const char *shadow = folder_write("shadow.conf", text);

	snprintf(text, sizeof(text), "pid_filename /p\ncache_log /c\nshadow_config %s\n", shadow);
	scan(&s, text, NULL);
	/* The text first, then the shadow's file: it is the latter that is named. */
	ck_assert(conf_scan_has(&s, shadow, SCAN_READ));
	ck_assert(conf_scan_has(&s, inner, SCAN_READ));
	ck_assert(conf_scan_has(&s, "/list1", SCAN_READ));
	ck_assert(conf_scan_has(&s, "/list2", SCAN_READ));
	ck_assert(conf_scan_has(&s, "/list3", SCAN_READ));
	ck_assert(!conf_scan_has(&s, "/log", SCAN_APPEND));
	ck_assert(!conf_scan_has(&s, "/key", SCAN_READ));
	ck_assert(!conf_scan_has(&s, "/hosts", SCAN_READ));
	ck_assert(!conf_scan_has(&s, "/deeper", SCAN_READ));
	ck_assert(!conf_scan_has_port(&s, 22));
	ck_assert_pstr_eq(s.pid_filename, "/p");
	ck_assert_pstr_eq(s.cache_log, "/c");
	conf_scan_fini(&s);
}
END_TEST

START_TEST(a_missing_file_names_nothing_but_itself)
{
	const struct scan_source from = { .conf_path = folder_path("no"),
		                          .rows = rows,
		                          .n_rows = ARRAY_LEN(rows) };
	struct conf_scan s;

	conf_scan_init(&s, &from);
	ck_assert(!s.has_pid_filename);
	ck_assert_uint_eq(s.n_names, 2); /* and a default */
	conf_scan_fini(&s);
}
END_TEST

START_TEST(no_pid_file_is_told_apart_from_no_line)
{
	struct conf_scan s;

	scan(&s, "pid_filename /x\npid_filename none", NULL);
	ck_assert(s.has_pid_filename);
	ck_assert_ptr_null(s.pid_filename);
	conf_scan_fini(&s);
}
END_TEST

Suite *suite_conf_scan(void)
{
	Suite *s = suite_create("daemon/conf_scan");
	TCase *t = tcase_create("names");

	tcase_add_checked_fixture(t, folder_make, folder_remove);
	tcase_add_loop_test(t, a_named_file_is_granted_for_its_use_only, 0, (int)ARRAY_LEN(names));
	tcase_add_loop_test(t, a_named_port_is_granted, 0, (int)ARRAY_LEN(ports));
	tcase_add_test(t, files_that_are_included_count);
	tcase_add_test(t, of_a_shadow_its_policy_is_read);
	tcase_add_test(t, a_missing_file_names_nothing_but_itself);
	tcase_add_test(t, no_pid_file_is_told_apart_from_no_line);
	suite_add_tcase(s, t);
	return s;
}
