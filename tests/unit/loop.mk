# The loop twice: on a fake poller, which makes time and readiness the test's, and on the kernel.
check_PROGRAMS += tests/unit/unit_loop tests/unit/unit_loop_kernel
TESTS += tests/unit/unit_loop tests/unit/unit_loop_kernel
tests_unit_unit_loop_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_loop_SOURCES = tests/unit/unit_loop.c tests/unit/unit.h \
	tests/unit/loop/fake_poller.c tests/unit/loop/fake_poller.h \
	tests/unit/loop/test_loop.c \
	tests/unit/loop/test_timers.c
tests_unit_unit_loop_LDADD = src/loop/libloop.a src/base/libbase.a $(unit_libs)
tests_unit_unit_loop_kernel_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_loop_kernel_SOURCES = tests/unit/unit_loop_kernel.c tests/unit/unit.h \
	tests/unit/loop/test_jobs.c \
	tests/unit/loop/test_poller.c \
	tests/unit/loop/test_posts.c
tests_unit_unit_loop_kernel_LDADD = src/loop/libloop.a src/base/libbase.a $(unit_libs)
