check_PROGRAMS += tests/unit/unit_peer
TESTS += tests/unit/unit_peer
tests_unit_unit_peer_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_peer_SOURCES = tests/unit/unit_peer.c tests/unit/unit.h \
	tests/unit/peer/peer_fixture.c tests/unit/peer/peer_fixture.h \
	tests/unit/peer/test_outgoing.c \
	tests/unit/peer/test_peer.c \
	tests/unit/peer/test_route.c
tests_unit_unit_peer_LDADD = src/peer/libpeer.a src/log/liblog.a src/net/libnet.a acl/libacl.a src/loop/libloop.a \
	src/conf/libconf.a src/http/libhttp.a src/base/libbase.a $(unit_libs)
