# Fuzz targets of peer: see local.mk.
fuzz_programs += tests/fuzz/fuzz_peer
tests_fuzz_fuzz_peer_SOURCES = tests/fuzz/fuzz_peer.c $(fuzz_sources)
tests_fuzz_fuzz_peer_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_peer_LDADD = src/peer/libpeer.a src/log/liblog.a src/net/libnet.a acl/libacl.a src/loop/libloop.a \
	src/conf/libconf.a src/http/libhttp.a src/base/libbase.a $(cuttle_external_libs)
EXTRA_DIST += tests/fuzz/corpus/peer
