noinst_LIBRARIES += cache/libcache.a
cache_libcache_a_SOURCES = \
	cache/body.c cache/body.h cache/body_int.h \
	cache/cache_conf.c cache/cache_conf.h \
	cache/cobj.c cache/cobj.h \
	cache/control.c cache/control.h \
	cache/directives.tbl.h \
	cache/dirs.c cache/dirs.h \
	cache/evict.c cache/evict.h \
	cache/fill.c cache/fill.h \
	cache/freshness.c cache/freshness.h \
	cache/hold.c cache/hold.h \
	cache/index.c cache/index.h \
	cache/invalidate.c cache/invalidate.h \
	cache/key.c cache/key.h \
	cache/load.c cache/load.h \
	cache/lookup.c \
	cache/merge.c cache/merge.h \
	cache/place.c \
	cache/purge.c \
	cache/reader.c \
	cache/refresh.c cache/refresh.h \
	cache/resident.c \
	cache/status_field.c cache/status_field.h \
	cache/storable.c cache/storable.h \
	cache/store.c cache/store.h cache/store_int.h \
	cache/sync.c \
	cache/vary.c cache/vary.h \
	cache/waker.c cache/waker.h
# What is on the disks.
cache_libcache_a_SOURCES += \
	cache/disk.c cache/disk.h cache/disk_int.h \
	cache/disk_evict.c \
	cache/disk_flush.c \
	cache/disk_io.c cache/disk_io.h \
	cache/disk_journal.c \
	cache/disk_label.c cache/disk_label.h \
	cache/disk_look.c cache/disk_look.h cache/disk_look_int.h \
	cache/disk_look_read.c \
	cache/disk_read.c \
	cache/disk_segments.c \
	cache/disk_tell.c \
	cache/disk_walk.c \
	cache/disk_write.c \
	cache/journal.c cache/journal.h \
	cache/record.c cache/record.h \
	cache/recover.c \
	cache/segment.c cache/segment.h
