noinst_LIBRARIES += cache/libcache.a
cache_libcache_a_SOURCES = \
	cache/body.c cache/body.h cache/body_int.h \
	cache/cache_conf.c cache/cache_conf.h \
	cache/cobj.c cache/cobj.h \
	cache/control.c cache/control.h \
	cache/directives.tbl.h \
	cache/disk.h \
	cache/evict.c cache/evict.h \
	cache/fill.c cache/fill.h \
	cache/freshness.c cache/freshness.h \
	cache/index.c cache/index.h \
	cache/invalidate.c cache/invalidate.h \
	cache/key.c cache/key.h \
	cache/merge.c cache/merge.h \
	cache/purge.c \
	cache/reader.c \
	cache/refresh.c cache/refresh.h \
	cache/resident.c \
	cache/status_field.c cache/status_field.h \
	cache/storable.c cache/storable.h \
	cache/store.c cache/store.h cache/store_int.h \
	cache/vary.c cache/vary.h \
	cache/waker.c cache/waker.h
