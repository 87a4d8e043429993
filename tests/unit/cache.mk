check_PROGRAMS += tests/unit/unit_cache
TESTS += tests/unit/unit_cache
tests_unit_unit_cache_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_unit_cache_SOURCES = tests/unit/unit_cache.c tests/unit/unit.h \
	tests/unit/random.h \
	tests/unit/cache/cache_world.c tests/unit/cache/cache_world.h \
	tests/unit/cache/rules.c tests/unit/cache/rules.h \
	tests/unit/cache/test_cache_conf.c \
	tests/unit/cache/test_cobj.c \
	tests/unit/cache/test_control.c \
	tests/unit/cache/test_evict.c \
	tests/unit/cache/test_freshness.c \
	tests/unit/cache/test_index.c \
	tests/unit/cache/test_invalidate.c \
	tests/unit/cache/test_merge.c \
	tests/unit/cache/test_status_field.c \
	tests/unit/cache/test_storable.c \
	tests/unit/cache/test_store.c \
	tests/unit/cache/test_store_disk.c \
	tests/unit/cache/test_store_threads.c \
	tests/unit/cache/test_vary.c
tests_unit_unit_cache_LDADD = cache/libcache.a acl/libacl.a src/net/libnet.a src/loop/libloop.a \
	src/conf/libconf.a src/http/libhttp.a src/base/libbase.a $(unit_libs)
