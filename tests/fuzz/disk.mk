# Fuzz targets of what is on the disks: see local.mk.
fuzz_disk_libs = cache/libcache.a acl/libacl.a src/net/libnet.a src/loop/libloop.a \
	src/conf/libconf.a src/http/libhttp.a src/base/libbase.a $(cuttle_external_libs)

fuzz_programs += tests/fuzz/fuzz_record
tests_fuzz_fuzz_record_SOURCES = tests/fuzz/fuzz_record.c $(fuzz_sources)
tests_fuzz_fuzz_record_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_record_LDADD = $(fuzz_disk_libs)
EXTRA_DIST += tests/fuzz/corpus/record

fuzz_programs += tests/fuzz/fuzz_segment_index
tests_fuzz_fuzz_segment_index_SOURCES = tests/fuzz/fuzz_segment_index.c $(fuzz_sources)
tests_fuzz_fuzz_segment_index_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_segment_index_LDADD = $(fuzz_disk_libs)
EXTRA_DIST += tests/fuzz/corpus/segment_index
