noinst_LIBRARIES += src/admin/libadmin.a
src_admin_libadmin_a_SOURCES = \
	src/admin/command.c src/admin/command.h \
	src/admin/command_cache.c src/admin/command_cache.h \
	src/admin/command_cache_ls.c \
	src/admin/command_cache_purge.c \
	src/admin/command_cache_sums.c \
	src/admin/command_explain.c \
	src/admin/command_replay.c \
	src/admin/explain.c src/admin/explain.h \
	src/admin/explain_cache.c \
	src/admin/explain_json.c \
	src/admin/json.c src/admin/json.h \
	src/admin/manager.c src/admin/manager.h \
	src/admin/progress.c src/admin/progress.h \
	src/admin/replay.c src/admin/replay.h
