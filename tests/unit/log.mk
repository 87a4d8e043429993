check_PROGRAMS += tests/unit/unit_log
TESTS += tests/unit/unit_log
tests_unit_unit_log_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_log_SOURCES = tests/unit/unit_log.c tests/unit/unit.h \
	tests/unit/log/test_access_log.c \
	tests/unit/log/test_conf.c \
	tests/unit/log/test_facts.c \
	tests/unit/log/test_format.c \
	tests/unit/log/test_native.c \
	tests/unit/log/test_ring.c \
	tests/unit/log/test_sink.c
tests_unit_unit_log_LDADD = src/log/liblog.a src/net/libnet.a acl/libacl.a src/loop/libloop.a \
	src/conf/libconf.a src/http/libhttp.a src/base/libbase.a $(unit_libs)
