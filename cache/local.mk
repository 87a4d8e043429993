noinst_LIBRARIES += cache/libcache.a
cache_libcache_a_SOURCES = \
	cache/body.h \
	cache/cache_conf.h \
	cache/cobj.h \
	cache/disk.h \
	cache/evict.c cache/evict.h \
	cache/index.c cache/index.h \
	cache/key.c cache/key.h \
	cache/store.h
