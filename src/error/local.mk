noinst_LIBRARIES += src/error/liberror.a
src_error_liberror_a_SOURCES = \
	src/error/deny_info.c src/error/deny_info.h \
	src/error/directives.tbl.h \
	src/error/error_conf.c src/error/error_conf.h \
	src/error/errorpage.c src/error/errorpage.h src/error/errorpage_int.h \
	src/error/errorpage_builtin.h \
	src/error/render.c
