# Fuzz targets. A folder's fragment adds, for each target:
#	fuzz_programs += tests/fuzz/fuzz_NAME
#	tests_fuzz_fuzz_NAME_SOURCES = tests/fuzz/fuzz_NAME.c $(fuzz_sources)
#	tests_fuzz_fuzz_NAME_LDFLAGS = $(fuzz_ldflags)
#	tests_fuzz_fuzz_NAME_LDADD = src/FOLDER/libFOLDER.a src/base/libbase.a $(cuttle_external_libs)
#	EXTRA_DIST += tests/fuzz/corpus/NAME
# With --enable-fuzz these are libFuzzer binaries; without, they run over their corpus in `make check`.
fuzz_programs =
if ENABLE_FUZZ
fuzz_sources = tests/fuzz/fuzz.h
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
fuzz_sources = tests/fuzz/fuzz.h tests/fuzz/replay_main.c
fuzz_ldflags = $(AM_LDFLAGS)
TESTS += $(fuzz_programs)
endif
include tests/fuzz/http.mk
include tests/fuzz/conf.mk
include tests/fuzz/acl.mk
include tests/fuzz/net.mk
include tests/fuzz/header.mk
include tests/fuzz/peer.mk
include tests/fuzz/log.mk
include tests/fuzz/cache.mk
include tests/fuzz/disk.mk
include tests/fuzz/daemon.mk
check_PROGRAMS += $(fuzz_programs)
EXTRA_DIST += tests/fuzz/replay_main.c
