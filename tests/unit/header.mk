check_PROGRAMS += tests/unit/unit_header
TESTS += tests/unit/unit_header
tests_unit_unit_header_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_header_SOURCES = tests/unit/unit_header.c tests/unit/unit.h \
	tests/unit/header/fixture.c tests/unit/header/fixture.h \
	tests/unit/header/test_forward.c \
	tests/unit/header/test_rules.c \
	tests/unit/header/test_upgrade.c \
	tests/unit/header/test_xff.c
tests_unit_unit_header_LDADD = src/header/libheader.a src/log/liblog.a src/net/libnet.a \
	acl/libacl.a src/loop/libloop.a src/conf/libconf.a src/http/libhttp.a src/base/libbase.a $(unit_libs)
