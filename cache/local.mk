noinst_LIBRARIES += cache/libcache.a
cache_libcache_a_SOURCES = \
	cache/body.c cache/body.h cache/body_int.h \
	cache/cache_conf.h \
	cache/cobj.c cache/cobj.h \
	cache/disk.h \
	cache/evict.c cache/evict.h \
	cache/fill.c cache/fill.h \
	cache/index.c cache/index.h \
	cache/key.c cache/key.h \
	cache/purge.c \
	cache/reader.c \
	cache/resident.c \
	cache/store.c cache/store.h cache/store_int.h \
	cache/variants.c cache/variants.h \
	cache/waker.c cache/waker.h
