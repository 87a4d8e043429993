# Fuzz targets of acl: see local.mk.
fuzz_acl_libs = acl/libacl.a src/conf/libconf.a src/http/libhttp.a src/base/libbase.a \
	$(cuttle_external_libs)

fuzz_programs += tests/fuzz/fuzz_acl
tests_fuzz_fuzz_acl_SOURCES = tests/fuzz/fuzz_acl.c $(fuzz_sources)
tests_fuzz_fuzz_acl_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_acl_LDADD = $(fuzz_acl_libs)
EXTRA_DIST += tests/fuzz/corpus/acl

fuzz_programs += tests/fuzz/fuzz_acl_regex
tests_fuzz_fuzz_acl_regex_SOURCES = tests/fuzz/fuzz_acl_regex.c $(fuzz_sources)
tests_fuzz_fuzz_acl_regex_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_acl_regex_LDADD = $(fuzz_acl_libs)
EXTRA_DIST += tests/fuzz/corpus/acl_regex

fuzz_programs += tests/fuzz/fuzz_acl_domains
tests_fuzz_fuzz_acl_domains_SOURCES = tests/fuzz/fuzz_acl_domains.c $(fuzz_sources)
tests_fuzz_fuzz_acl_domains_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_acl_domains_LDADD = $(fuzz_acl_libs)
EXTRA_DIST += tests/fuzz/corpus/acl_domains

fuzz_programs += tests/fuzz/fuzz_acl_time
tests_fuzz_fuzz_acl_time_SOURCES = tests/fuzz/fuzz_acl_time.c tests/fuzz/acl_policy.h $(fuzz_sources)
tests_fuzz_fuzz_acl_time_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_acl_time_LDADD = $(fuzz_acl_libs)
EXTRA_DIST += tests/fuzz/corpus/acl_time

fuzz_programs += tests/fuzz/fuzz_acl_addrs
tests_fuzz_fuzz_acl_addrs_SOURCES = tests/fuzz/fuzz_acl_addrs.c tests/fuzz/acl_policy.h $(fuzz_sources)
tests_fuzz_fuzz_acl_addrs_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_acl_addrs_LDADD = $(fuzz_acl_libs)
EXTRA_DIST += tests/fuzz/corpus/acl_addrs
