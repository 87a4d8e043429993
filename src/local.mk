# The program. main.o is in no library, so that tests and fuzzers link the real objects.
cuttle_libs = \
	src/daemon/libdaemon.a \
	src/admin/libadmin.a \
	src/proxy/libproxy.a \
	src/peer/libpeer.a \
	src/header/libheader.a \
	src/log/liblog.a \
	src/error/liberror.a \
	cache/libcache.a \
	src/net/libnet.a \
	acl/libacl.a \
	src/loop/libloop.a \
	src/conf/libconf.a \
	src/http/libhttp.a \
	src/base/libbase.a
cuttle_external_libs = $(PCRE2_LIBS) $(CARES_LIBS) $(XXHASH_LIBS)

sbin_PROGRAMS += src/cuttle
src_cuttle_SOURCES = src/main.c
src_cuttle_LDADD = $(cuttle_libs) $(cuttle_external_libs)
