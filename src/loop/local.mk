noinst_LIBRARIES += src/loop/libloop.a
src_loop_libloop_a_SOURCES = \
	src/loop/directives.tbl.h \
	src/loop/jobs.c src/loop/jobs.h \
	src/loop/loop.c src/loop/loop.h \
	src/loop/op.h \
	src/loop/poller.c src/loop/poller.h \
	src/loop/process_conf.c src/loop/process_conf.h \
	src/loop/timers.c src/loop/timers.h
