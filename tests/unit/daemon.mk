check_PROGRAMS += tests/unit/unit_daemon
TESTS += tests/unit/unit_daemon
tests_unit_unit_daemon_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_daemon_SOURCES = tests/unit/unit_daemon.c tests/unit/unit.h \
	tests/unit/daemon/folder.c tests/unit/daemon/folder.h \
	tests/unit/daemon/test_conf_scan.c \
	tests/unit/daemon/test_folders.c \
	tests/unit/daemon/test_grant.c \
	tests/unit/daemon/test_keeper.c \
	tests/unit/daemon/test_keeper_msg.c \
	tests/unit/daemon/test_limits.c \
	tests/unit/daemon/test_options.c \
	tests/unit/daemon/test_pidfile.c \
	tests/unit/daemon/test_process_conf.c
tests_unit_unit_daemon_LDADD = src/daemon/libdaemon.a src/net/libnet.a src/loop/libloop.a \
	src/conf/libconf.a src/base/libbase.a $(unit_libs)
