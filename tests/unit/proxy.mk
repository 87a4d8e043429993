check_PROGRAMS += tests/unit/unit_proxy
TESTS += tests/unit/unit_proxy
tests_unit_unit_proxy_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_proxy_SOURCES = tests/unit/unit_proxy.c tests/unit/unit.h \
	tests/unit/proxy/fake_stream.c tests/unit/proxy/fake_stream.h \
	tests/unit/proxy/test_body.c \
	tests/unit/proxy/test_client_db.c \
	tests/unit/proxy/test_directives.c \
	tests/unit/proxy/test_head_reader.c \
	tests/unit/proxy/test_snapshot.c
tests_unit_unit_proxy_LDADD = src/proxy/libproxy.a src/peer/libpeer.a src/header/libheader.a src/log/liblog.a src/error/liberror.a cache/libcache.a \
	src/net/libnet.a acl/libacl.a src/loop/libloop.a src/conf/libconf.a src/http/libhttp.a \
	src/base/libbase.a $(unit_libs)
