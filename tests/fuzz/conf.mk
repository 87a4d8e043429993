# Fuzz targets of conf: see local.mk.
fuzz_programs += tests/fuzz/fuzz_conf
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c $(fuzz_sources)
tests_fuzz_fuzz_conf_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_conf_LDADD = src/conf/libconf.a src/base/libbase.a $(cuttle_external_libs)
EXTRA_DIST += tests/fuzz/corpus/conf
