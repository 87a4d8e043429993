# Fuzz targets of the cache: see local.mk.
fuzz_cache_libs = cache/libcache.a src/net/libnet.a acl/libacl.a src/loop/libloop.a \
	src/conf/libconf.a src/http/libhttp.a src/base/libbase.a $(cuttle_external_libs)
fuzz_programs += tests/fuzz/fuzz_cache_control
tests_fuzz_fuzz_cache_control_SOURCES = tests/fuzz/fuzz_cache_control.c $(fuzz_sources)
tests_fuzz_fuzz_cache_control_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_cache_control_LDADD = $(fuzz_cache_libs)
EXTRA_DIST += tests/fuzz/corpus/cache_control
fuzz_programs += tests/fuzz/fuzz_cache_rules
tests_fuzz_fuzz_cache_rules_SOURCES = tests/fuzz/fuzz_cache_rules.c $(fuzz_sources)
tests_fuzz_fuzz_cache_rules_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_cache_rules_LDADD = $(fuzz_cache_libs)
EXTRA_DIST += tests/fuzz/corpus/cache_rules
