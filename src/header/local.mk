noinst_LIBRARIES += src/header/libheader.a
src_header_libheader_a_SOURCES = \
	src/header/common_names.c \
	src/header/directives.tbl.h \
	src/header/forward.c src/header/forward.h \
	src/header/header_conf.c src/header/header_conf.h \
	src/header/rules.c src/header/rules.h src/header/rules_conf.c src/header/rules_int.h \
	src/header/xff.c src/header/xff.h
