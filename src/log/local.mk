noinst_LIBRARIES += src/log/liblog.a
src_log_liblog_a_SOURCES = \
	src/log/access_log.c src/log/access_log.h \
	src/log/conf.c src/log/directives.tbl.h \
	src/log/facts.c src/log/facts.h \
	src/log/facts_read.c \
	src/log/fields.c src/log/fields.h \
	src/log/format.c src/log/format.h src/log/format_int.h src/log/codes.tbl.h \
	src/log/format_parse.c \
	src/log/io.c \
	src/log/line.c src/log/line_int.h \
	src/log/native.c \
	src/log/record.c src/log/record.h \
	src/log/ring.c src/log/ring_int.h \
	src/log/sink.c src/log/sink.h \
	src/log/style.c src/log/style.h \
	src/log/value.c src/log/value.h \
	src/log/printers.c
