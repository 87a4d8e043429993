noinst_LIBRARIES += cache/libcache.a
cache_libcache_a_SOURCES = cache/cobj.c cache/cobj.h
