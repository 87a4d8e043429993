noinst_LIBRARIES += src/proxy/libproxy.a
src_proxy_libproxy_a_SOURCES = \
	src/proxy/access_conf.c src/proxy/access_conf.h \
	src/proxy/body.c src/proxy/body.h \
	src/proxy/cache_log.c src/proxy/cache_log.h \
	src/proxy/client_db.c src/proxy/client_db.h \
	src/proxy/directives.tbl.h \
	src/proxy/fetch_way.c \
	src/proxy/fetch_reply.c src/proxy/fetch_reply.h \
	src/proxy/fetch.c src/proxy/fetch.h src/proxy/fetch_steps.tbl.h \
	src/proxy/fill.c src/proxy/fill.h \
	src/proxy/head_reader.c src/proxy/head_reader.h \
	src/proxy/http_port.c src/proxy/http_port.h \
	src/proxy/internal.c src/proxy/internal.h \
	src/proxy/machine.h \
	src/proxy/note_conf.c src/proxy/note_conf.h \
	src/proxy/port.c src/proxy/port.h \
	src/proxy/process.h \
	src/proxy/proxy.c src/proxy/proxy.h \
	src/proxy/proxy_conf.c src/proxy/proxy_conf.h \
	src/proxy/session.c src/proxy/session.h \
	src/proxy/snapshot.c src/proxy/snapshot.h \
	src/proxy/tunnel.c src/proxy/tunnel.h \
	src/proxy/txn.c src/proxy/txn.h src/proxy/txn_steps.tbl.h \
	src/proxy/txn_access.c src/proxy/txn_cache.c src/proxy/txn_cache.h src/proxy/txn_error.c src/proxy/txn_facts.c src/proxy/txn_fields.c src/proxy/txn_log.c \
	src/proxy/txn_purge.c src/proxy/txn_refresh.c src/proxy/txn_reply.c src/proxy/txn_request.c \
	src/proxy/txn_serve.c src/proxy/txn_shadow.c src/proxy/txn_store.c src/proxy/txn_route.c \
	src/proxy/txn_tunnel.c \
	src/proxy/worker.c src/proxy/worker.h
