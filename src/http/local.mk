noinst_LIBRARIES += src/http/libhttp.a
src_http_libhttp_a_CFLAGS = $(AM_CFLAGS) -Wconversion
src_http_libhttp_a_SOURCES = \
	src/http/body.c src/http/body.h \
	src/http/chars.c src/http/chars_int.h \
	src/http/chunked.c \
	src/http/condition.c src/http/condition.h \
	src/http/date.c src/http/date.h \
	src/http/etag.c src/http/etag.h \
	src/http/field.c src/http/field.tbl.h \
	src/http/head.c src/http/head.h src/http/head_int.h \
	src/http/hop.c src/http/hop.h \
	src/http/list.c \
	src/http/parse.c src/http/parse.h \
	src/http/range.c src/http/range.h \
	src/http/serialise.c src/http/serialise.h \
	src/http/status.c \
	src/http/target.c src/http/target.h \
	src/http/uri.c src/http/uri.h
