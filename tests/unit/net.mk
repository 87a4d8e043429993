check_PROGRAMS += tests/unit/unit_net
TESTS += tests/unit/unit_net
tests_unit_unit_net_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_net_SOURCES = tests/unit/unit_net.c tests/unit/unit.h \
	tests/unit/net/dns_fixture.c tests/unit/net/dns_fixture.h \
	tests/unit/net/dns_server.c tests/unit/net/dns_server.h \
	tests/unit/net/net_fixture.c tests/unit/net/net_fixture.h \
	tests/unit/net/test_dial.c \
	tests/unit/net/test_dns.c \
	tests/unit/net/test_dns_files.c \
	tests/unit/net/test_dns_names.c \
	tests/unit/net/test_floor.c \
	tests/unit/net/test_listener.c \
	tests/unit/net/test_net_conf.c \
	tests/unit/net/test_pump.c \
	tests/unit/net/test_stream.c \
	tests/unit/net/test_upstream_pool.c
tests_unit_unit_net_LDADD = src/net/libnet.a src/loop/libloop.a src/conf/libconf.a \
	src/base/libbase.a $(unit_libs)
