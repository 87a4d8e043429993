# The folder cache, second part: what is on the disks.
check_PROGRAMS += tests/unit/unit_disk
TESTS += tests/unit/unit_disk
tests_unit_unit_disk_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_disk_SOURCES = tests/unit/unit_disk.c tests/unit/unit.h \
	tests/unit/random.h \
	tests/unit/cache/disk_world.c tests/unit/cache/disk_world.h \
	tests/unit/cache/test_disk.c \
	tests/unit/cache/test_disk_faults.c \
	tests/unit/cache/test_disk_look.c \
	tests/unit/cache/test_journal.c \
	tests/unit/cache/test_record.c \
	tests/unit/cache/test_segment.c
tests_unit_unit_disk_LDADD = cache/libcache.a acl/libacl.a src/net/libnet.a src/loop/libloop.a \
	src/conf/libconf.a src/http/libhttp.a src/base/libbase.a $(unit_libs)
