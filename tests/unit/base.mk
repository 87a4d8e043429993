check_PROGRAMS += tests/unit/unit_base
TESTS += tests/unit/unit_base
tests_unit_unit_base_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_base_SOURCES = tests/unit/unit_base.c tests/unit/unit.h \
	tests/unit/base/test_arena.c \
	tests/unit/base/test_base64.c \
	tests/unit/base/test_budget.c \
	tests/unit/base/test_cgroup.c \
	tests/unit/base/test_counters.c \
	tests/unit/base/test_hash.c \
	tests/unit/base/test_lock.c \
	tests/unit/base/test_oplog.c \
	tests/unit/base/test_span.c \
	tests/unit/base/test_thread.c
tests_unit_unit_base_LDADD = src/base/libbase.a $(unit_libs)
