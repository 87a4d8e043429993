check_PROGRAMS += tests/unit/unit_acl
TESTS += tests/unit/unit_acl
tests_unit_unit_acl_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_acl_SOURCES = tests/unit/unit_acl.c tests/unit/unit.h \
	tests/unit/acl/fixture.c tests/unit/acl/fixture.h \
	tests/unit/random.h \
	tests/unit/acl/test_conf.c \
	tests/unit/acl/test_decide.c \
	tests/unit/acl/test_files.c \
	tests/unit/acl/test_hosts.c \
	tests/unit/acl/test_naming.c \
	tests/unit/acl/regex_gen.c tests/unit/acl/regex_gen.h \
	tests/unit/acl/test_regex.c \
	tests/unit/acl/test_regex_same.c \
	tests/unit/acl/test_rules.c \
	tests/unit/acl/test_sets.c \
	tests/unit/acl/test_types.c
tests_unit_unit_acl_LDADD = acl/libacl.a src/conf/libconf.a src/http/libhttp.a src/base/libbase.a \
	$(unit_libs)
