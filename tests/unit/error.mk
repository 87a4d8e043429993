check_PROGRAMS += tests/unit/unit_error
TESTS += tests/unit/unit_error
tests_unit_unit_error_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_error_SOURCES = tests/unit/unit_error.c tests/unit/unit.h \
	tests/unit/error/test_deny_info.c \
	tests/unit/error/test_errorpage.c
tests_unit_unit_error_LDADD = src/error/liberror.a acl/libacl.a src/conf/libconf.a src/http/libhttp.a \
	src/base/libbase.a $(unit_libs)
