# Fuzz targets of net: see local.mk.
fuzz_net_libs = src/net/libnet.a src/loop/libloop.a src/base/libbase.a $(cuttle_external_libs)

fuzz_programs += tests/fuzz/fuzz_dns_reply
tests_fuzz_fuzz_dns_reply_SOURCES = tests/fuzz/fuzz_dns_reply.c $(fuzz_sources)
tests_fuzz_fuzz_dns_reply_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_dns_reply_LDADD = $(fuzz_net_libs)
EXTRA_DIST += tests/fuzz/corpus/dns_reply

fuzz_programs += tests/fuzz/fuzz_dns_files
tests_fuzz_fuzz_dns_files_SOURCES = tests/fuzz/fuzz_dns_files.c $(fuzz_sources)
tests_fuzz_fuzz_dns_files_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_dns_files_LDADD = $(fuzz_net_libs)
EXTRA_DIST += tests/fuzz/corpus/dns_files

fuzz_programs += tests/fuzz/fuzz_floor
tests_fuzz_fuzz_floor_SOURCES = tests/fuzz/fuzz_floor.c tests/fuzz/floor_reference.h $(fuzz_sources)
tests_fuzz_fuzz_floor_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_floor_LDADD = src/net/libnet.a src/loop/libloop.a src/conf/libconf.a src/base/libbase.a $(cuttle_external_libs)
EXTRA_DIST += tests/fuzz/corpus/floor
