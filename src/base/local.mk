noinst_LIBRARIES += src/base/libbase.a
src_base_libbase_a_SOURCES = \
	src/base/arena.c src/base/arena.h \
	src/base/base.h \
	src/base/base64.c src/base/base64.h \
	src/base/budget.c src/base/budget.h src/base/budget.tbl.h \
	src/base/cgroup.c src/base/cgroup.h \
	src/base/check.c src/base/check.h \
	src/base/counters.c src/base/counters.h src/base/counters.tbl.h \
	src/base/err.c src/base/err.h \
	src/base/hash.c src/base/hash.h \
	src/base/hier.tbl.h \
	src/base/ip.c src/base/ip.h \
	src/base/list.h \
	src/base/lock.c src/base/lock.h \
	src/base/oplog.c src/base/oplog.h \
	src/base/oplog_sink.c src/base/oplog_sink.h \
	src/base/repeats.c src/base/repeats.h \
	src/base/span.c src/base/span.h \
	src/base/table.c src/base/table.h \
	src/base/thread.c src/base/thread.h \
	src/base/why.c src/base/why.h src/base/why.tbl.h
