noinst_LIBRARIES += src/daemon/libdaemon.a
src_daemon_libdaemon_a_SOURCES = \
	src/daemon/conf_scan.c src/daemon/conf_scan.h \
	src/daemon/default_conf.h \
	src/daemon/folders.c src/daemon/folders.h \
	src/daemon/grant.c src/daemon/grant.h \
	src/daemon/keeper.c src/daemon/keeper.h \
	src/daemon/keeper_client.c src/daemon/keeper_client.h \
	src/daemon/keeper_msg.c src/daemon/keeper_msg.h \
	src/daemon/kept_conf.c src/daemon/kept_conf.h \
	src/daemon/limits.c src/daemon/limits.h \
	src/daemon/options.c src/daemon/options.h src/daemon/options.tbl.h \
	src/daemon/panic.c src/daemon/panic.h \
	src/daemon/pidfile.c src/daemon/pidfile.h \
	src/daemon/privileges.c src/daemon/privileges.h \
	src/daemon/run.c src/daemon/run.h \
	src/daemon/signals.c src/daemon/signals.h \
	src/daemon/start.c src/daemon/start.h \
	src/daemon/start_mode.c src/daemon/start_mode.h \
	src/daemon/streams.c src/daemon/streams.h \
	src/daemon/verbs.c src/daemon/verbs.h
nodist_src_daemon_libdaemon_a_SOURCES = src/daemon/default_conf.c

# The built-in configuration is the text of etc/cuttle.conf.default as a C string.
src/daemon/default_conf.c: etc/cuttle.conf.default
	$(AM_V_GEN)$(MKDIR_P) src/daemon && { \
	  printf '#include "daemon/default_conf.h"\nconst char default_conf_text[] =\n'; \
	  awk '{ gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); gsub(/\t/, "\\t"); printf "\"%s\\n\"\n", $$0 }' \
	    $(top_srcdir)/etc/cuttle.conf.default; \
	  printf ';\n'; } > $@.new && mv $@.new $@
CLEANFILES += src/daemon/default_conf.c src/daemon/default_conf.c.new
