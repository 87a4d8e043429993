check_PROGRAMS += tests/unit/unit_conf
TESTS += tests/unit/unit_conf
tests_unit_unit_conf_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_conf_SOURCES = tests/unit/unit_conf.c tests/unit/unit.h \
	tests/unit/conf/fixture.c tests/unit/conf/fixture.h \
	tests/unit/conf/squid_names.tbl.h \
	tests/unit/conf/test_condition.c \
	tests/unit/conf/test_dump.c \
	tests/unit/conf/test_include.c \
	tests/unit/conf/test_language.c \
	tests/unit/conf/test_line.c \
	tests/unit/conf/test_mask.c \
	tests/unit/conf/test_number.c \
	tests/unit/conf/test_reader.c \
	tests/unit/conf/test_setter.c \
	tests/unit/conf/test_squid.c \
	tests/unit/conf/test_suggest.c \
	tests/unit/conf/test_value.c \
	tests/unit/conf/test_word.c
tests_unit_unit_conf_LDADD = src/conf/libconf.a src/base/libbase.a $(unit_libs)
