# Fuzz targets of http: see local.mk.
fuzz_http_libs = src/http/libhttp.a src/base/libbase.a $(cuttle_external_libs)

fuzz_programs += tests/fuzz/fuzz_request_head
tests_fuzz_fuzz_request_head_SOURCES = tests/fuzz/fuzz_request_head.c tests/fuzz/head_checks.h $(fuzz_sources)
tests_fuzz_fuzz_request_head_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_request_head_LDADD = $(fuzz_http_libs)
EXTRA_DIST += tests/fuzz/corpus/request_head

fuzz_programs += tests/fuzz/fuzz_reply_head
tests_fuzz_fuzz_reply_head_SOURCES = tests/fuzz/fuzz_reply_head.c tests/fuzz/head_checks.h $(fuzz_sources)
tests_fuzz_fuzz_reply_head_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_reply_head_LDADD = $(fuzz_http_libs)
EXTRA_DIST += tests/fuzz/corpus/reply_head

fuzz_programs += tests/fuzz/fuzz_chunked
tests_fuzz_fuzz_chunked_SOURCES = tests/fuzz/fuzz_chunked.c $(fuzz_sources)
tests_fuzz_fuzz_chunked_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_chunked_LDADD = $(fuzz_http_libs)
EXTRA_DIST += tests/fuzz/corpus/chunked

fuzz_programs += tests/fuzz/fuzz_uri
tests_fuzz_fuzz_uri_SOURCES = tests/fuzz/fuzz_uri.c $(fuzz_sources)
tests_fuzz_fuzz_uri_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_uri_LDADD = $(fuzz_http_libs)
EXTRA_DIST += tests/fuzz/corpus/uri

fuzz_programs += tests/fuzz/fuzz_range
tests_fuzz_fuzz_range_SOURCES = tests/fuzz/fuzz_range.c $(fuzz_sources)
tests_fuzz_fuzz_range_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_range_LDADD = $(fuzz_http_libs)
EXTRA_DIST += tests/fuzz/corpus/range

fuzz_programs += tests/fuzz/fuzz_condition
tests_fuzz_fuzz_condition_SOURCES = tests/fuzz/fuzz_condition.c $(fuzz_sources)
tests_fuzz_fuzz_condition_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_condition_LDADD = $(fuzz_http_libs)
EXTRA_DIST += tests/fuzz/corpus/condition
