# Fuzz targets of daemon: see local.mk.
fuzz_programs += tests/fuzz/fuzz_keeper_msg
tests_fuzz_fuzz_keeper_msg_SOURCES = tests/fuzz/fuzz_keeper_msg.c $(fuzz_sources)
tests_fuzz_fuzz_keeper_msg_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_keeper_msg_LDADD = src/daemon/libdaemon.a src/base/libbase.a $(cuttle_external_libs)
EXTRA_DIST += tests/fuzz/corpus/keeper_msg
