# Fuzz targets of header: see local.mk.
fuzz_programs += tests/fuzz/fuzz_xff
tests_fuzz_fuzz_xff_SOURCES = tests/fuzz/fuzz_xff.c $(fuzz_sources)
tests_fuzz_fuzz_xff_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_xff_LDADD = src/header/libheader.a src/http/libhttp.a src/base/libbase.a $(cuttle_external_libs)
EXTRA_DIST += tests/fuzz/corpus/xff
