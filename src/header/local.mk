noinst_LIBRARIES += src/header/libheader.a
src_header_libheader_a_SOURCES = \
	src/header/directives.tbl.h \
	src/header/forward.c src/header/forward.h \
	src/header/header_conf.c src/header/header_conf.h \
	src/header/xff.c src/header/xff.h
