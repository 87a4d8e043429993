check_PROGRAMS += tests/unit/unit_admin
TESTS += tests/unit/unit_admin
tests_unit_unit_admin_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_admin_SOURCES = tests/unit/unit_admin.c tests/unit/unit.h \
	tests/unit/random.h \
	tests/unit/admin/policies.c tests/unit/admin/policies.h \
	tests/unit/admin/test_command_cache.c \
	tests/unit/admin/test_equal.c \
	tests/unit/admin/test_replay.c
tests_unit_unit_admin_LDADD = src/admin/libadmin.a src/proxy/libproxy.a src/peer/libpeer.a src/header/libheader.a \
	src/log/liblog.a src/error/liberror.a cache/libcache.a src/net/libnet.a acl/libacl.a src/loop/libloop.a \
	src/conf/libconf.a src/http/libhttp.a src/base/libbase.a $(unit_libs)
