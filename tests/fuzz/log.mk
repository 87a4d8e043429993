# Fuzz targets of log: see local.mk.
fuzz_programs += tests/fuzz/fuzz_logformat
tests_fuzz_fuzz_logformat_SOURCES = tests/fuzz/fuzz_logformat.c $(fuzz_sources)
tests_fuzz_fuzz_logformat_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_logformat_LDADD = src/log/liblog.a src/net/libnet.a acl/libacl.a src/loop/libloop.a \
	src/conf/libconf.a src/http/libhttp.a src/base/libbase.a $(cuttle_external_libs)
EXTRA_DIST += tests/fuzz/corpus/logformat
