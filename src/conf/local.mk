noinst_LIBRARIES += src/conf/libconf.a
src_conf_libconf_a_SOURCES = \
	src/conf/conf.h src/conf/conf_int.h \
	src/conf/condition.c \
	src/conf/dump.c \
	src/conf/file.c \
	src/conf/finding.c \
	src/conf/include.c \
	src/conf/index.c src/conf/index.h \
	src/conf/line.c \
	src/conf/manual.c src/conf/manual.h \
	src/conf/mask.c src/conf/mask.h \
	src/conf/number.c \
	src/conf/reader.c \
	src/conf/setter.c \
	src/conf/squid.c src/conf/squid.tbl.h \
	src/conf/suggest.c src/conf/suggest.h \
	src/conf/value.c \
	src/conf/word.c
